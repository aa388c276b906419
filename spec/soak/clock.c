// The clock and the disk of the soak, preloaded into the plugin (LD_PRELOAD): every clock is ahead
// of the machine's by what a shared page says, and the disk is full while the page says so. Not
// part of the plugin; Linux and glibc only.
//
// Time flows as it does; the soak only lets it leap, and that only while every thread of the plugin
// waits for something that has not come: nothing that is on its way may look late. The loop's
// wait ends at a leap, so that the plugin sees the new time at once.
#define _GNU_SOURCE // NOLINT: RTLD_NEXT

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SLICE_NS = 1000000, SECOND_NS = 1000000000 };
// paho's receiver sees a new connection when its wait is over, and waits for a second.
enum { RECEIVER_MS = 20, RECEIVER_SLEEPS_US = 5000 };

// Shared with spec/soak/clock.py.
struct page {
    int64_t ahead_ns;  // written here
    int64_t wanted_ns; // where the next leap goes
    int64_t watched;   // what the main thread waited for at the last leap: descriptors
    int64_t disk_full;
};

static struct page zero;
static struct page *page = &zero;

__attribute__((constructor)) static void page_open(void) {
    const char *path = getenv("SOAK_CLOCK");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *at = fd >= 0 ? mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                       : MAP_FAILED;
    if (at != MAP_FAILED)
        page = at;
    if (fd >= 0)
        close(fd);
}

static int64_t ahead(void) { return __atomic_load_n(&page->ahead_ns, __ATOMIC_ACQUIRE); }

static bool disk_full(void) { return __atomic_load_n(&page->disk_full, __ATOMIC_ACQUIRE) != 0; }

static void add(struct timespec *t, int64_t ns) {
    int64_t sum = t->tv_nsec + ns % SECOND_NS;
    t->tv_sec += ns / SECOND_NS + (sum >= SECOND_NS ? 1 : sum < 0 ? -1 : 0);
    t->tv_nsec = (sum + SECOND_NS) % SECOND_NS;
}

int clock_gettime(clockid_t id, struct timespec *t) {
    long failed = syscall(SYS_clock_gettime, id, t);
    bool of_the_world = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE ||
                        id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_RAW ||
                        id == CLOCK_MONOTONIC_COARSE || id == CLOCK_BOOTTIME;
    if (failed == 0 && of_the_world)
        add(t, ahead());
    return (int)failed;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *out, void *zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

// Who waits. paho's sender waits on a condition, its receiver in poll.

static atomic_int senders_waiting;  // in pthread_cond_timedwait
static atomic_bool sender_called;   // a signal the sender has not come back to wait after
static atomic_int receivers;        // threads besides the main one that have called poll
static atomic_int receivers_silent; // in a poll in which nothing was ready, or asleep

// The deadline is one of the plugin's clock.
int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                           const struct timespec *deadline) {
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct timespec machine = *deadline;
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    add(&machine, -ahead());
    sender_called = false; // the mutex is ours, and the caller of pthread_cond_signal holds it
    senders_waiting++;
    int result = real(cond, mutex, &machine);
    senders_waiting--;
    return result;
}

int pthread_cond_signal(pthread_cond_t *cond) {
    static int (*real)(pthread_cond_t *);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_cond_signal");
    sender_called = true;
    return real(cond);
}

static int poll_for(struct pollfd *fds, nfds_t count, int64_t ns) {
    struct timespec wait = {0, (long)ns};
    return ppoll(fds, count, &wait, NULL);
}

static bool others_wait(void) {
    return receivers == 0 ||
           (senders_waiting > 0 && !sender_called && receivers_silent >= receivers);
}

// In the main thread, when nothing was ready: the leap, if one is wanted and may be done now.
static bool leap(nfds_t count) {
    int64_t wanted = __atomic_load_n(&page->wanted_ns, __ATOMIC_ACQUIRE);
    if (wanted == ahead() || !others_wait())
        return false;
    __atomic_store_n(&page->watched, (int64_t)count, __ATOMIC_RELEASE);
    __atomic_store_n(&page->ahead_ns, wanted, __ATOMIC_RELEASE);
    return true;
}

static int64_t machine_ns(void) {
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

// Waits in slices. A leap ends the main thread's wait; paho's receiver takes a short one for a
// fault and sleeps.
static int poll_sliced(struct pollfd *fds, nfds_t count, int timeout, bool is_main) {
    int64_t began = ahead(), end = machine_ns() + (int64_t)timeout * 1000000;
    bool silent = false;
    int ready;
    for (;;) {
        int64_t left = timeout < 0 ? SLICE_NS : end - machine_ns();
        ready = poll_for(fds, count, left < 0 ? 0 : left < SLICE_NS ? left : SLICE_NS);
        if (ready == 0 && is_main && others_wait() && poll_for(fds, count, 0) == 0 && leap(count))
            break;
        if (ready == 0 && !is_main && !silent) {
            silent = true;
            receivers_silent++;
        }
        if (ready != 0 || (timeout >= 0 && (left <= 0 || (is_main && ahead() != began))))
            break;
    }
    if (silent)
        receivers_silent--;
    return ready;
}

int poll(struct pollfd *fds, nfds_t count, int timeout) {
    static _Thread_local bool known;
    bool is_main = syscall(SYS_gettid) == getpid();
    if (timeout == 0)
        return poll_for(fds, count, 0);
    if (!is_main && !known)
        receivers++;
    known = true;
    if (!is_main && (timeout < 0 || timeout > RECEIVER_MS))
        timeout = RECEIVER_MS;
    return poll_sliced(fds, count, timeout, is_main);
}

// The receiver without a connection.
int usleep(useconds_t us) {
    struct timespec pause = {0, (long)(us < RECEIVER_SLEEPS_US ? us : RECEIVER_SLEEPS_US) * 1000};
    receivers_silent++;
    int result = nanosleep(&pause, NULL);
    receivers_silent--;
    return result;
}

// The full disk: files neither grow nor come into being.

ssize_t write(int fd, const void *data, size_t len) {
    struct stat st;
    if (disk_full() && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_write, fd, data, len);
}

FILE *fopen(const char *path, const char *mode) {
    static FILE *(*real)(const char *, const char *);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "fopen");
    if (disk_full() && strpbrk(mode, "wa+") != NULL) {
        errno = ENOSPC;
        return NULL;
    }
    return real(path, mode);
}

int mkdir(const char *path, mode_t mode) {
    if (disk_full()) {
        errno = ENOSPC;
        return -1;
    }
    return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}
