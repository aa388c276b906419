#include "base/terminal.h"
#include "base/file.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

// The other screen, no cursor, no wrapping of long lines, empty; and the reverse. These are xterm's
// (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html), which every terminal in use knows.
static const char TAKE[] = "\033[?1049h\033[?25l\033[?7l\033[2J";
static const char GIVE_BACK[] = "\033[0m\033[?7h\033[?25h\033[?1049l";

// What ends a program that has a fault or too much of something, and Ctrl-backslash. The last two
// are POSIX's only with XSI, and FreeBSD's headers hide them from a program without.
static const int crashes[] = {
    SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT, SIGALRM, SIGSYS,
#ifdef SIGTRAP
    SIGTRAP,
#endif
#ifdef SIGXCPU
    SIGXCPU,
#endif
};
#define CRASHES (sizeof crashes / sizeof crashes[0])

static volatile sig_atomic_t taken;
static volatile sig_atomic_t keys; // stdin is the terminal, and `before` is how it was
static struct termios before;
static struct sigaction old[CRASHES];

bool terminal_colours(void) {
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) == 1 && (no == NULL || no[0] == '\0') && term != NULL &&
           term[0] != '\0' && strcmp(term, "dumb") != 0;
}

bool terminal_size(int *columns, int *rows) {
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
        return false;
    }
    *columns = size.ws_col;
    *rows = size.ws_row;
    return true;
}

// Whatever else wants to know of the crash, a core file or a sanitizer, gets it after this.
static void crash(int number) {
    terminal_give_back();
    for (size_t i = 0; i < CRASHES; i++) {
        sigaction(crashes[i], &old[i], NULL);
    }
    raise(number);
}

static void take_keys(void) {
    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        return;
    }
    struct termios raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
    raw.c_cc[VSUSP] = _POSIX_VDISABLE; // the shell would get the screen as it is
    raw.c_cc[VMIN] = 0;                // a read that finds no key does not wait
    raw.c_cc[VTIME] = 0;
    keys = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

bool terminal_take(void) {
    struct sigaction action;
    if (taken || isatty(STDOUT_FILENO) != 1) {
        return taken != 0;
    }
    memset(&action, 0, sizeof action);
    action.sa_handler = crash;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < CRASHES; i++) {
        sigaction(crashes[i], &action, &old[i]);
    }
    take_keys();
    taken = 1;
    file_write_all(STDOUT_FILENO, TAKE, sizeof TAKE - 1);
    return true;
}

void terminal_give_back(void) {
    int saved = errno;
    if (taken) {
        taken = 0;
        file_write_all(STDOUT_FILENO, GIVE_BACK, sizeof GIVE_BACK - 1);
    }
    if (keys) {
        keys = 0;
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    }
    errno = saved;
}

size_t terminal_keys(char *bytes, size_t size) {
    ssize_t n = keys ? read(STDIN_FILENO, bytes, size) : 0;
    return n > 0 ? (size_t)n : 0;
}
