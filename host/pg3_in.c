// Messages from PG3 (PROTOCOL.md section 5). One handler a key; a message may hold several keys.
#include "log.h"
#include "pg3_state.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AREA "pg3"

// `at` is the absolute index of the value under the handled key.
typedef void handler(struct pg3 *p, lua_State *L, int at);

// Calls fn for each element of an array, or once for a single object: PG3 sends both.
static void each(struct pg3 *p, lua_State *L, int at, handler *fn) {
    if (lua_type(L, at) != LUA_TTABLE)
        return;
    if (lua_rawlen(L, at) == 0) {
        fn(p, L, at);
        return;
    }
    for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, at); i++) {
        lua_rawgeti(L, at, i);
        if (lua_type(L, -1) == LUA_TTABLE)
            fn(p, L, lua_gettop(L));
        lua_pop(L, 1);
    }
}

static const char *text_or(lua_State *L, int at, const char *key, char *scratch,
                           const char *missing) {
    const char *text = json_text(L, at, key, scratch);
    return text != NULL ? text : missing;
}

static void set_level(lua_State *L, int at, const char *key) {
    char scratch[32];
    const char *level = json_text(L, at, key, scratch);
    if (level != NULL && level[0] != '\0')
        log_set_level(log_level_of(level));
}

static void on_config(struct pg3 *p, lua_State *L, int at) {
    char scratch[32];
    if (lua_type(L, at) != LUA_TTABLE)
        return;
    log_mask(text_or(L, at, "token", scratch, ""));
    set_level(L, at, "logLevel");
    if (json_push(L, at, "nodes") == LUA_TTABLE)
        known_read(&p->known, L, lua_gettop(L));
    lua_pop(L, 1);
    for (size_t i = 0; i < p->nodes->count; i++)
        pg3_recall(p, p->nodes->all[i]);
    p->have_config = true;
    pg3_check_gate(p);
}

// User data

static void keep_params(struct pg3 *p, lua_State *L, int at) {
    struct pairs fresh = {0};
    pairs_read(&fresh, L, at);
    pg3_params_read(p, &fresh);
}

static void keep_data(struct pg3 *p, lua_State *L, int at) {
    struct buf b;
    char error[128];
    buf_init(&b, 256 * 1024);
    // Our own record may be echoed later, but only the one from before this run is news.
    if (p->data == NULL && !p->have_custom && lua_type(L, at) == LUA_TTABLE &&
        json_write(p->json, L, at, &b, error, sizeof error))
        p->data = strdup(buf_text(&b));
    buf_free(&b);
}

static void keep_idata(struct pg3 *p, lua_State *L, int at) {
    char scratch[32];
    if (p->profile_timer == 0)
        snprintf(p->installed, sizeof p->installed, "%s",
                 text_or(L, at, "profile_version", scratch, ""));
}

// Of the notices only those that are not ours: ours are known better here, and PG3's must not be
// wiped.
static void keep_notices(struct pg3 *p, lua_State *L, int at) {
    struct pairs all = {0};
    pairs_read(&all, L, at);
    pairs_free(&p->foreign_notices);
    for (size_t i = 0; i < all.count; i++)
        if (strncmp(all.all[i].key, PG3_NOTICE_PREFIX, strlen(PG3_NOTICE_PREFIX)) != 0)
            pairs_set(&p->foreign_notices, all.all[i].key, all.all[i].value);
    pairs_free(&all);
}

static void keep_doc(struct pg3 *p, lua_State *L, int at) {
    if (p->doc == NULL && lua_type(L, at) == LUA_TSTRING)
        p->doc = strdup(lua_tostring(L, at));
}

static const struct {
    const char *key;
    handler *keep;
} records[] = {
    {"customparams", keep_params}, {"customdata", keep_data},     {"notices", keep_notices},
    {"idata", keep_idata},         {"customparamsdoc", keep_doc},
};

struct record {
    struct pg3 *p;
    handler *keep;
};

static void keep_decoded(lua_State *L, void *ctx) {
    struct record *r = ctx;
    r->keep(r->p, L, 1);
}

// Whether the object at `at` wraps a record: nothing but a row's own fields, and a value that is an
// object or its text. A parameter that the user named "value" is no wrapper.
static bool is_wrapper(lua_State *L, int at) {
    static const char *const fields[] = {"value", "key", "id", "uuid", "profileNum", "dbVersion"};
    size_t known = 0, members = 0;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        known += json_push(L, at, fields[i]) != LUA_TNIL;
        lua_pop(L, 1);
    }
    lua_pushnil(L);
    while (lua_next(L, at) != 0) {
        members++;
        lua_pop(L, 1);
    }
    int type = json_push(L, at, "value");
    bool holds = type == LUA_TTABLE || (type == LUA_TSTRING && lua_tostring(L, -1)[0] == '{');
    lua_pop(L, 1);
    return holds && known == members;
}

