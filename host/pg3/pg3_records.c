// What PG3 keeps under keys, for the user and the plugin: how scripts/pg3/records.lua, which knows
// all about it, and the rest of PG3's protocol reach each other.
#include "base/log.h"
#include "pg3/pg3_state.h"

#include <lauxlib.h>
#include <string.h>

#define SCRIPT "scripts/pg3/records.lua"

// Their keys, which that script has, too: no other is handed over.
static const char *const keys[] = {"customparams", "notices",           "customparamsdoc", "idata",
                                   "customdata",   "customtypedparams", "customtypeddata"};

bool pg3_is_record(const char *key) {
    bool is = false;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        is = is || strcmp(keys[i], key) == 0;
    }
    return is;
}

// What records.lua is told

struct telling {
    const struct pg3 *p;
    const char *name;
    const char *texts[2];
    lua_State *from; // NULL: the texts are told, else the table on top of it, and `whole`
    bool whole;
};

static int tell_protected(lua_State *L) {
    const struct telling *t = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, t->p->told);
    lua_getfield(L, -1, t->name);
    if (t->from == NULL) {
        lua_pushstring(L, t->texts[0]);
        lua_pushstring(L, t->texts[1]);
    } else {
        vm_copy(t->from, -1, L, NULL, NULL);
        lua_pushboolean(L, t->whole);
    }
    lua_call(L, 2, 0);
    return 0;
}

static void tell(struct pg3 *p, struct telling t) {
    char error[512];
    t.p = p;
    if (p->vm == NULL || vm_protect(p->vm, tell_protected, &t, error, sizeof error)) {
        return;
    }
    if (p->vm->starved) {
        pg3_missed(p);
        log_warning(AREA, "memory is too short for what PG3 keeps for the plugin, which is asked "
                          "for again; free some on this machine");
    } else {
        log_error(AREA, "%s: %s", t.name, error);
    }
}

void pg3_tell(struct pg3 *p, const char *name, const char *text, const char *more) {
    tell(p, (struct telling){.name = name, .texts = {text, more}});
}

// Adds the row at `at`, of the list of all records, to the table at `records`. False: it is none.
static bool add_row(lua_State *L, int at, int records) {
    const char *key = json_text(L, at, "key", NULL);
    if (key != NULL && pg3_is_record(key)) {
        int type = json_push(L, at, "value");
        if (type == LUA_TNIL) {
            lua_pushboolean(L, false);
        }
        if (type != LUA_TLIGHTUSERDATA) { // null: there is none
            lua_setfield(L, records, key);
        }
        lua_settop(L, at > records ? at : records);
    }
    return key != NULL;
}

static bool is_empty(lua_State *L, int at) {
    lua_pushnil(L);
    if (lua_next(L, at) == 0) {
        return true;
    }
    lua_pop(L, 2);
    return false;
}

void pg3_read_all(struct pg3 *p, lua_State *L, int at) {
    bool whole = lua_type(L, at) == LUA_TTABLE;
    lua_Integer count = whole ? (lua_Integer)lua_rawlen(L, at) : 0;
    lua_newtable(L);
    int records = lua_gettop(L);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, at, i);
        whole = add_row(L, records + 1, records) && whole;
        lua_settop(L, records);
    }
    if (whole && count == 0 && !is_empty(L, at)) {
        whole = add_row(L, at, records);
    }
    tell(p, (struct telling){.name = "list", .from = L, .whole = whole});
    lua_pop(L, 1);
}

void pg3_read_custom(struct pg3 *p, lua_State *L, int at) {
    bool any = false;
    lua_newtable(L);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        int type = json_push(L, at, keys[i]);
        if (type != LUA_TNIL && type != LUA_TLIGHTUSERDATA) { // null says nothing
            any = true;
            lua_setfield(L, -2, keys[i]);
        } else {
            lua_pop(L, 1);
        }
    }
    if (any) {
        tell(p, (struct telling){.name = "records", .from = L});
    }
    lua_pop(L, 1);
}

// What records.lua asks for. Upvalue 1: the pg3, NULL where PG3 is not connected; 2: the json.

static struct pg3 *pg3_of(lua_State *L) { return lua_touserdata(L, lua_upvalueindex(1)); }
static struct json *json_of(lua_State *L) { return lua_touserdata(L, lua_upvalueindex(2)); }

// decode(text) -> value | nothing: it is no JSON, or nested too deep
static int base_decode(lua_State *L) {
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    char error[256];
    return json_copy(json_of(L), text, len, L, error, sizeof error);
}

// hide(text) -> it, its secrets masked
static int base_hide(lua_State *L) {
    const char *text = luaL_checkstring(L, 1);
    char *copy_of = lua_newuserdatauv(L, strlen(text) + 1, 0);
    memcpy(copy_of, text, strlen(text) + 1);
    log_hide(copy_of);
    lua_pushstring(L, copy_of);
    return 1;
}

