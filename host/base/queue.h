// Messages from the libraries' threads to ours: FIFO, owned, bounded in bytes. The only mutex.
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct queue_item {
    struct queue_item *next;
    int kind;          // the producer's own enum
    const char *label; // "" = none; lives as long as the item
    size_t len;
    char data[]; // len bytes and a NUL
};

struct queue;

enum { QUEUE_SPARE_BYTES = 128 };

// At most `max_bytes` of data and labels waiting (each message counts 64 more). NULL when memory
// is short.
struct queue *queue_new(size_t max_bytes);
// Frees it with everything in it. No other thread may use it any more.
void queue_free(struct queue *q);
// Any thread. Copies the data and the label, a text that goes with it (NULL = none). False: full or
// no memory; the message is dropped and counted. `force` goes past the bound: for the few small
// messages that must not get lost (connection states). For four of them, of at most
// QUEUE_SPARE_BYTES with the label, memory is set aside.
bool queue_push(struct queue *q, int kind, const char *label, const void *data, size_t len,
                bool force);
// Takes the oldest; NULL when empty. The caller frees it with free().
struct queue_item *queue_pop(struct queue *q);
// How many were dropped since the last call of this.
size_t queue_dropped(struct queue *q);

#endif
