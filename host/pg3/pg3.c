#include "pg3/pg3.h"
#include "base/list.h"
#include "pg3/pg3_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MS 10000                // for configuration and user data
#define STARTED_MS 500                 // for the first values, once nodes may be added
#define WAITING_MAX (4u * 1024 * 1024) // bytes that wait for PG3
#define FEW_WAIT 2048u                 // bytes up to which each answer goes as its own message
#define REPORT_FULL 16384u             // bytes of a report message after which the next begins
#define PUSH_MAX 4096u                 // bytes of a message to phones
#define ASK_FIRST_MS 3000              // doubles
#define ASK_MAX_MS 300000
#define TELL_MS (4 * ASK_FIRST_MS) // the second repetition was not answered well either
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
    snprintf(p->version, sizeof p->version, "%s", version);
    return p;
}

// Forgets what waits: it belongs to a connection that is gone.
static void drop_waiting(struct pg3 *p) {
    list_free(p->first);
    p->first = NULL;
    p->last = &p->first;
    p->waiting = 0;
}

// Nobody answers any more.
static void stop_asking(struct pg3 *p) {
    loop_cancel(p->loop, p->ask_timer);
    loop_cancel(p->loop, p->add_timer);
    loop_cancel(p->loop, p->gate_timer);
    p->ask_timer = p->add_timer = p->gate_timer = 0;
    p->ask_config = p->ask_all = p->installing = false;
}

