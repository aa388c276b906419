// HTTPS requests: wait for the rate limit, run (eight at once), end as one reply. And those to
// devices on the LAN, which wait for no limit and whose certificates are for no name.
#ifndef HTTP_H
#define HTTP_H

#include "net/loop.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http;

struct http_request {
    const char *url;            // https:// only, but for `lan`; else it ends as HTTP_OTHER
    const char *const *headers; // "Name: value" lines, NULL-terminated; may be NULL
    const char *ca_file;        // PEM bundle; NULL = the system's (http_trust_store)
    long timeout_ms;            // whole request; 0 = 20 s
    int priority;               // it leaves before those that wait with a lower one
    // To a device on the LAN: it leaves at once and through no proxy. With a ca_file only over
    // https://, the certificate must be that or signed by it, and may be for another name; without
    // one only over http://.
    bool lan;
    bool certificate; // with `lan`: nothing is sent or checked; the reply's body is the server's
                      // certificate, PEM
    const char *post; // the form that is sent; NULL = a GET
};

enum http_error {
    HTTP_OK,      // an answer came, whatever its status
    HTTP_DNS,     // the name does not resolve
    HTTP_CONNECT, // nobody answers there
    HTTP_TLS,     // certificate or handshake
    HTTP_TIMEOUT,
    HTTP_CUT,     // the transfer ended early, or came damaged
    HTTP_TOO_BIG, // more than the cap
    HTTP_OTHER
};

struct http_reply {
    enum http_error error;
    const char *error_text; // one clear sentence in English; "" when error is HTTP_OK
    long status;
    const char *body; // NUL-terminated
    size_t body_len;
    int64_t retry_after_s; // 0 = none given; seconds and HTTP dates are understood
    int64_t date_s;        // Date header as unix seconds; 0 = none
};

// The reply and its texts live until the callback returns. Called exactly once for each http_get,
// from the loop, never from inside http_get.
typedef void http_fn(void *ctx, const struct http_reply *reply);

// `max_body` bytes of answer at most. NULL when memory is short. Certificates and, but for `lan`,
// host names are always verified where anything is sent, redirects are not followed, signals are
// not used (CURLOPT_NOSIGNAL), connections are kept for an hour (CURLOPT_MAXAGE_CONN: the default
// is shorter than a poll interval).
struct http *http_new(struct loop *l, size_t max_body, const char *user_agent);
// Drops what is under way without calling back. Not from inside a callback. NULL does nothing.
void http_free(struct http *h);
// The rate limit all requests pass. Without a call: no limit.
void http_limit(struct http *h, int64_t depth, int64_t interval_ms);
// No request leaves for `ms`; 0 ends such a pause.
void http_hold(struct http *h, int64_t ms);
// Copies the request; headers hold the token and are not logged. False when memory is short.
bool http_get(struct http *h, const struct http_request *req, http_fn *fn, void *ctx);
// Fills status, retry_after_s and date_s from what a finished transfer received. Here for tests.
void http_read_head(CURL *easy, struct http_reply *reply);
// Where systems keep the certificates they trust; NULL-terminated. Used where libcurl was built
// without a default of its own, as the released programs' is: they run on more than one system.
extern const char *const http_trust_stores[];
// The first of these files that can be read. None: the first, so that curl's complaint names it.
const char *http_trust_store(const char *const *files);

#endif
