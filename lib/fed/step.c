/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* step - one step: its effects, messages to ourselves, and time */
#include "config.h"

#include "fed/fed_int.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"

#include "base/banned.h"

/*
 * The list keeps a slack that no event exceeds, so that nothing inside a step can
 * fail for lack of memory; long work stops at step_full() and goes on at the next tick.
 */
int step_begin(struct fed *f, struct now now)
{
    size_t want = REOFFER_BATCH * (CANDIDATES_MAX * 2 + 4) + STEP_SLACK * 4;
    size_t n_views = (REOFFER_BATCH + 2) * (f->site->n_peers + 1);

    if (f->cap_fx < want) {
        struct fed_fx *v = realloc(f->fx.v, want * sizeof(*v));

        if (!v)
            return -ENOMEM;
        f->fx.v = v;
        f->cap_fx = want;
    }
    if (f->cap_views < n_views) {
        struct route_view *v = realloc(f->views, n_views * sizeof(*v));

        if (!v)
            return -ENOMEM;
        f->views = v;
        f->cap_views = n_views;
    }
    if (f->cap_notes < want) {
        struct peer_msg *v = realloc(f->notes, want * sizeof(*v));

        if (!v)
            return -ENOMEM;
        f->notes = v;
        f->cap_notes = want;
    }
    bury(f);
    f->fx.n = 0;
    f->n_views = 0;
    f->now = now;
    return 0;
}

int step_reserve(struct fed *f, size_t n)
{
    size_t want = f->fx.n + n + STEP_SLACK;
    struct fed_fx *v;

    if (want <= f->cap_fx)
        return 0;
    v = realloc(f->fx.v, want * sizeof(*v));
    if (!v)
        return -ENOMEM;
    f->fx.v = v;
    f->cap_fx = want;
    return 0;
}

bool step_full(const struct fed *f)
{
    return f->fx.n + STEP_SLACK > f->cap_fx || f->n_notes + STEP_SLACK > f->cap_notes;
}

struct fed_fx *fx_add(struct fed *f, enum fx_kind kind, uint64_t id)
{
    struct fed_fx *fx;

    assert(f->fx.n < f->cap_fx);
    fx = &f->fx.v[f->fx.n++];
    /* The two large members are written by those who use them. */
    memset(fx, 0, offsetof(struct fed_fx, what));
    fx->what[0] = '\0';
    fx->kind = kind;
    fx->id = id;
    return fx;
}

void save_held(struct fed *f, struct held *j, const char *what, ...)
{
    struct fed_fx *fx = fx_add(f, FX_SAVE_HOLDING, j->h.id);
    va_list ap;

    va_start(ap, what);
    (void)vsnprintf(fx->what, sizeof(fx->what), what,
                    ap); /* history lines may be cut */
    va_end(ap);
    fx->holding = &j->h;
}

void save_copied(struct fed *f, struct copied *j, const char *what, ...)
{
    struct fed_fx *fx = fx_add(f, FX_SAVE_COPY, j->c.id);
    va_list ap;

    va_start(ap, what);
    (void)vsnprintf(fx->what, sizeof(fx->what), what,
                    ap); /* history lines may be cut */
    va_end(ap);
    fx->copy = &j->c;
}

/* To ourselves: a note that is read before the step ends. */
void say(struct fed *f, uint32_t center, const struct peer_msg *m)
{
    struct fed_fx *fx;

    if (center == f->site->number) {
        assert(f->n_notes < f->cap_notes);
        f->notes[f->n_notes++] = *m;
        return;
    }
    if (!reachable(f, center))
        return; /* peers.c says it again when the center is back */
    fx = fx_add(f, FX_SEND, m->job);
    fx->center = center;
    fx->early = m->kind == PEER_CLAIM;
    fx->msg = *m;
}

/* Notes beget notes: offer -> ack; claim -> go; ended -> ack. The chain is finite. */
void notes_read(struct fed *f)
{
    for (size_t i = 0; i < f->n_notes; i++) {
        struct peer_msg m = f->notes[i];

        if (peer_kind_from_holder(m.kind))
            candidate_msg(f, f->site->number, &m);
        else
            holder_msg(f, f->site->number, &m);
    }
    f->n_notes = 0;
}

void step_end(struct fed *f, struct fed_effects *ret_fx)
{
    notes_read(f);
    *ret_fx = f->fx;
}

struct mono fed_next(const struct fed *f)
{
    struct alarm *a = alarm_first(f);
    int64_t at = f->reoffer_at.us;
    struct peer_state *p;
    struct peer_state *next;

    TABLE_FOREACH (f->peers, p, next) {
        if (p->resync_holding || p->resync_copies)
            return (struct mono){0};
    }
    if (TAILQ_EMPTY(&f->waiting) && TAILQ_EMPTY(&f->finals))
        at = INT64_MAX;
    if (a)
        at = MIN(at, a->at.us);
    return (struct mono){at};
}

int fed_tick(struct fed *f, struct now now, struct fed_effects *ret_fx)
{
    struct alarm *a;
    int r = step_begin(f, now);

    if (r < 0)
        return r;
    resync_some(f);
    while (!step_full(f) && (a = alarm_first(f)) && a->at.us <= now.mono.us) {
        alarm_clear(f, a);
        if (a->of_holding)
            holder_alarm(f, (struct held *)((char *)a - offsetof(struct held, alarm)));
        else
            candidate_alarm(
                f, (struct copied *)((char *)a - offsetof(struct copied, alarm)));
        notes_read(f);
    }
    if (now.mono.us >= f->reoffer_at.us) {
        f->reoffer_at.us = now.mono.us + REOFFER_EVERY_US;
        reoffer_some(f);
        final_trim(f);
    }
    step_end(f, ret_fx);
    return 0;
}
