#include "net/http.h"
#include "base/bucket.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 20 * 1000, CONNECT_TIMEOUT_MS = 10 * 1000, KEEP_S = 60 * 60 };
#define AT_ONCE_MAX 8 // requests: each has a connection with its buffers, and an answer that grows
#define LAN_AT_ONCE_MAX 2
#define LAN_BODY_MAX (64u * 1024)

struct request {
    struct request *next;
    http_fn *fn;
    void *ctx;
    char *url;
    char *ca_file;
    const char *trusted; // the file of trusted certificates, once it starts; NULL: curl's own
    struct curl_slist *headers;
    long timeout_ms;
    int priority;
    bool lan, certificate;
    char *post;
    CURL *easy; // NULL while it waits
    struct buf body;
    char detail[CURL_ERROR_SIZE]; // curl's own words, or the file that cannot be read
};

struct http {
    struct loop *loop;
    char *user_agent;
    size_t max_body;
    struct bucket bucket;
    int64_t timer;           // 0 = none; ends the wait of the first one waiting
    struct request *waiting; // oldest first
    struct request *local;   // those to the LAN that have not left
    struct request *running;
    CURL *spare; // a used easy handle: it remembers TLS sessions
};

// What an error is called, and the sentence for it; the host's name fills the %s.
struct failure {
    CURLcode code;
    enum http_error error;
    const char *text;
};

static const char tls_text[] = "The TLS connection to %s failed. Check the date and time of this "
                               "machine and its CA certificates";
static const char cut_text[] = "The answer of %s ended early. The next try may do better; if it "
                               "does not, check the network";

static const struct failure failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, HTTP_DNS,
     "The name %s does not resolve to an address. Check the internet connection and the DNS "
     "server"},
    {CURLE_COULDNT_RESOLVE_PROXY, HTTP_DNS,
     "The name of the proxy for %s does not resolve. Check the proxy settings of this machine"},
    {CURLE_COULDNT_CONNECT, HTTP_CONNECT,
     "No connection to %s can be made. Check the internet connection and the firewall"},
    {CURLE_PEER_FAILED_VERIFICATION, HTTP_TLS,
     "The certificate of %s is not trusted. Look for a firewall or proxy that opens encrypted "
     "connections, and check the CA certificates of this machine"},
    {CURLE_SSL_CACERT_BADFILE, HTTP_TLS,
     "The file of CA certificates for %s cannot be read. Check that it is there and in PEM form"},
    {CURLE_SSL_CONNECT_ERROR, HTTP_TLS, tls_text},
    {CURLE_SSL_CERTPROBLEM, HTTP_TLS, tls_text},
    {CURLE_SSL_CIPHER, HTTP_TLS, tls_text},
    {CURLE_SSL_ISSUER_ERROR, HTTP_TLS, tls_text},
    {CURLE_SSL_INVALIDCERTSTATUS, HTTP_TLS, tls_text},
    {CURLE_SSL_ENGINE_INITFAILED, HTTP_TLS, tls_text},
    {CURLE_USE_SSL_FAILED, HTTP_TLS, tls_text},
    {CURLE_PARTIAL_FILE, HTTP_CUT, cut_text},
    {CURLE_GOT_NOTHING, HTTP_CUT, cut_text},
    {CURLE_RECV_ERROR, HTTP_CUT, cut_text},
    {CURLE_SEND_ERROR, HTTP_CUT, cut_text},
    {CURLE_HTTP2, HTTP_CUT, cut_text},
    {CURLE_HTTP2_STREAM, HTTP_CUT, cut_text},
    {CURLE_BAD_CONTENT_ENCODING, HTTP_CUT,
     "The answer of %s came damaged. The next try may do better; if it does not, check the "
     "network"},
    {CURLE_UNSUPPORTED_PROTOCOL, HTTP_OTHER,
     "The address of %s must begin with https://. Correct it"},
    {CURLE_URL_MALFORMAT, HTTP_OTHER, "The address of %s is not a valid URL. Correct it"},
    {CURLE_OUT_OF_MEMORY, HTTP_OTHER,
     "Memory is too short for a request to %s. Free some on this machine"},
};

static void wipe(char *text) {
    volatile char *p = text; // volatile: or the compiler leaves it out as a dead store
    while (p != NULL && *p != '\0') {
        *p++ = '\0';
    }
}

static void headers_free(struct curl_slist *headers) {
    for (struct curl_slist *h = headers; h != NULL; h = h->next) {
        wipe(h->data);
    }
    curl_slist_free_all(headers);
}

static void request_free(struct request *r) {
    headers_free(r->headers);
    buf_free(&r->body);
    free(r->ca_file);
    wipe(r->post); // a password, for example
    free(r->post);
    free(r->url);
    free(r);
}

