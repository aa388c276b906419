// The records that PG3 keeps for the user and the plugin, as it tells them (docs/pg3.md, User
// data). The configuration and each record are asked for until they came well, before records are
// written. One that a list does not have may be new, or PG3 may not be ready yet.
#include "base/text.h"
#include "pg3/pg3_state.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_FIRST_MS 3000 // doubles
#define ASK_MAX_MS 300000
#define BELIEVED 3 // answers in a row, over nine seconds, with the same text that is no record
#define TELL_MS (4 * ASK_FIRST_MS) // the second repetition was not answered well either

void pg3_missed(struct pg3 *p) {
    p->missed_ms = loop_now_ms();
    p->missed_record = true;
}

// Each of these takes one record and says whether it could be understood: `at` may hold anything.

// Not an array; an empty one cannot be told from an empty object.
static bool is_object(lua_State *L, int at) {
    return lua_type(L, at) == LUA_TTABLE && lua_rawlen(L, at) == 0;
}

static bool keep_params(struct pg3 *p, lua_State *L, int at) {
    struct pairs fresh = {0};
    if (!is_object(L, at)) {
        return false;
    }
    pairs_read(&fresh, L, at);
    bool same = pairs_equal(&fresh, &p->params);
    pairs_free(&p->params);
    p->params = fresh;
    if (!same && !p->records[KEY_PARAMS].read) {
        pairs_free(&p->defaults); // they may be there under other names: who gave them did not know
    }
    if (!same) {
        p->events.event(p->events.ctx, "params");
    }
    return true;
}

// The record as JSON text that Lua can read again. NULL: nested too deep, too long, or memory is
// short, which is noted.
static char *json_copy_of(struct pg3 *p, lua_State *L, int at) {
    struct buf b;
    struct walk w;
    char error[128], *copy = NULL;
    buf_init(&b, PG3_RECORD_MAX);
    bool whole = json_write(p->json, L, at, &b, error, sizeof error);
    bool starved = !whole && json_starved(p->json);
    walk_begin(&w, buf_text(&b), b.len);
    walk_skip(&w);
    whole = whole && walk_end(&w); // else nested too deep to reach main.lua
    if (whole) {
        copy = strdup(buf_text(&b));
    }
    if (starved || (whole && copy == NULL)) {
        pg3_missed(p);
    }
    buf_free(&b);
    return copy;
}

static bool keep_data(struct pg3 *p, lua_State *L, int at) {
    if (lua_type(L, at) != LUA_TTABLE) {
        return false;
    }
    // Our own record may be echoed later, but only the one from before this run is news.
    if (p->data != NULL || (p->records[KEY_DATA].read && p->bad_data == NULL)) {
        return true;
    }
    p->data = json_copy_of(p, L, at);
    if (p->data != NULL) {
        text_set(&p->bad_data, NULL); // it was not what PG3 keeps
    }
    return p->data != NULL;
}

// What is offered is known here.
static bool keep_offer(struct pg3 *p, lua_State *L, int at) {
    (void)p;
    return lua_type(L, at) == LUA_TTABLE;
}

static bool keep_choices(struct pg3 *p, lua_State *L, int at) {
    char *fresh = lua_type(L, at) == LUA_TTABLE ? json_copy_of(p, L, at) : NULL;
    if (fresh == NULL) {
        return false;
    }
    bool same = p->choices != NULL ? strcmp(p->choices, fresh) == 0 : strlen(fresh) == 2; // {}
    free(p->choices);
    p->choices = fresh;
    if (!same) {
        p->events.event(p->events.ctx, "params");
    }
    return true;
}

static bool keep_idata(struct pg3 *p, lua_State *L, int at) {
    if (!is_object(L, at)) {
        return false;
    }
    const char *version = json_text(L, at, "profile_version", "");
    if (!p->records[KEY_IDATA].open) {
        snprintf(p->remembered, sizeof p->remembered, "%s", version);
    }
    // What we are about to write is newer.
    if (p->profile_timer == 0 && !p->records[KEY_IDATA].changed && !p->records[KEY_IDATA].open) {
        snprintf(p->installed, sizeof p->installed, "%s", version);
    }
    return true;
}

