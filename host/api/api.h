// What Lua sees of the host: `host` for trusted scripts, the device API for scripts.
#ifndef API_H
#define API_H

#include "base/log.h"
#include "base/sieve.h"
#include "lua/json.h"
#include "lua/script.h"
#include "lua/task.h"
#include "lua/vm.h"
#include "net/http.h"
#include "net/loop.h"
#include "pg3/node.h"
#include "pg3/pg3.h"

#include <lauxlib.h>
#include <stdio.h>

// What the program was asked to do, as scripts/tools/options.lua reads the command line.
// All empty: PG3 started it. The texts live until options_free.
struct options {
    struct vm *vm;
    int table;          // all that Lua's tools are told, by its reference there
    const char *script; // to run in the place of main.lua
    bool by_hand;       // without PG3
    bool watched;       // somebody looks at the nodes
    bool checks;        // what a script prints is told as well
};

// True: go on; else leave with *code: what there was to say has been said. root: the folder that
// has scripts/.
bool options_read(struct options *o, const char *root, int argc, char **argv, int *code);
void options_free(struct options *o);

struct api {
    struct loop *loop;
    struct json *json;
    struct nodes *nodes;
    struct tasks *tasks;
    struct http *http;
    struct pg3 *pg3; // NULL: nothing is connected (--check and the like)
    struct vm *main;
    struct script **scripts;
    struct connection *connections; // host.mqtt_open's
    int last_connection;
    struct asked *searches; // host.search's
    size_t script_count;
    char root[512];    // the folder that has scripts/
    char profile[512]; // folder of the profile
    bool failed;       // main.lua could not be run
    struct options options;
    FILE *out;         // where host.print writes; NULL under PG3
    FILE *err;         // where host.complain writes; NULL under PG3
    bool colours;      // a terminal reads it
    struct buf lines;  // of the log, for host.lines
    bool unwritten;    // what host.print was given
    int exit_code;     // of host.leave
    const char *token; // host.token at the start: that of the environment, NULL = none
};

// A hundred installations of thirty devices take 36 MiB.
#define MAIN_MEMORY (128u * 1024 * 1024)

// For a start that finds no memory.
#define API_CANNOT_START "The plugin cannot start: memory is short. Free some and start it again."

// Makes the trusted state. The other members are the caller's and must be set. False: logged.
bool api_open(struct api *a);
// Runs main.lua (or another file in its place) once. False: it could not be run; logged.
bool api_run(struct api *a, const char *path);
// Harmless if it was not made.
void api_close(struct api *a);

// Begins the end of Lua's connections to brokers; api_close ends them.
void api_mqtt_leave(struct api *a);

// Keeps a line of the log until Lua asks for it (host.lines); what passes 64 KiB is dropped.
void api_keep_line(struct api *a, const char *line);

// Delivers an event to its handler in main.lua as a task; no handler: nothing happens and `end` is
// not called. `push` (may be NULL) pushes the arguments in protected mode and returns their count.
typedef int api_push_fn(lua_State *L, void *ctx);
bool api_fire(struct api *a, const char *event, api_push_fn *push, void *push_ctx, task_end_fn *end,
              void *end_ctx);
// The same of arguments by their kinds: "i" is a lua_Integer, "s" a text, nil if NULL. Its end is
// api_task_ended.
bool api_tell(struct api *a, const char *event, const char *kinds, ...);

// For the api_*.c files.

struct api *api_of(lua_State *L); // also from a device script's state
// Masks the secrets (log_hide) in the text at `index`, in place, and returns it: for whatever may
// hold foreign text and goes to PG3 or a terminal. NULL: there is no text. A number counts as one.
const char *api_hide(lua_State *L, int index);
// Pushes nil and a text -> 2.
int api_nil(lua_State *L, const char *why);
// Pushes it -> 1.
int api_bool(lua_State *L, bool on);
// Put a value into a field of the table on top. text NULL: nil.
void api_put_text(lua_State *L, const char *field, const char *text);
void api_put_integer(lua_State *L, const char *field, lua_Integer n);
void api_put_bool(lua_State *L, const char *field, bool on);
// A field of the table at `index`, which keeps a text; NULL, `missing`: there is none. Raises what
// is of another kind.
const char *api_text_field(lua_State *L, int index, const char *field);
lua_Number api_number_field(lua_State *L, int index, const char *field, lua_Number missing);
bool api_bool_field(lua_State *L, int index, const char *field, bool missing);
// The same of a text that must be there.
const char *api_needed_field(lua_State *L, int index, const char *field);
// The level of a log line at an argument; `missing` (NULL: it must be there) is its default.
enum log_level api_log_level(lua_State *L, int arg, const char *missing);
// The path at an argument, in its place on the stack; a relative one is one of the plugin's.
const char *api_path(lua_State *L, int arg);
// Reads a file as a Lua function onto the stack, text only. Raises what is wrong with it.
void api_load_file(lua_State *L, const char *path);
// The task that runs in L, which may wait there; else raises in L.
struct task *api_wait(lua_State *L);
// What the task that runs in L was handed when its wait ended.
const void *api_handed(lua_State *L);
// What a task in vrm.get is handed: a value and, after it, an error of another state.
struct api_answer {
    lua_State *from;
    int index;
};

// Ends Lua's connections to brokers, after the tasks of main.lua.
void api_mqtt_close(struct api *a);
#define API_NAMES_MAX 8
// Reads a list of texts, a field of the table at `index`, which keeps them; without the field there
// are none. `names` has a place more, for the NULL at its end. Leaves it on the stack. Raises what
// is no such list.
void api_read_names(lua_State *L, int index, const char *field, const char **names);

