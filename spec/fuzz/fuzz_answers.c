// VRM's answers, one a line: user, installations, names of devices, then measurements. Before the
// JSON may stand the status and the seconds of Retry-After. They go through the account, discovery
// and the device scripts. A line that begins with "/" comes live: the topic below the portal id, a
// blank, the payload.
#include "api/api_mqtt.c"
#include "fuzz_lua.h"

#include <math.h>

struct waiting {
    http_fn *fn;
    void *ctx;
    char path[256];
};

struct http {
    struct waiting waiting[32];
    size_t count;
};

// In place of host/net/http.c

struct http *http_new(struct loop *l, size_t max_body, const char *user_agent) {
    (void)l, (void)max_body, (void)user_agent;
    return calloc(1, sizeof(struct http));
}

void http_free(struct http *h) { free(h); }

void http_limit(struct http *h, int64_t depth, int64_t interval_ms) {
    (void)h;
    MUST(depth > 0 && interval_ms > 0);
}

void http_hold(struct http *h, int64_t ms) {
    (void)h;
    MUST(ms >= 0);
}

const char *const http_trust_stores[] = {"none", NULL};

const char *http_trust_store(const char *const *files) { return files[0]; }

bool http_get(struct http *h, const struct http_request *req, http_fn *fn, void *ctx) {
    if (h->count == sizeof h->waiting / sizeof h->waiting[0])
        return false;
    struct waiting *w = &h->waiting[h->count++];
    *w = (struct waiting){.fn = fn, .ctx = ctx};
    snprintf(w->path, sizeof w->path, "%s", req->url);
    return true;
}

// In place of host/net/mqtt.c

struct mqtt {
    int nothing;
};

struct mqtt *mqtt_new(struct loop *l, const struct mqtt_config *config,
                      const struct mqtt_events *events) {
    (void)l, (void)events;
    MUST(config->tls && config->ca_file != NULL && config->check_name);
    return calloc(1, sizeof(struct mqtt));
}

bool mqtt_subscribe(struct mqtt *m, const char *topic) {
    (void)m;
    MUST(strncmp(topic, "N/", 2) == 0 && topic[2] != '+' && topic[2] != '#');
    return true;
}

bool mqtt_send(struct mqtt *m, const char *topic, const char *text, size_t len) {
    (void)m, (void)text, (void)len;
    MUST(strncmp(topic, "R/", 2) == 0); // nothing is ever written
    return true;
}

void mqtt_reconnect(struct mqtt *m, const char *why) { (void)m, (void)why; }

void mqtt_leave(struct mqtt *m) { (void)m; }

void mqtt_stop(struct mqtt *m, int ms) {
    (void)ms;
    free(m);
}

static const char *lines[16], *live[64]; // of the input; each ends with a NUL
static size_t line_count, live_count;
static size_t next_rows; // the measurements' next line

static const char *line_for(const char *path) {
    size_t i = strstr(path, "/users/me") != NULL          ? 0
               : strstr(path, "/installations?") != NULL  ? 1
               : strstr(path, "/system-overview") != NULL ? 2
                                                          : next_rows++;
    return i < line_count ? lines[i] : line_count > 3 ? lines[line_count - 1] : "";
}

static void answer(struct waiting w) {
    const char *line = line_for(w.path);
    struct http_reply reply = {.error = HTTP_OK, .error_text = "", .status = 200};
    reply.date_s = 1795348800;
    char *end = (char *)(uintptr_t)line;
    if (line[0] >= '1' && line[0] <= '9') {
        reply.status = strtol(line, &end, 10) % 1000;
        long wait = strtol(end, &end, 10);
        reply.retry_after_s = wait > 0 ? wait : 0;
    }
    reply.body = end;
    reply.body_len = strlen(end);
    w.fn(w.ctx, &reply);
}

// Until nothing is asked any more.
static void settle(void) {
    for (int i = 0; i < 100; i++) {
        bool more = tasks_run(api.tasks);
        if (!more && api.http->count == 0)
            return;
        if (api.http->count == 0)
            continue;
        struct waiting first = api.http->waiting[0];
        memmove(api.http->waiting, api.http->waiting + 1, --api.http->count * sizeof first);
        answer(first);
    }
}

// What a node shows is a plain decimal, also after the strangest answer.
static void judge_nodes(void) {
    for (size_t i = 0; i < api.nodes->count; i++) {
        const struct node *node = api.nodes->all[i];
        for (size_t k = 0; k < node->type->driver_count; k++) {
            char shown[NODE_SHOWN_SIZE] = "", *end;
            node_shown(&node->drivers[k], shown);
            MUST(shown[0] != '\0' && strspn(shown, "-.0123456789") == strlen(shown));
            MUST(isfinite(strtod(shown, &end)) && *end == '\0');
        }
    }
}

static void tell_live(void) {
    for (struct connection *c = api.connections; c != NULL; c = c->next) {
        if (c->closed)
            continue;
        on_up(c);
        settle();
        for (size_t i = 0; i < live_count; i++) {
            size_t len = strcspn(live[i], " ");
            const char *payload = live[i] + len + (live[i][len] != '\0');
            char topic[8192];
            snprintf(topic, sizeof topic, "N/portal%.*s", (int)len, live[i]);
            on_message(c, topic, payload, strlen(payload));
        }
        while (latest_count(c->waiting) > 0) {
            loop_cancel(api.loop, c->timer);
            tell(c);
            settle();
        }
    }
}

static void split(char *text) {
    line_count = live_count = 0;
    next_rows = 3;
    for (char *line = text; line != NULL && line_count < 16 && live_count < 64;) {
        if (line[0] == '/')
            live[live_count++] = line;
        else
            lines[line_count++] = line;
        line = strchr(line, '\n');
        if (line != NULL)
            *line++ = '\0';
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = text_of(data, size);
    split(text);
    plugin_open("answers.lua");
    settle();
    judge_nodes();
    for (int i = 0; i < 2; i++) {
        tell_live();
        judge_nodes();
        api_fire(&api, i == 0 ? "poll" : "discover", NULL, NULL, NULL, NULL);
        settle();
        judge_nodes();
    }
    plugin_close();
    free(text);
    return 0;
}
