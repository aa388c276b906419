#include "net/mqtt.h"
#include "base/list.h"
#include "base/log.h"
#include "net/mqtt_link.h"
#include "net/mqtt_pace.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_TIMEOUT_S = 10,
    RETRY_MS = PACE_FIRST_MS,
    ANSWER_MS = 10 * 1000,  // for a subscription
    SEND_MS = 60 * 1000,    // for a message to leave
    SENDING_MAX = 16,       // messages given to paho that have not left
    EVENTS_A_TURN = 100,    // so that a flood cannot keep the loop from its other work
    GATHERED_A_TURN = 1000, // the same, of messages whose owner does little with each
    REASON_MAX = 800
};

enum state {
    ST_IDLE, // the timer will connect
    ST_LOOKING_UP,
    ST_CONNECTING,
    ST_SUBSCRIBING,
    ST_UP,
    ST_CLOSING // dropped by us, paho has not finished
};

struct subscription {
    struct subscription *next;
    bool asked; // on this connection
    char topic[];
};

struct mqtt {
    struct loop *loop;
    struct link *link;
    struct mqtt_config config; // own copies
    struct mqtt_events events;
    enum state state;
    int64_t timer; // the one of the state; 0 = none
    struct subscription *subscriptions;
    struct subscription *awaited; // the broker's answer; NULL = none
    int64_t answer_timer;         // for it
    int sending;                  // messages that have not left
    unsigned ticket;              // of this attempt or connection
    unsigned failures;            // since the last time it was up
    int64_t since;                // when the connection was made
    struct pace pace;
    int64_t gather_timer;    // until it rings messages wait; 0 = none do
    bool told_large;         // a message was too large, and the log says so
    bool leaving;            // mqtt_leave was called
    bool closing;            // and there was a connection to close
    char tls_error[160];     // the first of this attempt
    char reason[REASON_MAX]; // logged last; "" once up and no second copy is suspected
};

// ---- states

static void timer_fired(void *ctx);

static void state_set(struct mqtt *m, enum state state, int64_t timer_ms) {
    loop_cancel(m->loop, m->timer);
    m->timer = timer_ms > 0 ? loop_after(m->loop, timer_ms, timer_fired, m) : 0;
    m->state = state;
}

static bool is_connected(const struct mqtt *m) {
    return m->state == ST_SUBSCRIBING || m->state == ST_UP;
}

static void subscriptions_forget(struct mqtt *m);

// Adds what the owner advises, as a sentence of its own.
static void advice_add(struct mqtt *m, enum mqtt_trouble why, char *text, size_t size) {
    size_t len = strlen(text);
    if (m->events.advise != NULL && len + 1 < size) {
        text[len] = ' ';
        text[len + 1] = '\0';
        m->events.advise(m->events.ctx, why, text + len + 1, size - len - 1);
        if (text[len + 1] == '\0') {
            text[len] = '\0';
        }
    }
}

// The connection is gone or was never made: says what happened, if that is news, and tries again
// later.
__attribute__((format(printf, 5, 6))) static void connection_wait(struct mqtt *m, enum state state,
                                                                  enum mqtt_trouble why, int64_t ms,
                                                                  const char *what, ...) {
    char reason[REASON_MAX];
    va_list args;
    va_start(args, what);
    vsnprintf(reason, sizeof reason, what, args);
    va_end(args);
    advice_add(m, why, reason, sizeof reason);
    m->failures++;
    m->sending = 0;
    subscriptions_forget(m);
    if (strcmp(m->reason, reason) != 0) {
        snprintf(m->reason, sizeof m->reason, "%s", reason);
        log_line(m->config.quiet ? LOG_DEBUG : LOG_WARNING, "mqtt",
                 "%s The plugin tries again %s %d seconds.", reason,
                 ms > RETRY_MS ? "at growing intervals, first after" : "every", (int)(ms / 1000));
    }
    state_set(m, state, ms);
    m->events.down(m->events.ctx, why);
}

static struct ticket *ticket_of(struct mqtt *m) { return &m->link->tickets[m->ticket]; }

static bool disconnect_start(struct mqtt *m) {
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
    options.onSuccess = link_on_closed;
    options.context = m->link;
    return MQTTAsync_disconnect(m->link->client, &options) == MQTTASYNC_SUCCESS;
}

// The state of a connection that we end, for it does not do what it should.
static enum state disconnect(struct mqtt *m) { return disconnect_start(m) ? ST_CLOSING : ST_IDLE; }

