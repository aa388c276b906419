// http: which file of trusted certificates is taken.
#include "check.h"
#include "http.h"

#include <string.h>
#include <unistd.h>

int main(void) {
    const char *const last_there[] = {"not-there-1.pem", "not-there-2.pem", "test_http.pem", NULL};
    const char *const two_there[] = {"test_http.pem", "/", NULL};
    const char *const none_there[] = {"not-there-1.pem", "not-there-2.pem", NULL};
    FILE *file = fopen("test_http.pem", "w");

    CHECK(file != NULL && fclose(file) == 0);
    CHECK(strcmp(http_trust_store(last_there), "test_http.pem") == 0);
    CHECK(strcmp(http_trust_store(two_there), "test_http.pem") == 0);
    CHECK(strcmp(http_trust_store(none_there), "not-there-1.pem") == 0);
    unlink("test_http.pem");
    // The base system's own comes before what a package may have left behind.
    CHECK(strcmp(http_trust_stores[0], "/etc/ssl/cert.pem") == 0);
    return check_end();
}
