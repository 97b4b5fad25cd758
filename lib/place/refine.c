/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * refine - Fiduccia-Mattheyses on a bisection, with exact sizes at the end
 *
 * Two heaps, one per side, hold the vertices that may still move. A pass moves
 * vertices one by one, worst included, and rolls back to the best state that was
 * balanced enough.
 */
#include "config.h"

#include "place/bisect_int.h"

#include <string.h>

#include "base/banned.h"

#define NOWHERE UINT32_MAX
#define MOVED (UINT32_MAX - 1)

struct pass {
    struct bisect_room *b;
    const struct graph *g;
    unsigned char *side;
    uint32_t n_heap[2];
    bool whole[2]; /* heap holds the whole side */
    int64_t off;   /* size of side 0 less what is wanted */
    int64_t cut;
};

static void sift_up(struct pass *p, unsigned s, uint32_t i)
{
    uint32_t *h = p->b->heap[s];
    const int64_t *gain = p->b->gain;
    uint32_t v = h[i];

    while (i > 0) {
        uint32_t up = (i - 1) / 2;

        if (gain[h[up]] >= gain[v])
            break;
        h[i] = h[up];
        p->b->at[h[i]] = i;
        i = up;
    }
    h[i] = v;
    p->b->at[v] = i;
}

static void sift_down(struct pass *p, unsigned s, uint32_t i)
{
    uint32_t *h = p->b->heap[s];
    const int64_t *gain = p->b->gain;
    uint32_t n = p->n_heap[s];
    uint32_t v = h[i];

    for (;;) {
        uint32_t c = 2 * i + 1;

        if (c >= n)
            break;
        if (c + 1 < n && gain[h[c + 1]] > gain[h[c]])
            c++;
        if (gain[h[c]] <= gain[v])
            break;
        h[i] = h[c];
        p->b->at[h[i]] = i;
        i = c;
    }
    h[i] = v;
    p->b->at[v] = i;
}

static void heap_remove(struct pass *p, unsigned s, uint32_t v)
{
    uint32_t *h = p->b->heap[s];
    uint32_t i = p->b->at[v];
    uint32_t last = h[--p->n_heap[s]];

    p->b->at[v] = MOVED;
    if (last == v)
        return;
    h[i] = last;
    p->b->at[last] = i;
    sift_up(p, s, i);
    sift_down(p, s, p->b->at[last]);
}

/* Gains of all vertices; once, move() keeps them. */
static void sum_gains(struct pass *p)
{
    const struct graph *g = p->g;
    struct bisect_room *b = p->b;

    p->cut = 0;
    for (uint32_t v = 0; v < g->n; v++) {
        unsigned s = p->side[v];
        int64_t across = 0;
        int64_t all = 0;

        for (uint32_t e = g->xadj[v]; e < g->xadj[v + 1]; e++) {
            all += g->w[e];
            across += p->side[g->adj[e]] == s ? 0 : g->w[e];
        }
        b->across[v] = across;
        b->gain[v] = 2 * across - all;
        p->cut += s ? 0 : across;
        if (g->pull) {
            b->gain[v] += s ? g->pull[v] : -g->pull[v];
            p->cut += s ? g->pull[v] : 0;
        }
    }
}

static void heap_add(struct pass *p, unsigned s, uint32_t v)
{
    p->b->heap[s][p->n_heap[s]] = v;
    sift_up(p, s, p->n_heap[s]++);
}

/* A vertex that may gain by moving, or that costs nothing to move. */
static bool is_border(const struct pass *p, uint32_t v)
{
    const struct graph *g = p->g;

    return p->b->across[v] > 0 || g->xadj[v] == g->xadj[v + 1]
           || (g->pull && g->pull[v] != 0);
}

static void fill_heaps(struct pass *p)
{
    const struct graph *g = p->g;
    struct bisect_room *b = p->b;

    p->n_heap[0] = p->n_heap[1] = 0;
    p->whole[0] = p->whole[1] = false;
    for (uint32_t v = 0; v < g->n; v++) {
        unsigned s = p->side[v];

        b->at[v] = NOWHERE;
        if (is_border(p, v)) {
            b->at[v] = p->n_heap[s];
            b->heap[s][p->n_heap[s]++] = v;
        }
    }
    for (unsigned s = 0; s < 2; s++)
        for (uint32_t i = p->n_heap[s] / 2; i-- > 0;)
            sift_down(p, s, i);
}

