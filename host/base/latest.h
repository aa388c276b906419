// Messages that wait, of each topic only the newest: a flood of one topic takes the room of one
// message. They leave in the order in which they came.
#ifndef LATEST_H
#define LATEST_H

#include <stdbool.h>
#include <stddef.h>

struct latest_item {
    struct latest_item *newer, *older; // in the order of their coming
    struct latest_item *next;          // with the same place in the index
    size_t hash;
    size_t len;
    const char *topic; // lives as long as the item
    char data[];       // len bytes and a NUL
};

struct latest;

// At most `max_bytes` of topics and data (each message counts 96 more). NULL when memory is short.
struct latest *latest_new(size_t max_bytes);
// With what waits. NULL does nothing.
void latest_free(struct latest *l);
// Copies the message; an older one of the topic that waits is gone then. False: there is no room
// or no memory, and what waited still does.
bool latest_put(struct latest *l, const char *topic, const char *data, size_t len);
// Takes the oldest; NULL when none waits. The caller frees it with free().
struct latest_item *latest_take(struct latest *l);
// How many wait.
size_t latest_count(const struct latest *l);

#endif
