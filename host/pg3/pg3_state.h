// What pg3.c (out), pg3_in.c (in), pg3_read.c, pg3_nodes.c and pg3_records.c share;
// nobody else includes it.
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

// The records PG3 keeps for us and the user. Each run of the plugin writes those before KEY_DATA;
// KEY_DATA only if there is something to keep, KEY_OFFER once there are installations; KEY_CHOICES
// is the user's.
enum pg3_key {
    KEY_PARAMS,
    KEY_NOTICES,
    KEY_DOC,
    KEY_IDATA,
    KEY_DATA,
    KEY_OFFER,
    KEY_CHOICES,
    KEYS
};

// Where one of them stands. It is written only once it was read. What PG3 has not answered when the
// connection breaks may be lost.
struct pg3_record {
    bool read;    // it came and was understood, or it certainly is not there
    int missing;  // lists in a row that did not have it
    bool garbled; // what came last could not be understood; said once
    bool changed; // to be written
    bool open;    // written, and not answered yet
    bool refused; // PG3 answered that it did not store what was written last
};

// Begins the key of every notice of ours, so that those of an earlier run can be told from PG3's
// own.
#define PG3_NOTICE_PREFIX "plugin_"

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
    struct pg3_record records[KEYS];
    bool have_config;
    bool ask_config, ask_all; // asked for, and no good answer yet
    // The last list of records did not have all that each run of the plugin writes. From a PG3 that
    // has nodes of it this is believed only when the next list says so too.
    bool short_list;
    bool told_missing; // the log has a line that not everything came
    bool told_large;   // and one that a message was too large
    char controller[15];
    bool controller_set; // PG3 was asked to show the connection on it

    bool nodes_held; // by pg3_hold_nodes
    bool add_alone;  // an addnode of several was not answered well: one node a message from now on
    char adding[WIRE_ADD_NODES][15]; // those of the addnode in flight that are not answered yet
    size_t adding_count;             // of them; 0 = none is in flight
    size_t adding_sent;              // nodes in the last one
    int64_t add_timer;               // until the others go on
    int64_t add_lost_ms;             // until then the last one may be answered
    int64_t profile_timer;           // 0 = no installprofile in flight
    int64_t retry_timer;             // until the next try after one that failed
    char profile_hash[65];           // on disk
    char installed[65];              // what PG3 installed last
    char remembered[65];             // which that is by the record that PG3 keeps for us

    int64_t missed_ms;  // when a message or answer found no memory, 0 = none did
    bool missed_record; // the record that is being taken found none

    struct known known;
    struct pairs params;
    struct pairs defaults;        // parameters the user should see
    struct pairs notices;         // ours, under their prefixed keys
    struct pairs foreign_notices; // PG3's own, as it told last
    uint64_t notices_told;        // hash of the message that wrote them last; 0 = none
    char *data;
    char *bad_data;    // what PG3 told in its place, which is no JSON object; NULL = nothing
    int bad_data_told; // how many times in a row
    char *doc;
    char *offer;   // what the user may choose; NULL = nothing
    char *choices; // what the user chose; NULL = nothing yet
};

// Queues a message; with a log line it is dropped when too much waits or memory is short. What need
// not be there at the start goes after it: with each message on the wire the next waits for its
// acknowledgement, some 40 ms where the broker sends no sooner.
// False: it was dropped.
bool pg3_post(struct pg3 *p, const char *kind, const char *text, size_t len, enum pg3_out_way way);
bool pg3_post_buf(struct pg3 *p, const char *kind, struct buf *b, enum pg3_out_way way); // frees b

// pg3_records.c: asks PG3 to install the profile on disk unless it has; completes the user's
// parameters.
void pg3_install_profile(struct pg3 *p);
void pg3_write_defaults(struct pg3 *p);
// Writes the notices, the plugin's record and its page, those that changed.
void pg3_write_changed(struct pg3 *p);

// PG3 answered what was written under that key, which it calls `name`; error NULL = stored. KEYS:
// none of ours.
void pg3_stored(struct pg3 *p, enum pg3_key key, const char *name, const char *error);

// Hands a message to the link, past what waits; p->sending says whether it took it.
void pg3_send(struct pg3 *p, const char *kind, const char *text, size_t len);

// The start sequence may go on: an awaited answer came.
void pg3_check_gate(struct pg3 *p);
// The same: the node of this address, which may be the controller, was taken, or nobody said so.
void pg3_open_gate(struct pg3 *p, const char *address);

// pg3_read.c: asks for the configuration, and for all records, until a good answer came; at once
// unless a question waits for its answer already, then with growing pauses.
void pg3_ask(struct pg3 *p, bool config, bool all);
// Nobody is there to ask any more.
void pg3_ask_nothing(struct pg3 *p);
// Goes on if now enough is known.
void pg3_progress(struct pg3 *p);
// Whether all is known that the plugin should start with.
bool pg3_all_read(const struct pg3 *p);
// Says, once, what is missing.
void pg3_tell_missing(struct pg3 *p);

// There was no memory for something that PG3 told: it is asked for everything again.
void pg3_missed(struct pg3 *p);
// PG3's name of a record, and the record of a name; KEYS: none that is of use here.
const char *pg3_key_name(enum pg3_key key);
enum pg3_key pg3_key_of(const char *name);
// These take the value at `at`: an object's members that are records, and the list of all records
// that exist, one a row (a single one may come without its array).
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
// PG3 answered installprofile; error NULL = installed.
void pg3_installed(struct pg3 *p, const char *error);
// A value was refused: the node may be gone from the ISY.
void pg3_value_refused(struct pg3 *p, const char *address, const char *driver, const char *error);

#endif
