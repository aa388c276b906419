// mqtt: several connections at once, to real brokers (mosquitto). The clock leaps over the pauses.
#define FOLDER "test_mqtt.d/"
#include "base/log.h"
#include "broker.h"
#include "net/mqtt_link.h"

#include <netdb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PASSWORD "a password for tests"
#define MANY 40

static struct loop *loop;
static int64_t leapt_ms;
static int warnings;
static char warning[2100]; // the last

static int64_t test_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + leapt_ms;
}

static void on_line(enum log_level level, const char *line) {
    if (level < LOG_WARNING)
        return;
    warnings++;
    snprintf(warning, sizeof warning, "%s", line);
}

// Turns the loop until the condition holds; half a minute at most.
#define BECOMES(condition)                                                                         \
    do {                                                                                           \
        for (int turn_ = 0; turn_ < 3000 && !(condition); turn_++)                                 \
            loop_turn(loop, 10);                                                                   \
        CHECK(condition);                                                                          \
    } while (0)

static void turn_for(int ms) {
    for (int64_t end = test_clock() + ms; test_clock() < end;)
        loop_turn(loop, 10);
}

// A name server that is silent for one name, until it is let go.
static atomic_bool silent = true;
static atomic_int hanging;

int __real_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found);
int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found);

int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found) {
    const struct timespec step = {.tv_nsec = 5000000};
    if (strcmp(name, "hangs.invalid") != 0)
        return __real_getaddrinfo(name, service, hints, found);
    atomic_fetch_add(&hanging, 1);
    while (atomic_load(&silent))
        nanosleep(&step, NULL);
    atomic_fetch_sub(&hanging, 1);
    return EAI_AGAIN;
}

static void run(const char *command) { CHECK(system(command) == 0); }

// Anonymous clients may subscribe to what is theirs.
static const char rights[] =
    "{\"defaultACLAccess\":{\"publishClientSend\":true,\"publishClientReceive\":true,"
    "\"subscribe\":false,\"unsubscribe\":true},\"anonymousGroup\":\"all\","
    "\"groups\":[{\"groupname\":\"all\",\"roles\":[{\"rolename\":\"all\"}]}],"
    "\"roles\":[{\"rolename\":\"all\",\"acls\":[{\"acltype\":\"subscribePattern\","
    "\"topic\":\"ours/#\",\"allow\":true}]}]}";

#define KEY " -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 60 2>/dev/null"

// One CA with a certificate for localhost and no other name, and one that signed nothing.
static void certificates_make(void) {
    run("rm -rf " FOLDER);
    CHECK(mkdir(FOLDER, 0700) == 0);
    run("cd " FOLDER " && openssl req -x509 -subj /CN=ours -keyout ca.key -out ca.crt" KEY
        " && openssl req -x509 -subj /CN=theirs -addext basicConstraints=CA:FALSE -keyout "
        "other.key -out other.crt" KEY
        " && openssl req -new -subj /CN=broker -keyout tls.key -out tls.csr" KEY
        " && echo subjectAltName=DNS:localhost >tls.ext && openssl x509 -req -in tls.csr -CA ca.crt"
        " -CAkey ca.key -CAcreateserial -days 60 -extfile tls.ext -out tls.crt 2>/dev/null"
        " && mosquitto_passwd -c -b passwords user '" PASSWORD "' && chmod 600 passwords");
    FILE *file = fopen(FOLDER "rights.json", "w");
    CHECK(file != NULL && fputs(rights, file) >= 0 && fclose(file) == 0);
}

static struct broker tls, plain;

