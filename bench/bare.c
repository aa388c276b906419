// The least a program with the plugin's libraries can be: it makes one HTTPS request, then waits
// for the end of its standard input. Usage: bare URL CA_FILE, and "Token ..." in VRM_HEADER_TOKEN.
// Prints one line when the answer is there, so that its memory can be measured. Exit code 1 and a
// line on stderr when there was no answer.
#include <MQTTAsync.h>
#include <curl/curl.h>
#include <lauxlib.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int luaopen_cjson(lua_State *L);

static size_t body_drop(char *data, size_t size, size_t count, void *ctx) {
    (void)data, (void)ctx;
    return size * count;
}

// Names one function of each library, so that the linker keeps all of them; calls none.
static int libraries_count(void) {
    const void *used[] = {(const void *)luaL_newstate, (const void *)luaopen_cjson,
                          (const void *)MQTTAsync_create, (const void *)OPENSSL_cleanse};
    int count = 0;
    for (size_t i = 0; i < sizeof used / sizeof used[0]; i++)
        count += used[i] != NULL;
    return count;
}

static CURLcode request(const char *url, const char *ca_file, const char *token) {
    char header[256];
    snprintf(header, sizeof header, "X-Authorization: %s", token);
    struct curl_slist *headers = curl_slist_append(NULL, header);
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_drop);
    return curl_easy_perform(easy); // what it holds stays: the plugin keeps its connection too
}

int main(int argc, char **argv) {
    const char *token = getenv("VRM_HEADER_TOKEN");
    if (argc != 3 || token == NULL)
        return fputs("usage: VRM_HEADER_TOKEN='Token ...' bare URL CA_FILE\n", stderr), 1;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLcode code = request(argv[1], argv[2], token);
    if (code != CURLE_OK)
        return fprintf(stderr, "bare: no answer: %s\n", curl_easy_strerror(code)), 1;
    printf("answered, %d libraries\n", libraries_count() + 1);
    fflush(stdout);
    char byte;
    return read(STDIN_FILENO, &byte, 1) < 0;
}
