#include "pg3/pg3.h"
#include "base/log.h"
#include "pg3/pg3_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AREA "pg3"
#define ANSWER_MS 10000     // for configuration and user data; for addnode: then the others go on
#define ANSWER_MORE_MS 4000 // for each further node of an addnode: 40 values of PG3 of 2021
#define ADD_LOST_MS 180000  // an addnode may wait that long in PG3's queue to the ISY
#define RETRY_MS 5000       // first pause after a refused addnode or value; doubles
#define RETRY_MAX_MS 300000
#define FORGIVEN_MS 600000             // without a refusal: the next pause is the first again
#define STARTED_MS 500                 // for the first values, once nodes may be added
#define WAITING_MAX (4u * 1024 * 1024) // bytes that wait for PG3
#define FEW_WAIT 2048u                 // bytes up to which each answer goes as its own message
#define REPORT_FULL 16384u             // bytes of a report message after which the next begins
#define PUSH_MAX 4096u                 // bytes of a message to phones
#define CONNECTION "ST"                // the controller's driver in which PG3x shows the connection
#define MISSED_MS 2000 // from a message that found no memory to the question for everything

struct pg3 *pg3_new(struct loop *l, struct json *json, struct nodes *nodes, const char *version,
                    const struct pg3_link *link, const struct pg3_events *events) {
    struct pg3 *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    p->loop = l;
    p->json = json;
    p->nodes = nodes;
    p->link = *link;
    p->events = *events;
    p->last = &p->first;
    p->records[KEY_NOTICES].changed = true; // takes away what an earlier run left
    snprintf(p->version, sizeof p->version, "%s", version);
    return p;
}

// Forgets what waits: it belongs to a connection that is gone.
static void drop_waiting(struct pg3 *p) {
    while (p->first != NULL) {
        struct pg3_out *next = p->first->next;
        free(p->first);
        p->first = next;
    }
    p->last = &p->first;
    p->waiting = 0;
}

void pg3_free(struct pg3 *p) {
    if (p == NULL) {
        return;
    }
    drop_waiting(p);
    pg3_ask_nothing(p);
    loop_cancel(p->loop, p->gate_timer);
    loop_cancel(p->loop, p->add_timer);
    loop_cancel(p->loop, p->profile_timer);
    loop_cancel(p->loop, p->started_timer);
    loop_cancel(p->loop, p->retry_timer);
    known_free(&p->known);
    pairs_free(&p->params);
    pairs_free(&p->defaults);
    pairs_free(&p->notices);
    pairs_free(&p->foreign_notices);
    free(p->notices_told);
    free(p->data);
    free(p->doc);
    free(p->offer);
    free(p->choices);
    free(p);
}

static size_t cost(const struct pg3_out *out) { return sizeof *out + out->len + 1; }

// There was no memory for a message. PG3 is asked for everything again, as when it was one of its.
// One line for all kinds: the log tells its repetitions in one.
static void tell_shortage(struct pg3 *p) {
    p->missed_ms = loop_now_ms();
    log_error(AREA, "memory is too short for a message to PG3; free some on this machine");
}

// What is not connected gets nothing later: events and answers mean the present, and records are
// marked and written after a connect.
bool pg3_post(struct pg3 *p, const char *kind, const char *text, size_t len, enum pg3_out_way way) {
    if (!p->up) {
        return false;
    }
    if (p->waiting + len >= WAITING_MAX) {
        log_warning(AREA,
                    "a %s message to PG3 was dropped: %zu KiB wait for PG3 already. If this goes "
                    "on, restart PG3.",
                    kind, p->waiting / 1024);
        return false;
    }
    struct pg3_out *out = malloc(sizeof *out + len + 1);
    if (out == NULL) {
        tell_shortage(p);
        return false;
    }
    out->next = NULL;
    out->way = way;
    out->kind = kind;
    out->len = len;
    memcpy(out->text, text, len);
    out->text[len] = '\0';
    *p->last = out;
    p->last = &out->next;
    p->waiting += cost(out);
    return true;
}

