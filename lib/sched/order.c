/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* order - a treap over slots, with counts and minima */
#include "config.h"

#include "sched/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

void order_pool_release(struct order_pool *p)
{
    free(p->v);
    p->v = NULL;
    p->n = 0;
}

int order_pool_grow(struct order_pool *p, size_t n)
{
    struct order_node *v;

    if (n <= p->n)
        return 0;
    if (n > UINT32_MAX)
        return -ENOMEM;
    v = realloc(p->v, n * sizeof(*v));
    if (!v)
        return -ENOMEM;
    memset(v + p->n, 0, (n - p->n) * sizeof(*v));
    p->v = v;
    p->n = n;
    return 0;
}

bool order_before(const struct order_key *a, const struct order_key *b)
{
    return a->hi != b->hi ? a->hi < b->hi : a->lo < b->lo;
}

static uint32_t weight(uint32_t x)
{
    x ^= x >> 16;
    x *= UINT32_C(0x7feb352d);
    x ^= x >> 15;
    x *= UINT32_C(0x846ca68b);
    return x ^ (x >> 16);
}

/* Recompute what a node says about its subtree. N.B. v[0] is all zero. */
static void pull(struct order_node *v, uint32_t x)
{
    uint32_t l = v[x].left;
    uint32_t r = v[x].right;
    uint32_t least = v[x].value;

    if (l && v[l].least < least)
        least = v[l].least;
    if (r && v[r].least < least)
        least = v[r].least;
    v[x].least = least;
    v[x].n = v[l].n + v[r].n + 1;
}

static void split(struct order_node *v,
                  uint32_t t,
                  const struct order_key *key,
                  uint32_t *ret_l,
                  uint32_t *ret_r)
{
    if (!t) {
        *ret_l = *ret_r = 0;
        return;
    }
    if (order_before(&v[t].key, key)) {
        split(v, v[t].right, key, &v[t].right, ret_r);
        *ret_l = t;
    } else {
        split(v, v[t].left, key, ret_l, &v[t].left);
        *ret_r = t;
    }
    pull(v, t);
}

static uint32_t merge(struct order_node *v, uint32_t l, uint32_t r)
{
    if (!l || !r)
        return l ? l : r;
    if (weight(l) > weight(r)) {
        v[l].right = merge(v, v[l].right, r);
        pull(v, l);
        return l;
    }
    v[r].left = merge(v, l, v[r].left);
    pull(v, r);
    return r;
}

static uint32_t insert(struct order_node *v, uint32_t t, uint32_t x)
{
    if (!t) {
        pull(v, x);
        return x;
    }
    if (weight(x) > weight(t)) {
        split(v, t, &v[x].key, &v[x].left, &v[x].right);
        pull(v, x);
        return x;
    }
    if (order_before(&v[x].key, &v[t].key))
        v[t].left = insert(v, v[t].left, x);
    else
        v[t].right = insert(v, v[t].right, x);
    pull(v, t);
    return t;
}

void order_insert(struct order_pool *p,
                  uint32_t *root,
                  uint32_t x,
                  struct order_key key,
                  uint32_t value)
{
    struct order_node *n = &p->v[x];

    *n = (struct order_node){.key = key, .value = value};
    *root = insert(p->v, *root, x);
}

static uint32_t removed(struct order_node *v, uint32_t t, uint32_t x)
{
    if (t == x)
        return merge(v, v[t].left, v[t].right);
    if (order_before(&v[x].key, &v[t].key))
        v[t].left = removed(v, v[t].left, x);
    else
        v[t].right = removed(v, v[t].right, x);
    pull(v, t);
    return t;
}

void order_remove(struct order_pool *p, uint32_t *root, uint32_t x)
{
    *root = removed(p->v, *root, x);
}

uint32_t order_next(const struct order_pool *p,
                    uint32_t root,
                    const struct order_key *after,
                    uint32_t most)
{
    const struct order_node *v = p->v;
    uint32_t t = root;

    while (t && v[t].least <= most) {
        uint32_t l;

        if (after && !order_before(after, &v[t].key)) {
            t = v[t].right;
            continue;
        }
        l = order_next(p, v[t].left, after, most);
        if (l)
            return l;
        if (v[t].value <= most)
            return t;
        after = NULL;
        t = v[t].right;
    }
    return 0;
}

uint32_t order_rank(const struct order_pool *p,
                    uint32_t root,
                    const struct order_key *key)
{
    const struct order_node *v = p->v;
    uint32_t before = 0;

    for (uint32_t t = root; t;) {
        if (order_before(&v[t].key, key)) {
            before += v[v[t].left].n + 1;
            t = v[t].right;
        } else {
            t = v[t].left;
        }
    }
    return before;
}

bool order_check(const struct order_pool *p, uint32_t root)
{
    const struct order_node *v = p->v;
    struct order_node want;
    uint32_t l;
    uint32_t r;

    if (!root)
        return true;
    l = v[root].left;
    r = v[root].right;
    if (l && (!order_before(&v[l].key, &v[root].key) || weight(l) > weight(root)))
        return false;
    if (r && (!order_before(&v[root].key, &v[r].key) || weight(r) > weight(root)))
        return false;
    want.least = v[root].value;
    if (l && v[l].least < want.least)
        want.least = v[l].least;
    if (r && v[r].least < want.least)
        want.least = v[r].least;
    return v[root].n == v[l].n + v[r].n + 1 && v[root].least == want.least
           && order_check(p, l) && order_check(p, r);
}
