// sieve: what is left of a JSON text, and the hashes of a list's elements.
#include "base/sieve.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

#define MOST 16

static const char *const of_place[] = {"a", "b", NULL}, *const of_content[] = {"v", "w", NULL};
static uint64_t hashes[MOST], contents[MOST];
static char found[300]; // of all elements: "{\"a\":1}|1|-,{}|2|3,"
static int count;

static void element(void *ctx, const struct sieve_element *e) {
    (void)ctx;
    size_t len = strlen(found);
    if (count < MOST) {
        hashes[count] = e->place;
        contents[count] = e->content;
        const char *v = e->values[0].at, *w = e->values[1].at;
        snprintf(found + len, sizeof found - len, "%.*s|%.*s|%.*s,", (int)e->len, e->text,
                 v ? (int)e->values[0].len : 1, v ? v : "-", w ? (int)e->values[1].len : 1,
                 w ? w : "-");
    }
    count++;
}

// Whether `json` sieved is `wanted`; NULL: it cannot be sieved.
static bool gives(const char *without, const char *list, const char *json, const char *wanted) {
    const char *names[] = {without, NULL};
    struct sieve s = {names, list, of_place, of_content, element, NULL};
    struct buf out;
    size_t len = strlen(json);
    char *exact = malloc(len); // without a NUL, so that reading on is seen
    memcpy(exact, json, len);
    count = 0;
    found[0] = '\0';
    buf_init(&out, 2 * len + 64);
    bool ok = sieve_text(&s, exact, len, &out);
    bool same = wanted != NULL ? ok && strcmp(buf_text(&out), wanted) == 0 : !ok;
    if (!same)
        printf("  %s gives %s\n", json, ok ? buf_text(&out) : "nothing");
    buf_free(&out);
    free(exact);
    return same;
}

static void test_without(void) {
    CHECK(gives("x", NULL, "{\"a\":1,\"x\":[1,{\"b\":2}],\"c\":{\"x\":\"t\",\"d\":3}}",
                "{\"a\":1,\"c\":{\"d\":3}}"));
    CHECK(gives("x", NULL, " [ { \"x\" : 0 } , \"x\" , 1 ] ", " [ { } , \"x\" , 1 ] "));
    CHECK(gives("x", NULL, "{\"x\":1}", "{}") &&
          gives("x", NULL, "{ \"x\" : 1 , \"a\" : 2 }", "{\"a\" : 2 }"));
    CHECK(gives("x", NULL, "{\"a\":1,\"x\":2}", "{\"a\":1}"));
    CHECK(
        gives("x", NULL, "{\"x\":1,\"x\":2,\"a\":3,\"x\":4,\"x\":5,\"b\":6}", "{\"a\":3,\"b\":6}"));
    CHECK(gives("x", NULL, "{\"a\":{\"x\":1},\"x\":2}", "{\"a\":{}}"));
    CHECK(gives(NULL, NULL, "{\"x\":[1,2]}", "{\"x\":[1,2]}"));
    CHECK(gives("x", NULL, "5", "5") && gives("x", NULL, "\"x\"", "\"x\""));
    CHECK(count == 0);
}

static void test_several(void) {
    const char *names[] = {"x", "y", NULL}, *text = "{\"x\":1,\"a\":{\"y\":[2],\"z\":3}}";
    struct sieve s = {names, NULL, NULL, NULL, NULL, NULL};
    struct buf out;
    buf_init(&out, 100);
    CHECK(sieve_text(&s, text, strlen(text), &out));
    CHECK(strcmp(buf_text(&out), "{\"a\":{\"z\":3}}") == 0);
    buf_free(&out);
}

static void test_list(void) {
    CHECK(gives(NULL, "records",
                "{\"records\":[{\"a\":1},{\"a\":2} , {\"a\":1}],\"n\":{\"records\":[7]}}",
                "{\"records\":[],\"n\":{\"records\":[7]}}"));
    CHECK(count == 3 && hashes[0] == hashes[2] && hashes[0] != hashes[1]);
    CHECK(gives(NULL, "records", "{\"records\":[1,\"t\",null,[2],[]]}", "{\"records\":[]}"));
    CHECK(count == 5 && strcmp(found, "1|-|-,\"t\"|-|-,null|-|-,[2]|-|-,[]|-|-,") == 0);
}

// A decoder takes one of two members with one name, and the hashes must be those of its elements.
static void test_list_twice(void) {
    CHECK(gives(NULL, "l", "{\"l\":[1,2],\"l\":[3],\"a\":4}", "{\"l\":[],\"a\":4}") && count == 2);
    CHECK(gives(NULL, "l", "{\"l\":[],\"l\":[3]}", "{\"l\":[]}") && count == 0);
}

static void test_not_a_list(void) {
    CHECK(gives(NULL, "records", "{\"records\":{\"0\":{\"a\":1}}}",
                "{\"records\":{\"0\":{\"a\":1}}}"));
    CHECK(gives(NULL, "records", "{\"records\":[]}", "{\"records\":[]}"));
    CHECK(gives(NULL, "records", "{\"records\":false,\"b\":[1]}", "{\"records\":false,\"b\":[1]}"));
    CHECK(gives(NULL, "records", "[[1,2]]", "[[1,2]]"));
    CHECK(gives(NULL, "records", "{\"a\":{\"records\":[1]}}", "{\"a\":{\"records\":[1]}}"));
    CHECK(count == 0);
}

