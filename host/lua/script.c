#include "lua/script.h"
#include "base/file.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Registry of a script's state: the table it returned, and its functions both ways
// ({[number] = function, [function] = number}).
#define TABLE_KEY "script.table"
#define FUNCTIONS_KEY "script.functions"

static int64_t last_id;

// Fills s->text. False: s->error says why.
static bool read_file(struct script *s, const char *path) {
    char why[256] = "";
    s->text = file_read(path, SCRIPT_FILE_MAX, &s->text_len, why, sizeof why);
    if (s->text == NULL) {
        s->later = file_unknown(errno);
        snprintf(s->error, sizeof s->error, "%s %s", s->file, why);
    }
    return s->text != NULL;
}

struct setup {
    script_setup_fn *fn;
    void *ctx;
};

static int open_protected(lua_State *L) {
    struct setup *setup = lua_touserdata(L, 1);
    sandbox_open(L);
    setup->fn(L, setup->ctx);
    return 0;
}

// Windows editors begin a file with a mark, or write two bytes a character.
static const char *skip_mark(lua_State *L, const char *text, size_t *len, const char *file) {
    if (*len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        *len -= 3;
        return text + 3;
    }
    if (*len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
        lua_pushfstring(L, "%s: is saved as UTF-16; save it as UTF-8", file);
        lua_error(L);
    }
    return text;
}

void script_compile(lua_State *L, const char *text, size_t len, const char *file) {
    char name[sizeof((struct script *)NULL)->file + 1];
    snprintf(name, sizeof name, "@%s", file);
    text = skip_mark(L, text, &len, file);
    if (luaL_loadbufferx(L, text, len, name, "t") == LUA_OK) {
        return;
    }
    // Most messages name the file; those of the parser's own limits do not.
    const char *why = lua_tostring(L, -1);
    if (why == NULL || strncmp(why, file, strlen(file)) != 0) {
        lua_pushfstring(L, "%s: %s", file, why);
    }
    lua_error(L);
}

// Compiles the text and leaves the function on a new coroutine that the registry keeps.
static int compile_protected(lua_State *L) {
    struct script *s = lua_touserdata(L, 1);
    script_compile(L, s->text, s->text_len, s->file);
    s->call = lua_newthread(L);
    s->call_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_xmove(L, s->call, 1);
    return 0;
}

// The table at index 1; the list of functions at index 2, which also holds the tables seen: one may
// be in many places, and in itself.
static void number_functions(lua_State *L, int table, int depth) {
    if (depth > 16) {
        luaL_error(L, "its table is nested deeper than 16 levels");
    }
    luaL_checkstack(L, 6, "script table");
    lua_pushvalue(L, table);
    lua_pushboolean(L, 1);
    lua_rawset(L, 2);
    lua_pushnil(L);
    while (lua_next(L, table) != 0) {
        int top = lua_gettop(L);
        lua_pushvalue(L, top);
        bool seen = lua_rawget(L, 2) != LUA_TNIL;
        lua_pop(L, 1);
        if (lua_type(L, top) == LUA_TTABLE && !seen) {
            number_functions(L, top, depth + 1);
        } else if (lua_type(L, top) == LUA_TFUNCTION && !seen) {
            lua_pushvalue(L, top);
            lua_pushinteger(L, (lua_Integer)lua_rawlen(L, 2) + 1);
            lua_pushvalue(L, -1);
            lua_pushvalue(L, top);
            lua_rawset(L, 2);
            lua_rawset(L, 2);
        }
        lua_settop(L, top - 1);
    }
}

// Index 1: the script, whose coroutine has the file's results.
static int keep_protected(lua_State *L) {
    struct script *s = lua_touserdata(L, 1);
    lua_settop(L, 0);
    if (lua_gettop(s->call) != 1 || lua_type(s->call, 1) != LUA_TTABLE) {
        return luaL_error(L, "%s: a device script ends with 'return { ... }', one table", s->file);
    }
    lua_xmove(s->call, L, 1);
    lua_newtable(L);
    number_functions(L, 1, 0);
    lua_setfield(L, LUA_REGISTRYINDEX, FUNCTIONS_KEY);
    lua_setfield(L, LUA_REGISTRYINDEX, TABLE_KEY);
    return 0;
}

