#include "api/api.h"
#include "base/file.h"
#include "base/log.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AREA "lua"
#define READ_MAX (8u * 1024 * 1024) // bytes of a file that Lua reads
// Registry of the trusted state: {[event] = function}.
#define HANDLERS_KEY "host.handlers"

struct api *api_of(lua_State *L) {
    struct vm *vm = vm_of(L);
    struct script *s = vm->owner;
    // The trusted state's owner is the api itself; a script's owner leads to it.
    return vm->is_script ? s->owner : vm->owner;
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

const char *api_path(lua_State *L, int arg) {
    const char *path = luaL_checkstring(L, arg);
    if (path[0] == '/') {
        return path;
    }
    path = lua_pushfstring(L, "%s/%s", api_of(L)->root, path);
    lua_replace(L, arg);
    return path;
}

// Waiting

struct wait *api_wait(lua_State *L) {
    struct api *a = api_of(L);
    int64_t task = task_current(a->tasks, L);
    if (task == 0 || !lua_isyieldable(L)) {
        luaL_error(L,
                   "this call waits, which is not possible here (while loading, or in a 'from' or "
                   "'map' function)");
    }
    struct wait *w = calloc(1, sizeof *w);
    if (w == NULL) {
        vm_no_memory(L);
        return NULL; // not reached
    }
    static int64_t last_id;
    w->api = a;
    w->id = ++last_id;
    w->task = task;
    w->vm = vm_of(L);
    w->next = a->waits;
    a->waits = w;
    return w;
}

struct wait *api_find_wait(struct api *a, int64_t id) {
    for (struct wait *w = a->waits; w != NULL; w = w->next) {
        if (w->id == id) {
            return w;
        }
    }
    return NULL;
}

void api_wake(struct wait *w) {
    struct api *a = w->api;
    for (struct wait **at = &a->waits; *at != NULL; at = &(*at)->next) {
        if (*at == w) {
            *at = w->next;
            break;
        }
    }
    loop_cancel(a->loop, w->timer);
    task_wake(a->tasks, w->task);
    free(w);
}

static void slept(void *ctx) { api_wake(ctx); }

static int sleep_done(lua_State *L, int status, lua_KContext ctx) {
    (void)L, (void)status, (void)ctx;
    return 0;
}

static int64_t seconds_arg(lua_State *L, int arg, double least) {
    double s = luaL_checknumber(L, arg);
    if (!(s >= least && s <= 1e7)) {
        luaL_argerror(L, arg, "seconds from 0 (timers: 0.1) to 10 million expected");
    }
    return (int64_t)(s * 1000);
}

int api_sleep(lua_State *L) {
    int64_t ms = seconds_arg(L, 1, 0);
    struct wait *w = api_wait(L);
    if (w->vm->is_script && ms < SCRIPT_SLEEP_MS) {
        ms = SCRIPT_SLEEP_MS; // others want their turn
    }
    w->timer = loop_after(w->api->loop, ms, slept, w);
    if (w->timer == 0) {
        w->task = 0;
        api_wake(w);
        return vm_no_memory(L);
    }
    return lua_yieldk(L, 0, 0, sleep_done);
}

// Timers: one record each, whose function the registry keeps.

struct alarm {
    struct alarm *next;
    struct api *api;
    struct vm *vm;
    int64_t id, timer, every_ms;
    int ref;
};

static struct alarm *alarms;

static void alarm_free(struct alarm *al) {
    for (struct alarm **at = &alarms; *at != NULL; at = &(*at)->next) {
        if (*at == al) {
            *at = al->next;
            break;
        }
    }
    loop_cancel(al->api->loop, al->timer);
    luaL_unref(al->vm->L, LUA_REGISTRYINDEX, al->ref);
    free(al);
}

void api_task_ended(void *ctx, struct vm *vm, const char *error) {
    (void)ctx;
    if (task_failed(error)) {
        log_error(AREA, "%s failed: %s", vm->name, error);
    }
}

static int start_alarm(lua_State *L) {
    struct alarm *al = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, al->ref);
    bool script = al->vm->is_script;
    if (!task_start(al->api->tasks, al->vm, 0, script ? SCRIPT_TASK_BUDGET : MAIN_BUDGET,
                    script ? api_script_end : api_task_ended, script ? NULL : al->api)) {
        return luaL_error(L, "one more task needs more than its memory");
    }
    return 0;
}

#define RING_AGAIN_MS 1000

// The state's own limit of memory left no room for the task.
static void tell_lost_ring(struct vm *vm, const char *error) {
    char text[256];
    if (!vm->is_script) {
        api_task_ended(NULL, vm, error);
        return;
    }
    snprintf(text, sizeof text, "%s: a timer could not ring: %s",
             ((const struct script *)vm->owner)->file, error);
    api_script_end(NULL, vm, text);
}

