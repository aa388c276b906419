// host.mqtt_...: a main.lua of a few lines and a real broker (mosquitto), to which others publish
// what they like.
#define FOLDER "test_api_mqtt.d/"
#include "api/api.h"
#include "base/log.h"
#include "broker.h"
#include "net/mqtt.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct api api;
static struct broker broker;
static char lines[20000]; // of the log

static void remember(enum log_level level, const char *line) {
    (void)level;
    size_t used = strlen(lines);
    snprintf(lines + used, sizeof lines - used, "%s\n", line);
}

static void turn(void *ctx) {
    (void)ctx;
    if (tasks_run(api.tasks))
        loop_wake(api.loop);
}

// Half a minute at most.
static bool logged(const char *part) {
    for (int i = 0; i < 3000 && strstr(lines, part) == NULL; i++)
        loop_turn(api.loop, 10);
    bool found = strstr(lines, part) != NULL;
    if (!found)
        printf("there is no \"%s\" in the log:\n%s", part, lines);
    return found;
}

static int times(const char *part) {
    int count = 0;
    for (const char *at = lines; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

static void open_host(const char *text) {
    char whole[4000];
    memset(&api, 0, sizeof api);
    lines[0] = '\0';
    snprintf(api.root, sizeof api.root, "%s", SOURCE_DIR);
    api.loop = loop_new();
    api.json = json_new();
    api.nodes = nodes_new();
    api.tasks = tasks_new(api.loop);
    loop_turn_end(api.loop, turn, NULL);
    snprintf(whole, sizeof whole, "local PORT = %d\n%s", broker.port, text);
    FILE *f = fopen(FOLDER "main.lua", "w");
    CHECK(f != NULL && fputs(whole, f) >= 0 && fclose(f) == 0);
    CHECK(api_open(&api) && api_run(&api, FOLDER "main.lua"));
}

static void close_host(void) {
    api_mqtt_leave(&api);
    api_close(&api);
    tasks_free(api.tasks);
    nodes_free(api.nodes);
    json_free(api.json);
    loop_free(api.loop);
}

// A publisher of MQTT packets, which writes as fast as the broker reads.

static int publisher;

static void packet(const void *head, size_t head_len, const char *topic, const void *data,
                   size_t len) {
    unsigned char out[2000];
    size_t topic_len = topic != NULL ? strlen(topic) : 0, used = head_len;
    size_t rest = (topic != NULL ? 2 + topic_len : 0) + len;
    memcpy(out, head, head_len);
    do {
        out[used++] = (unsigned char)(rest % 128 + (rest >= 128 ? 128 : 0));
    } while ((rest /= 128) > 0);
    if (topic != NULL) {
        out[used++] = (unsigned char)(topic_len / 256);
        out[used++] = (unsigned char)(topic_len % 256);
        memcpy(out + used, topic, topic_len);
        used += topic_len;
    }
    memcpy(out + used, data, len);
    CHECK(write(publisher, out, used + len) == (ssize_t)(used + len));
}

static void publisher_open(void) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)broker.port)};
    unsigned char answer[4];
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    publisher = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(publisher, (struct sockaddr *)&address, sizeof address) == 0);
    packet("\x10", 1, NULL, "\0\4MQTT\4\2\0\0\0\4test", 16);
    CHECK(read(publisher, answer, 4) == 4 && answer[3] == 0);
}

static void publish_bytes(const char *topic, const void *data, size_t len) {
    packet("\x30", 1, topic, data, len);
}

static void publish(const char *topic, const char *text) {
    publish_bytes(topic, text, strlen(text));
}

#define OPEN                                                                                       \
    "local function say(...) host.log('info', table.concat({ ... }, ' ')) end\n"                   \
    "local function show(v) return math.type(v) == 'integer' and 'i' .. v or tostring(v) end\n"    \
    "local how = { name = 'the broker', host = '127.0.0.1', port = PORT, tls = false,\n"           \
    "  client_id = 'one', skip = 1, members = { 'value', 'min' } }\n"                              \
    "host.on('mqtt_up', function(id) say('up', id) end)\n"                                         \
    "host.on('mqtt_down', function(id, why) say('down', id, why) end)\n"                           \
    "host.on('mqtt_refused', function(id, topic) say('refused', id, topic) end)\n"                 \
    "host.on('mqtt_lost', function(id) say('lost', id) end)\n"                                     \
    "host.on('mqtt_values', function(id)\n"                                                        \
    "  for is, rest, value, min in host.mqtt_read, id do\n"                                        \
    "    say(id, is, show(rest), show(value), show(min) .. ';')\n"                                 \
    "  end\n"                                                                                      \
    "end)\n"

