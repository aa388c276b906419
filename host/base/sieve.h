// JSON text without what is not wanted of it: reading past a value costs a tenth of decoding it.
#ifndef SIEVE_H
#define SIEVE_H

#include "base/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sieve {
    const char *const *without; // members of these names are left out; ends with NULL
    // Member of the outermost object that is a list; NULL: none. A second of that name is left out:
    // a decoder takes one of them, and `element` would be called for both.
    const char *list;
    // Called for each element of the list in their order, with a hash of its text as it is after
    // `without`. True: the caller has it already, and false stands in its place.
    bool (*element)(void *ctx, uint64_t hash);
    void *ctx;
};

// Appends the sieved text to `out`. False: it is not JSON, or `out` failed.
bool sieve_text(const struct sieve *s, const char *text, size_t len, struct buf *out);

#endif
