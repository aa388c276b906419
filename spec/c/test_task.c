// task: order, waiting and waking, cancelling, the ends that are told.
#include "check.h"
#include "lua/task.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

static struct loop *loop;
static int64_t now_ms = 1000;
static struct tasks *tasks;
static int64_t waiting; // the wait of the task that called wait() last
static lua_State *last; // the coroutine that was started last
static char trace[256]; // what the tasks wrote with note()
static char ends[512];  // what the ends were told

static int note(lua_State *L) {
    size_t used = strlen(trace);
    snprintf(trace + used, sizeof trace - used, "%s", luaL_checkstring(L, 1));
    return 0;
}

static int64_t test_clock(void) { return now_ms; }

static int woken(lua_State *L, int status, lua_KContext ctx) {
    const int *handed = task_handed(task_of(tasks, L));
    (void)status;
    lua_pushinteger(L, handed != NULL ? *handed : (lua_Integer)ctx);
    return 1;
}

static int wait(lua_State *L) {
    struct task *task = task_of(tasks, L);
    if (task == NULL)
        return luaL_error(L, "not in a task");
    waiting = task_wait_id(task);
    return lua_yieldk(L, 0, (lua_KContext)luaL_optinteger(L, 1, 7), woken);
}

// nap(ms [, whether to wait for the task that was started last, too])
static int nap(lua_State *L) {
    struct task *task = task_of(tasks, L);
    CHECK(task_alarm(task, luaL_checkinteger(L, 1)));
    if (lua_toboolean(L, 2) && task_of(tasks, last) != NULL)
        task_await(task, task_of(tasks, last));
    return lua_yieldk(L, 0, 0, woken);
}

static void wake(int64_t wait_id) {
    struct task *task = task_waiting(tasks, wait_id);
    if (task != NULL)
        task_wake(task, NULL);
}

static int open_libs(lua_State *L) {
    luaL_openlibs(L);
    lua_register(L, "note", note);
    lua_register(L, "wait", wait);
    lua_register(L, "nap", nap);
    return 0;
}

static struct vm *new_vm(size_t cap) {
    struct vm *vm = vm_new("test.lua", cap, NULL);
    CHECK(vm_protect(vm, open_libs, NULL, NULL, 0));
    return vm;
}

static void on_end(void *ctx, struct vm *vm, const char *error) {
    size_t used = strlen(ends);
    const char *name = ctx;
    CHECK(vm != NULL);
    snprintf(ends + used, sizeof ends - used, "%s:%s;", name,
             error == NULL           ? "done"
             : error == task_dropped ? "dropped"
                                     : error);
}

struct starting {
    struct vm *vm;
    const char *text;
    char *name;
    int64_t budget;
    bool ok;
};

static int start_protected(lua_State *L) {
    struct starting *s = lua_touserdata(L, 1);
    if (luaL_loadbufferx(L, s->text, strlen(s->text), "@test.lua", "t") != LUA_OK)
        return lua_error(L);
    lua_pushstring(L, s->name);
    lua_pushinteger(L, 5);
    last = task_start(tasks, s->vm, 2, s->budget, on_end, s->name);
    s->ok = last != NULL;
    CHECK(lua_gettop(L) == 1);
    return 0;
}

static bool start(struct vm *vm, char *name, const char *text) {
    struct starting s = {vm, text, name, 100000, false};
    CHECK(vm_protect(vm, start_protected, &s, NULL, 0));
    return s.ok;
}

static void forget(void) {
    trace[0] = ends[0] = '\0';
    waiting = 0;
}

static void test_order(void) {
    struct vm *vm = new_vm(0);
    tasks = tasks_new(loop);
    forget();
    CHECK(!tasks_run(tasks));
    CHECK(start(vm, "a", "local name, n = ... assert(n == 5) note(name)"));
    CHECK(start(vm, "b", "note(...)") && start(vm, "c", "note(...)"));
    CHECK(tasks_count(tasks) == 3 && trace[0] == '\0'); // nothing runs at once
    CHECK(!tasks_run(tasks) && strcmp(trace, "abc") == 0 && tasks_count(tasks) == 0);
    CHECK(strcmp(ends, "a:done;b:done;c:done;") == 0);
    tasks_free(tasks);
    tasks_free(NULL);
    vm_free(vm);
}

static void test_errors(void) {
    struct vm *vm = new_vm(0);
    tasks = tasks_new(loop);
    forget();
    CHECK(start(vm, "a", "\nerror('x')") && start(vm, "b", "while true do end"));
    CHECK(start(vm, "c", "note('fine')"));
    tasks_run(tasks);
    CHECK(strstr(ends, "a:test.lua:2: x;b:test.lua:1: ran longer") == ends);
    CHECK(strstr(ends, ";c:done;") != NULL && strcmp(trace, "fine") == 0);
    CHECK(tasks_count(tasks) == 0 && lua_gettop(vm->L) == 0);
    tasks_free(tasks);
    vm_free(vm);
}

