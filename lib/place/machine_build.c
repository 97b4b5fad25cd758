/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * machine_build - machines from arities, and from switches and nodes
 *
 * A tree is walked from its top switches down; groups are numbered as they are
 * met, which makes every level's numbers rise with the cores. A branch that ends
 * early is continued by groups with one member, so that all have all levels.
 */
#include "config.h"

#include "place/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/measure.h"
#include "base/number.h"
#include "base/words.h"

#include "place/machine_int.h"

#include "base/banned.h"

static int check_uniform(uint32_t n_levels,
                         const uint32_t *arity,
                         const uint32_t *distance,
                         uint64_t *ret_nodes,
                         struct err *err)
{
    uint64_t cores = 1;
    uint64_t nodes = 1;

    if (n_levels < 1 || n_levels > PLACE_LEVELS_MAX)
        return err_set(err, -EINVAL, "a machine has 1 to %d levels, not %" PRIu32,
                       PLACE_LEVELS_MAX, n_levels);
    for (uint32_t l = 0; l < n_levels; l++) {
        if (arity[l] < 1)
            return err_set(err, -EINVAL, "level %" PRIu32 " has arity 0: use 1 or more",
                           l + 1);
        if (l > 0 && distance[l] < distance[l - 1])
            return err_set(err, -EINVAL,
                           "distance %" PRIu32 " of level %" PRIu32
                           " is below that of the level inside it",
                           distance[l], l + 1);
        cores *= arity[l];
        nodes *= l >= 2 ? arity[l] : 1;
        if (cores > PLACE_CORES_MAX || nodes > PLACE_NODES_MAX)
            return err_set(err, -E2BIG,
                           "a machine has at most %" PRIu32 " cores and %" PRIu32
                           " nodes",
                           PLACE_CORES_MAX, PLACE_NODES_MAX);
    }
    *ret_nodes = nodes;
    return 0;
}

/* The groups of the levels above the nodes, outermost first. */
static int uniform_upper(struct machine *m, const uint32_t *arity, uint64_t n_nodes)
{
    uint64_t n = n_nodes;
    uint64_t members = 1;

    for (uint32_t l = m->inner + 1; l <= m->n_levels; l++) {
        n /= arity[l - 1];
        for (uint32_t g = 0; g < n; g++) {
            uint32_t up = l < m->n_levels ? g / arity[l] : 0;
            uint32_t id;
            int r = machine_add_group(m, l, up, 0, &id);

            if (r < 0)
                return r;
        }
        members = l == m->inner + 1 ? arity[l - 1] : members;
    }
    for (uint32_t i = 0; i < n_nodes; i++)
        m->leaf[i] = (uint32_t)(i / members);
    return 0;
}

int machine_new_uniform(uint32_t n_levels,
                        const uint32_t *arity,
                        const uint32_t *distance,
                        const uint64_t *capacity,
                        struct machine **ret_m,
                        struct err *err)
{
    _cleanup_(machine_freep) struct machine *m = NULL;
    _cleanup_(freep) uint32_t *cores = NULL;
    struct node_shape s;
    uint64_t n_nodes = 0;
    uint32_t id;
    int r = check_uniform(n_levels, arity, distance, &n_nodes, err);

    if (r < 0)
        return r;
    s.n_domains = n_levels > 1 ? arity[1] : 1;
    if (s.n_domains > 65536)
        return err_set(err, -E2BIG, "a node has at most 65536 packages");
    cores = calloc(s.n_domains, sizeof(*cores));
    m = machine_new_room((uint32_t)n_nodes);
    if (!m || !cores)
        return -ENOMEM;
    for (uint32_t d = 0; d < s.n_domains; d++)
        cores[d] = arity[0];
    s.cores = cores;
    s.package = NULL;
    r = machine_add_shape(m, &s, &id, err);
    if (r < 0)
        return r;
    m->n_levels = n_levels;
    m->inner = MIN(n_levels, UINT32_C(2));
    m->n_nodes = (uint32_t)n_nodes;
    for (uint32_t i = 0; i <= n_nodes; i++)
        m->first[i] = i * arity[0] * s.n_domains;
    r = uniform_upper(m, arity, n_nodes);
    for (uint32_t l = 1; r == 0 && l <= n_levels; l++) {
        m->distance[l] = distance[l - 1];
        if (capacity && l < n_levels)
            r = machine_set_capacity(m, l, capacity[l - 1], err);
    }
    if (r == 0)
        *ret_m = TAKE_PTR(m);
    return r;
}

