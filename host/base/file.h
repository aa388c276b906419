// Files: regular ones only, opened without ever waiting; and who may read what the plugin writes.
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// Who may read what the plugin writes, whatever the umask it was started with. The program itself
// runs with umask 077; only what PG3's account has to read is opened wider, with no secret in it:
// logs/debug.log with its folder (PG3's page shows it) and profile/ (PG3 uploads it to the ISY).
// All else is private: rotated logs, copies of the user's scripts, their folders.
enum {
    FILE_PRIVATE = 0600,
    FOLDER_PRIVATE = 0700,
    FILE_FOR_PG3 = 0644,
    FOLDER_FOR_PG3 = 0755,
};

// Opens a file with open(2)'s `flags` and, if it is made, `mode`. A FIFO, device, socket or folder
// in its place is refused and never waited for. The descriptor is closed on exec. -1: `*why` says
// what is wrong, to be put into a sentence; it lives until the next call of strerror. errno is
// EINVAL for what is no file.
int file_open(const char *path, int flags, mode_t mode, const char **why);

// Whether it is a file that can be read.
bool file_readable(const char *path);
// Whether it is a file, also one that cannot be read now: who reads it says why.
bool file_present(const char *path);
// Whether a failure (errno) says that there is nothing of that name, or a link to nothing.
bool file_absent(int error);
// Whether it says nothing about what is there: no descriptor is left, for example.
bool file_unknown(int error);

// Reads a file of at most `max` bytes. The caller frees the text, which has a NUL behind its `*len`
// bytes. NULL: `*len` is 0, and `error` says "cannot be read: why" or "is larger than N KiB", to
// follow a name; errno is that of the failure, EFBIG for the size.
char *file_read(const char *path, size_t max, size_t *len, char *error, size_t size);

// Has what is open closed on exec, and never wait. False: errno says why not.
bool file_set_flags(int fd);

// Writes all of it to what is open. False: errno says why not. For signal handlers, too.
bool file_write_all(int fd, const char *data, size_t len);

// Writes a file in one step, through PATH.tmp: a reader sees the old one or the new one, also after
// the power has failed. False: `error` says "cannot be written: why"; the old one is then as it
// was.
bool file_write(const char *path, const void *data, size_t len, mode_t mode, char *error,
                size_t size);

// Makes a folder, with exactly this mode; one that is there already stays as it is. False: errno
// says why it is not there.
bool file_folder(const char *path, mode_t mode);

#endif