static void connect_fill(struct mqtt *m, MQTTAsync_connectOptions *options,
                         MQTTAsync_willOptions *will, MQTTAsync_SSLOptions *tls) {
    const struct mqtt_config *c = &m->config;
    options->keepAliveInterval = c->keep_alive_s;
    options->connectTimeout = CONNECT_TIMEOUT_S;
    options->cleansession = 1;
    options->MQTTVersion = MQTTVERSION_3_1_1; // the default tries a failed connect twice
    options->username = c->user;
    options->password = c->password;
    options->onSuccess = link_on_connect_success;
    options->onFailure = link_on_connect_failure;
    options->context = ticket_of(m);
    if (c->status != NULL) {
        will->topicName = c->status;
        will->message = c->gone;
        will->retained = 1;
        options->will = will;
    }
    if (c->tls) {
        tls->trustStore = c->ca_file;
        tls->keyStore = c->cert_file;
        tls->privateKey = c->cert_file ? c->key_file : NULL;
        tls->enableServerCertAuth = c->ca_file != NULL;
        tls->verify = c->ca_file && c->check_name;
        tls->disableDefaultTrustStore = 1;
        tls->sslVersion = MQTT_SSL_VERSION_TLS_1_2;
        tls->ssl_error_cb = link_on_tls_error;
        tls->ssl_error_context = m->link;
        options->ssl = tls;
    }
}

static void look_up_start(struct mqtt *m) {
    m->ticket = (m->ticket + 1) % TICKETS;
    state_set(m, ST_LOOKING_UP, 0); // the resolver ends it
    if (!link_look_up(ticket_of(m))) {
        connection_wait(m, ST_IDLE, MQTT_NO_LIBRARY, RETRY_MS,
                        "No thread can be started; memory is short or there are too many.");
    }
}

static void connection_start(struct mqtt *m) {
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
    MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
    MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
    connect_fill(m, &options, &will, &tls);
    m->tls_error[0] = '\0';
    state_set(m, ST_CONNECTING, 0); // paho ends it, at the latest after its own time limit
    int rc = MQTTAsync_connect(m->link->client, &options);
    if (rc != MQTTASYNC_SUCCESS) {
        const char *text = MQTTAsync_strerror(rc);
        connection_wait(m, ST_IDLE, MQTT_NO_LIBRARY, RETRY_MS,
                        "The MQTT library does not begin to connect to %s (%s, %d).",
                        m->config.name, text != NULL ? text : "no text", rc);
    }
}

static void timer_fired(void *ctx) {
    struct mqtt *m = ctx;
    m->timer = 0;
    if (m->state == ST_IDLE) {
        look_up_start(m);
    } else if (m->state == ST_UP) {
        connection_wait(m, disconnect(m), MQTT_STUCK, RETRY_MS, "%s takes no messages.",
                        m->config.name);
    } else if (m->state == ST_CLOSING) {
        state_set(m, disconnect(m), RETRY_MS);
    }
}

static void status_publish(struct mqtt *m, const char *text) {
    if (m->config.status != NULL) {
        MQTTAsync_send(m->link->client, m->config.status, (int)strlen(text), text, 0, 1, NULL);
    }
}

static void connection_up(struct mqtt *m) {
    const struct mqtt_config *c = &m->config;
    state_set(m, ST_UP, 0);
    if (m->failures > 0) {
        log_info("mqtt", "Connected to %s at %s:%d (failures before: %u).", c->name, c->host,
                 c->port, m->failures);
    } else {
        log_info("mqtt", "Connected to %s at %s:%d.", c->name, c->host, c->port);
    }
    m->failures = 0;
    if (!pace_fights(&m->pace)) {
        m->reason[0] = '\0';
    }
    m->events.up(m->events.ctx);
}

// ---- subscriptions: one at a time is asked for

static void subscription_next(struct mqtt *m);

static void answer_ended(struct mqtt *m) {
    loop_cancel(m->loop, m->answer_timer);
    m->answer_timer = 0;
    m->awaited = NULL;
}

// The connection they were made on is gone.
static void subscriptions_forget(struct mqtt *m) {
    answer_ended(m);
    for (struct subscription *s = m->subscriptions; s != NULL; s = s->next) {
        s->asked = false;
    }
}

static void answer_missing(void *ctx) {
    struct mqtt *m = ctx;
    m->answer_timer = 0;
    connection_wait(m, disconnect(m), MQTT_NO_ANSWER, RETRY_MS,
                    "%s did not answer the subscription to %.300s.", m->config.name,
                    m->awaited->topic);
}

