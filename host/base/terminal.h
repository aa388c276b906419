// The terminal a person sits at, taken as a screen: another one than that of the shell, without a
// cursor, and keys that come one by one and unseen. Ctrl-C still ends the program.
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

// Whether stdout is a terminal that takes colours and moves of the cursor, and the user wants them:
// not for TERM "dumb" or none, nor where NO_COLOR has a text (https://no-color.org).
bool terminal_colours(void);
// Columns and rows of the terminal at stdout. False: it is none, or does not know.
bool terminal_size(int *columns, int *rows);

// Takes the terminal. From then on it is given back also when the program crashes; only SIGKILL
// leaves it as it is. False: stdout is none.
bool terminal_take(void);
// Gives it back as it was; nothing if it is not taken. May be called in a signal handler.
void terminal_give_back(void);
// The bytes of the keys that were pressed since the last call, at most `size`: none (0) while it is
// not taken, or where stdin is no terminal. Does not wait.
size_t terminal_keys(char *bytes, size_t size);

#endif
