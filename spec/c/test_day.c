// day: midnight in zones west and east, on days with a clock change, and what is left of it after.
#include "base/day.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t begins, ends;

static int hours_of_day(const char *zone, int64_t now) {
    begins = ends = 0;
    return day_of(zone, now, &begins, &ends) == DAY_FOUND ? (int)((ends - begins) / 3600) : -1;
}

static void check_ordinary(void) {
    CHECK(hours_of_day("UTC", 1768519800) == 24); // 2026-01-15 23:30 UTC
    CHECK(begins == 1768435200 && ends == 1768521600);
    CHECK(hours_of_day("Europe/Berlin", 1768519800) == 24); // there it is the 16th
    CHECK(begins == 1768518000);
    CHECK(hours_of_day("America/Los_Angeles", 1768519800) == 24);
    CHECK(begins == 1768464000);
    CHECK(hours_of_day("Asia/Kolkata", 1768519800) == 24); // half an hour beside the others
    CHECK(begins == 1768501800);
}

static void check_edges(void) {
    CHECK(hours_of_day("Europe/Berlin", 1768517999) == 24);
    CHECK(ends == 1768518000);
    CHECK(hours_of_day("Europe/Berlin", 1768518000) == 24);
    CHECK(begins == 1768518000);
    CHECK(hours_of_day("UTC", 0) == 24);
    CHECK(begins == 0 && ends == 86400);
    CHECK(hours_of_day("UTC", -86400) == 24);
    CHECK(begins == -86400);
    CHECK(hours_of_day("Europe/Berlin", 999999999999) == 24);
    CHECK(hours_of_day("Europe/Berlin", 1000000000001) == -1);
}

static void check_clock_changes(void) {
    CHECK(hours_of_day("Europe/Berlin", 1774785600) == 23); // 2026-03-29
    CHECK(begins == 1774738800 && ends == 1774821600);
    CHECK(hours_of_day("America/Los_Angeles", 1793556000) == 25); // 2026-11-01
    CHECK(begins == 1793516400 && ends == 1793606400);
    CHECK(hours_of_day("Africa/Cairo", 1777024800) == 23); // 2026-04-24 begins at 01:00
    CHECK(begins == 1776981600);
    CHECK(hours_of_day("Africa/Cairo", 1793305800) ==
          25); // the last hour of 2026-10-29 comes twice
    CHECK(ends == 1793311200);
}

static void check_unknown(void) {
    static const char *const names[] = {"",        "Europe/Nowhere", "Europe",   "/etc/passwd",
                                        "../UTC",  ":UTC",           "zone.tab", "UTC0,M3",
                                        "Eu\nrope"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        CHECK(day_of(names[i], 1768519800, &begins, &ends) == DAY_UNKNOWN_ZONE);
    }
    char longest[300];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    CHECK(day_of(longest, 1768519800, &begins, &ends) == DAY_UNKNOWN_ZONE);
}

static int local_hour(void) {
    time_t t = 1768519800;
    struct tm tm;
    localtime_r(&t, &tm);
    return tm.tm_hour;
}

// The process goes on in its own time zone.
static void check_left_alone(void) {
    setenv("TZ", "OWN-3", 1);
    tzset();
    CHECK(hours_of_day("America/Los_Angeles", 1768519800) == 24);
    CHECK(strcmp(getenv("TZ"), "OWN-3") == 0);
    CHECK(local_hour() == 2);
    unsetenv("TZ");
    tzset();
    int hour = local_hour();
    CHECK(hours_of_day("Asia/Kolkata", 1768519800) == 24);
    CHECK(getenv("TZ") == NULL);
    CHECK(local_hour() == hour);
}

int main(void) {
    check_ordinary();
    check_edges();
    check_clock_changes();
    check_unknown();
    check_left_alone();
    return check_end();
}
