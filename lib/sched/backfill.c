/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* backfill - head first, then whoever does not delay it */
#include "config.h"

#include "sched/backfill.h"

#include <errno.h>

#include "base/number.h"

#include "base/banned.h"

static uint32_t head_of(const struct backlog *b, const struct backfill_machine *m)
{
    return backlog_head(b, m->room ? m->room(m->arg) : NULL);
}

/* Who ends by the reservation may use anything: how long that is. */
static uint32_t longest(int64_t at_s, int64_t now_s)
{
    if (at_s <= now_s)
        return 0;
    return (uint32_t)MIN(at_s - now_s, (int64_t)UINT32_MAX);
}

/* The head starts while it fits; ret_head = the first one that does not, or 0. */
static int start_front(struct backlog *b,
                       const struct backfill_machine *m,
                       uint32_t most_s,
                       uint32_t *ret_head)
{
    uint32_t x;

    while ((x = head_of(b, m))) {
        enum fit f = m->fit(m->arg, backlog_shape(b, x));
        int r;

        if (f == FIT_NOT || !backlog_short(b, x, f == FIT_ANY, most_s))
            break;
        r = m->start(m->arg, x);
        if (r < 0 && r != -EAGAIN)
            return r;
    }
    *ret_head = x;
    return 0;
}

int backfill_pass(struct backlog *b,
                  const struct backfill_machine *m,
                  bool backfill,
                  int64_t held_at_s,
                  int64_t now_s)
{
    uint32_t most_s = longest(held_at_s, now_s);
    int64_t at_s = INT64_MAX;
    uint32_t x;
    int r;

    r = start_front(b, m, most_s, &x);
    if (r < 0 || !backfill || b->n < 2 || m->free_cores(m->arg) == 0)
        return r;
    if (x) {
        /* The reservation costs more than this look: is anybody there to use it? */
        if (!backlog_any(b, m->free_cores(m->arg), m->fit, m->arg))
            return 0;
        r = m->reserve(m->arg, x, &at_s);
        if (r < 0)
            return r;
    }
    most_s = longest(MIN(at_s, held_at_s), now_s);
    backlog_scan_begin(b, m->free_cores(m->arg), most_s, m->fit, m->arg);
    while ((x = backlog_scan_next(b, most_s, m->fit, m->arg))) {
        r = m->start(m->arg, x);
        if (r < 0 && r != -EAGAIN)
            return r;
        if (m->free_cores(m->arg) == 0)
            break;
    }
    return 0;
}
