#include "base/day.h"
#include "base/file.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ZONES "/usr/share/zoneinfo/" // FreeBSD's, glibc's and musl's
#define MACHINES ":/etc/localtime"   // what is the zone without TZ
#define NAME_MAX_BYTES 64
#define LONGEST_DAY (50 * 3600) // with whatever the clocks are changed by
#define FARTHEST 1000000000000  // in some 30,000 years: far within what localtime_r takes

// The C library takes a name that it does not know for UTC, and does not say so.
static bool is_zone(const char *zone) {
    char path[sizeof ZONES + NAME_MAX_BYTES];
    size_t len = strlen(zone);
    if (len == 0 || len > NAME_MAX_BYTES || zone[0] == '/') {
        return false;
    }
    for (const char *c = zone; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("/_+-", *c) == NULL) {
            return false;
        }
    }
    snprintf(path, sizeof path, ZONES "%s", zone);
    return file_readable(path);
}

static bool set_zone(const char *zone) {
    bool done = setenv("TZ", zone, 1) == 0;
    tzset();
    return done;
}

// Other threads read the environment, to look up a host name say. So TZ is there from now on, and
// first as long as it can be: FreeBSD's setenv overwrites a value that has room for the new one,
// and else moves all variables.
bool day_open(void) {
    char longest[NAME_MAX_BYTES + 1];
    const char *own = getenv("TZ");
    char *kept = strdup(own != NULL ? own : MACHINES);
    memset(longest, 'x', NAME_MAX_BYTES);
    longest[NAME_MAX_BYTES] = '\0';
    bool done = kept != NULL && setenv("TZ", longest, 1) == 0 && set_zone(kept);
    free(kept);
    return done;
}

static struct tm local_time(int64_t seconds) {
    time_t t = (time_t)seconds;
    struct tm tm = {0};
    localtime_r(&t, &tm);
    return tm;
}

// The date as a number; a later one is greater.
static int date_at(int64_t seconds) {
    struct tm tm = local_time(seconds);
    return tm.tm_year * 1000 + tm.tm_yday;
}

// The first second with a date later than that one. The date at `to` is later, that at `from` is
// not.
static int64_t first_after(int date, int64_t from, int64_t to) {
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        if (date_at(middle) > date) {
            to = middle;
        } else {
            from = middle;
        }
    }
    return to;
}

enum day_result day_of(const char *zone, int64_t now, struct day *day) {
    bool utc = strcmp(zone, "UTC") == 0;
    if (now < -FARTHEST || now > FARTHEST || (!utc && !is_zone(zone))) {
        return DAY_UNKNOWN_ZONE;
    }
    const char *own = getenv("TZ");
    char *kept = strdup(own != NULL ? own : MACHINES);
    if (kept == NULL) {
        return DAY_NO_MEMORY;
    }
    bool set = set_zone(utc ? "UTC0" : zone); // which needs no file
    if (set) {
        struct tm tm = local_time(now);
        int today = date_at(now);
        day->begins = first_after(today - 1, now - LONGEST_DAY, now);
        day->ends = first_after(today, now, now + LONGEST_DAY);
        day->of_month = tm.tm_mday;
        day->of_year = tm.tm_yday + 1;
        day->seconds = (tm.tm_hour * 60 + tm.tm_min) * 60 + tm.tm_sec;
    }
    set_zone(kept);
    free(kept);
    return set ? DAY_FOUND : DAY_NO_MEMORY;
}
