// Messages from PG3 (docs/pg3.md). One handler a key; a message may hold several keys.
#include "pg3/pg3_state.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// `at` is the absolute index of the value under the handled key.
typedef void handler(struct pg3 *p, lua_State *L, int at);

// Calls fn for each element of an array, or once for a single object: PG3 sends both.
static void each(struct pg3 *p, lua_State *L, int at, handler *fn) {
    if (lua_type(L, at) != LUA_TTABLE) {
        return;
    }
    if (lua_rawlen(L, at) == 0) {
        fn(p, L, at);
        return;
    }
    for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, at); i++) {
        lua_rawgeti(L, at, i);
        if (lua_type(L, -1) == LUA_TTABLE) {
            fn(p, L, lua_gettop(L));
        }
        lua_pop(L, 1);
    }
}

static void set_level(const char *level) {
    if (level != NULL && level[0] != '\0') {
        log_set_level(log_level_of(level));
    }
}

// What the plugin needs of PG3's configuration, which tells all of every node and may have tens of
// megabytes: it is not decoded but walked over.
struct config {
    char token[256];
    char level[32];
    bool has_nodes;
    struct known nodes;
};

static void read_config(struct walk *w, struct config *c) {
    char key[16];
    if (!walk_enter(w)) {
        return;
    }
    while (walk_next(w, key, sizeof key)) {
        if (strcmp(key, "token") == 0) {
            walk_text(w, c->token, sizeof c->token);
        } else if (strcmp(key, "logLevel") == 0) {
            walk_text(w, c->level, sizeof c->level);
        } else if (strcmp(key, "nodes") == 0) {
            c->has_nodes = known_read(&c->nodes, w);
        } else {
            walk_skip(w);
        }
    }
}

// Takes over c's nodes.
static void use_config(struct pg3 *p, struct config *c) {
    set_level(c->level);
    if (!c->has_nodes) {
        return;
    }
    known_free(&p->known);
    p->known = c->nodes;
    c->nodes = (struct known){0};
    pg3_nodes_listed(p);
    p->have_config = true;
    pg3_answered(p, true, false);
    pg3_tell(p, "progress", NULL, NULL);
}

// Answers

// Why it was not done; NULL: it was. An error need not be a text, nor be told beside a success that
// is none.
static const char *error_in(lua_State *L, int at) {
    int type = json_push(L, at, "error");
    bool failed = type != LUA_TNIL && type != LUA_TLIGHTUSERDATA; // which is null
    failed = (failed && (type != LUA_TBOOLEAN || lua_toboolean(L, -1))) ||
             json_long(L, at, "success", 1) == 0;
    lua_pop(L, 1);
    return failed ? json_text(L, at, "error", "no reason given") : NULL;
}

static void added(struct pg3 *p, lua_State *L, int at) {
    const char *address = json_text(L, at, "address", NULL);
    if (address != NULL) {
        pg3_added(p, address, error_in(L, at));
    }
}

static void none_added(struct pg3 *p, lua_State *L, int at) {
    const char *error = error_in(L, at);
    if (error != NULL && json_text(L, at, "address", NULL) == NULL) {
        pg3_none_added(p, error);
    }
}

// An error without an address is about the nodes that the answer does not name.
static void on_addnode(struct pg3 *p, lua_State *L, int at) {
    each(p, L, at, added);
    each(p, L, at, none_added);
}

// PG3 tells what the user deleted, or answers what the plugin removed.
static void removed(struct pg3 *p, lua_State *L, int at) {
    const char *address = json_text(L, at, "address", NULL);
    const char *error = error_in(L, at);
    if (address == NULL) {
        return;
    }
    if (error == NULL) {
        pg3_removed(p, address);
    } else if (nodes_find(p->nodes, address) == NULL) {
        log_warning(AREA,
                    "PG3 could not remove the node %s (%s). Delete it in PG3's list of nodes.",
                    address, error);
    }
}

// `set` answers both values and records.
static void was_set(struct pg3 *p, lua_State *L, int at) {
    const char *error = error_in(L, at);
    const char *address = json_text(L, at, "address", NULL);
    const char *name = json_text(L, at, "key", "a record");
    if (address == NULL) {
        pg3_tell(p, "stored", name, error);
    } else if (error != NULL) {
        pg3_value_refused(p, address, json_text(L, at, "driver", "?"), error);
    }
}

static void on_profile(struct pg3 *p, lua_State *L, int at) {
    bool success = json_long(L, at, "success", 0) != 0;
    const char *error = success ? NULL : json_text(L, at, "error", "no reason given");
    pg3_tell(p, "profile_answered", error, NULL);
}

