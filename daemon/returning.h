/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * returning - outputs on their way from the host to the entry
 *
 * The engine leaves them in a directory with manifest.json. The host sends
 * {"t":"put","job","name","offset","bytes","sha256","mode","data"}, the holder answers
 * {"t":"put_ack","job","name","next"} (or "error"); one file after the other, resumed
 * at the offset that the holder names. {"t":"put","job","end":true} closes the job's
 * files.
 */
#ifndef HOPLUU_DAEMON_RETURNING_H
#define HOPLUU_DAEMON_RETURNING_H

#include <jansson.h>

#include "daemon/center.h"

int returning_open(struct center *c, struct returning **ret_returning);
void *returning_close(struct returning *r);

/* The engine's word where a job's output lies; kept until returning_forget. */
void returning_expect(struct returning *r, uint64_t id, const char *dir);
void returning_start(struct returning *r, uint64_t id, uint32_t holder);
void returning_forget(struct returning *r, uint64_t id);
void returning_peer_up(struct returning *r, uint32_t center);

void returning_on_ack(struct center *c, uint32_t from, const json_t *frame);

#endif