bool pg3_post_buf(struct pg3 *p, const char *kind, struct buf *b, enum pg3_out_way way) {
    bool queued = false;
    if (b->starved) {
        tell_shortage(p);
    } else if (b->failed) {
        log_error(AREA, "a %s message to PG3 is too large and was not sent; please report this",
                  kind);
    } else {
        queued = pg3_post(p, kind, buf_text(b), b->len, way);
    }
    buf_free(b);
    return queued;
}

// Start sequence

static void data_late(void *ctx) {
    struct pg3 *p = ctx;
    p->gate_timer = 0;
    pg3_tell_missing(p);
    p->gate = GATE_CONTROLLER;
    p->events.start(p->events.ctx);
}

void pg3_check_gate(struct pg3 *p) {
    if (p->gate != GATE_DATA || !pg3_all_read(p)) {
        return;
    }
    loop_cancel(p->loop, p->gate_timer);
    p->gate_timer = 0;
    p->gate = GATE_CONTROLLER;
    p->events.start(p->events.ctx);
}

void pg3_refresh(struct pg3 *p) { pg3_ask(p, true, true); }

void pg3_up(struct pg3 *p) {
    p->up = true;
    p->sending = false;
    pg3_refresh(p);
    if (p->gate == GATE_DATA && p->gate_timer == 0) {
        p->gate_timer = loop_after(p->loop, ANSWER_MS, data_late, p);
    }
    pg3_install_profile(p); // the answer to an earlier try may be lost
    // What was on its way when the connection broke may be lost: each driver's newest value goes
    // once more.
    nodes_touch(p->nodes);
}

void pg3_down(struct pg3 *p) {
    p->up = false;
    p->sending = false;
    p->controller_set = false;
    drop_waiting(p);
    for (size_t i = 0; i < KEYS; i++) {
        struct pg3_record *r = &p->records[i];
        r->changed = r->changed || r->open;
        r->open = false;
        // Others write these too: what they are after a reconnection is to be read again.
        if (i == KEY_PARAMS || i == KEY_NOTICES || i == KEY_CHOICES) {
            *r = (struct pg3_record){.changed = r->changed};
        }
    }
    free(p->notices_told);
    p->notices_told = NULL;
    pg3_ask_nothing(p);
    loop_cancel(p->loop, p->add_timer);
    loop_cancel(p->loop, p->gate_timer);
    loop_cancel(p->loop, p->profile_timer);
    p->add_timer = p->gate_timer = p->profile_timer = 0;
    p->adding_count = 0;
    p->add_alone = false;
    for (size_t i = 0; i < p->nodes->count; i++) {
        if (p->nodes->all[i]->state == NODE_ADDING) {
            node_is(p->nodes, p->nodes->all[i], NODE_NEW);
        }
    }
}

void pg3_sent(struct pg3 *p) { p->sending = false; }

// Nodes

// Seeds a node that is still to be added from what PG3 has on record of it.
static void recall(struct pg3 *p, struct node *node) {
    if (node->state != NODE_NEW && node->state != NODE_KNOWN) {
        return;
    }
    if (node->state == NODE_NEW) {
        node->retry_ms = 0; // what it waited for is over
    }
    node_is(p->nodes, node, known_seed(&p->known, p->nodes, node) ? NODE_KNOWN : NODE_NEW);
    if (node->state == NODE_KNOWN) {
        node_compare(p->nodes, node);
    }
}

// What PG3x shows there by itself, and does not again if it did before the node was added.
static void show_connected(struct pg3 *p, struct node *node) {
    int driver = node_driver(node, CONNECTION);
    if (driver >= 0) {
        node_set(p->nodes, node, driver, 1, NULL);
    }
}

void pg3_add(struct pg3 *p, struct node *node) {
    if (p->controller[0] == '\0') {
        snprintf(p->controller, sizeof p->controller, "%s", node->address);
        show_connected(p, node);
    }
    recall(p, node);
}

