// A connection to an MQTT broker: paho's asynchronous client, whose threads only fill the queue.
// There may be several, to one broker or to many; none knows of the others.
#ifndef MQTT_H
#define MQTT_H

#include "net/loop.h"
#include <stdbool.h>
#include <stddef.h>

struct mqtt;

// All texts are copied; NULL = not used.
struct mqtt_config {
    const char *name; // the broker's in the log, as it stands in a sentence: "PG3's broker"
    const char *host;
    int port;
    const char *client_id;
    const char *user;
    const char *password;
    int keep_alive_s;
    bool websocket; // MQTT in a websocket, of the path "/"
    bool quiet;     // failures are logged for who looks for them only
    bool tls;
    const char *cert_file; // client certificate and key, PEM
    const char *key_file;
    // PEM certificates, by one of which the broker's must be signed. That may be a self-signed
    // broker's own: then no other is taken, which is how to pin it. NULL: not checked.
    const char *ca_file;
    bool check_name;    // with ca_file: whether the broker's certificate must be for `host`
    size_t message_max; // bytes of the largest message that is taken
    size_t waiting_max; // bytes of received messages that may wait for the loop
    int gather_ms;      // messages are handed on at most so often, but for a flood
    bool without_kept;  // what the broker kept from before a subscription is left out
    // Retained there: hello after each connect, before subscribing; gone at a clean stop, and by
    // the broker when the connection was lost.
    const char *status, *hello, *gone;
};

// What can go wrong.
enum mqtt_trouble {
    MQTT_UNREACHABLE,    // no connection, or it ended before the broker answered
    MQTT_TLS,            // OpenSSL says why there is no connection
    MQTT_ID_REFUSED,     // the broker's answers to a login
    MQTT_LOGIN_REFUSED,  // user name or password
    MQTT_NOT_AUTHORISED, // the user may not, here
    MQTT_REFUSED,        // for another reason
    MQTT_LOST,
    MQTT_FOUGHT,     // lost again and again soon after it was made: another has the client id
    MQTT_NO_ANSWER,  // to a subscription
    MQTT_STUCK,      // the broker takes no messages
    MQTT_GIVEN_UP,   // by mqtt_reconnect
    MQTT_NO_LIBRARY, // paho does not begin
    MQTT_TOO_LARGE,  // a message over message_max came; the connection stays
    MQTT_FLOOD,      // more than waiting_max came; the connection stays
};

struct mqtt_events {
    void (*up)(void *ctx); // connected, each subscription made or refused: messages may be sent
    void (*down)(void *ctx, enum mqtt_trouble why); // lost or refused; it will try again by itself
    // Topic and payload, which has a NUL behind its `len` bytes; both live until the call returns.
    void (*message)(void *ctx, const char *topic, const char *payload, size_t len);
    void (*sent)(void *ctx);     // the oldest message of mqtt_send's has left
    void (*overflow)(void *ctx); // inbound messages were dropped, and the log says so
    // The broker refused a subscription, which the log does not say. It is asked for again after
    // the next connect.
    void (*refused)(void *ctx, const char *topic);
    // Writes into `out` what the log's line about this trouble should advise; NULL = nothing ever.
    void (*advise)(void *ctx, enum mqtt_trouble why, char *out, size_t size);
    void *ctx;
};

// To be called before anything else uses OpenSSL. A thread of paho's that hangs outlives main():
// what it uses of OpenSSL is then not freed under it.
void mqtt_begin(void);

// Starts connecting; events come from the loop. MQTT 3.1.1, clean session, QoS 0.
// Reconnects by itself 10 s after a failure or a loss, for ever; later and later while connections
// are lost soon after they were made (mqtt_pace.h). A first failure and a change of reason are
// logged, repeats are counted. NULL when paho cannot be set up or memory is short; logged.
struct mqtt *mqtt_new(struct loop *l, const struct mqtt_config *config,
                      const struct mqtt_events *events);
// From now on, over all reconnections. A topic that is there already stays as it is; one that is
// no UTF-8 is refused before this returns. False: memory is short; logged.
bool mqtt_subscribe(struct mqtt *m, const char *topic);
// True: given to paho; `sent` follows, or `down` if the connection ends first or the message has
// not left after 60 s. Never retained: a broker would give out what was written again. False: not
// connected, or too many have not left yet.
bool mqtt_send(struct mqtt *m, const char *topic, const char *text, size_t len);
// Ends a connection that is of no use to the owner and makes it again after the usual pause. `why`
// is a sentence for the log. `down` comes before it returns. Nothing while there is none.
void mqtt_reconnect(struct mqtt *m, const char *why);
// Begins the end, so that several end at the same time: publishes the farewell and disconnects, and
// does not wait. Only mqtt_stop may follow. Not from inside an event; NULL does nothing.
void mqtt_leave(struct mqtt *m);
// mqtt_leave, then waits for it at most `ms` in all while turning nothing else, and frees. Never
// blocks longer, even with a connect, a handshake or a silent broker hanging: what paho will not
// let go of in time is left to the end of the process. Usually done after 0.1 s. Not from inside an
// event.
void mqtt_stop(struct mqtt *m, int ms);

#endif
