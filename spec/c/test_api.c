// api: what a main.lua of a few lines is told of its own tasks and of those of a device script.
#include "api/api.h"
#include "base/log.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct api api;
static char folder[] = "/tmp/test_api.XXXXXX";
static char lines[4000]; // of the log
static int64_t now_ms = 1000000;

static int64_t test_clock(void) { return now_ms; }

static void remember(enum log_level level, const char *line) {
    size_t used = strlen(lines);
    if (level >= LOG_WARNING)
        snprintf(lines + used, sizeof lines - used, "%s\n", line);
}

static bool logged(const char *part) {
    bool found = strstr(lines, part) != NULL;
    if (!found)
        printf("there is no \"%s\" in the log:\n%s", part, lines);
    return found;
}

static void write_file(const char *name, const char *text) {
    FILE *f = fopen(name, "w");
    CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

// In a folder where main.lua finds the device script as `script`, its table's functions as `its`.
static void open_host(const char *script, const char *text) {
    char whole[4000];
    memset(&api, 0, sizeof api);
    lines[0] = '\0';
    snprintf(api.root, sizeof api.root, "%s", SOURCE_DIR);
    api.loop = loop_new();
    api.json = json_new();
    api.nodes = nodes_new();
    api.tasks = tasks_new(api.loop);
    snprintf(whole, sizeof whole,
             "require('serve.script_api').begin()\n"
             "local script = assert(host.load_script(host.cwd .. '/script.lua', 'x.lua'))\n"
             "local its = script.table\n"
             "%s",
             text);
    write_file("script.lua", script);
    write_file("main.lua", whole);
    CHECK(api_open(&api) && api_run(&api, "main.lua"));
}

static void pass(int ms) {
    for (int64_t until = now_ms + ms; now_ms < until; now_ms += 10) {
        loop_turn(api.loop, 0);
        tasks_run(api.tasks);
    }
}

static void close_host(void) {
    api_close(&api);
    tasks_free(api.tasks);
    nodes_free(api.nodes);
    json_free(api.json);
    loop_free(api.loop);
    unlink("script.lua");
    unlink("main.lua");
}

// Fault: a timer rings while its script has used up its memory, and nothing comes of it, unsaid
// Expected: one that rings once does; that it cannot ring again is an error of the script's, until
// it can
static void test_timer_without_memory(void) {
    open_host("local kept, rang = nil, 0\n"
              "local function grow() while true do kept = { kept } end end\n"
              "return {\n"
              "  fill = function()\n"
              "    timer.every(0.1, function() rang = rang + 1 end)\n"
              "    timer.after(0.5, function() kept = nil end)\n"
              "    for _ = 1, 5 do pcall(grow) end\n"
              "  end,\n"
              "  rang = function() return rang end }\n",
              "local timer = require 'tasks.timer'\n"
              "local errors = 0\n"
              "host.on('script_error', function(file, text, address)\n"
              "  errors = errors + 1\n"
              "  host.log('warning', ('%d %s %s (%s)'):format(errors, file, text, address))\n"
              "end)\n"
              "its.fill()\n"
              "timer.after(1, function()\n"
              "  local rang = its.rang()\n"
              "  host.log('warning', 'rang ' .. (rang > 0 and rang < 9 and 'again' or rang))\n"
              "end)\n");
    pass(1200);
    CHECK(logged("1 x.lua x.lua: a timer") && logged("2 x.lua x.lua: a timer"));
    CHECK(logged("its memory (nil)") && logged("rang again"));
    close_host();
}

// Fault: the functions after one that ran too long have neither a value nor an error
// Expected: each that was not called has the error of the one that kept it from being called,
// and main.lua can tell why
static void test_too_long_for_others(void) {
    open_host(
        "return { one = function() return 1 end, endless = function() while true do end end }",
        "local values, errors = host.call_all({ its.one, its.endless, its.one, its.one }, {})\n"
        "host.log('warning', ('%s %s %s %s'):format(values[1], errors[1], values[3], values[4]))\n"
        "host.log('warning', errors[2])\n"
        "if errors[3] == errors[2] and errors[4] == errors[2] then\n"
        "  host.log('warning', 'all told')\n"
        "end\n"
        "host.log('warning', ('too much: %s, %s'):format(host.excess(its.one),\n"
        "  its.one() == 1 and host.excess(its.one)))\n");
    pass(50);
    CHECK(logged("1 nil nil nil") && logged("ran longer than its budget") && logged("all told"));
    CHECK(logged("too much: budget, nil"));
    close_host();
}

// Fault: main.lua fails while it answers a script, and no line of the log says so
// Expected: that is logged like every error of main.lua's
static void test_answer_that_fails(void) {
    open_host("return { ask = function() vrm.get('/x') end }",
              "host.on('script_get', function() error('no answer') end)\n"
              "host.start_script(its.ask, 'x_1')\n");
    pass(50);
    CHECK(logged("main.lua failed: ") && logged("no answer"));
    close_host();
}

// A script's write comes to main.lua with its node's address, and its answer back.
static void test_write(void) {
    open_host("return { write = function(node)\n"
              "  local done, err = node:write('/Mode', 3, 10)\n"
              "  node:log('warning', 'answered: %s %s', tostring(done), err)\n"
              "  pcall(node.write, node, '/Mode', 'three')\n"
              "  node:write('/Mode', 4)\n"
              "end }",
              "host.on('script_write', function(id, address, path, value, minutes)\n"
              "  host.log('warning', ('%s %s %s %s'):format(address, path, value, minutes))\n"
              "  if value == 4 then error('no such value') end\n"
              "  host.answer(id, nil, 'not now')\n"
              "end)\n"
              "host.declare { id = 'X', name = 'X', drivers = {} }\n"
              "host.add { address = 'x_1', type = 'X', name = 'X', primary = 'x_1' }\n"
              "host.start_script(its.write, 'x_1')\n");
    pass(50);
    CHECK(logged("x_1 /Mode 3 10") && logged("answered: nil not now"));
    CHECK(logged("x_1 /Mode 4 nil") && logged("no such value"));
    close_host();
}

// Fault: a path over a kilobyte is cut: another file is read, another folder made
// Expected: it is taken whole
static void test_long_paths(void) {
    open_host("return {}", "local long = host.cwd .. ('/.'):rep(600)\n"
                           "host.log('warning', tostring(host.read(long .. '/main.lua')))\n"
                           "host.log('warning', tostring(host.make_folder(long .. '/a/b')))\n"
                           "local list = assert(host.script_files(long))\n"
                           "host.log('warning', #list .. ' files')\n"
                           "host.log('warning', host.read('server.json'):match('^{'))\n");
    CHECK(logged("local script =") && logged("2 files") && logged("vrm: {"));
    CHECK(rmdir("a/b") == 0 && rmdir("a") == 0);
    close_host();
}

// Fault: a script uses a lib that is too large, and is told bytes of the program for its text
// Expected: the script is refused with that sentence, and of the lib's text nothing is told
static void test_large_lib(void) {
    open_host("return {}",
              "host.write(host.cwd .. '/user.lua', \"return { use 'big' }\")\n"
              "host.write(host.cwd .. '/big', ('-'):rep(33 * 1024))\n"
              "local big = { path = host.cwd .. '/big', file = 'lib/big.lua' }\n"
              "local _, why, later, libs =\n"
              "  host.load_script(host.cwd .. '/user.lua', 'y.lua', { big = big })\n"
              "host.log('warning', tostring(later) .. ' ' .. why .. ': ' .. #libs.big)\n");
    CHECK(logged("false y.lua:1: lib/big.lua is larger than 32 KiB: 0"));
    CHECK(unlink("big") == 0 && unlink("user.lua") == 0);
    close_host();
}

int main(void) {
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return 1;
    log_tee(remember);
    loop_set_clock(test_clock);
    test_timer_without_memory();
    test_answer_that_fails();
    test_write();
    test_too_long_for_others();
    test_long_paths();
    test_large_lib();
    CHECK(chdir("/") == 0 && rmdir(folder) == 0);
    return check_end();
}
