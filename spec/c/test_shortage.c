// The whole program with memory that is refused: each allocation of its start and first poll once,
// and all of them for a while. The linker puts the functions below in the place of what leads to a
// network (CMakeLists.txt); VRM and PG3 are a few answers.
#define main plugin_main
#include "../../host/main.c"
#undef main
#include "check.h"
#include "refuse.h"
#include <sys/resource.h>

// VRM

#define ASKED_MAX 32

static struct {
    char url[256];
    http_fn *fn;
    void *ctx;
} asked[ASKED_MAX];
static int asked_count;

bool __wrap_http_get(struct http *h, const struct http_request *req, http_fn *fn, void *ctx);

bool __wrap_http_get(struct http *h, const struct http_request *req, http_fn *fn, void *ctx) {
    (void)h;
    if (asked_count == ASKED_MAX)
        return false;
    snprintf(asked[asked_count].url, sizeof asked[0].url, "%s", req->url);
    asked[asked_count].fn = fn;
    asked[asked_count++].ctx = ctx;
    return true;
}

// What VRM has. It does not change but where a test changes it, so that what a shortage keeps from
// being shown is shown only if the plugin remembers that it is due.
static int soc = 87, tank_level = 42;
static long long measured;

#define ROW(service, instance, id, path)                                                           \
    "{\"idSite\":151734,\"timestamp\":%lld,\"Device\":\"x\",\"instance\":" #instance               \
    ",\"idDataAttribute\":" #id ",\"code\":\"C" #id "\",\"formatWithUnit\":\"%%s\","               \
    "\"dbusServiceType\":\"" service "\",\"dbusPath\":\"" path "\",\"rawValue\":%d}"

static const char *vrm_body(const char *url, char *text, size_t size) {
    if (strstr(url, "/users/me") != NULL)
        return "{\"success\":true,\"user\":{\"id\":22}}";
    if (strstr(url, "/installations?") != NULL)
        return "{\"success\":true,\"records\":[{\"idSite\":151734,\"name\":\"Home\"}]}";
    if (strstr(url, "/system-overview") != NULL)
        return "{\"success\":true,\"records\":{\"devices\":[{\"name\":\"Gateway\","
               "\"productName\":\"Cerbo GX\",\"loggingInterval\":60}]}}";
    const char *rows = ROW("battery", 288, 51, "/Soc") "," ROW("tank", 20, 60, "/Level") "," ROW(
        "system", 0, 70, "/Dc/Battery/Soc");
    snprintf(text, size, "{\"success\":true,\"num_records\":3,\"records\":[");
    size_t len = strlen(text);
    snprintf(text + len, size - len, rows, measured, soc, measured, tank_level, measured, soc);
    snprintf(text + strlen(text), size - strlen(text), "]}");
    return text;
}

static void answer_vrm(void) {
    char text[2000];
    while (asked_count > 0) {
        struct http_reply reply = {.error = HTTP_OK, .error_text = "", .status = 200};
        reply.body = vrm_body(asked[0].url, text, sizeof text);
        reply.body_len = strlen(reply.body);
        http_fn *fn = asked[0].fn;
        void *ctx = asked[0].ctx;
        memmove(&asked[0], &asked[1], (size_t)--asked_count * sizeof asked[0]);
        fn(ctx, &reply);
    }
}

// PG3

static struct mqtt_events events;
static char token[65];        // another one at each start
static char answers[16][300]; // to what the plugin sent, not yet given
static int answer_count;

struct mqtt *__wrap_mqtt_new(struct loop *l, const struct mqtt_config *config,
                             const struct mqtt_events *given);
bool __wrap_mqtt_send(struct mqtt *m, const char *topic, const char *text, size_t len);
bool __wrap_mqtt_subscribe(struct mqtt *m, const char *topic);
void __wrap_mqtt_stop(struct mqtt *m, int ms);

struct mqtt *__wrap_mqtt_new(struct loop *l, const struct mqtt_config *config,
                             const struct mqtt_events *given) {
    (void)l, (void)config;
    events = *given;
    return (struct mqtt *)&events;
}

static void answer(const char *text) {
    if (answer_count < 16)
        snprintf(answers[answer_count++], sizeof answers[0], "%s", text);
}

