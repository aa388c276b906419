// The stand-in for VRM that --demo runs beside the host: a Python program serving HTTPS and MQTT on
// loopback.
#ifndef DEMO_H
#define DEMO_H

#include "lua/json.h"
#include <stdbool.h>
#include <sys/types.h>

struct demo {
    pid_t pid;
    int fd; // closing it ends the stand-in
    char token[128];
};

// Starts python3 root/scripts/demo/vrm.py and reads the line with its addresses, at most 10 s: the
// environment has them then. False: `error` says what is missing.
bool demo_start(struct demo *d, struct json *json, const char *root, char *error, size_t size);
// Ends it and waits for it.
void demo_stop(struct demo *d);

#endif
