/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * exchange - what centers owe each other: units hosted for them, and by them
 *
 * A center that owes looks later to its own router, by up to DEBT_DELAY_S at the
 * ceiling of the agreement, and gets nothing more beyond it. Both sides count for
 * themselves: the host refuses by its own figure.
 */
#include "config.h"

#include <errno.h>

#include "base/measure.h"
#include "base/number.h"
#include "fed/fed_int.h"

#include "base/banned.h"

static void add(int64_t *sum, int64_t milli)
{
    if (milli > 0 && *sum <= INT64_MAX - milli)
        *sum += milli;
}

void exchange_lent(struct fed *f, uint32_t center, int64_t milli)
{
    struct peer_state *p = center == f->site->number ? NULL : peer_get(f, center);

    if (p) /* without memory: counted again at the next start */
        add(&p->lent_milli, milli);
}

void exchange_borrowed(struct fed *f, uint32_t center, int64_t milli)
{
    struct peer_state *p = center == f->site->number ? NULL : peer_get(f, center);

    if (p)
        add(&p->borrowed_milli, milli);
}

void exchange_unlent(struct fed *f, uint32_t center, int64_t milli)
{
    struct peer_state *p = peer_find(f, center);

    if (p && milli > 0)
        p->lent_milli -= MIN(milli, p->lent_milli);
}

int fed_restore_exchange(struct fed *f,
                         uint32_t center,
                         int64_t lent_milli,
                         int64_t borrowed_milli)
{
    struct peer_state *p = peer_get(f, center);

    if (!p)
        return -ENOMEM;
    add(&p->lent_milli, lent_milli);
    add(&p->borrowed_milli, borrowed_milli);
    return 0;
}

int64_t exchange_debt(const struct fed *f, uint32_t center, bool we_give)
{
    const struct peer_state *p = peer_find(f, center);
    int64_t debt = p ? p->lent_milli - p->borrowed_milli : 0;

    return MAX(we_give ? debt : -debt, INT64_C(0));
}
