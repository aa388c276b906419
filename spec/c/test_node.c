// node: rounding, what is shown while there is no data, both units, a change of type, what PG3
// knows.
#include "check.h"
#include "pg3/node.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool formats(double value, int places, const char *expected) {
    char out[32];
    return node_format(out, sizeof out, value, places) && strcmp(out, expected) == 0;
}

static void test_format(void) {
    char out[32];
    CHECK(formats(12.345, 1, "12.3") && formats(12.35, 0, "12") && formats(0.05, 2, "0.05"));
    CHECK(formats(-0.04, 1, "0.0") && formats(-0.0, 0, "0") && formats(-0.0, 3, "0.000"));
    CHECK(formats(-0.05001, 1, "-0.1") && formats(-1, 0, "-1") && formats(-10, 2, "-10.00"));
    CHECK(formats(1e15, 6, "1000000000000000.000000"));
    CHECK(formats(-1e15, 6, "-1000000000000000.000000"));
    CHECK(formats(1e-7, 6, "0.000000") && formats(5e14, 0, "500000000000000"));
    CHECK(!node_format(out, sizeof out, 1.1e15, 0) && !node_format(out, sizeof out, -1e300, 0));
    CHECK(!node_format(out, sizeof out, NAN, 0) && !node_format(out, sizeof out, INFINITY, 0));
    CHECK(!node_format(out, 4, 1234, 0) && node_format(out, 5, 1234, 0));
}

static char *copy(const char *text) { return text != NULL ? strdup(text) : NULL; }

static void put_driver(struct node_type *t, const char *id, int uom, int places, bool zero) {
    struct driver_decl *d = &t->drivers[t->driver_count++];
    *d = (struct driver_decl){.id = copy(id), .label = copy(id), .places = places, .zero = zero};
    d->unit = (struct unit){uom, 1, 0};
    if (uom == 4)
        d->alt = (struct unit){17, 1.8, 32};
}

// ST watts (momentary), GV0 kWh (a counter), GV1 degrees (momentary, alt. Fahrenheit), GV2 volts
// with 2 places, not momentary.
static struct node_type *new_type(const char *id) {
    struct node_type *t = node_type_new();
    t->id = copy(id);
    t->drivers = calloc(8, sizeof *t->drivers);
    put_driver(t, "ST", 73, 0, true);
    put_driver(t, "GV0", 33, 2, false);
    put_driver(t, "GV1", 4, 1, true);
    put_driver(t, "GV2", 72, 2, false);
    return t;
}

static bool shows(const struct node *node, const char *id, const char *shown, int uom) {
    const struct driver *d = &node->drivers[node_driver(node, id)];
    char is[NODE_SHOWN_SIZE];
    node_shown(d, is);
    bool same = strcmp(is, shown) == 0 && d->uom == uom;
    if (!same)
        printf("%s shows %s (%d)\n", id, is, d->uom);
    return same;
}

static bool changed(const struct node *node, const char *id) {
    return node->drivers[node_driver(node, id)].changed;
}

static bool no_data(const struct node *node, const char *id) { return shows(node, id, "101", 25); }

static void tell_all(struct node *node) {
    for (size_t i = 0; i < node->type->driver_count; i++) {
        node_told(&node->drivers[i]);
        node->drivers[i].text_told = node->drivers[i].text != NULL;
    }
}

static struct nodes *with_node(struct node **node) {
    const char *why = "";
    struct nodes *n = nodes_new();
    CHECK(nodes_declare(n, new_type("TYPE")) == NULL);
    *node = nodes_add(n, "x_1", "TYPE", "Name", "x_1", &why);
    CHECK(*node != NULL);
    return n;
}

static void set(struct nodes *n, struct node *node, const char *id, double value) {
    node_set(n, node, node_driver(node, id), value, NULL);
}

