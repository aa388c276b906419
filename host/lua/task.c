#include "lua/task.h"

#include <lauxlib.h>
#include <stdlib.h>

enum state { READY, RUNS, WAITS }; // READY: for the next tasks_run

struct task {
    struct task *next;
    struct tasks *all;
    int64_t id;
    struct vm *vm;
    lua_State *co;
    int ref; // keeps co alive in vm's registry
    int64_t budget;
    enum state state;
    int args;     // on its stack, of its first leg
    bool dropped; // cancelled while it runs
    int64_t wait_id;
    int64_t timer;           // which ends its wait; 0 = none
    const lua_State *awaits; // the task whose end does; NULL = none
    const void *handed;
    task_end_fn *end;
    void *ctx;
};

const char task_dropped[] = "dropped";
const char task_refused[] = "refused";

bool task_failed(const char *error) {
    return error != NULL && error != task_dropped && error != task_refused;
}

struct tasks {
    struct loop *loop;
    struct task *first; // the youngest
    int ready;          // how many are
    int64_t last_id, last_wait;
};

struct tasks *tasks_new(struct loop *loop) {
    struct tasks *t = calloc(1, sizeof *t);
    if (t != NULL) {
        t->loop = loop;
    }
    return t;
}

struct task *task_of(struct tasks *t, const lua_State *co) {
    struct task *k = t->first;
    while (k != NULL && k->co != co) {
        k = k->next;
    }
    return k;
}

struct task *task_waiting(struct tasks *t, int64_t wait_id) {
    struct task *k = t->first;
    while (k != NULL && !(k->state == WAITS && k->wait_id == wait_id)) {
        k = k->next;
    }
    return k;
}

int tasks_count(const struct tasks *t) {
    int count = 0;
    for (const struct task *k = t->first; k != NULL; k = k->next) {
        count++;
    }
    return count;
}

// Waiting

int64_t task_wait_id(const struct task *task) { return task->wait_id; }
const void *task_handed(const struct task *task) { return task->handed; }

static void rang(void *ctx) {
    struct task *task = ctx;
    task->timer = 0;
    task_wake(task, NULL);
}

bool task_alarm(struct task *task, int64_t ms) {
    task->timer = loop_after(task->all->loop, ms, rang, task);
    return task->timer != 0;
}

void task_await(struct task *task, const struct task *other) { task->awaits = other->co; }

// It goes on, or will never.
static void end_wait(struct task *task) {
    loop_cancel(task->all->loop, task->timer);
    task->timer = 0;
    task->awaits = NULL;
}

// Most of many sleep; whether one is to run is asked in each turn of the loop.
static void is_now(struct task *task, enum state state) {
    task->all->ready += (state == READY) - (task->state == READY);
    task->state = state;
}

void task_wake_later(struct task *task, const void *handed) {
    end_wait(task);
    task->handed = handed;
    is_now(task, READY);
}

// Takes it out of the list and tells its end. A coroutine that failed or waits is left to the
// collector as it is: resetting it would run __close with hooks off.
static void finish(struct tasks *t, struct task *task, const char *error) {
    struct task **at = &t->first;
    while (*at != task) {
        at = &(*at)->next;
    }
    *at = task->next;
    is_now(task, RUNS);
    end_wait(task);
    for (struct task *k = t->first; k != NULL; k = k->next) {
        if (k->state == WAITS && k->awaits == task->co) {
            task_wake_later(k, NULL);
        }
    }
    luaL_unref(task->vm->L, LUA_REGISTRYINDEX, task->ref);
    if (task->end != NULL) {
        task->end(task->ctx, task->vm, error);
    }
    free(task);
}

void tasks_free(struct tasks *t) {
    while (t != NULL && t->first != NULL) {
        finish(t, t->first, task_dropped);
    }
    free(t);
}

// Running

static void run(struct task *task) {
    char error[512];
    int results = 0, args = task->args;
    is_now(task, RUNS);
    task->args = 0;
    task->wait_id = ++task->all->last_wait;
    enum vm_result r =
        vm_resume(task->vm, task->co, args, task->budget, &results, error, sizeof error);
    task->handed = NULL;
    if (r == VM_WAITS && !task->dropped) {
        is_now(task, WAITS);
        return;
    }
    bool refused =
        r == VM_DONE && results > 0 && lua_isboolean(task->co, -1) && !lua_toboolean(task->co, -1);
    const char *failure = r == VM_FAILED ? error : refused ? task_refused : NULL;
    finish(task->all, task, task->dropped ? task_dropped : failure);
}

void task_wake(struct task *task, const void *handed) {
    end_wait(task);
    task->handed = handed;
    run(task);
}

// Index 1: the task. Makes its coroutine and keeps it in the registry.
static int make_coroutine(lua_State *L) {
    struct task *task = lua_touserdata(L, 1);
    task->co = lua_newthread(L);
    task->ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

lua_State *task_start(struct tasks *t, struct vm *vm, int args, int64_t budget, task_end_fn *end,
                      void *ctx) {
    struct task *task = calloc(1, sizeof *task);
    if (task != NULL) {
        task->ref = LUA_NOREF;
    } else {
        vm->starved = true;
    }
    bool ok = task != NULL && vm_protect(vm, make_coroutine, task, NULL, 0) &&
              lua_checkstack(task->co, args + 2); // one to give it out
    if (!ok) {
        if (task != NULL && task->co != NULL) {
            luaL_unref(vm->L, LUA_REGISTRYINDEX, task->ref);
        }
        free(task);
        lua_pop(vm->L, args + 1);
        return NULL;
    }
    lua_xmove(vm->L, task->co, args + 1);
    task->all = t;
    task->id = ++t->last_id;
    task->vm = vm;
    task->budget = budget;
    task->end = end;
    task->ctx = ctx;
    task->next = t->first;
    task->args = args;
    t->first = task;
    t->ready++; // it is, from its beginning
    return task->co;
}

int task_enter(struct task *task, lua_State *from) {
    int results = 0, args = task->args;
    is_now(task, RUNS);
    task->args = 0;
    task->wait_id = ++task->all->last_wait;
    int status = vm_enter(from, task->co, args, &results);
    is_now(task, WAITS);
    if (status != LUA_YIELD) {
        task->end = status == LUA_OK ? task->end : NULL;
        finish(task->all, task, NULL);
    }
    return status;
}

static struct task *oldest_ready(struct tasks *t, int64_t last_id) {
    struct task *oldest = NULL;
    for (struct task *k = t->ready > 0 ? t->first : NULL; k != NULL; k = k->next) {
        if (k->state == READY && k->id <= last_id) {
            oldest = k;
        }
    }
    return oldest;
}

bool tasks_run(struct tasks *t) {
    int64_t last_id = t->last_id;
    struct task *task = oldest_ready(t, last_id);
    while (task != NULL) {
        run(task);
        task = oldest_ready(t, last_id);
    }
    return oldest_ready(t, t->last_id) != NULL;
}

// Dropping

void task_drop(struct task *task) {
    if (task->timer != 0 || task->awaits != NULL) {
        finish(task->all, task, task_dropped);
    }
}

void task_cancel_vm(struct tasks *t, struct vm *vm) {
    struct task *task = t->first;
    while (task != NULL) {
        if (task->vm == vm && task->state == RUNS) {
            task->dropped = true;
        }
        if (task->vm != vm || task->state == RUNS) {
            task = task->next;
            continue;
        }
        finish(t, task, task_dropped);
        task = t->first; // its end may have changed the list
    }
}
