/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * batch_submit - fbatch's conversation with the daemon: upload, submit once, follow
 */
#ifndef HOPLUU_COMMAND_BATCH_SUBMIT_H
#define HOPLUU_COMMAND_BATCH_SUBMIT_H

#include "command/batch.h"

/*
 * Everything from a settled batch on; prints and returns the exit code of fbatch.
 *
 * A submission whose connection broke before its answer came is asked once more:
 * its client_token makes both the same job.
 */
int batch_submit(const struct batch *b);

#endif
