// pg3: the protocol over a link that records what is sent, with a clock that the tests turn on.
#include "base/log.h"
#include "check.h"
#include "pg3/pg3.h"
#include "pg3/wire.h"
#include "records.h"
#include "refuse.h"

#include <stdlib.h>
#include <string.h>

static struct loop *loop;
static struct json *json;
static int64_t now_ms = 1000000;

static int warnings; // lines of the log
static char warning[400];

static int64_t test_clock(void) { return now_ms; }

static void count_warnings(enum log_level level, const char *line) {
    if (level < LOG_WARNING)
        return;
    warnings++;
    snprintf(warning, sizeof warning, "%s", line);
}

struct sent {
    char kind[16];
    char *text;
};

// One plugin with what went out and which events came.
struct bench {
    struct nodes *nodes;
    struct pg3 *pg3;
    struct records *r;
    struct sent sent[100];
    int count;
    bool deaf;  // the link takes nothing
    bool slow;  // what was sent has not left yet: the test calls pg3_sent
    bool eager; // there are parameters to be offered
    int starts, readies, params, polls, long_polls, discovers, stops;
    char query[64], command[200], request[64];
};

static bool link_send(void *ctx, const char *kind, const char *text, size_t len) {
    struct bench *b = ctx;
    if (b->deaf || b->count == 100)
        return false;
    CHECK(strlen(text) == len);
    struct sent *s = &b->sent[b->count++];
    snprintf(s->kind, sizeof s->kind, "%s", kind);
    s->text = strdup(text);
    return true;
}

static void on_event(void *ctx, const char *name) {
    struct bench *b = ctx;
    int *const counts[] = {&b->starts,     &b->readies,   &b->params, &b->polls,
                           &b->long_polls, &b->discovers, &b->stops};
    static const char *const names[] = {"start",    "ready",    "params", "shortpoll",
                                        "longpoll", "discover", "stop"};
    size_t i = 0;
    while (i < 7 && strcmp(names[i], name) != 0)
        i++;
    CHECK(i < 7);
    ++*counts[i];
    // As main.lua does: what is not there is offered once PG3 has told what is.
    if (b->eager && i == 2) {
        records_default(b->r, "temp_unit", "C");
        b->eager = false;
    }
}

static void on_query(void *ctx, const char *address, const char *request) {
    struct bench *b = ctx;
    snprintf(b->query, sizeof b->query, "%s", address);
    snprintf(b->request, sizeof b->request, "%s", request);
}

static void on_command(void *ctx, const struct pg3_command *c, const char *request) {
    struct bench *b = ctx;
    const char *named = c->query != 0 ? json_text(c->L, c->query, "LEVEL.uom51", NULL) : NULL;
    snprintf(b->command, sizeof b->command, "%s %s %s %s %s", c->address, c->cmd,
             c->value != NULL ? c->value : "-", c->uom != NULL ? c->uom : "-",
             named != NULL ? named : "-");
    snprintf(b->request, sizeof b->request, "%s", request);
}

static void put_driver(struct node_type *t, const char *id, int uom) {
    t->drivers[t->driver_count++] = (struct driver_decl){
        .id = strdup(id), .label = strdup(id), .unit = {uom, 1, 0}, .places = 1};
}

static void open_bench(struct bench *b) {
    memset(b, 0, sizeof *b);
    b->nodes = nodes_new();
    struct node_type *t = node_type_new();
    t->id = strdup("VICX");
    t->drivers = calloc(2, sizeof *t->drivers);
    put_driver(t, "ST", 25);
    put_driver(t, "GV1", 73);
    CHECK(nodes_declare(b->nodes, t) == NULL);
    struct pg3_link link = {link_send, b};
    struct pg3_events events = {on_event, on_query, on_command, b};
    b->pg3 = pg3_new(loop, json, b->nodes, "1.2.3", &link, &events);
    b->r = malloc(sizeof *b->r);
    CHECK(b->r != NULL && records_open(b->r, b->pg3, json));
}

static void forget(struct bench *b) {
    for (int i = 0; i < b->count; i++)
        free(b->sent[i].text);
    b->count = 0;
}

static void close_bench(struct bench *b) {
    forget(b);
    records_close(b->r);
    free(b->r);
    pg3_free(b->pg3);
    nodes_free(b->nodes);
}

// Turns until nothing more goes out; late messages need not wait.
static void turn(struct bench *b) {
    pg3_hurry(b->pg3);
    for (int i = 0; i < 30; i++) {
        int before = b->count;
        pg3_turn(b->pg3);
        if (b->count > before && !b->slow)
            pg3_sent(b->pg3);
    }
}

static void receive(struct bench *b, const char *text) { pg3_message(b->pg3, text, strlen(text)); }

// Lets that time pass.
static void pass(struct bench *b, int ms) {
    for (int i = 0; i < ms; i += 100) {
        now_ms += 100;
        loop_turn(loop, 0);
        turn(b);
    }
}

static const char *last(const struct bench *b) {
    return b->count > 0 ? b->sent[b->count - 1].text : "";
}

static int times(const struct bench *b, const char *part) {
    int count = 0;
    for (int i = 0; i < b->count; i++)
        count += strstr(b->sent[i].text, part) != NULL;
    return count;
}

// How often a part stands in all messages together.
static int occurrences(const struct bench *b, const char *part) {
    int count = 0;
    for (int i = 0; i < b->count; i++)
        for (const char *at = b->sent[i].text; (at = strstr(at, part)) != NULL; at++)
            count++;
    return count;
}

// How many addnode messages hold that node.
static int addnodes(const struct bench *b, const char *address) {
    char part[64];
    snprintf(part, sizeof part, "{\"address\":\"%s\",\"name\":", address);
    return times(b, part);
}

// Whether exactly one message of that kind and text went out.
static bool sent_once(const struct bench *b, const char *kind, const char *text) {
    int count = 0;
    for (int i = 0; i < b->count; i++)
        count += strcmp(b->sent[i].text, text) == 0 && strcmp(b->sent[i].kind, kind) == 0;
    if (count != 1)
        for (int i = 0; i < b->count; i++)
            printf("  %s %s\n", b->sent[i].kind, b->sent[i].text);
    return count == 1;
}

static struct node *add(struct bench *b, const char *address, const char *primary) {
    const char *why = "";
    struct node *node = nodes_add(b->nodes, address, "VICX", "Name", primary, &why);
    CHECK(node != NULL);
    if (node != NULL)
        pg3_add(b->pg3, node);
    return node;
}

#define LIVE(b, address) (nodes_find((b)->nodes, address)->state == NODE_LIVE)

static void added(struct bench *b, const char *address) {
    char text[100];
    snprintf(text, sizeof text, "{\"addnode\":[{\"address\":\"%s\"}]}", address);
    receive(b, text);
}

#define CONFIG_NONE "{\"config\":{\"nodes\":[]}}"
#define ALL_NONE "{\"getAll\":[]}"
#define ROW(key, value) "{\"key\":\"" key "\",\"value\":" value "}"
// What an earlier run has left, but for device scripts' states.
#define ALL_WRITTEN                                                                                \
    "{\"getAll\":[" ROW("customparams", "{\"vrm_token\":\"abc\"}") "," ROW(                        \
        "notices", "{}") "," ROW("customparamsdoc", "\"<p>\"") "," ROW("idata", "{}") "]}"

// Past the gate, with the controller "ctl" live and all first messages forgotten.
static struct node *open_running(struct bench *b) {
    open_bench(b);
    pg3_up(b->pg3);
    receive(b, CONFIG_NONE);
    receive(b, ALL_NONE);
    struct node *node = add(b, "ctl", "ctl");
    turn(b);
    added(b, "ctl");
    turn(b);
    CHECK(b->readies == 1 && node->state == NODE_LIVE);
    forget(b);
    return node;
}

static void test_start(void) {
    struct bench b;
    open_bench(&b);
    turn(&b);
    CHECK(b.count == 0 && !pg3_waiting(b.pg3)); // not connected
    pg3_up(b.pg3);
    CHECK(pg3_waiting(b.pg3));
    turn(&b);
    CHECK(b.count == 2 && !pg3_waiting(b.pg3));
    CHECK(sent_once(&b, "system", "{\"config\":{\"version\":\"1.2.3\",\"requestId\":true}}"));
    CHECK(sent_once(&b, "custom", "{\"getAll\":{}}"));
    receive(&b, CONFIG_NONE);
    CHECK(b.starts == 0);
    receive(&b, ALL_NONE);
    CHECK(b.starts == 1 && b.readies == 0);
    turn(&b);
    CHECK(times(&b, "addnode") == 0 && times(&b, "\"set\":[{\"address\"") == 0);
    struct node *ctl = add(&b, "ctl", "ctl");
    add(&b, "a_1", "ctl");
    node_set(b.nodes, ctl, 1, 5, NULL);
    turn(&b);
    CHECK(times(&b, "addnode") == 1 && addnodes(&b, "ctl") == 1);
    CHECK(times(&b, "{\"driver\":\"GV1\",\"value\":\"5.0\"") == 1);        // what is known already
    CHECK(times(&b, "{\"driver\":\"ST\",\"value\":\"1.0\",\"uom\"") == 1); // connected
    CHECK(times(&b, "setController") == 0 && times(&b, "\"set\":[{\"address\"") == 0);
    added(&b, "ctl");
    CHECK(b.readies == 1 && ctl->state == NODE_LIVE);
    turn(&b);
    CHECK(sent_once(&b, "system", "{\"setController\":{\"node\":\"ctl\",\"driver\":\"ST\"}}"));
    CHECK(times(&b, "\"value\":\"5.0\"") == 1 && addnodes(&b, "a_1") == 1);
    CHECK(times(&b, "\"set\":[{\"address\"") == 0); // all is told; ST is PG3's own
    receive(&b, CONFIG_NONE);                       // again, later: a refresh
    receive(&b, ALL_NONE);
    added(&b, "ctl");
    CHECK(b.starts == 1 && b.readies == 1);
    close_bench(&b);
}

static void test_other_order(void) {
    struct bench b;
    open_bench(&b);
    pg3_up(b.pg3);
    receive(&b, "{\"shortPoll\":{}}"); // before anything is there
    receive(&b, "{\"getAll\":[],\"config\":{\"nodes\":[]}}");
    CHECK(b.starts == 1 && b.polls == 1);
    close_bench(&b);
}

static void test_one_in_flight(void) {
    struct bench b;
    open_running(&b);
    add(&b, "a_1", "a_1");
    add(&b, "a_2", "a_1"); // waits for its primary
    add(&b, "a_3", "a_3");
    turn(&b);
    CHECK(b.count == 1 && addnodes(&b, "a_1") == 1 && addnodes(&b, "a_3") == 1);
    receive(&b, "{\"addnode\":[]}");
    receive(&b, "{\"addnode\":{}}");
    added(&b, "nobody");
    turn(&b);
    CHECK(times(&b, "addnode") == 1);
    receive(&b, "{\"addnode\":{\"address\":\"a_1\",\"enabled\":1}}"); // one object
    turn(&b);
    CHECK(times(&b, "addnode") == 1); // a_3 is not answered yet
    added(&b, "a_3");
    turn(&b);
    CHECK(addnodes(&b, "a_2") == 1);
    added(&b, "a_2");
    CHECK(LIVE(&b, "a_1") && LIVE(&b, "a_2") && LIVE(&b, "a_3") && times(&b, "addnode") == 2);
    close_bench(&b);
}

// A gateway and its many devices: ten nodes a message, each node once, answered together as the
// core of 2021 does, or one by one.
static void test_many_nodes(void) {
    for (int apart = 0; apart < 2; apart++) {
        struct bench b;
        char address[16], answer[1000];
        open_running(&b);
        add(&b, "gw", "gw");
        for (int i = 0; i < 25; i++) {
            snprintf(address, sizeof address, "d_%d", i);
            node_set(b.nodes, add(&b, address, "gw"), 1, i, NULL);
        }
        turn(&b);
        CHECK(times(&b, "addnode") == 1 && times(&b, "d_0") == 0); // the primary first
        added(&b, "gw");
        for (int from = 0; from < 25; from += 10) {
            turn(&b);
            CHECK(times(&b, "addnode") == 2 + from / 10);
            size_t used = 0;
            for (int i = from + 9; i >= from; i--) { // in any order
                if (i >= 25)
                    continue;
                snprintf(address, sizeof address, "d_%d", i);
                used += (size_t)snprintf(answer + used, sizeof answer - used,
                                         "%s{\"address\":\"%s\"}", used > 0 ? "," : "", address);
                CHECK(addnodes(&b, address) == 1);
                if (apart)
                    added(&b, address);
            }
            char text[1100];
            snprintf(text, sizeof text, "{\"addnode\":[%s]}", answer);
            if (!apart)
                receive(&b, text);
        }
        turn(&b);
        CHECK(LIVE(&b, "d_0") && LIVE(&b, "d_24") && times(&b, "addnode") == 4);
        CHECK(times(&b, "\"value\":\"24.0\"") == 1 && times(&b, "\"set\":[{\"address\"") == 0);
        close_bench(&b);
    }
}