void pg3_free(struct pg3 *p) {
    if (p == NULL) {
        return;
    }
    drop_waiting(p);
    stop_asking(p);
    loop_cancel(p->loop, p->started_timer);
    loop_cancel(p->loop, p->late_timer);
    loop_cancel(p->loop, p->again_timer);
    known_free(&p->known);
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

static void data_is_there(struct pg3 *p) {
    loop_cancel(p->loop, p->gate_timer);
    p->gate_timer = 0;
    p->gate = GATE_CONTROLLER;
    p->events.event(p->events.ctx, "start");
}

static void data_late(void *ctx) {
    pg3_tell(ctx, "late", NULL, NULL);
    data_is_there(ctx);
}

// Asking

static void send_questions(struct pg3 *p) {
    if (p->ask_config) {
        struct buf b;
        buf_init(&b, 256);
        buf_member(&b, "{\"config\":{\"version\":", p->version);
        buf_puts(&b, ",\"requestId\":true}}");
        pg3_post_buf(p, "system", &b, OUT_NOW);
    }
    if (p->ask_all) {
        const char *get_all = "{\"getAll\":{}}";
        pg3_post(p, "custom", get_all, strlen(get_all), OUT_NOW);
    }
}

static void ask_due(void *ctx) {
    struct pg3 *p = ctx;
    p->ask_timer = 0;
    if (!p->ask_config && !p->ask_all) {
        p->ask_pause = 0;
        return;
    }
    if (p->ask_pause >= TELL_MS) {
        pg3_tell(p, "late", NULL, NULL);
    }
    send_questions(p);
    p->ask_timer = loop_after(p->loop, p->ask_pause, ask_due, p);
    p->ask_pause = p->ask_pause * 2 < ASK_MAX_MS ? p->ask_pause * 2 : ASK_MAX_MS;
}

void pg3_ask(struct pg3 *p, bool config, bool all) {
    if (!p->up) {
        return; // all is asked for after a connect
    }
    p->ask_config = p->ask_config || config;
    p->ask_all = p->ask_all || all;
    if (p->ask_timer != 0) {
        return; // it goes with the next ones: a PG3 in trouble is not asked faster
    }
    p->ask_pause = ASK_FIRST_MS;
    ask_due(p);
}

// A PG3 that answers is asked soon the next time, too.
void pg3_answered(struct pg3 *p, bool config, bool all) {
    p->ask_config = p->ask_config && !config;
    p->ask_all = p->ask_all && !all;
    if (p->ask_config || p->ask_all) {
        return;
    }
    if (p->ask_timer != 0 && p->ask_pause > 2 * ASK_FIRST_MS) {
        loop_cancel(p->loop, p->ask_timer);
        p->ask_timer = loop_after(p->loop, ASK_FIRST_MS, ask_due, p);
    }
    p->ask_pause = ASK_FIRST_MS;
}

void pg3_progress(struct pg3 *p) {
    pg3_answered(p, false, false);
    if (p->gate == GATE_DATA && p->have_config && p->all_read) {
        data_is_there(p);
    }
}

void pg3_missed(struct pg3 *p) { p->missed_ms = loop_now_ms(); }

void pg3_profile(struct pg3 *p, const char *hash) { pg3_tell(p, "profile", hash, NULL); }

void pg3_refresh(struct pg3 *p) { pg3_ask(p, true, true); }

void pg3_up(struct pg3 *p) {
    p->up = true;
    p->sending = false;
    pg3_refresh(p);
    if (p->gate == GATE_DATA && p->gate_timer == 0) {
        p->gate_timer = loop_after(p->loop, ANSWER_MS, data_late, p);
    }
    pg3_tell(p, "up", NULL, NULL);
    // What was on its way when the connection broke may be lost: each driver's newest value goes
    // once more.
    nodes_touch(p->nodes);
}

void pg3_down(struct pg3 *p) {
    p->up = false;
    p->sending = false;
    p->controller_set = false;
    drop_waiting(p);
    stop_asking(p);
    pg3_tell(p, "down", NULL, NULL);
    p->adding_count = 0;
    p->add_alone = false;
    for (size_t i = 0; i < p->nodes->count; i++) {
        if (p->nodes->all[i]->state == NODE_ADDING) {
            node_is(p->nodes, p->nodes->all[i], NODE_NEW);
        }
    }
}

void pg3_sent(struct pg3 *p) { p->sending = false; }

static void start_over(void *ctx) {
    struct pg3 *p = ctx;
    p->started_timer = 0;
    p->started = true;
}

void pg3_open_gate(struct pg3 *p, const char *address) {
    if (p->gate != GATE_CONTROLLER || strcmp(address, p->controller) != 0) {
        return;
    }
    p->gate = GATE_OPEN;
    p->started_timer = loop_after(p->loop, STARTED_MS, start_over, p);
    p->events.event(p->events.ctx, "ready");
}

// PG3x shows the connection on the controller's ST from now on; the 2021 core does so anyway and
// answers this with an error.
static void show_connection(struct pg3 *p) {
    struct buf b;
    buf_init(&b, 256);
    buf_printf(&b, "{\"setController\":{\"node\":\"%s\",\"driver\":\"" PG3_CONNECTION "\"}}",
               p->controller);
    p->controller_set = pg3_post_buf(p, "system", &b, OUT_AFTER_START);
}

bool pg3_event(struct pg3 *p, const char *address, const char *cmd) {
    const struct node *node = nodes_find(p->nodes, address);
    if (node == NULL || (node->state != NODE_LIVE && node->state != NODE_KNOWN)) {
        return false; // PG3 does not have it yet
    }
    struct buf b;
    buf_init(&b, 512);
    buf_member(&b, "{\"address\":", address);
    buf_member(&b, ",\"cmd\":", cmd);
    buf_puts(&b, "}");
    return pg3_post_buf(p, "command", &b, OUT_EVENT);
}

bool pg3_push(struct pg3 *p, const char *title, const char *body) {
    struct buf b;
    buf_init(&b, PUSH_MAX);
    buf_member(&b, "{\"push\":[{\"title\":", title);
    buf_member(&b, ",\"body\":", body);
    buf_puts(&b, "}]}");
    return pg3_post_buf(p, "system", &b, OUT_AFTER_START);
}

void pg3_report(struct pg3 *p, const char *address, const char *request, bool success) {
    if (request[0] == '\0') {
        return;
    }
    struct buf b;
    buf_init(&b, 1024);
    buf_member(&b, "{\"address\":", address);
    buf_member(&b, ",\"requestId\":", request);
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

void pg3_send(struct pg3 *p, const char *kind, const char *text, size_t len) {
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
        pg3_send(p, (*at)->kind, buf_text(&b), b.len);
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
    pg3_send(p, out->kind, out->text, out->len);
    if (p->sending) {
        drop(p, at);
    }
}

static void send_values(struct pg3 *p) {
    if (p->gate != GATE_OPEN) {
        return;
    }
    struct buf b;
    buf_init(&b, WIRE_MAX);
    bool any = wire_set(&b, p->nodes, p->controller, PG3_CONNECTION);
    if (any) {
        pg3_send(p, "status", buf_text(&b), b.len);
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
    if (p->defaults_due && *next_out(p) == NULL && !p->sending) {
        pg3_tell(p, "write_defaults", NULL, NULL);
    }
    if (!p->started) {
        return;
    }
    if (p->records_due) {
        pg3_tell(p, "write", NULL, NULL);
    }
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
    pg3_tell(p, "missed", NULL, NULL);
}

void pg3_turn(struct pg3 *p) {
    if (!p->up) {
        return;
    }
    pg3_check_lost(p);
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
        pg3_send_addnode(p);
    }
}

bool pg3_connected(const struct pg3 *p) { return p->up; }

void pg3_hurry(struct pg3 *p) { p->started = true; }

bool pg3_waiting(const struct pg3 *p) {
    if (p == NULL) {
        return false;
    }
    bool unanswered = p->leaving && p->adding_count > 0;
    return p->up && (p->sending || p->first != NULL || unanswered || p->kept_due);
}
