// The plugin's Lua on the real host, without PG3 and network: a Lua file of this folder in place of
// main.lua.
#ifndef FUZZ_LUA_H
#define FUZZ_LUA_H

#include "api/api.h"
#include "base/log.h"
#include "fuzz.h"

static struct api api;

// Lines of Lua that were run count as coverage, beside the branches of C: the hook that bounds a
// script is wrapped (CMakeLists.txt) by one that also sees lines.

__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t lines_run[1 << 14];
static lua_Hook inner;

void __real_lua_sethook(lua_State *L, lua_Hook hook, int mask, int count);
void __wrap_lua_sethook(lua_State *L, lua_Hook hook, int mask, int count);

static void on_line(lua_State *L, lua_Debug *at) {
    if (at->event != LUA_HOOKLINE) {
        inner(L, at);
        return;
    }
    lua_getinfo(L, "S", at);
    unsigned hash = (unsigned)at->currentline;
    for (const char *c = at->short_src; *c != '\0'; c++)
        hash = hash * 31 + (unsigned char)*c;
    uint8_t *count = &lines_run[hash % sizeof lines_run];
    *count = (uint8_t)(*count + (*count < 255));
}

void __wrap_lua_sethook(lua_State *L, lua_Hook hook, int mask, int count) {
    inner = hook == on_line ? inner : hook; // a task's, for one that it starts
    __real_lua_sethook(L, on_line, mask | LUA_MASKLINE, count);
}

// An error that Lua did not foresee ends as such a line.
static void judge_line(enum log_level level, const char *line) {
    (void)level;
    bool fault = strstr(line, " failed: ") != NULL ||
                 strstr(line, "An error in the plugin") != NULL ||
                 strstr(line, "could not be delivered") != NULL;
    if (fault)
        fprintf(stderr, "%s\n", line);
    MUST(!fault);
}

static void plugin_open(const char *file) {
    static struct loop *loop;
    static struct json *json;
    if (loop == NULL) {
        loop = loop_new();
        json = json_new();
        log_tee(judge_line);
    }
    log_open(NULL, 0, 0);
    api = (struct api){.loop = loop, .json = json, .nodes = nodes_new(), .tasks = tasks_new(loop)};
    api.http = http_new(loop, JSON_MAX, "fuzz");
    snprintf(api.root, sizeof api.root, "%s", SOURCE_DIR);
    char path[600];
    snprintf(path, sizeof path, "%s/spec/fuzz/%s", SOURCE_DIR, file);
    MUST(api_open(&api));
    MUST(api_run(&api, path));
}

static void plugin_close(void) {
    api_close(&api);
    tasks_free(api.tasks);
    http_free(api.http);
    nodes_free(api.nodes);
    log_close();
}

#endif
