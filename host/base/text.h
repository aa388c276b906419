// A text replaced by a copy of another; where to cut one.
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Replaces a text from malloc, or NULL, by a copy of another, or NULL. False: memory is short, and
// nothing has changed.
static inline bool text_set(char **held, const char *text) {
    char *copy = text != NULL ? strdup(text) : NULL;
    if (copy == NULL && text != NULL) {
        return false;
    }
    free(*held);
    *held = copy;
    return true;
}

// How many bytes of a text, at most `max`, end where one of its UTF-8 characters does.
static inline size_t text_cut(const char *text, size_t max) {
    size_t len = strlen(text);
    if (len > max) {
        len = max;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) {
            len--;
        }
    }
    return len;
}

#endif
