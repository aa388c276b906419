// timer: order, adding and cancelling from within callbacks.
#include "base/timer.h"
#include "check.h"
#include "refuse.h"

#include <stdlib.h>
#include <string.h>

static struct timers *timers;
static char trace[64]; // one letter a call
static int64_t victim;
static bool cancelled;

static void call_note(void *ctx) { strncat(trace, ctx, sizeof trace - strlen(trace) - 1); }

static void call_add_due(void *ctx) {
    call_note(ctx);
    timers_add(timers, 0, call_note, "n");
}

static void call_again(void *ctx) {
    call_note(ctx);
    timers_add(timers, 10, call_again, ctx);
}

static void call_cancel(void *ctx) {
    call_note(ctx);
    cancelled = timers_cancel(timers, victim);
}

static void call_cancel_then_add(void *ctx) {
    call_cancel(ctx);
    victim = timers_add(timers, 0, call_note, "v");
}

static void call_run(void *ctx) {
    call_note(ctx);
    timers_run(timers, 100);
}

static void begin(void) {
    trace[0] = '\0';
    cancelled = false;
    timers = timers_new();
}

static void test_order(void) {
    begin();
    CHECK(timers_next_ms(timers, 5) == -1 && timers_count(timers) == 0);
    timers_run(timers, 1000);
    int64_t a = timers_add(timers, 30, call_note, "a");
    int64_t b = timers_add(timers, 10, call_note, "b");
    int64_t c = timers_add(timers, 20, call_note, "c");
    int64_t d = timers_add(timers, 20, call_note, "d");
    int64_t e = timers_add(timers, 10, call_note, "e");
    CHECK(a > 0 && b > a && c > b && d > c && e > d);
    CHECK(timers_count(timers) == 5);
    CHECK(timers_next_ms(timers, 3) == 7 && timers_next_ms(timers, 10) == 0);
    CHECK(timers_next_ms(timers, 99) == 0);
    timers_run(timers, 9);
    CHECK(strcmp(trace, "") == 0);
    timers_run(timers, 20);
    CHECK(strcmp(trace, "becd") == 0 && timers_count(timers) == 1);
    CHECK(!timers_cancel(timers, b) && timers_cancel(timers, a) && !timers_cancel(timers, a));
    CHECK(!timers_cancel(timers, 0) && !timers_cancel(timers, -1) && !timers_cancel(timers, 999));
    timers_run(timers, 1000);
    CHECK(strcmp(trace, "becd") == 0 && timers_count(timers) == 0);
    CHECK(timers_add(timers, 1, call_note, "f") > e);
    timers_free(timers);
    timers_free(NULL);
    CHECK(strcmp(trace, "becd") == 0);
}

static void test_add_within(void) {
    begin();
    timers_add(timers, 5, call_add_due, "a");
    timers_add(timers, 6, call_note, "b");
    timers_run(timers, 10);
    CHECK(strcmp(trace, "ab") == 0 && timers_count(timers) == 1);
    CHECK(timers_next_ms(timers, 10) == 0);
    timers_run(timers, 10);
    CHECK(strcmp(trace, "abn") == 0 && timers_count(timers) == 0);

    timers_add(timers, 10, call_again, "r");
    timers_run(timers, 50);
    timers_run(timers, 50);
    CHECK(strcmp(trace, "abnrr") == 0 && timers_count(timers) == 1);
    timers_free(timers);
}

static void test_cancel_within(void) {
    begin();
    timers_add(timers, 1, call_cancel, "a");
    victim = timers_add(timers, 2, call_note, "v"); // due in the same call
    timers_add(timers, 3, call_note, "b");
    timers_run(timers, 10);
    CHECK(cancelled && strcmp(trace, "ab") == 0 && timers_count(timers) == 0);

    victim = timers_add(timers, 1, call_cancel, "s"); // itself: it has fired
    timers_run(timers, 10);
    CHECK(!cancelled && strcmp(trace, "abs") == 0);

    timers_add(timers, 1, call_cancel_then_add, "x");
    victim = timers_add(timers, 2, call_note, "y");
    timers_run(timers, 10);
    CHECK(cancelled && strcmp(trace, "absx") == 0 && timers_count(timers) == 1);
    CHECK(timers_cancel(timers, victim));
    timers_free(timers);
}

static void test_run_within(void) {
    begin();
    timers_add(timers, 1, call_run, "a");
    timers_add(timers, 2, call_note, "b");
    timers_run(timers, 10);
    CHECK(strcmp(trace, "ab") == 0 && timers_count(timers) == 0);
    timers_free(timers);
}

static int64_t last_at;
static int fired;
static bool in_order;

static void call_random(void *ctx) {
    int64_t at = *(int64_t *)ctx;
    in_order = in_order && at >= last_at;
    last_at = at;
    fired++;
}

static void test_random(void) {
    static int64_t at[1000];
    begin();
    srand(3);
    in_order = true;
    int gone = 0;
    for (int i = 0; i < 1000; i++) {
        at[i] = rand() % 500;
        int64_t id = timers_add(timers, at[i], call_random, &at[i]);
        if (rand() % 4 == 0) {
            gone += timers_cancel(timers, id) ? 1 : 0;
        }
    }
    CHECK(timers_count(timers) == 1000 - gone);
    int64_t now = 0;
    while (timers_count(timers) > 0) {
        now += timers_next_ms(timers, now);
        timers_run(timers, now);
        in_order = in_order && last_at == now;
    }
    CHECK(in_order && fired == 1000 - gone);
    timers_free(timers);
}

// Fault: without memory for its timer something waits for ever: a connection, an answer of PG3's
// Expected: some timers have their memory set aside, those that fire and are cancelled give it back
static void test_shortage(void) {
    begin();
    fail_all = true;
    int added = 0;
    while (added < 1000 && timers_add(timers, 5, call_again, "a") != 0)
        added++;
    CHECK(added == 16 && timers_count(timers) == 16);
    timers_run(timers, 6); // each adds its successor
    CHECK(timers_count(timers) == 16 && timers_add(timers, 5, call_note, "b") == 0);
    int64_t id = 0;
    for (int64_t i = 1; id == 0; i++)
        id = timers_cancel(timers, i) ? i : 0;
    CHECK(timers_add(timers, 5, call_note, "b") != 0 && timers_add(timers, 5, call_note, "c") == 0);
    fail_all = false;
    CHECK(timers_add(timers, 5, call_note, "c") != 0);
    timers_free(timers);
    for (long number = 1; number <= 17; number++) {
        allocations = 0;
        fail_at = number;
        fail_until = number + 1;
        CHECK(timers_new() == NULL);
    }
    fail_at = fail_until = -1;
}

int main(void) {
    test_order();
    test_add_within();
    test_cancel_within();
    test_run_within();
    test_random();
    test_shortage();
    return check_end();
}
