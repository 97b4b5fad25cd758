/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * drift_int - annealing by moves of single vertices, sizes held by a price
 *
 * Vertices move between the groups of one level of the machine; groups further in
 * are not looked at (levels are separable), groups further out are. A group may be
 * too full while it is hot: the square of what it is off has a price. At the end the
 * sizes are made exact by the cheapest chains of moves (drift_settle). An exchange,
 * which other searches move by, needs two vertices that want to go opposite ways; a
 * move needs one, which is why this gets on much faster.
 *
 * Every vertex is one rank. Those without pairs do not take part: they fill what is
 * left.
 */
#ifndef HOPLUU_PLACE_DRIFT_INT_H
#define HOPLUU_PLACE_DRIFT_INT_H

#include "place/graph_int.h"
#include "place/polish_int.h"
#include "place/rng_int.h"
#include "place/target_int.h"

struct drift_arc {
    uint32_t to;
    int32_t w;
};

struct drift {
    const struct target *t;
    uint32_t level;
    uint32_t n;            /* vertices that talk, in the order of their first groups */
    uint32_t *id;          /* [n] vertex of the graph */
    uint32_t *xadj;        /* [n + 1] */
    struct drift_arc *arc; /* scaled so that sums of a row fit 31 bits */
    uint32_t *group;       /* [n] of `level` */
    uint32_t *abroad;      /* [n] arcs that leave the group */
    int32_t *hold;         /* [n] weight of the arcs that stay less those that leave */
    uint64_t *border;      /* bit v: abroad[v] > 0 */
    uint32_t *active;      /* [n] scratch: those with such arcs */
    float *relief;         /* [group of level] what leaving it gains at most */
    uint32_t *up[PLACE_LEVELS_MAX + 1]; /* [l][group of level] its group at l */
    int32_t *off[PLACE_LEVELS_MAX + 1]; /* [l][group] size above its slots */
    double *load[PLACE_LEVELS_MAX + 1]; /* [l][group] bytes on the uplink */
    double limit[PLACE_LEVELS_MAX + 1]; /* [l] of load, huge: none */
    float step[PLACE_LEVELS_MAX + 1];   /* [l] what a byte costs that leaves l */
    float price[PLACE_LEVELS_MAX + 1];  /* [l] of a squared vertex too many */
    bool spare;   /* there are more slots than vertices that talk */
    bool limited; /* loads are followed */
    bool glance;  /* relief[] may be relied on */
    double scale; /* bytes of the graph in one unit of drift_arc.w */
    struct rng rng;
};

struct drift_effort {
    uint64_t work;    /* arcs looked at, and what goes with each vertex */
    double hot, cold; /* temperature, in what a byte between sisters costs times the
                         usual weight of an arc */
};

/*
 * group   [g->n] of `level`, where every vertex starts
 *
 * Returns 0 or -ENOMEM; release with drift_release().
 */
int drift_init(struct drift *d,
               const struct target *t,
               const struct graph *g,
               uint32_t level,
               const uint32_t *group,
               struct rng rng);
void drift_release(struct drift *d);

/*
 * No uplink is to carry more than `bottleneck` times its capacity. Loads are followed
 * only if one of them is more than half of that now. 0 or -ENOMEM.
 */
int drift_limit(struct drift *d, double bottleneck);

/* Anneal from hot to cold. */
void drift_anneal(struct drift *d,
                  const struct drift_effort *effort,
                  struct limit *limit);

/* Exact sizes. 0 or -ENOMEM. */
int drift_settle(struct drift *d);

/* group[] of all vertices, those without pairs where there is room. 0 or -ENOMEM. */
int drift_result(const struct drift *d, uint32_t n, uint32_t *group);

/* abroad[v] is what it is now. */
static inline void drift_mark(struct drift *d, uint32_t v)
{
    uint64_t bit = UINT64_C(1) << v % 64;

    if (d->abroad[v] > 0)
        d->border[v / 64] |= bit;
    else
        d->border[v / 64] &= ~bit;
}

/* What v's going to group `to` costs, and the pairs it has with both sides. */
struct drift_move {
    uint32_t v, from, to;
    uint32_t n_levels;                   /* that change, from d->level */
    int32_t with_from[PLACE_LEVELS_MAX]; /* [l - d->level] */
    int32_t with_to[PLACE_LEVELS_MAX];
    float delta;
};

void drift_weigh(const struct drift *d, struct drift_move *m);
void drift_make(struct drift *d, const struct drift_move *m);

/*
 * Make a map by annealing, the groups far apart first, each stage by levels whose
 * steps are of one kind; before each, its groups are cut by bisection.
 *
 * bottleneck   as for drift_limit(); INFINITY: none
 * ret_leaf     [g->n] written on success
 *
 * Returns 0 or -ENOMEM.
 */
int drift_map(const struct target *t,
              const struct graph *g,
              uint64_t work,
              double bottleneck,
              struct rng *rng,
              struct limit *limit,
              uint32_t *ret_leaf);

#endif
