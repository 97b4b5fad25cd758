/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* machine - what a machine answers, and the parts that both builders use */
#include "config.h"

#include "place/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"

#include "place/machine_int.h"

#include "base/banned.h"

struct machine *machine_new_room(uint32_t n_nodes)
{
    struct machine *m = calloc(1, sizeof(*m));

    if (!m)
        return NULL;
    m->n_nodes = 0;
    m->first = calloc((size_t)n_nodes + 1, sizeof(*m->first));
    m->shape = calloc((size_t)n_nodes + 1, sizeof(*m->shape));
    m->leaf = calloc((size_t)n_nodes + 1, sizeof(*m->leaf));
    for (uint32_t l = 0; l <= PLACE_LEVELS_MAX; l++)
        m->capacity[l] = 1;
    if (!m->first || !m->shape || !m->leaf)
        return machine_free(m);
    return m;
}

struct machine *machine_free(struct machine *m)
{
    if (!m)
        return NULL;
    for (uint32_t i = 0; i < m->n_shapes; i++) {
        free(m->shapes[i].first);
        free(m->shapes[i].package);
    }
    for (uint32_t l = 0; l < ARRAY_SIZE(m->up); l++) {
        free(m->up[l].parent);
        free(m->up[l].name);
    }
    free(m->shapes);
    free(m->names);
    free(m->first);
    free(m->shape);
    free(m->leaf);
    free(m->name);
    free(m->by_name);
    free(m);
    return NULL;
}

int machine_add_group(
    struct machine *m, uint32_t level, uint32_t parent, uint32_t name, uint32_t *ret_id)
{
    struct upper *u = &m->up[level];

    if (u->n == u->cap) {
        uint32_t cap = u->cap ? 2 * u->cap : 16;
        uint32_t *p = realloc(u->parent, cap * sizeof(*p));
        uint32_t *q;

        if (!p)
            return -ENOMEM;
        u->parent = p;
        q = realloc(u->name, cap * sizeof(*q));
        if (!q)
            return -ENOMEM;
        u->name = q;
        u->cap = cap;
    }
    u->parent[u->n] = parent;
    u->name[u->n] = name;
    *ret_id = u->n++;
    return 0;
}

int machine_add_name(struct machine *m, const char *text, uint32_t *ret_at)
{
    size_t n = strlen(text) + 1;
    size_t used = m->names_len ? m->names_len : 1;

    if (used + n > UINT32_MAX)
        return -E2BIG;
    if (used + n > m->names_cap) {
        size_t cap = MAX(2 * m->names_cap, used + n + 64);
        char *p = realloc(m->names, cap);

        if (!p)
            return -ENOMEM;
        m->names = p;
        m->names_cap = cap;
        m->names[0] = '\0';
    }
    memcpy(m->names + used, text, n);
    *ret_at = (uint32_t)used;
    m->names_len = used + n;
    return 0;
}

/* Fill a shape's arrays from what the caller says about a node. */
static int shape_fill(const struct node_shape *s, struct shape *x, struct err *err)
{
    uint64_t at = 0;
    uint32_t package_first = 0;

    for (uint32_t d = 0; d < s->n_domains; d++) {
        if (s->cores[d] == 0)
            return err_set(err, -EINVAL, "domain %" PRIu32 " has no core", d);
        if (d == 0 || !s->package || s->package[d] != s->package[d - 1])
            package_first = (uint32_t)at;
        if (d > 0 && s->package && s->package[d] < s->package[d - 1])
            return err_set(err, -EINVAL, "domains of a package must be consecutive");
        x->first[d] = (uint32_t)at;
        x->package[d] = package_first;
        at += s->cores[d];
        if (at > PLACE_CORES_MAX)
            return err_set(err, -E2BIG, "a node of more than %" PRIu32 " cores",
                           PLACE_CORES_MAX);
    }
    x->first[s->n_domains] = (uint32_t)at;
    return 0;
}

int machine_add_shape(struct machine *m,
                      const struct node_shape *s,
                      uint32_t *ret_id,
                      struct err *err)
{
    struct shape x = {.n_domains = s->n_domains};
    struct shape *grown;
    int r;

    if (s->n_domains == 0 || s->n_domains > 65536)
        return err_set(err, -EINVAL, "a node has 1 to 65536 domains, not %" PRIu32,
                       s->n_domains);
    x.first = calloc((size_t)s->n_domains + 1, sizeof(*x.first));
    x.package = calloc(s->n_domains, sizeof(*x.package));
    r = x.first && x.package ? shape_fill(s, &x, err) : -ENOMEM;
    for (uint32_t i = 0; r == 0 && i < m->n_shapes; i++) {
        const struct shape *o = &m->shapes[i];

        if (o->n_domains != x.n_domains
            || memcmp(o->first, x.first, (x.n_domains + 1) * sizeof(*x.first)) != 0
            || memcmp(o->package, x.package, x.n_domains * sizeof(*x.package)) != 0)
            continue;
        *ret_id = i;
        goto drop;
    }
    grown = r == 0 ? realloc(m->shapes, (m->n_shapes + 1) * sizeof(*grown)) : NULL;
    if (grown) {
        m->shapes = grown;
        m->shapes[m->n_shapes] = x;
        *ret_id = m->n_shapes++;
        return 0;
    }
    if (r == 0)
        r = -ENOMEM;
drop:
    free(x.first);
    free(x.package);
    return r;
}

