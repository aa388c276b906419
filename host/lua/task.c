#include "lua/task.h"

#include <lauxlib.h>
#include <stdlib.h>

struct task {
    struct task *next;
    int64_t id;
    struct vm *vm;
    lua_State *co;
    int ref; // keeps co alive in vm's registry
    int64_t budget;
    bool fresh; // not run yet, its arguments are on its stack
    int args;
    bool waits;
    bool dropped; // cancelled while it runs
    task_end_fn *end;
    void *ctx;
};

const char task_dropped[] = "dropped";
const char task_refused[] = "refused";

bool task_failed(const char *error) {
    return error != NULL && error != task_dropped && error != task_refused;
}

struct tasks {
    struct task *all;
    int64_t last_id;
};

struct tasks *tasks_new(void) {
    return calloc(1, sizeof(struct tasks));
}

static struct task *find(struct tasks *t, int64_t id) {
    for (struct task *k = t->all; k != NULL; k = k->next) {
        if (k->id == id) {
            return k;
        }
    }
    return NULL;
}

static void unlink_task(struct tasks *t, struct task *task) {
    for (struct task **at = &t->all; *at != NULL; at = &(*at)->next) {
        if (*at == task) {
            *at = task->next;
            return;
        }
    }
}

// Takes it out of the list and tells its end. A coroutine that failed or waits is left to the
// collector as it is: resetting it would run __close with hooks off.
static void finish(struct tasks *t, struct task *task, const char *error) {
    unlink_task(t, task);
    luaL_unref(task->vm->L, LUA_REGISTRYINDEX, task->ref);
    if (task->end != NULL) {
        task->end(task->ctx, task->vm, error);
    }
    free(task);
}

void tasks_free(struct tasks *t) {
    while (t != NULL && t->all != NULL) {
        finish(t, t->all, task_dropped);
    }
    free(t);
}

int64_t task_current(struct tasks *t, lua_State *L) {
    for (struct task *k = t->all; k != NULL; k = k->next) {
        if (k->co == L) {
            return k->id;
        }
    }
    return 0;
}

bool task_waits(struct tasks *t, int64_t id) {
    struct task *task = find(t, id);
    return task != NULL && task->waits;
}

int tasks_count(const struct tasks *t) {
    int count = 0;
    for (const struct task *k = t->all; k != NULL; k = k->next) {
        count++;
    }
    return count;
}

static void run(struct tasks *t, struct task *task, int args) {
    char error[512];
    int results = 0;
    task->waits = false;
    enum vm_result r =
        vm_resume(task->vm, task->co, args, task->budget, &results, error, sizeof error);
    if (r == VM_WAITS && !task->dropped) {
        task->waits = true;
        return;
    }
    bool refused =
        r == VM_DONE && results > 0 && lua_isboolean(task->co, -1) && !lua_toboolean(task->co, -1);
    const char *failure = r == VM_FAILED ? error : refused ? task_refused : NULL;
    finish(t, task, task->dropped ? task_dropped : failure);
}

// Index 1: the task. Below: nothing; the function and its arguments are on the caller's stack,
// moved by task_start. Makes the coroutine and keeps it in the registry.
static int make_coroutine(lua_State *L) {
    struct task *task = lua_touserdata(L, 1);
    task->co = lua_newthread(L);
    task->ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

bool task_start(struct tasks *t, struct vm *vm, int args, int64_t budget, task_end_fn *end,
                void *ctx) {
    struct task *task = calloc(1, sizeof *task);
    if (task != NULL) {
        task->ref = LUA_NOREF;
    } else {
        vm->starved = true;
    }
    bool ok = task != NULL && vm_protect(vm, make_coroutine, task, NULL, 0) &&
              lua_checkstack(task->co, args + 1);
    if (!ok) {
        if (task != NULL && task->co != NULL) {
            luaL_unref(vm->L, LUA_REGISTRYINDEX, task->ref);
        }
        free(task);
        lua_pop(vm->L, args + 1);
        return false;
    }
    lua_xmove(vm->L, task->co, args + 1);
    task->id = ++t->last_id;
    task->vm = vm;
    task->budget = budget;
    task->end = end;
    task->ctx = ctx;
    task->next = t->all;
    task->fresh = true;
    task->args = args;
    t->all = task;
    return true;
}

// The oldest that has not run yet; the list has the youngest first.
static struct task *oldest_fresh(struct tasks *t, int64_t last_id) {
    struct task *oldest = NULL;
    for (struct task *k = t->all; k != NULL; k = k->next) {
        if (k->fresh && k->id <= last_id) {
            oldest = k;
        }
    }
    return oldest;
}

bool tasks_run(struct tasks *t) {
    int64_t last_id = t->last_id;
    struct task *task = oldest_fresh(t, last_id);
    while (task != NULL) {
        task->fresh = false;
        run(t, task, task->args);
        task = oldest_fresh(t, last_id);
    }
    return oldest_fresh(t, t->last_id) != NULL;
}

void task_wake(struct tasks *t, int64_t id) {
    struct task *task = find(t, id);
    if (task != NULL && task->waits) {
        run(t, task, 0);
    }
}

void task_cancel_vm(struct tasks *t, struct vm *vm) {
    struct task *task = t->all;
    while (task != NULL) {
        bool running = !task->waits && !task->fresh;
        if (task->vm == vm && running) {
            task->dropped = true;
        }
        if (task->vm != vm || running) {
            task = task->next;
            continue;
        }
        finish(t, task, task_dropped);
        task = t->all; // its end may have changed the list
    }
}
