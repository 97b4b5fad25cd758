/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * faults_oracle - what was really done, and whether that is allowed
 *
 * It sees everything at once, as no center can, and believes nobody: starts and ends
 * on nodes, what is durable on disks, answers to users. Each invariant is judged at
 * the moment when something that it speaks of changes:
 *
 *   a grant goes to a center that was offered the job                a record is
 * written one run at a time, with a durable grant of the current epoch     a run starts
 *   a GO is used only while it is valid                              a GO arrives
 *   no run is ended unless its user asked for it                     the engine is told
 *   no answered job is lost, no id given out twice                   a record is
 * written, a user is answered captured + held <= granted, all balances sum to zero
 * money moves every run is accounted once                                      a run is
 * recorded what one center can see of itself (fed_check_job, fed_check)     after each
 * step everything comes to an end once the faults do                    world_judge()
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "model/job_id.h"
#include "sim/faults_int.h"

#include "base/banned.h"

#define FULL_CHECK_EVERY 4096 /* steps */

void violation(struct world *w, const char *what, ...)
{
    va_list ap;

    if (w->r->violated)
        return; /* the first one counts */
    w->r->violated = true;
    va_start(ap, what);
    (void)vsnprintf(w->r->what, sizeof(w->r->what), what, ap); /* may be cut */
    va_end(ap);
}

struct truth *truth_find(const struct world *w, uint64_t id)
{
    uint32_t slot = idmap_find(&w->by_id, id);

    return slot ? &w->jobs[slot - 1] : NULL;
}

struct truth *truth_new(struct world *w, uint64_t id, uint64_t token, uint32_t entry)
{
    struct truth *t = truth_find(w, id);

    if (t && t->token == token)
        return t;
    if (t && (t->answered || t->on_disk || t->starts)) {
        violation(w, "job %" PRIu64 ": the id is given out twice", id);
        return NULL;
    }
    if (!t) {
        if (w->n_jobs == w->cap_jobs) {
            size_t cap = w->cap_jobs ? 2 * w->cap_jobs : 256;
            struct truth *v = realloc(w->jobs, cap * sizeof(*v));

            if (!v) {
                world_fail(w);
                return NULL;
            }
            w->jobs = v;
            w->cap_jobs = cap;
        }
        if (idmap_add(&w->by_id, id, (uint32_t)w->n_jobs + 1) < 0) {
            world_fail(w);
            return NULL;
        }
        t = &w->jobs[w->n_jobs++];
        w->open_jobs++;
    }
    *t = (struct truth){.id = id, .token = token, .entry = entry};
    return t;
}

static struct truth_run *run_of(struct truth *t, uint32_t epoch, uint32_t center)
{
    for (uint32_t i = 0; i < t->n_runs; i++)
        if (t->runs[i].epoch == epoch && t->runs[i].center == center)
            return &t->runs[i];
    return NULL;
}

/* Final on disk, and no copy anywhere: nothing is asked about it again. */
static void close_job(struct world *w, struct truth *t)
{
    t->closed = true;
    w->open_jobs--;
    while (w->first_open < w->n_jobs && w->jobs[w->first_open].closed)
        w->first_open++;
}

static bool declared(const struct truth *t, uint32_t center, uint32_t epoch)
{
    for (uint32_t i = 0; i < t->n_lost; i++)
        if (t->lost[i].center == center + 1 && t->lost[i].epoch == epoch)
            return true;
    return false;
}

static bool awaited(const struct holding *h, const struct lost_run *of)
{
    for (int i = 0; i < LOST_RUNS_MAX; i++)
        if (h->lost[i].center == of->center && h->lost[i].epoch == of->epoch)
            return true;
    return false;
}