static void subscription_answered(struct mqtt *m, bool made) {
    const struct subscription *s = m->awaited;
    answer_ended(m);
    if (!made) {
        m->events.refused(m->events.ctx, s->topic);
    }
    subscription_next(m);
}

static void subscription_ask(struct mqtt *m, struct subscription *s) {
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.onSuccess = link_on_subscribed;
    options.onFailure = link_on_not_subscribed;
    options.context = ticket_of(m);
    s->asked = true;
    m->awaited = s;
    m->answer_timer = loop_after(m->loop, ANSWER_MS, answer_missing, m);
    if (MQTTAsync_subscribe(m->link->client, s->topic, 0, &options) == MQTTASYNC_BAD_UTF8_STRING) {
        subscription_answered(m, false);
    } // else, if paho refuses, the connection has just been lost, or the timer ends it
}

static void subscription_next(struct mqtt *m) {
    struct subscription *s = m->subscriptions;
    if (!is_connected(m) || m->awaited) {
        return;
    }
    while (s != NULL && s->asked) {
        s = s->next;
    }
    if (s != NULL) {
        subscription_ask(m, s);
    } else if (m->state == ST_SUBSCRIBING) {
        connection_up(m);
    }
}

bool mqtt_subscribe(struct mqtt *m, const char *topic) {
    struct subscription **at = &m->subscriptions;
    size_t size = strlen(topic) + 1;
    while (*at != NULL && strcmp((*at)->topic, topic) != 0) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        return true;
    }
    struct subscription *s = calloc(1, sizeof *s + size);
    if (s == NULL) {
        log_error("mqtt", "Memory is too short for the subscription to %s at %s.", topic,
                  m->config.name);
        return false;
    }
    memcpy(s->topic, topic, size);
    *at = s;
    subscription_next(m);
    return true;
}

// ---- events, in the loop's thread

static void connected(struct mqtt *m) {
    m->since = loop_now_ms();
    state_set(m, ST_SUBSCRIBING, 0);
    status_publish(m, m->config.hello);
    subscription_next(m);
}

// OpenSSL's line is "thread:error:code:library:function:reason:file:line:data": the reason is for
// people. Only the first line of an attempt is kept; later ones follow from it.
static void tls_error_note(struct mqtt *m, const char *line) {
    const char *reason = line;
    for (int i = 0; i < 5 && reason; i++) {
        reason = strchr(reason, ':');
        reason = reason != NULL ? reason + 1 : NULL;
    }
    if (m->tls_error[0] == '\0') {
        const char *text = reason && *reason != ':' ? reason : line;
        snprintf(m->tls_error, sizeof m->tls_error, "%.*s",
                 (int)strcspn(text, reason ? ":\n" : "\n"), text);
    }
}

static enum mqtt_trouble broker_refusal(const struct mqtt *m, int code, char *out, size_t size) {
    const struct mqtt_config *c = &m->config;
    switch (code) {
    case 2:
        snprintf(out, size, "%s refused the client id %s.", c->name, c->client_id);
        return MQTT_ID_REFUSED;
    case 4:
        snprintf(out, size, "%s refused the user name or password.", c->name);
        return MQTT_LOGIN_REFUSED;
    case 5:
        snprintf(out, size, "%s does not authorise the user.", c->name);
        return MQTT_NOT_AUTHORISED;
    default:
        snprintf(out, size, "%s refused the connection (return code %d).", c->name, code);
        return MQTT_REFUSED;
    }
}

static enum mqtt_trouble refusal_text(const struct mqtt *m, const struct answer *refusal, char *out,
                                      size_t size) {
    const struct mqtt_config *c = &m->config;
    if (refusal->by_broker) {
        return broker_refusal(m, refusal->code, out, size);
    }
    if (m->tls_error[0] != '\0') {
        snprintf(out, size, "No TLS connection to %s at %s:%d (%s).", c->name, c->host, c->port,
                 m->tls_error);
        return MQTT_TLS;
    }
    // Since TLS 1.3 a refused client certificate looks like any connection that ends; and paho does
    // not tell when the name is not the certificate's.
    snprintf(out, size, "No connection to %s at %s:%d (%s%s).", c->name, c->host, c->port,
             refusal->text[0] != '\0' ? refusal->text : "nobody listens there",
             c->tls && c->check_name ? "; or its certificate is not for that name" : "");
    return MQTT_UNREACHABLE;
}

static void refused(struct mqtt *m, const struct answer *refusal) {
    char what[REASON_MAX];
    enum mqtt_trouble why = refusal_text(m, refusal, what, sizeof what);
    connection_wait(m, ST_IDLE, why, RETRY_MS, "%s", what);
}

