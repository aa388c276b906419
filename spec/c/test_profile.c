// profile: the three files, their escaping, shared and contradicting editors, untouched when equal.
#include "check.h"
#include "profile.h"
#include "refuse.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char dir[] = "/tmp/test_profile_XXXXXX";

static char *copy(const char *text) { return text != NULL ? strdup(text) : NULL; }

static struct driver_decl *put_driver(struct node_type *t, const char *id, const char *label,
                                      int uom, int places) {
    struct driver_decl *d = &t->drivers[t->driver_count++];
    *d = (struct driver_decl){.id = copy(id), .label = copy(label), .places = places};
    d->unit = (struct unit){uom, -100, 300.5, 1, 0};
    return d;
}

static void put_names(struct driver_decl *d, const char *id, const long *values, size_t count,
                      const char *prefix) {
    d->names_id = copy(id);
    d->unit.uom = 25;
    d->names = calloc(count, sizeof *d->names);
    for (size_t i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s %ld", prefix, values[i]);
        d->names[i] = (struct value_name){values[i], copy(name)};
    }
    d->name_count = count;
}

static struct node_type *new_type(const char *id, const char *name) {
    struct node_type *t = node_type_new();
    t->id = copy(id);
    t->name = copy(name);
    t->icon = copy("EnergyMonitor");
    t->drivers = calloc(300, sizeof *t->drivers);
    return t;
}

static char *content(const char *name) {
    static char text[200000];
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "rb");
    size_t len = f != NULL ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f != NULL)
        fclose(f);
    text[len] = '\0';
    return text;
}

#define NODEDEFS "nodedef/nodedefs.xml"
#define EDITORS "editor/editors.xml"
#define NLS "nls/en_us.txt"

static bool has(const char *file, const char *part) {
    bool found = strstr(content(file), part) != NULL;
    if (!found)
        printf("%s lacks %s:\n%s\n", file, part, content(file));
    return found;
}