static void test_values(void) {
    struct node *node;
    struct nodes *n = with_node(&node);
    CHECK(no_data(node, "ST") && no_data(node, "GV1") && no_data(node, "GV0"));
    CHECK(changed(node, "ST")); // PG3 has to hear of a new node's values
    CHECK(node_driver(node, "st") == -1 && node_driver(node, "GV9") == -1);
    tell_all(node);
    set(n, node, "ST", 212.4);
    set(n, node, "GV0", 1.005);
    CHECK(shows(node, "ST", "212", 73) && changed(node, "ST") && shows(node, "GV0", "1.00", 33));
    tell_all(node);
    set(n, node, "ST", 211.6);
    CHECK(shows(node, "ST", "212", 73) && !changed(node, "ST")); // no news
    CHECK(node->drivers[node_driver(node, "ST")].value > 211.5);
    set(n, node, "ST", -0.4);
    CHECK(shows(node, "ST", "0", 73) && changed(node, "ST"));
    set(n, node, "ST", -5);
    CHECK(shows(node, "ST", "-5", 73));
    nodes_free(n);
}

static void test_no_number(void) {
    static const double none[] = {NAN, INFINITY, -INFINITY, 1e16, -1e300};
    struct node *node;
    struct nodes *n = with_node(&node);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        set(n, node, "ST", 5);
        set(n, node, "GV0", 5);
        set(n, node, "ST", none[i]);
        set(n, node, "GV0", none[i]);
        CHECK(no_data(node, "ST") && !node->drivers[0].has);
        CHECK(no_data(node, "GV0") && !node->drivers[1].has);
    }
    set(n, node, "ST", 1e15);
    CHECK(shows(node, "ST", "1000000000000000", 73));
    nodes_free(n);
}

// Fault: a state of charge that a device does not send is 0 % beside fresh data: the ISY's program
//        starts the generator
// Expected: it is "No data", also when it comes and goes; 0 only while the node is not fresh, which
//           is told first; a counter stays what it was then
static void test_no_data(void) {
    struct node *node;
    struct nodes *n = with_node(&node);
    int st = node_driver(node, "ST");
    set(n, node, "ST", 55);
    tell_all(node);
    node_unset(n, node, st, NULL);
    CHECK(no_data(node, "ST") && changed(node, "ST") && node_news(&node->drivers[st]));
    node_stale(n, node, true);
    CHECK(shows(node, "ST", "0", 73) && no_data(node, "GV0"));
    node_stale(n, node, false);
    CHECK(no_data(node, "ST"));
    nodes_zero_stale(n, false);
    node_stale(n, node, true);
    CHECK(no_data(node, "ST"));
    set(n, node, "GV0", 7);
    node_stale(n, node, false);
    CHECK(no_data(node, "ST") && shows(node, "GV0", "7.00", 33));
    nodes_free(n);
}

// Fault: the data state of a new node is "No data" by a number that it does not have
// Expected: what is sure shows 0 until it is set, and takes nothing else from PG3
static void test_sure(void) {
    struct nodes *n = nodes_new();
    struct node_type *t = new_type("TYPE");
    const char *why;
    for (size_t i = 0; i < t->driver_count; i++)
        t->drivers[i].sure = true;
    CHECK(nodes_declare(n, t) == NULL);
    struct node *node = nodes_add(n, "x_1", "TYPE", "Name", "x_1", &why);
    node_seed(n, node, node_driver(node, "ST"), 101, 25);
    CHECK(shows(node, "ST", "0", 73) && shows(node, "GV1", "0", 4));
    nodes_free(n);
}

