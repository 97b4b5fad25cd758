/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fuzz_hwloc - machines as hwloc's XML or synthetic text, to a node's shape
 *
 * The first byte says which. What our ceilings let through is given to hwloc; what
 * hwloc takes must be a node of which a machine can be made.
 */
#include "config.h"

#include <hwloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "place/shape_hwloc.h"

static void use(hwloc_topology_t t)
{
    struct owned_shape s;
    struct machine_node node = {"n1", MACHINE_NONE, &s.shape};
    struct machine *m = NULL;

    if (hwloc_topology_load(t) < 0 || shape_from_hwloc(t, &s, NULL) < 0)
        return;
    if (machine_new_tree(NULL, 0, &node, 1, NULL, 0, &m, NULL) == 0
        && machine_cores(m) != s.n_cores)
        abort();
    m = machine_free(m);
    owned_shape_release(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = size > 1 ? malloc(size) : NULL;
    hwloc_topology_t t;
    int r;

    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    r = data[0] == 's' ? shape_check_synthetic(text, NULL)
                       : shape_check_xml(text, size - 1, NULL);
    if (r == 0 && hwloc_topology_init(&t) == 0) {
        r = data[0] == 's' ? hwloc_topology_set_synthetic(t, text)
                           : hwloc_topology_set_xmlbuffer(t, text, (int)size);
        if (r == 0)
            use(t);
        hwloc_topology_destroy(t);
    }
    free(text);
    return 0;
}
