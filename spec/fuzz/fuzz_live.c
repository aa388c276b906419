// What a broker of live data sends, as Lua is given it: the first line is the topic.
#include "api/api_mqtt.c"
#include "fuzz.h"

#include <math.h>

static struct latest *waiting;

static int read_one(lua_State *L) {
    char *members[] = {"value", "full-publish-completed-echo", NULL};
    struct connection c = {.skip = 2};
    memcpy(c.members, members, sizeof members);
    struct latest_item *item = latest_take(waiting);
    MUST(item != NULL);
    int count = push_message(L, &c, item);
    const char *is = lua_tostring(L, 2);
    MUST(count == 1 + 1 + API_NAMES_MAX + 1);
    MUST(strcmp(is, "value") == 0 || strcmp(is, "json") == 0 || strcmp(is, "gone") == 0 ||
         strcmp(is, "text") == 0);
    int value = 4;
    MUST((strcmp(is, "gone") == 0) == (item->len == 0));
    MUST(strcmp(is, "json") != 0 || lua_type(L, value) == LUA_TSTRING);
    MUST(lua_type(L, value) != LUA_TNUMBER || isfinite(lua_tonumber(L, value)));
    MUST(lua_type(L, value) != LUA_TTABLE);
    free(item);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *line = memchr(data, '\n', size);
    size_t len = line != NULL ? (size_t)(line - data) : 0;
    char *topic = text_of(data, len),
         *text = text_of(data + len + (line != NULL), size - len - (line != NULL));
    waiting = latest_new(2 * size + 1000);
    MUST(waiting != NULL && latest_put(waiting, topic, text, size - len - (line != NULL)));
    lua_State *L = luaL_newstate();
    lua_pushcfunction(L, read_one);
    lua_pushinteger(L, 1); // in the place of a connection
    MUST(lua_pcall(L, 1, 0, 0) == LUA_OK);
    lua_close(L);
    latest_free(waiting);
    free(topic);
    free(text);
    return 0;
}