// What addnode told is not sent again; what it cannot carry or what changed meanwhile is.
static void test_values_in_addnode(void) {
    struct bench b;
    open_running(&b);
    struct node *node = add(&b, "a_1", "a_1");
    node_set(b.nodes, node, 0, 7, "seven");
    node_set(b.nodes, node, 1, 5, NULL);
    turn(&b);
    CHECK(times(&b, "\"7.0\"") == 1 && times(&b, "\"5.0\"") == 1 && times(&b, "seven") == 0);
    added(&b, "a_1");
    turn(&b);
    CHECK(sent_once(&b, "status",
                    "{\"set\":[{\"address\":\"a_1\",\"driver\":\"ST\",\"value\":\"7.0\","
                    "\"uom\":25,\"text\":\"seven\"}]}"));
    node = add(&b, "a_2", "a_2");
    turn(&b);
    node_set(b.nodes, node, 1, 6, NULL);
    added(&b, "a_2");
    turn(&b);
    CHECK(sent_once(&b, "status",
                    "{\"set\":[{\"address\":\"a_2\",\"driver\":\"GV1\",\"value\":\"6.0\","
                    "\"uom\":73,\"text\":null}]}"));
    close_bench(&b);
}

// Fault: a text that is over stays beside the value, because the value went with addnode
// Expected: it is taken away by set
static void test_text_is_taken_away(void) {
    struct bench b;
    open_running(&b);
    struct node *node = add(&b, "a_1", "a_1");
    node_set(b.nodes, node, 1, 5, "five");
    turn(&b);
    added(&b, "a_1");
    turn(&b);
    struct node_type *t = node_type_new(); // its script is another one: the node is added again
    t->id = strdup("VICX");
    t->drivers = calloc(3, sizeof *t->drivers);
    put_driver(t, "ST", 25);
    put_driver(t, "GV1", 73);
    put_driver(t, "GV2", 73);
    CHECK(nodes_declare(b.nodes, t) == NULL);
    node_set(b.nodes, node, 1, 6, NULL);
    forget(&b);
    turn(&b);
    added(&b, "ctl");
    turn(&b);
    CHECK(addnodes(&b, "a_1") == 1);
    added(&b, "a_1");
    turn(&b);
    CHECK(sent_once(&b, "status",
                    "{\"set\":[{\"address\":\"a_1\",\"driver\":\"GV1\",\"value\":\"6.0\","
                    "\"uom\":73,\"text\":null}]}"));
    close_bench(&b);
}

// Fault: an error for one node of a message is taken for one of all, or of none, and a node is lost
// Expected: each node goes its own way; an error without an address is about those not named
static void test_partly_refused(void) {
    struct bench b;
    open_running(&b);
    for (int i = 1; i <= 4; i++) {
        char address[16];
        snprintf(address, sizeof address, "a_%d", i);
        add(&b, address, address);
    }
    turn(&b);
    receive(&b,
            "{\"addnode\":[{\"address\":\"a_3\"},{\"address\":\"a_1\",\"error\":\"no\"},null,{}]}");
    CHECK(LIVE(&b, "a_3") && nodes_find(b.nodes, "a_1")->state == NODE_REFUSED);
    receive(&b, "{\"addnode\":[{\"error\":\"no address\"},{\"address\":\"a_2\"}]}");
    CHECK(LIVE(&b, "a_2") && nodes_find(b.nodes, "a_4")->state == NODE_REFUSED);
    pass(&b, 5100);
    CHECK(addnodes(&b, "a_1") == 2 && addnodes(&b, "a_4") == 1); // one by one now
    added(&b, "a_1");
    turn(&b);
    CHECK(addnodes(&b, "a_4") == 2 && addnodes(&b, "a_2") == 1 && addnodes(&b, "a_3") == 1);
    added(&b, "a_4");
    CHECK(LIVE(&b, "a_1") && LIVE(&b, "a_4"));
    add(&b, "a_5", "a_5"); // PG3 found the whole message wrong, and says so of one node later
    add(&b, "a_6", "a_6");
    turn(&b);
    receive(&b, "{\"addnode\":{\"error\":\"addnode is broken\"}}");
    CHECK(nodes_find(b.nodes, "a_5")->state == NODE_REFUSED && addnodes(&b, "a_6") == 0);
    added(&b, "a_5");
    pass(&b, 6000);
    CHECK(LIVE(&b, "a_5") && addnodes(&b, "a_5") == 1 && addnodes(&b, "a_6") == 1);
    close_bench(&b);
}

// Fault: one node that makes PG3 refuse, or not answer, the whole message keeps the others away
// Expected: after that each goes by itself; with a new connection several go together again
static void test_one_by_one(void) {
    for (int silent = 0; silent < 2; silent++) {
        struct bench b;
        open_running(&b);
        add(&b, "a_1", "a_1");
        add(&b, "a_2", "a_2");
        turn(&b);
        add(&b, "a_3", "a_3");
        add(&b, "a_4", "a_4");
        CHECK(addnodes(&b, "a_1") == 1 && addnodes(&b, "a_2") == 1);
        if (!silent)
            receive(&b, "{\"addnode\":{\"error\":\"no\"}}");
        pass(&b, 13000); // two nodes have 14 s
        CHECK(addnodes(&b, "a_3") == !silent);
        pass(&b, 2000);
        CHECK(addnodes(&b, "a_3") == 1 && addnodes(&b, "a_4") == 0);
        pg3_down(b.pg3);
        pg3_up(b.pg3);
        turn(&b);
        CHECK(addnodes(&b, "a_4") == 1 && addnodes(&b, "a_3") == 2);
        close_bench(&b);
    }
}

// Fault: an addnode with values is lost, and its node shows 0 until they change
// Expected: they go by set once it counts as there; one line says it of all nodes of the message
static void test_lost_message(void) {
    struct bench b;
    open_running(&b);
    node_set(b.nodes, add(&b, "a_1", "a_1"), 1, 11, NULL);
    node_set(b.nodes, add(&b, "a_2", "a_2"), 1, 12, NULL);
    turn(&b);
    forget(&b);
    int told = warnings;
    pass(&b, 179000);
    CHECK(b.count == 0 && warnings == told);
    pass(&b, 2000);
    CHECK(LIVE(&b, "a_1") && LIVE(&b, "a_2") && warnings == told + 1);
    CHECK(times(&b, "\"11.0\"") == 1 && times(&b, "\"12.0\"") == 1 && times(&b, "\"config\"") == 1);
    CHECK(times(&b, "addnode") == 0);
    close_bench(&b);
}

// Values of nodes that are there flow while another is added.
static void test_values_meanwhile(void) {
    struct bench b;
    struct node *ctl = open_running(&b);
    struct node *other = add(&b, "a_1", "ctl");
    turn(&b);
    node_set(b.nodes, ctl, 1, 7, NULL);
    node_set(b.nodes, other, 1, 8, NULL);
    turn(&b);
    CHECK(sent_once(&b, "status",
                    "{\"set\":[{\"address\":\"ctl\",\"driver\":\"GV1\",\"value\":\"7.0\","
                    "\"uom\":73,\"text\":null}]}"));
    added(&b, "a_1");
    turn(&b);
    CHECK(sent_once(&b, "status",
                    "{\"set\":[{\"address\":\"a_1\",\"driver\":\"GV1\",\"value\":\"8.0\","
                    "\"uom\":73,\"text\":null}]}"));
    close_bench(&b);
}

#define ON_RECORD(address, type)                                                                   \
    "{\"address\":\"" address "\",\"nodeDefId\":\"" type "\",\"drivers\":["                        \
    "{\"driver\":\"ST\",\"value\":\"1\",\"uom\":25},"                                              \
    "{\"driver\":\"GV1\",\"value\":\"3\",\"uom\":73}]}"

// Nodes that PG3 has from an earlier run are added again one by one; their values need not wait for
// that, and what has no data yet is not sent.
static void test_known_flow(void) {
    struct bench b;
    open_bench(&b);
    pg3_up(b.pg3);
    receive(&b,
            "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "," ON_RECORD(
                "a_2", "VICX") "," ON_RECORD("a_3", "VICOLD") "," ON_RECORD("a_4", "VICX") "]}}");
    receive(&b, ALL_WRITTEN);
    add(&b, "ctl", "ctl");
    add(&b, "a_1", "a_1");
    for (int i = 1; i < WIRE_ADD_NODES; i++) { // with a_1 they fill a message
        char address[16];
        snprintf(address, sizeof address, "b_%d", i);
        add(&b, address, address);
    }
    struct node *known = add(&b, "a_2", "a_2"), *other = add(&b, "a_3", "a_3");
    add(&b, "a_4", "a_4");
    CHECK(known->state == NODE_KNOWN && other->state == NODE_NEW); // its nodedef changes
    node_set(b.nodes, known, 1, 7, NULL);
    node_set(b.nodes, other, 1, 8, NULL);
    turn(&b);
    CHECK(times(&b, "\"set\":[{\"address\"") == 0); // the controller comes first
    added(&b, "ctl");
    turn(&b);
    CHECK(addnodes(&b, "a_1") == 1 && addnodes(&b, "a_2") == 0); // under way
    CHECK(times(&b, "\"set\":[{\"address\"") == 1);
    CHECK(sent_once(&b, "status",
                    "{\"set\":[{\"address\":\"a_2\",\"driver\":\"GV1\",\"value\":\"7.0\","
                    "\"uom\":73,\"text\":null}]}"));
    receive(&b, "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "]}}"); // deleted since
    CHECK(known->state == NODE_NEW);
    for (int i = 1; i < WIRE_ADD_NODES; i++) {
        char address[16];
        snprintf(address, sizeof address, "b_%d", i);
        added(&b, address);
    }
    added(&b, "a_1");
    turn(&b);
    CHECK(addnodes(&b, "a_2") == 1);
    close_bench(&b);
}

// Past the gate with these two live besides the controller: "gw" and its child "gw_1".
static void open_with_nodes(struct bench *b) {
    open_running(b);
    add(b, "gw", "gw");
    add(b, "gw_1", "gw");
    turn(b);
    added(b, "gw");
    turn(b);
    added(b, "gw_1");
    turn(b);
    CHECK(nodes_find(b->nodes, "gw_1")->state == NODE_LIVE);
    forget(b);
}

// Fault: PG3 lost all nodes (was restored, say) and the plugin goes on as if they were there.
// Expected: All come back with their values, controller first; its ST shows the connection again.
static void test_lost_all(void) {
    struct bench b;
    open_with_nodes(&b);
    node_set(b.nodes, nodes_find(b.nodes, "gw_1"), 1, 4.5, NULL);
    turn(&b);
    node_stale(b.nodes, nodes_find(b.nodes, "gw_1"), true);
    forget(&b);
    receive(&b, CONFIG_NONE);
    turn(&b);
    CHECK(addnodes(&b, "ctl") == 1 && b.count == 1);
    added(&b, "ctl");
    turn(&b);
    CHECK(times(&b, "{\"setController\":{\"node\":\"ctl\"") == 1);
    CHECK(addnodes(&b, "gw") == 1 && addnodes(&b, "gw_1") == 0);
    added(&b, "gw");
    turn(&b);
    CHECK(addnodes(&b, "gw_1") == 1 && times(&b, "\"value\":\"4.5\"") == 1);
    added(&b, "gw_1");
    turn(&b);
    CHECK(LIVE(&b, "ctl") && LIVE(&b, "gw") && LIVE(&b, "gw_1"));
    CHECK(times(&b, "addnode") == 3 && times(&b, "setController") == 1 && b.readies == 1);
    close_bench(&b);
}

// Fault: PG3's configuration lacks one node of the plugin's; its values are lost from then on.
// Expected: It is added again; a node whose device is gone not before the device is back.
static void test_lost_one(void) {
    struct bench b;
    open_with_nodes(&b);
    receive(&b,
            "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "," ON_RECORD("gw", "VICX") "]}}");
    turn(&b);
    CHECK(addnodes(&b, "gw_1") == 1 && times(&b, "addnode") == 1);
    added(&b, "gw_1");
    node_stale(b.nodes, nodes_find(b.nodes, "gw_1"), true);
    forget(&b);
    receive(&b,
            "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "," ON_RECORD("gw", "VICX") "]}}");
    turn(&b);
    CHECK(times(&b, "addnode") == 0);
    node_stale(b.nodes, nodes_find(b.nodes, "gw_1"), false);
    turn(&b);
    CHECK(addnodes(&b, "gw_1") == 1);
    receive(&b, "{\"config\":{}}"); // without nodes it says nothing about them
    CHECK(LIVE(&b, "ctl") && LIVE(&b, "gw"));
    close_bench(&b);
}

// Fault: A node that the user deletes in PG3 never comes back, not even after Discover.
// Expected: It stays away, without values, until Discover; then it is added again.
static void test_deleted(void) {
    struct bench b;
    open_with_nodes(&b);
    struct node *node = nodes_find(b.nodes, "gw_1");
    receive(&b, "{\"removenode\":[{\"address\":\"gw_1\",\"success\":true}]}");
    node_set(b.nodes, node, 1, 4.5, NULL);
    receive(&b,
            "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "," ON_RECORD("gw", "VICX") "]}}");
    receive(&b, CONFIG_NONE); // also when the others are lost
    turn(&b);
    added(&b, "ctl");
    turn(&b);
    added(&b, "gw");
    turn(&b);
    CHECK(LIVE(&b, "gw") && addnodes(&b, "gw_1") == 0 && times(&b, "\"value\":\"4.5\"") == 0);
    forget(&b);
    for (int i = 0; i < 100; i++)
        pg3_restore(b.pg3);
    pass(&b, 3100); // PG3 was asked just before
    CHECK(addnodes(&b, "gw_1") == 1 && times(&b, "\"config\"") == 1);
    added(&b, "gw_1");
    turn(&b);
    CHECK(times(&b, "\"value\":\"4.5\"") == 1);
    // One whose device is gone for good is not brought back by Discover.
    node_stale(b.nodes, node, true);
    receive(&b, "{\"removenode\":{\"address\":\"gw_1\",\"success\":true}}");
    forget(&b);
    pg3_restore(b.pg3);
    turn(&b);
    CHECK(times(&b, "addnode") == 0);
    node_stale(b.nodes, node, false);
    turn(&b);
    CHECK(addnodes(&b, "gw_1") == 1);
    close_bench(&b);
}

