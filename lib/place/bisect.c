/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* bisect - multilevel bisection with exact sizes */
#include "config.h"

#include "place/bisect_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "base/banned.h"

#define COARSE_ENOUGH 40
#define COARSE_PATIENCE 15
#define LEVELS_MAX 40

int bisect_room_init(struct bisect_room *b, uint32_t n)
{
    size_t k = (size_t)n + 1;

    *b = (struct bisect_room){.cap = n};
    b->gain = malloc(k * sizeof(*b->gain));
    b->across = malloc(k * sizeof(*b->across));
    b->heap[0] = malloc(k * sizeof(uint32_t));
    b->heap[1] = malloc(k * sizeof(uint32_t));
    b->at = malloc(k * sizeof(*b->at));
    b->moved = malloc(k * sizeof(*b->moved));
    b->side = malloc(k);
    b->map = malloc(k * sizeof(*b->map));
    b->order = malloc(k * sizeof(*b->order));
    b->mark = malloc(k * sizeof(*b->mark));
    if (b->gain && b->across && b->heap[0] && b->heap[1] && b->at && b->moved && b->side
        && b->map && b->order && b->mark)
        return 0;
    bisect_room_release(b);
    return -ENOMEM;
}

void bisect_room_release(struct bisect_room *b)
{
    free(b->gain);
    free(b->across);
    free(b->heap[0]);
    free(b->heap[1]);
    free(b->at);
    free(b->moved);
    free(b->side);
    free(b->map);
    free(b->order);
    free(b->mark);
    *b = (struct bisect_room){0};
}

int64_t bisect_cut(const struct graph *g, const unsigned char *side)
{
    int64_t cut = 0;

    for (uint32_t v = 0; g->pull && v < g->n; v++)
        cut += side[v] ? g->pull[v] : 0;
    for (uint32_t v = 0; v < g->n; v++)
        if (side[v] == 0)
            for (uint32_t e = g->xadj[v]; e < g->xadj[v + 1]; e++)
                cut += side[g->adj[e]] ? g->w[e] : 0;
    return cut;
}

uint32_t bisect_match(struct bisect_room *b,
                      const struct graph *g,
                      uint64_t max_size,
                      struct rng *rng)
{
    uint32_t n = 0;
    uint32_t lonely = UINT32_MAX; /* a vertex without neighbours that waits for one */

    for (uint32_t i = 0; i < g->n; i++) {
        b->order[i] = i;
        b->map[i] = UINT32_MAX;
    }
    rng_shuffle(rng, b->order, g->n);
    for (uint32_t i = 0; i < g->n; i++) {
        uint32_t v = b->order[i];
        uint32_t mate = UINT32_MAX;
        int64_t best = -1;

        if (b->map[v] != UINT32_MAX)
            continue;
        for (uint32_t e = g->xadj[v]; e < g->xadj[v + 1]; e++) {
            uint32_t u = g->adj[e];

            if (b->map[u] == UINT32_MAX && g->w[e] > best
                && (uint64_t)g->size[u] + g->size[v] <= max_size) {
                best = g->w[e];
                mate = u;
            }
        }
        if (g->xadj[v] == g->xadj[v + 1]) {
            if (lonely != UINT32_MAX
                && (uint64_t)g->size[lonely] + g->size[v] <= max_size) {
                b->map[v] = b->map[lonely];
                lonely = UINT32_MAX;
                continue;
            }
            lonely = v;
        }
        b->map[v] = n;
        if (mate != UINT32_MAX)
            b->map[mate] = n;
        n++;
    }
    return n;
}

/* Grow side 0 from a random vertex, taking the one that gains most each time. */
static void grow(struct bisect_room *b,
                 const struct graph *g,
                 uint64_t want0,
                 struct rng *rng,
                 unsigned char *side)
{
    uint64_t size0 = 0;
    uint32_t v = rng_below(rng, g->n);

    for (uint32_t i = 0; i < g->n; i++) {
        side[i] = 1;
        b->gain[i] = g->pull ? g->pull[i] : 0;
        for (uint32_t e = g->xadj[i]; e < g->xadj[i + 1]; e++)
            b->gain[i] -= g->w[e];
    }
    for (;;) {
        uint64_t with = size0 + g->size[v];
        uint32_t best = UINT32_MAX;
        bool best_met = false;

        if (with > want0 && with - want0 > want0 - size0)
            break;
        side[v] = 0;
        size0 = with;
        for (uint32_t e = g->xadj[v]; e < g->xadj[v + 1]; e++) {
            b->gain[g->adj[e]] += 2 * g->w[e];
            b->mark[g->adj[e]] = 1;
        }
        if (size0 >= want0)
            break;
        for (uint32_t i = 0; i < g->n; i++) {
            bool met;

            if (side[i] == 0)
                continue;
            met = b->mark[i] == 1;
            if (best == UINT32_MAX || met > best_met
                || (met == best_met && b->gain[i] > b->gain[best])) {
                best = i;
                best_met = met;
            }
        }
        if (best == UINT32_MAX)
            break;
        v = best;
    }
}