// Of the notices only those that are not ours: ours are known better here, and PG3's must not be
// wiped.
static bool keep_notices(struct pg3 *p, lua_State *L, int at) {
    struct pairs all = {0};
    bool whole = true;
    if (!is_object(L, at)) {
        return false;
    }
    pairs_read(&all, L, at);
    if (all.opaque && !p->foreign_notices.opaque) {
        log_warning(AREA, "PG3 keeps a notice that this plugin cannot write back as it is; the "
                          "plugin's own are not shown until it is gone");
    }
    pairs_free(&p->foreign_notices);
    p->foreign_notices.opaque = all.opaque;
    for (size_t i = 0; i < all.count; i++) {
        if (strncmp(all.all[i].key, PG3_NOTICE_PREFIX, strlen(PG3_NOTICE_PREFIX)) != 0) {
            whole = pairs_set(&p->foreign_notices, all.all[i].key, all.all[i].value) && whole;
        }
    }
    pairs_free(&all);
    if (!whole) { // memory is short: what is missing must not be written over
        p->foreign_notices.opaque = true;
        pg3_missed(p);
    }
    return true;
}

static bool keep_doc(struct pg3 *p, lua_State *L, int at) {
    if (lua_type(L, at) != LUA_TSTRING) {
        return false;
    }
    if (p->doc == NULL) {
        p->doc = strdup(lua_tostring(L, at));
    }
    return true;
}

typedef bool keeper(struct pg3 *p, lua_State *L, int at);

static const struct {
    const char *key;
    keeper *keep;
} keepers[KEYS] = {
    [KEY_PARAMS] = {"customparams", keep_params},
    [KEY_NOTICES] = {"notices", keep_notices},
    [KEY_DOC] = {"customparamsdoc", keep_doc},
    [KEY_IDATA] = {"idata", keep_idata},
    [KEY_DATA] = {"customdata", keep_data},
    [KEY_OFFER] = {"customtypedparams", keep_offer},
    [KEY_CHOICES] = {"customtypeddata", keep_choices},
};

// The text of the plugin's own record could not be read, or is no object. Only one that PG3 tells
// over and over, beside good records, is what it keeps.
static void note_bad_data(struct pg3 *p, const char *text) {
    bool again = p->bad_data != NULL && strcmp(p->bad_data, text) == 0;
    if (!again) {
        text_set(&p->bad_data, text);
        p->bad_data_told = 0;
    }
    p->bad_data_told++;
}

struct decoding {
    struct pg3 *p;
    keeper *keep;
    bool kept;
    int type; // of what was decoded
};

static void keep_decoded(lua_State *L, void *ctx) {
    struct decoding *d = ctx;
    d->type = lua_type(L, 1);
    d->kept = d->keep(d->p, L, 1);
}

// Whether the object at `at` wraps a record: nothing but a row's own fields, and a value that is an
// object or its text (`is_html`: any text). A parameter that the user named "value" is no wrapper.
static bool is_wrapper(lua_State *L, int at, bool is_html) {
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
    bool holds =
        type == LUA_TTABLE || (type == LUA_TSTRING && (is_html || lua_tostring(L, -1)[0] == '{'));
    lua_pop(L, 1);
    return holds && known == members;
}

// A record's value is an object, JSON text, or an object whose `value` is either
// (docs/pg3.md, User data); of the page it is its HTML.
static bool take_value(struct pg3 *p, lua_State *L, int at, keeper *keep) {
    luaL_checkstack(L, 4, "record");
    int type = lua_type(L, at);
    if (type == LUA_TTABLE && is_wrapper(L, at, keep == keep_doc)) {
        json_push(L, at, "value");
        bool taken = take_value(p, L, lua_gettop(L), keep);
        lua_pop(L, 1);
        return taken;
    }
    if (type != LUA_TSTRING || keep == keep_doc) {
        return keep(p, L, at);
    }
    struct decoding d = {p, keep, false, LUA_TNONE};
    size_t len;
    const char *text = lua_tolstring(L, at, &len);
    char error[256];
    bool read = json_read(p->json, text, len, keep_decoded, &d, error, sizeof error);
    if (!read && json_starved(p->json)) {
        pg3_missed(p);
    } else if (keep == keep_data && d.type != LUA_TTABLE && !p->records[KEY_DATA].read) {
        note_bad_data(p, text);
    }
    return read && d.kept;
}