static bool run_file(struct script *s) {
    if (!vm_protect(s->vm, compile_protected, s, s->error, sizeof s->error)) {
        return false;
    }
    s->loading = true;
    enum vm_result r =
        vm_resume(s->vm, s->call, 0, SCRIPT_LOAD_BUDGET, NULL, s->error, sizeof s->error);
    s->loading = false;
    if (r == VM_WAITS) {
        snprintf(s->error, sizeof s->error, "%s: a script cannot wait while it is loaded", s->file);
    }
    return r == VM_DONE && vm_protect(s->vm, keep_protected, s, s->error, sizeof s->error);
}

// A state with the sandbox in it. What fails here is not in the script's file.
static bool open_state(struct script *s, script_setup_fn *setup, void *ctx) {
    struct setup with = {setup, ctx};
    s->vm->is_script = true;
    s->vm->limit_ms = SCRIPT_TIME_MS;
    s->vm->block_max = SCRIPT_BLOCK_MAX;
    s->later = !vm_protect(s->vm, open_protected, &with, s->error, sizeof s->error);
    return !s->later;
}

static struct script *new_script(const char *file, void *ctx) {
    struct script *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    snprintf(s->file, sizeof s->file, "%s", file);
    s->id = ++last_id;
    s->owner = ctx;
    s->vm = vm_new(s->file, SCRIPT_MEMORY, s);
    if (s->vm != NULL) {
        return s;
    }
    script_free(s);
    return NULL;
}

struct script *script_load(const char *path, const char *file, const struct script_libs *libs,
                           script_setup_fn *setup, void *ctx) {
    struct script *s = new_script(file, ctx);
    if (s == NULL) {
        return NULL;
    }
    s->libs = libs != NULL ? *libs : (struct script_libs){NULL, 0};
    bool loaded = read_file(s, path) && open_state(s, setup, ctx) && run_file(s);
    s->libs = (struct script_libs){NULL, 0};
    if (loaded) {
        return s;
    }
    s->starved = s->vm->starved;
    vm_free(s->vm);
    s->vm = NULL;
    return s;
}

void script_free(struct script *s) {
    if (s == NULL) {
        return;
    }
    vm_free(s->vm);
    for (size_t i = 0; i < s->used_count; i++) {
        free(s->used[i].text);
    }
    free(s->text);
    free(s);
}

struct pushing {
    struct script *s;
    script_function_fn *function;
};

static void push_numbered(lua_State *from, int index, lua_State *to, void *ctx) {
    struct pushing *p = ctx;
    if (lua_type(from, index) != LUA_TFUNCTION) {
        luaL_error(to, "%s: a %s cannot stand in a device table", p->s->file,
                   luaL_typename(from, index));
    }
    lua_getfield(from, LUA_REGISTRYINDEX, FUNCTIONS_KEY);
    lua_pushvalue(from, index);
    lua_rawget(from, -2);
    int number = (int)lua_tointeger(from, -1);
    lua_pop(from, 2);
    p->function(to, p->s, number);
}

void script_push_table(struct script *s, lua_State *to, script_function_fn *function) {
    struct pushing p = {s, function};
    lua_State *L = s->vm->L;
    lua_settop(L, 0);
    lua_getfield(L, LUA_REGISTRYINDEX, TABLE_KEY);
    vm_copy(L, 1, to, push_numbered, &p);
    lua_settop(L, 0);
}

static int settle_protected(lua_State *L) {
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, TABLE_KEY);
    lua_getfield(L, LUA_REGISTRYINDEX, FUNCTIONS_KEY);
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    lua_createtable(L, (int)count, 0);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, -2, i);
        lua_rawseti(L, -2, i);
    }
    lua_setfield(L, LUA_REGISTRYINDEX, FUNCTIONS_KEY);
    return 0;
}

void script_settle(struct script *s) {
    free(s->text);
    s->text = NULL;
    for (size_t i = 0; i < s->used_count; i++) {
        free(s->used[i].text);
        s->used[i].text = NULL;
    }
    if (vm_protect(s->vm, settle_protected, NULL, NULL, 0)) {
        lua_gc(s->vm->L, LUA_GCCOLLECT);
    }
}

void script_push_function(struct script *s, int number) {
    lua_State *L = s->vm->L;
    lua_getfield(L, LUA_REGISTRYINDEX, FUNCTIONS_KEY);
    lua_rawgeti(L, -1, number);
    lua_remove(L, -2);
}

// Registry of the script's state: the list of the arguments its next calls share.
#define ARGS_KEY "args"

struct arguments {
    lua_State *from;
    int count;
    script_push_fn *first;
    void *ctx;
};

