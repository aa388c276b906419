// What device scripts ask about a node or rows they were given: the device, its installation, the
// other devices there and their rows (docs/authors.md). main.lua's handler of the event "about"
// answers.
#include "api/api.h"

#include <lauxlib.h>

struct question {
    struct vm *main;
    const char *kind;
    const char *address; // of the node; NULL: it is about rows
    int rows;            // their reference in main.lua's registry
    lua_State *from;     // service and instance are at 2 and 3
    int answer;          // reference in main.lua's registry; LUA_NOREF: there is none
};

// In main.lua's state; index 1 is the question.
static int ask(lua_State *L) {
    struct question *q = lua_touserdata(L, 1);
    if (!api_push_handler(L, "about")) {
        return 0;
    }
    lua_pushstring(L, q->kind);
    if (q->address != NULL) {
        lua_pushstring(L, q->address);
    } else {
        lua_rawgeti(L, LUA_REGISTRYINDEX, q->rows);
    }
    vm_copy(q->from, 2, L, NULL, NULL);
    vm_copy(q->from, 3, L, NULL, NULL);
    lua_call(L, 4, 1);
    if (lua_istable(L, -1)) {
        q->answer = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    return 0;
}

// In the script's state, protected, so that nothing is left in main.lua's when memory is short.

static int take_copy(lua_State *L) {
    const struct question *q = lua_touserdata(L, 1);
    lua_State *from = q->main->L;
    lua_rawgeti(from, LUA_REGISTRYINDEX, q->answer);
    vm_copy(from, -1, L, NULL, NULL);
    return 1;
}

static int take_rows(lua_State *L) {
    const struct question *q = lua_touserdata(L, 1);
    struct api_rows rows = {q->main, q->answer, NULL};
    api_push_rows(L, &rows);
    return 1;
}

static int push_answer(lua_State *L, struct question *q, bool is_rows) {
    lua_State *from = q->main->L;
    int top = lua_gettop(from);
    luaL_checkstack(L, 3, "answer");
    lua_pushcfunction(L, is_rows ? take_rows : take_copy);
    lua_pushlightuserdata(L, q);
    int status = lua_pcall(L, 1, 1, 0);
    lua_settop(from, top);
    if (status != LUA_OK || !is_rows) {
        luaL_unref(from, LUA_REGISTRYINDEX, q->answer);
    }
    return status == LUA_OK ? 1 : lua_error(L);
}

static int about(lua_State *L, const char *kind, bool is_rows) {
    char error[256];
    struct question q = {.main = api_of(L)->main, .kind = kind, .from = L, .answer = LUA_NOREF};
    q.rows = api_rows_ref(L, 1);
    q.address = q.rows == LUA_NOREF ? api_node_address(L, 1) : NULL;
    luaL_optstring(L, 2, NULL);
    if (!lua_isnoneornil(L, 3)) {
        lua_pushinteger(L, luaL_checkinteger(L, 3));
        lua_replace(L, 3);
    }
    lua_settop(L, 3);
    if (!lua_checkstack(q.main->L, 4)) {
        return vm_no_memory(L);
    }
    if (!vm_protect(q.main, ask, &q, error, sizeof error)) {
        return q.main->starved ? vm_no_memory(L) : luaL_error(L, "%s", error);
    }
    if (q.answer == LUA_NOREF) {
        lua_pushnil(L);
        return 1;
    }
    return push_answer(L, &q, is_rows);
}

static int site_of(lua_State *L) { return about(L, "site", false); }
static int device_of(lua_State *L) { return about(L, "device", false); }
static int devices_of(lua_State *L) { return about(L, "devices", false); }
static int rows_of(lua_State *L) { return about(L, "rows", true); }

void api_about_setup(lua_State *L) {
    static const luaL_Reg globals[] = {{"site_of", site_of},
                                       {"device_of", device_of},
                                       {"devices_of", devices_of},
                                       {"rows_of", rows_of},
                                       {NULL, NULL}};
    api_declare_functions(L, globals);
}
