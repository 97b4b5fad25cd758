/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* spread - which of a switch's links, see spread_int.h */
#include "config.h"

#include "place/spread_int.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/number.h"

#include "place/pattern_int.h"

#include "base/banned.h"

#define ROOM_MAX (1U << 22) /* switches times nodes; more are left as they are */
#define WORK_MAX 20000000   /* loads looked at */
#define PASSES_MAX 20

/* `kids` are groups of `level`, `homes` those of the level above that hold them. */
struct spread {
    const struct target *t;
    uint32_t level;
    uint32_t k; /* links of a home */
    uint32_t n_homes;
    uint32_t n_kids;
    double *to;    /* [home x n_kids + kid] bytes from the home to a kid elsewhere */
    double *in;    /* [kid] bytes from all other homes */
    double *up;    /* [home x k + link] bytes that leave */
    double *down;  /* [home x k + link] bytes that arrive */
    uint32_t *kid; /* [place] the kid that is there now */
    uint64_t work;
};

static void spread_release(struct spread *s)
{
    free(s->to);
    free(s->in);
    free(s->up);
    free(s->down);
    free(s->kid);
}

static uint32_t home_of(const struct spread *s, uint32_t kid)
{
    return s->t->parent[s->level][kid];
}

static uint32_t kid_of(const struct spread *s, uint32_t slot)
{
    return s->t->group[s->level][s->t->leaf[slot]];
}

static void add_traffic(struct spread *s, const struct pattern *p, const uint32_t *slot)
{
    for (uint32_t u = 0; u < p->n; u++) {
        uint32_t home = home_of(s, kid_of(s, slot[u]));

        for (uint64_t e = p->xadj[u]; e < p->xadj[u + 1]; e++) {
            uint32_t kid = kid_of(s, slot[p->adj[e]]);

            if (home_of(s, kid) == home)
                continue;
            s->to[(size_t)home * s->n_kids + kid] += (double)p->w[e] / 2;
            s->in[kid] += (double)p->w[e] / 2;
        }
    }
    for (uint32_t i = 0; i < s->n_kids; i++) {
        for (uint32_t h = 0; h < s->n_homes; h++)
            s->up[h * s->k + i % s->k] += s->to[(size_t)h * s->n_kids + i];
        s->down[home_of(s, i) * s->k + i % s->k] += s->in[i];
    }
}

static int spread_init(struct spread *s,
                       const struct target *t,
                       const struct pattern *p,
                       const uint32_t *slot,
                       uint32_t level)
{
    size_t links;

    *s = (struct spread){.t = t,
                         .level = level,
                         .k = (uint32_t)(t->capacity[level + 1] / t->capacity[level]),
                         .n_homes = t->n_groups[level + 1],
                         .n_kids = t->n_groups[level]};
    links = (size_t)s->n_homes * s->k;
    s->to = calloc((size_t)s->n_homes * s->n_kids + 1, sizeof(*s->to));
    s->in = calloc((size_t)s->n_kids + 1, sizeof(*s->in));
    s->up = calloc(links + 1, sizeof(*s->up));
    s->down = calloc(links + 1, sizeof(*s->down));
    s->kid = malloc(((size_t)s->n_kids + 1) * sizeof(*s->kid));
    if (!s->to || !s->in || !s->up || !s->down || !s->kid)
        return -ENOMEM;
    for (uint32_t i = 0; i < s->n_kids; i++)
        s->kid[i] = i;
    add_traffic(s, p, slot);
    return 0;
}

static double fullest(const struct spread *s)
{
    double most = 0;

    for (uint32_t i = 0; i < s->n_homes * s->k; i++)
        most = fmax(most, fmax(s->up[i], s->down[i]));
    return most;
}

/* Fourth powers: close to the largest, and every link counts. */
static double bent(double x)
{
    return x * x * x * x;
}

/* What `more` on one link and as much less on another adds to the price. */
static double shift_price(const double *load, uint32_t a, uint32_t b, double more)
{
    return bent(load[a] + more) - bent(load[a]) + bent(load[b] - more) - bent(load[b]);
}