int machine_numbers(const char *text,
                    const char *what,
                    uint64_t min,
                    uint64_t max,
                    uint64_t *v,
                    struct err *err)
{
    struct words w = WORDS_INIT(PLACE_LEVELS_MAX, 1024);
    struct err own = {0};
    int n = words_split(&w, text, ":");

    if (n == 0 && w.n == 0)
        n = err_set(&own, -EINVAL, "a list such as 1:10:100 is needed");
    if (n == -E2BIG)
        n = err_set(&own, -EINVAL, "at most %d levels", PLACE_LEVELS_MAX);
    for (size_t i = 0; n == 0 && i < w.n; i++)
        n = measure_u64(w.v[i], min, max, &v[i], &own);
    if (n == 0)
        n = (int)w.n;
    words_release(&w);
    return n < 0 ? err_set(err, n, "%s: %s", what, err_text(&own, n)) : n;
}

int machine_new_text(const char *arity,
                     const char *distance,
                     const char *capacity,
                     struct machine **ret_m,
                     struct err *err)
{
    uint64_t v[3][PLACE_LEVELS_MAX] = {{0}};
    uint32_t a[PLACE_LEVELS_MAX];
    uint32_t d[PLACE_LEVELS_MAX];
    int n;
    int k;

    n = machine_numbers(arity, "machine", 1, PLACE_CORES_MAX, v[0], err);
    if (n < 0)
        return n;
    k = machine_numbers(distance, "distance", 0, UINT32_MAX / 4, v[1], err);
    if (k < 0)
        return k;
    if (k != n)
        return err_set(err, -EINVAL,
                       "machine %.40s has %d levels, distance %.40s has %d", arity, n,
                       distance, k);
    k = capacity
            ? machine_numbers(capacity, "capacity", 1, UINT64_C(1) << 53, v[2], err)
            : 0;
    if (k < 0)
        return k;
    for (int l = 0; l < n; l++) {
        a[l] = (uint32_t)v[0][l];
        d[l] = (uint32_t)v[1][l];
    }
    for (int l = k; l < n; l++)
        v[2][l] = 1;
    return machine_new_uniform((uint32_t)n, a, d, v[2], ret_m, err);
}

/* What the walk down a tree of switches needs. */
struct walk {
    struct machine *m;
    const struct machine_switch *sw;
    uint32_t n_sw;
    const struct machine_node *node;
    uint32_t *height;  /* [n_sw] 1 = no switch below */
    uint32_t *child;   /* [n_sw] first switch below, MACHINE_NONE: none */
    uint32_t *sibling; /* [n_sw] */
    uint32_t *member;  /* [n_sw] first node */
    uint32_t *next;    /* [n_nodes] next node of the same switch */
    uint32_t *name_at; /* [n_sw] */
    struct err *err;
};

static int add_node(struct walk *k, uint32_t i, uint32_t leaf)
{
    struct machine *m = k->m;
    uint32_t at = m->n_nodes;
    int r = machine_add_shape(m, k->node[i].shape, &m->shape[at], k->err);
    uint64_t end;

    if (r < 0)
        return err_prefix(k->err, r, "node %.64s", k->node[i].name);
    r = machine_add_name(m, k->node[i].name, &m->name[at]);
    if (r < 0)
        return r;
    end = (uint64_t)m->first[at] + shape_cores(&m->shapes[m->shape[at]]);
    if (end > PLACE_CORES_MAX)
        return err_set(k->err, -E2BIG, "a machine has at most %" PRIu32 " cores",
                       PLACE_CORES_MAX);
    m->first[at + 1] = (uint32_t)end;
    m->leaf[at] = leaf;
    m->by_name[at] = at;
    m->n_nodes++;
    return 0;
}

