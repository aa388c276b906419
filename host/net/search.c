#include "net/search.h"
#include "base/file.h"
#include "base/list.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOK_MS = 100, AGAIN_MS = 500, ANSWERS_MAX = 64, OF_ONE_MAX = 4, TEXT_MAX = 2048 };

struct search {
    struct loop *loop;
    int fd;
    struct sockaddr_in to;
    char *text;
    int64_t began, ends; // loop_now_ms
    int64_t timer;       // 0 = none
    bool sent_again;
    struct search_answer *answers;
    search_fn *fn;
    void *ctx;
};

static bool question_send(const struct search *s) {
    size_t len = strlen(s->text);
    return sendto(s->fd, s->text, len, 0, (const struct sockaddr *)&s->to, sizeof s->to) ==
           (ssize_t)len;
}

// Whether one more of this sender is taken.
static bool has_room(const struct search *s, const char *from) {
    int all = 0, of_one = 0;
    for (const struct search_answer *a = s->answers; a != NULL; a = a->next) {
        all++;
        of_one += strcmp(a->from, from) == 0;
    }
    return all < ANSWERS_MAX && of_one < OF_ONE_MAX;
}

static void answer_keep(struct search *s, const char *from, const char *text, size_t len) {
    struct search_answer **end = &s->answers;
    struct search_answer *a = has_room(s, from) ? calloc(1, sizeof *a + len + 1) : NULL;
    if (a == NULL) {
        return;
    }
    memcpy(a->from, from, strlen(from) + 1);
    memcpy(a->text, text, len);
    a->len = len;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = a;
}

// Takes what has come, not more than is kept: a flood must not keep the loop.
static void answers_take(struct search *s) {
    char text[TEXT_MAX], from[sizeof s->answers->from];
    for (int i = 0; i < ANSWERS_MAX; i++) {
        struct sockaddr_in sender = {0};
        socklen_t size = sizeof sender;
        ssize_t len = recvfrom(s->fd, text, sizeof text, 0, (struct sockaddr *)&sender, &size);
        if (len < 0) {
            return; // nothing more, or a machine told that nobody listens there
        }
        if (inet_ntop(AF_INET, &sender.sin_addr, from, sizeof from) != NULL) {
            answer_keep(s, from, text, (size_t)len);
        }
    }
}

static void look(void *ctx) {
    struct search *s = ctx;
    int64_t now = loop_now_ms();
    s->timer = 0;
    answers_take(s);
    if (!s->sent_again && now - s->began >= AGAIN_MS) {
        s->sent_again = true;
        question_send(s);
    }
    if (now < s->ends) {
        s->timer = loop_after(s->loop, LOOK_MS, look, s);
    }
    if (s->timer == 0) { // the time is over, or memory is short
        s->fn(s->ctx, s->answers);
    }
}

static bool socket_open(struct search *s) {
    s->fd = socket(AF_INET, SOCK_DGRAM, 0);
    return s->fd >= 0 && file_set_flags(s->fd);
}

struct search *search_start(struct loop *l, const char *to, int port, const char *text, int64_t ms,
                            search_fn *fn, void *ctx) {
    struct search *s = calloc(1, sizeof *s);
    if (s == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    s->loop = l;
    s->fd = -1;
    s->fn = fn;
    s->ctx = ctx;
    s->to.sin_family = AF_INET;
    s->to.sin_port = htons((in_port_t)port);
    s->began = loop_now_ms();
    s->ends = s->began + ms;
    s->text = strdup(text);
    bool known = inet_pton(AF_INET, to, &s->to.sin_addr) == 1;
    bool sent = s->text != NULL && known && socket_open(s) && question_send(s);
    int why = known ? errno : EINVAL;
    s->timer = sent ? loop_after(l, LOOK_MS, look, s) : 0;
    if (s->timer == 0) {
        search_free(s);
        errno = sent ? ENOMEM : why;
        return NULL;
    }
    return s;
}

void search_free(struct search *s) {
    if (s == NULL) {
        return;
    }
    loop_cancel(s->loop, s->timer);
    if (s->fd >= 0) {
        close(s->fd);
    }
    list_free(s->answers);
    free(s->text);
    free(s);
}
