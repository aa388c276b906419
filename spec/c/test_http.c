// http: which file of trusted certificates is taken, and how a request ends that gets no answer.
#include "../../host/net/http.c"
#include "check.h"
#include "refuse.h"

#include <unistd.h>

static void test_trust_store(void) {
    const char *const last_there[] = {"not-there-1.pem", "not-there-2.pem", "test_http.pem", NULL};
    const char *const two_there[] = {"test_http.pem", "/", NULL};
    const char *const none_there[] = {"not-there-1.pem", "not-there-2.pem", NULL};
    FILE *file = fopen("test_http.pem", "w");

    CHECK(file != NULL && fclose(file) == 0);
    CHECK(strcmp(http_trust_store(last_there), "test_http.pem") == 0);
    CHECK(strcmp(http_trust_store(two_there), "test_http.pem") == 0);
    CHECK(strcmp(http_trust_store(none_there), "not-there-1.pem") == 0);
    unlink("test_http.pem");
    // The base system's own comes before what a package may have left behind.
    CHECK(strcmp(http_trust_stores[0], "/etc/ssl/cert.pem") == 0);
}

static int ends;
static struct http_reply last; // without its texts
static char text[400];         // of its error

static void ended(void *ctx, const struct http_reply *reply) {
    (void)ctx;
    ends++;
    last = *reply;
    snprintf(text, sizeof text, "%s", reply->error_text);
}

static struct http h = {.max_body = 1000};

static struct request *new_request(const char *ca_file) {
    struct http_request req = {.url = "https://example.org/x?private", .ca_file = ca_file};
    struct request *r = request_new(&h, &req);
    CHECK(r != NULL);
    r->fn = ended;
    return r;
}

// Fault: without memory an answer counts as too large, and scripts do without what it would tell
// Expected: it is told that memory is short; too large is only what is over the limit
static void test_no_memory_for_an_answer(void) {
    static char large[1001];
    struct request *r = new_request(NULL);
    fail_all = true;
    CHECK(body_write(large, 1, 10, r) == 0);
    fail_all = false;
    request_end(&h, r, CURLE_WRITE_ERROR);
    CHECK(ends == 1 && last.error == HTTP_OTHER);
    CHECK(strcmp(text, "Memory is too short for the answer of example.org. Free some on this "
                       "machine.") == 0);
    r = new_request(NULL);
    CHECK(body_write(large, 1, sizeof large, r) == 0);
    request_end(&h, r, CURLE_WRITE_ERROR);
    CHECK(ends == 2 && last.error == HTTP_TOO_BIG && strstr(text, "at most 0 KiB") != NULL);
}

// Fault: the certificates cannot be read, and nobody learns which file that is
// Expected: the sentence names it
static void test_no_certificates(void) {
    request_start(&h, new_request("/nowhere/some.pem"));
    CHECK(ends == 3 && last.error == HTTP_TLS && strstr(text, "example.org") != NULL);
    CHECK(strstr(text, "/nowhere/some.pem") != NULL);
}

static void wait_in_line(const char *url, int priority) {
    struct http_request req = {.url = url, .priority = priority};
    list_append(&h.waiting, request_new(&h, &req));
}

// Fault: a question of the user waits for the polls of a hundred installations
// Expected: what has a priority leaves before all that has a lower one, in its own order
static void test_line(void) {
    static const char *const order[] = {"f", "c", "d", "a", "b", "e"};
    wait_in_line("a", 0);
    wait_in_line("b", 0);
    wait_in_line("c", 1);
    wait_in_line("d", 1);
    wait_in_line("e", 0);
    wait_in_line("f", 2);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        struct request *r = h.waiting;
        CHECK(r != NULL && strcmp(r->url, order[i]) == 0);
        h.waiting = r->next;
        request_free(r);
    }
    CHECK(h.waiting == NULL);
}

int main(void) {
    test_trust_store();
    test_no_memory_for_an_answer();
    test_no_certificates();
    test_line();
    return check_end();
}
