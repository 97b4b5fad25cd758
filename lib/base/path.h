/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * path - whole files in and out, and who else could touch them
 */
#ifndef HOPLUU_BASE_PATH_H
#define HOPLUU_BASE_PATH_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* "dir/name" into dst[cap]: 0 or -ENAMETOOLONG. An absolute name stands alone. */
int path_join(char *dst, size_t cap, const char *dir, const char *name);

/* Append a file's bytes to b (whose ceiling holds): 0, -errno, or b->err. */
int path_read(const char *path, struct buf *b, struct err *err);

/*
 * Write a whole file beside `path`, fsync it, rename it into place, fsync the
 * directory: readers see the old file or the new one. 0 or -errno.
 */
int path_write(
    const char *path, const void *bytes, size_t n, mode_t mode, struct err *err);

/* mkdir -p with `mode` for the directories that were not there. 0 or -errno. */
int path_make_dirs(const char *path, mode_t mode, struct err *err);

/*
 * Keys, configuration and state: owned by us or root, and not open to others.
 *
 * forbid   mode bits that must not be set (077 for a key, 022 for configuration)
 *
 * Returns 0, -errno, or -EPERM with what to change.
 */
int path_check_private(const char *path, mode_t forbid, struct err *err);

#endif
