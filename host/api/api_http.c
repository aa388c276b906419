// host.http, host.limit, host.hold: rate-limited HTTPS for trusted Lua.
#include "api/api.h"
#include "base/buf.h"

#include <lauxlib.h>

// An answer on its way to Lua.
struct body {
    struct json *json;
    const struct http_reply *reply;
    struct buf sieved;
    struct api_list list;
};

// Index 1: the request, 2: the body -> the value, marks and count of its list, what is wrong; each
// may be nil. What cannot be sieved is decoded as it is: either that works, or its error is the
// clearest.
static int decode(lua_State *L) {
    struct body *b = lua_touserdata(L, 2);
    const char *without[API_NAMES_MAX + 1];
    char error[256];
    api_read_names(L, 1, "without", without);
    bool listed = api_list_begin(&b->list, L, b->json, 1);
    struct sieve s = {.without = without,
                      .list = listed ? b->list.name : NULL,
                      .place = b->list.place,
                      .content = b->list.content,
                      .element = api_list_element,
                      .ctx = &b->list};
    const char *text = b->reply->body;
    size_t len = b->reply->body_len;
    bool sieved = (without[0] != NULL || listed) && sieve_text(&s, text, len, &b->sieved);
    if (b->sieved.starved) {
        return vm_no_memory(L);
    }
    if (sieved) {
        text = buf_text(&b->sieved);
        len = b->sieved.len;
    }
    bool decoded = json_copy(b->json, text, len, L, error, sizeof error);
    if (!decoded) {
        lua_pushnil(L);
    }
    if (decoded && sieved && b->list.count > 0) {
        lua_pushlstring(L, buf_text(&b->list.marks), b->list.marks.len);
        lua_pushinteger(L, b->list.count);
    } else {
        lua_pushnil(L);
        lua_pushnil(L);
    }
    lua_pushstring(L, decoded ? NULL : error);
    return 4;
}

// The reply on top gets `json`, `marks`, `count` and `json_error` from its body. Raises when memory
// is short.
static void set_body(lua_State *L, const struct http_reply *reply) {
    static const char *const fields[] = {"json_error", "count", "marks", "json"};
    struct body b = {.json = api_of(L)->json, .reply = reply};
    buf_init(&b.sieved, 5 * reply->body_len + 1); // a 0 may become false
    buf_init(&b.list.marks, SIZE_MAX);
    lua_pushcfunction(L, decode);
    lua_pushvalue(L, 1);
    lua_pushlightuserdata(L, &b);
    int status = lua_pcall(L, 2, 4, 0);
    buf_free(&b.sieved);
    buf_free(&b.list.marks);
    if (status != LUA_OK) {
        lua_error(L);
    }
    for (int i = 0; i < 4; i++) {
        lua_setfield(L, -5 + i, fields[i]);
    }
}

int api_push_failure(lua_State *L, const struct http_reply *reply) {
    static const char *const kinds[] = {
        [HTTP_OK] = "other",        [HTTP_DNS] = "dns",         [HTTP_CONNECT] = "connect",
        [HTTP_TLS] = "tls",         [HTTP_TIMEOUT] = "timeout", [HTTP_CUT] = "cut",
        [HTTP_TOO_BIG] = "too_big", [HTTP_OTHER] = "other"};
    lua_pushnil(L);
    lua_createtable(L, 0, 2);
    api_put_text(L, "kind", kinds[reply->error]);
    api_put_text(L, "text", reply->error_text);
    return 2;
}

static int http_done(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    const struct http_reply *reply = api_handed(L);
    if (reply->error != HTTP_OK) {
        return api_push_failure(L, reply);
    }
    lua_createtable(L, 0, 7);
    api_put_integer(L, "status", reply->status);
    if (reply->retry_after_s > 0) {
        api_put_integer(L, "retry_after", reply->retry_after_s);
    }
    if (reply->date_s > 0) {
        api_put_integer(L, "date", reply->date_s);
    }
    set_body(L, reply);
    if (api_bool_field(L, 1, "text", false)) {
        lua_pushlstring(L, reply->body, reply->body_len);
        lua_setfield(L, -2, "text");
    }
    return 1;
}

static void replied(void *ctx, const struct http_reply *reply) { task_wake(ctx, reply); }

void api_request(lua_State *L, const struct http_request *req) {
    if (!http_get(api_of(L)->http, req, replied, api_wait(L))) {
        vm_no_memory(L);
    }
}

// host.http{ url=, headers=, timeout= (seconds), ca_file=, priority=, without=, list=, text= }
//   -> { status=, date=, retry_after=, json=, json_error=, marks=, count=, text= }
//   | nil, { kind=, text= }
// headers: list of "Name: value". priority: it leaves before those that wait with a lower one (0
// where none is given). text: whether the body is wanted as it came, too. without: names of members
// that nobody wants. list = { name=, place=, content=, known=, places=, take= }: of the elements of
// the member `name` only those count that are not as they were when they had the marks `known`
// (nil: none had). take(number, place, hash, ...) is called for each: place is what the table
// `places` has for a hash of the element's members `place`, and hash nil; else place is an object
// of these members, and hash theirs. The values of the members `content` follow. The list in the
// json is empty then, and count how many elements it had. No marks: it is there as it came, and
// what was taken does not count.
static int host_http(lua_State *L) {
    const char *headers[API_NAMES_MAX + 1];
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    api_read_names(L, 1, "headers", headers);
    struct http_request req = {
        .url = api_needed_field(L, 1, "url"),
        .headers = headers,
        .ca_file = api_text_field(L, 1, "ca_file"),
        .priority = (int)api_number_field(L, 1, "priority", 0),
        .timeout_ms = (long)(api_number_field(L, 1, "timeout", 20) * 1000),
    };
    api_request(L, &req);
    lua_settop(L, 1); // for http_done
    return lua_yieldk(L, 0, 0, http_done);
}

static int host_limit(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Number depth = api_number_field(L, 1, "depth", 0);
    lua_Number interval_ms = api_number_field(L, 1, "interval_ms", 0);
    luaL_argcheck(L, depth >= 1 && interval_ms >= 1, 1, "depth and interval_ms expected");
    http_limit(api_of(L)->http, (int64_t)depth, (int64_t)interval_ms);
    return 0;
}

static int host_hold(lua_State *L) {
    double seconds = luaL_checknumber(L, 1);
    if (seconds >= 0 && seconds < 1e7) {
        http_hold(api_of(L)->http, (int64_t)(seconds * 1000));
    }
    return 0;
}

const luaL_Reg api_http_functions[] = {
    {"http", host_http}, {"limit", host_limit}, {"hold", host_hold}, {NULL, NULL}};
