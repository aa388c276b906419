// host.lan, host.fingerprint, host.search: devices on the LAN, for trusted Lua.
// What they answer is anybody's: it comes as text, short, and nothing of it is believed here.
#include "api/api.h"
#include "net/fingerprint.h"
#include "net/search.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS 10 // for one request

// ---- requests

static int lan_done(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    const struct http_reply *reply = api_handed(L);
    if (reply->error != HTTP_OK) {
        return api_push_failure(L, reply);
    }
    lua_createtable(L, 0, 2);
    api_put_integer(L, "status", reply->status);
    lua_pushlstring(L, reply->body, reply->body_len);
    lua_setfield(L, -2, "text");
    return 1;
}

// host.lan{ url=, ca=, certificate=, post=, timeout= (seconds) } -> { status=, text= }
//   | nil, { kind=, text= }
// A request to a device on the LAN, past the rate limit. Over https only with `ca`, the path of a
// PEM file with its certificate, which may be for another name; without it only over http.
// certificate = true: only asks for the server's certificate, which nothing vouches for, over
// https; the text is it, in PEM form. post: the form to send. An answer has 64 KiB at most.
static int host_lan(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct http_request req = {
        .url = api_needed_field(L, 1, "url"),
        .post = api_text_field(L, 1, "post"),
        .certificate = api_bool_field(L, 1, "certificate", false),
        .timeout_ms = (long)(api_number_field(L, 1, "timeout", SECONDS) * 1000),
        .ca_file = lua_getfield(L, 1, "ca") != LUA_TNIL ? api_path(L, 2) : NULL,
        .lan = true,
    };
    api_request(L, &req);
    return lua_yieldk(L, 0, 0, lan_done);
}

// host.fingerprint(text) -> the SHA-256 of the first certificate of a PEM text, in upper case with
// colons; nil: there is none.
static int host_fingerprint(lua_State *L) {
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    char out[FINGERPRINT_SIZE];
    lua_pushstring(L, fingerprint_of(text, len, out) ? out : NULL);
    return 1;
}

// ---- search

struct asked {
    struct asked *next;
    struct api *api;
    struct task *task;
    struct search *search;
};

static void asked_end(struct asked *q) {
    struct asked **at = &q->api->searches;
    while (*at != q) {
        at = &(*at)->next;
    }
    *at = q->next;
    search_free(q->search);
    free(q);
}

void api_lan_close(struct api *a) {
    while (a->searches != NULL) {
        asked_end(a->searches);
    }
}

static void found(void *ctx, const struct search_answer *answers) {
    struct asked *q = ctx;
    task_wake(q->task, answers);
    asked_end(q);
}

static int search_done(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    const struct search_answer *a = api_handed(L);
    lua_newtable(L);
    for (lua_Integer i = 1; a != NULL; a = a->next, i++) {
        lua_createtable(L, 0, 2);
        api_put_text(L, "from", a->from);
        lua_pushlstring(L, a->text, a->len);
        lua_setfield(L, -2, "text");
        lua_rawseti(L, -2, i);
    }
    return 1;
}

// host.search(address, port, text, seconds) -> list of { from = address, text = } | nil, why
// Asks all of a multicast group (or one machine) by UDP, and gathers what is answered in that time:
// at most 64 datagrams, four of one sender, 2 KiB of each.
static int host_search(lua_State *L) {
    struct api *a = api_of(L);
    const char *to = luaL_checkstring(L, 1), *text = luaL_checkstring(L, 3);
    lua_Integer port = luaL_checkinteger(L, 2);
    double seconds = luaL_checknumber(L, 4);
    luaL_argcheck(L, port > 0 && port <= 65535, 2, "a port expected");
    luaL_argcheck(L, seconds > 0 && seconds <= 60, 4, "seconds up to 60 expected");
    struct task *task = api_wait(L);
    struct asked *q = calloc(1, sizeof *q);
    if (q == NULL) {
        return vm_no_memory(L);
    }
    q->api = a;
    q->task = task;
    q->search = search_start(a->loop, to, (int)port, text, (int64_t)(seconds * 1000), found, q);
    if (q->search == NULL) {
        free(q);
        return api_nil(L, strerror(errno));
    }
    q->next = a->searches;
    a->searches = q;
    return lua_yieldk(L, 0, 0, search_done);
}

const luaL_Reg api_lan_functions[] = {
    {"lan", host_lan}, {"fingerprint", host_fingerprint}, {"search", host_search}, {NULL, NULL}};
