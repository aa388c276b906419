#include "base/text.h"

#include <stdlib.h>
#include <string.h>

bool text_set(char **held, const char *text) {
    char *copy = text != NULL ? strdup(text) : NULL;
    if (copy == NULL && text != NULL) {
        return false;
    }
    free(*held);
    *held = copy;
    return true;
}

size_t text_cut(const char *text, size_t max) {
    size_t len = strlen(text);
    if (len > max) {
        len = max;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) {
            len--;
        }
    }
    return len;
}
