// file: what is no regular file is never waited for; modes whatever the umask; one step to write.
#include "base/file.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char root[] = "/tmp/test_file.XXXXXX";
static char error[256];

static bool reads(const char *path, const char *expect) {
    size_t len = 0;
    char *text = file_read(path, 100, &len, error, sizeof error);
    bool same = text != NULL && len == strlen(expect) && strcmp(text, expect) == 0;
    free(text);
    return same;
}

static unsigned mode_of(const char *path) {
    struct stat st = {0};
    return stat(path, &st) == 0 ? (unsigned)st.st_mode & 07777 : 0;
}

static void test_read(void) {
    CHECK(file_write("plain", "hello", 5, FILE_PRIVATE, error, sizeof error));
    CHECK(reads("plain", "hello") && file_readable("plain"));
    CHECK(file_write("empty", "", 0, FILE_PRIVATE, error, sizeof error) && reads("empty", ""));
    size_t len;
    CHECK(file_read("plain", 4, &len, error, sizeof error) == NULL);
    CHECK(strcmp(error, "is larger than 0 KiB") == 0);
    char *whole = file_read("plain", 5, &len, error, sizeof error);
    CHECK(whole != NULL && len == 5);
    free(whole);
    CHECK(!reads("missing", "") && strcmp(error, "cannot be read: No such file or directory") == 0);
}

// Fault: a FIFO in the place of a file stops the plugin until somebody writes into it.
// Expected: it is refused at once and so are devices, sockets and folders, in one sentence.
static void test_other_things(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(mkfifo("fifo", 0600) == 0 && mkdir("folder", 0700) == 0);
    CHECK(s >= 0 && bind(s, (struct sockaddr *)&name, sizeof name) == 0);
    CHECK(symlink("fifo", "link") == 0);
    const char *const others[] = {"fifo", "link", "folder", "socket", "/dev/zero", "/dev/tty"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const char *why = "";
        CHECK(!reads(others[i], "") && strcmp(error, "cannot be read: it is not a file") == 0);
        CHECK(errno == EINVAL);
        CHECK(!file_readable(others[i]));
        CHECK(file_open(others[i], O_WRONLY | O_APPEND, 0, &why) < 0 && why[0] != '\0');
    }
    close(s);
}

static void test_write(void) {
    CHECK(mkfifo("kept.tmp", 0600) == 0); // what lies in the way is taken away, not waited for
    CHECK(file_write("kept", "one", 3, FILE_PRIVATE, error, sizeof error) && reads("kept", "one"));
    CHECK(symlink("plain", "kept.tmp") == 0); // and not followed
    CHECK(file_write("kept", "two", 3, FILE_PRIVATE, error, sizeof error) && reads("kept", "two"));
    CHECK(reads("plain", "hello") && access("kept.tmp", F_OK) != 0);
    CHECK(!file_write("missing/kept", "x", 1, FILE_PRIVATE, error, sizeof error));
    CHECK(strcmp(error, "cannot be written: No such file or directory") == 0);
    CHECK(!file_write("folder", "x", 1, FILE_PRIVATE, error, sizeof error));
    CHECK(access("folder.tmp", F_OK) != 0);
}

static bool disk_fails;
static int synced; // bytes

int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_fsync(int fd) {
    struct stat st;
    CHECK(fstat(fd, &st) == 0);
    synced = (int)st.st_size;
    errno = EIO;
    return disk_fails ? -1 : __real_fsync(fd);
}

// Fault: the power fails after a file was written, and it is there and empty
// Expected: it takes the old one's place only once its bytes are on the disk
static void test_on_disk(void) {
    CHECK(file_write("kept", "one", 3, FILE_PRIVATE, error, sizeof error) && synced == 3);
    disk_fails = true;
    CHECK(!file_write("kept", "twice", 5, FILE_PRIVATE, error, sizeof error) && synced == 5);
    CHECK(strstr(error, "cannot be written: ") != NULL && reads("kept", "one"));
    CHECK(!file_present("kept.tmp"));
    disk_fails = false;
}

// Fault: who can read the plugin's files depends on the umask it is started with.
// Expected: each has the mode it is meant to have.
static void test_modes(void) {
    const mode_t masks[] = {0, 022, 077};
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        mode_t before = umask(masks[i]);
        CHECK(file_write("own", "x", 1, FILE_PRIVATE, error, sizeof error));
        CHECK(file_write("shown", "x", 1, FILE_FOR_PG3, error, sizeof error));
        CHECK(file_folder("own.d", FOLDER_PRIVATE) && file_folder("shown.d", FOLDER_FOR_PG3));
        umask(before);
        CHECK(mode_of("own") == 0600 && mode_of("shown") == 0644);
        CHECK(mode_of("own.d") == 0700 && mode_of("shown.d") == 0755);
        CHECK(rmdir("own.d") == 0 && rmdir("shown.d") == 0);
    }
    CHECK(chmod("folder", 0750) == 0 && file_folder("folder", 0700) && mode_of("folder") == 0750);
    CHECK(!file_folder("missing/folder", 0700) && errno == ENOENT);
}

static void clean(void) {
    const char *const all[] = {"plain", "empty", "fifo", "socket", "link", "kept", "own", "shown"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        unlink(all[i]);
    rmdir("folder");
}

int main(void) {
    if (mkdtemp(root) == NULL || chdir(root) != 0)
        return 1;
    test_read();
    test_other_things();
    test_write();
    test_on_disk();
    test_modes();
    clean();
    CHECK(chdir("/") == 0 && rmdir(root) == 0);
    return check_end();
}
