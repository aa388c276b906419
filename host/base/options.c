#include "base/options.h"

#include <stdio.h>
#include <string.h>

#define WRONG_USE 2 // exit code

enum id {
    DEMO,
    WATCH,
    TOKEN_FILE,
    PARAM,
    ONCE,
    AS_JSON,
    RECORD,
    REPLAY,
    CHECK,
    ROWS,
    FIND,
    LINES,
    NEW,
    PROFILE,
    COMPLETION,
    VERSION,
    HELP,
    MAIN_FILE,
    OPTIONS
};

// help: NULL for what users have no use for. No quotes, colons or brackets: shells read it, too.
struct option {
    const char *name, *letter, *value, *help;
};

static const struct option options[OPTIONS] = {
    [DEMO] = {"demo", "", "", "show made-up installations, with python3 and openssl"},
    [WATCH] = {"watch", "", "", "show your own"},
    [TOKEN_FILE] = {"token-file", "", "FILE", "take the access token from the first line of FILE"},
    [PARAM] = {"param", "", "NAME=VALUE", "a parameter of the plugin, such as live=vrm"},
    [ONCE] = {"once", "", "", "print what there is and leave"},
    [AS_JSON] = {"json", "", "", "for programs, one line of JSON for each change"},
    [RECORD] = {"record", "", "FILE", "watch, and keep what came, anonymous"},
    [REPLAY] = {"replay", "", "FILE", "show what was recorded"},
    [CHECK] = {"check", "", "", "check the device scripts or folders that follow"},
    [ROWS] = {"rows", "", "", "list what VRM, or a saved answer, offers"},
    [FIND] = {"find", "", "TEXT", "with --rows, only what has this text"},
    [LINES] = {"lines", "", "", "with --rows, what is not shown, as lines to paste"},
    [NEW] = {"new", "", "SERVICE", "with --rows, a whole script for that service"},
    [PROFILE] = {"write-profile", "", "", "write profile/ from the device scripts"},
    [COMPLETION] = {"completion", "", "SHELL", "print the completion for bash or zsh"},
    [VERSION] = {"version", "V", "", "print the version"},
    [HELP] = {"help", "h", "", "print this"},
    [MAIN_FILE] = {"main", "", "FILE", NULL},
};

static const char head[] = "victron-host " HOST_VERSION ": Victron Energy's VRM as nodes of PG3\n"
                           "\n"
                           "PG3 starts it without options. By hand:\n"
                           "  victron-host --demo | --watch | --record FILE | --replay FILE\n"
                           "  victron-host get NODE.DRIVER   print one value\n"
                           "\n";

static const char tail[] =
    "\n"
    "The access token is in VICTRON_VRM_TOKEN or in the file of --token-file.\n"
    "--demo, --replay and --json also go with get and --rows.\n"
    "\n"
    "Examples:\n"
    "  victron-host --demo --once\n"
    "  victron-host --watch --token-file token.txt\n"
    "  victron-host --watch --json --token-file token.txt >> values.jsonl\n"
    "  victron-host get 258l_bm289.BATLVL --token-file token.txt\n"
    "  victron-host --record report.jsonl --param live=vrm --token-file token.txt\n"
    "  victron-host --rows --replay report.jsonl\n"
    "  eval \"$(victron-host --completion bash)\"\n"
    "\n"
    "Exit codes:\n"
    "  0  done\n"
    "  1  it failed, or there were no values in time\n"
    "  2  the command line is not understood\n"
    "  3  get: the value is no data\n"
    "  4  get: the value is old (it is printed)\n";

// "-h, --help", "    --record FILE" in `text`.
static void spell(const struct option *o, char *text, size_t size) {
    bool lettered = o->letter[0] != '\0';
    bool valued = o->value[0] != '\0';
    snprintf(text, size, "%s%s%s--%s%s%s", lettered ? "-" : "    ", o->letter, lettered ? ", " : "",
             o->name, valued ? " " : "", o->value);
}

void options_help(void) {
    fputs(head, stdout);
    for (int i = 0; i < OPTIONS; i++) {
        char text[64];
        spell(&options[i], text, sizeof text);
        if (options[i].help != NULL) {
            printf("  %-24s %s\n", text, options[i].help);
        }
    }
    fputs(tail, stdout);
}

// Completion, made of the same list

#define NAMES                                                                                      \
    "victron-host victron-host-linux-amd64 victron-host-linux-arm64 victron-host-freebsd-amd64\n"

