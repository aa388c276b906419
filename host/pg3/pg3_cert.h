// Why PG3's broker may have refused the plugin's client certificate.
#ifndef PG3_CERT_H
#define PG3_CERT_H

#include <stddef.h>

// A sentence about what is wrong with the client certificate and its key, and with the CA that
// should have signed it (NULL: not looked at), into `out`; "" when all is in order. Reads the
// files; takes milliseconds.
void pg3_cert_check(const char *cert_file, const char *key_file, const char *ca_file, char *out,
                    size_t size);

#endif
