#include "pg3.h"
#include "log.h"
#include "pg3_state.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AREA "pg3"
#define ANSWER_MS 10000 // for configuration, user data and addnode
#define ASK_AGAIN_MS 30000
#define RETRY_MS 5000 // first pause after a refused addnode or value; doubles
#define RETRY_MAX_MS 300000
#define FORGIVEN_MS 600000 // without a refusal: the next pause is the first again
#define MISSED_MS 2000     // from a message that found no memory to the question for everything
#define CALM_MS 500        // after the start, for messages that may come late
#define WAITING_MAX 200

struct pg3 *pg3_new(struct loop *l, struct json *json, struct nodes *nodes, const char *version,
                    const struct pg3_link *link, const struct pg3_events *events) {
    struct pg3 *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->loop = l;
    p->json = json;
    p->nodes = nodes;
    p->link = *link;
    p->events = *events;
    p->last = &p->first;
    p->notices_record.changed = true; // takes away what an earlier run left
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
    if (p == NULL)
        return;
    drop_waiting(p);
    loop_cancel(p->loop, p->gate_timer);
    loop_cancel(p->loop, p->add_timer);
    loop_cancel(p->loop, p->profile_timer);
    loop_cancel(p->loop, p->calm_timer);
    loop_cancel(p->loop, p->retry_timer);
    known_free(&p->known);
    pairs_free(&p->params);
    pairs_free(&p->defaults);
    pairs_free(&p->notices);
    pairs_free(&p->foreign_notices);
    free(p->notices_told);
    free(p->data);
    free(p->doc);
    free(p);
}

bool pg3_post(struct pg3 *p, const char *kind, const char *text, size_t len, bool late) {
    if (!p->up)
        return false; // events and answers mean the present; records are marked and written after a
                      // connect
    struct pg3_out *out = p->waiting < WAITING_MAX ? malloc(sizeof *out + len + 1) : NULL;
    if (out == NULL) {
        log_warning(AREA, "a %s message to PG3 was dropped: %d are waiting already", kind,
                    WAITING_MAX);
        return false;
    }
    out->next = NULL;
    out->late = late;
    snprintf(out->kind, sizeof out->kind, "%s", kind);
    out->len = len;
    memcpy(out->text, text, len);
    out->text[len] = '\0';
    *p->last = out;
    p->last = &out->next;
    p->waiting++;
    return true;
}

bool pg3_post_buf(struct pg3 *p, const char *kind, struct buf *b, bool late) {
    bool queued = false;
    if (b->starved)
        log_error(AREA, "memory is too short for a %s message to PG3; free some on this machine",
                  kind);
    else if (b->failed)
        log_error(AREA, "a %s message to PG3 was too large and not sent", kind);
    else
        queued = pg3_post(p, kind, buf_text(b), b->len, late);
    buf_free(b);
    return queued;
}

// Start sequence

// A slow PG3 may have missed the question: it is asked again until it answers.
static void ask_again(void *ctx) {
    struct pg3 *p = ctx;
    p->gate_timer = 0;
    if (p->have_config && p->have_custom)
        return;
    pg3_refresh(p);
    p->gate_timer = loop_after(p->loop, ASK_AGAIN_MS, ask_again, p);
}

static void data_late(void *ctx) {
    struct pg3 *p = ctx;
    p->gate_timer = loop_after(p->loop, ASK_AGAIN_MS, ask_again, p);
    log_warning(AREA, "PG3 did not send %s within 10 s; going on without",
                p->have_config ? "the user's data (getAll)" : "the configuration (config)");
    p->gate = GATE_CONTROLLER;
    p->events.start(p->events.ctx);
}

void pg3_check_gate(struct pg3 *p) {
    if (p->gate != GATE_DATA || !p->have_config || !p->have_custom)
        return;
    loop_cancel(p->loop, p->gate_timer);
    p->gate_timer = 0;
    p->gate = GATE_CONTROLLER;
    p->events.start(p->events.ctx);
}

void pg3_refresh(struct pg3 *p) {
    struct buf b;
    buf_init(&b, 256);
    buf_puts(&b, "{\"config\":{\"version\":");
    buf_json(&b, p->version);
    buf_puts(&b, ",\"requestId\":true}}");
    pg3_post_buf(p, "system", &b, false);
    const char *get_all = "{\"getAll\":{}}";
    pg3_post(p, "custom", get_all, strlen(get_all), false);
}

void pg3_up(struct pg3 *p) {
    p->up = true;
    p->sending = false;
    pg3_refresh(p);
    if (p->gate == GATE_DATA && p->gate_timer == 0)
        p->gate_timer = loop_after(p->loop, ANSWER_MS, data_late, p);
    else if (p->gate_timer == 0 && !(p->have_config && p->have_custom))
        p->gate_timer = loop_after(p->loop, ASK_AGAIN_MS, ask_again, p);
    pg3_install_profile(p); // the answer to an earlier try may be lost
    // What was on its way when the connection broke may be lost: each driver's newest value goes
    // once more.
    nodes_touch(p->nodes, NULL);
}

