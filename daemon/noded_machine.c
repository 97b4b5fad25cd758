/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* noded_machine - what this node has: found by hwloc, or told */
#include "config.h"

#include "daemon/noded_machine.h"

#include <errno.h>
#include <hwloc.h>
#include <stdio.h>
#include <string.h>

#include "base/measure.h"
#include "base/path.h"
#include "base/words.h"
#include "place/shape_hwloc.h"

#include "base/banned.h"

#define CORES_MAX 65536
#define FAKE_CORE_BYTES (UINT64_C(2) << 30) /* a told machine says no memory */

static int describe_xml(hwloc_topology_t t, const char *path, struct err *err)
{
    struct buf b = BUF_INIT(SHAPE_XML_BYTES_MAX + 1);
    struct err own = {0};
    int r = path_read(path, &b, &own);

    if (!r)
        r = shape_check_xml(buf_text(&b), b.len, &own);
    if (!r && hwloc_topology_set_xmlbuffer(t, buf_text(&b), (int)b.len + 1) < 0)
        r = -EINVAL;
    buf_release(&b);
    return r ? err_set(err, -EINVAL,
                       "machine \"%s\" is neither live, synthetic:… nor an XML file of "
                       "hwloc: %s",
                       path, err_text(&own, r))
             : 0;
}

static int describe(hwloc_topology_t t, const char *what, struct err *err)
{
    char text[TOPOLOGY_CAP];
    uint32_t n;

    if (!strcmp(what, "live"))
        return 0;
    if (strncmp(what, "synthetic:", 10) != 0)
        return describe_xml(t, what, err);
    what += 10;
    if (!measure_u32(what, 1, CORES_MAX, &n, NULL)) {
        (void)snprintf(text, sizeof(text), "core:%u pu:1", n);
        what = text;
    }
    if (shape_check_synthetic(what, err) < 0)
        return -E2BIG;
    if (hwloc_topology_set_synthetic(t, what) < 0)
        return err_set(err, -EINVAL, "\"%s\" is not a synthetic machine of hwloc",
                       what);
    return 0;
}

int machine_find(const char *what, struct node_machine *ret_machine, struct err *err)
{
    struct node_machine m = {.synthetic = strcmp(what, "live") != 0};
    hwloc_topology_t t;
    int r;

    if (hwloc_topology_init(&t) < 0)
        return -ENOMEM;
    r = describe(t, what, err);
    if (!r && hwloc_topology_load(t) < 0)
        r = err_set(err, -EINVAL, "hwloc cannot load machine \"%s\"", what);
    if (!r) {
        int n = hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_CORE);

        if (n <= 0)
            n = hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_PU);
        if (n <= 0 || n > CORES_MAX)
            r = err_set(err, -EINVAL, "machine \"%s\" has %d cores", what, n);
        m.cores = n > 0 ? (uint32_t)n : 0;
        m.mem_bytes = hwloc_get_root_obj(t)->total_memory;
        if (m.synthetic && !strstr(what, "memory="))
            m.mem_bytes = m.cores * FAKE_CORE_BYTES;
        n = hwloc_topology_export_synthetic(
            t, m.topology, sizeof(m.topology),
            HWLOC_TOPOLOGY_EXPORT_SYNTHETIC_FLAG_IGNORE_MEMORY);
        if (n < 0 || n >= (int)sizeof(m.topology) - 1)
            m.topology[0] = '\0'; /* not symmetric, or too large: cores alone */
    }
    hwloc_topology_destroy(t);
    if (!r)
        *ret_machine = m;
    return r;
}
