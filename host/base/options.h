// What the program was asked to do.
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

#define PARAMS_MAX 32

enum mode { MODE_PG3, MODE_DEMO, MODE_WATCH, MODE_GET, MODE_PROFILE, MODE_CHECK, MODE_ROWS };

struct options {
    enum mode mode;
    bool demo; // VRM is the stand-in
    bool once;
    bool json;           // what is shown is for a program
    const char *form;    // of --rows: "lines", "json" or "new"; NULL: a table
    const char *find;    // of --rows: only what has this text; NULL: everything
    const char *service; // of --new
    const char *record;  // the file that what comes goes into; NULL: none does
    const char *replay;  // the file it comes from; NULL: from VRM
    const char *token_file;
    const char *params[PARAMS_MAX]; // "NAME=VALUE", in the place of PG3's
    int param_count;
    const char *main_file; // another script in the place of main.lua, for specs of the host
    char **args;           // the words beside the options
    int arg_count;
};

// Reads the command line into `o`; the words in argv are put in another order. True: go on; else
// leave with *code, whatever there was to say has been said.
bool options_read(int argc, char **argv, struct options *o, int *code);

// Prints what --help says.
void options_help(void);

#endif
