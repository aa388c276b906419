#define _XOPEN_SOURCE 700 // NOLINT(bugprone-reserved-identifier): glibc hides realpath else
// victron-host: options, PG3INIT, start in this order, stop in the reverse.
#include "api/api.h"
#include "base/day.h"
#include "base/file.h"
#include "base/log.h"
#include "base/terminal.h"
#include "pg3/init.h"
#include "pg3/pg3_broker.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define LOG_FILE "logs/debug.log"
#define MAIN_LUA "scripts/main.lua" // in the plugin's folder
#define NO_OPTION "PG3 starts it without options; by hand it wants one. Try --help."
#define NOT_FOUND MAIN_LUA " was not found. Reinstall the plugin."
#define LOG_BYTES (1024u * 1024)
#define LOG_KEEP 14
#define DUE_MS 1000  // until an event that found no memory is tried again
#define FLUSH_MS 300 // of the stop: for what Lua still wants to tell PG3
#define LEAVE_MS 600 // of the stop: for the broker

// What PG3's start brings, which must be done.
enum { ONCE = 3 };

struct once {
    struct app *app;
    const char *event;
    bool due; // it found no memory
};

struct app {
    struct api api;
    struct pg3_init init;
    char *init_text, *token; // secrets that were in the environment; NULL = not there
    struct pg3_broker broker;
    bool running; // the start is over
    bool stopping;
    struct once once[ONCE];
    int64_t due_timer; // until what is due is tried again; 0 = none
};

static struct app app;

// What PG3 asks and tells, on its way to main.lua

static void due_again(void *ctx) {
    ((struct app *)ctx)->due_timer = 0; // the same turn of the loop fires them
}

static void set_due(struct once *o) {
    struct app *a = o->app;
    o->due = true;
    if (a->due_timer == 0) {
        a->due_timer = loop_after(a->api.loop, DUE_MS, due_again, a);
    }
}

static void once_ended(void *ctx, struct vm *vm, const char *error) {
    api_task_ended(NULL, vm, error);
    if (task_failed(error) && vm->starved) {
        set_due(ctx);
    }
}

// What finds no memory, on its way or in main.lua, is due until it did.
static void fire_once(struct once *o) {
    struct api *api = &o->app->api;
    o->due = false;
    if (!api_fire(api, o->event, NULL, NULL, once_ended, o) && api->main->starved) {
        set_due(o);
    }
}

static void fire_due(struct app *a) {
    for (size_t i = 0; i < ONCE; i++) {
        if (a->once[i].due) {
            fire_once(&a->once[i]);
        }
    }
}

static void on_stop(void *ctx) {
    struct app *a = ctx;
    if (!a->stopping) {
        log_info("main", "stopping");
    }
    a->stopping = true;
    loop_stop(a->api.loop);
}

static void on_event(void *ctx, const char *name) {
    struct app *a = ctx;
    for (size_t i = 0; i < ONCE; i++) {
        if (strcmp(name, a->once[i].event) == 0) {
            fire_once(&a->once[i]);
            return;
        }
    }
    if (strcmp(name, "stop") == 0) {
        on_stop(a);
        return;
    }
    if (strcmp(name, "discover") == 0) {
        pg3_restore(a->api.pg3);
    }
    api_tell(&a->api, name, "");
}

// A query or command of PG3's, until its task has ended: PG3 is told what became of it.
struct request {
    struct app *app;
    char address[16];
    char id[256];
    bool is_query;
};

static void request_ended(void *ctx, struct vm *vm, const char *error) {
    struct request *r = ctx;
    api_task_ended(NULL, vm, error);
    if (error != task_dropped && r->is_query) {
        pg3_show(r->app->api.pg3, r->address, r->id, error == NULL);
    } else if (error != task_dropped) {
        pg3_report(r->app->api.pg3, r->address, r->id, error == NULL);
    }
    free(r);
}