void pg3_hold_nodes(struct pg3 *p, bool on) { p->nodes_held = on; }

// PG3 does not have the node any more. It is added again now, or when its device is back.
static void bring_back(struct pg3 *p, struct node *node, bool now) {
    node_is(p->nodes, node, now ? NODE_NEW : NODE_REFUSED);
    node->retry_ms = now ? 0 : INT64_MAX;
}

static void send_rename(struct pg3 *p, const struct node *node) {
    struct buf b;
    buf_init(&b, 1024);
    buf_puts(&b, "{\"renamenode\":[{\"address\":");
    buf_json(&b, node->address);
    buf_puts(&b, ",\"name\":");
    buf_json(&b, node->name);
    buf_puts(&b, "}]}");
    pg3_post_buf(p, "command", &b, OUT_NOW);
}

// Gives a node its new name, if PG3 lists it under the one it had from us.
static void settle_name(struct pg3 *p, struct node *node, const char *listed) {
    if (node->new_name == NULL) {
        return;
    }
    bool is_users = listed[0] != '\0' && strcmp(listed, node->name) != 0;
    char *new_name = node->new_name;
    node->new_name = NULL;
    if (is_users) {
        log_info(AREA, "The node %s keeps the name that it was given in PG3, %s", node->address,
                 listed);
        free(new_name);
        return;
    }
    free(node->name);
    node->name = new_name;
    log_info(AREA, "The node %s is called %s now, as in VRM", node->address, node->name);
    send_rename(p, node);
}

// One node and PG3's list. True: PG3 had it and does not any more.
static bool compare(struct pg3 *p, struct node *node, bool lost_all) {
    const struct known_node *listed = known_find(&p->known, node->address);
    if (listed != NULL) {
        settle_name(p, node, listed->name);
        if (node->state == NODE_DELETED) {
            node_is(p->nodes, node, NODE_NEW); // it was given back
        }
        recall(p, node);
        return false;
    }
    if (node->state != NODE_LIVE && node->state != NODE_KNOWN) {
        return false;
    }
    bring_back(p, node, lost_all || !node->stale);
    return true;
}

// Without the controller it is the list of a PG3 that lost them all (was restored, for example),
// and all come back. Where single ones are missing, PG3 may not have told that the user deleted the
// node of a device that is gone for good: it waits for its device.
void pg3_nodes_listed(struct pg3 *p) {
    bool lost_all = known_find(&p->known, p->controller) == NULL;
    size_t lost = 0;
    for (size_t i = 0; i < p->nodes->count; i++) {
        lost += compare(p, p->nodes->all[i], lost_all);
    }
    if (lost > 0) {
        log_warning(AREA,
                    "PG3 does not have %zu of the plugin's nodes any more; each is added "
                    "again, now or when its device is back",
                    lost);
    }
}

void pg3_removed(struct pg3 *p, const char *address) {
    struct node *node = nodes_find(p->nodes, address);
    if (node == NULL || node->state == NODE_DELETED) {
        return;
    }
    log_info(AREA, "The node %s was deleted in PG3; Discover adds it again", address);
    node_is(p->nodes, node, NODE_DELETED);
}

void pg3_restore(struct pg3 *p) {
    for (size_t i = 0; i < p->nodes->count; i++) {
        if (p->nodes->all[i]->state == NODE_DELETED) {
            bring_back(p, p->nodes->all[i], !p->nodes->all[i]->stale);
        }
    }
    pg3_ask(p, true, false); // once for many Discovers: the answer may be long
}

bool pg3_rename(struct pg3 *p, struct node *node, const char *name) {
    char *copy = strdup(name);
    if (copy == NULL) {
        return false;
    }
    free(node->new_name);
    node->new_name = copy;
    pg3_ask(p, true, false);
    return true;
}

