/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* graph - the searches' graph: from a pattern, parts of it, contracted */
#include "config.h"

#include "place/graph_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "place/pattern_int.h"

#define FAINT 10000 /* pairs below this part of both ranks' volumes are left out */

#include "base/banned.h"

int graph_room(struct graph *g, uint32_t n, uint32_t n_arcs)
{
    *g = (struct graph){.n = n};
    g->xadj = malloc(((size_t)n + 1) * sizeof(*g->xadj));
    g->adj = malloc(((size_t)n_arcs + 1) * sizeof(*g->adj));
    g->w = malloc(((size_t)n_arcs + 1) * sizeof(*g->w));
    g->size = malloc(((size_t)n + 1) * sizeof(*g->size));
    if (!g->xadj || !g->adj || !g->w || !g->size) {
        graph_release(g);
        return -ENOMEM;
    }
    g->xadj[0] = 0;
    return 0;
}

void graph_release(struct graph *g)
{
    free(g->xadj);
    free(g->adj);
    free(g->w);
    free(g->size);
    free(g->pull);
    *g = (struct graph){0};
}

int graph_from_pattern(struct graph *g,
                       const struct pattern *p,
                       uint32_t n_slots,
                       int64_t max_distance)
{
    uint64_t d = max_distance > 0 ? (uint64_t)max_distance : 1;
    uint64_t divisor = 1;
    uint64_t *volume;
    uint32_t at = 0;
    int r = graph_room(g, n_slots, (uint32_t)p->xadj[p->n]);

    if (r < 0)
        return r;
    while (p->total / divisor > (UINT64_C(1) << 60) / d)
        divisor *= 2;
    volume = calloc((size_t)n_slots + 1, sizeof(*volume));
    if (!volume) {
        graph_release(g);
        return -ENOMEM;
    }
    for (uint32_t u = 0; u < p->n; u++)
        for (uint64_t e = p->xadj[u]; e < p->xadj[u + 1]; e++)
            volume[u] += p->w[e];
    for (uint32_t u = 0; u < n_slots; u++) {
        uint64_t end = u < p->n ? p->xadj[u + 1] : 0;

        for (uint64_t e = u < p->n ? p->xadj[u] : 0; e < end; e++) {
            uint32_t v = p->adj[e];

            if (p->w[e] < MIN(volume[u], volume[v]) / FAINT) {
                g->dropped += v > u ? (int64_t)(p->w[e] / divisor) + 1 : 0;
                continue;
            }
            g->adj[at] = v;
            g->w[at++] = (int64_t)(p->w[e] / divisor);
        }
        g->xadj[u + 1] = at;
        g->size[u] = 1;
    }
    free(volume);
    g->n_arcs = at;
    g->total_size = n_slots;
    return 0;
}

int graph_part(struct graph *ret,
               const struct graph *g,
               const unsigned char *side,
               unsigned char which,
               const uint32_t *id,
               uint32_t *ret_id,
               uint32_t *local)
{
    uint32_t n = 0;
    uint32_t arcs = 0;
    uint32_t at = 0;
    int r;

    for (uint32_t v = 0; v < g->n; v++) {
        if (side[v] != which)
            continue;
        ret_id[n] = id[v];
        local[v] = n++;
        arcs += g->xadj[v + 1] - g->xadj[v];
    }
    r = graph_room(ret, n, arcs);
    if (r < 0)
        return r;
    n = 0;
    for (uint32_t v = 0; v < g->n; v++) {
        if (side[v] != which)
            continue;
        for (uint32_t e = g->xadj[v]; e < g->xadj[v + 1]; e++)
            if (side[g->adj[e]] == which) {
                ret->adj[at] = local[g->adj[e]];
                ret->w[at++] = g->w[e];
            }
        ret->size[n] = g->size[v];
        ret->total_size += g->size[v];
        ret->xadj[++n] = at;
    }
    ret->n_arcs = at;
    return 0;
}

/* Vertices of each cluster, one cluster after the other: first[], list[]. */
static int group_members(uint32_t n,
                         const uint32_t *map,
                         uint32_t n_coarse,
                         uint32_t **ret_first)
{
    uint32_t *first = calloc((size_t)n_coarse + 2 + n, sizeof(*first));
    uint32_t *list;

    if (!first)
        return -ENOMEM;
    list = first + n_coarse + 2;
    for (uint32_t v = 0; v < n; v++)
        first[map[v] + 2]++;
    for (uint32_t c = 0; c < n_coarse; c++)
        first[c + 2] += first[c + 1];
    for (uint32_t v = 0; v < n; v++)
        list[first[map[v] + 1]++] = v;
    *ret_first = first;
    return 0;
}

int graph_contract(struct graph *ret,
                   const struct graph *g,
                   const uint32_t *map,
                   uint32_t n_coarse,
                   uint32_t *mark)
{
    uint32_t at = 0;
    uint32_t *first;
    const uint32_t *list;
    int r = graph_room(ret, n_coarse, g->n_arcs);

    if (r < 0)
        return r;
    r = group_members(g->n, map, n_coarse, &first);
    if (r < 0) {
        graph_release(ret);
        return r;
    }
    list = first + n_coarse + 2;
    if (g->pull) {
        ret->pull = calloc((size_t)n_coarse + 1, sizeof(*ret->pull));
        if (!ret->pull) {
            free(first);
            graph_release(ret);
            return -ENOMEM;
        }
        for (uint32_t v = 0; v < g->n; v++)
            ret->pull[map[v]] += g->pull[v];
    }
    for (uint32_t c = 0; c < n_coarse; c++)
        mark[c] = UINT32_MAX;
    for (uint32_t c = 0; c < n_coarse; c++) {
        uint32_t row = at;

        ret->size[c] = 0;
        for (uint32_t i = first[c]; i < first[c + 1]; i++) {
            uint32_t v = list[i];

            ret->size[c] += g->size[v];
            for (uint32_t e = g->xadj[v]; e < g->xadj[v + 1]; e++) {
                uint32_t to = map[g->adj[e]];

                if (to == c)
                    continue;
                if (mark[to] == UINT32_MAX || mark[to] < row) {
                    mark[to] = at;
                    ret->adj[at] = to;
                    ret->w[at++] = g->w[e];
                } else {
                    ret->w[mark[to]] += g->w[e];
                }
            }
        }
        ret->xadj[c + 1] = at;
        ret->total_size += ret->size[c];
    }
    ret->n_arcs = at;
    free(first);
    return 0;
}
