/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * peers - the other centers: connections, hello, what may be said when
 *
 *   state of a connection   may be received
 *   greeting                hello
 *   open                    supply, job, put, put_ack, get, data, ask, answer,
 *                           checkpoint, checkpoint_seen, witness, bye
 *
 * hello shows the versions of the protocol that are spoken, center number and the
 * digest of the agreement: the connection opens only where both sides' digests agree.
 * Of two connections to the same center the one that the lower center number dialled
 * stays.
 */
#ifndef HOPLUU_DAEMON_PEERS_H
#define HOPLUU_DAEMON_PEERS_H

#include <jansson.h>

#include "daemon/center.h"
#include "daemon/users.h"

#define PEER_PROTOCOL 1        /* the newest that we speak */
#define PEER_PROTOCOL_OLDEST 1 /* … and the oldest: docs/protocol.md 3.6 */

int peers_open(struct center *c, struct peers **ret_peers, struct err *err);
void *peers_close(struct peers *p);
/* New settings: new peers are dialled, removed ones closed, changed agreements greeted
 * again. */
int peers_reload(struct peers *p, struct err *err);

/* 0, -ENOTCONN, -EAGAIN. Borrows the frame. */
int peers_send(struct peers *p, uint32_t center, json_t *frame);
void peers_supply_changed(struct peers *p);
/* The public key of its journal in hexadecimal, as it said hello with; "" = none. */
const char *peers_ledger_key(const struct peers *p, uint32_t center);
/* Why a center is not connected, "" when it is. */
const char *peers_text(const struct peers *p, uint32_t center);

/* Pass a question on to the job's entry: 1 (its answer comes under the ticket), or
 * -EHOSTUNREACH, -ENOENT. */
int peers_pass_on(struct ask *a, uint32_t center, struct err *err);

#endif
