// Device scripts: their tables for main.lua, and the device API they see (docs/authors.md).
#include "api/api.h"
#include "base/log.h"

#include <lauxlib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static struct script *living(struct api *a, int64_t id) {
    for (size_t i = 0; i < a->script_count; i++) {
        if (a->scripts[i]->id == id && a->scripts[i]->vm != NULL) {
            return a->scripts[i];
        }
    }
    return NULL;
}

static struct script *living_or_raise(lua_State *L, lua_Integer id) {
    struct script *s = living(api_of(L), id);
    if (s == NULL) {
        luaL_error(L, "this function belongs to a script that was replaced");
    }
    return s;
}

// A function of a script, as trusted Lua holds it: upvalues are the script's id and the function's
// number. It may outlive the script; the id is looked up among the living at every call.
static int call_function(lua_State *L) {
    struct script *s = living_or_raise(L, lua_tointeger(L, lua_upvalueindex(1)));
    return script_call(s, (int)lua_tointeger(L, lua_upvalueindex(2)), L, lua_gettop(L));
}

static void push_function(lua_State *to, struct script *s, int number) {
    lua_pushinteger(to, s->id);
    lua_pushinteger(to, number);
    lua_pushcclosure(to, call_function, 2);
}

// The script and number behind the function at `index`, which belongs to argument `arg`.
static struct script *function_at(lua_State *L, int index, int arg, int *number) {
    luaL_argcheck(L, lua_tocfunction(L, index) == call_function, arg,
                  "a function of a device script expected");
    index = lua_absindex(L, index);
    lua_getupvalue(L, index, 1);
    lua_getupvalue(L, index, 2);
    struct script *s = living_or_raise(L, lua_tointeger(L, -2));
    *number = (int)lua_tointeger(L, -1);
    lua_pop(L, 2);
    return s;
}

// Loading and closing

// False: memory is short.
static bool keep_script(struct api *a, struct script *s) {
    struct script **all = realloc(a->scripts, (a->script_count + 1) * sizeof(struct script *));
    if (all == NULL) {
        return false;
    }
    a->scripts = all;
    a->scripts[a->script_count++] = s;
    return true;
}

// {[name] = text} of the libs that a script asked for, "" where there is none.
static void push_used(lua_State *L, const struct script *s) {
    lua_createtable(L, 0, (int)s->used_count);
    for (size_t i = 0; i < s->used_count; i++) {
        lua_pushlstring(L, s->used[i].text != NULL ? s->used[i].text : "", s->used[i].len);
        lua_setfield(L, -2, s->used[i].name);
    }
}

// The script as a table: { id=, table=, text=, libs= }. Raises when its table is too much to pass
// on.
static int push_loaded(lua_State *L) {
    struct script *s = lua_touserdata(L, 1);
    lua_createtable(L, 0, 4);
    api_put_integer(L, "id", s->id);
    lua_pushlstring(L, s->text, s->text_len);
    lua_setfield(L, -2, "text");
    push_used(L, s);
    lua_setfield(L, -2, "libs");
    script_push_table(s, L, push_function);
    lua_setfield(L, -2, "table");
    return 1;
}

// Its tasks and timers end, and main.lua is told: event "script_ended"(id).
static void stop_script(struct api *a, const struct script *s) {
    task_cancel_vm(a->tasks, s->vm);
    api_tell(a, "script_ended", "i", (lua_Integer)s->id);
}

static void drop_script(struct api *a, struct script *s) {
    stop_script(a, s);
    for (size_t i = 0; i < a->script_count; i++) {
        if (a->scripts[i] == s) {
            a->scripts[i] = a->scripts[--a->script_count];
            break;
        }
    }
    script_free(s);
}

static int push_failed(lua_State *L) {
    const struct script *s = lua_touserdata(L, 1);
    lua_pushnil(L);
    lua_pushstring(L, s->error);
    lua_pushboolean(L, s->later);
    push_used(L, s);
    return 4;
}

