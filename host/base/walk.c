#include "base/walk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Where a text goes that is taken; bytes that do not fit are left out.
struct sink {
    char *out; // NULL: nowhere
    size_t size, len;
};

static void sink_put(struct sink *s, unsigned c) {
    if (s->out != NULL && s->len + 1 < s->size) {
        s->out[s->len++] = (char)c;
    }
}

static void sink_add(struct sink *s, const char *text, size_t len) {
    if (s->out == NULL || s->size == 0) {
        return;
    }
    size_t room = s->size - 1 - s->len;
    size_t taken = len < room ? len : room;
    memcpy(s->out + s->len, text, taken);
    s->len += taken;
}

static void sink_end(struct sink *s) {
    if (s->out != NULL && s->size > 0) {
        s->out[s->len] = '\0';
    }
}

static void sink_utf8(struct sink *s, unsigned long code) {
    if (code < 0x80) {
        sink_put(s, (unsigned)code);
        return;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned lead[] = {0, 0xC0, 0xE0, 0xF0};
    sink_put(s, lead[more] | (unsigned)(code >> (6 * more)));
    while (more-- > 0) {
        sink_put(s, 0x80 | (unsigned)((code >> (6 * more)) & 0x3F));
    }
}

static bool fail(struct walk *w) {
    w->failed = true;
    return false;
}

// The character at hand; 0 at the end of the text.
static char peek(const struct walk *w) {
    if (w->at == w->end || w->failed) {
        return '\0';
    }
    return *w->at;
}

static char peek_behind_blanks(struct walk *w) {
    while (w->at < w->end &&
           (*w->at == ' ' || *w->at == '\n' || *w->at == '\r' || *w->at == '\t')) {
        w->at++;
    }
    return peek(w);
}

static inline char peek_value(struct walk *w) {
    if (w->at < w->end && (unsigned char)*w->at > ' ' && !w->failed) { // nearly always
        return *w->at;
    }
    return peek_behind_blanks(w);
}

static bool expect(struct walk *w, char c) {
    if (peek_value(w) != c) {
        return fail(w);
    }
    w->at++;
    return true;
}

// The four digits of \uXXXX.
static bool take_hex(struct walk *w, unsigned long *code) {
    *code = 0;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        char c = peek(w);
        const char *digit = c != '\0' ? strchr(digits, c) : NULL;
        if (digit == NULL) {
            return fail(w);
        }
        *code = *code * 16 + (unsigned long)((digit - digits) % 16);
        w->at++;
    }
    return true;
}

static bool take_unicode(struct walk *w, struct sink *s) {
    unsigned long code, low;
    if (!take_hex(w, &code)) {
        return false;
    }
    if (code >= 0xD800 && code < 0xDC00 && w->end - w->at >= 6 && w->at[0] == '\\' &&
        w->at[1] == 'u') {
        const char *before = w->at;
        w->at += 2;
        if (!take_hex(w, &low)) {
            return false;
        }
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00);
        } else {
            w->at = before;
        }
    }
    sink_utf8(s, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code); // half a pair is no character
    return true;
}

static bool take_escape(struct walk *w, struct sink *s) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = peek(w);
    const char *known = c != '\0' ? strchr(from, c) : NULL;
    if (c != 'u' && known == NULL) {
        return fail(w);
    }
    w->at++;
    if (c == 'u') {
        return take_unicode(w, s);
    }
    sink_put(s, (unsigned char)to[known - from]);
    return true;
}

#define ONES 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
#define NONE 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0

// Of each byte whether it stands for itself in a text: all but control characters, '"' and '\\'.
static const unsigned char stands_for_itself[256] = {
    NONE, NONE, 1,    1,    0 /* " */, 1,    1,    1,    1,          1,    1, 1,
    1,    1,    1,    1,    1,         1,    ONES, ONES, 1,          1,    1, 1,
    1,    1,    1,    1,    1,         1,    1,    1,    0 /* \\ */, 1,    1, 1,
    ONES, ONES, ONES, ONES, ONES,      ONES, ONES, ONES, ONES,       ONES,
};

static const char *skip_plain(const char *at, const char *end) {
    while (at < end && stands_for_itself[(unsigned char)*at]) {
        at++;
    }
    return at;
}

