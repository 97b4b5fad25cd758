/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * shape_hwloc - the inside of a node as hwloc sees it
 *
 * The caller loads the topology (live, XML or synthetic); this only reads it.
 */
#ifndef HOPLUU_PLACE_SHAPE_HWLOC_H
#define HOPLUU_PLACE_SHAPE_HWLOC_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "place/machine.h"

struct hwloc_topology;

/* A shape that owns its arrays. */
struct owned_shape {
    struct node_shape shape;
    uint32_t *cores;   /* [n_domains] */
    uint32_t *package; /* [n_domains] */
    uint32_t *os_core; /* [cores] first processing unit (OS index) of each core */
    uint32_t n_cores;
};

/*
 * Domains are the NUMA nodes that have cores (packages where one is inside a NUMA
 * node), cores are in hwloc's logical order.
 *
 * Returns 0, -EINVAL (a topology without cores) or -ENOMEM; release with
 * owned_shape_release().
 */
int shape_from_hwloc(struct hwloc_topology *topology,
                     struct owned_shape *ret,
                     struct err *err);

void owned_shape_release(struct owned_shape *s);

/* What hwloc is given to read is measured before. */
#define SHAPE_XML_BYTES_MAX (16 << 20)
#define SHAPE_XML_DEPTH_MAX 64
#define SHAPE_XML_ELEMENTS_MAX 200000
#define SHAPE_SYNTHETIC_BYTES_MAX 1023
#define SHAPE_OBJECTS_MAX 65536

/* Tags that open and close within these ceilings, no definitions: 0, -EINVAL, -E2BIG.
 */
int shape_check_xml(const char *text, size_t n_bytes, struct err *err);

/* "package:2 core:16 pu:2": not more parts in all than fit. 0 or -E2BIG. */
int shape_check_synthetic(const char *text, struct err *err);

#endif
