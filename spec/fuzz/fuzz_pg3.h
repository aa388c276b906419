// PG3's protocol with three nodes, for the targets that send it messages.
#ifndef FUZZ_PG3_H
#define FUZZ_PG3_H

#include "../c/records.h"
#include "fuzz.h"
#include "pg3/pg3.h"

struct world {
    struct nodes *nodes;
    struct pg3 *pg3;
    struct records *r;
};

static struct loop *loop;
static struct json *json;    // of the plugin
static struct json *checker; // of what it sends

static void see(lua_State *L, void *ctx) { *(bool *)ctx = lua_type(L, 1) == LUA_TTABLE; }

// Whatever the plugin sends is one JSON object.
static bool link_send(void *ctx, const char *kind, const char *text, size_t len) {
    (void)ctx;
    char error[256];
    bool is_object = false;
    MUST(kind[0] != '\0' && strlen(text) == len);
    MUST(json_read(checker, text, len, see, &is_object, error, sizeof error) && is_object);
    return true;
}

static void add(struct world *w, const char *address) {
    const char *why = "";
    struct node *node = nodes_add(w->nodes, address, "VICX", "Name", "ctl", &why);
    MUST(node != NULL);
    pg3_add(w->pg3, node);
    node_set(w->nodes, node, 1, 12.5, "text");
}

static void on_event(void *ctx, const char *name) {
    if (strcmp(name, "start") == 0) {
        add(ctx, "ctl");
        add(ctx, "a_1");
        add(ctx, "a_2");
    }
}

static void on_query(void *ctx, const char *address, const char *request) {
    struct world *w = ctx;
    pg3_report(w->pg3, address, request, true);
}

static void on_command(void *ctx, const struct pg3_command *c, const char *request) {
    struct world *w = ctx;
    MUST(c->address != NULL && c->cmd != NULL);
    pg3_event(w->pg3, c->address, "DON");
    pg3_report(w->pg3, c->address, request, c->value != NULL && c->uom != NULL && c->query != 0);
}

static void put_driver(struct node_type *t, const char *id, int uom) {
    t->drivers[t->driver_count++] = (struct driver_decl){
        .id = strdup(id), .label = strdup(id), .unit = {uom, 1, 0}, .places = 1};
}

static void world_open(struct world *w) {
    if (loop == NULL) {
        loop = loop_new();
        json = json_new();
        checker = json_new();
    }
    MUST(loop != NULL && json != NULL && checker != NULL);
    *w = (struct world){.nodes = nodes_new()};
    struct node_type *t = node_type_new();
    t->id = strdup("VICX");
    t->drivers = calloc(2, sizeof *t->drivers);
    put_driver(t, "ST", 25);
    put_driver(t, "GV1", 73);
    MUST(nodes_declare(w->nodes, t) == NULL);
    struct pg3_link link = {link_send, w};
    struct pg3_events events = {on_event, on_query, on_command, w};
    w->pg3 = pg3_new(loop, json, w->nodes, "1.2.3", &link, &events);
    w->r = malloc(sizeof *w->r);
    MUST(w->pg3 != NULL && w->r != NULL && records_open(w->r, w->pg3, json));
    pg3_up(w->pg3);
}

// Everything that is to go out does.
static void world_turn(struct world *w) {
    pg3_hurry(w->pg3);
    for (int i = 0; i < 300 && pg3_waiting(w->pg3); i++) {
        pg3_turn(w->pg3);
        pg3_sent(w->pg3);
    }
}

static void world_close(struct world *w) {
    records_close(w->r);
    free(w->r);
    pg3_free(w->pg3);
    nodes_free(w->nodes);
}

#endif
