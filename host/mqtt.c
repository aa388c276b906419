#include "mqtt.h"
#include "log.h"
#include "queue.h"

#include <MQTTAsync.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    KEEP_ALIVE_S = 300,
    CONNECT_TIMEOUT_S = 10,
    RETRY_MS = 10 * 1000,
    ANSWER_MS = 10 * 1000, // for a subscription
    SEND_MS = 60 * 1000,   // for a message to leave
    INBOUND_BYTES = 8 * 1024 * 1024,
    EVENTS_A_TURN = 100, // so that a flood cannot keep the loop from its other work
    TICKETS = 16,
    STOP_STEP_MS = 5,
    REASON_MAX = 600
};

// What paho's threads report.
enum event {
    EV_CONNECTED,
    EV_REFUSED, // data: struct refusal
    EV_LOST,
    EV_CLOSED,     // our disconnect is done
    EV_SUBSCRIBED, // data of this and the next two: the ticket's number
    EV_UNSUBSCRIBED,
    EV_SENT,
    EV_MESSAGE,   // data: the payload
    EV_TLS_ERROR, // data: a line of OpenSSL's
    EV_DESTROYED
};

struct refusal {
    int code; // 1..5: the broker's return code; else paho's
    bool by_broker;
    char text[80]; // paho's words
};

// Tells the answer to the last request from a late one to a request before it, which paho keeps
// in its send queue over a reconnect.
struct ticket {
    struct link *link;
    unsigned char number;
};

// All that paho's threads see of ours. Nothing in it changes while they run, but the two atomics.
struct link {
    struct link *next; // in `left`
    struct queue *queue;
    struct loop *loop;
    MQTTAsync client;
    struct ticket tickets[TICKETS];
    atomic_bool closed; // the loop may be gone
    atomic_int inside;  // threads that may be using the loop
};

// Links which paho did not let go of before the plugin's end: they stay allocated, since its
// threads may still call back.
static struct link *left;

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
    unsigned ticket;         // the last one given out
    unsigned failures;       // since the last time it was up
    char tls_error[160];     // the first of this attempt
    char reason[REASON_MAX]; // logged last; "" once up
};

// ---- in paho's threads: copy into the queue, wake the loop, nothing else

static void link_push(struct link *link, enum event event, const void *data, size_t len) {
    atomic_fetch_add(&link->inside, 1);
    if (!atomic_load(&link->closed)) {
        queue_push(link->queue, (int)event, data, len, event != EV_MESSAGE);
        loop_wake(link->loop);
    }
    atomic_fetch_sub(&link->inside, 1);
}

static void on_connect_success(void *ctx, MQTTAsync_successData *data) {
    (void)data;
    link_push(ctx, EV_CONNECTED, NULL, 0);
}

static void on_connect_failure(void *ctx, MQTTAsync_failureData *data) {
    struct refusal refusal = {.code = MQTTASYNC_FAILURE};

    if (data) {
        refusal.code = data->code;
        // The one text by which paho tells the broker's codes from its own and the system's.
        refusal.by_broker = data->message && strstr(data->message, "CONNACK") != NULL;
        snprintf(refusal.text, sizeof refusal.text, "%s", data->message ? data->message : "");
    }
    link_push(ctx, EV_REFUSED, &refusal, sizeof refusal);
}

static void on_lost(void *ctx, char *cause) {
    (void)cause; // always NULL
    link_push(ctx, EV_LOST, NULL, 0);
}

static void on_closed(void *ctx, MQTTAsync_successData *data) {
    (void)data;
    link_push(ctx, EV_CLOSED, NULL, 0);
}

static void ticket_push(const struct ticket *ticket, enum event event) {
    link_push(ticket->link, event, &ticket->number, sizeof ticket->number);
}

static void on_subscribed(void *ctx, MQTTAsync_successData *data) {
    (void)data;
    ticket_push(ctx, EV_SUBSCRIBED);
}

static void on_unsubscribed(void *ctx, MQTTAsync_failureData *data) {
    (void)data;
    ticket_push(ctx, EV_UNSUBSCRIBED);
}

static void on_sent(void *ctx, MQTTAsync_successData *data) {
    (void)data;
    ticket_push(ctx, EV_SENT);
}

