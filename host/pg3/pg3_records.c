// What PG3 keeps for the user and the plugin: parameters, notices, the plugin's own record, the
// profile.
#include "base/hash.h"
#include "base/text.h"
#include "pg3/pg3_state.h"

#include <stdio.h>
#include <string.h>

#define PROFILE_MS 60000 // the ISY takes its time over a profile
#define PROFILE_AGAIN_MS 300000
#define NOTICES_MAX 50

const struct pairs *pg3_params(const struct pg3 *p) { return &p->params; }

// Appends the value of a record that is written as a whole.
static void add_value(const struct pg3 *p, enum pg3_key key, struct buf *b) {
    static const struct pairs none;
    switch (key) {
    case KEY_PARAMS:
        pairs_write(&p->params, &none, b);
        break;
    case KEY_NOTICES: // PG3's own go along, or they would be gone
        pairs_write(&p->foreign_notices, &p->notices, b);
        break;
    case KEY_DOC:
        buf_json(b, p->doc);
        break;
    case KEY_IDATA:
        buf_printf(b, "{\"profile_version\":\"%s\"}", p->installed);
        break;
    case KEY_DATA:
        buf_puts(b, p->data);
        break;
    case KEY_OFFER:
        buf_puts(b, p->offer);
        break;
    case KEY_CHOICES: // the user's
    case KEYS:
        break;
    }
}

// False: it is to be tried again.
static bool write_record(struct pg3 *p, enum pg3_key key, enum pg3_out_way way) {
    struct buf b;
    if (key == KEY_NOTICES && p->foreign_notices.opaque) {
        return false; // what cannot be written back would be lost
    }
    buf_init(&b, WIRE_MAX);
    buf_printf(&b, "{\"set\":[{\"key\":\"%s\",\"value\":", pg3_key_name(key));
    add_value(p, key, &b);
    buf_puts(&b, "}]}");
    uint64_t hash = key == KEY_NOTICES ? hash_more(HASH_START, buf_text(&b), b.len) : 0;
    if (hash != 0 && hash == p->notices_told) { // one came and went again
        buf_free(&b);
        return true;
    }
    if (!pg3_post_buf(p, "custom", &b, way)) {
        return false;
    }
    if (key == KEY_NOTICES) {
        p->notices_told = hash;
    } else if (key == KEY_IDATA) {
        memcpy(p->remembered, p->installed, sizeof p->remembered);
    }
    return true;
}

// Writes the defaults the user's parameters lack, once: what PG3 echoes holds them already.
void pg3_write_defaults(struct pg3 *p) {
    bool added = false;
    if (!p->records[KEY_PARAMS].read || p->params.opaque) {
        return;
    }
    for (size_t i = 0; i < p->defaults.count; i++) {
        const struct pair *wanted = &p->defaults.all[i];
        if (pairs_get(&p->params, wanted->key) != NULL) {
            continue;
        }
        if (!pairs_set(&p->params, wanted->key, wanted->value)) {
            return; // the next turn goes on
        }
        added = true;
    }
    pairs_free(&p->defaults);
    if (added) {
        write_record(p, KEY_PARAMS, OUT_NOW);
    }
}

bool pg3_params_told(const struct pg3 *p) { return p->records[KEY_PARAMS].read; }

bool pg3_default_param(struct pg3 *p, const char *name, const char *value) {
    return pairs_set(&p->defaults, name, value);
}

const char *pg3_data(const struct pg3 *p) { return p->data; }

const char *pg3_unreadable(const struct pg3 *p) {
    return p->records[KEY_DATA].read ? p->bad_data : NULL;
}

bool pg3_save(struct pg3 *p, const char *json_text) {
    if (!p->records[KEY_DATA].read || !text_set(&p->data, json_text)) {
        return false;
    }
    text_set(&p->bad_data, NULL);
    p->records[KEY_DATA].changed = true;
    return true;
}

bool pg3_saved(const struct pg3 *p) {
    const struct pg3_record *r = &p->records[KEY_DATA];
    return p->up && r->read && !r->changed && !r->open && !r->refused;
}

