/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* backlog - queue order per group, scan order per shape */
#include "config.h"

#include "sched/backlog.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "base/banned.h"

void backlog_init(struct backlog *b, struct backlog_pools *pools)
{
    *b = (struct backlog){.pools = pools};
}

void backlog_release(struct backlog *b)
{
    free(b->group_root);
    free(b->shapes);
    free(b->heap);
    *b = (struct backlog){0};
}

int backlog_pools_grow(struct backlog_pools *p, size_t n_slots)
{
    struct shape **shape;

    if (n_slots <= p->scan.n)
        return 0;
    shape = realloc(p->shape, n_slots * sizeof(struct shape *));
    if (!shape)
        return -ENOMEM;
    p->shape = shape;
    if (order_pool_grow(&p->queue, n_slots) < 0)
        return -ENOMEM;
    return order_pool_grow(&p->scan, n_slots); /* last: its n is what is usable */
}

void backlog_pools_release(struct backlog_pools *p)
{
    order_pool_release(&p->queue);
    order_pool_release(&p->scan);
    free(p->shape);
    p->shape = NULL;
}

static int room_for_group(struct backlog *b, uint32_t group)
{
    uint32_t *roots;

    if (group < b->n_groups)
        return 0;
    assert(group < BACKLOG_GROUPS_MAX);
    roots = realloc(b->group_root, (group + 1) * sizeof(*roots));
    if (!roots)
        return -ENOMEM;
    memset(roots + b->n_groups, 0, (group + 1 - b->n_groups) * sizeof(*roots));
    b->group_root = roots;
    b->n_groups = group + 1;
    return 0;
}

static int room_for_shape(struct backlog *b)
{
    size_t cap = b->cap_shapes ? 2 * b->cap_shapes : 32;
    struct shape **shapes;
    struct backlog_cursor *heap;

    if (b->n_shapes < b->cap_shapes)
        return 0;
    shapes = realloc(b->shapes, cap * sizeof(struct shape *));
    if (!shapes)
        return -ENOMEM;
    b->shapes = shapes;
    heap = realloc(b->heap, cap * sizeof(*heap));
    if (!heap)
        return -ENOMEM;
    b->heap = heap;
    b->cap_shapes = cap;
    return 0;
}

