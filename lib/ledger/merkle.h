/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * merkle - one hash that stands for all lines of a journal, and short proofs that a
 *          line is among them and that a later tree has only added to an earlier one
 *
 * leaf = SHA-256(0x00 ‖ line), node = SHA-256(0x01 ‖ left ‖ right). The left part of a
 * tree of n lines is the largest power of two below n.
 * Source: RFC 6962, 2.1; checks of proofs as in RFC 9162, 2.1.3.2 and 2.1.4.2.
 */
#ifndef HOPLUU_LEDGER_MERKLE_H
#define HOPLUU_LEDGER_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define LINE_MAX_BYTES 8192 /* of a journal, without its newline */
#define PROOF_MAX 65        /* hashes in a proof */
#define HASH_TEXT_CAP 65

struct hash {
    uint8_t b[32];
};

/* 0, -EMSGSIZE (longer than LINE_MAX_BYTES), -ENOMEM. */
int hash_line(const char *line, size_t n, struct hash *ret_hash); /* plain SHA-256 */
int merkle_leaf(const char *line, size_t n, struct hash *ret_hash);
int merkle_node(const struct hash *l, const struct hash *r, struct hash *ret_hash);

/* Hexadecimal; text [HASH_TEXT_CAP]; returns text. */
char *hash_text(const struct hash *h, char *text);

/* The tree so far, without its leaves: one root per bit of n. {0} is empty. */
struct merkle {
    uint64_t n;
    struct hash peaks[64];
};

/* 0 or -ENOMEM (nothing was added). */
int merkle_add(struct merkle *m, const struct hash *leaf);
/*
 * The same, telling the full subtrees that this leaf completes.
 *
 * full   [64]; full[h] is the root of the last 2^h leaves, for h = 0 to *ret_top
 */
int merkle_add_full(struct merkle *m,
                    const struct hash *leaf,
                    struct hash *full,
                    unsigned *ret_top);
/* Of no lines: SHA-256 of nothing. 0, -ENOMEM. */
int merkle_root(const struct merkle *m, struct hash *ret_root);

/*
 * The siblings on the way from leaf `index` up to the root of leaves[n].
 *
 * proof   [PROOF_MAX], ret_n of them written
 *
 * 0, -ERANGE (no such leaf), -ENOMEM.
 */
int merkle_prove(const struct hash *leaves,
                 size_t n,
                 size_t index,
                 struct hash *proof,
                 size_t *ret_n);

/* Is `leaf` number `index` of the n under `root`? 0, -EBADMSG, -ENOMEM. */
int merkle_check(const struct hash *leaf,
                 uint64_t index,
                 uint64_t n,
                 const struct hash *proof,
                 size_t n_proof,
                 const struct hash *root);

/* That the tree of leaves[n] starts with the `old` first of them. 0, -ERANGE, -ENOMEM.
 */
int merkle_prove_grown(
    const struct hash *leaves, size_t n, size_t old, struct hash *proof, size_t *ret_n);
/* 0, -EBADMSG, -ENOMEM. */
int merkle_check_grown(uint64_t old,
                       const struct hash *old_root,
                       uint64_t n,
                       const struct hash *root,
                       const struct hash *proof,
                       size_t n_proof);

#endif
