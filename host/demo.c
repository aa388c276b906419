#include "demo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS 10000

extern char **environ;

static void read_line(lua_State *L, void *ctx) {
    struct demo *d = ctx;
    setenv("VICTRON_VRM_URL", json_text(L, 1, "url", ""), 1);
    setenv("VICTRON_CA_FILE", json_text(L, 1, "ca", ""), 1);
    setenv("VICTRON_MQTT_PORT", json_text(L, 1, "mqtt_port", ""), 1);
    setenv("VICTRON_MQTT_CA", json_text(L, 1, "ca", ""), 1);
    snprintf(d->token, sizeof d->token, "%s", json_text(L, 1, "token", ""));
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

static int spawn(struct demo *d, const char *script, int fd) {
    char *argv[] = {"python3", "-B", (char *)(uintptr_t)script, NULL};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    for (int i = 0; i < 3; i++) { // also 2: its complaint is what we read
        posix_spawn_file_actions_adddup2(&files, fd, i);
    }
    int failed = posix_spawnp(&d->pid, argv[0], &files, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

bool demo_start(struct demo *d, struct json *json, const char *root, char *error, size_t size) {
    char script[700], line[2048] = "", why[200];
    int ends[2];
    memset(d, 0, sizeof *d);
    snprintf(script, sizeof script, "%s/scripts/demo/vrm.py", root);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) {
        snprintf(error, size, "The demo needs two sockets: %s", strerror(errno));
        return false;
    }
    d->fd = ends[0];
    fcntl(d->fd, F_SETFD, FD_CLOEXEC);
    int failed = spawn(d, script, ends[1]);
    close(ends[1]);
    if (failed == 0) {
        first_line(d->fd, line, sizeof line);
    }
    shutdown(d->fd, SHUT_RD);
    if (failed == 0 && json_read(json, line, strlen(line), read_line, d, why, sizeof why) &&
        d->token[0] != '\0') {
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
    if (d->fd > 0) {
        close(d->fd);
    }
    d->fd = 0;
    if (d->pid <= 0) {
        return;
    }
    kill(d->pid, SIGTERM);
    while (waitpid(d->pid, NULL, 0) < 0 && errno == EINTR) {
        continue;
    }
    d->pid = 0;
}
