// Nodes and drivers for trusted Lua.
#include "api/api.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// What was allocated, or the state is starved.
static void *or_starved(lua_State *L, void *block) {
    vm_of(L)->starved = vm_of(L)->starved || block == NULL;
    return block;
}

static char *text_field(lua_State *L, int at, const char *key) {
    const char *text = api_text_field(L, at, key);
    return text != NULL ? or_starved(L, strdup(text)) : NULL;
}

static struct unit unit_at(lua_State *L, int at) {
    return (struct unit){.uom = (int)api_number_field(L, at, "uom", 56),
                         .factor = api_number_field(L, at, "factor", 1),
                         .offset = api_number_field(L, at, "offset", 0)};
}

static void read_driver(lua_State *L, int at, struct driver_decl *d) {
    d->id = text_field(L, at, "id");
    d->label = text_field(L, at, "label");
    d->places = (int)api_number_field(L, at, "places", 0);
    d->zero = api_bool_field(L, at, "zero", false);
    d->sure = api_bool_field(L, at, "sure", false);
    d->fresh = (int)api_number_field(L, at, "fresh", 0);
    d->unit = unit_at(L, at);
    lua_getfield(L, at, "alt");
    if (lua_istable(L, -1)) {
        d->alt = unit_at(L, lua_gettop(L));
    }
    lua_pop(L, 1);
}

// Index 1: the table, 2: the type.
static int read_type(lua_State *L) {
    struct node_type *t = lua_touserdata(L, 2);
    luaL_checkstack(L, 20, "declaration");
    t->id = text_field(L, 1, "id");
    lua_getfield(L, 1, "drivers"); // index 3
    size_t count = lua_istable(L, 3) ? lua_rawlen(L, 3) : 0;
    t->drivers = or_starved(L, calloc(count + 1, sizeof *t->drivers));
    for (size_t i = 1; i <= count && t->drivers != NULL; i++) {
        if (lua_rawgeti(L, 3, (lua_Integer)i) == LUA_TTABLE) {
            read_driver(L, 4, &t->drivers[t->driver_count++]); // counted: it is freed with the type
        }
        lua_pop(L, 1);
    }
    return 0;
}

