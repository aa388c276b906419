#include "base/limits.h"
#include "lua/fields.h"
#include "lua/script.h"
#include "lua/vm.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <string.h>

// C functions make no ticks for the instruction budget, so none that can run long without memory is
// here: no patterns, no rep without a cap, no long formats, no table functions on tables with a
// hostile __len, no xpcall and no __gc (their handlers run with hooks off), no coroutines (a hook
// belongs to one).
static const char *const base_names[] = {"assert",   "error",    "ipairs", "next",   "pairs",
                                         "pcall",    "rawequal", "rawget", "rawlen", "select",
                                         "tonumber", "tostring", "type",   NULL};
static const char *const string_names[] = {"byte",  "char",   "format",   "len",
                                           "lower", "pack",   "packsize", "reverse",
                                           "sub",   "unpack", "upper",    NULL};
static const char *const math_names[] = {
    "abs", "acos",       "asin", "atan",      "ceil", "cos",        "deg",
    "exp", "floor",      "fmod", "huge",      "log",  "maxinteger", "max",
    "min", "mininteger", "modf", "pi",        "rad",  "random",     "randomseed",
    "sin", "sqrt",       "tan",  "tointeger", "type", "ult",        NULL};
static const char *const with_format[] = {"format", "pack", "packsize", "unpack", NULL};

// Searching a text for another takes time as the product of their lengths.
static int plain_find(lua_State *L) {
    size_t len, plen;
    const char *s = luaL_checklstring(L, 1, &len);
    const char *p = luaL_checklstring(L, 2, &plen);
    lua_Integer init = luaL_optinteger(L, 3, 1);
    if (len > FIND_MAX || plen > FIND_WHAT_MAX) {
        return luaL_error(L, "string.find: texts of at most %d and %d bytes", FIND_MAX,
                          FIND_WHAT_MAX);
    }
    if (init < 0) {
        init = (lua_Integer)len + init + 1;
    }
    if (init < 1) {
        init = 1;
    }
    for (size_t at = (size_t)init - 1; at + plen <= len; at++) {
        if (memcmp(s + at, p, plen) == 0) {
            lua_pushinteger(L, (lua_Integer)at + 1);
            lua_pushinteger(L, (lua_Integer)(at + plen));
            return 2;
        }
    }
    lua_pushnil(L);
    return 1;
}

// The following look at what they are given before they call the library's function, upvalue 1.

static int call_library(lua_State *L) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int capped_rep(lua_State *L) {
    size_t len, seplen = 0;
    luaL_checklstring(L, 1, &len);
    lua_Integer n = luaL_checkinteger(L, 2);
    luaL_optlstring(L, 3, "", &seplen);
    if (n > REP_MAX || (n > 0 && (lua_Integer)(len + seplen) > REP_MAX / n)) {
        return luaL_error(L, "string.rep: the result would be longer than %d bytes", REP_MAX);
    }
    return call_library(L);
}

// Of a function whose first argument is a format.
static int short_format(lua_State *L) {
    size_t len;
    luaL_checklstring(L, 1, &len);
    if (len > FORMAT_MAX) {
        return luaL_error(L, "a format has at most %d bytes", FORMAT_MAX);
    }
    return call_library(L);
}

// A block holds no more elements. A table with holes may claim a length of 2^62, and loops in C
// make no ticks.

// Of a function that is safe on a table without a metatable.
static int plain_table(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!fields_are_watched(L, 1) && lua_getmetatable(L, 1)) {
        luaL_getmetatable(L, SANDBOX_TABLE_META);
        if (!lua_rawequal(L, -1, -2)) {
            return luaL_error(L, "this table function takes plain tables only (no metatable)");
        }
        lua_pop(L, 2);
    }
    if (lua_rawlen(L, 1) > TABLE_MAX) {
        return luaL_error(L, "this table function takes tables of at most %d elements", TABLE_MAX);
    }
    return call_library(L);
}

static size_t text_length(lua_State *L, int index) {
    return lua_type(L, index) == LUA_TSTRING ? lua_rawlen(L, index) : 0;
}