static void test_stale(void) {
    struct node *node;
    struct nodes *n = with_node(&node);
    set(n, node, "ST", 100);
    set(n, node, "GV0", 7);
    node_stale(n, node, true);
    CHECK(shows(node, "ST", "0", 73) && shows(node, "GV0", "7.00", 33));
    set(n, node, "ST", 110); // late, and still stale
    CHECK(shows(node, "ST", "0", 73));
    nodes_zero_stale(n, false);
    CHECK(shows(node, "ST", "110", 73));
    nodes_zero_stale(n, true);
    CHECK(shows(node, "ST", "0", 73));
    node_stale(n, node, false);
    CHECK(shows(node, "ST", "110", 73));

    nodes_zero_stale(n, false);
    node_stale(n, node, true);
    node_unset(n, node, node_driver(node, "ST"), NULL);
    CHECK(shows(node, "ST", "110", 73)); // the last one is kept
    nodes_zero_stale(n, true);
    CHECK(shows(node, "ST", "0", 73));
    nodes_free(n);
}

static void test_text(void) {
    struct node *node;
    struct nodes *n = with_node(&node);
    tell_all(node);
    node_set(n, node, 0, 1, "one");
    CHECK(strcmp(node->drivers[0].text, "one") == 0 && node->drivers[0].changed);
    tell_all(node);
    node_set(n, node, 0, 1, "one");
    CHECK(!node->drivers[0].changed);
    node_set(n, node, 0, 1, "uno");
    CHECK(node->drivers[0].changed && node_news(&node->drivers[0]));
    tell_all(node);
    node_set(n, node, 0, 1, NULL);
    CHECK(node->drivers[0].text == NULL && node->drivers[0].changed);
    node_set(n, node, 0, 1, "again");
    tell_all(node);
    node_stale(n, node, true); // a text beside a 0 would be wrong
    CHECK(node->drivers[0].text == NULL && node->drivers[0].changed);
    nodes_free(n);
}

static void test_units(void) {
    struct node *node;
    struct nodes *n = with_node(&node);
    set(n, node, "GV1", 21.25);
    CHECK(shows(node, "GV1", "21.2", 4));
    tell_all(node);
    nodes_alt_units(n, true);
    CHECK(shows(node, "GV1", "70.2", 17) && changed(node, "GV1") && !changed(node, "ST"));
    set(n, node, "GV1", -40);
    CHECK(shows(node, "GV1", "-40.0", 17));
    tell_all(node);
    nodes_alt_units(n, false); // the same figures, another unit
    CHECK(shows(node, "GV1", "-40.0", 4) && changed(node, "GV1"));
    nodes_alt_units(n, true);
    node_stale(n, node, true);
    CHECK(shows(node, "GV1", "0", 17));
    nodes_free(n);

    n = with_node(&node); // what never was has no other unit
    nodes_alt_units(n, true);
    CHECK(no_data(node, "GV1") && no_data(node, "GV2"));
    nodes_free(n);
}

static void test_many(void) {
    struct nodes *n = nodes_new();
    struct node_type *t = node_type_new();
    const char *why;
    char address[16];
    t->id = strdup("T");
    CHECK(nodes_declare(n, t) == NULL);
    CHECK(nodes_find(n, "a0") == NULL);
    for (int i = 0; i < 3000; i++) {
        snprintf(address, sizeof address, "a%d", i);
        CHECK(nodes_add(n, address, "T", address, address, &why) != NULL);
    }
    for (int i = 0; i < 3000; i++) {
        snprintf(address, sizeof address, "a%d", i);
        CHECK(nodes_find(n, address) == n->all[i]);
    }
    CHECK(nodes_find(n, "a3000") == NULL && nodes_find(n, "") == NULL);
    CHECK(nodes_add(n, "a7", "T", "again", "a7", &why) == n->all[7] && n->count == 3000);
    nodes_free(n);
}

