/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * upload - --transfer-in: files of the working directory, hashed and brought to
 *          the daemon before the job that names them
 */
#ifndef HOPLUU_COMMAND_UPLOAD_H
#define HOPLUU_COMMAND_UPLOAD_H

#include <stdbool.h>

#include "base/err.h"
#include "base/words.h"
#include "model/job_spec.h"
#include "wire/client.h"

/*
 * Fill s->inputs from names relative to s->work_dir: each must be a plain file of at
 * most TRANSFER_MAX bytes. 0, -errno, -EINVAL, -E2BIG; the text names the file.
 */
int upload_list(struct job_spec *s, const struct words *names, struct err *err);

/*
 * Bring every input to the daemon; what it has already is not sent again. Progress on
 * stderr when `progress` and it takes over two seconds. Returns an exit code; has
 * spoken if not 0.
 */
int upload_all(struct client *c, const struct job_spec *s, bool progress);

#endif
