/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * shape_hwloc - the inside of a node as hwloc sees it
 *
 * A core's domain is found by its smallest NUMA node: in hwloc 2 memory hangs on
 * the side, so the NUMA node that contains the core's cpuset with the fewest bits
 * is looked for. Machines without packages count as one package.
 */
#include "config.h"

#include "place/shape_hwloc.h"

#include <errno.h>
#include <hwloc.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/banned.h"

void owned_shape_release(struct owned_shape *s)
{
    free(s->cores);
    free(s->package);
    free(s->os_core);
    *s = (struct owned_shape){0};
}

static uint32_t numa_of(hwloc_topology_t t, hwloc_obj_t core)
{
    int n = hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_NUMANODE);
    int best_weight = INT32_MAX;
    uint32_t best = 0;

    for (int i = 0; i < n; i++) {
        hwloc_obj_t o = hwloc_get_obj_by_type(t, HWLOC_OBJ_NUMANODE, (unsigned)i);
        int weight;

        if (!o || !o->cpuset || !hwloc_bitmap_isincluded(core->cpuset, o->cpuset))
            continue;
        weight = hwloc_bitmap_weight(o->cpuset);
        if (weight < best_weight) {
            best_weight = weight;
            best = o->logical_index;
        }
    }
    return best;
}

static uint32_t package_of(hwloc_topology_t t, hwloc_obj_t core)
{
    hwloc_obj_t o = hwloc_get_ancestor_obj_by_type(t, HWLOC_OBJ_PACKAGE, core);

    return o ? o->logical_index : 0;
}

int shape_from_hwloc(struct hwloc_topology *topology,
                     struct owned_shape *ret,
                     struct err *err)
{
    struct owned_shape s = {0};
    int depth = hwloc_get_type_or_above_depth(topology, HWLOC_OBJ_CORE);
    int level;
    uint32_t last_numa = 0;
    uint32_t n;

    /* Some machines (and synthetic texts) have processing units but no cores. */
    level = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE) > 0
                ? depth
                : hwloc_get_type_depth(topology, HWLOC_OBJ_PU);
    n = hwloc_get_nbobjs_by_depth(topology, level);
    if (n < 1)
        return err_set(err, -EINVAL, "the topology has no cores");
    s.cores = calloc((size_t)n + 1, sizeof(*s.cores));
    s.package = calloc((size_t)n + 1, sizeof(*s.package));
    s.os_core = calloc((size_t)n + 1, sizeof(*s.os_core));
    if (!s.cores || !s.package || !s.os_core) {
        owned_shape_release(&s);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < n; i++) {
        hwloc_obj_t core = hwloc_get_obj_by_depth(topology, level, i);
        uint32_t package = package_of(topology, core);
        uint32_t numa = numa_of(topology, core);
        uint32_t d = s.shape.n_domains;

        if (d == 0 || numa != last_numa || package != s.package[d - 1])
            d = ++s.shape.n_domains;
        s.package[d - 1] = package;
        s.cores[d - 1]++;
        s.os_core[i] = (uint32_t)hwloc_bitmap_first(core->cpuset);
        last_numa = numa;
    }
    s.n_cores = n;
    s.shape.cores = s.cores;
    s.shape.package = s.package;
    *ret = s;
    return 0;
}