static void test_seed(void) {
    struct node *node;
    struct nodes *n = with_node(&node);
    int st = node_driver(node, "ST"), temp = node_driver(node, "GV1");
    node_seed(n, node, st, 123.7, 73);
    CHECK(shows(node, "ST", "124", 73) && node->drivers[st].seeded && !changed(node, "ST"));
    CHECK(node->drivers[st].told == 124 && !node_news(&node->drivers[st]));
    node_seed(n, node, temp, 68, 17); // the user had Fahrenheit then
    CHECK(shows(node, "GV1", "68.0", 17));
    set(n, node, "GV1", 20);
    CHECK(shows(node, "GV1", "20.0", 4) && changed(node, "GV1"));
    set(n, node, "ST", 1);
    node_seed(n, node, st, 99, 73); // too late
    CHECK(shows(node, "ST", "1", 73));
    nodes_free(n);

    n = with_node(&node);
    static const double bad[] = {NAN, INFINITY, 1e300, -1e16};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        node_seed(n, node, st, bad[i], 73);
        CHECK(no_data(node, "ST") && !node->drivers[st].seeded);
    }
    node_seed(n, node, st, 5, 72); // another unit: from an older version
    CHECK(no_data(node, "ST"));
    node_seed(n, node, st, 5, 0); // no unit at all, and the driver has no second one
    CHECK(no_data(node, "ST") && node->drivers[st].told_uom == 73);
    node_seed(n, node, st, 101, 25); // PG3 had "No data"
    CHECK(no_data(node, "ST") && node->drivers[st].seeded && !node_news(&node->drivers[st]));
    node_seed(n, node, st, 5, 73);
    node_unset(n, node, st, "none"); // asked for, and nothing there
    CHECK(no_data(node, "ST") && strcmp(node->drivers[st].text, "none") == 0);
    node_seed(n, node, st, 5, 73);
    node_stale(n, node, true);
    CHECK(shows(node, "ST", "0", 73));
    nodes_free(n);
}

// Fault: a value that goes back before PG3 has heard of it is sent although PG3 has it
// Expected: nothing is sent; what PG3 wants again is
static void test_back_again(void) {
    struct node *node;
    struct nodes *n = with_node(&node);
    struct driver *d = &node->drivers[0];
    node_set(n, node, 0, 5, NULL);
    node_told(d);
    node_set(n, node, 0, 6, NULL);
    CHECK(d->changed && node->changed);
    node_set(n, node, 0, 5, NULL);
    CHECK(!d->changed);
    node_touch(n, node);
    node_set(n, node, 0, 6, NULL);
    node_set(n, node, 0, 5, NULL);
    CHECK(d->changed);
    nodes_free(n);
}

static void test_told(void) {
    struct node *node;
    struct nodes *n = with_node(&node);
    struct driver *d = &node->drivers[0];
    CHECK(d->told == 0 && d->told_uom == 73 && node_news(d) && d->changed);
    node_set(n, node, 0, 5, NULL);
    CHECK(node_news(d));
    node_told(d);
    CHECK(!node_news(d) && !d->changed && d->told == 5);
    nodes_touch(n);
    CHECK(d->changed && changed(node, "GV0") && !node_news(d));
    node_told(d);
    node_touch(n, node);
    CHECK(d->changed);
    nodes_free(n);
}

static void test_add(void) {
    struct node *node;
    const char *why = NULL;
    struct nodes *n = with_node(&node);
    CHECK(nodes_add(n, "toolongaddress_", "TYPE", "N", "a", &why) == NULL && strlen(why) > 10);
    CHECK(nodes_add(n, "", "TYPE", "N", "a", &why) == NULL);
    CHECK(nodes_add(n, "Upper", "TYPE", "N", "a", &why) == NULL);
    CHECK(nodes_add(n, "a b", "TYPE", "N", "a", &why) == NULL);
    CHECK(nodes_add(n, "a", "TYPE", "N", "", &why) == NULL);
    CHECK(nodes_add(n, "a", "TYPE", "N", "A\"", &why) == NULL);
    CHECK(nodes_add(n, "a", "NONE", "N", "a", &why) == NULL && strstr(why, "declared") != NULL);
    CHECK(n->count == 1 && nodes_find(n, "x_1") == node && nodes_find(n, "x_2") == NULL);
    struct node *long_one = nodes_add(n, "abcdefghijkl_9", "TYPE", "Long", "x_1", &why);
    CHECK(long_one != NULL && n->count == 2 && strcmp(long_one->primary, "x_1") == 0);
    set(n, node, "ST", 7);
    CHECK(nodes_add(n, "x_1", "TYPE", "New name", "x_1", &why) == node && n->count == 2);
    CHECK(strcmp(node->name, "New name") == 0 && shows(node, "ST", "7", 73));
    CHECK(nodes_type(n, "TYPE") != NULL && nodes_type(n, "type") == NULL);
    nodes_free(n);
    nodes_free(NULL);
    node_type_free(NULL);
}

