/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* drift_map - annealing by moves, stage by stage from the outside of the machine in */
#include "config.h"

#include "place/drift_int.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"

#include "place/section_int.h"

#include "base/banned.h"

#define HOT 1.2
#define COLD 0.2
#define OUTER_HOT 1.5
#define OUTER_SHARE 0.25 /* of the work, for the outermost groups by themselves */
#define INNER_SHARE 0.1  /* for each stage further in than the first */
#define SMALL 256        /* ranks of a group that bisection cuts as well as annealing */

/*
 * The level to stop at after `above`: a step several times as large as the next one
 * inwards freezes before that one matters; steps of one size are annealed together.
 */
static uint32_t next_stage(const struct target *t, uint32_t above)
{
    uint32_t l = above - 1;

    for (; l > 1; l--)
        if (t->distance[l + 1] - t->distance[l]
            >= 3 * (t->distance[l] - t->distance[l - 1]))
            break;
    return l;
}

static int run_stage(const struct target *t,
                     const struct graph *g,
                     uint32_t level,
                     const struct drift_effort *effort,
                     double bottleneck,
                     struct rng *rng,
                     struct limit *limit,
                     uint32_t *group)
{
    struct drift d;
    int r = drift_init(&d, t, g, level, group, *rng);

    if (r < 0)
        return r;
    if (isfinite(bottleneck))
        r = drift_limit(&d, bottleneck);
    if (r == 0) {
        drift_anneal(&d, effort, limit);
        r = drift_settle(&d);
    }
    if (r == 0)
        r = drift_result(&d, g->n, group);
    *rng = d.rng;
    drift_release(&d);
    return r;
}

/* One stage at `level`, and the groups further in afresh. */
static int run_and_split(const struct target *t,
                         const struct graph *g,
                         uint32_t level,
                         const struct drift_effort *effort,
                         double bottleneck,
                         struct rng *rng,
                         struct limit *limit,
                         uint32_t *leaf)
{
    static const struct section_effort split = {3, 2, 2, UINT32_MAX};
    uint32_t *group = malloc(((size_t)g->n + 1) * sizeof(*group));
    int r = group ? 0 : -ENOMEM;

    for (uint32_t v = 0; r == 0 && v < g->n; v++)
        group[v] = t->group[level][leaf[v]];
    if (r == 0)
        r = run_stage(t, g, level, effort, bottleneck, rng, limit, group);
    if (r == 0)
        r = section_split(t, g, &split, rng, level, group, leaf);
    free(group);
    return r;
}

static bool is_small(const struct target *t, uint32_t level)
{
    return t->n_slots / t->n_groups[level] <= SMALL;
}

int drift_map(const struct target *t,
              const struct graph *g,
              uint64_t work,
              double bottleneck,
              struct rng *rng,
              struct limit *limit,
              uint32_t *leaf)
{
    struct drift_effort e = {.hot = OUTER_HOT, .cold = COLD};
    uint32_t l = next_stage(t, t->n_levels);
    double share = 1;
    int r = 0;

    /* The cut that weighs most is the one that moves of small groups do not mend. */
    if (l + 1 < t->n_levels) {
        share -= OUTER_SHARE;
        e.work = (uint64_t)(OUTER_SHARE * (double)work);
        r = run_and_split(t, g, t->n_levels - 1, &e, bottleneck, rng, limit, leaf);
    }
    for (uint32_t i = l; i > 1 && !is_small(t, i); i = next_stage(t, i))
        share -= INNER_SHARE;
    e.hot = HOT;
    for (bool first = true; r == 0 && l > 0; first = false) {
        e.work = (uint64_t)((first ? share : INNER_SHARE) * (double)work);
        r = run_and_split(t, g, l, &e, bottleneck, rng, limit, leaf);
        if (l == 1 || is_small(t, l))
            break;
        l = next_stage(t, l);
    }
    return r;
}
