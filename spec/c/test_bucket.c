// bucket: against the other side's rolling window, whatever the phase of its clock.
#include "base/bucket.h"
#include "check.h"

#include <stdbool.h>
#include <stdlib.h>

// The server: one request leaves its window at every tick of its own clock.
struct window {
    int64_t level;
    int64_t next_tick;
    int64_t interval_ms;
    bool starts_anew; // its clock starts with the first request of an empty window
};

static void window_add(struct window *w, int64_t now_ms) {
    while (w->next_tick <= now_ms) {
        if (w->level > 0) {
            w->level--;
        }
        w->next_tick += w->interval_ms;
    }
    if (w->level == 0 && w->starts_anew) {
        w->next_tick = now_ms + w->interval_ms;
    }
    w->level++;
}

static int64_t random_below(int64_t n) { return rand() % n; }

// The pause before the next request: bursts, a steady stream, or silence.
static int64_t random_pause(int mode) {
    switch (mode) {
    case 0:
        return 0;
    case 1:
        return random_below(20);
    case 2:
        return random_below(700);
    default:
        return random_below(100) == 0 ? random_below(90000) : random_below(50);
    }
}

static void simulate(int64_t depth, int64_t interval_ms, bool starts_anew) {
    int64_t now = random_below(1000000);
    struct bucket b;
    struct window w = {.next_tick = now + 1 + random_below(interval_ms),
                       .interval_ms = interval_ms,
                       .starts_anew = starts_anew};
    bucket_init(&b, depth, interval_ms, now);
    int64_t highest = 0;
    bool waits_exact = true;
    int mode = 0;
    for (int i = 0; i < 5000; i++) {
        if (random_below(300) == 0) {
            mode = (int)random_below(4);
        }
        now += random_pause(mode);
        int64_t wait = bucket_wait_ms(&b, now);
        if (wait > 0) {
            struct bucket early = b;
            waits_exact = waits_exact && bucket_wait_ms(&early, now + wait - 1) == 1;
            now += wait;
        }
        waits_exact = waits_exact && wait >= 0 && wait <= interval_ms;
        waits_exact = waits_exact && bucket_wait_ms(&b, now) == 0;
        bucket_take(&b, now);
        window_add(&w, now);
        highest = w.level > highest ? w.level : highest;
    }
    CHECK(highest <= depth);
    CHECK(waits_exact);
}

static void test_window(void) {
    srand(11);
    for (int i = 0; i < 60; i++) {
        simulate(200, 330, i % 2 == 0);
        simulate(1 + random_below(5), 1 + random_below(400), i % 2 == 0);
    }
}

// The limit is used up, too: 200 at once, then one every 330 ms.
static void test_rate(void) {
    struct bucket b;
    bucket_init(&b, 200, 330, 5000);
    int64_t now = 5000;
    for (int i = 0; i < 200; i++) {
        CHECK(bucket_wait_ms(&b, now) == 0);
        bucket_take(&b, now);
    }
    for (int i = 1; i <= 50; i++) {
        int64_t wait = bucket_wait_ms(&b, now);
        CHECK(wait == 330);
        now += wait;
        bucket_take(&b, now);
    }
    now += 330 * 10;
    for (int i = 0; i < 10; i++) {
        CHECK(bucket_wait_ms(&b, now) == 0);
        bucket_take(&b, now);
    }
    CHECK(bucket_wait_ms(&b, now) == 330);
    now += 330 * 100000; // long silence: the whole depth again, and no more
    int taken = 0;
    while (bucket_wait_ms(&b, now) == 0) {
        bucket_take(&b, now);
        taken++;
    }
    CHECK(taken == 200);
}

static void test_hold(void) {
    struct bucket b;
    bucket_init(&b, 2, 100, 1000);
    bucket_hold(&b, 5000, 1000);
    CHECK(bucket_wait_ms(&b, 1000) == 5000);
    bucket_hold(&b, 10, 1500);
    CHECK(bucket_wait_ms(&b, 1500) == 4500);
    bucket_hold(&b, -7, 1500);
    CHECK(bucket_wait_ms(&b, 5999) == 1);
    CHECK(bucket_wait_ms(&b, 6000) == 0);
    bucket_take(&b, 6000);
    bucket_take(&b, 6000);
    bucket_hold(&b, 30, 6000);
    CHECK(bucket_wait_ms(&b, 6000) == 100); // the longer of the two counts
    bucket_hold(&b, 300, 6000);
    CHECK(bucket_wait_ms(&b, 6000) == 300);
    CHECK(bucket_wait_ms(&b, 6300) == 0);
    bucket_hold(&b, INT64_MAX, 6300);
    CHECK(bucket_wait_ms(&b, 6300) > 1000000000);
}

static void test_edges(void) {
    struct bucket b;
    bucket_init(&b, 0, -5, 0);
    CHECK(b.depth == 1 && b.interval_ms == 1);
    CHECK(bucket_wait_ms(&b, 0) == 0);
    bucket_take(&b, 0);
    CHECK(bucket_wait_ms(&b, 0) == 1);
    CHECK(bucket_wait_ms(&b, 1) == 0);

    bucket_init(&b, 1, 100, 1000);
    bucket_take(&b, 1000);
    CHECK(bucket_wait_ms(&b, 900) == 200); // a clock that went back
    CHECK(bucket_wait_ms(&b, 1100) == 0);

    bucket_init(&b, 1, 100, 1000); // taken without asking: everybody waits for it
    bucket_take(&b, 1000);
    bucket_take(&b, 1000);
    CHECK(bucket_wait_ms(&b, 1000) == 200);
}

int main(void) {
    test_window();
    test_rate();
    test_hold();
    test_edges();
    return check_end();
}