// An answer's list on its way to Lua (host.http's `list`).
struct api_list {
    lua_State *L;
    struct json *json;
    const char *name, *place[API_NAMES_MAX + 1], *content[API_NAMES_MAX + 1]; // see sieve.h
    const char *known; // marks of the answer before
    size_t known_len;
    int places, take;  // where these are in L
    lua_Integer count; // of elements so far
    struct buf marks;  // of all elements: a hash of place and content each
};
// Reads the request at index `request`. False: it wants no list. What it needs is left on the
// stack, and `marks` is the caller's to free. It and the next may raise.
bool api_list_begin(struct api_list *l, lua_State *L, struct json *json, int request);
// sieve.element; ctx: struct api_list.
void api_list_element(void *ctx, const struct sieve_element *e);
// Pushes a value by its JSON text, which was walked and is right; null and a number too large are
// nil. False, and nothing is pushed: it is an object or an array.
bool api_push_scalar(lua_State *L, const char *at, size_t len);

// Sends a request; the task that runs in L is handed the http_reply and has to wait for that.
// Raises when it cannot wait, or memory is short.
void api_request(lua_State *L, const struct http_request *req);
// Pushes nil and { kind=, text= } of a request that failed -> 2.
int api_push_failure(lua_State *L, const struct http_reply *reply);
// Ends the searches that are under way.
void api_lan_close(struct api *a);

// What is in `host`, by subject.
extern const luaL_Reg api_file_functions[];     // files and folders
extern const luaL_Reg api_http_functions[];     // requests
extern const luaL_Reg api_lan_functions[];      // devices on the LAN
extern const luaL_Reg api_node_functions[];     // nodes
extern const luaL_Reg api_script_functions[];   // device scripts
extern const luaL_Reg api_terminal_functions[]; // what a person sees and types
void api_mqtt_open(lua_State *L); // adds connections to MQTT brokers to the table on top

// Registry of a script's state: { states = {[address] = node.state} }.
#define API_STATES_KEY "script.states"
// Pushes the object that stands for the state of an address: a table whose fields are looked at
// when they are set.
void api_push_state(lua_State *L, const char *address);
// Makes the value at `index` the state of an address. Raises what could not be kept.
void api_set_state(lua_State *L, const char *address, int index);
void api_state_setup(lua_State *L); // adds what such objects are, and next() for them
// Pushes the node object of an address in a script's state.
void api_push_node(lua_State *L, const char *address);
// As api_fire, but a failure is not logged: `error` says why; "": there is no handler.
bool api_deliver(struct api *a, const char *event, api_push_fn *push, void *push_ctx,
                 task_end_fn *end, void *end_ctx, char *error, size_t size);
void api_script_setup(lua_State *L, void *api); // script_setup_fn: the device API
// Pushes main.lua's handler of an event. False: there is none, and nil is pushed.
bool api_push_handler(lua_State *L, const char *event);
// A global of a script's state, past its strict metatable, from the value on top.
void api_declare_global(lua_State *L, const char *name);
void api_declare_functions(lua_State *L, const luaL_Reg *functions);
// The address of the node object at `index` in a script's state; raises when it is none.
const char *api_node_address(lua_State *L, int index);
// Asks main.lua, event "script_asks"(what, the script's id and file, all that is on the stack of L)
// -> 1: what its handler answered is pushed. Raises what it raised.
int api_ask(lua_State *L, const char *what);
// The same of another event with an id in front, which host.answer answers; the script's task
// waits. what: the function, for messages; none: the sentence when there is no answer.
int api_ask_later(lua_State *L, const char *event, const char *what, const char *none);
// Adds site_of, device_of, devices_of, rows_of to a script's state.
void api_ask_setup(lua_State *L);
// Lets a script's state read VRM's rows; number(rows, key ...).
void api_rows_setup(lua_State *L);
// A table of main.lua's that scripts read, while `ref` keeps it.
struct api_rows {
    struct vm *main;
    int ref;
    struct rows *shown; // the object made of it, which gives `ref` back when it is collected
};
// Keeps the table at `index` of main.lua's state; raises there.
struct api_rows api_keep_rows(lua_State *L, int index);
// script_push_fn, ctx: struct api_rows. Pushes what a script reads the table through.
void api_push_rows(lua_State *L, void *ctx);
// The reference, in main.lua's registry, of the table behind what is at `index` in a script's
// state; LUA_NOREF when that is no rows. Raises when they were there for one call.
int api_rows_ref(lua_State *L, int index);
// Gives the table back; who reads it from then on is told so. The object must be there still.
void api_drop_rows(struct api_rows *rows);
// End of a task of a device script: an error goes to main.lua as event "script_error". ctx: what it
// frees of a task for a node; NULL for a timer.
void api_script_end(void *ctx, struct vm *vm, const char *error);
// End of a task of main.lua: an error goes to the log.
void api_task_ended(void *ctx, struct vm *vm, const char *error);
// (address, driver, value | nil [, text]) -> whether PG3 is to be told of it
int api_set(lua_State *L);
int api_get(lua_State *L);   // (address, driver) -> number | nil
int api_sleep(lua_State *L); // (seconds)
// Pushes the functions after, every and cancel for a script's state.
void api_push_timer(lua_State *L);

#endif