// Fault: Answers to a deletion that failed, or of nodes that are nobody's, are taken for deletions.
// Expected: Nothing happens; a deleted node that is in PG3's list again gets its values again.
static void test_deleted_or_not(void) {
    struct bench b;
    open_with_nodes(&b);
    receive(&b, "{\"removenode\":[{\"address\":\"gw_1\",\"success\":false,\"error\":\"x\"},"
                "{\"address\":\"gw\",\"error\":\"x\"},{\"address\":\"none\"},{}]}");
    receive(&b, "{\"removenode\":null}");
    CHECK(LIVE(&b, "gw_1") && LIVE(&b, "gw"));
    receive(&b, "{\"removenode\":[{\"address\":\"gw_1\",\"success\":true}]}");
    receive(&b, "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "," ON_RECORD(
                    "gw", "VICX") "," ON_RECORD("gw_1", "VICX") "]}}");
    node_set(b.nodes, nodes_find(b.nodes, "gw_1"), 1, 6.5, NULL);
    turn(&b);
    CHECK(times(&b, "{\"set\":[{\"address\":\"gw_1\"") == 1 && times(&b, "6.5") > 0);
    close_bench(&b);
}

// Fault: An addnode that PG3 has not answered in time is sent again, or its node gets values too
// soon.
// Expected: It is waited for, minutes if need be; then PG3 is asked what it has, and that counts.
static void test_late(void) {
    struct bench b;
    open_running(&b);
    struct node *node = add(&b, "a_1", "a_1");
    add(&b, "a_2", "a_1");
    turn(&b);
    node_set(b.nodes, node, 1, 5, NULL);
    receive(&b, "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "]}}"); // not there yet
    turn(&b);
    CHECK(node->state == NODE_ADDING && addnodes(&b, "a_1") == 1 && times(&b, "\"5.0\"") == 0);
    CHECK(node->retry_ms > loop_now_ms() + 120000);
    forget(&b);
    node->retry_ms = loop_now_ms(); // minutes later
    pass(&b, 3000);
    CHECK(times(&b, "\"config\"") == 1 && times(&b, "\"5.0\"") == 1 && LIVE(&b, "a_1"));
    CHECK(addnodes(&b, "a_1") == 0 && addnodes(&b, "a_2") == 1);
    receive(&b, "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "]}}");
    added(&b, "a_2");
    turn(&b);
    CHECK(addnodes(&b, "a_1") == 1);
    added(&b, "a_1");
    CHECK(LIVE(&b, "a_1"));
    close_bench(&b);
}

// Fault: stopped while PG3 works on an addnode, its nodes stay as fresh as that message says, for
//        years
// Expected: what PG3 has on record is told at once, what is new as soon as it is answered
static void test_leave(void) {
    struct bench b;
    open_running(&b);
    receive(&b,
            "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "," ON_RECORD("a_1", "VICX") "]}}");
    struct node *known = add(&b, "a_1", "a_1"), *fresh = add(&b, "a_2", "a_2");
    turn(&b);
    CHECK(known->state == NODE_ADDING && fresh->state == NODE_ADDING);
    add(&b, "a_3", "a_3");
    forget(&b);
    pg3_leave(b.pg3);
    node_set(b.nodes, known, 1, 5, NULL);
    node_set(b.nodes, fresh, 1, 6, NULL);
    turn(&b);
    CHECK(times(&b, "\"5.0\"") == 1 && times(&b, "\"6.0\"") == 0 && pg3_waiting(b.pg3));
    added(&b, "a_2");
    added(&b, "a_1");
    turn(&b);
    CHECK(times(&b, "\"6.0\"") == 1 && !pg3_waiting(b.pg3));
    CHECK(times(&b, "\"5.0\"") == 1 && times(&b, "addnode") == 0);
    close_bench(&b);
}

// Fault: a script is saved, and before PG3 has its new type of nodes the plugin is stopped: they
//        stay fresh in the ISY, for years
// Expected: what PG3 has on record of another type is told what it shows, too
static void test_leave_of_another_type(void) {
    struct bench b;
    open_running(&b);
    receive(&b, "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "," ON_RECORD("a_1",
                                                                                  "VICOLD") "]}}");
    pg3_hold_nodes(b.pg3, true);
    struct node *node = add(&b, "a_1", "a_1"), *fresh = add(&b, "a_2", "a_2");
    turn(&b);
    CHECK(node->state == NODE_NEW && times(&b, "addnode") == 0);
    pg3_leave(b.pg3);
    node_set(b.nodes, node, 1, 5, NULL);
    node_set(b.nodes, fresh, 1, 6, NULL);
    turn(&b);
    CHECK(times(&b, "\"5.0\"") == 1 && times(&b, "\"6.0\"") == 0 && times(&b, "addnode") == 0);
    close_bench(&b);
}

static void test_refused(void) {
    struct bench b;
    open_running(&b);
    struct node *node = add(&b, "a_1", "ctl");
    add(&b, "a_2", "ctl");
    turn(&b);
    receive(&b, "{\"addnode\":[{\"address\":\"a_1\",\"error\":\"no room\",\"code\":400}]}");
    CHECK(node->state == NODE_REFUSED && node->refusals == 1);
    CHECK(strcmp(node->refusal, "no room") == 0);
    CHECK(node->retry_ms > loop_now_ms() + 4000 && node->retry_ms <= loop_now_ms() + 5000);
    turn(&b);
    receive(&b, "{\"addnode\":[{\"error\":\"without an address\"}]}"); // the one in flight is meant
    CHECK(nodes_find(b.nodes, "a_2")->state == NODE_REFUSED);
    receive(&b, "{\"removenode\":[{\"address\":\"a_2\",\"success\":true}]}"); // by the user
    CHECK(nodes_find(b.nodes, "a_2")->refusal == NULL);
    forget(&b);
    node->retry_ms = loop_now_ms(); // its pause is over
    turn(&b);
    CHECK(times(&b, "\"addnode\":[{\"address\":\"a_1\"") == 1);
    receive(&b, "{\"addnode\":[{\"address\":\"a_1\",\"error\":\"still not\"}]}");
    CHECK(node->refusals == 2 && node->retry_ms > loop_now_ms() + 9000);
    for (int i = 0; i < 20; i++)
        receive(&b, "{\"addnode\":[{\"address\":\"a_1\",\"error\":\"still not\"}]}");
    CHECK(node->retry_ms <= loop_now_ms() + 300000);
    node->retry_ms = loop_now_ms();
    turn(&b);
    added(&b, "a_1");
    CHECK(node->state == NODE_LIVE && node->refusals > 0 && node->refusal == NULL);
    node->refused_ms -= 3600000; // an hour ago
    receive(&b, "{\"set\":[{\"address\":\"a_1\",\"driver\":\"GV1\",\"error\":\"ISY 404\"}]}");
    CHECK(node->refusals == 1 && node->retry_ms <= loop_now_ms() + 5000);
    close_bench(&b);
}

static void test_value_refused(void) {
    struct bench b;
    struct node *ctl = open_running(&b);
    receive(&b, "{\"set\":[{\"address\":\"ctl\",\"driver\":\"GV1\",\"value\":\"1\",\"uom\":73}]}");
    CHECK(ctl->state == NODE_LIVE);
    receive(&b, "{\"set\":[{\"address\":\"ctl\",\"driver\":\"GV1\",\"error\":\"ISY 404\"},"
                "{\"address\":\"none\",\"driver\":\"X\",\"error\":\"x\"},"
                "{\"success\":false,\"key\":\"notices\",\"error\":\"no\"},"
                "{\"success\":true,\"key\":\"idata\"}]}");
    CHECK(ctl->state == NODE_KNOWN && ctl->retry_ms > loop_now_ms() + 4000);
    node_set(b.nodes, ctl, 1, 4, NULL); // the next may be taken
    turn(&b);
    CHECK(times(&b, "\"value\":\"4.0\"") == 1 && times(&b, "addnode") == 0);
    forget(&b);
    ctl->retry_ms = loop_now_ms();
    turn(&b);
    CHECK(times(&b, "\"addnode\":[{\"address\":\"ctl\"") == 1);
    added(&b, "ctl");
    turn(&b);
    CHECK(b.readies == 1 && ctl->state == NODE_LIVE);
    // PG3 never takes this one: the pauses grow although the node is taken each time.
    for (int i = 0; i < 4; i++) {
        receive(&b, "{\"set\":[{\"address\":\"ctl\",\"driver\":\"GV1\",\"error\":\"bad\"}]}");
        CHECK(ctl->state == NODE_KNOWN && ctl->retry_ms > loop_now_ms() + (9000 << i));
        ctl->retry_ms = loop_now_ms();
        turn(&b);
        added(&b, "ctl");
    }
    close_bench(&b);
}

// Fault: an error that PG3 tells as an object, or as success false alone, counts as a success: what
// it did not store is thought to be, and a value that it refused is never told again
// Expected: it is an error
static void test_errors_of_other_forms(void) {
    static const char *const forms[] = {"\"error\":{}", "\"error\":{\"code\":503}",
                                        "\"success\":false", "\"error\":true"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct bench b;
        char text[200];
        open_running(&b);
        struct node *node = add(&b, "a_1", "a_1");
        turn(&b);
        snprintf(text, sizeof text, "{\"addnode\":[{\"address\":\"a_1\",%s}]}", forms[i]);
        receive(&b, text);
        CHECK(node->state == NODE_REFUSED && node->refusal != NULL);
        node->retry_ms = loop_now_ms();
        turn(&b);
        added(&b, "a_1");
        snprintf(text, sizeof text,
                 "{\"set\":[{\"address\":\"a_1\",\"driver\":\"GV1\",\"value\":\"1\",%s}]}",
                 forms[i]);
        receive(&b, text);
        CHECK(node->state == NODE_KNOWN && node->retry_ms > loop_now_ms());
        records_save(b.r, "{\"a\":1}");
        turn(&b);
        snprintf(text, sizeof text, "{\"set\":[{\"key\":\"customdata\",%s}]}", forms[i]);
        receive(&b, text);
        CHECK(!records_ask(b.r, "return host.saved()", NULL, NULL));
        close_bench(&b);
    }
    struct bench b; // and these are none
    struct node *ctl = open_running(&b);
    receive(&b, "{\"set\":[{\"address\":\"ctl\",\"driver\":\"GV1\",\"value\":\"1\","
                "\"error\":null,\"success\":true}]}");
    CHECK(ctl->state == NODE_LIVE);
    close_bench(&b);
}

// Fault: started while the ISY restarts, PG3 refuses to add the controller, which it has: no node
// has a value until a later try succeeds, minutes after the ISY is back
// Expected: the values of all nodes that PG3 has go on, beside the tries to add the controller
static void test_controller_refused_though_known(void) {
    struct bench b;
    open_bench(&b);
    pg3_up(b.pg3);
    receive(&b,
            "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "," ON_RECORD("a_1", "VICX") "]}}");
    receive(&b, ALL_WRITTEN);
    struct node *ctl = add(&b, "ctl", "ctl");
    turn(&b);
    receive(&b, "{\"addnode\":[{\"address\":\"ctl\",\"error\":\"ISY 503\"}]}");
    CHECK(b.readies == 1 && ctl->state == NODE_KNOWN);
    struct node *node = add(&b, "a_1", "a_1");
    node_set(b.nodes, node, 1, 7, NULL);
    turn(&b);
    CHECK(times(&b, "\"7.0\"") >= 1 && addnodes(&b, "ctl") == 1);
    added(&b, "a_1");
    pass(&b, 6000);
    CHECK(addnodes(&b, "ctl") == 2);
    added(&b, "ctl");
    turn(&b);
    CHECK(b.readies == 1 && ctl->state == NODE_LIVE && times(&b, "setController") == 1);
    close_bench(&b);
}

// Fault: PG3 refuses one value of a node whose device has just gone, its data state even, and the
// ISY shows it as fresh until the device is back
// Expected: PG3 is asked whether it has the node: if so all of its values are told again
static void test_value_of_a_stale_node_refused(void) {
    struct bench b;
    open_with_nodes(&b);
    struct node *node = nodes_find(b.nodes, "gw_1");
    node_set(b.nodes, node, 1, 4, NULL);
    node_stale(b.nodes, node, true);
    turn(&b);
    forget(&b);
    receive(&b, "{\"set\":[{\"address\":\"gw_1\",\"driver\":\"GV1\",\"error\":\"busy\"}]}");
    pass(&b, 4000);
    CHECK(node->state == NODE_GONE && times(&b, "\"config\"") == 1 && times(&b, "gw_1") == 0);
    receive(&b, "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "," ON_RECORD(
                    "gw", "VICX") "," ON_RECORD("gw_1", "VICX") "]}}");
    turn(&b);
    CHECK(times(&b, "\"address\":\"gw_1\",\"driver\":\"GV1\"") == 1 && node->state == NODE_KNOWN);
    CHECK(times(&b, "addnode") == 0);
    pass(&b, 1100);
    CHECK(addnodes(&b, "gw_1") == 1); // as after any refused value
    close_bench(&b);
}