static void start(struct bisect_room *b,
                  const struct graph *g,
                  uint64_t want0,
                  uint64_t tol,
                  uint64_t end_tol,
                  uint32_t tries,
                  struct rng *rng,
                  unsigned char *side)
{
    int64_t best = INT64_MAX;

    for (uint32_t i = 0; i < tries; i++) {
        int64_t cut;

        memset(b->mark, 0, g->n * sizeof(*b->mark));
        grow(b, g, want0, rng, b->side);
        cut = bisect_refine(b, g, want0, tol, end_tol, COARSE_PATIENCE, b->side);
        if (cut < best) {
            best = cut;
            memcpy(side, b->side, g->n);
        }
    }
}

/* Sizes to the last unit; only graphs whose vertices all have size 1 need it. */
static void make_exact(struct bisect_room *b,
                       const struct graph *g,
                       uint64_t want0,
                       unsigned char *side)
{
    uint64_t size0 = 0;

    for (uint32_t v = 0; v < g->n; v++)
        size0 += side[v] == 0 ? g->size[v] : 0;
    if (size0 != want0)
        (void)bisect_refine(b, g, want0, 0, 0, g->n, side);
}

static uint64_t largest(const struct graph *g)
{
    uint32_t m = 1;

    for (uint32_t v = 0; v < g->n; v++)
        m = MAX(m, g->size[v]);
    return m;
}

/* tol inside a pass at one level of the way back; end_tol there. */
static void level_tolerance(const struct graph *g, uint64_t *tol, uint64_t *end_tol)
{
    uint64_t m = largest(g);

    *end_tol = m == 1 ? 0 : m / 2;
    *tol = MAX(m, g->total_size / 64);
}

int bisect(struct bisect_room *b,
           const struct graph *g,
           uint64_t want0,
           uint32_t tries,
           struct rng *rng,
           unsigned char *side)
{
    struct graph coarse[LEVELS_MAX];
    uint32_t *map[LEVELS_MAX];
    const struct graph *at = g;
    uint32_t n = 0;
    uint64_t tol;
    uint64_t end_tol;
    int r = 0;

    while (at->n > COARSE_ENOUGH && n < LEVELS_MAX) {
        uint64_t max_size = MAX(UINT64_C(2) * largest(at), g->total_size / 32);
        uint32_t k = bisect_match(b, at, MIN(max_size, g->total_size / 12 + 1), rng);

        if (k > at->n - at->n / 16)
            break;
        map[n] = malloc(at->n * sizeof(uint32_t));
        if (!map[n]) {
            r = -ENOMEM;
            break;
        }
        memcpy(map[n], b->map, at->n * sizeof(uint32_t));
        r = graph_contract(&coarse[n], at, map[n], k, b->mark);
        if (r < 0) {
            free(map[n]);
            break;
        }
        at = &coarse[n++];
    }
    if (r == 0) {
        level_tolerance(at, &tol, &end_tol);
        start(b, at, want0, tol, end_tol, tries, rng, side);
    }
    while (n > 0) {
        const struct graph *up = n > 1 ? &coarse[n - 2] : g;

        n--;
        if (r == 0) {
            for (uint32_t v = up->n; v-- > 0;)
                b->side[v] = side[map[n][v]];
            memcpy(side, b->side, up->n);
            level_tolerance(up, &tol, &end_tol);
            (void)bisect_refine(b, up, want0, tol, end_tol, 30 + up->n / 16, side);
        }
        graph_release(&coarse[n]);
        free(map[n]);
    }
    if (r == 0)
        make_exact(b, g, want0, side);
    return r;
}