// The hash is that of what is left, so that it is the same whether the member is there or not.
static void test_both(void) {
    CHECK(gives("x", "l", "{\"l\":[{\"a\":{\"x\":[1,2],\"z\":1}}]}", "{\"l\":[]}"));
    uint64_t one = hashes[0];
    CHECK(gives("x", "l", "{\"l\":[{\"a\":{\"x\":\"other\",\"z\":1}}]}", "{\"l\":[]}"));
    CHECK(hashes[0] == one && count == 1);
    CHECK(gives("l", "l", "{\"l\":[1]}", "{}") && count == 0);
}

// What an element says is given and not left, and no part of what it is.
static void test_content(void) {
    CHECK(gives(NULL, "l",
                "{\"l\":[{\"v\":1,\"a\":5,\"w\":\"t\"},{\"a\":5, \"v\" : 2 ,\"z\":[7]}]}",
                "{\"l\":[]}"));
    CHECK(strcmp(found, "{\"a\":5}|1|\"t\",{\"a\":5}|2|-,") == 0);
    CHECK(hashes[0] == hashes[1] && contents[0] != contents[1]);
    CHECK(gives(NULL, "l", "{\"l\":[{\"w\":{\"v\":[1]},\"a\":5},{\"v\":1}]}", "{\"l\":[]}"));
    CHECK(strcmp(found, "{\"a\":5}|-|{\"v\":[1]},{}|1|-,") == 0);
}

// Not the same as the other's, nor as none.
static void test_contents(void) {
    CHECK(gives(NULL, "l", "{\"l\":[{\"v\":1},{\"w\":1},{\"v\":1,\"w\":1},{},{\"v\":2},{\"v\":1}]}",
                "{\"l\":[]}"));
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < i; j++)
            CHECK(contents[i] != contents[j]);
    }
    CHECK(contents[0] == contents[5]);
}

// Only members of the elements themselves; of two with one name the last.
static void test_content_elsewhere(void) {
    CHECK(gives(NULL, "l",
                "{\"v\":1,\"l\":[{\"b\":{\"v\":1,\"z\":2}},[{\"v\":3}]],\"m\":[{\"v\":4}]}",
                "{\"v\":1,\"l\":[],\"m\":[{\"v\":4}]}"));
    CHECK(strcmp(found, "{\"b\":{\"v\":1,\"z\":2}}|-|-,[{\"v\":3}]|-|-,") == 0);
    CHECK(gives(NULL, "l", "{\"l\":[{\"v\":1,\"v\":2}]}", "{\"l\":[]}"));
    CHECK(strcmp(found, "{}|2|-,") == 0);
}

static void test_broken(void) {
    static const char *const texts[] = {
        "",      "{",       "{\"l\":[", "{\"l\":[1", "{\"l\":[1,",  "{\"l\":[1]", "{\"l\":[1]}}",
        "[1 2]", "{\"x\":", "{\"x\"}",  "nul",       "{\"l\":[{]}", "\"a",        "<html>"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        CHECK(gives("x", "l", texts[i], NULL));
}

#define ONE "{\"l\":[]}"

// Texts that differ in one byte, wherever it is, have other hashes.
static void test_hashes(void) {
    char text[80] = "{\"l\":[\"";
    size_t start = strlen(text);
    for (size_t len = 1; len <= 40; len++) {
        memset(text + start, 'a', len);
        snprintf(text + start + len, sizeof text - start - len, "\"]}");
        CHECK(gives(NULL, "l", text, ONE));
        uint64_t plain = hashes[0];
        for (size_t i = 0; i < len; i++) {
            text[start + i] = 'b';
            CHECK(gives(NULL, "l", text, ONE) && hashes[0] != plain);
            text[start + i] = 'a';
        }
    }
}

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

#define DIGITS 1000

// Texts that differ in three digits have other hashes, also where the digits are in the same places
// of the words that are hashed.
static void test_digits(void) {
    static uint64_t seen[DIGITS];
    char text[] = "{\"l\":[\"................................\"]}";
    char *digits = strchr(text, '.');
    for (int place = 0; place < 8; place++) {
        memset(digits, '0', 32);
        for (int n = 0; n < DIGITS; n++) {
            digits[place] = (char)('0' + n % 10);
            digits[place + 4] = (char)('0' + n / 10 % 10);
            digits[place + 8] = (char)('0' + n / 100);
            CHECK(gives(NULL, "l", text, ONE));
            seen[n] = hashes[0];
        }
        qsort(seen, DIGITS, sizeof seen[0], by_size);
        for (int n = 1; n < DIGITS; n++)
            CHECK(seen[n] != seen[n - 1]);
    }
}

static void test_too_long(void) {
    const char *none[] = {NULL};
    struct sieve s = {none, NULL, of_place, of_content, element, NULL};
    const char *text = "{\"l\":[1,2,3]}";
    for (size_t max = 1; max < strlen(text); max++) {
        struct buf out;
        buf_init(&out, max);
        CHECK(!sieve_text(&s, text, strlen(text), &out) && !out.starved);
        buf_free(&out);
    }
}

int main(void) {
    test_without();
    test_several();
    test_list();
    test_list_twice();
    test_not_a_list();
    test_both();
    test_content();
    test_contents();
    test_content_elsewhere();
    test_broken();
    test_hashes();
    test_digits();
    test_too_long();
    return check_end();
}