void pg3_down(struct pg3 *p) {
    p->up = false;
    p->sending = false;
    p->controller_set = false;
    drop_waiting(p);
    struct pg3_record *records[] = {&p->notices_record, &p->data_record, &p->doc_record};
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        records[i]->changed = records[i]->changed || records[i]->open;
        records[i]->open = false;
    }
    free(p->notices_told);
    p->notices_told = NULL;
    loop_cancel(p->loop, p->add_timer);
    loop_cancel(p->loop, p->gate_timer);
    loop_cancel(p->loop, p->profile_timer);
    p->add_timer = p->gate_timer = p->profile_timer = 0;
    struct node *node = nodes_find(p->nodes, p->adding);
    if (node != NULL)
        node->state = NODE_NEW;
    p->adding[0] = '\0';
}

void pg3_sent(struct pg3 *p) { p->sending = false; }

// Nodes

void pg3_add(struct pg3 *p, struct node *node) {
    if (p->controller[0] == '\0')
        snprintf(p->controller, sizeof p->controller, "%s", node->address);
    pg3_recall(p, node);
}

void pg3_hold_nodes(struct pg3 *p, bool on) { p->nodes_held = on; }

void pg3_recall(struct pg3 *p, struct node *node) {
    if (node->state != NODE_NEW && node->state != NODE_KNOWN)
        return;
    node->state = known_seed(&p->known, p->nodes, node) ? NODE_KNOWN : NODE_NEW;
    for (size_t i = 0; node->state == NODE_KNOWN && i < node->type->driver_count; i++)
        node->drivers[i].changed = node_news(&node->drivers[i]);
}

static void calm(void *ctx) {
    struct pg3 *p = ctx;
    p->calm_timer = 0;
    p->calm = true;
}

static void open_gate(struct pg3 *p, const char *address) {
    if (p->gate != GATE_CONTROLLER || strcmp(address, p->controller) != 0)
        return;
    p->gate = GATE_OPEN;
    p->calm_timer = loop_after(p->loop, CALM_MS, calm, p);
    p->events.ready(p->events.ctx);
}

// PG3x shows the connection on the controller's ST from now on; the 2021 core does so anyway and
// answers this with an error.
static void show_connection(struct pg3 *p) {
    struct buf b;
    buf_init(&b, 256);
    buf_printf(&b, "{\"setController\":{\"node\":\"%s\",\"driver\":\"ST\"}}", p->controller);
    pg3_post_buf(p, "system", &b, true);
    p->controller_set = true;
}

static void add_late(void *ctx) {
    struct pg3 *p = ctx;
    p->add_timer = 0;
    log_warning(AREA, "PG3 did not answer addnode of %s within 10 s; going on as if it were there",
                p->adding);
    char address[sizeof p->adding];
    memcpy(address, p->adding, sizeof address);
    pg3_added(p, address, NULL);
}

// Counts on after a success: a node that is taken may have a value that never is.
static void refuse(struct node *node, enum node_state state) {
    int64_t pause = RETRY_MS, now = loop_now_ms();
    if (now - node->refused_ms > FORGIVEN_MS)
        node->refusals = 0;
    node->refused_ms = now;
    for (int i = 0; i < node->refusals && pause < RETRY_MAX_MS; i++)
        pause *= 2;
    node->refusals++;
    node->state = state;
    node->retry_ms = now + (pause < RETRY_MAX_MS ? pause : RETRY_MAX_MS);
}

// Only there so that the loop turns when a refused node is due.
static void retry_due(void *ctx) { (void)ctx; }

void pg3_added(struct pg3 *p, const char *address, const char *error) {
    struct node *node = nodes_find(p->nodes, address);
    if (strcmp(address, p->adding) == 0) {
        p->adding[0] = '\0';
        loop_cancel(p->loop, p->add_timer);
        p->add_timer = 0;
    }
    if (node == NULL)
        return;
    if (error != NULL) {
        refuse(node, NODE_REFUSED);
        loop_after(p->loop, node->retry_ms - loop_now_ms() + 1, retry_due, NULL);
        log_warning(AREA, "PG3 refused to add the node %s (%s); trying again in %d s", address,
                    error, (int)((node->retry_ms - loop_now_ms()) / 1000));
        return;
    }
    if (node->state == NODE_ADDING)
        node->state = NODE_LIVE;
    open_gate(p, address);
}

void pg3_value_refused(struct pg3 *p, const char *address, const char *driver, const char *error) {
    struct node *node = nodes_find(p->nodes, address);
    if (node == NULL || node->state != NODE_LIVE)
        return; // told with the first of its values
    log_warning(AREA, "PG3 could not set %s of the node %s (%s); adding the node again", driver,
                address, error);
    // The user may have deleted the node of a device that is gone: it is added again when the
    // device is back. Otherwise the other values go on: PG3 may take them.
    refuse(node, node->stale ? NODE_REFUSED : NODE_KNOWN);
    if (node->stale)
        node->retry_ms = INT64_MAX;
    else
        loop_after(p->loop, node->retry_ms - loop_now_ms() + 1, retry_due, NULL);
}

const struct known *pg3_known(const struct pg3 *p) { return &p->known; }

