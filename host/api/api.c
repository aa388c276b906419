#include "api/api.h"
#include "base/clock.h"
#include "base/day.h"

#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AREA "lua"
// Processor time for one leg of a task of main.lua, so that PG3's stop is always heard. Only what
// never ends is meant: a slow machine must not lose work. Its instructions are not counted (vm.h).
#define MAIN_TIME_MS 5000
#define MAIN_BUDGET 0
// The collector of main.lua's state: it begins anew when there is a tenth more than it left, and
// works so fast that it is done before there is much more. Most is rows, which stay.
#define GC_PAUSE 110
#define GC_STEP 400
#define LINES_BYTES (64u * 1024) // of the log, that wait for host.lines
// Registry of the trusted state: {[event] = function}.
#define HANDLERS_KEY "host.handlers"

struct api *api_of(lua_State *L) {
    struct vm *vm = vm_of(L);
    struct script *s = vm->owner;
    // The trusted state's owner is the api itself; a script's owner leads to it.
    return vm->is_script ? s->owner : vm->owner;
}

int api_nil(lua_State *L, const char *why) {
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
}

int api_bool(lua_State *L, bool on) {
    lua_pushboolean(L, on);
    return 1;
}

void api_put_text(lua_State *L, const char *field, const char *text) {
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}

void api_put_integer(lua_State *L, const char *field, lua_Integer n) {
    lua_pushinteger(L, n);
    lua_setfield(L, -2, field);
}

void api_put_bool(lua_State *L, const char *field, bool on) {
    lua_pushboolean(L, on);
    lua_setfield(L, -2, field);
}

const char *api_text_field(lua_State *L, int index, const char *field) {
    int type = lua_getfield(L, index, field);
    const char *text = type == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    lua_pop(L, 1);
    if (text == NULL && type != LUA_TNIL) {
        luaL_error(L, "%s: a text expected", field);
    }
    return text;
}

const char *api_needed_field(lua_State *L, int index, const char *field) {
    const char *text = api_text_field(L, index, field);
    if (text == NULL) {
        luaL_error(L, "%s is missing", field);
    }
    return text;
}

lua_Number api_number_field(lua_State *L, int index, const char *field, lua_Number missing) {
    int ok = 1;
    bool there = lua_getfield(L, index, field) != LUA_TNIL;
    lua_Number n = there ? lua_tonumberx(L, -1, &ok) : missing;
    lua_pop(L, 1);
    if (!ok) {
        luaL_error(L, "%s: a number expected", field);
    }
    return n;
}

bool api_bool_field(lua_State *L, int index, const char *field, bool missing) {
    bool there = lua_getfield(L, index, field) != LUA_TNIL;
    bool on = there ? lua_toboolean(L, -1) : missing;
    lua_pop(L, 1);
    return on;
}

const char *api_hide(lua_State *L, int index) {
    size_t len;
    const char *text = lua_tolstring(L, index, &len);
    if (text == NULL) {
        return NULL;
    }
    index = lua_absindex(L, index);
    luaL_Buffer b;
    char *copy = luaL_buffinitsize(L, &b, len + 1);
    memcpy(copy, text, len + 1);
    log_hide(copy);
    luaL_pushresultsize(&b, strlen(copy));
    lua_replace(L, index);
    return lua_tostring(L, index);
}

enum log_level api_log_level(lua_State *L, int arg, const char *missing) {
    static const char *const names[] = {"debug", "info", "warning", "error", NULL};
    return (enum log_level)luaL_checkoption(L, arg, missing, names);
}

// Tasks and waiting

struct task *api_wait(lua_State *L) {
    struct task *task = task_of(api_of(L)->tasks, L);
    if (task == NULL || !lua_isyieldable(L)) {
        luaL_error(L,
                   "this call waits, which is not possible here (while loading, or in a 'from' or "
                   "'map' function)");
    }
    return task;
}

const void *api_handed(lua_State *L) { return task_handed(task_of(api_of(L)->tasks, L)); }

static int64_t seconds_arg(lua_State *L, int arg) {
    double s = luaL_checknumber(L, arg);
    luaL_argcheck(L, s >= 0 && s <= 1e7, arg, "seconds from 0 to 10 million expected");
    return (int64_t)(s * 1000);
}

static int sleep_done(lua_State *L, int status, lua_KContext ctx) {
    (void)L, (void)status, (void)ctx;
    return 0;
}