// Fault: PG3 refuses to add a node once more that it has, and the node has no values from then on
// Expected: its values go on, beside the tries to add it
static void test_refused_though_known(void) {
    struct bench b;
    open_running(&b);
    receive(&b,
            "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "," ON_RECORD("a_1", "VICX") "]}}");
    struct node *node = add(&b, "a_1", "a_1");
    node_set(b.nodes, node, 1, 7, NULL);
    turn(&b);
    CHECK(node->state == NODE_ADDING);
    forget(&b);
    receive(&b, "{\"addnode\":[{\"address\":\"a_1\",\"error\":\"no room\"}]}");
    turn(&b);
    CHECK(node->state == NODE_KNOWN && times(&b, "\"7.0\"") == 1 && times(&b, "addnode") == 0);
    node_set(b.nodes, node, 1, 8, NULL);
    turn(&b);
    CHECK(times(&b, "\"8.0\"") == 1 && strcmp(node->refusal, "no room") == 0);
    receive(&b, "{\"removenode\":[{\"address\":\"a_1\",\"success\":true}]}");
    pg3_restore(b.pg3);
    turn(&b);
    forget(&b);
    receive(&b, "{\"addnode\":[{\"address\":\"a_1\",\"error\":\"no room\"}]}");
    node_set(b.nodes, node, 1, 9, NULL);
    turn(&b);
    CHECK(node->state == NODE_REFUSED && times(&b, "\"9.0\"") == 0); // it has it no more
    close_bench(&b);
}

static void test_seeds(void) {
    struct bench b;
    open_bench(&b);
    pg3_up(b.pg3);
    receive(&b, "{\"config\":{\"token\":\"very-secret-token\",\"logLevel\":\"ERROR\",\"nodes\":["
                "{\"address\":\"ctl\",\"name\":\"Mine\",\"enabled\":1,\"drivers\":["
                "{\"driver\":\"ST\",\"value\":\"1\",\"uom\":25},"
                "{\"driver\":\"GV1\",\"value\":12.34,\"uom\":73}]}]}}");
    receive(&b, ALL_WRITTEN);
    CHECK(pg3_known(b.pg3)->count == 1 && log_masks("very-secret-token"));
    struct node *ctl = add(&b, "ctl", "ctl");
    turn(&b);
    CHECK(strstr(last(&b), "{\"driver\":\"GV1\",\"value\":\"12.3\",\"uom\":73") != NULL);
    added(&b, "ctl");
    forget(&b);
    turn(&b);
    CHECK(times(&b, "\"driver\":\"GV1\"") == 0); // PG3 has it
    node_set(b.nodes, ctl, 1, 12.3, NULL);
    turn(&b);
    CHECK(times(&b, "\"driver\":\"GV1\"") == 0);
    node_set(b.nodes, ctl, 1, 12.5, NULL);
    turn(&b);
    CHECK(times(&b, "\"value\":\"12.5\"") == 1);
    receive(&b, "{\"config\":{}}"); // without nodes: what is known stays
    CHECK(pg3_known(b.pg3)->count == 1);
    log_set_level(LOG_INFO);
    close_bench(&b);
}

static bool param_is(const struct bench *b, const char *name, const char *value) {
    return records_ask(b->r, "local n, v = ... return host.params()[n] == v", name, value);
}

static void test_params(void) {
    struct bench b;
    open_running(&b);
    int events = b.params;
    receive(&b, "{\"custom\":{\"customparams\":\"{\\\"vrm_token\\\":\\\"abc\\\"}\"}}"); // PG3x
    CHECK(param_is(&b, "vrm_token", "abc") && b.params == events + 1);
    receive(&b, "{\"customparams\":\"{\\\"vrm_token\\\":\\\"abc\\\"}\"}"); // an echo
    CHECK(b.params == events + 1);
    receive(&b, "{\"customparams\":{\"vrm_token\":\"def\"}}"); // 2021, an object
    CHECK(param_is(&b, "vrm_token", "def") && b.params == events + 2);
    receive(&b, "{\"custom\":{\"customparams\":{\"value\":\"{\\\"n\\\":5}\"}}}");
    CHECK(param_is(&b, "n", "5") && param_is(&b, "vrm_token", NULL));
    receive(&b, "{\"custom\":{\"customparams\":{\"value\":{\"n\":true}}}}");
    CHECK(param_is(&b, "n", "true"));
    receive(&b, "{\"getAll\":[{\"key\":\"customparams\",\"value\":\"{\\\"x\\\":\\\"y\\\"}\"}]}");
    CHECK(param_is(&b, "x", "y"));
    int before = b.params;
    receive(&b, "{\"custom\":{\"customparams\":\"{not json\"}}"); // what was there stays
    receive(&b, "{\"custom\":[1,2]}");
    receive(&b, "{\"custom\":null}");
    receive(&b, "{\"customparams\":\"\"}");
    CHECK(param_is(&b, "x", "y") && b.params == before);
    receive(&b, "{\"custom\":{\"customparams\":null}}"); // says nothing
    CHECK(param_is(&b, "x", "y") && b.params == before);
    receive(&b, "{\"custom\":{\"customparams\":\"{}\"}}"); // all taken away
    CHECK(param_is(&b, "x", NULL) && b.params == before + 1);
    turn(&b);
    CHECK(b.count == 0); // no echo is answered
    // A parameter that happens to have the name of the wrapper's member.
    receive(&b, "{\"customparams\":{\"value\":\"abc\",\"vrm_token\":\"ghi\"}}");
    CHECK(param_is(&b, "vrm_token", "ghi") && param_is(&b, "value", "abc"));
    close_bench(&b);
}

static void test_default_params(void) {
    struct bench b;
    open_bench(&b);
    records_default(b.r, "vrm_token", "");
    records_default(b.r, "temp_unit", "C");
    pg3_up(b.pg3);
    receive(&b, CONFIG_NONE);
    turn(&b);
    CHECK(times(&b, "customparams") == 0); // not before PG3 has told what the user typed
    CHECK(!records_ask(b.r, "return host.default_params {}", NULL, NULL));
    receive(&b,
            "{\"getAll\":[{\"key\":\"customparams\",\"value\":\"{\\\" vrm_token \\\":\\\"abc\\\","
            "\\\"own\\\":\\\"<x>\\\"}\"}]}");
    turn(&b);
    CHECK(times(&b, "customparams") == 0 &&
          records_ask(b.r, "return host.default_params {}", NULL, NULL) && b.params == 1);
    records_default(b.r, "own", "never");
    records_default(b.r, "temp_unit", "C");
    turn(&b);
    CHECK(times(&b, "\"key\":\"customparams\"") == 1); // merged with what the user typed
    CHECK(times(&b, "\" vrm_token \":\"abc\"") == 1 && times(&b, "\"own\":\"<x>\"") == 1);
    CHECK(times(&b, "\"temp_unit\":\"C\"") == 1 && times(&b, "\"vrm_token\"") == 0);
    receive(&b, "{\"customparams\":{\" vrm_token \":\"abc\",\"own\":\"<x>\",\"temp_unit\":\"C\"}}");
    turn(&b);
    CHECK(times(&b, "customparams") == 1);
    records_default(b.r, "own", "never");
    turn(&b);
    CHECK(times(&b, "customparams") == 1);
    close_bench(&b);

    open_bench(&b); // something in it that texts cannot hold: nothing is written back
    records_default(b.r, "temp_unit", "C");
    pg3_up(b.pg3);
    receive(&b, CONFIG_NONE);
    receive(&b, "{\"getAll\":[{\"key\":\"customparams\",\"value\":{\"list\":[1,2],\"a\":\"b\"}}]}");
    turn(&b);
    CHECK(times(&b, "customparams") == 0 && param_is(&b, "a", "b"));
    close_bench(&b);
}

// A record saved before PG3 told what it has is not taken: it would be overwritten.
static void test_early_save(void) {
    struct bench b;
    open_bench(&b);
    pg3_up(b.pg3);
    receive(&b, CONFIG_NONE);
    CHECK(!records_save(b.r, "{\"a\":1}") && records_data(b.r) == NULL);
    receive(&b, "{\"getAll\":[{\"key\":\"customdata\",\"value\":{\"a\":7}}]}");
    CHECK(records_data(b.r) != NULL && strcmp(records_data(b.r), "{\"a\":7}") == 0);
    CHECK(records_save(b.r, "{\"a\":8}"));
    close_bench(&b);
}

static void test_data(void) {
    struct bench b;
    open_bench(&b);
    pg3_up(b.pg3);
    CHECK(records_data(b.r) == NULL);
    receive(&b, CONFIG_NONE);
    receive(&b, "{\"getAll\":[{\"key\":\"customdata\",\"value\":\"{\\\"a\\\":[1,2.5]}\"}]}");
    CHECK(strcmp(records_data(b.r), "{\"a\":[1,2.5]}") == 0);
    records_save(b.r, "{\"a\":1}");
    turn(&b);
    CHECK(sent_once(&b, "custom", "{\"set\":[{\"key\":\"customdata\",\"value\":{\"a\":1}}]}"));
    CHECK(pg3_connected(b.pg3) &&
          !records_ask(b.r, "return host.saved()", NULL, NULL)); // sent is not stored
    receive(&b, "{\"set\":[{\"key\":\"customdata\",\"success\":false,\"error\":\"disk\"}]}");
    CHECK(!records_ask(b.r, "return host.saved()", NULL, NULL));
    receive(&b, "{\"set\":[{\"key\":\"customdata\",\"success\":true}]}");
    CHECK(records_ask(b.r, "return host.saved()", NULL, NULL));
    records_save(b.r, "{\"a\":1}");
    CHECK(!records_ask(b.r, "return host.saved()", NULL, NULL));
    turn(&b);
    receive(&b, "{\"set\":[{\"key\":\"customdata\",\"success\":true}]}");
    CHECK(records_ask(b.r, "return host.saved()", NULL, NULL));
    receive(&b, "{\"customdata\":\"{\\\"old\\\":1}\"}"); // an echo, maybe an older one
    receive(&b, "{\"getAll\":[{\"key\":\"customdata\",\"value\":\"{\\\"old\\\":1}\"}]}");
    CHECK(strcmp(records_data(b.r), "{\"a\":[1,2.5]}") == 0);
    turn(&b);
    CHECK(times(&b, "\"old\"") == 0);
    close_bench(&b);
}

// Fault: what the plugin kept, more than half of what it may, is lost at the next start
// Expected: what may be written is read
static void test_large_data(void) {
    static char row[PG3_RECORD_MAX + 100], kept[PG3_RECORD_MAX];
    struct bench b;
    memset(kept, 'x', sizeof kept - 1);
    memcpy(kept, "{\"a\":\"", 6);
    memcpy(kept + sizeof kept - 3, "\"}", 2);
    open_bench(&b);
    pg3_up(b.pg3);
    receive(&b, CONFIG_NONE);
    snprintf(row, sizeof row, "{\"getAll\":[{\"key\":\"customdata\",\"value\":%s}]}", kept);
    receive(&b, row);
    CHECK(records_data(b.r) != NULL && strcmp(records_data(b.r), kept) == 0);
    CHECK(records_save(b.r, "{\"a\":1}"));
    close_bench(&b);
}

static void test_profile(void) {
    struct bench b;
    open_bench(&b);
    pg3_up(b.pg3);
    receive(&b, CONFIG_NONE);
    receive(
        &b,
        "{\"getAll\":[{\"key\":\"idata\",\"value\":\"{\\\"profile_version\\\":\\\"old\\\"}\"}]}");
    pg3_profile(b.pg3, "new");
    add(&b, "ctl", "ctl");
    turn(&b);
    CHECK(sent_once(&b, "system", "{\"installprofile\":{\"reboot\":false}}"));
    CHECK(times(&b, "addnode") == 0); // the ISY must know the node types first
    receive(&b, "{\"installprofile\":{\"success\":true}}");
    turn(&b);
    CHECK(sent_once(&b, "custom",
                    "{\"set\":[{\"key\":\"idata\",\"value\":{\"profile_version\":\"new\"}}]}"));
    CHECK(times(&b, "addnode") == 1);
    receive(&b, "{\"installprofile\":{\"success\":true}}"); // of somebody else
    pg3_profile(b.pg3, "new");
    turn(&b);
    CHECK(times(&b, "installprofile") == 1 && times(&b, "idata") == 1);
    pg3_profile(b.pg3, "newer");
    turn(&b);
    receive(&b, "{\"installprofile\":{\"success\":false,\"error\":\"no\"}}");
    turn(&b);
    CHECK(times(&b, "installprofile") == 2 && times(&b, "idata") == 1);
    close_bench(&b);

    open_bench(&b); // it has that one
    pg3_up(b.pg3);
    receive(&b, CONFIG_NONE);
    receive(&b, "{\"getAll\":[{\"key\":\"idata\",\"value\":{\"profile_version\":\"same\"}}]}");
    pg3_profile(b.pg3, "same");
    turn(&b);
    CHECK(times(&b, "installprofile") == 0);
    close_bench(&b);
}

// Fault: an ISY takes more than a minute over the profile, and PG3 is asked to install it again and
// again, without an end
// Expected: the answer counts when it comes; only one that tells of no success, or none, does not
static void test_profile_that_takes_long(void) {
    struct bench b;
    open_running(&b);
    pg3_profile(b.pg3, "hash");
    pass(&b, 70000);
    CHECK(times(&b, "installprofile") == 1 && strstr(warning, "no answer within 60 s") != NULL);
    receive(&b, "{\"installprofile\":{\"success\":false,\"error\":\"late\"}}");
    receive(&b, "{\"installprofile\":{\"success\":true}}");
    turn(&b);
    CHECK(times(&b, "{\"profile_version\":\"hash\"}") == 1);
    pass(&b, 300000);
    CHECK(times(&b, "installprofile") == 1);
    receive(&b, "{\"installprofile\":{\"success\":true}}"); // of somebody else
    pg3_profile(b.pg3, "another");
    pass(&b, 370000);
    CHECK(times(&b, "installprofile") == 3);
    close_bench(&b);
}

