/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* drift - annealing by moves, see drift_int.h */
#include "config.h"

#include "place/drift_int.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "base/banned.h"

#define LOGS 2048
#define PRICE_HOT 0.07F /* of a squared vertex too many, in units of temperature */
#define PRICE_COLD 1.0F /* the same at the end */
#define LOAD_PRICE 4.0F /* of a byte above a limit, in largest distances */
#define GLANCE 1        /* what a vertex that will not move costs, in arcs */
#define LOOK 5          /* the same when that takes a look at where it would go */
#define VISIT 8         /* what a vertex costs besides its arcs, in arcs */

/* v's pairs with the groups that it leaves and enters, level by level. */
void drift_weigh(const struct drift *d, struct drift_move *m)
{
    const uint32_t *group = d->group;
    const struct drift_arc *e = d->arc + d->xadj[m->v];
    const struct drift_arc *end = d->arc + d->xadj[m->v + 1];
    uint32_t a = m->from;
    uint32_t b = m->to;
    int32_t in_a = 0;
    int32_t in_b = 0;

    for (const struct drift_arc *x = e; x < end; x++) {
        uint32_t c = group[x->to];

        in_a += x->w & -(int32_t)(c == a);
        in_b += x->w & -(int32_t)(c == b);
    }
    m->with_from[0] = in_a;
    m->with_to[0] = in_b;
    m->delta = d->step[d->level] * (float)(in_a - in_b);
    m->n_levels = 1;
    for (uint32_t l = d->level + 1; l < d->t->n_levels; l++) {
        const uint32_t *up = d->up[l];
        uint32_t ua = up[a];
        uint32_t ub = up[b];

        if (ua == ub)
            break;
        in_a = in_b = 0;
        for (const struct drift_arc *x = e; x < end; x++) {
            uint32_t c = up[group[x->to]];

            in_a += x->w & -(int32_t)(c == ua);
            in_b += x->w & -(int32_t)(c == ub);
        }
        m->with_from[m->n_levels] = in_a;
        m->with_to[m->n_levels++] = in_b;
        m->delta += d->step[l] * (float)(in_a - in_b);
    }
}

void drift_make(struct drift *d, const struct drift_move *m)
{
    const struct drift_arc *end = d->arc + d->xadj[m->v + 1];
    uint32_t abroad = 0;

    d->group[m->v] = m->to;
    for (const struct drift_arc *x = d->arc + d->xadj[m->v]; x < end; x++) {
        uint32_t c = d->group[x->to];

        abroad += c != m->to;
        d->abroad[x->to] += (uint32_t)(c == m->from) - (uint32_t)(c == m->to);
        if (d->abroad[x->to] < 2) /* it may have been 0, or be */
            drift_mark(d, x->to);
        d->hold[x->to] += 2 * (x->w & (-(int32_t)(c == m->to)))
                          - 2 * (x->w & (-(int32_t)(c == m->from)));
    }
    d->abroad[m->v] = abroad;
    drift_mark(d, m->v);
    d->hold[m->v] += 2 * (m->with_to[0] - m->with_from[0]);
    for (uint32_t i = 0; i < m->n_levels; i++) {
        uint32_t l = d->level + i;

        d->off[l][d->up[l][m->from]]--;
        d->off[l][d->up[l][m->to]]++;
    }
}

/* Loads of the links above both groups; true: the change of what is above limits. */
static double load_change(const struct drift *d,
                          const struct drift_move *m,
                          double volume,
                          bool make)
{
    double excess = 0;

    for (uint32_t i = 0; i < m->n_levels; i++) {
        uint32_t l = d->level + i;
        double *a = &d->load[l][d->up[l][m->from]];
        double *b = &d->load[l][d->up[l][m->to]];
        double now_a = *a + 2.0 * m->with_from[i] - volume;
        double now_b = *b - 2.0 * m->with_to[i] + volume;
        double most = d->limit[l];

        excess += fmax(now_a - most, 0) - fmax(*a - most, 0);
        excess += fmax(now_b - most, 0) - fmax(*b - most, 0);
        if (make) {
            *a = now_a;
            *b = now_b;
        }
    }
    return excess;
}

static double volume_of(const struct drift *d, uint32_t v)
{
    double sum = 0;

    for (uint32_t e = d->xadj[v]; e < d->xadj[v + 1]; e++)
        sum += d->arc[e].w;
    return sum;
}

/* What sizes cost more after a move; *ret_far: what a byte costs between both groups.
 */
static float size_change(const struct drift *d,
                         const struct drift_move *m,
                         float *ret_far)
{
    float sum = 0;

    *ret_far = 0;
    for (uint32_t l = d->level; l < d->t->n_levels; l++) {
        uint32_t ua = d->up[l][m->from];
        uint32_t ub = d->up[l][m->to];
        int32_t a = d->off[l][ua];
        int32_t b = d->off[l][ub];

        if (ua == ub)
            break;
        *ret_far += d->step[l];
        if (d->spare) {
            int32_t a2 = MAX(a - 1, 0);
            int32_t b2 = MAX(b + 1, 0);

            a = MAX(a, 0);
            b = MAX(b, 0);
            sum += d->price[l] * (float)(a2 * a2 - a * a + b2 * b2 - b * b);
        } else {
            sum += d->price[l] * (float)(2 * (b - a) + 2);
        }
    }
    return sum;
}

