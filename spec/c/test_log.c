// log: levels, masking, repeats, rotation, fd 1 and 2. Writes into a folder of its own under /tmp.
#include "base/log.h"
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char root[] = "/tmp/test_log.XXXXXX";
static char folder[64];
static char path[128];
static char text[200000]; // the last file_read
static double clock_time;

static double clock_fake(void) { return clock_time; }

// 2026-11-22 12:00:00 UTC, and the days after.
static double noon(int day) { return 1795348800.0 + 86400.0 * day; }

static const char *file_read(const char *suffix) {
    char name[200];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    text[0] = '\0';
    FILE *f = fopen(name, "r");
    if (f != NULL) {
        text[fread(text, 1, sizeof text - 1, f)] = '\0';
        fclose(f);
    }
    return text;
}

static bool file_is(const char *suffix, const char *expect) {
    bool same = strcmp(file_read(suffix), expect) == 0;
    if (!same) {
        fprintf(check_stream(), "%s%s has:\n%.3000s\nnot:\n%.3000s\n", path, suffix, text, expect);
    }
    return same;
}

static bool file_has(const char *suffix, const char *part) {
    return strstr(file_read(suffix), part) != NULL;
}

static int folder_count(void) {
    int count = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
        count += e->d_name[0] != '.' ? 1 : 0;
    }
    if (d != NULL) {
        closedir(d);
    }
    return count;
}

static void folder_empty(void) {
    DIR *d = opendir(folder);
    for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
        char name[400];
        snprintf(name, sizeof name, "%s/%s", folder, e->d_name);
        if (e->d_name[0] != '.') {
            unlink(name);
        }
    }
    if (d != NULL) {
        closedir(d);
    }
}

// A new, empty log at noon of the first day.
static void begin(size_t max_bytes, int keep) {
    log_close();
    folder_empty();
    clock_time = noon(0);
    log_set_level(LOG_INFO);
    CHECK(log_open(path, max_bytes, keep));
}

static void test_lines(void) {
    begin(0, 3);
    clock_time += 0.789;
    log_info("area", "Plain %d.", 5);
    log_warning("area", "two\nlines\tand\x7f\x01 more\r");
    log_error("b", "%s", "");
    log_debug("area", "Not at this level.");
    log_set_level(LOG_DEBUG);
    log_debug("area", "At this one.");
    log_set_level(LOG_ERROR);
    log_warning("area", "Not now.");
    CHECK(file_is("", "2026-11-22 12:00:00.789 INFO  area: Plain 5.\n"
                      "2026-11-22 12:00:00.789 WARNING area: two lines and   more \n"
                      "2026-11-22 12:00:00.789 ERROR b: \n"
                      "2026-11-22 12:00:00.789 DEBUG area: At this one.\n"));
    clock_time = noon(0) + 59.9996; // rounds up to the next minute, not to .1000
    log_error("area", "Late.");
    CHECK(file_has("", "2026-11-22 12:01:00.000 ERROR area: Late.\n"));
    log_set_level(LOG_INFO);
    errno = ENOENT;
    log_info("area", "errno stays.");
    CHECK(errno == ENOENT);
}

static void test_local_time(void) {
    setenv("TZ", "XYZ-5:30", 1);
    begin(0, 3);
    log_info("area", "Local.");
    CHECK(file_has("", "2026-11-22 17:30:00.000 INFO  area: Local.\n"));
    setenv("TZ", "UTC0", 1);
    tzset();
}

static void test_long_lines(void) {
    begin(0, 3);
    static char big[50001];
    memset(big, 'x', sizeof big - 1);
    log_info("area", "%s", big);
    CHECK(strlen(file_read("")) == 2001 && text[2000] == '\n');

    begin(0, 3);
    for (size_t i = 0; i + 3 < sizeof big; i += 3) {
        memcpy(big + i, "\xE2\x82\xAC", 3); // euro signs: none may be cut
    }
    for (int shift = 0; shift < 3; shift++) {
        begin(0, 3);
        log_info("area", "%.*s%s", shift, "abc", big);
        size_t len = strlen(file_read(""));
        CHECK(len <= 2001 && len > 1998 && memcmp(text + len - 4, "\xE2\x82\xAC\n", 4) == 0);
    }
}