// {[name] = {path=, file=}} at `arg`, or nil. The list is left on the stack, its texts in the
// table.
static struct script_libs libs_arg(lua_State *L, int arg) {
    struct script_libs libs = {NULL, 0};
    if (lua_isnoneornil(L, arg)) {
        return libs;
    }
    size_t count = 0;
    luaL_checktype(L, arg, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, arg) != 0; lua_pop(L, 1)) {
        count++;
    }
    struct script_lib *list = lua_newuserdatauv(L, (count + 1) * sizeof *list, 0);
    for (lua_pushnil(L); lua_next(L, arg) != 0; lua_pop(L, 3)) {
        bool named = lua_type(L, -2) == LUA_TSTRING && lua_istable(L, -1);
        luaL_argcheck(L, named, arg, "a table of libs by name expected");
        bool texts = lua_getfield(L, -1, "path") == LUA_TSTRING;
        texts = lua_getfield(L, -2, "file") == LUA_TSTRING && texts;
        luaL_argcheck(L, texts, arg, "a lib needs a path and a file");
        list[libs.count++] =
            (struct script_lib){lua_tostring(L, -4), lua_tostring(L, -2), lua_tostring(L, -1)};
    }
    libs.list = list;
    return libs;
}

// Calls `push` with the script -> lua_pcall's result.
static int push_protected(lua_State *L, lua_CFunction push, struct script *s, int results) {
    lua_pushcfunction(L, push);
    lua_pushlightuserdata(L, s);
    return lua_pcall(L, 1, results, 0);
}

// host.load_script(path, file [, libs]) -> { id=, table=, text=, libs= } | nil, "file:line: text",
// whether a later try may do better, libs. `file` is how messages name it; libs: what it may use,
// {[name] = {path=, file=}}; in the result what it asked for, {[name] = text}, "" where there is
// none.
static int host_load_script(lua_State *L) {
    struct api *a = api_of(L);
    const char *path = luaL_checkstring(L, 1), *file = luaL_checkstring(L, 2);
    struct script_libs libs = libs_arg(L, 3);
    struct script *s = script_load(path, file, &libs, api_script_setup, a);
    if (s == NULL) {
        return vm_no_memory(L);
    }
    int status = s->starved || !keep_script(a, s) ? LUA_ERRMEM : LUA_ERRRUN;
    if (s->vm != NULL && status != LUA_ERRMEM) {
        status = push_protected(L, push_loaded, s, 1);
    }
    if (status == LUA_OK) {
        script_settle(s);
        return 1;
    }
    if (s->vm != NULL && status != LUA_ERRMEM) {
        snprintf(s->error, sizeof s->error, "%s: %s", s->file, lua_tostring(L, -1));
    }
    if (status != LUA_ERRMEM) {
        status = push_protected(L, push_failed, s, 4);
    }
    drop_script(a, s);
    return status == LUA_OK ? 4 : vm_no_memory(L);
}

static struct script *script_arg(lua_State *L) {
    return living_or_raise(L, luaL_checkinteger(L, 1));
}

// host.close_script(id): its tasks and timers end, its state is closed.
static int host_close_script(lua_State *L) {
    drop_script(api_of(L), script_arg(L));
    return 0;
}

// host.stop_script(id): its tasks and timers end; it stays loaded.
static int host_stop_script(lua_State *L) {
    stop_script(api_of(L), script_arg(L));
    return 0;
}

// Raises why something of a script failed, as found by vm_protect.
static int raise_of(lua_State *L, const struct script *s, const char *error) {
    return s->vm->starved ? vm_no_memory(L) : luaL_error(L, "%s: %s", s->file, error);
}

struct states {
    lua_State *other;
    int index;
};

static int take_states(lua_State *L) {
    const struct states *st = lua_touserdata(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, API_STATES_KEY);
    vm_copy(st->other, st->index, L, NULL, NULL);
    lua_setfield(L, -2, "states");
    return 0;
}

// host.script_state(id) -> {[address] = node.state} | raises when it holds what cannot be kept.
// host.script_state(id, table) replaces it.
static int host_script_state(lua_State *L) {
    const struct script *s = script_arg(L);
    if (lua_istable(L, 2)) {
        struct states st = {L, 2};
        char error[256];
        return vm_protect(s->vm, take_states, &st, error, sizeof error) ? 0 : raise_of(L, s, error);
    }
    lua_State *from = s->vm->L;
    lua_settop(from, 0);
    lua_getfield(from, LUA_REGISTRYINDEX, API_STATES_KEY);
    lua_getfield(from, 1, "states");
    vm_copy(from, 2, L, NULL, NULL);
    lua_settop(from, 0);
    return 1;
}

