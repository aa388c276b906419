// wire: the exact text of addnode and set.
#include "check.h"
#include "pg3/wire.h"

#include <stdlib.h>
#include <string.h>

static void put_driver(struct node_type *t, const char *id, const char *label, int uom,
                       int places) {
    struct driver_decl *d = &t->drivers[t->driver_count++];
    *d = (struct driver_decl){.id = strdup(id), .label = strdup(label), .places = places};
    d->unit = (struct unit){uom, 1, 0};
}

// A type VICX of so many drivers.
static struct nodes *wide_type(int count) {
    struct nodes *n = nodes_new();
    struct node_type *t = node_type_new();
    t->id = strdup("VICX");
    t->drivers = calloc((size_t)count, sizeof *t->drivers);
    for (int i = 0; i < count; i++) {
        char id[16];
        snprintf(id, sizeof id, "D%d", i);
        put_driver(t, id, "Label", 73, 6);
    }
    CHECK(nodes_declare(n, t) == NULL);
    return n;
}

static struct nodes *two_nodes(void) {
    const char *why;
    struct nodes *n = nodes_new();
    struct node_type *t = node_type_new();
    t->id = strdup("VICX");
    t->drivers = calloc(4, sizeof *t->drivers);
    put_driver(t, "ST", "Power \"PV\"", 73, 0);
    put_driver(t, "GV1", "Temp \xc2\xb0", 4, 1);
    CHECK(nodes_declare(n, t) == NULL);
    CHECK(nodes_add(n, "ctl", "VICX", "Controller", "ctl", &why) != NULL);
    CHECK(nodes_add(n, "a_1", "VICX", "My \"van\"\\\n\x01 \xff", "ctl", &why) != NULL);
    return n;
}

static bool is(struct buf *b, const char *text) {
    bool same = strcmp(buf_text(b), text) == 0;
    if (!same)
        printf("got  %s\nwant %s\n", buf_text(b), text);
    buf_free(b);
    return same;
}

static void test_addnode(void) {
    struct nodes *n = two_nodes();
    struct buf b;
    buf_init(&b, WIRE_MAX);
    CHECK(wire_addnode(&b, n->all, 1) == 1);
    CHECK(is(&b,
             "{\"addnode\":[{\"address\":\"ctl\",\"name\":\"Controller\",\"nodeDefId\":\"VICX\","
             "\"primaryNode\":\"ctl\",\"drivers\":["
             "{\"driver\":\"ST\",\"value\":\"101\",\"uom\":25,\"name\":\"Power \\\"PV\\\"\"},"
             "{\"driver\":\"GV1\",\"value\":\"101\",\"uom\":25,\"name\":\"Temp \xc2\xb0\"}],"
             "\"hint\":[0,0,0,0],\"private\":null,\"rename\":false}]}"));
    // Several, with what they show; texts follow by set.
    node_seed(n, n->all[0], 0, 55, 73);
    node_set(n, n->all[1], 0, 60, NULL);
    node_set(n, n->all[1], 1, -3.25, "cold");
    CHECK(wire_addnode(&b, n->all, 2) == 2);
    CHECK(strstr(buf_text(&b), "\"rename\":false},{\"address\":\"a_1\",") != NULL);
    CHECK(strstr(buf_text(&b), "\"name\":\"My \\\"van\\\"\\\\\\n\\u0001 \xef\xbf\xbd\"") != NULL);
    CHECK(strstr(buf_text(&b), "{\"driver\":\"ST\",\"value\":\"55\",") != NULL);
    CHECK(strstr(buf_text(&b), "{\"driver\":\"ST\",\"value\":\"60\",") != NULL);
    CHECK(strstr(buf_text(&b), "{\"driver\":\"GV1\",\"value\":\"-3.2\",") != NULL);
    CHECK(strstr(buf_text(&b), "cold") == NULL);
    buf_free(&b);
    buf_init(&b, 50);
    CHECK(wire_addnode(&b, n->all, 2) == 0 && b.failed);
    buf_free(&b);
    buf_init(&b, 50);
    CHECK(wire_addnode(&b, n->all, 0) == 0 && b.len == 0);
    buf_free(&b);
    nodes_free(n);
}

// A message that is large enough takes no more nodes, and at least one.
static void test_addnode_too_large(void) {
    const char *why;
    struct nodes *n = wide_type(550);
    struct buf b;
    CHECK(nodes_add(n, "x_1", "VICX", "X", "x_1", &why) != NULL);
    CHECK(nodes_add(n, "x_2", "VICX", "X", "x_1", &why) != NULL);
    CHECK(nodes_add(n, "x_3", "VICX", "X", "x_1", &why) != NULL);
    buf_init(&b, WIRE_MAX);
    CHECK(wire_addnode(&b, n->all, 3) == 2 && b.len > WIRE_ADD_FULL && b.len < 3 * WIRE_ADD_FULL);
    CHECK(strcmp(buf_text(&b) + b.len - 3, "}]}") == 0 && strstr(buf_text(&b), "x_3") == NULL);
    buf_free(&b);
    nodes_free(n);
}