static void test_levels(void) {
    CHECK(log_level_of("DEBUG") == LOG_DEBUG && log_level_of("debug") == LOG_DEBUG);
    CHECK(log_level_of("INFO") == LOG_INFO && log_level_of("Info") == LOG_INFO);
    CHECK(log_level_of("WARNING") == LOG_WARNING && log_level_of("warning") == LOG_WARNING);
    CHECK(log_level_of("ERROR") == LOG_ERROR && log_level_of("Critical") == LOG_ERROR);
    CHECK(log_level_of("ALL") == LOG_DEBUG && log_level_of("whatever") == LOG_DEBUG);
    CHECK(log_level_of("") == LOG_DEBUG && log_level_of(NULL) == LOG_DEBUG);
}

static void test_mask(void) {
    begin(0, 3);
    log_mask("0123456789abcdefghijklmn");
    log_mask("0123456789"); // a beginning of the first
    log_mask("klmnGHIJKL"); // overlaps the end of the first
    log_mask("two\nlines");
    log_mask("short");
    log_mask("");
    log_mask(NULL);
    log_mask("0123456789abcdefghijklmn"); // known
    log_info("m", "a 0123456789abcdefghijklmn b");
    log_info("m", "0123456789abcdefghijklmn0123456789abcdefghijklmn,0123456789abcdefghijklmn");
    log_info("m", "0123456789abX 0123456789abcdefghijklmnGHIJKL.");
    log_info("m", "two\nlines, short, 012345678.");
    log_info("m", "cut 0123456789abcde");
    log_info("m", "shut 0123");
    log_info("m", "left 012");
    log_info("m", "0123 is no secret within a line");
    log_info("m", "mine:%s", "0123456789abcdefghijklmn");
    log_info("0123456789", "area");
    log_info("0123456789", "area");
    log_close(); // the count names the area
    CHECK(file_is(
        "", "2026-11-22 12:00:00.000 INFO  m: a *** b\n"
            "2026-11-22 12:00:00.000 INFO  m: ******,***\n"
            "2026-11-22 12:00:00.000 INFO  m: ***X ***.\n"
            "2026-11-22 12:00:00.000 INFO  m: ***, short, ***.\n"
            "2026-11-22 12:00:00.000 INFO  m: cut ***\n"
            "2026-11-22 12:00:00.000 INFO  m: shut ***\n"
            "2026-11-22 12:00:00.000 INFO  m: left 012\n"
            "2026-11-22 12:00:00.000 INFO  m: 0123 is no secret within a line\n"
            "2026-11-22 12:00:00.000 INFO  m: mine:***\n"
            "2026-11-22 12:00:00.000 INFO  ***: area\n"
            "2026-11-22 12:00:00.000 INFO  ***: The last line of this area came 1 more time.\n"));
}

// A secret across the place where the line is cut, at every offset.
static void test_mask_at_cut(void) {
    const char *secret = "SECRETSECRETsecretsecret";
    log_mask(secret);
    static char fill[2100];
    memset(fill, '.', sizeof fill - 1);
    begin(0, 3);
    for (int n = 1930; n < 2000; n++) {
        log_info("cut", "%.*s%s after", n, fill, secret);
    }
    CHECK(strstr(file_read(""), "SE") == NULL && strstr(text, "et") == NULL);
    CHECK(strstr(text, "...***") != NULL);
    begin(0, 3);
    for (size_t n = 4; n < strlen(secret); n++) { // cut by the caller
        log_info("cut", "%.*s", (int)n, secret);
    }
    CHECK(strstr(file_read(""), "SE") == NULL);
}

// Fault: A text of megabytes is searched whole for secrets before it is cut to one line.
// Expected: So much is read as makes a line; nothing of a secret is left at either cut.
static void test_mask_in_long_text(void) {
    const char *secret = "SECRETSECRETsecretsecret";
    log_mask(secret);
    static char long_text[1 << 20];
    for (size_t i = 0; i + 1 < sizeof long_text; i++)
        long_text[i] = secret[i % strlen(secret)];
    for (size_t n = 0; n < strlen(secret); n++) {
        begin(0, 3);
        log_info("long", "%.*s%s end", (int)n, "........................", long_text);
        CHECK(strstr(file_read(""), "***") != NULL);
        CHECK(strstr(text, "SECR") == NULL && strstr(text, "secr") == NULL);
        CHECK(strlen(text) < 1500); // a mask is shorter than a secret
    }
}