// Fault: a long number loses its last digits: who waits under it is never answered, and a password
// that the user typed is written back as another
// Expected: it stays what it is
static void test_long_numbers(void) {
    struct bench b;
    open_running(&b);
    receive(&b, "{\"customRequest\":{\"requestId\":9007199254740991}}");
    receive(&b, "{\"status\":{\"address\":\"ctl\",\"requestId\":9007199254740991}}");
    receive(&b, "{\"customparams\":{\"gx_password\":9007199254740991,\"n\":20.5}}");
    records_default(b.r, "temp_unit", "C");
    turn(&b);
    CHECK(times(&b, "{\"customResponse\":{\"requestId\":9007199254740991,") == 1);
    CHECK(times(&b, "\"requestId\":\"9007199254740991\"") == 1);
    CHECK(times(&b, "\"gx_password\":\"9007199254740991\",\"n\":\"20.5\"") == 1);
    close_bench(&b);
}

// Fault: a record that PG3 did not store, for its database was locked, is lost until it changes: a
// notice that nobody sees
// Expected: it goes along with the next that is written, but not for ever
static void test_record_not_stored(void) {
    struct bench b;
    open_running(&b);
    receive(&b, "{\"set\":[{\"key\":\"customtypeddata\",\"error\":\"locked\"},"
                "{\"key\":\"customdata\",\"error\":\"locked\"}]}"); // which nobody wrote
    records_notice(b.r, "n", "look");
    for (int i = 0; i < 6; i++) {
        turn(&b);
        receive(&b, "{\"set\":[{\"success\":false,\"key\":\"notices\",\"error\":\"locked\"}]}");
        turn(&b); // not at once
        CHECK(times(&b, "\"plugin_n\":\"look\"") == (i < 3 ? i + 1 : 3));
        records_save(b.r, i % 2 == 0 ? "{\"a\":1}" : "{\"a\":2}");
    }
    records_notice(b.r, "n", "another");
    turn(&b);
    receive(&b, "{\"set\":[{\"success\":true,\"key\":\"notices\"}]}");
    records_save(b.r, "{\"a\":3}");
    turn(&b);
    CHECK(times(&b, "\"plugin_n\":\"another\"") == 1);
    close_bench(&b);
}

// Fault: what the user saves while the plugin writes its defaults is lost: PG3 takes his token
// first, and then what the plugin had read before it
// Expected: once PG3 has answered, what he saved is written with the defaults it lacks; no more
static void test_params_saved_meanwhile(void) {
#define SAVED "{\"custom\":{\"customparams\":\"{\\\"vrm_token\\\":\\\"abc\\\"}\"}}"
    struct bench b;
    open_running(&b);
    records_default(b.r, "vrm_token", "");
    records_default(b.r, "temp_unit", "C");
    turn(&b);
    CHECK(times(&b, "{\"temp_unit\":\"C\",\"vrm_token\":\"\"}") == 1);
    receive(&b, SAVED);
    receive(&b, "{\"customparams\":{\"temp_unit\":\"C\",\"vrm_token\":\"\"}}"); // the echo
    CHECK(times(&b, "customparams") == 1);
    receive(&b, "{\"set\":[{\"success\":true,\"key\":\"customparams\"}]}");
    turn(&b);
    CHECK(times(&b, "{\"temp_unit\":\"C\",\"vrm_token\":\"abc\"}") == 1);
    CHECK(param_is(&b, "vrm_token", "abc") && param_is(&b, "temp_unit", "C"));
    receive(&b, "{\"customparams\":{\"vrm_token\":\"abc\"}}"); // what PG3 makes of it
    receive(&b, "{\"set\":[{\"success\":true,\"key\":\"customparams\"}]}");
    receive(&b, SAVED);
    turn(&b);
    CHECK(times(&b, "customparams") == 2);
    close_bench(&b);

    open_running(&b); // what he saved has them all
    records_default(b.r, "temp_unit", "C");
    turn(&b);
    receive(&b, "{\"custom\":{\"customparams\":{\"temp_unit\":\"F\"}}}");
    receive(&b, "{\"set\":[{\"success\":true,\"key\":\"customparams\"}]}");
    turn(&b);
    CHECK(times(&b, "{\"temp_unit\":\"F\"}") == 1 && param_is(&b, "temp_unit", "F"));
    close_bench(&b);
}

static void test_notices(void) {
    struct bench b;
    open_bench(&b);
    records_notice(b.r, "token", "Enter <b>it</b>");
    pg3_up(b.pg3);
    turn(&b);
    CHECK(times(&b, "notices") == 0);
    receive(&b, CONFIG_NONE);
    receive(&b, "{\"getAll\":[{\"key\":\"notices\",\"value\":{\"expired\":\"PG3's own\"}}]}");
    records_notice(b.r, "other", "x");
    records_notice(b.r, "gone", "y");
    records_notice(b.r, "gone", NULL);
    turn(&b);
    CHECK(times(&b, "\"key\":\"notices\"") == 1 && times(&b, "PG3's own") == 1);
    CHECK(times(&b, "token\":\"Enter <b>it</b>\"") == 1 && times(&b, "gone") == 0);
    forget(&b);
    records_notice(b.r, "other", "x"); // as before
    turn(&b);
    CHECK(b.count == 0);
    records_notice(b.r, "token", NULL);
    records_notice(b.r, "other", NULL);
    turn(&b);
    CHECK(times(&b, "notices") == 1 && times(&b, "Enter") == 0 && times(&b, "PG3's own") == 1);
    close_bench(&b);
}

static void test_doc(void) {
    struct bench b;
    open_bench(&b);
    pg3_up(b.pg3);
    receive(&b, CONFIG_NONE);
    receive(&b, "{\"getAll\":[{\"key\":\"customparamsdoc\",\"value\":\"<h1>old</h1>\"}]}");
    records_doc(b.r, "<h1>old</h1>");
    turn(&b);
    CHECK(times(&b, "customparamsdoc") == 0);
    receive(&b, "{\"custom\":{\"customparamsdoc\":{\"value\":\"<h1>old</h1>\"}}}");
    turn(&b);
    CHECK(times(&b, "customparamsdoc") == 0);
    records_doc(b.r, "<h1>\"new\"</h1>");
    records_doc(b.r, "<h1>\"new\"</h1>");
    turn(&b);
    CHECK(
        sent_once(&b, "custom",
                  "{\"set\":[{\"key\":\"customparamsdoc\",\"value\":\"<h1>\\\"new\\\"</h1>\"}]}"));
    close_bench(&b);
}

#define PARAMS_ROW                                                                                 \
    ROW("customparams", "\"{\\\"vrm_token\\\":\\\"secret-1\\\",\\\"own\\\":\\\"x\\\"}\"")
#define NOTICES_ROW ROW("notices", "{\"expired\":\"PG3's own\"}")
#define DOC_ROW ROW("customparamsdoc", "\"<p>\"")
#define IDATA_ROW ROW("idata", "{\"profile_version\":\"old\"}")
#define DATA_ROW ROW("customdata", "\"{\\\"state\\\":1}\"")
#define CHOICES_ROWS ROW("customtypedparams", "[]") "," ROW("customtypeddata", "{}")
#define ALL_GOOD                                                                                   \
    "{\"getAll\":[" PARAMS_ROW "," NOTICES_ROW "," DOC_ROW "," IDATA_ROW "," DATA_ROW              \
    "," CHOICES_ROWS "]}"

// Started, with everything to write that there is; connected, its questions sent.
static void open_eager(struct bench *b) {
    open_bench(b);
    b->eager = true;
    records_default(b->r, "vrm_token", "");
    records_default(b->r, "temp_unit", "C");
    records_notice(b->r, "ours", "note");
    records_doc(b->r, "<h1>");
    pg3_up(b->pg3);
    turn(b);
}

static int records_written(const struct bench *b) { return times(b, "{\"set\":[{\"key\""); }

// Fault: Nodes that the plugin takes away stay in PG3, or come back with its next list of nodes.
// Expected: One message, in the given order; they are forgotten, and may be added again as new
// ones.
static void test_remove(void) {
    struct bench b;
    const char *gone[] = {"gw_1", "gw", "only_pg3"};
    open_with_nodes(&b);
    CHECK(pg3_remove(b.pg3, gone, 3));
    turn(&b);
    CHECK(sent_once(&b, "command",
                    "{\"removenode\":[{\"address\":\"gw_1\"},{\"address\":\"gw\"},"
                    "{\"address\":\"only_pg3\"}]}"));
    CHECK(nodes_find(b.nodes, "gw") == NULL && nodes_find(b.nodes, "gw_1") == NULL);
    CHECK(nodes_find(b.nodes, "ctl") != NULL && LIVE(&b, "ctl"));
    receive(&b, "{\"removenode\":[{\"address\":\"gw_1\",\"success\":true},"
                "{\"address\":\"gw\",\"success\":true}]}");
    receive(&b, "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "]}}");
    forget(&b);
    turn(&b);
    CHECK(times(&b, "addnode") == 0);
    add(&b, "gw", "gw");
    turn(&b);
    CHECK(addnodes(&b, "gw") == 1);
    // What PG3 keeps is told.
    int before = warnings;
    receive(&b, "{\"removenode\":[{\"address\":\"gw_1\",\"success\":false,\"error\":\"in use\"}]}");
    CHECK(warnings == before + 1 && strstr(warning, "gw_1 (in use)") != NULL);
    // Nobody is there to tell: nothing is forgotten.
    pg3_down(b.pg3);
    CHECK(!pg3_remove(b.pg3, gone, 2) && nodes_find(b.nodes, "gw") != NULL);
    close_bench(&b);
}

#define NAMED(address, name)                                                                       \
    "{\"address\":\"" address "\",\"name\":\"" name "\",\"nodeDefId\":\"VICX\",\"drivers\":[]}"

// Fault: A node that the user renamed in the ISY gets VRM's name back.
// Expected: PG3 is asked for its nodes first; only one that still has the plugin's name is renamed.
static void test_rename(void) {
    struct bench b;
    open_with_nodes(&b);
    pass(&b, 3100);
    forget(&b);
    CHECK(pg3_rename(b.pg3, nodes_find(b.nodes, "gw"), "Old") &&
          pg3_rename(b.pg3, nodes_find(b.nodes, "gw"), "New \"1\"") &&
          pg3_rename(b.pg3, nodes_find(b.nodes, "gw_1"), "New 2"));
    turn(&b);
    CHECK(times(&b, "\"config\"") == 1 && times(&b, "renamenode") == 0);
    receive(&b, "{\"config\":{\"nodes\":[" NAMED("ctl", "Name") "," NAMED("gw", "Name") "," NAMED(
                    "gw_1", "The user's") "]}}");
    turn(&b);
    CHECK(sent_once(&b, "command",
                    "{\"renamenode\":[{\"address\":\"gw\",\"name\":\"New \\\"1\\\"\"}]}"));
    CHECK(times(&b, "renamenode") == 1);
    CHECK(strcmp(nodes_find(b.nodes, "gw")->name, "New \"1\"") == 0);
    receive(&b, "{\"config\":{\"nodes\":[" NAMED("ctl", "Name") "," NAMED("gw", "Name") "," NAMED(
                    "gw_1", "New 2") "]}}");
    turn(&b);
    CHECK(times(&b, "renamenode") == 1); // asked for once each
    close_bench(&b);
}

#define OFFER "host.offer(decode(...)) return true"

// Fault: What the user chose is lost, or not heard from an old PG3, or the offer is written again.
// Expected: It is written when it is another; choices are told when they are others than before.
static void test_choices(void) {
    struct bench b;
    open_eager(&b);
    receive(&b, CONFIG_NONE);
    receive(&b, ALL_WRITTEN);
    CHECK(records_say(b.r, "local c = host.choices() return c and encode(c)") == NULL);
    int params = b.params;
    receive(&b, "{\"custom\":{\"customtypeddata\":\"{\\\"site_1\\\":false}\"}}");
    receive(&b, "{\"customtypeddata\":{\"site_1\":false}}");
    receive(&b, "{\"custom\":{\"customtypeddata\":\"[\"}}");
    receive(&b, "{\"custom\":{\"customtypeddata\":7}}");
    CHECK(strcmp(records_say(b.r, "local c = host.choices() return c and encode(c)"),
                 "{\"site_1\":false}") == 0 &&
          b.params == params + 1);
    receive(&b, "{\"customtypeddata\":{\"site_1\":true}}"); // 2021
    CHECK(strcmp(records_say(b.r, "local c = host.choices() return c and encode(c)"),
                 "{\"site_1\":true}") == 0 &&
          b.params == params + 2);
    CHECK(records_ask(b.r, OFFER, "[{\"name\":\"site_1\"}]", NULL) &&
          records_ask(b.r, OFFER, "[{\"name\":\"site_1\"}]", NULL));
    turn(&b);
    CHECK(
        sent_once(&b, "custom",
                  "{\"set\":[{\"key\":\"customtypedparams\",\"value\":[{\"name\":\"site_1\"}]}]}"));
    receive(&b, "{\"custom\":{\"customtypedparams\":\"[{\\\"name\\\":\\\"site_1\\\"}]\"}}");
    turn(&b);
    CHECK(times(&b, "customtypedparams") == 1); // its echo is no news
    close_bench(&b);
}

