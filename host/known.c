#include "known.h"
#include "json.h"
#include "vm.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES_MAX 2000
#define VALUES_MAX 64

void known_free(struct known *k) {
    for (size_t i = 0; i < k->count; i++)
        free(k->all[i].values);
    free(k->all);
    *k = (struct known){0};
}

static void text_field(lua_State *L, int index, const char *key, char *out, size_t size) {
    char scratch[32];
    const char *text = json_text(L, index, key, scratch);
    snprintf(out, size, "%s", text != NULL ? text : "");
}

static void read_value(struct known_node *node, lua_State *L, int index) {
    struct known_value value = {.uom = (int)json_long(L, index, "uom", 0)};
    text_field(L, index, "driver", value.driver, sizeof value.driver);
    text_field(L, index, "value", value.shown, sizeof value.shown);
    if (value.driver[0] == '\0' || value.shown[0] == '\0' || node->value_count == VALUES_MAX)
        return;
    struct known_value *values = realloc(node->values, (node->value_count + 1) * sizeof *values);
    if (values == NULL) {
        vm_no_memory(L);
        return; // not reached
    }
    node->values = values;
    node->values[node->value_count++] = value;
}

static void read_values(struct known_node *node, lua_State *L, int index) {
    if (json_push(L, index, "drivers") == LUA_TTABLE) {
        int drivers = lua_gettop(L);
        lua_pushnil(L);
        while (lua_next(L, drivers) != 0) {
            read_value(node, L, lua_gettop(L));
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
}

static void read_node(struct known *k, lua_State *L, int index) {
    struct known_node node = {.enabled = json_long(L, index, "enabled", 1) != 0};
    text_field(L, index, "address", node.address, sizeof node.address);
    text_field(L, index, "name", node.name, sizeof node.name);
    text_field(L, index, "nodeDefId", node.type, sizeof node.type);
    text_field(L, index, "primaryNode", node.primary, sizeof node.primary);
    if (k->count == NODES_MAX)
        return;
    struct known_node *all = realloc(k->all, (k->count + 1) * sizeof *all);
    if (all == NULL) {
        vm_no_memory(L);
        return; // not reached
    }
    k->all = all;
    if (node.address[0] == '\0')
        return;
    k->all[k->count] = node; // its own before its values are read: that may raise
    read_values(&k->all[k->count++], L, index);
}

void known_read(struct known *k, lua_State *L, int index) {
    known_free(k);
    luaL_checkstack(L, 10, "nodes");
    if (lua_type(L, index) != LUA_TTABLE)
        return;
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        read_node(k, L, lua_gettop(L));
        lua_pop(L, 1);
    }
}

const struct known_node *known_find(const struct known *k, const char *address) {
    for (size_t i = 0; i < k->count; i++)
        if (strcmp(k->all[i].address, address) == 0)
            return &k->all[i];
    return NULL;
}

static const struct known_value *find_value(const struct known_node *node, const char *driver) {
    for (size_t i = 0; i < node->value_count; i++)
        if (strcmp(node->values[i].driver, driver) == 0)
            return &node->values[i];
    return NULL;
}

bool known_seed(const struct known *k, struct nodes *nodes, struct node *node) {
    const struct known_node *on_record = known_find(k, node->address);
    if (on_record == NULL)
        return false;
    size_t found = 0;
    for (size_t i = 0; i < node->type->driver_count; i++) {
        const struct known_value *value = find_value(on_record, node->type->drivers[i].id);
        if (value == NULL)
            continue;
        found++;
        node_seed(nodes, node, (int)i, value->shown, value->uom);
    }
    return found == node->type->driver_count && strcmp(on_record->type, node->type->id) == 0;
}