static void on_error(struct pg3 *p, lua_State *L, int at) {
    (void)p;
    const char *message = json_text(L, 1, "message", "");
    const char *error = lua_type(L, at) == LUA_TSTRING ? lua_tostring(L, at) : "an error";
    // The 2021 core does not know setController; it shows the connection by itself.
    if (strstr(message, "setController") != NULL) {
        log_debug(AREA, "PG3 does not know setController");
    } else {
        log_warning(AREA, "PG3 answered: %s %s", error, message);
    }
}

// Requests

// A request for a node that is not there is refused, so that PG3 does not wait for its answer.
static bool is_ours(struct pg3 *p, const char *address, const char *request) {
    if (strcmp(address, "all") == 0 || nodes_find(p->nodes, address) != NULL) {
        return true;
    }
    log_warning(AREA, "PG3 asks for the node %s, which this plugin does not have (any more)",
                address);
    pg3_report(p, address, request, false);
    return false;
}

static void on_query(struct pg3 *p, lua_State *L, int at) {
    const char *address = json_text(L, at, "address", "all");
    const char *request = json_text(L, at, "requestId", "");
    if (is_ours(p, address, request)) {
        p->events.query(p->events.ctx, address, request);
    }
}

// Reports what is known, without asking VRM.
static void on_status(struct pg3 *p, lua_State *L, int at) {
    const char *address = json_text(L, at, "address", "all");
    const char *request = json_text(L, at, "requestId", "");
    if (is_ours(p, address, request)) {
        pg3_show(p, address, request, true);
    }
}

static void on_command(struct pg3 *p, lua_State *L, int at) {
    const char *address = json_text(L, at, "address", NULL);
    const char *cmd = json_text(L, at, "cmd", NULL);
    if (address == NULL || cmd == NULL) {
        return; // PG3's answer to an event of ours has the same key
    }
    const char *request = json_text(L, at, "requestId", "");
    if (!is_ours(p, address, request)) {
        return;
    }
    if (strcmp(cmd, "QUERY") == 0) {
        p->events.query(p->events.ctx, address, request);
        return;
    }
    bool has_query = json_push(L, at, "query") == LUA_TTABLE;
    struct pg3_command command = {.address = address,
                                  .cmd = cmd,
                                  .value = json_text(L, at, "value", NULL),
                                  .uom = json_text(L, at, "uom", NULL),
                                  .L = L,
                                  .query = has_query ? lua_gettop(L) : 0};
    p->events.command(p->events.ctx, &command, request);
    lua_pop(L, 1);
}

// What assistants ask a plugin for. This one has nothing for them: silence would keep them waiting.
static void custom_request(struct pg3 *p, lua_State *L, int at) {
    struct buf b;
    buf_init(&b, 4096);
    buf_puts(&b, "{\"customResponse\":{\"requestId\":");
    int type = json_push(L, at, "requestId");
    if (type == LUA_TNUMBER) {
        char number[32];
        walk_number(number, lua_tonumber(L, -1));
        buf_puts(&b, number);
    } else {
        buf_json(&b, lua_tostring(L, -1));
    }
    lua_pop(L, 1);
    buf_puts(&b,
             ",\"payload\":{\"body\":null,\"errorMessage\":\"Not supported\",\"status\":501}}}");
    if (type == LUA_TNUMBER || type == LUA_TSTRING) {
        pg3_post_buf(p, "system", &b, OUT_NOW);
    }
    buf_free(&b);
}

static void on_level(struct pg3 *p, lua_State *L, int at) {
    (void)p;
    set_level(json_text(L, at, "level", NULL));
}

static const struct {
    const char *key;
    handler *handle;   // NULL: the event is told
    bool of_each;      // element of an array
    const char *event; // NULL: none
} handlers[] = {
    {"config", NULL, false, NULL}, // read before, in pg3_message
    {"getAll", pg3_read_all, false, NULL},
    {"custom", pg3_read_custom, false, NULL},
    {"addnode", on_addnode, false, NULL},
    {"removenode", removed, true, NULL},
    {"set", was_set, true, NULL},
    {"installprofile", on_profile, false, NULL},
    {"error", on_error, false, NULL},
    {"setLogLevel", on_level, false, NULL},
    {"shortPoll", NULL, false, "shortpoll"},
    {"longPoll", NULL, false, "longpoll"},
    {"discover", NULL, false, "discover"},
    {"query", on_query, false, NULL},
    {"status", on_status, false, NULL},
    {"command", on_command, false, NULL},
    {"customRequest", custom_request, true, NULL},
    {"delete", NULL, false, "stop"}, // the plugin is being removed
    {"stop", NULL, false, "stop"},
};

static bool is_handled(const char *key) {
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        if (strcmp(handlers[i].key, key) == 0) {
            return true;
        }
    }
    return false;
}