// The order table.sort uses without a function: that of <, charged by what it costs.
static int less(lua_State *L) {
    size_t a = text_length(L, 1), b = text_length(L, 2), shorter = a < b ? a : b;
    vm_charge(L, 4 + (int64_t)(shorter / 16));
    if (lua_type(L, 1) == LUA_TSTRING && lua_type(L, 2) == LUA_TSTRING) {
        int order = memcmp(lua_tostring(L, 1), lua_tostring(L, 2), shorter);
        lua_pushboolean(L, order < 0 || (order == 0 && a < b));
    } else {
        lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
    }
    return 1;
}

// Its comparisons have to make ticks.
static int safe_sort(lua_State *L) {
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_pop(L, 1);
        lua_pushcfunction(L, less);
    }
    if (lua_iscfunction(L, 2) && lua_tocfunction(L, 2) != less) {
        return luaL_error(L, "table.sort: compare by a function of your own");
    }
    return plain_table(L);
}

static int safe_setmetatable(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) {
        return luaL_error(L, "setmetatable: the metatable of this is protected");
    }
    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        lua_pushliteral(L, "__gc");
        lua_pushliteral(L, "__mode");
        bool weak = lua_rawget(L, 2) != LUA_TNIL;
        lua_pop(L, 1);
        if (lua_rawget(L, 2) != LUA_TNIL || weak) {
            return luaL_error(L, "setmetatable: __gc and __mode are not available in scripts");
        }
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

static int no_global(lua_State *L) {
    return luaL_error(
        L, "there is no global '%s' (a misspelt local, or a function that scripts do not have?)",
        luaL_tolstring(L, 2, NULL));
}

static int no_new_global(lua_State *L) {
    return luaL_error(L, "'%s' is not declared: write 'local %s'", luaL_tolstring(L, 2, NULL),
                      luaL_tolstring(L, 2, NULL));
}

// Keeps the listed fields of the library at the top in a new table and leaves that in its place.
static void keep(lua_State *L, const char *const *names) {
    lua_newtable(L);
    for (; *names != NULL; names++) {
        lua_getfield(L, -2, *names);
        lua_setfield(L, -2, *names);
    }
    lua_remove(L, -2);
}

// Wraps a function of the library at `lib` and puts it into the table on top.
static void wrap(lua_State *L, int lib, const char *name, lua_CFunction by) {
    lua_getfield(L, lib, name);
    lua_pushcclosure(L, by, 1);
    lua_setfield(L, -2, name);
}

static void open_string(lua_State *L) {
    luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 0);
    int lib = lua_gettop(L);
    lua_pushvalue(L, lib);
    keep(L, string_names);
    lua_pushcfunction(L, plain_find);
    lua_setfield(L, -2, "find");
    wrap(L, lib, "rep", capped_rep);
    for (const char *const *name = with_format; *name != NULL; name++) {
        wrap(L, lib, *name, short_format);
    }
    // ("").rep and the like go the same way.
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 2);
    lua_remove(L, lib);
}

static void open_table(lua_State *L) {
    static const char *const names[] = {"insert", "remove", "concat", "sort", "unpack", NULL};
    luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 0);
    int lib = lua_gettop(L);
    lua_newtable(L);
    for (const char *const *name = names; *name != NULL; name++) {
        wrap(L, lib, *name, plain_table);
    }
    wrap(L, lib, "sort", safe_sort);
    lua_remove(L, lib);
}

void sandbox_open(lua_State *L) {
    luaL_requiref(L, LUA_GNAME, luaopen_base, 0);
    keep(L, base_names);
    int globals = lua_gettop(L);
    lua_pushcfunction(L, safe_setmetatable);
    lua_setfield(L, globals, "setmetatable");
    open_string(L);
    lua_setfield(L, globals, LUA_STRLIBNAME);
    open_table(L);
    lua_setfield(L, globals, LUA_TABLIBNAME);
    luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 0);
    keep(L, math_names); // some systems have more there, from older Luas
    lua_setfield(L, globals, LUA_MATHLIBNAME);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, no_global);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, no_new_global);
    lua_setfield(L, -2, "__newindex");
    lua_setmetatable(L, globals);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    // The libraries themselves must not be reachable.
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
}
