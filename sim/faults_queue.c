/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* faults_queue - the events to come: a binary heap by (time, order of coming) */
#include "config.h"

#include <stdlib.h>

#include "sim/faults_int.h"

#include "base/banned.h"

static bool before(const struct fevent *a, const struct fevent *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void drop(struct world *w, struct fevent *e)
{
    if (e->kind == EVENT_MSG)
        parcel_free(w, e->parcel);
    if (e->kind == EVENT_SUPPLY)
        told_drop(w, e->told);
}

void fqueue_add(struct world *w, struct fevent e)
{
    struct fqueue *q = &w->queue;
    size_t i = q->n;

    if (q->n == q->cap) {
        size_t cap = q->cap ? 2 * q->cap : 1024;
        struct fevent *v = realloc(q->v, cap * sizeof(*v));

        if (!v) {
            drop(w, &e);
            world_fail(w);
            return;
        }
        q->v = v;
        q->cap = cap;
    }
    e.order = ++q->order;
    q->n++;
    while (i > 0 && before(&e, &q->v[(i - 1) / 2])) {
        q->v[i] = q->v[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    q->v[i] = e;
}

bool fqueue_next(struct fqueue *q, int64_t until_us, struct fevent *ret_e)
{
    struct fevent last;
    size_t i = 0;

    if (q->n == 0 || q->v[0].at_us > until_us)
        return false;
    *ret_e = q->v[0];
    last = q->v[--q->n];
    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= q->n)
            break;
        if (child + 1 < q->n && before(&q->v[child + 1], &q->v[child]))
            child++;
        if (!before(&q->v[child], &last))
            break;
        q->v[i] = q->v[child];
        i = child;
    }
    q->v[i] = last;
    return true;
}

void fqueue_release(struct world *w)
{
    for (size_t i = 0; i < w->queue.n; i++)
        drop(w, &w->queue.v[i]);
    free(w->queue.v);
    w->queue = (struct fqueue){0};
}
