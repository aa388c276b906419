#include "console.h"
#include "buf.h"
#include "file.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define QUIET_MS 1200     // --once: no message for so long means that everything is there
#define PATIENCE_MS 60000 // --once: not longer
#define LOG_LINES 4
#define NOTICES_MAX 8
#define WIDTH_MIN 60

// A driver as PG3 would know it.
struct shown {
    char address[16];
    char driver[32];
    char value[32];
    int uom;
    char text[64];
};

struct console {
    struct loop *loop;
    struct json *json;
    const struct nodes *nodes;
    struct console_options options;
    char *title, *params;
    console_done_fn *done;
    void *ctx;
    struct pg3 *pg3;
    struct shown *all;
    size_t count;
    char notices[NOTICES_MAX][400];
    size_t notice_count;
    char lines[LOG_LINES][200];
    size_t line_count;
    struct buf answers; // JSON messages to pg3, one a line
    int64_t quiet_timer, draw_timer;
    bool values;          // some have come
    size_t width, height; // of the terminal; height 0: unknown
};

static char *copy_text(const char *text) { return strdup(text != NULL ? text : "{}"); }

// Size of the terminal: COLUMNS and LINES where they are set, else what stty says (POSIX has no
// call for it), else 100 columns and no limit of lines.
static void find_size(struct console *c) {
    const char *columns = getenv("COLUMNS"), *lines = getenv("LINES");
    char said[64] = "";
    FILE *stty = c->options.terminal ? popen("stty size 2>/dev/null </dev/tty", "r") : NULL;
    if (stty != NULL) {
        if (fgets(said, sizeof said, stty) == NULL)
            said[0] = '\0';
        pclose(stty);
    }
    char *rest = said;
    long rows = strtol(said, &rest, 10), wide = strtol(rest, NULL, 10);
    rows = lines != NULL ? strtol(lines, NULL, 10) : rows;
    wide = columns != NULL ? strtol(columns, NULL, 10) : wide;
    c->height = rows > 0 && rows < 1000 ? (size_t)rows : 0;
    c->width = wide >= WIDTH_MIN && wide <= 400 ? (size_t)wide : 100;
}

struct console *console_new(struct loop *l, struct json *json, const struct nodes *nodes,
                            const struct console_options *options, console_done_fn *done,
                            void *ctx) {
    struct console *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->loop = l;
    c->json = json;
    c->nodes = nodes;
    c->options = *options;
    c->title = copy_text(options->title);
    c->params = copy_text(options->params);
    if (c->title == NULL || c->params == NULL) {
        console_free(c);
        return NULL;
    }
    c->done = done;
    c->ctx = ctx;
    buf_init(&c->answers, 1024 * 1024);
    find_size(c);
    return c;
}

void console_free(struct console *c) {
    if (c == NULL)
        return;
    buf_free(&c->answers);
    free(c->all);
    free(c->title);
    free(c->params);
    free(c);
}

// Drawing

static const char *unit_text(int uom) {
    static const struct {
        int uom;
        const char *text;
    } units[] = {{1, "A"},    {4, "°C"},   {17, "°F"},  {20, "h"},   {33, "kWh"},
                 {45, "min"}, {51, "%"},   {58, "s"},   {72, "V"},   {73, "W"},
                 {90, "Hz"},  {119, "Wh"}, {135, "VA"}, {136, "var"}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (units[i].uom == uom)
            return units[i].text;
    return "";
}

static const char *value_name(const struct driver_decl *d, const char *value) {
    for (size_t i = 0; i < d->name_count; i++)
        if (d->names[i].value == strtol(value, NULL, 10))
            return d->names[i].name;
    return value;
}

static void value_text(const struct driver_decl *d, const struct shown *s, char *out, size_t size) {
    time_t when = (time_t)strtoll(s->value, NULL, 10);
    struct tm tm;
    if (s->text[0] != '\0')
        snprintf(out, size, "%s", s->text);
    else if (d->name_count > 0)
        snprintf(out, size, "%s", value_name(d, s->value));
    else if (s->uom == 151 && when > 0 && localtime_r(&when, &tm) != NULL)
        strftime(out, size, "%H:%M:%S", &tm);
    else
        snprintf(out, size, "%s%s%s", s->value, unit_text(s->uom)[0] != '\0' ? " " : "",
                 unit_text(s->uom));
}

static const struct shown *find(const struct console *c, const char *address, const char *driver) {
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->all[i].address, address) == 0 && strcmp(c->all[i].driver, driver) == 0)
            return &c->all[i];
    return NULL;
}

