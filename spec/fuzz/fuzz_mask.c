// Masking: the input is a secret (its first byte says how long) and a text that holds it, which may
// be cut.
#include "base/log.h"
#include "fuzz.h"

#include <ctype.h>

static char secret[80];

static void judge(enum log_level level, const char *line) {
    (void)level;
    MUST(strlen(line) <= 2000 && strpbrk(line, "\n\r\t") == NULL);
    MUST(strstr(line, secret) == NULL);
}

static double clock_now(void) { return 1e9; }

// A letter or digit: a mask, a space made of a control character or a line's beginning do not
// become one.
static char letter(uint8_t byte) { return isalnum(byte) ? (char)byte : (char)('a' + byte % 26); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t len = size > 0 ? 8 + data[0] % 64u : 0;
    if (size < len + 2)
        return 0;
    for (size_t i = 0; i < len; i++)
        secret[i] = letter(data[1 + i]);
    secret[len] = '\0';
    data += 1 + len;
    size -= 1 + len;
    // In the text, which may be twice as long as a line, 0xff stands for the secret, 0xfe for its
    // first half.
    static char text[4000];
    char *to = text;
    for (size_t i = 0; i < size && to < text + sizeof text - 80; i++) {
        size_t part = data[i] == 0xff ? len : data[i] == 0xfe ? len / 2 : 0;
        memcpy(to, secret, part);
        to += part;
        if (part == 0 && data[i] != '\0')
            *to++ = (char)data[i];
    }
    *to = '\0';
    log_set_clock(clock_now);
    log_set_level(LOG_DEBUG);
    log_tee(judge);
    log_open(NULL, 0, 0);
    log_mask(secret);
    log_info("area", "%s", text);
    log_warning("area", "%s%s and more", text, secret);
    log_error(text, "%s", text);
    log_error(text, "%.*s", (int)(strlen(text) / 2), text);
    log_close();
    return 0;
}
