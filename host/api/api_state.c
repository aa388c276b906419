// node.state of a device script (docs/authors.md): scripts/serve/node_state.lua, run in the
// script's state.
#include "api/api.h"
#include "lua/fields.h"

#include <lauxlib.h>

// Registry of a script's state: the table of that file's functions.
#define FUNCTIONS_KEY "script.node_state"

static int is_plain(lua_State *L) {
    return api_bool(L, fields_are_watched(L, 1) || !lua_getmetatable(L, 1));
}

// Calls a function with the address and the value on top, which it takes -> its result is pushed.
static void call(lua_State *L, const char *name, const char *address) {
    lua_getfield(L, LUA_REGISTRYINDEX, FUNCTIONS_KEY);
    lua_getfield(L, -1, name);
    lua_replace(L, -2);
    lua_insert(L, -2);
    lua_pushstring(L, address);
    lua_insert(L, -2);
    lua_call(L, 2, 1);
}

void api_push_state(lua_State *L, const char *address) {
    lua_pushnil(L);
    call(L, "of", address);
}

void api_set_state(lua_State *L, const char *address, int index) {
    lua_pushvalue(L, index);
    call(L, "set", address);
    if (!lua_isnil(L, -1)) {
        luaL_error(L, "%s", lua_tostring(L, -1));
    }
}

void api_state_setup(lua_State *L) {
    api_load_file(L, lua_pushfstring(L, "%s/scripts/serve/node_state.lua", api_of(L)->root));
    luaL_newmetatable(L, SANDBOX_TABLE_META);
    lua_pushcfunction(L, is_plain);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, API_STATES_KEY);
    luaL_getsubtable(L, -1, "states");
    lua_pop(L, 1);
    lua_call(L, 3, 1);
    lua_getfield(L, -1, "next");
    api_declare_global(L, "next");
    lua_setfield(L, LUA_REGISTRYINDEX, FUNCTIONS_KEY);
    lua_pop(L, 1); // the path
}
