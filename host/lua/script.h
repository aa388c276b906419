// A device script: a file loaded into a state of its own, whose value is a table.
#ifndef SCRIPT_H
#define SCRIPT_H

#include "base/limits.h"
#include "lua/vm.h"
#include <stdbool.h>
#include <stdint.h>

#define SCRIPT_LIB_NAME_SIZE 60

// Files that scripts share by `use "name"` (lib.c). The texts are the caller's.
struct script_lib {
    const char *name; // for `use`
    const char *path;
    const char *file; // as messages show it
};
struct script_libs {
    const struct script_lib *list;
    size_t count;
};

// A lib that a script asked for.
struct script_used {
    char name[SCRIPT_LIB_NAME_SIZE];
    char *text; // as it was read; NULL: there is none, or the script is settled
    size_t len;
};

// The metatable of tables whose fields the host looks at; table functions take those, too.
#define SANDBOX_TABLE_META "script.watched"

// Gives a fresh state the globals of a device script, a list of names, so that a newer Lua adds
// nothing by accident: reading or writing an undeclared one is an error that names it. Raises when
// memory is short; call it in protected mode. Further globals are set with lua_rawset.
void sandbox_open(lua_State *L);

struct script {
    char file[96];   // "devices/solar_charger.lua", as messages show it
    struct vm *vm;   // NULL: it could not be loaded, `error` says why
    lua_State *call; // coroutine for script_call
    int call_ref;
    int args;     // how many the next calls share
    bool loading; // its file is being run
    int64_t id;   // never used twice: a function of an older load is refused
    char *text;   // the file as it was loaded; NULL once it is settled
    size_t text_len;
    struct script_libs libs; // there are, while its file is run
    struct script_used used[SCRIPT_LIBS_MAX];
    size_t used_count;
    char error[512];
    bool later;   // not loaded for a reason that may pass: the file is there and cannot be read now
    bool starved; // a task of it ended, or it was not loaded, because the plugin had no memory
    void *owner;  // the `ctx` of script_load
};

// Sets further globals in the fresh sandbox; runs in protected mode.
typedef void script_setup_fn(lua_State *L, void *ctx);

// Reads and runs the file. NULL when there is no memory for the struct; else look at vm, starved
// and error. `file` is how messages name it; libs: what it may use, NULL for nothing.
struct script *script_load(const char *path, const char *file, const struct script_libs *libs,
                           script_setup_fn *setup, void *ctx);
void script_free(struct script *s);

// Compiles a text and pushes the function; raises what is wrong with it, with its file and line.
void script_compile(lua_State *L, const char *text, size_t len, const char *file);

// use(name), a function of scripts: runs a lib as a part of the script, in its state and budgets,
// and gives what it returns. The second time it gives the same. Raises what is wrong.
int script_use(lua_State *L);

// Pushes a copy of the script's table onto `to` (in protected mode there). Functions in it are
// given as calls of `function` with their number.
typedef void script_function_fn(lua_State *to, struct script *s, int number);
void script_push_table(struct script *s, lua_State *to, script_function_fn *function);

// Once table and texts were handed over: what the script's functions do not need is given back.
// Nothing happens when memory is short.
void script_settle(struct script *s);

// Puts function `number` on top of the script's L; in protected mode there.
void script_push_function(struct script *s, int number);

// Copies the `args` values from the top of `from`, which are popped: every script_try gets them
// until script_forget, after what `first` (NULL: nothing) pushes. False, and `error` says why: they
// cannot be copied; through no fault of their own when s->vm->starved.
typedef void script_push_fn(lua_State *to, void *ctx);
bool script_arguments(struct script *s, lua_State *from, int args, script_push_fn *first, void *ctx,
                      char *error, size_t size);
void script_forget(struct script *s);

// Calls function `number` with those arguments and pushes copies of its results onto `to`. It must
// not wait. False, and `error` says where and why: it failed; through no fault of its own when
// s->vm->starved.
bool script_try(struct script *s, int number, lua_State *to, int *results, char *error,
                size_t size);

// Both in one: calls function `number` with copies of `args` values from the top of `from`, which
// are popped, and pushes copies of its results there. It must not wait. Returns their count; raises
// on `from` what failed (vm_no_memory when it is not the script's fault).
int script_call(struct script *s, int number, lua_State *from, int args);

#endif