/* A declaration goes only when nothing of that run is left, and nothing will come. */
static void put_away(struct world *w, struct truth *t)
{
    for (uint32_t i = 0; i < t->n_lost; i++) {
        const struct truth_run *r;

        if (t->away & (1u << i) || awaited(t->on_disk, &t->lost[i]))
            continue;
        t->away |= 1u << i;
        r = run_of(t, t->lost[i].epoch, t->lost[i].center - 1);
        if (r && r->live)
            violation(w,
                      "job %" PRIu64 ": the lost run of epoch %u at c%u is put away "
                      "and goes on",
                      t->id, r->epoch, r->center + 1);
    }
}

void oracle_lost(struct world *w, struct truth *t)
{
    put_away(w, t);
    for (int i = 0; i < LOST_RUNS_MAX; i++) {
        const struct lost_run *l = &t->on_disk->lost[i];
        struct truth_run *r;

        if (!l->center || declared(t, l->center - 1, l->epoch))
            continue;
        if (t->n_lost == RUNS_MAX) {
            violation(w, "job %" PRIu64 ": more than %d runs declared lost", t->id,
                      RUNS_MAX);
            return;
        }
        t->lost[t->n_lost++] = *l;
        r = run_of(t, l->epoch, l->center - 1);
        if (!r || r->lost)
            continue;
        r->lost = true;
        if (r->live) {
            t->live--;
            t->lost_live++;
        }
        if (r->entered)
            violation(w,
                      "job %" PRIu64 ": the run of epoch %u is lost and in the books",
                      t->id, l->epoch);
    }
}

/* Only who was offered the job under the epoch before may have been permitted to start
 * it; and what is said to run does, or did. */
void oracle_granted(struct world *w, struct truth *t)
{
    const struct holding *h = t->on_disk;

    if (h->hold == HOLD_STARTED && !run_of(t, h->grant.epoch, h->grant.center - 1))
        violation(w, "job %" PRIu64 " is said to run at c%u, and does not", t->id,
                  h->grant.center);
    if (h->hold != HOLD_GRANTED)
        return;
    for (int i = 0; i < CANDIDATES_MAX; i++)
        if (h->offers[i].center == h->grant.center
            && h->offers[i].epoch + 1 == h->grant.epoch)
            return;
    violation(w, "job %" PRIu64 " is granted to c%u, which was not offered it", t->id,
              h->grant.center);
}

void oracle_touched(struct world *w, struct truth *t)
{
    if (t->closed || t->live || t->lost_live || !t->on_disk
        || t->on_disk->hold != HOLD_FINAL || holding_awaits_lost(t->on_disk))
        return;
    for (uint32_t k = 0; k < w->n; k++)
        if (t->copies[k])
            return;
    close_job(w, t);
}

void oracle_crashed(struct world *w, uint32_t center)
{
    for (size_t i = w->first_open; i < w->n_jobs; i++) {
        struct truth *t = &w->jobs[i];

        if (t->closed || t->entry != center || t->on_disk)
            continue;
        if (t->answered)
            violation(w, "job %" PRIu64 " was answered for and is lost at c%u", t->id,
                      center + 1);
        close_job(w, t); /* nobody has heard of it: its number may come again */
    }
}

void oracle_answered(struct world *w, uint32_t center, uint64_t id)
{
    struct truth *t = truth_find(w, id);

    if (!t || !t->on_disk)
        violation(w, "job %" PRIu64 ": c%u answers before it is written down", id,
                  center + 1);
    else
        t->answered = true;
}

/* --- runs ---------------------------------------------------------------------------
 */

