// known: the nodes of PG3's config, in odd shapes too, and seeding from them.
#include "check.h"
#include "pg3/known.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool good; // what known_read said

static void fill(struct known *k, const char *text) {
    struct walk w;
    walk_begin(&w, text, strlen(text));
    good = known_read(k, &w);
    CHECK(!good || walk_end(&w));
}

static void test_read(void) {
    struct known k = {0};
    fill(&k, "[{\"address\":\"ctl\",\"name\":\"Victron \\u00e4\",\"nodeDefId\":\"VICCTL\","
             "\"primaryNode\":\"ctl\",\"enabled\":1,\"drivers\":["
             "{\"driver\":\"ST\",\"value\":\"1\",\"uom\":25},"
             "{\"driver\":\"GV1\",\"value\":12.5,\"uom\":\"73\"},"
             "{\"driver\":\"GV2\",\"value\":null,\"uom\":1},{\"value\":1},{\"driver\":\"GV3\"},7]},"
             "{\"address\":\"x_1\",\"enabled\":0},{\"address\":\"x_2\",\"enabled\":false},"
             "{\"name\":\"no address\"},{\"address\":\"\"},7,null,{\"address\":55}]");
    CHECK(k.count == 4);
    const struct known_node *ctl = known_find(&k, "ctl");
    CHECK(ctl != NULL && strcmp(ctl->name, "Victron \xc3\xa4") == 0 && ctl->enabled);
    CHECK(strcmp(ctl->type, "VICCTL") == 0 && strcmp(ctl->primary, "ctl") == 0);
    CHECK(ctl->value_count == 2 && ctl->values[0].shown == 1 && ctl->values[0].uom == 25);
    CHECK(ctl->values[1].shown == 12.5 && ctl->values[1].uom == 73);
    CHECK(!known_find(&k, "x_1")->enabled && !known_find(&k, "x_2")->enabled);
    CHECK(known_find(&k, "55") != NULL && known_find(&k, "none") == NULL);

    fill(&k, "{\"a\":{\"address\":\"y\"},\"b\":{\"address\":\"z\",\"drivers\":{\"x\":"
             "{\"driver\":\"ST\",\"value\":0,\"uom\":2}}}}"); // objects in place of arrays
    CHECK(k.count == 2 && known_find(&k, "ctl") == NULL && known_find(&k, "z")->value_count == 1);
    static const char *const others[] = {"null",  "1", "\"x\"", "[[]]", "{\"error\":\"x\"}",
                                         "[null]"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        fill(&k, others[i]);
        CHECK(!good && k.count == 2); // as before
    }
    fill(&k, "[]");
    CHECK(good && k.count == 0);
    known_free(&k);
    known_free(&k);
}

static void test_long_texts(void) {
    struct known k = {0};
    char text[4000], name[1000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    snprintf(
        text, sizeof text,
        "[{\"address\":\"x_1\",\"name\":\"%s\",\"drivers\":[{\"driver\":\"%s\",\"value\":\"1\"},"
        "{\"driver\":\"ST\",\"value\":\"%s\"},{\"driver\":\"GV1\",\"value\":1e300}]}]",
        name, name, name);
    fill(&k, text);
    CHECK(k.count == 1 && strlen(k.all[0].name) == sizeof k.all[0].name - 1);
    known_free(&k);
}

// What is no plain decimal is a value that nothing can be seeded with.
static void test_odd_values(void) {
    static const char *const odd[] = {"abc", "12x", "nan", "inf", "12,5"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct known k = {0};
        char text[200];
        snprintf(text, sizeof text,
                 "[{\"address\":\"x_1\",\"drivers\":[{\"driver\":\"ST\",\"value\":\"%s\","
                 "\"uom\":73},{\"driver\":\"GV1\",\"value\":\"\",\"uom\":73}]}]",
                 odd[i]);
        fill(&k, text);
        CHECK(k.count == 1 && k.all[0].value_count == 1 && !isfinite(k.all[0].values[0].shown));
        known_free(&k);
    }
}

static void test_seed(void) {
    const char *why;
    struct known k = {0};
    struct nodes *n = nodes_new();
    struct node_type *t = node_type_new();
    t->id = strdup("VICX");
    t->drivers = calloc(2, sizeof *t->drivers);
    for (int i = 0; i < 2; i++)
        t->drivers[t->driver_count++] = (struct driver_decl){.id = strdup(i == 0 ? "ST" : "GV1"),
                                                             .label = strdup("L"),
                                                             .unit = {73, 1, 0},
                                                             .places = 1};
    CHECK(nodes_declare(n, t) == NULL);
    struct node *node = nodes_add(n, "x_1", "VICX", "N", "x_1", &why);
    fill(&k,
         "[{\"address\":\"x_1\",\"drivers\":[{\"driver\":\"ST\",\"value\":\"12.34\",\"uom\":73},"
         "{\"driver\":\"GV9\",\"value\":1,\"uom\":73},{\"driver\":\"GV1\",\"value\":5,\"uom\":1}]}"
         "]");
    CHECK(!known_seed(&k, n, node));
    CHECK(node->drivers[0].shown == 12.3 && node->drivers[0].seeded);
    CHECK(node->drivers[1].shown == NODE_NO_DATA && !node->drivers[1].seeded);
    struct node *other = nodes_add(n, "x_2", "VICX", "N", "x_2", &why);
    CHECK(!known_seed(&k, n, other));
    CHECK(other->drivers[0].shown == NODE_NO_DATA);
    const char *const types[] = {"VICX", "VICY"}; // all its drivers; of this type, or another
    for (int i = 0; i < 2; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "[{\"address\":\"x_2\",\"nodeDefId\":\"%s\",\"drivers\":["
                 "{\"driver\":\"ST\",\"value\":1,\"uom\":73},"
                 "{\"driver\":\"GV1\",\"value\":2,\"uom\":73}]}]",
                 types[i]);
        fill(&k, text);
        CHECK(known_seed(&k, n, other) == (i == 0));
    }
    known_free(&k);
    nodes_free(n);
}

int main(void) {
    test_read();
    test_long_texts();
    test_odd_values();
    test_seed();
    return check_end();
}
