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

// Where one of our records at PG3 stands. What PG3 has not answered when the connection breaks may
// be lost.
struct pg3_record {
    bool changed; // to be written
    bool open;    // written, and not answered yet
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

    bool nodes_held; // by pg3_hold_nodes
    char adding[15]; // the addnode in flight, "" = none
    int64_t add_timer;
    int64_t profile_timer; // 0 = no installprofile in flight
    int64_t retry_timer;   // until the next try after one that failed
    char profile_hash[65]; // on disk
    char installed[65];    // what PG3 installed last, as it remembers for us

    int64_t missed_ms; // when a message found no memory, 0 = none did

    struct known known;
    struct pairs params;
    struct pairs defaults;        // parameters the user should see
    struct pairs notices;         // ours, under their prefixed keys
    struct pairs foreign_notices; // PG3's own, as it told last
    struct pg3_record notices_record, data_record, doc_record;
    char *notices_told; // the message that wrote them last
    char *data;
    char *doc;
};

// Queues a message; with a log line it is dropped when too many wait. A late one lets the start go
// first: with each message on the wire the next waits for its acknowledgement, some 40 ms where the
// broker sends no sooner.
// False: it was dropped.
bool pg3_post(struct pg3 *p, const char *kind, const char *text, size_t len, bool late);
bool pg3_post_buf(struct pg3 *p, const char *kind, struct buf *b, bool late); // and frees b

// pg3_records.c: asks PG3 to install the profile on disk unless it has; completes the user's
// parameters.
void pg3_install_profile(struct pg3 *p);
void pg3_write_defaults(struct pg3 *p);
// Writes the notices, the plugin's record and its page, those that changed.
void pg3_write_changed(struct pg3 *p);

// PG3 answered what was written under that key; error NULL = stored.
void pg3_stored(struct pg3 *p, const char *key, const char *error);

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
