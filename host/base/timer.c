#include "base/timer.h"
#include "base/list.h"

#include <stdlib.h>

struct timer {
    struct timer *next;
    int64_t id;
    int64_t at_ms;
    timer_fn *fn;
    void *ctx;
};

enum { SPARES = 16 };

// A list in order of deadline, then of age: there are tens of timers, not thousands.
struct timers {
    struct timer *first;
    struct timer *spare; // for when memory is short: who waits must not wait for ever
    int spares;
    int64_t last_id;
};

// Gives back the memory of a timer: to the spare ones first.
static void release(struct timers *t, struct timer *timer) {
    if (t->spares == SPARES) {
        free(timer);
        return;
    }
    timer->next = t->spare;
    t->spare = timer;
    t->spares++;
}

static struct timer *take_spare(struct timers *t) {
    struct timer *timer = t->spare;
    if (timer != NULL) {
        t->spare = timer->next;
        t->spares--;
    }
    return timer;
}

struct timers *timers_new(void) {
    struct timers *t = calloc(1, sizeof *t);
    while (t != NULL && t->spares < SPARES) {
        struct timer *timer = malloc(sizeof *timer);
        if (timer == NULL) {
            timers_free(t);
            return NULL;
        }
        release(t, timer);
    }
    return t;
}

void timers_free(struct timers *t) {
    if (t == NULL) {
        return;
    }
    list_free(t->first);
    list_free(t->spare);
    free(t);
}

int64_t timers_add(struct timers *t, int64_t at_ms, timer_fn *fn, void *ctx) {
    struct timer *timer = malloc(sizeof *timer);
    if (timer == NULL) {
        timer = take_spare(t);
    }
    if (timer == NULL) {
        return 0;
    }
    struct timer **place = &t->first;
    while (*place != NULL && (*place)->at_ms <= at_ms) {
        place = &(*place)->next;
    }
    t->last_id++;
    *timer = (struct timer){.next = *place, .id = t->last_id, .at_ms = at_ms, .fn = fn, .ctx = ctx};
    *place = timer;
    return timer->id;
}

// Takes the timer at `place` out of its list. The caller releases it.
static struct timer *timer_unlink(struct timer **place) {
    struct timer *timer = *place;
    *place = timer->next;
    return timer;
}

bool timers_cancel(struct timers *t, int64_t id) {
    if (id == 0) {
        return false; // most that end a wait had no timer
    }
    for (struct timer **place = &t->first; *place != NULL; place = &(*place)->next) {
        if ((*place)->id == id) {
            release(t, timer_unlink(place));
            return true;
        }
    }
    return false;
}

int64_t timers_next_ms(const struct timers *t, int64_t now_ms) {
    if (t->first == NULL) {
        return -1;
    }
    return t->first->at_ms <= now_ms ? 0 : t->first->at_ms - now_ms;
}

// Takes out the first timer that is due and no younger than `last_id`; NULL = none.
static struct timer *timers_take_due(struct timers *t, int64_t now_ms, int64_t last_id) {
    struct timer **place = &t->first;
    while (*place != NULL && (*place)->at_ms <= now_ms) {
        if ((*place)->id <= last_id) {
            return timer_unlink(place);
        }
        place = &(*place)->next;
    }
    return NULL;
}

void timers_run(struct timers *t, int64_t now_ms) {
    // A callback may add and cancel any timer, so the search begins anew after each.
    int64_t last_id = t->last_id;
    struct timer *timer = timers_take_due(t, now_ms, last_id);
    while (timer != NULL) {
        timer_fn *fn = timer->fn;
        void *ctx = timer->ctx;
        release(t, timer); // before: its successor finds a spare one
        if (fn != NULL) {
            fn(ctx);
        }
        timer = timers_take_due(t, now_ms, last_id);
    }
}

int timers_count(const struct timers *t) {
    int count = 0;
    for (const struct timer *timer = t->first; timer != NULL; timer = timer->next) {
        count++;
    }
    return count;
}
