// json and lua-cjson in a process with little memory. Built without sanitizers, which reserve
// more address space than the limit here leaves (CMakeLists.txt).
#include "check.h"
#include "lua/json.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT (128u * 1024)
#define STEP (128u * 1024)
#define MOST (24u * 1024 * 1024)

enum { DONE = 0, REFUSED = 1, WRONG = 2 }; // exit codes; lua-cjson's own is 255

static char text[TEXT + 1];

static void fill(const char *part) {
    size_t len = strlen(part), at = 1;
    memset(text, ' ', TEXT);
    text[0] = '[';
    for (; at + len + 4 < TEXT; at += len)
        memcpy(text + at, part, len);
    memcpy(text + at, "1]", 3);
}

static size_t used_bytes(void) {
    size_t pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f != NULL && fscanf(f, "%zu", &pages) != 1)
        pages = 0;
    if (f != NULL)
        fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void nothing(lua_State *L, void *ctx) { (void)L, (void)ctx; }

static int decode(struct json *j) {
    char error[256];
    if (json_read(j, text, strlen(text), nothing, NULL, error, sizeof error))
        return DONE;
    return json_starved(j) ? REFUSED : WRONG;
}

// -> how a process ends that has `more` bytes beyond what it holds already
static int end_with(size_t more) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct json *j = json_new();
        size_t limit = used_bytes() + more;
        struct rlimit rest = {limit, limit};
        if (j == NULL || setrlimit(RLIMIT_AS, &rest) != 0)
            _exit(WRONG);
        _exit(decode(j));
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Fault: lua-cjson finds no memory for its buffer and ends the whole process
// Expected: the text is refused for want of memory, and the process goes on
static void test_no_memory_ends_no_process(const char *part) {
    int done = 0, refused = 0;
    fill(part);
    for (size_t more = 0; more < MOST; more += STEP) {
        int end = end_with(more);
        done += end == DONE;
        refused += end == REFUSED;
        if (end != DONE && end != REFUSED)
            printf("with %zu KiB it ended with %d\n", more / 1024, end);
        CHECK(end == DONE || end == REFUSED);
    }
    CHECK(done > 0 && refused > 0);
}

int main(void) {
    test_no_memory_ends_no_process("{\"dbusPath\":\"/Dc/0/Voltage\",\"rawValue\":\"52.66\"},");
    test_no_memory_ends_no_process("\"\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\",");
    test_no_memory_ends_no_process("[],");
    return check_end();
}
