// Coroutines that may wait: start, park, wake, drop. A task owns its wait: its timer, and what it
// is handed when it goes on.
#ifndef TASK_H
#define TASK_H

#include "lua/vm.h"
#include "net/loop.h"

struct tasks;
struct task;

// The `error` of a task that was dropped before its end.
extern const char task_dropped[];
// The `error` of a task that ended well by returning false: what it was asked for did not come
// about.
extern const char task_refused[];
// Whether the `error` says that something went wrong: it is neither of these, nor NULL.
bool task_failed(const char *error);

// Called exactly once when a task has ended: error NULL = it returned, task_dropped (compare the
// pointer) = it will not go on, task_refused = it returned false, else "file:line: text".
typedef void task_end_fn(void *ctx, struct vm *vm, const char *error);

// NULL when memory is short. The loop must outlive it.
struct tasks *tasks_new(struct loop *loop);
// Drops every task. The vms they run in must still be there.
void tasks_free(struct tasks *t);

// Takes a function and `args` arguments from the top of vm->L and makes a task of them, which first
// runs in the next tasks_run; each leg up to a wait may spend `budget` instructions (see
// vm_resume). -> its coroutine, which holds its results or its error after the end for as long as
// Lua keeps it. NULL: no memory, vm->starved tells whose, or the arguments do not fit; `end` is
// then not called. `end` may be NULL.
lua_State *task_start(struct tasks *t, struct vm *vm, int args, int64_t budget, task_end_fn *end,
                      void *ctx);
// Runs the first leg of a task that was just started at once, as a part of that of `from`, so that
// it waits before anything else can fail. -> LUA_YIELD: it waits, LUA_OK: it ended, else what
// failed, whose error is on its coroutine's stack; `end` is then not called.
int task_enter(struct task *task, lua_State *from);
// Runs the tasks that were started, or whose task_await came to its end, before this call. True:
// there are more by now.
bool tasks_run(struct tasks *t);

// The task of a coroutine; NULL when it is none, or has ended.
struct task *task_of(struct tasks *t, const lua_State *co);

// Before a running task yields: what shall end its wait.

// A number for the wait at the end of this leg, for task_waiting; never used twice.
int64_t task_wait_id(const struct task *task);
// Some time from now. False: no memory.
bool task_alarm(struct task *task, int64_t ms);
// The end of another task.
void task_await(struct task *task, const struct task *other);

// The task that is in this wait; NULL: none any more.
struct task *task_waiting(struct tasks *t, int64_t wait_id);
// Continues a waiting task at once, which may end it: the continuation it gave to lua_yieldk runs
// inside vm_resume, where pushing is safe, and finds `handed` by task_handed.
void task_wake(struct task *task, const void *handed);
// The same in the next tasks_run; `handed` must live until then. For where Lua may be running.
void task_wake_later(struct task *task, const void *handed);
// What task_wake gave a task that goes on; NULL: nothing.
const void *task_handed(const struct task *task);

// Drops a task that sleeps or awaits another. Any other goes on.
void task_drop(struct task *task);
// Drops all tasks of a vm that is about to be closed.
void task_cancel_vm(struct tasks *t, struct vm *vm);
// For tests: how many exist.
int tasks_count(const struct tasks *t);

#endif
