// buf: growing, the cap, printf, JSON strings.
#include "base/buf.h"
#include "check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void test_append(void) {
    struct buf b;
    buf_init(&b, 1000);
    CHECK(b.data == NULL && b.len == 0 && !b.failed);
    CHECK(strcmp(buf_text(&b), "") == 0);
    CHECK(buf_add(&b, NULL, 0));
    CHECK(buf_puts(&b, ""));
    CHECK(buf_puts(&b, "ab") && buf_add(&b, "c\0d", 3) && buf_printf(&b, "%d-%s", 42, "x"));
    CHECK(b.len == 9 && memcmp(b.data, "abc\0d42-x", 10) == 0);
    char *before = b.data;
    buf_cut(&b, 0);
    CHECK(b.data == before && b.len == 0 && strcmp(buf_text(&b), "") == 0);
    CHECK(buf_printf(&b, "%s", "") && b.len == 0);
    buf_free(&b);
    CHECK(b.data == NULL && b.max == 1000);
    CHECK(buf_puts(&b, "again"));
    buf_free(&b);
}

static void test_growth(void) {
    struct buf b;
    buf_init(&b, 100000);
    for (int i = 0; i < 10000; i++) {
        buf_printf(&b, "%05d", i);
    }
    CHECK(b.len == 50000 && b.data[50000] == '\0' && !b.failed);
    CHECK(memcmp(b.data + 5 * 9999, "09999", 5) == 0);
    CHECK(b.cap <= 100001);
    buf_free(&b);
}

static void test_cap(void) {
    struct buf b;
    buf_init(&b, 4);
    CHECK(buf_puts(&b, "1234") && b.len == 4 && b.cap <= 5);
    CHECK(buf_puts(&b, ""));
    CHECK(!buf_puts(&b, "5"));
    CHECK(b.failed && b.data == NULL && b.len == 0 && strcmp(buf_text(&b), "") == 0);
    CHECK(!buf_puts(&b, "") && !buf_puts(&b, "1") && !buf_printf(&b, "%d", 1));
    CHECK(!buf_json(&b, "") && !buf_json(&b, NULL) && b.failed);
    buf_free(&b);
    CHECK(!b.failed && buf_printf(&b, "%d", 1234));
    CHECK(!buf_printf(&b, "%s", "x") && b.failed && b.data == NULL);
    buf_free(&b);
    CHECK(!b.failed && buf_json(&b, "ab") && strcmp(buf_text(&b), "\"ab\"") == 0);
    CHECK(!buf_json(&b, "") && b.failed);
    buf_free(&b);
    CHECK(buf_member(&b, "x:", "") && strcmp(buf_text(&b), "x:\"\"") == 0);
    CHECK(!buf_member(&b, "", "") && b.failed);
    buf_free(&b);

    buf_init(&b, 0);
    CHECK(buf_puts(&b, "") && !buf_puts(&b, "a"));
    buf_init(&b, SIZE_MAX);
    CHECK(buf_puts(&b, "abc") && !buf_add(&b, "abc", SIZE_MAX - 2) && b.failed);
    buf_free(&b);
}

static bool json_is(const char *text, const char *expect) {
    struct buf b;
    buf_init(&b, 10000);
    bool same = buf_json(&b, text) && strcmp(buf_text(&b), expect) == 0 && strlen(expect) == b.len;
    if (!same) {
        fprintf(check_stream(), "got %s, not %s\n", buf_text(&b), expect);
    }
    buf_free(&b);
    return same;
}

static void test_json(void) {
    CHECK(json_is(NULL, "null"));
    CHECK(json_is("", "\"\""));
    CHECK(json_is("plain / text", "\"plain / text\""));
    CHECK(json_is("a\"b\\c", "\"a\\\"b\\\\c\""));
    CHECK(json_is("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""));
    CHECK(json_is("\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\""));
    CHECK(json_is("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x94\x8B",
                  "\"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x94\x8B\""));
}

#define BAD "\xEF\xBF\xBD"

static void test_json_invalid_utf8(void) {
    CHECK(json_is("\x80", "\"" BAD "\""));
    CHECK(json_is("a\xFF z", "\"a" BAD " z\""));
    CHECK(json_is("caf\xE9", "\"caf" BAD "\""));                   // Latin-1, at the end
    CHECK(json_is("\xC0\xAF", "\"" BAD BAD "\""));                 // overlong
    CHECK(json_is("\xE0\x80\x80", "\"" BAD BAD BAD "\""));         // overlong
    CHECK(json_is("\xF0\x80\x80\x80", "\"" BAD BAD BAD BAD "\"")); // overlong
    CHECK(json_is("\xED\xA0\x80", "\"" BAD BAD BAD "\""));         // a surrogate
    CHECK(json_is("\xF4\x90\x80\x80", "\"" BAD BAD BAD BAD "\"")); // above U+10FFFF
    CHECK(json_is("\xF4\x8F\xBF\xBF\xED\x9F\xBF", "\"\xF4\x8F\xBF\xBF\xED\x9F\xBF\"")); // the last
    CHECK(json_is("\xE2\x82", "\"" BAD BAD "\""));                                      // cut short
    CHECK(json_is("\xE2\x82\"", "\"" BAD BAD "\\\"\""));
}

// Every text of random bytes becomes valid UTF-8 between two quotes, without control characters.
static void test_json_random(void) {
    srand(7);
    for (int round = 0; round < 2000; round++) {
        char text[40];
        size_t len = (size_t)(rand() % 40);
        for (size_t i = 0; i < len; i++) {
            text[i] = (char)(1 + rand() % 255);
        }
        text[len < 40 ? len : 39] = '\0';
        struct buf b;
        struct buf again;
        buf_init(&b, 1000);
        buf_init(&again, 5000);
        bool ok = buf_json(&b, text) && b.len >= 2;
        for (size_t i = 0; ok && i < b.len; i++) {
            ok = (unsigned char)b.data[i] >= 0x20;
        }
        // What comes out has nothing to replace any more.
        size_t bad = 0;
        for (const char *p = strstr(buf_text(&b), BAD); p != NULL; p = strstr(p + 3, BAD)) {
            bad++;
        }
        ok = ok && buf_json(&again, buf_text(&b));
        for (const char *p = strstr(buf_text(&again), BAD); p != NULL; p = strstr(p + 3, BAD)) {
            bad--;
        }
        CHECK(ok && bad == 0);
        buf_free(&b);
        buf_free(&again);
    }
}

int main(void) {
    test_append();
    test_growth();
    test_cap();
    test_json();
    test_json_invalid_utf8();
    test_json_random();
    return check_end();
}