/* Groups with one member from `level` down to the level above the nodes. */
static int add_branch(struct walk *k, uint32_t node, uint32_t level, uint32_t parent)
{
    for (; level > k->m->inner; level--) {
        int r = machine_add_group(k->m, level, parent, 0, &parent);

        if (r < 0)
            return r;
    }
    return add_node(k, node, parent);
}

static int add_switch(struct walk *k, uint32_t s, uint32_t level, uint32_t parent)
{
    int r;

    for (; level > k->m->inner + k->height[s]; level--) {
        r = machine_add_group(k->m, level, parent, 0, &parent);
        if (r < 0)
            return r;
    }
    r = machine_add_group(k->m, level, parent, k->name_at[s], &parent);
    for (uint32_t c = k->child[s]; r == 0 && c != MACHINE_NONE; c = k->sibling[c])
        r = add_switch(k, c, level - 1, parent);
    for (uint32_t i = k->member[s]; r == 0 && i != MACHINE_NONE; i = k->next[i])
        r = add_branch(k, i, level - 1, parent);
    return r;
}

/* Heights from below; a cycle or a tree that is too deep is refused. */
static int measure_heights(struct walk *k, uint32_t *ret_top, uint32_t *ret_roots)
{
    uint32_t top = 0;
    uint32_t roots = 0;

    for (uint32_t s = 0; s < k->n_sw; s++)
        k->height[s] = 1;
    for (uint32_t s = 0; s < k->n_sw; s++) {
        uint32_t h = 1;
        uint32_t at = s;

        for (; k->sw[at].parent != MACHINE_NONE; h++) {
            at = k->sw[at].parent;
            if (at >= k->n_sw)
                return err_set(k->err, -EINVAL, "switch %.64s has no such parent",
                               k->sw[s].name);
            if (h > PLACE_LEVELS_MAX - 4)
                return err_set(k->err, -EINVAL,
                               "switch %.64s is inside itself, or the tree has more "
                               "than %d levels of switches",
                               k->sw[s].name, PLACE_LEVELS_MAX - 4);
            k->height[at] = MAX(k->height[at], h + 1);
        }
        roots += k->sw[s].parent == MACHINE_NONE;
        top = MAX(top, h);
    }
    for (uint32_t s = 0; s < k->n_sw; s++)
        top = MAX(top, k->height[s]);
    *ret_top = top;
    *ret_roots = roots;
    return 0;
}

/* Lists of children and members, in the order given. */
static int link_members(struct walk *k, uint32_t n_nodes, uint32_t *ret_loose)
{
    uint32_t loose = 0;

    for (uint32_t s = 0; s < k->n_sw; s++)
        k->child[s] = k->sibling[s] = k->member[s] = MACHINE_NONE;
    for (uint32_t s = k->n_sw; s-- > 0;) {
        uint32_t up = k->sw[s].parent;

        if (up != MACHINE_NONE) {
            k->sibling[s] = k->child[up];
            k->child[up] = s;
        }
    }
    for (uint32_t i = n_nodes; i-- > 0;) {
        uint32_t s = k->node[i].leaf;

        k->next[i] = MACHINE_NONE;
        if (s == MACHINE_NONE) {
            loose++;
        } else if (s >= k->n_sw) {
            return err_set(k->err, -EINVAL, "node %.64s has no such switch",
                           k->node[i].name);
        } else {
            k->next[i] = k->member[s];
            k->member[s] = i;
        }
    }
    *ret_loose = loose;
    return 0;
}

static int by_name(const void *a, const void *b, void *arg)
{
    const struct machine *m = arg;
    uint32_t i = *(const uint32_t *)a;
    uint32_t j = *(const uint32_t *)b;

    return strcmp(m->names + m->name[i], m->names + m->name[j]);
}

