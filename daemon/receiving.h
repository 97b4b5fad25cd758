/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * receiving - outputs of our jobs arrive from their host and go where the user asked
 *
 * Kept under state_dir/jobs/ID/out until whole and checked, then placed: stdout and
 * stderr by the patterns of the script, files/NAME into the working directory. We write
 * into a user's directories only when we are that user; otherwise the files stay in
 * the state directory and the job's note says where.
 */
#ifndef HOPLUU_DAEMON_RECEIVING_H
#define HOPLUU_DAEMON_RECEIVING_H

#include <jansson.h>

#include "daemon/center.h"

void receiving_on_put(struct center *c, uint32_t from, const json_t *frame);

#endif