// Fault: A message that is not what the documents say (no JSON, no object, another type, cut, a
// number too large) raises, is taken for a 0, or keeps those after it from coming.
// Expected: Each comes as what it is; what is no value is none.
static void test_what_it_is(void) {
    open_host(OPEN "local id = host.mqtt_open(how)\n"
                   "host.mqtt_subscribe(id, 'N/#')\n");
    CHECK(logged("up 1"));
    publish("N/a/1/Dc/0/V", "{\"value\": 20.5}");
    publish("N/a/2/x", " {\"max\":{\"deep\":[1,{}]},\"min\":-1,\"value\":3.0,\"z\":\"\"} ");
    publish("N/a/3/x", "{\"value\":null}");
    publish("N/a/4/x", "{\"value\":\"a \\\"b\\\" \\u00e9\"}");
    publish("N/a/5/x", "{\"value\":true,\"min\":false}");
    publish("N/a/6/x", "{\"value\":[1, 2],\"min\":[]}");
    publish("N/a/7/x", "");
    publish("N/a/8/x", "1");
    publish("N/a/9/x", "{\"value\":1");
    publish("N/a/10/x", "{\"value\":1e999,\"min\":1e15}");
    publish("N/a/11/x", "<html>");
    publish("N/a/12/x", "[{\"value\":1}]");
    publish("N/a/13/x", "{}");
    publish("N/a/14/x", "{\"value\":-0.0000001}");
    publish_bytes("N/a/15/x", "\0\xff", 2);
    publish("N/b", "{\"value\":7}");
    publish("N/c/d", "{\"value\":8}");
    publish("N/c/d/", "{\"value\":9}");
    publish("N/last/x", "{\"value\":1}");
    CHECK(logged("1 value /last/x i1 nil;"));
    CHECK(logged("1 value /a/1/Dc/0/V 20.5 nil;") && logged("1 value /a/2/x i3 i-1;"));
    CHECK(logged("1 value /a/3/x nil nil;") && logged("1 value /a/4/x a \"b\" \xc3\xa9 nil;"));
    CHECK(logged("1 value /a/5/x true false;") && logged("1 json /a/6/x [1, 2] [];"));
    CHECK(logged("1 gone /a/7/x nil nil;") && logged("1 text /a/8/x 1 nil;"));
    CHECK(logged("1 text /a/9/x {\"value\":1 nil;") && logged("/a/10/x nil i1000000000000000;"));
    CHECK(logged("1 text /a/11/x <html> nil;") && logged("1 text /a/12/x [{\"value\":1}] nil;"));
    CHECK(logged("1 value /a/13/x nil nil;") && logged("1 value /a/14/x -1e-07 nil;"));
    CHECK(logged("1 text /a/15/x ") && logged("1 value /b i7 nil;"));
    CHECK(logged("1 value /c/d i8 nil;") && logged("1 value /c/d/ i9 nil;"));
    close_host();
}

// Fault: A topic that is not wanted takes time; many messages of one topic take Lua's time.
// Expected: The first is told at once; of what comes within the time to gather only the newest.
static void test_gathered(void) {
    char text[40];
    open_host(OPEN "how.gather, how.without = 1500, { '/History/', 'junk' }\n"
                   "local id = host.mqtt_open(how)\n"
                   "host.mqtt_subscribe(id, 'N/#')\n");
    CHECK(logged("up 1"));
    publish("N/a/1/History/Daily/0/Yield", "{\"value\":1}");
    publish("N/junk/1/x", "{\"value\":1}");
    publish("N/a/1/P", "{\"value\":0}");
    CHECK(logged("1 value /a/1/P i0 nil;"));
    for (int i = 1; i <= 1000; i++) {
        snprintf(text, sizeof text, "{\"value\":%d}", i);
        publish("N/a/1/P", text);
    }
    publish("N/a/2/last", "{\"value\":1}");
    CHECK(logged("1 value /a/2/last i1 nil;"));
    CHECK(times("1 value /a/1/P") == 2 && logged("/P i1000 nil;"));
    CHECK(times("History") == 0 && times("junk") == 0);
    close_host();
}