static struct request *request_new(const struct http *h, const struct http_request *req) {
    struct request *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return NULL;
    }
    buf_init(&r->body, req->lan ? LAN_BODY_MAX : h->max_body);
    r->priority = req->priority;
    r->timeout_ms = req->timeout_ms > 0 ? req->timeout_ms : TIMEOUT_MS;
    r->lan = req->lan;
    r->certificate = req->lan && req->certificate;
    bool ok = text_set(&r->url, req->url != NULL ? req->url : "") &&
              text_set(&r->ca_file, req->ca_file) && text_set(&r->post, req->post);
    for (size_t i = 0; ok && req->headers != NULL && req->headers[i] != NULL; i++) {
        struct curl_slist *longer = curl_slist_append(r->headers, req->headers[i]);
        ok = longer != NULL;
        r->headers = ok ? longer : r->headers;
    }
    if (!ok) {
        request_free(r);
        return NULL;
    }
    return r;
}

// Behind those of its priority.
static void list_append(struct request **list, struct request *r) {
    while (*list != NULL && (*list)->priority >= r->priority) {
        list = &(*list)->next;
    }
    r->next = *list;
    *list = r;
}

static void list_remove(struct request **list, const struct request *r) {
    while (*list != NULL && *list != r) {
        list = &(*list)->next;
    }
    if (*list != NULL) {
        *list = r->next;
    }
}

static size_t body_write(char *data, size_t size, size_t count, void *ctx) {
    struct request *r = ctx;
    // Taking less than was offered makes curl end the transfer.
    return buf_add(&r->body, data, size * count) ? size * count : 0;
}

// FreeBSD's base (certctl), its package ca_root_nss in two places, Debian (docs/pg3.md, Trusted
// certificates).
const char *const http_trust_stores[] = {
    "/etc/ssl/cert.pem", "/usr/local/share/certs/ca-root-nss.crt", "/usr/local/etc/ssl/cert.pem",
    "/etc/ssl/certs/ca-certificates.crt", NULL};

const char *http_trust_store(const char *const *files) {
    for (size_t i = 0; files[i] != NULL; i++) {
        if (file_readable(files[i])) {
            return files[i];
        }
    }
    return files[0];
}

// NULL: curl's own default, or none at all.
static const char *trusted_file(const struct request *r) {
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    if (r->lan || r->ca_file != NULL || curl->cainfo != NULL || curl->capath != NULL) {
        return r->ca_file;
    }
    return http_trust_store(http_trust_stores);
}

// What of a request to the LAN is another than of those to VRM: see http_request.
static bool easy_set_lan(CURL *easy, const struct request *r) {
    bool ok = curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK;
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L); // the file may be another by now
    if (ok && r->certificate) {
        curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L); // it may be no web server
        ok = curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK;
        // What is shown now, not what a session remembers.
        curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    } else if (ok && r->post != NULL) {
        ok = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, r->post) == CURLE_OK;
    }
    return ok;
}

static const char *protocol(const struct request *r) {
    return r->lan && !r->certificate && r->ca_file == NULL ? "http" : "https";
}

static bool easy_set(CURL *easy, const struct http *h, struct request *r) {
    bool ok = curl_easy_setopt(easy, CURLOPT_URL, r->url) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocol(r)) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "") == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_USERAGENT, h->user_agent) == CURLE_OK;
    if (ok && r->trusted != NULL) {
        // Without a CApath: else the system's folder would be trusted besides the file.
        ok = curl_easy_setopt(easy, CURLOPT_CAINFO, r->trusted) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, r->headers);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT,
                     1L); // a hanging DNS would block clean-up for seconds
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)KEEP_S);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); // the headers are for this server only
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);     // no ".." leads above the address asked for
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, r->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, r->detail);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_write);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, r);
    return ok && (!r->lan || easy_set_lan(easy, r));
}

// Takes the request's easy handle away and keeps one for the next request.
static void easy_release(struct http *h, struct request *r) {
    if (r->easy == NULL) {
        return;
    }
    curl_multi_remove_handle(loop_multi(h->loop), r->easy);
    curl_easy_reset(r->easy); // forgets the headers before they are freed
    if (h->spare != NULL) {
        curl_easy_cleanup(r->easy);
    } else {
        h->spare = r->easy;
    }
    r->easy = NULL;
}

// The host of the URL into `out`, so that a message can name it without showing paths or queries.
static void host_name(const char *url, char *out, size_t size) {
    const unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME;
    CURLU *parts = curl_url();
    char *host = NULL;
    if (parts != NULL && curl_url_set(parts, CURLUPART_URL, url, flags) == CURLUE_OK) {
        curl_url_get(parts, CURLUPART_HOST, &host, 0);
    }
    snprintf(out, size, "%s", host != NULL ? host : "the server");
    curl_free(host);
    curl_url_cleanup(parts);
}

