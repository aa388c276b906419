// search: a question by UDP, heard by a socket of this program, and what of its answers is kept.
#include "../../host/net/search.c"
#include "check.h"

#include <fcntl.h>
#include <stdio.h>

enum { SHORT_MS = 900 };

static struct loop *loop;
static int device; // the socket that hears the question
static int port;

static int calls, count;
static size_t last_len;
static char first_from[16];

static void ended(void *ctx, const struct search_answer *answers) {
    calls++;
    CHECK(ctx == &calls);
    count = 0;
    for (const struct search_answer *a = answers; a != NULL; a = a->next) {
        if (count++ == 0) {
            memcpy(first_from, a->from, sizeof first_from);
        }
        last_len = a->len;
        CHECK(a->text[a->len] == '\0');
    }
}

static void device_open(void) {
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t size = sizeof here;

    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    device = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(device >= 0 && fcntl(device, F_SETFL, O_NONBLOCK) == 0);
    CHECK(bind(device, (struct sockaddr *)&here, sizeof here) == 0);
    CHECK(getsockname(device, (struct sockaddr *)&here, &size) == 0);
    port = ntohs(here.sin_port);
}

// Hears the questions that wait and answers each so often with `len` bytes -> how many there were.
static int device_answer(int times, size_t len) {
    static char text[4096];
    struct sockaddr_in asker;
    socklen_t size = sizeof asker;
    int heard = 0;

    while (recvfrom(device, text, sizeof text, 0, (struct sockaddr *)&asker, &size) == 5) {
        CHECK(memcmp(text, "where", 5) == 0);
        heard++;
        memset(text, 'x', len);
        for (int i = 0; i < times; i++) {
            sendto(device, text, len, 0, (struct sockaddr *)&asker, size);
        }
        size = sizeof asker;
    }
    return heard;
}

static int search(int times, size_t len) {
    int heard = 0;
    struct search *s = search_start(loop, "127.0.0.1", port, "where", SHORT_MS, ended, &calls);

    CHECK(s != NULL);
    calls = 0;
    while (calls == 0) {
        heard += device_answer(times, len);
        loop_turn(loop, 20);
    }
    loop_turn(loop, 0);
    CHECK(calls == 1);
    search_free(s);
    return heard;
}

// Fault: one lost datagram, and the device is not found
// Expected: the question is sent twice, each answer is kept with its sender
static void test_answers(void) {
    CHECK(search(1, 10) == 2);
    CHECK(count == 2 && last_len == 10 && strcmp(first_from, "127.0.0.1") == 0);
    CHECK(search(0, 0) == 2 && count == 0);
}

// Fault: one device answers without end, and there is no memory, or no place for the others
// Expected: four answers of it are kept, 2 KiB of each
static void test_too_many(void) {
    search(100, 4000);
    CHECK(count == OF_ONE_MAX && last_len == TEXT_MAX);
    search(3, 0);
    CHECK(count == OF_ONE_MAX && last_len == 0);
}

static void test_many_senders(void) {
    struct search s = {0};
    char from[16];

    for (int i = 0; i < 200; i++) {
        snprintf(from, sizeof from, "10.0.0.%d", i);
        answer_keep(&s, from, "x", 1);
    }
    for (const struct search_answer *a = s.answers; a != NULL; a = a->next) {
        s.ends++;
    }
    CHECK(s.ends == ANSWERS_MAX);
    while (s.answers != NULL) {
        struct search_answer *next = s.answers->next;
        free(s.answers);
        s.answers = next;
    }
}

static void test_not_sent(void) {
    CHECK(search_start(loop, "nowhere", port, "where", SHORT_MS, ended, &calls) == NULL);
    CHECK(errno == EINVAL);
    CHECK(search_start(loop, "255.255.255.255", port, "where", SHORT_MS, ended, &calls) == NULL);
    CHECK(errno != 0); // a broadcast is not permitted
}

static void test_ended_early(void) {
    struct search *s = search_start(loop, "127.0.0.1", port, "where", SHORT_MS, ended, &calls);

    calls = 0;
    device_answer(1, 10);
    loop_turn(loop, 200);
    search_free(s);
    for (int i = 0; i < 12; i++) {
        loop_turn(loop, 100);
    }
    CHECK(calls == 0);
    search_free(NULL);
}

int main(void) {
    loop = loop_new();
    CHECK(loop != NULL);
    device_open();
    test_answers();
    test_too_many();
    test_many_senders();
    test_not_sent();
    test_ended_early();
    close(device);
    loop_free(loop);
    return check_end();
}