// Fault: What a broker has kept, of a gateway that is away, counts as told now.
// Expected: Who does not want that gets what comes from now on.
static void test_kept(void) {
    packet("\x31", 1, "N/old", "{\"value\":1}", 11);
    open_host(OPEN "host.mqtt_subscribe(host.mqtt_open(how), 'N/#')\n"
                   "how.client_id, how.kept = 'two', false\n"
                   "host.mqtt_subscribe(host.mqtt_open(how), 'N/#')\n");
    CHECK(logged("up 1") && logged("up 2") && logged("1 value /old i1 nil;"));
    packet("\x31", 1, "N/old", "{\"value\":2}", 11);
    CHECK(logged("1 value /old i2 nil;") && logged("2 value /old i2 nil;"));
    CHECK(times("2 value /old") == 1);
    packet("\x31", 1, "N/old", "", 0);
    close_host();
}

// Fault: An unknown or a closed connection raises in a script that has just closed it, or its
// events come still.
// Expected: It takes nothing and gives nothing; the others work on.
static void test_closed(void) {
    open_host(OPEN "local a = host.mqtt_open(how)\n"
                   "how.client_id = 'two'\n"
                   "local b = host.mqtt_open(how)\n"
                   "host.mqtt_subscribe(a, 'N/#') host.mqtt_subscribe(b, 'N/#')\n"
                   "host.on('mqtt_values', function(id)\n"
                   "  say('before', id)\n"
                   "  if id == a then host.mqtt_close(a) host.sleep(0.1) end\n"
                   "  for is, _, value in host.mqtt_read, id do say('read', id, value) end\n"
                   "  if id == a then\n"
                   "    host.mqtt_close(a) host.mqtt_close(99)\n"
                   "    say('closed', tostring(host.mqtt_subscribe(a, 'x')),\n"
                   "      tostring(host.mqtt_send(a, 'x', 'y')), tostring(host.mqtt_read(a)))\n"
                   "    host.mqtt_send(b, 'N/answer', '{\"value\":5}')\n"
                   "  end\n"
                   "end)\n");
    CHECK(logged("up 1") && logged("up 2"));
    publish("N/x", "{\"value\":4}");
    CHECK(logged("closed false false nil") && logged("read 2 4") && logged("read 2 5"));
    CHECK(times("before 1") == 1 && times("read 1") == 0 && api.connections != NULL);
    close_host();
}

static void test_troubles(void) {
    open_host(OPEN "how.user, how.password = 'nobody', 'a password to hide'\n"
                   "host.mqtt_open(how)\n"
                   "how.user, how.port, how.password = nil, 1, nil\n"
                   "host.mqtt_open(how)\n"
                   "how.port = PORT\n"
                   "local id = host.mqtt_open(how)\n"
                   "host.mqtt_subscribe(id, 'bad\\xff')\n"
                   "say('it is a password to hide')\n");
    CHECK(logged("down 1 rights") && logged("down 2 unreachable") && logged("up 3"));
    CHECK(logged("refused 3 bad") && logged("it is ***"));
    close_host();
}

// Fault: A flood of live data keeps PG3 from being heard, or fills the memory.
// Expected: What another connection brought is there in the next turn, Lua takes a part of the
// flood in each; what passes the room is dropped, and told, not for each message.

static struct {
    struct mqtt *mqtt;
    int ups, count;
} other;

static void other_up(void *ctx) { (void)ctx, other.ups++; }
static void other_down(void *ctx, enum mqtt_trouble why) { (void)ctx, (void)why; }
static void other_sent(void *ctx) { (void)ctx; }
static void other_message(void *ctx, const char *topic, const char *payload, size_t len) {
    (void)ctx, (void)topic, (void)payload, (void)len;
    other.count++;
}

static void flood(int topics, int rounds) {
    char topic[80], text[40];
    for (int i = 0; i < topics * rounds; i++) {
        snprintf(topic, sizeof topic, "N/0cea14012345/solarcharger/%d/Dc/0/Voltage", i % topics);
        snprintf(text, sizeof text, "{\"value\":%d.43000030517578}", i);
        publish(topic, text);
    }
}

