/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * rest - a center that said no to a job is left alone for a while
 *
 * Each no of the same center doubles the time. It differs from job to job by up to a
 * quarter, so that what was refused together is not asked about together. Kept in
 * memory only: after a restart everybody may be asked again.
 */
#include "config.h"

#include <stdlib.h>

#include "base/number.h"
#include "fed/fed_int.h"

#include "base/banned.h"

/* 0 to 255, the same for the same job, center and time of refusal. */
static int64_t spread(uint64_t id, uint32_t center, uint32_t times)
{
    uint64_t z = id * UINT64_C(0x9e3779b97f4a7c15) + center * 31 + times;

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return (int64_t)(z >> 56);
}

static struct rest *find(struct rest *r, uint32_t center)
{
    for (; r && r->center; r++)
        if (r->center == center)
            return r;
    return NULL;
}

static struct rest *room(struct held *j)
{
    size_t n = 0;
    struct rest *v;

    while (j->rests && j->rests[n].center)
        n++;
    if (n == RESTS_MAX) { /* the one that is over first */
        v = j->rests;
        for (size_t i = 1; i < n; i++)
            if (j->rests[i].until.us < v->until.us)
                v = &j->rests[i];
        return v;
    }
    v = realloc(j->rests, (n + 2) * sizeof(*v));
    if (!v)
        return NULL;
    v[n + 1] = (struct rest){0};
    j->rests = v;
    return &v[n];
}

void rest_add(struct fed *f, struct held *j, uint32_t center, uint32_t rule)
{
    struct rest *r = find(j->rests, center);
    int64_t us;

    if (!r) {
        r = room(j);
        if (!r)
            return;
        *r = (struct rest){.center = center};
    }
    r->times = (uint16_t)MIN(r->times + 1, 16);
    r->rule = (uint16_t)rule;
    us = REFUSED_REST_US << MIN(r->times - 1, 5);
    us = MIN(us, REFUSED_REST_MAX_US);
    us += us / 1024 * spread(j->h.id, center, r->times);
    r->until.us = f->now.mono.us + us;
}

enum route_rule rest_rule(const struct fed *f, const struct held *j, uint32_t center)
{
    const struct rest *r = find(j->rests, center);

    if (!r || f->now.mono.us >= r->until.us)
        return RULE_NONE;
    return r->rule == RULE_BUDGET ? RULE_BUDGET : RULE_REFUSED;
}
