#include "pg3/node.h"
#include "base/hash.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 120 // bytes of a text beside a value

struct nodes *nodes_new(void) {
    struct nodes *n = calloc(1, sizeof *n);
    if (n != NULL) {
        n->zero_stale = true;
    }
    return n;
}

static void free_drivers(struct driver *drivers, size_t count) {
    for (size_t i = 0; drivers != NULL && i < count; i++) {
        free(drivers[i].text);
    }
    free(drivers);
}

static void node_free(struct node *node) {
    free_drivers(node->drivers, node->type->driver_count);
    free(node->name);
    free(node->new_name);
    free(node->primary);
    free(node->refusal);
    free(node);
}

void nodes_free(struct nodes *n) {
    if (n == NULL) {
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        node_free(n->all[i]);
    }
    for (size_t i = 0; i < n->type_count; i++) {
        node_type_free(n->types[i]);
    }
    free(n->all);
    free(n->slots);
    free(n->types);
    free(n);
}

struct node_type *node_type_new(void) {
    return calloc(1, sizeof(struct node_type));
}

static void free_decls(struct driver_decl *decls, size_t count) {
    for (size_t i = 0; decls != NULL && i < count; i++) {
        free(decls[i].label);
        free(decls[i].id);
    }
    free(decls);
}

void node_type_free(struct node_type *t) {
    if (t == NULL) {
        return;
    }
    free_decls(t->drivers, t->driver_count);
    free(t->id);
    free(t);
}

