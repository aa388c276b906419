#include "base/log.h"
#include "base/clock.h"
#include "base/logfile.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    LINE_BYTES = 2000,
    STAMP_BYTES = 24,                      // "2026-11-22 12:34:56.789 "
    BODY_BYTES = LINE_BYTES - STAMP_BYTES, // "INFO  area: text"
    READ_BYTES = 4 * BODY_BYTES,           // of a text; searching it for secrets takes its time
    SECRETS = 256,                         // a hundred GX devices have a password each
    SECRET_SHORTEST = 8,
    SECRET_LONG = 24, // a token; what a shorter one begins with may be a word that stands elsewhere
    SECRET_CUT = 4,   // so many first characters of a long one at the end of a text are masked too
    SECRET_PIECE = 8, // and so many anywhere: somebody cut the text before it got here
    AREAS = 16,
    REPEAT_SECONDS = 600
};

struct secret {
    char *text;
    size_t len;
};

// The last line of one area, to count its repeats.
struct area {
    char name[24];
    enum log_level level;
    char body[BODY_BYTES + 1]; // "" = none
    unsigned long repeats;     // not yet written
    double since;              // when `body` was written
};

static const char *const level_names[] = {"DEBUG", "INFO", "WARNING", "ERROR"};

static enum log_level lowest = LOG_INFO;
static void (*tee_fn)(enum log_level level, const char *line);
static struct secret secrets[SECRETS]; // the newest last
static size_t secret_count;
static struct area areas[AREAS];

static double (*clock_now)(void) = clock_wall;

void log_set_clock(double (*now)(void)) { clock_now = now != NULL ? now : clock_wall; }

static bool same_letter(char a, char b) {
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

// How many of the `left` bytes at `text` stand for the character: itself in either case, as in a
// URL ("%2F") or as in JSON ("\/"). 0 = none.
static size_t letter_at(const char *text, size_t left, char letter) {
    if (same_letter(text[0], letter)) {
        return 1;
    }
    if (left > 2 && text[0] == '%' && isxdigit((unsigned char)text[1]) &&
        isxdigit((unsigned char)text[2])) {
        const char digits[] = {text[1], text[2], '\0'};
        return same_letter((char)strtol(digits, NULL, 16), letter) ? 3 : 0;
    }
    return left > 1 && text[0] == '\\' && text[1] == letter ? 2 : 0;
}

// How many of the `left` bytes at `text` show so much of a secret that they must go.
static size_t secret_shown(const char *text, size_t left, const struct secret *s) {
    size_t bytes = 0;
    size_t letters = 0;
    while (letters < s->len && bytes < left) {
        size_t n = letter_at(text + bytes, left - bytes, s->text[letters]);
        if (n == 0) {
            break;
        }
        bytes += n;
        letters++;
    }
    if (s->len < SECRET_LONG) {
        return letters == s->len ? bytes : 0;
    }
    bool cut = bytes == left && letters >= SECRET_CUT;
    return cut || letters >= SECRET_PIECE ? bytes : 0;
}

// The same of all secrets.
static size_t secret_at(const char *text, size_t left) {
    size_t longest = 0;
    for (size_t i = 0; i < secret_count; i++) {
        size_t n = secret_shown(text, left, &secrets[i]);
        longest = n > longest ? n : longest;
    }
    return longest;
}

// In place: nothing that is masked is shorter than the mask. Secrets that overlap become one mask.
void log_hide(char *text) {
    size_t len = strlen(text);
    size_t out = 0;
    size_t i = 0;
    while (i < len) {
        size_t end = i + secret_at(text + i, len - i);
        if (end == i) {
            text[out++] = text[i++];
            continue;
        }
        for (size_t j = i + 1; j < end; j++) {
            size_t further = j + secret_at(text + j, len - j);
            end = further > end ? further : end;
        }
        memcpy(text + out, "***", 3);
        out += 3;
        i = end;
    }
    text[out] = '\0';
}

// Makes one line of it, at most BODY_BYTES long.
static void text_clean(char *text) {
    size_t len = text_cut(text, BODY_BYTES);
    text[len] = '\0';
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) {
            text[i] = ' ';
        }
    }
}

static void line_write(enum log_level level, const char *body, double now) {
    long long ms = (long long)(now * 1000 + 0.5);
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm = {0};
    localtime_r(&seconds, &tm);
    char when[STAMP_BYTES];
    char line[LINE_BYTES + 2];
    if (strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm) == 0) {
        return;
    }
    int len = snprintf(line, sizeof line, "%s.%03d %s\n", when, (int)(ms % 1000), body);
    if (len <= 0 || len >= (int)sizeof line) {
        return;
    }
    logfile_write(seconds, line, (size_t)len);
    if (tee_fn != NULL) {
        line[len - 1] = '\0';
        tee_fn(level, line);
    }
}

static void area_flush(struct area *a, double now) {
    if (a->repeats == 0) {
        return;
    }
    char body[160];
    snprintf(body, sizeof body, "%-5s %.23s: The last line of this area came %lu more time%s.",
             level_names[a->level], a->name, a->repeats, a->repeats == 1 ? "" : "s");
    log_hide(body);
    text_clean(body);
    a->repeats = 0;
    a->since = now;
    line_write(a->level, body, now);
}