// Without memory for it the request has failed: PG3 must not wait for an answer.
static void fire_request(struct app *a, const struct request *request, const char *event,
                         api_push_fn *push, void *push_ctx) {
    struct request *r = malloc(sizeof *r);
    if (r != NULL) {
        *r = *request;
        if (api_fire(&a->api, event, push, push_ctx, request_ended, r)) {
            return;
        }
    }
    free(r);
    pg3_report(a->api.pg3, request->address, request->id, false);
}

static struct request make_request(struct app *a, const char *address, const char *id) {
    struct request r = {.app = a};
    snprintf(r.address, sizeof r.address, "%s", address);
    snprintf(r.id, sizeof r.id, "%s", id);
    return r;
}

static int push_address(lua_State *L, void *ctx) {
    lua_pushstring(L, ctx);
    return 1;
}

static void on_query(void *ctx, const char *address, const char *id) {
    struct request r = make_request(ctx, address, id);
    r.is_query = true;
    fire_request(ctx, &r, "query", push_address, r.address);
}

static int push_command(lua_State *L, void *ctx) {
    const struct pg3_command *c = ctx;
    lua_pushstring(L, c->address);
    lua_pushstring(L, c->cmd);
    lua_createtable(L, 0, 3);
    api_put_text(L, "value", c->value);
    api_put_text(L, "uom", c->uom);
    if (c->query != 0) {
        vm_copy(c->L, c->query, L, NULL, NULL);
    } else {
        lua_newtable(L);
    }
    lua_setfield(L, -2, "query");
    return 3;
}

static void on_command(void *ctx, const struct pg3_command *command, const char *id) {
    struct app *a = ctx;
    struct pg3_command copy = *command;
    struct request r = make_request(a, command->address, id);
    if (strcmp(command->cmd, "DISCOVER") == 0) {
        pg3_restore(a->api.pg3);
        fire_request(a, &r, "discover", NULL, NULL);
    } else {
        fire_request(a, &r, "command", push_command, &copy);
    }
}

// Without PG3

// Where a person reads; log_open turns stderr itself into the log.
static FILE *terminal;

static void tee(enum log_level level, const char *line) {
    // What a script prints belongs to its check.
    if (level < (app.api.options.checks ? LOG_INFO : LOG_WARNING)) {
        return;
    }
    if (app.running && app.api.options.watched) {
        api_keep_line(&app.api, line);
    } else if (terminal != NULL) {
        terminal_give_back();                  // it is the last thing that is told
        const char *text = strstr(line, ": "); // behind date, level and area
        fprintf(terminal, "victron-host: %s\n", text != NULL ? text + 2 : line);
        fflush(terminal);
    }
}

static bool no_memory(void) {
    log_error("main", API_CANNOT_START);
    return false;
}

// Start and stop

static void turn(void *ctx) {
    struct app *a = ctx;
    if (a->due_timer == 0) {
        fire_due(a);
    }
    if (tasks_run(a->api.tasks)) {
        loop_wake(a->api.loop);
    } else {
        loop_leap(a->api.loop);
    }
    if (a->api.pg3 != NULL) {
        pg3_turn(a->api.pg3);
    }
}

// The folder of bin/ with this program: found as a shell found it, whatever link that is. "": none.
static void find_installed(const char *argv0, char *folder, size_t size) {
    const char *path = strchr(argv0, '/') != NULL ? "" : getenv("PATH");
    char *program = NULL;
    while (path != NULL && program == NULL) {
        int len = (int)strcspn(path, ":");
        char file[600];
        snprintf(file, sizeof file, "%.*s%s%s", len, path, len > 0 ? "/" : "", argv0);
        program = access(file, X_OK) == 0 ? realpath(file, NULL) : NULL;
        path = path[len] == ':' ? path + len + 1 : NULL;
    }
    char *slash = program != NULL ? strrchr(program, '/') : NULL;
    if (slash != NULL) {
        snprintf(folder, size, "%.*s/..", (int)(slash - program), program);
    }
    free(program);
}

