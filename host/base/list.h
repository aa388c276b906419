// Lists whose elements begin with a pointer to the next.
#ifndef LIST_H
#define LIST_H

#include <stdlib.h>
#include <string.h>

// Frees them all; NULL is the empty list.
static inline void list_free(void *first) {
    while (first != NULL) {
        void *next;
        memcpy(&next, first, sizeof next);
        free(first);
        first = next;
    }
}

#endif
