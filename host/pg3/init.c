#include "pg3/init.h"
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int base64_digit(char c) {
    const char *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

// Line breaks are passed over; padding may be missing. False for any other character.
static bool base64_decode(const char *text, struct buf *out) {
    uint32_t bits = 0;
    int have = 0;
    for (; *text != '\0' && *text != '='; text++) {
        if (*text == '\n' || *text == '\r') {
            continue;
        }
        int digit = base64_digit(*text);
        if (digit < 0) {
            return false;
        }
        bits = (bits << 6) | (uint32_t)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            char byte = (char)((bits >> have) & 0xff);
            if (!buf_add(out, &byte, 1)) {
                return false;
            }
        }
    }
    return text[strspn(text, "=\r\n")] == '\0';
}

struct parse {
    struct pg3_init *init;
    char missing[128];
    bool is_object;
    long port;
};

static void want(struct parse *p, lua_State *L, const char *key, char *out, size_t size) {
    const char *text = json_text(L, 1, key, "");
    if (text[0] != '\0' && strlen(text) < size) {
        memcpy(out, text, strlen(text) + 1);
        return;
    }
    size_t used = strlen(p->missing);
    snprintf(p->missing + used, sizeof p->missing - used, "%s%s", used > 0 ? ", " : "", key);
}

static void option(lua_State *L, const char *key, char *out, size_t size) {
    snprintf(out, size, "%s", json_text(L, 1, key, ""));
}

// An empty or missing port is the usual one; -1: it is no port.
static long read_port(lua_State *L) {
    const char *text = json_text(L, 1, "mqttPort", "");
    if (text[0] == '\0') {
        return 1883;
    }
    char *end;
    long port = strtol(text, &end, 10);
    return *end == '\0' && port > 0 && port < 65536 ? port : -1;
}

static void parse_fields(lua_State *L, void *ctx) {
    struct parse *p = ctx;
    struct pg3_init *init = p->init;
    p->is_object = lua_type(L, 1) == LUA_TTABLE;
    if (!p->is_object) {
        return;
    }
    char profile[24] = "", prefix[sizeof init->uuid];
    want(p, L, "uuid", init->uuid, sizeof init->uuid);
    memcpy(prefix, init->uuid, sizeof prefix);
    if (json_text(L, 1, "prefix", "")[0] != '\0') {
        want(p, L, "prefix", prefix, sizeof prefix);
    }
    want(p, L, "profileNum", profile, sizeof profile);
    want(p, L, "token", init->token, sizeof init->token);
    option(L, "mqttHost", init->host, sizeof init->host);
    if (init->host[0] == '\0') {
        memcpy(init->host, "localhost", sizeof "localhost");
    }
    p->port = read_port(L);
    init->port = (int)p->port;
    init->secure = json_long(L, 1, "secure", 1) == 1;
    option(L, "logLevel", init->log_level, sizeof init->log_level);
    option(L, "pg3Version", init->pg3_version, sizeof init->pg3_version);
    option(L, "isyVersion", init->isy_version, sizeof init->isy_version);
    snprintf(init->id, sizeof init->id, "%s_%s", prefix, profile);
    char *to = init->user;
    for (const char *from = init->id; *from != '\0'; from++) {
        if (*from != ':') {
            *to++ = *from;
        }
    }
    *to = '\0';
}

static const char not_set[] = "PG3INIT is not set: this plugin is started by PG3. By hand, try "
                              "victron-host --demo or --help.";
static const char no_memory[] = "PG3INIT cannot be read: memory is short. Free some and start the "
                                "plugin again.";

// What is wrong; NULL: nothing, or what p says is missing.
static const char *fault_of(struct json *json, const char *base64, struct buf *text,
                            struct parse *p) {
    char why[256];
    if (base64 == NULL || base64[0] == '\0') {
        return not_set;
    }
    if (!base64_decode(base64, text)) {
        return text->starved ? no_memory : "PG3INIT is not base64. Restart the plugin from PG3.";
    }
    bool read = json_read(json, buf_text(text), text->len, parse_fields, p, why, sizeof why);
    if (!read && json_starved(json)) {
        return no_memory;
    }
    if (!read || !p->is_object) {
        return "PG3INIT does not hold a JSON object. Restart the plugin from PG3.";
    }
    if (p->missing[0] == '\0' && p->port < 0) {
        return "mqttPort in PG3INIT is no port number. Restart the plugin from PG3.";
    }
    return NULL;
}

bool init_read(struct json *json, const char *base64, struct pg3_init *init, char *error,
               size_t size) {
    struct buf text;
    struct parse p = {.init = init};
    memset(init, 0, sizeof *init);
    buf_init(&text, 64 * 1024);
    const char *fault = fault_of(json, base64, &text, &p);
    buf_free(&text);
    if (fault != NULL) {
        snprintf(error, size, "%s", fault);
    } else if (p.missing[0] != '\0') {
        snprintf(error, size, "PG3INIT lacks %s. Restart the plugin from PG3.", p.missing);
    }
    return fault == NULL && p.missing[0] == '\0';
}
