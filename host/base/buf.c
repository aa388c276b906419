#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max) {
    *b = (struct buf){0};
    b->max = max < SIZE_MAX / 4 ? max : SIZE_MAX / 4; // so that no sum below can overflow
}

void buf_free(struct buf *b) {
    free(b->data);
    buf_init(b, b->max);
}

void buf_cut(struct buf *b, size_t len) {
    b->len = len;
    if (b->data != NULL) {
        b->data[len] = '\0';
    }
}

static bool buf_fail(struct buf *b) {
    buf_free(b);
    b->failed = true;
    return false;
}

// Makes room for `extra` more bytes and the NUL.
static bool buf_grow(struct buf *b, size_t extra) {
    if (b->failed) {
        return false;
    }
    if (extra > b->max - b->len) {
        return buf_fail(b);
    }
    size_t need = b->len + extra + 1;
    if (need <= b->cap) {
        return true;
    }
    size_t cap = b->cap < 32 ? 64 : b->cap * 2;
    if (cap > b->max + 1) {
        cap = b->max + 1;
    }
    if (cap < need) {
        cap = need;
    }
    char *data = realloc(b->data, cap);
    if (data == NULL) {
        buf_fail(b);
        b->starved = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

bool buf_add(struct buf *b, const void *data, size_t len) {
    if (len == 0) {
        return !b->failed;
    }
    if (!buf_grow(b, len)) {
        return false;
    }
    memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return true;
}

bool buf_puts(struct buf *b, const char *text) { return buf_add(b, text, strlen(text)); }

bool buf_printf(struct buf *b, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0) {
        return buf_fail(b);
    }
    if (!buf_grow(b, (size_t)len)) {
        return false;
    }
    va_start(args, fmt);
    vsnprintf(b->data + b->len, (size_t)len + 1, fmt, args);
    va_end(args);
    b->len += (size_t)len;
    return true;
}

// Bytes of the UTF-8 character at `s` (RFC 3629: no overlong forms, no surrogates, nothing above
// U+10FFFF); 0 = invalid. Never reads past the terminating NUL.
static size_t utf8_len(const unsigned char *s) {
    if (s[0] < 0x80) {
        return 1;
    }
    if (s[0] < 0xC2 || s[0] > 0xF4) {
        return 0;
    }
    unsigned char low = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
    size_t len = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (s[1] < low || s[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if (s[i] < 0x80 || s[i] > 0xBF) {
            return 0;
        }
    }
    return len;
}

// Appends a character that must not stand in a JSON string as it is.
static void json_escape(struct buf *b, unsigned char c) {
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt"; // pairs: the character, its escape
    for (size_t i = 0; named[i] != '\0'; i += 2) {
        if ((unsigned char)named[i] == c) {
            buf_printf(b, "\\%c", named[i + 1]);
            return;
        }
    }
    buf_printf(b, "\\u%04x", (unsigned)c);
}

bool buf_json(struct buf *b, const char *text) {
    if (text == NULL) {
        return buf_puts(b, "null");
    }
    buf_puts(b, "\"");
    const unsigned char *s = (const unsigned char *)text;
    while (*s != '\0') {
        size_t run = 0; // what can be copied as it is
        while (s[run] >= 0x20 && s[run] != '"' && s[run] != '\\' && utf8_len(s + run) > 0) {
            run += utf8_len(s + run);
        }
        buf_add(b, s, run);
        s += run;
        if (*s == '\0') {
            break;
        }
        if (*s >= 0x80) {
            buf_puts(b, "\xEF\xBF\xBD"); // one U+FFFD for each byte that fits no character
        } else {
            json_escape(b, *s);
        }
        s++;
    }
    return buf_puts(b, "\"");
}

bool buf_member(struct buf *b, const char *before, const char *text) {
    return buf_puts(b, before) && buf_json(b, text);
}

const char *buf_text(const struct buf *b) { return b->data != NULL ? b->data : ""; }
