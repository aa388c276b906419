#include "options.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "victron-host " HOST_VERSION
    ": Victron Energy's VRM as nodes of a Universal Devices controller\n"
    "\n"
    "Started by PG3 it needs no options. By hand:\n"
    "  --demo           show three made-up installations (needs python3 and openssl)\n"
    "  --watch          show your own; the token comes from VICTRON_VRM_TOKEN or from:\n"
    "  --token-file F   the first line of this file\n"
    "  --once           with --demo or --watch: print one table and leave\n"
    "\n"
    "For authors of device scripts (docs/authors.md):\n"
    "  --check F ...    check scripts, or those of a folder, and show what their samples give\n"
    "  --rows [F]       what VRM offers for each device: of your account, of a saved answer F,\n"
    "                   or with --demo of the made-up installations\n"
    "  --find TEXT      with --rows: only devices and rows with this text\n"
    "  --lines, --json  with --rows: what no script shows, as lines for a script; all, as JSON\n"
    "  --new SERVICE    with --rows: a whole script for devices of that service\n"
    "  --write-profile  write profile/ from the device scripts\n"
    "  --version, --help\n";

static int bad_option(const char *what) {
    fprintf(stderr, "victron-host: %s is not understood. Try --help.\n", what);
    return 2;
}

// One option; how many words it took, 0: unknown.
static int read_option(char **argv, int left, struct options *o) {
    const char *name = argv[0];
    if (strcmp(name, "--demo") == 0) {
        o->demo = true;
        o->mode = o->mode == MODE_ROWS ? MODE_ROWS : MODE_DEMO;
    } else if (strcmp(name, "--watch") == 0) {
        o->mode = MODE_WATCH;
    } else if (strcmp(name, "--rows") == 0) {
        o->mode = MODE_ROWS;
    } else if (strcmp(name, "--check") == 0) {
        o->mode = MODE_CHECK;
    } else if (strcmp(name, "--write-profile") == 0) {
        o->mode = MODE_PROFILE;
    } else if (strcmp(name, "--once") == 0) {
        o->once = true;
    } else if (strcmp(name, "--lines") == 0 || strcmp(name, "--json") == 0) {
        o->form = name + 2;
    } else if (strcmp(name, "--find") == 0 && left > 1) {
        o->find = argv[1];
        return 2;
    } else if (strcmp(name, "--new") == 0 && left > 1) {
        o->form = name + 2;
        o->service = argv[1];
        return 2;
    } else if (strcmp(name, "--token-file") == 0 && left > 1) {
        o->token_file = argv[1];
        return 2;
    } else if (strcmp(name, "--main") == 0 && left > 1) {
        o->main_file = argv[1];
        return 2;
    } else {
        return 0;
    }
    return 1;
}

bool options_read(int argc, char **argv, struct options *o, int *code) {
    *code = 0;
    int i = 1;
    while (i < argc && argv[i][0] == '-') {
        if (strcmp(argv[i], "--version") == 0) {
            return printf("victron-host " HOST_VERSION "\n"), false;
        }
        if (strcmp(argv[i], "--help") == 0) {
            return fputs(usage, stdout), false;
        }
        int took = read_option(argv + i, argc - i, o);
        if (took == 0) {
            return *code = bad_option(argv[i]), false;
        }
        i += took;
    }
    if (o->mode != MODE_ROWS && (o->form != NULL || o->find != NULL)) {
        fprintf(stderr, "victron-host: --find, --lines, --json and --new go with --rows.\n");
        return *code = 2, false;
    }
    o->args = argv + i;
    o->arg_count = argc - i;
    if (o->arg_count > 0 && o->mode != MODE_CHECK && o->mode != MODE_ROWS) {
        return *code = bad_option(argv[i]), false;
    }
    return true;
}
