/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * chain - a journal in which nothing can be changed, dropped or moved unseen
 *
 * One canonical JSON line per posting: members in alphabetical order, integers, no
 * blanks; `seq` counts without a gap, `prev` is the SHA-256 of the line before (without
 * its newline), in hexadecimal; zeros for the first.
 */
#ifndef HOPLUU_LEDGER_CHAIN_H
#define HOPLUU_LEDGER_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ledger/merkle.h"
#include "model/posting.h"

struct chain {
    uint64_t seq;     /* of the next line */
    struct hash prev; /* of the last one */
};

/*
 * Write the posting's line, with the chain's seq and prev, and go on to the next.
 *
 * line    [cap] NUL-terminated, without newline; LINE_MAX_BYTES + 1 is always enough
 *
 * 0, -EMSGSIZE, -ENOMEM; the chain has not moved then.
 */
int chain_write(
    struct chain *c, const struct posting *p, char *line, size_t cap, size_t *ret_n);

/*
 * Check that a line (ours or another journal's of this form) is the next one, and go
 * on.
 *
 * 0, -EBADMSG (text: which line and what is wrong), -EMSGSIZE, -ENOMEM.
 */
int chain_follow(struct chain *c, const char *line, size_t n, struct err *err);

/* "ORIGIN\nSIZE\nROOT in base64\n": what a center signs. 0, -EMSGSIZE, -ENOMEM. */
int checkpoint_write(const struct merkle *m,
                     const char *origin,
                     char *text,
                     size_t cap);

#endif