static void test_flood(void) {
    struct mqtt_events events = {.up = other_up,
                                 .down = other_down,
                                 .message = other_message,
                                 .sent = other_sent,
                                 .overflow = other_sent};
    struct mqtt_config config = {.name = "PG3's broker",
                                 .host = "127.0.0.1",
                                 .port = broker.port,
                                 .client_id = "pg3",
                                 .keep_alive_s = 60,
                                 .message_max = 1000,
                                 .waiting_max = 100000};
    const struct timespec while_it_comes = {.tv_sec = 1};
    open_host(OPEN "local id = host.mqtt_open(how)\n"
                   "host.mqtt_subscribe(id, 'N/#')\n"
                   "local all, most, last = 0, 0, nil\n"
                   "host.on('mqtt_values', function(id)\n"
                   "  local now = 0\n"
                   "  for is, rest, value in host.mqtt_read, id do\n"
                   "    if rest ~= '/a/b' then now = now + 1 else last = value end\n"
                   "  end\n"
                   "  all, most = all + now, math.max(most, now)\n"
                   "  if last then say('all', all, most, last .. ';') last = nil end\n"
                   "end)\n");
    other.mqtt = mqtt_new(api.loop, &config, &events);
    CHECK(other.mqtt != NULL && mqtt_subscribe(other.mqtt, "pg3"));
    CHECK(logged("up 1"));
    while (other.ups == 0)
        loop_turn(api.loop, 10);

    flood(10000, 1);
    publish("pg3", "hear me");
    nanosleep(&while_it_comes, NULL);
    CHECK(other.count == 0);
    loop_turn(api.loop, 0);
    CHECK(other.count == 1);
    publish("N/a/b", "{\"value\":1}");
    CHECK(logged("1;") && times("lost") == 0);
    CHECK(strstr(lines, "all 10000 500 1;") != NULL || strstr(lines, "all 10000 100 1;") != NULL);

    // Nothing is taken while more comes than may wait; on a busy machine that needs some time.
    for (int s = 1; s <= 32 && times("vrm: lost 1") == 0; s *= 2) {
        const struct timespec longer = {.tv_sec = s};
        char value[32], shown[16];
        flood(10000, 3);
        nanosleep(&longer, NULL);
        snprintf(value, sizeof value, "{\"value\":%d}", s + 1);
        snprintf(shown, sizeof shown, " %d;", s + 1);
        publish("N/a/b", value);
        for (int i = 0; i < 2000 && strstr(lines, shown) == NULL; i++)
            loop_turn(api.loop, 10);
    }
    CHECK(times("vrm: lost 1") >= 1 && times("vrm: lost 1") <= 10);
    publish("N/a/b", "{\"value\":99}");
    CHECK(logged(" 99;"));
    mqtt_stop(other.mqtt, 1000);
    close_host();
}

// Fault: a connection came while memory was short; Lua never hears of it, and asks nothing of it
// Expected: it is told as soon as there is memory, before what the connection says
static void test_shortage(void) {
    open_host(OPEN "local id = host.mqtt_open(how)\n"
                   "host.mqtt_subscribe(id, 'N/#')\n");
    api.main->block_max = 1;
    CHECK(logged("Connected to the broker"));
    publish("N/a/b", "{\"value\":7}");
    for (int i = 0; i < 10; i++)
        loop_turn(api.loop, 10);
    CHECK(times("vrm: up") == 0);
    api.main->block_max = 0;
    CHECK(logged(" i7 ") && times("vrm: up 1") == 1);
    CHECK(strstr(lines, "vrm: up 1") < strstr(lines, " i7 "));
    api.main->block_max = 1;
    broker_stop(&broker);
    CHECK(logged("The connection to the broker was lost"));
    api.main->block_max = 0;
    CHECK(logged("down 1 lost"));
    close_host();
}

int main(void) {
    if (system("rm -rf " FOLDER) != 0 || mkdir(FOLDER, 0700) != 0 ||
        system("mosquitto_passwd -c -b " FOLDER "passwords user password && chmod 600 " FOLDER
               "passwords") != 0)
        return 1;
    log_tee(remember);
    broker_make(&broker, "plain",
                "allow_anonymous true\nmax_queued_messages 0\npassword_file " FOLDER "passwords\n");
    publisher_open();
    test_what_it_is();
    test_gathered();
    test_kept();
    test_closed();
    test_troubles();
    test_flood();
    test_shortage(); // ends the broker
    close(publisher);
    return check_end() != 0 || system("rm -rf " FOLDER) != 0;
}
