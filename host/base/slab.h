// Many small blocks of few sizes, as a Lua state has them: without malloc's bytes for each, and
// apart from what comes and goes between them. What was freed is used again and given back with the
// whole.
#ifndef SLAB_H
#define SLAB_H

#include <stddef.h>

#define SLAB_MAX 256 // bytes of a block
#define SLAB_STEP 8  // sizes are rounded up to that, and blocks aligned to it

struct slab_chunk;

// Zeroed it is empty.
struct slab {
    void *free[SLAB_MAX / SLAB_STEP + 1]; // lists by size
    struct slab_chunk *chunks;
    char *next; // what was never used of the newest chunk
    size_t left;
};

// A block of `size` bytes, 1 to SLAB_MAX. NULL when memory is short.
void *slab_take(struct slab *s, size_t size);
// `size` as it was taken.
void slab_give(struct slab *s, void *block, size_t size);
// Gives back all memory; no block is valid any more.
void slab_free(struct slab *s);

#endif
