#include "lua/json.h"
#include "base/walk.h"
#include "lua/vm.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// lua-cjson's module; not every system installs a header for it.
int luaopen_cjson(lua_State *L);

struct json {
    struct vm *vm;
    int decode; // registry
};

// lua-cjson ends the process when malloc refuses what its text buffers need, and a decode that
// Lua's memory fails in leaks its buffer. So before each call:
// - what its buffers can need at most is asked for and given back. Between that and lua-cjson's own
//   malloc only a library's thread can take it away; nothing else in this program runs.
// - a decode has a ballast of what the values of a text of that length can take, so that Lua's
//   memory does not fail in it.
// Where there is not that much, nothing is decoded: that is an error like others.
#define OPEN_BYTES 8192  // lua-cjson's settings and its first buffer
#define DECODE_BYTES 40  // for one byte of JSON: "[]," is the worst, with the arrays' growth
#define DECODE_BASE 4096 // for any text

static void have_memory(lua_State *L, size_t size) {
    void *volatile probe = malloc(size); // volatile: or a compiler leaves out both calls
    if (probe == NULL) {
        vm_no_memory(L);
    }
    free(probe);
}

static void have_ballast(lua_State *L, size_t size) {
    struct vm *vm = vm_of(L);
    free(vm->ballast);
    vm->ballast = malloc(size);
    if (vm->ballast == NULL) {
        vm_no_memory(L);
    }
}

static void drop_ballast(struct vm *vm) {
    free(vm->ballast);
    vm->ballast = NULL;
}

static int open_cjson(lua_State *L) {
    struct json *j = lua_touserdata(L, 1);
    have_memory(L, OPEN_BYTES);
    luaopen_cjson(L);
    lua_getfield(L, -1, "decode");
    j->decode = luaL_ref(L, LUA_REGISTRYINDEX);
    // Everything lives until its document is done and then goes at once (tidy).
    lua_gc(L, LUA_GCSTOP);
    return 0;
}

struct json *json_new(void) {
    struct json *j = calloc(1, sizeof *j);
    if (j == NULL) {
        return NULL;
    }
    j->vm = vm_new("json", 0, j);
    if (j->vm == NULL || !vm_protect(j->vm, open_cjson, j, NULL, 0)) {
        json_free(j);
        return NULL;
    }
    return j;
}

void json_free(struct json *j) {
    if (j == NULL) {
        return;
    }
    vm_free(j->vm);
    free(j);
}

// What a large document needed is given back at once: the next one may be minutes away. Small ones
// gather.
#define KEEP_BYTES (96u * 1024)

static void tidy(struct json *j) {
    if (j->vm->used > KEEP_BYTES) {
        lua_gc(j->vm->L, LUA_GCCOLLECT);
    }
}

struct reading {
    const struct json *json;
    const char *text;
    size_t len;
    json_fn *fn;
    void *ctx;
};

static int read_protected(lua_State *L) {
    struct reading *r = lua_touserdata(L, 1);
    lua_settop(L, 0);
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->json->decode);
    lua_pushlstring(L, r->text, r->len);
    have_ballast(L, DECODE_BYTES * r->len + DECODE_BASE);
    have_memory(L, r->len + DECODE_BASE);
    lua_call(L, 1, 1);
    drop_ballast(vm_of(L));
    r->fn(L, r->ctx);
    return 0;
}

// strtod, which cjson calls, takes the square of a number's length on some systems.
static bool numbers_are_short(const char *text, size_t len) {
    size_t run = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (quoted && c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
            run = 0;
        } else if (!quoted && ((c >= '0' && c <= '9') || c == '.')) {
            if (++run > JSON_DIGITS) {
                return false;
            }
        } else {
            run = 0;
        }
    }
    return true;
}

bool json_read(struct json *j, const char *text, size_t len, json_fn *fn, void *ctx, char *error,
               size_t size) {
    j->vm->starved = false; // what is asked is why this one failed
    if (len > JSON_MAX) {
        snprintf(error, size, "it is larger than %u KiB", JSON_MAX / 1024);
        return false;
    }
    if (!numbers_are_short(text, len)) {
        snprintf(error, size, "it holds a number of more than %u digits", JSON_DIGITS);
        return false;
    }
    struct reading r = {j, text, len, fn, ctx};
    bool ok = vm_protect(j->vm, read_protected, &r, error, size);
    drop_ballast(j->vm);
    tidy(j);
    return ok;
}

bool json_starved(const struct json *j) { return j->vm->starved; }

struct copying {
    lua_State *to;
    lua_State *from;
    int status;
};

static int copy_protected(lua_State *L) {
    struct copying *c = lua_touserdata(L, 1);
    vm_copy(c->from, 1, L, NULL, NULL);
    return 1;
}

// Runs inside our protected call: an error of the other state must not unwind through it.
static void copy_document(lua_State *from, void *ctx) {
    struct copying *c = ctx;
    c->from = from;
    lua_pushcfunction(c->to, copy_protected);
    lua_pushlightuserdata(c->to, c);
    c->status = lua_pcall(c->to, 1, 1, 0);
}

bool json_copy(struct json *j, const char *text, size_t len, lua_State *to, char *error,
               size_t size) {
    struct copying c = {.to = to, .status = LUA_OK};
    luaL_checkstack(to, 8, "JSON");
    if (!json_read(j, text, len, copy_document, &c, error, size)) {
        if (json_starved(j)) {
            vm_no_memory(to);
        }
        return false;
    }
    if (c.status == LUA_OK) {
        return true;
    }
    if (c.status == LUA_ERRMEM) {
        vm_no_memory(to);
    }
    snprintf(error, size, "%s", lua_type(to, -1) == LUA_TSTRING ? lua_tostring(to, -1) : "?");
    lua_pop(to, 1);
    return false;
}

int json_push(lua_State *L, int index, const char *key) {
    luaL_checkstack(L, 4, "JSON");
    if (lua_type(L, index) == LUA_TTABLE) {
        lua_getfield(L, index, key);
    } else {
        lua_pushnil(L);
    }
    return lua_type(L, -1);
}

const char *json_text(lua_State *L, int index, const char *key, const char *missing) {
    char number[32];
    int type = json_push(L, index, key);
    if (type == LUA_TNUMBER) {
        walk_number(number, lua_tonumber(L, -1));
        lua_pop(L, 1);
        lua_pushstring(L, number);
        lua_pushvalue(L, -1);
        lua_setfield(L, index, key); // the document keeps it
    }
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : missing;
    lua_pop(L, 1);
    return text;
}

long json_long(lua_State *L, int index, const char *key, long missing) {
    int type = json_push(L, index, key);
    int ok = 0;
    double n = lua_tonumberx(L, -1, &ok);
    if (type == LUA_TBOOLEAN) {
        ok = 1;
        n = lua_toboolean(L, -1);
    }
    lua_pop(L, 1);
    return ok && fabs(n) < 1e15 ? (long)n : missing;
}
