// What is answered to a search on the LAN, parted by bytes 1: datagrams, and at last the page of a
// device that describes it.
#include "fuzz_lua.h"
#include "net/search.h"

struct http {
    http_fn *fn; // NULL: nothing is asked
    void *ctx;
    char url[300];
};

struct search {
    search_fn *fn;
    void *ctx;
};

static struct search *searching;

// In place of host/net/http.c and host/net/search.c

struct http *http_new(struct loop *l, size_t max_body, const char *user_agent) {
    (void)l, (void)max_body, (void)user_agent;
    return calloc(1, sizeof(struct http));
}

void http_free(struct http *h) { free(h); }

void http_limit(struct http *h, int64_t depth, int64_t interval_ms) {
    (void)h, (void)depth, (void)interval_ms;
}

void http_hold(struct http *h, int64_t ms) { (void)h, (void)ms; }

const char *const http_trust_stores[] = {"none", NULL};

const char *http_trust_store(const char *const *files) { return files[0]; }

// Nobody but the sender of an answer is asked, and nothing is sent.
bool http_get(struct http *h, const struct http_request *req, http_fn *fn, void *ctx) {
    MUST(h->fn == NULL && req->lan && req->post == NULL && req->ca_file == NULL);
    MUST(strncmp(req->url, "http://10.1.2.3", 15) == 0);
    MUST(req->url[15] == ':' || req->url[15] == '/');
    MUST(strpbrk(req->url, " \r\n\t") == NULL);
    h->fn = fn;
    h->ctx = ctx;
    return true;
}

struct search *search_start(struct loop *l, const char *to, int port, const char *text, int64_t ms,
                            search_fn *fn, void *ctx) {
    (void)l, (void)to, (void)port, (void)text, (void)ms;
    searching = calloc(1, sizeof *searching);
    MUST(searching != NULL);
    *searching = (struct search){fn, ctx};
    return searching;
}

void search_free(struct search *s) { free(s); }

static struct search_answer *answer_of(const char *text, size_t len) {
    struct search_answer *a = calloc(1, sizeof *a + len + 1);
    MUST(a != NULL);
    memcpy(a->text, text, len);
    a->len = len;
    memcpy(a->from, "10.1.2.3", 9);
    return a;
}

static void answers_free(struct search_answer *a) {
    while (a != NULL) {
        struct search_answer *next = a->next;
        free(a);
        a = next;
    }
}

// Until nothing is asked any more.
static void settle(const char *page, size_t len) {
    for (int i = 0; i < 100 && (tasks_run(api.tasks) || api.http->fn != NULL); i++) {
        if (api.http->fn == NULL)
            continue;
        struct http_reply reply = {.error = HTTP_OK, .error_text = "", .status = 200};
        reply.body = page;
        reply.body_len = len;
        http_fn *fn = api.http->fn;
        api.http->fn = NULL;
        fn(api.http->ctx, &reply);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = text_of(data, size), *at = text;
    struct search_answer *answers = NULL, **end = &answers;
    for (char *part = memchr(at, 1, size); part != NULL; part = memchr(at, 1, size)) {
        *end = answer_of(at, (size_t)(part - at));
        end = &(*end)->next;
        size -= (size_t)(part + 1 - at);
        at = part + 1;
    }
    plugin_open("search.lua");
    tasks_run(api.tasks);
    MUST(searching != NULL);
    searching->fn(searching->ctx, answers);
    searching = NULL;
    settle(at, size);
    plugin_close();
    answers_free(answers);
    free(text);
    return 0;
}
