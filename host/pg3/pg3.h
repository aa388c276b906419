// PG3's protocol (docs/pg3.md): start sequence, every message in and out, one addnode message in
// flight.
// Whatever carries the messages (mqtt, or a test) is a pg3_link.
#ifndef PG3_H
#define PG3_H

#include "lua/json.h"
#include "lua/vm.h"
#include "net/loop.h"
#include "pg3/known.h"
#include "pg3/node.h"
#include <stdbool.h>
#include <stddef.h>

struct pg3;

#define PG3_RECORD_MAX (512u * 1024) // bytes of JSON text of a record that Lua writes

struct pg3_link {
    // Sends one message of a kind ("system", "custom", "command", "status"); pg3_sent follows when
    // it has left.
    bool (*send)(void *ctx, const char *kind, const char *text, size_t len);
    void *ctx;
};

struct pg3_command {
    const char *address;
    const char *cmd;
    const char *value; // NULL = none
    const char *uom;
    lua_State *L; // the message; its named parameters are the object at index `query` (0 = none)
    int query;
};

// The strings live until the call returns. `request` is "" or PG3's requestId, to be answered by
// pg3_show (a query) or pg3_report.
struct pg3_events {
    // "start": configuration and user data are here, or their wait timed out; "ready": the first
    // node was taken, or its wait timed out; "params": the user's parameters or choices are others
    // than before; "shortpoll", "longpoll", "discover", "stop".
    void (*event)(void *ctx, const char *name);
    void (*query)(void *ctx, const char *address, const char *request); // address "all": every node
    void (*command)(void *ctx, const struct pg3_command *command, const char *request);
    void *ctx;
};

// `version` is what PG3 shows as the plugin's; copied. NULL when memory is short.
struct pg3 *pg3_new(struct loop *l, struct json *json, struct nodes *nodes, const char *version,
                    const struct pg3_link *link, const struct pg3_events *events);
void pg3_free(struct pg3 *p);

// From the link.
void pg3_up(struct pg3 *p);
void pg3_down(struct pg3 *p);
void pg3_sent(struct pg3 *p);
void pg3_message(struct pg3 *p, const char *text, size_t len);
// Messages were lost: asks PG3 for its configuration and the user's data again, at once or, while
// earlier questions are not answered well, with those, whose pauses grow to five minutes.
void pg3_refresh(struct pg3 *p);
// The user wants everything there is (Discover): nodes that were deleted in PG3 are added again,
// those whose device is gone when it is back. PG3 is asked which it has, for it may not have told.
void pg3_restore(struct pg3 *p);
// Once each turn of the loop: sends what is due, all changed values as one message.
void pg3_turn(struct pg3 *p);
// What may wait until the start's values are out waits no longer.
void pg3_hurry(struct pg3 *p);
// The stop begins: nothing is added or waits any more, and nodes whose addnode has not left or is
// not answered are told what they show: PG3 has values of before. NULL does nothing.
void pg3_leave(struct pg3 *p);
// Whether messages are still to go. NULL: none are.
bool pg3_waiting(const struct pg3 *p);

// The nodes of PG3's last configuration.
const struct known *pg3_known(const struct pg3 *p);
// Seeds a new node with the values PG3 had; the first node ever passed here is the controller,
// whose ST is PG3's own. Added at the turn's end, with the values it has by then.
void pg3_add(struct pg3 *p, struct node *node);
// Takes nodes away from PG3 and forgets them, children in front of their primaries. Also those that
// only PG3 knows. False: too much waits or memory is short, and they stay.
bool pg3_remove(struct pg3 *p, const char *const *addresses, size_t count);
// Renames a node, unless the user has renamed it in PG3, which is asked for that first; copied.
// False: memory is short.
bool pg3_rename(struct pg3 *p, struct node *node, const char *name);
// Runs scripts/pg3/records.lua of the folder `root` in L, protected: what PG3 keeps under keys.
// It adds its functions to the table on top, and serves `p` for as long as the state lives; NULL:
// PG3 is not connected, and they answer as if it had everything.
void pg3_open_records(lua_State *L, struct pg3 *p, struct json *json, const char *root);
// Whether there is a connection to PG3.
bool pg3_connected(const struct pg3 *p);
// While on, no node is added: device types change, and the profile that shows them is not written.
void pg3_hold_nodes(struct pg3 *p, bool on);
// The hash of the profile on disk: PG3 is told to install it if it has installed another; nodes are
// added after that.
void pg3_profile(struct pg3 *p, const char *hash);
// Tells ISY programs of an event of a node, behind the values it has now. False: not told, because
// PG3 is not connected or does not have the node yet, or memory is short.
bool pg3_event(struct pg3 *p, const char *address, const char *cmd);
// Shows a text on the owner's phones, by UD Mobile (docs/pg3.md, Notifications). False: not sent,
// because PG3 is not connected, or memory is short.
bool pg3_push(struct pg3 *p, const char *title, const char *body);
// Answers a query: the node's values ("all": every node's) go once more, then the report.
void pg3_show(struct pg3 *p, const char *address, const char *request, bool success);
// Answers a requestId; does nothing for "".
void pg3_report(struct pg3 *p, const char *address, const char *request, bool success);

#endif
