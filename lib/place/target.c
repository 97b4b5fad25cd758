/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* target - the usable cores as slots in a dense tree */
#include "config.h"

#include "place/target_int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "base/banned.h"

void target_release(struct target *t)
{
    for (uint32_t l = 0; l <= PLACE_LEVELS_MAX; l++) {
        free(t->group[l]);
        free(t->parent[l]);
        free(t->first_leaf[l]);
    }
    free(t->first_slot);
    free(t->leaf);
    free(t->order);
    free(t->cores);
    *t = (struct target){0};
}

struct found {
    uint32_t first; /* first core */
    uint32_t at;    /* place in the default order */
};

static int by_core(const void *a, const void *b)
{
    const struct found *x = a;
    const struct found *y = b;

    return (x->first > y->first) - (x->first < y->first);
}

/* Slots in default order into t->cores; their number into t->n_slots. */
static void cut_slots(struct target *t,
                      const struct machine *m,
                      const uint32_t *cores,
                      uint32_t n_cores)
{
    uint32_t node = MACHINE_NONE;
    uint32_t node_first = 1;
    uint32_t node_end = 0;
    uint32_t got = 0;
    uint32_t *out = t->cores;

    for (uint32_t i = 0; i < n_cores; i++) {
        uint32_t c = cores ? cores[i] : i;

        if (c < node_first || c >= node_end) {
            node = machine_node_of(m, c);
            node_first = machine_node_first(m, node);
            node_end = node_first + machine_node_size(m, node);
            got = 0;
        }
        out[got++] = c;
        if (got == t->cpus_per_rank) {
            out += got;
            got = 0;
            t->n_slots++;
        }
    }
}

static int check_cores(const struct machine *m,
                       const uint32_t *cores,
                       uint32_t n_cores,
                       struct err *err)
{
    uint32_t n = machine_cores(m);
    _cleanup_(freep) unsigned char *seen = NULL;

    if (!cores)
        return n_cores <= n
                   ? 0
                   : err_set(err, -EINVAL, "the machine has %" PRIu32 " cores", n);
    seen = calloc(n / 8 + 1, 1);
    if (!seen)
        return -ENOMEM;
    for (uint32_t i = 0; i < n_cores; i++) {
        uint32_t c = cores[i];

        if (c >= n)
            return err_set(err, -EINVAL, "no core %" PRIu32 " in a machine of %" PRIu32,
                           c, n);
        if (seen[c / 8] & (1U << c % 8))
            return err_set(err, -EINVAL, "core %" PRIu32 " stands twice", c);
        seen[c / 8] = (unsigned char)(seen[c / 8] | (1U << c % 8));
    }
    return 0;
}

static bool is_rising(const struct target *t)
{
    uint32_t per = t->cpus_per_rank;

    for (uint32_t i = 1; i < t->n_slots; i++)
        if (t->cores[(size_t)(i - 1) * per] > t->cores[(size_t)i * per])
            return false;
    return true;
}

/* Put the slots in core order and remember the default order. */
static int sort_slots(struct target *t)
{
    size_t n = t->n_slots;
    uint32_t per = t->cpus_per_rank;
    _cleanup_(freep) struct found *f = NULL;
    uint32_t *sorted;

    if (is_rising(t))
        return 0;
    t->order = malloc((n + 1) * sizeof(*t->order));
    f = malloc((n + 1) * sizeof(*f));
    sorted = malloc((n * per + 1) * sizeof(*sorted));
    if (!t->order || !f || !sorted) {
        free(sorted);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < n; i++)
        f[i] = (struct found){t->cores[(size_t)i * per], i};
    qsort(f, n, sizeof(*f), by_core);
    for (uint32_t i = 0; i < n; i++) {
        t->order[f[i].at] = i;
        memcpy(sorted + (size_t)i * per, t->cores + (size_t)f[i].at * per,
               per * sizeof(*sorted));
    }
    free(t->cores);
    t->cores = sorted;
    return 0;
}

