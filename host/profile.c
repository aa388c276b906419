#include "profile.h"
#include "buf.h"
#include "file.h"
#include "vm.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1024u * 1024)
#define UOM_INDEX                                                                                  \
    25 // docs/pg3.md, Units: a list index, the one unit whose values have names everywhere
#define ID_MAX 64

static void xml_text(struct buf *b, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '<')
            buf_puts(b, "&lt;");
        else if (*text == '>')
            buf_puts(b, "&gt;");
        else if (*text == '&')
            buf_puts(b, "&amp;");
        else if (*text == '"')
            buf_puts(b, "&quot;");
        else
            buf_add(b, text, 1);
    }
}

// One UTF-8 character; *text moves past it. Malformed bytes count as themselves.
static unsigned next_char(const char **text) {
    const unsigned char *s = (const unsigned char *)*text;
    int more = s[0] >= 0xf0 ? 3 : s[0] >= 0xe0 ? 2 : s[0] >= 0xc0 ? 1 : 0;
    unsigned c = more == 3 ? s[0] & 7u : more == 2 ? s[0] & 15u : more == 1 ? s[0] & 31u : s[0];
    for (int i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            more = i - 1;
            break;
        }
        c = (c << 6) | (s[i] & 0x3fu);
    }
    *text += more + 1;
    return c;
}

