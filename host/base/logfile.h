// The file behind `log`: rotates itself and takes fd 1 and 2 with it. Only `log` uses it.
#ifndef LOGFILE_H
#define LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

// Opens the file for appending, makes its folder when missing, points fd 1 and 2 at it. max_bytes
// 0: no size limit. False: it cannot be opened; fd 1 and 2 then point at /dev/null.
bool logfile_open(const char *path, size_t max_bytes, int keep);
// Closes it; fd 1 and 2 stay where they are. Harmless when none is open.
void logfile_close(void);
// Appends `len` bytes (a line with its newline) at the time `now`; before that, rotates when they
// would not fit or the local day is another one. A file that somebody deleted is made anew, with
// its folder; one that could not be opened is tried again. On a full disk the bytes are dropped.
void logfile_write(time_t now, const char *line, size_t len);
// Why the last bytes could not be written; NULL: they were.
const char *logfile_problem(void);

#endif
