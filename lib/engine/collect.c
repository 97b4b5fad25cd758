/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* collect - what the user wants back, copied out of the work directory */
#include "config.h"

#include "engine/collect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/words.h"
#include "model/job_spec.h"
#include "model/name.h"
#include "wire/digest.h"

#include "base/banned.h"

#define DEPTH_MAX 16

struct collect {
    const struct collect_from *p;
    json_t *files;
    struct buf *note;
    size_t matched; /* by the pattern in hand */
};

static void complain(struct collect *c, const char *name, const char *why)
{
    buf_printf(c->note, "%s%s: %s", c->note->len ? "; " : "", name, why);
}

/* Only root can change, and only what this thread may open: the answer is checked
 * where it matters, at open. */
static void rights(const struct collect_from *p, bool user)
{
    if (getuid() != 0 || p->uid == 0)
        return;
    if (user) {
        (void)setfsgid(p->gid);
        (void)setfsuid(p->uid);
        if ((uid_t)setfsuid((uid_t)-1) != p->uid) /* asks: -1 is never set */
            _exit(126);
    } else {
        (void)setfsuid(0);
        (void)setfsgid(0);
    }
}

static bool listed(const struct collect *c, const char *name)
{
    size_t i;
    json_t *f;

    json_array_foreach(c->files, i,
                       f) if (!strcmp(json_string_value(json_object_get(f, "name")),
                                      name)) return true;
    return false;
}

/* Copy fd to path, at most `max` bytes. 0, -EFBIG, -errno. */
static int copy(int fd, const char *path, uint64_t max, mode_t mode)
{
    _cleanup_(closep) int to =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    uint64_t done = 0;
    char bytes[65536];
    ssize_t n;

    if (to < 0)
        return -errno;
    while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
        done += (uint64_t)n;
        if (done > max)
            return -EFBIG;
        for (ssize_t at = 0; at < n;) {
            ssize_t w = write(to, bytes + at, (size_t)(n - at));

            if (w < 0 && errno != EINTR)
                return -errno;
            at += w < 0 ? 0 : w;
        }
    }
    if (n < 0 || fchmod(to, mode & 0700) < 0 || close(TAKE_FD(to)) < 0)
        return -errno;
    return 0;
}

static void list(struct collect *c, const char *name, mode_t mode)
{
    char path[PATH_MAX];
    char hex[DIGEST_CAP];
    struct err err = {0};
    uint64_t bytes;
    int r = path_join(path, sizeof(path), c->p->out, name);

    if (!r)
        r = digest_file(path, hex, &bytes, &err);
    if (!r && bytes > c->p->transfer_max)
        r = err_set(&err, -EFBIG, "%llu bytes, more than the %llu a file may have",
                    (unsigned long long)bytes, (unsigned long long)c->p->transfer_max);
    if (r) {
        complain(c, name, err_text(&err, r));
        return;
    }
    (void)json_array_append_new(/* no memory: the file is not listed */
                                c->files,
                                json_pack("{s:s, s:I, s:s, s:i}", "name", name, "bytes",
                                          (json_int_t)bytes, "sha256", hex, "mode",
                                          (int)(mode & 0777)));
}

