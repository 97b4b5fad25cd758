/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * staging - inputs on their way from the entry to a foreign host, then the start
 *
 * The host asks: {"t":"get","job","index","offset"}; the holder answers
 * {"t":"data","job", "index","offset","bytes","data"} in pieces of CHUNK bytes, as
 * often as it is asked. Each file is checked against the digest in the spec. Files of
 * one job come one after the other.
 */
#ifndef HOPLUU_DAEMON_STAGING_H
#define HOPLUU_DAEMON_STAGING_H

#include <jansson.h>

#include "daemon/center.h"

#define CHUNK (256u << 10)

int staging_open(struct center *c, struct staging **ret_staging);
void *staging_close(struct staging *s);

/* Fetch what is missing, then engine_glue_start. */
void staging_start(struct staging *s, uint64_t id, uint32_t epoch);
void staging_stop(struct staging *s, uint64_t id);
/* True when it was still staging: it never started, and is handed back. */
bool staging_cancel(struct staging *s, uint64_t id);
void staging_peer_up(struct staging *s, uint32_t center);

void staging_on_get(struct center *c, uint32_t from, const json_t *frame);
void staging_on_data(struct center *c, uint32_t from, const json_t *frame);

#endif
