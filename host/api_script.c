// Device scripts: their tables for main.lua, and the device API they see (ARCHITECTURE.md section
// 5).
#include "api.h"
#include "log.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODE_META "node"
// Registry of a script's state: {[address] = node.state}.
#define STATES_KEY "script.states"

static struct script *living(struct api *a, int64_t id) {
    for (size_t i = 0; i < a->script_count; i++)
        if (a->scripts[i]->id == id && a->scripts[i]->vm != NULL)
            return a->scripts[i];
    return NULL;
}

static struct script *living_or_raise(lua_State *L, lua_Integer id) {
    struct script *s = living(api_of(L), id);
    if (s == NULL)
        luaL_error(L, "this function belongs to a script that was replaced");
    return s;
}

// A function of a script, as trusted Lua holds it: upvalues are the script's id and the function's
// number. It may outlive the script; the id is looked up among the living at every call.
static int call_function(lua_State *L) {
    struct script *s = living_or_raise(L, lua_tointeger(L, lua_upvalueindex(1)));
    return script_call(s, (int)lua_tointeger(L, lua_upvalueindex(2)), L, lua_gettop(L));
}

static void push_function(lua_State *to, struct script *s, int number, void *ctx) {
    (void)ctx;
    lua_pushinteger(to, s->id);
    lua_pushinteger(to, number);
    lua_pushcclosure(to, call_function, 2);
}

// The script and number behind the function at index 1.
static struct script *function_arg(lua_State *L, int *number) {
    luaL_argcheck(L, lua_tocfunction(L, 1) == call_function, 1,
                  "a function of a device script expected");
    lua_getupvalue(L, 1, 1);
    lua_getupvalue(L, 1, 2);
    struct script *s = living_or_raise(L, lua_tointeger(L, -2));
    *number = (int)lua_tointeger(L, -1);
    lua_pop(L, 2);
    return s;
}