// The folder that has scripts/: under PG3 the working directory and no other, so that a broken
// installation shows; by hand also that of the program, or the sources.
static bool find_root(struct api *api, const char *argv0, bool under_pg3) {
    char installed[512] = "";
    find_installed(argv0, installed, sizeof installed);
    const char *candidates[] = {".", installed, SOURCE_DIR};
    size_t count = under_pg3 ? 1 : sizeof candidates / sizeof candidates[0];
    for (size_t i = 0; i < count; i++) {
        char probe[600];
        snprintf(probe, sizeof probe, "%s/" MAIN_LUA, candidates[i]);
        if (candidates[i][0] != '\0' && file_readable(probe)) {
            snprintf(api->root, sizeof api->root, "%s", candidates[i]);
            snprintf(api->profile, sizeof api->profile, "%.500s/profile", candidates[i]);
            return true;
        }
    }
    return false;
}

static bool open_parts(struct api *api) {
    if (api->root[0] == '\0') {
        log_error("main", NOT_FOUND);
        return false;
    }
    api->loop = loop_new();
    api->json = json_new();
    api->nodes = nodes_new();
    api->tasks = api->loop != NULL ? tasks_new(api->loop) : NULL;
    if (api->loop == NULL) {
        return false; // logged
    }
    if (api->json == NULL || api->nodes == NULL || api->tasks == NULL) {
        return no_memory();
    }
    api->http = http_new(api->loop, JSON_MAX, "victron-host/" HOST_VERSION);
    return api->http != NULL || no_memory();
}

static bool open_link(struct app *a) {
    struct pg3_events events = {on_event, on_query, on_command, a};
    struct pg3_link link = pg3_broker_link(&a->broker);
    a->once[0] = (struct once){a, "params", false};
    a->once[1] = (struct once){a, "start", false};
    a->once[2] = (struct once){a, "ready", false};
    a->api.pg3 = pg3_new(a->api.loop, a->api.json, a->api.nodes, HOST_VERSION, &link, &events);
    return a->api.pg3 != NULL || no_memory();
}

// The modes in which a script talks to a person: what it needs in the place of a link.
static bool open_tool(struct app *a) {
    a->api.out = stdout;
    a->api.colours = terminal_colours();
    a->api.err = terminal;
    a->api.token = a->token;
    return log_mask(a->token) || no_memory();
}

static bool read_init(struct app *a) {
    char error[256];
    if (!init_read(a->api.json, a->init_text, &a->init, error, sizeof error)) {
        log_error("main", "%s", error);
        return false;
    }
    if (!log_mask(a->init.token)) {
        return no_memory();
    }
    if (a->init.log_level[0] != '\0') {
        log_set_level(log_level_of(a->init.log_level));
    }
    const char *pg3 = a->init.pg3_version, *isy = a->init.isy_version; // each may be absent
    log_info("main", "victron-host " HOST_VERSION " for %s%s%s%s%s", a->init.id,
             pg3[0] != '\0' ? ", PG3 " : "", pg3, isy[0] != '\0' ? ", ISY " : "", isy);
    return true;
}

static bool run_script(struct app *a) {
    char path[600];
    snprintf(path, sizeof path, "%s/" MAIN_LUA, a->api.root);
    const char *asked = a->api.options.script;
    return api_open(&a->api) && api_run(&a->api, asked != NULL ? asked : path);
}

static bool start(struct app *a) {
    bool linked = !a->api.options.by_hand;
    if (!day_open()) {
        return no_memory();
    }
    if (!open_parts(&a->api) || (linked && !read_init(a))) {
        return false;
    }
    if (!(linked ? open_link(a) : open_tool(a)) || !run_script(a)) {
        return false;
    }
    loop_on_signal(a->api.loop, on_stop, a);
    if (linked && !pg3_broker_start(&a->broker, a->api.loop, &a->init, a->api.pg3)) {
        return false;
    }
    loop_turn_end(a->api.loop, turn, a);
    return true;
}

