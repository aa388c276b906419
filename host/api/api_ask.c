// What device scripts ask of main.lua (docs/authors.md): its handler of an event answers at once,
// or with host.answer, for which the script's task waits.
#include "api/api.h"

#include <lauxlib.h>
#include <stdint.h>
#include <string.h>

// Of both kinds. The arguments are all that is on the stack of `from`.
struct question {
    struct vm *main;
    const char *event;
    lua_State *from;
    int rows;     // the reference of the rows that stand at 2 there; LUA_NOREF: no rows do
    int answer;   // reference in main.lua's registry; LUA_NOREF: there is none
    int64_t id;   // of what is answered later
    bool is_rows; // the answer is a table of rows, which is not copied
};

// Pushes the arguments onto main.lua's state -> how many.
static int push_arguments(lua_State *L, const struct question *q) {
    int count = lua_gettop(q->from);
    luaL_checkstack(L, count + 2, "a question");
    for (int i = 1; i <= count; i++) {
        if (i == 2 && q->rows != LUA_NOREF) {
            lua_rawgeti(L, LUA_REGISTRYINDEX, q->rows);
        } else {
            vm_copy(q->from, i, L, NULL, NULL);
        }
    }
    return count;
}

// ---- at once

// In main.lua's state; index 1 is the question.
static int ask(lua_State *L) {
    struct question *q = lua_touserdata(L, 1);
    if (!api_push_handler(L, q->event)) {
        return 0;
    }
    lua_call(L, push_arguments(L, q), 1);
    if (!lua_isnil(L, -1)) {
        q->answer = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    return 0;
}

// In the script's state, protected, so that nothing is left in main.lua's when memory is short.
static int take_answer(lua_State *L) {
    const struct question *q = lua_touserdata(L, 1);
    if (q->is_rows) {
        struct api_rows rows = {q->main, q->answer, NULL};
        api_push_rows(L, &rows);
        return 1;
    }
    lua_rawgeti(q->main->L, LUA_REGISTRYINDEX, q->answer);
    vm_copy(q->main->L, -1, L, NULL, NULL);
    return 1;
}

static int push_answer(lua_State *L, struct question *q) {
    lua_State *from = q->main->L;
    int top = lua_gettop(from);
    luaL_checkstack(L, 3, "answer");
    lua_pushcfunction(L, take_answer);
    lua_pushlightuserdata(L, q);
    int status = lua_pcall(L, 1, 1, 0);
    lua_settop(from, top);
    if (status != LUA_OK || !q->is_rows) {
        luaL_unref(from, LUA_REGISTRYINDEX, q->answer);
    }
    return status == LUA_OK ? 1 : lua_error(L);
}

static int ask_at_once(lua_State *L, struct question *q) {
    char error[512];
    q->main = api_of(L)->main;
    q->from = L;
    q->answer = LUA_NOREF;
    if (!lua_checkstack(q->main->L, 4)) {
        return vm_no_memory(L);
    }
    if (!vm_protect(q->main, ask, q, error, sizeof error)) {
        return q->main->starved ? vm_no_memory(L) : luaL_error(L, "%s", error);
    }
    if (q->answer == LUA_NOREF) {
        lua_pushnil(L);
        return 1;
    }
    return push_answer(L, q);
}

int api_ask(lua_State *L, const char *what) {
    const struct script *s = vm_of(L)->owner;
    struct question q = {.event = "script_asks", .rows = LUA_NOREF};
    lua_pushstring(L, what);
    lua_pushinteger(L, s->id);
    lua_pushstring(L, s->file);
    lua_rotate(L, 1, 3);
    return ask_at_once(L, &q);
}

// The device, its installation, the other devices there and their rows: upvalue 1 says which is
// asked for, of a node or of rows, event "about"(which, node's address or rows, service, instance).
static int about(lua_State *L) {
    struct question q = {.event = "about", .rows = api_rows_ref(L, 1)};
    if (q.rows == LUA_NOREF) {
        lua_pushstring(L, api_node_address(L, 1));
        lua_replace(L, 1);
    }
    luaL_optstring(L, 2, NULL);
    if (!lua_isnoneornil(L, 3)) {
        lua_pushinteger(L, luaL_checkinteger(L, 3));
        lua_replace(L, 3);
    }
    lua_settop(L, 3);
    lua_pushvalue(L, lua_upvalueindex(1));
    q.is_rows = strcmp(lua_tostring(L, -1), "rows") == 0;
    lua_insert(L, 1);
    return ask_at_once(L, &q);
}

// ---- later: an event with an id and the arguments

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

static int push_question(lua_State *L, void *ctx) {
    const struct question *q = ctx;
    lua_pushinteger(L, q->id);
    return 1 + push_arguments(L, q);
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

int api_ask_later(lua_State *L, const char *event, const char *what, const char *none) {
    struct api *a = api_of(L);
    struct question q = {.from = L, .rows = LUA_NOREF, .id = task_wait_id(api_wait(L))};
    char error[256];
    void *id = (void *)(intptr_t)q.id;
    if (!api_deliver(a, event, push_question, &q, question_ended, id, error, sizeof error)) {
        return a->main->starved ? vm_no_memory(L)
                                : luaL_error(L, "%s: %s", what,
                                             error[0] != '\0' ? error : "it is not available here");
    }
    return lua_yieldk(L, 0, (lua_KContext)none, answered);
}

void api_ask_setup(lua_State *L) {
    static const char *const kinds[][2] = {{"site_of", "site"},
                                           {"device_of", "device"},
                                           {"devices_of", "devices"},
                                           {"rows_of", "rows"}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        lua_pushstring(L, kinds[i][1]);
        lua_pushcclosure(L, about, 1);
        api_declare_global(L, kinds[i][0]);
    }
}
