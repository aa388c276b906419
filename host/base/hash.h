// A hash of bytes (FNV-1a, 64 bit): tells things apart, guards nothing.
#ifndef HASH_H
#define HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

// The hash of what came before and these bytes; HASH_START is that of nothing.
static inline uint64_t hash_more(uint64_t hash, const void *bytes, size_t len) {
    const unsigned char *b = bytes;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ b[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

#endif
