// Texts under keys: what PG3 keeps for the user and the plugin (parameters, notices).
#ifndef PAIRS_H
#define PAIRS_H

#include "base/buf.h"
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

struct pairs {
    struct pair {
        char *key;
        char *value;
    } * all;
    size_t count;
    // Held something that is not kept here as it was (an object, for example): must not be written
    // back.
    bool opaque;
};

// They are empty then.
void pairs_free(struct pairs *p);
// NULL if there is none of that key.
const char *pairs_get(const struct pairs *p, const char *key);
// Whether that key has that value; NULL: whether it has none.
bool pairs_has(const struct pairs *p, const char *key, const char *value);
// Copies; value NULL removes. False: memory is short, and nothing has changed.
bool pairs_set(struct pairs *p, const char *key, const char *value);
// Whether they are the same, in whatever order.
bool pairs_equal(const struct pairs *a, const struct pairs *b);
// Fills from the object at `index` (anything else: empty); numbers and booleans become texts.
// Raises, and is empty then, when memory is short.
void pairs_read(struct pairs *p, lua_State *L, int index);
// {"key":"value",...} of both, which have no key in common. False: it does not fit.
bool pairs_write(const struct pairs *p, const struct pairs *more, struct buf *b);

#endif
