// PG3INIT: what PG3 tells a plugin at its start (docs/pg3.md, PG3INIT).
#ifndef INIT_H
#define INIT_H

#include "lua/json.h"
#include <stdbool.h>

struct pg3_init {
    char uuid[64];
    char id[96]; // prefix_profileNum (uuid_... without a prefix), colons kept: client id and topics
    char user[96]; // the same without colons: user name and names of the certificate files
    char token[256];
    char host[256];
    char log_level[32]; // "" = not given
    char pg3_version[32];
    char isy_version[32];
    int port;
    bool secure;
};

// Reads the value of PG3INIT (base64 of a JSON object; NULL = not set). False: `error` says in one
// sentence what is missing or wrong, without any of its content.
bool init_read(struct json *json, const char *base64, struct pg3_init *init, char *error,
               size_t size);

#endif
