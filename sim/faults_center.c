/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* faults_center - birth, crash and restart of a center, and what it tells of itself */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "sim/faults_int.h"

#include "base/banned.h"

#define TELL_EVERY_US (20 * US_PER_S)
#define TELL_LEAST_US (1 * US_PER_S)

/* All shares with all. */
static int peers(struct site *s, uint32_t me, uint32_t n)
{
    s->peers = calloc(n, sizeof(*s->peers));
    if (!s->peers)
        return -ENOMEM;
    for (uint32_t k = 0; k < n; k++) {
        struct peer *p = &s->peers[s->n_peers];

        if (k == me)
            continue;
        (void)snprintf(p->name, sizeof(p->name), "c%u", k + 1);
        p->number = k + 1;
        p->has_agreement = true;
        for (int side = 0; side < 2; side++) {
            struct agreement_side *a = &p->agreement.side[side];

            (void)snprintf(a->institutions[0], NAME_CAP, "*");
            (void)snprintf(a->partitions[0], NAME_CAP, "*");
            a->n_institutions = a->n_partitions = 1;
            a->max_time_s = DURATION_UNLIMITED;
        }
        s->n_peers++;
    }
    return 0;
}

static struct site *site_make(uint32_t me,
                              uint32_t n,
                              int64_t budget_milli,
                              uint64_t terms)
{
    struct site *s = site_new();

    if (!s)
        return NULL;
    (void)snprintf(s->name, sizeof(s->name), "c%u", me + 1);
    s->number = me + 1;
    s->candidates = 2;
    s->margin_s = 5;
    s->max_pending = 100000;
    s->partitions = calloc(1, sizeof(*s->partitions));
    s->institutions = calloc(1, sizeof(*s->institutions));
    s->projects = calloc(1, sizeof(*s->projects));
    s->mappings = calloc(1, sizeof(*s->mappings));
    if (!s->partitions || !s->institutions || !s->projects || !s->mappings
        || peers(s, me, n) < 0)
        return site_free(s);
    s->n_partitions = s->n_institutions = s->n_projects = s->n_mappings = 1;
    s->partitions[0] = (struct partition){.name = "main",
                                          .is_default = true,
                                          .max_time_s = DURATION_UNLIMITED,
                                          .default_time_s = 3600,
                                          .core_hour_milli = 3600};
    s->institutions[0] = (struct institution){.name = "inst"};
    s->projects[0] = (struct project){
        .name = "proj", .institution = "inst", .budget_milli = budget_milli};
    s->mappings[0] = (struct mapping){.person = "*", .account = "guest"};
    if (terms)
        terms_apply(s, n, terms);
    return s;
}

int fcenter_birth(struct world *w, uint32_t i)
{
    struct fcenter *c = &w->c[i];

    c->i = i;
    c->w = w;
    c->crash_in = -1;
    c->tick_us = c->pass_us = c->bed_us = c->supply_us = INT64_MAX;
    c->supplied_us = -TELL_EVERY_US;
    c->drift_ppm = (int64_t)(world_draw(w) % 401) - 200;
    c->wall_off_us = (int64_t)(world_draw(w) % 2001 - 1000) * MS;
    c->site =
        site_make(i, w->n, w->budget_milli, w->weather.terms ? w->seed / 8 + 1 : 0);
    return c->site ? 0 : -ENOMEM;
}

void fcenter_release(struct world *w, struct fcenter *c)
{
    gate_release(w, c);
    c->fed = fed_free(c->fed);
    c->book = book_free(c->book);
    c->sched = sched_free(c->sched);
    site_free(c->site);
    free(c->journal);
    free(c->tasks);
}

bool fcenter_runs(const struct world *w, const struct fcenter *c)
{
    return c->up && c->stopped_until_us <= w->now_us;
}

