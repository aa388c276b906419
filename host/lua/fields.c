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

void fields_watch(lua_State *L, const char *known) {
    luaL_checkstack(L, 4, known);
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
        lua_pushvalue(L, -1);
        lua_setfield(L, LUA_REGISTRYINDEX, known);
    }
    lua_setmetatable(L, -2);
}

bool fields_are_watched(lua_State *L, int index) {
    bool are = lua_istable(L, index) && luaL_getmetafield(L, index, FIELDS_KEY) != LUA_TNIL;
    if (are) {
        lua_pop(L, 1);
    }
    return are;
}
