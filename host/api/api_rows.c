// VRM's rows as a device script sees them (docs/authors.md): looked up in main.lua's table when it
// asks, so that what it does not ask for is not copied.
#include "api/api.h"
#include "lua/fields.h"

#include <lauxlib.h>
#include <string.h>

#define ROWS_META "rows"
#define FIELDS_MAX 16 // of a row and its place

// The userdata. `ref`: of the table in main.lua's registry.
struct rows {
    struct vm *main;
    int ref;
};

struct field {
    const char *name;
    int type;
    bool integer;
    lua_Integer whole;
    lua_Number number;
    const char *text;
    size_t len;
};

// One look into main.lua's table. The texts found are of its state, which keeps them: nothing runs
// in it before they have been copied.
struct look {
    const struct rows *rows;
    const char *key; // NULL: before the first
    size_t len;
    bool found;
    struct field fields[FIELDS_MAX];
    int count;
};

// The value on top, a member of a row.
static struct field field_at(lua_State *L, const char *name) {
    struct field f = {.name = name, .type = lua_type(L, -1)};
    f.integer = lua_isinteger(L, -1);
    f.whole = f.integer ? lua_tointeger(L, -1) : lua_toboolean(L, -1);
    f.number = f.type == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
    f.text = f.type == LUA_TSTRING ? lua_tolstring(L, -1, &f.len) : NULL;
    return f;
}

// The members of the table on top; tables (__index) are none.
static void read_fields(lua_State *L, struct look *k) {
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        if (lua_type(L, -2) == LUA_TSTRING && !lua_istable(L, -1) && k->count < FIELDS_MAX) {
            k->fields[k->count++] = field_at(L, lua_tostring(L, -2));
        }
        lua_pop(L, 1);
    }
}

// The row on top; anything else is none. What its place says (its metatable) is of it as well,
// where it does not say something else itself.
static void read_row(lua_State *L, struct look *k) {
    k->found = lua_istable(L, -1);
    k->count = 0;
    if (!k->found) {
        return;
    }
    if (lua_getmetatable(L, -1)) {
        read_fields(L, k);
        lua_pop(L, 1);
    }
    read_fields(L, k);
}

// These run in main.lua's state; index 1 is the look.

static int find_row(lua_State *L) {
    struct look *k = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, k->rows->ref);
    lua_pushlstring(L, k->key, k->len);
    lua_rawget(L, -2);
    read_row(L, k);
    return 0;
}

static int next_row(lua_State *L) {
    struct look *k = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, k->rows->ref);
    if (k->key != NULL) {
        lua_pushlstring(L, k->key, k->len);
    } else {
        lua_pushnil(L);
    }
    k->key = NULL;
    while (k->key == NULL && lua_next(L, 2) != 0) {
        read_row(L, k);
        if (k->found && lua_type(L, -2) == LUA_TSTRING) {
            k->key = lua_tolstring(L, -2, &k->len);
        }
        lua_pop(L, 1);
    }
    return 0;
}

static void living_or_raise(lua_State *L, const struct rows *rows) {
    if (rows->ref == LUA_NOREF) {
        luaL_error(L, "these rows were there for one call; keep the values, not the rows");
    }
}

// Raises in the script's state L what fails in main.lua's.
static void look(lua_State *L, struct look *k, lua_CFunction fn) {
    char error[256];
    struct vm *main = k->rows->main;
    living_or_raise(L, k->rows);
    if (vm_protect(main, fn, k, error, sizeof error)) {
        return;
    }
    if (main->starved) {
        vm_no_memory(L);
    }
    luaL_error(L, "%s", error);
}

// From here on L is the script's state.

static void push_field(lua_State *L, const struct field *f) {
    if (f->type == LUA_TSTRING) {
        lua_pushlstring(L, f->text, f->len);
    } else if (f->type == LUA_TNUMBER && f->integer) {
        lua_pushinteger(L, f->whole);
    } else if (f->type == LUA_TNUMBER) {
        lua_pushnumber(L, f->number);
    } else {
        lua_pushboolean(L, f->whole != 0);
    }
}

static void push_row(lua_State *L, const struct look *k) {
    lua_createtable(L, 0, k->count);
    for (int i = 0; i < k->count; i++) {
        push_field(L, &k->fields[i]);
        lua_setfield(L, -2, k->fields[i].name);
    }
    fields_watch(L, "a row: code, device, id, instance, label, path, service, text, timestamp, "
                    "unit, value");
}