// Columns of UTF-8 text: bytes that begin a character.
static size_t columns_of(const char *text) {
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void end_line(const struct console *c, struct buf *b) {
    while (b->len > 0 && b->data[b->len - 1] == ' ')
        b->data[--b->len] = '\0';
    buf_puts(b, c->options.terminal && !c->options.once ? "\033[K\n" : "\n");
}

// What the plugin says of every node's data stands at the end of its drivers: shown beside the
// name.
#define TAIL 2

static void draw_value(const struct console *c, struct buf *b, const char *label,
                       const char *value) {
    buf_printf(b, c->options.terminal ? "%s \033[1m%s\033[0m   " : "%s %s   ", label, value);
}

static bool value_of(const struct console *c, const struct node *node, size_t i, char *out,
                     size_t size) {
    const struct shown *s = find(c, node->address, node->type->drivers[i].id);
    if (s != NULL)
        value_text(&node->type->drivers[i], s, out, size);
    return s != NULL;
}

// "    PV power 212 W   Charge state Bulk ...", folded at the width, `most` lines of it (0: all).
static void draw_values(const struct console *c, struct buf *b, const struct node *node,
                        size_t count, size_t most) {
    size_t used = 0, line = 0;
    for (size_t i = 0; i < count; i++) {
        const char *label = node->type->drivers[i].label;
        char value[100];
        if (!value_of(c, node, i, value, sizeof value))
            continue;
        size_t need = columns_of(label) + 1 + columns_of(value) + 3;
        if (used == 0 || used + need > c->width) {
            if (most > 0 && line == most)
                break;
            if (used > 0)
                end_line(c, b);
            buf_puts(b, "    ");
            used = 4;
            line++;
        }
        draw_value(c, b, label, value);
        used += need;
    }
    end_line(c, b);
}

static void draw_node(const struct console *c, struct buf *b, const struct node *node,
                      size_t most) {
    size_t count = node->type->driver_count;
    size_t tail = node != c->nodes->all[0] && count > TAIL ? TAIL : 0;
    buf_printf(b, "%s%s (%s, %s)   ", strcmp(node->address, node->primary) != 0 ? "  " : "",
               node->name, node->type->name, node->address);
    for (size_t i = count - tail; i < count; i++) {
        char value[100];
        if (value_of(c, node, i, value, sizeof value))
            draw_value(c, b, node->type->drivers[i].label, value);
    }
    end_line(c, b);
    draw_values(c, b, node, count - tail, most);
}

// Lines of values each node gets, so that all nodes fit the terminal; 0: no limit.
static size_t lines_each(const struct console *c) {
    size_t nodes = c->nodes->count, other = 2 + c->notice_count + c->line_count;
    if (!c->options.terminal || c->options.once || c->height == 0 || nodes == 0)
        return 0;
    size_t left = c->height > other + nodes ? c->height - other - nodes : 0;
    return left / nodes > 0 ? left / nodes : 1;
}

static void put(const struct console *c, struct buf *b) {
    if (!file_write_all(c->options.out_fd, buf_text(b), b->len))
        c->done(c->ctx, true); // nobody reads any more
    buf_free(b);
}

static void draw(const struct console *c) {
    struct buf b;
    bool in_place = c->options.terminal && !c->options.once;
    buf_init(&b, 1024 * 1024);
    // Lines that are too long are cut, not wrapped: wrapped ones would push the first ones out.
    buf_puts(&b, in_place ? "\033[?7l\033[H" : "");
    buf_puts(&b, c->title);
    end_line(c, &b);
    for (size_t i = 0; i < c->nodes->count; i++)
        draw_node(c, &b, c->nodes->all[i], lines_each(c));
    for (size_t i = 0; i < c->notice_count; i++) {
        buf_printf(&b, "Notice: %s", c->notices[i]);
        end_line(c, &b);
    }
    for (size_t i = 0; i < c->line_count; i++) {
        buf_printf(&b, "Log: %s", c->lines[i]);
        end_line(c, &b);
    }
    buf_puts(&b, in_place ? "\033[J\033[?7h" : "");
    put(c, &b);
}

static void draw_due(void *ctx) {
    struct console *c = ctx;
    c->draw_timer = 0;
    draw(c);
}

static void print_change(const struct console *c, const struct shown *s) {
    const struct node *node = nodes_find(c->nodes, s->address);
    int i = node != NULL ? node_driver(node, s->driver) : -1;
    char value[100];
    struct buf b;
    if (i < 0)
        return;
    value_text(&node->type->drivers[i], s, value, sizeof value);
    buf_init(&b, 1024);
    buf_printf(&b, "%-14s %-24s %-6s %s: %s\n", s->address, node->name, s->driver,
               node->type->drivers[i].label, value);
    put(c, &b);
}

static void give_up(void *ctx) {
    struct console *c = ctx;
    draw(c);
    c->done(c->ctx, false);
}

static void quiet(void *ctx) {
    struct console *c = ctx;
    c->quiet_timer = 0;
    draw(c);
    c->done(c->ctx, true);
}

// Something was shown anew: the picture follows soon, or --once waits for quiet.
static void touched(struct console *c) {
    if (c->options.once) {
        loop_cancel(c->loop, c->quiet_timer);
        bool enough = c->values || c->notice_count > 0;
        c->quiet_timer = enough ? loop_after(c->loop, QUIET_MS, quiet, c) : 0;
    } else if (c->options.terminal && c->draw_timer == 0) {
        c->draw_timer = loop_after(c->loop, 50, draw_due, c);
    }
}

// PG3's side of the conversation

static void deliver(void *ctx) {
    struct console *c = ctx;
    pg3_sent(c->pg3);
    struct buf now = c->answers;
    buf_init(&c->answers, now.max);
    char *line = now.data;
    while (line != NULL && *line != '\0') {
        char *end = strchr(line, '\n');
        *end = '\0';
        pg3_message(c->pg3, line, (size_t)(end - line));
        line = end + 1;
    }
    buf_free(&now);
}

static void answer(struct console *c, const char *json_text) {
    buf_puts(&c->answers, json_text);
    buf_puts(&c->answers, "\n");
}

static struct shown *slot(struct console *c, const char *address, const char *driver) {
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->all[i].address, address) == 0 && strcmp(c->all[i].driver, driver) == 0)
            return &c->all[i];
    struct shown *all = realloc(c->all, (c->count + 1) * sizeof *all);
    if (all == NULL)
        return NULL;
    c->all = all;
    struct shown *s = &c->all[c->count++];
    memset(s, 0, sizeof *s);
    snprintf(s->address, sizeof s->address, "%s", address);
    snprintf(s->driver, sizeof s->driver, "%s", driver);
    return s;
}

