#include "base/sieve.h"
#include "base/walk.h"

#include <string.h>

#define KEY_SIZE 64 // of members; a longer name is none that is looked for

struct sieving {
    const struct sieve *s;
    struct walk w;
    struct buf *out;
    const char *copied; // the text before it is in `out`, or left out
    const char *before; // where the value before the one at hand ended, or what it is in began
    bool kept[WALK_DEPTH + 1]; // whether what was entered so deep has a member in `out`
    bool had_list, in_list;    // s->list was entered; is not left yet
    bool in_element;           // of it
    size_t element_start;      // in `out`
};

// Eight bytes at a time: an answer has some hundred thousand. Each word is mixed before it meets
// the others, or a digit in it and two in the next would undo each other: a value that is another
// would be taken for known.
static uint64_t hash_of(const char *text, size_t len) {
    uint64_t hash = len * 0x9E3779B97F4A7C15u;
    while (len > 0) {
        uint64_t word = 0;
        size_t step = len < sizeof word ? len : sizeof word;
        memcpy(&word, text, step);
        word *= 0xC4CEB9FE1A85EC53u;
        word ^= word >> 32;
        hash = (hash ^ word) * 0xFF51AFD7ED558CCDu;
        hash ^= hash >> 32;
        text += step;
        len -= step;
    }
    return hash;
}

static void copy_until(struct sieving *v, const char *end) {
    buf_add(v->out, v->copied, (size_t)(end - v->copied));
    v->copied = end;
}

static void begin_element(struct sieving *v) {
    copy_until(v, walk_here(&v->w));
    v->element_start = v->out->len;
    v->in_element = true;
}

static void end_element(struct sieving *v) {
    v->in_element = false;
    copy_until(v, v->w.at);
    if (v->out->failed) {
        return;
    }
    uint64_t hash = hash_of(v->out->data + v->element_start, v->out->len - v->element_start);
    if (!v->s->element(v->s->ctx, hash)) {
        return;
    }
    buf_cut(v->out, v->element_start);
    buf_puts(v->out, "false");
}

static bool unwanted(const struct sieving *v, const char *key) {
    for (const char *const *name = v->s->without; *name != NULL; name++) {
        if (strcmp(key, *name) == 0) {
            return true;
        }
    }
    return false;
}

// The comma after members that were left out goes with them, if none before them was kept.
static void keep(struct sieving *v) {
    bool first = !v->kept[v->w.depth] && v->copied == v->before;
    while (first && v->copied < v->w.at && strchr(", \t\r\n", *v->copied) != NULL) {
        v->copied++;
    }
    v->kept[v->w.depth] = true;
}

static void take_value(struct sieving *v, const char *key) {
    bool is_list = v->w.depth == 1 && v->s->list != NULL && strcmp(key, v->s->list) == 0;
    if (unwanted(v, key) || (is_list && v->had_list)) {
        copy_until(v, v->before);
        walk_skip(&v->w);
        v->copied = v->w.at;
        return;
    }
    keep(v);
    bool entered = walk_enter(&v->w);
    if (entered) {
        v->kept[v->w.depth] = false;
    }
    if (entered && is_list) {
        v->had_list = v->in_list = v->w.close[1] == ']';
    }
}

bool sieve_text(const struct sieve *s, const char *text, size_t len, struct buf *out) {
    struct sieving v = {.s = s, .out = out, .copied = text, .before = NULL};
    char key[KEY_SIZE] = "";
    bool at_hand = true;
    walk_begin(&v.w, text, len);
    do {
        if (at_hand) {
            take_value(&v, key);
        }
        if (v.in_element && v.w.depth == 2) {
            end_element(&v);
        }
        v.before = v.w.at;
        at_hand = walk_next(&v.w, key, sizeof key);
        v.in_list = v.in_list && v.w.depth >= 2;
        if (v.in_list && v.w.depth == 2 && at_hand) {
            begin_element(&v);
        }
    } while (v.w.depth > 0 && !v.w.failed && !out->failed);
    bool whole = walk_end(&v.w);
    copy_until(&v, text + len);
    return whole && !out->failed;
}