// Fault: a secret shows when somebody cut the text in the middle of it and wrote on behind the cut.
// Expected: so much of a secret as tells something is masked wherever it stands.
static void test_mask_pieces(void) {
    const char *secret = "9f8e7d6c5b4a39281706f5e4d3c2b1a0";
    log_mask(secret);
    for (int n = 8; n < 32; n++) {
        begin(0, 3);
        log_info("cut", "VRM said: Token %.*s. Try again.", n, secret);
        CHECK(file_is("", "2026-11-22 12:00:00.000 INFO  cut: VRM said: Token ***. Try again.\n"));
    }
    begin(0, 3);
    log_info("a", "9f8e7d6 is less than a piece.");
    CHECK(file_has("", "9f8e7d6 is less than a piece."));
}

// Fault: a secret shows in capitals, percent-encoded in an address, or escaped as in JSON.
// Expected: it is masked in these forms too.
static void test_mask_forms(void) {
    log_mask("Ab/Cd+Ef\"Gh=Ij");
    begin(0, 3);
    log_info("a", "1 AB/CD+EF\"GH=IJ.");
    log_info("a", "2 Ab%%2FCd%%2bEf%%22Gh%%3dIj.");
    log_info("a", "3 Ab\\/Cd+Ef\\\"Gh=Ij.");
    log_info("a", "4 Ab%%2FCd%%2B, %%41b/x, 100%%");
    for (int i = 1; i <= 3; i++) {
        char line[64];
        snprintf(line, sizeof line, "INFO  a: %d ***.\n", i);
        CHECK(file_has("", line));
    }
    CHECK(file_has("", "4 Ab%2FCd%2B, %41b/x, 100%\n")); // too little of it

    char text_elsewhere[] = "to PG3: ab%2fcd%2bef%22gh%3dij and so on";
    log_hide(text_elsewhere);
    CHECK(strcmp(text_elsewhere, "to PG3: *** and so on") == 0);
}

// Fault: the password boat2024! makes "Our ***" of the name Our Boat, and *** of the path /Settings
// Expected: what a short secret begins with may be a word: only the whole of it is masked
static void test_mask_words(void) {
    log_mask("boat2024!");
    log_mask("settings-2024");
    char names[] = "Our Boat, settings/0/Settings, Boat2024, boat2024!, Settings-2024: boat";
    log_hide(names);
    CHECK(strcmp(names, "Our Boat, settings/0/Settings, Boat2024, ***, ***: boat") == 0);
}

static unsigned mode_of(const char *name) {
    struct stat st = {0};
    return stat(name, &st) == 0 ? (unsigned)st.st_mode & 07777 : 0;
}

// Fault: who can read the log depends on the umask PG3 happens to start the plugin with.
// Expected: PG3's account can read the log it shows, nobody else the older ones.
static void test_modes(void) {
    const mode_t masks[] = {0, 022, 077};
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        log_close();
        folder_empty();
        rmdir(folder);
        mode_t before = umask(masks[i]);
        begin(0, 3);
        log_info("a", "Today.");
        clock_time = noon(1);
        log_info("a", "Tomorrow.");
        umask(before);
        char old[200];
        snprintf(old, sizeof old, "%s.2026-11-22", path);
        CHECK(mode_of(folder) == 0755 && mode_of(path) == 0644 && mode_of(old) == 0600);
    }
}

// Fault: a FIFO in the place of the log file keeps the plugin from starting, for ever.
// Expected: it starts at once, without a log.
static void test_fifo(void) {
    log_close();
    folder_empty();
    CHECK(mkfifo(path, 0600) == 0);
    CHECK(!log_open(path, 0, 3));
    log_info("a", "Not written.");
    log_close();
    unlink(path);
}

// Fault: of an account with 17 GX devices, each with a password, VRM's token stands in the log.
// Expected: the secrets of as many as there may be are; of still more it is the newest.
static void test_mask_keeps_256(void) {
    begin(0, 3);
    char secret[32];
    log_mask("the-oldest-secret");
    log_mask("the-second-secret");
    for (int i = 0; i < 254; i++) {
        snprintf(secret, sizeof secret, "secret-number-%03d.", i);
        log_mask(secret);
    }
    log_mask("the-oldest-secret"); // used again: now the newest
    log_mask("one-more-secret");   // this pushes out the second
    log_info("m", "the-oldest-secret, one-more-secret, secret-number-000., secret-number-253.;");
    log_info("m", "the-second-secret;");
    CHECK(file_has("", "m: ***, ***, ***, ***;\n"));
    CHECK(file_has("", "m: the-second-secret;\n"));
}

