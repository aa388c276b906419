// The event loop: curl_multi_poll, wake from any thread, timers and signals.
// One loop, one thread.
#ifndef LOOP_H
#define LOOP_H

#include "base/timer.h"
#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct loop;
typedef void loop_fn(void *ctx);

// Initialises libcurl, installs handlers for SIGTERM, SIGHUP and SIGINT (self-pipe) and ignores
// SIGPIPE, SIGUSR1 and SIGUSR2.
// NULL on failure; logged.
struct loop *loop_new(void);
// After all users are gone. Ends libcurl. NULL does nothing.
void loop_free(struct loop *l);

// Milliseconds that go on as time does, whatever the clock is set to: for spans.
int64_t loop_now_ms(void);
// For tests: where the milliseconds come from; NULL = the monotonic clock.
void loop_set_clock(int64_t (*now)(void));
// From here on they stand still but for loop_leap, or go on from where they stand. For what has
// no network: a time limit there would pass at once.
void loop_stand(bool still);
// Where they stand still: leaps to the next timer. For when nothing is left to do before it.
void loop_leap(const struct loop *l);

// Called once each turn, after transfers and timers were served (http collects its finished ones
// here). False: memory is short.
bool loop_each_turn(struct loop *l, loop_fn *fn, void *ctx);
// Ends that for every fn with this ctx; a part calls it before it frees its ctx.
void loop_not_each_turn(struct loop *l, const void *ctx);
// Called at the end of each turn: what all of those brought can leave in the same turn.
void loop_turn_end(struct loop *l, loop_fn *fn, void *ctx);
// Called for SIGTERM, SIGHUP or SIGINT, in the loop's thread.
void loop_on_signal(struct loop *l, loop_fn *fn, void *ctx);
// Wakes the loop; any thread, also from a signal-free library callback. A wake is never lost.
void loop_wake(struct loop *l);

// Timers relative to now. 0: no memory, nor a spare timer (timers_add). The host's own parts, whose
// few timers the spare ones are for, need not ask; who makes many does.
int64_t loop_after(struct loop *l, int64_t ms, timer_fn *fn, void *ctx);
bool loop_cancel(struct loop *l, int64_t id);

// The multi handle for http.
CURLM *loop_multi(struct loop *l);

// Runs until loop_stop, also if that came before. A turn waits at most until the next timer.
void loop_run(struct loop *l);
// One turn, waiting at most `max_ms`.
void loop_turn(struct loop *l, int64_t max_ms);
// Ends loop_run after the turn under way.
void loop_stop(struct loop *l);

#endif
