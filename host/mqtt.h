// The connection to PG3's broker: paho's asynchronous client. paho's threads only fill the queue.
#ifndef MQTT_H
#define MQTT_H

#include "loop.h"
#include <stdbool.h>
#include <stddef.h>

struct mqtt;

// All texts are copied; NULL = not used.
struct mqtt_config {
    const char *host;
    int port;
    const char *client_id;
    const char *user;
    const char *password;
    bool tls;
    const char *cert_file; // client certificate and key, PEM
    const char *key_file;
    // NULL: the broker's certificate is not checked (docs/pg3.md, Connection: PG3 of 2021).
    const char *ca_file;
    const char *subscribe;    // the one topic
    const char *status_topic; // retained connection messages and the will; NULL = none
    const char
        *online_text; // published retained on status_topic after each connect, before subscribing
    const char *offline_text; // the will, and published at a clean stop
};

struct mqtt_events {
    void (*up)(void *ctx);   // connected, subscribed: messages may be sent
    void (*down)(void *ctx); // lost or refused; it will try again by itself
    void (*message)(void *ctx, const char *text, size_t len);
    void (*sent)(void *ctx);     // the message of the last mqtt_send has left
    void (*overflow)(void *ctx); // inbound messages were dropped: ask PG3 for everything again
    void *ctx;
};

// Starts connecting; events come from the loop. Keep-alive 300 s, MQTT 3.1.1, clean session, QoS 0.
// Reconnects by itself 10 s after a failure or a loss, for ever (docs/pg3.md, Connection);
// later and later while connections are lost soon after they were made (mqtt_pace.h).
// A first failure and a change of reason are logged, repeats are counted. When a TLS connection
// with a client certificate fails, the certificate is checked against the CA (X509_verify) and the
// log names it if it no longer fits. NULL when paho cannot be set up; logged.
struct mqtt *mqtt_new(struct loop *l, const struct mqtt_config *config,
                      const struct mqtt_events *events);
// True: given to paho; `sent` follows, or `down` if the connection ends first or the message has
// not left after 60 s. False: not connected, or the message before it has not left yet.
bool mqtt_send(struct mqtt *m, const char *topic, const char *text, size_t len);
// Publishes offline_text retained, disconnects, waits for it at most `ms` in all while turning
// nothing else, and frees. Never blocks longer, even with a connect, a handshake or a silent broker
// hanging: what paho will not let go of in time is left to the end of the process. Usually done
// after 0.1 s. Not from inside an event.
void mqtt_stop(struct mqtt *m, int ms);

#endif
