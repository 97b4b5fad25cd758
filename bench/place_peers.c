/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * place_peers - METIS as a recursive multisection, and Scotch's own mapping
 *
 * METIS' parts are not exact: a part that is too big gives its least attached
 * ranks to parts with room, which is done in its favour after the clock stopped.
 */
#include "config.h"

#include "place_peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/words.h"

#ifdef HAVE_METIS_H
#include <metis.h>
#endif
#ifdef USE_SCOTCH
#include <stdio.h>

#include <scotch.h>
#endif

#include "base/banned.h"

struct shape_text {
    uint32_t n;
    uint32_t arity[PLACE_LEVELS_MAX];
    uint32_t distance[PLACE_LEVELS_MAX];
    uint32_t group[PLACE_LEVELS_MAX + 1];
};

static void read_shape(const struct instance *i, struct shape_text *s)
{
    struct words a = WORDS_INIT(PLACE_LEVELS_MAX, 256);
    struct words d = WORDS_INIT(PLACE_LEVELS_MAX, 256);

    (void)words_split(&a, i->machine, ":"); /* our own table */
    (void)words_split(&d, i->distance, ":");
    s->n = (uint32_t)a.n;
    s->group[0] = 1;
    for (uint32_t l = 0; l < s->n; l++) {
        (void)measure_u32(a.v[l], 1, UINT32_MAX, &s->arity[l], NULL);
        (void)measure_u32(d.v[l], 0, UINT32_MAX, &s->distance[l], NULL);
        s->group[l + 1] = s->group[l] * s->arity[l];
    }
    words_release(&a);
    words_release(&d);
}

/* Ranks on cores that are taken go to the nearest free core. */
static void repair(const struct shape_text *s, uint32_t *core, uint32_t n)
{
    uint32_t k = s->group[s->n];
    unsigned char *used = calloc(k, 1);
    uint32_t *late = malloc((n + 1) * sizeof(*late));
    uint32_t n_late = 0;

    if (!used || !late)
        abort();
    for (uint32_t u = 0; u < n; u++) {
        if (used[core[u]])
            late[n_late++] = u;
        used[core[u]] = 1;
    }
    for (uint32_t i = 0; i < n_late; i++) {
        uint32_t c = core[late[i]];
        bool done = false;

        for (uint32_t l = 1; !done && l <= s->n; l++)
            for (uint32_t x = c / s->group[l] * s->group[l], e = x + s->group[l];
                 !done && x < e; x++)
                if (!used[x]) {
                    used[x] = 1;
                    core[late[i]] = x;
                    done = true;
                }
    }
    free(used);
    free(late);
}

#ifdef HAVE_METIS_H
struct part {
    idx_t n;
    idx_t *xadj, *adj, *w;
    uint32_t *id;
};

static void part_free(struct part *p)
{
    free(p->xadj);
    free(p->adj);
    free(p->w);
    free(p->id);
}

static int split(const struct shape_text *s,
                 const struct part *p,
                 uint32_t level,
                 uint32_t base,
                 uint32_t *core);

static int sub(
    const struct part *p, const idx_t *side, idx_t which, struct part *q, idx_t *local)
{
    idx_t n = 0;
    idx_t at = 0;

    q->xadj = malloc(((size_t)p->n + 1) * sizeof(idx_t));
    q->adj = malloc(((size_t)p->xadj[p->n] + 1) * sizeof(idx_t));
    q->w = malloc(((size_t)p->xadj[p->n] + 1) * sizeof(idx_t));
    q->id = malloc(((size_t)p->n + 1) * sizeof(uint32_t));
    if (!q->xadj || !q->adj || !q->w || !q->id)
        return -ENOMEM;
    for (idx_t v = 0; v < p->n; v++)
        if (side[v] == which) {
            q->id[n] = p->id[v];
            local[v] = n++;
        }
    q->n = 0;
    q->xadj[0] = 0;
    for (idx_t v = 0; v < p->n; v++) {
        if (side[v] != which)
            continue;
        for (idx_t e = p->xadj[v]; e < p->xadj[v + 1]; e++)
            if (side[p->adj[e]] == which) {
                q->adj[at] = local[p->adj[e]];
                q->w[at++] = p->w[e];
            }
        q->xadj[++q->n] = at;
    }
    return 0;
}

static int split(const struct shape_text *s,
                 const struct part *p,
                 uint32_t level,
                 uint32_t base,
                 uint32_t *core)
{
    idx_t n_con = 1;
    idx_t k;
    idx_t cut;
    idx_t options[METIS_NOPTIONS];
    idx_t *side = malloc(((size_t)p->n + 1) * sizeof(idx_t));
    idx_t *local = malloc(((size_t)p->n + 1) * sizeof(idx_t));
    uint32_t size = s->group[level - 1];
    uint32_t fill[4096] = {0};
    int r = side && local ? 0 : -ENOMEM;

    if (level == 1) {
        for (idx_t v = 0; r == 0 && v < p->n; v++)
            core[p->id[v]] = base + (uint32_t)v % s->arity[0];
        free(side);
        free(local);
        return r;
    }
    k = (idx_t)s->arity[level - 1];
    METIS_SetDefaultOptions(options);
    options[METIS_OPTION_UFACTOR] = 1;
    options[METIS_OPTION_SEED] = 1;
    if (r == 0) {
        if (p->n > k && k > 1) {
            if (METIS_PartGraphRecursive(&(idx_t){p->n}, &n_con, p->xadj, p->adj, NULL,
                                         NULL, p->w, &k, NULL, NULL, options, &cut,
                                         side)
                != METIS_OK)
                r = -EIO;
        } else {
            for (idx_t v = 0; v < p->n; v++)
                side[v] = v % k;
        }
    }
    for (idx_t v = 0; r == 0 && v < p->n; v++) {
        if (fill[side[v]] == size)
            for (idx_t x = 0; x < k; x++)
                if (fill[x] < size) {
                    side[v] = x;
                    break;
                }
        fill[side[v]]++;
    }
    for (idx_t x = 0; r == 0 && x < k; x++) {
        struct part q = {0};

        r = sub(p, side, x, &q, local);
        if (r == 0 && q.n > 0)
            r = split(s, &q, level - 1, base + (uint32_t)x * size, core);
        part_free(&q);
    }
    free(side);
    free(local);
    return r;
}

