/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * chain - a journal in which nothing can be changed, dropped or moved unseen
 *
 * One canonical JSON line per transaction: members in alphabetical order, integers, no
 * blanks; `seq` counts without a gap, `prev` is the SHA-256 of the line before (without
 * its newline), in hexadecimal; zeros for the first. Format: docs/accounting.md.
 */
#ifndef HOPLUU_LEDGER_CHAIN_H
#define HOPLUU_LEDGER_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ledger/act.h"
#include "ledger/merkle.h"
#include "model/posting.h"

#define ORIGIN_CAP 96           /* "hopluu/hanoi" */
#define CHECKPOINT_TEXT_CAP 256 /* three lines */
#define CHECKPOINT_ROOT_TEXT 44 /* base64 of 32 bytes */

struct chain {
    uint64_t seq;     /* of the next line */
    struct hash prev; /* of the last one */
};

/*
 * Write the line of one transaction, with the chain's seq and prev, and go on.
 *
 * p       [n] its steps in order, 1 to TXN_POSTINGS_MAX; job, epoch, time, name and raw
 *         figures are those of p[0]
 * line    [cap] NUL-terminated, without newline; LINE_MAX_BYTES + 1 is always enough
 *
 * 0, -EMSGSIZE, -EINVAL (no steps, too many, an amount below zero), -ENOMEM; the chain
 * has not moved then.
 */
int chain_write(struct chain *c,
                const struct posting *p,
                size_t n,
                char *line,
                size_t cap,
                size_t *ret_n);

/*
 * The same for a decision, with the steps that it takes at once; n may be 0.
 *
 * 0, and what chain_write answers.
 */
int chain_write_act(struct chain *c,
                    const struct act *act,
                    struct wall at,
                    const struct posting *p,
                    size_t n,
                    char *line,
                    size_t cap,
                    size_t *ret_n);

/*
 * Check that a line (ours or another journal's of this form) is the next one, and go
 * on.
 *
 * 0, -EBADMSG (text: which line and what is wrong), -EMSGSIZE, -ENOMEM.
 */
int chain_follow(struct chain *c, const char *line, size_t n, struct err *err);

/*
 * The steps of a line, as chain_write was given them; only the canonical form passes. A
 * line that carries a decision alone has none.
 *
 * p   [TXN_POSTINGS_MAX], *ret_n of them written
 *
 * 0, -EBADMSG (text: what is wrong where).
 */
int line_read(
    const char *line, size_t len, struct posting *p, size_t *ret_n, struct err *err);

/*
 * The same, with the decision that the line carries (act->n 0: none; then there are
 * steps). line_read leaves it out. *ret_at: when.
 */
int line_read_act(const char *line,
                  size_t len,
                  struct act *act,
                  struct wall *ret_at,
                  struct posting *p,
                  size_t *ret_n,
                  struct err *err);

/* "ORIGIN\nSIZE\nROOT in base64\n": what a center signs. 0, -EMSGSIZE, -ENOMEM. */
int checkpoint_write(const struct merkle *m,
                     const char *origin,
                     char *text,
                     size_t cap);

struct checkpoint {
    char origin[ORIGIN_CAP];
    uint64_t size;
    struct hash root;
};
/* 0, -EBADMSG (text). */
int checkpoint_read(const char *text, struct checkpoint *ret_point, struct err *err);

#endif