static bool take_string(struct walk *w, char *out, size_t size) {
    struct sink s = {out, size, 0};
    if (!expect(w, '"')) {
        return false;
    }
    for (;;) {
        const char *at = skip_plain(w->at, w->end); // most of a text is read here
        sink_add(&s, w->at, (size_t)(at - w->at));
        w->at = at;
        char c = peek(w);
        if (c == '"') {
            break;
        }
        if ((unsigned char)c < ' ') {
            return fail(w); // or the end of the text
        }
        w->at++;
        if (!take_escape(w, &s)) {
            return false;
        }
    }
    w->at++;
    sink_end(&s);
    return true;
}

void walk_number(char out[32], double n) {
    bool whole = n == floor(n) && fabs(n) < 9007199254740992.0; // 2^53
    snprintf(out, 32, whole ? "%.0f" : "%.6f", n);
}

static bool is_numeric(char c) {
    return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
}

static bool take_number(struct walk *w, char *out, size_t size) {
    const char *at = w->at;
    while (at < w->end && *at >= '0' && *at <= '9') {
        at++;
    }
    if (out == NULL && at > w->at && (at == w->end || !is_numeric(*at))) {
        w->at = at; // the commonest, which need no strtod to be known as such
        return true;
    }
    char digits[64], plain[32], *end = digits;
    size_t len = 0;
    while (w->at < w->end && is_numeric(*w->at)) {
        if (len + 1 == sizeof digits) {
            return fail(w);
        }
        digits[len++] = *w->at++;
    }
    digits[len] = '\0';
    double n = strtod(digits, &end);
    if (len == 0 || *end != '\0') {
        return fail(w);
    }
    if (out == NULL) {
        return true;
    }
    walk_number(plain, n);
    snprintf(out, size, "%s", plain);
    return true;
}

static bool take_word(struct walk *w, const char *word, char *out, size_t size) {
    size_t len = strlen(word);
    if ((size_t)(w->end - w->at) < len || memcmp(w->at, word, len) != 0) {
        return fail(w);
    }
    w->at += len;
    if (out != NULL) {
        snprintf(out, size, "%s", word);
    }
    return true;
}

// Takes a value that cannot be entered. False: it failed, or has no text.
static bool take_scalar(struct walk *w, char *out, size_t size) {
    switch (peek_value(w)) {
    case '"':
        return take_string(w, out, size);
    case 't':
        return take_word(w, "true", out, size);
    case 'f':
        return take_word(w, "false", out, size);
    case 'n':
        return take_word(w, "null", NULL, 0) && false;
    default:
        return take_number(w, out, size);
    }
}

static bool can_enter(struct walk *w) {
    char c = peek_value(w);
    return c == '{' || c == '[';
}

const char *walk_here(struct walk *w) {
    peek_value(w);
    return w->at;
}

void walk_begin(struct walk *w, const char *text, size_t len) {
    *w = (struct walk){.at = text, .end = text + len};
}

bool walk_end(struct walk *w) {
    if (w->depth > 0 || peek_value(w) != '\0' || w->at != w->end) {
        fail(w);
    }
    return !w->failed;
}

static bool enter(struct walk *w) {
    if (w->depth == WALK_DEPTH) {
        return fail(w);
    }
    w->close[w->depth++] = *w->at == '{' ? '}' : ']';
    w->at++;
    w->first = true;
    return true;
}

bool walk_enter(struct walk *w) {
    if (can_enter(w)) {
        return enter(w);
    }
    take_scalar(w, NULL, 0);
    return false;
}

bool walk_text(struct walk *w, char *out, size_t size) {
    bool taken = false;
    if (can_enter(w)) {
        walk_skip(w);
    } else {
        taken = take_scalar(w, out, size) && !w->failed;
    }
    if (!taken) {
        out[0] = '\0'; // a part may stand there, without an end
    }
    return taken;
}

void walk_skip(struct walk *w) {
    int depth = w->depth;
    bool at_hand = true;
    while (!w->failed && (at_hand || w->depth > depth)) {
        if (at_hand) {
            walk_enter(w);
        }
        at_hand = w->depth > depth && walk_next(w, NULL, 0);
    }
}

bool walk_next(struct walk *w, char *key, size_t size) {
    if (w->failed || w->depth == 0) {
        return false;
    }
    char close = w->close[w->depth - 1];
    if (peek_value(w) == close) {
        w->at++;
        w->depth--;
        w->first = false;
        return false;
    }
    if (!w->first && !expect(w, ',')) {
        return false;
    }
    w->first = false;
    if (key != NULL) {
        key[0] = '\0';
    }
    return close == ']' || (take_string(w, key, size) && expect(w, ':'));
}