void oracle_started(struct world *w, uint32_t center, uint64_t id, uint32_t epoch)
{
    struct truth *t = truth_find(w, id);
    const struct grant *g;
    bool lost;

    w->r->starts++;
    if (!t || !t->on_disk) {
        violation(w, "job %" PRIu64 " runs at c%u and nobody holds it", id, center + 1);
        return;
    }
    g = &t->on_disk->grant;
    lost = declared(t, center, epoch);
    for (uint32_t i = 0; i < t->n_lost; i++)
        if (t->away & (1u << i) && t->lost[i].center == center + 1
            && t->lost[i].epoch == epoch)
            violation(w, "job %" PRIu64 ": a lost run starts at c%u, which denied it",
                      id, center + 1);
    if (t->live && !lost)
        violation(w, "job %" PRIu64 " runs twice: at c%u and at c%u", id,
                  t->runs[t->n_runs - 1].center + 1, center + 1);
    if (run_of(t, epoch, center))
        violation(w, "job %" PRIu64 ": epoch %u is started twice at c%u", id, epoch,
                  center + 1);
    if (!lost
        && (g->center != center + 1 || g->epoch != epoch || t->on_disk->epoch != epoch))
        violation(w,
                  "job %" PRIu64 " starts at c%u under epoch %u, granted on disk: c%u, "
                  "epoch %u",
                  id, center + 1, epoch, g->center, g->epoch);
    if (t->n_runs == RUNS_MAX) {
        violation(w, "job %" PRIu64 " is started for the %uth time", id, t->n_runs + 1);
        return;
    }
    t->runs[t->n_runs++] = (struct truth_run){
        .epoch = epoch, .center = center, .live = true, .lost = lost};
    if (lost)
        t->lost_live++;
    else
        t->live++;
    t->starts++;
}

void oracle_ended(struct world *w, uint32_t center, uint64_t id, uint32_t epoch)
{
    struct truth *t = truth_find(w, id);
    struct truth_run *r = t ? run_of(t, epoch, center) : NULL;

    if (!r || !r->live)
        return;
    r->live = false;
    if (r->lost)
        t->lost_live--;
    else
        t->live--;
}

void oracle_killed(struct world *w, uint32_t center, uint64_t id)
{
    const struct truth *t = truth_find(w, id);
    bool asked = t && t->cancelled;

    for (uint32_t i = 0; t && i < t->n_lost; i++)
        asked = asked || t->lost[i].center == center + 1;
    if (!asked)
        violation(w, "job %" PRIu64 ": c%u ends a run that nobody asked to end", id,
                  center + 1);
}

void oracle_run(struct world *w,
                uint32_t center,
                uint64_t id,
                uint32_t epoch,
                const struct copy *host,
                const struct holding *entry)
{
    struct truth *t = truth_find(w, id);
    struct truth_run *r = NULL;
    bool hosted = host != NULL;

    for (uint32_t i = 0; t && i < t->n_runs; i++)
        if (t->runs[i].epoch == epoch && (!hosted || t->runs[i].center == center))
            r = &t->runs[i];
    if (!r) {
        violation(w, "job %" PRIu64 ": c%u records a run of epoch %u that was none", id,
                  center + 1, epoch);
        return;
    }
    if (host && r->lost && r->hosted && !r->voided && host->reason == REASON_LOST
        && host->usage.milli == 0) {
        r->voided = true; /* what was charged is taken back, once */
        r->milli = 0;
        return;
    }
    if (r->live)
        violation(w, "job %" PRIu64 ": c%u records the run of epoch %u, which goes on",
                  id, center + 1, epoch);
    if (hosted ? r->hosted : r->entered)
        violation(w, "job %" PRIu64 ": c%u records the run of epoch %u twice", id,
                  center + 1, epoch);
    if (!hosted && r->lost && (entry->usage.milli || entry->state != JOB_NODE_FAIL))
        violation(w, "job %" PRIu64 ": c%u pays for the lost run of epoch %u", id,
                  center + 1, epoch);
    if (hosted) {
        r->hosted = true;
        r->core_s = host->usage.core_s;
        r->milli = host->usage.milli;
    } else {
        r->entered = true;
    }
}

/* --- steps ---------------------------------------------------------------------------
 */

