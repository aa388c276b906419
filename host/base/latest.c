#include "base/latest.h"
#include "base/hash.h"
#include "base/list.h"

#include <stdlib.h>
#include <string.h>

enum { ITEM_COST = 96, PLACES_FIRST = 64 };

struct latest {
    struct latest_item *oldest, *newest;
    struct latest_item **places; // the index: lists, by the topic's hash
    size_t place_count;          // a power of two
    size_t count, bytes, max_bytes;
};

struct latest *latest_new(size_t max_bytes) {
    struct latest *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return NULL;
    }
    l->places = calloc(PLACES_FIRST, sizeof(struct latest_item *));
    if (l->places == NULL) {
        free(l);
        return NULL;
    }
    l->place_count = PLACES_FIRST;
    l->max_bytes = max_bytes;
    return l;
}

void latest_free(struct latest *l) {
    if (l == NULL) {
        return;
    }
    list_free(l->oldest);
    free(l->places);
    free(l);
}

size_t latest_count(const struct latest *l) { return l->count; }

static size_t hash_of(const char *topic) {
    uint64_t hash = hash_more(HASH_START, topic, strlen(topic));
    return (size_t)(hash ^ (hash >> 32));
}

static size_t cost_of(const struct latest_item *item) {
    return item->len + strlen(item->topic) + ITEM_COST;
}

static struct latest_item **place_of(struct latest *l, size_t hash) {
    return &l->places[hash & (l->place_count - 1)];
}

static struct latest_item *find(struct latest *l, const char *topic, size_t hash) {
    struct latest_item *item = *place_of(l, hash);
    while (item != NULL && !(item->hash == hash && strcmp(item->topic, topic) == 0)) {
        item = item->next;
    }
    return item;
}

// Without memory for a larger index it only becomes slower.
static void grow(struct latest *l) {
    struct latest_item **more = calloc(2 * l->place_count, sizeof(struct latest_item *));
    if (more == NULL) {
        return;
    }
    free(l->places);
    l->places = more;
    l->place_count *= 2;
    for (struct latest_item *item = l->oldest; item != NULL; item = item->newer) {
        struct latest_item **place = place_of(l, item->hash);
        item->next = *place;
        *place = item;
    }
}

static void add(struct latest *l, struct latest_item *item) {
    struct latest_item **place = place_of(l, item->hash);
    item->next = *place;
    *place = item;
    item->newer = NULL;
    item->older = l->newest;
    if (l->newest != NULL) {
        l->newest->newer = item;
    } else {
        l->oldest = item;
    }
    l->newest = item;
    l->count++;
    l->bytes += cost_of(item);
}

static void leave(struct latest *l, struct latest_item *item) {
    struct latest_item **at = place_of(l, item->hash);
    while (*at != item) {
        at = &(*at)->next;
    }
    *at = item->next;
    *(item->older != NULL ? &item->older->newer : &l->oldest) = item->newer;
    *(item->newer != NULL ? &item->newer->older : &l->newest) = item->older;
    l->count--;
    l->bytes -= cost_of(item);
}

static struct latest_item *item_new(const char *topic, size_t hash, const char *data, size_t len) {
    size_t topic_size = strlen(topic) + 1;
    struct latest_item *item = malloc(sizeof *item + len + 1 + topic_size);
    if (item == NULL) {
        return NULL;
    }
    item->hash = hash;
    item->len = len;
    if (len > 0) {
        memcpy(item->data, data, len);
    }
    item->data[len] = '\0';
    item->topic = memcpy(item->data + len + 1, topic, topic_size);
    return item;
}

bool latest_put(struct latest *l, const char *topic, const char *data, size_t len) {
    size_t hash = hash_of(topic);
    struct latest_item *before = find(l, topic, hash);
    size_t freed = before != NULL ? cost_of(before) : 0, used = l->bytes - freed;
    size_t topic_len = strlen(topic), room = l->max_bytes > used ? l->max_bytes - used : 0;
    if (len > room || topic_len + ITEM_COST > room - len) {
        return false;
    }
    struct latest_item *item = item_new(topic, hash, data, len);
    if (item == NULL) {
        return false;
    }
    if (before != NULL) {
        leave(l, before);
        free(before);
    } else if (l->count >= l->place_count) {
        grow(l);
    }
    add(l, item);
    return true;
}

struct latest_item *latest_take(struct latest *l) {
    struct latest_item *item = l->oldest;
    if (item != NULL) {
        leave(l, item);
        item->newer = NULL;
    }
    return item;
}
