// Ordered deadlines; no clock inside.
#ifndef TIMER_H
#define TIMER_H

#include <stdbool.h>
#include <stdint.h>

typedef void timer_fn(void *ctx);
struct timers;

// NULL when memory is short.
struct timers *timers_new(void);
// Forgets all pending timers without calling them. Not from within a callback. NULL does nothing.
void timers_free(struct timers *t);
// Calls fn(ctx) once at or after `at_ms`; fn NULL: only wakes who runs the timers. Returns an id >
// 0, never used again; 0 when memory is short and the 16 timers that were set aside for that are in
// use too.
int64_t timers_add(struct timers *t, int64_t at_ms, timer_fn *fn, void *ctx);
// Harmless for an id that has fired or never was. True if it was pending.
bool timers_cancel(struct timers *t, int64_t id);
// Milliseconds from now to the earliest deadline: 0 if it has passed, -1 if there is none.
int64_t timers_next_ms(const struct timers *t, int64_t now_ms);
// Calls everything due at now_ms, in order of deadline then of age. Timers added by a callback run
// in a later call, even if already due, so that the loop gets its turn.
void timers_run(struct timers *t, int64_t now_ms);
// For tests: how many are pending.
int timers_count(const struct timers *t);

#endif