static void test_waiting(void) {
    struct vm *vm = new_vm(0);
    tasks = tasks_new(loop);
    forget();
    CHECK(start(vm, "a", "note('1') assert(wait(9) == 9) note('2') assert(wait() == 7) note('3')"));
    tasks_run(tasks);
    int64_t a = waiting;
    CHECK(a > 0 && task_waiting(tasks, a) != NULL && strcmp(trace, "1") == 0 && ends[0] == '\0');
    tasks_run(tasks); // waiting is not running
    CHECK(strcmp(trace, "1") == 0);
    wake(a);
    CHECK(strcmp(trace, "12") == 0 && waiting > a && task_waiting(tasks, a) == NULL);
    wake(a); // that wait is over
    wake(0);
    CHECK(strcmp(trace, "12") == 0);
    wake(waiting);
    CHECK(strcmp(trace, "123") == 0 && strcmp(ends, "a:done;") == 0);
    wake(waiting); // gone
    CHECK(task_of(tasks, vm->L) == NULL && tasks_count(tasks) == 0);

    forget();
    CHECK(start(vm, "b",
                "pcall(function() wait() error('later') end) note('x') wait() "
                "while true do end"));
    tasks_run(tasks);
    wake(waiting);
    CHECK(strcmp(trace, "x") == 0);
    wake(waiting);
    CHECK(strstr(ends, "b:test.lua:1: ran longer") == ends);
    tasks_free(tasks);
    vm_free(vm);
}

static void test_handing(void) {
    static const int five = 5;
    struct vm *vm = new_vm(0);
    tasks = tasks_new(loop);
    forget();
    CHECK(start(vm, "a", "assert(wait() == 5) assert(wait() == 7) note('a')"));
    tasks_run(tasks);
    task_wake_later(task_waiting(tasks, waiting), &five);
    CHECK(task_waiting(tasks, waiting) == NULL && trace[0] == '\0'); // that wait is over
    tasks_run(tasks);
    wake(waiting);
    CHECK(strcmp(trace, "a") == 0 && strcmp(ends, "a:done;") == 0);
    tasks_free(tasks);
    vm_free(vm);
}

static void pass(int64_t ms) {
    now_ms += ms;
    loop_turn(loop, 0);
    tasks_run(tasks);
}

// An alarm, or the end of another task; what comes first ends the wait, and the other does nothing.
static void test_alarms(void) {
    struct vm *vm = new_vm(0);
    tasks = tasks_new(loop);
    forget();
    CHECK(start(vm, "a", "nap(20) note('1') nap(20) note('2')"));
    pass(0);
    pass(19);
    CHECK(trace[0] == '\0');
    pass(1);
    CHECK(strcmp(trace, "1") == 0);
    pass(20);
    CHECK(strcmp(trace, "12") == 0 && strcmp(ends, "a:done;") == 0);

    forget();
    CHECK(start(vm, "w", "nap(10, true) note('w') nap(30, true) note('x') nap(1000) note('y')"));
    lua_State *waiter = last;
    CHECK(start(vm, "b", "nap(25) note('b')"));
    pass(0);
    pass(10);
    CHECK(strcmp(trace, "w") == 0); // the alarm was first
    pass(15);
    CHECK(strcmp(trace, "wbx") == 0);
    pass(30); // when the alarm of that wait would have been
    CHECK(strcmp(trace, "wbx") == 0 && strcmp(ends, "b:done;") == 0);
    task_drop(task_of(tasks, waiter));
    pass(2000);
    CHECK(strcmp(trace, "wbx") == 0 && strcmp(ends, "b:done;w:dropped;") == 0);
    tasks_free(tasks);
    vm_free(vm);
}

static void test_where_nothing_may_wait(void) {
    struct vm *vm = new_vm(0);
    tasks = tasks_new(loop);
    forget();
    CHECK(start(vm, "a", "table.sort({2, 1}, function() wait() end)"));
    CHECK(start(vm, "b", "coroutine.wrap(wait)()"));
    tasks_run(tasks);
    CHECK(strstr(ends, "a:attempt to yield across a C-call boundary") != NULL ||
          strstr(ends, "a:test.lua:1:") != NULL);
    CHECK(strstr(ends, "not in a task") != NULL && tasks_count(tasks) == 0);
    tasks_free(tasks);
    vm_free(vm);
}

