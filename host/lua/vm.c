#define _XOPEN_SOURCE 700 // NOLINT(bugprone-reserved-identifier): FreeBSD hides setitimer else

#include "lua/vm.h"
#include "base/clock.h"
#include "base/limits.h"
#include "lua/fields.h"

#include <lauxlib.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

// Instructions between two looks of the hook.
#define HOOK_STEP 100
// Processor time of the plugin between two looks at what has no budget of instructions.
#define LOOK_MS 100
#define SLAB_CAP (16u * 1024 * 1024)
#define COPY_DEPTH 32
// Values, and bytes of texts, that a script may give at once: one text may be in many places.
#define COPY_MAX 10000
#define COPY_BYTES (1024u * 1024)

// Whether a block is in the slab: of states that may have megabytes of small ones.
static bool is_small(const struct vm *vm, size_t size) {
    return vm->cap >= SLAB_CAP && size <= SLAB_MAX;
}

static void free_block(struct vm *vm, void *ptr, size_t size) {
    if (ptr != NULL && is_small(vm, size)) {
        slab_give(&vm->slab, ptr, size);
    } else {
        free(ptr);
    }
}

static void *move_block(struct vm *vm, void *ptr, size_t old, size_t size) {
    if (!is_small(vm, size) && (ptr == NULL || !is_small(vm, old))) {
        return realloc(ptr, size);
    }
    void *block = is_small(vm, size) ? slab_take(&vm->slab, size) : malloc(size);
    if (block != NULL && ptr != NULL) {
        memcpy(block, ptr, old < size ? old : size);
        free_block(vm, ptr, old);
    }
    return block;
}

// As realloc; it may use up the ballast.
static void *take_block(struct vm *vm, void *ptr, size_t old, size_t size) {
    void *block = move_block(vm, ptr, old, size);
    if (block == NULL && vm->ballast != NULL) {
        free(vm->ballast);
        vm->ballast = NULL;
        block = move_block(vm, ptr, old, size);
    }
    if (block == NULL && size <= old) {
        return ptr; // Lua expects that to work
    }
    vm->starved = vm->starved || block == NULL;
    return block;
}

static void *vm_alloc(void *ud, void *ptr, size_t osize, size_t nsize) {
    struct vm *vm = ud;
    size_t old = ptr != NULL ? osize : 0; // without ptr, osize is the kind of object
    if (nsize == 0) {
        vm->used -= old;
        free_block(vm, ptr, old);
        return NULL;
    }
    bool refuse = (vm->cap != 0 && vm->used - old + nsize > vm->cap) ||
                  (vm->block_max != 0 && nsize > vm->block_max);
    if (nsize > old && refuse) {
        return NULL;
    }
    void *block = take_block(vm, ptr, old, nsize);
    if (block == NULL) {
        return NULL;
    }
    vm->used = vm->used - old + nsize;
    if (vm->used > vm->peak) {
        vm->peak = vm->used;
    }
    return block;
}

// lauxlib makes the metatable of its large buffers with the first of them; one that found no memory
// half way would stay, and no buffer of the state could ever be closed again.
static int make_buffer_metatable(lua_State *L) {
    luaL_Buffer b;
    luaL_buffinitsize(L, &b, LUAL_BUFFERSIZE + 1);
    luaL_pushresultsize(&b, 0);
    return 0;
}

struct vm *vm_new(const char *name, size_t cap, void *owner) {
    struct vm *vm = calloc(1, sizeof *vm);
    if (vm == NULL) {
        return NULL;
    }
    snprintf(vm->name, sizeof vm->name, "%s", name);
    vm->cap = cap;
    vm->owner = owner;
    vm->L = lua_newstate(vm_alloc, vm);
    if (vm->L == NULL) {
        free(vm);
        return NULL;
    }
    // Lua copies the extra space of the main thread into every new coroutine.
    *(struct vm **)lua_getextraspace(vm->L) = vm;
    lua_pushcfunction(vm->L, make_buffer_metatable);
    if (lua_pcall(vm->L, 0, 0, 0) != LUA_OK) {
        vm_free(vm);
        return NULL;
    }
    return vm;
}

