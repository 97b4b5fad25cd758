/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * noded_machine - what this node has: found by hwloc, or told
 */
#ifndef HOPLUU_DAEMON_NODED_MACHINE_H
#define HOPLUU_DAEMON_NODED_MACHINE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define TOPOLOGY_CAP 512

struct node_machine {
    bool synthetic; /* a description, not this machine: nothing is bound */
    uint32_t cores;
    uint64_t mem_bytes;
    char topology[TOPOLOGY_CAP]; /* hwloc synthetic string; "" = none fits */
};

/* what: "live", "synthetic:N", "synthetic:HWLOC STRING", or a path to hwloc's XML. */
int machine_find(const char *what, struct node_machine *ret_machine, struct err *err);

#endif
