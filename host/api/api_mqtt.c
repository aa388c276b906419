// host.mqtt_...: connections to MQTT brokers for trusted Lua. What comes is small and JSON; it is
// read when Lua takes it, so that what a newer message replaces before costs next to nothing.
#include "api/api.h"
#include "base/latest.h"
#include "base/walk.h"
#include "net/mqtt.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define AREA "mqtt"
#define CONNECTIONS_MAX 100
#define KEEP_ALIVE_S 60
#define MESSAGE_MAX (64u * 1024)
// Of each connection, between the threads and the loop, and between the loop and Lua: some 12,000
// small messages.
#define WAITING_MAX (2u * 1024 * 1024)
#define AGAIN_MS 1000    // where Lua had no memory to be told
#define TAKEN_A_TURN 500 // messages of a connection that Lua takes in one turn of the loop
#define LEAVE_MS                                                                                   \
    200 // until the end of a connection that Lua closed: then it takes no time any more
#define CLOSE_MS 300 // in which the loop may stand still for it
#define SKIP_MAX 8
#define UP "up"

struct connection {
    struct connection *next;
    struct api *api;
    struct mqtt *mqtt; // NULL: at its end
    bool closed;       // by Lua
    lua_Integer id;
    struct latest *waiting;
    struct latest_item *taken; // lives until Lua takes the next
    int skip;
    char *members[API_NAMES_MAX + 1]; // ended by a NULL
    char *without[API_NAMES_MAX + 1];
    int64_t gather_ms;
    int64_t timer; // when Lua is told again that messages wait; 0 = not
    int64_t end;   // the timer that frees a closed one
    bool telling;  // its task has not ended
    bool lost;     // messages, which Lua was not told yet
    // What the connection is, if Lua was not told: it had no memory for it. NULL: it was.
    const char *untold; // UP, or why it is down
    int left;           // messages that it may take
};

// ---- birth and end

static void names_free(char **names) {
    for (; *names != NULL; names++) {
        free(*names);
    }
}

// After mqtt_stop.
static void connection_free(struct connection *c) {
    loop_cancel(c->api->loop, c->timer);
    loop_cancel(c->api->loop, c->end);
    latest_free(c->waiting);
    free(c->taken);
    names_free(c->members);
    names_free(c->without);
    free(c);
}

static struct connection *connection_find(lua_State *L, int arg) {
    lua_Integer id = luaL_checkinteger(L, arg);
    struct connection *c = api_of(L)->connections;
    while (c != NULL && (c->id != id || c->closed)) {
        c = c->next;
    }
    return c;
}

static void connection_remove(struct connection *c) {
    struct connection **at = &c->api->connections;
    while (*at != c) {
        at = &(*at)->next;
    }
    *at = c->next;
    connection_free(c);
}

// The end of one that Lua closed, from the loop. A task that still reads it frees it.
static void connection_end(void *ctx) {
    struct connection *c = ctx;
    c->end = 0;
    mqtt_stop(c->mqtt, CLOSE_MS);
    c->mqtt = NULL;
    if (!c->telling) {
        connection_remove(c);
    }
}

void api_mqtt_leave(struct api *a) {
    for (struct connection *c = a->connections; c != NULL; c = c->next) {
        mqtt_leave(c->mqtt);
    }
}

void api_mqtt_close(struct api *a) {
    int64_t until = loop_now_ms() + CLOSE_MS;
    api_mqtt_leave(a);
    while (a->connections != NULL) {
        struct connection *c = a->connections;
        int64_t left = until - loop_now_ms();
        mqtt_stop(c->mqtt, left > 0 ? (int)left : 0);
        connection_remove(c);
    }
}

// ---- events

static int push_id(lua_State *L, void *ctx) {
    lua_pushinteger(L, ((struct connection *)ctx)->id);
    return 1;
}

static void tell_again(void *ctx);

static void told(void *ctx, struct vm *vm, const char *error) {
    struct connection *c = ctx;
    api_task_ended(NULL, vm, error);
    c->telling = false;
    if (c->mqtt == NULL) {
        connection_remove(c);
    } else if (!c->closed && (c->lost || c->untold != NULL || latest_count(c->waiting) > 0)) {
        c->timer = loop_after(c->api->loop, c->left == 0 ? 0 : c->gather_ms, tell_again, c);
    }
}

