/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_files - a guest's directories on the file system that all nodes share
 *
 *     SPOOL              0711 ours: nobody lists it
 *     SPOOL/ID.EPOCH     0711 ours
 *       work/ io/        0700 the account's: where it runs; its stdout and stderr
 *       out/             0700 ours: copies of what travels, manifest.json
 *
 * Called in a worker's thread: the file system may be a slow one.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "engine/collect.h"
#include "engine/slurm_int.h"

#include "base/banned.h"

#define DEPTH_MAX 16
#define PASSWD_MAX 65536

static int fail(const char *what, const char *path, struct err *err)
{
    int code = errno;

    return err_set(err, -code, "cannot %s %s: %s", what, path, strerror(code));
}

static int give(const char *path, uid_t uid, gid_t gid, struct err *err)
{
    if (uid == geteuid())
        return 0;
    if (geteuid() != 0)
        return err_set(err, -EPERM,
                       "only root can give %s to another account: hopluud must run as "
                       "root to host other accounts' jobs",
                       path);
    return lchown(path, uid, gid) < 0 ? fail("give away", path, err) : 0;
}

static int make_dir(const char *path, mode_t mode, struct err *err)
{
    if (mkdir(path, mode) < 0 && errno != EEXIST)
        return fail("make", path, err);
    return chmod(path, mode) < 0 ? fail("make", path, err) : 0;
}

static int copy_file(const char *from, const char *to, struct err *err)
{
    _cleanup_(closep) int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    _cleanup_(closep) int out = -1;
    struct stat st;
    ssize_t n = 1;

    if (in < 0 || fstat(in, &st) < 0)
        return fail("read", from, err);
    out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
               st.st_mode & 0700);
    if (out < 0)
        return fail("write", to, err);
    while (n > 0)
        n = copy_file_range(in, NULL, out, NULL, 1u << 30, 0);
    if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP)) {
        char bytes[65536];

        if (lseek(in, 0, SEEK_SET) < 0 || ftruncate(out, 0) < 0)
            return fail("copy", from, err);
        while ((n = read(in, bytes, sizeof(bytes))) > 0)
            if (write(out, bytes, (size_t)n) != n)
                return fail("write", to, err);
    }
    return n < 0 || close(TAKE_FD(out)) < 0 ? fail("write", to, err) : 0;
}

/* Both trees are ours while this runs. */
static int copy_tree(
    const char *from, const char *to, uid_t uid, gid_t gid, int depth, struct err *err)
{
    DIR *d = opendir(from);
    struct dirent *f;
    int r = 0;

    if (!d)
        return fail("read", from, err);
    while (!r && (f = readdir(d))) {
        char a[PATH_MAX];
        char b[PATH_MAX];
        struct stat st;

        if (!strcmp(f->d_name, ".") || !strcmp(f->d_name, ".."))
            continue;
        r = path_join(a, sizeof(a), from, f->d_name);
        if (!r)
            r = path_join(b, sizeof(b), to, f->d_name);
        if (!r && lstat(a, &st) < 0)
            r = fail("read", a, err);
        if (r || depth > DEPTH_MAX)
            break;
        if (S_ISDIR(st.st_mode)) {
            r = make_dir(b, 0700, err);
            if (!r)
                r = copy_tree(a, b, uid, gid, depth + 1, err);
        } else {
            r = copy_file(a, b, err);
        }
        if (!r)
            r = give(b, uid, gid, err);
    }
    (void)closedir(d); /* only read */
    return r;
}

int files_place(
    const char *dir, const char *inputs_dir, uid_t uid, gid_t gid, struct err *err)
{
    static const char *const theirs[] = {"work", "io"};
    char path[PATH_MAX];
    int r;

    files_drop(dir); /* of an order whose answer was lost */
    r = make_dir(dir, 0711, err);
    for (size_t i = 0; i < ARRAY_SIZE(theirs) && !r; i++) {
        r = path_join(path, sizeof(path), dir, theirs[i]);
        if (!r)
            r = make_dir(path, 0700, err);
        if (!r && i == 0 && inputs_dir)
            r = copy_tree(inputs_dir, path, uid, gid, 0, err);
        if (!r)
            r = give(path, uid, gid, err);
    }
    if (r)
        files_drop(dir);
    return r;
}

int files_gather(const char *dir,
                 const char *outputs,
                 bool std_err,
                 const char *account,
                 uint64_t transfer_max,
                 struct buf *note)
{
    char work[PATH_MAX];
    char io[PATH_MAX];
    char out[PATH_MAX];
    char path[PATH_MAX];
    json_t *patterns = json_loads(outputs ? outputs : "[]", 0, NULL);
    struct collect_from from = {.work = work,
                                .streams = io,
                                .out = out,
                                .outputs = patterns,
                                .std_err = std_err,
                                .transfer_max = transfer_max};
    _cleanup_(freep) char *bytes = malloc(PASSWD_MAX);
    _cleanup_(freep) char *text = NULL;
    struct passwd pw;
    struct passwd *found = NULL;
    json_t *files = NULL;
    int r = bytes ? path_join(work, sizeof(work), dir, "work") : -ENOMEM;

    if (!r)
        r = path_join(io, sizeof(io), dir, "io");
    if (!r)
        r = path_join(out, sizeof(out), dir, "out");
    if (!r)
        r = path_join(path, sizeof(path), out, "manifest.json");
    if (!r && (getpwnam_r(account, &pw, bytes, PASSWD_MAX, &found) != 0 || !found))
        r = -ENOENT;
    if (!r && access(path, F_OK) < 0) { /* else gathered in an earlier life */
        from.uid = pw.pw_uid;
        from.gid = pw.pw_gid;
        r = path_make_dirs(out, 0700, NULL);
        if (!r)
            collect_outputs(&from, &files, note);
        text = files ? json_dumps(files, JSON_COMPACT) : NULL;
        r = text ? path_write(path, text, strlen(text), 0600, NULL) : -ENOMEM;
    }
    json_decref(files);
    json_decref(patterns);
    if (r)
        buf_printf(note, "%soutputs cannot be gathered: %s", note->len ? "; " : "",
                   strerror(-r));
    return r;
}

/* Descends by descriptor and follows no link: the account owned what is below. */
static void remove_below(int parent, const char *name, int depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *f;

    if (!d) {
        closep(&fd);
        return;
    }
    while (depth < 256 && (f = readdir(d))) {
        if (!strcmp(f->d_name, ".") || !strcmp(f->d_name, ".."))
            continue;
        if (unlinkat(fd, f->d_name, 0) < 0 && errno == EISDIR)
            remove_below(fd, f->d_name, depth + 1);
    }
    (void)closedir(d);                          /* only read */
    (void)unlinkat(parent, name, AT_REMOVEDIR); /* what stays, the administrator sees */
}

void files_drop(const char *dir)
{
    remove_below(AT_FDCWD, dir, 0);
}