static void complete_bash(void) {
    fputs(
        "_victron_host() {\n"
        "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} IFS=$'\\n'\n"
        "    case $prev in\n"
        "    --completion) COMPREPLY=($(compgen -W $'bash\\nzsh' -- \"$cur\")); return ;;\n"
        "    --token-file | --record | --replay) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
        "    --find | --new | --param) COMPREPLY=(); return ;;\n"
        "    esac\n"
        "    COMPREPLY=($(compgen -W $'get",
        stdout);
    for (int i = 0; i < OPTIONS; i++) {
        if (options[i].help != NULL) {
            printf("\\n--%s", options[i].name);
        }
    }
    fputs("' -- \"$cur\") $(compgen -f -- \"$cur\"))\n"
          "}\n"
          "complete -o filenames -F _victron_host " NAMES,
          stdout);
}

static void complete_zsh(void) {
    fputs("#compdef victron-host\n_victron_host() {\n    _arguments", stdout);
    for (int i = 0; i < OPTIONS; i++) {
        const struct option *o = &options[i];
        bool worded = i == FIND || i == NEW || i == PARAM;
        const char *value = i == COMPLETION       ? ":shell:(bash zsh)"
                            : worded              ? ":word:"
                            : o->value[0] != '\0' ? ":file:_files"
                                                  : "";
        if (o->help != NULL) {
            printf(" \\\n        '--%s[%s]%s'", o->name, o->help, value);
        }
    }
    fputs(" \\\n        '*:word:{compadd get; _files}'\n}\ncompdef _victron_host " NAMES, stdout);
}

static int complete(const char *shell) {
    if (strcmp(shell, "bash") == 0) {
        return complete_bash(), 0;
    }
    if (strcmp(shell, "zsh") == 0) {
        return complete_zsh(), 0;
    }
    fprintf(stderr, "victron-host: There is completion for bash and zsh, none for \"%s\".\n",
            shell);
    return WRONG_USE;
}

// What is not understood

// How many letters two words share at their beginnings and at their ends.
static size_t shared(const char *a, const char *b) {
    size_t begin = 0, end = 0, a_len = strlen(a), b_len = strlen(b);
    while (begin < a_len && a[begin] == b[begin]) {
        begin++;
    }
    while (begin + end < a_len && begin + end < b_len && a[a_len - end - 1] == b[b_len - end - 1]) {
        end++;
    }
    return begin + end;
}

// The option that shares the most letters with a word without its dashes, half of either's at
// least; NULL: none does.
static const char *like(const char *word) {
    const char *found = NULL;
    size_t most = 0, len = strlen(word);
    for (int i = 0; i < OPTIONS; i++) {
        const char *name = options[i].name;
        size_t letters = options[i].help != NULL ? shared(word, name) : 0;
        if (letters > most && 2 * letters >= len && 2 * letters >= strlen(name)) {
            most = letters;
            found = name;
        }
    }
    return found;
}

static bool not_understood(const char *word) {
    char name[32];
    const char *bare = word + strspn(word, "-");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(bare, "="), bare);
    const char *meant = like(name);
    fprintf(stderr, "victron-host: \"%s\" is not understood.%s%s%s Try --help.\n", word,
            meant != NULL ? " Did you mean --" : "", meant != NULL ? meant : "",
            meant != NULL ? "?" : "");
    return false;
}

static bool complain(const char *sentence) {
    fprintf(stderr, "victron-host: %s Try --help.\n", sentence);
    return false;
}

// Reading

// The option of a word, with what stands behind its "="; OPTIONS: none.
static int find(const char *word, const char **value) {
    const char *name = word + strspn(word, "-");
    size_t len = strcspn(name, "=");
    *value = name[len] == '=' ? name + len + 1 : NULL;
    for (int i = 0; i < OPTIONS; i++) {
        bool is_letter = name - word == 1 && strcmp(name, options[i].letter) == 0;
        bool is_name = name - word == 2 && strlen(options[i].name) == len &&
                       strncmp(name, options[i].name, len) == 0;
        if (is_letter || is_name) {
            return i;
        }
    }
    return OPTIONS;
}

static bool take_param(const char *word, struct options *o) {
    if (strchr(word, '=') == NULL || o->param_count == PARAMS_MAX) {
        return complain("--param wants NAME=VALUE behind it, and may be there 32 times.");
    }
    o->params[o->param_count++] = word;
    return true;
}