static void take(struct collect *c, int dir, const char *last, const char *listed_as)
{
    const char *name = !strncmp(listed_as, "files/", 6) ? listed_as + 6 : listed_as;
    _cleanup_(closep) int fd = -1;
    char to[PATH_MAX];
    struct err err = {0};
    struct stat st;
    int r;

    if (listed(c, listed_as))
        return;
    fd = openat(dir, last, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0) {
        complain(c, name, errno == ELOOP ? "is a symbolic link" : strerror(errno));
        return;
    }
    if (!S_ISREG(st.st_mode)) {
        complain(c, name, "is not a regular file");
        return;
    }
    if ((uint64_t)st.st_size > c->p->transfer_max) {
        (void)err_set(&err, -EFBIG, "%lld bytes, more than the %llu a file may have",
                      (long long)st.st_size, (unsigned long long)c->p->transfer_max);
        complain(c, name, err.text);
        return;
    }
    if (json_array_size(c->files) >= JOB_FILES_MAX) {
        complain(c, name, "more files than may travel");
        return;
    }
    if (path_join(to, sizeof(to), c->p->out, listed_as))
        return;
    rights(c->p, false);
    *strrchr(to, '/') = '\0';
    r = path_make_dirs(to, 0700, &err);
    if (!r) {
        (void)path_join(to, sizeof(to), c->p->out, listed_as); /* fitted before */
        r = copy(fd, to, c->p->transfer_max, st.st_mode);
    }
    if (r)
        complain(c, name, err_text(&err, r));
    else
        list(c, listed_as, st.st_mode);
    rights(c->p, true);
}

/* Match one segment of the pattern after the other, never leaving the directory. */
static void match(
    struct collect *c, int dir, const char *prefix, const char *pattern, int depth)
{
    const char *slash = strchr(pattern, '/');
    char segment[NAME_MAX + 1];
    struct dirent *e;
    int copyfd;
    DIR *d;

    if (depth > DEPTH_MAX
        || snprintf(segment, sizeof(segment), "%.*s",
                    slash ? (int)(slash - pattern) : NAME_MAX, pattern)
               > NAME_MAX)
        return;
    copyfd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    d = copyfd < 0 ? NULL : fdopendir(copyfd);
    if (!d) {
        closep(&copyfd);
        return;
    }
    while ((e = readdir(d))) {
        char name[PATH_MAX];

        if (fnmatch(segment, e->d_name, FNM_PERIOD) || !strcmp(e->d_name, ".")
            || !strcmp(e->d_name, "..")
            || snprintf(name, sizeof(name), "%s%s", prefix, e->d_name)
                   >= (int)sizeof(name) - 2)
            continue;
        if (!slash) {
            char listed_as[PATH_MAX + 8];

            c->matched++;
            (void)snprintf(listed_as, sizeof(listed_as), "files/%s", name);
            take(c, dir, e->d_name, listed_as);
        } else {
            _cleanup_(closep) int sub =
                openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            size_t n = strlen(name);

            name[n] = '/';
            name[n + 1] = '\0';
            if (sub >= 0)
                match(c, sub, name, slash + 1, depth + 1);
        }
    }
    (void)closedir(d); /* only read */
}

/* They are the user's files where another program wrote them. */
static void streams(struct collect *c)
{
    _cleanup_(closep) int dir = -1;

    rights(c->p, true);
    dir = open(c->p->streams, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (dir < 0) {
        complain(c, "the job's output", strerror(errno));
    } else {
        take(c, dir, COLLECT_OUT, COLLECT_OUT);
        if (c->p->std_err)
            take(c, dir, COLLECT_ERR, COLLECT_ERR);
    }
    rights(c->p, false);
}

void collect_outputs(const struct collect_from *p, json_t **ret_files, struct buf *note)
{
    struct collect c = {.p = p, .files = json_array(), .note = note};
    _cleanup_(closep) int work = -1;
    size_t i;
    json_t *one;

    *ret_files = c.files;
    if (!c.files || !p->out)
        return;
    if (p->streams) {
        streams(&c);
    } else {
        list(&c, COLLECT_OUT, 0600);
        if (p->std_err)
            list(&c, COLLECT_ERR, 0600);
    }
    if (!p->work)
        return;
    rights(p, true);
    work = open(p->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (work < 0)
        complain(&c, "the work directory", strerror(errno));
    json_array_foreach(p->outputs, i, one)
    {
        const char *pattern = json_string_value(one);

        if (work < 0 || !pattern)
            continue;
        c.matched = 0;
        if (job_file_name_ok(pattern))
            match(&c, work, "", pattern, 0);
        if (c.matched == 0)
            complain(&c, pattern, "no such file");
    }
    rights(p, false);
}
