#include "pg3/pg3_broker.h"
#include "base/file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#define CA_FILE "/usr/local/etc/ssl/certs/ud.ca.cert"
#define KEEP_ALIVE_S 300
// The largest message is PG3's configuration, which tells some 200 bytes of each driver: 32 MiB
// are 160,000 of them, or 5,000 large nodes.
#define MESSAGE_MAX ((size_t)32 * 1024 * 1024)
#define WAITING_MAX (MESSAGE_MAX + (size_t)8 * 1024 * 1024)

static bool send_kind(void *ctx, const char *kind, const char *text, size_t len) {
    const struct pg3_broker *b = ctx;
    char topic[160];
    snprintf(topic, sizeof topic, "udi/pg3/ns/%s/%s", kind, b->init->id);
    return b->mqtt != NULL && mqtt_send(b->mqtt, topic, text, len);
}

struct pg3_link pg3_broker_link(struct pg3_broker *b) {
    return (struct pg3_link){send_kind, b};
}

static void on_up(void *ctx) { pg3_up(((struct pg3_broker *)ctx)->pg3); }
static void on_sent(void *ctx) { pg3_sent(((struct pg3_broker *)ctx)->pg3); }
static void on_overflow(void *ctx) { pg3_refresh(((struct pg3_broker *)ctx)->pg3); }

static void on_down(void *ctx, enum mqtt_trouble why) {
    (void)why;
    pg3_down(((struct pg3_broker *)ctx)->pg3);
}

static void on_message(void *ctx, const char *topic, const char *text, size_t len) {
    (void)topic; // there is one
    pg3_message(((struct pg3_broker *)ctx)->pg3, text, len);
}

static void on_refused(void *ctx, const char *topic) {
    (void)topic;
    mqtt_reconnect(((struct pg3_broker *)ctx)->mqtt, "PG3's broker refused the subscription.");
}

static const char new_login[] =
    "Restart the plugin from PG3, so that it gets the current user name "
    "and password.";
static const char restart[] = "Restart PG3 if this goes on.";

static const char fewer_nodes[] =
    "It is most likely the list of the plugin's nodes, which then start without the values they "
    "had. Delete nodes in PG3 that are not needed any more.";

// What PG3's user can do about it; NULL = nothing.
static const char *const remedies[] = {
    [MQTT_UNREACHABLE] = "Check that PG3 is running.",
    [MQTT_TLS] = "Check PG3's certificates and this machine's date and time.",
    [MQTT_ID_REFUSED] = "Look whether a second copy of the plugin is running and end it.",
    [MQTT_LOGIN_REFUSED] = new_login,
    [MQTT_NOT_AUTHORISED] = new_login,
    [MQTT_REFUSED] = "Restart PG3.",
    [MQTT_NO_ANSWER] = restart,
    [MQTT_STUCK] = restart,
    [MQTT_GIVEN_UP] = "Restart the plugin from PG3; if that does not help, reinstall it.",
    [MQTT_TOO_LARGE] = fewer_nodes,
    [MQTT_FLOOD] = "The plugin asks for them again.",
};

// Why the broker may have refused the client certificate

static const char reinstall[] = "Reinstall the plugin in PG3, so that PG3 makes a new certificate";

static X509 *certificate_load(const char *file, STACK_OF(X509) * others) {
    BIO *in = file_readable(file) ? BIO_new_file(file, "r") : NULL;
    X509 *first = in != NULL ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
    X509 *more = first != NULL ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
    while (more != NULL && sk_X509_push(others, more) > 0) {
        more = PEM_read_bio_X509(in, NULL, NULL, NULL);
    }
    X509_free(more);
    BIO_free(in);
    return first;
}

static bool key_fits(X509 *certificate, const char *file) {
    BIO *in = file_readable(file) ? BIO_new_file(file, "r") : NULL;
    EVP_PKEY *key = in != NULL ? PEM_read_bio_PrivateKey(in, NULL, NULL, NULL) : NULL;
    bool fits = key != NULL && X509_check_private_key(certificate, key) == 1;
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
    if (store != NULL && check != NULL && file_readable(ca_file) &&
        X509_STORE_load_locations(store, ca_file, NULL) == 1 &&
        X509_STORE_CTX_init(check, store, certificate, others) == 1) {
        X509_verify_cert(check);
        result = X509_STORE_CTX_get_error(check);
    }
    X509_STORE_CTX_free(check);
    X509_STORE_free(store);
    return result;
}

