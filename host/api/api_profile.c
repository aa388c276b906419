// The profile's files for trusted Lua, which makes their texts.
#include "api/api.h"
#include "base/file.h"
#include "base/hash.h"

#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct profile_file {
    const char *folder, *name, *text;
    size_t len;
};

static const char *member(lua_State *L, const char *key, size_t *len) {
    lua_getfield(L, -1, key);
    if (lua_type(L, -1) != LUA_TSTRING) {
        luaL_error(L, "host.profile: a file has a folder, a name and a text");
    }
    const char *text = lua_tolstring(L, -1, len);
    lua_pop(L, 1);
    return text; // lives as long as the file's table
}

// File `i` of the list at 1.
static struct profile_file file_at(lua_State *L, lua_Integer i) {
    struct profile_file file;
    size_t len;
    lua_rawgeti(L, 1, i);
    if (!lua_istable(L, -1)) {
        luaL_error(L, "host.profile: a list of files expected");
    }
    file.folder = member(L, "folder", &len);
    file.name = member(L, "name", &len);
    file.text = member(L, "text", &file.len);
    lua_pop(L, 1);
    return file;
}

static bool same_content(const char *path, const struct profile_file *file) {
    char error[128];
    size_t len = 0;
    char *old = file_read(path, file->len, &len, error, sizeof error);
    bool same = old != NULL && len == file->len && memcmp(old, file->text, len) == 0;
    free(old);
    return same;
}

// Writes the file if it has another content. False: `error` is one sentence.
static bool put_file(const char *profile, const struct profile_file *file, bool *changed,
                     char *error, size_t size) {
    char folder[600], path[700], why[128];
    snprintf(folder, sizeof folder, "%s/%.60s", profile, file->folder);
    snprintf(path, sizeof path, "%s/%.60s", folder, file->name);
    if (same_content(path, file)) {
        return true;
    }
    file_folder(profile, FOLDER_FOR_PG3);
    file_folder(folder, FOLDER_FOR_PG3);
    if (!file_write(path, file->text, file->len, FILE_FOR_PG3, why, sizeof why)) {
        snprintf(error, size, "%s %s", path, why);
        return false;
    }
    *changed = true;
    return true;
}

// host.profile(list of { folder, name, text }) -> whether a file was written | nil, why. Brings the
// files of the profile up to date, each in one step, and has PG3 install them if it has others.
static int host_profile(lua_State *L) {
    const struct api *a = api_of(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
    uint64_t hash = HASH_START;
    for (lua_Integer i = 1; i <= count; i++) {
        struct profile_file file = file_at(L, i);
        hash = hash_more(hash, file.text, file.len);
    }
    char error[1000], text[17];
    bool changed = false;
    for (lua_Integer i = 1; i <= count; i++) {
        struct profile_file file = file_at(L, i);
        if (!put_file(a->profile, &file, &changed, error, sizeof error)) {
            lua_pushnil(L);
            lua_pushstring(L, error);
            return 2;
        }
    }
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    if (a->pg3 != NULL) {
        pg3_profile(a->pg3, text);
    }
    lua_pushboolean(L, changed);
    return 1;
}

static const luaL_Reg functions[] = {{"profile", host_profile}, {NULL, NULL}};

void api_profile_open(lua_State *L) { luaL_setfuncs(L, functions, 0); }