static int times(const char *file, const char *part) {
    int count = 0;
    for (const char *at = strstr(content(file), part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static bool is_ascii(const char *file) {
    for (const char *c = content(file); *c != '\0'; c++)
        if ((unsigned char)*c >= 0x7f || ((unsigned char)*c < 0x20 && *c != '\n'))
            return false;
    return content(file)[0] != '\0';
}

static bool write_now(const struct nodes *n, char *hash, bool *changed) {
    char error[512] = "";
    bool ok = profile_write(n, dir, hash, changed, error, sizeof error);
    if (!ok)
        printf("%s\n", error);
    return ok;
}

static void test_files(void) {
    static const long states[] = {-1, 0, 2, 3, 4, 5, 7, 245, 247, 248};
    char hash[17];
    bool changed = false;
    struct nodes *n = nodes_new();
    struct node_type *t = new_type("VICSOLAR", "Solar <Charger> & \"more\"");
    put_driver(t, "ST", "PV power", 73, 0);
    struct driver_decl *temp =
        put_driver(t, "GV1", "Temp. \xc2\xb0 \xe2\x82\xac \xf0\x9f\x94\x8b", 4, 1);
    temp->alt = (struct unit){17, -148, 572.9, 1.8, 32};
    put_names(put_driver(t, "GV2", "State", 25, 0), "CHARGE", states, 10, "State \xc3\xa4");
    put_driver(t, "GV3", "Line\nbreak\tand \x01", 73, 0);
    t->commands = calloc(2, sizeof *t->commands);
    t->command_count = 2;
    t->commands[0] = (struct command_decl){.id = copy("QUERY"), .name = copy("Query")};
    t->commands[1] = (struct command_decl){.id = copy("LIMIT"), .name = copy("Set limit")};
    t->commands[1].params = calloc(1, sizeof *t->commands[1].params);
    t->commands[1].params[0] = (struct driver_decl){
        .id = copy(""), .label = copy("Limit"), .unit = {1, 0, 50, 1, 0}, .places = 1};
    t->commands[1].param_count = 1;
    CHECK(nodes_declare(n, t) == NULL);
    CHECK(write_now(n, hash, &changed) && changed && strlen(hash) == 16);

    CHECK(is_ascii(NODEDEFS) && is_ascii(EDITORS) && is_ascii(NLS));
    CHECK(has(NODEDEFS, "<nodeDef id=\"VICSOLAR\" nls=\"VICSOLAR\">"));
    CHECK(has(NODEDEFS, "<st id=\"GV2\" editor=\"CHARGE\" />"));
    CHECK(has(NODEDEFS, "<cmd id=\"QUERY\" />") && has(NODEDEFS, "<cmd id=\"LIMIT\">"));
    CHECK(has(NODEDEFS, "<p id=\"\" editor=\"U1_P1_0_50\" />"));
    CHECK(has(EDITORS, "<range uom=\"4\" min=\"-100\" max=\"300.5\" prec=\"1\" />\n"
                       "    <range uom=\"17\" min=\"-148\" max=\"572.9\" prec=\"1\" />"));
    CHECK(has(EDITORS, "<range uom=\"25\" subset=\"-1-0,2-5,7,245,247-248\" nls=\"CHARGE\" />"));
    CHECK(times(EDITORS, "U73_P0_M100_300D5") == 1); // shared by ST and GV3
    CHECK(has(NLS, "ND-VICSOLAR-NAME = Solar <Charger> & \"more\"\n"));
    CHECK(has(NLS, "ND-VICSOLAR-ICON = EnergyMonitor\n"));
    CHECK(has(NLS, "ST-VICSOLAR-GV1-NAME = Temp. \\u00B0 \\u20AC \\uD83D\\uDD0B\n"));
    CHECK(has(NLS, "ST-VICSOLAR-GV3-NAME = Line break and  \n"));
    CHECK(has(NLS, "CHARGE--1 = State \\u00E4 -1\n") &&
          has(NLS, "CHARGE-248 = State \\u00E4 248\n"));
    CHECK(has(NLS, "CMD-VICSOLAR-LIMIT-NAME = Set limit\n"));
    CHECK(has(NLS, "CMDPN-VICSOLAR--NAME = Limit\n"));
    nodes_free(n);
}

// Fault: Half a surrogate pair, a code beyond Unicode or a DEL in a name spoils the ISY's texts.
// Expected: It shows as the replacement character or a space.
static void test_no_characters(void) {
    char hash[17];
    bool changed;
    struct nodes *n = nodes_new();
    struct node_type *t = new_type("VICX", "a\xed\xa0\x80"
                                           "b\xf7\xbf\xbf\xbf"
                                           "c\x7f"
                                           "d");
    CHECK(nodes_declare(n, t) == NULL);
    CHECK(write_now(n, hash, &changed) && has(NLS, "ND-VICX-NAME = a\\uFFFDb\\uFFFDc d\n"));
    nodes_free(n);
}

static void test_broken_text(void) {
    static const char *const odd[] = {
        "\xff", "\xc3", "a\xe2\x82", "\x80x", "\xf0\x9f", "\xf7\xbf\xbf\xbf", "\xed\xa0\x80", ""};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        char hash[17];
        bool changed;
        struct nodes *n = nodes_new();
        struct node_type *t = new_type("VICX", odd[i]);
        put_driver(t, "ST", odd[i], 73, 0);
        CHECK(nodes_declare(n, t) == NULL);
        CHECK(write_now(n, hash, &changed) && is_ascii(NLS) && is_ascii(NODEDEFS));
        nodes_free(n);
    }
}

static time_t age(const char *name) {
    char path[128];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return stat(path, &st) == 0 ? st.st_mtime : 0;
}

static void make_old(const char *name) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    struct timespec times_of[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    utimensat(AT_FDCWD, path, times_of, 0);
}

static void test_untouched(void) {
    char first[17], second[17];
    bool changed = false;
    struct nodes *n = nodes_new();
    struct node_type *t = new_type("VICX", "One");
    put_driver(t, "ST", "Power", 73, 0);
    CHECK(nodes_declare(n, t) == NULL);
    CHECK(write_now(n, first, &changed) && changed);
    make_old(NODEDEFS);
    make_old(EDITORS);
    make_old(NLS);
    CHECK(write_now(n, second, &changed) && !changed && strcmp(first, second) == 0);
    CHECK(age(NODEDEFS) == 1000 && age(EDITORS) == 1000 && age(NLS) == 1000);

    t = new_type("VICX", "Another name"); // only the texts
    put_driver(t, "ST", "Power", 73, 0);
    CHECK(nodes_declare(n, t) == NULL);
    CHECK(write_now(n, second, &changed) && changed && strcmp(first, second) != 0);
    CHECK(age(NODEDEFS) == 1000 && age(EDITORS) == 1000 && age(NLS) != 1000);

    t = new_type("VICX", "Another name"); // only a range
    put_driver(t, "ST", "Power", 73, 1);
    CHECK(nodes_declare(n, t) == NULL);
    memcpy(first, second, sizeof first);
    CHECK(write_now(n, second, &changed) && changed && strcmp(first, second) != 0);
    CHECK(age(EDITORS) != 1000);

    char path[128];
    snprintf(path, sizeof path, "%s/" NLS, dir);
    FILE *f = fopen(path, "a"); // somebody wrote into it
    fputs("x = y\n", f);
    fclose(f);
    CHECK(write_now(n, first, &changed) && changed && strcmp(first, second) == 0);
    CHECK(strstr(content(NLS), "x = y") == NULL);
    nodes_free(n);
}

static void test_contradiction(void) {
    static const long two[] = {0, 1}, three[] = {0, 1, 2};
    char hash[17], error[512] = "";
    bool changed;
    struct nodes *n = nodes_new();
    struct node_type *t = new_type("VICA", "A");
    put_names(put_driver(t, "ST", "State", 25, 0), "STATE", two, 2, "is");
    put_names(put_driver(t, "GV1", "Same", 25, 0), "STATE", two, 2, "is");
    CHECK(nodes_declare(n, t) == NULL && write_now(n, hash, &changed));
    CHECK(times(EDITORS, "id=\"STATE\"") == 1 && times(NLS, "STATE-0 =") == 1);
    char before[2000];
    snprintf(before, sizeof before, "%s", content(EDITORS));

    t = new_type("VICB", "B");
    put_names(put_driver(t, "ST", "State", 25, 0), "STATE", three, 3, "is");
    CHECK(nodes_declare(n, t) == NULL);
    CHECK(!profile_write(n, dir, hash, &changed, error, sizeof error));
    CHECK(strstr(error, "STATE") != NULL && strstr(error, "twice") != NULL);
    CHECK(strcmp(before, content(EDITORS)) == 0); // nothing half-written
    nodes_free(n);

    n = nodes_new();
    t = new_type("VICA", "A");
    put_names(put_driver(t, "ST", "State", 25, 0), "STATE", two, 2, "is");
    put_names(put_driver(t, "GV1", "Other words", 25, 0), "STATE", two, 2, "was");
    CHECK(nodes_declare(n, t) == NULL);
    CHECK(!profile_write(n, dir, hash, &changed, error, sizeof error));
    nodes_free(n);
}

// The same numbers with a second unit and without: whichever comes first, both find their ranges.
static void test_second_unit(void) {
    for (int first = 0; first < 2; first++) {
        char hash[17];
        bool changed;
        struct nodes *n = nodes_new();
        struct node_type *t = new_type("VICA", "A");
        for (int i = 0; i < 2; i++) {
            struct driver_decl *d = put_driver(t, i == 0 ? "ST" : "GV1", "Temp", 4, 1);
            if (i == first)
                d->alt = (struct unit){17, -148, 572, 1.8, 32};
        }
        CHECK(nodes_declare(n, t) == NULL && write_now(n, hash, &changed));
        CHECK(has(EDITORS, "uom=\"17\""));
        nodes_free(n);
    }
}

static void test_limits(void) {
    char hash[17], error[512] = "";
    bool changed;
    struct nodes *n = nodes_new();
    CHECK(write_now(n, hash, &changed)); // no types at all
    struct node_type *t = new_type("VICA", "A");
    for (int i = 0; i < 257; i++) {
        char id[16];
        snprintf(id, sizeof id, "D%d", i);
        put_driver(t, id, "Label", 73, 0)->unit.min = i;
    }
    CHECK(nodes_declare(n, t) == NULL);
    CHECK(!profile_write(n, dir, hash, &changed, error, sizeof error));
    CHECK(strstr(error, "editors") != NULL);
    nodes_free(n);

    n = nodes_new();
    t = new_type("VICA", "A");
    char *label = malloc(2 * 1024 * 1024);
    memset(label, 'x', 2 * 1024 * 1024 - 1);
    label[2 * 1024 * 1024 - 1] = '\0';
    put_driver(t, "ST", label, 73, 0);
    CHECK(nodes_declare(n, t) == NULL);
    CHECK(!profile_write(n, dir, hash, &changed, error, sizeof error));
    CHECK(strstr(error, "larger") != NULL);
    free(label);
    nodes_free(n);

    n = nodes_new();
    CHECK(!profile_write(n, "/dev/null/nowhere", hash, &changed, error, sizeof error));
    CHECK(strstr(error, "cannot be written") != NULL);
    nodes_free(n);
}

// Fault: without memory the profile counts as larger than it may be
// Expected: it is told that memory is short, and what to do about it
static void test_shortage(void) {
    char hash[17], error[512];
    bool changed;
    struct nodes *n = nodes_new();
    for (long number = 1; number <= 4; number++) { // the first of the profile itself and each file
        error[0] = '\0';
        allocations = 0;
        fail_at = number;
        fail_until = number + 1;
        CHECK(!profile_write(n, dir, hash, &changed, error, sizeof error));
        CHECK(strstr(error, "too little memory: stop") != NULL);
    }
    fail_at = fail_until = -1;
    CHECK(write_now(n, hash, &changed));
    nodes_free(n);
}

static void clean_up(void) {
    static const char *const names[] = {NODEDEFS, EDITORS, NLS, "nodedef", "editor", "nls", ""};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        remove(path);
    }
}

int main(void) {
    if (mkdtemp(dir) == NULL)
        return 1;
    test_files();
    test_no_characters();
    test_broken_text();
    test_untouched();
    test_contradiction();
    test_second_unit();
    test_limits();
    test_shortage();
    clean_up();
    return check_end();
}
