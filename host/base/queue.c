#include "base/queue.h"
#include "base/list.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// Counted for each message besides its data, so that a flood of empty ones is bounded too.
enum { ITEM_COST = 64 };

enum { SPARES = 4 };

struct queue {
    pthread_mutex_t lock;
    struct queue_item *first;
    struct queue_item *last;  // undefined while first is NULL
    struct queue_item *spare; // each with room for QUEUE_SPARE_BYTES
    int spares;
    size_t bytes;
    size_t max_bytes;
    size_t dropped;
};

// Room for `len` bytes of a message and its label. NULL when memory is short.
static struct queue_item *item_new(size_t len) {
    // Half of all: room for the sum here, with their NULs, and for that in queue_push.
    return len > SIZE_MAX / 2 ? NULL : malloc(sizeof(struct queue_item) + len + 2);
}

// NULL stays NULL.
static struct queue_item *item_fill(struct queue_item *item, int kind, const char *label,
                                    const void *data, size_t len) {
    if (item != NULL) {
        *item = (struct queue_item){.kind = kind, .len = len};
        memcpy(item->data, len > 0 ? data : "", len);
        item->data[len] = '\0';
        item->label = memcpy(item->data + len + 1, label, strlen(label) + 1);
    }
    return item;
}

// Sets memory aside where some is missing. False: there is none.
static bool spares_fill(struct queue *q) {
    while (q->spares < SPARES) {
        struct queue_item *item = item_new(QUEUE_SPARE_BYTES);
        if (item == NULL) {
            return false;
        }
        item->next = q->spare;
        q->spare = item;
        q->spares++;
    }
    return true;
}

static struct queue_item *spare_take(struct queue *q) {
    struct queue_item *item = q->spare;
    if (item != NULL) {
        q->spare = item->next;
        q->spares--;
    }
    return item;
}

struct queue *queue_new(size_t max_bytes) {
    struct queue *q = calloc(1, sizeof *q);
    if (q == NULL) {
        return NULL;
    }
    if (pthread_mutex_init(&q->lock, NULL) != 0) {
        free(q);
        return NULL;
    }
    q->max_bytes = max_bytes;
    if (!spares_fill(q)) {
        queue_free(q);
        return NULL;
    }
    return q;
}

void queue_free(struct queue *q) {
    if (q == NULL) {
        return;
    }
    list_free(q->first);
    list_free(q->spare);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

static size_t cost_of(const char *label, size_t len) { return len + strlen(label) + ITEM_COST; }

bool queue_push(struct queue *q, int kind, const char *label, const void *data, size_t len,
                bool force) {
    const char *text = label != NULL ? label : "";
    size_t needed = len + strlen(text);
    // Copied before the lock is taken.
    struct queue_item *item = item_fill(item_new(needed), kind, text, data, len);
    size_t cost = cost_of(text, len);

    pthread_mutex_lock(&q->lock);
    if (item == NULL && force && needed <= QUEUE_SPARE_BYTES) {
        item = item_fill(spare_take(q), kind, text, data, len);
    }
    bool room = force || (cost <= q->max_bytes && q->bytes <= q->max_bytes - cost);
    bool taken = item != NULL && room;
    if (!taken) {
        q->dropped++;
    } else {
        if (q->first == NULL) {
            q->first = item;
        } else {
            q->last->next = item;
        }
        q->last = item;
        q->bytes += cost;
    }
    pthread_mutex_unlock(&q->lock);

    if (!taken) {
        free(item);
    }
    return taken;
}

struct queue_item *queue_pop(struct queue *q) {
    pthread_mutex_lock(&q->lock);
    struct queue_item *item = q->first;
    if (item != NULL) {
        q->first = item->next;
        q->bytes -= cost_of(item->label, item->len);
        item->next = NULL;
    }
    spares_fill(q); // else at a later call
    pthread_mutex_unlock(&q->lock);
    return item;
}

size_t queue_dropped(struct queue *q) {
    pthread_mutex_lock(&q->lock);
    size_t dropped = q->dropped;
    q->dropped = 0;
    pthread_mutex_unlock(&q->lock);
    return dropped;
}
