// Libs: what device scripts share by `use "name"`. Each script runs them in its own state, as if
// their text stood in its file.
#include "base/file.h"
#include "lua/script.h"

#include <ctype.h>
#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

// Registry of a script's state: {[name] = what the lib returned}.
#define LIBS_KEY "script.libs"

static bool is_plain(const char *name, size_t len) {
    if (len == 0 || len >= SCRIPT_LIB_NAME_SIZE) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-') {
            return false;
        }
    }
    return true;
}

static const struct script_lib *lib_of(const struct script *s, const char *name) {
    for (size_t i = 0; i < s->libs.count; i++) {
        if (strcmp(s->libs.list[i].name, name) == 0) {
            return &s->libs.list[i];
        }
    }
    return NULL;
}

// Notes that the script asks for a lib, once.
static struct script_used *note_use(lua_State *L, struct script *s, const char *name) {
    for (size_t i = 0; i < s->used_count; i++) {
        if (strcmp(s->used[i].name, name) == 0) {
            luaL_error(L, "the lib %s is not ready: it failed, or libs use each other in a circle",
                       name);
        }
    }
    if (s->used_count == SCRIPT_LIBS_MAX) {
        luaL_error(L, "a script can use %d libs", SCRIPT_LIBS_MAX);
    }
    struct script_used *used = &s->used[s->used_count++];
    snprintf(used->name, sizeof used->name, "%s", name);
    return used;
}

// Runs a lib and leaves its value on the stack.
static void run_lib(lua_State *L, struct script *s, const char *name) {
    struct script_used *used = note_use(L, s, name);
    const struct script_lib *lib = lib_of(s, name);
    if (lib == NULL) {
        luaL_error(L, "there is no lib/%s.lua in the folders of scripts", name);
        return; // not reached
    }
    char why[256];
    used->text = file_read(lib->path, SCRIPT_FILE_MAX, &used->len, why, sizeof why);
    if (used->text == NULL) {
        s->later = file_unknown(errno);
        luaL_error(L, "%s %s", lib->file, why);
    }
    script_compile(L, used->text, used->len, lib->file);
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1)) {
        lua_pushfstring(L, "%s: a lib ends with 'return' and what scripts get of it", lib->file);
        lua_error(L);
    }
}

int script_use(lua_State *L) {
    struct script *s = vm_of(L)->owner;
    size_t len;
    const char *name = luaL_checklstring(L, 1, &len);
    if (!is_plain(name, len)) {
        return luaL_error(L, "use: write the name of a lib without folder and .lua: use \"tools\"");
    }
    if (!s->loading) {
        return luaL_error(L, "use: write 'local %s = use \"%s\"' at the top of the file", name,
                          name);
    }
    luaL_checkstack(L, 4, "libs");
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LIBS_KEY);
    if (lua_getfield(L, -1, name) == LUA_TNIL) {
        lua_pop(L, 1);
        run_lib(L, s, name);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, name);
    }
    return 1;
}