static int sort_by_name(struct machine *m, struct err *err)
{
    qsort_r(m->by_name, m->n_nodes, sizeof(*m->by_name), by_name, m);
    for (uint32_t i = 1; i < m->n_nodes; i++)
        if (by_name(&m->by_name[i - 1], &m->by_name[i], m) == 0)
            return err_set(err, -EINVAL, "node %.64s stands twice",
                           m->names + m->name[m->by_name[i]]);
    return 0;
}

/* Everything below the top: all switches, then the nodes without one. */
static int fill_tree(struct walk *k, uint32_t n_nodes)
{
    struct machine *m = k->m;
    uint32_t top = 0;
    uint32_t roots = 0;
    uint32_t loose = 0;
    uint32_t root = 0;
    bool artificial;
    int r = measure_heights(k, &top, &roots);

    if (r == 0)
        r = link_members(k, n_nodes, &loose);
    if (r < 0)
        return r;
    artificial = roots + (loose > 0) != 1 || loose > 0;
    m->n_levels = m->inner + top + (artificial ? 1 : 0);
    if (artificial)
        r = machine_add_group(m, m->n_levels, 0, 0, &root);
    for (uint32_t s = 0; r == 0 && s < k->n_sw; s++)
        r = machine_add_name(m, k->sw[s].name, &k->name_at[s]);
    for (uint32_t s = 0; r == 0 && s < k->n_sw; s++)
        if (k->sw[s].parent == MACHINE_NONE)
            r = add_switch(k, s, m->n_levels - (artificial ? 1 : 0), root);
    for (uint32_t i = 0; r == 0 && i < n_nodes; i++)
        if (k->node[i].leaf == MACHINE_NONE)
            r = add_branch(k, i, m->n_levels - 1, root);
    return r < 0 ? r : sort_by_name(m, k->err);
}

static int set_distances(struct machine *m,
                         const uint32_t *distance,
                         uint32_t n,
                         struct err *err)
{
    static const uint32_t usual[] = {1, 4, 10, 100};

    if (!distance || n == 0) {
        distance = usual;
        n = ARRAY_SIZE(usual);
    }
    for (uint32_t l = 1; l <= m->n_levels; l++) {
        m->distance[l] = l <= n ? distance[l - 1] : m->distance[l - 1] + 100;
        if (m->distance[l] < m->distance[l - 1])
            return err_set(err, -EINVAL,
                           "distance %" PRIu32 " of level %" PRIu32
                           " is below that of the level inside it",
                           m->distance[l], l);
    }
    return 0;
}

int machine_new_tree(const struct machine_switch *switches,
                     uint32_t n_switches,
                     const struct machine_node *nodes,
                     uint32_t n_nodes,
                     const uint32_t *distance,
                     uint32_t n_distance,
                     struct machine **ret_m,
                     struct err *err)
{
    _cleanup_(machine_freep) struct machine *m = NULL;
    _cleanup_(freep) uint32_t *memory = NULL;
    size_t n_sw = n_switches;
    struct walk k = {.sw = switches, .n_sw = n_switches, .node = nodes, .err = err};
    int r;

    if (n_nodes < 1 || n_nodes > PLACE_NODES_MAX || n_switches > PLACE_NODES_MAX)
        return err_set(err, -EINVAL,
                       "a machine has 1 to %" PRIu32 " nodes, not %" PRIu32,
                       PLACE_NODES_MAX, n_nodes);
    m = machine_new_room(n_nodes);
    memory = calloc(5 * n_sw + n_nodes + 1, sizeof(*memory));
    if (!m || !memory)
        return -ENOMEM;
    m->inner = 3;
    m->name = calloc(n_nodes, sizeof(*m->name));
    m->by_name = calloc(n_nodes, sizeof(*m->by_name));
    if (!m->name || !m->by_name)
        return -ENOMEM;
    k.m = m;
    k.height = memory;
    k.child = k.height + n_sw;
    k.sibling = k.child + n_sw;
    k.member = k.sibling + n_sw;
    k.name_at = k.member + n_sw;
    k.next = k.name_at + n_sw;
    r = fill_tree(&k, n_nodes);
    if (r == 0)
        r = set_distances(m, distance, n_distance, err);
    if (r == 0)
        *ret_m = TAKE_PTR(m);
    return r;
}
