#include "base/logfile.h"
#include "base/file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DAY_SIZE = 11, // "2026-11-22" and its NUL
    PATH_SIZE = 1024,
    SUFFIX_SIZE = 32 // enough for what a rotated file's name has more
};

static int file_fd = -1;
static char file_path[PATH_SIZE];
static char log_folder[PATH_SIZE];
static size_t file_max;
static int file_keep;
static char file_day[DAY_SIZE]; // the day of what is in the file; "" = it was empty
static off_t file_base;        // the size at a rotation that failed: the next try is file_max later
static char file_problem[128]; // why the last line could not be written; "" = it was

static void day_text(time_t t, char day[DAY_SIZE]) {
    struct tm tm = {0};
    localtime_r(&t, &tm);
    if (strftime(day, DAY_SIZE, "%Y-%m-%d", &tm) == 0) {
        memcpy(day, "0000-00-00", DAY_SIZE); // the year 10000
    }
}

// Whether the text begins with a day, "2026-11-22".
static bool day_at(const char *text) {
    for (size_t i = 0; i < DAY_SIZE - 1; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? text[i] != '-' : !isdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return true;
}

// Reads the name of a rotated file, path.YYYY-MM-DD or path.YYYY-MM-DD.N, without its folder.
static bool old_parse(const char *name, char day[DAY_SIZE], long *number) {
    const char *slash = strrchr(file_path, '/');
    const char *base = slash != NULL ? slash + 1 : file_path;
    size_t len = strlen(base);
    if (strncmp(name, base, len) != 0 || name[len] != '.') {
        return false;
    }
    name += len + 1;
    if (!day_at(name)) {
        return false;
    }
    memcpy(day, name, DAY_SIZE - 1);
    day[DAY_SIZE - 1] = '\0';
    name += DAY_SIZE - 1;
    *number = 0;
    if (name[0] == '\0') {
        return true;
    }
    size_t digits = strspn(name + 1, "0123456789");
    if (name[0] != '.' || digits == 0 || digits > 6 || name[1 + digits] != '\0') {
        return false;
    }
    *number = strtol(name + 1, NULL, 10);
    return true;
}

static bool old_path(char path[PATH_SIZE], const char *day, long number) {
    int len = number == 0 ? snprintf(path, PATH_SIZE, "%s.%s", file_path, day)
                          : snprintf(path, PATH_SIZE, "%s.%s.%ld", file_path, day, number);
    return len > 0 && len < PATH_SIZE;
}

static int is_old(const struct dirent *e) {
    char day[DAY_SIZE];
    long number;
    return old_parse(e->d_name, day, &number);
}

// The oldest first.
static int by_age(const struct dirent **a, const struct dirent **b) {
    char days[2][DAY_SIZE] = {"", ""};
    long numbers[2] = {0, 0};
    old_parse((*a)->d_name, days[0], &numbers[0]);
    old_parse((*b)->d_name, days[1], &numbers[1]);
    int order = strcmp(days[0], days[1]);
    return order != 0 ? order : (numbers[0] > numbers[1]) - (numbers[0] < numbers[1]);
}

// The highest number of that day, -1 = there is none; -2: the folder cannot be read. Deletes the
// oldest rotated files but `keep`.
static long old_look(const char *day, int keep) {
    struct dirent **names;
    char its_day[DAY_SIZE], path[PATH_SIZE];
    int count = scandir(log_folder, &names, is_old, by_age);
    long last = count < 0 ? -2 : -1;
    for (int i = 0; i < count; i++) {
        long number = 0;
        old_parse(names[i]->d_name, its_day, &number);
        last = strcmp(its_day, day) == 0 ? number : last;
        if (count - i > keep && old_path(path, its_day, number)) {
            unlink(path);
        }
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
    return last;
}

// Points fd 1 and 2 at what was opened as `fd`. The result is never 0, 1 or 2, even when one of
// them was closed. -1 = it is not open.
static int output_to(int fd) {
    if (fd >= 0 && fd <= STDERR_FILENO) {
        int low = fd;
        fd = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close(low);
    }
    if (fd < 0) {
        return -1;
    }
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    return fd;
}

// Opens the log file anew, in a folder made anew if need be. When that fails the lines go on into
// the one that is open.
static bool file_reopen(void) {
    const char *why = "no descriptor is left";
    bool there = file_folder(log_folder, FOLDER_FOR_PG3);
    int failure = errno;
    int fd = output_to(file_open(file_path, O_WRONLY | O_APPEND | O_CREAT, FILE_FOR_PG3, &why));
    if (fd < 0) {
        snprintf(file_problem, sizeof file_problem, "%s", there ? why : strerror(failure));
        return false;
    }
    fchmod(fd, FILE_FOR_PG3); // past the umask
    if (file_fd >= 0) {
        close(file_fd);
    }
    file_fd = fd;
    file_base = 0;
    return true;
}

static void file_rotate(off_t size) {
    // The number comes after the highest there is: a lower one may be free because it was pruned.
    char path[PATH_SIZE];
    long last = old_look(file_day, INT_MAX);
    if (last < -1 || !old_path(path, file_day, last + 1) || rename(file_path, path) != 0) {
        file_base = size;
        return;
    }
    chmod(path, FILE_PRIVATE); // PG3 shows the log file only
    file_reopen();             // or the next line does, which finds the file gone
    old_look("", file_keep);
}

static bool path_set(const char *path) {
    if (strlen(path) + SUFFIX_SIZE > PATH_SIZE) {
        return false;
    }
    memcpy(file_path, path, strlen(path) + 1);
    memcpy(log_folder, path, strlen(path) + 1);
    char *slash = strrchr(log_folder, '/');
    if (slash == NULL) {
        memcpy(log_folder, ".", 2);
    } else {
        slash[slash == log_folder ? 1 : 0] = '\0';
    }
    return true;
}

// The day an earlier run's lines are of: their own stamp says it, also after the file was copied or
// the time zone changed. Only a file that begins with something else has that of its last change.
static void day_read(char day[DAY_SIZE]) {
    struct stat st = {0};
    day[0] = '\0';
    if (fstat(file_fd, &st) != 0 || st.st_size == 0) {
        return;
    }
    char stamp[DAY_SIZE] = "";
    int fd = open(file_path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, stamp, DAY_SIZE - 1) : 0;
    if (fd >= 0) {
        close(fd);
    }
    if (len == DAY_SIZE - 1 && day_at(stamp)) {
        memcpy(day, stamp, DAY_SIZE);
    } else {
        day_text(st.st_mtime, day);
    }
}

bool logfile_open(const char *path, size_t max_bytes, int keep) {
    logfile_close();
    file_max = max_bytes;
    file_keep = keep;
    if (path_set(path)) {
        file_reopen();
    }
    if (file_fd < 0) {
        int fd = output_to(open("/dev/null", O_WRONLY | O_CLOEXEC));
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    day_read(file_day);
    return true;
}

void logfile_close(void) {
    if (file_fd >= 0) {
        close(file_fd);
        file_fd = -1;
    }
    file_path[0] = '\0';
    file_problem[0] = '\0';
}

const char *logfile_problem(void) { return file_problem[0] != '\0' ? file_problem : NULL; }

// Whether somebody deleted or moved the file, or its folder, or put another in its place.
static bool file_gone(const struct stat *ours) {
    struct stat st;
    if (stat(file_path, &st) != 0) {
        return errno == ENOENT || errno == ENOTDIR;
    }
    return st.st_ino != ours->st_ino || st.st_dev != ours->st_dev;
}

void logfile_write(time_t now, const char *line, size_t len) {
    if (file_fd < 0 && (file_path[0] == '\0' || !file_reopen())) {
        return;
    }
    char today[DAY_SIZE];
    day_text(now, today);
    struct stat st = {0};
    fstat(file_fd, &st);
    if (file_gone(&st)) {
        file_reopen();
    } else if (st.st_size > 0) {
        // What the libraries print to fd 1 and 2 counts too, so the file itself is asked.
        off_t size = st.st_size - file_base;
        bool full = file_max > 0 && size > 0 && (size_t)size + len > file_max;
        bool other_day = file_day[0] != '\0' && strcmp(today, file_day) != 0;
        if (full || other_day) {
            file_rotate(st.st_size);
        }
    }
    memcpy(file_day, today, DAY_SIZE);
    bool done = file_write_all(file_fd, line, len); // or the disk is full
    snprintf(file_problem, sizeof file_problem, "%s", done ? "" : strerror(errno));
}