static void brokers_make(void) {
    char settings[600], plugin[200] = "";
    FILE *found = popen("ls /usr/lib/*/mosquitto_dynamic_security.so "
                        "/usr/local/lib/mosquitto_dynamic_security.so 2>/dev/null",
                        "r");
    CHECK(found != NULL && fgets(plugin, sizeof plugin, found) != NULL && pclose(found) >= 0);
    snprintf(settings, sizeof settings,
             "allow_anonymous true\ncertfile " FOLDER "tls.crt\nkeyfile " FOLDER
             "tls.key\nplugin %splugin_opt_config_file " FOLDER "rights.json\n",
             plugin);
    broker_make(&tls, "tls", settings);
    broker_make(&plain, "plain", "allow_anonymous false\npassword_file " FOLDER "passwords\n");
}

// Clients

struct message {
    char topic[64], payload[64];
    size_t len;
};

struct client {
    struct mqtt *mqtt;
    struct message got[MANY]; // the first
    int count, ups, downs, sents, overflows, refusals;
    enum mqtt_trouble why; // of the last down
    char refused[64];      // the last
};

static void on_up(void *ctx) { ((struct client *)ctx)->ups++; }
static void on_sent(void *ctx) { ((struct client *)ctx)->sents++; }
static void on_overflow(void *ctx) { ((struct client *)ctx)->overflows++; }

static void on_down(void *ctx, enum mqtt_trouble why) {
    struct client *c = ctx;
    c->downs++;
    c->why = why;
}

static void on_message(void *ctx, const char *topic, const char *payload, size_t len) {
    struct client *c = ctx;
    struct message *m = &c->got[c->count++ % MANY];
    CHECK(payload[len] == '\0');
    snprintf(m->topic, sizeof m->topic, "%s", topic);
    memcpy(m->payload, payload, len < sizeof m->payload ? len : sizeof m->payload);
    m->len = len;
}

static void on_refused(void *ctx, const char *topic) {
    struct client *c = ctx;
    c->refusals++;
    snprintf(c->refused, sizeof c->refused, "%s", topic);
}

static void on_advise(void *ctx, enum mqtt_trouble why, char *out, size_t size) {
    (void)ctx;
    snprintf(out, size, "Advice %d.", (int)why);
}

static struct mqtt_config config_of(const struct broker *b) {
    struct mqtt_config config = {.name = b == &tls ? "the broker tls" : "the broker plain",
                                 .host = "localhost",
                                 .port = b->port,
                                 .client_id = b == &tls ? "one" : "two",
                                 .keep_alive_s = 60,
                                 .message_max = 2048,
                                 .waiting_max = (size_t)1024 * 1024};
    if (b == &tls) {
        config.tls = config.check_name = true;
        config.ca_file = FOLDER "ca.crt";
    } else {
        config.user = "user";
        config.password = PASSWORD;
    }
    return config;
}

static void client_start(struct client *c, const struct mqtt_config *config) {
    struct mqtt_events events = {on_up,       on_down,    on_message, on_sent,
                                 on_overflow, on_refused, on_advise,  c};
    memset(c, 0, sizeof *c);
    c->mqtt = mqtt_new(loop, config, &events);
    CHECK(c->mqtt != NULL);
}

static void client_stop(struct client *c) { mqtt_stop(c->mqtt, 2000); }

static void publish(struct client *c, const char *topic, const char *payload, size_t len) {
    int before = c->sents;
    CHECK(mqtt_send(c->mqtt, topic, payload, len));
    BECOMES(c->sents == before + 1);
}

// What was sent before has come: `topic`, to which the client listens, carries a last word.
static void settle(struct client *c, const char *topic) {
    int before = c->count;
    publish(c, topic, "last", 4);
    BECOMES(c->count > before && c->got[(c->count - 1) % MANY].len == 4);
    c->count--;
}

static bool got(const struct client *c, int i, const char *topic, const char *payload, size_t len) {
    const struct message *m = &c->got[i % MANY];
    return i < c->count && strcmp(m->topic, topic) == 0 && m->len == len &&
           memcmp(m->payload, payload, len) == 0;
}

