// An answer's list on its way to Lua: what is known of it already is neither decoded nor handed
// over.
#include "api/api.h"
#include "base/walk.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 64 // bytes of a number; walk refuses more

void api_read_names(lua_State *L, int index, const char *field, const char **names) {
    int type = lua_getfield(L, index, field);
    size_t count = type == LUA_TTABLE ? lua_rawlen(L, -1) : 0;
    bool ok = (type == LUA_TTABLE || type == LUA_TNIL) && count <= API_NAMES_MAX;
    for (size_t i = 0; i < count && ok; i++) {
        ok = lua_rawgeti(L, -1, (lua_Integer)i + 1) == LUA_TSTRING;
        names[i] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    if (!ok) {
        luaL_error(L, "%s: a list of at most %d texts expected", field, API_NAMES_MAX);
    }
    names[count] = NULL;
}

static void push_number(lua_State *L, const char *at, size_t len) {
    char digits[NUMBER_MAX + 1] = "";
    memcpy(digits, at, len < NUMBER_MAX ? len : NUMBER_MAX);
    double n = strtod(digits, NULL);
    if (isfinite(n)) {
        vm_push_number(L, n);
    } else {
        lua_pushnil(L);
    }
}

static void push_text(lua_State *L, const char *at, size_t len) {
    if (memchr(at, '\\', len) == NULL) {
        lua_pushlstring(L, at + 1, len - 2);
        return;
    }
    struct walk w;
    luaL_Buffer b;
    char *text = luaL_buffinitsize(L, &b, len);
    walk_begin(&w, at, len);
    walk_text(&w, text, len);
    luaL_pushresultsize(&b, strlen(text));
}

bool api_push_scalar(lua_State *L, const char *at, size_t len) {
    switch (at[0]) {
    case '{':
    case '[':
        return false;
    case '"':
        push_text(L, at, len);
        break;
    case 't':
    case 'f':
        lua_pushboolean(L, at[0] == 't');
        break;
    case 'n':
        lua_pushnil(L);
        break;
    default:
        push_number(L, at, len);
    }
    return true;
}

// What cannot be decoded, or is not there, is nil.
static void push_value(lua_State *L, struct json *json, const char *at, size_t len) {
    if (at == NULL || (!api_push_scalar(L, at, len) && !json_copy(json, at, len, L, NULL, 0))) {
        lua_pushnil(L);
    }
}

// Whether the element was the same in the answer before.
static bool note_mark(struct api_list *l, const struct sieve_element *e) {
    uint64_t mark = e->place * 0xC4CEB9FE1A85EC53u ^ e->content;
    size_t at = (size_t)l->count++ * sizeof mark;
    if (!buf_add(&l->marks, &mark, sizeof mark)) {
        vm_no_memory(l->L);
    }
    return at + sizeof mark <= l->known_len && memcmp(l->known + at, &mark, sizeof mark) == 0;
}

// take(number, place, hash, values of `content` ...)
void api_list_element(void *ctx, const struct sieve_element *e) {
    struct api_list *l = ctx;
    lua_State *L = l->L;
    if (note_mark(l, e)) {
        return;
    }
    int count = 3;
    lua_pushvalue(L, l->take);
    lua_pushinteger(L, l->count);
    if (lua_rawgeti(L, l->places, (lua_Integer)e->place) != LUA_TNIL) {
        lua_pushnil(L);
    } else {
        lua_pop(L, 1);
        push_value(L, l->json, e->text, e->len);
        lua_pushinteger(L, (lua_Integer)e->place);
    }
    for (int i = 0; l->content[i] != NULL; i++, count++) {
        push_value(L, l->json, e->values[i].at, e->values[i].len);
    }
    lua_call(L, count, 0);
}

bool api_list_begin(struct api_list *l, lua_State *L, struct json *json, int request) {
    l->L = L;
    l->json = json;
    if (lua_getfield(L, request, "list") == LUA_TNIL) {
        return false;
    }
    int list = lua_gettop(L);
    luaL_checktype(L, list, LUA_TTABLE);
    api_read_names(L, list, "place", l->place);
    api_read_names(L, list, "content", l->content);
    lua_getfield(L, list, "known");
    l->known = luaL_optlstring(L, -1, "", &l->known_len);
    lua_getfield(L, list, "places");
    luaL_checktype(L, -1, LUA_TTABLE);
    l->places = lua_gettop(L);
    lua_getfield(L, list, "take");
    luaL_checktype(L, -1, LUA_TFUNCTION);
    l->take = lua_gettop(L);
    lua_getfield(L, list, "name");
    l->name = luaL_checkstring(L, -1);
    luaL_checkstack(L, API_NAMES_MAX + 8, "a list");
    return true;
}