// sleep(seconds)
int api_sleep(lua_State *L) {
    int64_t ms = seconds_arg(L, 1);
    if (vm_of(L)->is_script && ms < SCRIPT_SLEEP_MS) {
        ms = SCRIPT_SLEEP_MS; // others want their turn
    }
    return task_alarm(api_wait(L), ms) ? lua_yieldk(L, 0, 0, sleep_done) : vm_no_memory(L);
}

void api_task_ended(void *ctx, struct vm *vm, const char *error) {
    (void)ctx;
    if (task_failed(error)) {
        log_error(AREA, "%s failed: %s", vm->name, error);
    }
}

// Starts the function and its arguments, all that is on the stack of L, as a task of this state.
static lua_State *start_task(lua_State *L) {
    struct vm *vm = vm_of(L);
    int count = lua_gettop(L);
    if (!lua_checkstack(vm->L, count)) {
        vm->starved = true;
        return NULL;
    }
    lua_xmove(L, vm->L, count);
    return task_start(api_of(L)->tasks, vm, count - 1,
                      vm->is_script ? SCRIPT_TASK_BUDGET : MAIN_BUDGET,
                      vm->is_script ? api_script_end : api_task_ended, NULL);
}

static int no_room(lua_State *L) {
    bool its_own = vm_of(L)->is_script && !vm_of(L)->starved;
    return its_own ? luaL_error(L, "one more task needs more than its memory") : vm_no_memory(L);
}

// spawn(fn, ...) -> the task, which runs soon
static int api_spawn(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = start_task(L);
    if (co == NULL) {
        return no_room(L);
    }
    lua_pushthread(co);
    lua_xmove(co, L, 1);
    return 1;
}

// enter(fn, ...): the same, but it runs at once, up to its first wait; raises its error until then.
static int api_enter(lua_State *L) {
    api_spawn(L);
    lua_State *co = lua_tothread(L, -1);
    int status = task_enter(task_of(api_of(L)->tasks, co), L);
    if (status == LUA_OK || status == LUA_YIELD) {
        return 1;
    }
    if (status == LUA_ERRMEM) {
        return no_room(L);
    }
    lua_xmove(co, L, 1);
    return lua_error(L);
}

// ring(fn): starts fn as a task. What keeps it from starting ends that ring and not the timer; it
// is told when it is the script's own memory.
static int api_ring(lua_State *L) {
    struct vm *vm = vm_of(L);
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    if (start_task(L) == NULL && vm->is_script && !vm->starved) {
        char text[256];
        snprintf(text, sizeof text, "%s: a timer could not ring: it needs more than its memory",
                 vm->name);
        api_script_end(NULL, vm, text);
    }
    return 0;
}

// drop(task): one that sleeps or awaits another will not go on.
static int api_drop(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTHREAD);
    struct task *task = task_of(api_of(L)->tasks, lua_tothread(L, 1));
    if (task != NULL) {
        task_drop(task);
    }
    return 0;
}

// running(task | nil) -> whether it has yet to end
static int api_running(lua_State *L) {
    if (!lua_isnoneornil(L, 1)) {
        luaL_checktype(L, 1, LUA_TTHREAD);
    }
    return api_bool(L, task_of(api_of(L)->tasks, lua_tothread(L, 1)) != NULL);
}

static int await_done(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    lua_State *co = lua_tothread(L, 1);
    if (task_of(api_of(L)->tasks, co) != NULL) {
        return 0;
    }
    bool well = lua_status(co) == LUA_OK;
    int count = well ? lua_gettop(co) : 1;
    luaL_checkstack(L, count + 2, "results");
    luaL_argcheck(L, lua_checkstack(co, 1), 1, "no room for its results");
    lua_pushboolean(L, well);
    if (lua_status(co) == LUA_YIELD) {
        lua_pushliteral(L, "dropped");
        return 2;
    }
    for (int i = 1; i <= count; i++) {
        lua_pushvalue(co, well ? i : -1);
        lua_xmove(co, L, 1);
    }
    return count + 1;
}