static int keep_arguments(lua_State *L) {
    const struct arguments *a = lua_touserdata(L, 1);
    int first = lua_gettop(a->from) - a->count + 1;
    int before = a->first != NULL;
    lua_createtable(L, before + a->count, 0);
    if (a->first != NULL) {
        a->first(L, a->ctx);
        lua_rawseti(L, -2, 1);
    }
    for (int i = 0; i < a->count; i++) {
        vm_copy(a->from, first + i, L, NULL, NULL);
        lua_rawseti(L, -2, before + i + 1);
    }
    lua_setfield(L, LUA_REGISTRYINDEX, ARGS_KEY);
    return 0;
}

bool script_arguments(struct script *s, lua_State *from, int args, script_push_fn *first, void *ctx,
                      char *error, size_t size) {
    struct arguments a = {from, args, first, ctx};
    bool any = args > 0 || first != NULL;
    if (any && !vm_protect(s->vm, keep_arguments, &a, error, size)) {
        return false;
    }
    lua_pop(from, args);
    s->args = args + (first != NULL);
    return true;
}

static int drop_arguments(lua_State *L) {
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, ARGS_KEY);
    return 0;
}

void script_forget(struct script *s) {
    s->args = 0;
    vm_protect(s->vm, drop_arguments, NULL, NULL, 0);
}

struct calling {
    struct script *s;
    int number;
};

// Function and arguments onto the call coroutine; a new one if the last call failed in it.
static int prepare_call(lua_State *L) {
    const struct calling *c = lua_touserdata(L, 1);
    struct script *s = c->s;
    if (s->call == NULL) {
        s->call = lua_newthread(L);
        s->call_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_settop(s->call, 0);
    lua_getfield(L, LUA_REGISTRYINDEX, ARGS_KEY);
    int list = lua_gettop(L);
    luaL_checkstack(L, s->args + 2, "arguments");
    script_push_function(s, c->number);
    for (int i = 1; i <= s->args; i++) {
        lua_rawgeti(L, list, i);
    }
    if (!lua_checkstack(s->call, s->args + 1)) {
        return luaL_error(L, "too many arguments");
    }
    lua_xmove(L, s->call, s->args + 1);
    return 0;
}

// Index 1: the coroutine with the results on top, 2: their count.
static int copy_results(lua_State *L) {
    lua_State *from = lua_touserdata(L, 1);
    int count = (int)lua_tointeger(L, 2), first = lua_gettop(from) - count + 1;
    luaL_checkstack(L, count + 2, "results");
    for (int i = 0; i < count; i++) {
        vm_copy(from, first + i, L, NULL, NULL);
    }
    return count;
}

bool script_try(struct script *s, int number, lua_State *to, int *results, char *error,
                size_t size) {
    struct calling c = {s, number};
    int count = 0;
    if (!vm_protect(s->vm, prepare_call, &c, error, size)) {
        return false;
    }
    enum vm_result r = vm_resume(s->vm, s->call, s->args, SCRIPT_CALL_BUDGET, &count, error, size);
    if (r == VM_WAITS) {
        snprintf(error, size, "%s: a 'from' or 'map' function must not wait", s->file);
    }
    if (r != VM_DONE) {
        luaL_unref(s->vm->L, LUA_REGISTRYINDEX, s->call_ref);
        s->call = NULL;
        return false;
    }
    luaL_checkstack(to, count + 3, "results");
    lua_pushcfunction(to, copy_results);
    lua_pushlightuserdata(to, s->call);
    lua_pushinteger(to, count);
    int status = lua_pcall(to, 2, count, 0);
    if (status != LUA_OK) {
        s->vm->starved = status == LUA_ERRMEM;
        snprintf(error, size, "%s: %s", s->file, lua_tostring(to, -1));
        lua_pop(to, 1);
        return false;
    }
    *results = count;
    return true;
}

int script_call(struct script *s, int number, lua_State *from, int args) {
    char error[512];
    int results = 0;
    if (!script_arguments(s, from, args, NULL, NULL, error, sizeof error)) {
        return s->vm->starved ? vm_no_memory(from) : luaL_error(from, "%s: %s", s->file, error);
    }
    bool ok = script_try(s, number, from, &results, error, sizeof error);
    bool starved = s->vm->starved;
    script_forget(s);
    if (!ok && starved) {
        return vm_no_memory(from);
    }
    if (!ok) {
        lua_pushstring(from, error); // its own file and line, not the caller's
        return lua_error(from);
    }
    return results;
}