void vm_free(struct vm *vm) {
    if (vm == NULL) {
        return;
    }
    lua_close(vm->L);
    slab_free(&vm->slab);
    free(vm->ballast);
    free(vm);
}

struct vm *vm_of(lua_State *L) {
    return *(struct vm **)lua_getextraspace(L);
}

const char vm_short_of_memory[] =
    "The plugin has too little memory: stop what else needs it on this machine.";

// Where a registry has the value of vm_memory_error.
static const char memory_key;

void vm_memory_error(lua_State *L) { lua_rawsetp(L, LUA_REGISTRYINDEX, &memory_key); }

// Pushes the value of vm_memory_error; nil if there is none.
static void push_memory_error(lua_State *L) { lua_rawgetp(L, LUA_REGISTRYINDEX, &memory_key); }

int vm_no_memory(lua_State *L) {
    vm_of(L)->starved = true;
    push_memory_error(L);
    if (lua_isnil(L, -1)) {
        return luaL_error(L, "%s", vm_short_of_memory);
    }
    return lua_error(L);
}

static int after_pcall(lua_State *L, int status, lua_KContext ctx) {
    (void)ctx;
    if (status == LUA_OK || status == LUA_YIELD) {
        return lua_gettop(L);
    }
    lua_pushboolean(L, 0);
    if (status == LUA_ERRMEM) {
        push_memory_error(L);
    } else {
        lua_pushvalue(L, -2);
    }
    return 2;
}

int vm_pcall(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1); // the first result
    lua_insert(L, 1);
    return after_pcall(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, after_pcall), 0);
}

// Whether the value on top of L is that of vm_memory_error, which may have been caught and raised
// again long after memory was short.
static bool is_memory_error(lua_State *L) {
    bool is = false;
    if (lua_istable(L, -1) && lua_checkstack(L, 1)) {
        push_memory_error(L);
        is = lua_rawequal(L, -1, -2);
        lua_pop(L, 1);
    }
    return is;
}

// What failed with `status`, from the value on top of L; also whether it was for want of memory.
// Raises nothing: lua_tostring changes no string.
static void tell_failure(struct vm *vm, lua_State *L, int status, char *error, size_t size) {
    vm->starved = vm->starved || (status == LUA_ERRMEM && !vm->is_script) || is_memory_error(L);
    if (error == NULL) {
        return;
    }
    if (vm->starved) {
        snprintf(error, size, "%s", vm_short_of_memory);
    } else if (status == LUA_ERRMEM) {
        snprintf(error, size, "needs more than its %zu KiB of memory", vm->cap / 1024);
    } else if (lua_type(L, -1) == LUA_TSTRING) {
        snprintf(error, size, "%s", lua_tostring(L, -1));
    } else {
        snprintf(error, size, "an error that is not a text (%s)", luaL_typename(L, -1));
    }
}

bool vm_protect(struct vm *vm, lua_CFunction fn, void *arg, char *error, size_t size) {
    lua_State *L = vm->L;
    int top = lua_gettop(L);
    vm->starved = false;
    if (!lua_checkstack(L, 4)) {
        snprintf(error, error != NULL ? size : 0, "%s", vm_short_of_memory);
        return false;
    }
    lua_pushcfunction(L, fn);
    lua_pushlightuserdata(L, arg);
    int status = lua_pcall(L, 1, 0, 0);
    if (status != LUA_OK) {
        tell_failure(vm, L, status, error, size);
    }
    lua_settop(L, top);
    return status == LUA_OK;
}

// The cheap clock first: the processor's is asked only when the wall's says that it may be late. A
// busy machine must not end an innocent script.
static bool out_of_time(struct vm *vm) {
    if (vm->limit_ms == 0 || clock_ms(CLOCK_MONOTONIC) - vm->began_ms <= vm->limit_ms) {
        return false;
    }
    return clock_ms(CLOCK_THREAD_CPUTIME_ID) - vm->began_cpu_ms > vm->limit_ms;
}