// Fault: PG3's first list of user data is an error or broken; defaults overwrite the token.
// Expected: what was not read is not written but asked for again; once it comes, all catches up.
static void test_bad_lists(void) {
    static const char *const bad[] = {
        "null",
        "{\"error\":\"database is locked\"}",
        "\"error\"",
        "[null]",
        "[]",
        "[" IDATA_ROW "]",
        "[" IDATA_ROW ",{\"value\":{}}]",
        "[" ROW("customparams", "\"{\\\"vrm_token\\\":\\\"secr\"") "," NOTICES_ROW "]",
        "[" ROW("customparams", "null") "," ROW("notices", "7") "," ROW("customdata", "\"7\"") "]",
        "[" ROW("customparams", "[1]") "," ROW("customparamsdoc", "{\"a\":1}") "]",
        "[" ROW("customparams", "\"null\"") "," ROW("idata", "\"\"") "]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bench b;
        char text[400];
        open_eager(&b);
        receive(&b, "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "]}}");
        snprintf(text, sizeof text, "{\"getAll\":%s}", bad[i]);
        receive(&b, text);
        turn(&b);
        CHECK(b.starts == 0);
        pass(&b, 2000);
        CHECK(times(&b, "getAll") == 1 && records_written(&b) == 0);
        pass(&b, 2000); // asked again, and not answered
        CHECK(times(&b, "getAll") == 2);
        pass(&b, 8000);
        CHECK(b.starts == 1); // with what there is
        pg3_profile(b.pg3, "new");
        turn(&b);
        receive(&b, "{\"installprofile\":{\"success\":true}}");
        add(&b, "ctl", "ctl");
        turn(&b);
        added(&b, "ctl");
        turn(&b);
        CHECK(b.readies == 1 && times(&b, "customparams\"") == 0 && times(&b, "customdata") == 0);
        CHECK(times(&b, "customparamsdoc") == 0);
        CHECK(strstr(bad[i], NOTICES_ROW) != NULL || times(&b, "\"notices\"") == 0);
        CHECK(!records_save(b.r, "{\"state\":2}"));
        int params = b.params;
        receive(&b, ALL_GOOD);
        turn(&b);
        CHECK(b.params == params + 1 && param_is(&b, "vrm_token", "secret-1"));
        CHECK(times(&b, "\"vrm_token\":\"secret-1\"") == 1 && times(&b, "\"own\":\"x\"") == 1);
        CHECK(times(&b, "\"temp_unit\":\"C\"") == 1);
        CHECK(times(&b, "\"plugin_ours\":\"note\"") == 1 && times(&b, "PG3's own") == 1);
        CHECK(times(&b, "<h1>") == 1 && times(&b, "{\"profile_version\":\"new\"}") == 1);
        CHECK(strcmp(records_data(b.r), "{\"state\":1}") == 0 &&
              records_save(b.r, "{\"state\":2}"));
        int asked = times(&b, "getAll");
        turn(&b);
        forget(&b);
        pass(&b, 400000);
        CHECK(times(&b, "getAll") == 0 && asked >= 3);
        close_bench(&b);
    }
}

// Fault: a list without records counts as "none there" though PG3 has nodes of a run before.
// Expected: it is believed when the next answer agrees; at once where there are no nodes.
static void test_absent_records(void) {
    struct bench b;
    open_eager(&b);
    receive(&b, CONFIG_NONE);
    receive(&b, ALL_NONE);
    turn(&b);
    CHECK(b.starts == 1 && times(&b, "\"temp_unit\":\"C\"") == 1 && records_written(&b) == 3);
    pass(&b, 60000);
    CHECK(times(&b, "getAll") == 1);
    close_bench(&b);

    static const char *const lists[] = {"[]", "[" IDATA_ROW "]", "[" DATA_ROW "]",
                                        "[" ROW("customparams", "null") "]"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        char text[200];
        open_eager(&b);
        receive(&b, "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "]}}");
        snprintf(text, sizeof text, "{\"getAll\":%s}", lists[i]);
        receive(&b, text);
        receive(&b, "{\"getAll\":null}"); // no answer that counts
        turn(&b);
        CHECK(b.starts == 0 && records_written(&b) == 0);
        pass(&b, 3100);
        CHECK(times(&b, "getAll") == 2);
        receive(&b, text);
        turn(&b);
        CHECK(b.starts == 1 && times(&b, "\"temp_unit\":\"C\"") == 1 && records_written(&b) == 3);
        pass(&b, 60000);
        CHECK(times(&b, "getAll") == 2);
        close_bench(&b);
    }

    open_eager(&b); // only device scripts keep a state, so its absence is no doubt
    receive(&b, "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "]}}");
    receive(&b, ALL_WRITTEN);
    CHECK(b.starts == 1 && records_save(b.r, "{\"a\":1}"));
    close_bench(&b);

    open_eager(&b); // the list comes before the configuration
    receive(&b, ALL_NONE);
    turn(&b);
    CHECK(b.starts == 0 && records_written(&b) == 0);
    receive(&b, CONFIG_NONE);
    CHECK(b.starts == 1);
    close_bench(&b);

    open_eager(&b); // what the user saves meanwhile says nothing of the other records
    receive(&b, "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "]}}");
    receive(&b, "{\"getAll\":[" NOTICES_ROW "," DOC_ROW "," IDATA_ROW "]}");
    receive(&b, "{\"custom\":{\"customparams\":\"{\\\"vrm_token\\\":\\\"typed\\\"}\"}}");
    CHECK(b.starts == 0 && !records_save(b.r, "{\"a\":1}"));
    receive(&b, ALL_GOOD);
    CHECK(b.starts == 1 && strcmp(records_data(b.r), "{\"state\":1}") == 0);
    close_bench(&b);
}

// Fault: a configuration that is null or an error counts as one without nodes: values jump.
// Expected: it is asked for again; the plugin starts after ten seconds and seeds when it comes.
static void test_bad_config(void) {
    static const char *const bad[] = {"null",
                                      "[]",
                                      "{}",
                                      "\"error\"",
                                      "{\"error\":\"database is locked\"}",
                                      "{\"token\":\"abcdefgh\",\"nodes\":null}",
                                      "{\"nodes\":{\"error\":\"database is locked\"}}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bench b;
        char text[200];
        open_eager(&b);
        snprintf(text, sizeof text, "{\"config\":%s}", bad[i]);
        receive(&b, text);
        receive(&b, ALL_GOOD);
        CHECK(b.starts == 0);
        pass(&b, 4000);
        CHECK(b.starts == 0 && times(&b, "\"config\"") == 2 && times(&b, "getAll") == 1);
        receive(&b, text);
        pass(&b, 7000);
        CHECK(b.starts == 1);
        struct node *ctl = add(&b, "ctl", "ctl"), *other = add(&b, "a_1", "a_1");
        turn(&b);
        added(&b, "ctl");
        receive(&b, "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "," ON_RECORD(
                        "a_1", "VICX") "]}}");
        CHECK(ctl->state == NODE_LIVE && other->drivers[1].shown == 3);
        turn(&b);
        added(&b, "a_1");
        forget(&b);
        pass(&b, 400000);
        CHECK(times(&b, "\"config\"") == 0);
        close_bench(&b);
    }
}

// Fault: a PG3 whose answer is lost each time is asked again without a pause.
// Expected: the pauses grow up to five minutes; the plugin goes on working.
static void test_growing_pauses(void) {
    struct bench b;
    open_eager(&b);
    receive(&b, ALL_GOOD);
    int before = 0;
    for (int i = 0; i < 400; i++) { // each answer is lost
        if (times(&b, "\"config\"") > before)
            pg3_refresh(b.pg3);
        before = times(&b, "\"config\"");
        receive(&b, ALL_GOOD);
        pass(&b, 100);
    }
    CHECK(before == 4); // 0, 3, 9 and 21 s
    CHECK(b.starts == 1);
    struct node *ctl = add(&b, "ctl", "ctl");
    turn(&b);
    added(&b, "ctl");
    node_set(b.nodes, ctl, 1, 77, NULL);
    turn(&b);
    CHECK(times(&b, "\"77.0\"") == 1);
    forget(&b);
    for (int i = 0; i < 60; i++) {
        pass(&b, 60000);
        pg3_refresh(b.pg3);
    }
    CHECK(times(&b, "\"config\"") >= 12 && times(&b, "\"config\"") <= 17);
    receive(&b, "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "]}}");
    receive(&b, ALL_GOOD);
    pass(&b, 300000);
    forget(&b);
    pg3_refresh(b.pg3);
    pass(&b, 10000);
    CHECK(times(&b, "\"config\"") == 3);
    close_bench(&b);
}

// Fault: PG3 answers, and yet a name that changed in VRM comes later each time, by minutes at last.
// Expected: PG3 is asked three seconds later at most.
static void test_no_pauses_for_who_answers(void) {
    struct bench b;
    open_with_nodes(&b);
    pass(&b, 60000);
    for (int i = 0; i < 6; i++) {
        forget(&b);
        pg3_rename(b.pg3, nodes_find(b.nodes, "gw_1"), i % 2 == 0 ? "Shed" : "Barn");
        for (int k = 0; k < 31 && times(&b, "\"config\"") == 0; k++)
            pass(&b, 100);
        CHECK(times(&b, "\"config\"") == 1);
        receive(&b, "{\"config\":{\"nodes\":[" ON_RECORD("ctl", "VICX") "," ON_RECORD(
                        "gw", "VICX") "," ON_RECORD("gw_1", "VICX") "]}}");
    }
    close_bench(&b);
}

// Fault: notices PG3 made while the plugin was away are wiped when the list fails then.
// Expected: notices and parameters are read again after a reconnection before they are written.
static void test_list_fails_after_reconnection(void) {
    struct bench b;
    open_running(&b);
    b.eager = true;
    pg3_down(b.pg3);
    records_notice(b.r, "ours", "note");
    records_default(b.r, "temp_unit", "C");
    pg3_up(b.pg3);
    receive(&b, "{\"getAll\":{\"error\":\"not yet\"}}");
    pass(&b, 2000);
    CHECK(records_written(&b) == 0 && times(&b, "getAll") == 1);
    pass(&b, 2000);
    CHECK(times(&b, "getAll") == 2);
    receive(&b, ALL_GOOD);
    turn(&b);
    CHECK(times(&b, "PG3's own") == 1 && times(&b, "\"vrm_token\":\"secret-1\"") == 1);
    close_bench(&b);
}

// Fault: a notice or parameter that the plugin cannot keep as it is, is written back empty.
// Expected: that record is not written, the others are.
static void test_opaque_records(void) {
    struct bench b;
    open_eager(&b);
    receive(&b, CONFIG_NONE);
    receive(&b, "{\"getAll\":[" ROW("notices", "{\"a\":{\"html\":\"x\"}}") "," ROW(
                    "customparams", "{\"a\":\"b\\u0000c\"}") "]}");
    turn(&b);
    CHECK(times(&b, "\"notices\"") == 0 && times(&b, "customparams\"") == 0);
    CHECK(times(&b, "<h1>") == 1);
    receive(&b, "{\"custom\":{\"notices\":\"{}\"}}");
    turn(&b);
    CHECK(times(&b, "plugin_ours") == 1);
    close_bench(&b);
}

// Fault: a state of device scripts that is nested too deep to be read is written over.
// Expected: it is not; the rest goes on.
static void test_deep_data(void) {
    struct bench b;
    for (int depth = 32; depth <= 33; depth++) {
        char text[400], nested[100];
        memset(nested, '[', (size_t)depth);
        memset(nested + depth, ']', (size_t)depth);
        nested[2 * depth] = '\0';
        open_eager(&b);
        receive(&b, CONFIG_NONE);
        snprintf(text, sizeof text,
                 "{\"getAll\":[" PARAMS_ROW ",{\"key\":\"customdata\",\"value\":\"%s\"}]}", nested);
        receive(&b, text);
        turn(&b);
        pass(&b, 11000);
        CHECK(records_save(b.r, "{}") == (depth == 32) && times(&b, "\"temp_unit\":\"C\"") == 1);
        close_bench(&b);
    }
}

// Fault: what PG3 keeps of the plugin is no JSON, is never written over, and nothing is kept again.
// Expected: told three times in a row beside good records it may be; one that is good is taken.
static void test_unreadable_data(void) {
    static const char *const bad[] = {"{\\\"state\\\":{\\\"a", "", "\\\"text\\\"", "7", "null"};
    static const char good_list[] =
        "{\"getAll\":[" PARAMS_ROW "," ROW("customdata", "{\"state\":1}") "]}";
    for (size_t i = 0; i < 4 * sizeof bad / sizeof bad[0]; i++) {
        struct bench b;
        char text[300];
        bool good_comes = i % 4 == 1, other_is_bad = i % 4 == 2, good_is_late = i % 4 == 3;
        const char *odd = i / 4 % 2 == 0 ? ROW("customparams", "7") : "7," PARAMS_ROW;
        const char *params = other_is_bad ? odd : PARAMS_ROW;
        open_eager(&b);
        receive(&b, CONFIG_NONE);
        snprintf(text, sizeof text, "{\"getAll\":[%s,{\"key\":\"customdata\",\"value\":\"%s\"}]}",
                 params, bad[i / 4]);
        receive(&b, text);
        pass(&b, 3100);
        receive(&b, text);
        CHECK(records_say(b.r, "return host.unreadable()") == NULL && !records_save(b.r, "{}"));
        pass(&b, 6100);
        receive(&b, good_comes ? good_list : text);
        if (good_is_late)
            receive(&b, "{\"custom\":{\"customdata\":\"{\\\"state\\\":1}\"}}");
        CHECK((records_say(b.r, "return host.unreadable()") != NULL) == (i % 4 == 0));
        CHECK((records_data(b.r) != NULL) == (good_comes || good_is_late));
        CHECK(records_save(b.r, "{\"a\":1}") == !other_is_bad &&
              records_say(b.r, "return host.unreadable()") == NULL);
        turn(&b);
        CHECK(times(&b, "\"customdata\",\"value\":{\"a\":1}") == !other_is_bad);
        receive(&b, text); // of before the plugin's own
        CHECK(records_say(b.r, "return host.unreadable()") == NULL);
        close_bench(&b);
    }
}