// Fault: What is one connection's (messages, answers, the end) reaches another.
// Expected: Each has its own; topics and bytes of a payload, also none, are handed on as they are.
static void test_two_at_once(void) {
    struct client a, b;
    struct mqtt_config of_a = config_of(&tls), of_b = config_of(&plain);
    client_start(&a, &of_a);
    client_start(&b, &of_b);
    CHECK(mqtt_subscribe(a.mqtt, "ours/+/soc") && mqtt_subscribe(a.mqtt, "ours/deep/#"));
    CHECK(mqtt_subscribe(b.mqtt, "ours/#"));
    BECOMES(a.ups == 1 && b.ups == 1);
    publish(&a, "ours/x/soc", "a\0b", 3);
    publish(&a, "ours/x/power", "not subscribed", 14);
    publish(&a, "ours/deep/er/still", "", 0);
    settle(&a, "ours/deep");
    CHECK(a.count == 2 && got(&a, 0, "ours/x/soc", "a\0b", 3) &&
          got(&a, 1, "ours/deep/er/still", "", 0));
    settle(&b, "ours/b");
    CHECK(b.count == 0); // what is one's is not the other's

    // Several may be on their way, not any number; one that ends does not touch the other.
    for (int i = 0; i < 16; i++)
        CHECK(mqtt_send(b.mqtt, "ours/many", "x", 1));
    CHECK(!mqtt_send(b.mqtt, "ours/many", "x", 1));
    BECOMES(b.sents == 17 && b.count == 16);
    client_stop(&a);
    settle(&b, "ours/b");
    CHECK(b.downs == 0);
    client_stop(&b);
}

// Fault: A broker restarts, and topics that were added stay silent.
// Expected: What is wanted at that moment is subscribed to again, each once.
static void test_restored(void) {
    struct client c;
    struct mqtt_config config = config_of(&plain);
    client_start(&c, &config);
    CHECK(mqtt_subscribe(c.mqtt, "first/+") && mqtt_subscribe(c.mqtt, "first/+"));
    BECOMES(c.ups == 1);
    CHECK(mqtt_subscribe(c.mqtt, "added"));
    publish(&c, "second/x", "", 0);
    publish(&c, "first/x", "1", 1);
    settle(&c, "added");
    CHECK(c.count == 1 && got(&c, 0, "first/x", "1", 1));

    for (int round = 2; round <= 3; round++) {
        int downs = c.downs;
        broker_stop(&plain);
        BECOMES(c.downs > downs);
        CHECK(c.why == (round == 2 ? MQTT_LOST : MQTT_FOUGHT)); // it did not last, twice
        CHECK(strstr(warning, "plain was lost. Advice") != NULL ||
              strstr(warning, "plain ends each connection soon after it was made. A") != NULL);
        CHECK(!mqtt_send(c.mqtt, "first/x", "", 0));
        if (round == 2)
            CHECK(mqtt_subscribe(c.mqtt, "while/down"));
        broker_start(&plain);
        leapt_ms += 300000;
        BECOMES(c.ups == round);
        c.count = 0;
        publish(&c, "second/x", "", 0);
        publish(&c, "while/down", "", 0);
        publish(&c, "first/y", "", 0);
        settle(&c, "added");
        CHECK(c.count == 2 && got(&c, 0, "while/down", "", 0) && got(&c, 1, "first/y", "", 0));
    }
    client_stop(&c);
}

