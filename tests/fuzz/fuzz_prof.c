/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fuzz_prof - what claims to come from Open MPI's monitoring
 *
 * The files lie in a directory of the user's job. Reading one must not crash, and
 * what it says must fit a pattern or be refused.
 */
#include "config.h"

#include <stdint.h>

#include "place/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct flows f = {0};
    struct pattern *p = NULL;

    if (flows_read_prof(&f, (const char *)data, size, NULL) == 0 && f.n_ranks > 0
        && pattern_from_flows(f.n_ranks, f.v, f.n, &p, NULL) == 0)
        p = pattern_free(p);
    flows_release(&f);
    return 0;
}
