/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fmap_machine - machines from arities, or from switches, nodes and hwloc */
#include "config.h"

#include <errno.h>
#include <hwloc.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "base/path.h"
#include "model/hostlist.h"
#include "place/shape_hwloc.h"
#include "place/topology.h"

#include "fmap.h"

#include "base/banned.h"

static int load_shape(const char *from, struct owned_shape *ret, struct err *err)
{
    static const char synthetic[] = "synthetic:";
    struct buf b = BUF_INIT(SHAPE_XML_BYTES_MAX + 1);
    hwloc_topology_t t;
    bool set = true;
    int r = 0;

    if (hwloc_topology_init(&t) < 0)
        return -ENOMEM;
    if (!strncmp(from, synthetic, sizeof(synthetic) - 1)) {
        r = shape_check_synthetic(from + sizeof(synthetic) - 1, err);
        if (r == 0)
            set = !hwloc_topology_set_synthetic(t, from + sizeof(synthetic) - 1);
    } else if (strcmp(from, "live") != 0) {
        r = path_read(from, &b, err);
        if (r == 0)
            r = shape_check_xml(buf_text(&b), b.len, err);
        if (r < 0)
            r = err_prefix(err, r, "'%.80s' (an XML file, synthetic:TEXT or live)",
                           from);
        else
            set = !hwloc_topology_set_xmlbuffer(t, buf_text(&b), (int)b.len + 1);
    }
    if (r == 0 && (!set || hwloc_topology_load(t) < 0))
        r = err_set(
            err, -EINVAL,
            "hwloc cannot read '%.80s': use an XML file, synthetic:TEXT or live", from);
    if (r == 0)
        r = shape_from_hwloc(t, ret, err);
    hwloc_topology_destroy(t);
    buf_release(&b);
    return r;
}

static int set_capacities(const struct fmap_options *o,
                          struct machine *m,
                          struct err *err)
{
    uint64_t v[PLACE_LEVELS_MAX] = {0};
    int n = o->capacity ? machine_numbers(o->capacity, "--capacity", 1,
                                          UINT64_C(1) << 53, v, err)
                        : 0;
    int r = n < 0 ? n : 0;

    for (int l = 1; r == 0 && l <= n && l < (int)machine_levels(m); l++)
        r = machine_set_capacity(m, (uint32_t)l, v[l - 1], err);
    return r;
}

/* Nodes without switches, in the order of the list. */
static int flat_machine(const struct words *names,
                        const struct node_shape *shape,
                        const uint32_t *distance,
                        uint32_t n_distance,
                        struct machine **ret_m,
                        struct err *err)
{
    struct machine_node *node = calloc(names->n + 1, sizeof(*node));
    int r;

    if (!node)
        return -ENOMEM;
    for (size_t i = 0; i < names->n; i++)
        node[i] = (struct machine_node){names->v[i], MACHINE_NONE, shape};
    r = machine_new_tree(NULL, 0, node, (uint32_t)names->n, distance, n_distance, ret_m,
                         err);
    free(node);
    return r;
}

static int load_tree(const struct fmap_options *o,
                     const struct words *names,
                     struct machine **ret_m,
                     struct err *err)
{
    _cleanup_(topology_freep) struct topology *t = NULL;
    struct owned_shape s = {0};
    struct buf b = BUF_INIT(FMAP_FILE_MAX);
    uint64_t wide[PLACE_LEVELS_MAX] = {0};
    uint32_t distance[PLACE_LEVELS_MAX];
    int found = o->distance ? machine_numbers(o->distance, "--distance", 0,
                                              UINT32_MAX / 4, wide, err)
                            : 0;
    uint32_t n = found > 0 ? (uint32_t)found : 0;
    int r = found < 0 ? found : 0;

    for (uint32_t i = 0; i < n; i++)
        distance[i] = (uint32_t)wide[i];
    if (r == 0)
        r = load_shape(o->hwloc ? o->hwloc : "synthetic:core:1 pu:1", &s, err);
    if (r == 0 && o->topology)
        r = fmap_read(o->topology, &b, err);
    if (r == 0 && o->topology) {
        r = topology_parse(buf_text(&b), b.len, &t, err);
        r = r < 0 ? err_prefix(err, r, "%.80s", o->topology)
                  : topology_machine(t, &s.shape, distance, n, ret_m, err);
    } else if (r == 0) {
        r = flat_machine(names, &s.shape, distance, n, ret_m, err);
    }
    buf_release(&b);
    owned_shape_release(&s);
    return r;
}

/* The cores of the nodes named, node by node. */
static int cores_of(const struct machine *m,
                    const struct words *names,
                    uint32_t **ret_cores,
                    uint32_t *ret_n,
                    struct err *err)
{
    uint32_t *v = malloc(((size_t)machine_cores(m) + 1) * sizeof(*v));
    uint32_t n = 0;

    if (!v)
        return -ENOMEM;
    for (size_t i = 0; i < names->n; i++) {
        uint32_t node = machine_node_find(m, names->v[i]);
        uint32_t first;

        if (node == MACHINE_NONE || n + machine_node_size(m, node) > machine_cores(m)) {
            free(v);
            return err_set(err, -EINVAL, "node '%.64s' is %s", names->v[i],
                           node == MACHINE_NONE ? "not in the topology"
                                                : "named twice");
        }
        first = machine_node_first(m, node);
        for (uint32_t c = 0; c < machine_node_size(m, node); c++)
            v[n++] = first + c;
    }
    *ret_cores = v;
    *ret_n = n;
    return 0;
}

int fmap_load_machine(const struct fmap_options *o,
                      struct machine **ret_m,
                      uint32_t **ret_cores,
                      uint32_t *ret_n_cores,
                      struct err *err)
{
    struct words names = WORDS_INIT(PLACE_NODES_MAX, UINT64_C(256) << 20);
    int r = 0;

    *ret_cores = NULL;
    *ret_n_cores = 0;
    if (!o->machine && !o->topology && !o->nodes)
        return err_set(err, -EINVAL,
                       "give --machine and --distance, or --topology or --nodes with "
                       "--hwloc");
    if (o->machine && !o->distance)
        return err_set(err, -EINVAL, "--machine needs --distance");
    if (o->nodes)
        r = hostlist_expand(o->nodes, &names, err);
    if (r == 0)
        r = o->machine ? machine_new_text(o->machine, o->distance, NULL, ret_m, err)
                       : load_tree(o, &names, ret_m, err);
    if (r == 0)
        r = set_capacities(o, *ret_m, err);
    if (r == 0 && o->nodes)
        r = cores_of(*ret_m, &names, ret_cores, ret_n_cores, err);
    words_release(&names);
    return r;
}