// host.declare(type): what is needed to show its values. type = { id, name, drivers = list of { id,
// label, uom, places, zero, sure, fresh, alt = { uom, factor, offset } } }; other members are not
// looked at.
static int host_declare(lua_State *L) {
    struct api *a = api_of(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct node_type *t = node_type_new();
    if (t == NULL) {
        return vm_no_memory(L);
    }
    vm_of(L)->starved = false;
    lua_pushcfunction(L, read_type);
    lua_pushvalue(L, 1);
    lua_pushlightuserdata(L, t);
    int status = lua_pcall(L, 2, 0, 0);
    if (status != LUA_OK || vm_of(L)->starved) {
        node_type_free(t);
        return status == LUA_ERRRUN ? luaL_error(L, "host.declare: %s", lua_tostring(L, -1))
                                    : vm_no_memory(L);
    }
    const char *fault = nodes_declare(a->nodes, t);
    if (fault == node_no_memory) {
        return vm_no_memory(L);
    }
    if (fault != NULL) {
        return luaL_error(L, "host.declare: %s", fault);
    }
    return 0;
}

static int host_add(lua_State *L) {
    struct api *a = api_of(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    const char *address = api_needed_field(L, 1, "address"), *why = NULL;
    const char *type = api_needed_field(L, 1, "type"), *primary = api_needed_field(L, 1, "primary");
    lua_pushstring(L, api_needed_field(L, 1, "name"));
    const char *name = api_hide(L, -1);
    bool fresh = nodes_find(a->nodes, address) == NULL;
    struct node *node = nodes_add(a->nodes, address, type, name, primary, &why);
    if (node == NULL && why == node_no_memory) {
        return vm_no_memory(L);
    }
    if (node == NULL) {
        return api_nil(L, why);
    }
    if (fresh && a->pg3 != NULL) {
        pg3_add(a->pg3, node);
    }
    return api_bool(L, 1);
}

// host.known([prefix [, driver]]) -> list of { address, name, type, primary, enabled, shown }: the
// nodes PG3 has on record whose addresses begin so; shown: what it has of that driver, nil = none.
static int host_known(lua_State *L) {
    struct api *a = api_of(L);
    size_t len;
    const char *prefix = luaL_optlstring(L, 1, "", &len);
    const char *driver = luaL_optstring(L, 2, NULL);
    lua_newtable(L);
    for (size_t i = 0; a->pg3 != NULL && i < pg3_known(a->pg3)->count; i++) {
        const struct known_node *k = &pg3_known(a->pg3)->all[i];
        if (strncmp(k->address, prefix, len) != 0) {
            continue;
        }
        double shown = driver != NULL ? known_shown(k, driver) : NAN;
        lua_createtable(L, 0, 6);
        if (!isnan(shown)) {
            lua_pushnumber(L, shown);
            lua_setfield(L, -2, "shown");
        }
        api_put_text(L, "address", k->address);
        api_put_text(L, "name", k->name);
        api_put_text(L, "type", k->type);
        api_put_text(L, "primary", k->primary);
        api_put_bool(L, "enabled", k->enabled);
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
    return 1;
}

// host.refused() -> list of { address, name, why }: the nodes that PG3 refused to add, and has not
// taken since; why in PG3's words.
static int host_refused(lua_State *L) {
    const struct nodes *n = api_of(L)->nodes;
    lua_newtable(L);
    for (size_t i = 0; i < n->count; i++) {
        const struct node *node = n->all[i];
        if (node->refusal == NULL) {
            continue;
        }
        lua_createtable(L, 0, 3);
        api_put_text(L, "address", node->address);
        api_put_text(L, "name", node->name);
        api_put_text(L, "why", node->refusal);
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
    return 1;
}

// host.remove(list of addresses) -> whether they are gone: children in front of their primaries.
static int host_remove(lua_State *L) {
    struct api *a = api_of(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    size_t count = lua_rawlen(L, 1);
    const char **addresses = lua_newuserdatauv(L, (count + 1) * sizeof *addresses, 0);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, 1, (lua_Integer)i + 1);
        addresses[i] = luaL_checkstring(L, -1); // the list keeps it
        lua_pop(L, 1);
    }
    bool gone = true;
    if (a->pg3 != NULL) {
        gone = pg3_remove(a->pg3, addresses, count);
    } else {
        for (size_t i = 0; i < count; i++) {
            nodes_remove(a->nodes, addresses[i]);
        }
    }
    return api_bool(L, gone);
}

static int host_node(lua_State *L) {
    const struct node *node = nodes_find(api_of(L)->nodes, luaL_checkstring(L, 1));
    if (node == NULL) {
        lua_pushnil(L);
        return 1;
    }
    lua_createtable(L, 0, 4);
    api_put_text(L, "address", node->address);
    api_put_text(L, "name", node->name);
    api_put_text(L, "type", node->type->id);
    api_put_text(L, "primary", node->primary);
    return 1;
}

static struct node *node_arg(lua_State *L, struct api *a) {
    const char *address = luaL_checkstring(L, 1);
    struct node *node = nodes_find(a->nodes, address);
    if (node == NULL) {
        luaL_error(L, "there is no node %s", address);
    }
    return node;
}

// host.rename(address, name): unless the user has renamed the node in PG3.
static int host_rename(lua_State *L) {
    struct api *a = api_of(L);
    struct node *node = node_arg(L, a);
    luaL_checkstring(L, 2);
    const char *name = api_hide(L, 2);
    return a->pg3 == NULL || pg3_rename(a->pg3, node, name) ? 0 : vm_no_memory(L);
}

static int driver_arg(lua_State *L, const struct node *node) {
    const char *id = luaL_checkstring(L, 2);
    int driver = node_driver(node, id);
    if (driver < 0) {
        luaL_error(L, "the node %s (%s) has no driver %s", node->address, node->type->id, id);
    }
    return driver;
}

int api_set(lua_State *L) {
    struct api *a = api_of(L);
    struct node *node = node_arg(L, a);
    int driver = driver_arg(L, node);
    const char *text = NULL;
    if (luaL_optstring(L, 4, NULL) != NULL) {
        text = api_hide(L, 4);
    }
    if (lua_isnoneornil(L, 3)) {
        node_unset(a->nodes, node, driver, text);
    } else {
        node_set(a->nodes, node, driver, luaL_checknumber(L, 3), text);
    }
    return api_bool(L, node->drivers[driver].changed);
}

int api_get(lua_State *L) {
    const struct node *node = node_arg(L, api_of(L));
    const struct driver *d = &node->drivers[driver_arg(L, node)];
    if (d->has) {
        lua_pushnumber(L, d->value);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

// host.shown(address, driver) -> the number as PG3 would be told it, its unit, the text beside it |
// nil.
static int host_shown(lua_State *L) {
    const struct node *node = node_arg(L, api_of(L));
    const struct driver *d = &node->drivers[driver_arg(L, node)];
    char shown[NODE_SHOWN_SIZE];
    node_shown(d, shown);
    lua_pushstring(L, shown);
    lua_pushinteger(L, d->uom);
    lua_pushstring(L, d->text);
    return 3;
}

static void push_change(lua_State *L, const struct node *node, size_t driver) {
    lua_createtable(L, 0, 2);
    api_put_text(L, "address", node->address);
    api_put_text(L, "driver", node->type->drivers[driver].id);
}

// host.changes() -> list of { address, driver }: what shows something else than at the last call, a
// new node's values than 0. For who stands in PG3's place; where PG3 is, there are none.
static int host_changes(lua_State *L) {
    const struct api *a = api_of(L);
    lua_newtable(L);
    for (size_t i = 0; a->pg3 == NULL && i < a->nodes->count; i++) {
        struct node *node = a->nodes->all[i];
        if (node->state == NODE_NEW) {
            node_compare(a->nodes, node);
        }
        node_is(a->nodes, node, NODE_LIVE);
        for (size_t k = 0; node->changed && k < node->type->driver_count; k++) {
            if (!node->drivers[k].changed) {
                continue;
            }
            push_change(L, node, k);
            lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
            node_told(&node->drivers[k]);
        }
        node->changed = false;
    }
    return 1;
}

static int host_stale(lua_State *L) {
    struct api *a = api_of(L);
    node_stale(a->nodes, node_arg(L, a), lua_toboolean(L, 2));
    return 0;
}

static int host_zero_stale(lua_State *L) {
    nodes_zero_stale(api_of(L)->nodes, lua_toboolean(L, 1));
    return 0;
}

static int host_alt_units(lua_State *L) {
    nodes_alt_units(api_of(L)->nodes, lua_toboolean(L, 1));
    return 0;
}

static int host_hold_nodes(lua_State *L) {
    struct api *a = api_of(L);
    if (a->pg3 != NULL) {
        pg3_hold_nodes(a->pg3, lua_toboolean(L, 1));
    }
    if (!lua_toboolean(L, 1)) {
        loop_wake(a->loop);
    }
    return 0;
}

// host.event(address, event): tells ISY programs of an event of the node's type, behind the values
// it has now -> whether it was told: not while PG3 is away or does not have the node.
static int host_event(lua_State *L) {
    struct api *a = api_of(L);
    const struct node *node = node_arg(L, a);
    const char *event = luaL_checkstring(L, 2);
    return api_bool(L, a->pg3 == NULL || pg3_event(a->pg3, node->address, event));
}

static int host_push(lua_State *L) {
    struct api *a = api_of(L);
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    const char *title = api_hide(L, 1), *body = api_hide(L, 2);
    return api_bool(L, a->pg3 == NULL || pg3_push(a->pg3, title, body));
}

// host.connected() -> whether there is a connection to PG3. True without a PG3.
static int host_connected(lua_State *L) {
    const struct pg3 *p = api_of(L)->pg3;
    return api_bool(L, p == NULL || pg3_connected(p));
}

const luaL_Reg api_node_functions[] = {
    {"declare", host_declare},
    {"add", host_add},
    {"known", host_known},
    {"refused", host_refused},
    {"remove", host_remove},
    {"rename", host_rename},
    {"node", host_node},
    {"set", api_set},
    {"get", api_get},
    {"shown", host_shown},
    {"changes", host_changes},
    {"stale", host_stale},
    {"event", host_event},
    {"push", host_push},
    {"zero_stale", host_zero_stale},
    {"alt_units", host_alt_units},
    {"hold_nodes", host_hold_nodes},
    {"connected", host_connected},
    {NULL, NULL},
};