/* Where a shape of so many cores begins in the list. */
static size_t shape_place(const struct backlog *b, uint32_t cores)
{
    size_t lo = 0;
    size_t hi = b->n_shapes;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (b->shapes[mid]->cores < cores)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

int backlog_add(struct backlog *b, const struct backlog_entry *e)
{
    struct shape *s = e->shape;

    if (room_for_group(b, s->group) < 0 || room_for_shape(b) < 0)
        return -ENOMEM;
    if (s->n == 0) {
        size_t i = shape_place(b, s->cores);

        memmove(b->shapes + i + 1, b->shapes + i,
                (b->n_shapes - i) * sizeof(struct shape *));
        b->shapes[i] = s;
        b->n_shapes++;
    }
    s->n++;
    b->n++;
    b->pools->shape[e->slot] = s;
    order_insert(&b->pools->queue, &b->group_root[s->group], e->slot, e->queue,
                 s->cores);
    order_insert(&b->pools->scan, &s->root, e->slot, e->scan, e->pred_s);
    return 0;
}

void backlog_remove(struct backlog *b, uint32_t slot)
{
    struct shape *s = b->pools->shape[slot];

    order_remove(&b->pools->queue, &b->group_root[s->group], slot);
    order_remove(&b->pools->scan, &s->root, slot);
    b->n--;
    if (--s->n == 0) {
        size_t i = shape_place(b, s->cores);

        while (b->shapes[i] != s)
            i++;
        b->n_shapes--;
        memmove(b->shapes + i, b->shapes + i + 1,
                (b->n_shapes - i) * sizeof(struct shape *));
    }
}

/* The earlier of two slots in queue order; 0 stands for none. */
static uint32_t earlier(const struct backlog *b, uint32_t x, uint32_t y)
{
    const struct order_node *v = b->pools->queue.v;

    if (!x || !y)
        return x ? x : y;
    return order_before(&v[y].key, &v[x].key) ? y : x;
}

uint32_t backlog_head(const struct backlog *b, const uint32_t *room)
{
    uint32_t head = 0;

    for (uint32_t g = 0; g < b->n_groups; g++)
        head = earlier(b, head,
                       order_next(&b->pools->queue, b->group_root[g], NULL,
                                  room ? room[g] : UINT32_MAX));
    return head;
}

uint32_t backlog_next(const struct backlog *b, uint32_t slot)
{
    const struct order_key *key = &b->pools->queue.v[slot].key;
    uint32_t next = 0;

    for (uint32_t g = 0; g < b->n_groups; g++)
        next = earlier(b, next,
                       order_next(&b->pools->queue, b->group_root[g], key, UINT32_MAX));
    return next;
}

uint32_t backlog_rank(const struct backlog *b, uint32_t slot)
{
    const struct order_key *key = &b->pools->queue.v[slot].key;
    uint32_t before = 0;

    for (uint32_t g = 0; g < b->n_groups; g++)
        before += order_rank(&b->pools->queue, b->group_root[g], key);
    return before;
}

bool backlog_any(const struct backlog *b,
                 uint64_t free_cores,
                 backlog_fit_fn fit,
                 void *arg)
{
    for (size_t i = 0; i < b->n_shapes && b->shapes[i]->cores <= free_cores; i++)
        if (fit(arg, b->shapes[i]) != FIT_NOT)
            return true;
    return false;
}

static void sift_down(struct backlog_cursor *h, size_t n, size_t i)
{
    struct backlog_cursor x = h[i];

    for (;;) {
        size_t c = 2 * i + 1;

        if (c >= n)
            break;
        if (c + 1 < n && order_before(&h[c + 1].key, &h[c].key))
            c++;
        if (!order_before(&h[c].key, &x.key))
            break;
        h[i] = h[c];
        i = c;
    }
    h[i] = x;
}

/* The candidate of a shape after `after`; false when it has none. */
static bool look(const struct backlog *b,
                 struct shape *s,
                 const struct order_key *after,
                 enum fit fit,
                 uint32_t most_s,
                 struct backlog_cursor *ret_c)
{
    uint32_t most = fit == FIT_ANY ? UINT32_MAX : most_s;
    uint32_t x;

    if (fit == FIT_NOT || !s->root)
        return false;
    if (s->most_s)
        most = MIN(most, s->most_s);
    x = order_next(&b->pools->scan, s->root, after, most);
    if (!x)
        return false;
    *ret_c = (struct backlog_cursor){b->pools->scan.v[x].key, x, s};
    return true;
}

void backlog_scan_begin(struct backlog *b,
                        uint64_t free_cores,
                        uint32_t most_s,
                        backlog_fit_fn fit,
                        void *arg)
{
    b->n_heap = 0;
    for (size_t i = 0; i < b->n_shapes && b->shapes[i]->cores <= free_cores; i++) {
        struct shape *s = b->shapes[i];

        if (look(b, s, NULL, fit(arg, s), most_s, &b->heap[b->n_heap]))
            b->n_heap++;
    }
    for (size_t i = b->n_heap / 2; i-- > 0;)
        sift_down(b->heap, b->n_heap, i);
}

uint32_t backlog_scan_next(struct backlog *b,
                           uint32_t most_s,
                           backlog_fit_fn fit,
                           void *arg)
{
    while (b->n_heap > 0) {
        struct backlog_cursor *top = &b->heap[0];
        struct order_key key = top->key;
        uint32_t x = top->slot;
        enum fit f = fit(arg, top->shape);
        bool starts = f != FIT_NOT && backlog_short(b, x, f == FIT_ANY, most_s);

        /* The shape's next candidate is found while x is still in its place. */
        if (!look(b, top->shape, &key, f, most_s, top))
            b->heap[0] = b->heap[--b->n_heap];
        if (b->n_heap > 0)
            sift_down(b->heap, b->n_heap, 0);
        if (starts)
            return x;
    }
    return 0;
}

bool backlog_check(const struct backlog *b)
{
    size_t n = 0;
    size_t queued = 0;

    for (uint32_t g = 0; g < b->n_groups; g++) {
        if (!order_check(&b->pools->queue, b->group_root[g]))
            return false;
        queued += b->pools->queue.v[b->group_root[g]].n;
    }
    for (size_t i = 0; i < b->n_shapes; i++) {
        const struct shape *s = b->shapes[i];

        if (s->n == 0 || b->pools->scan.v[s->root].n != s->n
            || !order_check(&b->pools->scan, s->root))
            return false;
        if (i > 0 && b->shapes[i - 1]->cores > s->cores)
            return false;
        n += s->n;
    }
    return n == b->n && queued == b->n;
}
