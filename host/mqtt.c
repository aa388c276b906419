#include "mqtt.h"
#include "log.h"
#include "mqtt_cert.h"
#include "mqtt_link.h"
#include "mqtt_pace.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEEP_ALIVE_S = 300,
    CONNECT_TIMEOUT_S = 10,
    RETRY_MS = PACE_FIRST_MS,
    ANSWER_MS = 10 * 1000, // for a subscription
    SEND_MS = 60 * 1000,   // for a message to leave
    EVENTS_A_TURN = 100,   // so that a flood cannot keep the loop from its other work
    REASON_MAX = 600
};

enum state {
    ST_IDLE, // the timer will connect
    ST_CONNECTING,
    ST_SUBSCRIBING,
    ST_UP,
    ST_CLOSING // dropped by us, paho has not finished
};

struct mqtt {
    struct loop *loop;
    struct link *link;
    struct mqtt_config config; // own copies
    struct mqtt_events events;
    enum state state;
    int64_t timer; // the one of the state; 0 = none
    bool sending;
    unsigned ticket;   // the last one given out
    unsigned failures; // since the last time it was up
    int64_t since;     // when the connection was made
    struct pace pace;
    bool told_large;         // a message was too large, and the log says so
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

// The connection is gone or was never made: says why, if that is news, and tries again later.
static void connection_wait(struct mqtt *m, enum state state, const char *reason, int64_t ms) {
    m->failures++;
    m->sending = false;
    if (strcmp(m->reason, reason) != 0) {
        snprintf(m->reason, sizeof m->reason, "%s", reason);
        log_warning("mqtt", "%s The plugin tries again %s %d seconds.", reason,
                    ms > RETRY_MS ? "at growing intervals, first after" : "every",
                    (int)(ms / 1000));
    }
    state_set(m, state, ms);
    m->events.down(m->events.ctx);
}

static void connection_down(struct mqtt *m, enum state state, const char *reason) {
    connection_wait(m, state, reason, RETRY_MS);
}

static bool disconnect_start(struct mqtt *m) {
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;

    options.onSuccess = link_on_closed;
    options.context = m->link;
    return MQTTAsync_disconnect(m->link->client, &options) == MQTTASYNC_SUCCESS;
}

// Ends a connection that does not do what it should.
static void connection_drop(struct mqtt *m, const char *reason) {
    connection_down(m, disconnect_start(m) ? ST_CLOSING : ST_IDLE, reason);
}

static void connect_fill(struct mqtt *m, MQTTAsync_connectOptions *options,
                         MQTTAsync_willOptions *will, MQTTAsync_SSLOptions *tls) {
    const struct mqtt_config *c = &m->config;

    options->keepAliveInterval = KEEP_ALIVE_S;
    options->connectTimeout = CONNECT_TIMEOUT_S;
    options->cleansession = 1;
    options->MQTTVersion = MQTTVERSION_3_1_1; // the default tries a failed connect twice
    options->username = c->user;
    options->password = c->password;
    options->onSuccess = link_on_connect_success;
    options->onFailure = link_on_connect_failure;
    options->context = m->link;
    if (c->status_topic && c->offline_text) {
        will->topicName = c->status_topic;
        will->message = c->offline_text;
        will->retained = 1;
        options->will = will;
    }
    if (c->tls) {
        tls->trustStore = c->ca_file;
        tls->keyStore = c->cert_file;
        tls->privateKey = c->cert_file ? c->key_file : NULL;
        tls->enableServerCertAuth = c->ca_file != NULL;
        tls->verify = 0; // the chain, not the name: docs/pg3.md, Connection
        tls->disableDefaultTrustStore = 1;
        tls->sslVersion = MQTT_SSL_VERSION_TLS_1_2;
        tls->ssl_error_cb = link_on_tls_error;
        tls->ssl_error_context = m->link;
        options->ssl = tls;
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
        char reason[REASON_MAX];
        const char *why = MQTTAsync_strerror(rc);

        snprintf(reason, sizeof reason, "The MQTT library does not begin to connect (%s, %d).",
                 why ? why : "no text", rc);
        connection_down(m, ST_IDLE, reason);
    }
}

static void timer_fired(void *ctx) {
    struct mqtt *m = ctx;

    m->timer = 0;
    switch (m->state) {
    case ST_IDLE:
        connection_start(m);
        break;
    case ST_SUBSCRIBING:
        connection_drop(m, "PG3's broker did not answer the subscription. Restart PG3 if this "
                           "goes on.");
        break;
    case ST_UP:
        connection_drop(m, "PG3's broker takes no messages. Restart PG3 if this goes on.");
        break;
    case ST_CLOSING:
        state_set(m, disconnect_start(m) ? ST_CLOSING : ST_IDLE, RETRY_MS);
        break;
    case ST_CONNECTING:
        break;
    }
}

static void status_publish(struct mqtt *m, const char *text) {
    const char *topic = m->config.status_topic;

    if (topic && text) {
        MQTTAsync_send(m->link->client, topic, (int)strlen(text), text, 0, 1, NULL);
    }
}

static struct ticket *ticket_next(struct mqtt *m) {
    m->ticket = (m->ticket + 1) % TICKETS;
    return &m->link->tickets[m->ticket];
}

static void connection_up(struct mqtt *m) {
    state_set(m, ST_UP, 0);
    if (m->failures > 0) {
        log_info("mqtt", "Connected to PG3's broker at %s:%d (failures before: %u).",
                 m->config.host, m->config.port, m->failures);
    } else {
        log_info("mqtt", "Connected to PG3's broker at %s:%d.", m->config.host, m->config.port);
    }
    m->failures = 0;
    if (!pace_fights(&m->pace)) {
        m->reason[0] = '\0';
    }
    m->events.up(m->events.ctx);
}

static void subscription_start(struct mqtt *m) {
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;

    m->since = loop_now_ms();
    status_publish(m, m->config.online_text);
    if (!m->config.subscribe) {
        connection_up(m);
        return;
    }
    options.onSuccess = link_on_subscribed;
    options.onFailure = link_on_unsubscribed;
    options.context = ticket_next(m);
    // If paho refuses, the connection has just been lost and the timer is not needed.
    MQTTAsync_subscribe(m->link->client, m->config.subscribe, 0, &options);
    state_set(m, ST_SUBSCRIBING, ANSWER_MS);
}

// ---- events, in the loop's thread

// OpenSSL's line is "thread:error:code:library:function:reason:file:line:data": the reason is for
// people. Only the first line of an attempt is kept; later ones follow from it.
static void tls_error_note(struct mqtt *m, const char *line) {
    const char *reason = line;

    for (int i = 0; i < 5 && reason; i++) {
        reason = strchr(reason, ':');
        reason = reason ? reason + 1 : NULL;
    }
    if (m->tls_error[0] == '\0') {
        const char *text = reason && *reason != ':' ? reason : line;

        snprintf(m->tls_error, sizeof m->tls_error, "%.*s",
                 (int)strcspn(text, reason ? ":\n" : "\n"), text);
    }
}

static void broker_refusal_text(const struct mqtt *m, int code, char *out, size_t size) {
    switch (code) {
    case 2:
        snprintf(out, size,
                 "PG3's broker refused the client id %s. Look whether a second copy of the plugin "
                 "is running and end it.",
                 m->config.client_id);
        break;
    case 4:
        snprintf(out, size,
                 "PG3's broker refused the plugin's user name or password. Restart the "
                 "plugin from PG3, so that it gets the current ones.");
        break;
    case 5:
        snprintf(out, size,
                 "PG3's broker does not authorise the plugin. Restart the plugin from "
                 "PG3, so that it gets the current user name and password.");
        break;
    default:
        snprintf(out, size, "PG3's broker refused the connection (return code %d). Restart PG3.",
                 code);
    }
}

static void refusal_text(const struct mqtt *m, const struct refusal *refusal, char *out,
                         size_t size) {
    const struct mqtt_config *c = &m->config;

    if (refusal->by_broker) {
        broker_refusal_text(m, refusal->code, out, size);
        return;
    }
    certificate_check(c, out, size);
    if (out[0] != '\0') {
        return;
    }
    if (m->tls_error[0] != '\0') {
        snprintf(out, size,
                 "No TLS connection to PG3's broker at %s:%d (%s). Check PG3's certificates and "
                 "this machine's date and time.",
                 c->host, c->port, m->tls_error);
        return;
    }
    // Since TLS 1.3 a refused client certificate looks like any connection that ends.
    snprintf(out, size, "No connection to PG3's broker at %s:%d (%s). Check that PG3 is running%s.",
             c->host, c->port,
             refusal->text[0] != '\0' ? refusal->text : "unknown name, or nobody listens there",
             c->cert_file ? "; if it is, reinstall the plugin, so that PG3 makes a new certificate"
                          : "");
}

static void refused(struct mqtt *m, const void *data) {
    struct refusal refusal;
    char reason[REASON_MAX];

    memcpy(&refusal, data, sizeof refusal);
    refusal_text(m, &refusal, reason, sizeof reason);
    connection_down(m, ST_IDLE, reason);
}

// What we dropped has ended; the timer goes on and connects anew.
static void closed(struct mqtt *m) {
    if (m->state == ST_CLOSING) {
        m->state = ST_IDLE;
    }
}

static void lost_text(const struct mqtt *m, char *out, size_t size) {
    if (pace_fights(&m->pace)) {
        snprintf(out, size,
                 "PG3's broker ends each connection soon after it was made: a second copy of the "
                 "plugin seems to run under the same id, %s. Stop the plugin in PG3, end the "
                 "victron-host that is left, and start the plugin again.",
                 m->config.client_id);
    } else {
        snprintf(out, size, "The connection to PG3's broker was lost.");
    }
}

static void lost(struct mqtt *m) {
    char reason[REASON_MAX];

    if (m->state != ST_SUBSCRIBING && m->state != ST_UP) {
        closed(m);
        return;
    }
    bool fought = pace_fights(&m->pace);
    int64_t ms = pace_lost(&m->pace, loop_now_ms() - m->since);

    if (fought && !pace_fights(&m->pace)) {
        m->reason[0] = '\0'; // that connection lasted: the next reason is news
    }
    certificate_check(&m->config, reason, sizeof reason);
    if (reason[0] == '\0') {
        lost_text(m, reason, sizeof reason);
    }
    connection_wait(m, ST_IDLE, reason, ms);
}

static void sent(struct mqtt *m) {
    m->sending = false;
    state_set(m, ST_UP, 0);
    m->events.sent(m->events.ctx);
}

// Said once: it is asked for again as long as it does not come.
static void too_large(struct mqtt *m, const void *data) {
    size_t len;

    memcpy(&len, data, sizeof len);
    if (!m->told_large) {
        log_warning("mqtt",
                    "PG3 sent a message of %zu MiB; the plugin takes %d MiB at most. It is most "
                    "likely the list of the plugin's nodes, which then start without the values "
                    "they had. Delete nodes in PG3 that are not needed any more.",
                    len / (1024 * 1024), MESSAGE_MAX / (1024 * 1024));
    }
    m->told_large = true;
    m->events.overflow(m->events.ctx);
}

static void event_serve(struct mqtt *m, const struct queue_item *item) {
    bool current = item->len > 0 && (unsigned char)item->data[0] == m->ticket;

    switch ((enum event)item->kind) {
    case EV_CONNECTED:
        subscription_start(m);
        break;
    case EV_REFUSED:
        if (m->state == ST_CONNECTING) {
            refused(m, item->data);
        }
        break;
    case EV_LOST:
        lost(m);
        break;
    case EV_CLOSED:
        closed(m);
        break;
    case EV_SUBSCRIBED:
        if (m->state == ST_SUBSCRIBING && current) {
            connection_up(m);
        }
        break;
    case EV_UNSUBSCRIBED:
        if (m->state == ST_SUBSCRIBING && current) {
            connection_drop(m,
                            "PG3's broker refused the subscription. Restart the plugin from PG3; "
                            "if that does not help, reinstall it.");
        }
        break;
    case EV_SENT:
        if (m->state == ST_UP && m->sending && current) {
            sent(m);
        }
        break;
    case EV_MESSAGE:
        m->events.message(m->events.ctx, item->data, item->len);
        break;
    case EV_TOO_LARGE:
        too_large(m, item->data);
        break;
    case EV_TLS_ERROR:
        tls_error_note(m, item->data);
        break;
    case EV_DESTROYED:
        break;
    }
}

static void mqtt_turn(void *ctx) {
    struct mqtt *m = ctx;
    struct queue_item *item = queue_pop(m->link->queue);

    for (int left_now = EVENTS_A_TURN; item; item = queue_pop(m->link->queue)) {
        event_serve(m, item);
        free(item);
        if (--left_now == 0) {
            loop_wake(m->loop);
            break;
        }
    }
    if (queue_dropped(m->link->queue) > 0) {
        log_warning("mqtt", "PG3 sent more than the plugin could take and messages were lost; the "
                            "plugin asks for them again.");
        m->events.overflow(m->events.ctx);
    }
}

// ---- birth and end

// The texts of a configuration, to copy and to free them in one place.
enum { TEXTS = 11 };

static void config_texts(struct mqtt_config *c, const char **texts[TEXTS]) {
    const char **all[TEXTS] = {&c->host,         &c->client_id,   &c->user,        &c->password,
                               &c->cert_file,    &c->key_file,    &c->ca_file,     &c->subscribe,
                               &c->status_topic, &c->online_text, &c->offline_text};

    memcpy(texts, all, sizeof all);
}

static bool config_copy(struct mqtt_config *to, const struct mqtt_config *from) {
    const char **texts[TEXTS];
    bool ok = true;

    *to = *from;
    config_texts(to, texts);
    for (int i = 0; i < TEXTS; i++) {
        const char *text = *texts[i];

        *texts[i] = text ? strdup(text) : NULL;
        ok = ok && (*texts[i] || !text);
    }
    return ok;
}

static void config_free(struct mqtt_config *c) {
    const char **texts[TEXTS];

    if (c->password) {
        OPENSSL_cleanse((char *)c->password, strlen(c->password));
    }
    config_texts(c, texts);
    for (int i = 0; i < TEXTS; i++) {
        free((char *)*texts[i]);
    }
}

struct mqtt *mqtt_new(struct loop *l, const struct mqtt_config *config,
                      const struct mqtt_events *events) {
    struct mqtt *m = calloc(1, sizeof *m);
    struct link *link = link_new(l);

    if (!m || !link || !config_copy(&m->config, config)) {
        log_error("mqtt", "Memory is too short for the connection to PG3. Free some and start the "
                          "plugin again.");
    } else if (link_create_client(link, &m->config)) {
        m->loop = l;
        m->link = link;
        m->events = *events;
        loop_each_turn(l, mqtt_turn, m);
        state_set(m, ST_IDLE, 1); // connects from the loop, where events may come
        return m;
    }
    link_free(link);
    if (m) {
        config_free(&m->config);
    }
    free(m);
    return NULL;
}

bool mqtt_send(struct mqtt *m, const char *topic, const char *text, size_t len) {
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;

    if (m->state != ST_UP || m->sending || len > INT_MAX) {
        return false;
    }
    options.onSuccess = link_on_sent;
    options.context = ticket_next(m);
    if (MQTTAsync_send(m->link->client, topic, (int)len, text, 0, 0, &options) !=
        MQTTASYNC_SUCCESS) {
        return false;
    }
    m->sending = true;
    state_set(m, ST_UP, SEND_MS);
    return true;
}

void mqtt_stop(struct mqtt *m, int ms) {
    if (!m) {
        return;
    }
    struct link *link = m->link;
    int64_t now = loop_now_ms();

    if (m->state == ST_SUBSCRIBING || m->state == ST_UP) {
        status_publish(m, m->config.offline_text);
        if (disconnect_start(m)) {
            link_wait(link, EV_CLOSED, now + ms / 2); // the rest of the time is for paho's threads
        }
    }
    bool gone = link_destroy_start(link) && link_wait(link, EV_DESTROYED, now + ms);

    link_end(link, gone);
    loop_cancel(m->loop, m->timer);
    loop_not_each_turn(m->loop, m);
    config_free(&m->config);
    free(m);
}
