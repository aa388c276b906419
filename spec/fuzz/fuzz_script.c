// A device script's source: loaded in its sandbox, checked, its samples run, its functions called.
#include "fuzz_lua.h"

#include <unistd.h>

static char path[] = "/tmp/fuzz_script.XXXXXX";

static void clear(void) { unlink(path); }

static int push_path(lua_State *L, void *ctx) {
    (void)ctx;
    lua_pushstring(L, path);
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int fd = -1;
    if (fd < 0) {
        fd = mkstemp(path);
        MUST(fd >= 0);
        atexit(clear);
    }
    MUST(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    plugin_open("script.lua");
    MUST(api_fire(&api, "check", push_path, NULL, NULL, NULL));
    for (int i = 0; i < 10 && tasks_run(api.tasks); i++)
        continue;
    plugin_close();
    return 0;
}