// host.await(task [, seconds]) -> true and its results, or false and its error, once it has ended;
// nothing: it has not within these seconds. Several may await one task.
static int host_await(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTHREAD);
    int64_t ms = lua_isnoneornil(L, 2) ? -1 : seconds_arg(L, 2);
    struct task *other = task_of(api_of(L)->tasks, lua_tothread(L, 1)), *task = api_wait(L);
    if (other == NULL) {
        return await_done(L, LUA_OK, 0);
    }
    luaL_argcheck(L, other != task, 1, "a task cannot await itself");
    if (ms >= 0 && !task_alarm(task, ms)) {
        return vm_no_memory(L);
    }
    task_await(task, other);
    return lua_yieldk(L, 0, 0, await_done);
}

// Timers: scripts/tasks/timer.lua, in main.lua's state and in each script's.

static int script_loading(lua_State *L) {
    return api_bool(L, ((const struct script *)vm_of(L)->owner)->loading);
}

void api_push_timer(lua_State *L) {
    static const luaL_Reg given[] = {
        {"enter", api_enter}, {"sleep", api_sleep},     {"ring", api_ring},
        {"drop", api_drop},   {"running", api_running}, {"loading", script_loading},
        {NULL, NULL}};
    api_load_file(L, lua_pushfstring(L, "%s/scripts/tasks/timer.lua", api_of(L)->root));
    lua_remove(L, -2); // the path
    luaL_newlib(L, given);
    api_put_integer(L, "most", SCRIPT_TIMERS_MAX);
    lua_call(L, 1, 1);
}

// Small things

static int host_time(lua_State *L) {
    lua_pushnumber(L, clock_wall());
    return 1;
}

// host.steady() -> seconds from some moment on, which no setting of the clock changes.
static int host_steady(lua_State *L) {
    lua_pushnumber(L, (double)loop_now_ms() / 1000);
    return 1;
}

// host.stand(still): host.steady stands still but for what waits: when nothing else is left to do,
// it leaps to the next end of a wait. false: it goes on. For --check, without PG3.
static int host_stand(lua_State *L) {
    luaL_checktype(L, 1, LUA_TBOOLEAN);
    if (api_of(L)->pg3 != NULL) {
        return luaL_error(L, "the time of the plugin itself cannot stand still");
    }
    loop_stand(lua_toboolean(L, 1));
    return 0;
}

// host.midnight(zone, now) -> the last midnight of a time zone (an IANA name, or "UTC") and its
// next, unix seconds, which day of the month and of the year this is, from 1, and the seconds of
// its clock | nil: the zone is not known here. It changes the time zone of the whole process for a
// moment: a few times a day for each zone are enough.
static int host_midnight(lua_State *L) {
    const char *zone = luaL_checkstring(L, 1);
    double now = luaL_checknumber(L, 2);
    luaL_argcheck(L, now >= -1e12 && now <= 1e12, 2, "unix seconds expected");
    struct day day = {0};
    switch (day_of(zone, (int64_t)floor(now), &day)) {
    case DAY_NO_MEMORY:
        return vm_no_memory(L);
    case DAY_UNKNOWN_ZONE:
        lua_pushnil(L);
        return 1;
    default:
        lua_pushinteger(L, day.begins);
        lua_pushinteger(L, day.ends);
        lua_pushinteger(L, day.of_month);
        lua_pushinteger(L, day.of_year);
        lua_pushinteger(L, day.seconds);
        return 5;
    }
}

static int host_env(lua_State *L) {
    const char *value = getenv(luaL_checkstring(L, 1));
    if (value == NULL || value[0] == '\0') {
        lua_pushnil(L);
    } else {
        lua_pushstring(L, value);
    }
    return 1;
}

// host.log(level, text [, area])
static int host_log(lua_State *L) {
    enum log_level level = api_log_level(L, 1, "info");
    log_line(level, luaL_optstring(L, 3, "vrm"), "%s", luaL_checkstring(L, 2));
    return 0;
}

// host.masks(text) -> whether it has a secret in it
static int host_masks(lua_State *L) { return api_bool(L, log_masks(luaL_checkstring(L, 1))); }

static int host_mask(lua_State *L) {
    return log_mask(luaL_checkstring(L, 1)) ? 0 : vm_no_memory(L);
}

static int host_on(lua_State *L) {
    luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_getfield(L, LUA_REGISTRYINDEX, HANDLERS_KEY);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_rawset(L, -3);
    return 0;
}

// host.json(text) -> value | nil, why
static int host_json(lua_State *L) {
    struct api *a = api_of(L);
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    char error[256];
    if (json_copy(a->json, text, len, L, error, sizeof error)) {
        return 1;
    }
    return api_nil(L, error);
}