// How far it came says what is slow.
static const char *timeout_text(CURL *easy) {
    curl_off_t looked_up = 0;
    curl_off_t asked = 0; // 0 while there is no connection to ask on
    curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &asked);
    if (looked_up == 0) {
        return "The DNS server did not answer in time for the name %s. Check the internet "
               "connection and the DNS server";
    }
    if (asked == 0) {
        return "%s did not take the connection in time. Check the internet connection and the "
               "firewall";
    }
    return "%s did not answer in time. The next try may do better; if it does not, check the "
           "internet connection";
}

// OpenSSL's numbers for a certificate of another time, which curl hands on.
enum { NOT_YET_VALID = 9, EXPIRED = 10 };

// By a clock that is wrong a certificate is of another time. NULL = it is not that.
static const char *clock_text(const struct request *r, CURLcode code) {
    long result = 0;
    if (code == CURLE_PEER_FAILED_VERIFICATION) {
        curl_easy_getinfo(r->easy, CURLINFO_SSL_VERIFYRESULT, &result);
    }
    switch (result) {
    case NOT_YET_VALID:
        return "The clock of this machine is wrong: by it, the certificate of %s is not valid yet. "
               "Set its date and time";
    case EXPIRED:
        return "By the clock of this machine, the certificate of %s has expired. If its date is "
               "wrong, set it";
    default:
        return NULL;
    }
}

static enum http_error failure_find(const struct request *r, CURLcode code, const char **text) {
    const char *clock = clock_text(r, code);
    if (r->body.starved) {
        *text = "Memory is too short for the answer of %s. Free some on this machine";
        return HTTP_OTHER;
    }
    if (r->body.failed) {
        *text = "The answer of %s is larger than the plugin accepts";
        return HTTP_TOO_BIG;
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        *text = timeout_text(r->easy);
        return HTTP_TIMEOUT;
    }
    if (clock != NULL) {
        *text = clock;
        return HTTP_TLS;
    }
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        if (failures[i].code == code) {
            *text = failures[i].text;
            return failures[i].error;
        }
    }
    *text = "The request to %s failed. If it keeps failing, report this message";
    return HTTP_OTHER;
}

// What stands in brackets behind the sentence. Of an answer that was not taken curl only knows that
// it could not write.
static void detail_text(const struct request *r, CURLcode code, char *out, size_t size) {
    if (r->body.starved) {
        out[0] = '\0';
    } else if (r->body.failed) {
        snprintf(out, size, " (at most %zu KiB)", r->body.max / 1024);
    } else {
        snprintf(out, size, " (%s)", r->detail[0] != '\0' ? r->detail : curl_easy_strerror(code));
    }
}

// The sentence: the failure's text with the host in it, and the detail.
static void failure_text(const struct request *r, const char *text, CURLcode code, char *out,
                         size_t size) {
    const char *rest = strstr(text, "%s"); // each text has one
    char host[256];
    char detail[sizeof r->detail + 4];
    host_name(r->url, host, sizeof host);
    detail_text(r, code, detail, sizeof detail);
    snprintf(out, size, "%.*s%s%s%s.", (int)(rest - text), text, host, rest + 2, detail);
}

void http_read_head(CURL *easy, struct http_reply *reply) {
    struct curl_header *date = NULL;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply->status);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after);
    reply->retry_after_s = retry_after > 0 ? (int64_t)retry_after : 0;
    if (curl_easy_header(easy, "Date", 0, CURLH_HEADER, -1, &date) == CURLHE_OK) {
        int64_t when = (int64_t)curl_getdate(date->value, NULL);
        reply->date_s = when > 0 ? when : 0;
    }
}

