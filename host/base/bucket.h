// A rate limit as arithmetic on a time handed in: `depth` at once, then one every `interval_ms`.
// Modelled on a rolling window from which one request leaves every interval.
#ifndef BUCKET_H
#define BUCKET_H

#include <stdint.h>

struct bucket {
    int64_t depth;
    int64_t interval_ms;
    int64_t level;      // requests in the window
    int64_t drained;    // ms: when the window was last drained
    int64_t hold_until; // ms: nothing passes before
};

// An empty window. depth >= 1, interval_ms >= 1; smaller values count as 1.
void bucket_init(struct bucket *b, int64_t depth, int64_t interval_ms, int64_t now_ms);
// Milliseconds until one more may pass; 0 = now. Changes nothing but drains the window.
int64_t bucket_wait_ms(struct bucket *b, int64_t now_ms);
// Counts one that passes now. Call only after bucket_wait_ms returned 0.
void bucket_take(struct bucket *b, int64_t now_ms);
// Nothing passes before `now_ms + ms` (Retry-After). A shorter hold never shortens a longer one.
void bucket_hold(struct bucket *b, int64_t ms, int64_t now_ms);

#endif
