// The device API: what a script sees beside the sandbox's globals (docs/authors.md).
#include "api/api.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NODE_META "node"

// Registry of a script's state: its node objects both ways ({[address] = object, [object] =
// address}), so that a script can act on the nodes it was given and on no other.
#define NODES_KEY "script.nodes"

void api_push_object(lua_State *L, const char *all, const char *meta, const char *address) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, all);
    if (lua_getfield(L, -1, address) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
        luaL_setmetatable(L, meta);
        lua_pushvalue(L, -1);
        lua_pushstring(L, address);
        lua_rawset(L, -4); // first: one that memory fails for after this is made anew
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, address);
    }
    lua_remove(L, -2);
}

const char *api_object_address(lua_State *L, const char *all, int index) {
    index = lua_absindex(L, index);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, all);
    lua_pushvalue(L, index);
    bool found = lua_istable(L, index) && lua_rawget(L, -2) == LUA_TSTRING;
    lua_remove(L, -2);
    return found ? lua_tostring(L, -1) : NULL;
}

// What it shows comes from node_index.
void api_push_node(lua_State *L, const char *address) {
    api_push_object(L, NODES_KEY, NODE_META, address);
}

// The living node of the object at `index`, whose address is pushed; NULL: it is none, and
// something is pushed.
static struct node *node_at(lua_State *L, int index) {
    const char *address = api_object_address(L, NODES_KEY, index);
    return address != NULL ? nodes_find(api_of(L)->nodes, address) : NULL;
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
    if (node_driver(node, key) >= 0) {
        return luaL_error(L, "a driver is set by node:set(\"%s\", 5)", key);
    }
    if (strcmp(key, "state") != 0 || !lua_istable(L, 3)) {
        return luaL_error(L,
                          strcmp(key, "state") == 0
                              ? "node.state is a table: write node.state.count = 1"
                              : "only node.state can be set: write node.state.%s",
                          key);
    }
    api_set_state(L, node->address, 3);
    return 0;
}

// Whether a number fits its row, as those from VRM have to: else it is no data.
static bool fits(const struct driver_decl *decl, double value) {
    bool named = decl->value_count == 0;
    for (size_t i = 0; i < decl->value_count; i++) {
        named = named || (double)decl->values[i] == value;
    }
    return named && value >= decl->unit.min && value <= decl->unit.max;
}

static int node_set_method(lua_State *L) {
    const struct node *node = self(L);
    int driver = node_driver(node, luaL_checkstring(L, 2));
    const struct driver_decl *decl = driver >= 0 ? &node->type->drivers[driver] : NULL;
    if (decl != NULL && !decl->by_script) {
        return luaL_error(L, "node:set: the row of %s does not say by_script = true", decl->id);
    }
    if (decl != NULL && !lua_isnoneornil(L, 3) && !fits(decl, luaL_checknumber(L, 3))) {
        lua_pushnil(L);
        lua_replace(L, 3);
    }
    api_set(L);
    return 0;
}

static int node_get_method(lua_State *L) {
    self(L);
    return api_get(L);
}

static int node_param_method(lua_State *L) {
    luaL_checkstring(L, 2);
    api_params(L);
    lua_pushvalue(L, 2);
    lua_gettable(L, -2);
    // Secrets stay with the host: a script asks VRM with vrm.get, which has the token.
    if (lua_type(L, -1) == LUA_TSTRING && log_masks(lua_tostring(L, -1))) {
        lua_pushnil(L);
    }
    return 1;
}

#define MINUTE_MS 60000

void api_tell_left_out(struct api *a, struct script *s) {
    loop_cancel(a->loop, s->log_timer);
    s->log_timer = 0;
    if (s->log_lines > SCRIPT_LINES_MAX) {
        log_warning("script", "%s: %d more lines were left out; a script has %d a minute.", s->file,
                    s->log_lines - SCRIPT_LINES_MAX, SCRIPT_LINES_MAX);
    }
    s->log_lines = 0;
}

static void minute_over(void *ctx) {
    struct script *s = ctx;
    api_tell_left_out(s->owner, s);
}

bool api_may_log(struct api *a, struct script *s) {
    if (s->log_timer == 0) {
        s->log_timer = loop_after(a->loop, MINUTE_MS, minute_over, s);
    }
    if (s->log_lines < INT_MAX) {
        s->log_lines++;
    }
    return s->log_lines <= SCRIPT_LINES_MAX;
}

