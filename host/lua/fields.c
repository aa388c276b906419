#include "lua/fields.h"

#include <lauxlib.h>
#include <string.h>

static bool is_known(const char *known, const char *name) {
    size_t len = strlen(name);
    for (const char *at = strchr(known, ' '); at != NULL; at = strchr(at, ' ')) {
        at++;
        if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0')) {
            return true;
        }
    }
    return false;
}

// Upvalue 1: what is known.
static int no_field(lua_State *L) {
    const char *known = lua_tostring(L, lua_upvalueindex(1));
    const char *name = luaL_tolstring(L, 2, NULL), *fields = strstr(known, ": ");
    if (fields == NULL || is_known(fields, name)) {
        return 0;
    }
    lua_pushlstring(L, known, (size_t)(fields - known));
    return luaL_error(L, "%s has no '%s'. It has %s.", lua_tostring(L, -1), name, fields + 2);
}

// What Lua calls such a value: "row" of "a row: ...".
static void push_name(lua_State *L, const char *known) {
    const char *name = strncmp(known, "a ", 2) == 0 ? known + 2 : known;
    lua_pushlstring(L, name, strcspn(name, ":"));
}

// Its address is where a registry has the metatables of all such tables: {[metatable] = true}. A
// script can make a metatable that looks like one.
static const char watched_key;

static void push_watched(lua_State *L) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &watched_key) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &watched_key);
    }
}

void fields_watch(lua_State *L, const char *known) {
    luaL_checkstack(L, 6, known);
    if (lua_getfield(L, LUA_REGISTRYINDEX, known) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 4);
        lua_pushstring(L, known);
        lua_pushcclosure(L, no_field, 1);
        lua_setfield(L, -2, "__index");
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
        lua_pushstring(L, known);
        lua_setfield(L, -2, FIELDS_KEY);
        push_name(L, known);
        lua_setfield(L, -2, "__name");
        push_watched(L);
        lua_pushvalue(L, -2);
        lua_pushboolean(L, 1);
        lua_rawset(L, -3);
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_setfield(L, LUA_REGISTRYINDEX, known);
    }
    lua_setmetatable(L, -2);
}

bool fields_are_watched(lua_State *L, int index) {
    bool are = false;
    if (lua_istable(L, index) && lua_getmetatable(L, index)) {
        if (lua_rawgetp(L, LUA_REGISTRYINDEX, &watched_key) == LUA_TTABLE) {
            lua_pushvalue(L, -2);
            lua_rawget(L, -2);
            are = lua_toboolean(L, -1);
            lua_pop(L, 1);
        }
        lua_pop(L, 2);
    }
    return are;
}
