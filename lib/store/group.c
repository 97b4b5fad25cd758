/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * group - which operations of a group need not be done
 *
 * A row that the group writes several times is written the last time only: a job
 * under load changes often between two fsyncs. Without memory for the table nothing
 * is left out, which is only slower.
 */
#include "config.h"

#include <stdlib.h>

#include "store/store_int.h"

#include "base/banned.h"

/* Row of an operation: twice the id, odd for copies; 0 = not one that is looked at. */
static uint64_t row_key(const struct op *o)
{
    if (o->kind == OP_HOLDING)
        return 2 * o->id;
    if (o->kind == OP_COPY || o->kind == OP_DROP_COPY)
        return 2 * o->id + 1;
    return 0;
}

void group_supersede(struct batch *group)
{
    size_t n_ops = 0, cap = 64;
    struct op **slots;

    for (const struct batch *b = group; b; b = b->next)
        n_ops += b->n_ops;
    while (cap < 2 * n_ops)
        cap *= 2;
    slots = calloc(cap, sizeof(*slots));
    if (!slots)
        return;
    for (const struct batch *b = group; b; b = b->next) {
        struct op_walk walk = {.chunk = b->first};
        struct op *o;

        while ((o = op_next(&walk))) {
            uint64_t key = row_key(o);
            size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 20);

            if (!key)
                continue;
            for (at &= cap - 1; slots[at] && row_key(slots[at]) != key;)
                at = (at + 1) & (cap - 1);
            if (slots[at])
                slots[at]->superseded = true;
            slots[at] = o;
        }
    }
    free(slots);
}
