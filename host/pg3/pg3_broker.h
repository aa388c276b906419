// PG3's broker: who the plugin is there, the topics of PG3's protocol, and what PG3's user should
// do when there is no connection (docs/pg3.md, Connection).
#ifndef PG3_BROKER_H
#define PG3_BROKER_H

#include "net/mqtt.h"
#include "pg3/init.h"
#include "pg3/pg3.h"

struct pg3_broker {
    const struct pg3_init *init;
    struct pg3 *pg3;
    struct mqtt *mqtt; // NULL before the start
    char cert[128];    // client certificate and key; "" = none
    char key[128];
    const char *ca_file; // NULL: the broker's certificate is not checked
};

// The way of PG3's messages; before the start nothing is sent.
struct pg3_link pg3_broker_link(struct pg3_broker *b);
// Starts connecting and hands to `pg3` what comes. `b`, zeroed, and the others outlive the
// connection. False: it cannot be set up; logged.
bool pg3_broker_start(struct pg3_broker *b, struct loop *l, const struct pg3_init *init,
                      struct pg3 *pg3);
// mqtt_stop. Nothing before the start.
void pg3_broker_stop(struct pg3_broker *b, int ms);

#endif