// The ids in the order in which they stand in a message.
static bool stand_so(struct buf *b, const char *first, const char *second, const char *third) {
    const char *ids[] = {first, second, third}, *at = buf_text(b);
    for (int i = 0; i < 3 && at != NULL; i++) {
        char part[32];
        snprintf(part, sizeof part, "\"driver\":\"%s\"", ids[i]);
        at = strstr(at, part);
    }
    if (at == NULL)
        printf("got  %s\n", buf_text(b));
    buf_free(b);
    return at != NULL;
}

// Fault: a program of the ISY sees zeros beside "fresh": the data state comes before the values
// Expected: "fresh" is the last of a node's values in a message; any other data state is the first
static void test_order(void) {
    const char *why;
    struct nodes *n = nodes_new();
    struct buf b;
    struct node_type *t = node_type_new();
    t->id = strdup("VICX");
    t->drivers = calloc(3, sizeof *t->drivers);
    put_driver(t, "ST", "Power", 73, 0);
    put_driver(t, "GV30", "Data state", 25, 0);
    put_driver(t, "TIME", "Last data", 151, 0);
    t->drivers[1].fresh = 1;
    CHECK(nodes_declare(n, t) == NULL);
    struct node *node = nodes_add(n, "x_1", "VICX", "X", "x_1", &why);
    CHECK(node != NULL);
    buf_init(&b, WIRE_MAX);
    for (int state = 0; state < 4; state++) {
        for (int i = 0; i < 3; i++)
            node_set(n, node, i, i == 1 ? state : state + 10, NULL);
        CHECK(wire_addnode(&b, &node, 1) == 1);
        CHECK(state == 1 ? stand_so(&b, "ST", "TIME", "GV30") : stand_so(&b, "GV30", "ST", "TIME"));
        node_is(n, node, NODE_LIVE);
        node_touch(n, node);
        CHECK(wire_set(&b, n, "", ""));
        CHECK(state == 1 ? stand_so(&b, "ST", "TIME", "GV30") : stand_so(&b, "GV30", "ST", "TIME"));
    }
    buf_free(&b);
    nodes_free(n);
}

// Fault: of many nodes that are lost, the last is told to be so after all values of the others
// Expected: the data states of all nodes that are not fresh come before any value
static void test_lost_states_first(void) {
    const char *why;
    struct nodes *n = nodes_new();
    struct buf b;
    struct node_type *t = node_type_new();
    t->id = strdup("VICX");
    t->drivers = calloc(2, sizeof *t->drivers);
    put_driver(t, "ST", "Power", 73, 0);
    put_driver(t, "GV30", "Data state", 25, 0);
    t->drivers[1].fresh = 1;
    CHECK(nodes_declare(n, t) == NULL);
    buf_init(&b, WIRE_MAX);
    for (int i = 0; i < 3; i++) {
        char address[] = {'x', '_', (char)('0' + i), '\0'};
        struct node *node = nodes_add(n, address, "VICX", address, "x_0", &why);
        CHECK(node != NULL);
        node_is(n, node, NODE_LIVE);
        node_set(n, node, 0, 10 + i, NULL);
        node_set(n, node, 1, i == 1 ? 1 : 3, NULL); // the second is fresh
    }
    CHECK(wire_set(&b, n, "", ""));
    CHECK(is(
        &b, "{\"set\":["
            "{\"address\":\"x_0\",\"driver\":\"GV30\",\"value\":\"3\",\"uom\":25,\"text\":null},"
            "{\"address\":\"x_2\",\"driver\":\"GV30\",\"value\":\"3\",\"uom\":25,\"text\":null},"
            "{\"address\":\"x_0\",\"driver\":\"ST\",\"value\":\"10\",\"uom\":73,\"text\":null},"
            "{\"address\":\"x_1\",\"driver\":\"ST\",\"value\":\"11\",\"uom\":73,\"text\":null},"
            "{\"address\":\"x_1\",\"driver\":\"GV30\",\"value\":\"1\",\"uom\":25,\"text\":null},"
            "{\"address\":\"x_2\",\"driver\":\"ST\",\"value\":\"12\",\"uom\":73,\"text\":null}]}"));
    CHECK(!wire_set(&b, n, "", ""));
    buf_free(&b);
    nodes_free(n);
}

