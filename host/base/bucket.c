#include "base/bucket.h"

void bucket_init(struct bucket *b, int64_t depth, int64_t interval_ms, int64_t now_ms) {
    b->depth = depth < 1 ? 1 : depth;
    b->interval_ms = interval_ms < 1 ? 1 : interval_ms;
    b->level = 0;
    b->drained = now_ms;
    b->hold_until = now_ms;
}

// Lets out what has left the window by now. A time before the last one changes nothing.
static void bucket_drain(struct bucket *b, int64_t now_ms) {
    if (b->level == 0 || now_ms <= b->drained) {
        return;
    }
    int64_t gone = (now_ms - b->drained) / b->interval_ms;
    if (gone >= b->level) {
        b->level = 0;
    } else {
        b->level -= gone;
        b->drained += gone * b->interval_ms;
    }
}

int64_t bucket_wait_ms(struct bucket *b, int64_t now_ms) {
    bucket_drain(b, now_ms);
    int64_t ready = now_ms;
    if (b->level >= b->depth) {
        ready = b->drained + (b->level - b->depth + 1) * b->interval_ms;
    }
    if (b->hold_until > ready) {
        ready = b->hold_until;
    }
    return ready - now_ms;
}

void bucket_take(struct bucket *b, int64_t now_ms) {
    bucket_drain(b, now_ms);
    if (b->level == 0) {
        // The interval starts with the first request. The other side's may end sooner, never later,
        // so its window is never fuller than this one, whatever the phase of its clock.
        b->drained = now_ms;
    }
    b->level++;
}

void bucket_hold(struct bucket *b, int64_t ms, int64_t now_ms) {
    int64_t until = ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + ms;
    if (until > b->hold_until) {
        b->hold_until = until;
    }
}
