// init: PG3INIT in all the ways it can be wrong.
#include "check.h"
#include "pg3/init.h"
#include "refuse.h"

#include <stdlib.h>
#include <string.h>

static struct json *json;

// Base64 of a text, without line breaks.
static const char *base64(const char *text) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static char out[200000];
    size_t len = strlen(text), at = 0;
    for (size_t i = 0; i < len; i += 3) {
        unsigned bits = (unsigned char)text[i] * 65536u;
        if (i + 1 < len)
            bits += (unsigned char)text[i + 1] * 256u;
        if (i + 2 < len)
            bits += (unsigned char)text[i + 2];
        out[at++] = digits[bits >> 18];
        out[at++] = digits[(bits >> 12) & 63];
        out[at++] = i + 1 < len ? digits[(bits >> 6) & 63] : '=';
        out[at++] = i + 2 < len ? digits[bits & 63] : '=';
    }
    out[at] = '\0';
    return out;
}

static struct pg3_init init;
static char error[512];

static bool reads(const char *text) {
    error[0] = '\0';
    bool ok = init_read(json, base64(text), &init, error, sizeof error);
    CHECK(ok == (error[0] == '\0'));
    return ok;
}

static bool refuses(const char *text, const char *why) {
    bool right = !reads(text) && strstr(error, why) != NULL && strchr(error, '\n') == NULL;
    if (!right)
        printf("%s gave \"%s\"\n", text, error);
    return right;
}

#define GOOD "\"uuid\":\"00:0d:b9:52:ce:50\",\"profileNum\":2,\"token\":\"vuXtqI5ILW**A&Zf\""

static void test_good(void) {
    CHECK(reads("{" GOOD ",\"logLevel\":\"DEBUG\",\"mqttHost\":\"localhost\",\"mqttPort\":1888,"
                "\"secure\":1,\"pg3Version\":\"3.1.21\",\"isyVersion\":\"5.6.2\","
                "\"edition\":\"Free\",\"isPG3x\":true,\"new\":{\"a\":[1,2]}}"));
    CHECK(strcmp(init.uuid, "00:0d:b9:52:ce:50") == 0);
    CHECK(strcmp(init.id, "00:0d:b9:52:ce:50_2") == 0 && strcmp(init.user, "000db952ce50_2") == 0);
    CHECK(strcmp(init.token, "vuXtqI5ILW**A&Zf") == 0 && strcmp(init.host, "localhost") == 0);
    CHECK(init.port == 1888 && init.secure && strcmp(init.log_level, "DEBUG") == 0);
    CHECK(strcmp(init.pg3_version, "3.1.21") == 0 && strcmp(init.isy_version, "5.6.2") == 0);
}

static bool is_id(const char *more, const char *id, const char *user) {
    char text[1000];
    snprintf(text, sizeof text, "{" GOOD "%s}", more);
    return reads(text) && strcmp(init.id, id) == 0 && strcmp(init.user, user) == 0;
}

// Fault: On a PG3 that gives a prefix, the plugin logs in by another name and is not let in.
// Expected: The prefix takes the place of the uuid everywhere; absent or empty, the uuid counts.
static void test_prefix(void) {
    CHECK(is_id(",\"prefix\":\"eisyui\"", "eisyui_2", "eisyui_2"));
    CHECK(is_id(",\"prefix\":\"00:21:b9:13:13:13\"", "00:21:b9:13:13:13_2", "0021b9131313_2"));
    CHECK(is_id(",\"prefix\":\"a_b\"", "a_b_2", "a_b_2"));
    CHECK(is_id(",\"prefix\":7", "7_2", "7_2"));
    CHECK(is_id("", "00:0d:b9:52:ce:50_2", "000db952ce50_2"));
    CHECK(is_id(",\"prefix\":\"\"", "00:0d:b9:52:ce:50_2", "000db952ce50_2"));
    CHECK(is_id(",\"prefix\":null", "00:0d:b9:52:ce:50_2", "000db952ce50_2"));
    CHECK(is_id(",\"prefix\":{}", "00:0d:b9:52:ce:50_2", "000db952ce50_2"));
    CHECK(strcmp(init.uuid, "00:0d:b9:52:ce:50") == 0);
    CHECK(refuses("{" GOOD ",\"prefix\":\"" // one that does not fit must not become another
                  "a-prefix-of-more-than-sixty-three-characters-that-is-much-too-long\"}",
                  "lacks prefix."));
}

static void test_optional(void) {
    CHECK(reads("{" GOOD "}"));
    CHECK(init.port == 1883 && init.secure && strcmp(init.host, "localhost") == 0);
    CHECK(init.log_level[0] == '\0' && init.pg3_version[0] == '\0' && init.isy_version[0] == '\0');
    CHECK(reads("{" GOOD ",\"mqttHost\":\"\",\"mqttPort\":\"\",\"secure\":0}"));
    CHECK(init.port == 1883 && !init.secure && strcmp(init.host, "localhost") == 0);
    CHECK(
        reads("{" GOOD ",\"mqttHost\":null,\"mqttPort\":null,\"secure\":null,\"logLevel\":null}"));
    CHECK(init.port == 1883 && init.secure && strcmp(init.host, "localhost") == 0);
    CHECK(reads("{" GOOD ",\"logLevel\":\"A name far longer than any log level of PG3 will be\"}"));
    CHECK(strlen(init.log_level) == sizeof init.log_level - 1);
}

