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
    const char *folder, *name;
    char *text; // to be freed
    size_t len;
};

static const char *member(lua_State *L, const char *key) {
    if (lua_getfield(L, -1, key) != LUA_TSTRING) {
        luaL_error(L, "host.profile: a file has a folder and a name");
    }
    const char *text = lua_tostring(L, -1);
    lua_pop(L, 1);
    return text; // lives as long as the file's table
}

// The length of the texts of the list on top, which are copied to `to` unless that is NULL.
static size_t join(lua_State *L, char *to) {
    static const char wanted[] = "host.profile: a file has a list of texts, its parts";
    size_t sum = 0, count = lua_istable(L, -1) ? lua_rawlen(L, -1) : 0;
    if (count == 0) {
        luaL_error(L, wanted);
    }
    for (size_t i = 1; i <= count; i++) {
        size_t len = 0;
        if (lua_rawgeti(L, -1, (lua_Integer)i) != LUA_TSTRING) {
            luaL_error(L, wanted);
        }
        const char *text = lua_tolstring(L, -1, &len);
        if (to != NULL) {
            memcpy(to + sum, text, len);
        }
        sum += len;
        lua_pop(L, 1);
    }
    return sum;
}

// File `i` of the list at 1. Raises when memory is short.
static struct profile_file file_at(lua_State *L, lua_Integer i) {
    struct profile_file file;
    if (lua_rawgeti(L, 1, i) != LUA_TTABLE) {
        luaL_error(L, "host.profile: a list of files expected");
    }
    file.folder = member(L, "folder");
    file.name = member(L, "name");
    lua_getfield(L, -1, "parts");
    file.len = join(L, NULL);
    file.text = calloc(1, file.len + 1);
    if (file.text == NULL) {
        vm_no_memory(L);
        return file; // not reached
    }
    join(L, file.text);
    lua_pop(L, 2);
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
        struct profile_file file = file_at(L, i);
        hash = hash_more(hash, file.text, file.len);
        bool ok = put_file(a->profile, &file, &changed, error, sizeof error);
        free(file.text);
        if (!ok) {
            return api_nil(L, error);
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
