// slab: blocks of all sizes that come and go.
#include "base/slab.h"
#include "check.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void test_sizes(void) {
    struct slab s = {0};
    for (size_t size = 1; size <= SLAB_MAX; size++) {
        char *block = slab_take(&s, size);
        CHECK(block != NULL && (uintptr_t)block % SLAB_STEP == 0);
        memset(block, 1, size);
        slab_give(&s, block, size);
        CHECK(slab_take(&s, size) == block);
    }
    slab_free(&s);
    CHECK(s.chunks == NULL && s.left == 0);
    CHECK(slab_take(&s, 8) != NULL);
    slab_free(&s);
}

#define COUNT 5000

static unsigned dice(unsigned *seed) { return *seed = *seed * 1664525u + 1013904223u; }

// Each block keeps what is written into it while others come and go.
static void test_blocks_are_apart(void) {
    static unsigned char *blocks[COUNT];
    static size_t sizes[COUNT];
    struct slab s = {0};
    unsigned seed = 1;
    bool whole = true;
    for (int turn = 0; turn < 20 * COUNT; turn++) {
        size_t i = dice(&seed) / 7 % COUNT;
        for (size_t k = 0; blocks[i] != NULL && k < sizes[i]; k++)
            whole = whole && blocks[i][k] == (unsigned char)i;
        if (blocks[i] != NULL)
            slab_give(&s, blocks[i], sizes[i]);
        sizes[i] = 1 + dice(&seed) / 7 % SLAB_MAX;
        blocks[i] = slab_take(&s, sizes[i]);
        memset(blocks[i], (int)(i & 255), sizes[i]);
    }
    CHECK(whole);
    slab_free(&s);
}

// What was given is taken before there is more.
static void test_memory_is_used_again(void) {
    static void *blocks[COUNT];
    struct slab s = {0};
    for (int i = 0; i < COUNT; i++)
        blocks[i] = slab_take(&s, 56);
    struct slab_chunk *newest = s.chunks;
    for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < COUNT; i++)
            slab_give(&s, blocks[i], 56);
        for (int i = 0; i < COUNT; i++)
            blocks[i] = slab_take(&s, 50);
    }
    CHECK(s.chunks == newest);
    slab_free(&s);
}

int main(void) {
    test_sizes();
    test_blocks_are_apart();
    test_memory_is_used_again();
    return check_end();
}
