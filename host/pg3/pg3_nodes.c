// The plugin's nodes at PG3: added, one message in flight; named, removed, and added again where
// PG3 refused or lost them.
#include "base/text.h"
#include "pg3/pg3_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MS 10000     // for addnode: then the others go on
#define ANSWER_MORE_MS 4000 // for each further node of an addnode: 40 values of PG3 of 2021
#define ADD_LOST_MS 180000  // an addnode may wait that long in PG3's queue to the ISY
#define RETRY_MS 5000       // first pause after a refused addnode or value; doubles
#define RETRY_MAX_MS 300000
#define FORGIVEN_MS 600000 // without a refusal: the next pause is the first again

const struct known *pg3_known(const struct pg3 *p) { return &p->known; }

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
    int driver = node_driver(node, PG3_CONNECTION);
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

// What PG3 lists

// PG3 does not have the node any more. It is added again now, or when its device is back.
static void bring_back(struct pg3 *p, struct node *node, bool now) {
    node_is(p->nodes, node, now ? NODE_NEW : NODE_GONE);
}

static void send_rename(struct pg3 *p, const struct node *node) {
    struct buf b;
    buf_init(&b, 1024);
    buf_member(&b, "{\"renamenode\":[{\"address\":", node->address);
    buf_member(&b, ",\"name\":", node->name);
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
        if (node->state == NODE_GONE) {
            node_is(p->nodes, node, NODE_KNOWN); // no more than a value was refused
            node_touch(p->nodes, node);
        } else {
            recall(p, node);
        }
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
    known_forget(&p->known, address);
    node_refused(node, NULL);
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
    if (!text_set(&node->new_name, name)) {
        return false;
    }
    pg3_ask(p, true, false);
    return true;
}

bool pg3_remove(struct pg3 *p, const char *const *addresses, size_t count) {
    struct buf b;
    buf_init(&b, WIRE_MAX);
    buf_puts(&b, "{\"removenode\":[");
    for (size_t i = 0; i < count; i++) {
        buf_member(&b, i > 0 ? ",{\"address\":" : "{\"address\":", addresses[i]);
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

// What PG3 answers

// So that the loop turns when something is due.
static void turn_at(struct pg3 *p, int64_t ms) {
    loop_after(p->loop, ms - loop_now_ms() + 1, NULL, NULL);
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
    turn_at(p, p->add_lost_ms);
    for (size_t i = 0; i < count; i++) {
        pg3_open_gate(p, p->adding[i]);
    }
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
    node_refused(node, error);
    if (error != NULL) {
        bool has_it = known_find(&p->known, address) != NULL; // as it was: it takes values
        refuse(p, node, has_it ? NODE_KNOWN : NODE_REFUSED);
        if (has_it) {
            node_touch(p->nodes, node);
            pg3_open_gate(p, address);
        }
        turn_at(p, node->retry_ms);
        log_warning(AREA, "PG3 refused to add the node %s (%s); trying again in %d s", address,
                    error, (int)((node->retry_ms - loop_now_ms()) / 1000));
        return;
    }
    // Also one that was deleted while its addnode was under way, or refused: the later message
    // counts.
    if (node->state == NODE_ADDING || node->state == NODE_DELETED || node->state == NODE_REFUSED) {
        node_is(p->nodes, node, NODE_LIVE);
    }
    if (strcmp(address, p->controller) == 0) {
        p->controller_set = false; // PG3 may have lost that with the node
    }
    pg3_open_gate(p, address);
}

void pg3_value_refused(struct pg3 *p, const char *address, const char *driver, const char *error) {
    struct node *node = nodes_find(p->nodes, address);
    if (node == NULL || node->state != NODE_LIVE) {
        return; // told with the first of its values
    }
    log_warning(AREA, "PG3 could not set %s of the node %s (%s); %s", driver, address, error,
                node->stale ? "asking whether it has the node" : "adding the node again");
    // The user may have deleted the node of a device that is gone: PG3 says whether it has it.
    // Otherwise the other values go on: PG3 may take them.
    refuse(p, node, node->stale ? NODE_GONE : NODE_KNOWN);
    turn_at(p, node->retry_ms);
    if (node->stale) {
        pg3_ask(p, true, false);
    }
}

void pg3_check_lost(struct pg3 *p) {
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

// What PG3 has on record, of another type perhaps, is told what it shows. Of the others that are
// being added the answer is waited for, as long as the stop may take.
void pg3_leave(struct pg3 *p) {
    if (p == NULL) {
        return;
    }
    pg3_hurry(p);
    p->leaving = true;
    for (size_t i = 0; i < p->nodes->count; i++) {
        struct node *node = p->nodes->all[i];
        bool waits = node->state == NODE_NEW || node->state == NODE_ADDING;
        if (waits && known_find(&p->known, node->address) != NULL) {
            answered(p, node->address);
            node_is(p->nodes, node, NODE_KNOWN);
        }
    }
}

// Adding

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
        p->installing || p->leaving) {
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

void pg3_send_addnode(struct pg3 *p) {
    struct node *due[WIRE_ADD_NODES];
    struct buf b;
    buf_init(&b, WIRE_MAX);
    size_t count = wire_addnode(&b, due, next_to_add(p, due));
    if (count > 0) {
        pg3_send(p, "command", buf_text(&b), b.len);
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
    int64_t ms = ANSWER_MS + (int64_t)(count - 1) * ANSWER_MORE_MS;
    p->add_timer = loop_after(p->loop, ms, add_late, p);
}
