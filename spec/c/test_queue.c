// queue: order, the bound, several threads.
#include "base/queue.h"
#include "check.h"
#include "refuse.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool pop_is(struct queue *q, int kind, const char *text) {
    struct queue_item *item = queue_pop(q);
    bool same = item != NULL && item->kind == kind && item->len == strlen(text) &&
                memcmp(item->data, text, item->len + 1) == 0;
    free(item);
    return same;
}

static void test_order(void) {
    struct queue *q = queue_new(1000);
    CHECK(queue_pop(q) == NULL && queue_dropped(q) == 0);
    char text[] = "first";
    CHECK(queue_push(q, 1, NULL, text, 5, false));
    text[0] = 'X'; // the queue has its own copy
    CHECK(queue_push(q, 2, NULL, NULL, 0, false));
    CHECK(queue_push(q, 3, NULL, "a\0b", 3, false));
    CHECK(pop_is(q, 1, "first"));
    CHECK(pop_is(q, 2, ""));
    struct queue_item *item = queue_pop(q);
    CHECK(item != NULL && item->len == 3 && memcmp(item->data, "a\0b", 4) == 0);
    free(item);
    CHECK(queue_pop(q) == NULL);
    CHECK(queue_push(q, 4, NULL, "again", 5, false) && pop_is(q, 4, "again") &&
          queue_pop(q) == NULL);
    CHECK(queue_push(q, 5, NULL, "left behind", 11, false));
    queue_free(q);
    queue_free(NULL);
}

static void test_bound(void) {
    static const char big[300];
    struct queue *q = queue_new(640);
    int empty = 0;
    while (queue_push(q, 0, NULL, NULL, 0, false)) {
        empty++;
    }
    CHECK(empty == 10 && queue_dropped(q) == 1 && queue_dropped(q) == 0);
    CHECK(queue_push(q, 9, NULL, "state", 5, true)); // past the bound
    CHECK(!queue_push(q, 1, NULL, "x", 1, false));
    for (int i = 0; i < 10; i++) {
        CHECK(pop_is(q, 0, ""));
    }
    CHECK(pop_is(q, 9, "state"));
    CHECK(queue_dropped(q) == 1);
    CHECK(queue_push(q, 1, NULL, big, 300, false)); // all the room is back
    CHECK(!queue_push(q, 2, NULL, big, 300, false));
    CHECK(queue_push(q, 3, NULL, big, 640 - 364 - 64, false));
    CHECK(!queue_push(q, 4, NULL, NULL, 0, false));
    CHECK(queue_dropped(q) == 2);
    queue_free(q);

    q = queue_new(100);
    CHECK(queue_push(q, 1, NULL, big, 36, false));
    free(queue_pop(q));
    CHECK(!queue_push(q, 1, NULL, big, 37, false) && queue_push(q, 1, NULL, big, 300, true));
    CHECK(!queue_push(q, 1, NULL, big, SIZE_MAX, true) &&
          !queue_push(q, 1, NULL, big, SIZE_MAX - 64, false));
    CHECK(queue_dropped(q) == 3);
    queue_free(q);

    q = queue_new(0);
    CHECK(!queue_push(q, 1, NULL, NULL, 0, false) && queue_push(q, 1, NULL, NULL, 0, true));
    queue_free(q);
}

// Fault: without memory the news that a connection is made or lost gets lost, and is waited for
// for ever
// Expected: a few small ones that must not get lost find room, also in the next shortage
static void test_shortage(void) {
    static const char big[129];
    struct queue *q = queue_new(1000);
    for (int round = 0; round < 2; round++) {
        fail_all = true;
        CHECK(!queue_push(q, 1, NULL, "x", 1, false) && !queue_push(q, 1, NULL, big, 129, true));
        CHECK(queue_push(q, 1, NULL, "first", 5, true) && queue_push(q, 2, NULL, NULL, 0, true));
        CHECK(queue_push(q, 3, NULL, big, 128, true) && queue_push(q, 4, NULL, "last", 4, true));
        CHECK(!queue_push(q, 5, NULL, NULL, 0, true) && queue_dropped(q) == 3);
        CHECK(pop_is(q, 1, "first") && pop_is(q, 2, ""));
        struct queue_item *item = queue_pop(q);
        CHECK(item != NULL && item->kind == 3 && item->len == 128 &&
              memcmp(item->data, big, 129) == 0);
        free(item);
        CHECK(pop_is(q, 4, "last") && queue_pop(q) == NULL);
        CHECK(!queue_push(q, 5, NULL, NULL, 0, true) && queue_dropped(q) == 1);
        fail_all = false;
        CHECK(queue_pop(q) == NULL); // and sets memory aside again
    }
    CHECK(queue_push(q, 1, NULL, NULL, 0, true)); // left behind
    queue_free(q);
    for (long number = 1; number <= 5; number++) {
        allocations = 0;
        fail_at = number;
        fail_until = number + 1;
        CHECK(queue_new(1000) == NULL);
    }
    fail_at = fail_until = -1;
}

enum { PRODUCERS = 4, MESSAGES = 5000 };

struct producer {
    struct queue *q;
    int kind;
    size_t refused;
};

static void *producer_run(void *ctx) {
    struct producer *p = ctx;
    char text[100] = {0};
    for (int i = 0; i < MESSAGES; i++) {
        memcpy(text, &i, sizeof i);
        if (!queue_push(p->q, p->kind, NULL, text, sizeof i + (size_t)(i % 90), i % 100 == 0)) {
            p->refused++;
        }
        if (i % 64 == 0) {
            sched_yield();
        }
    }
    queue_push(p->q, -1, NULL, NULL, 0, true);
    return NULL;
}

// Several producers against this consumer: each one's messages stay in order, none is lost
// uncounted.
static void run_threads(size_t max_bytes, bool may_drop) {
    struct queue *q = queue_new(max_bytes);
    pthread_t threads[PRODUCERS];
    struct producer producers[PRODUCERS];
    int last[PRODUCERS];
    for (int i = 0; i < PRODUCERS; i++) {
        last[i] = -1;
        producers[i] = (struct producer){.q = q, .kind = i};
        CHECK(pthread_create(&threads[i], NULL, producer_run, &producers[i]) == 0);
    }
    size_t received = 0;
    size_t dropped = 0;
    bool in_order = true;
    for (int ended = 0; ended < PRODUCERS;) {
        struct queue_item *item = queue_pop(q);
        if (item == NULL) {
            sched_yield();
        } else if (item->kind == -1) {
            ended++;
        } else {
            int number;
            memcpy(&number, item->data, sizeof number);
            in_order = in_order && number > last[item->kind] &&
                       item->len == sizeof number + (size_t)(number % 90);
            last[item->kind] = number;
            received++;
        }
        free(item);
        dropped += received % 100 == 0 ? queue_dropped(q) : 0;
    }
    size_t refused = 0;
    for (int i = 0; i < PRODUCERS; i++) {
        pthread_join(threads[i], NULL);
        refused += producers[i].refused;
    }
    dropped += queue_dropped(q);
    CHECK(in_order);
    CHECK(queue_pop(q) == NULL);
    CHECK(dropped == refused && (may_drop || dropped == 0));
    CHECK(received + dropped == (size_t)PRODUCERS * MESSAGES);
    queue_free(q);
}

int main(void) {
    test_order();
    test_bound();
    test_shortage();
    run_threads(100 * 1000 * 1000, false);
    run_threads(500, true);
    return check_end();
}
