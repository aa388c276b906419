// The few lines a C unit test needs: CHECK(condition) counts and says where it failed.
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

static int check_passed;
static int check_failed;
static FILE *check_out; // NULL = stdout; for tests of what redirects it

static FILE *check_stream(void) { return check_out != NULL ? check_out : stdout; }

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (cond) {                                                                                \
            check_passed++;                                                                        \
        } else {                                                                                   \
            check_failed++;                                                                        \
            fprintf(check_stream(), "%s:%d: failed: %s\n", __FILE__, __LINE__, #cond);             \
        }                                                                                          \
    } while (0)

// The result of main.
static int check_end(void) {
    fprintf(check_stream(), "%d passed, %d failed\n", check_passed, check_failed);
    fflush(check_stream());
    return check_failed == 0 ? 0 : 1;
}

#endif
