// fingerprint: of certificates and of what is none.
#include "check.h"
#include "net/fingerprint.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "test_fingerprint.pem";

static size_t file_text(char *text, size_t size) {
    FILE *file = fopen(name, "r");
    size_t len = file != NULL ? fread(text, 1, size - 1, file) : 0;

    if (file != NULL) {
        fclose(file);
    }
    text[len] = '\0';
    return len;
}

int main(void) {
    char text[8192], out[FINGERPRINT_SIZE + 1], wanted[200] = "";

    CHECK(system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                 "-keyout /dev/null -out test_fingerprint.pem -days 9 -subj /CN=venus.local "
                 "2>/dev/null") == 0);
    size_t len = file_text(text, sizeof text);
    FILE *told = popen("openssl x509 -in test_fingerprint.pem -noout -fingerprint -sha256", "r");

    CHECK(told != NULL && fgets(wanted, sizeof wanted, told) != NULL && pclose(told) == 0);
    memset(out, '#', sizeof out);
    CHECK(fingerprint_of(text, len, out) && strlen(out) == FINGERPRINT_SIZE - 1);
    CHECK(strstr(wanted, out) != NULL && out[FINGERPRINT_SIZE] == '#');
    for (size_t cut = 0; cut < len - 2; cut += 7) {
        CHECK(!fingerprint_of(text, cut, out));
    }
    CHECK(!fingerprint_of("", 0, out) && !fingerprint_of("no certificate", 14, out));
    CHECK(ERR_peek_error() == 0); // curl and paho read the same list
    remove(name);
    return check_end();
}
