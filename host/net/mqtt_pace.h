// How long to wait before the next connection: longer and longer while connections are lost soon
// after they were made. Two plugins of one client id throw each other out for ever else.
#ifndef MQTT_PACE_H
#define MQTT_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum { PACE_FIRST_MS = 10 * 1000, PACE_LONGEST_MS = 5 * 60 * 1000 };

struct pace {
    unsigned brief; // connections in a row that did not last; 0 at the beginning
};

// A connection that lived for that long was lost. Returns the milliseconds to wait: 10 s after one
// that lasted or the first that did not, then twice as long each time, up to 5 minutes.
int64_t pace_lost(struct pace *p, int64_t lived_ms);
// Whether it looks like a fight: the last connections did not last.
bool pace_fights(const struct pace *p);

#endif
