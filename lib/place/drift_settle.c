/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * drift_settle - exact sizes by the cheapest chains of moves
 *
 * From a group that is too full a vertex goes to another, from there another one
 * goes on, until one arrives where there is room: a shortest path over the groups,
 * an edge being as long as the cheapest move along it costs. Moves that gain count
 * as 0, so that Dijkstra's order holds. Paths are short, because groups that are off
 * lie among groups that are off the other way.
 */
#include "config.h"

#include "place/drift_int.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"

#include "base/banned.h"

#define NONE UINT32_MAX

struct reached {
    float cost;
    uint32_t round; /* of settling: older entries do not count */
    uint32_t from;  /* group before on the path */
    uint32_t by;    /* vertex that goes from there to here */
    bool done;
};

struct entry {
    float cost;
    uint32_t group;
};

struct settle {
    struct drift *d;
    uint32_t n_groups;
    uint32_t *head;          /* [n_groups] first vertex of each group */
    uint32_t *next, *prev;   /* [n] vertices of a group; NONE ends */
    struct reached *reached; /* [n_groups] */
    uint32_t *weighed;       /* [n_groups] the visit that looked at it last */
    uint32_t visit;
    struct entry *heap;
    uint32_t n_heap, cap_heap;
    uint32_t round;
};

static void settle_release(struct settle *s)
{
    free(s->head);
    free(s->next);
    free(s->prev);
    free(s->reached);
    free(s->weighed);
    free(s->heap);
}

static void join(struct settle *s, uint32_t v, uint32_t g)
{
    s->prev[v] = NONE;
    s->next[v] = s->head[g];
    if (s->head[g] != NONE)
        s->prev[s->head[g]] = v;
    s->head[g] = v;
}

static void leave(struct settle *s, uint32_t v, uint32_t g)
{
    if (s->prev[v] == NONE)
        s->head[g] = s->next[v];
    else
        s->next[s->prev[v]] = s->next[v];
    if (s->next[v] != NONE)
        s->prev[s->next[v]] = s->prev[v];
}

static int settle_init(struct settle *s, struct drift *d)
{
    size_t k = d->t->n_groups[d->level];
    size_t n = d->n;

    *s = (struct settle){.d = d, .n_groups = (uint32_t)k, .cap_heap = 1024};
    s->head = malloc((k + 1) * sizeof(*s->head));
    s->next = malloc((n + 1) * sizeof(*s->next));
    s->prev = malloc((n + 1) * sizeof(*s->prev));
    s->reached = calloc(k + 1, sizeof(*s->reached));
    s->weighed = calloc(k + 1, sizeof(*s->weighed));
    s->heap = malloc(s->cap_heap * sizeof(*s->heap));
    if (!s->head || !s->next || !s->prev || !s->reached || !s->weighed || !s->heap)
        return -ENOMEM;
    for (uint32_t g = 0; g < k; g++)
        s->head[g] = NONE;
    for (uint32_t v = 0; v < d->n; v++)
        join(s, v, d->group[v]);
    return 0;
}

static int push(struct settle *s, float cost, uint32_t group)
{
    uint32_t i = s->n_heap;

    if (i == s->cap_heap) {
        struct entry *more =
            reallocarray(s->heap, 2 * (size_t)s->cap_heap, sizeof(*more));

        if (!more)
            return -ENOMEM;
        s->heap = more;
        s->cap_heap *= 2;
    }
    s->n_heap++;
    for (; i > 0 && s->heap[(i - 1) / 2].cost > cost; i = (i - 1) / 2)
        s->heap[i] = s->heap[(i - 1) / 2];
    s->heap[i] = (struct entry){cost, group};
    return 0;
}

static struct entry pop(struct settle *s)
{
    struct entry top = s->heap[0];
    struct entry last = s->heap[--s->n_heap];
    uint32_t i = 0;

    for (;;) {
        uint32_t c = 2 * i + 1;

        if (c >= s->n_heap)
            break;
        if (c + 1 < s->n_heap && s->heap[c + 1].cost < s->heap[c].cost)
            c++;
        if (s->heap[c].cost >= last.cost)
            break;
        s->heap[i] = s->heap[c];
        i = c;
    }
    s->heap[i] = last;
    return top;
}

/* Where v could go from group g, at what cost on top of what g costs. */
static int relax(struct settle *s, uint32_t v, uint32_t g, float cost)
{
    struct drift *d = s->d;

    s->visit++;
    for (uint32_t e = d->xadj[v]; e < d->xadj[v + 1]; e++) {
        struct drift_move m = {.v = v, .from = g, .to = d->group[d->arc[e].to]};
        struct reached *r = &s->reached[m.to];

        if (m.to == g || s->weighed[m.to] == s->visit
            || (r->round == s->round && r->done))
            continue;
        s->weighed[m.to] = s->visit;
        drift_weigh(d, &m);
        m.delta = cost + fmaxf(m.delta, 0);
        if (r->round == s->round && r->cost <= m.delta)
            continue;
        *r = (struct reached){m.delta, s->round, g, v, false};
        if (push(s, m.delta, m.to) < 0)
            return -ENOMEM;
    }
    return 0;
}

static void carry(struct settle *s, uint32_t v, uint32_t from, uint32_t to)
{
    struct drift_move m = {.v = v, .from = from, .to = to};

    drift_weigh(s->d, &m);
    drift_make(s->d, &m);
    leave(s, v, from);
    join(s, v, to);
}

/* Nothing leads from g to a group with room: somebody goes there all the same. */
static void leap(struct settle *s, uint32_t g)
{
    uint32_t to = 0;

    while (s->d->off[s->d->level][to] >= 0)
        to++;
    carry(s, s->head[g], g, to);
}

/* One vertex too many leaves g along the cheapest path. */
static int relieve(struct settle *s, uint32_t g)
{
    struct drift *d = s->d;

    s->round++;
    s->n_heap = 0;
    s->reached[g] = (struct reached){0, s->round, NONE, NONE, false};
    if (push(s, 0, g) < 0)
        return -ENOMEM;
    while (s->n_heap > 0) {
        struct entry top = pop(s);
        struct reached *r = &s->reached[top.group];

        if (r->done)
            continue;
        r->done = true;
        if (d->off[d->level][top.group] < 0) {
            for (uint32_t to = top.group; to != g; to = s->reached[to].from)
                carry(s, s->reached[to].by, s->reached[to].from, to);
            return 0;
        }
        for (uint32_t v = s->head[top.group]; v != NONE; v = s->next[v])
            if (relax(s, v, top.group, top.cost) < 0)
                return -ENOMEM;
    }
    leap(s, g);
    return 0;
}

int drift_settle(struct drift *d)
{
    struct settle s;
    int r = settle_init(&s, d);

    for (uint32_t g = 0; r == 0 && g < s.n_groups; g++)
        while (r == 0 && d->off[d->level][g] > 0)
            r = relieve(&s, g);
    settle_release(&s);
    return r;
}