int64_t vm_cpu_ms(void) { return clock_ms(CLOCK_THREAD_CPUTIME_ID); }

static void begin_leg(struct vm *vm) {
    vm->total += vm->spent;
    vm->spent = 0;
    vm->began_ms = clock_ms(CLOCK_MONOTONIC);
    vm->began_cpu_ms = vm_cpu_ms();
}

static bool out_of_instructions(const struct vm *vm) {
    return vm->budget != 0 && vm->spent >= vm->budget;
}

static void on_count(lua_State *L, lua_Debug *ar);

// Raises. In a script every instruction raises from here on, so that pcall in a loop cannot swallow
// it. Trusted code may catch it and put things right, with a budget anew.
static void end_leg(lua_State *L, struct vm *vm) {
    luaL_where(L, 0);
    if (out_of_instructions(vm)) {
        lua_pushfstring(L, "ran longer than its budget of %d thousand instructions",
                        (int)(vm->budget / 1000));
    } else {
        lua_pushfstring(L, "ran longer than its budget of %d ms", (int)vm->limit_ms);
    }
    lua_concat(L, 2);
    if (vm->is_script) {
        vm->excess = VM_OVER_BUDGET;
        lua_sethook(L, on_count, LUA_MASKCOUNT, 1);
    } else {
        begin_leg(vm);
    }
    lua_error(L);
}

static bool has_to_end(struct vm *vm) {
    return vm->excess != VM_WITHIN || out_of_instructions(vm) || out_of_time(vm);
}

static void on_count(lua_State *L, lua_Debug *ar) {
    (void)ar;
    struct vm *vm = vm_of(L);
    vm->spent += vm->excess != VM_WITHIN ? 1 : HOOK_STEP;
    if (has_to_end(vm)) {
        end_leg(L, vm);
    }
}

// The coroutine that runs in this thread, if it has no budget of instructions; else NULL. Other
// threads of the plugin, which a signal may meet, run none.
static _Thread_local lua_State *volatile timed;

static void on_look(lua_State *L, lua_Debug *ar) {
    (void)ar;
    lua_sethook(L, NULL, 0, 0);
    if (out_of_time(vm_of(L))) {
        end_leg(L, vm_of(L));
    }
}

// A signal's handler: lua_sethook is made to be called by one (Lua's manual).
static void look(int number) {
    (void)number;
    if (timed != NULL) {
        lua_sethook(timed, on_look, LUA_MASKCOUNT, 1);
    }
}

// Its timer stands still while the plugin waits.
static bool start_looking(void) {
    struct sigaction action = {.sa_handler = look, .sa_flags = SA_RESTART};
    const struct timeval pause = {.tv_usec = LOOK_MS * 1000};
    const struct itimerval timer = {pause, pause};
    sigemptyset(&action.sa_mask);
    return sigaction(SIGVTALRM, &action, NULL) == 0 && setitimer(ITIMER_VIRTUAL, &timer, NULL) == 0;
}

static void set_hook(lua_State *co, int64_t budget) {
    static bool looking;
    looking = looking || (budget == 0 && start_looking());
    if (budget == 0 && looking) {
        lua_sethook(co, NULL, 0, 0);
    } else {
        lua_sethook(co, on_count, LUA_MASKCOUNT, HOOK_STEP);
    }
}

static struct vm *running; // the innermost that runs now

void vm_charge(lua_State *L, int64_t instructions) {
    struct vm *vm = vm_of(L);
    vm->spent += instructions;
    if (vm == running && has_to_end(vm)) {
        end_leg(L, vm);
    }
}

