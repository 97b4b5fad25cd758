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

#define HOT 3.3
#define COLD 0.2
#define INNER_SHARE 0.1 /* of the work, for each stage but the first */

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
                     uint64_t work,
                     double bottleneck,
                     struct rng *rng,
                     struct limit *limit,
                     uint32_t *group)
{
    struct drift_effort effort = {.work = work, .hot = HOT, .cold = COLD};
    struct drift d;
    int r = drift_init(&d, t, g, level, group, *rng);

    if (r < 0)
        return r;
    if (isfinite(bottleneck))
        r = drift_limit(&d, bottleneck);
    if (r == 0) {
        drift_anneal(&d, &effort, limit);
        r = drift_settle(&d);
    }
    if (r == 0)
        r = drift_result(&d, g->n, group);
    *rng = d.rng;
    drift_release(&d);
    return r;
}

int drift_map(const struct target *t,
              const struct graph *g,
              uint64_t work,
              double bottleneck,
              struct rng *rng,
              struct limit *limit,
              uint32_t *leaf)
{
    static const struct section_effort split = {3, 1, 1, UINT32_MAX};
    _cleanup_(freep) uint32_t *group = malloc(((size_t)g->n + 1) * sizeof(*group));
    double first_share = 1;
    int r = group ? 0 : -ENOMEM;

    for (uint32_t l = next_stage(t, t->n_levels); l > 1; l = next_stage(t, l))
        first_share -= INNER_SHARE;
    for (uint32_t l = t->n_levels; r == 0 && l > 1;) {
        double share = l == t->n_levels ? first_share : INNER_SHARE;

        l = next_stage(t, l);
        for (uint32_t v = 0; v < g->n; v++)
            group[v] = t->group[l][leaf[v]];
        r = run_stage(t, g, l, (uint64_t)(share * (double)work), bottleneck, rng, limit,
                      group);
        if (r == 0)
            r = section_split(t, g, &split, rng, l, group, leaf);
    }
    return r;
}
