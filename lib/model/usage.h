/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * usage - what one run of a job used, in whole units
 *
 * Signed by the host, countersigned by the entry, posted once. `cores_us` is
 * what was allocated; `cpu_us` is what its processes consumed.
 */
#ifndef HOPLUU_MODEL_USAGE_H
#define HOPLUU_MODEL_USAGE_H

#include <stdint.h>

/* What was reserved, times for how long: beside the price, so that a new rate changes
   no history. */
struct tres_seconds {
    uint64_t core_s;
    uint64_t mem_mib_s;
    uint64_t gpu_s;
};

struct usage {
    uint64_t elapsed_s; /* whole seconds from start to end, rounded up, at least 0 */
    uint64_t core_s;    /* allocated cores × elapsed_s: what is billed */
    uint64_t mem_mib_s; /* allocated MiB × elapsed_s */
    uint64_t gpu_s;
    uint64_t cpu_us;        /* consumed, user + system, of all its processes */
    uint64_t max_rss_bytes; /* largest single process */
    uint32_t n_nodes;
    uint32_t n_cores; /* allocated */
    int64_t milli;    /* price in thousandths of a unit, by the pool's rate */
};

#endif
