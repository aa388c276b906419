// mqtt_pace: the pauses between connections that are lost.
#include "check.h"
#include "net/mqtt_pace.h"

#define S 1000

// Fault: Two copies of the plugin throw each other out of the broker every ten seconds, for ever.
// Expected: The pauses grow from 10 s to 5 minutes while connections are lost soon after they
// began.
static void test_growing(void) {
    static const int expected[] = {10, 20, 40, 80, 160, 300, 300, 300};
    struct pace p = {0};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        CHECK(pace_lost(&p, i % 2 == 0 ? 0 : 9 * S) == expected[i] * S);
        CHECK(pace_fights(&p) == (i > 0));
    }
    for (int i = 0; i < 1000; i++)
        CHECK(pace_lost(&p, S) == 300 * S);
}

static void test_lasting(void) {
    struct pace p = {0};
    CHECK(pace_lost(&p, 3600 * S) == 10 * S && !pace_fights(&p));
    CHECK(pace_lost(&p, 3600 * S) == 10 * S && !pace_fights(&p)); // however often
    for (int i = 0; i < 4; i++)
        pace_lost(&p, S);
    CHECK(pace_fights(&p));
    CHECK(pace_lost(&p, 3600 * S) == 10 * S && !pace_fights(&p));
    CHECK(pace_lost(&p, S) == 10 * S && !pace_fights(&p));
    CHECK(pace_lost(&p, S) == 20 * S && pace_fights(&p));
}

// Two of them: each lives as long as the other waits.
static void test_fight(void) {
    struct pace a = {0}, b = {0};
    int64_t waits_a = pace_lost(&a, 3600 * S), waits_b = PACE_FIRST_MS;
    for (int i = 0; i < 50; i++) {
        waits_b = pace_lost(&b, waits_a + 2 * S);
        waits_a = pace_lost(&a, waits_b + 2 * S);
    }
    CHECK(waits_a == PACE_LONGEST_MS && waits_b == PACE_LONGEST_MS);
}

int main(void) {
    test_growing();
    test_lasting();
    test_fight();
    return check_end();
}