// log(level, text)
static int base_log(lua_State *L) {
    static const char *const levels[] = {"debug", "info", "warning", "error", NULL};
    log_line((enum log_level)luaL_checkoption(L, 1, NULL, levels), AREA, "%s",
             luaL_checkstring(L, 2));
    return 0;
}

// due(defaults, records, kept): what has to be written: at once, once the first values are out, and
// before the end.
static int base_due(lua_State *L) {
    struct pg3 *p = pg3_of(L);
    if (p != NULL) {
        p->defaults_due = lua_toboolean(L, 1);
        p->records_due = lua_toboolean(L, 2);
        p->kept_due = lua_toboolean(L, 3);
    }
    return 0;
}

// write(key, JSON [, at_once]) -> whether it will leave
static int base_write(lua_State *L) {
    struct buf b;
    buf_init(&b, WIRE_MAX);
    buf_printf(&b, "{\"set\":[{\"key\":\"%s\",\"value\":", luaL_checkstring(L, 1));
    buf_puts(&b, luaL_checkstring(L, 2));
    buf_puts(&b, "}]}");
    bool at_once = lua_toboolean(L, 3);
    lua_pushboolean(L, pg3_post_buf(pg3_of(L), "custom", &b, at_once ? OUT_NOW : OUT_AFTER_START));
    return 1;
}

// changed(): the user's parameters or choices are others than before.
static int base_changed(lua_State *L) {
    const struct pg3 *p = pg3_of(L);
    p->events.event(p->events.ctx, "params");
    return 0;
}

// known() -> how many nodes PG3 has of the plugin | nil: it has not told
static int base_known(lua_State *L) {
    const struct pg3 *p = pg3_of(L);
    if (!p->have_config) {
        return 0;
    }
    lua_pushinteger(L, (lua_Integer)p->known.count);
    return 1;
}

// progress(all): something came; all: every record was read.
static int base_progress(lua_State *L) {
    pg3_of(L)->all_read = lua_toboolean(L, 1);
    pg3_progress(pg3_of(L));
    return 0;
}

// answered(): the question for all records is.
static int base_answered(lua_State *L) {
    pg3_answered(pg3_of(L), false, true);
    return 0;
}

// install() -> whether PG3 is asked to install the profile. No node is added until installed().
static int base_install(lua_State *L) {
    struct pg3 *p = pg3_of(L);
    const char *install = "{\"installprofile\":{\"reboot\":false}}";
    p->installing = pg3_post(p, "system", install, strlen(install), OUT_NOW);
    lua_pushboolean(L, p->installing);
    return 1;
}

static int base_installed(lua_State *L) {
    pg3_of(L)->installing = false;
    return 0;
}

static void profile_late(void *ctx) {
    ((struct pg3 *)ctx)->late_timer = 0;
    pg3_tell(ctx, "profile_late", NULL, NULL);
}

static void profile_again(void *ctx) {
    ((struct pg3 *)ctx)->again_timer = 0;
    pg3_tell(ctx, "profile_again", NULL, NULL);
}

// alarm(name, seconds | nil): that function is called then, or not any more.
static int base_alarm(lua_State *L) {
    struct pg3 *p = pg3_of(L);
    bool is_late = strcmp(luaL_checkstring(L, 1), "profile_late") == 0;
    int64_t *timer = is_late ? &p->late_timer : &p->again_timer;
    loop_cancel(p->loop, *timer);
    *timer = 0;
    if (!lua_isnoneornil(L, 2)) {
        int64_t ms = (int64_t)(luaL_checknumber(L, 2) * 1000);
        *timer = loop_after(p->loop, ms, is_late ? profile_late : profile_again, p);
    }
    return 0;
}

void pg3_open_records(lua_State *L, struct pg3 *p, struct json *json, const char *root) {
    static const luaL_Reg base[] = {{"decode", base_decode},
                                    {"hide", base_hide},
                                    {"log", base_log},
                                    {"due", base_due},
                                    {"write", base_write},
                                    {"changed", base_changed},
                                    {"known", base_known},
                                    {"progress", base_progress},
                                    {"answered", base_answered},
                                    {"install", base_install},
                                    {"installed", base_installed},
                                    {"alarm", base_alarm},
                                    {NULL, NULL}};
    int host = lua_gettop(L);
    if (luaL_loadfilex(L, lua_pushfstring(L, "%s/" SCRIPT, root), "t") != LUA_OK) {
        lua_error(L);
    }
    luaL_newlibtable(L, base);
    lua_pushlightuserdata(L, p);
    lua_pushlightuserdata(L, json);
    luaL_setfuncs(L, base, 2);
    lua_pushinteger(L, PG3_RECORD_MAX);
    lua_setfield(L, -2, "most");
    lua_pushboolean(L, p != NULL);
    lua_setfield(L, -2, "linked");
    lua_pushvalue(L, host);
    lua_call(L, 2, 1);
    if (p != NULL) {
        p->told = luaL_ref(L, LUA_REGISTRYINDEX);
        p->vm = vm_of(L);
    }
    lua_settop(L, host);
}
