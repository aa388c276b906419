#include "queue.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// Counted for each message besides its data, so that a flood of empty ones is bounded too.
enum { ITEM_COST = 64 };

struct queue {
    pthread_mutex_t lock;
    struct queue_item *first;
    struct queue_item *last; // undefined while first is NULL
    size_t bytes;
    size_t max_bytes;
    size_t dropped;
};

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
    return q;
}

void queue_free(struct queue *q) {
    if (q == NULL) {
        return;
    }
    struct queue_item *item = queue_pop(q);
    while (item != NULL) {
        free(item);
        item = queue_pop(q);
    }
    pthread_mutex_destroy(&q->lock);
    free(q);
}

// A copy of the message, not yet in the queue. NULL when memory is short.
static struct queue_item *item_new(int kind, const char *label, const void *data, size_t len) {
    size_t label_size = strlen(label) + 1;
    if (len > SIZE_MAX / 2) { // room for the sums below and in cost
        return NULL;
    }
    struct queue_item *item = malloc(sizeof *item + len + 1 + label_size);
    if (item == NULL) {
        return NULL;
    }
    item->next = NULL;
    item->kind = kind;
    item->len = len;
    if (len > 0) {
        memcpy(item->data, data, len);
    }
    item->data[len] = '\0';
    item->label = memcpy(item->data + len + 1, label, label_size);
    return item;
}

static size_t cost_of(const char *label, size_t len) { return len + strlen(label) + ITEM_COST; }

bool queue_push(struct queue *q, int kind, const char *label, const void *data, size_t len,
                bool force) {
    const char *text = label != NULL ? label : "";
    struct queue_item *item = item_new(kind, text, data, len); // copied before the lock is taken
    size_t cost = cost_of(text, len);

    pthread_mutex_lock(&q->lock);
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
