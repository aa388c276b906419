#include "pg3/pairs.h"
#include "base/text.h"
#include "lua/vm.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pairs_free(struct pairs *p) {
    for (size_t i = 0; i < p->count; i++) {
        free(p->all[i].key);
        free(p->all[i].value);
    }
    free(p->all);
    *p = (struct pairs){0};
}

static struct pair *find(const struct pairs *p, const char *key) {
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->all[i].key, key) == 0) {
            return &p->all[i];
        }
    }
    return NULL;
}

const char *pairs_get(const struct pairs *p, const char *key) {
    const struct pair *pair = find(p, key);
    return pair != NULL ? pair->value : NULL;
}

bool pairs_has(const struct pairs *p, const char *key, const char *value) {
    const char *held = pairs_get(p, key);
    return held == value || (held != NULL && value != NULL && strcmp(held, value) == 0);
}

static void remove_pair(struct pairs *p, struct pair *pair) {
    free(pair->key);
    free(pair->value);
    size_t after = p->count - 1 - (size_t)(pair - p->all);
    memmove(pair, pair + 1, after * sizeof *pair);
    p->count--;
}

static bool add_pair(struct pairs *p, const char *key, const char *value) {
    struct pair *all = realloc(p->all, (p->count + 1) * sizeof *all);
    if (all == NULL) {
        return false;
    }
    p->all = all;
    struct pair pair = {strdup(key), strdup(value)};
    if (pair.key == NULL || pair.value == NULL) {
        free(pair.key);
        free(pair.value);
        return false;
    }
    p->all[p->count++] = pair;
    return true;
}

bool pairs_set(struct pairs *p, const char *key, const char *value) {
    struct pair *pair = find(p, key);
    if (pairs_has(p, key, value)) {
        return true;
    }
    if (value == NULL) {
        remove_pair(p, pair);
        return true;
    }
    return pair != NULL ? text_set(&pair->value, value) : add_pair(p, key, value);
}

bool pairs_equal(const struct pairs *a, const struct pairs *b) {
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (!pairs_has(b, a->all[i].key, a->all[i].value)) {
            return false;
        }
    }
    return true;
}

// Whether key and value of the member on top of L are whole: a text with a NUL in it ends there.
static bool is_whole(lua_State *L, const char *key, const char *value) {
    return strlen(key) == lua_rawlen(L, -2) &&
           (lua_type(L, -1) != LUA_TSTRING || strlen(value) == lua_rawlen(L, -1));
}

void pairs_read(struct pairs *p, lua_State *L, int index) {
    pairs_free(p);
    luaL_checkstack(L, 4, "pairs");
    if (lua_type(L, index) != LUA_TTABLE) {
        return;
    }
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        int type = lua_type(L, -1);
        char number[32];
        const char *value = "";
        if (type == LUA_TSTRING) {
            value = lua_tostring(L, -1);
        } else if (type == LUA_TNUMBER) {
            snprintf(number, sizeof number, "%.14g", lua_tonumber(L, -1));
            value = number;
        } else if (type == LUA_TBOOLEAN) {
            value = lua_toboolean(L, -1) ? "true" : "false";
        } else if (type == LUA_TTABLE) {
            p->opaque = true;
        }
        if (lua_type(L, -2) == LUA_TSTRING) {
            const char *key = lua_tostring(L, -2);
            if (!pairs_set(p, key, value)) {
                pairs_free(p); // half of the user's parameters would be other parameters
                vm_no_memory(L);
            }
            p->opaque = p->opaque || !is_whole(L, key, value);
        }
        lua_pop(L, 1);
    }
}

bool pairs_write(const struct pairs *p, const struct pairs *more, struct buf *b) {
    const char *before = "{";
    for (size_t i = 0; i < p->count + more->count; i++) {
        const struct pair *pair = i < p->count ? &p->all[i] : &more->all[i - p->count];
        buf_member(b, before, pair->key);
        buf_member(b, ":", pair->value);
        before = ",";
    }
    return buf_puts(b, before[0] == '{' ? "{}" : "}");
}
