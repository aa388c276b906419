// Memory that is refused: the linker puts these in the place of malloc and its like in the tests
// that CMakeLists.txt names.
#ifndef REFUSE_H
#define REFUSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

static atomic_long allocations;            // by all threads
static long fail_at = -1, fail_until = -1; // by number
static bool fail_all;

static bool refused(void) {
    long number = ++allocations;
    return fail_all || (number >= fail_at && number < fail_until);
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size) { return refused() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) {
    return refused() ? NULL : __real_calloc(count, size);
}
void *__wrap_realloc(void *block, size_t size) {
    return refused() ? NULL : __real_realloc(block, size);
}
char *__wrap_strdup(const char *text) { return refused() ? NULL : __real_strdup(text); }

#endif