// host.script_figures(id) -> { memory=, peak= (bytes), instructions= (in all, in steps of a
// hundred) }
static int host_script_figures(lua_State *L) {
    const struct script *s = script_arg(L);
    lua_createtable(L, 0, 3);
    api_put_integer(L, "memory", (lua_Integer)s->vm->used);
    api_put_integer(L, "peak", (lua_Integer)s->vm->peak);
    api_put_integer(L, "instructions", s->vm->total + s->vm->spent);
    return 1;
}

// host.script_starved(id) -> whether a task or timer of it ended because the plugin had no memory:
// what it was doing is lost.
static int host_script_starved(lua_State *L) { return api_bool(L, script_arg(L)->starved); }

// host.excess(fn) -> what the script of a function took too much of in its last run: "budget" (its
// instructions, or its time), "share" (of the processor in ten seconds) | nil: nothing, or it was
// replaced.
static int host_excess(lua_State *L) {
    static const char *const names[] = {NULL, "budget", "share"};
    const struct script *s = NULL;
    if (lua_tocfunction(L, 1) == call_function) {
        lua_getupvalue(L, 1, 1);
        s = living(api_of(L), lua_tointeger(L, -1));
    }
    lua_pushstring(L, names[s != NULL ? s->vm->excess : VM_WITHIN]);
    return 1;
}

// A task of a script for a node, until its end.
struct node_task {
    int64_t waiter; // the wait of the task of main.lua that started it; 0 = nobody waits
    char address[16], what[64];
};

struct starting {
    struct api *api;
    int64_t waiter;
    struct script *s;
    int number;
    lua_State *from;
    const char *address;
    const char *what;   // that the function is, for messages
    bool has_arguments; // at index 3 of `from`
    struct api_rows *rows;
};

static int start_protected(lua_State *L) {
    struct starting *st = lua_touserdata(L, 1);
    script_push_function(st->s, st->number);
    api_push_node(L, st->address);
    if (st->has_arguments) {
        vm_copy(st->from, 3, L, NULL, NULL);
    } else if (st->rows != NULL) {
        api_push_rows(L, st->rows);
    }
    struct node_task *started = malloc(sizeof *started);
    if (started == NULL) {
        return vm_no_memory(L);
    }
    started->waiter = st->waiter;
    snprintf(started->address, sizeof started->address, "%s", st->address);
    snprintf(started->what, sizeof started->what, "%s", st->what);
    if (task_start(st->api->tasks, st->s->vm, lua_gettop(L) - 2, SCRIPT_TASK_BUDGET, api_script_end,
                   started) == NULL) {
        free(started);
        return luaL_error(L, "one more task needs more than its memory");
    }
    return 0;
}

// The one script of the functions in the list at index 1; NULL: it is empty. Raises when they are
// of several.
static struct script *script_of_all(lua_State *L, int count) {
    struct script *s = NULL;
    int number;
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, 1, i);
        struct script *its = function_at(L, -1, 1, &number);
        lua_pop(L, 1);
        luaL_argcheck(L, s == NULL || s == its, 1, "functions of one device script expected");
        s = its;
    }
    return s;
}

// Takes the text on top as the error of the functions from `first` to `count`.
static void refuse(lua_State *L, int first, int count) {
    for (int i = first; i <= count; i++) {
        lua_pushvalue(L, -1);
        lua_rawseti(L, 3, i);
    }
    lua_pop(L, 1);
}

// Calls the functions of the list at index 1 with the arguments that s has: results go into the
// table at index 2, errors into that at index 3. After one that runs too long the others are not
// called, so that nobody waits while each of them runs as long. False: memory is short.
static bool call_each(lua_State *L, struct script *s, int count) {
    char error[512];
    int64_t began = vm_cpu_ms();
    for (int i = 1; i <= count; i++) {
        int number, results;
        lua_rawgeti(L, 1, i);
        function_at(L, -1, 1, &number);
        lua_pop(L, 1);
        bool ok = script_try(s, number, L, &results, error, sizeof error);
        if (!ok && s->vm->starved) {
            return false;
        }
        if (ok) {
            lua_settop(L, 4); // the first result or nil
            lua_rawseti(L, 2, i);
        } else {
            lua_pushstring(L, error);
            refuse(L, i, s->vm->excess != VM_WITHIN ? count : i);
        }
        if (!ok && s->vm->excess != VM_WITHIN) {
            break;
        }
        if (vm_cpu_ms() - began > SCRIPT_TIME_MS) {
            lua_pushfstring(L, "%s: its functions together ran longer than their budget of %d ms",
                            s->file, SCRIPT_TIME_MS);
            refuse(L, i + 1, count);
            s->vm->excess = VM_OVER_BUDGET;
            break;
        }
    }
    return true;
}