static void keep_value(struct console *c, lua_State *L, int at, const char *address, bool print) {
    char a[32], b[32], d[32];
    const char *driver = json_text(L, at, "driver", a);
    const char *value = json_text(L, at, "value", b);
    const char *text = json_text(L, at, "text", d);
    struct shown *s = driver != NULL && value != NULL ? slot(c, address, driver) : NULL;
    if (s == NULL)
        return;
    snprintf(s->value, sizeof s->value, "%s", value);
    snprintf(s->text, sizeof s->text, "%s", text != NULL ? text : "");
    s->uom = (int)json_long(L, at, "uom", 0);
    if (print && !c->options.once && !c->options.terminal)
        print_change(c, s);
}

static void on_addnode(struct console *c, lua_State *L, int at) {
    char scratch[32];
    lua_rawgeti(L, at, 1);
    int node = lua_gettop(L);
    const char *address = json_text(L, node, "address", scratch);
    if (address == NULL)
        return;
    json_push(L, node, "drivers");
    int drivers = lua_gettop(L);
    for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, drivers); i++) {
        lua_rawgeti(L, drivers, i);
        keep_value(c, L, lua_gettop(L), address, false);
        lua_pop(L, 1);
    }
    // With setController PG3 shows the connection on the controller's ST; here there is always one.
    struct shown *st = slot(c, address, "ST");
    if (c->nodes->count > 0 && nodes_find(c->nodes, address) == c->nodes->all[0] && st != NULL)
        memcpy(st->value, "1", 2);
    struct buf b;
    buf_init(&b, 256);
    buf_printf(&b, "{\"addnode\":[{\"address\":\"%s\",\"enabled\":1}]}", address);
    answer(c, buf_text(&b));
    buf_free(&b);
}

static void on_values(struct console *c, lua_State *L, int at) {
    for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, at); i++) {
        char scratch[32];
        lua_rawgeti(L, at, i);
        int value = lua_gettop(L);
        const char *address = json_text(L, value, "address", scratch);
        if (address != NULL)
            keep_value(c, L, value, address, true);
        c->values = c->values || (address != NULL && nodes_find(c->nodes, address) != NULL &&
                                  strcmp(address, c->nodes->all[0]->address) != 0);
        lua_pop(L, 1);
    }
}

