/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * merkle - RFC 6962 trees over the lines of a journal
 *
 * SHA256_Init() and its like although OpenSSL 3 prefers EVP: SHA256() and EVP look the
 * algorithm up at each call, which costs more than the 65 bytes of a node, and there
 * are millions of them.
 */
#define OPENSSL_API_COMPAT 0x10100000L
#include "config.h"

#include "ledger/merkle.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <string.h>

#include "base/banned.h"

static int sha256(const void *bytes, size_t n, struct hash *ret_hash)
{
    SHA256_CTX ctx;

    return SHA256_Init(&ctx) == 1 && SHA256_Update(&ctx, bytes, n) == 1
                   && SHA256_Final(ret_hash->b, &ctx) == 1
               ? 0
               : -ENOMEM;
}

int hash_line(const char *line, size_t n, struct hash *ret_hash)
{
    return n > LINE_MAX_BYTES ? -EMSGSIZE : sha256(line, n, ret_hash);
}

int merkle_leaf(const char *line, size_t n, struct hash *ret_hash)
{
    unsigned char all[1 + LINE_MAX_BYTES];

    if (n > LINE_MAX_BYTES)
        return -EMSGSIZE;
    all[0] = 0;
    memcpy(all + 1, line, n);
    return sha256(all, 1 + n, ret_hash);
}

int merkle_node(const struct hash *l, const struct hash *r, struct hash *ret_hash)
{
    unsigned char all[1 + 2 * sizeof(l->b)];

    all[0] = 1;
    memcpy(all + 1, l->b, sizeof(l->b));
    memcpy(all + 1 + sizeof(l->b), r->b, sizeof(r->b));
    return sha256(all, sizeof(all), ret_hash);
}

char *hash_text(const struct hash *h, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < sizeof(h->b); i++) {
        text[2 * i] = digits[h->b[i] >> 4];
        text[2 * i + 1] = digits[h->b[i] & 15];
    }
    text[2 * sizeof(h->b)] = '\0';
    return text;
}

int merkle_add_full(struct merkle *m,
                    const struct hash *leaf,
                    struct hash *full,
                    unsigned *ret_top)
{
    unsigned bit = 0;

    full[0] = *leaf;
    /* As in a binary counter: full subtrees of equal size become one. */
    for (; m->n >> bit & 1; bit++) {
        int r = merkle_node(&m->peaks[bit], &full[bit], &full[bit + 1]);

        if (r < 0)
            return r;
    }
    m->peaks[bit] = full[bit];
    m->n++;
    *ret_top = bit;
    return 0;
}

int merkle_add(struct merkle *m, const struct hash *leaf)
{
    struct hash full[64];
    unsigned top;

    return merkle_add_full(m, leaf, full, &top);
}

int merkle_root(const struct merkle *m, struct hash *ret_root)
{
    struct hash h;
    bool any = false;
    int r = 0;

    if (m->n == 0)
        return sha256("", 0, ret_root);
    for (unsigned bit = 0; r == 0 && bit < 64; bit++) {
        if (!(m->n >> bit & 1))
            continue;
        if (any)
            r = merkle_node(&m->peaks[bit], &h, &h);
        else
            h = m->peaks[bit];
        any = true;
    }
    if (r == 0)
        *ret_root = h;
    return r;
}

static int root_of(const struct hash *leaves, size_t n, struct hash *ret_root)
{
    struct merkle m = {0};
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++)
        r = merkle_add(&m, &leaves[i]);
    return r < 0 ? r : merkle_root(&m, ret_root);
}

/* Size of the left part of a tree of n leaves, n > 1. */
static size_t left_part(size_t n)
{
    size_t k = 1;

    while (k < n - k)
        k *= 2;
    return k;
}

static void reverse(struct hash *v, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        struct hash h = v[i];

        v[i] = v[n - 1 - i];
        v[n - 1 - i] = h;
    }
}

int merkle_prove(const struct hash *leaves,
                 size_t n,
                 size_t index,
                 struct hash *proof,
                 size_t *ret_n)
{
    size_t n_proof = 0;

    if (index >= n)
        return -ERANGE;
    /* From the root down, then turned round. */
    while (n > 1) {
        size_t k = left_part(n);
        bool left = index < k;
        int r = root_of(left ? leaves + k : leaves, left ? n - k : k, &proof[n_proof]);

        if (r < 0)
            return r;
        n_proof++;
        leaves += left ? 0 : k;
        index -= left ? 0 : k;
        n = left ? k : n - k;
    }
    reverse(proof, n_proof);
    *ret_n = n_proof;
    return 0;
}

int merkle_check(const struct hash *leaf,
                 uint64_t index,
                 uint64_t n,
                 const struct hash *proof,
                 size_t n_proof,
                 const struct hash *root)
{
    struct hash h = *leaf;
    uint64_t last = n - 1; /* of the level */

    if (index >= n)
        return -EBADMSG;
    for (size_t i = 0; i < n_proof; i++) {
        bool right = index & 1 || index == last;
        int r;

        if (last == 0)
            return -EBADMSG; /* longer than the tree is high */
        r = right ? merkle_node(&proof[i], &h, &h) : merkle_node(&h, &proof[i], &h);
        if (r < 0)
            return r;
        /* A last node without a sibling goes up as it is. */
        while (right && !(index & 1) && index) {
            index >>= 1;
            last >>= 1;
        }
        index >>= 1;
        last >>= 1;
    }
    return last == 0 && !memcmp(&h, root, sizeof(h)) ? 0 : -EBADMSG;
}

int merkle_prove_grown(
    const struct hash *leaves, size_t n, size_t old, struct hash *proof, size_t *ret_n)
{
    bool whole = true; /* the old tree is still a whole subtree: its root is known */
    size_t n_proof = 0;
    int r = 0;

    if (old == 0 || old > n)
        return -ERANGE;
    while (r == 0 && old != n) {
        size_t k = left_part(n);

        if (old <= k) {
            r = root_of(leaves + k, n - k, &proof[n_proof++]);
            n = k;
        } else {
            r = root_of(leaves, k, &proof[n_proof++]);
            leaves += k;
            old -= k;
            n -= k;
            whole = false;
        }
    }
    if (r == 0 && !whole)
        r = root_of(leaves, n, &proof[n_proof++]);
    if (r < 0)
        return r;
    reverse(proof, n_proof);
    *ret_n = n_proof;
    return 0;
}

int merkle_check_grown(uint64_t old,
                       const struct hash *old_root,
                       uint64_t n,
                       const struct hash *root,
                       const struct hash *proof,
                       size_t n_proof)
{
    uint64_t at = old - 1, last = n - 1;
    struct hash before, now;
    size_t i = 0;

    if (old == 0 || old > n)
        return -EBADMSG;
    if (old == n)
        return n_proof == 0 && !memcmp(old_root, root, sizeof(*root)) ? 0 : -EBADMSG;
    for (; at & 1; at >>= 1)
        last >>= 1;
    if (n_proof == 0 && at)
        return -EBADMSG;
    before = now = at ? proof[i++] : *old_root;
    for (; i < n_proof; i++) {
        int r = 0;

        if (last == 0)
            return -EBADMSG;
        if (at & 1 || at == last) {
            r = merkle_node(&proof[i], &before, &before);
            if (r == 0)
                r = merkle_node(&proof[i], &now, &now);
            while (!(at & 1) && at) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            r = merkle_node(&now, &proof[i], &now);
        }
        if (r < 0)
            return r;
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && !memcmp(&before, old_root, sizeof(before))
                   && !memcmp(&now, root, sizeof(now))
               ? 0
               : -EBADMSG;
}