// What we dropped has ended; the timer goes on and connects anew.
static void closed(struct mqtt *m) {
    if (m->state == ST_CLOSING) {
        m->state = ST_IDLE;
    }
}

static void lost(struct mqtt *m) {
    if (!is_connected(m)) {
        closed(m);
        return;
    }
    bool fought = pace_fights(&m->pace);
    int64_t ms = pace_lost(&m->pace, loop_now_ms() - m->since);
    bool fights = pace_fights(&m->pace);
    if (fought && !fights) {
        m->reason[0] = '\0'; // that connection lasted: the next reason is news
    }
    if (fights) {
        connection_wait(m, ST_IDLE, MQTT_FOUGHT, ms,
                        "%s ends each connection soon after it was made.", m->config.name);
    } else {
        connection_wait(m, ST_IDLE, MQTT_LOST, ms, "The connection to %s was lost.",
                        m->config.name);
    }
}

static void sent(struct mqtt *m) {
    m->sending--;
    state_set(m, ST_UP, m->sending > 0 ? SEND_MS : 0);
    m->events.sent(m->events.ctx);
}

// Said once: its owner may ask for it again as long as it does not come.
static void too_large(struct mqtt *m, const struct queue_item *item) {
    const size_t max = m->config.message_max, unit = max < 1024 * 1024 ? 1024 : 1024 * 1024;
    char text[REASON_MAX];
    size_t len;
    memcpy(&len, item->data, sizeof len);
    snprintf(text, sizeof text,
             "%s sent a message of %zu %s; the plugin takes %zu %s at most (%.200s).",
             m->config.name, len / unit, unit == 1024 ? "KiB" : "MiB", max / unit,
             unit == 1024 ? "KiB" : "MiB", item->label);
    if (!m->told_large) {
        advice_add(m, MQTT_TOO_LARGE, text, sizeof text);
        log_warning("mqtt", "%s", text);
    }
    m->told_large = true;
    m->events.overflow(m->events.ctx);
}

static void flooded(struct mqtt *m) {
    char text[REASON_MAX];
    snprintf(text, sizeof text, "%s sent more than the plugin could take and messages were lost.",
             m->config.name);
    advice_add(m, MQTT_FLOOD, text, sizeof text);
    log_warning("mqtt", "%s", text);
    m->events.overflow(m->events.ctx);
}

static void answer_serve(struct mqtt *m, enum event event, const void *data) {
    struct answer answer;
    memcpy(&answer, data, sizeof answer);
    if (answer.ticket != m->ticket) {
        return;
    }
    if (event == EV_FOUND && m->state == ST_LOOKING_UP) {
        connection_start(m);
    } else if (event == EV_CONNECTED && m->state == ST_CONNECTING) {
        connected(m);
    } else if (event == EV_REFUSED && (m->state == ST_LOOKING_UP || m->state == ST_CONNECTING)) {
        refused(m, &answer);
    } else if (event == EV_SENT && m->state == ST_UP && m->sending > 0) {
        sent(m);
    } else if ((event == EV_SUBSCRIBED || event == EV_NOT_SUBSCRIBED) && m->awaited) {
        subscription_answered(m, event == EV_SUBSCRIBED);
    }
}

static void event_serve(struct mqtt *m, const struct queue_item *item) {
    switch ((enum event)item->kind) {
    case EV_LOST:
        lost(m);
        break;
    case EV_CLOSED:
        closed(m);
        break;
    case EV_MESSAGE:
        m->events.message(m->events.ctx, item->label, item->data, item->len);
        break;
    case EV_TOO_LARGE:
        too_large(m, item);
        break;
    case EV_TLS_ERROR:
        tls_error_note(m, item->data);
        break;
    case EV_DESTROYED:
        break;
    default:
        answer_serve(m, (enum event)item->kind, item->data);
    }
}

static void gathered(void *ctx) {
    ((struct mqtt *)ctx)->gather_timer = 0; // the same turn of the loop hands them on
}

// Messages were handed on: those that follow wait, and wake nobody.
static void gather(struct mqtt *m) {
    if (m->config.gather_ms > 0 && m->gather_timer == 0) {
        m->gather_timer = loop_after(m->loop, m->config.gather_ms, gathered, m);
        atomic_store(&m->link->woken, m->gather_timer != 0);
    }
}