static int node_log_method(lua_State *L) {
    struct node *node = self(L);
    enum log_level level = api_log_level(L, 2, NULL);
    luaL_checkstring(L, 3);
    lua_pushvalue(L, lua_upvalueindex(1)); // string.format as it was, whatever the script did to it
    lua_replace(L, 2);
    lua_call(L, lua_gettop(L) - 2, 1);
    if (api_may_log(api_of(L), vm_of(L)->owner)) {
        log_line(level, "script", "%s: %s", node->address, lua_tostring(L, -1));
    }
    return 0;
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
    struct script *s = vm_of(L)->owner;
    if (api_may_log(api_of(L), s)) {
        log_line(LOG_INFO, "script", "%s: %s", s->file, lua_tostring(L, -1));
    }
    return 0;
}

// The place that remembers a script's notice of that key, or a free one; NULL: there is none.
static char *notice_place(struct script *s, const char *key) {
    char *free_place = NULL;
    for (int i = SCRIPT_NOTICES_MAX - 1; i >= 0; i--) {
        if (strcmp(s->notices[i], key) == 0) {
            return s->notices[i];
        }
        if (s->notices[i][0] == '\0') {
            free_place = s->notices[i];
        }
    }
    return free_place;
}

#define NOTICE_BYTES 1000

static int notices_of_scripts(const struct api *a) {
    int count = 0;
    for (size_t i = 0; i < a->script_count; i++) {
        for (int k = 0; k < SCRIPT_NOTICES_MAX; k++) {
            count += a->scripts[i]->notices[k][0] != '\0';
        }
    }
    return count;
}

// To main.lua, which makes a notice of it; text NULL: there is none any more. False: memory is
// short.
static bool send_notice(struct api *a, const char *key, const char *text) {
    return api_tell(a, "notice", "ss", key, text) || !a->main->starved;
}

static int node_notice_method(lua_State *L) {
    struct api *a = api_of(L);
    struct script *s = vm_of(L)->owner;
    const struct node *node = self(L);
    char key[sizeof s->notices[0]];
    const char *name = luaL_checkstring(L, 2);
    if (strpbrk(name, " \t\n") != NULL) {
        return luaL_error(
            L, "node:notice: a key has no blanks. Write node:notice(\"full\", \"%s\")", name);
    }
    snprintf(key, sizeof key, "%s_%s", node->address, name);
    const char *text = luaL_optstring(L, 3, NULL);
    char *place = notice_place(s, key);
    if (text != NULL && place != NULL && place[0] == '\0' &&
        notices_of_scripts(a) >= NOTICES_OF_SCRIPTS) {
        return luaL_error(L, "node:notice: all scripts together can show %d notices",
                          NOTICES_OF_SCRIPTS);
    }
    if (place == NULL && text != NULL) {
        return luaL_error(L, "node:notice: a script can show %d notices at once",
                          SCRIPT_NOTICES_MAX);
    }
    if (place == NULL) {
        return 0;
    }
    char cut[NOTICE_BYTES];
    const char *hidden = api_hide(L, 3); // before the cut, which could go through a secret
    snprintf(cut, sizeof cut, "%s", hidden != NULL ? hidden : "");
    snprintf(place, sizeof s->notices[0], "%s", text != NULL ? key : "");
    return send_notice(a, key, hidden != NULL ? cut : NULL) ? 0 : vm_no_memory(L);
}

void api_forget_notices(struct api *a, struct script *s) {
    for (int i = 0; i < SCRIPT_NOTICES_MAX; i++) {
        if (s->notices[i][0] != '\0') {
            send_notice(a, s->notices[i], NULL);
        }
        s->notices[i][0] = '\0';
    }
}

static int node_event_method(lua_State *L) {
    struct api *a = api_of(L);
    struct node *node = self(L);
    const char *event = luaL_checkstring(L, 2);
    if (!node_reports(node, event)) {
        return luaL_error(
            L, "the event %s is not declared. Write events = { %s = \"...\" } in the table.", event,
            event);
    }
    struct script *s = vm_of(L)->owner;
    if (bucket_wait_ms(&s->events, loop_now_ms()) > 0) {
        return luaL_error(L, "node:event: a script can report %d events at once, then one a second",
                          SCRIPT_EVENTS_MAX);
    }
    bucket_take(&s->events, loop_now_ms());
    if (a->pg3 != NULL) {
        pg3_event(a->pg3, node->address, event);
    } else {
        api_tell(a, "event", "ss", node->address, event);
    }
    return 0;
}