// Last resort of the stop: whatever still hangs in a library, PG3 sees a clean end in time.
static void leave_now(int signal_number) {
    (void)signal_number;
    terminal_give_back();
    _exit(0);
}

// started: the scripts may still say what they have to, and PG3 is told.
static void stop(struct app *a, bool started) {
    struct sigaction leave = {.sa_handler = leave_now};
    sigaction(SIGALRM, &leave, NULL);
    if (a->stopping) {
        alarm(2);
    }
    if (started) {
        int64_t until = loop_now_ms() + FLUSH_MS;
        api_tell(&a->api, "stop", "");
        pg3_leave(a->api.pg3);
        do {
            loop_turn(a->api.loop, 10);
        } while (pg3_waiting(a->api.pg3) && loop_now_ms() < until);
    }
    terminal_give_back(); // not before: a script that draws has its last turn above
    if (a->broker.mqtt != NULL) {
        api_mqtt_leave(&a->api);
        pg3_broker_stop(&a->broker, LEAVE_MS);
    }
    http_free(a->api.http);
    api_close(&a->api);
    tasks_free(a->api.tasks);
    pg3_free(a->api.pg3);
    nodes_free(a->api.nodes);
    json_free(a->api.json);
    loop_free(a->api.loop);
    options_free(&a->api.options);
    log_close();
    alarm(0);
}

// Takes a secret out of the environment -> a copy, or NULL. The bytes themselves are overwritten:
// the system shows the block a process was started with for as long as it runs, and children
// inherit what is left.
static char *take_secret(const char *name) {
    char *value = getenv(name);
    char *copy = value != NULL ? strdup(value) : NULL;
    for (volatile char *byte = value; byte != NULL && *byte != '\0'; byte++) {
        *byte = ' ';
    }
    unsetenv(name);
    return copy;
}

// Before anything else: what is private stays so (file.h), and no core file tells secrets.
static void guard_secrets(struct app *a) {
    struct rlimit none = {0, 0};
    umask(S_IRWXG | S_IRWXO);
    setrlimit(RLIMIT_CORE, &none);
    a->init_text = take_secret("PG3INIT");
    a->token = take_secret("VICTRON_VRM_TOKEN");
}

// The command line, before there is a log. True: go on; else leave with *code.
static bool read_words(struct app *a, int argc, char **argv, bool on_terminal, int *code) {
    char *help[] = {argv[0], "--help", NULL};
    bool bare = argc == 1 && a->init_text == NULL;
    if (bare && on_terminal) { // a person wonders what this is
        argc = 2;
        argv = help;
    }
    bool found = find_root(&a->api, argv[0], argc == 1);
    if (argc > 1 && found) {
        return options_read(&a->api.options, a->api.root, argc, argv, code);
    }
    if (!found && (bare || argc > 1)) { // bare: not PG3, which starts it in the plugin's folder
        fprintf(stderr, "victron-host: %s\n", bare ? NO_OPTION : NOT_FOUND);
        *code = bare ? 2 : 1;
        return false;
    }
    return true;
}

int main(int argc, char **argv) {
    int code;
    bool on_terminal = isatty(STDERR_FILENO) == 1;
    guard_secrets(&app);
    mqtt_begin();
    if (!read_words(&app, argc, argv, on_terminal, &code)) {
        options_free(&app.api.options);
        free(app.init_text);
        free(app.token);
        return code;
    }
    bool linked = !app.api.options.by_hand, person = !linked || on_terminal;
    int copy = person ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1;
    terminal = copy >= 0 ? fdopen(copy, "w") : NULL;
    log_open(linked ? LOG_FILE : NULL, LOG_BYTES, LOG_KEEP);
    if (person) {
        log_tee(tee);
    }
    bool ok = start(&app);
    app.running = ok;
    if (ok) {
        loop_run(app.api.loop);
    }
    app.running = false;
    stop(&app, ok);
    free(app.init_text);
    free(app.token);
    if (terminal != NULL) {
        fclose(terminal);
    }
    return ok ? app.api.exit_code : 1;
}
