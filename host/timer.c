#include "timer.h"

#include <stdlib.h>

struct timer {
    struct timer *next;
    int64_t id;
    int64_t at_ms;
    timer_fn *fn;
    void *ctx;
};

// A list in order of deadline, then of age: there are tens of timers, not thousands.
struct timers {
    struct timer *first;
    struct timer *spare; // the memory of the one that fires: its successor must not want for any
    int64_t last_id;
    int count;
};

struct timers *timers_new(void) {
    return calloc(1, sizeof(struct timers));
}

void timers_free(struct timers *t) {
    if (t == NULL) {
        return;
    }
    while (t->first != NULL) {
        struct timer *next = t->first->next;
        free(t->first);
        t->first = next;
    }
    free(t->spare);
    free(t);
}

int64_t timers_add(struct timers *t, int64_t at_ms, timer_fn *fn, void *ctx) {
    struct timer *timer = t->spare != NULL ? t->spare : malloc(sizeof *timer);
    if (timer == NULL) {
        return 0;
    }
    t->spare = NULL;
    struct timer **place = &t->first;
    while (*place != NULL && (*place)->at_ms <= at_ms) {
        place = &(*place)->next;
    }
    t->last_id++;
    *timer = (struct timer){.next = *place, .id = t->last_id, .at_ms = at_ms, .fn = fn, .ctx = ctx};
    *place = timer;
    t->count++;
    return timer->id;
}

// Takes the timer at `place` out of the list. The caller frees it.
static struct timer *timer_unlink(struct timers *t, struct timer **place) {
    struct timer *timer = *place;
    *place = timer->next;
    t->count--;
    return timer;
}

bool timers_cancel(struct timers *t, int64_t id) {
    for (struct timer **place = &t->first; *place != NULL; place = &(*place)->next) {
        if ((*place)->id == id) {
            free(timer_unlink(t, place));
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
            return timer_unlink(t, place);
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
        free(t->spare);
        t->spare = timer;
        fn(ctx);
        timer = timers_take_due(t, now_ms, last_id);
    }
}

int timers_count(const struct timers *t) { return t->count; }