// Returns 1 always: after a 0 paho would deliver what waits only one per further packet.
static int on_message(void *ctx, char *topic, int topic_len, MQTTAsync_message *message) {
    (void)topic_len; // there is one topic
    link_push(ctx, EV_MESSAGE, message->payload, (size_t)message->payloadlen);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

static int on_tls_error(const char *text, size_t len, void *ctx) {
    link_push(ctx, EV_TLS_ERROR, text, len);
    return 1;
}

// ---- the link

static void link_free(struct link *link) {
    if (link) {
        queue_free(link->queue);
        free(link);
    }
}

static struct link *link_new(struct loop *l) {
    struct link *link = calloc(1, sizeof *link);

    if (!link) {
        return NULL;
    }
    link->loop = l;
    link->queue = queue_new(INBOUND_BYTES);
    for (int i = 0; i < TICKETS; i++) {
        link->tickets[i] = (struct ticket){link, (unsigned char)i};
    }
    atomic_init(&link->closed, false);
    atomic_init(&link->inside, 0);
    if (!link->queue) {
        link_free(link);
        return NULL;
    }
    return link;
}

// Afterwards no thread of paho's touches the loop or the queue.
static void link_close(struct link *link) {
    atomic_store(&link->closed, true);
    while (atomic_load(&link->inside) > 0) {
        sched_yield(); // what it waits for never blocks
    }
}

// MQTTAsync_destroy waits for paho's mutex, which a hanging DNS holds for as long as it likes, and
// for paho's threads: hence a thread of its own, which can be left behind.
static void *link_destroy(void *ctx) {
    struct link *link = ctx;

    MQTTAsync_destroy(&link->client);
    link_push(link, EV_DESTROYED, NULL, 0);
    return NULL;
}

static bool link_destroy_start(struct link *link) {
    pthread_t thread;

    return pthread_create(&thread, NULL, link_destroy, link) == 0 && pthread_detach(thread) == 0;
}

// ---- the client certificate: why it may have been refused

static const char reinstall[] = "Reinstall the plugin in PG3, so that PG3 makes a new certificate";

static X509 *certificate_load(const char *file, STACK_OF(X509) * others) {
    BIO *in = BIO_new_file(file, "r");
    X509 *first = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
    X509 *more = first ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;

    while (more && sk_X509_push(others, more) > 0) {
        more = PEM_read_bio_X509(in, NULL, NULL, NULL);
    }
    X509_free(more);
    BIO_free(in);
    return first;
}

static bool key_fits(X509 *certificate, const char *file) {
    BIO *in = BIO_new_file(file, "r");
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, NULL, NULL) : NULL;
    bool fits = key && X509_check_private_key(certificate, key) == 1;

    EVP_PKEY_free(key);
    BIO_free(in);
    return fits;
}

// X509_V_OK, or what is wrong with the certificate in the eyes of the CA; CA_UNREADABLE.
enum { CA_UNREADABLE = -1 };

static int certificate_verify(X509 *certificate, STACK_OF(X509) * others, const char *ca_file) {
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *check = X509_STORE_CTX_new();
    int result = CA_UNREADABLE;

    if (store && check && X509_STORE_load_locations(store, ca_file, NULL) == 1 &&
        X509_STORE_CTX_init(check, store, certificate, others) == 1) {
        X509_verify_cert(check);
        result = X509_STORE_CTX_get_error(check);
    }
    X509_STORE_CTX_free(check);
    X509_STORE_free(store);
    return result;
}

static void certificate_judge(const struct mqtt_config *c, X509 *certificate,
                              STACK_OF(X509) * others, char *out, size_t size) {
    if (!certificate) {
        snprintf(out, size, "The client certificate %s cannot be read. %s.", c->cert_file,
                 reinstall);
    } else if (!key_fits(certificate, c->key_file)) {
        snprintf(out, size,
                 "The key %s cannot be read or does not belong to the certificate %s. %s.",
                 c->key_file, c->cert_file, reinstall);
    } else if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
        snprintf(out, size, "The client certificate %s has expired. %s.", c->cert_file, reinstall);
    } else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
        snprintf(out, size,
                 "The client certificate %s is not valid yet. Set this machine's date and time.",
                 c->cert_file);
    } else if (c->ca_file) {
        int result = certificate_verify(certificate, others, c->ca_file);

        if (result == CA_UNREADABLE) {
            snprintf(out, size,
                     "The CA certificates in %s cannot be read. Check that PG3's file "
                     "is there and complete.",
                     c->ca_file);
        } else if (result != X509_V_OK) {
            snprintf(out, size, "The client certificate %s does not fit PG3's CA %s (%s). %s.",
                     c->cert_file, c->ca_file, X509_verify_cert_error_string(result), reinstall);
        }
    }
}

// A sentence about what is wrong with the client certificate; "" when it is in order or not used.
static void certificate_check(const struct mqtt_config *c, char *out, size_t size) {
    out[0] = '\0';
    if (!c->tls || !c->cert_file || !c->key_file) {
        return;
    }
    STACK_OF(X509) *others = sk_X509_new_null();
    X509 *certificate = others ? certificate_load(c->cert_file, others) : NULL;

    certificate_judge(c, certificate, others, out, size);
    X509_free(certificate);
    sk_X509_pop_free(others, X509_free);
    ERR_clear_error(); // curl reads the same thread's list of errors
}

// ---- states

static void timer_fired(void *ctx);