static int map_metis(const struct shape_text *s,
                     const struct pattern *p,
                     uint32_t *core,
                     double *ret_s)
{
    uint32_t n = pattern_ranks(p);
    const uint64_t *xadj = pattern_xadj(p);
    struct part g = {.n = (idx_t)n};
    uint64_t scale = 1;
    double t;
    int r;

    while (pattern_bytes(p) / scale > (UINT64_C(1) << 29))
        scale *= 2;
    g.xadj = malloc((n + 1) * sizeof(idx_t));
    g.adj = malloc((xadj[n] + 1) * sizeof(idx_t));
    g.w = malloc((xadj[n] + 1) * sizeof(idx_t));
    g.id = malloc((n + 1) * sizeof(uint32_t));
    if (!g.xadj || !g.adj || !g.w || !g.id)
        abort();
    for (uint32_t u = 0; u <= n; u++) {
        g.xadj[u] = (idx_t)xadj[u];
        g.id[u] = u;
    }
    for (uint64_t e = 0; e < xadj[n]; e++) {
        uint64_t w = pattern_weight(p)[e] / scale;

        g.adj[e] = (idx_t)pattern_adj(p)[e];
        g.w[e] = (idx_t)(w ? w : 1);
    }
    t = cpu_seconds();
    r = split(s, &g, s->n, 0, core);
    *ret_s = cpu_seconds() - t;
    part_free(&g);
    return r;
}
#endif

#ifdef USE_SCOTCH
static int map_scotch(const struct shape_text *s,
                      const struct pattern *p,
                      uint32_t *core,
                      double *ret_s)
{
    uint32_t n = pattern_ranks(p);
    const uint64_t *xadj = pattern_xadj(p);
    SCOTCH_Num *x = malloc((n + 1) * sizeof(*x));
    SCOTCH_Num *to = malloc((xadj[n] + 1) * sizeof(*to));
    SCOTCH_Num *w = malloc((xadj[n] + 1) * sizeof(*w));
    SCOTCH_Num *part = malloc((n + 1) * sizeof(*part));
    SCOTCH_Num arity[PLACE_LEVELS_MAX];
    SCOTCH_Num far[PLACE_LEVELS_MAX];
    SCOTCH_Graph g;
    SCOTCH_Arch a;
    SCOTCH_Strat plan;
    double t;
    int r = 0;

    if (!x || !to || !w || !part)
        abort();
    for (uint32_t u = 0; u <= n; u++)
        x[u] = (SCOTCH_Num)xadj[u];
    for (uint64_t e = 0; e < xadj[n]; e++) {
        to[e] = (SCOTCH_Num)pattern_adj(p)[e];
        w[e] = (SCOTCH_Num)pattern_weight(p)[e];
    }
    for (uint32_t l = 0; l < s->n; l++) { /* outermost first */
        arity[l] = s->arity[s->n - 1 - l];
        far[l] = s->distance[s->n - 1 - l];
    }
    SCOTCH_randomReset();
    if (SCOTCH_graphInit(&g) || SCOTCH_archInit(&a) || SCOTCH_stratInit(&plan)
        || SCOTCH_graphBuild(&g, 0, (SCOTCH_Num)n, x, NULL, NULL, NULL,
                             (SCOTCH_Num)xadj[n], to, w)
        || SCOTCH_archTleaf(&a, (SCOTCH_Num)s->n, arity, far))
        r = -EIO;
    t = cpu_seconds();
    if (r == 0 && SCOTCH_graphMap(&g, &a, &plan, part))
        r = -EIO;
    *ret_s = cpu_seconds() - t;
    for (uint32_t u = 0; r == 0 && u < n; u++)
        core[u] = (uint32_t)part[u];
    SCOTCH_graphExit(&g);
    SCOTCH_archExit(&a);
    SCOTCH_stratExit(&plan);
    free(x);
    free(to);
    free(w);
    free(part);
    return r;
}
#endif

typedef int (*map_fn)(const struct shape_text *s,
                      const struct pattern *p,
                      uint32_t *core,
                      double *ret_s);

static const struct {
    const char *name;
    map_fn map;
} peer_list[] = {
#ifdef HAVE_METIS_H
    {"metis-rb", map_metis },
#endif
#ifdef USE_SCOTCH
    {"scotch",   map_scotch},
#endif
    {NULL,       NULL      }
};

const int n_peers = (int)(sizeof(peer_list) / sizeof(peer_list[0])) - 1;

const char *peer_name(int peer)
{
    return peer_list[peer].name;
}

int peer_map(int peer,
             const struct instance *i,
             const struct pattern *p,
             uint32_t *core,
             double *ret_s)
{
    struct shape_text s = {0};
    int r;

    read_shape(i, &s);
    r = peer_list[peer].map(&s, p, core, ret_s);
    if (r == 0)
        repair(&s, core, pattern_ranks(p));
    return r;
}
