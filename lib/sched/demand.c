/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* demand - a ring of arrivals and a Fenwick tree of their sizes */
#include "config.h"

#include "sched/demand.h"

#include <errno.h>
#include <stdlib.h>

#include "base/banned.h"

int demand_init(struct demand *d, int64_t cores)
{
    *d = (struct demand){.cores = cores};
    d->tree = calloc((size_t)cores + 2, sizeof(*d->tree));
    return d->tree ? 0 : -ENOMEM;
}

void demand_release(struct demand *d)
{
    free(d->tree);
    free(d->ring);
    *d = (struct demand){0};
}

static void count(struct demand *d, int64_t cores, uint32_t by)
{
    for (int64_t i = cores + 1; i <= d->cores + 1; i += i & -i)
        d->tree[i] += by; /* by = UINT32_MAX takes one away */
}

int demand_add(struct demand *d, int64_t at_s, int64_t cores)
{
    if (d->n == d->cap) {
        size_t cap = d->cap ? 2 * d->cap : 256;
        struct demand_entry *ring = malloc(cap * sizeof(*ring));

        if (!ring)
            return -ENOMEM;
        for (size_t i = 0; i < d->n; i++)
            ring[i] = d->ring[(d->first + i) % d->cap];
        free(d->ring);
        d->ring = ring;
        d->cap = cap;
        d->first = 0;
    }
    d->ring[(d->first + d->n++) % d->cap] = (struct demand_entry){at_s, cores};
    count(d, cores, 1);
    return 0;
}

void demand_forget(struct demand *d, int64_t from_s)
{
    while (d->n > 0 && d->ring[d->first].at_s < from_s) {
        count(d, d->ring[d->first].cores, UINT32_MAX);
        d->first = (d->first + 1) % d->cap;
        d->n--;
    }
}

size_t demand_above(const struct demand *d, int64_t cores)
{
    size_t up_to = 0;

    if (cores < 0)
        return d->n;
    if (cores >= d->cores)
        return 0;
    for (int64_t i = cores + 1; i > 0; i -= i & -i)
        up_to += d->tree[i];
    return d->n - up_to;
}
