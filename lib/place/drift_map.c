/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* drift_map - annealing by moves, stage by stage from the outside of the machine in */
#include "config.h"

#include "place/drift_int.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#include "place/section_int.h"

#include "base/banned.h"

#define HOT 1.2
#define COLD 0.15
#define OUTER_HOT 1.5
#define OUTER_SHARE 0.25 /* of the work, for the outermost groups by themselves */
#define INNER_SHARE 0.1  /* for each stage further in than the first */
#define SMALL 256        /* ranks of a group that bisection cuts as well as annealing */

struct stage {
    uint32_t level;
    double hot;
    double share; /* of the work */
};

static const struct section_effort start = {3, 1, 1, UINT32_MAX};
static const struct section_effort split = {3, 2, 2, UINT32_MAX};

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

static bool is_small(const struct target *t, uint32_t level)
{
    return t->n_slots / t->n_groups[level] <= SMALL;
}

/* The levels to anneal at, from the outside in; how many they are. */
static uint32_t list_stages(const struct target *t, struct stage *ret)
{
    uint32_t n = 0;
    double left = 1;
    uint32_t main_stage;
    uint32_t l = next_stage(t, t->n_levels);

    /* The cut that weighs most is the one that moves of small groups do not mend. */
    if (l + 1 < t->n_levels)
        ret[n++] = (struct stage){t->n_levels - 1, OUTER_HOT, OUTER_SHARE};
    main_stage = n;
    for (bool first = true; l > 0; first = false) {
        ret[n++] = (struct stage){l, HOT, first ? 0 : INNER_SHARE};
        if (l == 1 || is_small(t, l))
            break;
        l = next_stage(t, l);
    }
    for (uint32_t i = 0; i < n; i++)
        left -= ret[i].share;
    ret[main_stage].share = left;
    return n;
}

int drift_map(const struct target *t,
              const struct graph *g,
              uint64_t work,
              double bottleneck,
              struct rng *rng,
              struct limit *limit,
              uint32_t *ret_leaf)
{
    struct stage stage[PLACE_LEVELS_MAX + 1];
    uint32_t n = list_stages(t, stage);
    _cleanup_(freep) uint32_t *group = malloc(((size_t)g->n + 1) * sizeof(*group));
    int r = group ? section_map(t, g, &start, rng, stage[0].level, group) : -ENOMEM;

    for (uint32_t i = 0; r == 0 && i < n; i++) {
        struct drift_effort e = {.work = (uint64_t)(stage[i].share * (double)work),
                                 .hot = stage[i].hot,
                                 .cold = COLD};

        r = run_stage(t, g, stage[i].level, &e, bottleneck, rng, limit, group);
        if (r == 0)
            r = section_split(t, g, &split, rng, stage[i].level, group,
                              i + 1 < n ? stage[i + 1].level : 1, ret_leaf);
        if (r == 0 && i + 1 < n)
            memcpy(group, ret_leaf, g->n * sizeof(*group));
    }
    return r;
}
