// The profile: hostile names, labels and numbers in types that may be declared. An XML parser and
// the rules of the texts' lines judge what is written.
#include "fuzz.h"
#include "profile.h"

#include <expat.h>
#include <unistd.h>

struct input {
    const uint8_t *data;
    size_t size;
};

static unsigned byte(struct input *in) {
    if (in->size == 0)
        return 0;
    in->size--;
    return *in->data++;
}

static char *text(struct input *in) {
    size_t len = byte(in);
    len = len < in->size ? len : in->size;
    char *copy = text_of(in->data, len);
    in->data += len;
    in->size -= len;
    return copy;
}

static char *number_id(const char *prefix, unsigned number) {
    char id[16];
    snprintf(id, sizeof id, "%s%u", prefix, number);
    return strdup(id);
}

static double number(struct input *in) {
    double value = (double)byte(in) * 256 + byte(in) - 32768;
    for (unsigned i = byte(in) % 16; i > 0; i--)
        value /= 10;
    return value;
}

static struct unit unit(struct input *in) {
    struct unit u = {.uom = (int)byte(in), .min = number(in), .max = number(in), .factor = 1};
    return u;
}

static void fill(struct input *in, struct driver_decl *d, char *id) {
    *d = (struct driver_decl){.id = id, .label = text(in), .unit = unit(in)};
    d->places = (int)(byte(in) % 7);
    unsigned what = byte(in);
    if (what % 4 == 0)
        d->alt = unit(in);
    if (what % 4 != 1)
        return;
    d->names_id = number_id("N", what / 4);
    d->name_count = 1 + byte(in) % 8;
    d->names = calloc(d->name_count, sizeof *d->names);
    long value = (long)byte(in) - 128;
    for (size_t i = 0; i < d->name_count; i++) {
        d->names[i] = (struct value_name){value, text(in)};
        value += 1 + (long)(byte(in) % 3);
    }
}

static struct command_decl *commands(struct input *in, size_t *count) {
    *count = byte(in) % 3;
    struct command_decl *all = calloc(3, sizeof *all);
    for (size_t i = 0; i < *count; i++) {
        all[i] = (struct command_decl){.id = number_id("C", (unsigned)i), .name = text(in)};
        all[i].param_count = byte(in) % 3;
        all[i].params = calloc(3, sizeof *all[i].params);
        for (size_t k = 0; k < all[i].param_count; k++)
            fill(in, &all[i].params[k], k == 0 ? strdup("") : number_id("P", (unsigned)k));
    }
    return all;
}

// Returns how many lines of names and labels it must give.
static size_t declare(struct input *in, struct nodes *n, unsigned i) {
    struct node_type *t = node_type_new();
    t->id = number_id("VIC", i);
    t->name = text(in);
    t->icon = byte(in) % 2 == 0 ? strdup("EnergyMonitor") : NULL;
    t->driver_count = byte(in) % 6;
    t->drivers = calloc(6, sizeof *t->drivers);
    for (size_t k = 0; k < t->driver_count; k++)
        fill(in, &t->drivers[k], number_id("GV", (unsigned)k));
    t->commands = commands(in, &t->command_count);
    t->events = commands(in, &t->event_count);
    size_t lines = 1 + t->driver_count + t->command_count + t->event_count;
    for (size_t k = 0; k < t->command_count; k++)
        lines += t->commands[k].param_count;
    for (size_t k = 0; k < t->event_count; k++)
        lines += t->events[k].param_count;
    MUST(nodes_declare(n, t) == NULL);
    return lines;
}

// Judging

static char dir[] = "/tmp/fuzz_profile.XXXXXX";
static const char *const files[] = {"nodedef/nodedefs.xml", "editor/editors.xml", "nls/en_us.txt"};

static void clear(void) {
    char path[128];
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
        *strrchr(path, '/') = '\0';
        rmdir(path);
    }
    rmdir(dir);
}

static char *content(size_t file, size_t *len) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, files[file]);
    FILE *f = fopen(path, "rb");
    MUST(f != NULL);
    static char all[1024 * 1024 + 1];
    *len = fread(all, 1, sizeof all - 1, f);
    all[*len] = '\0';
    fclose(f);
    return all;
}

static char editors[256][64];
static size_t editor_count;

// Editors are read first; nodedefs.xml then names only those that are there.
static void XMLCALL element(void *ctx, const XML_Char *name, const XML_Char **attributes) {
    (void)ctx;
    for (size_t i = 0; attributes[i] != NULL; i += 2) {
        const char *key = attributes[i], *value = attributes[i + 1];
        if (strcmp(name, "editor") == 0 && strcmp(key, "id") == 0) {
            MUST(editor_count < 256 && strlen(value) < 64);
            snprintf(editors[editor_count++], 64, "%s", value);
        } else if (strcmp(key, "editor") == 0) {
            size_t k = 0;
            while (k < editor_count && strcmp(editors[k], value) != 0)
                k++;
            MUST(k < editor_count);
        }
    }
}

static void judge_xml(size_t file) {
    size_t len;
    const char *xml = content(file, &len);
    XML_Parser parser = XML_ParserCreate(NULL);
    XML_SetElementHandler(parser, element, NULL);
    MUST(XML_Parse(parser, xml, (int)len, 1) == XML_STATUS_OK);
    XML_ParserFree(parser);
}

// Java's property files: of surrogates there are only pairs.
static void judge_surrogates(const char *line) {
    bool high = false;
    for (const char *at = strstr(line, "\\u"); at != NULL; at = strstr(at + 6, "\\u")) {
        MUST(strspn(at + 2, "0123456789ABCDEF") >= 4);
        char hex[5] = {at[2], at[3], at[4], at[5], '\0'};
        long c = strtol(hex, NULL, 16);
        MUST(high == (c >= 0xdc00 && c <= 0xdfff));
        high = c >= 0xd800 && c <= 0xdbff;
        MUST(!high || strncmp(at + 6, "\\u", 2) == 0);
    }
    MUST(!high);
}

static size_t judge_lines(void) {
    size_t len, count = 0;
    char *line = content(2, &len);
    MUST(strlen(line) == len && len > 0 && line[len - 1] == '\n');
    for (char *end = strchr(line, '\n'); end != NULL; line = end + 1, end = strchr(line, '\n')) {
        *end = '\0';
        for (const char *c = line; *c != '\0'; c++)
            MUST(*c >= 0x20 && *c < 0x7f);
        if (line[0] == '#' || line[0] == '\0')
            continue;
        char *value = strstr(line, " = ");
        MUST(value != NULL &&
             strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == (size_t)(value - line));
        judge_surrogates(value);
        size_t key = (size_t)(value - line);
        count += key > 5 && strncmp(value - 5, "-NAME", 5) == 0;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool made;
    if (!made) {
        made = mkdtemp(dir) != NULL;
        MUST(made);
        atexit(clear);
    }
    struct input in = {data, size};
    struct nodes *n = nodes_new();
    size_t lines = 0;
    unsigned count = 1 + byte(&in) % 3;
    for (unsigned i = 0; i < count; i++)
        lines += declare(&in, n, i);
    char hash[17], error[512] = "";
    bool changed;
    if (profile_write(n, dir, hash, &changed, error, sizeof error)) {
        editor_count = 0;
        judge_xml(1);
        judge_xml(0);
        MUST(judge_lines() == lines);
        MUST(profile_write(n, dir, hash, &changed, error, sizeof error) && !changed);
    } else {
        MUST(error[0] != '\0');
    }
    nodes_free(n);
    return 0;
}
