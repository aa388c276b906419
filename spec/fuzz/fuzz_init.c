// PG3INIT: the input as the variable's value, and as the JSON in it.
#include "fuzz.h"
#include "pg3/init.h"

#include <ctype.h>

static void judge(struct json *json, const char *text) {
    static struct pg3_init init;
    char error[256] = "";
    if (!init_read(json, text, &init, error, sizeof error)) {
        MUST(error[0] != '\0' && strlen(error) < sizeof error - 1);
        return;
    }
    MUST(error[0] == '\0' && init.port > 0 && init.port < 65536);
    MUST(init.uuid[0] != '\0' && init.token[0] != '\0' && init.host[0] != '\0');
    // "prefix_profileNum", and a prefix may be shorter than the uuid.
    MUST(strchr(init.user, ':') == NULL && strlen(init.id) >= 3 &&
         strchr(init.id + 1, '_') != NULL);
}

static char *base64_of(const uint8_t *data, size_t size) {
    const char *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc(size * 2 + 5), *to = text;
    MUST(text != NULL);
    for (size_t i = 0; i < size; i += 3) {
        uint32_t bits = (uint32_t)data[i] << 16;
        bits |= i + 1 < size ? (uint32_t)data[i + 1] << 8 : 0;
        bits |= i + 2 < size ? (uint32_t)data[i + 2] : 0;
        for (size_t k = 0; k < 4; k++)
            *to++ = i + k > size ? '=' : digits[(bits >> (18 - 6 * k)) & 63];
    }
    *to = '\0';
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct json *json;
    if (json == NULL)
        json = json_new();
    char *text = text_of(data, size), *coded = base64_of(data, size);
    judge(json, text);
    judge(json, coded);
    free(text);
    free(coded);
    return 0;
}