/* Everything in memory is gone; the disk and what runs on the nodes is not. */
void fcenter_crash(struct world *w, struct fcenter *c, int64_t span_us)
{
    c->doomed = false;
    c->crash_in = -1;
    if (!c->up)
        return;
    w->r->crashes++;
    c->up = false;
    c->incarnation++;
    gate_crash(w, c);
    oracle_crashed(w, c->i);
    bed_crash(c);
    c->fed = fed_free(c->fed);
    c->book = book_free(c->book);
    c->tick_us = c->pass_us = c->supply_us = INT64_MAX;
    c->stopped_until_us = 0;
    for (uint32_t k = 0; k < w->n; k++)
        if (k != c->i)
            net_lost(w, c->i, k);
    fqueue_add(w, (struct fevent){.at_us = w->now_us + MAX(span_us, 100 * MS),
                                  .kind = EVENT_BACK,
                                  .a = c->i});
}

/* What is on disk, into a new fed and book. 0 or what they refused. */
static int restore(struct world *w, struct fcenter *c, struct err *err)
{
    int r = 0;

    for (size_t k = 0; k < c->n_journal && r == 0; k++)
        r = book_fold(c->book, &c->journal[k], err);
    if (r == 0)
        money_back(w, c);
    fed_restore_sequence(c->fed, c->sequence_on_disk);
    /* All of them: a late offer leaves a copy of a job that is over. */
    for (size_t k = 0; k < w->n_jobs && r == 0; k++) {
        const struct truth *t = &w->jobs[k];

        if (t->entry == c->i && t->on_disk
            && (t->on_disk->hold != HOLD_FINAL || holding_awaits_lost(t->on_disk)))
            r = fed_restore_holding(c->fed, t->on_disk);
        if (r == 0 && t->copies[c->i])
            r = fed_restore_copy(c->fed, t->copies[c->i]);
    }
    return r;
}

void fcenter_back(struct world *w, struct fcenter *c)
{
    const struct fed_local local = {
        .fits = bed_fits, .estimate = bed_estimate, .arg = c};
    struct fed_effects fx;
    struct err err = {0};
    int r;

    if (c->up)
        return;
    c->born_us = w->now_us;
    c->mono0_us = (int64_t)(world_draw(w) % 1000 + 1000) * US_PER_S;
    if (world_lot(w) % 4 == 0)
        c->mono0_us = US_PER_S; /* its machine has just been switched on */
    c->book = book_new(c->site->name);
    if (!c->book
        || fed_new(c->site, c->book, &local, ++c->incarnation << 32, &c->fed, &err) < 0
        || bed_open(w, c) < 0) {
        world_fail(w);
        return;
    }
    r = restore(w, c, &err);
    if (r < 0) {
        violation(w, "center c%u does not start again: %s", c->i + 1, err.text);
        return;
    }
    c->up = true;
    if (fed_reconfigure(c->fed, c->site, fcenter_now(w, c), &fx) == 0)
        gate_take(w, c, &fx);
    if (fed_resume(c->fed, fcenter_now(w, c), &fx) == 0)
        gate_take(w, c, &fx);
    bed_resume(w, c);
    for (uint32_t k = 0; k < w->n; k++)
        if (k != c->i)
            net_connect_soon(w, c->i, k);
    fcenter_supply_soon(w, c, 0);
}

void fcenter_supply_soon(struct world *w, struct fcenter *c, int64_t in_us)
{
    int64_t at = MAX(w->now_us + in_us, c->supplied_us + TELL_LEAST_US);

    if (!c->up || at >= c->supply_us)
        return;
    c->supply_us = at;
    fqueue_add(w, (struct fevent){.at_us = at, .kind = EVENT_TELL, .a = c->i});
}

/* As long as somebody waits; an idle federation would say the same all night. */
void fcenter_tell(struct world *w, struct fcenter *c)
{
    struct told *t = told_new(w);

    if (!t)
        return;
    memset(&t->supply, 0, sizeof(t->supply));
    if (sched_supply(c->sched, fcenter_now(w, c).wall.us / US_PER_S, &t->supply) < 0) {
        told_drop(w, t);
        world_fail(w);
        return;
    }
    t->supply.center = c->i + 1;
    c->supplied_us = w->now_us;
    for (uint32_t k = 0; k < w->n; k++)
        if (k != c->i && w->link[c->i][k].up)
            net_supply(w, c->i, k, t);
    told_drop(w, t);
    if (w->open_jobs > 0)
        fcenter_supply_soon(w, c, TELL_EVERY_US);
}