bool pg3_remove(struct pg3 *p, const char *const *addresses, size_t count) {
    struct buf b;
    buf_init(&b, WIRE_MAX);
    buf_puts(&b, "{\"removenode\":[");
    for (size_t i = 0; i < count; i++) {
        buf_puts(&b, i > 0 ? ",{\"address\":" : "{\"address\":");
        buf_json(&b, addresses[i]);
        buf_puts(&b, "}");
    }
    buf_puts(&b, "]}");
    if (!pg3_post_buf(p, "command", &b, OUT_NOW)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        nodes_remove(p->nodes, addresses[i]);
        known_forget(&p->known, addresses[i]);
    }
    return true;
}

static void start_over(void *ctx) {
    struct pg3 *p = ctx;
    p->started_timer = 0;
    p->started = true;
}

static void open_gate(struct pg3 *p, const char *address) {
    if (p->gate != GATE_CONTROLLER || strcmp(address, p->controller) != 0) {
        return;
    }
    p->gate = GATE_OPEN;
    p->started_timer = loop_after(p->loop, STARTED_MS, start_over, p);
    p->events.ready(p->events.ctx);
}

// PG3x shows the connection on the controller's ST from now on; the 2021 core does so anyway and
// answers this with an error.
static void show_connection(struct pg3 *p) {
    struct buf b;
    buf_init(&b, 256);
    buf_printf(&b, "{\"setController\":{\"node\":\"%s\",\"driver\":\"" CONNECTION "\"}}",
               p->controller);
    p->controller_set = pg3_post_buf(p, "system", &b, OUT_AFTER_START);
}

// Only there so that the loop turns when a node is due.
static void retry_due(void *ctx) { (void)ctx; }

// How long the answer to an addnode of so many nodes is waited for before the others go on.
static int64_t answer_ms(size_t count) { return ANSWER_MS + (int64_t)(count - 1) * ANSWER_MORE_MS; }

// PG3 works down its queue to the ISY, which may take minutes: the answer comes later. Until then
// the nodes have no values and no children; the other nodes go on.
static void add_late(void *ctx) {
    struct pg3 *p = ctx;
    size_t count = p->adding_count;
    p->add_timer = 0;
    p->adding_count = 0;
    p->add_alone = p->add_alone || p->adding_sent > 1;
    log_debug(AREA,
              "PG3 has not answered addnode of %zu nodes in time (%s and on); the others go on",
              count, p->adding[0]);
    loop_after(p->loop, p->add_lost_ms - loop_now_ms() + 1, retry_due, NULL);
    for (size_t i = 0; i < count; i++) {
        open_gate(p, p->adding[i]);
    }
}

// The question or its answer was lost. PG3's list tells which nodes are there; the others are added
// again.
static void check_lost(struct pg3 *p) {
    const struct node *first = NULL;
    size_t lost = 0;
    if (!p->nodes->unsettled) {
        return;
    }
    p->nodes->unsettled = false;
    for (size_t i = 0; i < p->nodes->count; i++) {
        struct node *node = p->nodes->all[i];
        p->nodes->unsettled = p->nodes->unsettled || !node_settled(node);
        if (node->state == NODE_ADDING && node->retry_ms <= loop_now_ms()) {
            first = lost++ == 0 ? node : first;
            node_touch(p->nodes, node); // its values went with it
            pg3_added(p, node->address, NULL);
        }
    }
    if (lost > 0) {
        log_warning(AREA,
                    "PG3 did not answer addnode of %zu nodes (%s and on) within %d minutes; going "
                    "on as if they were there",
                    lost, first->address, ADD_LOST_MS / 60000);
        pg3_ask(p, true, false);
    }
}

// Counts on after a success: a node that is taken may have a value that never is.
static void refuse(struct pg3 *p, struct node *node, enum node_state state) {
    int64_t pause = RETRY_MS, now = loop_now_ms();
    if (now - node->refused_ms > FORGIVEN_MS) {
        node->refusals = 0;
    }
    node->refused_ms = now;
    for (int i = 0; i < node->refusals && pause < RETRY_MAX_MS; i++) {
        pause *= 2;
    }
    node->refusals++;
    node_is(p->nodes, node, state);
    node->retry_ms = now + (pause < RETRY_MAX_MS ? pause : RETRY_MAX_MS);
}

