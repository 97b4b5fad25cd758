/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * proof - that many lines are in one journal, together
 *
 * Of a Merkle tree (ledger/merkle.h) and some of its leaves: the roots of the largest
 * subtrees that hold none of them, from left to right. With the leaves themselves they
 * make the root; lines that stand next to each other share nearly everything.
 */
#ifndef HOPLUU_REPORT_PROOF_H
#define HOPLUU_REPORT_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/merkle.h"

struct hashes {
    struct hash *v;
    size_t n;
    size_t cap;
};
int hashes_add(struct hashes *x, const struct hash *h); /* 0, -ENOMEM */
void hashes_release(struct hashes *x);

/* Leaf after leaf, said whether it is one of ours. */
struct prover;
struct prover *prover_new(void); /* NULL = no memory */
void *prover_free(struct prover *p);
int prover_add(struct prover *p, const struct hash *leaf, bool ours); /* 0, -ENOMEM */
/* Once. The root, and the proof (caller releases). 0, -ENOMEM. */
int prover_end(struct prover *p, struct hash *ret_root, struct hashes *ret_proof);

/*
 * index    [n] ascending, of our leaves
 * leaves   [n]
 *
 * 0; -EBADMSG: the proof is too short or too long, or an index is not below size.
 */
int proof_root(uint64_t size,
               const uint64_t *index,
               const struct hash *leaves,
               size_t n,
               const struct hashes *proof,
               struct hash *ret_root);

#endif
