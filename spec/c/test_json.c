// json: reading into C, copies between states, writing, and what is not JSON.
#include "check.h"
#include "lua/json.h"
#include "lua/vm.h"
#include "refuse.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

static struct json *json;

static void nothing(lua_State *L, void *ctx) {
    (void)L;
    if (ctx != NULL)
        ++*(int *)ctx;
}

static bool reads(const char *text, json_fn *fn, void *ctx) {
    char error[256] = "";
    bool ok = json_read(json, text, strlen(text), fn, ctx, error, sizeof error);
    CHECK(ok || error[0] != '\0');
    return ok;
}

static void look(lua_State *L, void *ctx) {
    (void)ctx;
    CHECK(json_push(L, 1, "none") == LUA_TNIL && json_push(L, 1, "s") == LUA_TSTRING);
    CHECK(json_push(L, 1, "o") == LUA_TTABLE && json_push(L, lua_gettop(L), "x") == LUA_TNUMBER);
    CHECK(json_push(L, 2, "x") == LUA_TNIL); // of no object
    lua_settop(L, 1);
    CHECK(strcmp(json_text(L, 1, "s", NULL), "t\xc3\xa4xt") == 0);
    const char *number = json_text(L, 1, "n", NULL), *missing = "none";
    lua_gc(L, LUA_GCCOLLECT);
    CHECK(strcmp(number, "230") == 0 && json_text(L, 1, "n", NULL) == number);
    CHECK(json_text(L, 1, "z", missing) == missing && json_text(L, 1, "yes", missing) == missing);
    CHECK(strcmp(json_text(L, 1, "f", NULL), "0.500000") == 0);
    CHECK(strcmp(json_text(L, 1, "big", NULL), "100000000000000") == 0);
    CHECK(strcmp(json_text(L, 1, "neg", NULL), "-7") == 0);
    CHECK(json_text(L, 1, "yes", NULL) == NULL && json_text(L, 1, "z", NULL) == NULL);
    CHECK(json_text(L, 1, "o", NULL) == NULL && json_text(L, 1, "none", NULL) == NULL);
    const char *huge = json_text(L, 1, "huge", NULL); // fits its 32 bytes, whatever it says
    CHECK(huge != NULL && strlen(huge) < 32);
    CHECK(json_long(L, 1, "n", 1) == 230 && json_long(L, 1, "neg", 1) == -7);
    CHECK(json_long(L, 1, "digits", 1) == 42 && json_long(L, 1, "s", 1) == 1);
    CHECK(json_long(L, 1, "yes", 5) == 1 && json_long(L, 1, "no", 5) == 0);
    CHECK(json_long(L, 1, "z", 5) == 5 && json_long(L, 1, "none", 5) == 5);
    CHECK(json_long(L, 1, "huge", 5) == 5 && json_long(L, 1, "o", 5) == 5);
    CHECK(json_long(L, 1, "f", 5) == 0 && json_long(L, 1, "inf", 5) == 5);
    CHECK(json_long(L, 1, "twice", 0) == 2); // the last one counts
    CHECK(lua_gettop(L) == 1);
}

static void test_reading(void) {
    CHECK(reads("{\"s\":\"t\\u00e4xt\",\"n\":230,\"f\":0.5,\"big\":1e14,\"neg\":-7,\"yes\":true,"
                "\"no\":false,\"z\":null,\"o\":{\"x\":1},\"huge\":1e300,\"digits\":\"42\","
                "\"inf\":1e400,\"twice\":1,\"twice\":2}",
                look, NULL));
    int seen = 0;
    CHECK(reads("[]", nothing, &seen) && reads("1", nothing, &seen) &&
          reads("null", nothing, &seen));
    CHECK(reads(" \n{} ", nothing, &seen) && reads("\"x\"", nothing, &seen) && seen == 5);
}