static void take_record(struct pg3 *p, lua_State *L, enum pg3_key key, int at) {
    struct pg3_record *r = &p->records[key];
    p->missed_record = false;
    bool good = take_value(p, L, at, keepers[key].keep), says_nothing = lua_islightuserdata(L, at);
    r->missing = 0; // it is there
    if (!good && p->missed_record) {
        log_warning(AREA,
                    "memory is too short for the record %s of PG3's, which is asked for it again; "
                    "free some on this machine",
                    keepers[key].key);
        return;
    }
    if (!good && !says_nothing && !r->garbled) {
        log_warning(AREA,
                    "PG3 sent a record %s that cannot be understood; what was there before stays. "
                    "If this stays, save it anew in PG3.",
                    keepers[key].key);
    }
    r->garbled = !good;
    r->read = r->read || good;
}

const char *pg3_key_name(enum pg3_key key) { return keepers[key].key; }

enum pg3_key pg3_key_of(const char *name) {
    size_t key = 0;
    while (key < KEYS && strcmp(keepers[key].key, name) != 0) {
        key++;
    }
    return (enum pg3_key)key;
}

// Asking

static void send_questions(struct pg3 *p) {
    if (p->ask_config) {
        struct buf b;
        buf_init(&b, 256);
        buf_member(&b, "{\"config\":{\"version\":", p->version);
        buf_puts(&b, ",\"requestId\":true}}");
        pg3_post_buf(p, "system", &b, OUT_NOW);
    }
    if (p->ask_all) {
        const char *get_all = "{\"getAll\":{}}";
        pg3_post(p, "custom", get_all, strlen(get_all), OUT_NOW);
    }
}

static void ask_due(void *ctx) {
    struct pg3 *p = ctx;
    p->ask_timer = 0;
    if (!p->ask_config && !p->ask_all) {
        p->ask_pause = 0;
        return;
    }
    if (p->ask_pause >= TELL_MS) {
        pg3_tell_missing(p);
    }
    send_questions(p);
    p->ask_timer = loop_after(p->loop, p->ask_pause, ask_due, p);
    p->ask_pause = p->ask_pause * 2 < ASK_MAX_MS ? p->ask_pause * 2 : ASK_MAX_MS;
}

void pg3_ask(struct pg3 *p, bool config, bool all) {
    if (!p->up) {
        return; // all is asked for after a connect
    }
    p->ask_config = p->ask_config || config;
    p->ask_all = p->ask_all || all;
    if (p->ask_timer != 0) {
        return; // it goes with the next ones: a PG3 in trouble is not asked faster
    }
    p->ask_pause = ASK_FIRST_MS;
    ask_due(p);
}

void pg3_ask_nothing(struct pg3 *p) {
    loop_cancel(p->loop, p->ask_timer);
    p->ask_timer = 0;
    p->ask_config = p->ask_all = false;
}

bool pg3_all_read(const struct pg3 *p) {
    bool all = p->have_config;
    for (size_t i = 0; i < KEYS; i++) {
        all = all && p->records[i].read;
    }
    return all;
}

// A PG3 that answers is asked soon the next time, too.
static void all_answered(struct pg3 *p) {
    if (p->ask_config || p->ask_all) {
        return;
    }
    if (p->ask_timer != 0 && p->ask_pause > 2 * ASK_FIRST_MS) {
        loop_cancel(p->loop, p->ask_timer);
        p->ask_timer = loop_after(p->loop, ASK_FIRST_MS, ask_due, p);
    }
    p->ask_pause = ASK_FIRST_MS;
}

// What lists did not have is believed once that is beyond doubt.
void pg3_progress(struct pg3 *p) {
    bool doubt = !p->have_config || (p->known.count > 0 && p->short_list);
    for (size_t i = 0; i < KEYS; i++) {
        if (p->records[i].missing > (doubt ? 1 : 0)) {
            p->records[i].read = true;
        }
    }
    if (p->told_missing && pg3_all_read(p)) {
        log_info(AREA, "PG3 has told everything now");
        p->told_missing = false;
    }
    all_answered(p);
    pg3_check_gate(p);
}