// host.leave(code): ends the program; with 1 where what it was to show could not be written.
static int host_leave(lua_State *L) {
    struct api *a = api_of(L);
    int code = (int)luaL_checkinteger(L, 1);
    a->exit_code = a->unwritten ? 1 : code;
    loop_stop(a->loop);
    return 0;
}

static const luaL_Reg host_functions[] = {
    {"time", host_time},   {"steady", host_steady},     {"env", host_env},
    {"log", host_log},     {"mask", host_mask},         {"on", host_on},
    {"spawn", api_spawn},  {"enter", api_enter},        {"ring", api_ring},
    {"drop", api_drop},    {"await", host_await},       {"running", api_running},
    {"sleep", api_sleep},  {"json", host_json},         {"leave", host_leave},
    {"stand", host_stand}, {"midnight", host_midnight}, {"masks", host_masks},
    {NULL, NULL},
};

// Events

bool api_push_handler(lua_State *L, const char *event) {
    lua_getfield(L, LUA_REGISTRYINDEX, HANDLERS_KEY);
    bool found = lua_getfield(L, -1, event) != LUA_TNIL;
    lua_remove(L, -2);
    return found;
}

struct fire {
    struct api *api;
    const char *event;
    api_push_fn *push;
    void *push_ctx;
    task_end_fn *end;
    void *end_ctx;
    bool started;
};

// The task runs at the end of this turn of the loop: nothing has to be woken.
static int fire_protected(lua_State *L) {
    struct fire *f = lua_touserdata(L, 1);
    if (!api_push_handler(L, f->event)) {
        return 0;
    }
    int args = f->push != NULL ? f->push(L, f->push_ctx) : 0;
    f->started = task_start(f->api->tasks, f->api->main, args, MAIN_BUDGET,
                            f->end != NULL ? f->end : api_task_ended, f->end_ctx) != NULL;
    return 0;
}

bool api_deliver(struct api *a, const char *event, api_push_fn *push, void *push_ctx,
                 task_end_fn *end, void *end_ctx, char *error, size_t size) {
    struct fire f = {a, event, push, push_ctx, end, end_ctx, false};
    error[0] = '\0';
    vm_protect(a->main, fire_protected, &f, error, size);
    return f.started;
}

bool api_fire(struct api *a, const char *event, api_push_fn *push, void *push_ctx, task_end_fn *end,
              void *end_ctx) {
    char error[256];
    bool started = api_deliver(a, event, push, push_ctx, end, end_ctx, error, sizeof error);
    if (error[0] != '\0') {
        log_error(AREA, "the event %s could not be delivered: %s", event, error);
    }
    return started;
}

struct arguments {
    const char *kinds;
    va_list values;
};

static int push_arguments(lua_State *L, void *ctx) {
    struct arguments *a = ctx;
    for (const char *kind = a->kinds; *kind != '\0'; kind++) {
        if (*kind == 'i') {
            lua_pushinteger(L, va_arg(a->values, lua_Integer));
        } else {
            lua_pushstring(L, va_arg(a->values, const char *));
        }
    }
    return (int)strlen(a->kinds);
}

bool api_tell(struct api *a, const char *event, const char *kinds, ...) {
    struct arguments told = {.kinds = kinds};
    va_start(told.values, kinds);
    bool started = api_fire(a, event, push_arguments, &told, NULL, NULL);
    va_end(told.values);
    return started;
}

// Opening

// require "model.x": scripts/model/x.lua.
static int find_library(lua_State *L) {
    const char *name = luaL_gsub(L, luaL_checkstring(L, 1), ".", "/");
    const char *path = lua_pushfstring(L, "%s/scripts/%s.lua", api_of(L)->root, name);
    api_load_file(L, path);
    lua_insert(L, -2);
    return 2;
}

// Only our own libraries can be required: nothing of the box comes in by accident.
static void open_libraries(lua_State *L) {
    lua_getglobal(L, "package");
    lua_newtable(L);
    lua_pushcfunction(L, find_library);
    lua_rawseti(L, -2, 1);
    lua_setfield(L, -2, "searchers");
    lua_pop(L, 1);
}

static int memory_text(lua_State *L) {
    lua_getfield(L, 1, "text");
    return 1;
}

