// A console in PG3's place: answers the plugin's messages as PG3 does and shows its nodes (--demo,
// --watch).
#ifndef CONSOLE_H
#define CONSOLE_H

#include "json.h"
#include "log.h"
#include "loop.h"
#include "node.h"
#include "pg3.h"
#include <stdbool.h>

struct console;

struct console_options {
    const char *title;  // first line of the table
    const char *params; // the user's parameters as a JSON object
    bool once;          // one table when the first values are there, then done
    bool terminal;      // stdout is one: redraw in place; else a line for each change
    int short_poll_s;
    int long_poll_s;
    int out_fd; // where to write: stdout may point at the log
};

// `done` is called when --once has shown its table (ok) or has waited 60 s in vain (not ok), and
// when nobody reads what is written any more (ok).
typedef void console_done_fn(void *ctx, bool ok);

// Copies the options. NULL when memory is short.
struct console *console_new(struct loop *l, struct json *json, const struct nodes *nodes,
                            const struct console_options *options, console_done_fn *done,
                            void *ctx);
void console_free(struct console *c);
// The link to give to pg3_new; then console_start begins.
struct pg3_link console_link(struct console *c);
void console_start(struct console *c, struct pg3 *p);
// A line of the log: the last few stand below the table.
void console_log(struct console *c, enum log_level level, const char *line);

#endif