static bool refused(struct node_type *t, const char *why) {
    struct nodes *n = nodes_new();
    const char *fault = nodes_declare(n, t);
    nodes_free(n);
    return fault != NULL && strstr(fault, why) != NULL;
}

static void test_declare(void) {
    struct node_type *t = new_type("T");
    free(t->drivers[1].id);
    t->drivers[1].id = copy("ST");
    CHECK(refused(t, "id of its own"));
    t = new_type("T");
    t->drivers[1].places = 7;
    CHECK(refused(t, "6 places"));
    t = new_type("T");
    t->drivers[1].places = -1;
    CHECK(refused(t, "6 places"));
    t = new_type("T");
    free(t->drivers[1].label);
    t->drivers[1].label = NULL;
    CHECK(refused(t, "label"));
    CHECK(refused(node_type_new(), "needs an id"));
}

// A reload: GV0 goes, GV1 changes its unit, GV3 comes; ST and GV2 keep what they have.
static void test_retype(void) {
    struct node *node;
    struct nodes *n = with_node(&node);
    set(n, node, "ST", 12);
    set(n, node, "GV1", 20);
    node_set(n, node, node_driver(node, "GV2"), 3.5, "text");
    tell_all(node);
    node_is(n, node, NODE_LIVE);
    CHECK(nodes_declare(n, new_type("TYPE")) == NULL);
    CHECK(node->state == NODE_LIVE && shows(node, "ST", "12", 73) && !changed(node, "ST"));
    CHECK(node->type == nodes_type(n, "TYPE") && n->type_count == 1);

    struct node_type *t = node_type_new();
    t->id = copy("TYPE");
    t->drivers = calloc(8, sizeof *t->drivers);
    put_driver(t, "GV2", 72, 1, false); // fewer places
    put_driver(t, "GV1", 17, 1, true);
    put_driver(t, "GV3", 73, 0, true);
    put_driver(t, "ST", 73, 0, true);
    CHECK(nodes_declare(n, t) == NULL && node->state == NODE_NEW);
    CHECK(shows(node, "ST", "12", 73) && shows(node, "GV2", "3.5", 72) && changed(node, "GV2"));
    CHECK(strcmp(node->drivers[node_driver(node, "GV2")].text, "text") == 0);
    CHECK(no_data(node, "GV1") && !node->drivers[node_driver(node, "GV1")].has);
    CHECK(no_data(node, "GV3") && node_driver(node, "GV0") == -1);
    nodes_free(n);
}

static void test_another_type(void) {
    struct node *node;
    const char *why;
    struct nodes *n = with_node(&node);
    CHECK(nodes_declare(n, new_type("OTHER")) == NULL);
    set(n, node, "ST", 12);
    node_is(n, node, NODE_LIVE);
    CHECK(nodes_add(n, "x_1", "OTHER", "Name", "x_1", &why) == node);
    CHECK(node->state == NODE_NEW && shows(node, "ST", "12", 73)); // its nodeDefId changes at PG3
    CHECK(strcmp(node->type->id, "OTHER") == 0);
    nodes_free(n);
}

int main(void) {
    test_format();
    test_values();
    test_no_number();
    test_no_data();
    test_sure();
    test_stale();
    test_text();
    test_units();
    test_many();
    test_seed();
    test_told();
    test_back_again();
    test_add();
    test_declare();
    test_retype();
    test_another_type();
    return check_end();
}
