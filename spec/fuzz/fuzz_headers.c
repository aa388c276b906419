// The head of an HTTP answer, as far as we look at it: status, Retry-After, Date.
#include "fuzz.h"
#include "net/http.h"

#include <sys/socket.h>
#include <unistd.h>

static int end_fd; // of the connection, for curl

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)ctx, (void)purpose, (void)address;
    return end_fd;
}

static int connected(void *ctx, curl_socket_t fd, curlsocktype purpose) {
    (void)ctx, (void)fd, (void)purpose;
    return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static size_t drop(char *data, size_t size, size_t count, void *ctx) {
    (void)data, (void)ctx;
    return size * count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int pair[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    MUST(write(pair[0], data, size) == (ssize_t)size);
    shutdown(pair[0], SHUT_WR);
    end_fd = pair[1];
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, "http://127.0.0.1/");
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, connected);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 2000L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_perform(easy);
    struct http_reply reply = {0};
    http_read_head(easy, &reply);
    MUST(reply.status >= 0 && reply.retry_after_s >= 0 && reply.date_s >= 0);
    curl_easy_cleanup(easy);
    close(pair[0]);
    return 0;
}