static int host_scripts(lua_State *L) {
    struct api *a = api_of(L);
    lua_newtable(L);
    for (size_t i = 0; i < a->script_count; i++) {
        struct script *s = a->scripts[i];
        lua_createtable(L, 0, 3);
        lua_pushstring(L, s->file);
        lua_setfield(L, -2, "file");
        lua_pushstring(L, s->name);
        lua_setfield(L, -2, "name");
        if (s->vm != NULL) {
            script_push_table(s, L, push_function, NULL);
            lua_setfield(L, -2, "table");
        } else {
            lua_pushstring(L, s->error);
            lua_setfield(L, -2, "error");
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

// Pushes the node object of an address: {address} with the node's methods, made once a state.
static void push_node(lua_State *L, const char *address) {
    lua_createtable(L, 0, 3);
    lua_pushstring(L, address);
    lua_setfield(L, -2, "address");
    struct node *node = nodes_find(api_of(L)->nodes, address);
    lua_pushstring(L, node != NULL ? node->name : address);
    lua_setfield(L, -2, "name");
    lua_getfield(L, LUA_REGISTRYINDEX, STATES_KEY);
    if (lua_getfield(L, -1, address) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, address);
    }
    lua_remove(L, -2);
    lua_setfield(L, -2, "state");
    luaL_setmetatable(L, NODE_META);
}

struct starting {
    struct api *api;
    struct script *s;
    int number;
    lua_State *from;
    int args;
};

static int start_protected(lua_State *L) {
    struct starting *st = lua_touserdata(L, 1);
    script_push_function(st->s, st->number);
    push_node(L, lua_tostring(st->from, 2));
    for (int i = 0; i < st->args; i++)
        vm_copy(st->from, 3 + i, L, NULL, NULL);
    if (!task_start(st->api->tasks, st->s->vm, st->args + 1, SCRIPT_TASK_BUDGET, api_script_end,
                    st->api))
        return luaL_error(L, "out of memory");
    return 0;
}

// host.start_script(fn, address, ...)
static int host_start_script(lua_State *L) {
    int number;
    struct script *s = function_arg(L, &number);
    struct starting st = {api_of(L), s, number, L, lua_gettop(L) - 2};
    char error[512];
    luaL_checkstring(L, 2);
    if (!vm_protect(s->vm, start_protected, &st, error, sizeof error))
        return luaL_error(L, "%s: %s", s->file, error);
    loop_wake(st.api->loop);
    return 0;
}

struct failure {
    const char *file;
    const char *error;
};

static int push_failure(lua_State *L, void *ctx) {
    struct failure *f = ctx;
    lua_pushstring(L, f->file);
    lua_pushstring(L, f->error);
    return 2;
}

void api_script_end(void *ctx, struct vm *vm, const char *error) {
    struct script *s = vm->owner;
    struct failure f = {s->file, error};
    if (error != NULL && !api_fire(ctx, "script_error", push_failure, &f, NULL, NULL))
        log_error("lua", "%s", error);
}

// vrm.get(path [, query]): main.lua does the request as event "script_get"(id, path, query) and
// answers with host.answer(id, value, err).

static int got(lua_State *L, int status, lua_KContext ctx) {
    (void)status;
    const struct wait *w = (const struct wait *)ctx;
    if (w->from == NULL) {
        lua_pushnil(L);
        lua_pushliteral(L, "the plugin is stopping");
        return 2;
    }
    vm_copy(w->from, w->index, L, NULL, NULL);
    vm_copy(w->from, w->index + 1, L, NULL, NULL);
    return 2;
}

struct get {
    lua_State *from;
    int64_t id;
};

static int push_get(lua_State *L, void *ctx) {
    struct get *g = ctx;
    lua_pushinteger(L, g->id);
    vm_copy(g->from, 1, L, NULL, NULL);
    vm_copy(g->from, 2, L, NULL, NULL);
    return 3;
}

static int vrm_get(lua_State *L) {
    luaL_checkstring(L, 1);
    lua_settop(L, 2);
    struct wait *w = api_wait(L);
    struct get g = {L, w->id};
    if (!api_fire(w->api, "script_get", push_get, &g, NULL, NULL)) {
        w->task = 0;
        api_wake(w);
        return luaL_error(L, "vrm.get is not available here");
    }
    return lua_yieldk(L, 0, (lua_KContext)w, got);
}

static int host_answer(lua_State *L) {
    struct wait *w = api_find_wait(api_of(L), luaL_checkinteger(L, 1));
    lua_settop(L, 3);
    if (w != NULL) {
        w->from = L;
        w->index = 2;
        api_wake(w);
    }
    return 0;
}

static const luaL_Reg host_functions[] = {{"scripts", host_scripts},
                                          {"start_script", host_start_script},
                                          {"answer", host_answer},
                                          {NULL, NULL}};

void api_script_open(lua_State *L) { luaL_setfuncs(L, host_functions, 0); }

// The device API: methods of a node

// Puts the address of the node at index 1 in its place; the node must be among the living.
static struct node *self(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_getfield(L, 1, "address");
    const char *address = lua_tostring(L, -1);
    struct node *node = address != NULL ? nodes_find(api_of(L)->nodes, address) : NULL;
    if (node == NULL)
        luaL_error(L, "this is not a node (call methods with a colon: node:set(...))");
    lua_replace(L, 1);
    return node;
}

static int node_set_method(lua_State *L) {
    self(L);
    return api_set(L, api_of(L));
}

static int node_get_method(lua_State *L) {
    self(L);
    return api_get(L, api_of(L));
}

static int node_param_method(lua_State *L) {
    luaL_checkstring(L, 2);
    api_params(L, api_of(L));
    lua_pushvalue(L, 2);
    lua_gettable(L, -2);
    // Secrets stay with the host: a script asks VRM with vrm.get, which has the token.
    if (lua_type(L, -1) == LUA_TSTRING && log_masks(lua_tostring(L, -1)))
        lua_pushnil(L);
    return 1;
}

static int node_log_method(lua_State *L) {
    static const char *const levels[] = {"debug", "info", "warning", "error", NULL};
    struct node *node = self(L);
    int level = luaL_checkoption(L, 2, NULL, levels);
    luaL_checkstring(L, 3);
    lua_getglobal(L, "string");
    lua_getfield(L, -1, "format");
    lua_replace(L, 2);
    lua_pop(L, 1);
    lua_call(L, lua_gettop(L) - 2, 1);
    log_line((enum log_level)level, "script", "%s: %s", node->address, lua_tostring(L, -1));
    return 0;
}

static int node_notice_method(lua_State *L) {
    struct api *a = api_of(L);
    struct node *node = self(L);
    const char *key = lua_pushfstring(L, "%s_%s", node->address, luaL_checkstring(L, 2));
    if (a->pg3 != NULL)
        pg3_notice(a->pg3, key, luaL_optstring(L, 3, NULL));
    return 0;
}

static int node_event_method(lua_State *L) {
    struct api *a = api_of(L);
    struct node *node = self(L);
    if (a->pg3 != NULL)
        pg3_event(a->pg3, node->address, luaL_checkstring(L, 2));
    return 0;
}

static const luaL_Reg node_methods[] = {{"set", node_set_method},
                                        {"get", node_get_method},
                                        {"param", node_param_method},
                                        {"log", node_log_method},
                                        {"notice", node_notice_method},
                                        {"event", node_event_method},
                                        {NULL, NULL}};

static const luaL_Reg timer_functions[] = {
    {"after", api_after}, {"every", api_every}, {"cancel", api_cancel}, {NULL, NULL}};

static const luaL_Reg vrm_functions[] = {{"get", vrm_get}, {NULL, NULL}};

// A global past the strict metatable.
static void declare_global(lua_State *L, const char *name) {
    lua_pushglobaltable(L);
    lua_pushstring(L, name);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 2);
}

// `unit` is lib/units.lua, read into this state: a plain table, the same for everybody.
static void open_units(lua_State *L, const struct api *a) {
    char path[700];
    snprintf(path, sizeof path, "%s/scripts/lib/units.lua", a->root);
    if (luaL_loadfilex(L, path, "t") != LUA_OK)
        lua_error(L);
    lua_call(L, 0, 1);
    declare_global(L, "unit");
}

void api_script_setup(lua_State *L, void *api) {
    open_units(L, api);
    luaL_newlib(L, timer_functions);
    declare_global(L, "timer");
    luaL_newlib(L, vrm_functions);
    declare_global(L, "vrm");
    lua_pushcfunction(L, api_sleep);
    declare_global(L, "sleep");
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, STATES_KEY);
    luaL_newmetatable(L, NODE_META);
    luaL_newlib(L, node_methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