static void test_repeats(void) {
    begin(0, 3);
    for (int i = 0; i < 4; i++) {
        log_info("a", "Same.");
        log_info("b", "Other.");
    }
    log_warning("a", "Same."); // another level is another line
    log_info("a", "Different.");
    log_info("a", "Different.");
    log_info("a", "Same.");
    CHECK(file_is("", "2026-11-22 12:00:00.000 INFO  a: Same.\n"
                      "2026-11-22 12:00:00.000 INFO  b: Other.\n"
                      "2026-11-22 12:00:00.000 INFO  a: The last line of this area came 3 more "
                      "times.\n"
                      "2026-11-22 12:00:00.000 WARNING a: Same.\n"
                      "2026-11-22 12:00:00.000 INFO  a: Different.\n"
                      "2026-11-22 12:00:00.000 INFO  a: The last line of this area came 1 more "
                      "time.\n"
                      "2026-11-22 12:00:00.000 INFO  a: Same.\n"));
    log_close(); // b's count is still to be written
    CHECK(file_has("", "INFO  b: The last line of this area came 3 more times.\n"));
}

static void test_repeats_expire(void) {
    begin(0, 3);
    for (int i = 0; i < 10; i++) { // 0, 120 ... 1080 seconds
        log_info("a", "Same.");
        clock_time += 120;
    }
    CHECK(file_is("", "2026-11-22 12:00:00.000 INFO  a: Same.\n"
                      "2026-11-22 12:10:00.000 INFO  a: The last line of this area came 4 more "
                      "times.\n"
                      "2026-11-22 12:10:00.000 INFO  a: Same.\n"));
    log_info("b", "Another area's line brings the count, too."); // at 1200 seconds
    CHECK(file_has("", "12:20:00.000 INFO  a: The last line of this area came 4 more times.\n"));
    clock_time = noon(0); // set back: counting starts anew
    log_info("a", "Same.");
    log_info("b", "Back.");
    log_info("b", "Back.");
    clock_time -= 50;
    log_info("b", "Back.");
    CHECK(file_has("", "11:59:10.000 INFO  b: The last line of this area came 1 more time.\n"));
    CHECK(file_has("", "11:59:10.000 INFO  b: Back.\n"));
}

static void test_many_areas(void) {
    begin(0, 3);
    char area[64];
    for (int i = 0; i < 40; i++) {
        clock_time += 1;
        snprintf(area, sizeof area, "area-with-a-rather-long-name-%02d", i);
        log_info("same", "Same.");
        log_info(area, "x");
        log_info(area, "x");
    }
    log_close();
    int lines = 0;
    for (const char *p = file_read(""); *p != '\0'; p++) {
        lines += *p == '\n' ? 1 : 0;
    }
    CHECK(lines >= 80 && lines <= 130); // nothing lost, repeats counted
}

static char tee_text[256];
static enum log_level tee_level;

static void tee_note(enum log_level level, const char *line) {
    tee_level = level;
    snprintf(tee_text, sizeof tee_text, "%s", line);
}

static void test_tee_and_no_file(void) {
    log_close();
    folder_empty();
    clock_time = noon(0);
    struct stat before;
    struct stat after;
    fstat(1, &before);
    CHECK(log_open(NULL, 100, 3));
    fstat(1, &after);
    CHECK(before.st_ino == after.st_ino); // without a file fd 1 stays
    log_info("a", "Dropped.");
    log_tee(tee_note);
    log_error("a", "Seen by a person.");
    CHECK(tee_level == LOG_ERROR);
    CHECK(strcmp(tee_text, "2026-11-22 12:00:00.000 ERROR a: Seen by a person.") == 0);
    log_error("a", "Seen by a person.");
    log_close();
    CHECK(strstr(tee_text, "came 1 more time.") != NULL);
    log_tee(NULL);
    log_info("a", "After the end.");
    CHECK(strstr(tee_text, "came 1 more time.") != NULL && folder_count() == 0);
}