// host.call_all({fn, ...}, rows, ...) -> {[i] = first result}, {[i] = error text}. Calls functions
// of one script with the same arguments: VRM's rows, which they read where they are (api_rows.c),
// and copies of the others.
static int host_call_all(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    int count = (int)lua_rawlen(L, 1), more = lua_gettop(L) - 2;
    struct script *s = script_of_all(L, count);
    lua_newtable(L);
    lua_newtable(L);
    lua_rotate(L, 2, 2); // the answers come before the arguments
    char error[512];
    struct api_rows rows = api_keep_rows(L, 4);
    bool ok = s == NULL || script_arguments(s, L, more, api_push_rows, &rows, error, sizeof error);
    bool called = ok && s != NULL;
    lua_settop(L, 3);
    bool starved = called ? !call_each(L, s, count) : !ok && s->vm->starved;
    api_drop_rows(&rows); // before what the script sees of them is collected
    if (called) {
        script_forget(s);
    }
    if (starved) {
        return vm_no_memory(L);
    }
    return ok ? 2 : luaL_error(L, "%s: %s", s->file, error);
}

static void start_function(lua_State *L, int64_t waiter) {
    int number;
    struct script *s = function_at(L, 1, 1, &number);
    struct starting st = {.api = api_of(L), .waiter = waiter, .s = s, .number = number, .from = L};
    char error[512];
    st.address = luaL_checkstring(L, 2);
    st.what = luaL_optstring(L, 5, "");
    st.has_arguments = !lua_isnoneornil(L, 3);
    struct api_rows rows = {.main = st.api->main, .ref = LUA_NOREF};
    if (!lua_isnoneornil(L, 4)) {
        rows = api_keep_rows(L, 4);
        st.rows = &rows;
    }
    bool ok = vm_protect(s->vm, start_protected, &st, error, sizeof error);
    if (rows.shown == NULL) {
        api_drop_rows(&rows);
    }
    if (!ok) {
        raise_of(L, s, error);
    }
}

// host.start_script(fn, address [, arguments | nil, rows | nil, what]): starts a function as a
// task, with the node, and with a copy of `arguments` or with VRM's rows, which it reads where they
// are. `what` is told with its error, event "script_error"(file, text, address, what).
static int host_start_script(lua_State *L) {
    start_function(L, 0);
    return 0;
}

static int script_ran(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    return api_bool(L, api_handed(L) != NULL);
}

// host.run_script(...): the same, and waits for its end -> whether it returned, and not false.
static int host_run_script(lua_State *L) {
    start_function(L, task_wait_id(api_wait(L)));
    return lua_yieldk(L, 0, 0, script_ran);
}

void api_script_end(void *ctx, struct vm *vm, const char *error) {
    static const char well[] = "well";
    struct node_task *started = ctx;
    struct script *s = vm->owner;
    struct api *a = s->owner;
    const char *address = started != NULL ? started->address : NULL; // NULL: of a timer
    const char *what = started != NULL ? started->what : NULL;
    bool failed = task_failed(error);
    if (failed && vm->starved) {
        s->starved = true; // an event might find no memory either
    } else if (failed && !api_tell(a, "script_error", "ssss", s->file, error, address, what)) {
        log_error("lua", "%s", error);
    }
    struct task *waiter = started != NULL ? task_waiting(a->tasks, started->waiter) : NULL;
    if (waiter != NULL) {
        task_wake_later(waiter, error == NULL ? well : NULL);
    }
    free(started);
}

static int host_answer(lua_State *L) {
    struct task *task = task_waiting(api_of(L)->tasks, luaL_checkinteger(L, 1));
    lua_settop(L, 3);
    struct api_answer answer = {L, 2};
    if (task != NULL) {
        task_wake(task, &answer);
    }
    return 0;
}

const luaL_Reg api_script_functions[] = {{"load_script", host_load_script},
                                         {"close_script", host_close_script},
                                         {"stop_script", host_stop_script},
                                         {"script_state", host_script_state},
                                         {"script_figures", host_script_figures},
                                         {"script_starved", host_script_starved},
                                         {"excess", host_excess},
                                         {"call_all", host_call_all},
                                         {"start_script", host_start_script},
                                         {"run_script", host_run_script},
                                         {"answer", host_answer},
                                         {NULL, NULL}};
