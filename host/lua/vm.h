// A Lua state with its budgets: memory by its allocator, instructions and time by a count hook.
//
// Instructions alone do not bound time: one may compare or join long texts, or run the collector.
// So the hook looks at the clock every hundred instructions, and no block is larger than block_max:
// what one instruction can do is then some tens of microseconds. vm_resume and vm_enter are the
// only places that run a script's code, or main.lua's.
//
// With a count hook Lua calls C at every instruction, which is a quarter of main.lua's work. So
// what has no budget of instructions has no such hook: a timer of the plugin's processor time
// (SIGVTALRM) sets one for a moment, which looks at the time.
#ifndef VM_H
#define VM_H

#include "base/slab.h"

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What a script took too much of.
enum vm_excess {
    VM_WITHIN,
    VM_OVER_BUDGET, // instructions or time of one resume
    VM_OVER_SHARE,  // of the processor in a while
};

struct vm {
    lua_State *L;
    char name[64];     // for messages: "main" or the script's file
    void *owner;       // whatever the maker wants to find again with vm_of
    bool is_script;    // the maker's mark: a device script, not main.lua
    size_t used, peak; // bytes
    size_t block_max;  // bytes of one block; 0 = no limit
    int64_t limit_ms;  // processor time of one resume; 0 = no limit
    size_t cap;        // bytes; 0 = no limit
    int64_t spent;     // instructions since the last resume began, in steps of the hook
    int64_t budget;    // of the resume under way; 0 = none
    int64_t total;     // instructions before it
    int64_t began_ms, began_cpu_ms;
    int64_t window_ms, window_cpu_ms; // processor time since then
    enum vm_excess excess;            // of the last resume, or the one under way
    // The system refused memory since vm_protect or vm_resume began (or, but for a script, the cap
    // ended it). What failed then is not the fault of the code that ran.
    bool starved;
    void *ballast;    // NULL, or the owner's: freed when the system refuses memory, which is then
                      // asked once more
    struct slab slab; // of a state that may have very many small blocks
};

enum vm_result { VM_DONE, VM_WAITS, VM_FAILED };

// A state without any library. NULL when memory is short.
struct vm *vm_new(const char *name, size_t cap, void *owner);
// Closes the state.
void vm_free(struct vm *vm);
// The vm a state or one of its coroutines belongs to.
struct vm *vm_of(lua_State *L);

// Runs fn(L) with `arg` as light userdata at index 1 in protected mode, for set-up work that may
// raise. True if it did not; else the message is put into `error` (when not NULL) and the stack is
// as before.
bool vm_protect(struct vm *vm, lua_CFunction fn, void *arg, char *error, size_t size);

// Starts or continues the coroutine `co` with the values on its stack, at most `budget`
// instructions; 0: any number, only the time is limited. VM_DONE: *results values are on co's
// stack. VM_WAITS: it yielded. VM_FAILED: `error` holds "file:line: text". A budget that is spent
// cannot be caught by a script: the hook raises again at every instruction. Trusted code can catch
// it once, and has a new budget then.
enum vm_result vm_resume(struct vm *vm, lua_State *co, int args, int64_t budget, int *results,
                         char *error, size_t size);

// Starts the coroutine `co` of the same state in the midst of `from`, which runs, within its
// budgets -> what lua_resume returns.
int vm_enter(lua_State *from, lua_State *co, int args, int *results);

// What there is to say when the plugin is out of memory.
extern const char vm_short_of_memory[];
// Raises that the plugin is out of memory, whose fault no code is, and marks the state as starved.
// What is raised is the value of vm_memory_error, else a text.
int vm_no_memory(lua_State *L);
// Takes the value on top of L as that of all errors of memory in this state; may raise.
void vm_memory_error(lua_State *L);
// pcall for a state with a vm_memory_error: as Lua's own, but an error of memory comes as that
// value.
int vm_pcall(lua_State *L);

// Processor time of this thread so far, in milliseconds.
int64_t vm_cpu_ms(void);

// For C functions whose work grows with what they are given: counts it as instructions of the
// resume under way, and raises when its budget or time is spent.
void vm_charge(lua_State *L, int64_t instructions);

// Pushes a number, as an integer where it is one that a double can tell from its neighbours.
void vm_push_number(lua_State *L, lua_Number n);

// Copies the value at `index` of `from` onto the top of `to`, another state or the same. Raises
// nothing on `from`; must be called where `to` is protected and may raise there (memory, depth over
// 32; from a script also over 10000 values or 1 MiB of text). Functions, userdata and threads raise
// on `to`, unless `function` is given: it is called to push something in their place. Whole
// floats become integers, and light userdata (null of json_read) nil.
typedef void vm_function_fn(lua_State *from, int index, lua_State *to, void *ctx);
void vm_copy(lua_State *from, int index, lua_State *to, vm_function_fn *function, void *ctx);

#endif