bool __wrap_mqtt_send(struct mqtt *m, const char *topic, const char *text, size_t len) {
    (void)m, (void)topic, (void)len;
    char address[20], reply[200];
    const char *added = strstr(text, "\"addnode\"") != NULL ? strstr(text, "\"address\":\"") : NULL;
    if (strstr(text, "{\"config\":") != NULL)
        answer("{\"config\":{\"nodes\":[]}}");
    if (strstr(text, "getAll") != NULL) {
        snprintf(reply, sizeof reply,
                 "{\"getAll\":[{\"key\":\"customparams\",\"value\":{\"vrm_token\":\"%s\"}}]}",
                 token);
        answer(reply);
    }
    if (strstr(text, "installprofile") != NULL)
        answer("{\"installprofile\":{\"success\":true}}");
    if (added != NULL && sscanf(added + 11, "%19[^\"]", address) == 1) {
        snprintf(reply, sizeof reply, "{\"addnode\":[{\"address\":\"%s\"}]}", address);
        answer(reply);
    }
    answer(""); // it has left
    return true;
}

bool __wrap_mqtt_subscribe(struct mqtt *m, const char *topic) {
    (void)m, (void)topic;
    return true;
}

void __wrap_mqtt_stop(struct mqtt *m, int ms) { (void)m, (void)ms; }

static void answer_pg3(void) {
    for (int i = 0; i < answer_count; i++) {
        if (answers[i][0] != '\0')
            events.message(events.ctx, "", answers[i], strlen(answers[i]));
        else
            events.sent(events.ctx);
    }
    answer_count = 0;
}

static void poll_now(void) {
    const char *text = "{\"shortPoll\":{}}";
    events.message(events.ctx, "", text, strlen(text));
}

// The plugin

// A user's script with everything that runs at a poll: match, from, update, a task and a timer; and
// its lib.
static const char lib[] = "return { twice = function(number) return 2 * number end }\n";
static const char tank[] =
    "local tools = use 'tools'\n"
    "return { api = 2, id = 'MYTANK', name = 'Tank', icon = 'Sensor',\n"
    "match = function(found) return found.service == 'tank' and 5 or nil end,\n"
    "{ 'ST', unit.percent, 'Level', '/Level' },\n"
    "{ 'GV0', unit.count, 'Twice', from = function(rows) return tools.twice(rows['/Level'].value) "
    "end },\n"
    "{ 'GV1', unit.count, 'Update', by_script = true },\n"
    "{ 'GV2', unit.count, 'Start', by_script = true },\n"
    "{ 'GV3', unit.count, 'Timer', by_script = true },\n"
    "start = function(node) node:set('GV2', 7) timer.after(0.01, function() node:set('GV3', 8) "
    "end) "
    "end,\n"
    "update = function(node, rows) sleep(0.01) node:set('GV1', rows['/Level'].value) end }\n";

// Memory that is refused even after its ballast was given back: a decode of lua-cjson leaks then
// (json.c). What is really short is there again.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:strbuf_new"; }

static char folder[] = "/tmp/test_shortage_XXXXXX";
static char last_line[400];

static void remember(enum log_level level, const char *line) {
    if (level >= LOG_WARNING)
        snprintf(last_line, sizeof last_line, "%s", line);
    if (getenv("VERBOSE") != NULL)
        fprintf(stderr, "%s\n", line);
}

// PG3INIT.
static char init[] = "eyJ1dWlkIjoiMDA6MGQ6Yjk6NTI6Y2U6NTAiLCJwcm9maWxlTnVtIjoyLCJ0b2tlbiI6InZ1WHR"
                     "xSTVJTFcqKkEmWmYiLCJtcXR0SG9zdCI6ImxvY2FsaG9zdCIsIm1xdHRQb3J0IjoxODg4fQ==";

static bool write_text(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    bool ok = f != NULL && fputs(text, f) >= 0;
    return f != NULL && fclose(f) == 0 && ok;
}

// The plugin's folder. Of the built-in device scripts only some are in it: all are loaded alike,
// and each makes every start longer.
static const char links[] =
    "mkdir -p persist/scripts/lib scripts/devices && cd scripts &&"
    "for one in '" SOURCE_DIR "/scripts/'*; do [ -e \"${one##*/}\" ] || ln -s \"$one\" .; done &&"
    "for one in lib controller.lua gateway.lua battery_monitor.lua tank.lua;"
    "do ln -s '" SOURCE_DIR "/scripts/devices/'$one devices/$one || exit 1; done";

static bool prepare(void) {
    return mkdtemp(folder) != NULL && chdir(folder) == 0 && system(links) == 0 &&
           write_text("persist/scripts/tank.lua", tank) &&
           write_text("persist/scripts/lib/tools.lua", lib);
}

static void new_token(void) {
    static unsigned count;
    snprintf(token, sizeof token, "%08x62d5209774e8b48e501396e2a8eddf073284dfb82086c6ba479a8b69",
             ++count);
}