static void on_notices(struct console *c, lua_State *L, int at) {
    c->notice_count = 0;
    lua_pushnil(L);
    while (lua_next(L, at) != 0) {
        if (lua_type(L, -1) == LUA_TSTRING && c->notice_count < NOTICES_MAX)
            snprintf(c->notices[c->notice_count++], sizeof c->notices[0], "%s",
                     lua_tostring(L, -1));
        lua_pop(L, 1);
    }
}

static void on_record(struct console *c, lua_State *L, int at) {
    char scratch[32];
    lua_rawgeti(L, at, 1);
    int record = lua_gettop(L);
    const char *key = json_text(L, record, "key", scratch);
    if (key != NULL && strcmp(key, "notices") == 0 && json_push(L, record, "value") == LUA_TTABLE)
        on_notices(c, L, lua_gettop(L));
}

static void answer_get_all(struct console *c) {
    struct buf b;
    buf_init(&b, 8192);
    buf_puts(&b, "{\"getAll\":[{\"key\":\"customparams\",\"value\":");
    buf_json(&b, c->params);
    buf_puts(&b, "}]}");
    answer(c, buf_text(&b));
    buf_free(&b);
}

static void on_message(lua_State *L, void *ctx) {
    struct console *c = ctx;
    luaL_checkstack(L, 20, "message");
    if (json_push(L, 1, "config") == LUA_TTABLE)
        answer(c, "{\"config\":{\"nodes\":[]}}");
    lua_settop(L, 1);
    if (json_push(L, 1, "getAll") == LUA_TTABLE)
        answer_get_all(c);
    lua_settop(L, 1);
    if (json_push(L, 1, "installprofile") == LUA_TTABLE)
        answer(c, "{\"installprofile\":{\"success\":true}}");
    lua_settop(L, 1);
    if (json_push(L, 1, "addnode") == LUA_TTABLE)
        on_addnode(c, L, 2);
    lua_settop(L, 1);
    if (json_push(L, 1, "set") == LUA_TTABLE) {
        on_record(c, L, 2);
        lua_settop(L, 2);
        on_values(c, L, 2);
    }
    lua_settop(L, 1);
}

static bool receive(void *ctx, const char *kind, const char *text, size_t len) {
    struct console *c = ctx;
    char error[200];
    (void)kind;
    json_read(c->json, text, len, on_message, c, error, sizeof error);
    loop_after(c->loop, 0, deliver, c);
    touched(c);
    return true;
}

struct pg3_link console_link(struct console *c) {
    return (struct pg3_link){receive, c};
}

static void short_poll(void *ctx) {
    struct console *c = ctx;
    pg3_message(c->pg3, "{\"shortPoll\":{}}", strlen("{\"shortPoll\":{}}"));
    loop_after(c->loop, c->options.short_poll_s * INT64_C(1000), short_poll, c);
}

static void long_poll(void *ctx) {
    struct console *c = ctx;
    pg3_message(c->pg3, "{\"longPoll\":{}}", strlen("{\"longPoll\":{}}"));
    loop_after(c->loop, c->options.long_poll_s * INT64_C(1000), long_poll, c);
}

void console_start(struct console *c, struct pg3 *p) {
    c->pg3 = p;
    loop_after(c->loop, c->options.short_poll_s * INT64_C(1000), short_poll, c);
    loop_after(c->loop, c->options.long_poll_s * INT64_C(1000), long_poll, c);
    if (c->options.once)
        loop_after(c->loop, PATIENCE_MS, give_up, c);
    else if (c->options.terminal)
        (void)!write(c->options.out_fd, "\033[2J", 4);
    pg3_up(p);
}

void console_log(struct console *c, enum log_level level, const char *line) {
    if (level < LOG_WARNING)
        return;
    if (c->line_count == LOG_LINES) {
        memmove(c->lines[0], c->lines[1], sizeof c->lines - sizeof c->lines[0]);
        c->line_count--;
    }
    snprintf(c->lines[c->line_count++], sizeof c->lines[0], "%s", line);
    if (!c->options.terminal && !c->options.once) {
        struct buf b;
        buf_init(&b, 4096);
        buf_printf(&b, "%s\n", line);
        put(c, &b);
    }
    touched(c);
}