// Ends the counting of lines that are ten minutes old; the next one is written in full.
static void areas_expire(double now) {
    for (size_t i = 0; i < AREAS; i++) {
        struct area *a = &areas[i];
        // A clock that was set back must not hide a line for hours.
        if (a->body[0] != '\0' && (now - a->since >= (double)REPEAT_SECONDS || now < a->since)) {
            area_flush(a, now);
            a->body[0] = '\0';
        }
    }
}

// The area of that name; a new one takes the place that is free or was silent longest.
static struct area *area_of(const char *name, double now) {
    struct area *oldest = &areas[0];
    for (size_t i = 0; i < AREAS; i++) {
        struct area *a = &areas[i];
        if (strncmp(a->name, name, sizeof a->name - 1) == 0) {
            return a;
        }
        if (a->since < oldest->since) {
            oldest = a;
        }
    }
    area_flush(oldest, now);
    *oldest = (struct area){0};
    snprintf(oldest->name, sizeof oldest->name, "%.*s", (int)sizeof oldest->name - 1, name);
    return oldest;
}

bool log_open(const char *path, size_t max_bytes, int keep) {
    log_close();
    tzset();
    return path == NULL || logfile_open(path, max_bytes, keep);
}

void log_close(void) {
    double now = clock_now();
    for (size_t i = 0; i < AREAS; i++) {
        area_flush(&areas[i], now);
        areas[i] = (struct area){0};
    }
    logfile_close();
}

const char *log_problem(void) {
    if (logfile_problem() != NULL) {
        line_write(LOG_WARNING, "WARNING log: Lines are missing above: they could not be written.",
                   clock_now());
    }
    return logfile_problem();
}

void log_tee(void (*tee)(enum log_level level, const char *line)) { tee_fn = tee; }

void log_set_level(enum log_level level) { lowest = level; }

enum log_level log_level_of(const char *name) {
    if (name != NULL && strcasecmp(name, "CRITICAL") == 0) {
        return LOG_ERROR;
    }
    for (int i = LOG_INFO; name != NULL && i <= LOG_ERROR; i++) {
        if (strcasecmp(name, level_names[i]) == 0) {
            return (enum log_level)i;
        }
    }
    return LOG_DEBUG;
}

bool log_masks(const char *text) {
    for (size_t i = 0; i < secret_count; i++) {
        if (strstr(text, secrets[i].text) != NULL) {
            return true;
        }
    }
    return false;
}

bool log_mask(const char *text) {
    if (text == NULL || strlen(text) < SECRET_SHORTEST) {
        return true;
    }
    size_t i = 0;
    while (i < secret_count && strcmp(secrets[i].text, text) != 0) {
        i++;
    }
    struct secret s = {0};
    if (i < secret_count) {
        s = secrets[i]; // known: it only becomes the newest
    } else {
        s = (struct secret){.text = strdup(text), .len = strlen(text)};
        if (s.text == NULL) {
            return false;
        }
        if (secret_count == SECRETS) {
            i = 0;
            free(secrets[0].text);
        } else {
            secret_count++;
        }
    }
    memmove(&secrets[i], &secrets[i + 1], (secret_count - 1 - i) * sizeof secrets[0]);
    secrets[secret_count - 1] = s;
    return true;
}

// For a line when memory is short, which is when lines matter. A secret that its end cuts is
// masked.
static char spare_body[2 * LINE_BYTES];

// "INFO  area: text", masked and clean. The caller frees it unless it is spare_body.
static char *body_new(enum log_level level, const char *area, const char *fmt, va_list args) {
    char head[64];
    snprintf(head, sizeof head, "%-5s %s: ", level_names[level], area);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    // More than is kept is needed before it is cut: the cut must not go through an unmasked secret,
    // and masks make the text shorter.
    size_t size = (size_t)(len < 0 ? 0 : len < READ_BYTES ? len : READ_BYTES) + 1;
    char *body = malloc(strlen(head) + size);
    if (body == NULL) {
        body = spare_body;
        size_t room = sizeof spare_body - strlen(head);
        size = size < room ? size : room;
    }
    memcpy(body, head, strlen(head) + 1);
    vsnprintf(body + strlen(head), size, fmt, args);
    log_hide(body);
    text_clean(body);
    return body;
}

void log_line(enum log_level level, const char *area, const char *fmt, ...) {
    if (level < lowest) {
        return;
    }
    int saved_errno = errno;
    va_list args;
    va_start(args, fmt);
    char *body = body_new(level, area, fmt, args);
    va_end(args);
    double now = clock_now();
    areas_expire(now);
    struct area *a = area_of(area, now);
    if (strcmp(a->body, body) == 0) {
        a->repeats++;
    } else {
        area_flush(a, now);
        snprintf(a->body, sizeof a->body, "%s", body);
        a->level = level;
        a->since = now;
        line_write(level, body, now);
    }
    if (body != spare_body) {
        free(body);
    }
    errno = saved_errno;
}