int machine_set_capacity(struct machine *m,
                         uint32_t level,
                         uint64_t capacity,
                         struct err *err)
{
    if (level < 1 || level >= m->n_levels)
        return err_set(err, -EINVAL,
                       "no uplinks at level %" PRIu32 ": use 1 to %" PRIu32, level,
                       m->n_levels - 1);
    if (capacity < 1 || capacity > (UINT64_C(1) << 53))
        return err_set(err, -EINVAL, "capacity must be 1 to 2^53, not %" PRIu64,
                       capacity);
    m->capacity[level] = capacity;
    return 0;
}

uint32_t machine_levels(const struct machine *m)
{
    return m->n_levels;
}

uint32_t machine_cores(const struct machine *m)
{
    return m->first[m->n_nodes];
}

uint32_t machine_nodes(const struct machine *m)
{
    return m->n_nodes;
}

uint32_t machine_node_level(const struct machine *m)
{
    return m->inner;
}

uint32_t machine_distance(const struct machine *m, uint32_t level)
{
    return level <= m->n_levels ? m->distance[level] : 0;
}

uint64_t machine_capacity(const struct machine *m, uint32_t level)
{
    return level <= m->n_levels ? m->capacity[level] : 1;
}

size_t machine_bytes(const struct machine *m)
{
    size_t n = sizeof(*m) + m->names_cap;

    n += (size_t)m->n_nodes * sizeof(uint32_t) * (m->name ? 5 : 3);
    for (uint32_t i = 0; i < m->n_shapes; i++)
        n += sizeof(struct shape) + m->shapes[i].n_domains * 2 * sizeof(uint32_t);
    for (uint32_t l = 0; l < ARRAY_SIZE(m->up); l++)
        n += m->up[l].cap * 2 * sizeof(uint32_t);
    return n;
}

char *machine_level_name(const struct machine *m,
                         uint32_t level,
                         char *text,
                         size_t cap)
{
    if (level == 0)
        (void)snprintf(text, cap, "core");
    else if (level == m->inner)
        (void)snprintf(text, cap, "node");
    else if (level > m->inner)
        (void)snprintf(text, cap, "switch %" PRIu32, level - m->inner);
    else if (m->inner == 3 && level == 1)
        (void)snprintf(text, cap, "domain");
    else
        (void)snprintf(text, cap, "package");
    return text;
}

char *machine_node_name(const struct machine *m, uint32_t node, char *text, size_t cap)
{
    if (m->name && node < m->n_nodes)
        (void)snprintf(text, cap, "%s", m->names + m->name[node]);
    else
        (void)snprintf(text, cap, "n%" PRIu32, node);
    return text;
}

uint32_t machine_node_find(const struct machine *m, const char *name)
{
    uint32_t lo = 0;
    uint32_t hi = m->n_nodes;

    if (!m->name) {
        uint32_t i;

        if (name[0] != 'n' || m->n_nodes == 0
            || measure_u32(name + 1, 0, m->n_nodes - 1, &i, NULL) < 0)
            return MACHINE_NONE;
        return i;
    }
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int c = strcmp(m->names + m->name[m->by_name[mid]], name);

        if (c == 0)
            return m->by_name[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return MACHINE_NONE;
}

uint32_t machine_node_first(const struct machine *m, uint32_t node)
{
    return m->first[node];
}

uint32_t machine_node_size(const struct machine *m, uint32_t node)
{
    return m->first[node + 1] - m->first[node];
}

/* The last index i of a[0..n] with a[i] <= x; a[0] <= x. */
static uint32_t last_not_above(const uint32_t *a, uint32_t n, uint32_t x)
{
    uint32_t lo = 0;
    uint32_t hi = n;

    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (a[mid] <= x)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

uint32_t machine_node_of(const struct machine *m, uint32_t core)
{
    return last_not_above(m->first, m->n_nodes, core);
}

uint32_t machine_node_key(const struct machine *m, uint32_t node, uint32_t level)
{
    uint32_t g;

    if (level <= m->inner)
        return m->first[node];
    g = m->leaf[node];
    for (uint32_t l = m->inner + 1; l < level; l++)
        g = m->up[l].parent[g];
    return g;
}

uint32_t machine_group_key(const struct machine *m, uint32_t core, uint32_t level)
{
    uint32_t node;
    uint32_t first;
    const struct shape *s;
    uint32_t d;

    if (level == 0)
        return core;
    node = machine_node_of(m, core);
    if (level >= m->inner)
        return machine_node_key(m, node, level);
    first = m->first[node];
    s = &m->shapes[m->shape[node]];
    d = last_not_above(s->first, s->n_domains, core - first);
    return first + (level == 1 ? s->first[d] : s->package[d]);
}

const char *machine_switch_name(const struct machine *m, uint32_t node, uint32_t level)
{
    uint32_t g;

    if (level <= m->inner || level > m->n_levels || !m->names)
        return "";
    g = machine_node_key(m, node, level);
    return m->names + m->up[level].name[g];
}