// PG3 grows new messages; a line at debug level is all they get.
static void tell_unknown(lua_State *L) {
    if (lua_type(L, 1) != LUA_TTABLE) {
        return;
    }
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
        if (key != NULL && !is_handled(key) && !pg3_is_record(key)) {
            log_debug(AREA, "PG3 sent \"%s\", which needs no answer", key);
        }
        lua_pop(L, 1);
    }
}

static void on_message(lua_State *L, void *ctx) {
    struct pg3 *p = ctx;
    luaL_checkstack(L, 20, "message");
    tell_unknown(L);
    pg3_read_custom(p, L, 1); // records at the top level: the 2021 form
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        bool told = json_push(L, 1, handlers[i].key) != LUA_TNIL;
        if (told && handlers[i].of_each) {
            each(p, L, 2, handlers[i].handle);
        } else if (told && handlers[i].handle != NULL) {
            handlers[i].handle(p, L, 2);
        } else if (told && handlers[i].event != NULL) {
            p->events.event(p->events.ctx, handlers[i].event);
        }
        lua_settop(L, 1);
    }
}

// Whether an answer to a value of ours says plainly that PG3 has it.
static bool value_taken(struct walk *w) {
    char key[16], text[16];
    bool has_address = false, plain = true;
    if (!walk_enter(w)) {
        return false;
    }
    while (walk_next(w, key, sizeof key)) {
        if (strcmp(key, "address") == 0) {
            has_address = walk_text(w, text, sizeof text);
        } else if (strcmp(key, "success") == 0) {
            plain = walk_text(w, text, sizeof text) && strcmp(text, "true") == 0 && plain;
        } else {
            plain = strcmp(key, "error") != 0 && plain;
            walk_skip(w);
        }
    }
    return has_address && plain;
}

// The answer to `set`, which is as long as what was sent. Whether PG3 has all the values: there is
// nothing to do then.
static bool all_taken(struct walk *w) {
    bool taken = true;
    if (!walk_enter(w)) {
        return false;
    }
    while (walk_next(w, NULL, 0)) {
        taken = value_taken(w) && taken;
    }
    return taken;
}

// Looks through a message for a configuration. `other`: the first key that has to be looked at and
// is another, "" = none. False: it is not JSON.
static bool look_through(struct walk *w, struct config *c, char *other, size_t size) {
    char key[32] = "";
    bool entered = walk_enter(w);
    while (entered && walk_next(w, key, sizeof key)) {
        bool done = false;
        if (strcmp(key, "config") == 0) {
            read_config(w, c);
            done = true;
        } else if (strcmp(key, "set") == 0) {
            done = all_taken(w);
        } else {
            walk_skip(w);
        }
        if (!done && other[0] == '\0') {
            snprintf(other, size, "%s", key);
        }
    }
    return walk_end(w);
}

static void tell_large(struct pg3 *p, size_t len, const char *key) {
    if (!p->told_large) {
        log_warning(AREA,
                    "PG3 sent a message \"%s\" of %zu KiB; the plugin reads messages of at most "
                    "%u KiB and goes on without it. Make what PG3 keeps there for the plugin "
                    "smaller.",
                    key, len / 1024, JSON_MAX / 1024);
    }
    p->told_large = true;
}

// All but a configuration is decoded.
static void decode(struct pg3 *p, const char *text, size_t len, const char *key) {
    char error[256];
    if (len > JSON_MAX) {
        tell_large(p, len, key);
        return;
    }
    if (json_read(p->json, text, len, on_message, p, error, sizeof error)) {
        return;
    }
    if (json_starved(p->json)) {
        pg3_missed(p);
        log_warning(AREA,
                    "memory is too short for a message of PG3's of %zu bytes, which is asked for "
                    "everything again; free some on this machine",
                    len);
        return;
    }
    log_warning(AREA, "PG3 sent a message of %zu bytes that cannot be read (%s); it is ignored",
                len, error);
}

void pg3_message(struct pg3 *p, const char *text, size_t len) {
    struct config c = {.has_nodes = false};
    struct walk w;
    char other[32] = "";
    if (len == 0) {
        return; // arrives while the plugin is being deleted
    }
    walk_begin(&w, text, len);
    bool whole = look_through(&w, &c, other, sizeof other);
    if (!log_mask(c.token)) {
        pg3_missed(p);
    }
    if (!whole) {
        log_warning(AREA,
                    "PG3 sent a message of %zu bytes that is not JSON from byte %zu on; it is "
                    "ignored",
                    len, (size_t)(w.at - text));
    } else {
        use_config(p, &c);
    }
    if (whole && other[0] != '\0') {
        decode(p, text, len, other);
    }
    known_free(&c.nodes);
}