static void state_set(struct mqtt *m, enum state state, int64_t timer_ms) {
    loop_cancel(m->loop, m->timer);
    m->timer = timer_ms > 0 ? loop_after(m->loop, timer_ms, timer_fired, m) : 0;
    m->state = state;
}

// The connection is gone or was never made: says why, if that is news, and tries again later.
static void connection_down(struct mqtt *m, enum state state, const char *reason) {
    m->failures++;
    m->sending = false;
    if (strcmp(m->reason, reason) != 0) {
        snprintf(m->reason, sizeof m->reason, "%s", reason);
        log_warning("mqtt", "%s The plugin tries again every %d seconds.", reason, RETRY_MS / 1000);
    }
    state_set(m, state, RETRY_MS);
    m->events.down(m->events.ctx);
}

static bool disconnect_start(struct mqtt *m) {
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;

    options.onSuccess = on_closed;
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
    options->onSuccess = on_connect_success;
    options->onFailure = on_connect_failure;
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
        tls->verify = 0; // the chain, not the name: PROTOCOL.md section 2
        tls->disableDefaultTrustStore = 1;
        tls->sslVersion = MQTT_SSL_VERSION_TLS_1_2;
        tls->ssl_error_cb = on_tls_error;
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
    m->reason[0] = '\0';
    m->events.up(m->events.ctx);
}

static void subscription_start(struct mqtt *m) {
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;

    status_publish(m, m->config.online_text);
    if (!m->config.subscribe) {
        connection_up(m);
        return;
    }
    options.onSuccess = on_subscribed;
    options.onFailure = on_unsubscribed;
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

static void lost(struct mqtt *m) {
    char reason[REASON_MAX];

    if (m->state != ST_SUBSCRIBING && m->state != ST_UP) {
        closed(m);
        return;
    }
    certificate_check(&m->config, reason, sizeof reason);
    if (reason[0] == '\0') {
        snprintf(reason, sizeof reason,
                 "The connection to PG3's broker was lost. If this repeats, look whether a second "
                 "copy of the plugin is running.");
    }
    connection_down(m, ST_IDLE, reason);
}

static void sent(struct mqtt *m) {
    m->sending = false;
    state_set(m, ST_UP, 0);
    m->events.sent(m->events.ctx);
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

static bool client_create(struct link *link, const struct mqtt_config *c) {
    bool bare_ipv6 = strchr(c->host, ':') != NULL;
    char uri[320];
    int len = snprintf(uri, sizeof uri, "%s://%s%s%s:%d", c->tls ? "ssl" : "tcp",
                       bare_ipv6 ? "[" : "", c->host, bare_ipv6 ? "]" : "", c->port);
    int rc = MQTTASYNC_FAILURE;

    if (len > 0 && (size_t)len < sizeof uri) {
        rc = MQTTAsync_create(&link->client, uri, c->client_id, MQTTCLIENT_PERSISTENCE_NONE, NULL);
    }
    if (rc == MQTTASYNC_SUCCESS) {
        rc = MQTTAsync_setCallbacks(link->client, link, on_lost, on_message, NULL);
    }
    if (rc != MQTTASYNC_SUCCESS) {
        log_error("mqtt",
                  "The MQTT library cannot be set up for %s (%d). Check the broker's "
                  "address and the client id that PG3 gave.",
                  uri, rc);
    }
    return rc == MQTTASYNC_SUCCESS;
}

struct mqtt *mqtt_new(struct loop *l, const struct mqtt_config *config,
                      const struct mqtt_events *events) {
    struct mqtt *m = calloc(1, sizeof *m);
    struct link *link = link_new(l);

    if (!m || !link || !config_copy(&m->config, config)) {
        log_error("mqtt", "Memory is too short for the connection to PG3. Free some and start the "
                          "plugin again.");
    } else if (client_create(link, &m->config)) {
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
    options.onSuccess = on_sent;
    options.context = ticket_next(m);
    if (MQTTAsync_send(m->link->client, topic, (int)len, text, 0, 0, &options) !=
        MQTTASYNC_SUCCESS) {
        return false;
    }
    m->sending = true;
    state_set(m, ST_UP, SEND_MS);
    return true;
}

// Takes events until the wanted one (true) or until the time is over.
static bool link_wait(struct link *link, enum event wanted, int64_t until_ms) {
    const struct timespec step = {.tv_nsec = STOP_STEP_MS * 1000000L};

    for (;;) {
        struct queue_item *item = queue_pop(link->queue);

        bool found = item && item->kind == (int)wanted;

        if (found || loop_now_ms() >= until_ms) {
            free(item);
            return found;
        }
        if (!item) {
            nanosleep(&step, NULL);
        }
        free(item);
    }
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

    link_close(link);
    if (gone) {
        link_free(link);
    } else {
        link->next = left;
        left = link;
    }
    loop_cancel(m->loop, m->timer);
    loop_not_each_turn(m->loop, m);
    config_free(&m->config);
    free(m);
}
