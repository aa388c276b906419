// pairs: set, compare, read from JSON of any shape, write.
#include "check.h"
#include "lua/json.h"
#include "pg3/pairs.h"

#include <string.h>

static struct json *json;

static bool value_is(const struct pairs *p, const char *key, const char *value) {
    const char *got = pairs_get(p, key);
    return got == value || (got != NULL && value != NULL && strcmp(got, value) == 0);
}

static void read_here(lua_State *L, void *ctx) {
    pairs_read(ctx, L, 1);
    CHECK(lua_gettop(L) == 1);
}

static void fill(struct pairs *p, const char *text) {
    char error[128];
    CHECK(json_read(json, text, strlen(text), read_here, p, error, sizeof error));
}

static void test_set(void) {
    struct pairs p = {0};
    CHECK(pairs_get(&p, "a") == NULL && pairs_set(&p, "a", NULL) && p.count == 0);
    CHECK(pairs_set(&p, "a", "1") && pairs_set(&p, "b", "2") && pairs_set(&p, "c", ""));
    CHECK(pairs_set(&p, "a", "1") && pairs_set(&p, "a", "one") && value_is(&p, "a", "one"));
    CHECK(p.count == 3 && value_is(&p, "c", "") && value_is(&p, "A", NULL));
    CHECK(pairs_set(&p, "b", NULL) && p.count == 2 && value_is(&p, "b", NULL));
    CHECK(value_is(&p, "a", "one") && value_is(&p, "c", ""));
    CHECK(pairs_set(&p, "a", pairs_get(&p, "c")) && value_is(&p, "a", ""));
    CHECK(pairs_set(&p, "c", NULL) && pairs_set(&p, "a", NULL) && p.count == 0);
    CHECK(pairs_set(&p, "a", "again"));
    pairs_free(&p);
    CHECK(p.count == 0);
    pairs_free(&p);
}

static void test_equal(void) {
    struct pairs a = {0}, b = {0};
    CHECK(pairs_equal(&a, &b));
    fill(&a, "{\"x\":\"1\",\"y\":\"2\"}");
    fill(&b, "{\"y\":\"2\",\"x\":\"1\"}");
    CHECK(pairs_equal(&a, &b) && pairs_equal(&b, &a));
    pairs_set(&b, "x", "3");
    CHECK(!pairs_equal(&a, &b));
    pairs_set(&b, "x", "1");
    pairs_set(&b, "z", "");
    CHECK(!pairs_equal(&a, &b) && !pairs_equal(&b, &a));
    pairs_free(&a);
    pairs_free(&b);
}

static void test_read(void) {
    struct pairs p = {0};
    fill(&p, "{\"t\":\"x\",\"n\":12,\"f\":0.1,\"big\":1e20,\"yes\":true,\"no\":false,\"z\":null}");
    CHECK(value_is(&p, "t", "x") && value_is(&p, "n", "12") && value_is(&p, "f", "0.1"));
    CHECK(value_is(&p, "big", "1e+20") && value_is(&p, "yes", "true") &&
          value_is(&p, "no", "false"));
    CHECK(value_is(&p, "z", "") && !p.opaque && p.count == 7);
    fill(&p, "{\"o\":{\"a\":1},\"t\":\"kept\"}");
    CHECK(p.opaque && value_is(&p, "t", "kept") && value_is(&p, "n", NULL));
    fill(&p, "{}");
    CHECK(!p.opaque && p.count == 0);
    static const char *const others[] = {"[]", "[1,2]", "null", "\"x\"", "1", "false"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        fill(&p, others[i]);
        CHECK(p.count == 0);
    }
    pairs_free(&p);
}

static void test_write(void) {
    struct pairs p = {0}, again = {0}, other = {0};
    struct buf b;
    buf_init(&b, 1000);
    CHECK(pairs_write(&p, &other, &b) && strcmp(buf_text(&b), "{}") == 0);
    buf_free(&b);
    pairs_set(&p, "a \"b\"", "<b>\n\\</b>");
    pairs_set(&p, "", "\xff");
    CHECK(pairs_write(&p, &other, &b));
    CHECK(strcmp(buf_text(&b), "{\"a \\\"b\\\"\":\"<b>\\n\\\\</b>\",\"\":\"\xef\xbf\xbd\"}") == 0);
    fill(&again, buf_text(&b));
    CHECK(value_is(&again, "a \"b\"", "<b>\n\\</b>") && again.count == 2);
    buf_free(&b);
    pairs_set(&other, "more", "");
    CHECK(pairs_write(&other, &other, &b) &&
          strcmp(buf_text(&b), "{\"more\":\"\",\"more\":\"\"}") == 0);
    buf_free(&b);
    buf_init(&b, 5);
    CHECK(!pairs_write(&p, &other, &b));
    buf_free(&b);
    pairs_free(&p);
    pairs_free(&again);
    pairs_free(&other);
}

int main(void) {
    json = json_new();
    test_set();
    test_equal();
    test_read();
    test_write();
    json_free(json);
    return check_end();
}
