// PG3's messages, one a line, in a row. The lines DOWN and UP are the connection's end and return.
#include "fuzz_pg3.h"

static bool is(const char *line, size_t len, const char *word) {
    return len == strlen(word) && memcmp(line, word, len) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct world w;
    world_open(&w);
    const char *line = (const char *)data;
    while (size > 0) {
        const char *end = memchr(line, '\n', size);
        size_t len = end != NULL ? (size_t)(end - line) : size;
        if (is(line, len, "DOWN"))
            pg3_down(w.pg3);
        else if (is(line, len, "UP"))
            pg3_up(w.pg3);
        else
            pg3_message(w.pg3, line, len);
        world_turn(&w);
        len += end != NULL ? 1 : 0;
        line += len;
        size -= len;
    }
    world_close(&w);
    return 0;
}
