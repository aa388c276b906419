// day: midnight in zones west and east, on days with a clock change, and what is left of it after.
#include "base/day.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

extern char **environ;

static struct day day;

static int hours_of_day(const char *zone, int64_t now) {
    day = (struct day){0};
    return day_of(zone, now, &day) == DAY_FOUND ? (int)((day.ends - day.begins) / 3600) : -1;
}

static void check_ordinary(void) {
    CHECK(hours_of_day("UTC", 1768519800) == 24); // 2026-01-15 23:30 UTC
    CHECK(day.begins == 1768435200 && day.ends == 1768521600);
    CHECK(hours_of_day("Europe/Berlin", 1768519800) == 24); // there it is the 16th
    CHECK(day.begins == 1768518000);
    CHECK(hours_of_day("America/Los_Angeles", 1768519800) == 24);
    CHECK(day.begins == 1768464000);
    CHECK(hours_of_day("Asia/Kolkata", 1768519800) == 24); // half an hour beside the others
    CHECK(day.begins == 1768501800);
}

static void check_edges(void) {
    CHECK(hours_of_day("Europe/Berlin", 1768517999) == 24);
    CHECK(day.ends == 1768518000);
    CHECK(hours_of_day("Europe/Berlin", 1768518000) == 24);
    CHECK(day.begins == 1768518000);
    CHECK(hours_of_day("UTC", 0) == 24);
    CHECK(day.begins == 0 && day.ends == 86400);
    CHECK(hours_of_day("UTC", -86400) == 24);
    CHECK(day.begins == -86400);
    CHECK(hours_of_day("Europe/Berlin", 999999999999) == 24);
    CHECK(hours_of_day("Europe/Berlin", 1000000000001) == -1);
}

static void check_clock_changes(void) {
    CHECK(hours_of_day("Europe/Berlin", 1774785600) == 23); // 2026-03-29
    CHECK(day.begins == 1774738800 && day.ends == 1774821600);
    CHECK(hours_of_day("America/Los_Angeles", 1793556000) == 25); // 2026-11-01
    CHECK(day.begins == 1793516400 && day.ends == 1793606400);
    CHECK(hours_of_day("Africa/Cairo", 1777024800) == 23); // 2026-04-24 begins at 01:00
    CHECK(day.begins == 1776981600);
    CHECK(hours_of_day("Africa/Cairo", 1793305800) ==
          25); // the last hour of 2026-10-29 comes twice
    CHECK(day.ends == 1793311200);
}

static void check_numbers(void) {
    CHECK(hours_of_day("UTC", 1768519800) == 24); // 2026-01-15
    CHECK(day.of_month == 15 && day.of_year == 15);
    CHECK(hours_of_day("Europe/Berlin", 1768519800) == 24);
    CHECK(day.of_month == 16 && day.of_year == 16);
    CHECK(hours_of_day("Pacific/Kiritimati", 1767177000) == 24); // 2026-01-01, 14 hours ahead
    CHECK(day.of_month == 1 && day.of_year == 1);
    CHECK(hours_of_day("Pacific/Honolulu", 1767177000) == 24); // 10 hours behind
    CHECK(day.of_month == 31 && day.of_year == 365);
    CHECK(hours_of_day("UTC", 1861833600) == 24); // 2028-12-31
    CHECK(day.of_month == 31 && day.of_year == 366);
}

static void check_unknown(void) {
    static const char *const names[] = {"",        "Europe/Nowhere", "Europe",   "/etc/passwd",
                                        "../UTC",  ":UTC",           "zone.tab", "UTC0,M3",
                                        "Eu\nrope"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        CHECK(day_of(names[i], 1768519800, &day) == DAY_UNKNOWN_ZONE);
    }
    char longest[300];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    CHECK(day_of(longest, 1768519800, &day) == DAY_UNKNOWN_ZONE);
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
    CHECK(day_open());
    CHECK(local_hour() == hour);
    char **before = environ; // other threads read it
    CHECK(hours_of_day("Asia/Kolkata", 1768519800) == 24);
    CHECK(environ == before && getenv("TZ") != NULL);
    CHECK(local_hour() == hour);
}

int main(void) {
    check_ordinary();
    check_edges();
    check_clock_changes();
    check_numbers();
    check_unknown();
    check_left_alone();
    return check_end();
}