// Tasks that start tasks: they run in the next round, so the loop has its turn.
static struct vm *spawning;

static int spawn(lua_State *L) {
    lua_State *main = spawning->L;
    lua_pushvalue(L, 1);
    lua_xmove(L, main, 1);
    lua_pushboolean(L, task_start(tasks, spawning, 0, 1000, on_end, "s") != NULL);
    return 1;
}

static int register_spawn(lua_State *L) {
    lua_register(L, "spawn", spawn);
    return 0;
}

static void test_spawning(void) {
    spawning = new_vm(0);
    tasks = tasks_new(loop);
    forget();
    CHECK(vm_protect(spawning, register_spawn, NULL, NULL, 0));
    CHECK(start(spawning, "a", "function again() note('x') spawn(again) end again()"));
    CHECK(tasks_run(tasks) && strcmp(trace, "x") == 0);
    CHECK(tasks_run(tasks) && tasks_run(tasks) && strcmp(trace, "xxx") == 0);
    CHECK(tasks_count(tasks) == 1);
    task_cancel_vm(tasks, spawning);
    CHECK(tasks_count(tasks) == 0 && !tasks_run(tasks));
    CHECK(strcmp(ends, "a:done;s:done;s:done;s:dropped;") == 0);
    tasks_free(tasks);
    vm_free(spawning);
}

static void test_cancel(void) {
    struct vm *one = new_vm(0), *other = new_vm(0);
    tasks = tasks_new(loop);
    forget();
    CHECK(start(one, "a", "wait() note('never')") && start(other, "b", "wait() note('b')"));
    tasks_run(tasks);
    CHECK(start(one, "c", "note('never')"));
    int64_t b = waiting;
    task_cancel_vm(tasks, one);
    CHECK(tasks_count(tasks) == 1 && strstr(ends, "a:dropped;") != NULL);
    CHECK(strstr(ends, "c:dropped;") != NULL);
    vm_free(one);
    tasks_run(tasks);
    wake(b);
    CHECK(strcmp(trace, "b") == 0);
    CHECK(start(other, "d",
                "local x <close> = setmetatable({}, {__close = function() note('close') "
                "end}) wait()"));
    tasks_run(tasks);
    tasks_free(tasks); // told, and nothing of it runs
    CHECK(strstr(ends, "d:dropped;") != NULL && strcmp(trace, "b") == 0);
    vm_free(other);
}

// Cancelling the vm of the task that is running: it ends when it lets go.
static int cancel_me(lua_State *L) {
    task_cancel_vm(tasks, vm_of(L));
    return 0;
}

static int register_cancel(lua_State *L) {
    lua_register(L, "cancel_me", cancel_me);
    return 0;
}

static void test_cancel_running(void) {
    struct vm *vm = new_vm(0);
    tasks = tasks_new(loop);
    forget();
    CHECK(vm_protect(vm, register_cancel, NULL, NULL, 0));
    CHECK(start(vm, "a", "cancel_me() note('1') wait() note('2')"));
    CHECK(start(vm, "b", "note('b')"));
    tasks_run(tasks);
    CHECK(strcmp(trace, "1") == 0 && tasks_count(tasks) == 0);
    CHECK(strcmp(ends, "b:dropped;a:dropped;") == 0);
    tasks_free(tasks);
    vm_free(vm);
}

static void test_memory(void) {
    struct vm *vm = new_vm(60000);
    tasks = tasks_new(loop);
    forget();
    bool ok = true;
    int count = 0;
    while (ok && count < 1000) {
        struct starting s = {vm, "wait()", "a", 1000, false};
        ok = vm_protect(vm, start_protected, &s, NULL, 0) && s.ok;
        count++;
    }
    CHECK(!ok && count > 3 && count < 1000);
    CHECK(lua_gettop(vm->L) == 0 && vm->peak <= 60000);
    tasks_run(tasks);
    task_cancel_vm(tasks, vm);
    CHECK(tasks_count(tasks) == 0);
    forget();
    lua_gc(vm->L, LUA_GCCOLLECT); // all of them are garbage now
    CHECK(start(vm, "b", "note('b')"));
    tasks_run(tasks);
    CHECK(strcmp(trace, "b") == 0);
    tasks_free(tasks);
    vm_free(vm);
}

int main(void) {
    loop = loop_new();
    loop_set_clock(test_clock);
    CHECK(loop != NULL);
    test_order();
    test_errors();
    test_waiting();
    test_handing();
    test_alarms();
    test_where_nothing_may_wait();
    test_spawning();
    test_cancel();
    test_cancel_running();
    test_memory();
    loop_free(loop);
    return check_end();
}
