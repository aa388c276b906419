#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_open(const char *path, int flags, mode_t mode, const char **why) {
    struct stat st;
    // O_NONBLOCK: or a FIFO would wait for its other end. On a regular file it changes nothing.
    int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, mode);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        return fd;
    }
    // ENXIO: a FIFO without a reader; EOPNOTSUPP: FreeBSD's for a socket.
    bool other = fd >= 0 || errno == ENXIO || errno == EISDIR || errno == EOPNOTSUPP;
    *why = other ? "it is not a file" : strerror(errno);
    int saved = other ? EINVAL : errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = saved;
    return -1;
}

bool file_absent(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

bool file_unknown(int error) { return !file_absent(error) && error != EINVAL && error != EFBIG; }

bool file_readable(const char *path) {
    const char *why;
    int fd = file_open(path, O_RDONLY, 0, &why);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

bool file_present(const char *path) { return file_readable(path) || file_unknown(errno); }

// Reads until the end or until `size` bytes are there. False: errno says why.
static bool read_all(int fd, char *text, size_t size, size_t *len) {
    *len = 0;
    while (*len < size) {
        ssize_t got = read(fd, text + *len, size - *len);
        if (got == 0) {
            return true;
        }
        if (got < 0 && errno != EINTR) {
            return false;
        }
        *len += got > 0 ? (size_t)got : 0;
    }
    return true;
}

// The bytes to set aside for a file that is `size` bytes long now, which may grow meanwhile.
static size_t room_for(int fd, size_t max) {
    struct stat st;
    bool known = fstat(fd, &st) == 0 && st.st_size >= 0 && (size_t)st.st_size < max;
    return (known ? (size_t)st.st_size : max) + 1;
}

char *file_read(const char *path, size_t max, size_t *len, char *error, size_t size) {
    const char *why = "";
    int fd = file_open(path, O_RDONLY, 0, &why);
    *len = 0;
    if (fd < 0) {
        snprintf(error, size, "cannot be read: %s", why);
        return NULL;
    }
    size_t room = room_for(fd, max), got = 0;
    char *text = malloc(room + 1);
    bool ok = text != NULL && read_all(fd, text, room, &got);
    int failure = ok ? EFBIG : text != NULL ? errno : ENOMEM;
    close(fd);
    if (ok && got <= max) {
        text[got] = '\0';
        *len = got;
        return text;
    }
    if (ok) {
        snprintf(error, size, "is larger than %zu KiB", max / 1024);
    } else {
        snprintf(error, size, "cannot be read: %s", strerror(failure));
    }
    free(text);
    errno = failure;
    return NULL;
}

bool file_set_flags(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

bool file_write_all(int fd, const char *data, size_t len) {
    while (len > 0) {
        ssize_t done = write(fd, data, len);
        if (done < 0 && errno != EINTR) {
            return false;
        }
        if (done > 0) {
            data += done;
            len -= (size_t)done;
        }
    }
    return true;
}

bool file_write(const char *path, const void *data, size_t len, mode_t mode, char *error,
                size_t size) {
    char fresh[1100];
    int named = snprintf(fresh, sizeof fresh, "%s.tmp", path);
    if (named < 0 || (size_t)named >= sizeof fresh) {
        snprintf(error, size, "cannot be written: %s", strerror(ENAMETOOLONG));
        return false;
    }
    unlink(fresh); // of an earlier run; with O_EXCL nothing that lies there is written into
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    bool ok = fd >= 0 && file_write_all(fd, data, len) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    int failure = ok ? 0 : errno;
    if (fd >= 0 && close(fd) != 0 && failure == 0) {
        failure = errno;
    }
    if (failure == 0 && rename(fresh, path) != 0) {
        failure = errno;
    }
    if (failure != 0) {
        snprintf(error, size, "cannot be written: %s", strerror(failure));
        if (fd >= 0) {
            unlink(fresh);
        }
    }
    return failure == 0;
}

bool file_folder(const char *path, mode_t mode) {
    if (mkdir(path, mode) == 0) {
        return chmod(path, mode) == 0; // past the umask
    }
    return errno == EEXIST;
}
