// How long to wait before the next connection: longer and longer while connections are lost soon
// after they were made. Two plugins of one client id throw each other out for ever else.
#ifndef MQTT_PACE_H
#define MQTT_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum { PACE_FIRST_MS = 10 * 1000, PACE_LONGEST_MS = 5 * 60 * 1000, PACE_LASTING_MS = 60 * 1000 };

struct pace {
    unsigned brief; // connections in a row that did not last; 0 at the beginning
};

static inline int64_t pace_after(unsigned brief) {
    int64_t pause = PACE_FIRST_MS;
    for (unsigned i = 1; i < brief && pause < PACE_LONGEST_MS; i++) {
        pause *= 2;
    }
    return pause < PACE_LONGEST_MS ? pause : PACE_LONGEST_MS;
}

// A connection that lived for that long was lost. Returns the milliseconds to wait: 10 s after one
// that lasted or the first that did not, then twice as long each time, up to 5 minutes.
static inline int64_t pace_lost(struct pace *p, int64_t lived_ms) {
    // The other one's pauses grow alike, and as long as it waits this one lives: only what is well
    // beyond the coming pause is the end of the fight.
    bool lasted = lived_ms >= PACE_LASTING_MS && lived_ms >= 2 * pace_after(p->brief + 1);
    p->brief = lasted ? 0 : p->brief + 1;
    return pace_after(p->brief);
}

// Whether it looks like a fight: the last connections did not last.
static inline bool pace_fights(const struct pace *p) { return p->brief >= 2; }

#endif