// One that rings once is not lost because the system's memory was short just then.
static void ring(void *ctx) {
    struct alarm *al = ctx;
    struct vm *vm = al->vm;
    char error[128];
    bool rang = vm_protect(vm, start_alarm, al, error, sizeof error), starved = vm->starved;
    int64_t next_ms = al->every_ms > 0 ? al->every_ms : !rang && starved ? RING_AGAIN_MS : 0;
    if (next_ms > 0) {
        al->timer = loop_after(al->api->loop, next_ms, ring, al); // a spare one if need be
    } else {
        alarm_free(al);
    }
    if (!rang && !starved) {
        tell_lost_ring(vm, error);
    }
}

static int alarms_of(const struct vm *vm) {
    int count = 0;
    for (const struct alarm *al = alarms; al != NULL; al = al->next) {
        count += al->vm == vm;
    }
    return count;
}

static int add_alarm(lua_State *L, bool every) {
    struct api *a = api_of(L);
    int64_t ms = seconds_arg(L, 1, every ? 0.1 : 0);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    static int64_t last_id;
    // A load that fails would leave them behind.
    if (vm_of(L)->is_script && ((const struct script *)vm_of(L)->owner)->loading) {
        return luaL_error(L, "timers are started by functions, not while the file is loaded");
    }
    if (vm_of(L)->is_script && alarms_of(vm_of(L)) >= SCRIPT_TIMERS_MAX) {
        return luaL_error(L, "a script can have %d timers at once", SCRIPT_TIMERS_MAX);
    }
    lua_settop(L, 2);
    int ref = luaL_ref(L, LUA_REGISTRYINDEX);
    struct alarm *al = calloc(1, sizeof *al);
    if (al == NULL) {
        luaL_unref(L, LUA_REGISTRYINDEX, ref);
        return vm_no_memory(L);
    }
    *al = (struct alarm){alarms, a, vm_of(L), ++last_id, 0, every ? ms : 0, ref};
    alarms = al;
    al->timer = loop_after(a->loop, ms, ring, al);
    if (al->timer == 0) {
        alarm_free(al);
        return vm_no_memory(L);
    }
    lua_pushinteger(L, al->id);
    return 1;
}

int api_after(lua_State *L) { return add_alarm(L, false); }
int api_every(lua_State *L) { return add_alarm(L, true); }

int api_cancel(lua_State *L) {
    lua_Integer id = luaL_optinteger(L, 1, 0);
    for (struct alarm *al = alarms; al != NULL; al = al->next) {
        if (al->id == id && al->vm == vm_of(L)) {
            alarm_free(al);
            break;
        }
    }
    return 0;
}

// Small things