// Holds a text that is to be written, unless it is the one that is held. False: memory is short.
static bool hold(struct pg3 *p, enum pg3_key key, char **held, const char *text) {
    if (*held != NULL && strcmp(*held, text) == 0) {
        return true;
    }
    if (!text_set(held, text)) {
        return false;
    }
    p->records[key].changed = true;
    return true;
}

bool pg3_offer(struct pg3 *p, const char *json_text) {
    return hold(p, KEY_OFFER, &p->offer, json_text);
}

const char *pg3_choices(const struct pg3 *p) { return p->choices; }

bool pg3_notice(struct pg3 *p, const char *key, const char *html) {
    char own[128];
    snprintf(own, sizeof own, PG3_NOTICE_PREFIX "%s", key);
    if (html != NULL && p->notices.count >= NOTICES_MAX && pairs_get(&p->notices, own) == NULL) {
        log_warning(AREA, "there are %d notices already; one more is not shown", NOTICES_MAX);
        return true;
    }
    if (pairs_has(&p->notices, own, html)) {
        return true;
    }
    p->records[KEY_NOTICES].changed = true;
    return pairs_set(&p->notices, own, html);
}

bool pg3_doc(struct pg3 *p, const char *html) { return hold(p, KEY_DOC, &p->doc, html); }

void pg3_write_changed(struct pg3 *p) {
    for (size_t key = 0; key < KEYS; key++) {
        struct pg3_record *r = &p->records[key];
        // What PG3 keeps is not written over before it was read.
        if (r->changed && r->read && write_record(p, (enum pg3_key)key, OUT_AFTER_START)) {
            r->changed = false;
            r->open = true;
        }
    }
}

void pg3_stored(struct pg3 *p, enum pg3_key key, const char *name, const char *error) {
    if (error != NULL) {
        log_warning(AREA, "PG3 did not store %s (%s)", name, error);
    }
    if (key < KEYS) {
        p->records[key].open = false;
        p->records[key].refused = error != NULL;
    }
}

// Profile

static void profile_failed(struct pg3 *p, const char *why);

static void profile_late(void *ctx) {
    struct pg3 *p = ctx;
    p->profile_timer = 0;
    profile_failed(p, "no answer within 60 s");
}

void pg3_install_profile(struct pg3 *p) {
    if (!p->up || p->profile_hash[0] == '\0' || strcmp(p->profile_hash, p->installed) == 0) {
        return;
    }
    const char *install = "{\"installprofile\":{\"reboot\":false}}";
    loop_cancel(p->loop, p->profile_timer);
    p->profile_timer = 0;
    if (pg3_post(p, "system", install, strlen(install), OUT_NOW)) {
        p->profile_timer = loop_after(p->loop, PROFILE_MS, profile_late, p);
    } else {
        profile_failed(p, "too many messages wait");
    }
}

static void profile_again(void *ctx) {
    struct pg3 *p = ctx;
    p->retry_timer = 0;
    if (p->up && p->profile_timer == 0) {
        pg3_install_profile(p);
    }
}

static void profile_failed(struct pg3 *p, const char *why) {
    log_error(
        AREA,
        "PG3 could not install the profile (%s); nodes may look wrong. Trying again in %d minutes.",
        why, PROFILE_AGAIN_MS / 60000);
    loop_cancel(p->loop, p->retry_timer);
    p->retry_timer = loop_after(p->loop, PROFILE_AGAIN_MS, profile_again, p);
}

void pg3_profile(struct pg3 *p, const char *hash) {
    snprintf(p->profile_hash, sizeof p->profile_hash, "%s", hash);
    pg3_install_profile(p);
}

void pg3_installed(struct pg3 *p, const char *error) {
    if (p->profile_timer == 0) {
        return;
    }
    loop_cancel(p->loop, p->profile_timer);
    p->profile_timer = 0;
    if (error != NULL) {
        profile_failed(p, error);
        return;
    }
    snprintf(p->installed, sizeof p->installed, "%s", p->profile_hash);
    log_info(AREA, "PG3 installed the profile; an Admin Console that is open must be reopened");
    p->records[KEY_IDATA].changed = strcmp(p->installed, p->remembered) != 0;
}
