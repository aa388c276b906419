// latest: the newest message of each topic, in the order of their coming, in bounded memory.
#include "base/latest.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

static bool put(struct latest *l, const char *topic, const char *data) {
    return latest_put(l, topic, data, strlen(data));
}

static bool takes(struct latest *l, const char *topic, const char *data) {
    struct latest_item *item = latest_take(l);
    bool same = item != NULL && strcmp(item->topic, topic) == 0 && strcmp(item->data, data) == 0 &&
                item->len == strlen(data);
    free(item);
    return same;
}

// Fault: A value that was replaced while it waited is shown after the newer one, or instead of it.
// Expected: Only the newest of a topic waits, in the place of its coming.
static void test_the_newest(void) {
    struct latest *l = latest_new(10000);
    CHECK(put(l, "a", "1") && put(l, "b", "2") && put(l, "c", "") && put(l, "a", "3"));
    CHECK(latest_count(l) == 3);
    CHECK(takes(l, "b", "2") && takes(l, "c", "") && takes(l, "a", "3"));
    CHECK(latest_take(l) == NULL && latest_count(l) == 0);
    CHECK(latest_put(l, "a", "x\0y", 3));
    struct latest_item *item = latest_take(l);
    CHECK(item != NULL && item->len == 3 && memcmp(item->data, "x\0y", 4) == 0);
    free(item);
    CHECK(put(l, "left", "behind"));
    latest_free(l);
}

// Fault: A flood of topics fills the memory; or a full one takes nothing any more.
// Expected: What does not fit is refused, what waits stays; a topic that waits may be replaced.
static void test_bounded(void) {
    struct latest *l = latest_new(300); // a message counts 96, its topic and its data
    CHECK(put(l, "a", "1") && put(l, "b", "2") && put(l, "c", "3") && !put(l, "d", "4"));
    CHECK(put(l, "b", "5"));
    CHECK(!put(l, "b", "so long that it does not fit"));
    CHECK(takes(l, "a", "1") && put(l, "d", "4"));
    CHECK(takes(l, "c", "3") && takes(l, "b", "5") && takes(l, "d", "4"));
    CHECK(!latest_put(l, "huge", "", (size_t)-1 / 2));
    latest_free(l);
}

static void test_many(void) {
    struct latest *l = latest_new(10000000);
    char topic[40], data[20];
    bool ok = true;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 20000; i++) {
            snprintf(topic, sizeof topic, "N/x/%d", i);
            snprintf(data, sizeof data, "%d", i + round);
            ok = ok && put(l, topic, data);
        }
    }
    CHECK(ok && latest_count(l) == 20000);
    for (int i = 0; i < 20000; i++) {
        snprintf(topic, sizeof topic, "N/x/%d", i);
        snprintf(data, sizeof data, "%d", i + 2);
        ok = ok && takes(l, topic, data);
    }
    CHECK(ok && latest_count(l) == 0);
    latest_free(l);
}

int main(void) {
    test_the_newest();
    test_bounded();
    test_many();
    return check_end();
}
