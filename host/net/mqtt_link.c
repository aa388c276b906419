#include "net/mqtt_link.h"
#include "base/log.h"

#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { STOP_STEP_MS = 5 };

// Links that another thread did not let go of in time: they stay allocated, since it may still
// call back.
static struct link *left;

_Static_assert(sizeof(struct answer) <= QUEUE_SPARE_BYTES, "it would get lost in a shortage");

// In other threads: copy into the queue, wake the loop, nothing else.
static void link_tell(struct link *link, enum event event, const char *label, const void *data,
                      size_t len) {
    atomic_fetch_add(&link->inside, 1);
    if (!atomic_load(&link->closed)) {
        queue_push(link->queue, (int)event, label, data, len, event != EV_MESSAGE);
        if (event != EV_MESSAGE) {
            atomic_store(&link->urgent, true);
        }
        if (event != EV_MESSAGE || !atomic_exchange(&link->woken, true)) {
            loop_wake(link->loop);
        }
    }
    atomic_fetch_sub(&link->inside, 1);
}

static void link_push(struct link *link, enum event event, const void *data, size_t len) {
    link_tell(link, event, NULL, data, len);
}

static void answer_push(const struct ticket *ticket, enum event event, struct answer answer) {
    answer.ticket = ticket->number;
    link_push(ticket->link, event, &answer, sizeof answer);
}

void link_on_connect_success(void *ctx, MQTTAsync_successData *data) {
    (void)data;
    answer_push(ctx, EV_CONNECTED, (struct answer){0});
}

void link_on_connect_failure(void *ctx, MQTTAsync_failureData *data) {
    struct answer answer = {.code = MQTTASYNC_FAILURE};
    if (data) {
        answer.code = data->code;
        // The one text by which paho tells the broker's codes from its own and the system's.
        answer.by_broker = data->message && strstr(data->message, "CONNACK") != NULL;
        snprintf(answer.text, sizeof answer.text, "%s", data->message ? data->message : "");
    }
    answer_push(ctx, EV_REFUSED, answer);
}

static void on_lost(void *ctx, char *cause) {
    (void)cause; // always NULL
    link_push(ctx, EV_LOST, NULL, 0);
}

void link_on_closed(void *ctx, MQTTAsync_successData *data) {
    (void)data;
    link_push(ctx, EV_CLOSED, NULL, 0);
}

void link_on_subscribed(void *ctx, MQTTAsync_successData *data) {
    (void)data;
    answer_push(ctx, EV_SUBSCRIBED, (struct answer){0});
}

// Only what the broker refused: paho also calls for what the end of a connection left unanswered.
void link_on_not_subscribed(void *ctx, MQTTAsync_failureData *data) {
    if (data != NULL && data->code == MQTT_BAD_SUBSCRIBE) {
        answer_push(ctx, EV_NOT_SUBSCRIBED, (struct answer){0});
    }
}

void link_on_sent(void *ctx, MQTTAsync_successData *data) {
    (void)data;
    answer_push(ctx, EV_SENT, (struct answer){0});
}

// Returns 1 always: after a 0 paho would deliver what waits only one per further packet.
static int on_message(void *ctx, char *topic, int topic_len, MQTTAsync_message *message) {
    (void)topic_len; // 0 but for a topic with a NUL in it, which MQTT forbids
    struct link *link = ctx;
    size_t len = (size_t)message->payloadlen;
    if (len > link->message_max) {
        link_tell(link, EV_TOO_LARGE, topic, &len, sizeof len);
    } else if (!message->retained || !link->without_kept) {
        link_tell(link, EV_MESSAGE, topic, message->payload, len);
    }
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

int link_on_tls_error(const char *text, size_t len, void *ctx) {
    link_push(ctx, EV_TLS_ERROR, text, len);
    return 1;
}

void link_free(struct link *link) {
    if (link != NULL) {
        queue_free(link->queue);
        free(link->host);
        free(link);
    }
}

struct link *link_new(struct loop *l, const struct mqtt_config *c) {
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL) {
        return NULL;
    }
    link->loop = l;
    link->queue = queue_new(c->waiting_max);
    link->host = strdup(c->host);
    link->message_max = c->message_max;
    link->without_kept = c->without_kept;
    for (int i = 0; i < TICKETS; i++) {
        link->tickets[i] = (struct ticket){link, (unsigned char)i};
    }
    atomic_init(&link->closed, false);
    atomic_init(&link->woken, false);
    atomic_init(&link->urgent, false);
    atomic_init(&link->inside, 0);
    atomic_init(&link->looking, 0);
    if (link->queue == NULL || link->host == NULL) {
        link_free(link);
        return NULL;
    }
    return link;
}