// A record's value is an object, JSON text, or an object whose `value` is either (PROTOCOL.md 5.4).
static void on_record(struct pg3 *p, lua_State *L, int at, handler *keep) {
    luaL_checkstack(L, 4, "record");
    if (keep == keep_doc || lua_type(L, at) == LUA_TNIL) {
        keep(p, L, at);
        return;
    }
    if (lua_type(L, at) == LUA_TSTRING) {
        struct record r = {p, keep};
        size_t len;
        const char *text = lua_tolstring(L, at, &len);
        char error[256];
        if (!json_read(p->json, text, len, keep_decoded, &r, error, sizeof error))
            log_warning(AREA,
                        "PG3 sent user data that cannot be read (%s); what was there before stays",
                        error);
        return;
    }
    if (lua_type(L, at) != LUA_TTABLE)
        return;
    if (!is_wrapper(L, at)) {
        keep(p, L, at);
        return;
    }
    json_push(L, at, "value");
    on_record(p, L, lua_gettop(L), keep);
    lua_pop(L, 1);
}

static void on_key(struct pg3 *p, lua_State *L, const char *key, int at) {
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
        if (strcmp(records[i].key, key) == 0)
            on_record(p, L, at, records[i].keep);
}

static void on_row(struct pg3 *p, lua_State *L, int at) {
    char scratch[32];
    const char *key = json_text(L, at, "key", scratch);
    json_push(L, at, "value");
    if (key != NULL)
        on_key(p, L, key, lua_gettop(L));
    lua_pop(L, 1);
}

static void on_get_all(struct pg3 *p, lua_State *L, int at) {
    each(p, L, at, on_row);
    p->have_custom = true;
    pg3_check_gate(p);
}

static void on_custom(struct pg3 *p, lua_State *L, int at) {
    if (lua_type(L, at) != LUA_TTABLE)
        return;
    luaL_checkstack(L, 4, "custom");
    lua_pushnil(L);
    while (lua_next(L, at) != 0) {
        if (lua_type(L, -2) == LUA_TSTRING)
            on_key(p, L, lua_tostring(L, -2), lua_gettop(L));
        lua_pop(L, 1);
    }
}

static void on_params(struct pg3 *p, lua_State *L, int at) { on_record(p, L, at, keep_params); }

static void on_notices(struct pg3 *p, lua_State *L, int at) { on_record(p, L, at, keep_notices); }

// Answers

static void added(struct pg3 *p, lua_State *L, int at) {
    char scratch[32], scratch2[32];
    const char *address = json_text(L, at, "address", scratch);
    const char *error = json_text(L, at, "error", scratch2);
    if (address != NULL)
        pg3_added(p, address, error);
    else if (error != NULL && p->adding[0] != '\0')
        pg3_added(p, p->adding, error);
}

static void on_addnode(struct pg3 *p, lua_State *L, int at) { each(p, L, at, added); }

// `set` answers both values and records.
static void was_set(struct pg3 *p, lua_State *L, int at) {
    char a[32], b[32], c[32];
    const char *error = json_text(L, at, "error", a);
    const char *address = json_text(L, at, "address", b);
    if (address == NULL)
        pg3_stored(p, text_or(L, at, "key", c, "a record"), error);
    else if (error != NULL)
        pg3_value_refused(p, address, text_or(L, at, "driver", c, "?"), error);
}

static void on_set(struct pg3 *p, lua_State *L, int at) { each(p, L, at, was_set); }

static void on_profile(struct pg3 *p, lua_State *L, int at) {
    char scratch[32];
    bool success = json_long(L, at, "success", 0) != 0;
    pg3_installed(p, success ? NULL : text_or(L, at, "error", scratch, "no reason given"));
}

static void on_error(struct pg3 *p, lua_State *L, int at) {
    (void)p;
    char a[32];
    const char *message = text_or(L, 1, "message", a, "");
    const char *error = lua_type(L, at) == LUA_TSTRING ? lua_tostring(L, at) : "an error";
    // The 2021 core does not know setController; it shows the connection by itself.
    if (strstr(message, "setController") != NULL)
        log_debug(AREA, "PG3 does not know setController");
    else
        log_warning(AREA, "PG3 answered: %s %.200s", error, message);
}

// Requests

static void on_short_poll(struct pg3 *p, lua_State *L, int at) {
    (void)L, (void)at;
    p->events.poll(p->events.ctx, false);
}

static void on_long_poll(struct pg3 *p, lua_State *L, int at) {
    (void)L, (void)at;
    p->events.poll(p->events.ctx, true);
}

