#include "base/slab.h"
#include "base/list.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)16 * 1024)

struct slab_chunk {
    struct slab_chunk *next;
    char bytes[CHUNK_BYTES - 64]; // with malloc's own, no more than four pages
};

static size_t index_of(size_t size) { return (size + SLAB_STEP - 1) / SLAB_STEP; }

static bool add_chunk(struct slab *s) {
    struct slab_chunk *chunk = malloc(sizeof *chunk);
    if (chunk == NULL) {
        return false;
    }
    if (s->left > 0) {
        slab_give(s, s->next, s->left); // smaller than what was asked for
    }
    chunk->next = s->chunks;
    s->chunks = chunk;
    s->next = chunk->bytes;
    s->left = sizeof chunk->bytes;
    return true;
}

void *slab_take(struct slab *s, size_t size) {
    size_t at = index_of(size);
    void *block = s->free[at];
    if (block != NULL) {
        memcpy(&s->free[at], block, sizeof s->free[at]);
        return block;
    }
    size = at * SLAB_STEP;
    if (s->left < size && !add_chunk(s)) {
        return NULL;
    }
    block = s->next;
    s->next += size;
    s->left -= size;
    return block;
}

void slab_give(struct slab *s, void *block, size_t size) {
    size_t at = index_of(size);
    memcpy(block, &s->free[at], sizeof s->free[at]);
    s->free[at] = block;
}

void slab_free(struct slab *s) {
    list_free(s->chunks);
    memset(s, 0, sizeof *s);
}
