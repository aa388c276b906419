#include "net/mqtt_pace.h"

enum { LASTING_MS = 60 * 1000, FIGHT = 2 };

static int64_t pause_after(unsigned brief) {
    int64_t pause = PACE_FIRST_MS;
    for (unsigned i = 1; i < brief && pause < PACE_LONGEST_MS; i++) {
        pause *= 2;
    }
    return pause < PACE_LONGEST_MS ? pause : PACE_LONGEST_MS;
}

// The other one's pauses grow alike, and as long as it waits this one lives: only what is well
// beyond the coming pause is the end of the fight.
static bool lasted(const struct pace *p, int64_t lived_ms) {
    return lived_ms >= LASTING_MS && lived_ms >= 2 * pause_after(p->brief + 1);
}

int64_t pace_lost(struct pace *p, int64_t lived_ms) {
    p->brief = lasted(p, lived_ms) ? 0 : p->brief + 1;
    return pause_after(p->brief);
}

bool pace_fights(const struct pace *p) { return p->brief >= FIGHT; }