// The answer about a node of the addnode in flight has come, if it is one of those.
static void answered(struct pg3 *p, const char *address) {
    size_t i = 0;
    while (i < p->adding_count && strcmp(p->adding[i], address) != 0) {
        i++;
    }
    if (i == p->adding_count) {
        return;
    }
    p->adding_count--;
    memmove(p->adding[i], p->adding[p->adding_count], sizeof p->adding[i]);
    loop_cancel(p->loop, p->add_timer);
    p->add_timer = p->adding_count > 0 ? loop_after(p->loop, ANSWER_MS, add_late, p) : 0;
}

void pg3_none_added(struct pg3 *p, const char *error) {
    p->add_alone = p->add_alone || (p->adding_count > 0 && p->adding_sent > 1);
    while (p->adding_count > 0) {
        char address[sizeof p->adding[0]];
        memcpy(address, p->adding[p->adding_count - 1], sizeof address);
        pg3_added(p, address, error);
    }
}

void pg3_added(struct pg3 *p, const char *address, const char *error) {
    struct node *node = nodes_find(p->nodes, address);
    answered(p, address);
    if (node == NULL) {
        return;
    }
    if (error != NULL && node->state == NODE_DELETED) {
        return;
    }
    if (error != NULL) {
        refuse(p, node, NODE_REFUSED);
        loop_after(p->loop, node->retry_ms - loop_now_ms() + 1, retry_due, NULL);
        log_warning(AREA, "PG3 refused to add the node %s (%s); trying again in %d s", address,
                    error, (int)((node->retry_ms - loop_now_ms()) / 1000));
        return;
    }
    // Also one that was deleted while its addnode was under way, or refused: the later message
    // counts.
    bool refused = node->state == NODE_REFUSED && node->retry_ms != INT64_MAX;
    if (node->state == NODE_ADDING || node->state == NODE_DELETED || refused) {
        node_is(p->nodes, node, NODE_LIVE);
    }
    if (strcmp(address, p->controller) == 0) {
        p->controller_set = false; // PG3 may have lost that with the node
    }
    open_gate(p, address);
}

void pg3_value_refused(struct pg3 *p, const char *address, const char *driver, const char *error) {
    struct node *node = nodes_find(p->nodes, address);
    if (node == NULL || node->state != NODE_LIVE) {
        return; // told with the first of its values
    }
    log_warning(AREA, "PG3 could not set %s of the node %s (%s); adding the node again", driver,
                address, error);
    // The user may have deleted the node of a device that is gone: it is added again when the
    // device is back. Otherwise the other values go on: PG3 may take them.
    refuse(p, node, node->stale ? NODE_REFUSED : NODE_KNOWN);
    if (node->stale) {
        node->retry_ms = INT64_MAX;
    } else {
        loop_after(p->loop, node->retry_ms - loop_now_ms() + 1, retry_due, NULL);
    }
}

const struct known *pg3_known(const struct pg3 *p) { return &p->known; }

bool pg3_event(struct pg3 *p, const char *address, const char *cmd) {
    const struct node *node = nodes_find(p->nodes, address);
    if (node == NULL || (node->state != NODE_LIVE && node->state != NODE_KNOWN)) {
        return false; // PG3 does not have it yet
    }
    struct buf b;
    buf_init(&b, 512);
    buf_puts(&b, "{\"address\":");
    buf_json(&b, address);
    buf_puts(&b, ",\"cmd\":");
    buf_json(&b, cmd);
    buf_puts(&b, "}");
    return pg3_post_buf(p, "command", &b, OUT_EVENT);
}

bool pg3_push(struct pg3 *p, const char *title, const char *body) {
    struct buf b;
    buf_init(&b, PUSH_MAX);
    buf_puts(&b, "{\"push\":[{\"title\":");
    buf_json(&b, title);
    buf_puts(&b, ",\"body\":");
    buf_json(&b, body);
    buf_puts(&b, "}]}");
    return pg3_post_buf(p, "system", &b, OUT_AFTER_START);
}