static void test_not_json(void) {
    static const char *const bad[] = {
        "",       " ",         "{",           "}",          "{\"a\":}",
        "[1,]",   "{a:1}",     "'x'",         "{\"a\":1}x", "\xef\xbb\xbf{}",
        "<html>", "\"\\u12\"", "\"\\ud800\"", "[1 2]",      "tru"};
    int seen = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(!reads(bad[i], nothing, &seen));
    char error[256];
    CHECK(seen == 0);
    CHECK(!json_read(json, "\"secret", 7, nothing, NULL, error, sizeof error));
    CHECK(strstr(error, "secret") == NULL); // may be a token
}

static char *repeated(const char *open, const char *inner, const char *close, size_t times) {
    size_t len = strlen(open) * times + strlen(inner) + strlen(close) * times + 1;
    char *text = calloc(1, len), *at = text;
    for (size_t i = 0; i < times; i++, at += strlen(open))
        memcpy(at, open, strlen(open));
    memcpy(at, inner, strlen(inner));
    at += strlen(inner);
    for (size_t i = 0; i < times; i++, at += strlen(close))
        memcpy(at, close, strlen(close));
    return text;
}

static void test_large(void) {
    int seen = 0;
    char *deep = repeated("[", "1", "]", 100000);
    CHECK(!reads(deep, nothing, &seen));
    free(deep);
    char *wide = repeated("[],", "[]", "", 300000);
    char *array = malloc(strlen(wide) + 3);
    snprintf(array, strlen(wide) + 3, "[%s]", wide);
    CHECK(reads(array, nothing, &seen) && seen == 1);
    free(array);
    free(wide);
    char *over = calloc(1, JSON_MAX + 2);
    memset(over, ' ', JSON_MAX + 1);
    char error[256] = "";
    CHECK(!json_read(json, over, JSON_MAX + 1, nothing, &seen, error, sizeof error));
    CHECK(strstr(error, "larger than 2048 KiB") != NULL);
    over[0] = '1';
    CHECK(json_read(json, over, JSON_MAX, nothing, &seen, error, sizeof error));
    free(over);
}

// Fault: A number of two million digits takes strtod minutes on some systems; the plugin hangs.
// Expected: A text with a number longer than any double is refused; long texts in quotes are not.
static void test_long_numbers(void) {
    int seen = 0;
    char *digits = repeated("1", "", "", 2000);
    char text[2100];
    snprintf(text, sizeof text, "[%.300s, 0.%.700s, -1e-%.300s]", digits, digits, digits);
    CHECK(reads(text, nothing, &seen) && seen == 1);
    snprintf(text, sizeof text, "[\"\\\"%s\"]", digits);
    CHECK(reads(text, nothing, &seen) && seen == 2);
    snprintf(text, sizeof text, "[\"\\\\\", %.1200s]", digits);
    CHECK(!reads(text, nothing, &seen));
    snprintf(text, sizeof text, "{\"a\": -0.%.1200s}", digits);
    CHECK(!reads(text, nothing, &seen) && seen == 2);
    free(digits);
}

// Reading within reading, as a record whose value is JSON text.
static void inner(lua_State *L, void *ctx) {
    CHECK(strcmp(json_text(L, 1, "b", NULL), "2") == 0);
    ++*(int *)ctx;
}

static void outer(lua_State *L, void *ctx) {
    const char *text = json_text(L, 1, "a", NULL);
    CHECK(reads(text, inner, ctx));
    CHECK(!reads("{", inner, ctx));
    CHECK(strcmp(json_text(L, 1, "a", NULL), "{\"b\":2}") == 0 && lua_gettop(L) == 1);
}

static int raising_callback_count;
static void raises(lua_State *L, void *ctx) {
    (void)ctx;
    raising_callback_count++;
    luaL_error(L, "from the callback");
}

static void test_nested(void) {
    int seen = 0;
    CHECK(reads("{\"a\":\"{\\\"b\\\":2}\"}", outer, &seen) && seen == 1);
    CHECK(!reads("{}", raises, NULL) && raising_callback_count == 1);
    CHECK(reads("{}", nothing, &seen) && seen == 2);
}

