// scripts/pg3/records.lua in a state of its own, as main.lua's host has it.
#ifndef RECORDS_H
#define RECORDS_H

#include "pg3/pg3.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

struct records {
    struct pg3 *pg3;
    struct json *json;
    struct vm *vm;
    const char *code, *texts[2]; // of the question under way
    char answer[PG3_RECORD_MAX];
    bool is, text; // what it said is true, and a text or number
};

static int records_decode(lua_State *L) {
    char error[256];
    const struct records *r = vm_of(L)->owner;
    const char *text = lua_tostring(L, 1);
    return json_copy(r->json, text, strlen(text), L, error, sizeof error);
}

static int records_load(lua_State *L) {
    const struct records *r = vm_of(L)->owner;
    luaL_openlibs(L);
    if (luaL_dostring(L, "package.path = '" SOURCE_DIR "/scripts/?.lua' "
                         "encode = require('pg3.json').encode") != LUA_OK)
        return lua_error(L);
    lua_newtable(L);
    pg3_open_records(L, r->pg3, r->json, SOURCE_DIR);
    lua_setglobal(L, "host");
    lua_register(L, "decode", records_decode);
    return 0;
}

static bool records_open(struct records *r, struct pg3 *pg3, struct json *json) {
    *r = (struct records){.pg3 = pg3, .json = json};
    r->vm = vm_new("records", 0, r);
    return r->vm != NULL && vm_protect(r->vm, records_load, NULL, NULL, 0);
}

static void records_close(struct records *r) { vm_free(r->vm); }

static int records_run(lua_State *L) {
    struct records *r = vm_of(L)->owner;
    if (luaL_loadstring(L, r->code) != LUA_OK)
        return lua_error(L);
    lua_pushstring(L, r->texts[0]);
    lua_pushstring(L, r->texts[1]);
    lua_call(L, 2, 1);
    r->is = lua_toboolean(L, -1);
    r->text = lua_isstring(L, -1);
    snprintf(r->answer, sizeof r->answer, "%s", r->text ? lua_tostring(L, -1) : "");
    return 0;
}

// Whether this Lua, `...` are the texts, returns something true. False too: it raised.
static bool records_ask(struct records *r, const char *code, const char *text, const char *more) {
    r->code = code;
    r->texts[0] = text;
    r->texts[1] = more;
    r->is = r->text = false;
    return vm_protect(r->vm, records_run, NULL, NULL, 0) && r->is;
}

// What it returns, as a text; NULL: nothing, or no text.
static inline const char *records_say(struct records *r, const char *code) {
    records_ask(r, code, NULL, NULL);
    return r->text ? r->answer : NULL;
}

static inline bool records_notice(struct records *r, const char *key, const char *html) {
    return records_ask(r, "host.notice(...) return true", key, html);
}

static inline bool records_doc(struct records *r, const char *html) {
    return records_ask(r, "host.doc(...) return true", html, NULL);
}

static inline bool records_default(struct records *r, const char *name, const char *value) {
    return records_ask(r, "local n, v = ... host.default_params { [n] = v } return true", name,
                       value);
}

static inline bool records_save(struct records *r, const char *json) {
    return records_ask(r, "return host.save(decode(...))", json, NULL);
}

static inline const char *records_data(struct records *r) {
    return records_say(r, "local d = host.data() return d and encode(d)");
}

#endif