// The first certificate of the chain becomes the body.
static bool certificate_take(struct request *r) {
    static const char begin[] = "Cert:";
    struct curl_certinfo *chain = NULL;
    if (curl_easy_getinfo(r->easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL ||
        chain->num_of_certs < 1) {
        return false;
    }
    for (const struct curl_slist *at = chain->certinfo[0]; at != NULL; at = at->next) {
        if (strncmp(at->data, begin, sizeof begin - 1) == 0) {
            const char *text = at->data + sizeof begin - 1;
            return buf_add(&r->body, text, strlen(text));
        }
    }
    return false;
}

// The end of a request that is in no list any more: calls back and frees it.
static void request_end(struct http *h, struct request *r, CURLcode code) {
    struct http_reply reply = {.error = HTTP_OK, .error_text = "", .body = ""};
    char text[1024];
    if (code == CURLE_OK && r->certificate && !certificate_take(r)) {
        code = CURLE_SSL_CERTPROBLEM;
    }
    if (code == CURLE_OK && !r->body.failed) {
        http_read_head(r->easy, &reply);
        reply.body = buf_text(&r->body);
        reply.body_len = r->body.len;
    } else {
        const char *sentence;
        reply.error = failure_find(r, code, &sentence);
        failure_text(r, sentence, code, text, sizeof text);
        reply.error_text = text;
    }
    easy_release(h, r);
    r->fn(r->ctx, &reply);
    request_free(r);
}

static void request_start(struct http *h, struct request *r) {
    r->trusted = trusted_file(r);
    if (r->trusted != NULL && !file_readable(r->trusted)) { // curl would wait for a FIFO
        snprintf(r->detail, sizeof r->detail, "%s", r->trusted);
        request_end(h, r, CURLE_SSL_CACERT_BADFILE);
        return;
    }
    list_append(&h->running, r);
    r->easy = h->spare != NULL ? h->spare : curl_easy_init();
    h->spare = NULL;
    if (r->easy != NULL && easy_set(r->easy, h, r) &&
        curl_multi_add_handle(loop_multi(h->loop), r->easy) == CURLM_OK) {
        return;
    }
    list_remove(&h->running, r);
    request_end(h, r, CURLE_OUT_OF_MEMORY);
}

// Neither kind of request waits for the other.
static bool has_room(const struct http *h, bool lan) {
    int count = 0;
    for (const struct request *r = h->running; r != NULL; r = r->next) {
        count += r->lan == lan;
    }
    return count < (lan ? LAN_AT_ONCE_MAX : AT_ONCE_MAX);
}

static void start_waiting(struct http *h) {
    loop_cancel(h->loop, h->timer);
    h->timer = 0;
    while (h->local != NULL && has_room(h, true)) {
        struct request *r = h->local;
        h->local = r->next;
        request_start(h, r);
    }
    while (h->waiting != NULL && has_room(h, false)) { // each end brings the next
        int64_t now = loop_now_ms();
        int64_t wait_ms = bucket_wait_ms(&h->bucket, now);
        struct request *r = h->waiting;
        if (wait_ms > 0) {
            h->timer = loop_after(h->loop, wait_ms, NULL, NULL); // for the next http_turn
            return;
        }
        bucket_take(&h->bucket, now);
        h->waiting = r->next;
        request_start(h, r);
    }
}

static void end_finished(struct http *h) {
    int left = 0;
    for (CURLMsg *msg = curl_multi_info_read(loop_multi(h->loop), &left); msg != NULL;
         msg = curl_multi_info_read(loop_multi(h->loop), &left)) {
        struct request *r = NULL;
        CURLcode code = msg->data.result; // msg is gone once the handle is removed
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&r);
        list_remove(&h->running, r);
        request_end(h, r, code);
    }
}

static void http_turn(void *ctx) {
    struct http *h = ctx;
    end_finished(h);
    start_waiting(h);
}

struct http *http_new(struct loop *l, size_t max_body, const char *user_agent) {
    struct http *h = calloc(1, sizeof *h);
    if (h == NULL || !text_set(&h->user_agent, user_agent) || !loop_each_turn(l, http_turn, h)) {
        if (h != NULL) {
            free(h->user_agent);
        }
        free(h);
        return NULL;
    }
    h->loop = l;
    h->max_body = max_body;
    bucket_init(&h->bucket, INT64_MAX, 1, loop_now_ms()); // no limit until http_limit
    return h;
}

static void requests_free(struct http *h, struct request *list) {
    while (list != NULL) {
        struct request *next = list->next;
        easy_release(h, list);
        request_free(list);
        list = next;
    }
}

void http_free(struct http *h) {
    if (h == NULL) {
        return;
    }
    loop_not_each_turn(h->loop, h);
    loop_cancel(h->loop, h->timer);
    requests_free(h, h->running);
    requests_free(h, h->waiting);
    requests_free(h, h->local);
    curl_easy_cleanup(h->spare);
    free(h->user_agent);
    free(h);
}

void http_limit(struct http *h, int64_t depth, int64_t interval_ms) {
    int64_t now = loop_now_ms();
    int64_t hold_ms = h->bucket.hold_until - now;
    bucket_init(&h->bucket, depth, interval_ms, now);
    bucket_hold(&h->bucket, hold_ms, now);
}

void http_hold(struct http *h, int64_t ms) {
    if (ms > 0) {
        bucket_hold(&h->bucket, ms, loop_now_ms());
    } else {
        h->bucket.hold_until = 0;
    }
}

bool http_get(struct http *h, const struct http_request *req, http_fn *fn, void *ctx) {
    struct request *r = request_new(h, req);
    if (r == NULL) {
        return false;
    }
    r->fn = fn;
    r->ctx = ctx;
    list_append(r->lan ? &h->local : &h->waiting, r);
    loop_wake(h->loop);
    return true;
}
