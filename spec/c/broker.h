// Real brokers (mosquitto) for unit tests, in the folder FOLDER, which the test defines and makes.
#ifndef BROKER_H
#define BROKER_H

#include "check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

struct broker {
    char config[64];
    int port;
    pid_t pid;
};

static bool answers(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool answered = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return answered;
}

// Below those that the system gives to outgoing connections.
static int free_port(void) {
    int port = 10000 + (int)(getpid() * 7 % 20000);
    while (answers(port))
        port++;
    return port;
}

static void broker_start(struct broker *b) {
    char *const argv[] = {"mosquitto", "-c", b->config, NULL};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    CHECK(posix_spawnp(&b->pid, "mosquitto", &files, NULL, argv, environ) == 0);
    posix_spawn_file_actions_destroy(&files);
    for (int i = 0; i < 1000 && !answers(b->port); i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    CHECK(answers(b->port));
}

static void broker_stop(struct broker *b) {
    kill(b->pid, SIGTERM);
    CHECK(waitpid(b->pid, NULL, 0) == b->pid);
}

static void broker_make(struct broker *b, const char *name, const char *settings) {
    snprintf(b->config, sizeof b->config, FOLDER "%s.conf", name);
    b->port = free_port();
    FILE *file = fopen(b->config, "w");
    CHECK(file != NULL &&
          fprintf(file, "user root\npersistence false\nlog_dest none\nlistener %d 127.0.0.1\n%s",
                  b->port, settings) > 0);
    if (file != NULL)
        fclose(file);
    broker_start(b);
}

#endif