void pg3_event(struct pg3 *p, const char *address, const char *cmd) {
    const struct node *node = nodes_find(p->nodes, address);
    if (node == NULL || (node->state != NODE_LIVE && node->state != NODE_KNOWN))
        return; // PG3 does not have it yet
    struct buf b;
    buf_init(&b, 512);
    buf_puts(&b, "{\"command\":[{\"address\":");
    buf_json(&b, address);
    buf_puts(&b, ",\"cmd\":");
    buf_json(&b, cmd);
    buf_puts(&b, "}]}");
    pg3_post_buf(p, "command", &b, false);
}

void pg3_report(struct pg3 *p, const char *address, const char *request, bool success) {
    if (request[0] == '\0')
        return;
    struct buf b;
    buf_init(&b, 1024);
    buf_puts(&b, "{\"report\":[{\"address\":");
    buf_json(&b, address);
    buf_puts(&b, ",\"requestId\":");
    buf_json(&b, request);
    buf_printf(&b, ",\"success\":\"%s\"}]}", success ? "success" : "fail");
    pg3_post_buf(p, "status", &b, false);
}

// Sending

static void send_now(struct pg3 *p, const char *kind, const char *text, size_t len) {
    p->sending = p->link.send(p->link.ctx, kind, text, len);
}

// The oldest that may go now.
static struct pg3_out **next_out(struct pg3 *p) {
    struct pg3_out **at = &p->first;
    while (*at != NULL && (*at)->late && !p->calm)
        at = &(*at)->next;
    return at;
}

static void send_waiting(struct pg3 *p) {
    struct pg3_out **at = next_out(p), *out = *at;
    if (out == NULL)
        return;
    send_now(p, out->kind, out->text, out->len);
    if (!p->sending)
        return;
    *at = out->next;
    if (*at == NULL)
        p->last = at;
    p->waiting--;
    free(out);
}

static bool add_due(const struct pg3 *p, const struct node *node) {
    bool paused = node->state == NODE_REFUSED || node->state == NODE_KNOWN;
    if (paused ? node->retry_ms > loop_now_ms() : node->state != NODE_NEW)
        return false;
    const struct node *primary = nodes_find(p->nodes, node->primary);
    return primary == node || primary == NULL || primary->state == NODE_LIVE;
}

static struct node *next_to_add(struct pg3 *p) {
    if (p->gate == GATE_DATA || p->nodes_held || p->adding[0] != '\0' || p->profile_timer != 0)
        return NULL;
    for (size_t i = 0; i < p->nodes->count; i++)
        if (add_due(p, p->nodes->all[i]))
            return p->nodes->all[i];
    return NULL;
}

static void send_addnode(struct pg3 *p, struct node *node) {
    struct buf b;
    buf_init(&b, WIRE_MAX);
    if (wire_addnode(&b, node))
        send_now(p, "command", buf_text(&b), b.len);
    buf_free(&b);
    if (!p->sending)
        return;
    node->state = NODE_ADDING;
    for (size_t i = 0; i < node->type->driver_count; i++)
        node->drivers[i].changed = node_news(&node->drivers[i]);
    memcpy(p->adding, node->address, sizeof p->adding);
    p->add_timer = loop_after(p->loop, ANSWER_MS, add_late, p);
}

static void send_values(struct pg3 *p) {
    if (p->gate != GATE_OPEN)
        return;
    struct buf b;
    buf_init(&b, WIRE_MAX);
    bool any = wire_set(&b, p->nodes, p->controller, "ST");
    if (any)
        send_now(p, "status", buf_text(&b), b.len);
    if (any && !p->sending)
        nodes_touch(p->nodes, NULL); // it did not leave: everything once more
    buf_free(&b);
}

// Records that are written as a whole wait here, so that several changes of one turn make one
// message.
static void post_records(struct pg3 *p) {
    if (p->gate == GATE_DATA)
        return;
    // At once, when nothing else waits: what the user saves between our writing this and PG3's
    // reading it is lost.
    if (p->defaults.count > 0 && *next_out(p) == NULL && !p->sending)
        pg3_write_defaults(p);
    if (!p->calm)
        return;
    pg3_write_changed(p);
    if (p->gate == GATE_OPEN && !p->controller_set)
        show_connection(p);
}

// PG3 tells everything once more, of which something was lost.
static void ask_missed(struct pg3 *p) {
    if (p->missed_ms == 0 || loop_now_ms() < p->missed_ms + MISSED_MS)
        return;
    p->missed_ms = 0;
    pg3_refresh(p);
}

void pg3_turn(struct pg3 *p) {
    if (!p->up)
        return;
    ask_missed(p);
    post_records(p);
    // Values first: the answer to a query or a status request follows what it reports.
    if (!p->sending)
        send_values(p);
    if (!p->sending)
        send_waiting(p);
    struct node *node = p->sending ? NULL : next_to_add(p);
    if (node != NULL)
        send_addnode(p, node);
}

bool pg3_waiting(struct pg3 *p) {
    p->calm = true; // asked at the stop: nothing may wait any more
    return p->up && (p->sending || p->first != NULL || (p->data_record.changed && p->have_custom));
}
