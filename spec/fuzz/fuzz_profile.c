// The profile: hostile names, labels and numbers in types that may be declared
// (spec/fuzz/profile.lua makes them of the bytes). An XML parser and the rules of the texts' lines
// judge what is written.
#include "fuzz_lua.h"

#include <expat.h>
#include <unistd.h>

static char dir[] = "/tmp/fuzz_profile.XXXXXX";
static const char *const files[] = {"nodedef/nodedefs.xml", "editor/editors.xml", "nls/en_us.txt"};

static void clear(void) {
    char path[128];
    plugin_close();
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

#define EDITORS_MAX 1000

static char editors[EDITORS_MAX][64];
static size_t editor_count;

// Editors are read first; nodedefs.xml then names only those that are there.
static void XMLCALL element(void *ctx, const XML_Char *name, const XML_Char **attributes) {
    (void)ctx;
    for (size_t i = 0; attributes[i] != NULL; i += 2) {
        const char *key = attributes[i], *value = attributes[i + 1];
        if (strcmp(name, "editor") == 0 && strcmp(key, "id") == 0) {
            MUST(editor_count < EDITORS_MAX && strlen(value) < 64);
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

struct input {
    const uint8_t *data;
    size_t size;
};

static int push_input(lua_State *L, void *ctx) {
    const struct input *in = ctx;
    lua_pushlstring(L, (const char *)in->data, in->size);
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool made;
    if (!made) {
        made = mkdtemp(dir) != NULL;
        MUST(made);
        atexit(clear);
        plugin_open("profile.lua");
        snprintf(api.profile, sizeof api.profile, "%s", dir);
    }
    struct input in = {data, size};
    api.exit_code = -1;
    MUST(api_fire(&api, "types", push_input, &in, NULL, NULL));
    while (tasks_run(api.tasks))
        continue;
    MUST(api.exit_code >= 0);
    if (api.exit_code == 0) // the types contradict each other
        return 0;
    editor_count = 0;
    judge_xml(1);
    judge_xml(0);
    MUST(judge_lines() == (size_t)api.exit_code);
    return 0;
}