void oracle_claimed(struct world *w, uint32_t center, uint64_t id, uint64_t claim)
{
    struct truth *t = truth_find(w, id);

    if (!t || t->claims[center].claim == claim)
        return; /* said again: the time of the first one counts */
    t->claims[center].claim = claim;
    t->claims[center].at_us = w->now_us;
}

/* A GO that is used answers our latest claim, and is not older than 30 s. */
static void go_used(struct world *w, struct fcenter *c)
{
    const struct peer_msg *m = w->delivering;
    const struct truth *t = truth_find(w, m->job);
    int64_t age;

    if (!t)
        return;
    if (t->claims[c->i].claim != m->claim) {
        violation(w, "job %" PRIu64 ": c%u uses a GO that answers another claim",
                  m->job, c->i + 1);
        return;
    }
    age = w->now_us - t->claims[c->i].at_us;
    if (age > 30 * US_PER_S + 10 * MS) /* by a clock that drifts */
        violation(w, "job %" PRIu64 ": c%u uses a GO %" PRId64 " s after its claim",
                  m->job, c->i + 1, age / US_PER_S);
}

static void money(struct world *w, struct fcenter *c)
{
    struct balance b;

    if (book_balance(c->book, "proj", &b) < 0)
        return;
    if (b.available < 0 || b.held < 0 || b.held + b.spent > b.granted + b.owed
        || b.granted + b.owed != b.available + b.held + b.spent)
        violation(w,
                  "c%u: granted %" PRId64 ", held %" PRId64 ", spent %" PRId64
                  ", available %" PRId64,
                  c->i + 1, b.granted, b.held, b.spent, b.available);
    else if (w->budget_milli >= 0 && b.owed == 0 && b.held + b.spent > w->budget_milli)
        violation(w, "c%u: held %" PRId64 " + spent %" PRId64 " of %" PRId64, c->i + 1,
                  b.held, b.spent, w->budget_milli);
}

void oracle_step(struct world *w, struct fcenter *c, const struct fed_effects *fx)
{
    struct err err = {0};
    bool moved = false;
    uint64_t last = 0;

    for (size_t i = 0; i < fx->n; i++) {
        const struct fed_fx *x = &fx->v[i];

        moved = moved || x->kind == FX_SAVE_POSTING;
        if (x->kind == FX_START && w->delivering && w->delivering->kind == PEER_GO
            && w->delivering->job == x->id)
            go_used(w, c);
        if (x->id == last)
            continue;
        last = x->id;
        if (fed_check_job(c->fed, x->id, &err) < 0)
            violation(w, "c%u: %s", c->i + 1, err.text);
    }
    if (moved)
        money(w, c);
    if (w->r->steps % FULL_CHECK_EVERY == 0
        && (fed_check(c->fed, &err) < 0 || book_check(c->book, &err) < 0
            || !sched_check(c->sched)))
        violation(w, "c%u: %s", c->i + 1,
                  err.text[0] ? err.text : "its queue is broken");
}

/* --- the end
 * --------------------------------------------------------------------------- */

/* No center has the budget for it, and its user is told: it waits until somebody is
 * given more. (Just asked again: the answer is on its way.) */
static bool beyond_budget(const struct world *w, const struct holding *h)
{
    int64_t milli =
        (int64_t)request_cores(&h->request) * h->request.time_limit_s; /* 1 each */
    enum job_reason reason;

    for (uint32_t k = 0; k < w->n; k++)
        if (book_may_hold(w->c[k].book, h->project, milli, NULL) == 0)
            return false;
    reason = fed_reason(w->c[job_id_center(h->id) - 1].fed, h);
    return reason == REASON_BUDGET || reason == REASON_OFFERED;
}

/* Its terms forbid every center for now, and its user is told. */
static bool beyond_terms(const struct world *w, const struct holding *h)
{
    enum job_reason reason = fed_reason(w->c[job_id_center(h->id) - 1].fed, h);

    return w->weather.terms
           && (reason == REASON_NO_CENTER || reason == REASON_BUDGET
               || reason == REASON_OFFERED);
}

