/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* search - the portfolio for matrices: starts, polish, and what effort buys */
#include "config.h"

#include "place/map_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "place/section_int.h"

#include "base/banned.h"

int search_matrix(struct search *s)
{
    static const struct section_effort section = {4, 4, 2, 200};
    struct state st;
    uint32_t *leaf;
    int r = graph_from_pattern(&s->g, s->pattern, s->t.n_slots,
                               s->t.distance[s->t.n_levels]);

    if (r < 0)
        return r;
    leaf = malloc(((size_t)s->t.n_slots + 1) * sizeof(*leaf));
    if (!leaf)
        return -ENOMEM;
    r = section_map(&s->t, &s->g, &section, &s->rng, leaf);
    if (r == 0)
        r = state_init(&st, &s->t, &s->g, leaf);
    if (r == 0)
        r = state_limit(&st, s->usual_cost.bottleneck);
    if (r == 0) {
        if (s->p->effort > PLACE_FAST)
            polish_anneal(&st, s->p->effort == PLACE_BEST ? 20000000 : 2000000, 0.1,
                          0.001, &s->rng, &s->limit);
        polish_descend(&st, true, &s->limit);
        r = search_offer(s, st.leaf, "multisection");
        state_release(&st);
    }
    free(leaf);
    return r < 0 ? r : 0;
}
