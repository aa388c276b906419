// JSON text read from front to back, a value at a time. Nothing of it is kept, so that a text of
// many megabytes takes no memory beside itself. For what is decoded as a whole there is json.
#ifndef WALK_H
#define WALK_H

#include <stdbool.h>
#include <stddef.h>

#define WALK_DEPTH 32 // objects and arrays in each other; more is an error

struct walk {
    const char *at, *end;
    char close[WALK_DEPTH]; // how each that was entered ends: '}' or ']'
    int depth;              // how many were entered
    bool first;             // the innermost has given no member yet
    bool failed;            // not JSON, at `at`; everything returns false from then on
};

// `text` must stay until the walk is over; it need not end in a NUL.
void walk_begin(struct walk *w, const char *text, size_t len);
// After its one value was taken. Whether all of the text was JSON.
bool walk_end(struct walk *w);

// Each of these takes the value at hand.
// Goes into an object or array, whose members walk_next gives. False: it was neither.
bool walk_enter(struct walk *w);
// A text (decoded from its escapes), a number written plainly, "true" or "false"; cut to `size` - 1
// bytes. False, and "": it was none of these.
bool walk_text(struct walk *w, char *out, size_t size);
// Anything, whole.
void walk_skip(struct walk *w);
// A number as a text, without decimals if it has none, else with six.
void walk_number(char out[32], double n);
// Where the value at hand begins in the text.
const char *walk_here(struct walk *w);

// On to the next member of what was entered last: its value is then at hand, its key in `key`, cut
// to `size` - 1 bytes ("" in an array; NULL and 0: not wanted). False: there is no more, and what
// was entered is left.
bool walk_next(struct walk *w, char *key, size_t size);

#endif