static bool starts(void) {
    app = (struct app){0};
    app.init_text = init;
    asked_count = answer_count = 0;
    measured = (long long)time(NULL);
    new_token();
    app.running = find_root(&app.api, "victron-host", true) && start(&app);
    if (app.running)
        events.up(events.ctx);
    return app.running;
}

static bool shows(const char *address, const char *driver, const char *value) {
    const struct node *node = nodes_find(app.api.nodes, address);
    int at = node != NULL ? node_driver(node, driver) : -1;
    char shown[NODE_SHOWN_SIZE] = "";
    if (at >= 0) {
        node_shown(&node->drivers[at], shown);
    }
    return strcmp(shown, value) == 0;
}

#define BATTERY "392u_bm288"
#define TANK "392u_tk20"
#define GATEWAY "392u_gw0"

// The first value of the last poll that is not as it should be; NULL: all are, and no script is in
// trouble.
static const char *amiss(void) {
    char soc_text[20], level_text[20], count_text[20], twice_text[20];
    snprintf(soc_text, sizeof soc_text, "%d.0", soc);
    snprintf(level_text, sizeof level_text, "%d.0", tank_level);
    snprintf(count_text, sizeof count_text, "%d", tank_level);
    snprintf(twice_text, sizeof twice_text, "%d", 2 * tank_level);
    const char *const right[][3] = {{"controller", "GV0", "1"},
                                    {"controller", "GV3", "0"},
                                    {GATEWAY, "ST", "1"},
                                    {GATEWAY, "GV30", "1"},
                                    {GATEWAY, "BATLVL", soc_text},
                                    {BATTERY, "ST", soc_text},
                                    {BATTERY, "GV30", "1"},
                                    {TANK, "ST", level_text},
                                    {TANK, "GV0", twice_text},
                                    {TANK, "GV1", count_text},
                                    {TANK, "GV2", "7"},
                                    {TANK, "GV3", "8"}};
    static char what[100];
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        snprintf(what, sizeof what, "%s %s is not %s", right[i][0], right[i][1], right[i][2]);
        if (!shows(right[i][0], right[i][1], right[i][2]))
            return what;
    }
    return log_masks(token) ? NULL : "the token is not masked";
}

static bool well(void) { return amiss() == NULL; }

static int64_t now_ms;

static int64_t test_clock(void) { return now_ms; }

static void turn_once(void) {
    loop_turn(app.api.loop, 0);
    now_ms += 5;
    answer_pg3();
    answer_vrm();
}

#define PATIENCE_MS 60000
#define POLL_MS 1000

// Polls until everything is well.
static bool becomes_well(void) {
    int64_t until = loop_now_ms() + PATIENCE_MS, next_poll = loop_now_ms() + POLL_MS;
    while (!well() && loop_now_ms() < until) {
        turn_once();
        if (loop_now_ms() > next_poll) {
            fail_at = fail_until = -1; // a shortage ends
            poll_now();
            next_poll = loop_now_ms() + POLL_MS;
        }
    }
    if (!well())
        fprintf(stderr, "%s (last in the log: %s)\n", amiss(), last_line);
    return well();
}

static void end(void) {
    fail_all = false;
    fail_at = fail_until = -1;
    app.stopping = false;   // no alarm: the next start follows
    app.broker.mqtt = NULL; // nobody waits for what is left to say
    stop(&app, false);
}

// -> how many allocations a start and its first poll take
static long count_allocations(void) {
    allocations = 0;
    CHECK(starts() && becomes_well());
    long count = allocations;
    end();
    return count;
}

#define POINTS 120
#define IN_A_ROW 300

// Most are spread over what follows the loading of the plugin's own files, where a start goes on.
static long point(long count, int i) {
    long loaded = count / 10 * 9;
    return i < POINTS / 3 ? 1 + loaded * i / (POINTS / 3)
                          : loaded + (count - loaded) * (i - POINTS / 3) / (POINTS - POINTS / 3);
}

// Fault: an allocation that fails, or some in a row, leave a script suspended, an installation busy
// or the start undone for good
// Expected: the start is refused with one clear line, or everything is right after the next polls
static void test_each_allocation_fails_once(long count) {
    for (int i = 0; i < POINTS; i++) {
        long number = point(count, i);
        allocations = 0;
        fail_at = number;
        fail_until = number + (i % 2 == 0 ? 1 : IN_A_ROW);
        last_line[0] = '\0';
        bool right = starts() ? becomes_well() : strstr(last_line, "memory") != NULL;
        CHECK(right);
        if (!right)
            fprintf(stderr, "allocation %ld of %ld: %s\n", number, count, last_line);
        end();
    }
}

