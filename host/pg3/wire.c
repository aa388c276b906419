#include "pg3/wire.h"

#include <string.h>

static bool add_driver(struct buf *b, const struct node *node, size_t i) {
    const struct driver *d = &node->drivers[i];
    const struct driver_decl *decl = &node->type->drivers[i];
    buf_printf(b, "%s{\"driver\":\"%s\",\"value\":\"%s\",\"uom\":%d,\"name\":", i > 0 ? "," : "",
               decl->id, d->told, d->told_uom);
    buf_json(b, decl->label);
    return buf_puts(b, "}");
}

bool wire_addnode(struct buf *b, const struct node *node) {
    buf_printf(b, "{\"addnode\":[{\"address\":\"%s\",\"name\":", node->address);
    buf_json(b, node->name);
    buf_puts(b, ",\"nodeDefId\":");
    buf_json(b, node->type->id);
    buf_printf(b, ",\"primaryNode\":\"%s\",\"drivers\":[", node->primary);
    for (size_t i = 0; i < node->type->driver_count; i++) {
        add_driver(b, node, i);
    }
    return buf_puts(b, "],\"hint\":[0,0,0,0],\"private\":null,\"rename\":false}]}");
}

static void set_driver(struct buf *b, const struct node *node, size_t i, size_t already) {
    const struct driver *d = &node->drivers[i];
    buf_printf(b, "%s{\"address\":\"%s\",\"driver\":\"%s\",\"value\":\"%s\",\"uom\":%d,\"text\":",
               already > 0 ? "," : "{\"set\":[", node->address, node->type->drivers[i].id, d->shown,
               d->uom);
    buf_json(b, d->text);
    buf_puts(b, "}");
}

bool wire_set(struct buf *b, struct nodes *n, const char *skip_address, const char *skip_driver) {
    size_t count = 0;
    for (size_t k = 0; k < n->count; k++) {
        struct node *node = n->all[k];
        bool skip = strcmp(node->address, skip_address) == 0;
        bool there = node->state == NODE_LIVE || node->state == NODE_KNOWN;
        if (!there || !node->changed) {
            continue;
        }
        node->changed = false;
        for (size_t i = 0; i < node->type->driver_count; i++) {
            if (!node->drivers[i].changed) {
                continue;
            }
            if (b->len > WIRE_SET_FULL ||
                (skip && strcmp(node->type->drivers[i].id, skip_driver) == 0)) {
                node->changed = true;
                continue;
            }
            set_driver(b, node, i, count++);
            node_told(&node->drivers[i]);
        }
    }
    return count > 0 && buf_puts(b, "]}");
}
