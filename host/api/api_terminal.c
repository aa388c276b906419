// What a person at a terminal sees and types, for trusted Lua. Under PG3 there is none.
#include "api/api.h"
#include "base/terminal.h"

#include <errno.h>
#include <lauxlib.h>
#include <poll.h>
#include <string.h>

void api_keep_line(struct api *a, const char *line) {
    if (a->lines.len + strlen(line) + 1 <= a->lines.max) {
        buf_printf(&a->lines, "%s\n", line);
    }
}

// host.lines() -> list of the log's warnings and errors since the last call, where a person watches
// (--demo, --watch); else none.
static int host_lines(lua_State *L) {
    struct api *a = api_of(L);
    const char *line = buf_text(&a->lines);
    lua_newtable(L);
    for (const char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        lua_pushlstring(L, line, (size_t)(end - line));
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
    buf_free(&a->lines);
    return 1;
}

// Whether somebody may read what is written. Who has nothing to write learns of a closed pipe only
// by asking.
static bool has_reader(FILE *out) {
    struct pollfd end = {.fd = fileno(out)};
    return poll(&end, 1, 0) <= 0 || (end.revents & (POLLERR | POLLHUP)) == 0;
}

// A reader that has gone wants no more, which is no failure. A disk that is full is one.
static bool write_line(struct api *a, const char *text) {
    if (fprintf(a->out, "%s\n", text) >= 0 && fflush(a->out) == 0) {
        return true;
    }
    const char *why = strerror(errno);
    if (has_reader(a->out) && !a->unwritten && a->err != NULL) {
        a->unwritten = true;
        fprintf(a->err, "victron-host: What is shown cannot be written: %s.\n", why);
    }
    return false;
}

// host.print(text) -> whether it was written: for the modes that talk to a person. Under PG3 there
// is none. Without a text: whether one could be written.
static int host_print(lua_State *L) {
    struct api *a = api_of(L);
    bool done = a->out != NULL;
    if (!lua_isnoneornil(L, 1)) {
        luaL_checkstring(L, 1);
        const char *text = api_hide(L, 1);
        done = done && write_line(a, text);
    }
    return api_bool(L, done && has_reader(a->out));
}

// host.complain(text): what a person has to know beside what was asked for.
static int host_complain(lua_State *L) {
    const struct api *a = api_of(L);
    luaL_checkstring(L, 1);
    const char *text = api_hide(L, 1);
    if (a->err != NULL) {
        fprintf(a->err, "victron-host: %s\n", text);
        fflush(a->err);
    }
    return 0;
}

// host.size() -> columns, rows of the terminal | nothing: there is none, or it does not know.
static int host_size(lua_State *L) {
    int columns, rows;
    if (!terminal_size(&columns, &rows)) {
        return 0;
    }
    lua_pushinteger(L, columns);
    lua_pushinteger(L, rows);
    return 2;
}

// host.screen(on) -> whether it is: takes the terminal as a screen, or gives it back. The end of
// the program gives it back, too.
static int host_screen(lua_State *L) {
    bool on = lua_toboolean(L, 1) && api_of(L)->colours && terminal_take();
    if (!on) {
        terminal_give_back();
    }
    return api_bool(L, on);
}

// host.keys() -> the bytes of the keys that were pressed since the last call, while there is a
// screen; else "".
static int host_keys(lua_State *L) {
    char bytes[256];
    lua_pushlstring(L, bytes, terminal_keys(bytes, sizeof bytes));
    return 1;
}

const luaL_Reg api_terminal_functions[] = {{"lines", host_lines}, {"print", host_print},
                                           {"size", host_size},   {"screen", host_screen},
                                           {"keys", host_keys},   {"complain", host_complain},
                                           {NULL, NULL}};
