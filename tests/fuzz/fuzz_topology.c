/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fuzz_topology - topology.conf of any site, to the machine and its groups
 *
 * What is accepted must be a tree: every node reaches the top.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "place/topology.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t cores[] = {2, 3};
    const struct node_shape shape = {2, cores, NULL};
    struct topology *t = NULL;
    struct machine *m = NULL;

    if (topology_parse((const char *)data, size, &t, NULL) < 0)
        return 0;
    if (topology_machine(t, &shape, NULL, 0, &m, NULL) == 0) {
        for (uint32_t i = 0; i < machine_nodes(m); i++)
            if (machine_node_key(m, i, machine_levels(m)) != 0
                || machine_group_key(m, machine_node_first(m, i), machine_node_level(m))
                       != machine_node_first(m, i))
                abort();
        m = machine_free(m);
    }
    t = topology_free(t);
    return 0;
}