// Fault: One topic that the broker refuses keeps the connection from being used.
// Expected: It is told, the others work; the owner may have the connection made again.
static void test_refused_subscription(void) {
    struct client c;
    struct mqtt_config config = config_of(&tls);
    client_start(&c, &config);
    CHECK(mqtt_subscribe(c.mqtt, "theirs/#") && mqtt_subscribe(c.mqtt, "ours/#"));
    BECOMES(c.ups == 1);
    CHECK(c.refusals == 1 && strcmp(c.refused, "theirs/#") == 0);
    CHECK(mqtt_subscribe(c.mqtt, "bad\xff"));
    CHECK(c.refusals == 2);
    publish(&c, "theirs/x", "", 0);
    settle(&c, "ours/x");
    CHECK(c.count == 0);
    mqtt_reconnect(c.mqtt, "It is of no use.");
    CHECK(c.downs == 1 && c.why == MQTT_GIVEN_UP &&
          strstr(warning, "It is of no use. Advice") != NULL);
    mqtt_reconnect(c.mqtt, "There is none.");
    CHECK(c.downs == 1);
    turn_for(300);
    leapt_ms += 10000;
    BECOMES(c.ups == 2);
    CHECK(c.refusals == 4);
    client_stop(&c);
}

// A login that fails for a reason -> what the log says
static const char *fails(const struct mqtt_config *config, enum mqtt_trouble why) {
    struct client c;
    int before = warnings;
    client_start(&c, config);
    BECOMES(c.downs == 1);
    CHECK(c.why == why && c.ups == 0);
    CHECK(warnings == before + 1 && strstr(warning, config->name) != NULL);
    client_stop(&c);
    return warning;
}

static void succeeds(const struct mqtt_config *config) {
    struct client c;
    client_start(&c, config);
    BECOMES(c.ups == 1);
    client_stop(&c);
}

// Fault: A server with a good certificate of another name, or of another CA, gets the password.
// Expected: There is no connection, and one line that says why; who checks less gets one.
static void test_who_is_trusted(void) {
    struct mqtt_config config = config_of(&tls);
    config.host = "127.0.0.1"; // the certificate is for localhost
    CHECK(strstr(fails(&config, MQTT_UNREACHABLE), "not for that name") != NULL);
    config.check_name = false;
    succeeds(&config);
    config.ca_file = FOLDER "other.crt";
    CHECK(strstr(fails(&config, MQTT_TLS), "certificate verify failed") != NULL);
    config.ca_file = NULL;
    succeeds(&config);
}

// Fault: A broker with a certificate that nobody signed can be replaced by any other such one.
// Expected: With its certificate as the CA it is connected to, another is not.
static void test_pinned(void) {
    struct broker own;
    broker_make(&own, "own",
                "allow_anonymous true\ncertfile " FOLDER "other.crt\nkeyfile " FOLDER
                "other.key\n");
    struct mqtt_config config = config_of(&tls);
    config.port = own.port;
    config.check_name = false;
    config.ca_file = FOLDER "other.crt";
    succeeds(&config);
    config.ca_file = FOLDER "tls.crt";
    fails(&config, MQTT_TLS);
    broker_stop(&own);
}

static void test_refused_login(void) {
    struct mqtt_config config = config_of(&plain);
    config.password = "another";
    CHECK(strstr(fails(&config, MQTT_NOT_AUTHORISED), "Advice") != NULL);
    CHECK(strstr(warning, "another") == NULL);
    config.port = 1;
    CHECK(strstr(fails(&config, MQTT_UNREACHABLE), "localhost:1 ") != NULL);
}

// Fault: The end of a connection counts as the refusal of a subscription, which ends live data.
// Expected: Only the broker's own answer is one.
static void test_unanswered_is_not_refused(void) {
    struct mqtt_config config = config_of(&plain);
    struct link *link = link_new(loop, &config);
    MQTTAsync_failureData ended = {.code = MQTTASYNC_OPERATION_INCOMPLETE},
                          refused = {.code = 0x80};
    CHECK(link != NULL);
    link_on_not_subscribed(&link->tickets[0], &ended);
    link_on_not_subscribed(&link->tickets[0], NULL);
    CHECK(queue_pop(link->queue) == NULL);
    link_on_not_subscribed(&link->tickets[0], &refused);
    struct queue_item *item = queue_pop(link->queue);
    CHECK(item != NULL && item->kind == EV_NOT_SUBSCRIBED);
    free(item);
    link_free(link);
}