/*
 * What a vertex gains at most by leaving its group for a group with more room, as
 * sizes are at the beginning of a sweep: no group has more than the emptiest.
 */
static void find_relief(struct drift *d)
{
    const struct target *t = d->t;
    int32_t least[PLACE_LEVELS_MAX + 1];

    for (uint32_t l = d->level; l < t->n_levels; l++) {
        least[l] = INT32_MAX;
        for (uint32_t g = 0; g < t->n_groups[l]; g++)
            least[l] = MIN(least[l], d->off[l][g]);
    }
    for (uint32_t g = 0; g < t->n_groups[d->level]; g++) {
        float sum = 0;

        for (uint32_t l = d->level; l < t->n_levels; l++) {
            int32_t a = d->off[l][d->up[l][g]];
            float x = d->price[l] * (float)(2 * (least[l] - a) + 2);

            sum += l == d->level || x < 0 ? x : 0;
        }
        d->relief[g] = sum;
    }
}

/* Vertex v may go to the group of one of its neighbours. */
static uint32_t visit(struct drift *d, uint32_t v, float temp, const float *minus_log)
{
    const struct drift_arc *arc = d->arc + d->xadj[v];
    uint32_t degree = d->xadj[v + 1] - d->xadj[v];
    uint64_t r = rng_next(&d->rng);
    uint32_t i = rng_scale((uint32_t)(r >> 32), degree);
    float bar = temp * minus_log[r % LOGS];
    struct drift_move m;
    double volume = 0;
    float rise;
    float far;

    /* What stays with v follows it at most. */
    if (d->hold[v] > 0 && d->glance
        && d->step[d->level] * (float)d->hold[v] + d->relief[d->group[v]] > bar)
        return GLANCE;
    m.v = v;
    m.from = d->group[v];
    while ((m.to = d->group[arc[i].to]) == m.from)
        i = i + 1 == degree ? 0 : i + 1;
    rise = size_change(d, &m, &far);
    if (!d->limited && rise + far * (float)d->hold[v] > bar)
        return LOOK;
    drift_weigh(d, &m);
    m.delta += rise;
    if (d->limited) {
        volume = volume_of(d, v);
        m.delta += LOAD_PRICE * (float)d->t->distance[d->t->n_levels]
                   * (float)load_change(d, &m, volume, false);
    }
    if (m.delta <= bar) {
        drift_make(d, &m);
        if (d->limited)
            (void)load_change(d, &m, volume, true);
    }
    return VISIT + degree;
}

/* Those that have somewhere to go, in order, and may at this temperature. */
static uint32_t list_active(struct drift *d, float most)
{
    float step = d->step[d->level];
    uint32_t k = 0;

    for (uint32_t i = 0; i <= d->n / 64; i++)
        for (uint64_t left = d->border[i]; left; left &= left - 1) {
            uint32_t v = i * 64 + (uint32_t)__builtin_ctzll(left);

            d->active[k] = v;
            k += !d->glance | (d->hold[v] <= 0)
                 | (step * (float)d->hold[v] + d->relief[d->group[v]] <= most);
        }
    return k;
}

/* The weight of an arc that a byte chosen at random belongs to. */
static double usual_weight(const struct drift *d)
{
    double sum = 0;
    double squares = 0;

    for (uint32_t e = 0; e < d->xadj[d->n]; e++) {
        sum += d->arc[e].w;
        squares += (double)d->arc[e].w * d->arc[e].w;
    }
    return sum > 0 ? squares / sum : 1;
}

/* Sizes are cheap until late: a chain of moves at the end costs more than they did. */
static void set_prices(struct drift *d, float usual, float part)
{
    float price = PRICE_HOT * powf(PRICE_COLD / PRICE_HOT, part * part * part);

    for (uint32_t l = d->level; l < d->t->n_levels; l++)
        d->price[l] = price * usual * MAX(d->step[l], d->step[d->level]);
}

void drift_anneal(struct drift *d,
                  const struct drift_effort *effort,
                  struct limit *limit)
{
    float minus_log[LOGS];
    double usual = usual_weight(d);
    double unit = usual * (double)d->step[d->level];
    uint64_t done = 0;

    d->glance = !d->limited && !d->spare;
    for (int i = 0; i < LOGS; i++)
        minus_log[i] = -logf(((float)i + 0.5F) / LOGS);
    while (done < effort->work && !limit_over(limit)) {
        double part = (double)done / (double)effort->work;
        float temp =
            (float)(unit * effort->hot * pow(effort->cold / effort->hot, part));
        uint32_t k;

        set_prices(d, (float)usual, (float)part);
        find_relief(d);
        k = list_active(d, temp * minus_log[0]);
        for (uint32_t i = 0; i < k; i++) {
            uint32_t v = d->active[i];

            if (d->abroad[v] == 0)
                continue;
            done += visit(d, v, temp, minus_log);
        }
        done += d->n / 8 + 1;
    }
}
