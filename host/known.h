// The nodes PG3 has on record, as its `config` lists them (PROTOCOL.md section 5.1).
#ifndef KNOWN_H
#define KNOWN_H

#include "node.h"
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

struct known_value {
    char driver[32];
    char shown[32];
    int uom;
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
    struct known_node *all;
    size_t count;
};

void known_free(struct known *k);
// Replaces the list by the array (or object) of nodes at `index`; entries without an address are
// passed over, and so is what is more than any ISY has: 2000 nodes, 64 drivers of one. Raises when
// memory is short; the list then lacks some.
void known_read(struct known *k, lua_State *L, int index);
const struct known_node *known_find(const struct known *k, const char *address);
// Seeds a node's drivers with the values on record. Whether PG3 has the node as it is declared now:
// of that type and with all its drivers.
bool known_seed(const struct known *k, struct nodes *nodes, struct node *node);

#endif