static bool tell_link(struct connection *c) {
    bool is_told = strcmp(c->untold, UP) == 0
                       ? api_tell(c->api, "mqtt_up", "i", c->id)
                       : api_tell(c->api, "mqtt_down", "is", c->id, c->untold);
    c->untold = is_told ? NULL : c->untold;
    return is_told;
}

// Lua runs at the end of this turn of the loop, when all messages of it wait. What it has no memory
// for is told again later, in this order.
static void tell(struct connection *c) {
    if (c->telling || c->timer != 0) {
        return;
    }
    if (c->untold == NULL || tell_link(c)) {
        c->lost = c->lost && !api_tell(c->api, "mqtt_lost", "i", c->id);
        c->left = TAKEN_A_TURN;
        c->telling = api_fire(c->api, "mqtt_values", push_id, c, told, c);
    }
    if (!c->telling) {
        c->timer = loop_after(c->api->loop, AGAIN_MS, tell_again, c);
    }
}

// A connection is told of before its messages.
static void link_is(struct connection *c, const char *what) {
    c->untold = what;
    if (!tell_link(c)) {
        tell(c);
    }
}

static void tell_again(void *ctx) {
    struct connection *c = ctx;
    c->timer = 0;
    tell(c);
}

static void on_overflow(void *ctx) {
    struct connection *c = ctx;
    c->lost = true;
    tell(c);
}

static void on_message(void *ctx, const char *topic, const char *payload, size_t len) {
    struct connection *c = ctx;
    for (int i = 0; c->without[i] != NULL; i++) {
        if (strstr(topic, c->without[i]) != NULL) {
            return;
        }
    }
    if (latest_put(c->waiting, topic, payload, len)) {
        tell(c);
    } else {
        on_overflow(c);
    }
}

static void on_sent(void *ctx) { (void)ctx; }

static void on_up(void *ctx) { link_is(ctx, UP); }

static void on_down(void *ctx, enum mqtt_trouble why) {
    static const char *const words[] = {[MQTT_UNREACHABLE] = "unreachable",
                                        [MQTT_TLS] = "tls",
                                        [MQTT_ID_REFUSED] = "id",
                                        [MQTT_LOGIN_REFUSED] = "login",
                                        [MQTT_NOT_AUTHORISED] = "rights",
                                        [MQTT_REFUSED] = "refused",
                                        [MQTT_LOST] = "lost",
                                        [MQTT_FOUGHT] = "fought",
                                        [MQTT_NO_ANSWER] = "no_answer",
                                        [MQTT_STUCK] = "stuck",
                                        [MQTT_GIVEN_UP] = "given_up",
                                        [MQTT_NO_LIBRARY] = "no_library"};
    link_is(ctx, words[why]);
}

static void on_refused(void *ctx, const char *topic) {
    struct connection *c = ctx;
    api_tell(c->api, "mqtt_refused", "is", c->id, topic);
}

// ---- opening

static int field_number(lua_State *L, const char *name, int missing, int most) {
    lua_Number n = api_number_field(L, 1, name, missing);
    if (!(n >= 0 && n <= most)) {
        luaL_error(L, "%s: a number from 0 to %d expected", name, most);
    }
    return (int)n;
}

static bool list_copy(char **to, const char *const *from) {
    bool ok = true;
    for (; *from != NULL && ok; from++, to++) {
        *to = strdup(*from);
        ok = *to != NULL;
    }
    return ok;
}

// Without what takes the network.
static struct connection *connection_new(struct api *a, int skip, int gather_ms,
                                         const char *const *members, const char *const *without) {
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    c->api = a;
    c->skip = skip;
    c->gather_ms = gather_ms;
    c->waiting = latest_new(WAITING_MAX);
    if (c->waiting == NULL || !list_copy(c->members, members) || !list_copy(c->without, without)) {
        connection_free(c);
        return NULL;
    }
    return c;
}

static bool connection_start(struct connection *c, const struct mqtt_config *config) {
    struct mqtt_events events = {.up = on_up,
                                 .down = on_down,
                                 .message = on_message,
                                 .sent = on_sent,
                                 .overflow = on_overflow,
                                 .refused = on_refused,
                                 .ctx = c};
    c->mqtt = mqtt_new(c->api->loop, config, &events);
    if (c->mqtt == NULL) {
        return false;
    }
    c->id = ++c->api->last_connection;
    c->next = c->api->connections;
    c->api->connections = c;
    return true;
}

