// What pg3.c (out), pg3_in.c (in) and pg3_records.c share; nobody else includes it.
#ifndef PG3_STATE_H
#define PG3_STATE_H

#include "pairs.h"
#include "pg3.h"

struct pg3_out {
    struct pg3_out *next;
    bool late; // may wait until the first values are out
    char kind[8];
    size_t len;
    char text[];
};

// Begins the key of every notice of ours, so that those of an earlier run can be told from PG3's
// own.
#define PG3_NOTICE_PREFIX "plugin_"

// How far the start sequence is (PROTOCOL.md section 3).
enum pg3_gate { GATE_DATA, GATE_CONTROLLER, GATE_OPEN };

struct pg3 {
    struct loop *loop;
    struct json *json;
    struct nodes *nodes;
    struct pg3_link link;
    struct pg3_events events;
    char version[32];

    bool up;
    bool sending;
    struct pg3_out *first, **last; // messages to go, oldest first
    bool calm;                     // the start is over: late messages may go
    int64_t calm_timer;
    size_t waiting;

    enum pg3_gate gate;
    bool have_config, have_custom;
    int64_t gate_timer;
    char controller[15];
    bool controller_set; // PG3 was asked to show the connection on it

    char adding[15]; // the addnode in flight, "" = none
    int64_t add_timer;
    int64_t profile_timer; // 0 = no installprofile in flight
    int64_t retry_timer;   // until the next try after one that failed
    char profile_hash[65]; // on disk
    char installed[65];    // what PG3 installed last, as it remembers for us

    struct known known;
    struct pairs params;
    struct pairs defaults;                           // parameters the user should see
    struct pairs notices;                            // ours, under their prefixed keys
    struct pairs foreign_notices;                    // PG3's own, as it told last
    bool notices_changed, data_changed, doc_changed; // to be written
    char *data;
    char *doc;
};

// Queues a message; drops it with a log line when too many wait. A late one lets the start go
// first: with each message on the wire the next waits for its acknowledgement, some 40 ms where the
// broker sends no sooner.
void pg3_post(struct pg3 *p, const char *kind, const char *text, size_t len, bool late);
void pg3_post_buf(struct pg3 *p, const char *kind, struct buf *b, bool late); // and frees b

// pg3_records.c: asks PG3 to install the profile on disk unless it has; completes the user's
// parameters; shows the notices as they are now.
void pg3_install_profile(struct pg3 *p);
void pg3_write_defaults(struct pg3 *p);
void pg3_write_notices(struct pg3 *p);
// Writes the plugin's record and page if they changed.
void pg3_write_changed(struct pg3 *p);

// The start sequence may go on: an awaited answer came.
void pg3_check_gate(struct pg3 *p);
// Seeds a node that is still to be added from what PG3 has on record of it.
void pg3_recall(struct pg3 *p, struct node *node);
// PG3 answered an addnode; error NULL = added.
void pg3_added(struct pg3 *p, const char *address, const char *error);
// PG3 answered installprofile; error NULL = installed.
void pg3_installed(struct pg3 *p, const char *error);
// A value was refused: the node may be gone from the ISY.
void pg3_value_refused(struct pg3 *p, const char *address, const char *driver, const char *error);
// The user's parameters arrived for the first time or changed.
void pg3_params_read(struct pg3 *p, struct pairs *fresh);

#endif
