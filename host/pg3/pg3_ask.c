// What PG3 has to tell before its records are written: the configuration and each record are asked
// for until they came well. A record that a list does not have may be new, or PG3 may not be ready
// yet.
#include "pg3/pg3_state.h"

#include <string.h>

#define ASK_FIRST_MS 3000 // doubles
#define ASK_MAX_MS 300000
#define BELIEVED 3 // answers in a row, over nine seconds, with the same text that is no record
#define TELL_MS (4 * ASK_FIRST_MS) // the second repetition was not answered well either

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
        pg3_tell_missing(p);
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

void pg3_ask_nothing(struct pg3 *p) {
    loop_cancel(p->loop, p->ask_timer);
    p->ask_timer = 0;
    p->ask_config = p->ask_all = false;
}

bool pg3_all_read(const struct pg3 *p) {
    bool all = p->have_config;
    for (size_t i = 0; i < KEYS; i++) {
        all = all && p->records[i].read;
    }
    return all;
}

// A PG3 that answers is asked soon the next time, too.
static void all_answered(struct pg3 *p) {
    if (p->ask_config || p->ask_all) {
        return;
    }
    if (p->ask_timer != 0 && p->ask_pause > 2 * ASK_FIRST_MS) {
        loop_cancel(p->loop, p->ask_timer);
        p->ask_timer = loop_after(p->loop, ASK_FIRST_MS, ask_due, p);
    }
    p->ask_pause = ASK_FIRST_MS;
}

// What lists did not have is believed once that is beyond doubt.
void pg3_progress(struct pg3 *p) {
    bool doubt = !p->have_config || (p->known.count > 0 && p->short_list);
    for (size_t i = 0; i < KEYS; i++) {
        if (p->records[i].missing > (doubt ? 1 : 0)) {
            p->records[i].read = true;
        }
    }
    if (p->told_missing && pg3_all_read(p)) {
        log_info(AREA, "PG3 has told everything now");
        p->told_missing = false;
    }
    all_answered(p);
    pg3_check_gate(p);
}

// A text that is no JSON object, told over and over beside records that are good, is what PG3
// keeps: nothing can come in its place but what the plugin writes.
static void give_up_data(struct pg3 *p, const bool listed[KEYS]) {
    struct pg3_record *r = &p->records[KEY_DATA];
    bool others = true;
    for (size_t i = 0; i < KEYS; i++) {
        others = others && (i == KEY_DATA || !(listed[i] && p->records[i].garbled));
    }
    if (!r->read && others && listed[KEY_DATA] && p->bad_data_told >= BELIEVED) {
        r->read = true;
        r->garbled = false;
    }
}

void pg3_all_listed(struct pg3 *p, const bool listed[KEYS], bool whole) {
    bool good = whole;
    p->short_list = false;
    if (whole) {
        give_up_data(p, listed);
    }
    for (size_t i = 0; i < KEYS; i++) {
        struct pg3_record *r = &p->records[i];
        if (listed[i] || r->read) {
            r->missing = 0;
        } else if (whole) {
            r->missing++;
        }
        p->short_list = p->short_list || (i < KEY_DATA && !listed[i] && !r->read);
        good = good && !(listed[i] && r->garbled);
    }
    pg3_progress(p);
    for (size_t i = 0; i < KEYS; i++) {
        good = good && p->records[i].read;
    }
    if (good) {
        p->ask_all = false;
        all_answered(p);
    }
}

// What the log calls them, by their key.
static const char *const names[KEYS] = {"the parameters",
                                        "the notices",
                                        "the configuration page",
                                        "the profile's version",
                                        "the state of device scripts",
                                        "the list of what to show",
                                        "what was chosen to be shown"};

void pg3_tell_missing(struct pg3 *p) {
    struct buf list;
    if (p->told_missing || pg3_all_read(p)) {
        return;
    }
    buf_init(&list, 256);
    if (!p->have_config) {
        buf_puts(&list, "the configuration with the nodes");
    }
    for (size_t i = 0; i < KEYS; i++) {
        if (!p->records[i].read) {
            buf_printf(&list, "%s%s", list.len > 0 ? ", " : "", names[i]);
        }
    }
    log_warning(AREA,
                "PG3 has not told this so that it could be read: %s. The plugin goes on without, "
                "writes none of it over and asks again; if this stays, restart PG3.",
                buf_text(&list));
    buf_free(&list);
    p->told_missing = true;
}