static void test_numbers_as_texts(void) {
    CHECK(reads("{\"uuid\":\"a\",\"profileNum\":\"12\",\"token\":\"t\",\"mqttPort\":\"8883\","
                "\"secure\":\"1\"}"));
    CHECK(strcmp(init.id, "a_12") == 0 && init.port == 8883 && init.secure);
    CHECK(reads("{\"uuid\":\"a\",\"profileNum\":12.0,\"token\":12345,\"secure\":\"0\"}"));
    CHECK(strcmp(init.id, "a_12") == 0 && strcmp(init.token, "12345") == 0 && !init.secure);
    CHECK(reads("{" GOOD ",\"secure\":true}") && init.secure);
    CHECK(reads("{" GOOD ",\"secure\":false}") && !init.secure);
}

static void test_ports(void) {
    CHECK(reads("{" GOOD ",\"mqttPort\":1}") && init.port == 1);
    CHECK(reads("{" GOOD ",\"mqttPort\":65535}") && init.port == 65535);
    CHECK(refuses("{" GOOD ",\"mqttPort\":0}", "mqttPort"));
    CHECK(refuses("{" GOOD ",\"mqttPort\":65536}", "mqttPort"));
    CHECK(refuses("{" GOOD ",\"mqttPort\":-1}", "mqttPort"));
    CHECK(refuses("{" GOOD ",\"mqttPort\":\"abc\"}", "mqttPort"));
    CHECK(refuses("{" GOOD ",\"mqttPort\":18.5}", "mqttPort"));
    CHECK(refuses("{" GOOD ",\"mqttPort\":1e300}", "mqttPort"));
}

static void test_missing(void) {
    CHECK(refuses("{}", "lacks uuid, profileNum, token"));
    CHECK(refuses("{\"uuid\":\"a\",\"profileNum\":1}", "lacks token."));
    CHECK(refuses("{\"uuid\":\"\",\"profileNum\":1,\"token\":\"t\"}", "lacks uuid."));
    CHECK(refuses("{\"uuid\":[1],\"profileNum\":{},\"token\":null}",
                  "lacks uuid, profileNum, token"));
    char text[3000];
    char uuid[200];
    memset(uuid, 'a', sizeof uuid - 1);
    uuid[sizeof uuid - 1] = '\0';
    snprintf(text, sizeof text, "{\"uuid\":\"%s\",\"profileNum\":1,\"token\":\"t\"}", uuid);
    CHECK(refuses(text, "uuid"));
    CHECK(strstr(error, "aaaa") == NULL);
}

static void test_not_json(void) {
    CHECK(refuses("", "not set") && refuses("x", "JSON") && refuses("[]", "lacks"));
    CHECK(refuses("42", "JSON") && refuses("null", "JSON") && refuses("\"text\"", "JSON"));
    CHECK(refuses("{\"token\":\"secret", "JSON") && strstr(error, "secret") == NULL);
    char *big = malloc(100001);
    memset(big, ' ', 100000);
    big[100000] = '\0';
    CHECK(!reads(big));
    free(big);
}

static bool raw(const char *text) {
    error[0] = '\0';
    return init_read(json, text, &init, error, sizeof error);
}

static void test_base64(void) {
    char good[400];
    snprintf(good, sizeof good, "%s", base64("{" GOOD "}"));
    CHECK(raw(good));
    char *equals = strchr(good, '=');
    if (equals != NULL)
        *equals = '\0'; // without its padding
    CHECK(raw(good));
    char lines[420];
    snprintf(lines, sizeof lines, "%.10s\r\n%s\n", good, good + 10);
    CHECK(raw(lines) && strcmp(init.id, "00:0d:b9:52:ce:50_2") == 0);
    CHECK(!raw(NULL) && strstr(error, "not set") != NULL && strstr(error, "--demo") != NULL);
    CHECK(!raw("{\"uuid\":1}") && strstr(error, "not base64") != NULL);
    CHECK(!raw("a b") && !raw("ab=c") && !raw("====x") && !raw("\xff"));
    CHECK(!raw("=") && !raw("A") && strstr(error, "JSON") != NULL);
}

// Fault: without memory PG3INIT "is not base64", and restarting the plugin from PG3 is no help
// Expected: it is told that memory is short
static void test_shortage(void) {
    char text[400];
    int short_ones = 0;
    snprintf(text, sizeof text, "%s", base64("{" GOOD "}"));
    for (fail_at = 1; short_ones < 1000; fail_at++, short_ones++) {
        allocations = 0;
        fail_until = fail_at + 2; // Lua tries once more after it has collected
        if (raw(text))
            break;
        CHECK(strstr(error, "memory is short") != NULL);
    }
    CHECK(short_ones > 3);
    fail_at = fail_until = -1;
    fail_all = true;
    CHECK(!raw("a b") && !raw(text) && strstr(error, "memory is short") != NULL);
    fail_all = false;
    CHECK(!raw("a b") && strstr(error, "not base64") != NULL); // the shortage is over
}

int main(void) {
    json = json_new();
    test_good();
    test_prefix();
    test_optional();
    test_numbers_as_texts();
    test_ports();
    test_missing();
    test_not_json();
    test_base64();
    test_shortage();
    json_free(json);
    return check_end();
}