static void test_told_once(void) {
    struct client c;
    struct mqtt_config config = config_of(&plain);
    int before = warnings;
    config.host = "nowhere.invalid";
    client_start(&c, &config);
    for (int tries = 1; tries <= 3; tries++) {
        BECOMES(c.downs == tries);
        CHECK(c.why == MQTT_UNREACHABLE && warnings == before + 1);
        leapt_ms += 10000;
    }
    client_stop(&c);
}

static void test_hello_and_farewell(void) {
    struct client watcher, c;
    struct mqtt_config config = config_of(&plain);
    client_start(&watcher, &config);
    CHECK(mqtt_subscribe(watcher.mqtt, "status/#"));
    BECOMES(watcher.ups == 1);
    config.client_id = "three";
    config.status = "status/c";
    config.hello = "hello";
    config.gone = "bye";
    client_start(&c, &config);
    BECOMES(c.ups == 1);
    BECOMES(watcher.count == 1);
    CHECK(got(&watcher, 0, "status/c", "hello", 5));
    client_stop(&c);
    BECOMES(watcher.count == 2);
    CHECK(got(&watcher, 1, "status/c", "bye", 3));
    client_stop(&watcher);

    config.gone = "";                // takes away what was retained
    client_start(&watcher, &config); // both were: the last one is there
    CHECK(mqtt_subscribe(watcher.mqtt, "status/c"));
    BECOMES(watcher.count >= 1 && watcher.ups == 1);
    CHECK(got(&watcher, watcher.count - 1, "status/c", "hello", 5));
    client_stop(&watcher);
}

// Fault: A message larger than the owner wants fills the memory.
// Expected: It is left out; the owner knows, the log says so once.
static void test_large(void) {
    static char large[4000];
    struct client c;
    struct mqtt_config config = config_of(&plain);
    client_start(&c, &config);
    CHECK(mqtt_subscribe(c.mqtt, "x/#"));
    BECOMES(c.ups == 1);
    int before = warnings;
    publish(&c, "x/most", large, 2048);
    publish(&c, "x/more", large, 2049);
    publish(&c, "x/more", large, 4000);
    settle(&c, "x/last");
    CHECK(c.count == 1 && c.overflows == 2 && warnings == before + 1);
    CHECK(strstr(warning, "2 KiB at most (x/more). Advice") != NULL);
    client_stop(&c);
}

// Fault: While a name server is silent about one broker, the connection to another stands still.
// Expected: The other goes on; the silent one can be stopped in time.
static void test_silent_name_server(void) {
    struct client stuck, c;
    struct mqtt_config of_stuck = config_of(&tls), config = config_of(&plain);
    of_stuck.host = "hangs.invalid";
    client_start(&stuck, &of_stuck);
    BECOMES(atomic_load(&hanging) == 1);
    client_start(&c, &config);
    CHECK(mqtt_subscribe(c.mqtt, "x"));
    BECOMES(c.ups == 1);
    settle(&c, "x");
    int64_t begin = test_clock();
    client_stop(&stuck);
    CHECK(test_clock() - begin < 1900 && stuck.downs == 0);
    atomic_store(&silent, false);
    BECOMES(atomic_load(&hanging) == 0);
    settle(&c, "x");
    client_stop(&c);
}

int main(void) {
    log_tee(on_line);
    loop_set_clock(test_clock);
    loop = loop_new();
    certificates_make();
    brokers_make();
    test_two_at_once();
    test_restored();
    test_refused_subscription();
    test_who_is_trusted();
    test_pinned();
    test_unanswered_is_not_refused();
    test_refused_login();
    test_told_once();
    test_hello_and_farewell();
    test_large();
    test_silent_name_server();
    broker_stop(&tls);
    broker_stop(&plain);
    loop_free(loop);
    run("rm -rf " FOLDER);
    return check_end();
}
