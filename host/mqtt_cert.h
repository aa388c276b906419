// Why a client certificate may have been refused.
#ifndef MQTT_CERT_H
#define MQTT_CERT_H

#include "mqtt.h"

// A sentence about what is wrong with the client certificate into `out`; "" when it is in order or
// not used. Reads the files; takes milliseconds.
void certificate_check(const struct mqtt_config *c, char *out, size_t size);

#endif
