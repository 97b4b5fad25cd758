/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * blobs - inputs that users have uploaded, until a job takes them
 *
 * state_dir/blobs/UID/SHA256: content-addressed, per user, so that nobody reaches
 * another's file by its digest. A part that is not whole yet ends in ".part".
 */
#ifndef HOPLUU_DAEMON_BLOBS_H
#define HOPLUU_DAEMON_BLOBS_H

#include <limits.h>
#include <sys/types.h>

#include "daemon/center.h"
#include "model/job_spec.h"

#define BLOB_KEEP_S (7 * 86400) /* unused for so long: removed */

/* Every input that the spec names has been uploaded whole: 0, -ENOENT with the name. */
int blobs_check(struct center *c,
                uid_t uid,
                const struct job_spec *spec,
                struct err *err);

/* 0 or -ENAMETOOLONG, -EINVAL (not a digest). */
int blob_path(const struct center *c,
              uid_t uid,
              const char *sha256,
              char path[PATH_MAX]);

/* Remove what nobody used for BLOB_KEEP_S. */
void blobs_trim(struct center *c);

#endif