static void test_set(void) {
    struct nodes *n = two_nodes();
    struct buf b;
    buf_init(&b, WIRE_MAX);
    CHECK(!wire_set(&b, n, "ctl", "ST") && b.len == 0); // nobody is live yet
    node_is(n, n->all[0], NODE_LIVE);
    node_is(n, n->all[1], NODE_LIVE);
    node_set(n, n->all[0], 0, 1, NULL);
    node_set(n, n->all[0], 1, 2, NULL);
    node_set(n, n->all[1], 0, 1234.5, "a \"b\"");
    node_set(n, n->all[1], 1, -0.01, NULL);
    CHECK(wire_set(&b, n, "ctl", "ST"));
    CHECK(is(&b,
             "{\"set\":["
             "{\"address\":\"ctl\",\"driver\":\"GV1\",\"value\":\"2.0\",\"uom\":4,\"text\":null},"
             "{\"address\":\"a_1\",\"driver\":\"ST\",\"value\":\"1234\",\"uom\":73,"
             "\"text\":\"a \\\"b\\\"\"},"
             "{\"address\":\"a_1\",\"driver\":\"GV1\",\"value\":\"0.0\",\"uom\":4,\"text\":null}"
             "]}"));
    CHECK(!wire_set(&b, n, "ctl", "ST")); // said already
    buf_free(&b);

    node_set(n, n->all[1], 0, 7, NULL);
    node_is(n, n->all[1], NODE_REFUSED);
    CHECK(!wire_set(&b, n, "ctl", "ST"));
    buf_free(&b);
    node_is(n, n->all[1], NODE_LIVE); // kept for then
    CHECK(wire_set(&b, n, "ctl", "ST") && strstr(buf_text(&b), "\"7\"") != NULL);
    buf_free(&b);
    node_set(n, n->all[1], 0, 8, NULL); // nothing but a value has changed
    CHECK(wire_set(&b, n, "ctl", "ST") && strstr(buf_text(&b), "\"8\"") != NULL);
    buf_free(&b);
    nodes_free(n);
}

// Fault: once all values were asked for, each turn of the loop looks at all nodes for nothing
// Expected: there is nothing to tell any more, also of the value that is PG3's own and not sent
static void test_value_of_pg3(void) {
    struct nodes *n = two_nodes();
    struct buf b;
    buf_init(&b, WIRE_MAX);
    node_is(n, n->all[0], NODE_LIVE);
    node_is(n, n->all[1], NODE_LIVE);
    nodes_touch(n);
    CHECK(wire_set(&b, n, "ctl", "ST") && !n->news);
    CHECK(strstr(buf_text(&b), "\"ctl\",\"driver\":\"ST\"") == NULL);
    CHECK(strstr(buf_text(&b), "\"ctl\",\"driver\":\"GV1\"") != NULL);
    buf_free(&b);
    nodes_free(n);
}

// Fault: each answer's message is looked for in all nodes, a hundred installations' as well
// Expected: only those that changed are looked at, each once, and none that was removed
static void test_news(void) {
    struct nodes *n = two_nodes();
    struct buf b;
    buf_init(&b, WIRE_MAX);
    node_is(n, n->all[0], NODE_LIVE);
    node_is(n, n->all[1], NODE_LIVE);
    wire_set(&b, n, "ctl", "ST");
    buf_free(&b);
    node_set(n, n->all[1], 0, 8, NULL);
    node_set(n, n->all[1], 1, 8, NULL);
    CHECK(n->news == n->all[1] && n->news->next_news == NULL);
    nodes_remove(n, n->all[1]->address);
    CHECK(n->news == NULL && !wire_set(&b, n, "ctl", "ST"));
    buf_free(&b);
    nodes_free(n);
}

// More than one message holds: the rest follows in the next, and every value goes once.
static void test_set_too_large(void) {
    enum { COUNT = 4000 };
    const char *why;
    struct nodes *n = wide_type(COUNT);
    struct buf b;
    struct node *node = nodes_add(n, "x_1", "VICX", "X", "x_1", &why);
    for (int i = 0; i < COUNT; i++)
        node_set(n, node, i, 1e14 + i, "a text that stands beside the value");
    node_is(n, node, NODE_LIVE);
    int messages = 0, values = 0;
    buf_init(&b, WIRE_MAX);
    while (messages < 10 && wire_set(&b, n, "", "")) {
        CHECK(!b.failed && b.len < WIRE_SET_FULL + 1000);
        messages++;
        for (const char *at = strstr(buf_text(&b), "\"driver\""); at != NULL;
             at = strstr(at + 1, "\"driver\""))
            values++;
        buf_free(&b);
    }
    CHECK(messages > 1 && messages < 10 && values == COUNT);
    buf_free(&b);
    nodes_free(n);
}

int main(void) {
    test_addnode();
    test_addnode_too_large();
    test_order();
    test_lost_states_first();
    test_set();
    test_value_of_pg3();
    test_news();
    test_set_too_large();
    return check_end();
}
