// What pg3.c (out), pg3_in.c (in), pg3_nodes.c and pg3_records.c share; nobody else includes it.
#ifndef PG3_STATE_H
#define PG3_STATE_H

#include "base/log.h"
#include "pg3/pg3.h"
#include "pg3/wire.h"

#define AREA "pg3" // of the log

enum pg3_out_way {
    OUT_NOW,
    OUT_AFTER_START, // once the first values are out
    OUT_ANSWER,      // its text is an element of a report message
    OUT_EVENT,       // its text is an element of a command message
};

struct pg3_out {
    struct pg3_out *next;
    enum pg3_out_way way;
    const char *kind; // a literal
    size_t len;
    char text[];
};

// The controller's driver in which PG3x shows the connection.
#define PG3_CONNECTION "ST"

// How far the start sequence is (docs/pg3.md, Start sequence).
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
    bool leaving;                  // see pg3_leave
    bool started;                  // the first values are out: OUT_AFTER_START may go
    struct pg3_out *first, **last; // messages to go, oldest first
    size_t waiting;                // bytes of them
    int64_t started_timer;

    int64_t gate_timer;
    int64_t ask_timer; // until what is missing is asked for again
    int64_t ask_pause; // the next one; doubles
    enum pg3_gate gate;
    bool have_config;
    bool ask_config, ask_all; // asked for, and no good answer yet
    bool told_large;          // the log has a line that a message was too large
    char controller[15];
    bool controller_set; // PG3 was asked to show the connection on it

    bool nodes_held; // by pg3_hold_nodes
    bool add_alone;  // an addnode of several was not answered well: one node a message from now on
    char adding[WIRE_ADD_NODES][15]; // those of the addnode in flight that are not answered yet
    size_t adding_count;             // of them; 0 = none is in flight
    size_t adding_sent;              // nodes in the last one
    int64_t add_timer;               // until the others go on
    int64_t add_lost_ms;             // until then the last one may be answered

    struct vm *vm;                            // where records.lua runs; NULL: nowhere yet
    int told;                                 // what it is told by, in its registry
    bool all_read;                            // it knows all records
    bool defaults_due, records_due, kept_due; // see base_due
    bool installing;                          // PG3 was asked to install the profile
    int64_t late_timer, again_timer;          // of that: for its answer, until the next try

    int64_t missed_ms; // when a message or answer found no memory, 0 = none did

    struct known known;
};

// Queues a message; with a log line it is dropped when too much waits or memory is short. What need
// not be there at the start goes after it: with each message on the wire the next waits for its
// acknowledgement, some 40 ms where the broker sends no sooner.
// False: it was dropped.
bool pg3_post(struct pg3 *p, const char *kind, const char *text, size_t len, enum pg3_out_way way);
bool pg3_post_buf(struct pg3 *p, const char *kind, struct buf *b, enum pg3_out_way way); // frees b

// Hands a message to the link, past what waits; p->sending says whether it took it.
void pg3_send(struct pg3 *p, const char *kind, const char *text, size_t len);

// The start sequence may go on: the node of this address, which may be the controller, was taken,
// or nobody said so.
void pg3_open_gate(struct pg3 *p, const char *address);

// Asks for the configuration, and for all records, until a good answer came; at once unless a
// question waits for its answer already, then with growing pauses.
void pg3_ask(struct pg3 *p, bool config, bool all);
// These questions are answered.
void pg3_answered(struct pg3 *p, bool config, bool all);
// Something came: goes on if now enough is known.
void pg3_progress(struct pg3 *p);
// There was no memory for something that PG3 told: it is asked for everything again.
void pg3_missed(struct pg3 *p);

// pg3_records.c: calls a function of records.lua with these texts, which may be NULL.
void pg3_tell(struct pg3 *p, const char *name, const char *text, const char *more);
// Whether a record of this key is of use here.
bool pg3_is_record(const char *key);
// These hand over the value at `at`: an object's members that are records, and the list of all
// records that exist, one a row (a single one may come without its array).
void pg3_read_custom(struct pg3 *p, lua_State *L, int at);
void pg3_read_all(struct pg3 *p, lua_State *L, int at);

// pg3_nodes.c: sends the next addnode, unless one is in flight.
void pg3_send_addnode(struct pg3 *p);
// The question or its answer was lost: PG3's list tells which nodes are there; the others are added
// again.
void pg3_check_lost(struct pg3 *p);
// PG3's list of its nodes was read: those it lost are added again.
void pg3_nodes_listed(struct pg3 *p);
// The user deleted a node in PG3.
void pg3_removed(struct pg3 *p, const char *address);
// PG3 answered an addnode; error NULL = added.
void pg3_added(struct pg3 *p, const char *address, const char *error);
// PG3 answered an addnode with an error that names no node: none of those was added that are not
// answered yet.
void pg3_none_added(struct pg3 *p, const char *error);
// A value was refused: the node may be gone from the ISY.
void pg3_value_refused(struct pg3 *p, const char *address, const char *driver, const char *error);

#endif