void pg3_report(struct pg3 *p, const char *address, const char *request, bool success) {
    if (request[0] == '\0') {
        return;
    }
    struct buf b;
    buf_init(&b, 1024);
    buf_puts(&b, "{\"address\":");
    buf_json(&b, address);
    buf_puts(&b, ",\"requestId\":");
    buf_json(&b, request);
    buf_printf(&b, ",\"success\":\"%s\"}", success ? "success" : "fail");
    pg3_post_buf(p, "status", &b, OUT_ANSWER);
}

void pg3_show(struct pg3 *p, const char *address, const char *request, bool success) {
    struct node *node = nodes_find(p->nodes, address);
    if (node != NULL) {
        node_touch(p->nodes, node);
    } else if (strcmp(address, "all") == 0) {
        nodes_touch(p->nodes);
    }
    pg3_report(p, address, request, success);
}

// Sending

static void send_now(struct pg3 *p, const char *kind, const char *text, size_t len) {
    p->sending = p->link.send(p->link.ctx, kind, text, len);
}

// The oldest that may go now.
static struct pg3_out **next_out(struct pg3 *p) {
    struct pg3_out **at = &p->first;
    while (*at != NULL && (*at)->way == OUT_AFTER_START && !p->started) {
        at = &(*at)->next;
    }
    return at;
}

static void drop(struct pg3 *p, struct pg3_out **at) {
    struct pg3_out *out = *at;
    *at = out->next;
    if (*at == NULL) {
        p->last = at;
    }
    p->waiting -= cost(out);
    free(out);
}

// An answer or event and, if much waits, those right behind it leave as one message: PG3 takes 500
// messages a second and drops what is far beyond.
static void send_elements(struct pg3 *p, struct pg3_out **at) {
    enum pg3_out_way way = (*at)->way;
    const char *head = way == OUT_EVENT ? "{\"command\":[" : "{\"report\":[";
    size_t count = 0, full = p->waiting > FEW_WAIT ? REPORT_FULL : 1;
    struct buf b;
    buf_init(&b, WIRE_MAX);
    for (const struct pg3_out *out = *at; out != NULL && out->way == way && b.len < full;
         out = out->next) {
        buf_puts(&b, count++ > 0 ? "," : head);
        buf_add(&b, out->text, out->len);
    }
    if (buf_puts(&b, "]}")) {
        send_now(p, (*at)->kind, buf_text(&b), b.len);
    }
    buf_free(&b);
    for (; p->sending && count > 0 && *at != NULL; count--) {
        drop(p, at);
    }
}

static void send_waiting(struct pg3 *p) {
    struct pg3_out **at = next_out(p), *out = *at;
    if (out == NULL) {
        return;
    }
    if (out->way == OUT_ANSWER || out->way == OUT_EVENT) {
        send_elements(p, at);
        return;
    }
    send_now(p, out->kind, out->text, out->len);
    if (p->sending) {
        drop(p, at);
    }
}

static bool add_due(const struct pg3 *p, const struct node *node) {
    bool paused = node->state == NODE_REFUSED || node->state == NODE_KNOWN;
    if (paused ? node->retry_ms > loop_now_ms() : node->state != NODE_NEW) {
        return false;
    }
    const struct node *primary = nodes_find(p->nodes, node->primary);
    return primary == node || primary == NULL || primary->state == NODE_LIVE;
}

// -> how many of the nodes that are due go with the next addnode. The controller goes alone: all
// values wait for its answer.
static size_t next_to_add(struct pg3 *p, struct node *due[WIRE_ADD_NODES]) {
    size_t count = 0, most = p->add_alone ? 1 : WIRE_ADD_NODES;
    if (!p->nodes->unsettled || p->gate == GATE_DATA || p->nodes_held || p->adding_count > 0 ||
        p->profile_timer != 0) {
        return 0;
    }
    for (size_t i = 0; i < p->nodes->count && count < most; i++) {
        struct node *node = p->nodes->all[i];
        if (!add_due(p, node)) {
            continue;
        }
        due[count++] = node;
        if (strcmp(node->address, p->controller) == 0) {
            break;
        }
    }
    return count;
}