static int connection_count(const struct api *a) {
    int count = 0;
    for (const struct connection *c = a->connections; c != NULL; c = c->next) {
        count++;
    }
    return count;
}

// host.mqtt_open{ name=, host=, port=, client_id=, user=, password=, tls=, websocket=, quiet=, ca=,
//   check_name=, kept=, skip=, members=, without=, gather= (milliseconds) } -> id | nil, why
// name: the broker's in the log, as it stands in a sentence. tls, check_name, kept: true where not
// given. kept: false: what the broker kept from before a subscription is left out.
// ca: PEM file; a relative path is one of the plugin's; "system": who the system trusts; none: the
// certificate is not checked. websocket: MQTT in one. quiet: failures are not logged.
// skip, members: what host.mqtt_read gives. without: a topic with one of these texts in it
// is left out. gather: Lua is told of messages at most so often, but for a flood.
// The password is masked. Events, each with the id: "mqtt_up"; "mqtt_down" (why), it tries again by
// itself; "mqtt_values": messages wait for mqtt_read; "mqtt_lost": messages were dropped;
// "mqtt_refused" (topic): that subscription.
static int host_mqtt_open(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_checkstack(L, 20, "fields");
    struct mqtt_config config = {
        .name = api_needed_field(L, 1, "name"),
        .host = api_needed_field(L, 1, "host"),
        .port = field_number(L, "port", -1, 65535),
        .client_id = api_needed_field(L, 1, "client_id"),
        .user = api_text_field(L, 1, "user"),
        .password = api_text_field(L, 1, "password"),
        .keep_alive_s = KEEP_ALIVE_S,
        .websocket = api_bool_field(L, 1, "websocket", false),
        .quiet = api_bool_field(L, 1, "quiet", false),
        .tls = api_bool_field(L, 1, "tls", true),
        .check_name = api_bool_field(L, 1, "check_name", true),
        .without_kept = !api_bool_field(L, 1, "kept", true),
        .message_max = MESSAGE_MAX,
        .waiting_max = WAITING_MAX,
    };
    int skip = field_number(L, "skip", 0, SKIP_MAX);
    int gather_ms = config.gather_ms = field_number(L, "gather", 200, 60000);
    const char *members[API_NAMES_MAX + 1], *without[API_NAMES_MAX + 1];
    api_read_names(L, 1, "members", members);
    api_read_names(L, 1, "without", without);
    config.ca_file = api_text_field(L, 1, "ca");
    if (config.ca_file != NULL && strcmp(config.ca_file, "system") == 0) {
        config.ca_file = http_trust_store(http_trust_stores);
    } else if (config.ca_file != NULL) {
        lua_pushstring(L, config.ca_file);
        config.ca_file = api_path(L, lua_gettop(L));
    }
    if (connection_count(api_of(L)) >= CONNECTIONS_MAX) {
        return api_nil(L, lua_pushfstring(L, "more than %d connections", CONNECTIONS_MAX));
    }
    struct connection *c = NULL;
    if (log_mask(config.password)) {
        c = connection_new(api_of(L), skip, gather_ms, members, without);
    }
    if (c == NULL) {
        return vm_no_memory(L);
    }
    if (!connection_start(c, &config)) {
        connection_free(c);
        return api_nil(L, "the log says why");
    }
    lua_pushinteger(L, c->id);
    return 1;
}

// host.mqtt_close(id): at once for Lua; no more of its events come. Unknown and closed ones are
// fine, here and below.
static int host_mqtt_close(lua_State *L) {
    struct connection *c = connection_find(L, 1);
    if (c == NULL) {
        return 0;
    }
    c->closed = true;
    mqtt_leave(c->mqtt); // Lua does not run inside an event of mqtt's
    loop_cancel(c->api->loop, c->timer);
    c->timer = 0;
    c->end = loop_after(c->api->loop, LEAVE_MS, connection_end, c); // 0: api_mqtt_close ends it
    return 0;
}