// What a script takes of the processor over a while; the limit of one leg does not bound it.
static bool greedy(struct vm *vm) {
    int64_t now = clock_ms(CLOCK_MONOTONIC);
    if (now - vm->window_ms > VM_WINDOW_MS) {
        vm->window_ms = now;
        vm->window_cpu_ms = 0;
    }
    vm->window_cpu_ms += vm_cpu_ms() - vm->began_cpu_ms;
    return vm->window_cpu_ms > VM_WINDOW_CPU_MS;
}

// Whether a script did too much although nothing stopped it on the way: C functions make no ticks.
static bool wasteful(struct vm *vm, char *error, size_t size) {
    bool late = vm->is_script && out_of_time(vm);
    if (late) {
        snprintf(error, size, "%s: ran longer than its budget of %d ms", vm->name,
                 (int)vm->limit_ms);
        vm->excess = VM_OVER_BUDGET;
    }
    if (!vm->is_script || !greedy(vm)) {
        return late;
    }
    vm->excess = VM_OVER_SHARE;
    snprintf(error, size, "%s: took more than %d s of the processor within %d s", vm->name,
             VM_WINDOW_CPU_MS / 1000, VM_WINDOW_MS / 1000);
    return true;
}

// "tank.lua:12: "
static bool has_place(const char *text) {
    const char *colon = strchr(text, ':');
    size_t digits = colon != NULL ? strspn(colon + 1, "0123456789") : 0;
    return digits > 0 && colon[1 + digits] == ':';
}

// Puts before the error on top of `co`, whose stack is still that of the error, where it is: a
// function of C that was called by one of ours does not know, and no error of memory says. Returns
// its length.
static int missing_place(const struct vm *vm, lua_State *co, int status, char *error, size_t size) {
    lua_Debug ar;
    if (status == LUA_ERRMEM) {
        return vm->starved ? 0 : snprintf(error, size, "%s: ", vm->name);
    }
    if (lua_type(co, -1) != LUA_TSTRING || has_place(lua_tostring(co, -1))) {
        return 0;
    }
    for (int level = 0; lua_getstack(co, level, &ar) != 0; level++) {
        if (lua_getinfo(co, "Sl", &ar) != 0 && ar.currentline > 0) {
            return snprintf(error, size, "%s:%d: ", ar.short_src, ar.currentline);
        }
    }
    return 0;
}

enum vm_result vm_resume(struct vm *vm, lua_State *co, int args, int64_t budget, int *results,
                         char *error, size_t size) {
    begin_leg(vm);
    vm->budget = budget;
    vm->excess = VM_WITHIN;
    vm->starved = false;
    set_hook(co, budget);
    int count = 0;
    struct vm *outer = running;
    lua_State *outer_timed = timed;
    running = vm;
    timed = budget == 0 ? co : NULL;
    int status = lua_resume(co, NULL, args, &count);
    timed = outer_timed;
    running = outer;
    if (outer != NULL) { // what a script wastes is not its caller's fault
        outer->began_ms += clock_ms(CLOCK_MONOTONIC) - vm->began_ms;
        outer->began_cpu_ms += vm_cpu_ms() - vm->began_cpu_ms;
    }
    if (results != NULL) {
        *results = count;
    }
    if ((status == LUA_OK || status == LUA_YIELD) && wasteful(vm, error, size)) {
        return VM_FAILED;
    }
    if (status == LUA_OK) {
        return VM_DONE;
    }
    if (status == LUA_YIELD) {
        lua_pop(co, count);
        return VM_WAITS;
    }
    int named = missing_place(vm, co, status, error, size);
    tell_failure(vm, co, status, error + named, size - (size_t)named);
    return VM_FAILED;
}

int vm_enter(lua_State *from, lua_State *co, int args, int *results) {
    lua_State *outer = timed;
    lua_sethook(co, lua_gethook(from), lua_gethookmask(from), lua_gethookcount(from));
    timed = outer == from ? co : NULL;
    int status = lua_resume(co, from, args, results);
    timed = outer;
    return status;
}

#define MEMBERS_MAX 24

