/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* render - maps in the forms that launchers read */
#include "config.h"

#include "place/place.h"

#include <inttypes.h>

#include "base/banned.h"

#define NAME_MAX_BYTES 256

void place_render_map(const struct place_result *r, struct buf *out)
{
    for (uint32_t u = 0; u < r->n_ranks; u++)
        buf_printf(out, "%" PRIu32 "\n", place_result_core(r, u));
}

/* "0-3,7": the cores of a slot, counted from the first of its node. */
static void render_cores(const uint32_t *core,
                         uint32_t n,
                         uint32_t base,
                         struct buf *out)
{
    for (uint32_t i = 0; i < n;) {
        uint32_t k = i + 1;

        while (k < n && core[k] == core[k - 1] + 1)
            k++;
        buf_printf(out, "%s%" PRIu32, i ? "," : "", core[i] - base);
        if (k > i + 1)
            buf_printf(out, "-%" PRIu32, core[k - 1] - base);
        i = k;
    }
}

void place_render_rankfile(const struct machine *m,
                           const struct place_result *r,
                           bool prrte,
                           struct buf *out)
{
    char name[NAME_MAX_BYTES];

    if (prrte)
        buf_puts(out, "# PRRTE: mpirun --map-by rankfile:file=THIS\n");
    for (uint32_t u = 0; u < r->n_ranks; u++) {
        const uint32_t *core = r->cores + (size_t)r->slot[u] * r->cpus_per_rank;
        uint32_t node = machine_node_of(m, core[0]);

        buf_printf(out, "rank %" PRIu32 "=%s slot=", u,
                   machine_node_name(m, node, name, sizeof(name)));
        render_cores(core, r->cpus_per_rank, machine_node_first(m, node), out);
        buf_putc(out, '\n');
    }
}

void place_render_hostfile(const struct machine *m,
                           const struct place_result *r,
                           struct buf *out)
{
    char name[NAME_MAX_BYTES];

    for (uint32_t u = 0; u < r->n_ranks; u++)
        buf_printf(out, "%s\n",
                   machine_node_name(m, machine_node_of(m, place_result_core(r, u)),
                                     name, sizeof(name)));
}
