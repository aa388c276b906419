#include "pg3/known.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// More than any ISY has; what is beyond is passed over.
#define NODES_MAX 20000
#define VALUES_MAX 128

void known_free(struct known *k) {
    for (size_t i = 0; i < k->count; i++) {
        free(k->all[i].values);
    }
    free(k->all);
    *k = (struct known){0};
}

// Makes room for one more in an array that holds `count`: it doubles. NULL when memory is short.
static void *grow(void *all, size_t count, size_t size) {
    bool full = (count & (count - 1)) == 0;
    return full ? realloc(all, (count > 0 ? count * 2 : 1) * size) : all;
}

// False: memory is short.
static bool read_value(struct known_node *node, struct walk *w) {
    struct known_value value = {0};
    char key[16], shown[24] = "", uom[16], *end;
    if (!walk_enter(w)) {
        return true;
    }
    while (walk_next(w, key, sizeof key)) {
        if (strcmp(key, "driver") == 0) {
            walk_text(w, value.driver, sizeof value.driver);
        } else if (strcmp(key, "value") == 0) {
            walk_text(w, shown, sizeof shown);
        } else if (strcmp(key, "uom") == 0) {
            walk_text(w, uom, sizeof uom);
            long unit = strtol(uom, NULL, 10);
            value.uom = (short)(unit > 0 && unit <= SHRT_MAX ? unit : 0);
        } else {
            walk_skip(w);
        }
    }
    size_t len = strlen(shown);
    bool has = value.driver[0] != '\0' && len > 0 && len + 1 < sizeof shown; // and was not cut
    if (!has || node->value_count == VALUES_MAX) {
        return true;
    }
    value.shown = strtod(shown, &end);
    if (*end != '\0') {
        value.shown = NAN;
    }
    struct known_value *values = grow(node->values, node->value_count, sizeof *values);
    if (values == NULL) {
        return false;
    }
    node->values = values;
    node->values[node->value_count++] = value;
    return true;
}

static bool read_values(struct known_node *node, struct walk *w) {
    bool ok = true;
    if (walk_enter(w)) {
        while (walk_next(w, NULL, 0)) {
            ok = read_value(node, w) && ok;
        }
    }
    return ok;
}

static bool read_members(struct known_node *node, struct walk *w) {
    char key[16], text[16];
    bool ok = true;
    while (walk_next(w, key, sizeof key)) {
        if (strcmp(key, "address") == 0) {
            walk_text(w, node->address, sizeof node->address);
        } else if (strcmp(key, "name") == 0) {
            walk_text(w, node->name, sizeof node->name);
        } else if (strcmp(key, "nodeDefId") == 0) {
            walk_text(w, node->type, sizeof node->type);
        } else if (strcmp(key, "primaryNode") == 0) {
            walk_text(w, node->primary, sizeof node->primary);
        } else if (strcmp(key, "enabled") == 0) {
            node->enabled = !walk_text(w, text, sizeof text) ||
                            (strcmp(text, "0") != 0 && strcmp(text, "false") != 0);
        } else if (strcmp(key, "drivers") == 0) {
            ok = read_values(node, w) && ok;
        } else {
            walk_skip(w);
        }
    }
    return ok;
}

static bool read_node(struct known *k, struct walk *w) {
    struct known_node node = {.enabled = true};
    if (!walk_enter(w)) {
        return true;
    }
    bool ok = read_members(&node, w);
    if (k->count == NODES_MAX) {
        free(node.values);
        return ok;
    }
    struct known_node *all = grow(k->all, k->count, sizeof *all);
    if (all != NULL) {
        k->all = all;
    }
    if (all == NULL || node.address[0] == '\0') {
        free(node.values);
        return all != NULL && ok;
    }
    k->all[k->count++] = node;
    return ok;
}

static int compare(const void *a, const void *b) {
    return strcmp(((const struct known_node *)a)->address, ((const struct known_node *)b)->address);
}

bool known_read(struct known *k, struct walk *w) {
    struct known fresh = {0};
    bool ok = walk_enter(w);
    size_t members = 0;
    bool entered = ok;
    for (; entered && walk_next(w, NULL, 0); members++) {
        if (ok) {
            ok = read_node(&fresh, w);
        } else {
            walk_skip(w); // what follows the list is read all the same
        }
    }
    if (!ok || w->failed || (fresh.count == 0 && members > 0)) {
        known_free(&fresh);
        return false;
    }
    if (fresh.count > 0) {
        qsort(fresh.all, fresh.count, sizeof *fresh.all, compare);
    }
    known_free(k);
    *k = fresh;
    return true;
}

static int compare_address(const void *address, const void *node) {
    return strcmp(address, ((const struct known_node *)node)->address);
}

const struct known_node *known_find(const struct known *k, const char *address) {
    return k->count > 0 ? bsearch(address, k->all, k->count, sizeof *k->all, compare_address)
                        : NULL;
}

void known_forget(struct known *k, const char *address) {
    const struct known_node *found = known_find(k, address);
    if (found == NULL) {
        return;
    }
    size_t at = (size_t)(found - k->all);
    free(k->all[at].values);
    k->count--;
    memmove(&k->all[at], &k->all[at + 1], (k->count - at) * sizeof *k->all);
}

static const struct known_value *find_value(const struct known_node *node, const char *driver) {
    for (size_t i = 0; i < node->value_count; i++) {
        if (strcmp(node->values[i].driver, driver) == 0) {
            return &node->values[i];
        }
    }
    return NULL;
}

double known_shown(const struct known_node *node, const char *driver) {
    const struct known_value *value = find_value(node, driver);
    return value != NULL ? value->shown : NAN;
}

bool known_seed(const struct known *k, struct nodes *nodes, struct node *node) {
    const struct known_node *on_record = known_find(k, node->address);
    if (on_record == NULL) {
        return false;
    }
    size_t found = 0;
    for (size_t i = 0; i < node->type->driver_count; i++) {
        const struct known_value *value = find_value(on_record, node->type->drivers[i].id);
        if (value == NULL) {
            continue;
        }
        found++;
        node_seed(nodes, node, (int)i, value->shown, value->uom);
    }
    return found == node->type->driver_count && strcmp(on_record->type, node->type->id) == 0;
}
