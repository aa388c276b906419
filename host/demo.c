#include "demo.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS 10000

extern char **environ;

static void read_line(lua_State *L, void *ctx) {
    struct demo *d = ctx;
    snprintf(d->url, sizeof d->url, "%s", json_text(L, 1, "url", ""));
    snprintf(d->ca, sizeof d->ca, "%s", json_text(L, 1, "ca", ""));
    snprintf(d->token, sizeof d->token, "%s", json_text(L, 1, "token", ""));
    snprintf(d->mqtt_port, sizeof d->mqtt_port, "%s", json_text(L, 1, "mqtt_port", ""));
}

// Up to the first newline or the time limit; what came is in `line`.
static void first_line(int fd, char *line, size_t size) {
    size_t len = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (len < size - 1 && poll(&p, 1, START_MS) > 0) {
        ssize_t n = read(fd, line + len, size - 1 - len);
        if (n <= 0) {
            break;
        }
        len += (size_t)n;
        line[len] = '\0';
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
            return;
        }
    }
    line[len] = '\0';
}

static int spawn(struct demo *d, const char *script, int in[2], int out[2]) {
    char *argv[] = {"python3", "-B", (char *)(uintptr_t)script, NULL};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in[0], 0);
    posix_spawn_file_actions_adddup2(&files, out[1], 1);
    posix_spawn_file_actions_adddup2(&files, out[1], 2); // so that its complaint is what we read
    posix_spawn_file_actions_addclose(&files, in[1]);
    posix_spawn_file_actions_addclose(&files, out[0]);
    int failed = posix_spawnp(&d->pid, argv[0], &files, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

bool demo_start(struct demo *d, struct json *json, const char *root, char *error, size_t size) {
    char script[700], line[2048] = "", why[200];
    int in[2], out[2];
    memset(d, 0, sizeof *d);
    snprintf(script, sizeof script, "%s/scripts/demo/vrm.py", root);
    if (pipe(in) != 0 || pipe(out) != 0) {
        snprintf(error, size, "The demo needs two pipes: %s", strerror(errno));
        return false;
    }
    int failed = spawn(d, script, in, out);
    close(in[0]);
    close(out[1]);
    d->in_fd = in[1];
    if (failed == 0) {
        first_line(out[0], line, sizeof line);
    }
    close(out[0]);
    if (failed == 0 && json_read(json, line, strlen(line), read_line, d, why, sizeof why) &&
        d->url[0] != '\0') {
        return true;
    }
    snprintf(error, size, "The demo's stand-in for VRM (python3 %s) did not start: %s", script,
             failed == ENOENT  ? "The python3 command was not found: install the package python3."
             : failed != 0     ? strerror(failed)
             : line[0] != '\0' ? line
                               : "it said nothing");
    demo_stop(d);
    return false;
}

void demo_stop(struct demo *d) {
    if (d->in_fd > 0) {
        close(d->in_fd);
    }
    d->in_fd = 0;
    if (d->pid <= 0) {
        return;
    }
    kill(d->pid, SIGTERM);
    while (waitpid(d->pid, NULL, 0) < 0 && errno == EINTR) {
        continue;
    }
    d->pid = 0;
}