struct copy {
    vm_function_fn *function;
    void *ctx;
    long left;    // values that may still be copied; a table within a table many times over grows
                  // without end
    size_t bytes; // of texts, the same
    int members;  // of the last table that was no list, if it had not many
};

static void copy_value(lua_State *from, int index, lua_State *to, struct copy *c, int depth);

static void copy_table(lua_State *from, int index, lua_State *to, struct copy *c, int depth) {
    if (depth > COPY_DEPTH || !lua_checkstack(from, 6)) {
        luaL_error(to, "a table nested deeper than %d levels (or in itself) cannot be passed on",
                   COPY_DEPTH);
    }
    lua_Unsigned length = lua_rawlen(from, index); // a table with holes may claim 2^62
    int members = 0;
    // Those of a list mostly have as many members each, for which there is room from the beginning.
    lua_createtable(to, length < 1024 ? (int)length : 0, length == 0 ? c->members : 0);
    lua_pushnil(from);
    while (lua_next(from, index) != 0) {
        int top = lua_gettop(from);
        members++;
        copy_value(from, top - 1, to, c, depth);
        if (lua_isnil(to, -1)) {
            lua_pop(to, 1);
        } else {
            copy_value(from, top, to, c, depth);
            lua_rawset(to, -3);
        }
        lua_settop(from, top - 1);
    }
    if (length == 0 && !vm_of(to)->is_script) {
        c->members = members <= MEMBERS_MAX ? members : 0;
    }
    if (vm_of(to)->is_script && !vm_of(from)->is_script &&
        luaL_getmetafield(from, index, FIELDS_KEY) != LUA_TNIL) {
        fields_watch(to, lua_tostring(from, -1));
        lua_pop(from, 1);
    }
}

void vm_push_number(lua_State *L, lua_Number n) {
    if (n == floor(n) && fabs(n) < 9007199254740992.0) { // 2^53
        lua_pushinteger(L, (lua_Integer)n);
    } else {
        lua_pushnumber(L, n);
    }
}

static void copy_number(lua_State *from, int index, lua_State *to) {
    if (lua_isinteger(from, index)) {
        lua_pushinteger(to, lua_tointeger(from, index));
    } else {
        vm_push_number(to, lua_tonumber(from, index));
    }
}

static void copy_value(lua_State *from, int index, lua_State *to, struct copy *c, int depth) {
    luaL_checkstack(to, 6, "too much to pass on");
    if (c->left-- == 0) {
        luaL_error(to, "more than %d values at once cannot be passed on", COPY_MAX);
    }
    switch (lua_type(from, index)) {
    case LUA_TBOOLEAN:
        lua_pushboolean(to, lua_toboolean(from, index));
        break;
    case LUA_TNUMBER:
        copy_number(from, index, to);
        break;
    case LUA_TSTRING: {
        size_t len;
        const char *text = lua_tolstring(from, index, &len);
        if (len > c->bytes) {
            luaL_error(to, "more than %d KiB of text at once cannot be passed on",
                       (int)(COPY_BYTES / 1024));
        }
        c->bytes -= len;
        lua_pushlstring(to, text, len);
        break;
    }
    case LUA_TTABLE:
        copy_table(from, index, to, c, depth + 1);
        break;
    case LUA_TNIL:
    case LUA_TLIGHTUSERDATA: // cjson's null
        lua_pushnil(to);
        break;
    default:
        if (c->function != NULL) {
            c->function(from, index, to, c->ctx);
        } else {
            luaL_error(to, "a %s cannot be passed on", luaL_typename(from, index));
        }
    }
}

void vm_copy(lua_State *from, int index, lua_State *to, vm_function_fn *function, void *ctx) {
    bool script = vm_of(from)->is_script;
    struct copy c = {function, ctx, script ? COPY_MAX : -1, script ? COPY_BYTES : SIZE_MAX, 0};
    copy_value(from, lua_absindex(from, index), to, &c, 0);
}