static int rows_index(lua_State *L) {
    struct look k = {.rows = luaL_checkudata(L, 1, ROWS_META)};
    if (lua_type(L, 2) == LUA_TNUMBER) {
        return luaL_error(L, "rows are found by path and by code, not by number");
    }
    if (lua_type(L, 2) != LUA_TSTRING) {
        return 0;
    }
    k.key = lua_tolstring(L, 2, &k.len);
    look(L, &k, find_row);
    if (!k.found) {
        return 0;
    }
    push_row(L, &k);
    return 1;
}

static int rows_newindex(lua_State *L) {
    return luaL_error(L,
                      "rows are what VRM sent; they cannot be changed. Use a variable of your own");
}

static int rows_next(lua_State *L) {
    struct look k = {.rows = luaL_checkudata(L, 1, ROWS_META)};
    if (!lua_isnoneornil(L, 2)) {
        k.key = luaL_checklstring(L, 2, &k.len);
    }
    look(L, &k, next_row);
    if (k.key == NULL) {
        return 0;
    }
    lua_pushlstring(L, k.key, k.len);
    push_row(L, &k);
    return 2;
}

static int rows_pairs(lua_State *L) {
    luaL_checkudata(L, 1, ROWS_META);
    lua_pushcfunction(L, rows_next);
    lua_pushvalue(L, 1);
    return 2;
}

static void give_back(struct rows *r) {
    luaL_unref(r->main->L, LUA_REGISTRYINDEX, r->ref);
    r->ref = LUA_NOREF;
}

static int rows_end(lua_State *L) {
    give_back(luaL_checkudata(L, 1, ROWS_META));
    return 0;
}

// number(rows, key...) -> the first of those rows' values that is a number; nil if there is none.
// rows may be nil, as rows_of gives it.
static int rows_number(lua_State *L) {
    int keys = lua_gettop(L);
    const struct rows *rows = keys > 0 && lua_isnil(L, 1) ? NULL : luaL_checkudata(L, 1, ROWS_META);
    for (int i = 2; i <= keys || i == 2; i++) {
        luaL_checktype(L, i, LUA_TSTRING); // number(rows, "/Soc", 0) would give no 0
    }
    for (int i = 2; i <= keys && rows != NULL; i++) {
        struct look k = {.rows = rows};
        k.key = luaL_checklstring(L, i, &k.len);
        look(L, &k, find_row);
        for (int f = 0; f < k.count; f++) {
            if (strcmp(k.fields[f].name, "value") == 0 && k.fields[f].type == LUA_TNUMBER) {
                push_field(L, &k.fields[f]);
                return 1;
            }
        }
    }
    lua_pushnil(L); // a value, unlike nothing, may be given to any function
    return 1;
}

void api_rows_setup(lua_State *L) {
    static const luaL_Reg methods[] = {{"__index", rows_index},
                                       {"__newindex", rows_newindex},
                                       {"__pairs", rows_pairs},
                                       {"__gc", rows_end},
                                       {NULL, NULL}};
    luaL_newmetatable(L, ROWS_META);
    luaL_setfuncs(L, methods, 0);
    api_put_bool(L, "__metatable", false);
    lua_pop(L, 1);
    lua_pushcfunction(L, rows_number);
    api_declare_global(L, "number");
}

struct api_rows api_keep_rows(lua_State *L, int index) {
    lua_pushvalue(L, index);
    return (struct api_rows){vm_of(L), luaL_ref(L, LUA_REGISTRYINDEX), NULL};
}

void api_push_rows(lua_State *L, void *ctx) {
    struct api_rows *given = ctx;
    struct rows *r = lua_newuserdatauv(L, sizeof *r, 0);
    *r = (struct rows){given->main, LUA_NOREF};
    luaL_setmetatable(L, ROWS_META);
    r->ref = given->ref;
    given->shown = r;
}

int api_rows_ref(lua_State *L, int index) {
    const struct rows *rows = luaL_testudata(L, index, ROWS_META);
    if (rows == NULL) {
        return LUA_NOREF;
    }
    living_or_raise(L, rows);
    return rows->ref;
}

void api_drop_rows(struct api_rows *given) {
    if (given->shown != NULL) {
        give_back(given->shown);
    } else {
        luaL_unref(given->main->L, LUA_REGISTRYINDEX, given->ref);
    }
}
