// What the program was asked to do, as scripts/tools/options.lua reads the command line.
#ifndef OPTIONS_H
#define OPTIONS_H

#include "lua/vm.h"
#include <stdbool.h>

// All empty: PG3 started it. The texts live until options_free.
struct options {
    struct vm *vm;
    int table;              // all that Lua's tools are told, by its reference there
    const char *script;     // to run in the place of main.lua
    const char *token_file; // NULL: the token is in the environment
    bool by_hand;           // without PG3
    bool watched;           // somebody looks at the nodes
    bool account;           // an account is needed
    bool demo;              // VRM is the stand-in
    bool checks;            // what a script prints is told as well
};

// True: go on; else leave with *code: what there was to say has been said. root: the folder that
// has scripts/.
bool options_read(struct options *o, const char *root, int argc, char **argv, int *code);
void options_free(struct options *o);

#endif