/*
 * The end of the leaf that begins at slot i: most leaves are as large as the
 * one before (`step`), and what lies between two slots of a leaf is on it too.
 * *key is that of slot i, and then that of the slot at the end.
 */
static uint32_t leaf_end(const struct target *t,
                         const struct machine *m,
                         uint32_t i,
                         uint32_t step,
                         uint32_t *key)
{
    uint32_t n = t->n_slots;
    uint32_t per = t->cpus_per_rank;
    uint32_t first = *key;
    uint32_t end = i + step;

    if (end > n || machine_group_key(m, t->cores[(size_t)(end - 1) * per], 1) != first)
        end = i + 1;
    for (; end < n; end++) {
        *key = machine_group_key(m, t->cores[(size_t)end * per], 1);
        if (*key != first)
            break;
    }
    return end;
}

/* Leaves, and the groups of every level above. */
static int fill_groups(struct target *t, const struct machine *m)
{
    uint32_t n = t->n_slots;
    uint32_t last = MACHINE_NONE;
    uint32_t leaves = 0;
    uint32_t step = 1;
    uint32_t key = n > 0 ? machine_group_key(m, t->cores[0], 1) : 0;

    t->leaf = malloc(((size_t)n + 1) * sizeof(*t->leaf));
    t->first_slot = malloc(((size_t)n + 1) * sizeof(*t->first_slot));
    if (!t->leaf || !t->first_slot)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i += step) {
        step = leaf_end(t, m, i, step, &key) - i;
        t->first_slot[leaves] = i;
        for (uint32_t k = 0; k < step; k++)
            t->leaf[i + k] = leaves;
        leaves++;
    }
    t->first_slot[leaves] = n;
    t->n_leaves = leaves;
    for (uint32_t l = 1; l <= t->n_levels; l++) {
        uint32_t *g = malloc(((size_t)leaves + 1) * sizeof(*g));
        uint32_t *f = malloc(((size_t)leaves + 1) * sizeof(*f));
        uint32_t groups = 0;

        t->group[l] = g;
        t->first_leaf[l] = f;
        if (!g || !f)
            return -ENOMEM;
        for (uint32_t i = 0; i < leaves; i++) {
            uint32_t core = t->cores[(size_t)t->first_slot[i] * t->cpus_per_rank];
            uint32_t own = l == 1 ? i : machine_group_key(m, core, l);

            if (i == 0 || own != last)
                f[groups++] = i;
            last = own;
            g[i] = groups - 1;
        }
        f[groups] = leaves;
        t->n_groups[l] = groups;
    }
    return 0;
}

static int fill_parents(struct target *t)
{
    for (uint32_t l = 1; l < t->n_levels; l++) {
        t->parent[l] = malloc(((size_t)t->n_groups[l] + 1) * sizeof(uint32_t));
        if (!t->parent[l])
            return -ENOMEM;
        for (uint32_t g = 0; g < t->n_groups[l]; g++)
            t->parent[l][g] = t->group[l + 1][t->first_leaf[l][g]];
    }
    return 0;
}

int target_init(struct target *t,
                const struct machine *m,
                const uint32_t *cores,
                uint32_t n_cores,
                uint32_t cpus_per_rank,
                struct err *err)
{
    int r;

    *t = (struct target){.cpus_per_rank = MAX(cpus_per_rank, UINT32_C(1))};
    r = check_cores(m, cores, n_cores, err);
    if (r < 0)
        return r;
    t->n_levels = machine_levels(m);
    for (uint32_t l = 1; l <= t->n_levels; l++) {
        t->distance[l] = machine_distance(m, l);
        t->capacity[l] = machine_capacity(m, l);
    }
    t->cores = malloc(((size_t)n_cores + t->cpus_per_rank) * sizeof(*t->cores));
    if (t->cores)
        cut_slots(t, m, cores, n_cores);
    r = t->cores ? sort_slots(t) : -ENOMEM;
    if (r == 0)
        r = fill_groups(t, m);
    if (r == 0)
        r = fill_parents(t);
    if (r < 0)
        target_release(t);
    return r;
}
