// For LD_PRELOAD: the wall clock of a program is SHIFT_SECONDS ahead, and by what the eight bytes
// of the file SHIFT_FILE say, with which it can be set while the program runs; what it waits for
// comes when it would. (libfaketime bends the monotonic clock's sleeps, too, and Python's sleep
// fails with it.)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SLICE_NS = 50000000, SECOND_NS = 1000000000 };

static time_t seconds;
static const int64_t none;
static const volatile int64_t *set = &none;

__attribute__((constructor)) static void
set_open(void) { // later the program may change its environment
    const char *path = getenv("SHIFT_FILE"), *text = getenv("SHIFT_SECONDS");
    seconds = text != NULL ? (time_t)strtoll(text, NULL, 10) : 0;
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *at = fd >= 0 ? mmap(NULL, sizeof *set, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (at != MAP_FAILED)
        set = at;
    if (fd >= 0)
        close(fd);
}

static time_t shift(void) { return seconds + (time_t)*set; }

int clock_gettime(clockid_t id, struct timespec *t) {
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(id, t);
    if (failed == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        t->tv_sec += shift();
    return failed;
}

time_t time(time_t *out) {
    struct timespec t = {0};
    clock_gettime(CLOCK_REALTIME, &t);
    if (out != NULL)
        *out = t.tv_sec;
    return t.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    struct timespec t = {0};
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &t);
    *out = (struct timeval){.tv_sec = t.tv_sec, .tv_usec = t.tv_nsec / 1000};
    return 0;
}

// A moment of the shifted clock as the kernel has it. One of the monotonic clock is far smaller.
static struct timespec moment(const struct timespec *until) {
    struct timespec t = *until;
    if (t.tv_sec > time(NULL) / 2)
        t.tv_sec -= shift();
    return t;
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    if (real == NULL)
        *(void **)&real = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    if (set == &none) {
        struct timespec t = moment(until);
        return real(cond, mutex, &t);
    }
    for (;;) { // in slices, for the clock may be set meanwhile
        struct timespec t = moment(until), slice;
        clock_gettime(CLOCK_REALTIME, &slice);
        slice.tv_sec -= shift();
        slice.tv_nsec += SLICE_NS;
        slice.tv_sec += slice.tv_nsec / SECOND_NS;
        slice.tv_nsec %= SECOND_NS;
        int last =
            t.tv_sec < slice.tv_sec || (t.tv_sec == slice.tv_sec && t.tv_nsec <= slice.tv_nsec);
        int result = real(cond, mutex, last ? &t : &slice);
        if (last || result != ETIMEDOUT)
            return result;
    }
}

int sem_timedwait(sem_t *restrict sem, const struct timespec *restrict until) {
    static int (*real)(sem_t *, const struct timespec *);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "sem_timedwait");
    struct timespec t = moment(until);
    return real(sem, &t);
}
