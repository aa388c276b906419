// The nodes PG3 has on record, as its `config` lists them (docs/pg3.md, Configuration).
#ifndef KNOWN_H
#define KNOWN_H

#include "base/walk.h"
#include "pg3/node.h"
#include <stdbool.h>
#include <stddef.h>

// A large account has a hundred thousand of them.
struct known_value {
    char driver[12];
    short uom;
    double shown; // NaN: it was no number
};

struct known_node {
    char address[24];
    char name[128];
    char type[64];
    char primary[24];
    bool enabled;
    struct known_value *values;
    size_t value_count;
};

struct known {
    struct known_node *all; // in order of their addresses
    size_t count;
};

// The list is empty then.
void known_free(struct known *k);
// Replaces the list by the array (or object) of nodes at hand; entries without an address are
// passed over. False: it holds other things than nodes (an error), is not JSON, or memory is short,
// and the list stays.
bool known_read(struct known *k, struct walk *w);
// NULL: it is not there. Valid until the list changes.
const struct known_node *known_find(const struct known *k, const char *address);
// What PG3 shows of a node's driver; NaN: no number, or nothing.
double known_shown(const struct known_node *node, const char *driver);
// Takes a node off the list; nothing happens if it is not there.
void known_forget(struct known *k, const char *address);
// Seeds a node's drivers with the values on record. Whether PG3 has the node as it is declared now:
// of that type and with all its drivers.
bool known_seed(const struct known *k, struct nodes *nodes, struct node *node);

#endif