// A text that is no JSON object, told over and over beside records that are good, is what PG3
// keeps: nothing can come in its place but what the plugin writes.
static void give_up_data(struct pg3 *p, const bool listed[KEYS]) {
    struct pg3_record *r = &p->records[KEY_DATA];
    bool others = true;
    for (size_t i = 0; i < KEYS; i++) {
        others = others && (i == KEY_DATA || !(listed[i] && p->records[i].garbled));
    }
    if (!r->read && others && listed[KEY_DATA] && p->bad_data_told >= BELIEVED) {
        r->read = true;
        r->garbled = false;
    }
}

// A list of all records has come. `listed` says of each whether it was among them; `whole`: each
// row was one.
static void all_listed(struct pg3 *p, const bool listed[KEYS], bool whole) {
    bool good = whole;
    p->short_list = false;
    if (whole) {
        give_up_data(p, listed);
    }
    for (size_t i = 0; i < KEYS; i++) {
        struct pg3_record *r = &p->records[i];
        if (listed[i] || r->read) {
            r->missing = 0;
        } else if (whole) {
            r->missing++;
        }
        p->short_list = p->short_list || (i < KEY_DATA && !listed[i] && !r->read);
        good = good && !(listed[i] && r->garbled);
    }
    pg3_progress(p);
    for (size_t i = 0; i < KEYS; i++) {
        good = good && p->records[i].read;
    }
    if (good) {
        p->ask_all = false;
        all_answered(p);
    }
}

// What the log calls them, by their key.
static const char *const names[KEYS] = {"the parameters",
                                        "the notices",
                                        "the configuration page",
                                        "the profile's version",
                                        "the state of device scripts",
                                        "the list of what to show",
                                        "what was chosen to be shown"};

void pg3_tell_missing(struct pg3 *p) {
    struct buf list;
    if (p->told_missing || pg3_all_read(p)) {
        return;
    }
    buf_init(&list, 256);
    if (!p->have_config) {
        buf_puts(&list, "the configuration with the nodes");
    }
    for (size_t i = 0; i < KEYS; i++) {
        if (!p->records[i].read) {
            buf_printf(&list, "%s%s", list.len > 0 ? ", " : "", names[i]);
        }
    }
    log_warning(AREA,
                "PG3 has not told this so that it could be read: %s. The plugin goes on without, "
                "writes none of it over and asks again; if this stays, restart PG3.",
                buf_text(&list));
    buf_free(&list);
    p->told_missing = true;
}

// Lists

static bool is_empty(lua_State *L, int at) {
    lua_pushnil(L);
    if (lua_next(L, at) == 0) {
        return true;
    }
    lua_pop(L, 2);
    return false;
}

// A row of the list of all records. False: it is none.
static bool take_row(struct pg3 *p, lua_State *L, int at, bool listed[KEYS]) {
    const char *text = json_text(L, at, "key", NULL);
    enum pg3_key key = text != NULL ? pg3_key_of(text) : KEYS;
    if (key == KEYS) {
        return text != NULL;
    }
    json_push(L, at, "value");
    listed[key] = !lua_islightuserdata(L, -1); // null: there is none
    if (listed[key]) {
        take_record(p, L, key, lua_gettop(L));
    }
    lua_pop(L, 1);
    return true;
}

void pg3_read_all(struct pg3 *p, lua_State *L, int at) {
    bool listed[KEYS] = {false};
    bool whole = lua_type(L, at) == LUA_TTABLE;
    lua_Integer count = whole ? (lua_Integer)lua_rawlen(L, at) : 0;
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, at, i);
        whole = take_row(p, L, lua_gettop(L), listed) && whole;
        lua_pop(L, 1);
    }
    if (whole && count == 0 && !is_empty(L, at)) {
        whole = take_row(p, L, at, listed);
    }
    all_listed(p, listed, whole);
}

void pg3_read_custom(struct pg3 *p, lua_State *L, int at) {
    if (lua_type(L, at) != LUA_TTABLE) {
        return;
    }
    luaL_checkstack(L, 4, "custom");
    lua_pushnil(L);
    while (lua_next(L, at) != 0) {
        enum pg3_key key = lua_type(L, -2) == LUA_TSTRING ? pg3_key_of(lua_tostring(L, -2)) : KEYS;
        if (key < KEYS) {
            take_record(p, L, key, lua_gettop(L));
        }
        lua_pop(L, 1);
    }
    pg3_progress(p);
}
