// What tells one certificate from another.
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>

enum { FINGERPRINT_SIZE = 96 }; // 32 bytes as "AB:", and a NUL in place of the last colon

// The SHA-256 of the first certificate of a PEM text of `len` bytes, in upper case. False: there is
// none.
bool fingerprint_of(const char *text, size_t len, char out[FINGERPRINT_SIZE]);

#endif