static void on_discover(struct pg3 *p, lua_State *L, int at) {
    (void)L, (void)at;
    p->events.discover(p->events.ctx);
}

static void on_stop(struct pg3 *p, lua_State *L, int at) {
    (void)L, (void)at;
    p->events.stop(p->events.ctx);
}

// A request for a node that is not there is refused, so that PG3 does not wait for its answer.
static bool is_ours(struct pg3 *p, const char *address, const char *request) {
    if (strcmp(address, "all") == 0 || nodes_find(p->nodes, address) != NULL)
        return true;
    log_warning(AREA, "PG3 asks for the node %s, which this plugin does not have (any more)",
                address);
    pg3_report(p, address, request, false);
    return false;
}

static void on_query(struct pg3 *p, lua_State *L, int at) {
    char a[32], b[32];
    const char *address = text_or(L, at, "address", a, "all");
    const char *request = text_or(L, at, "requestId", b, "");
    if (is_ours(p, address, request))
        p->events.query(p->events.ctx, address, request);
}

// Reports what is known, without asking VRM.
static void on_status(struct pg3 *p, lua_State *L, int at) {
    char a[32], b[32];
    const char *address = text_or(L, at, "address", a, "all");
    const char *request = text_or(L, at, "requestId", b, "");
    if (!is_ours(p, address, request))
        return;
    nodes_touch(p->nodes, strcmp(address, "all") == 0 ? NULL : nodes_find(p->nodes, address));
    pg3_report(p, address, request, true);
}

static void on_command(struct pg3 *p, lua_State *L, int at) {
    char a[32], b[32], c[32], d[32], e[32];
    const char *address = json_text(L, at, "address", a);
    const char *cmd = json_text(L, at, "cmd", b);
    if (address == NULL || cmd == NULL)
        return; // PG3's answer to an event of ours has the same key
    const char *request = text_or(L, at, "requestId", e, "");
    if (!is_ours(p, address, request))
        return;
    if (strcmp(cmd, "QUERY") == 0) {
        p->events.query(p->events.ctx, address, request);
        return;
    }
    bool has_query = json_push(L, at, "query") == LUA_TTABLE;
    struct pg3_command command = {.address = address,
                                  .cmd = cmd,
                                  .value = json_text(L, at, "value", c),
                                  .uom = json_text(L, at, "uom", d),
                                  .L = L,
                                  .query = has_query ? lua_gettop(L) : 0};
    p->events.command(p->events.ctx, &command, request);
    lua_pop(L, 1);
}

static void on_level(struct pg3 *p, lua_State *L, int at) {
    (void)p;
    set_level(L, at, "level");
}

static const struct {
    const char *key;
    handler *handle;
} handlers[] = {
    {"config", on_config},
    {"getAll", on_get_all},
    {"custom", on_custom},
    {"customparams", on_params}, // top level: the 2021 form
    {"notices", on_notices},
    {"addnode", on_addnode},
    {"set", on_set},
    {"installprofile", on_profile},
    {"error", on_error},
    {"setLogLevel", on_level},
    {"shortPoll", on_short_poll},
    {"longPoll", on_long_poll},
    {"discover", on_discover},
    {"query", on_query},
    {"status", on_status},
    {"command", on_command},
    {"delete", on_stop}, // the plugin is being removed
    {"stop", on_stop},
};

static bool is_handled(const char *key) {
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
        if (strcmp(handlers[i].key, key) == 0)
            return true;
    return false;
}

// PG3 grows new messages; a line at debug level is all they get.
static void tell_unknown(lua_State *L) {
    if (lua_type(L, 1) != LUA_TTABLE)
        return;
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        if (lua_type(L, -2) == LUA_TSTRING && !is_handled(lua_tostring(L, -2)))
            log_debug(AREA, "PG3 sent \"%.40s\", which needs no answer", lua_tostring(L, -2));
        lua_pop(L, 1);
    }
}

static void on_message(lua_State *L, void *ctx) {
    struct pg3 *p = ctx;
    luaL_checkstack(L, 20, "message");
    tell_unknown(L);
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        int type = json_push(L, 1, handlers[i].key);
        if (type != LUA_TNIL)
            handlers[i].handle(p, L, lua_gettop(L));
        lua_settop(L, 1);
    }
}

void pg3_message(struct pg3 *p, const char *text, size_t len) {
    char error[256];
    if (len == 0)
        return; // arrives while the plugin is being deleted
    if (json_read(p->json, text, len, on_message, p, error, sizeof error))
        return;
    if (json_starved(p->json))
        p->missed_ms = loop_now_ms();
    log_warning(AREA, "PG3 sent a message of %zu bytes that cannot be read (%s); it is ignored",
                len, error);
}
