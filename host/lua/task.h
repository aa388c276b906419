// Coroutines that may wait: start, park, wake, cancel.
#ifndef TASK_H
#define TASK_H

#include "lua/vm.h"

struct tasks;

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

struct tasks *tasks_new(void);
// Drops every task. The vms they run in must still be there.
void tasks_free(struct tasks *t);

// Takes a function and `args` arguments from the top of vm->L and makes a task of them, which first
// runs in the next tasks_run; each leg up to a wait may spend `budget` instructions. False: no
// memory, vm->starved tells whose, or the arguments do not fit; `end` is then not called. `end` may
// be NULL.
bool task_start(struct tasks *t, struct vm *vm, int args, int64_t budget, task_end_fn *end,
                void *ctx);
// Runs the tasks that were started before this call. True: more were started meanwhile.
bool tasks_run(struct tasks *t);

// The id of the task that is running in L; 0 when L is not a task's coroutine (the caller must then
// raise).
int64_t task_current(struct tasks *t, lua_State *L);
// For tests: whether the task still waits.
bool task_waits(struct tasks *t, int64_t id);
// Continues a waiting task: the continuation it gave to lua_yieldk runs inside vm_resume, where
// pushing is safe. Harmless for a task that is gone.
void task_wake(struct tasks *t, int64_t id);
// Drops all tasks of a vm that is about to be closed.
void task_cancel_vm(struct tasks *t, struct vm *vm);
// For tests: how many exist.
int tasks_count(const struct tasks *t);

#endif
