// JSON text without what is not wanted of it: reading past a value costs a tenth of decoding it.
#ifndef SIEVE_H
#define SIEVE_H

#include "base/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIEVE_CONTENT_MAX 8

// An element of the list. What it is stays the same in every answer (`place`), what it says does
// not (`content`).
struct sieve_element {
    const char *text; // without all but `place`
    size_t len;
    uint64_t place;   // a hash of this text
    uint64_t content; // a hash of the values below
    struct {
        const char *at; // the value's JSON text; NULL: there is none
        size_t len;
    } values[SIEVE_CONTENT_MAX]; // in the order of sieve.content
};

// Lists of names end with NULL.
struct sieve {
    const char *const *without; // members of these names are left out, but for those of an element
    // Member of the outermost object that is a list; NULL: none. A second of that name is left out:
    // a decoder takes one of them, and `element` would be called for both.
    const char *list;
    // Of an element of the list that is an object only the members `place` are left; the values of
    // those named in `content` are given to `element`.
    const char *const *place, *const *content;
    // Called for each element of the list in their order; none is left in the answer.
    void (*element)(void *ctx, const struct sieve_element *e);
    void *ctx;
};

// Appends the sieved text to `out`. False: it is not JSON, or `out` failed.
bool sieve_text(const struct sieve *s, const char *text, size_t len, struct buf *out);

#endif
