// Texts that are kept.
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

// Replaces a text from malloc, or NULL, by a copy of another, or NULL. False: memory is short, and
// nothing has changed.
bool text_set(char **held, const char *text);
// How many bytes of a text, at most `max`, end where one of its UTF-8 characters does.
size_t text_cut(const char *text, size_t max);

#endif
