// Nodes and drivers as plain data: declare, set, what is shown. Knows no JSON and no wire.
#ifndef NODE_H
#define NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A driver without a value shows this name of this unit, "No data": 101 stands for unknown in the
// ISY's own units with names, too (docs/pg3.md, Units).
enum { NODE_UOM_INDEX = 25, NODE_NO_DATA = 101 };

// How a driver's number is shown: shown = base * factor + offset.
struct unit {
    int uom; // docs/pg3.md, Units
    double factor, offset;
};

struct driver_decl {
    char *id;    // "GV1"; docs/pg3.md, Driver ids
    char *label; // what addnode calls it
    struct unit unit;
    struct unit alt; // the other unit the user may choose; uom 0 = none
    int places;      // decimals
    bool zero;       // a momentary value: shown as 0 while stale
    bool sure;       // never without a value: it does not show "No data"
    int fresh;       // of the data state: what it shows while the other values are fresh; 0 = none
};

struct node_type {
    char *id; // nodeDefId
    struct driver_decl *drivers;
    size_t driver_count;
};

// Where a node stands with PG3.
enum node_state {
    NODE_NEW,     // to be added
    NODE_KNOWN,   // to be added once more; PG3 has it, so values may be sent meanwhile
    NODE_ADDING,  // addnode under way
    NODE_LIVE,    // values may be sent
    NODE_REFUSED, // PG3 answered an error; added again later
    NODE_GONE,    // PG3 does not have it any more; added again when its device is back
    NODE_DELETED  // the user deleted it in PG3; added again by Discover
};

#define NODE_SHOWN_SIZE 25 // "-1000000000000000.000000"

// A large account has a hundred thousand of them.
struct driver {
    double value;   // base unit; valid if has
    double shown;   // rounded to `places` decimals
    double told;    // the number PG3 has: what was sent last, before that 0
    char *text;     // shown beside the value, NULL = none
    short uom;      // of `shown`
    short told_uom; // of `told`
    signed char places;
    bool has : 1;
    bool seeded : 1;    // shows what PG3 had before this run
    bool changed : 1;   // differs from what PG3 was told, or is owed
    bool owed : 1;      // PG3 is to be told, whatever it shows
    bool text_told : 1; // PG3 shows a text beside it
};

struct node {
    char address[15];
    char *name;
    char *new_name; // it gets this one unless the user renamed it in PG3; NULL = none
    char *primary;
    const struct node_type *type;
    struct driver *drivers; // one for each of type->drivers
    bool changed;           // a driver's `changed` may be set; else none is
    bool stale;
    enum node_state state;
    int refusals;       // with less than ten minutes between them
    int64_t refused_ms; // the last of them
    char *refusal;      // why PG3 refused to add it, in PG3's words; NULL = it did not, or took it
    int64_t retry_ms;   // KNOWN, REFUSED: not added before; ADDING: lost then
    bool has_news;      // it is in nodes.news
    struct node *next_news;
};

struct nodes {
    struct node **all; // in order of their addition
    size_t count;
    struct node **slots;      // the same by a hash of their address; NULL = free
    size_t slot_count;        // a power of two, at least twice `count`
    struct node_type **types; // in order of their declaration
    size_t type_count;
    struct node *news; // those that may have something to tell PG3, in the order of their changes
    struct node *newest;
    bool unsettled;  // a node may not be settled (node_settled); else all are
    bool zero_stale; // momentary values show 0 while stale
    bool alt_units;
};

// Everything empty, zero_stale on. NULL when memory is short.
struct nodes *nodes_new(void);
// With their types. NULL does nothing.
void nodes_free(struct nodes *n);

// An empty type that nodes_declare takes over, or that node_type_free frees.
struct node_type *node_type_new(void);
void node_type_free(struct node_type *t);

// Takes over `t`, in place of an earlier type of that id: its nodes keep the values of the drivers
// that stay, and are to be added again if their drivers differ. NULL: fine; else what is wrong with
// it, a static sentence (node_no_memory: compare the pointer), and `t` is no longer the caller's.
extern const char node_no_memory[];
const char *nodes_declare(struct nodes *n, struct node_type *t);
// NULL: there is none of that id.
const struct node_type *nodes_type(const struct nodes *n, const char *id);

// Adds a node whose drivers all show 0, or finds the one of this address, whose type, name and
// primary are then brought up to date. NULL, and a static sentence in *why, when that cannot be
// (address over 14 characters or not of [a-z0-9_], unknown type, node_no_memory).
struct node *nodes_add(struct nodes *n, const char *address, const char *type, const char *name,
                       const char *primary, const char **why);
// NULL: there is none. Valid until nodes_remove.
struct node *nodes_find(const struct nodes *n, const char *address);
// Forgets a node; nothing happens if there is none of that address.
void nodes_remove(struct nodes *n, const char *address);

// Index of a driver in the node's type, -1 if there is none of that id.
int node_driver(const struct node *node, const char *id);
// Shows what PG3 had: a number and its unit. Ignored once the driver had a value of its own, and
// for what PG3 could not have from us.
void node_seed(struct nodes *n, struct node *node, int driver, double shown, int uom);
// A value in the base unit with an optional text (copied); rounded to the declared places. A number
// that is not finite or beyond 1e15 is no data.
void node_set(struct nodes *n, struct node *node, int driver, double value, const char *text);
// There is no value at present, which shows as "No data"; a momentary value of a stale node shows
// what stale ones do. The text (copied, may be NULL) goes with it.
void node_unset(struct nodes *n, struct node *node, int driver, const char *text);
// Whether its values are old or its source is gone.
void node_stale(struct nodes *n, struct node *node, bool stale);
// The user's choices, for all nodes.
void nodes_zero_stale(struct nodes *n, bool on);
void nodes_alt_units(struct nodes *n, bool on);
// Marks every driver as not yet told to PG3: of a node, of all nodes.
void node_touch(struct nodes *n, struct node *node);
void nodes_touch(struct nodes *n);

// PG3 was told the number that the driver shows; clears `changed`.
void node_told(struct driver *d);
// The number that it shows, as PG3 is told it.
void node_shown(const struct driver *d, char out[NODE_SHOWN_SIZE]);
// Whether it shows something else than PG3 was told.
bool node_news(const struct driver *d);
// Marks the drivers with news, and only these.
void node_compare(struct nodes *n, struct node *node);
// It may have something to tell PG3.
void node_has_news(struct nodes *n, struct node *node);
// Takes those that may, a list by next_news; NULL: there are none.
struct node *nodes_take_news(struct nodes *n);
// Whether nothing has to be done so that PG3 has it, or has it not.
bool node_settled(const struct node *node);
// Why PG3 refused to add it (copied); NULL: it has not, or does not any more.
void node_refused(struct node *node, const char *why);
// Where it stands with PG3 from now on.
void node_is(struct nodes *n, struct node *node, enum node_state state);

// "12.30" of a number: `places` decimals, never "-0", no exponent. False if it cannot be shown.
bool node_format(char *out, size_t size, double value, int places);

#endif
