#define _XOPEN_SOURCE 700 // NOLINT(bugprone-reserved-identifier): FreeBSD hides SA_RESTART else

#include "net/loop.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IDLE_MS = 60 * 60 * 1000, ERROR_PAUSE_MS = 100 };

struct hook {
    loop_fn *fn;
    void *ctx;
};

struct loop {
    CURLM *multi;
    struct timers *timers;
    int signal_pipe[2]; // -1 before it is made
    struct hook on_signal;
    struct hook *turns; // those that ended have no fn
    size_t turn_count;
    struct hook turn_end;
    bool stopped;
};

// The write end of the one loop's self-pipe: all a signal handler may touch.
static volatile sig_atomic_t signal_fd = -1;

static void signal_handle(int number) {
    int saved = errno;
    char byte = (char)number;
    // A full pipe already holds a signal to be seen, so a failed write loses nothing.
    (void)!write((int)signal_fd, &byte, 1);
    errno = saved;
}

static bool signal_set(int number, void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL) == 0;
}

// Each asks for the end: service scripts, a terminal that is closed, Ctrl-C.
static const int ending[] = {SIGTERM, SIGHUP, SIGINT};

static bool signals_start(struct loop *l) {
    if (pipe(l->signal_pipe) != 0 || !file_set_flags(l->signal_pipe[0]) ||
        !file_set_flags(l->signal_pipe[1])) {
        return false;
    }
    signal_fd = l->signal_pipe[1];
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) {
        if (!signal_set(ending[i], signal_handle)) {
            return false;
        }
    }
    return signal_set(SIGPIPE, SIG_IGN) && signal_set(SIGUSR1, SIG_IGN) &&
           signal_set(SIGUSR2, SIG_IGN);
}

// What is ignored stays so: a library's thread may outlive the loop.
static void signals_end(struct loop *l) {
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) {
        signal_set(ending[i], SIG_DFL);
    }
    signal_fd = -1;
    for (int i = 0; i < 2; i++) {
        if (l->signal_pipe[i] >= 0) {
            close(l->signal_pipe[i]);
        }
    }
}

struct loop *loop_new(void) {
    struct loop *l = calloc(1, sizeof *l);
    if (l == NULL) {
        log_error("loop",
                  "The plugin cannot start: memory is short. Free some and start it again.");
        return NULL;
    }
    l->signal_pipe[0] = l->signal_pipe[1] = -1;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        log_error("loop", "The plugin cannot start: libcurl does not initialise. Check that the "
                          "system's libcurl and OpenSSL are complete.");
        free(l);
        return NULL;
    }
    l->multi = curl_multi_init();
    l->timers = timers_new();
    if (l->multi == NULL || l->timers == NULL || !signals_start(l)) {
        log_error("loop",
                  "The plugin cannot start: no memory or no descriptor is left (%s). Free "
                  "some and start it again.",
                  strerror(errno));
        loop_free(l);
        return NULL;
    }
    return l;
}

void loop_free(struct loop *l) {
    if (l == NULL) {
        return;
    }
    signals_end(l);
    timers_free(l->timers);
    curl_multi_cleanup(l->multi);
    curl_global_cleanup();
    free(l->turns);
    free(l);
}

static int64_t (*test_clock)(void);

void loop_set_clock(int64_t (*now)(void)) { test_clock = now; }

// Where the milliseconds stand while they do, and how far a standstill has left them from the
// system's.
static struct {
    bool still;
    int64_t now_ms, off_ms;
} stand;

int64_t loop_now_ms(void) {
    if (test_clock != NULL) {
        return test_clock();
    }
    return stand.still ? stand.now_ms : clock_ms(CLOCK_MONOTONIC) + stand.off_ms;
}

void loop_stand(bool still) {
    if (still) {
        stand.now_ms = loop_now_ms();
    } else if (stand.still) {
        stand.off_ms = stand.now_ms - clock_ms(CLOCK_MONOTONIC);
    }
    stand.still = still;
}

void loop_leap(const struct loop *l) {
    int64_t ms = stand.still ? timers_next_ms(l->timers, stand.now_ms) : 0;
    if (ms > 0) {
        stand.now_ms += ms;
    }
}

bool loop_each_turn(struct loop *l, loop_fn *fn, void *ctx) {
    size_t i = 0;
    while (i < l->turn_count && l->turns[i].fn != NULL) {
        i++;
    }
    if (i == l->turn_count) {
        struct hook *more = realloc(l->turns, (i + 1) * sizeof *more);
        if (more == NULL) {
            return false;
        }
        l->turns = more;
        l->turn_count++;
    }
    l->turns[i] = (struct hook){fn, ctx};
    return true;
}

void loop_not_each_turn(struct loop *l, const void *ctx) {
    for (size_t i = 0; i < l->turn_count; i++) {
        if (l->turns[i].ctx == ctx) {
            l->turns[i] = (struct hook){NULL, NULL};
        }
    }
}

void loop_turn_end(struct loop *l, loop_fn *fn, void *ctx) { l->turn_end = (struct hook){fn, ctx}; }

void loop_on_signal(struct loop *l, loop_fn *fn, void *ctx) {
    l->on_signal = (struct hook){fn, ctx};
}

void loop_wake(struct loop *l) { curl_multi_wakeup(l->multi); }

int64_t loop_after(struct loop *l, int64_t ms, timer_fn *fn, void *ctx) {
    return timers_add(l->timers, loop_now_ms() + ms, fn, ctx);
}

bool loop_cancel(struct loop *l, int64_t id) { return timers_cancel(l->timers, id); }

CURLM *loop_multi(struct loop *l) { return l->multi; }

static void hook_call(struct hook hook) {
    if (hook.fn != NULL) {
        hook.fn(hook.ctx);
    }
}

static void signals_serve(struct loop *l) {
    char bytes[64];
    // Several signals before a turn count as one: the first already asks for the end.
    if (read(l->signal_pipe[0], bytes, sizeof bytes) > 0) {
        hook_call(l->on_signal);
    }
}

// Waits until something happens, at most until the next timer. -> whether a signal may have
// come.
static bool loop_wait(struct loop *l, int64_t max_ms) {
    int64_t wait_ms = timers_next_ms(l->timers, loop_now_ms());
    if (wait_ms < 0 || wait_ms > max_ms) {
        wait_ms = max_ms;
    }
    if (wait_ms < 0) {
        wait_ms = 0;
    }
    struct curl_waitfd signals = {.fd = l->signal_pipe[0], .events = CURL_WAIT_POLLIN};
    int ms = wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;
    if (curl_multi_poll(l->multi, &signals, 1, ms, NULL) != CURLM_OK) {
        poll(NULL, 0, ms < ERROR_PAUSE_MS ? ms : ERROR_PAUSE_MS); // never a busy loop
        return true;
    }
    return signals.revents != 0;
}

void loop_turn(struct loop *l, int64_t max_ms) {
    int running = 0;
    if (loop_wait(l, max_ms)) {
        signals_serve(l);
    }
    curl_multi_perform(l->multi, &running);
    timers_run(l->timers, loop_now_ms());
    for (size_t i = 0; i < l->turn_count; i++) {
        hook_call(l->turns[i]);
    }
    hook_call(l->turn_end);
}

void loop_run(struct loop *l) {
    while (!l->stopped) {
        loop_turn(l, IDLE_MS);
    }
    l->stopped = false;
}

void loop_stop(struct loop *l) { l->stopped = true; }
