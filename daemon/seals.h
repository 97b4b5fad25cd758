/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * seals - the center's signature under its journal, and its peers' under that
 *
 * From time to time the journal's size and root are signed with the center's ledger
 * key, written down, and shown to every peer that has such a key too. A peer signs the
 * same text if the center's signature is good and the journal has only grown since it
 * last saw it; that signature is kept beside ours. So a center that changes an old
 * line must find peers who have never seen its journal.
 *
 * What a peer has seen follows from its last answer; a lost message is made good by
 * the next checkpoint, or when the connection is back. Messages: docs/protocol.md 3.5.
 */
#ifndef HOPLUU_DAEMON_SEALS_H
#define HOPLUU_DAEMON_SEALS_H

#include <jansson.h>

#include "daemon/center.h"
#include "ledger/note.h"

#define SEAL_ORIGIN_PREFIX "hopluu/"

/* Also checks that the last signed checkpoint is still the root of its lines. */
int seals_open(struct center *c, struct seals **ret_seals, struct err *err);
void *seals_close(struct seals *s);
/* New settings: the keys of the peers. */
int seals_reload(struct seals *s, struct err *err);

/* Sign now if the journal has grown: 0, -ENOKEY, -EALREADY, -EIO … */
int seals_sign(struct seals *s, struct err *err);

/* The checkpoint as a signed note, with the signatures of all whose keys are known
 * here: 0, -ENOKEY (nobody's), -EMSGSIZE … note [NOTE_CAP]. */
int seals_note(struct seals *s, const struct signed_checkpoint *c, char *note);

/* Our public key in hexadecimal, "" without one. */
const char *seals_key(const struct seals *s);
/* What we have against this center's journal, "" for nothing. */
const char *seals_text(const struct seals *s, uint32_t center);

/* From peers.c. */
void seals_peer_up(struct center *c, uint32_t center);
void seals_on_checkpoint(struct center *c, uint32_t from, const json_t *frame);
void seals_on_seen(struct center *c, uint32_t from, const json_t *frame);
void seals_on_witness(struct center *c, uint32_t from, const json_t *frame);

#endif
