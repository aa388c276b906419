// The plugin's log file: one line an event, secrets masked at the door, repeats counted.
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

// Opens `path` (its folder is made when missing) for appending and points fd 1 and 2 at it, so that
// nothing a library prints can reach PG3 (docs/pg3.md, Process and output: data on stderr makes
// PG3 forget the process). The file is rotated before it would pass `max_bytes` and when the local
// day changes; `keep` old files (path.YYYY-MM-DD, path.YYYY-MM-DD.1, ...; a higher number is newer)
// stay. `max_bytes` 0: no size limit. `path` NULL: no file, lines are dropped, fd 1 and 2 stay.
// False: the file cannot be opened; fd 1 and 2 then point at /dev/null, and each line tries again.
bool log_open(const char *path, size_t max_bytes, int keep);

// Writes pending repeat counts and closes the file. fd 1 and 2 stay where they are.
void log_close(void);

// Sends each finished line (no newline) also to `tee`; NULL ends that. For a person at a terminal.
void log_tee(void (*tee)(enum log_level level, const char *line));

// Lines below `level` are dropped. LOG_INFO at start.
void log_set_level(enum log_level level);

// The level of PG3's name for it (any case; "ALL" and unknown names mean DEBUG, CRITICAL means
// ERROR).
enum log_level log_level_of(const char *name);

// Why lines cannot be written, NULL: they can. Tries it if the last one could not.
const char *log_problem(void);

// From now on `text` (8 characters or more; shorter ones are ignored) shows as "***" in every line
// and in what log_hide is given: in upper or lower case, percent-encoded or escaped as in JSON. Of
// a text of 24 characters or more, a token, also its first 8 or more where somebody cut it, 4 or
// more at the end of what is written. Copies it. False: memory is short, and it shows. The last 256
// secrets are kept. What libraries print to fd 1 and 2 is not masked.
bool log_mask(const char *text);

// Masks the secrets in a text that goes elsewhere (to PG3, to a terminal), in place.
void log_hide(char *text);

// Whether `text` is masked, or a part of it: it has a secret.
bool log_masks(const char *text);

// One line: "2026-11-22 12:34:56.789 INFO  area: text". Newlines and control characters in the text
// become spaces. A line equal to the one before it in the same area is counted and the count is
// written before the next different line of that area, or with the first line of any area after ten
// minutes; then the line is written in full again. Lines are cut at 2000 bytes.
void log_line(enum log_level level, const char *area, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// For tests: where the time comes from (unix seconds); NULL = the wall clock.
void log_set_clock(double (*now)(void));

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)

#endif
