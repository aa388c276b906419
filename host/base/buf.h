// Growing bytes with a cap given at birth.
#ifndef BUF_H
#define BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; // always followed by a NUL; NULL before the first append and after a failure
    size_t len;
    size_t cap;   // bytes allocated
    size_t max;   // never longer than this
    bool failed;  // something did not fit or memory ran out; the content is then gone
    bool starved; // memory ran out
};

// Empty, at most `max` bytes. Allocates nothing.
void buf_init(struct buf *b, size_t max);
// Frees the bytes; the buffer can be used again with the same cap.
void buf_free(struct buf *b);
// Cuts the content to its first `len` bytes; it must have as many.
void buf_cut(struct buf *b, size_t len);
// Append. False, and `failed` set and the content freed, when it would pass the cap. Once failed,
// every append does nothing and returns false, so a chain of appends needs one check at its end.
// What is appended must not be part of the buffer itself.
bool buf_add(struct buf *b, const void *data, size_t len);
bool buf_puts(struct buf *b, const char *text);
bool buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// Appends `text` as a JSON string with its quotes; NULL becomes null. Invalid UTF-8 becomes U+FFFD.
bool buf_json(struct buf *b, const char *text);
// Appends `before` as it is and `text` as buf_json does.
bool buf_member(struct buf *b, const char *before, const char *text);
// The content as a C string; "" while empty.
const char *buf_text(const struct buf *b);

#endif
