// The command line, read by Lua in a state of its own.
#include "api/api.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>

struct reading {
    struct options *o;
    const char *root;
    int argc;
    char **argv;
    int code;
};

static int read_protected(lua_State *L) {
    struct reading *r = lua_touserdata(L, 1);
    luaL_openlibs(L);
    const char *file = lua_pushfstring(L, "%s/scripts/tools/options.lua", r->root);
    luaL_checkstack(L, r->argc + 4, "options");
    if (luaL_loadfilex(L, file, "t") != LUA_OK) {
        return lua_error(L);
    }
    lua_pushliteral(L, HOST_VERSION);
    lua_pushstring(L, r->root);
    for (int i = 1; i < r->argc; i++) {
        lua_pushstring(L, r->argv[i]);
    }
    lua_call(L, r->argc + 1, 1);
    if (!lua_istable(L, -1)) {
        r->code = (int)lua_tointeger(L, -1);
        return 0;
    }
    r->code = -1;
    r->o->script = api_text_field(L, -1, "script");
    r->o->by_hand = api_bool_field(L, -1, "by_hand", false);
    r->o->watched = api_bool_field(L, -1, "watched", false);
    r->o->checks = api_bool_field(L, -1, "checks", false);
    r->o->table = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

bool options_read(struct options *o, const char *root, int argc, char **argv, int *code) {
    struct reading r = {.o = o, .root = root, .argc = argc, .argv = argv, .code = 1};
    char error[512];
    *o = (struct options){.vm = vm_new("options", 0, NULL)};
    if (o->vm == NULL || !vm_protect(o->vm, read_protected, &r, error, sizeof error)) {
        fprintf(stderr, "victron-host: %s\n", o->vm == NULL ? vm_short_of_memory : error);
    }
    *code = r.code;
    return r.code < 0;
}

void options_free(struct options *o) {
    vm_free(o->vm);
    *o = (struct options){0};
}