static void mqtt_turn(void *ctx) {
    struct mqtt *m = ctx;
    bool urgent = atomic_exchange(&m->link->urgent, false), pauses = m->gather_timer != 0;
    if (!urgent && (pauses || !atomic_load(&m->link->woken))) {
        return;
    }
    atomic_store(&m->link->woken, pauses);
    struct queue_item *item = queue_pop(m->link->queue);
    int left_now = m->config.gather_ms > 0 ? GATHERED_A_TURN : EVENTS_A_TURN;
    bool messages = false;
    for (; item != NULL; item = left_now > 0 ? queue_pop(m->link->queue) : NULL) {
        messages = messages || item->kind == EV_MESSAGE;
        event_serve(m, item);
        free(item);
        left_now--;
    }
    if (left_now == 0) { // the rest in the next turn
        atomic_store(&m->link->urgent, true);
        loop_wake(m->loop);
    } else if (messages) {
        gather(m);
    }
    if (queue_dropped(m->link->queue) > 0) {
        flooded(m);
    }
}

// ---- birth and end

// The texts of a configuration, to copy and to free them in one place.
#define TEXTS(c)                                                                                   \
    {                                                                                              \
        &(c)->name, &(c)->host, &(c)->client_id, &(c)->user, &(c)->password, &(c)->cert_file,      \
            &(c)->key_file, &(c)->ca_file, &(c)->status, &(c)->hello, &(c)->gone                   \
    }

static bool config_copy(struct mqtt_config *to, const struct mqtt_config *from) {
    const char **texts[] = TEXTS(to);
    bool ok = true;
    *to = *from;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = *texts[i];
        *texts[i] = text != NULL ? strdup(text) : NULL;
        ok = ok && (*texts[i] != NULL || text == NULL);
    }
    return ok;
}

static void config_free(struct mqtt_config *c) {
    const char **texts[] = TEXTS(c);
    if (c->password != NULL) {
        OPENSSL_cleanse((char *)c->password, strlen(c->password));
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        free((char *)*texts[i]);
    }
}

void mqtt_begin(void) { OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL); }

struct mqtt *mqtt_new(struct loop *l, const struct mqtt_config *config,
                      const struct mqtt_events *events) {
    struct mqtt *m = calloc(1, sizeof *m);
    struct link *link = link_new(l, config);
    if (m == NULL || link == NULL || !config_copy(&m->config, config) ||
        !loop_each_turn(l, mqtt_turn, m)) {
        log_error("mqtt",
                  "Memory is too short for the connection to %s. Free some and start the plugin "
                  "again.",
                  config->name);
    } else if (link_create_client(link, &m->config)) {
        m->loop = l;
        m->link = link;
        m->events = *events;
        state_set(m, ST_IDLE, 1); // connects from the loop, where events may come
        return m;
    }
    link_free(link);
    if (m != NULL) {
        loop_not_each_turn(l, m);
        config_free(&m->config);
    }
    free(m);
    return NULL;
}

bool mqtt_send(struct mqtt *m, const char *topic, const char *text, size_t len) {
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    if (m->state != ST_UP || m->sending >= SENDING_MAX || len > INT_MAX) {
        return false;
    }
    options.onSuccess = link_on_sent;
    options.context = ticket_of(m);
    if (MQTTAsync_send(m->link->client, topic, (int)len, text, 0, 0, &options) !=
        MQTTASYNC_SUCCESS) {
        return false;
    }
    if (m->sending++ == 0) {
        state_set(m, ST_UP, SEND_MS);
    }
    return true;
}

void mqtt_reconnect(struct mqtt *m, const char *why) {
    if (is_connected(m)) {
        connection_wait(m, disconnect(m), MQTT_GIVEN_UP, RETRY_MS, "%s", why);
    }
}

void mqtt_leave(struct mqtt *m) {
    if (m == NULL || m->leaving) {
        return;
    }
    m->leaving = true;
    loop_cancel(m->loop, m->timer);
    loop_cancel(m->loop, m->gather_timer);
    loop_not_each_turn(m->loop, m);
    if (is_connected(m)) {
        status_publish(m, m->config.gone);
        m->closing = disconnect_start(m);
    }
    subscriptions_forget(m);
}

void mqtt_stop(struct mqtt *m, int ms) {
    if (m == NULL) {
        return;
    }
    struct link *link = m->link;
    int64_t now = loop_now_ms();
    mqtt_leave(m);
    if (m->closing) {
        link_wait(link, EV_CLOSED, now + ms / 2); // the rest of the time is for paho's threads
    }
    bool gone = link_destroy_start(link) && link_wait(link, EV_DESTROYED, now + ms);
    link_end(link, gone);
    list_free(m->subscriptions);
    config_free(&m->config);
    free(m);
}
