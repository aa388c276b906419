// The profile's files for trusted Lua, which makes their texts.
#include "api/api.h"
#include "base/file.h"
#include "base/hash.h"

#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Appends the texts of the list on top. False: it is none.
static bool join(lua_State *L, struct buf *to) {
    size_t count = lua_istable(L, -1) ? lua_rawlen(L, -1) : 0;
    bool ok = count > 0;
    for (size_t i = 1; i <= count && ok; i++) {
        size_t len = 0;
        ok = lua_rawgeti(L, -1, (lua_Integer)i) == LUA_TSTRING;
        const char *text = ok ? lua_tolstring(L, -1, &len) : "";
        buf_add(to, text, len);
        lua_pop(L, 1);
    }
    return ok;
}

static bool same_content(const char *path, const struct buf *text) {
    char error[128];
    size_t len = 0;
    char *old = file_read(path, text->len, &len, error, sizeof error);
    bool same = old != NULL && len == text->len && memcmp(old, buf_text(text), len) == 0;
    free(old);
    return same;
}

// Writes the file if it has another content. False: `error` is one sentence.
static bool put_file(const char *profile, const char *its_folder, const char *name,
                     const struct buf *text, bool *changed, char *error, size_t size) {
    char folder[600], path[700], why[128];
    snprintf(folder, sizeof folder, "%s/%.60s", profile, its_folder);
    snprintf(path, sizeof path, "%s/%.60s", folder, name);
    if (same_content(path, text)) {
        return true;
    }
    file_folder(profile, FOLDER_FOR_PG3);
    file_folder(folder, FOLDER_FOR_PG3);
    if (!file_write(path, buf_text(text), text->len, FILE_FOR_PG3, why, sizeof why)) {
        snprintf(error, size, "%s %s", path, why);
        return false;
    }
    *changed = true;
    return true;
}

// host.profile(list of { folder, name, parts = list of texts }) -> whether a file was written |
// nil, why. Brings the files of the profile up to date, each in one step, and has PG3 install them
// if it has others. The texts are joined here: Lua's buffers take several times their length.
static int host_profile(lua_State *L) {
    const struct api *a = api_of(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
    uint64_t hash = HASH_START;
    char error[1000], text[17];
    bool changed = false;
    for (lua_Integer i = 1; i <= count; i++) {
        struct buf b;
        buf_init(&b, SIZE_MAX);
        lua_settop(L, 1);
        bool named = lua_rawgeti(L, 1, i) == LUA_TTABLE &&
                     lua_getfield(L, 2, "folder") == LUA_TSTRING &&
                     lua_getfield(L, 2, "name") == LUA_TSTRING;
        bool whole = named && lua_getfield(L, 2, "parts") == LUA_TTABLE && join(L, &b);
        bool written = whole && !b.failed &&
                       put_file(a->profile, lua_tostring(L, 3), lua_tostring(L, 4), &b, &changed,
                                error, sizeof error);
        bool starved = b.starved;
        hash = hash_more(hash, buf_text(&b), b.len);
        buf_free(&b);
        if (!whole) {
            return luaL_error(L,
                              "host.profile: a list of { folder, name, parts = texts } expected");
        }
        if (!written) {
            return starved ? vm_no_memory(L) : api_nil(L, error);
        }
    }
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    if (a->pg3 != NULL) {
        pg3_profile(a->pg3, text);
    }
    lua_pushboolean(L, changed);
    return 1;
}

const luaL_Reg api_profile_functions[] = {{"profile", host_profile}, {NULL, NULL}};