// An error of the plugin's own memory is { kind = "memory", text = } to main.lua, so that nobody
// has to know it by its text, and made now, when there is memory for it.
static void open_errors(lua_State *L) {
    lua_createtable(L, 0, 2);
    api_put_text(L, "kind", "memory");
    api_put_text(L, "text", vm_short_of_memory);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, memory_text);
    lua_setfield(L, -2, "__tostring");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    vm_memory_error(L);
    lua_setfield(L, -2, "no_memory"); // of host
    lua_pushcfunction(L, vm_pcall);
    lua_setglobal(L, "pcall");
}

// host.options: what scripts/tools/options.lua read; an empty table under PG3.
static void push_options(lua_State *L, const struct options *o) {
    if (o->vm == NULL) {
        lua_newtable(L);
        return;
    }
    lua_rawgeti(o->vm->L, LUA_REGISTRYINDEX, o->table);
    vm_copy(o->vm->L, -1, L, NULL, NULL);
    lua_pop(o->vm->L, 1);
}

static int open_main(lua_State *L) {
    static const luaL_Reg *const all[] = {
        host_functions,     api_file_functions,   api_http_functions,    api_lan_functions,
        api_node_functions, api_script_functions, api_terminal_functions};
    struct api *a = lua_touserdata(L, 1);
    lua_gc(L, LUA_GCINC, GC_PAUSE, GC_STEP, 0);
    luaL_openlibs(L);
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, HANDLERS_KEY);
    lua_newtable(L);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        luaL_setfuncs(L, all[i], 0);
    }
    char cwd[1024];
    api_put_text(L, "version", HOST_VERSION);
    api_put_text(L, "token", a->token);
    api_put_text(L, "cwd", getcwd(cwd, sizeof cwd) != NULL ? cwd : ".");
    api_put_bool(L, "colours", a->colours);
    push_options(L, &a->options);
    lua_setfield(L, -2, "options");
    api_mqtt_open(L);
    open_errors(L);
    open_libraries(L);
    pg3_open_records(L, a->pg3, a->json, a->root);
    lua_setglobal(L, "host");
    return 0;
}

bool api_open(struct api *a) {
    char error[256];
    buf_init(&a->lines, LINES_BYTES);
    a->main = vm_new("main.lua", MAIN_MEMORY, a);
    if (a->main != NULL) {
        a->main->limit_ms = MAIN_TIME_MS;
    }
    if (a->main != NULL && vm_protect(a->main, open_main, a, error, sizeof error)) {
        return true;
    }
    if (a->main == NULL || a->main->starved) {
        log_error(AREA, API_CANNOT_START);
    } else {
        log_error(AREA, "Lua could not be started: %s", error);
    }
    return false;
}

struct running {
    struct api *api;
    const char *path;
};

// What its own files have wrong is nothing that its owner can mend.
static void tell_no_start(const struct vm *vm, const char *error) {
    if (vm->starved) {
        log_error(AREA, API_CANNOT_START);
    } else {
        log_error(AREA, "The plugin cannot start: %s. Reinstall the plugin.", error);
    }
}

static void main_ended(void *ctx, struct vm *vm, const char *error) {
    struct api *a = ctx;
    a->failed = task_failed(error);
    if (a->failed) {
        tell_no_start(vm, error);
    }
}

static int run_protected(lua_State *L) {
    struct running *r = lua_touserdata(L, 1);
    api_load_file(L, r->path);
    if (task_start(r->api->tasks, r->api->main, 0, MAIN_BUDGET, main_ended, r->api) == NULL) {
        return vm_no_memory(L);
    }
    return 0;
}

bool api_run(struct api *a, const char *path) {
    struct running r = {a, path};
    char error[512];
    if (!vm_protect(a->main, run_protected, &r, error, sizeof error)) {
        tell_no_start(a->main, error);
        return false;
    }
    if (tasks_run(a->tasks)) {
        loop_wake(a->loop);
    }
    return !a->failed;
}

void api_close(struct api *a) {
    for (size_t i = 0; i < a->script_count; i++) {
        task_cancel_vm(a->tasks, a->scripts[i]->vm);
        script_free(a->scripts[i]);
    }
    free(a->scripts);
    if (a->main != NULL) {
        task_cancel_vm(a->tasks, a->main);
    }
    api_mqtt_close(a);
    api_lan_close(a);
    vm_free(a->main);
    buf_free(&a->lines);
}