/* The border has run out and the side is still too big: everybody may move. */
static void fill_side(struct pass *p, unsigned s)
{
    p->whole[s] = true;
    for (uint32_t v = 0; v < p->g->n; v++)
        if (p->side[v] == s && p->b->at[v] == NOWHERE)
            heap_add(p, s, v);
}

/* Move v to the other side; neighbours learn their new gain. */
static void move(struct pass *p, uint32_t v, bool heaps)
{
    const struct graph *g = p->g;
    struct bisect_room *b = p->b;
    unsigned from = p->side[v];
    int64_t all = 0;

    p->cut -= b->gain[v];
    b->gain[v] = -b->gain[v];
    p->off += from == 0 ? -(int64_t)g->size[v] : (int64_t)g->size[v];
    p->side[v] = (unsigned char)!from;
    for (uint32_t e = g->xadj[v]; e < g->xadj[v + 1]; e++) {
        uint32_t u = g->adj[e];
        unsigned s = p->side[u];
        int64_t w = s == from ? g->w[e] : -g->w[e];

        all += g->w[e];
        b->across[u] += w;
        b->gain[u] += 2 * w;
        if (!heaps || b->at[u] == MOVED)
            continue;
        if (b->at[u] == NOWHERE)
            heap_add(p, s, u);
        else if (w > 0)
            sift_up(p, s, b->at[u]);
        else
            sift_down(p, s, b->at[u]);
    }
    b->across[v] = all - b->across[v];
}

static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}

/* Which side gives next: the one that is too big, else the better gain. 2: none. */
static unsigned choose(struct pass *p, int64_t tol)
{
    unsigned best = 2;
    int64_t best_gain = INT64_MIN;
    unsigned big = p->off > 0 ? 0 : 1;

    if (magnitude(p->off) > tol && p->n_heap[big] == 0 && !p->whole[big])
        fill_side(p, big);
    for (unsigned s = 0; s < 2; s++) {
        uint32_t v;
        int64_t off;
        int64_t gain;

        if (p->n_heap[s] == 0)
            continue;
        v = p->b->heap[s][0];
        off = p->off + (s == 0 ? -(int64_t)p->g->size[v] : (int64_t)p->g->size[v]);
        if (magnitude(off) > tol && magnitude(off) >= magnitude(p->off))
            continue;
        gain = p->b->gain[v];
        if (best == 2 || gain > best_gain
            || (gain == best_gain && magnitude(off) < magnitude(p->off))) {
            best = s;
            best_gain = gain;
        }
        if (magnitude(p->off) > tol)
            return s;
    }
    return best;
}

/* One pass; true when it found something better. */
static bool run_pass(struct pass *p, int64_t tol, int64_t end_tol, uint32_t patience)
{
    int64_t best_cut = p->cut;
    int64_t best_off = magnitude(p->off);
    int64_t start_cut = p->cut;
    int64_t start_off = best_off;
    uint32_t n_moved = 0;
    uint32_t best_at = 0;
    uint32_t idle = 0;
    uint32_t *moved = p->b->moved;

    fill_heaps(p);
    while (idle < patience) {
        unsigned s = choose(p, tol);
        uint32_t v;
        int64_t off;
        int64_t over;
        int64_t best_over;

        if (s == 2)
            break;
        v = p->b->heap[s][0];
        heap_remove(p, s, v);
        move(p, v, true);
        moved[n_moved++] = v;
        off = magnitude(p->off);
        over = off > end_tol ? off : 0;
        best_over = best_off > end_tol ? best_off : 0;
        idle++;
        if (over < best_over
            || (over == best_over
                && (p->cut < best_cut || (p->cut == best_cut && off < best_off)))) {
            idle = p->cut < best_cut || over < best_over ? 0 : idle;
            best_cut = p->cut;
            best_off = off;
            best_at = n_moved;
        }
    }
    while (n_moved > best_at)
        move(p, moved[--n_moved], false);
    return best_cut < start_cut || (start_off > end_tol && best_off < start_off);
}

int64_t bisect_refine(struct bisect_room *b,
                      const struct graph *g,
                      uint64_t want0,
                      uint64_t tol,
                      uint64_t end_tol,
                      uint32_t patience,
                      unsigned char *side)
{
    struct pass p = {.b = b, .g = g, .side = side};
    uint64_t size0 = 0;

    for (uint32_t v = 0; v < g->n; v++)
        size0 += side[v] == 0 ? g->size[v] : 0;
    p.off = (int64_t)size0 - (int64_t)want0;
    sum_gains(&p);
    for (int i = 0; i < 12; i++)
        if (!run_pass(&p, (int64_t)tol, (int64_t)end_tol, patience))
            break;
    return p.cut;
}