// Fault: after a shortage of memory the gateways stay offline until the plugin is restarted
// Expected: no script is suspended for it, and the polls after it show all values again
static void test_a_shortage_passes(void) {
    CHECK(starts() && becomes_well());
    for (int i = 0; i < 5; i++) {
        poll_now();
        turn_once();
        fail_all = true;
        tank_level = 10 + i;
        soc = 20 + i;
        poll_now();
        for (int k = 0; k < 10; k++)
            turn_once();
        fail_all = false;
        turn_once();
    }
    CHECK(becomes_well());
    end();
}

// Fault: a shortage during the polls counts as errors of the device scripts
// Expected: it is nobody's error: nothing is suspended, and the next polls show all values
static void test_a_shortage_in_each_part_of_a_poll(void) {
    CHECK(starts() && becomes_well());
    for (long number = 1; number < 4000; number += 97) {
        allocations = 0;
        fail_at = number;
        fail_until = number + 200;
        tank_level = (int)(number % 97) + 1;
        soc = (int)(number % 89) + 1;
        poll_now();
        for (int k = 0; k < 6; k++)
            turn_once();
        fail_at = fail_until = -1;
    }
    bool right = becomes_well();
    CHECK(right);
    if (!right)
        fprintf(stderr, "%s\n", last_line);
    end();
}

// Fault: a token that comes while memory is short is not masked: it may stand in the log
// Expected: it is masked as soon as there is memory
static void test_a_token_in_a_shortage(void) {
    CHECK(starts() && becomes_well());
    for (long number = 1; number < 100; number++) {
        char text[200];
        new_token();
        snprintf(text, sizeof text, "{\"customparams\":{\"vrm_token\":\"%s\"}}", token);
        allocations = 0;
        fail_at = number;
        fail_until = number + 2;
        events.message(events.ctx, "", text, strlen(text));
        for (int k = 0; k < 4; k++)
            turn_once();
        fail_at = fail_until = -1;
        now_ms += 3000;
        for (int k = 0; k < 4; k++)
            turn_once();
        if (!log_masks(token))
            fprintf(stderr, "not masked: from allocation %ld on (%s)\n", number, last_line);
        CHECK(log_masks(token));
    }
    end();
}

static bool wait_for_line(const char *part) {
    int64_t until = loop_now_ms() + PATIENCE_MS;
    while (strstr(last_line, part) == NULL && loop_now_ms() < until)
        turn_once();
    return strstr(last_line, part) != NULL;
}

// Fault: no file descriptor is left, so that folders count as empty and scripts as gone
// Expected: it is told, all scripts serve on, and afterwards no script is in trouble
static void test_no_descriptor_is_left(void) {
    struct rlimit was = {0}, none;
    CHECK(starts() && becomes_well());
    int next = open("/dev/null", O_RDONLY);
    CHECK(next >= 0 && close(next) == 0 && getrlimit(RLIMIT_NOFILE, &was) == 0);
    none = was;
    none.rlim_cur = (rlim_t)next;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    CHECK(wait_for_line("cannot be read now"));
    CHECK(shows("controller", "GV0", "1") && shows(TANK, "ST", "42.0"));
    CHECK(setrlimit(RLIMIT_NOFILE, &was) == 0);
    CHECK(becomes_well());
    end();
}

// Fault: an event that finds no memory is tried again in each turn of the loop, which never sleeps
// Expected: it is tried again after a pause, and delivered once there is memory
static void test_an_event_waits_for_memory(void) {
    int turns = 0;
    CHECK(starts());
    fail_all = true;
    on_event(&app, "params");
    CHECK(app.once[0].due);
    for (int64_t until = loop_now_ms() + 300; loop_now_ms() < until; turns++)
        loop_turn(app.api.loop, 300);
    CHECK(turns < 30);
    fail_all = false;
    int64_t until = loop_now_ms() + PATIENCE_MS;
    while (app.once[0].due && loop_now_ms() < until)
        loop_turn(app.api.loop, PATIENCE_MS);
    CHECK(!app.once[0].due && loop_now_ms() < until);
    end();
}

int main(void) {
    CHECK(prepare());
    log_tee(remember);
    test_an_event_waits_for_memory(); // by the real clock
    loop_set_clock(test_clock);
    long count = count_allocations();
    if (getenv("VERBOSE") != NULL)
        fprintf(stderr, "%ld allocations\n", count);
    test_no_descriptor_is_left();
    test_a_token_in_a_shortage();
    test_a_shortage_passes();
    test_a_shortage_in_each_part_of_a_poll();
    test_each_allocation_fails_once(count);
    return check_end();
}