static void test_rotate_by_size(void) {
    begin(1000, 2);
    for (int i = 0; i < 300; i++) {
        log_info("a", "Line number %03d of a test.", i); // 60 bytes: 16 in a file
        CHECK(strlen(file_read("")) <= 1000);
    }
    CHECK(folder_count() == 3); // the file and the two newest
    CHECK(file_has("", "number 299") && file_has("", "number 288"));
    CHECK(file_has(".2026-11-22.17", "number 287") && file_has(".2026-11-22.16", "number 271"));

    begin(100, 2); // a line longer than the limit stands alone in a file
    char big[301] = {0};
    memset(big, 'x', 300);
    log_info("a", "First.");
    log_info("a", "%s", big);
    log_info("a", "Last.");
    CHECK(file_has(".2026-11-22", "First.") && file_has(".2026-11-22.1", "xxx"));
    CHECK(file_is("", "2026-11-22 12:00:00.000 INFO  a: Last.\n"));

    begin(1, 0); // none is kept
    log_info("a", "First.");
    log_info("a", "Second.");
    CHECK(folder_count() == 1 && file_has("", "Second."));
}

static void test_rotate_by_day(void) {
    begin(0, 3);
    for (int day = 0; day < 6; day++) {
        clock_time = noon(day);
        log_info("a", "Day %d.", day);
        log_info("a", "Still day %d.", day);
    }
    CHECK(folder_count() == 4);
    CHECK(file_is("", "2026-11-27 12:00:00.000 INFO  a: Day 5.\n"
                      "2026-11-27 12:00:00.000 INFO  a: Still day 5.\n"));
    CHECK(file_has(".2026-11-26", "Still day 4.") && file_has(".2026-11-24", "Day 2."));
    CHECK(!file_has(".2026-11-23", "Day 1."));
}

static void file_make(const char *suffix, double when) {
    char name[200];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    FILE *f = fopen(name, "w");
    if (f == NULL) {
        return;
    }
    fprintf(f, "old%s\n", suffix);
    fclose(f);
    struct timespec times[2] = {{.tv_sec = (time_t)when}, {.tv_sec = (time_t)when}};
    utimensat(AT_FDCWD, name, times, 0);
}

// What an earlier run left is of its own day; what is no rotated file is left alone.
static void test_rotate_earlier_run(void) {
    log_close();
    folder_empty();
    file_make("", noon(-1));
    file_make(".2026-11-21", noon(-1));
    file_make(".2026-11-21.10", noon(-1));
    file_make(".2026-11-21.9", noon(-1));
    const char *const foreign[] = {".2026-11-2x", ".2026-11-21.",   ".2026-11-21.gz",
                                   ".txt",        ".2026-11-21.1x", ".2026-11-21.1234567",
                                   ".2026-11-211"};
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        file_make(foreign[i], noon(-1));
    }
    clock_time = noon(0);
    CHECK(log_open(path, 0, 2));
    CHECK(file_is("", "old\n"));
    log_info("a", "Today.");
    CHECK(file_is("", "2026-11-22 12:00:00.000 INFO  a: Today.\n"));
    CHECK(file_is(".2026-11-21.11", "old\n") && file_is(".2026-11-21.10", "old.2026-11-21.10\n"));
    CHECK(file_is(".2026-11-21.9", "") && file_is(".2026-11-21", ""));
    CHECK(folder_count() == 3 + (int)(sizeof foreign / sizeof foreign[0]));

    log_close();
    folder_empty();
    file_make("", noon(0)); // of today: goes on
    CHECK(log_open(path, 0, 2));
    log_info("a", "More.");
    CHECK(file_is("", "old\n2026-11-22 12:00:00.000 INFO  a: More.\n") && folder_count() == 1);
}

// Fault: The day of a log file came from the disk's clock, not from the time of its lines.
// Expected: After a restart the same day's file goes on; one of an earlier day is rotated.
static void test_rotate_own_lines(void) {
    begin(0, 3);
    log_info("a", "First.");
    log_close();
    CHECK(log_open(path, 0, 3));
    log_info("a", "Second.");
    CHECK(file_is("", "2026-11-22 12:00:00.000 INFO  a: First.\n"
                      "2026-11-22 12:00:00.000 INFO  a: Second.\n"));
    log_close();
    clock_time = noon(2); // the plugin was down for a day
    CHECK(log_open(path, 0, 3));
    log_info("a", "Third.");
    CHECK(file_is("", "2026-11-24 12:00:00.000 INFO  a: Third.\n"));
    CHECK(file_has(".2026-11-22", "Second.") && folder_count() == 2);
}