// Afterwards no other thread touches the loop or the queue.
static void link_close(struct link *link) {
    atomic_store(&link->closed, true);
    while (atomic_load(&link->inside) > 0) {
        sched_yield(); // what it waits for never blocks
    }
}

static bool thread_start(void *(*run)(void *), void *ctx) {
    pthread_t thread;
    return pthread_create(&thread, NULL, run, ctx) == 0 && pthread_detach(thread) == 0;
}

static void *look_up(void *ctx) {
    const struct ticket *ticket = ctx;
    struct link *link = ticket->link;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int rc = getaddrinfo(link->host, NULL, &hints, &found);
    struct answer answer = {.code = rc};
    if (rc == 0) {
        freeaddrinfo(found);
    } else {
        snprintf(answer.text, sizeof answer.text, "%s", gai_strerror(rc));
    }
    answer_push(ticket, rc == 0 ? EV_FOUND : EV_REFUSED, answer);
    atomic_fetch_sub(&link->looking, 1);
    return NULL;
}

bool link_look_up(struct ticket *ticket) {
    atomic_int *looking = &ticket->link->looking;
    atomic_fetch_add(looking, 1);
    bool started = thread_start(look_up, ticket);
    atomic_fetch_sub(looking, started ? 0 : 1);
    return started;
}

// MQTTAsync_destroy waits for paho's mutex, which a look-up may hold, and for paho's threads: hence
// a thread of its own, which can be left behind.
static void *link_destroy(void *ctx) {
    struct link *link = ctx;
    MQTTAsync_destroy(&link->client);
    link_push(link, EV_DESTROYED, NULL, 0);
    return NULL;
}

bool link_destroy_start(struct link *link) { return thread_start(link_destroy, link); }

bool link_create_client(struct link *link, const struct mqtt_config *c) {
    bool bare_ipv6 = strchr(c->host, ':') != NULL;
    char uri[320];
    static const char *const schemes[2][2] = {{"tcp", "ssl"}, {"ws", "wss"}};
    int len = snprintf(uri, sizeof uri, "%s://%s%s%s:%d%s", schemes[c->websocket][c->tls],
                       bare_ipv6 ? "[" : "", c->host, bare_ipv6 ? "]" : "", c->port,
                       c->websocket ? "/" : "");
    int rc = MQTTASYNC_FAILURE;
    // By default paho traces its functions in memory. Its last thread may still do so after
    // MQTTAsync_destroy freed that memory: a crash at the stop.
    MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
    if (len > 0 && (size_t)len < sizeof uri) {
        rc = MQTTAsync_create(&link->client, uri, c->client_id, MQTTCLIENT_PERSISTENCE_NONE, NULL);
    }
    if (rc == MQTTASYNC_SUCCESS) {
        rc = MQTTAsync_setCallbacks(link->client, link, on_lost, on_message, NULL);
    }
    if (rc != MQTTASYNC_SUCCESS) {
        log_error("mqtt",
                  "The MQTT library cannot be set up for %s, %s (%d). Check the address and the "
                  "client id.",
                  c->name, uri, rc);
    }
    return rc == MQTTASYNC_SUCCESS;
}

bool link_wait(struct link *link, enum event wanted, int64_t until_ms) {
    const struct timespec step = {.tv_nsec = STOP_STEP_MS * 1000000L};
    for (;;) {
        struct queue_item *item = queue_pop(link->queue);
        bool found = item != NULL && item->kind == (int)wanted;
        if (found || loop_now_ms() >= until_ms) {
            free(item);
            return found;
        }
        if (item == NULL) {
            nanosleep(&step, NULL);
        }
        free(item);
    }
}

void link_end(struct link *link, bool destroyed) {
    link_close(link);
    if (destroyed && atomic_load(&link->looking) == 0) {
        link_free(link);
    } else {
        link->next = left;
        left = link;
    }
}
