// The device API: what a script sees beside the sandbox's globals (docs/authors.md). Most of it is
// asked of main.lua (scripts/serve/script_api.lua).
#include "api/api.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#define NODE_META "node"

// Registry of a script's state: its node objects both ways ({[address] = object, [object] =
// address}), so that a script can act on the nodes it was given and on no other.
#define NODES_KEY "script.nodes"

// One object for each address. What it shows comes from node_index.
void api_push_node(lua_State *L, const char *address) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, NODES_KEY);
    if (lua_getfield(L, -1, address) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
        luaL_setmetatable(L, NODE_META);
        lua_pushvalue(L, -1);
        lua_pushstring(L, address);
        lua_rawset(L, -4); // first: one that memory fails for after this is made anew
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, address);
    }
    lua_remove(L, -2);
}

// The living node of the object at `index`, whose address is pushed; NULL: it is none, and
// something is pushed.
static struct node *node_at(lua_State *L, int index) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, NODES_KEY);
    lua_pushvalue(L, index);
    bool is_object = lua_istable(L, index) && lua_rawget(L, -2) == LUA_TSTRING;
    lua_remove(L, -2);
    return is_object ? nodes_find(api_of(L)->nodes, lua_tostring(L, -1)) : NULL;
}

const char *api_node_address(lua_State *L, int index) {
    const struct node *node = node_at(L, index);
    luaL_argcheck(L, node != NULL, index, "a node, or the rows of a device, expected");
    lua_pop(L, 1);
    return node->address;
}

// Puts the address of the node at index 1 in its place; the node must be among the living.
static struct node *self(lua_State *L) {
    struct node *node = node_at(L, 1);
    if (node == NULL) {
        luaL_error(L, "this is not a node (call methods with a colon: node:set(...))");
    }
    lua_replace(L, 1);
    return node;
}

static int node_index(lua_State *L) {
    const char *key = luaL_checkstring(L, 2);
    struct node *node = self(L);
    if (strcmp(key, "address") == 0) {
        lua_pushstring(L, node->address);
    } else if (strcmp(key, "name") == 0) {
        lua_pushstring(L, node->name);
    } else if (strcmp(key, "state") == 0) {
        api_push_state(L, node->address);
    } else {
        lua_pushvalue(L, 2);
        if (lua_gettable(L, lua_upvalueindex(1)) == LUA_TNIL) {
            return luaL_error(L, "a node has no '%s'", key);
        }
    }
    return 1;
}

static int node_newindex(lua_State *L) {
    const char *key = luaL_checkstring(L, 2);
    const struct node *node = self(L);
    if (strcmp(key, "state") != 0 || !lua_istable(L, 3)) {
        lua_settop(L, 2);
        return api_ask(L, "assign"); // which raises what is right
    }
    api_set_state(L, node->address, 3);
    return 0;
}

// A method that main.lua answers; upvalue 1: its name.
static int node_method(lua_State *L) {
    self(L);
    return api_ask(L, lua_tostring(L, lua_upvalueindex(1)));
}

static int node_log_method(lua_State *L) {
    self(L);
    api_log_level(L, 2, NULL);
    luaL_checkstring(L, 3);
    lua_pushvalue(L, lua_upvalueindex(1)); // string.format as it was, whatever the script did to it
    lua_insert(L, 3);
    lua_call(L, lua_gettop(L) - 3, 1);
    return api_ask(L, "log");
}

// node:write(path, value [, minutes]): event "script_write"(id, address, path, value, minutes).
static int node_write_method(lua_State *L) {
    self(L);
    luaL_checkstring(L, 2);
    luaL_checknumber(L, 3);
    luaL_optnumber(L, 4, 0);
    lua_settop(L, 4);
    return api_ask_later(L, "script_write", "node:write", "it cannot be written now");
}

// print(...): a line in the log.
static int script_print(lua_State *L) {
    int count = lua_gettop(L);
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (int i = 1; i <= count; i++) {
        luaL_addstring(&b, i > 1 ? " " : "");
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    lua_replace(L, 1);
    lua_settop(L, 1);
    return api_ask(L, "print");
}

// setting(name): of the table's `settings`, what the owner wrote, else its default.
static int script_setting(lua_State *L) {
    luaL_checkstring(L, 1);
    lua_settop(L, 1);
    return api_ask(L, "setting");
}

// vrm.get(path [, query]): main.lua does the request as event "script_get"(id, file, path, query).
static int vrm_get(lua_State *L) {
    luaL_checkstring(L, 1);
    lua_settop(L, 2);
    lua_pushstring(L, ((const struct script *)vm_of(L)->owner)->file);
    lua_insert(L, 1);
    return api_ask_later(L, "script_get", "vrm.get", "VRM cannot be asked now");
}

static const luaL_Reg vrm_functions[] = {{"get", vrm_get}, {NULL, NULL}};

void api_declare_global(lua_State *L, const char *name) {
    lua_pushglobaltable(L);
    lua_pushstring(L, name);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 2);
}

void api_declare_functions(lua_State *L, const luaL_Reg *functions) {
    for (; functions->name != NULL; functions++) {
        lua_pushcfunction(L, functions->func);
        api_declare_global(L, functions->name);
    }
}

// `unit` has the names of types/units.lua: a script only says which it means.
static void open_units(lua_State *L, const struct api *a) {
    char path[700];
    snprintf(path, sizeof path, "%s/scripts/types/units.lua", a->root);
    api_load_file(L, path);
    lua_call(L, 0, 1);
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, -3) != 0; lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -1);
        lua_rawset(L, -5);
    }
    lua_remove(L, -2);
    api_declare_global(L, "unit");
}

void api_script_setup(lua_State *L, void *api) {
    static const luaL_Reg globals[] = {{"sleep", api_sleep},
                                       {"use", script_use},
                                       {"setting", script_setting},
                                       {"print", script_print},
                                       {NULL, NULL}};
    static const char *const asked[] = {"set", "get", "param", "notice", "event"};
    open_units(L, api);
    api_push_timer(L);
    api_declare_global(L, "timer");
    luaL_newlib(L, vrm_functions);
    api_declare_global(L, "vrm");
    api_declare_functions(L, globals);
    api_ask_setup(L);
    api_state_setup(L);
    api_rows_setup(L);
    luaL_newmetatable(L, NODE_META);
    lua_newtable(L); // the methods
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        lua_pushstring(L, asked[i]);
        lua_pushcclosure(L, node_method, 1);
        lua_setfield(L, -2, asked[i]);
    }
    lua_pushcfunction(L, node_write_method);
    lua_setfield(L, -2, "write");
    lua_getglobal(L, "string");
    lua_getfield(L, -1, "format");
    lua_pushcclosure(L, node_log_method, 1);
    lua_setfield(L, -3, "log");
    lua_pop(L, 1);
    lua_pushcclosure(L, node_index, 1);
    lua_setfield(L, -2, "__index");
    api_put_bool(L, "__metatable", false);
    lua_pushcfunction(L, node_newindex);
    lua_setfield(L, -2, "__newindex");
    lua_pop(L, 1);
}
