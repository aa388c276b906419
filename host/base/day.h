// When a day begins and ends in a time zone: midnight there, also where the clocks change.
#ifndef DAY_H
#define DAY_H

#include <stdbool.h>
#include <stdint.h>

enum day_result {
    DAY_FOUND,
    DAY_UNKNOWN_ZONE, // no name of a zone, or none that this machine has
    DAY_NO_MEMORY,
};

struct day {
    int64_t begins, ends;  // its first second, and that of the next day
    int of_month, of_year; // from 1
    int seconds;           // of its clock at that time, from 0
};

// Before there are threads: makes TZ a variable of the environment that can be changed while others
// read there; with the machine's own zone, if it is none yet. False: no memory.
bool day_open(void);

// The day that `now` (unix seconds) is in. zone: an IANA name such as "Europe/Berlin", or "UTC".
// The process' own time zone is another while this runs: for one thread, and not to be called
// often.
enum day_result day_of(const char *zone, int64_t now, struct day *day);

#endif
