// node.state of a device script (docs/authors.md): a table whose fields are looked at when they are
// set, so that what could not be kept over a restart is told with its line.
#include "api/api.h"
#include "lua/fields.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>

#define DEPTH_MAX 16  // tables in tables, as in scripts/serve/state.lua
#define NAME_SIZE 200 // of what a message calls a value

// Registry of a script's state: the objects that stand for the states, both ways ({[address] =
// object, [object] = address}). The states themselves are in API_STATES_KEY.
#define OBJECTS_KEY "script.state_objects"

// Pushes the state of the address.
static void push_state(lua_State *L, const char *address) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, API_STATES_KEY);
    luaL_getsubtable(L, -1, address);
    lua_remove(L, -2);
}

// Replaces the object at index 1 by its state.
static void self(lua_State *L) {
    const char *address = api_object_address(L, OBJECTS_KEY, 1);
    luaL_argcheck(L, address != NULL, 1, "node.state expected");
    push_state(L, address);
    lua_replace(L, 1);
    lua_pop(L, 1);
}

static void check_value(lua_State *L, int index, const char *name, int depth);

// A key has to be a text, or of a list.
static void check_key(lua_State *L, int index, const char *name, lua_Integer length) {
    int is_integer = 0;
    lua_Integer n = lua_tointegerx(L, index, &is_integer);
    bool listed = lua_type(L, index) == LUA_TNUMBER && is_integer && n >= 1 && n <= length;
    if (lua_type(L, index) != LUA_TSTRING && !listed) {
        luaL_error(L,
                   "%s has the key %s, which cannot be kept. Use texts, tostring(key), or 1 to n "
                   "without holes.",
                   name, luaL_tolstring(L, index, NULL));
    }
}

static void check_members(lua_State *L, int index, const char *name, int depth) {
    char member[NAME_SIZE];
    lua_Integer length = (lua_Integer)lua_rawlen(L, index);
    luaL_checkstack(L, 6, "node.state");
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        int value = lua_gettop(L);
        check_key(L, value - 1, name, length);
        lua_pushvalue(L, value - 1); // the key itself must stay what it is for lua_next
        snprintf(member, sizeof member, "%s.%s", name, lua_tostring(L, -1));
        lua_pop(L, 1);
        check_value(L, value, member, depth + 1);
    }
}

// Raises what cannot be kept of a value that is to be set.
static void check_value(lua_State *L, int index, const char *name, int depth) {
    int type = lua_type(L, index);
    if (type == LUA_TNUMBER && !isfinite(lua_tonumber(L, index))) {
        luaL_error(
            L, "%s would be no finite number, as 0 / 0 is none. Look whether it is divided by 0.",
            name);
    }
    bool plain =
        type == LUA_TTABLE && (fields_are_watched(L, index) || !lua_getmetatable(L, index));
    if (plain && depth > DEPTH_MAX) {
        luaL_error(L, "%s is nested deeper than %d tables, or in itself", name, DEPTH_MAX);
    }
    if (plain) {
        check_members(L, index, name, depth);
    } else if (type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TUSERDATA ||
               type == LUA_TTHREAD) {
        luaL_error(L,
                   "%s would be a %s, which cannot be kept. Use numbers, texts, true, false, and "
                   "tables of them.",
                   name,
                   type == LUA_TTABLE ? "node, or another table with a metatable"
                                      : luaL_typename(L, index));
    }
}

static int state_index(lua_State *L) {
    self(L);
    lua_settop(L, 2);
    lua_rawget(L, 1);
    return 1;
}

static int state_newindex(lua_State *L) {
    char name[NAME_SIZE];
    self(L);
    lua_settop(L, 3);
    check_key(L, 2, "node.state", (lua_Integer)lua_rawlen(L, 1) + 1);
    lua_pushvalue(L, 2);
    snprintf(name, sizeof name, "node.state.%s", lua_tostring(L, -1));
    lua_pop(L, 1);
    check_value(L, 3, name, 1);
    lua_settop(L, 3);
    lua_rawset(L, 1);
    return 0;
}

static int state_len(lua_State *L) {
    self(L);
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, 1));
    return 1;
}

// next(table [, key]), also for node.state.
static int state_next(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    if (api_object_address(L, OBJECTS_KEY, 1) != NULL) {
        lua_settop(L, 2);
        self(L);
    }
    lua_settop(L, 2);
    if (lua_next(L, 1) != 0) {
        return 2;
    }
    lua_pushnil(L);
    return 1;
}

static int state_pairs(lua_State *L) {
    lua_pushcfunction(L, state_next);
    lua_pushvalue(L, 1);
    return 2;
}

void api_push_state(lua_State *L, const char *address) {
    api_push_object(L, OBJECTS_KEY, SANDBOX_TABLE_META, address);
}

void api_set_state(lua_State *L, const char *address, int index) {
    index = lua_absindex(L, index);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, API_STATES_KEY);
    int states = lua_gettop(L);
    const char *other = api_object_address(L, OBJECTS_KEY, index);
    if (other != NULL) {
        push_state(L, other);
    } else {
        check_value(L, index, "node.state", 0);
        lua_pushvalue(L, index);
    }
    lua_setfield(L, states, address);
}

void api_state_setup(lua_State *L) {
    static const luaL_Reg methods[] = {{"__index", state_index},
                                       {"__newindex", state_newindex},
                                       {"__len", state_len},
                                       {"__pairs", state_pairs},
                                       {NULL, NULL}};
    luaL_newmetatable(L, SANDBOX_TABLE_META);
    luaL_setfuncs(L, methods, 0);
    api_put_bool(L, "__metatable", false);
    lua_pop(L, 1);
    lua_pushcfunction(L, state_next);
    api_declare_global(L, "next");
}
