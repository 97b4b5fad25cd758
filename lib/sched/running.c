/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* running - a sorted array of expected ends */
#include "config.h"

#include "sched/running.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

void running_release(struct running *r)
{
    free(r->v);
    *r = (struct running){0};
}

/* The first entry that is not before (end_s, tie). */
static size_t place(const struct running *r, int64_t end_s, uint64_t tie)
{
    size_t lo = 0;
    size_t hi = r->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct running_job *j = &r->v[mid];

        if (j->end_s < end_s || (j->end_s == end_s && j->tie < tie))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

int running_add(struct running *r, struct running_job j)
{
    size_t i;

    if (r->n == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 64;
        struct running_job *v = realloc(r->v, cap * sizeof(*v));

        if (!v)
            return -ENOMEM;
        r->v = v;
        r->cap = cap;
    }
    i = place(r, j.end_s, j.tie);
    memmove(r->v + i + 1, r->v + i, (r->n - i) * sizeof(*r->v));
    r->v[i] = j;
    r->n++;
    return 0;
}

bool running_remove(struct running *r, int64_t end_s, uint64_t tie)
{
    size_t i = place(r, end_s, tie);

    if (i == r->n || r->v[i].end_s != end_s || r->v[i].tie != tie)
        return false;
    r->n--;
    memmove(r->v + i, r->v + i + 1, (r->n - i) * sizeof(*r->v));
    return true;
}
