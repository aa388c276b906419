// host.http, host.limit, host.hold: rate-limited HTTPS for trusted Lua.
#include "api.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADERS_MAX 16

static void push_body(lua_State *L, const struct wait *w) {
    const struct http_reply *reply = w->reply;
    char error[256];
    if (json_copy(w->api->json, reply->body, reply->body_len, L,
                  w->without[0] != '\0' ? w->without : NULL, error, sizeof error)) {
        lua_setfield(L, -2, "json");
        return;
    }
    lua_pushstring(L, error);
    lua_setfield(L, -2, "json_error");
}

static void set_seconds(lua_State *L, const char *name, int64_t seconds) {
    if (seconds <= 0)
        return;
    lua_pushinteger(L, (lua_Integer)seconds);
    lua_setfield(L, -2, name);
}

static int push_failure(lua_State *L, const struct http_reply *reply) {
    static const char *const kinds[] = {
        [HTTP_OK] = "other",        [HTTP_DNS] = "dns",         [HTTP_CONNECT] = "connect",
        [HTTP_TLS] = "tls",         [HTTP_TIMEOUT] = "timeout", [HTTP_CUT] = "cut",
        [HTTP_TOO_BIG] = "too_big", [HTTP_OTHER] = "other"};
    lua_pushnil(L);
    lua_createtable(L, 0, 2);
    lua_pushstring(L, kinds[reply->error]);
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, reply->error_text);
    lua_setfield(L, -2, "text");
    return 2;
}

static int http_done(lua_State *L, int status, lua_KContext ctx) {
    (void)status;
    const struct wait *w = (const struct wait *)ctx;
    const struct http_reply *reply = w->reply;
    if (reply->error != HTTP_OK)
        return push_failure(L, reply);
    lua_createtable(L, 0, 6);
    lua_pushinteger(L, reply->status);
    lua_setfield(L, -2, "status");
    set_seconds(L, "retry_after", reply->retry_after_s);
    set_seconds(L, "date", reply->date_s);
    push_body(L, w);
    return 1;
}

static void replied(void *ctx, const struct http_reply *reply) {
    struct wait *w = ctx;
    w->reply = reply;
    api_wake(w);
}

// Leaves "Name: value" texts on the stack, so that they live until the request was copied.
static void collect_headers(lua_State *L, const char **headers) {
    int count = 0;
    lua_getfield(L, 1, "headers");
    int table = lua_gettop(L);
    if (lua_istable(L, table)) {
        lua_pushnil(L);
        while (lua_next(L, table) != 0) {
            if (count == HEADERS_MAX)
                luaL_error(L, "more than %d headers", HEADERS_MAX);
            luaL_checkstack(L, 6, "headers");
            const char *name = luaL_checkstring(L, -2);
            const char *value = luaL_checkstring(L, -1);
            headers[count] = lua_pushfstring(L, "%s: %s", name, value);
            count++;
            lua_insert(L, table);
            table++;
            lua_pop(L, 1);
        }
    }
    headers[count] = NULL;
}

static int host_http(lua_State *L) {
    struct api *a = api_of(L);
    const char *headers[HEADERS_MAX + 1];
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_getfield(L, 1, "url");
    lua_getfield(L, 1, "ca_file");
    lua_getfield(L, 1, "timeout");
    lua_getfield(L, 1, "without");
    const char *without = luaL_optstring(L, 5, "");
    struct http_request req = {
        .url = luaL_checkstring(L, 2),
        .headers = headers,
        .ca_file = luaL_optstring(L, 3, NULL),
        .timeout_ms = (long)(luaL_optnumber(L, 4, 20) * 1000),
    };
    collect_headers(L, headers);
    struct wait *w = api_wait(L);
    snprintf(w->without, sizeof w->without, "%s", without);
    if (!http_get(a->http, &req, replied, w)) {
        w->task = 0;
        api_wake(w);
        return vm_no_memory(L);
    }
    lua_settop(L, 0);
    return lua_yieldk(L, 0, (lua_KContext)w, http_done);
}

static lua_Integer field_integer(lua_State *L, const char *name) {
    lua_getfield(L, 1, name);
    lua_Integer value = luaL_checkinteger(L, -1);
    lua_pop(L, 1);
    return value;
}

static int host_limit(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    http_limit(api_of(L)->http, field_integer(L, "depth"), field_integer(L, "interval_ms"));
    return 0;
}

static int host_hold(lua_State *L) {
    double seconds = luaL_checknumber(L, 1);
    if (seconds >= 0 && seconds < 1e7)
        http_hold(api_of(L)->http, (int64_t)(seconds * 1000));
    return 0;
}

static const luaL_Reg functions[] = {
    {"http", host_http}, {"limit", host_limit}, {"hold", host_hold}, {NULL, NULL}};

void api_http_open(lua_State *L) { luaL_setfuncs(L, functions, 0); }