// The node is on its way to PG3 with what its drivers show; what is left to tell are their texts.
static void is_adding(struct nodes *n, struct node *node, int64_t lost_ms) {
    node_is(n, node, NODE_ADDING);
    node->retry_ms = lost_ms;
    for (size_t i = 0; i < node->type->driver_count; i++) {
        node_told(&node->drivers[i]);
    }
    node_compare(n, node);
}

static void send_addnode(struct pg3 *p) {
    struct node *due[WIRE_ADD_NODES];
    struct buf b;
    buf_init(&b, WIRE_MAX);
    size_t count = wire_addnode(&b, due, next_to_add(p, due));
    if (count > 0) {
        send_now(p, "command", buf_text(&b), b.len);
    }
    buf_free(&b);
    if (!p->sending) {
        return;
    }
    p->add_lost_ms = loop_now_ms() + ADD_LOST_MS;
    for (size_t i = 0; i < count; i++) {
        is_adding(p->nodes, due[i], p->add_lost_ms);
        memcpy(p->adding[i], due[i]->address, sizeof p->adding[i]);
    }
    p->adding_count = p->adding_sent = count;
    p->add_timer = loop_after(p->loop, answer_ms(count), add_late, p);
}

static void send_values(struct pg3 *p) {
    if (p->gate != GATE_OPEN) {
        return;
    }
    struct buf b;
    buf_init(&b, WIRE_MAX);
    bool any = wire_set(&b, p->nodes, p->controller, CONNECTION);
    if (any) {
        send_now(p, "status", buf_text(&b), b.len);
    }
    if (b.failed || (any && !p->sending)) {
        nodes_touch(p->nodes); // it did not leave: everything once more
    }
    buf_free(&b);
}

// Records that are written as a whole wait here, so that several changes of one turn make one
// message.
static void post_records(struct pg3 *p) {
    if (p->gate == GATE_DATA) {
        return;
    }
    // At once, when nothing else waits: what the user saves between our writing this and PG3's
    // reading it is lost.
    if (p->defaults.count > 0 && *next_out(p) == NULL && !p->sending) {
        pg3_write_defaults(p);
    }
    if (!p->started) {
        return;
    }
    pg3_write_changed(p);
    const struct node *controller = nodes_find(p->nodes, p->controller);
    if (p->gate == GATE_OPEN && !p->controller_set && controller->state == NODE_LIVE) {
        show_connection(p);
    }
}

// PG3 tells everything once more, of which something was lost.
static void ask_missed(struct pg3 *p) {
    if (p->missed_ms == 0 || loop_now_ms() < p->missed_ms + MISSED_MS) {
        return;
    }
    p->missed_ms = 0;
    pg3_refresh(p);
    if (p->profile_timer != 0 || p->retry_timer != 0) { // that or its answer may be what was lost
        pg3_install_profile(p);
    }
}

void pg3_turn(struct pg3 *p) {
    if (!p->up) {
        return;
    }
    check_lost(p);
    ask_missed(p);
    post_records(p);
    // Values first: the answer to a query or a status request follows what it reports.
    if (!p->sending) {
        send_values(p);
    }
    if (!p->sending) {
        send_waiting(p);
    }
    if (!p->sending) {
        send_addnode(p);
    }
}

static bool to_be_stored(const struct pg3 *p, enum pg3_key key) {
    return p->records[key].changed && p->records[key].read;
}

bool pg3_connected(const struct pg3 *p) { return p->up; }

bool pg3_waiting(struct pg3 *p) {
    p->started = true; // asked at the stop: nothing may wait any more
    return p->up && (p->sending || p->first != NULL || to_be_stored(p, KEY_DATA) ||
                     to_be_stored(p, KEY_IDATA));
}