static int decl_index(const struct node_type *t, const char *id) {
    for (size_t i = 0; i < t->driver_count; i++) {
        if (strcmp(t->drivers[i].id, id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int node_driver(const struct node *node, const char *id) { return decl_index(node->type, id); }

// What check/device.lua lets through has none of these.
static bool is_whole(const struct node_type *t) {
    bool whole = t->id != NULL;
    for (size_t i = 0; i < t->driver_count && whole; i++) {
        const struct driver_decl *d = &t->drivers[i];
        whole = d->id != NULL && decl_index(t, d->id) == (int)i && d->label != NULL &&
                d->places >= 0 && d->places <= 6;
    }
    return whole;
}

static const struct unit *unit_now(const struct nodes *n, const struct driver_decl *decl) {
    return n->alt_units && decl->alt.uom != 0 ? &decl->alt : &decl->unit;
}

static bool can_show(double value) { return fabs(value) <= 1e15; } // which NaN is not

bool node_format(char *out, size_t size, double value, int places) {
    if (!can_show(value)) {
        return false;
    }
    int len = snprintf(out, size, "%.*f", places, value);
    if (len < 0 || (size_t)len >= size) {
        return false;
    }
    if (out[0] == '-' && strspn(out + 1, "0.") == (size_t)len - 1) {
        memmove(out, out + 1, (size_t)len);
    }
    return true;
}

// At most TEXT_MAX bytes. NULL when memory is short.
static char *copy_cut(const char *text) {
    size_t len = text_cut(text, TEXT_MAX);
    char *copy = malloc(len + 1);
    if (copy != NULL) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

static bool same_text(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

void node_has_news(struct nodes *n, struct node *node) {
    if (node->has_news) {
        return;
    }
    node->has_news = true;
    node->next_news = NULL;
    *(n->news != NULL ? &n->newest->next_news : &n->news) = node;
    n->newest = node;
}

struct node *nodes_take_news(struct nodes *n) {
    struct node *list = n->news;
    for (struct node *node = list; node != NULL; node = node->next_news) {
        node->has_news = false;
    }
    n->news = NULL;
    return list;
}

void node_shown(const struct driver *d, char out[NODE_SHOWN_SIZE]) {
    node_format(out, NODE_SHOWN_SIZE, d->shown, d->places);
}

bool node_news(const struct driver *d) {
    return d->text != NULL || d->text_told || d->uom != d->told_uom || d->shown != d->told;
}

// What goes back to what PG3 was told before it heard of the change is no news.
static void mark(struct nodes *n, struct node *node, struct driver *d) {
    d->changed = d->owed || node_news(d);
    node->changed = node->changed || d->changed;
    if (d->changed) {
        node_has_news(n, node);
    }
}

static void put_text(struct nodes *n, struct node *node, struct driver *d, const char *text) {
    if (same_text(d->text, text)) {
        return;
    }
    free(d->text);
    d->text = text != NULL ? copy_cut(text) : NULL;
    mark(n, node, d);
}

// To 0 to 6 decimals; a half to the even one, as printf does.
static double rounded(double value, int places) {
    static const double powers[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};
    double scaled = value * powers[places];
    return fabs(scaled) < 1e15 ? rint(scaled) / powers[places] : value; // else it has no more
}

// Brings what a driver shows up to date after anything it depends on has changed.
static void show(struct nodes *n, struct node *node, size_t i) {
    const struct driver_decl *decl = &node->type->drivers[i];
    struct driver *d = &node->drivers[i];
    const struct unit *unit = unit_now(n, decl);
    int uom = unit->uom, places = 0;
    double shown = 0;
    if (decl->zero && n->zero_stale && node->stale) {
        d->seeded = false;
        if (d->has) {
            put_text(n, node, d, NULL); // it belongs to the value that is not shown now
        }
    } else if (d->has) {
        double value = d->value * unit->factor + unit->offset;
        if (!can_show(value)) {
            return;
        }
        places = decl->places;
        shown = rounded(value, places);
    } else if (!d->seeded && !decl->sure && !(decl->zero && node->stale)) {
        shown = NODE_NO_DATA;
        uom = NODE_UOM_INDEX;
    } else if (d->seeded || d->shown != 0) {
        return; // what it showed last
    }
    if (shown == d->shown && places == d->places && uom == d->uom) {
        return;
    }
    d->shown = shown;
    d->places = (signed char)places;
    d->uom = (short)uom;
    mark(n, node, d);
}

static void show_all(struct nodes *n, struct node *node) {
    for (size_t i = 0; i < node->type->driver_count; i++) {
        show(n, node, i);
    }
}

bool node_settled(const struct node *node) {
    return node->state == NODE_LIVE || node->state == NODE_DELETED;
}

void node_refused(struct node *node, const char *why) {
    free(node->refusal);
    node->refusal = why != NULL ? copy_cut(why) : NULL;
}

void node_is(struct nodes *n, struct node *node, enum node_state state) {
    node->state = state;
    node_has_news(n, node);
    n->unsettled = n->unsettled || !node_settled(node);
}

void node_told(struct driver *d) {
    d->told = d->shown;
    d->told_uom = d->uom;
    d->changed = d->owed = false;
}

void node_compare(struct nodes *n, struct node *node) {
    node_has_news(n, node);
    node->changed = false;
    for (size_t i = 0; i < node->type->driver_count; i++) {
        node->drivers[i].owed = false;
        node->drivers[i].changed = node_news(&node->drivers[i]);
        node->changed = node->changed || node->drivers[i].changed;
    }
}

static struct driver *new_drivers(const struct nodes *n, const struct node_type *t) {
    struct driver *drivers = calloc(t->driver_count + 1, sizeof *drivers);
    for (size_t i = 0; drivers != NULL && i < t->driver_count; i++) {
        drivers[i].uom = (short)unit_now(n, &t->drivers[i])->uom;
        node_told(&drivers[i]);
        drivers[i].changed = drivers[i].owed = true;
    }
    return drivers;
}

// Whether a change from one type to the other must be told to PG3.
static bool same_drivers(const struct node_type *a, const struct node_type *b) {
    if (a->driver_count != b->driver_count || strcmp(a->id, b->id) != 0) {
        return false;
    }
    for (size_t i = 0; i < a->driver_count; i++) {
        if (strcmp(a->drivers[i].id, b->drivers[i].id) != 0 ||
            a->drivers[i].unit.uom != b->drivers[i].unit.uom) {
            return false;
        }
    }
    return true;
}

// Moves a node to a type; drivers of the same id and unit keep their value. False: no memory.
static bool retype(struct nodes *n, struct node *node, const struct node_type *t) {
    struct driver *drivers = new_drivers(n, t);
    if (drivers == NULL) {
        return false;
    }
    for (size_t i = 0; i < t->driver_count; i++) {
        int old = decl_index(node->type, t->drivers[i].id);
        if (old < 0 || node->type->drivers[old].unit.uom != t->drivers[i].unit.uom) {
            continue;
        }
        drivers[i] = node->drivers[old];
        node->drivers[old].text = NULL;
    }
    if (!same_drivers(node->type, t) && node->state != NODE_DELETED) {
        node_is(n, node, NODE_NEW); // also while it is being added: then once more
    }
    free_drivers(node->drivers, node->type->driver_count);
    node->drivers = drivers;
    node->changed = true;
    node_has_news(n, node);
    node->type = t;
    show_all(n, node);
    return true;
}

// Without memory half way both types are in use: the old one stays in the list, behind the new one.
static bool replace_type(struct nodes *n, size_t at, struct node_type *t) {
    struct node_type *old = n->types[at];
    struct node_type **types = realloc(n->types, (n->type_count + 1) * sizeof *types);
    if (types == NULL) {
        node_type_free(t);
        return false;
    }
    n->types = types;
    n->types[at] = t;
    for (size_t i = 0; i < n->count; i++) {
        if (n->all[i]->type == old && !retype(n, n->all[i], t)) {
            n->types[n->type_count++] = old;
            return false;
        }
    }
    node_type_free(old);
    return true;
}

const char node_no_memory[] = "out of memory";

const char *nodes_declare(struct nodes *n, struct node_type *t) {
    if (!is_whole(t)) {
        node_type_free(t);
        return "a type and each driver needs an id of its own; a driver a label, and 0 to 6 places";
    }
    for (size_t i = 0; i < n->type_count; i++) {
        if (strcmp(n->types[i]->id, t->id) == 0) {
            return replace_type(n, i, t) ? NULL : node_no_memory;
        }
    }
    struct node_type **types = realloc(n->types, (n->type_count + 1) * sizeof *types);
    if (types == NULL) {
        node_type_free(t);
        return node_no_memory;
    }
    n->types = types;
    n->types[n->type_count++] = t;
    return NULL;
}

const struct node_type *nodes_type(const struct nodes *n, const char *id) {
    for (size_t i = 0; i < n->type_count; i++) {
        if (strcmp(n->types[i]->id, id) == 0) {
            return n->types[i];
        }
    }
    return NULL;
}

// Where a node of this address is, or would be, in a table that has a free slot.
static struct node **slot_of(struct node **slots, size_t slot_count, const char *address) {
    size_t at = (size_t)hash_more(HASH_START, address, strlen(address)) & (slot_count - 1);
    while (slots[at] != NULL && strcmp(slots[at]->address, address) != 0) {
        at = (at + 1) & (slot_count - 1);
    }
    return &slots[at];
}

struct node *nodes_find(const struct nodes *n, const char *address) {
    return n->slot_count > 0 ? *slot_of(n->slots, n->slot_count, address) : NULL;
}

// Room for one node more. False: no memory.
static bool grow_slots(struct nodes *n) {
    if (2 * (n->count + 1) <= n->slot_count) {
        return true;
    }
    size_t count = n->slot_count > 0 ? 2 * n->slot_count : 64;
    struct node **slots = calloc(count, sizeof(struct node *));
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < n->count; i++) {
        *slot_of(slots, count, n->all[i]->address) = n->all[i];
    }
    free(n->slots);
    n->slots = slots;
    n->slot_count = count;
    return true;
}

void nodes_remove(struct nodes *n, const char *address) {
    struct node *node = nodes_find(n, address);
    if (node == NULL) {
        return;
    }
    struct node *news = nodes_take_news(n), *next = NULL;
    for (; news != NULL; news = next) {
        next = news->next_news;
        if (news != node) {
            node_has_news(n, news);
        }
    }
    size_t left = 0;
    memset(n->slots, 0, n->slot_count * sizeof *n->slots);
    for (size_t i = 0; i < n->count; i++) {
        if (n->all[i] != node) {
            n->all[left] = n->all[i];
            *slot_of(n->slots, n->slot_count, n->all[left]->address) = n->all[left];
            left++;
        }
    }
    n->count = left;
    node_free(node);
}

static bool address_ok(const char *address) {
    size_t len = strlen(address);
    return len >= 1 && len <= 14 && strspn(address, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static struct node *new_node(struct nodes *n, const char *address, const struct node_type *t) {
    struct node **all = realloc(n->all, (n->count + 1) * sizeof(struct node *));
    if (all == NULL) {
        return NULL;
    }
    n->all = all;
    struct node *node = grow_slots(n) ? calloc(1, sizeof *node) : NULL;
    if (node == NULL) {
        return NULL;
    }
    node->type = t;
    node->changed = true;
    node->drivers = new_drivers(n, t);
    if (node->drivers == NULL) {
        free(node);
        return NULL;
    }
    memcpy(node->address, address, strlen(address) + 1);
    *slot_of(n->slots, n->slot_count, address) = node;
    n->all[n->count++] = node;
    node_is(n, node, NODE_NEW);
    show_all(n, node);
    return node;
}

struct node *nodes_add(struct nodes *n, const char *address, const char *type, const char *name,
                       const char *primary, const char **why) {
    const struct node_type *t = nodes_type(n, type);
    *why = node_no_memory;
    if (!address_ok(address) || !address_ok(primary)) {
        *why = "a node address has 1 to 14 characters of a-z, 0-9 and _";
        return NULL;
    }
    if (t == NULL) {
        *why = "that node type is not declared";
        return NULL;
    }
    char *names[] = {strdup(name), strdup(primary)}; // first: no node is without them
    bool named = names[0] != NULL && names[1] != NULL;
    struct node *node = named ? nodes_find(n, address) : NULL;
    if (named && node == NULL) {
        node = new_node(n, address, t);
    }
    if (node == NULL || (node->type != t && !retype(n, node, t))) {
        free(names[0]);
        free(names[1]);
        return NULL;
    }
    free(node->name);
    free(node->primary);
    node->name = names[0];
    node->primary = names[1];
    return node;
}

void node_seed(struct nodes *n, struct node *node, int driver, double shown, int uom) {
    const struct driver_decl *decl = &node->type->drivers[driver];
    struct driver *d = &node->drivers[driver];
    bool no_data = uom == NODE_UOM_INDEX && shown == (double)NODE_NO_DATA && !decl->sure;
    bool ours = no_data || (uom != 0 && (uom == decl->unit.uom || uom == decl->alt.uom));
    if (d->has || !ours || !can_show(shown)) {
        return;
    }
    d->places = (signed char)(no_data ? 0 : decl->places);
    d->shown = rounded(shown, d->places);
    d->uom = (short)uom;
    d->seeded = true;
    node_told(d);
    show(n, node, (size_t)driver);
}

static void take(struct nodes *n, struct node *node, int driver, bool has, const char *text) {
    struct driver *d = &node->drivers[driver];
    d->has = has;
    d->seeded = false;
    put_text(n, node, d, text);
    show(n, node, (size_t)driver);
}

void node_set(struct nodes *n, struct node *node, int driver, double value, const char *text) {
    bool has = can_show(value);
    node->drivers[driver].value = value;
    take(n, node, driver, has, has ? text : NULL);
}

void node_unset(struct nodes *n, struct node *node, int driver, const char *text) {
    take(n, node, driver, false, text);
}

void node_stale(struct nodes *n, struct node *node, bool stale) {
    node->stale = stale;
    if (!stale && node->state == NODE_GONE) {
        node_is(n, node, NODE_NEW);
    }
    show_all(n, node);
}

void nodes_zero_stale(struct nodes *n, bool on) {
    n->zero_stale = on;
    for (size_t i = 0; i < n->count; i++) {
        show_all(n, n->all[i]);
    }
}

void nodes_alt_units(struct nodes *n, bool on) {
    n->alt_units = on;
    for (size_t i = 0; i < n->count; i++) {
        show_all(n, n->all[i]);
    }
}

void node_touch(struct nodes *n, struct node *node) {
    for (size_t i = 0; i < node->type->driver_count; i++) {
        node->drivers[i].owed = true;
        mark(n, node, &node->drivers[i]);
    }
}

void nodes_touch(struct nodes *n) {
    for (size_t i = 0; i < n->count; i++) {
        node_touch(n, n->all[i]);
    }
}