static void put(int fd, const char *s) { CHECK(write(fd, s, strlen(s)) == (ssize_t)strlen(s)); }

static void test_descriptors(void) {
    begin(200, 5);
    put(1, "from fd 1\n");
    put(2, "from fd 2\n");
    CHECK(file_is("", "from fd 1\nfrom fd 2\n"));
    char big[181] = {0};
    memset(big, 'x', 180);
    put(1, big); // what others print counts
    log_info("a", "Rotated.");
    CHECK(file_is("", "2026-11-22 12:00:00.000 INFO  a: Rotated.\n"));
    put(1, "one\n");
    put(2, "two\n");
    CHECK(file_is("", "2026-11-22 12:00:00.000 INFO  a: Rotated.\none\ntwo\n"));
    log_close();
    put(1, "after close\n");
    log_info("a", "Not written.");
    CHECK(file_has("", "one\ntwo\nafter close\n") && !file_has("", "Not written."));

    begin(0, 5); // fd 1 and 2 closed, as a careless parent starts us
    log_close();
    close(1);
    close(2);
    CHECK(log_open(path, 0, 5));
    put(1, "one again\n");
    put(2, "two again\n");
    log_info("a", "Three.");
    CHECK(file_has("", "one again\ntwo again\n2026-11-22 12:00:00.000 INFO  a: Three.\n"));
}

static void test_deleted_file(void) {
    begin(0, 3);
    log_info("a", "First.");
    unlink(path);
    log_info("a", "Second.");
    put(2, "also\n");
    CHECK(file_is("", "2026-11-22 12:00:00.000 INFO  a: Second.\nalso\n"));
}

// Fault: the folder of the log is deleted, and nothing is logged until the plugin is restarted
// Expected: folder and file are made anew with the next line
static void test_deleted_folder(void) {
    begin(0, 3);
    log_info("a", "First.");
    folder_empty();
    CHECK(rmdir(folder) == 0);
    log_info("a", "Second.");
    CHECK(file_is("", "2026-11-22 12:00:00.000 INFO  a: Second.\n"));
}

// Moves the file of the log away between two lines; where it is then.
static const char *move_file(void) {
    static char away[200];
    begin(0, 3);
    log_info("a", "First.");
    snprintf(away, sizeof away, "%s.saved", path);
    CHECK(rename(path, away) == 0);
    log_info("a", "Second.");
    return away;
}

// Fault: the file of the log is moved away by hand, and the lines go on into the moved one
// Expected: the next line begins a new file in its place
static void test_moved_file(void) {
    move_file();
    CHECK(file_is("", "2026-11-22 12:00:00.000 INFO  a: Second.\n"));
}

// Fault: the file of the log is moved away and back, and the lines go on into a file nobody sees
// Expected: the next line goes into the file that is there
static void test_moved_back(void) {
    const char *away = move_file();
    CHECK(rename(away, path) == 0);
    log_info("a", "Third.");
    CHECK(file_has("", "First.") && file_has("", "Third."));
}

static void test_failures(void) {
    struct stat null;
    struct stat now;
    CHECK(stat("/dev/null", &null) == 0);
    char bad[200];
    snprintf(bad, sizeof bad, "%s/no/such/folder/x.log", root);
    CHECK(!log_open(bad, 0, 3));
    CHECK(fstat(1, &now) == 0 && now.st_rdev == null.st_rdev && now.st_ino == null.st_ino);
    CHECK(fstat(2, &now) == 0 && now.st_ino == null.st_ino);
    log_info("a", "Dropped.");
    static char endless[5000];
    memset(endless, 'p', sizeof endless - 1);
    CHECK(!log_open(endless, 0, 3));
    CHECK(!log_open(root, 0, 3)); // a folder
    CHECK(!log_open("", 0, 3));

    // The rotated name cannot be made (a folder has it): the lines go on into the same file.
    begin(100, 3);
    char name[200];
    snprintf(name, sizeof name, "%s.2026-11-22.999999", path);
    CHECK(mkdir(name, 0700) == 0);
    snprintf(bad, sizeof bad, "%s.2026-11-22.1000000", path);
    CHECK(mkdir(bad, 0700) == 0);
    for (int i = 0; i < 20; i++) {
        log_info("a", "Line %d.", i);
    }
    CHECK(file_has("", "Line 0.") && file_has("", "Line 19."));
    rmdir(name);
    rmdir(bad);
}