// What a script asks of main.lua: an event with an id and what is on the stack, which main.lua
// answers with host.answer(id, value, err). The script's task waits for that.

// The answer; ctx: the sentence when there is none.
static int answered(lua_State *L, int status, lua_KContext ctx) {
    (void)status;
    const struct api_answer *answer = api_handed(L);
    if (answer == NULL) {
        return api_nil(L, (const char *)ctx);
    }
    vm_copy(answer->from, answer->index, L, NULL, NULL);
    vm_copy(answer->from, answer->index + 1, L, NULL, NULL);
    return 2;
}

struct question {
    lua_State *from;
    int64_t id;
    int count; // of its values
};

static int push_question(lua_State *L, void *ctx) {
    struct question *q = ctx;
    lua_pushinteger(L, q->id);
    for (int i = 1; i <= q->count; i++) {
        vm_copy(q->from, i, L, NULL, NULL);
    }
    return 1 + q->count;
}

// The task that was to answer has ended. If it did not, nobody does. ctx: the number of the wait.
static void question_ended(void *ctx, struct vm *vm, const char *error) {
    struct api *a = vm->owner; // main.lua's
    api_task_ended(NULL, vm, error);
    struct task *task = error != task_dropped ? task_waiting(a->tasks, (intptr_t)ctx) : NULL;
    if (task != NULL) {
        task_wake(task, NULL);
    }
}

// Asks what is on the stack. what: the function, for messages; none: the sentence when there is
// no answer.
static int ask_main(lua_State *L, const char *event, const char *what, const char *none) {
    struct api *a = api_of(L);
    struct question q = {L, task_wait_id(api_wait(L)), lua_gettop(L)};
    char error[256];
    void *id = (void *)(intptr_t)q.id;
    if (!api_deliver(a, event, push_question, &q, question_ended, id, error, sizeof error)) {
        return a->main->starved ? vm_no_memory(L)
                                : luaL_error(L, "%s: %s", what,
                                             error[0] != '\0' ? error : "it is not available here");
    }
    return lua_yieldk(L, 0, (lua_KContext)none, answered);
}

// node:write(path, value [, minutes]): event "script_write"(id, address, path, value, minutes).
static int node_write_method(lua_State *L) {
    self(L);
    luaL_checkstring(L, 2);
    luaL_checknumber(L, 3);
    luaL_optnumber(L, 4, 0);
    lua_settop(L, 4);
    return ask_main(L, "script_write", "node:write", "it cannot be written now");
}

static const luaL_Reg node_methods[] = {
    {"set", node_set_method},       {"get", node_get_method},
    {"param", node_param_method},   {"log", NULL}, // with an upvalue, below
    {"notice", node_notice_method}, {"event", node_event_method},
    {"write", node_write_method},   {NULL, NULL}};

// vrm.get(path [, query]): main.lua does the request as event "script_get"(id, file, path, query).
static int vrm_get(lua_State *L) {
    luaL_checkstring(L, 1);
    lua_settop(L, 2);
    lua_pushstring(L, ((const struct script *)vm_of(L)->owner)->file);
    lua_insert(L, 1);
    return ask_main(L, "script_get", "vrm.get", "VRM cannot be asked now");
}

static const luaL_Reg vrm_functions[] = {{"get", vrm_get}, {NULL, NULL}};

// setting(name): of the table's `settings`, what the owner wrote, else its default.
static int script_setting(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    if (lua_getfield(L, LUA_REGISTRYINDEX, API_SETTINGS_KEY) != LUA_TTABLE ||
        lua_getfield(L, -1, name) == LUA_TNIL) {
        return luaL_error(L,
                          "there is no setting '%s'. Write settings = { %s = 10 } in the table, "
                          "and ask for it in a function.",
                          name, name);
    }
    return 1;
}

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
    open_units(L, api);
    api_push_timer(L);
    api_declare_global(L, "timer");
    luaL_newlib(L, vrm_functions);
    api_declare_global(L, "vrm");
    api_declare_functions(L, globals);
    api_about_setup(L);
    api_state_setup(L);
    api_rows_setup(L);
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, API_STATES_KEY);
    luaL_newmetatable(L, NODE_META);
    luaL_newlib(L, node_methods);
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