static void judge_job(struct world *w, const struct truth *t)
{
    const struct holding *h = t->on_disk;

    if (!h)
        return; /* the crash that took it has been judged */
    if (h->hold == HOLD_WAITING && (beyond_budget(w, h) || beyond_terms(w, h)))
        return;
    if (h->hold != HOLD_FINAL) {
        violation(w, "job %" PRIu64 " is %s, %s (%s), after everything has healed",
                  t->id, hold_state_word(h->hold), job_state_word(h->state),
                  job_reason_word(h->reason));
        return;
    }
    if (holding_awaits_lost(h))
        violation(w, "job %" PRIu64 ": the host of a lost run has not answered", t->id);
    if (t->live || t->lost_live)
        violation(w, "job %" PRIu64 " is %s and runs", t->id, job_state_word(h->state));
    if (h->state == JOB_BOOT_FAIL && !h->requeue && t->starts == 0
        && !w->weather.terms) /* then some people have no account */
        violation(w, "job %" PRIu64 " is given up and never ran", t->id);
    if (h->state == JOB_COMPLETED && t->starts == 0)
        violation(w, "job %" PRIu64 " is completed and never ran", t->id);
    for (uint32_t k = 0; k < w->n; k++)
        if (t->copies[k])
            violation(w, "job %" PRIu64 " is final, c%u keeps a copy (%s)", t->id,
                      k + 1, copy_state_word(t->copies[k]->copy));
    for (uint32_t i = 0; i < t->n_runs; i++) {
        const struct truth_run *r = &t->runs[i];

        if (!r->hosted || (!r->entered && r->center != t->entry))
            violation(w,
                      "job %" PRIu64 ": the run of epoch %u at c%u is not in the "
                      "books of %s",
                      t->id, r->epoch, r->center + 1,
                      r->hosted ? "its entry" : "its host");
        if (r->lost && !r->voided)
            violation(w, "job %" PRIu64 ": the lost run of epoch %u is charged at c%u",
                      t->id, r->epoch, r->center + 1);
    }
}

/* What the runs at a center cost by its own records. */
static int64_t cost_of_runs(const struct world *w, uint32_t center)
{
    int64_t sum = 0;

    for (size_t i = 0; i < w->n_jobs; i++)
        for (uint32_t k = 0; k < w->jobs[i].n_runs; k++)
            if (w->jobs[i].runs[k].center == center && !w->jobs[i].other)
                sum += w->jobs[i].runs[k].milli;
    return sum;
}

void world_judge(struct world *w)
{
    struct err err = {0};
    struct balance b;

    for (size_t i = 0; i < w->n_jobs && !w->r->violated; i++)
        judge_job(w, &w->jobs[i]);
    for (uint32_t k = 0; k < w->n && !w->r->violated; k++) {
        struct fcenter *c = &w->c[k];

        if (!c->up) {
            violation(w, "c%u is down", k + 1);
            return;
        }
        if (fed_check(c->fed, &err) < 0 || book_check(c->book, &err) < 0)
            violation(w, "c%u: %s", k + 1, err.text);
        if (book_balance(c->book, "proj", &b) == 0 && b.held != 0)
            violation(w, "c%u: %" PRId64 " is held and nothing runs", k + 1, b.held);
        if (book_balance(c->book, "other", &b) == 0 && b.held != 0)
            violation(w, "c%u: %" PRId64 " of the other project is held", k + 1,
                      b.held);
        if (book_balance(c->book, "proj", &b) == 0 && b.spent != cost_of_runs(w, k))
            violation(w, "c%u: its runs cost %" PRId64 ", %" PRId64 " is paid", k + 1,
                      cost_of_runs(w, k), b.spent);
        if (sched_counts(c->sched).running || sched_counts(c->sched).reserved)
            violation(w, "c%u: cores are taken and nothing runs", k + 1);
    }
}
