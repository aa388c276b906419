// Files and folders for trusted Lua: read and written, found, and told from what they were before;
// those of the profile, whose texts Lua makes.
#include "api/api.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define READ_MAX (8u * 1024 * 1024) // bytes of a file that Lua reads
#define NAMES_MAX 1000              // of a folder that are looked at
#define NAME_SIZE 128
#define SCRIPT_NAME_SIZE 60 // a longer one is told to be none: serve/unused.lua

const char *api_path(lua_State *L, int arg) {
    const char *path = luaL_checkstring(L, arg);
    if (path[0] == '/') {
        return path;
    }
    path = lua_pushfstring(L, "%s/%s", api_of(L)->root, path);
    lua_replace(L, arg);
    return path;
}

void api_load_file(lua_State *L, const char *path) {
    char error[256];
    size_t len;
    const char *name = lua_pushfstring(L, "@%s", path); // before the text is ours: it may raise
    char *text = file_read(path, READ_MAX, &len, error, sizeof error);
    if (text == NULL) {
        luaL_error(L, "%s %s", path, error);
    }
    int result = luaL_loadbufferx(L, text, len, name, "t");
    free(text);
    if (result != LUA_OK) {
        lua_error(L);
    }
    lua_remove(L, -2); // the name
}

struct file_text {
    char *text;
    size_t len;
};

static int push_file_text(lua_State *L) {
    const struct file_text *t = lua_touserdata(L, 1);
    lua_pushlstring(L, t->text, t->len);
    return 1;
}

// host.read(path [, most]) -> text | nil, why. A relative path is one of the plugin's; most: bytes
// that are read, a larger file is not.
static int host_read(lua_State *L) {
    const char *path = api_path(L, 1);
    lua_Integer most = luaL_optinteger(L, 2, READ_MAX);
    char error[256];
    struct file_text t = {NULL, 0};
    t.text = file_read(path, (size_t)most, &t.len, error, sizeof error);
    if (t.text == NULL) {
        return api_nil(L, error);
    }
    lua_pushcfunction(L, push_file_text);
    lua_pushlightuserdata(L, &t);
    int result = lua_pcall(L, 1, 1, 0); // memory may run out there, and the text is ours to free
    free(t.text);
    return result == LUA_OK ? 1 : vm_no_memory(L);
}

// host.write(path, text) -> true | nil, why. In one step, for the plugin alone to read; a relative
// path is one of the plugin's.
static int host_write(lua_State *L) {
    const char *path = api_path(L, 1);
    size_t len;
    const char *text = luaL_checklstring(L, 2, &len);
    char error[256];
    if (file_write(path, text, len, FILE_PRIVATE, error, sizeof error)) {
        return api_bool(L, 1);
    }
    return api_nil(L, error);
}

// Folders

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

static bool is_script(const char *name) {
    size_t len = strlen(name);
    return len > 4 && len < SCRIPT_NAME_SIZE && name[0] != '.' &&
           strcmp(name + len - 4, ".lua") == 0;
}

static bool is_visible(const char *name) { return name[0] != '.'; }

// The wanted names in a folder, in order, of those under NAME_SIZE. -1: it cannot be read, errno
// says why.
static int read_names(const char *folder, bool (*wanted)(const char *name),
                      char names[NAMES_MAX][NAME_SIZE]) {
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return -1;
    }
    int count = 0;
    errno = 0; // tells the end of the folder from an error
    for (struct dirent *e = readdir(dir); e != NULL && count < NAMES_MAX; e = readdir(dir)) {
        if (strlen(e->d_name) < NAME_SIZE && wanted(e->d_name)) {
            snprintf(names[count++], NAME_SIZE, "%.127s", e->d_name);
        }
    }
    int error = errno;
    closedir(dir);
    errno = error;
    if (error != 0) {
        return -1;
    }
    qsort(names, (size_t)count, sizeof names[0], by_name);
    return count;
}

#define STAMP_SIZE 100

// A text that is another after every change of the file; it says so too if it cannot be looked at.
// False: it is no file.
static bool stamp_of(const char *path, char stamp[STAMP_SIZE]) {
    struct stat st = {0};
    int error = stat(path, &st) == 0 ? 0 : errno;
    snprintf(stamp, STAMP_SIZE, "%lld.%ld %lld %llu %d", (long long)st.st_mtim.tv_sec,
             (long)st.st_mtim.tv_nsec, (long long)st.st_size, (unsigned long long)st.st_ino, error);
    return error == 0 ? S_ISREG(st.st_mode) : !file_absent(error);
}

