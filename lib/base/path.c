/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* path - whole files in and out, and who else could touch them */
#include "config.h"

#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/words.h"

#include "base/banned.h"

int path_join(char *dst, size_t cap, const char *dir, const char *name)
{
    int n = name[0] == '/' ? snprintf(dst, cap, "%s", name)
                           : snprintf(dst, cap, "%s/%s", dir, name);

    return n < 0 || (size_t)n >= cap ? -ENAMETOOLONG : 0;
}

static int fail(struct err *err, const char *doing, const char *path)
{
    int e = errno;

    return err_set(err, -e, "cannot %s %s: %s", doing, path, strerror(e));
}

int path_read(const char *path, struct buf *b, struct err *err)
{
    _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return fail(err, "read", path);
    for (;;) {
        size_t want = 65536;
        char *at = buf_reserve(b, want);

        /* Near the ceiling take what is left, and one byte more to find out. */
        if (!at && b->err == -ENOBUFS && b->len <= b->max) {
            want = b->max - b->len;
            b->err = 0;
            at = want ? buf_reserve(b, want) : NULL;
            if (!at) {
                char extra;

                n = read(fd, &extra, 1);
                if (n == 0)
                    return 0;
                b->err = -ENOBUFS;
            }
        }
        if (!at)
            return err_set(err, b->err,
                           "%s is larger than %zu bytes, the most that is read", path,
                           b->max);
        n = read(fd, at, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(err, "read", path);
        if (n == 0)
            return 0;
        b->len += (size_t)n;
        b->data[b->len] = '\0';
    }
}

static int write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t m = write(fd, p, n);

        if (m < 0 && errno == EINTR)
            continue;
        if (m < 0)
            return -1;
        p += m;
        n -= (size_t)m;
    }
    return 0;
}

static int sync_dir_of(const char *path)
{
    char dir[PATH_MAX];
    char *slash;

    if (!word_copy(dir, sizeof(dir), path))
        return -1;
    slash = strrchr(dir, '/');
    if (slash)
        slash[slash == dir] = '\0';

    _cleanup_(closep) int fd =
        open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? -1 : fsync(fd);
}

int path_write(
    const char *path, const void *bytes, size_t n, mode_t mode, struct err *err)
{
    char tmp[PATH_MAX];
    int m = snprintf(tmp, sizeof(tmp), "%s.new.%d", path, (int)getpid());

    if (m < 0 || (size_t)m >= sizeof(tmp))
        return err_set(err, -ENAMETOOLONG, "path is too long: %.80s…", path);
    (void)unlink(tmp); /* left by a process that died; O_EXCL below decides */

    _cleanup_(closep) int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (fd < 0)
        return fail(err, "create", tmp);
    if (write_all(fd, bytes, n) < 0 || fsync(fd) < 0 || rename(tmp, path) < 0
        || sync_dir_of(path) < 0) {
        int r = fail(err, "write", path);

        (void)unlink(tmp);
        return r;
    }
    return 0;
}

int path_make_dirs(const char *path, mode_t mode, struct err *err)
{
    char at[PATH_MAX];

    if (!word_copy(at, sizeof(at), path))
        return err_set(err, -ENAMETOOLONG, "path is too long: %.80s…", path);
    for (char *p = at + 1;; p++) {
        char c = *p;

        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        if (mkdir(at, mode) < 0 && errno != EEXIST)
            return fail(err, "create directory", at);
        *p = c;
        if (c == '\0')
            return 0;
    }
}

int path_check_private(const char *path, mode_t forbid, struct err *err)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return fail(err, "look at", path);
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return err_set(err, -EPERM,
                       "%s belongs to uid %u: it must belong to uid %u or root", path,
                       (unsigned)st.st_uid, (unsigned)geteuid());
    if (st.st_mode & forbid)
        return err_set(err, -EPERM, "%s has mode %04o, open to others: chmod %04o %s",
                       path, (unsigned)(st.st_mode & 07777),
                       (unsigned)(st.st_mode & 07777 & ~forbid), path);
    return 0;
}