// NLS files are ASCII; anything else is \uXXXX, as in Java (docs/pg3.md, Profile files).
static void nls_text(struct buf *b, const char *text) {
    while (*text != '\0') {
        unsigned c = next_char(&text);
        if ((c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
            c = 0xfffd; // no character
        if (c >= 0x10000)
            buf_printf(b, "\\u%04X\\u%04X", 0xd800 + ((c - 0x10000) >> 10),
                       0xdc00 + ((c - 0x10000) & 0x3ff));
        else if (c >= 0x80)
            buf_printf(b, "\\u%04X", c);
        else
            buf_printf(b, "%c", c < 0x20 || c == 0x7f ? ' ' : (int)c);
    }
}

// "0,2-7,245": the values that have a name, in increasing order.
static void subset(struct buf *b, const struct driver_decl *d) {
    for (size_t i = 0; i < d->name_count;) {
        size_t k = i;
        while (k + 1 < d->name_count && d->names[k + 1].value == d->names[k].value + 1)
            k++;
        buf_printf(b, "%s%ld", i > 0 ? "," : "", d->names[i].value);
        if (k > i)
            buf_printf(b, "-%ld", d->names[k].value);
        i = k + 1;
    }
}

// An editor's name says what it holds, so that the same numbers share one and ids never move.
static void editor_id(char *out, const struct driver_decl *d) {
    const struct unit *unit = &d->unit;
    if (d->names_id != NULL) {
        snprintf(out, ID_MAX, "%s", d->names_id);
        return;
    }
    snprintf(out, ID_MAX, "U%d_P%d_%.15g_%.15g", unit->uom, d->places, unit->min, unit->max);
    if (d->alt.uom != 0)
        snprintf(out + strlen(out), ID_MAX - strlen(out), "_U%d", d->alt.uom);
    for (char *c = out; *c != '\0'; c++)
        if (*c == '-')
            *c = 'M';
        else if (*c == '+')
            *c = 'X';
        else if (*c == '.')
            *c = 'D';
        else
            *c = (char)toupper((unsigned char)*c);
}

static void range(struct buf *b, const struct unit *unit, int places) {
    buf_printf(b, "    <range uom=\"%d\" min=\"%.15g\" max=\"%.15g\" prec=\"%d\" />\n", unit->uom,
               unit->min, unit->max, places);
}

struct build {
    struct buf nodedefs, editors, nls;
    char ids[256][ID_MAX]; // editors written so far
    const struct driver_decl *decls[256];
    size_t count;
    char *error;
    size_t size;
};

static bool same_names(const struct driver_decl *a, const struct driver_decl *b) {
    if (a == NULL || a->name_count != b->name_count)
        return false;
    for (size_t i = 0; i < a->name_count; i++)
        if (a->names[i].value != b->names[i].value ||
            strcmp(a->names[i].name, b->names[i].name) != 0)
            return false;
    return true;
}

static void value_names(struct build *w, const struct driver_decl *d) {
    buf_printf(&w->editors, "    <range uom=\"%d\" subset=\"", UOM_INDEX);
    subset(&w->editors, d);
    buf_printf(&w->editors, "\" nls=\"%s\" />\n", d->names_id);
    buf_puts(&w->nls, "\n");
    for (size_t i = 0; i < d->name_count; i++) {
        buf_printf(&w->nls, "%s-%ld = ", d->names_id, d->names[i].value);
        nls_text(&w->nls, d->names[i].name);
        buf_puts(&w->nls, "\n");
    }
}

// Writes the editor unless it is there. False: two different lists of names under one id.
static bool editor(struct build *w, const struct driver_decl *d, char *id) {
    editor_id(id, d);
    for (size_t i = 0; i < w->count; i++) {
        if (strcmp(w->ids[i], id) != 0)
            continue;
        if (d->names_id == NULL || same_names(w->decls[i], d))
            return true;
        snprintf(w->error, w->size, "the value names %s are declared twice with different values",
                 id);
        return false;
    }
    if (w->count == sizeof w->ids / sizeof w->ids[0]) {
        snprintf(w->error, w->size, "there are more than %zu different editors", w->count);
        return false;
    }
    memcpy(w->ids[w->count], id, ID_MAX);
    w->decls[w->count++] = d;
    buf_printf(&w->editors, "  <editor id=\"%s\">\n", id);
    if (d->names_id != NULL) {
        value_names(w, d);
    } else {
        range(&w->editors, &d->unit, d->places);
        if (d->alt.uom != 0)
            range(&w->editors, &d->alt, d->places);
    }
    return buf_puts(&w->editors, "  </editor>\n");
}

static bool status(struct build *w, const struct node_type *t, const struct driver_decl *d) {
    char id[ID_MAX];
    if (!editor(w, d, id))
        return false;
    buf_printf(&w->nodedefs, "      <st id=\"%s\" editor=\"%s\" />\n", d->id, id);
    buf_printf(&w->nls, "ST-%s-%s-NAME = ", t->id, d->id);
    nls_text(&w->nls, d->label);
    return buf_puts(&w->nls, "\n");
}

static bool command(struct build *w, const struct node_type *t, const struct command_decl *c) {
    buf_printf(&w->nls, "CMD-%s-%s-NAME = ", t->id, c->id);
    nls_text(&w->nls, c->name);
    buf_puts(&w->nls, "\n");
    buf_printf(&w->nodedefs, "        <cmd id=\"%s\"%s\n", c->id, c->param_count > 0 ? ">" : " />");
    for (size_t i = 0; i < c->param_count; i++) {
        const struct driver_decl *p = &c->params[i];
        char id[ID_MAX];
        if (!editor(w, p, id))
            return false;
        buf_printf(&w->nodedefs, "          <p id=\"%s\" editor=\"%s\" />\n", p->id, id);
        buf_printf(&w->nls, "CMDPN-%s-%s-NAME = ", t->id, p->id);
        nls_text(&w->nls, p->label);
        buf_puts(&w->nls, "\n");
    }
    return c->param_count == 0 || buf_puts(&w->nodedefs, "        </cmd>\n");
}

static bool nodedef(struct build *w, const struct node_type *t) {
    buf_puts(&w->nodedefs, "  <nodeDef id=\"");
    xml_text(&w->nodedefs, t->id);
    buf_printf(&w->nodedefs, "\" nls=\"%s\">\n    <editors />\n    <sts>\n", t->id);
    buf_printf(&w->nls, "\nND-%s-NAME = ", t->id);
    nls_text(&w->nls, t->name);
    buf_puts(&w->nls, "\n");
    if (t->icon != NULL)
        buf_printf(&w->nls, "ND-%s-ICON = %s\n", t->id, t->icon);
    for (size_t i = 0; i < t->driver_count; i++)
        if (!status(w, t, &t->drivers[i]))
            return false;
    buf_puts(&w->nodedefs, "    </sts>\n    <cmds>\n");
    buf_puts(&w->nodedefs, t->event_count > 0 ? "      <sends>\n" : "      <sends />\n");
    for (size_t i = 0; i < t->event_count; i++)
        if (!command(w, t, &t->events[i]))
            return false;
    buf_puts(&w->nodedefs, t->event_count > 0 ? "      </sends>\n" : "");
    buf_puts(&w->nodedefs, "      <accepts>\n");
    for (size_t i = 0; i < t->command_count; i++)
        if (!command(w, t, &t->commands[i]))
            return false;
    return buf_puts(&w->nodedefs, "      </accepts>\n    </cmds>\n  </nodeDef>\n");
}

static bool build(struct build *w, const struct nodes *nodes) {
    bool ok = true;
    buf_puts(&w->nodedefs, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<nodeDefs>\n");
    buf_puts(&w->editors, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<editors>\n");
    buf_puts(&w->nls, "# Written by victron-host --write-profile from the device scripts.\n");
    for (size_t i = 0; ok && i < nodes->type_count; i++)
        ok = nodedef(w, nodes->types[i]);
    buf_puts(&w->nodedefs, "</nodeDefs>\n");
    buf_puts(&w->editors, "</editors>\n");
    if (w->nodedefs.starved || w->editors.starved || w->nls.starved) {
        snprintf(w->error, w->size, "%s", vm_short_of_memory);
        return false;
    }
    if (w->nodedefs.failed || w->editors.failed || w->nls.failed) {
        snprintf(w->error, w->size, "the profile is larger than %u KiB", FILE_MAX / 1024);
        return false;
    }
    return ok;
}

static bool same_content(const char *path, const struct buf *b) {
    char error[128];
    size_t len = 0;
    char *old = file_read(path, b->len, &len, error, sizeof error);
    bool same = old != NULL && len == b->len && memcmp(old, buf_text(b), len) == 0;
    free(old);
    return same;
}

static bool put_file(struct build *w, const char *dir, const char *sub, const char *name,
                     const struct buf *b, bool *changed) {
    char folder[512], path[640], error[128];
    snprintf(folder, sizeof folder, "%s/%s", dir, sub);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (same_content(path, b))
        return true;
    file_folder(dir, FOLDER_FOR_PG3);
    file_folder(folder, FOLDER_FOR_PG3);
    if (!file_write(path, buf_text(b), b->len, FILE_FOR_PG3, error, sizeof error)) {
        snprintf(w->error, w->size, "%s %s", path, error);
        return false;
    }
    *changed = true;
    return true;
}

// FNV-1a: tells profiles apart, guards nothing.
static uint64_t hash_more(uint64_t hash, const struct buf *b) {
    for (size_t i = 0; i < b->len; i++)
        hash = (hash ^ (unsigned char)b->data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

bool profile_write(const struct nodes *nodes, const char *dir, char *hash, bool *changed,
                   char *error, size_t size) {
    struct build *w = calloc(1, sizeof *w);
    if (w == NULL) {
        snprintf(error, size, "%s", vm_short_of_memory);
        return false;
    }
    buf_init(&w->nodedefs, FILE_MAX);
    buf_init(&w->editors, FILE_MAX);
    buf_init(&w->nls, FILE_MAX);
    w->error = error;
    w->size = size;
    *changed = false;
    bool ok = build(w, nodes);
    if (ok) {
        uint64_t sum = UINT64_C(0xcbf29ce484222325);
        sum = hash_more(hash_more(hash_more(sum, &w->nodedefs), &w->editors), &w->nls);
        snprintf(hash, 17, "%016" PRIx64, sum);
        ok = put_file(w, dir, "nodedef", "nodedefs.xml", &w->nodedefs, changed) &&
             put_file(w, dir, "editor", "editors.xml", &w->editors, changed) &&
             put_file(w, dir, "nls", "en_us.txt", &w->nls, changed);
    }
    buf_free(&w->nodedefs);
    buf_free(&w->editors);
    buf_free(&w->nls);
    free(w);
    return ok;
}