// {name=, path=, stamp=} at the end of the list at 2, if it is a file. One that cannot be looked at
// is there: who loads it learns why not.
static void push_file(lua_State *L, const char *folder, const char *name) {
    char stamp[STAMP_SIZE];
    const char *path = lua_pushfstring(L, "%s/%s", folder, name);
    if (!stamp_of(path, stamp)) {
        lua_pop(L, 1);
        return;
    }
    lua_createtable(L, 0, 3);
    lua_insert(L, -2);
    lua_setfield(L, -2, "path");
    lua_pushlstring(L, name, strlen(name) - 4);
    lua_setfield(L, -2, "name");
    api_put_text(L, "stamp", stamp);
    lua_rawseti(L, 2, (lua_Integer)lua_rawlen(L, 2) + 1);
}

// host.script_files(folder) -> list, nil, how many were left out | nil, why, whether it is there
// all the same. A relative folder is one of the plugin's.
static int host_script_files(lua_State *L) {
    lua_settop(L, 1);
    const char *folder = api_path(L, 1);
    char names[NAMES_MAX][NAME_SIZE];
    int count = read_names(folder, is_script, names);
    if (count < 0) {
        bool there = !file_absent(errno);
        api_nil(L, strerror(errno));
        lua_pushboolean(L, there);
        return 3;
    }
    lua_newtable(L);
    for (int i = 0; i < count && i < SCRIPTS_MAX; i++) {
        push_file(L, folder, names[i]);
    }
    lua_pushnil(L);
    lua_pushinteger(L, count > SCRIPTS_MAX ? count - SCRIPTS_MAX : 0);
    return 3;
}

// host.folder_stamp(folder) -> a number that is another after every change of what
// host.script_files(folder) gives; it costs little. nil: the folder is there and cannot be read.
static int host_folder_stamp(lua_State *L) {
    const char *folder = api_path(L, 1);
    char names[NAMES_MAX][NAME_SIZE];
    int count = read_names(folder, is_script, names);
    if (count < 0 && !file_absent(errno)) {
        lua_pushnil(L);
        return 1;
    }
    uint64_t hash = HASH_START;
    for (int i = 0; i < count; i++) {
        char path[1200], stamp[STAMP_SIZE];
        snprintf(path, sizeof path, "%s/%.*s", folder, NAME_SIZE, names[i]);
        stamp_of(path, stamp);
        hash = hash_more(hash, names[i], strlen(names[i]));
        hash = hash_more(hash, stamp, strlen(stamp));
    }
    lua_pushinteger(L, (lua_Integer)hash);
    return 1;
}

// host.names(folder) -> the names in it, in order, those of folders with a "/" at the end; hidden
// ones are left out | nil, why. A relative folder is one of the plugin's.
static int host_names(lua_State *L) {
    lua_settop(L, 1);
    const char *folder = api_path(L, 1);
    char names[NAMES_MAX][NAME_SIZE];
    int count = read_names(folder, is_visible, names);
    if (count < 0) {
        return api_nil(L, strerror(errno));
    }
    lua_newtable(L);
    for (int i = 0; i < count; i++) {
        struct stat st = {0};
        const char *path = lua_pushfstring(L, "%s/%s", folder, names[i]);
        bool is_folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
        lua_pop(L, 1);
        lua_pushfstring(L, "%s%s", names[i], is_folder ? "/" : "");
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

// host.make_folder(path) -> true | nil, why. With its parents.
static int host_make_folder(lua_State *L) {
    const char *path = api_path(L, 1);
    for (const char *c = strchr(path + 1, '/'); c != NULL; c = strchr(c + 1, '/')) {
        file_folder(lua_pushlstring(L, path, (size_t)(c - path)), FOLDER_PRIVATE);
        lua_pop(L, 1);
    }
    if (!file_folder(path, FOLDER_PRIVATE)) {
        return luaL_fileresult(L, 0, path);
    }
    return api_bool(L, 1);
}

// The profile's files

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
    return api_bool(L, changed);
}

// host.log_problem() -> why the log cannot be written; nil: it can.
static int host_log_problem(lua_State *L) {
    lua_pushstring(L, log_problem());
    return 1;
}

const luaL_Reg api_file_functions[] = {{"read", host_read},
                                       {"write", host_write},
                                       {"script_files", host_script_files},
                                       {"folder_stamp", host_folder_stamp},
                                       {"names", host_names},
                                       {"make_folder", host_make_folder},
                                       {"profile", host_profile},
                                       {"log_problem", host_log_problem},
                                       {NULL, NULL}};
