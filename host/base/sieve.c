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
    struct sieve_element element;
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

// The comma before it goes with it.
static void begin_element(struct sieving *v) {
    copy_until(v, v->before);
    v->copied = walk_here(&v->w);
    v->element_start = v->out->len;
    v->in_element = true;
    memset(&v->element, 0, sizeof v->element);
}

static void end_element(struct sieving *v) {
    v->in_element = false;
    copy_until(v, v->w.at);
    if (v->out->failed) {
        return;
    }
    struct sieve_element *e = &v->element;
    e->text = v->out->data + v->element_start;
    e->len = v->out->len - v->element_start;
    e->place = hash_of(e->text, e->len);
    for (int i = 0; v->s->content[i] != NULL; i++) {
        e->content =
            (e->content ^ hash_of(e->values[i].at, e->values[i].len)) * 0x9E3779B97F4A7C15u;
        e->content ^= e->content >> 32;
    }
    v->s->element(v->s->ctx, e);
    buf_cut(v->out, v->element_start);
}

// Where a name is in a list; -1: it is not.
static int index_of(const char *const *names, const char *key) {
    for (int i = 0; names[i] != NULL; i++) {
        if (names[i][0] == key[0] && names[i][1] == key[1] && strcmp(names[i], key) == 0) {
            return i;
        }
    }
    return -1;
}

// Leaves out the value at hand, with its key and the comma before it.
static void leave_out(struct sieving *v) {
    copy_until(v, v->before);
    walk_skip(&v->w);
    v->copied = v->w.at;
}

// Takes the value at hand, a member of an element and none of its place.
static void take_content(struct sieving *v, const char *key) {
    int i = index_of(v->s->content, key);
    const char *at = walk_here(&v->w);
    leave_out(v);
    if (i >= 0) {
        v->element.values[i].at = at;
        v->element.values[i].len = (size_t)(v->w.at - at);
    }
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
    if (v->in_element && v->w.depth == 3 && v->w.close[2] == '}') {
        if (index_of(v->s->place, key) < 0) {
            take_content(v, key);
            return;
        }
    } else if (index_of(v->s->without, key) >= 0 || (is_list && v->had_list)) {
        leave_out(v);
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
