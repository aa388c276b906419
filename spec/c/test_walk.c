// walk: JSON a value at a time, good and bad, at any size.
#include "base/walk.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

static struct walk w;

static void begin(const char *text) { walk_begin(&w, text, strlen(text)); }

// Whether all of the text is one value.
static bool is_json(const char *text) {
    begin(text);
    walk_skip(&w);
    return walk_end(&w);
}

// Whether the one value's text is that; NULL: it has none.
static bool text_is(const char *json, const char *wanted) {
    char out[32] = "x";
    begin(json);
    bool has = walk_text(&w, out, sizeof out);
    bool same = wanted != NULL ? has && strcmp(out, wanted) == 0 : !has && out[0] == '\0';
    if (!same)
        printf("  %s gives \"%s\"\n", json, out);
    return same;
}

static void test_texts(void) {
    CHECK(text_is("\"a\"", "a") && text_is(" \"\" ", ""));
    CHECK(text_is("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"));
    CHECK(text_is("\"\\u00e4\\u20AC\\ud83d\\ude00\"", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"));
    CHECK(text_is("\"\\ud83dx\\ude00\"", "\xef\xbf\xbdx\xef\xbf\xbd")); // halves of pairs
    CHECK(text_is("\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
                                        "A"));
    CHECK(text_is("1", "1") && text_is("-1.5", "-1.500000") && text_is("1e2", "100"));
    CHECK(text_is("true", "true") && text_is("false", "false"));
    CHECK(text_is("null", NULL) && text_is("[1]", NULL) && text_is("{\"a\":1}", NULL));
    CHECK(
        text_is("\"0123456789012345678901234567890123456789\"", "0123456789012345678901234567890"));
    CHECK(walk_end(&w));
}

// Fault: of a text that is broken off the beginning is there, without an end
// Expected: nothing is there
static void test_a_broken_text_is_none(void) {
    CHECK(text_is("\"ab", NULL) && text_is("\"ab\\x\"", NULL) && text_is("\"ab\\u12\"", NULL));
    CHECK(text_is("\"a\nb\"", NULL) && text_is("tru", NULL));
}

static void test_members(void) {
    char key[8], text[8];
    begin(" {\"a\" : [ 1 , {\"x\":[]} , 3 ] , \"a long key\" : {} , \"b\":\"t\" } ");
    CHECK(walk_enter(&w) && walk_next(&w, key, sizeof key) && strcmp(key, "a") == 0);
    CHECK(walk_enter(&w) && walk_next(&w, key, sizeof key) && key[0] == '\0');
    CHECK(walk_text(&w, text, sizeof text) && strcmp(text, "1") == 0);
    CHECK(walk_next(&w, NULL, 0));
    walk_skip(&w);
    CHECK(walk_next(&w, NULL, 0) && !walk_enter(&w)); // a number
    CHECK(!walk_next(&w, NULL, 0));
    CHECK(walk_next(&w, key, sizeof key) && strcmp(key, "a long ") == 0);
    CHECK(!walk_text(&w, text, sizeof text));
    CHECK(walk_next(&w, key, sizeof key) && walk_text(&w, text, sizeof text));
    CHECK(!walk_next(&w, key, sizeof key) && walk_end(&w));
    CHECK(!walk_next(&w, key, sizeof key));
}

static void test_not_json(void) {
    static const char *const good[] = {"0", "[]", "{}", "[[],{}]", "{\"\":null}", "[-0.5e-3]"};
    static const char *const bad[] = {"",
                                      " ",
                                      "[",
                                      "]",
                                      "{",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "[1,]",
                                      "[,1]",
                                      "[1 2]",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "\"",
                                      "\"\\x\"",
                                      "\"\\u12",
                                      "\"\\u12g4\"",
                                      "nul",
                                      "tru",
                                      "-",
                                      "1.2.3",
                                      "[1}",
                                      "{]",
                                      "[1]]",
                                      "1 2",
                                      "\"a\nb\"",
                                      "{\"a\":1]",
                                      "\xef\xbb\xbf{}",
                                      "'a'"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK(is_json(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(!is_json(bad[i]));
    walk_begin(&w, "[1]\0", 4); // a NUL is no blank
    walk_skip(&w);
    CHECK(!walk_end(&w));
    const char *text = "{\"a\":[1,\"\\u00e4\",{\"b\":true}],\"c\":-1.5}"; // cut anywhere
    for (size_t len = 0; len <= strlen(text); len++) {
        char *exact = malloc(len + 1); // nothing behind it may be read
        memcpy(exact, text, len);
        walk_begin(&w, exact, len);
        walk_skip(&w);
        CHECK(walk_end(&w) == (len == strlen(text)));
        free(exact);
    }
}

static void test_depth(void) {
    char text[2 * WALK_DEPTH + 3] = "";
    memset(text, '[', WALK_DEPTH);
    memset(text + WALK_DEPTH, ']', WALK_DEPTH);
    CHECK(is_json(text));
    memset(text, '[', WALK_DEPTH + 1);
    memset(text + WALK_DEPTH + 1, ']', WALK_DEPTH + 1);
    CHECK(!is_json(text));
}

int main(void) {
    test_texts();
    test_a_broken_text_is_none();
    test_members();
    test_not_json();
    test_depth();
    return check_end();
}
