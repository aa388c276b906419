// The stand-in for VRM that --demo runs beside the host: a Python program serving HTTPS and MQTT on
// loopback.
#ifndef DEMO_H
#define DEMO_H

#include "lua/json.h"
#include <stdbool.h>
#include <sys/types.h>

struct demo {
    pid_t pid;
    int in_fd; // closing it ends the stand-in
    char url[128];
    char ca[256];
    char token[128];
    char mqtt_port[16]; // of its broker for live data
};

// Starts python3 root/scripts/demo/vrm.py and reads the line with its address, at most 10 s. False:
// `error` says what is missing.
bool demo_start(struct demo *d, struct json *json, const char *root, char *error, size_t size);
// Ends it and waits for it.
void demo_stop(struct demo *d);

#endif
