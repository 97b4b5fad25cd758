/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* proof - that many lines are in one journal, together */
#include "config.h"

#include "report/proof.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

int hashes_add(struct hashes *x, const struct hash *h)
{
    if (x->n == x->cap) {
        size_t cap = x->cap ? x->cap + x->cap / 2 : 16;
        struct hash *v = reallocarray(x->v, cap, sizeof(*v));

        if (!v)
            return -ENOMEM;
        x->v = v;
        x->cap = cap;
    }
    x->v[x->n++] = *h;
    return 0;
}

void hashes_release(struct hashes *x)
{
    free(x->v);
    *x = (struct hashes){0};
}

/* --- making -------------------------------------------------------------------------
 */

/* A full subtree of what was added so far. */
struct peak {
    struct hash root;
    unsigned height;
    bool ours;           /* a leaf of ours is below it */
    struct hashes proof; /* of it, if one is */
};

struct prover {
    struct peak v[65]; /* from left to right, ever smaller */
    unsigned n;
};

struct prover *prover_new(void)
{
    return calloc(1, sizeof(struct prover));
}

void *prover_free(struct prover *p)
{
    if (p)
        for (unsigned i = 0; i < p->n; i++)
            hashes_release(&p->v[i].proof);
    free(p);
    return NULL;
}

/* The two last peaks become one. */
static int merge(struct prover *p)
{
    struct peak *l = &p->v[p->n - 2], *r = &p->v[p->n - 1];
    int ret = 0;

    if (l->ours || r->ours) {
        if (!l->ours)
            ret = hashes_add(&l->proof, &l->root);
        if (ret == 0 && !r->ours)
            ret = hashes_add(&l->proof, &r->root);
        for (size_t i = 0; ret == 0 && r->ours && i < r->proof.n; i++)
            ret = hashes_add(&l->proof, &r->proof.v[i]);
        l->ours = true;
    }
    if (ret == 0)
        ret = merkle_node(&l->root, &r->root, &l->root);
    l->height++;
    hashes_release(&r->proof);
    p->n--;
    return ret;
}

int prover_add(struct prover *p, const struct hash *leaf, bool ours)
{
    int r = 0;

    p->v[p->n++] = (struct peak){.root = *leaf, .ours = ours};
    while (r == 0 && p->n > 1 && p->v[p->n - 1].height == p->v[p->n - 2].height)
        r = merge(p);
    return r;
}

int prover_end(struct prover *p, struct hash *ret_root, struct hashes *ret_proof)
{
    static const struct merkle none;
    int r = 0;

    if (p->n == 0) {
        *ret_proof = (struct hashes){0};
        return merkle_root(&none, ret_root);
    }
    while (r == 0 && p->n > 1)
        r = merge(p);
    if (r == 0 && !p->v[0].ours)
        r = hashes_add(&p->v[0].proof, &p->v[0].root);
    if (r < 0)
        return r;
    *ret_root = p->v[0].root;
    *ret_proof = p->v[0].proof;
    p->v[0].proof = (struct hashes){0};
    return 0;
}

/* --- checking -----------------------------------------------------------------------
 */

struct climb {
    const uint64_t *index;
    const struct hash *leaves;
    size_t n;
    size_t at; /* the next leaf of ours */
    const struct hashes *proof;
    size_t used;
};

static int root_of(struct climb *c, uint64_t from, uint64_t size, struct hash *ret)
{
    struct hash l, r;
    uint64_t left = 1;
    int e;

    if (c->at == c->n || c->index[c->at] - from >= size) {
        if (c->used == c->proof->n)
            return -EBADMSG;
        *ret = c->proof->v[c->used++];
        return 0;
    }
    if (size == 1) {
        *ret = c->leaves[c->at++];
        return 0;
    }
    while (left < size - left)
        left *= 2;
    if (left == size)
        left /= 2;
    e = root_of(c, from, left, &l); /* at most 64 deep */
    if (e == 0)
        e = root_of(c, from + left, size - left, &r);
    return e < 0 ? e : merkle_node(&l, &r, ret);
}

int proof_root(uint64_t size,
               const uint64_t *index,
               const struct hash *leaves,
               size_t n,
               const struct hashes *proof,
               struct hash *ret_root)
{
    struct climb c = {.index = index, .leaves = leaves, .n = n, .proof = proof};
    static const struct merkle none;
    int r;

    if (size == 0)
        return n || proof->n ? -EBADMSG : merkle_root(&none, ret_root);
    r = root_of(&c, 0, size, ret_root);
    if (r == 0 && (c.at != n || c.used != proof->n))
        return -EBADMSG;
    return r;
}
