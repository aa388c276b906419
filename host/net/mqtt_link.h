// What paho's threads touch of ours: its callbacks copy into a queue and wake the loop. mqtt.c
// only.
#ifndef MQTT_LINK_H
#define MQTT_LINK_H

#include "base/queue.h"
#include "net/mqtt.h"

#include <MQTTAsync.h>
#include <stdatomic.h>

enum { TICKETS = 16 };

// What other threads report.
enum event {
    EV_LOST,
    EV_CLOSED,    // our disconnect is done
    EV_FOUND,     // the host has an address; data of this and the next five: struct answer
    EV_CONNECTED, // logged in
    EV_REFUSED,   // not logged in
    EV_SUBSCRIBED,
    EV_NOT_SUBSCRIBED,
    EV_SENT,
    EV_MESSAGE,   // label: the topic; data: the payload
    EV_TOO_LARGE, // label: the topic; data: the message's size_t
    EV_TLS_ERROR, // data: a line of OpenSSL's
    EV_DESTROYED
};

// Of one attempt to connect, and of the connection it becomes: tells answers to it from late ones
// to those before it. paho keeps requests over a reconnect, and may refuse one attempt twice.
struct ticket {
    struct link *link;
    unsigned char number;
};

struct answer {
    unsigned char ticket; // its number
    int code;             // of EV_REFUSED: 1..5: the broker's return code; else paho's
    bool by_broker;
    char text[80]; // paho's words, or the resolver's
};

// All that other threads see of ours. Nothing in it changes while they run, but the atomics.
struct link {
    struct link *next; // in `left`
    struct queue *queue;
    struct loop *loop;
    char *host;
    size_t message_max;
    bool without_kept;
    MQTTAsync client;
    struct ticket tickets[TICKETS];
    atomic_bool closed; // the loop may be gone
    atomic_bool woken;  // the loop knows that messages wait
    atomic_bool urgent; // and something else, too
    atomic_int inside;  // threads that may be using the loop
    atomic_int looking; // threads that look up the host
};

// NULL when memory is short.
struct link *link_new(struct loop *l, const struct mqtt_config *c);
// Only while no other thread can use it: before link_create_client succeeded.
void link_free(struct link *link);
// Makes paho's client. False: it cannot be set up; logged.
bool link_create_client(struct link *link, const struct mqtt_config *c);
// Looks up the host in a thread of its own; EV_FOUND or EV_REFUSED follows. paho does so itself,
// but under its mutex: for as long as a name server is silent all other connections would stand
// still, and our calls into paho with them. False: no thread.
bool link_look_up(struct ticket *ticket);
// Begins to destroy the client in a thread of its own; EV_DESTROYED follows. False: no thread.
bool link_destroy_start(struct link *link);
// Takes events until the wanted one (true) or until the time is over.
bool link_wait(struct link *link, enum event wanted, int64_t until_ms);
// Afterwards other threads touch nothing of ours but the link, which is freed if paho is
// destroyed and no thread is left, else left to the end of the process.
void link_end(struct link *link, bool destroyed);

// paho's callbacks. Context: the ticket, or the link of the two that say `link`.
void link_on_connect_success(void *ticket, MQTTAsync_successData *data);
void link_on_connect_failure(void *ticket, MQTTAsync_failureData *data);
void link_on_closed(void *link, MQTTAsync_successData *data);
int link_on_tls_error(const char *text, size_t len, void *link);
void link_on_subscribed(void *ticket, MQTTAsync_successData *data);
void link_on_not_subscribed(void *ticket, MQTTAsync_failureData *data);
void link_on_sent(void *ticket, MQTTAsync_successData *data);

#endif
