#include "pg3/wire.h"

#include "base/log.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

// PG3 hands the values of a message to the ISY one after the other, whose programs act on the data
// state: "fresh" follows the values that it speaks of, anything else goes before them.
struct order {
    size_t count, state; // state: the data state's index, `count` = the node has none
    bool last;
};

static struct order order_of(const struct node *node) {
    struct order o = {.count = node->type->driver_count};
    while (o.state < o.count && node->type->drivers[o.state].fresh == 0) {
        o.state++;
    }
    o.last = o.state < o.count &&
             lround(node->drivers[o.state].shown) == node->type->drivers[o.state].fresh;
    return o;
}

// Index of the driver at that place of the order.
static size_t driver_at(const struct order *o, size_t place) {
    if (o->state == o->count) {
        return place;
    }
    if (o->last) {
        return place + 1 == o->count ? o->state : place + (place >= o->state);
    }
    return place == 0 ? o->state : place - (place <= o->state);
}

static void add_drivers(struct buf *b, const struct node *node) {
    const struct order order = order_of(node);
    for (size_t place = 0; place < order.count; place++) {
        size_t i = driver_at(&order, place);
        const struct driver *d = &node->drivers[i];
        const struct driver_decl *decl = &node->type->drivers[i];
        char shown[NODE_SHOWN_SIZE];
        node_shown(d, shown);
        buf_printf(b, "%s{\"driver\":\"%s\",\"value\":\"%s\",\"uom\":%d,\"name\":",
                   place > 0 ? "," : "", decl->id, shown, d->uom);
        buf_json(b, decl->label);
        buf_puts(b, "}");
    }
}

static void add_node(struct buf *b, const struct node *node) {
    buf_printf(b, "{\"address\":\"%s\",\"name\":", node->address);
    buf_json(b, node->name);
    buf_member(b, ",\"nodeDefId\":", node->type->id);
    buf_printf(b, ",\"primaryNode\":\"%s\",\"drivers\":[", node->primary);
    add_drivers(b, node);
    buf_puts(b, "],\"hint\":[0,0,0,0],\"private\":null,\"rename\":false}");
}

size_t wire_addnode(struct buf *b, struct node *const *nodes, size_t count) {
    size_t held = 0;
    while (held < count && b->len < WIRE_ADD_FULL) {
        buf_puts(b, held > 0 ? "," : "{\"addnode\":[");
        add_node(b, nodes[held++]);
    }
    return held > 0 && buf_puts(b, "]}") ? held : 0;
}

static void set_driver(struct buf *b, const struct node *node, size_t i, const char *shown,
                       size_t already) {
    const struct driver *d = &node->drivers[i];
    char uom[16];
    snprintf(uom, sizeof uom, "%d", d->uom);
    const char *const parts[] = {already > 0 ? "," : "{\"set\":[",
                                 "{\"address\":\"",
                                 node->address,
                                 "\",\"driver\":\"",
                                 node->type->drivers[i].id,
                                 "\",\"value\":\"",
                                 shown,
                                 "\",\"uom\":",
                                 uom};
    for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
        buf_puts(b, parts[k]);
    }
    buf_member(b, ",\"text\":", d->text);
    buf_puts(b, "}");
}

static bool to_tell(const struct node *node) {
    return node->changed && (node->state == NODE_LIVE || node->state == NODE_KNOWN);
}

static void set_told(struct buf *b, struct node *node, size_t i, size_t already) {
    const struct driver_decl *decl = &node->type->drivers[i];
    struct driver *d = &node->drivers[i];
    char shown[NODE_SHOWN_SIZE];
    node_shown(d, shown);
    log_debug("values", "%s %s, %s: %s %s", node->address, decl->id, decl->label, shown,
              d->text != NULL ? d->text : "");
    set_driver(b, node, i, shown, already);
    node_told(d);
    d->text_told = d->text != NULL;
}

// Data states that are not "fresh", of all nodes: PG3 takes minutes for what thousands of values
// say, and may not take all of a plugin that ends. -> how many.
static size_t set_lost(struct buf *b, struct node *news) {
    size_t count = 0;
    for (struct node *node = news; node != NULL; node = node->next_news) {
        if (!to_tell(node) || b->len > WIRE_SET_FULL) {
            continue;
        }
        const struct order order = order_of(node);
        bool lost = order.state < order.count && !order.last;
        if (lost && node->drivers[order.state].changed) {
            set_told(b, node, order.state, count++);
        }
    }
    return count;
}

bool wire_set(struct buf *b, struct nodes *n, const char *skip_address, const char *skip_driver) {
    struct node *news = nodes_take_news(n), *next = NULL;
    size_t count = set_lost(b, news);
    for (struct node *node = news; node != NULL; node = next) {
        next = node->next_news;
        if (!to_tell(node)) {
            continue;
        }
        bool skip = strcmp(node->address, skip_address) == 0;
        node->changed = false;
        const struct order order = order_of(node);
        for (size_t place = 0; place < order.count; place++) {
            size_t i = driver_at(&order, place);
            if (!node->drivers[i].changed ||
                (skip && strcmp(node->type->drivers[i].id, skip_driver) == 0)) {
                continue;
            }
            if (b->len > WIRE_SET_FULL) {
                node->changed = true;
                node_has_news(n, node);
                continue;
            }
            set_told(b, node, i, count++);
        }
    }
    return count > 0 && buf_puts(b, "]}");
}
