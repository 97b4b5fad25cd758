/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * noded_account - whom it may run as, and what belongs to whom
 *
 * Without root a node daemon runs jobs as itself only. With root it runs them as the
 * account that the center maps, never as root or a system account.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/words.h"
#include "daemon/noded.h"

#include "base/banned.h"

#define DEPTH_MAX 256

int account_find(const struct noded_conf *c,
                 const char *name,
                 uid_t *ret_uid,
                 gid_t *ret_gid,
                 char home[PATH_MAX],
                 struct err *err)
{
    const struct passwd *pw;

    if (!word_is_name(name, NAME_CAP - 1))
        return err_set(err, -EINVAL, "\"%s\" is not the name of an account", name);
    errno = 0;
    pw = getpwnam(name);
    if (!pw)
        return err_set(err, -ENOENT, "node %s has no account \"%s\"", c->name, name);
    if (pw->pw_uid == 0)
        return err_set(err, -EPERM, "jobs never run as root (account \"%s\")", name);
    if (geteuid() != 0 && pw->pw_uid != geteuid())
        return err_set(err, -EPERM,
                       "node %s runs without root, as uid %u: it cannot run jobs of "
                       "account \"%s\" (uid %u)",
                       c->name, (unsigned)geteuid(), name, (unsigned)pw->pw_uid);
    if (geteuid() == 0 && pw->pw_uid < c->min_uid)
        return err_set(
            err, -EPERM,
            "\"%s\" (uid %u) is a system account: node %s runs jobs from uid "
            "%u on",
            name, (unsigned)pw->pw_uid, c->name, c->min_uid);
    if (!word_copy(home, PATH_MAX, pw->pw_dir ? pw->pw_dir : "/"))
        return err_set(err, -ENAMETOOLONG, "home of \"%s\" is too long", name);
    *ret_uid = pw->pw_uid;
    *ret_gid = pw->pw_gid;
    return 0;
}

int account_dir(const char *path, uid_t uid, gid_t gid, struct err *err)
{
    if (mkdir(path, 0700) < 0 || (geteuid() == 0 && lchown(path, uid, gid) < 0))
        return err_set(err, -errno, "cannot make %s: %s", path, strerror(errno));
    return 0;
}

static void remove_below(int dir, int depth)
{
    struct dirent *e;
    DIR *d = fdopendir(dir);

    if (!d) {
        (void)close(dir); /* the caller's rmdir tells */
        return;
    }
    while ((e = readdir(d))) {
        int sub;

        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        if (unlinkat(dirfd(d), e->d_name, 0) == 0)
            continue;
        sub = openat(dirfd(d), e->d_name,
                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (sub < 0)
            continue;
        (void)fchmod(sub, 0700); /* the user may have closed it */
        if (depth < DEPTH_MAX)
            remove_below(sub, depth + 1);
        else
            (void)close(sub);
        (void)unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR); /* logged by the top */
    }
    (void)closedir(d); /* only read */
}

void dir_remove(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0)
        remove_below(fd, 0);
    (void)rmdir(path); /* what stays is found at the next start */
}
