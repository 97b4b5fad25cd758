/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* heap - a binary heap of what is due */
#include "config.h"

#include "sched/heap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/banned.h"

void heap_release(struct heap *h)
{
    free(h->v);
    *h = (struct heap){0};
}

static bool before(const struct due *a, const struct due *b)
{
    return a->at_s != b->at_s ? a->at_s < b->at_s : a->key < b->key;
}

int heap_push(struct heap *h, struct due e)
{
    size_t i = h->n;

    if (h->n == h->cap) {
        size_t cap = h->cap ? 2 * h->cap : 256;
        struct due *v = realloc(h->v, cap * sizeof(*v));

        if (!v)
            return -ENOMEM;
        h->v = v;
        h->cap = cap;
    }
    h->n++;
    while (i > 0 && before(&e, &h->v[(i - 1) / 2])) {
        h->v[i] = h->v[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    h->v[i] = e;
    return 0;
}

struct due heap_pop(struct heap *h)
{
    struct due top = h->v[0];
    struct due e = h->v[--h->n];
    size_t i = 0;

    for (;;) {
        size_t c = 2 * i + 1;

        if (c >= h->n)
            break;
        if (c + 1 < h->n && before(&h->v[c + 1], &h->v[c]))
            c++;
        if (!before(&h->v[c], &e))
            break;
        h->v[i] = h->v[c];
        i = c;
    }
    h->v[i] = e;
    return top;
}
