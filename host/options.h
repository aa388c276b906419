// What the program was asked to do.
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

enum mode { MODE_PG3, MODE_DEMO, MODE_WATCH, MODE_PROFILE, MODE_CHECK, MODE_ROWS };

struct options {
    enum mode mode;
    bool demo; // VRM is the stand-in
    bool once;
    const char *form;    // of --rows: "table", "lines", "json" or "new"
    const char *find;    // of --rows: only what has this text; NULL: everything
    const char *service; // of --new
    const char *token_file;
    const char *main_file; // another script in the place of main.lua, for specs of the host
    char **args;           // the words after the options
    int arg_count;
};

// Reads the command line into `o`. True: go on; else leave with *code, whatever there was to say
// has been said.
bool options_read(int argc, char **argv, struct options *o, int *code);

#endif
