/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * hole - a center that ends jobs as soon as they start gets no more for a while
 *
 * It is always idle, so it always looks best, and the whole queue would vanish in it.
 * Counted is what a center has broken itself (NODE_FAIL, BOOT_FAIL), a grant that it
 * could not use, and what failed within seconds; a run that completed, or lasted, ends
 * the row. Programs that fail at once and people without an account there are no fault
 * of the center's as a rule: they count only when more than one person has them, and
 * never against our own center.
 *
 * After five in a row it rests, first for five minutes, then twice as long each time;
 * after the rest it is tried with two jobs. Each holder judges for itself; fexplain and
 * finfo say so.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/measure.h"
#include "base/number.h"
#include "fed/fed_int.h"

#include "base/banned.h"

#define HOLE_ROW 5      /* in a row */
#define HOLE_TRIALS 2   /* after a rest */
#define HOLE_QUICK_S 10 /* a run so short has failed at once */
#define HOLE_REST_US (300 * US_PER_S)
#define HOLE_REST_MAX_US (4800 * US_PER_S)

static uint32_t bit_of(const char *person)
{
    uint32_t h = 2166136261u;

    for (; *person; person++)
        h = (h ^ (unsigned char)*person) * 16777619u;
    return 1u << (h >> 27);
}

static bool of_many(uint32_t bits)
{
    return (bits & (bits - 1)) != 0;
}

static void one_more(struct fed *f, struct peer_state *p)
{
    int64_t us;

    if (p->bad < UINT16_MAX)
        p->bad++;
    if (p->bad < HOLE_ROW || (!p->bad_own && !of_many(p->bad_persons)))
        return;
    us = HOLE_REST_US << MIN(p->holes, (uint16_t)4);
    us = MIN(us, HOLE_REST_MAX_US);
    p->hole_until.us = f->now.mono.us + us;
    p->holes++;
    p->bad = HOLE_ROW - HOLE_TRIALS;
}

void hole_unused(struct fed *f, uint32_t center, const char *person)
{
    struct peer_state *p = center == f->site->number ? NULL : peer_get(f, center);

    if (!p)
        return; /* without memory it is not counted */
    p->bad_persons |= bit_of(person);
    one_more(f, p);
}

void hole_ended(struct fed *f,
                uint32_t center,
                const char *person,
                const struct peer_msg *m)
{
    struct peer_state *p = peer_get(f, center);
    bool lost = m->state == JOB_NODE_FAIL || m->state == JOB_BOOT_FAIL;
    bool quick = m->state == JOB_FAILED && m->usage.elapsed_s <= HOLE_QUICK_S;

    if (!p || m->state == JOB_CANCELLED || (quick && center == f->site->number))
        return;
    if (!lost && !quick) {
        p->bad = p->holes = 0;
        p->bad_persons = 0;
        p->bad_own = false;
        p->hole_until.us = 0;
        return;
    }
    p->bad_own = p->bad_own || lost;
    p->bad_persons |= bit_of(person);
    one_more(f, p);
}

bool hole_text(const struct fed *f, uint32_t center, char *text, size_t cap)
{
    const struct peer_state *p = peer_find(f, center);
    int64_t us = p ? p->hole_until.us - f->now.mono.us : 0;

    if (us <= 0)
        return false;
    (void)snprintf(
        text, cap,
        "the last jobs that it got failed at once: it gets no more for %" PRId64 " s",
        us / US_PER_S + 1); /* may be cut */
    return true;
}

bool fed_resting(const struct fed *f, uint32_t center, char *text, size_t cap)
{
    return hole_text(f, center, text, cap);
}