struct copying {
    const char *text;
    const char *check; // Lua that looks at the copy
    bool copied;
    char error[256];
};

static int copy_protected(lua_State *L) {
    struct copying *c = lua_touserdata(L, 1);
    luaL_requiref(L, "_G", luaopen_base, 1);
    luaL_requiref(L, "math", luaopen_math, 1);
    lua_settop(L, 1);
    if (c->check != NULL && luaL_loadstring(L, c->check) != LUA_OK)
        return lua_error(L);
    c->copied = json_copy(json, c->text, strlen(c->text), L, c->error, sizeof c->error);
    CHECK(lua_gettop(L) == (c->check != NULL) + 1 + c->copied);
    if (c->copied && c->check != NULL)
        lua_call(L, 1, 0);
    return 0;
}

static bool copies(const char *text, const char *check, size_t cap) {
    struct copying c = {text, check, false, ""};
    char error[256] = "";
    struct vm *vm = vm_new("test", cap, NULL);
    bool ok = vm_protect(vm, copy_protected, &c, error, sizeof error);
    if (!ok && check != NULL)
        printf("%s\n", error);
    vm_free(vm);
    return ok && c.copied;
}

static void test_copy(void) {
    CHECK(copies("{\"a\":[1,2.5,\"x\",null,false],\"n\":null,\"i\":230.0,\"e\":{}}",
                 "local t = ... assert(math.type(t.a[1]) == 'integer' and t.a[1] == 1) "
                 "assert(t.a[2] == 2.5 and t.a[3] == 'x' and t.a[4] == nil and t.a[5] == false) "
                 "assert(t.n == nil and math.type(t.i) == 'integer' and next(t.e) == nil)",
                 0));
    CHECK(copies("9007199254740993", "assert(math.type(...) == 'float')", 0));
    CHECK(copies("-0.0", "assert(... == 0)", 0));
    CHECK(copies("1e400", "assert(... == math.huge)", 0));
    CHECK(copies("null", "assert(... == nil)", 0));
    CHECK(!copies("{\"a\":", NULL, 0) && !copies("", NULL, 0));
    // Too deep for a copy: no JSON as far as the caller is concerned, not a raised error.
    char *deep = repeated("[", "1", "]", 40);
    struct copying c = {deep, NULL, false, ""};
    struct vm *vm = vm_new("test", 0, NULL);
    CHECK(vm_protect(vm, copy_protected, &c, NULL, 0) && !c.copied && strlen(c.error) > 0);
    vm_free(vm);
    free(deep);
    // The other state is full: it raises there, and nothing breaks here.
    char *wide = repeated("[],", "[]", "", 20000);
    char *array = malloc(strlen(wide) + 3);
    snprintf(array, strlen(wide) + 3, "[%s]", wide);
    CHECK(!copies(array, NULL, 200 * 1024) && copies(array, NULL, 0));
    free(array);
    free(wide);
    int seen = 0;
    CHECK(reads("{}", nothing, &seen) && seen == 1);
}

// Fault: a text that is too large counts as a shortage of memory because one before it met one
// Expected: what is asked is why the last one failed
static void test_starved(void) {
    char *digits = repeated("1", "", "", JSON_DIGITS + 1), error[256];
    const size_t lengths[] = {JSON_MAX + 1, JSON_DIGITS + 1}; // too large; too long a number
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        fail_all = true;
        CHECK(!reads("{}", nothing, NULL) && json_starved(json));
        fail_all = false;
        CHECK(!json_read(json, digits, lengths[i], nothing, NULL, error, sizeof error));
        CHECK(!json_starved(json));
    }
    CHECK(reads("{}", nothing, NULL) && !json_starved(json));
    free(digits);
}

int main(void) {
    json = json_new();
    CHECK(json != NULL);
    test_reading();
    test_not_json();
    test_large();
    test_long_numbers();
    test_nested();
    test_copy();
    test_starved();
    json_free(json);
    json_free(NULL);
    return check_end();
}
