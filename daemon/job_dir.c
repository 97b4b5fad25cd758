/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* job_dir - what the center keeps of a job's files while they travel */
#include "config.h"

#include "daemon/job_dir.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "model/job_spec.h"

#include "base/banned.h"

int job_dir_path(const struct center *c,
                 uint64_t id,
                 const char *sub,
                 char path[PATH_MAX])
{
    int n = snprintf(path, PATH_MAX, "%s/jobs/%" PRIu64 "%s%s", c->settings->state_dir,
                     id, sub[0] ? "/" : "", sub);

    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int job_dir_file(const struct center *c,
                 uint64_t id,
                 const char *sub,
                 const char *name,
                 char path[PATH_MAX],
                 struct err *err)
{
    char dir[PATH_MAX];
    char *slash;
    int r;

    if (!job_file_name_ok(name))
        return err_set(err, -EINVAL,
                       "'%.80s' is not a file name inside a job's directory", name);
    if (job_dir_path(c, id, sub, dir) < 0 || path_join(path, PATH_MAX, dir, name) < 0)
        return err_set(err, -ENAMETOOLONG, "file name '%.80s' is too long", name);
    slash = strrchr(path, '/');
    *slash = '\0';
    r = path_make_dirs(path, 0700, err);
    *slash = '/';
    return r;
}

static int remove_one(const char *path,
                      const struct stat *st,
                      int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    (void)remove(
        path); /* what stays is removed with the next job of this number: never */
    return 0;
}

static int remove_empty(const char *path,
                        const struct stat *st,
                        int type,
                        struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    if (type == FTW_DP)
        (void)rmdir(path); /* not empty: stays */
    return 0;
}

void job_dir_remove_placed(const struct center *c, uint64_t id)
{
    char path[PATH_MAX];

    if (job_dir_path(c, id, "", path) == 0)
        (void)nftw(path, remove_empty, 16, FTW_DEPTH | FTW_PHYS); /* absent is fine */
}

void job_dir_remove(const struct center *c, uint64_t id)
{
    char path[PATH_MAX];

    if (job_dir_path(c, id, "", path) == 0)
        (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); /* absent is fine */
}