static int host_time(lua_State *L) {
    lua_pushnumber(L, loop_wall());
    return 1;
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

// host.log(level, text [, file]): file is the device script that causes the line, which counts
// among the script's own.
static int host_log(lua_State *L) {
    static const char *const names[] = {"debug", "info", "warning", "error", NULL};
    int level = luaL_checkoption(L, 1, "info", names);
    const char *text = luaL_checkstring(L, 2), *file = luaL_optstring(L, 3, NULL);
    struct api *a = api_of(L);
    struct script *cause = NULL;
    for (size_t i = 0; file != NULL && i < a->script_count; i++) {
        if (strcmp(a->scripts[i]->file, file) == 0) {
            cause = a->scripts[i];
        }
    }
    if (cause == NULL || api_may_log(a, cause)) {
        log_line((enum log_level)level, "vrm", "%s", text);
    }
    return 0;
}

#define LINES_BYTES (64u * 1024)

void api_keep_line(struct api *a, const char *line) {
    if (a->lines.len + strlen(line) + 1 <= LINES_BYTES) {
        buf_printf(&a->lines, "%s\n", line);
    }
}

// host.lines() -> list of the log's warnings and errors since the last call, where a person watches
// (--demo, --watch); else none.
static int host_lines(lua_State *L) {
    struct api *a = api_of(L);
    const char *line = buf_text(&a->lines);
    lua_newtable(L);
    for (const char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        lua_pushlstring(L, line, (size_t)(end - line));
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
    buf_free(&a->lines);
    return 1;
}

static int host_mask(lua_State *L) {
    log_mask(luaL_checkstring(L, 1));
    return 0;
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

static int host_spawn(lua_State *L) {
    struct api *a = api_of(L);
    luaL_checktype(L, 1, LUA_TFUNCTION);
    int args = lua_gettop(L) - 1;
    if (!lua_checkstack(a->main->L, args + 1)) {
        return vm_no_memory(L);
    }
    lua_xmove(L, a->main->L, args + 1);
    if (!task_start(a->tasks, a->main, args, MAIN_BUDGET, api_task_ended, a)) {
        return vm_no_memory(L);
    }
    loop_wake(a->loop);
    return 0;
}

struct file_text {
    char *text;
    size_t len;
};

static int push_file_text(lua_State *L) {
    const struct file_text *t = lua_touserdata(L, 1);
    lua_pushlstring(L, t->text, t->len);
    return 1;
}

// host.read(path) -> text | nil, why. A relative path is one of the plugin's.
static int host_read(lua_State *L) {
    const char *path = api_path(L, 1);
    char error[256];
    struct file_text t = {NULL, 0};
    t.text = file_read(path, READ_MAX, &t.len, error, sizeof error);
    if (t.text == NULL) {
        lua_pushnil(L);
        lua_pushstring(L, error);
        return 2;
    }
    lua_pushcfunction(L, push_file_text);
    lua_pushlightuserdata(L, &t);
    int result = lua_pcall(L, 1, 1, 0); // memory may run out there, and the text is ours to free
    free(t.text);
    return result == LUA_OK ? 1 : vm_no_memory(L);
}

void api_load_file(lua_State *L, const char *path) {
    char error[256];
    size_t len;
    const char *name = lua_pushfstring(L, "@%s", path); // before the text is ours: it may raise
    char *text = file_read(path, READ_MAX, &len, error, sizeof error);
    if (text == NULL) {
        luaL_error(L, "%s %s", path, error);
    }
    int result = luaL_loadbufferx(L, text, len, name, "t");
    free(text);
    if (result != LUA_OK) {
        lua_error(L);
    }
    lua_remove(L, -2); // the name
}

// host.print(text) -> whether it was written: for the modes that talk to a person. Under PG3 there
// is none.
static int host_print(lua_State *L) {
    const struct api *a = api_of(L);
    luaL_checkstring(L, 1);
    const char *text = api_hide(L, 1);
    lua_pushboolean(L, a->out != NULL && fprintf(a->out, "%s\n", text) >= 0 && fflush(a->out) == 0);
    return 1;
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
    lua_pushnil(L);
    lua_pushstring(L, error);
    return 2;
}

// host.leave(code): ends the program.
static int host_leave(lua_State *L) {
    struct api *a = api_of(L);
    a->exit_code = (int)luaL_checkinteger(L, 1);
    loop_stop(a->loop);
    return 0;
}

static const luaL_Reg host_functions[] = {
    {"time", host_time},  {"env", host_env},     {"log", host_log},      {"mask", host_mask},
    {"on", host_on},      {"spawn", host_spawn}, {"read", host_read},    {"sleep", api_sleep},
    {"after", api_after}, {"every", api_every},  {"cancel", api_cancel}, {"print", host_print},
    {"json", host_json},  {"leave", host_leave}, {"lines", host_lines},  {NULL, NULL},
};

// Events

struct fire {
    struct api *api;
    const char *event;
    api_push_fn *push;
    void *push_ctx;
    task_end_fn *end;
    void *end_ctx;
    bool started;
};

static int fire_protected(lua_State *L) {
    struct fire *f = lua_touserdata(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, HANDLERS_KEY);
    lua_getfield(L, -1, f->event);
    if (lua_isnil(L, -1)) {
        return 0;
    }
    int args = f->push != NULL ? f->push(L, f->push_ctx) : 0;
    f->started =
        task_start(f->api->tasks, f->api->main, args, MAIN_BUDGET,
                   f->end != NULL ? f->end : api_task_ended, f->end != NULL ? f->end_ctx : f->api);
    return 0;
}

// False: `error` says why not.
static bool deliver(struct api *a, struct fire *f, char *error, size_t size) {
    bool ok = vm_protect(a->main, fire_protected, f, error, size);
    if (f->started) {
        loop_wake(a->loop); // only then: who tries again must not keep the loop from its sleep
    }
    return ok;
}

bool api_fire(struct api *a, const char *event, api_push_fn *push, void *push_ctx, task_end_fn *end,
              void *end_ctx) {
    struct fire f = {a, event, push, push_ctx, end, end_ctx, false};
    char error[256];
    if (!deliver(a, &f, error, sizeof error)) {
        log_error(AREA, "the event %s could not be delivered: %s", event, error);
    }
    return f.started;
}

bool api_deliver(struct api *a, const char *event, api_push_fn *push, void *push_ctx,
                 task_end_fn *end, void *end_ctx, char *error, size_t size) {
    struct fire f = {a, event, push, push_ctx, end, end_ctx, false};
    snprintf(error, size, "it is not available here");
    deliver(a, &f, error, size);
    return f.started;
}

struct question {
    const char *event, *text;
    struct buf *out;
    bool answered;
};

static int ask_protected(lua_State *L) {
    struct question *q = lua_touserdata(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, HANDLERS_KEY);
    if (lua_getfield(L, -1, q->event) == LUA_TNIL) {
        return 0;
    }
    lua_pushstring(L, q->text);
    lua_call(L, 1, 1);
    q->answered = buf_puts(q->out, luaL_checkstring(L, -1));
    return 0;
}

bool api_ask(struct api *a, const char *event, const char *text, struct buf *out) {
    struct question q = {event, text, out, false};
    return vm_protect(a->main, ask_protected, &q, NULL, 0) && q.answered;
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
    lua_pushliteral(L, "memory");
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, vm_short_of_memory);
    lua_setfield(L, -2, "text");
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

static int open_main(lua_State *L) {
    struct api *a = lua_touserdata(L, 1);
    luaL_openlibs(L);
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, HANDLERS_KEY);
    lua_newtable(L);
    luaL_setfuncs(L, host_functions, 0);
    lua_pushstring(L, HOST_VERSION);
    lua_setfield(L, -2, "version");
    lua_pushstring(L, a->token);
    lua_setfield(L, -2, "token");
    lua_newtable(L);
    for (int i = 0; i < a->arg_count; i++) {
        lua_pushstring(L, a->args[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "args");
    char cwd[1024];
    lua_pushstring(L, getcwd(cwd, sizeof cwd) != NULL ? cwd : ".");
    lua_setfield(L, -2, "cwd");
    lua_pushboolean(L, a->colours);
    lua_setfield(L, -2, "colours");
    lua_pushboolean(L, a->demo);
    lua_setfield(L, -2, "demo");
    lua_pushboolean(L, a->once);
    lua_setfield(L, -2, "once");
    api_http_open(L);
    api_node_open(L);
    api_profile_open(L);
    api_script_open(L);
    api_day_open(L);
    open_errors(L);
    lua_setglobal(L, "host");
    open_libraries(L);
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

static void main_ended(void *ctx, struct vm *vm, const char *error) {
    struct api *a = ctx;
    a->failed = task_failed(error);
    if (a->failed && vm->starved) {
        log_error(AREA, API_CANNOT_START);
    } else {
        api_task_ended(ctx, vm, error);
    }
}

static int run_protected(lua_State *L) {
    struct running *r = lua_touserdata(L, 1);
    api_load_file(L, r->path);
    if (!task_start(r->api->tasks, r->api->main, 0, MAIN_BUDGET, main_ended, r->api)) {
        return vm_no_memory(L);
    }
    return 0;
}

bool api_run(struct api *a, const char *path) {
    struct running r = {a, path};
    char error[512];
    if (!vm_protect(a->main, run_protected, &r, error, sizeof error)) {
        if (a->main->starved) {
            log_error(AREA, API_CANNOT_START);
        } else {
            log_error(AREA, "%s. Reinstall the plugin.", error);
        }
        return false;
    }
    tasks_run(a->tasks);
    return !a->failed;
}

// A script's task may have wanted to sleep for years. Its requests are main.lua's, and go on.
static void forget_waits(struct api *a, const struct vm *vm) {
    for (struct wait **at = &a->waits; *at != NULL;) {
        struct wait *w = *at;
        if (w->vm != vm) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        loop_cancel(a->loop, w->timer);
        free(w);
    }
}

void api_drop_vm(struct api *a, struct vm *vm) {
    struct alarm *next;
    for (struct alarm *al = alarms; al != NULL; al = next) {
        next = al->next;
        if (al->vm == vm) {
            alarm_free(al);
        }
    }
    task_cancel_vm(a->tasks, vm);
    forget_waits(a, vm);
}

void api_close(struct api *a) {
    while (alarms != NULL) {
        alarm_free(alarms);
    }
    while (a->waits != NULL) {
        struct wait *next = a->waits->next;
        loop_cancel(a->loop, a->waits->timer);
        free(a->waits);
        a->waits = next;
    }
    for (size_t i = 0; i < a->script_count; i++) {
        api_tell_left_out(a, a->scripts[i]);
        api_drop_vm(a, a->scripts[i]->vm);
        script_free(a->scripts[i]);
    }
    free(a->scripts);
    if (a->main != NULL) {
        task_cancel_vm(a->tasks, a->main);
    }
    vm_free(a->main);
    buf_free(&a->lines);
}