// host.mqtt_subscribe(id, topic) -> whether it will be: from now on, over all reconnections.
static int host_mqtt_subscribe(lua_State *L) {
    struct connection *c = connection_find(L, 1);
    const char *topic = luaL_checkstring(L, 2);
    return api_bool(L, c != NULL && mqtt_subscribe(c->mqtt, topic));
}

// host.mqtt_send(id, topic, text) -> whether it leaves; not while there is no connection.
static int host_mqtt_send(lua_State *L) {
    size_t len;
    struct connection *c = connection_find(L, 1);
    const char *topic = luaL_checkstring(L, 2), *text = luaL_checklstring(L, 3, &len);
    return api_bool(L, c != NULL && mqtt_send(c->mqtt, topic, text, len));
}

// ---- reading

// Pushes the value at hand -> whether it is an object or an array, which comes as its JSON.
static bool push_value(lua_State *L, struct walk *w) {
    const char *here = walk_here(w);
    walk_skip(w);
    if (w->failed) {
        lua_pushnil(L);
        return false;
    }
    if (api_push_scalar(L, here, (size_t)(w->at - here))) {
        return false;
    }
    lua_pushlstring(L, here, (size_t)(w->at - here));
    return true;
}

// Replaces the members' values, from `first` on; all are nil before -> what it is.
static const char *read_members(lua_State *L, const struct connection *c, int first,
                                const struct latest_item *item) {
    char key[64];
    struct walk w;
    const char *is = "value";
    walk_begin(&w, item->data, item->len);
    bool object = *walk_here(&w) == '{' && walk_enter(&w);
    while (object && walk_next(&w, key, sizeof key)) {
        int i = 0;
        while (c->members[i] != NULL && strcmp(c->members[i], key) != 0) {
            i++;
        }
        if (c->members[i] == NULL) {
            walk_skip(&w);
            continue;
        }
        bool deep = push_value(L, &w);
        lua_replace(L, first + i);
        is = deep && i == 0 ? "json" : is;
    }
    return object && walk_end(&w) ? is : "text";
}

// The topic behind the levels that are skipped, with its slash; NULL: there is nothing.
static const char *rest_of(const struct connection *c, const char *topic) {
    const char *rest = topic;
    for (int i = 0; i < c->skip && rest != NULL; i++) {
        rest = strchr(i == 0 ? rest : rest + 1, '/');
    }
    return rest;
}

// What host.mqtt_read gives of a message, behind the one value on the stack.
static int push_message(lua_State *L, const struct connection *c, const struct latest_item *item) {
    luaL_checkstack(L, API_NAMES_MAX + 8, "a message");
    const int first = 4; // of the members
    lua_settop(L, 1);
    lua_pushnil(L); // what it is
    lua_pushstring(L, rest_of(c, item->topic));
    lua_settop(L, first + API_NAMES_MAX);
    const char *is = item->len == 0 ? "gone" : read_members(L, c, first, item);
    if (strcmp(is, "text") == 0) {
        lua_settop(L, first - 1);
        lua_pushlstring(L, item->data, item->len);
        lua_settop(L, first + API_NAMES_MAX);
    }
    lua_pushstring(L, is);
    lua_replace(L, 2);
    return lua_gettop(L) - 1;
}

// host.mqtt_read(id) -> what it is, the topic behind the levels that are skipped, members ...; nil:
// no more now. What it is: "value": an object, whose members of these names follow (nil: there is
// none, or null); "json": the same, the first of them is an array or an object, as text; "gone":
// an empty message; "text": anything else, in the place of the first member.
// Called until nil by the handler of "mqtt_values", which comes again if more wait.
static int host_mqtt_read(lua_State *L) {
    struct connection *c = connection_find(L, 1);
    struct latest_item *item = c != NULL && c->left > 0 ? latest_take(c->waiting) : NULL;
    if (item == NULL) {
        lua_pushnil(L);
        return 1;
    }
    free(c->taken);
    c->taken = item;
    c->left--;
    return push_message(L, c, item);
}

static const luaL_Reg functions[] = {
    {"mqtt_open", host_mqtt_open},           {"mqtt_close", host_mqtt_close},
    {"mqtt_subscribe", host_mqtt_subscribe}, {"mqtt_send", host_mqtt_send},
    {"mqtt_read", host_mqtt_read},           {NULL, NULL}};

void api_mqtt_open(lua_State *L) { luaL_setfuncs(L, functions, 0); }
