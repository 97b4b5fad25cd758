/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* world_disk - what the disk of a center holds: only what was saved */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "tests/fed/world_int.h"

/* Each half of the effects has its own switch here. */
#pragma GCC diagnostic ignored "-Wswitch-enum"

void world_save(struct disk *d, const struct fed_fx *fx)
{
    size_t i;

    switch (fx->kind) {
    case FX_SAVE_HOLDING:
        for (i = 0; i < d->n_holdings && d->holdings[i].id != fx->id; i++)
            ;
        assert(i < WORLD_JOBS);
        d->holdings[i] = *fx->holding;
        if (i == d->n_holdings)
            d->n_holdings++;
        break;
    case FX_SAVE_COPY:
        for (i = 0; i < d->n_copies && d->copies[i].id != fx->id; i++)
            ;
        assert(i < WORLD_JOBS);
        d->copies[i] = *fx->copy;
        if (i == d->n_copies)
            d->n_copies++;
        break;
    case FX_DROP_COPY:
        for (i = 0; i < d->n_copies; i++)
            if (d->copies[i].id == fx->id)
                d->copies[i] = d->copies[--d->n_copies];
        break;
    case FX_SAVE_POSTING:
        if (d->n_postings == d->cap_postings) {
            d->cap_postings = d->cap_postings ? 2 * d->cap_postings : 256;
            d->postings = realloc(d->postings, d->cap_postings * sizeof(*d->postings));
        }
        d->postings[d->n_postings++] = fx->posting;
        break;
    case FX_SAVE_RUN:
        if (!fx->hosted)
            break;
        for (i = 0; i < d->n_runs; i++)
            assert(d->runs[i].id != fx->id || d->runs[i].epoch != fx->epoch); /* once */
        assert(d->n_runs < WORLD_JOBS * 4);
        d->runs[d->n_runs].id = fx->id;
        d->runs[d->n_runs].epoch = fx->epoch;
        d->runs[d->n_runs++].core_s = fx->copy->usage.core_s;
        break;
    case FX_SAVE_SEQUENCE:
        d->sequence = fx->id;
        break;
    default:
        break;
    }
}