// One node of 30 drivers as PG3 tells it, some 7 KB.
static void put_node(struct buf *b, const char *address, int value) {
    static const char row[] = "\"uuid\":\"00:0d:b9:52:ce:50\",\"profileNum\":2,"
                              "\"timeAdded\":1595552956711,\"timeModified\":1595552956711,"
                              "\"dbVersion\":1,\"id\":\"0f9a7a1e-8d7e-4a6c-9b57-0d6e6f1f2a3b\"";
    buf_printf(b, "{\"address\":\"%s\",\"name\":\"Node\",\"nodeDefId\":\"VICX\",%s,\"drivers\":[",
               address, row);
    for (int i = 0; i < 30; i++)
        buf_printf(b, "%s{\"driver\":\"%s%d\",\"value\":\"%d\",\"uom\":%d,%s}", i > 0 ? "," : "",
                   i == 0 ? "ST" : "GV", i, value, i == 0 ? 25 : 73, row);
    buf_printf(b, ",{\"driver\":\"ST\",\"value\":\"%d\",\"uom\":25}]}", value);
}

// Fault: a configuration over 2 MiB is not read: nodes of a large account start at 0.
// Expected: one of 3,000 nodes with 30 drivers each is read as any other, and each node is found.
static void test_large_config(void) {
    struct bench b;
    struct buf text;
    char address[16];
    open_eager(&b);
    buf_init(&text, 64u * 1024 * 1024);
    buf_puts(&text, "{\"config\":{\"token\":\"another-secret\",\"nodes\":[");
    for (int i = 0; i < 3000; i++) {
        snprintf(address, sizeof address, "n%d_%d", i % 7, i);
        buf_puts(&text, i > 0 ? "," : "");
        put_node(&text, address, i);
    }
    buf_puts(&text, "]}}");
    CHECK(!text.failed && text.len > 15u * 1024 * 1024);
    pg3_message(b.pg3, buf_text(&text), text.len - 2); // cut: it does not count
    CHECK(pg3_known(b.pg3)->count == 0 && log_masks("another-secret"));
    pg3_message(b.pg3, buf_text(&text), text.len);
    CHECK(pg3_known(b.pg3)->count == 3000);
    for (int i = 0; i < 3000; i++) {
        snprintf(address, sizeof address, "n%d_%d", i % 7, i);
        const struct known_node *node = known_find(pg3_known(b.pg3), address);
        CHECK(node != NULL && node->value_count == 31 && (int)node->values[5].shown == i);
    }
    CHECK(known_find(pg3_known(b.pg3), "n0_1") == NULL);
    receive(&b, ALL_GOOD);
    CHECK(b.starts == 1);
    buf_free(&text);
    close_bench(&b);
}

// Fault: user data over 2 MiB is refused with a line in the log at each question, without an end.
// Expected: that is said once, and it is asked for again with growing pauses.
static void test_large_list(void) {
    struct bench b;
    struct buf text;
    open_eager(&b);
    receive(&b, CONFIG_NONE);
    buf_init(&text, 4u * 1024 * 1024);
    buf_puts(&text, "{\"getAll\":[" PARAMS_ROW ",{\"key\":\"big\",\"value\":\"");
    for (int i = 0; i < 3 * 1024; i++)
        buf_printf(&text, "%01024d", i);
    buf_puts(&text, "\"}]}");
    int told = warnings;
    for (int i = 0; i < 30; i++) {
        pg3_message(b.pg3, buf_text(&text), text.len);
        pass(&b, 1000);
    }
    CHECK(warnings == told + 2); // too large; what is missing
    CHECK(b.starts == 1 && times(&b, "getAll") == 4 && records_written(&b) == 0);
    receive(&b, ALL_GOOD);
    turn(&b);
    CHECK(times(&b, "\"vrm_token\":\"secret-1\"") == 1);
    buf_free(&text);
    close_bench(&b);
}

static void test_requests(void) {
    struct bench b;
    struct node *ctl = open_running(&b);
    receive(&b, "{\"query\":{\"address\":\"ctl\",\"requestId\":\"17\"}}");
    CHECK(strcmp(b.query, "ctl") == 0 && strcmp(b.request, "17") == 0);
    receive(&b, "{\"query\":{\"address\":\"all\"}}");
    CHECK(strcmp(b.query, "all") == 0 && b.request[0] == '\0');
    receive(&b, "{\"query\":{}}");
    CHECK(strcmp(b.query, "all") == 0);
    b.query[0] = '\0';
    receive(&b, "{\"query\":{\"address\":\"none\"}}"); // not ours
    CHECK(b.query[0] == '\0');
    receive(&b, "{\"command\":{\"address\":\"ctl\",\"cmd\":\"QUERY\",\"requestId\":18}}");
    CHECK(strcmp(b.query, "ctl") == 0 && strcmp(b.request, "18") == 0);
    receive(&b, "{\"command\":{\"address\":\"ctl\",\"cmd\":\"LIMIT\",\"value\":\"100\",\"uom\":51,"
                "\"query\":{\"LEVEL.uom51\":\"7\"},\"requestId\":\"19\"}}");
    CHECK(strcmp(b.command, "ctl LIMIT 100 51 7") == 0 && strcmp(b.request, "19") == 0);
    receive(&b, "{\"command\":{\"address\":\"ctl\",\"cmd\":\"DON\",\"query\":[]}}");
    CHECK(strcmp(b.command, "ctl DON - - -") == 0 && b.request[0] == '\0');
    b.command[0] = '\0';
    receive(&b, "{\"command\":[{\"address\":\"ctl\",\"success\":true}]}"); // an answer
    receive(&b, "{\"command\":{\"address\":\"none\",\"cmd\":\"X\"}}");
    receive(&b, "{\"command\":{\"cmd\":\"X\"}}");
    receive(&b, "{\"command\":\"X\"}");
    CHECK(b.command[0] == '\0');

    turn(&b);
    forget(&b);
    pg3_report(b.pg3, "ctl", "17", true);
    pg3_report(b.pg3, "ctl", "\"18", false);
    pg3_report(b.pg3, "ctl", "", true);
    turn(&b);
    CHECK(b.count == 2);
    CHECK(sent_once(&b, "status",
                    "{\"report\":[{\"address\":\"ctl\",\"requestId\":\"17\","
                    "\"success\":\"success\"}]}"));
    CHECK(sent_once(&b, "status",
                    "{\"report\":[{\"address\":\"ctl\",\"requestId\":\"\\\"18\","
                    "\"success\":\"fail\"}]}"));
    forget(&b);
    node_set(b.nodes, ctl, 1, 3, NULL);
    turn(&b);
    forget(&b);
    receive(&b, "{\"status\":{\"address\":\"ctl\",\"requestId\":\"20\"}}"); // what is stored
    turn(&b);
    CHECK(times(&b, "\"value\":\"3.0\"") == 1 && times(&b, "\"requestId\":\"20\"") == 1);
    CHECK(times(&b, "\"driver\":\"ST\"") == 0);
    receive(&b, "{\"status\":{\"address\":\"none\"}}");
    pg3_event(b.pg3, "ctl", "DON");
    turn(&b);
    CHECK(sent_once(&b, "command", "{\"command\":[{\"address\":\"ctl\",\"cmd\":\"DON\"}]}"));
    close_bench(&b);
}

// Fault: A customRequest (an assistant's question to the plugin) is never answered.
// Expected: It is refused at once with status 501, under the requestId it came with.
static void test_custom_request(void) {
    struct bench b;
    open_running(&b);
    receive(&b, "{\"customRequest\":{\"requestId\":\"a\\\"1\",\"payload\":{\"tool_name\":\"x\"}}}");
    turn(&b);
    CHECK(sent_once(&b, "system",
                    "{\"customResponse\":{\"requestId\":\"a\\\"1\",\"payload\":{\"body\":null,"
                    "\"errorMessage\":\"Not supported\",\"status\":501}}}"));
    receive(&b, "{\"customRequest\":[{\"requestId\":17}]}");
    turn(&b);
    CHECK(times(&b, "{\"customResponse\":{\"requestId\":17,\"payload\"") == 1);
    forget(&b);
    receive(&b, "{\"customRequest\":{}}"); // nobody waits under an id
    receive(&b, "{\"customRequest\":null}");
    receive(&b, "{\"customRequest\":\"x\"}");
    turn(&b);
    CHECK(b.count == 0);
    close_bench(&b);
}

static void test_control(void) {
    struct bench b;
    open_running(&b);
    receive(&b, "{\"shortPoll\":{},\"longPoll\":{}}"); // both at once
    CHECK(b.polls == 1 && b.long_polls == 1);
    receive(&b, "{\"discover\":{}}");
    receive(&b, "{\"discover\":null,\"unknown\":{\"x\":1}}");
    CHECK(b.discovers == 2);
    receive(&b, "{\"setLogLevel\":{\"level\":\"WARNING\"}}");
    receive(&b, "{\"setLogLevel\":{\"level\":\"INFO\"}}");
    receive(&b, "{\"setLogLevel\":\"INFO\"}");
    receive(
        &b,
        "{\"error\":\"No valid API calls provided\",\"message\":\"{\\\"setController\\\":1}\"}");
    receive(&b, "{\"error\":{\"a\":1},\"message\":[1]}");
    receive(&b, "{\"stop\":{}}");
    receive(&b, "{\"delete\":{}}");
    CHECK(b.stops == 2 && b.polls == 1);
    close_bench(&b);
}

static void test_odd_messages(void) {
    static const char *const odd[] = {"",
                                      " ",
                                      "[]",
                                      "null",
                                      "1",
                                      "\"text\"",
                                      "{}",
                                      "{\"\":1}",
                                      "{\"conf",
                                      "{'a'",
                                      "[{}]",
                                      "truex",
                                      "\xef\xbb\xbf{}",
                                      "{\"shortPoll\"",
                                      "\x01\x02\xff"};
    struct bench b;
    open_running(&b);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        receive(&b, odd[i]);
    static const char *const keys[] = {"config",  "getAll",      "custom", "customparams",
                                       "notices", "addnode",     "set",    "installprofile",
                                       "error",   "setLogLevel", "query",  "status",
                                       "command", "customdata"};
    static const char *const values[] = {"null",
                                         "1",
                                         "\"x\"",
                                         "[]",
                                         "{}",
                                         "[null,1,\"x\",[]]",
                                         "true",
                                         "-1e9",
                                         "[[]]",
                                         "[{}]",
                                         "{\"address\":{}}",
                                         "[{\"address\":[],\"error\":1,\"key\":{},\"value\":[1]}]",
                                         "{\"nodes\":{\"a\":1},\"token\":1,\"logLevel\":[]}"};
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
        for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
            char text[200];
            snprintf(text, sizeof text, "{\"%s\":%s}", keys[k], values[v]);
            receive(&b, text);
            turn(&b);
        }
    forget(&b);
    struct node *ctl = nodes_find(b.nodes, "ctl");
    ctl->retry_ms = 0; // a refusal may be among them
    turn(&b);
    added(&b, "ctl");
    node_set(b.nodes, ctl, 1, 99, NULL);
    turn(&b);
    CHECK(times(&b, "\"99.0\"") == 1);
    close_bench(&b);
}

static void test_reconnect(void) {
    struct bench b;
    struct node *ctl = open_running(&b);
    add(&b, "a_1", "ctl");
    turn(&b); // its addnode is under way when the connection breaks
    pg3_down(b.pg3);
    forget(&b);
    for (int i = 1; i <= 50; i++) {
        node_set(b.nodes, ctl, 1, i, NULL);
        turn(&b);
    }
    CHECK(b.count == 0 && !pg3_waiting(b.pg3));
    pg3_up(b.pg3);
    turn(&b);
    CHECK(times(&b, "\"config\"") == 1 && times(&b, "getAll") == 1);
    CHECK(times(&b, "\"value\":\"50.0\"") == 1 && times(&b, "\"value\":\"49.0\"") == 0);
    CHECK(times(&b, "setController") == 1);
    CHECK(times(&b, "\"addnode\":[{\"address\":\"a_1\"") == 1);
    CHECK(times(&b, "\"addnode\":[{\"address\":\"ctl\"") == 0);
    CHECK(b.starts == 1 && b.readies == 1);
    receive(&b, CONFIG_NONE);
    receive(&b, ALL_NONE);
    pass(&b, 10000);
    CHECK(times(&b, "getAll") == 1); // it is answered
    pg3_refresh(b.pg3);              // messages were lost
    turn(&b);
    CHECK(times(&b, "getAll") == 2);
    close_bench(&b);
}

