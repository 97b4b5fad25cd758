/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * peers - connections come and go; what concerns a center is said again when it is back
 *
 * No message is kept for a peer that is away: what must be said follows from the
 * state of the records, and is said again from there, some records per step.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fed/fed_int.h"
#include "model/job_id.h"

#include "base/banned.h"

int fed_peer_up(struct fed *f,
                uint32_t center,
                struct now now,
                struct fed_effects *ret_fx)
{
    int r = step_begin(f, now);
    struct peer_state *p = peer_get(f, center);

    if (r < 0)
        return r;
    if (!p)
        return -ENOMEM;
    p->up = true;
    p->down = (struct now){0};
    p->resync_holding = 1;
    p->resync_copies = true;
    p->resync_copy = TAILQ_FIRST(&f->copies);
    if (center != f->site->number)
        allowance_peer_up(f, center);
    step_end(f, ret_fx);
    return 0;
}

/* Ourselves as a peer that has just come back: the same code says it all again. */
int fed_resume(struct fed *f, struct now now, struct fed_effects *ret_fx)
{
    f->resumed = now;
    return fed_peer_up(f, f->site->number, now, ret_fx);
}

/* Its silence counts from now on for those who chose a time. */
static void wait_for_lost(struct fed *f, uint32_t center)
{
    struct held *j;

    TAILQ_FOREACH (j, &f->holdings, all) {
        if (j->h.at_least_once_s && j->h.grant.center == center && !j->alarm.slot)
            alarm_set(f, &j->alarm, f->now.mono);
    }
}

int fed_peer_down(struct fed *f,
                  uint32_t center,
                  struct now now,
                  struct fed_effects *ret_fx)
{
    int r = step_begin(f, now);
    struct peer_state *p = peer_find(f, center);

    if (r < 0)
        return r;
    if (p) {
        if (p->up)
            p->down = now;
        p->up = false;
        p->resync_holding = 0;
        p->resync_copies = false;
        wait_for_lost(f, center);
    }
    step_end(f, ret_fx);
    return 0;
}

int fed_peer_supply(struct fed *f,
                    const struct supply *s,
                    struct now now,
                    struct fed_effects *ret_fx)
{
    int r = step_begin(f, now);
    struct peer_state *p = peer_get(f, s->center);

    if (r < 0)
        return r;
    if (!p || view_take(&p->view, s, now.mono) < 0)
        return -ENOMEM;
    step_end(f, ret_fx);
    return 0;
}

int fed_peer_msg(struct fed *f,
                 uint32_t center,
                 const struct peer_msg *m,
                 struct now now,
                 struct fed_effects *ret_fx,
                 struct err *err)
{
    bool from_holder = peer_kind_from_holder(m->kind);
    uint32_t entry = job_id_center(m->job);
    int r = step_begin(f, now);

    if (r < 0)
        return err_set(err, r, "out of memory");
    if (peer_kind_of_money(m->kind)) {
        r = allowance_msg(f, center, m, err);
        step_end(f, ret_fx);
        return r;
    }
    /* A holder speaks of jobs that were submitted at it; a candidate of ours. */
    if (from_holder ? entry != center : entry != f->site->number)
        return err_set(err, -EPROTO,
                       "'%s' about job %" PRIu64 " is not center %u's to say",
                       peer_kind_word(m->kind), m->job, center);
    if (from_holder)
        candidate_msg(f, center, m);
    else
        holder_msg(f, center, m);
    step_end(f, ret_fx);
    return 0;
}

static bool concerns(const struct held *j, uint32_t center)
{
    if (j->h.grant.center == center)
        return true;
    for (int i = 0; i < LOST_RUNS_MAX; i++)
        if (j->h.lost[i].center == center)
            return true;
    for (int i = 0; i < CANDIDATES_MAX; i++)
        if (j->h.offers[i].state != OFFER_NONE && j->h.offers[i].center == center)
            return true;
    return false;
}

static struct held *first_from(struct fed *f, uint64_t id)
{
    struct held *j = fed_held_find(f, id);

    if (j)
        return j;
    TAILQ_FOREACH (j, &f->holdings, all) {
        if (j->h.id >= id)
            return j;
    }
    return NULL;
}

/* Our own copies start again from what is written down: the engine forgot its queue. */
static void resume_copy(struct fed *f, struct copied *j)
{
    if (j->c.copy == COPY_QUEUED) {
        settle(f, j, 0);
        fx_add(f, FX_QUEUE, j->c.id);
    } else if (j->c.copy == COPY_STARTING) {
        fx_add(f, FX_START, j->c.id)->epoch = j->c.epoch;
    } else if (j->c.copy == COPY_RETURNING) {
        fx_add(f, FX_RETURN, j->c.id)->center = j->c.holder;
    } else if (j->c.holder == f->site->number) {
        candidate_say_again(f, j);
    }
}

/* After a restart every answer that is awaited must be asked for again, and again. */
static bool awaits(const struct fed *f,
                   const struct peer_state *p,
                   const struct held *j)
{
    return p->center == f->site->number
           && (j->in_waiting || j->h.hold == HOLD_GRANTED || lost_may_come(f, j));
}

static void resync_holdings(struct fed *f, struct peer_state *p)
{
    struct held *j = first_from(f, p->resync_holding);
    struct held *next;
    int n = 0;

    for (; j && n < RESYNC_BATCH && !step_full(f); j = next, n++) {
        next = TAILQ_NEXT(j, all);
        while (next && !concerns(j, p->center) && !awaits(f, p, j)) {
            j = next;
            next = TAILQ_NEXT(j, all);
        }
        if (awaits(f, p, j))
            alarm_set(f, &j->alarm, f->now.mono);
        if (concerns(j, p->center))
            holder_say_again(f, j, p->center);
        notes_read(f);
    }
    p->resync_holding = j ? j->h.id : 0;
}

static void resync_copies(struct fed *f, struct peer_state *p)
{
    bool own = p->center == f->site->number;

    for (int n = 0; p->resync_copy && n < RESYNC_BATCH && !step_full(f); n++) {
        struct copied *j = p->resync_copy;

        p->resync_copy = TAILQ_NEXT(j, all);
        if (own)
            resume_copy(f, j);
        else if (j->c.holder == p->center)
            candidate_say_again(f, j);
        notes_read(f);
    }
    p->resync_copies = p->resync_copy != NULL;
}

void resync_some(struct fed *f)
{
    struct peer_state *p;
    struct peer_state *next;

    TABLE_FOREACH (f->peers, p, next) {
        if (p->resync_holding && !step_full(f))
            resync_holdings(f, p);
        if (!p->resync_holding && p->resync_copies && !step_full(f))
            resync_copies(f, p);
    }
}

int fed_reconfigure(struct fed *f,
                    const struct site *site,
                    struct now now,
                    struct fed_effects *ret_fx)
{
    struct postings posted = {0};
    int r;

    f->site = site;
    r = step_begin(f, now);
    if (r < 0)
        return r;
    r = book_apply_site(f->book, site, now.wall, &posted, NULL);
    if (r == 0)
        r = step_reserve(f, posted.n);
    for (size_t i = 0; r == 0 && i < posted.n; i++)
        fx_add(f, FX_SAVE_POSTING, 0)->posting = posted.v[i];
    postings_release(&posted);
    step_end(f, ret_fx);
    return r;
}
