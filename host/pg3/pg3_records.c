// What PG3 keeps for the user and the plugin: parameters, notices, the plugin's own record, the
// profile.
#include "base/log.h"
#include "pg3/pg3_state.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AREA "pg3"
#define PROFILE_MS 60000 // the ISY takes its time over a profile
#define PROFILE_AGAIN_MS 300000
#define NOTICES_MAX 50

bool pg3_param(const struct pg3 *p, size_t i, const char **name, const char **value) {
    if (i >= p->params.count) {
        return false;
    }
    *name = p->params.all[i].key;
    *value = p->params.all[i].value;
    return true;
}

static void write_pairs(struct buf *b, const char *key, const struct pairs *pairs) {
    buf_init(b, WIRE_MAX);
    buf_printf(b, "{\"set\":[{\"key\":\"%s\",\"value\":", key);
    pairs_write(pairs, b);
    buf_puts(b, "}]}");
}

// "VRM Token" stands for vrm_token: people write names their own way.
static char fold(char c) {
    if (c == ' ' || c == '-') {
        return '_';
    }
    return (char)tolower((unsigned char)c);
}

static bool same_name(const char *typed, const char *name) {
    typed += strspn(typed, " \t\r\n");
    while (*name != '\0' && fold(*typed) == *name) {
        typed++;
        name++;
    }
    return *name == '\0' && typed[strspn(typed, " \t\r\n")] == '\0';
}

static bool has_param(const struct pg3 *p, const char *name) {
    for (size_t i = 0; i < p->params.count; i++) {
        if (same_name(p->params.all[i].key, name)) {
            return true;
        }
    }
    return false;
}

// Writes the defaults the user's parameters lack, once: what PG3 echoes holds them already.
void pg3_write_defaults(struct pg3 *p) {
    bool added = false;
    if (!p->records[KEY_PARAMS].read || p->params.opaque) {
        return;
    }
    for (size_t i = 0; i < p->defaults.count; i++) {
        if (!has_param(p, p->defaults.all[i].key)) {
            if (!pairs_set(&p->params, p->defaults.all[i].key, p->defaults.all[i].value)) {
                return; // the next turn goes on
            }
            added = true;
        }
    }
    pairs_free(&p->defaults);
    if (!added) {
        return;
    }
    struct buf b;
    write_pairs(&b, "customparams", &p->params);
    pg3_post_buf(p, "custom", &b, OUT_NOW);
}

bool pg3_default_param(struct pg3 *p, const char *name, const char *value) {
    return pairs_set(&p->defaults, name, value);
}

void pg3_params_read(struct pg3 *p, struct pairs *fresh) {
    bool same = pairs_equal(fresh, &p->params);
    pairs_free(&p->params);
    p->params = *fresh;
    if (!same) {
        p->events.params(p->events.ctx);
    }
}

const char *pg3_data(const struct pg3 *p) { return p->data; }

const char *pg3_unreadable(const struct pg3 *p) {
    return p->records[KEY_DATA].read ? p->bad_data : NULL;
}

static bool post_value(struct pg3 *p, const char *key, const char *json_text) {
    struct buf b;
    buf_init(&b, WIRE_MAX);
    buf_printf(&b, "{\"set\":[{\"key\":\"%s\",\"value\":", key);
    buf_puts(&b, json_text);
    buf_puts(&b, "}]}");
    return pg3_post_buf(p, "custom", &b, OUT_AFTER_START);
}

bool pg3_save(struct pg3 *p, const char *json_text) {
    char *copy = p->records[KEY_DATA].read ? strdup(json_text) : NULL;
    if (copy == NULL) {
        return false;
    }
    free(p->data);
    free(p->bad_data);
    p->data = copy;
    p->bad_data = NULL;
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
    char *copy = strdup(text);
    if (copy == NULL) {
        return false;
    }
    free(*held);
    *held = copy;
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

// A set replaces the whole record, so PG3's own notices go along. One that came and went again
// changes nothing.
static bool write_notices(struct pg3 *p) {
    struct pairs all = {0};
    struct buf b;
    bool whole = true;
    if (p->foreign_notices.opaque) {
        return false; // it would be lost
    }
    for (size_t i = 0; i < p->foreign_notices.count; i++) {
        whole = pairs_set(&all, p->foreign_notices.all[i].key, p->foreign_notices.all[i].value) &&
                whole;
    }
    for (size_t i = 0; i < p->notices.count; i++) {
        whole = pairs_set(&all, p->notices.all[i].key, p->notices.all[i].value) && whole;
    }
    if (!whole) {
        pairs_free(&all);
        return false;
    }
    write_pairs(&b, "notices", &all);
    pairs_free(&all);
    if (p->notices_told != NULL && strcmp(p->notices_told, buf_text(&b)) == 0) {
        buf_free(&b);
        return true;
    }
    char *told = strdup(buf_text(&b));
    bool queued = pg3_post_buf(p, "custom", &b, OUT_AFTER_START);
    free(queued ? p->notices_told : told);
    if (queued) {
        p->notices_told = told;
    }
    return queued;
}

static bool write_data(struct pg3 *p) { return post_value(p, "customdata", p->data); }

static bool write_offer(struct pg3 *p) { return post_value(p, "customtypedparams", p->offer); }

static bool write_doc(struct pg3 *p) {
    struct buf quoted;
    buf_init(&quoted, WIRE_MAX);
    bool queued = buf_json(&quoted, p->doc) && post_value(p, "customparamsdoc", buf_text(&quoted));
    buf_free(&quoted);
    return queued;
}

static bool write_idata(struct pg3 *p) {
    char value[sizeof p->installed + 32];
    snprintf(value, sizeof value, "{\"profile_version\":\"%s\"}", p->installed);
    bool posted = post_value(p, "idata", value);
    if (posted) {
        snprintf(p->remembered, sizeof p->remembered, "%s", p->installed);
    }
    return posted;
}

// What PG3 keeps is not written over before it was read.
static void write_record(struct pg3 *p, enum pg3_key key, bool (*write)(struct pg3 *)) {
    struct pg3_record *r = &p->records[key];
    if (!r->changed || !r->read || !write(p)) {
        return;
    }
    r->changed = false;
    r->open = true;
}

void pg3_write_changed(struct pg3 *p) {
    write_record(p, KEY_NOTICES, write_notices);
    write_record(p, KEY_DATA, write_data);
    write_record(p, KEY_DOC, write_doc);
    write_record(p, KEY_IDATA, write_idata);
    write_record(p, KEY_OFFER, write_offer);
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