// Nothing goes out before the message in front of it has left; values wait as values, not messages.
static void test_pace(void) {
    struct bench b;
    struct node *ctl = open_running(&b);
    b.slow = true;
    node_set(b.nodes, ctl, 1, 1, NULL);
    turn(&b);
    node_set(b.nodes, ctl, 1, 2, NULL);
    turn(&b);
    node_set(b.nodes, ctl, 1, 3, NULL);
    pg3_event(b.pg3, "ctl", "DON");
    turn(&b);
    CHECK(b.count == 1 && pg3_waiting(b.pg3));
    b.slow = false;
    pg3_sent(b.pg3);
    turn(&b);
    CHECK(b.count == 3 && times(&b, "\"2.0\"") == 0 && times(&b, "\"3.0\"") == 1);
    forget(&b);
    b.deaf = true; // the link refuses: nothing is lost
    node_set(b.nodes, ctl, 1, 4, NULL);
    pg3_event(b.pg3, "ctl", "DOF");
    turn(&b);
    b.deaf = false;
    turn(&b);
    CHECK(times(&b, "DOF") == 1 && times(&b, "\"4.0\"") == 1);
    int events = 0;
    for (int i = 0; i < 200000; i++)
        pg3_event(b.pg3, "ctl", "DON"); // a flood is bounded
    forget(&b);
    while (pg3_waiting(b.pg3) && events < 200000) {
        turn(&b);
        events += occurrences(&b, "DON");
        forget(&b);
    }
    CHECK(events > 10000 && events < 100000);
    close_bench(&b);
}

// Fault: An installation is lost, each of its nodes reports that at once, and PG3 drops most of it.
// Expected: All leave, in order, behind the values of that moment and many in one message; whether
// one was taken is told.
static void test_many_events(void) {
    enum { MANY = 3000 };
    struct bench b;
    struct node *ctl = open_running(&b);
    node_set(b.nodes, ctl, 1, 7, NULL);
    CHECK(pg3_event(b.pg3, "ctl", "DON"));
    CHECK(!pg3_event(b.pg3, "none", "DON"));
    turn(&b);
    CHECK(b.count == 2 && strstr(b.sent[0].text, "\"7.0\"") != NULL);
    CHECK(strcmp(b.sent[1].text, "{\"command\":[{\"address\":\"ctl\",\"cmd\":\"DON\"}]}") == 0);
    forget(&b);
    for (int i = 0; i < MANY; i++)
        CHECK(pg3_event(b.pg3, "ctl", i % 2 == 0 ? "DON" : "DOF"));
    turn(&b);
    CHECK(b.count < 40 && occurrences(&b, "DON") == MANY / 2 && occurrences(&b, "DOF") == MANY / 2);
    for (int i = 0; i < b.count; i++)
        CHECK(strncmp(b.sent[i].text, "{\"command\":[{", 13) == 0);
    pg3_down(b.pg3);
    CHECK(!pg3_event(b.pg3, "ctl", "DON"));
    close_bench(&b);
}

// Fault: PG3 queries thousands of nodes at once, and all answers but some 200 are dropped.
// Expected: Each is answered once, many in one message: PG3 drops what is over 500 messages a
// second.
static void test_many_answers(void) {
    enum { MANY = 3000 };
    static int seen[MANY];
    struct bench b;
    open_running(&b);
    memset(seen, 0, sizeof seen);
    b.slow = true; // the event does not leave, so the answers wait behind it
    pg3_event(b.pg3, "ctl", "DON");
    turn(&b);
    for (int i = 0; i < MANY; i++) {
        char id[16];
        snprintf(id, sizeof id, "r%d", i);
        pg3_report(b.pg3, "ctl", id, true);
    }
    b.slow = false;
    pg3_sent(b.pg3);
    turn(&b);
    pg3_event(b.pg3, "ctl", "DOF");
    turn(&b);
    CHECK(b.count < 40 && times(&b, "DOF") == 1);
    for (int i = 0; i < b.count; i++) {
        CHECK(strlen(b.sent[i].text) < 20000);
        for (const char *at = strstr(b.sent[i].text, "\"r"); at != NULL; at = strstr(at + 1, "\"r"))
            if (at[2] >= '0' && at[2] <= '9')
                seen[strtol(at + 2, NULL, 10) % MANY]++;
    }
    for (int i = 0; i < MANY; i++)
        CHECK(seen[i] == 1);
    close_bench(&b);
}

// Fault: an answer about a node that is gone sends all values of all other nodes once more
// Expected: only the answer goes
static void test_answer_for_a_node_that_is_gone(void) {
    struct bench b;
    open_running(&b);
    pg3_show(b.pg3, "gone", "r1", true);
    turn(&b);
    CHECK(b.count == 1 && times(&b, "\"r1\"") == 1);
    forget(&b);
    pg3_show(b.pg3, "ctl", "r2", true);
    turn(&b);
    CHECK(b.count == 2 && times(&b, "\"GV1\"") == 1 && times(&b, "\"r2\"") == 1);
    close_bench(&b);
}

// Fault: a message that finds no memory is said to be ignored
// Expected: it is told that memory is short and what helps; PG3 is asked for everything again
static void test_message_without_memory(void) {
    struct bench b;
    open_running(&b);
    fail_all = true;
    receive(&b, "{\"shortPoll\":{}}");
    fail_all = false;
    CHECK(b.polls == 0 && strstr(warning, "ignored") == NULL);
    CHECK(strstr(warning, "memory") != NULL && strstr(warning, "free some") != NULL);
    pass(&b, 3000);
    CHECK(times(&b, "\"config\"") == 1 && times(&b, "getAll") == 1);
    close_bench(&b);
}

// Fault: a query is never answered because there was no memory for the answer, unsaid
// Expected: it is told that memory is short and what helps
static void test_answer_without_memory(void) {
    struct bench b;
    open_running(&b);
    warning[0] = '\0';
    fail_all = true;
    pg3_report(b.pg3, "ctl", "r1", true);
    fail_all = false;
    CHECK(strstr(warning, "memory") != NULL && strstr(warning, "free some") != NULL);
    close_bench(&b);
}

// Fault: what the user should see is lost because there was no memory for it, unsaid
// Expected: who gives it is told that it was not taken, and what was there before stays
static void test_texts_without_memory(void) {
    struct bench b;
    open_running(&b);
    CHECK(records_notice(b.r, "n", "before") && records_default(b.r, "temp_unit", "C"));
    fail_all = true;
    CHECK(!records_notice(b.r, "n", "now") && !records_notice(b.r, "other", "x"));
    CHECK(!records_doc(b.r, "<p>") && !records_default(b.r, "vrm_token", ""));
    pg3_turn(b.pg3);
    fail_all = false;
    pass(&b, 3000);
    CHECK(times(&b, "\"plugin_n\":\"before\"") == 1 && times(&b, "other") == 0);
    CHECK(times(&b, "\"temp_unit\":\"C\"") == 1);
    close_bench(&b);
}

// Fault: the answer to installprofile finds no memory: the nodes wait for it a minute
// Expected: the profile is installed once more
static void test_profile_without_memory(void) {
    struct bench b;
    open_running(&b);
    pg3_profile(b.pg3, "another hash");
    turn(&b);
    forget(&b);
    fail_all = true;
    receive(&b, "{\"installprofile\":{\"success\":true}}");
    fail_all = false;
    pass(&b, 3000);
    CHECK(times(&b, "installprofile") == 1);
    receive(&b, "{\"installprofile\":{\"success\":true}}");
    turn(&b);
    CHECK(times(&b, "idata") == 1);
    close_bench(&b);
}

// Fault: a plugin that is stopped right after its start has PG3 install the same profile again
// Expected: the stop waits until PG3 has stored which one it has, as for node.state
static void test_stop_after_installation(void) {
    struct bench b;
    open_bench(&b);
    pg3_up(b.pg3);
    receive(&b, CONFIG_NONE);
    receive(&b, "{\"getAll\":[{\"key\":\"customparams\",\"value\":{}}]}");
    pg3_profile(b.pg3, "hash");
    turn(&b);
    receive(&b, "{\"installprofile\":{\"success\":true}}");
    forget(&b);
    CHECK(pg3_waiting(b.pg3));
    turn(&b);
    CHECK(times(&b, "idata") == 1);
    receive(&b, "{\"set\":[{\"key\":\"idata\",\"success\":true}]}");
    turn(&b);
    CHECK(!pg3_waiting(b.pg3));
    forget(&b);
    pg3_profile(b.pg3, "another");
    receive(&b, "{\"installprofile\":{\"success\":true}}");
    pg3_profile(b.pg3, "hash"); // which PG3 has on record
    receive(&b, "{\"installprofile\":{\"success\":true}}");
    turn(&b);
    CHECK(times(&b, "installprofile") == 2 && times(&b, "idata") == 0);
    close_bench(&b);
}

// Fault: the user is told to save a record anew because there was no memory for it
// Expected: it is told that memory is short; PG3 is asked for everything again
static void test_record_without_memory(void) {
    struct bench b;
    int short_ones = 0;
    open_running(&b);
    for (long number = 1; number < 100; number++) {
        warning[0] = '\0';
        allocations = 0;
        fail_at = number;
        fail_until = number + 2; // Lua tries once more after it has collected
        receive(&b, "{\"custom\":{\"customdata\":\"{\\\"a\\\":[1]}\"}}");
        fail_at = fail_until = -1;
        CHECK(strstr(warning, "understood") == NULL);
        short_ones += strstr(warning, "memory is too short for what PG3 keeps") != NULL;
    }
    CHECK(short_ones > 0);
    pass(&b, 3000);
    CHECK(times(&b, "getAll") == 1);
    close_bench(&b);
}

// Events are for now: what happened while PG3 was away must not start its programs later. Records
// are written once, as they are then.
static void test_away(void) {
    struct bench b;
    open_running(&b);
    pg3_down(b.pg3);
    for (int i = 0; i < 300; i++)
        pg3_event(b.pg3, "ctl", "DON");
    records_save(b.r, "{\"a\":1}");
    records_save(b.r, "{\"a\":2}");
    forget(&b);
    pg3_up(b.pg3);
    turn(&b);
    CHECK(times(&b, "DON") == 0);
    CHECK(times(&b, "\"config\"") == 1 && times(&b, "getAll") == 1);
    receive(&b, ALL_NONE);
    turn(&b);
    CHECK(times(&b, "customdata") == 1 && times(&b, "{\"a\":2}") == 1);
    // What PG3 has not answered when the connection breaks goes again; what it has does not.
    records_notice(b.r, "n", "note");
    turn(&b);
    receive(&b, "{\"set\":[{\"success\":true,\"key\":\"customdata\"}]}");
    pg3_down(b.pg3);
    forget(&b);
    pg3_up(b.pg3);
    receive(&b, ALL_NONE);
    turn(&b);
    CHECK(times(&b, "customdata") == 0 && times(&b, "\"plugin_n\":\"note\"") == 1);
    // One that came and went again is not told.
    receive(&b, "{\"set\":[{\"success\":true,\"key\":\"notices\"}]}");
    forget(&b);
    records_notice(b.r, "m", "in between");
    records_notice(b.r, "m", NULL);
    turn(&b);
    CHECK(times(&b, "notices") == 0);
    // A flood of events before them keeps none of the records away.
    for (int i = 0; i < 300; i++)
        pg3_event(b.pg3, "ctl", "DON");
    records_save(b.r, "{\"a\":9}");
    records_notice(b.r, "n", "note 2");
    int left = 0;
    for (int i = 0; i < 20; i++) {
        forget(&b);
        turn(&b);
        left += times(&b, "{\"a\":9}") + times(&b, "note 2");
    }
    CHECK(left == 2);
    // A record saved at the stop still goes out.
    records_save(b.r, "{\"a\":3}");
    CHECK(pg3_waiting(b.pg3));
    turn(&b);
    CHECK(times(&b, "{\"a\":3}") == 1 && !pg3_waiting(b.pg3));
    // A profile that changed while PG3 was away is installed once.
    pg3_down(b.pg3);
    pg3_profile(b.pg3, "changed");
    pg3_up(b.pg3);
    turn(&b);
    CHECK(times(&b, "installprofile") == 1);
    close_bench(&b);
}

int main(void) {
    loop_set_clock(test_clock);
    log_tee(count_warnings);
    loop = loop_new();
    json = json_new();
    CHECK(loop != NULL && json != NULL);
    test_start();
    test_other_order();
    test_one_in_flight();
    test_many_nodes();
    test_values_in_addnode();
    test_text_is_taken_away();
    test_partly_refused();
    test_one_by_one();
    test_lost_message();
    test_values_meanwhile();
    test_known_flow();
    test_lost_all();
    test_value_of_a_stale_node_refused();
    test_refused_though_known();
    test_errors_of_other_forms();
    test_controller_refused_though_known();
    test_lost_one();
    test_deleted();
    test_deleted_or_not();
    test_remove();
    test_rename();
    test_choices();
    test_late();
    test_leave();
    test_leave_of_another_type();
    test_refused();
    test_value_refused();
    test_seeds();
    test_params();
    test_default_params();
    test_data();
    test_large_data();
    test_early_save();
    test_profile();
    test_profile_that_takes_long();
    test_long_numbers();
    test_record_not_stored();
    test_params_saved_meanwhile();
    test_notices();
    test_doc();
    test_bad_lists();
    test_absent_records();
    test_bad_config();
    test_growing_pauses();
    test_no_pauses_for_who_answers();
    test_list_fails_after_reconnection();
    test_opaque_records();
    test_deep_data();
    test_unreadable_data();
    test_large_config();
    test_large_list();
    test_requests();
    test_custom_request();
    test_control();
    test_odd_messages();
    test_reconnect();
    test_pace();
    test_many_events();
    test_many_answers();
    test_answer_for_a_node_that_is_gone();
    test_message_without_memory();
    test_stop_after_installation();
    test_answer_without_memory();
    test_texts_without_memory();
    test_profile_without_memory();
    test_record_without_memory();
    test_away();
    json_free(json);
    loop_free(loop);
    return check_end();
}
