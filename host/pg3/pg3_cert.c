#include "pg3/pg3_cert.h"
#include "base/file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

struct files {
    const char *cert;
    const char *key;
    const char *ca;
};

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

static void certificate_judge(const struct files *f, X509 *certificate, STACK_OF(X509) * others,
                              char *out, size_t size) {
    if (certificate == NULL) {
        snprintf(out, size, "The client certificate %s cannot be read. %s.", f->cert, reinstall);
    } else if (!key_fits(certificate, f->key)) {
        snprintf(out, size,
                 "The key %s cannot be read or does not belong to the certificate %s. %s.", f->key,
                 f->cert, reinstall);
    } else if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
        snprintf(out, size, "The client certificate %s has expired. %s.", f->cert, reinstall);
    } else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
        snprintf(out, size,
                 "The client certificate %s is not valid yet. Set this machine's date and time.",
                 f->cert);
    } else if (f->ca != NULL) {
        int result = certificate_verify(certificate, others, f->ca);
        if (result == CA_UNREADABLE) {
            snprintf(out, size,
                     "The CA certificates in %s cannot be read. Check that PG3's file "
                     "is there and complete.",
                     f->ca);
        } else if (result != X509_V_OK) {
            snprintf(out, size, "The client certificate %s does not fit PG3's CA %s (%s). %s.",
                     f->cert, f->ca, X509_verify_cert_error_string(result), reinstall);
        }
    }
}

void pg3_cert_check(const char *cert_file, const char *key_file, const char *ca_file, char *out,
                    size_t size) {
    const struct files files = {cert_file, key_file, ca_file};
    STACK_OF(X509) *others = sk_X509_new_null();
    X509 *certificate = others != NULL ? certificate_load(cert_file, others) : NULL;
    out[0] = '\0';
    certificate_judge(&files, certificate, others, out, size);
    X509_free(certificate);
    sk_X509_pop_free(others, X509_free);
    ERR_clear_error(); // curl reads the same thread's list of errors
}