static void take(enum id id, const char *value, struct options *o) {
    static const enum mode modes[OPTIONS] = {
        [WATCH] = MODE_WATCH, [CHECK] = MODE_CHECK, [ROWS] = MODE_ROWS, [PROFILE] = MODE_PROFILE};
    static const char *const forms[OPTIONS] = {[LINES] = "lines", [NEW] = "new"};
    bool *flags[OPTIONS] = {[DEMO] = &o->demo, [ONCE] = &o->once, [AS_JSON] = &o->json};
    const char **texts[OPTIONS] = {[TOKEN_FILE] = &o->token_file, [RECORD] = &o->record,
                                   [REPLAY] = &o->replay,         [FIND] = &o->find,
                                   [NEW] = &o->service,           [MAIN_FILE] = &o->main_file};
    o->mode = modes[id] != MODE_PG3 ? modes[id] : o->mode;
    o->form = forms[id] != NULL ? forms[id] : o->form;
    if (flags[id] != NULL) {
        *flags[id] = true;
    }
    if (texts[id] != NULL) {
        *texts[id] = value;
    }
}

// Prints what is asked for by an option that asks for a text and no more -> the exit code; -1: it
// asks for none.
static int print_text(enum id id, const char *value) {
    if (id == COMPLETION) {
        return complete(value);
    }
    if (id == VERSION) {
        printf("victron-host " HOST_VERSION "\n");
    } else if (id == HELP) {
        options_help();
    } else {
        return -1;
    }
    return 0;
}

// The mode that follows from what was said, and whether all of it goes together.
static bool settle(struct options *o) {
    bool shows = o->demo || o->replay != NULL || o->record != NULL;
    if (o->mode == MODE_PG3 && o->arg_count > 0 && strcmp(o->args[0], "get") == 0) {
        o->mode = MODE_GET;
        o->args++;
        o->arg_count--;
    } else if (o->mode == MODE_PG3 && shows) {
        o->mode = o->demo ? MODE_DEMO : MODE_WATCH;
    }
    bool watched = o->mode == MODE_DEMO || o->mode == MODE_WATCH;
    if (o->mode == MODE_GET && o->arg_count != 1) {
        return complain("get wants one NODE.DRIVER, such as 258l_bm289.BATLVL.");
    }
    if (o->arg_count > 0 && (watched || o->mode == MODE_PG3 || o->mode == MODE_PROFILE)) {
        return not_understood(o->args[0]);
    }
    if ((o->once || o->record != NULL) && !watched) {
        return complain("--once and --record go with --demo, --watch or --replay.");
    }
    if (o->param_count > 0 && !watched && o->mode != MODE_GET) {
        return complain("--param goes with --demo, --watch, --replay or get.");
    }
    if (o->json && o->mode == MODE_ROWS) {
        o->form = "json";
    } else if (o->json && !watched && o->mode != MODE_GET) {
        return complain("--json goes with --demo, --watch, --replay, get or --rows.");
    }
    if (o->mode != MODE_ROWS && (o->form != NULL || o->find != NULL)) {
        return complain("--find, --lines and --new go with --rows.");
    }
    if (o->replay != NULL && (o->demo || o->record != NULL)) {
        return complain("--replay goes with neither --demo nor --record.");
    }
    return true;
}

bool options_read(int argc, char **argv, struct options *o, int *code) {
    bool plain = false; // after "--"
    o->args = argv + 1;
    *code = WRONG_USE;
    for (int i = 1; i < argc; i++) {
        const char *value;
        if (plain || argv[i][0] != '-') {
            o->args[o->arg_count++] = argv[i];
            continue;
        }
        plain = strcmp(argv[i], "--") == 0;
        if (plain) {
            continue;
        }
        int id = find(argv[i], &value);
        bool wants = id < OPTIONS && options[id].value[0] != '\0';
        if (id == OPTIONS || (!wants && value != NULL)) {
            return not_understood(argv[i]);
        }
        if (wants && value == NULL && i + 1 < argc) {
            value = argv[++i];
        }
        if (wants && (value == NULL || value[0] == '\0')) {
            fprintf(stderr, "victron-host: --%s wants a %s behind it. Try --help.\n",
                    options[id].name, options[id].value);
            return false;
        }
        int printed = print_text((enum id)id, value);
        if (printed >= 0) {
            *code = printed;
            return false;
        }
        if (id == PARAM && !take_param(value, o)) {
            return false;
        }
        take((enum id)id, value, o);
    }
    *code = settle(o) ? 0 : WRONG_USE;
    return *code == 0;
}