// A sentence about what is wrong with the client certificate and its key, and with the CA that
// should have signed it (NULL: not looked at), into `out`; "" when all is in order. Reads the
// files; takes milliseconds.
static void check_certificate(const char *cert_file, const char *key_file, const char *ca_file,
                              char *out, size_t size) {
    STACK_OF(X509) *others = sk_X509_new_null();
    X509 *certificate = others != NULL ? certificate_load(cert_file, others) : NULL;
    int result = X509_V_OK;
    out[0] = '\0';
    if (certificate == NULL) {
        snprintf(out, size, "The client certificate %s cannot be read. %s.", cert_file, reinstall);
    } else if (!key_fits(certificate, key_file)) {
        snprintf(out, size,
                 "The key %s cannot be read or does not belong to the certificate %s. %s.",
                 key_file, cert_file, reinstall);
    } else if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
        snprintf(out, size, "The client certificate %s has expired. %s.", cert_file, reinstall);
    } else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
        snprintf(out, size,
                 "The client certificate %s is not valid yet. Set this machine's date and time.",
                 cert_file);
    } else if (ca_file != NULL) {
        result = certificate_verify(certificate, others, ca_file);
    }
    if (result == CA_UNREADABLE) {
        snprintf(out, size,
                 "The CA certificates in %s cannot be read. Check that PG3's file is there and "
                 "complete.",
                 ca_file);
    } else if (result != X509_V_OK) {
        snprintf(out, size, "The client certificate %s does not fit PG3's CA %s (%s). %s.",
                 cert_file, ca_file, X509_verify_cert_error_string(result), reinstall);
    }
    X509_free(certificate);
    sk_X509_pop_free(others, X509_free);
    ERR_clear_error(); // curl reads the same thread's list of errors
}

// A connection ends like this, or is not made, when the broker does not like the plugin's
// certificate.
static bool may_be_the_certificate(enum mqtt_trouble why) {
    return why == MQTT_UNREACHABLE || why == MQTT_TLS || why == MQTT_LOST || why == MQTT_FOUGHT;
}

static void on_advise(void *ctx, enum mqtt_trouble why, char *out, size_t size) {
    const struct pg3_broker *b = ctx;
    out[0] = '\0';
    if (b->cert[0] != '\0' && may_be_the_certificate(why)) {
        check_certificate(b->cert, b->key, b->ca_file, out, size);
    }
    if (out[0] != '\0') {
        return;
    }
    if (why == MQTT_FOUGHT) {
        snprintf(out, size,
                 "A second copy of the plugin seems to run under the same id, %s. Stop the plugin "
                 "in PG3, end the victron-host that is left, and start the plugin again.",
                 b->init->id);
    } else if (why == MQTT_UNREACHABLE && b->cert[0] != '\0') {
        snprintf(out, size,
                 "Check that PG3 is running; if it is, reinstall the plugin, so that PG3 makes a "
                 "new certificate.");
    } else {
        snprintf(out, size, "%s", remedies[why] != NULL ? remedies[why] : "");
    }
}

// docs/pg3.md, Connection: with both certificate files it is PG3x's mosquitto, without them on TLS
// the broker of 2021, whose certificate is not checked.
static void find_certificate(struct pg3_broker *b) {
    const char *ca = getenv("PG3_CA_FILE");
    ca = ca != NULL && ca[0] != '\0' ? ca : CA_FILE;
    snprintf(b->cert, sizeof b->cert, "%s.cert", b->init->user);
    snprintf(b->key, sizeof b->key, "%s.key", b->init->user);
    if (!b->init->secure || !file_present(b->cert) || !file_present(b->key)) {
        b->cert[0] = b->key[0] = '\0';
    }
    b->ca_file = b->cert[0] != '\0' && file_present(ca) ? ca : NULL;
}

bool pg3_broker_start(struct pg3_broker *b, struct loop *l, const struct pg3_init *init,
                      struct pg3 *pg3) {
    b->init = init;
    b->pg3 = pg3;
    find_certificate(b);
    char clients[160], status[160];
    bool have_cert = b->cert[0] != '\0', mosquitto = have_cert || !init->secure;
    snprintf(clients, sizeof clients, "udi/pg3/ns/clients/%s", init->id);
    snprintf(status, sizeof status, "udi/pg3/connections/ns/%s", init->id);
    struct mqtt_config config = {
        .name = "PG3's broker",
        .host = init->host,
        .port = init->port,
        .client_id = init->id,
        .user = mosquitto ? init->user : init->id,
        .password = init->token,
        .keep_alive_s = KEEP_ALIVE_S,
        .tls = init->secure,
        .cert_file = have_cert ? b->cert : NULL,
        .key_file = have_cert ? b->key : NULL,
        .ca_file = b->ca_file,
        .check_name = false, // PG3's certificates do not carry it
        .message_max = MESSAGE_MAX,
        .waiting_max = WAITING_MAX,
        .status = mosquitto ? status : NULL,
        .hello = "{\"connected\": [{}]}",
        .gone = "{\"disconnected\": [{}]}",
    };
    struct mqtt_events events = {on_up,       on_down,    on_message, on_sent,
                                 on_overflow, on_refused, on_advise,  b};
    b->mqtt = mqtt_new(l, &config, &events);
    return b->mqtt != NULL && mqtt_subscribe(b->mqtt, clients);
}

void pg3_broker_stop(struct pg3_broker *b, int ms) {
    mqtt_stop(b->mqtt, ms);
    b->mqtt = NULL;
}