/* The kids at places i and j of one home change places; make: do it. */
static double exchange(struct spread *s, uint32_t i, uint32_t j, bool make)
{
    uint32_t a = s->kid[i];
    uint32_t b = s->kid[j];
    uint32_t x = i % s->k;
    uint32_t y = j % s->k;
    double *down = s->down + (size_t)home_of(s, i) * s->k;
    double more = s->in[b] - s->in[a];
    double price = shift_price(down, x, y, more);

    for (uint32_t h = 0; h < s->n_homes; h++) {
        const double *to = s->to + (size_t)h * s->n_kids;
        double *up = s->up + (size_t)h * s->k;
        double d = to[b] - to[a];

        price += d == 0 ? 0 : shift_price(up, x, y, d);
        up[x] += make ? d : 0;
        up[y] -= make ? d : 0;
    }
    if (make) {
        down[x] += more;
        down[y] -= more;
        s->kid[i] = b;
        s->kid[j] = a;
    }
    s->work += s->n_homes;
    return price;
}

/* Leaves of the same sizes: what is on one fits on the other. */
static bool alike(const struct target *t, uint32_t level, uint32_t i, uint32_t j)
{
    uint32_t a = t->first_leaf[level][i];
    uint32_t b = t->first_leaf[level][j];
    uint32_t n = t->first_leaf[level][i + 1] - a;

    if (t->first_leaf[level][j + 1] - b != n)
        return false;
    for (uint32_t x = 0; x < n; x++)
        if (t->first_slot[a + x + 1] - t->first_slot[a + x]
            != t->first_slot[b + x + 1] - t->first_slot[b + x])
            return false;
    return true;
}

static bool improve(struct spread *s)
{
    double least = -1e-9 * bent(fullest(s));
    bool any = false;

    for (uint32_t i = 0; i < s->n_kids; i++)
        for (uint32_t j = i + 1; j < s->n_kids && home_of(s, j) == home_of(s, i); j++)
            if (i % s->k != j % s->k && s->work < WORK_MAX
                && alike(s->t, s->level, i, j) && exchange(s, i, j, false) < least) {
                (void)exchange(s, i, j, true);
                any = true;
            }
    return any;
}

static int move(const struct spread *s, uint32_t n, uint32_t *slot)
{
    const struct target *t = s->t;
    uint32_t *place = malloc(((size_t)s->n_kids + 1) * sizeof(*place));

    if (!place)
        return -ENOMEM;
    for (uint32_t i = 0; i < s->n_kids; i++)
        place[s->kid[i]] = i;
    for (uint32_t u = 0; u < n; u++) {
        uint32_t a = kid_of(s, slot[u]);

        slot[u] += t->first_slot[t->first_leaf[s->level][place[a]]]
                   - t->first_slot[t->first_leaf[s->level][a]];
    }
    free(place);
    return 1;
}

static int spread_level(const struct target *t,
                        const struct pattern *p,
                        uint32_t *slot,
                        uint32_t level)
{
    struct spread s;
    int r = spread_init(&s, t, p, slot, level);

    if (r == 0) {
        double was = fullest(&s);
        int left = PASSES_MAX;

        while (left-- > 0 && improve(&s))
            ;
        if (fullest(&s) < was)
            r = move(&s, p->n, slot);
    }
    spread_release(&s);
    return r;
}

int spread_routes(const struct target *t, const struct pattern *p, uint32_t *slot)
{
    int any = 0;

    for (uint32_t l = 1; any >= 0 && l + 1 < t->n_levels; l++) {
        int r = 0;

        if (t->capacity[l + 1] / t->capacity[l] >= 2
            && (uint64_t)t->n_groups[l + 1] * t->n_groups[l] <= ROOM_MAX)
            r = spread_level(t, p, slot, l);
        any = r < 0 ? r : MAX(any, r);
    }
    return any;
}