static bool no_open; // the log's file cannot be opened

int __real_file_open(const char *name, int flags, mode_t mode, const char **why);
int __wrap_file_open(const char *name, int flags, mode_t mode, const char **why);

int __wrap_file_open(const char *name, int flags, mode_t mode, const char **why) {
    return no_open ? -1 : __real_file_open(name, flags, mode, why);
}

// Fault: the file was moved at a rotation and no new one can be made; anybody may read the old one
// Expected: it is private, and its lines go on into a new file as soon as one can be made
static void test_rotation_half_way(void) {
    begin(0, 3);
    log_info("a", "First.");
    clock_time = noon(1);
    no_open = true;
    log_info("a", "Second.");
    no_open = false;
    char old[200];
    snprintf(old, sizeof old, "%s.2026-11-22", path);
    CHECK(mode_of(old) == 0600 && file_has(".2026-11-22", "Second."));
    log_info("a", "Third.");
    CHECK(file_is("", "2026-11-23 12:00:00.000 INFO  a: Third.\n") && mode_of(path) == 0644);
}

// Fault: the log cannot be written from the start on or from some moment, and nobody is told
// Expected: why is known until a line is written again, which is tried; that some are missing is
// one
static void test_problem(void) {
    log_close();
    folder_empty();
    CHECK(rmdir(folder) == 0 || errno == ENOENT);
    int file = open(folder, O_WRONLY | O_CREAT, 0600); // in the way of the folder
    close(file);
    clock_time = noon(0);
    CHECK(!log_open(path, 0, 3) && log_problem() != NULL);
    log_info("a", "First.");
    CHECK(log_problem() != NULL);
    unlink(folder);
    CHECK(log_problem() == NULL && log_problem() == NULL);
    log_info("a", "Second.");
    CHECK(file_is("",
                  "2026-11-22 12:00:00.000 WARNING log: Lines are missing above: they could not "
                  "be written.\n2026-11-22 12:00:00.000 INFO  a: Second.\n"));
    struct rlimit before, none;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    none = before;
    none.rlim_cur = 0; // as a full disk
    setrlimit(RLIMIT_FSIZE, &none);
    log_info("a", "Third.");
    CHECK(log_problem() != NULL);
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK(log_problem() == NULL && !file_has("", "Third."));
    log_close();
    CHECK(log_open(NULL, 0, 0) && log_problem() == NULL);
}

static void test_relative_path(void) {
    log_close();
    folder_empty();
    CHECK(chdir(folder) == 0);
    clock_time = noon(0);
    CHECK(log_open("debug.log", 40, 3)); // no folder in the path
    log_info("a", "First.");
    log_info("a", "Second.");
    CHECK(file_has("", "Second.") && file_has(".2026-11-22", "First."));
    log_close();
    CHECK(chdir("/") == 0);
}

int main(void) {
    check_out = fdopen(dup(1), "w");
    setenv("TZ", "UTC0", 1);
    tzset();
    if (mkdtemp(root) == NULL) {
        return 1;
    }
    snprintf(folder, sizeof folder, "%s/logs", root);
    snprintf(path, sizeof path, "%s/debug.log", folder);
    log_info("a", "Before log_open: dropped.");
    log_set_clock(clock_fake);
    test_tee_and_no_file();
    test_lines();
    test_local_time();
    test_long_lines();
    test_levels();
    test_repeats();
    test_repeats_expire();
    test_many_areas();
    test_mask();
    test_mask_at_cut();
    test_mask_in_long_text();
    test_mask_pieces();
    test_mask_words();
    test_mask_forms();
    test_modes();
    test_fifo();
    test_mask_keeps_256();
    test_rotate_by_size();
    test_rotate_by_day();
    test_rotate_earlier_run();
    test_rotate_own_lines();
    test_descriptors();
    test_deleted_file();
    test_deleted_folder();
    test_moved_file();
    test_moved_back();
    test_failures();
    test_rotation_half_way();
    test_problem();
    test_relative_path();
    log_set_clock(NULL);
    CHECK(log_open(path, 0, 3));
    log_info("a", "By the real clock.");
    CHECK(file_has("", "INFO  a: By the real clock.\n"));
    log_close();
    folder_empty();
    rmdir(folder);
    rmdir(root);
    return check_end();
}
