/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * drain - waiting jobs are entrusted to others before their holder's maintenance
 *
 * A grant without a claim: the host that gets it may start the job when it can, and
 * asks nobody. For the holder it is a grant like any other (on disk before the GO
 * leaves, one at a time, until the host hands it back or says the end), so one start
 * holds by the same rules; only the 30 seconds of a GO do not count. Its job is
 * PENDING: by that it is told from other grants.
 *
 * Invariants:
 *  1. Only a center that has the job queued, and is connected, is entrusted with it;
 * the GO names the copy by the claim that its offer was acknowledged with, so it is of
 *     no use to any copy before or after.
 *  2. An entrusted copy starts under the epoch of that grant alone: an offer of a later
 *     epoch, or a recall, takes it back.
 *  3. Its budget is held when it starts, as with a claim; what cannot start is handed
 *     back.
 *
 *   queued ─GO(entrusted)─> queued, entrusted ─ready─> starting
 *                              └── refused, cancelled, lost ──> handed back
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/words.h"
#include "fed/fed_int.h"

#include "base/banned.h"

bool fed_drained(const struct fed *f)
{
    return f->drained;
}

int fed_drain(struct fed *f, bool on, struct now now, struct fed_effects *ret_fx)
{
    int r = step_begin(f, now);
    struct held *j;

    if (r < 0)
        return r;
    f->drained = on;
    TAILQ_FOREACH (j, &f->waiting, waiting) {
        j->looked = (struct mono){now.mono.us - REOFFER_REST_US};
    }
    f->reoffer_at = now.mono;
    step_end(f, ret_fx);
    return 0;
}

bool drain_entrust(struct fed *f, struct held *j)
{
    struct offer *o = NULL;

    for (int i = 0; i < CANDIDATES_MAX; i++) {
        struct offer *x = &j->h.offers[i];

        if (x->state == OFFER_QUEUED && x->claim && x->center != f->site->number
            && reachable(f, x->center) && (!o || x->wait_s < o->wait_s))
            o = x;
    }
    if (!o)
        return false;
    j->h.epoch++;
    j->h.grant = (struct grant){
        .center = o->center, .epoch = j->h.epoch, .claim = o->claim, .at = f->now.wall};
    j->h.reason = REASON_RESOURCES;
    recall_others(f, j, o->center);
    held_set(f, j, HOLD_GRANTED);
    save_held(f, j, "entrusted to %s", site_center_name(f->site, o->center));
    send_go(f, j);
    alarm_set(f, &j->alarm, (struct mono){f->now.mono.us + retry_delay(4)});
    return true;
}

bool held_entrusted(const struct held *j)
{
    return j->h.hold == HOLD_GRANTED && j->h.state == JOB_PENDING;
}

bool copy_entrusted(const struct copied *j)
{
    /* Who is told whose job it is has been permitted to start it. */
    return j->c.copy == COPY_QUEUED && j->c.person[0];
}

void host_entrusted_return(struct fed *f,
                           struct copied *j,
                           uint32_t rule,
                           const char *why)
{
    struct peer_msg m = {
        .kind = PEER_HANDBACK, .job = j->c.id, .epoch = j->c.epoch, .rule = rule};
    uint32_t holder = j->c.holder;

    m.claim = j->c.claim;
    word_cut(m.text, sizeof(m.text), why);
    copied_drop(f, j, why);
    say(f, holder, &m);
}
