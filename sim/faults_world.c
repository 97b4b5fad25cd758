/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* faults_world - events in order of time, clocks, and the faults of a script */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "model/job_id.h"
#include "sim/faults_int.h"

#include "base/banned.h"

#define AT_LEAST_ONCE_S 300
#define SETTLE_MS (INT64_C(4) * 3600 * 1000)

uint64_t world_draw(struct world *w)
{
    uint64_t z = w->seed + (++w->draws) * UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t world_lot(struct world *w)
{
    uint64_t z = w->seed * UINT64_C(0xd1342543de82ef95)
                 + (++w->lots) * UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

bool world_chance(struct world *w, uint32_t per_mille)
{
    return per_mille && !w->calm && world_draw(w) % 1000 < per_mille;
}

void world_fail(struct world *w)
{
    violation(w, "out of memory");
}

/* --- clocks ------------------------------------------------------------------------
 */

static int64_t drifted(const struct fcenter *c, int64_t us)
{
    return us + us / 1000000 * c->drift_ppm;
}

struct now fcenter_now(const struct world *w, const struct fcenter *c)
{
    int64_t age = w->now_us - c->born_us;

    return (struct now){.mono = {c->mono0_us + drifted(c, age)},
                        .wall = {WALL0_US + w->now_us + c->wall_off_us}};
}

int64_t fcenter_when(const struct fcenter *c, struct mono at)
{
    int64_t age = at.us - c->mono0_us;

    /* A little late rather than early: fed is asked again when it is too early. */
    return c->born_us + age - age / 1000000 * c->drift_ppm + 1000;
}

static void timer(
    struct world *w, int64_t *mine, int64_t at, enum event_kind k, uint32_t a)
{
    if (at >= *mine)
        return;
    *mine = at;
    fqueue_add(w, (struct fevent){.at_us = at, .kind = k, .a = a});
}

void fcenter_timer(struct world *w, struct fcenter *c)
{
    struct mono next;
    int64_t at;

    if (!c->up)
        return;
    next = fed_next(c->fed);
    if (next.us != INT64_MAX) {
        /* The way back through a drifting clock is not exact: never the same moment. */
        at = fcenter_when(c, next);
        at = MAX(at, w->now_us + (next.us > fcenter_now(w, c).mono.us ? MS : 0));
        timer(w, &c->tick_us, at, EVENT_TICK, c->i);
    }
}

/* --- faults
 * ---------------------------------------------------------------------------- */

static void submit(struct world *w, const struct fault *f)
{
    struct fcenter *c = &w->c[f->center - 1];
    struct holding h = {.uid = 1000,
                        .user = "u",
                        .person = "u@inst",
                        .institution = "inst",
                        .project = "proj",
                        .name = "job",
                        .client_token = JOB_TOKEN + f->job,
                        .held = f->flags & SUBMIT_HELD,
                        .requeue = f->flags & SUBMIT_REQUEUE};
    struct submission *s;
    struct fed_effects fx;
    struct truth *t;
    uint64_t id = 0;

    if (f->job > w->n_submissions) {
        s = realloc(w->submissions, f->job * sizeof(*s));
        if (!s) {
            world_fail(w);
            return;
        }
        memset(s + w->n_submissions, 0, (f->job - w->n_submissions) * sizeof(*s));
        w->submissions = s;
        w->n_submissions = f->job;
    }
    s = &w->submissions[f->job - 1];
    s->r = -ENOTCONN;
    if (!fcenter_runs(w, c) || c->disk_until_us > w->now_us)
        return; /* nobody answers; a store that cannot write takes nothing */
    h.request.n_tasks = MAX(f->cores, 1u);
    h.request.cpus_per_task = 1;
    h.request.time_limit_s = f->limit_s;
    if (f->flags & SUBMIT_LATER)
        h.begin.us = fcenter_now(w, c).wall.us + 100 * US_PER_S;
    if (f->flags & SUBMIT_TWICE)
        h.at_least_once_s = AT_LEAST_ONCE_S;
    if (w->weather.terms)
        terms_job(&h, f->job);
    s->r = fed_submit(c->fed, &h, f->job, fcenter_now(w, c), &id, &fx, NULL);
    w->r->steps++;
    if (s->r < 0)
        return;
    w->r->jobs++;
    t = truth_new(w, id, h.client_token, c->i);
    if (!t)
        return;
    t->n = f->job;
    t->cores = (uint32_t)request_cores(&h.request);
    t->run_s = f->run_s;
    t->other = h.project[0] == 'o';
    s->id = id;
    gate_take(w, c, &fx);
    for (uint32_t i = 0; i < w->n; i++)
        fcenter_supply_soon(w, &w->c[i], 0);
}

static void cancel(struct world *w, const struct fault *f)
{
    uint64_t id =
        f->job && f->job <= w->n_submissions ? w->submissions[f->job - 1].id : 0;
    struct truth *t = id ? truth_find(w, id) : NULL;
    struct fed_effects fx;
    struct fcenter *c;

    if (!t || !t->answered)
        return; /* nobody knows its number */
    c = &w->c[t->entry];
    if (!fcenter_runs(w, c))
        return;
    w->r->steps++;
    if (f->kind == FAULT_CANCEL) {
        t->cancelled = true;
        if (fed_cancel(c->fed, id, "u@inst", 0, 0, fcenter_now(w, c), &fx, NULL) == 0)
            gate_take(w, c, &fx);
    } else if (fed_unhold(c->fed, id, 0, fcenter_now(w, c), &fx, NULL) == 0) {
        gate_take(w, c, &fx);
    }
}

struct silent {
    const struct world *w;
    const struct fcenter *c;
    uint64_t ids[64];
    size_t n;
};

static int add_silent(const struct holding *h, void *arg)
{
    struct silent *s = arg;

    if (fed_reason(s->c->fed, h) == REASON_SILENT && s->n < ARRAY_SIZE(s->ids))
        s->ids[s->n++] = h->id;
    return 0;
}

/* The operator of a center gives up one of the runs whose hosts are silent. */
static void give_up(struct world *w, struct fcenter *c, int64_t which)
{
    struct silent s = {.w = w, .c = c};
    struct fed_effects fx;

    if (!fcenter_runs(w, c))
        return;
    fed_each_holding(c->fed, 0, add_silent, &s);
    if (s.n == 0)
        return;
    w->r->steps++;
    if (fed_declare_lost(c->fed, s.ids[(uint64_t)which % s.n], "root", 0,
                         fcenter_now(w, c), &fx, NULL)
        == 0)
        gate_take(w, c, &fx);
}

static void drain(struct world *w, struct fcenter *c, bool on)
{
    struct fed_effects fx;

    if (!fcenter_runs(w, c))
        return;
    w->r->steps++;
    if (fed_drain(c->fed, on, fcenter_now(w, c), &fx) == 0)
        gate_take(w, c, &fx);
}

void world_do(struct world *w, const struct fault *f)
{
    struct fcenter *c = &w->c[f->center ? f->center - 1 : 0];
    uint32_t a = c->i;
    uint32_t b = f->other ? f->other - 1 : 0;

    switch (f->kind) {
    case FAULT_SUBMIT:
        submit(w, f);
        break;
    case FAULT_CANCEL:
    case FAULT_RELEASE:
        cancel(w, f);
        break;
    case FAULT_CUT:
        net_cut(w, a, b);
        break;
    case FAULT_RESET:
        net_cut(w, a, b);
        net_cut(w, b, a);
        net_lost(w, a, b);
        break;
    case FAULT_HEAL:
        net_heal(w, a, b);
        break;
    case FAULT_CRASH:
        if (c->up) {
            c->crash_in = MAX(f->value, INT64_C(1));
            c->crash_span_us = f->span_ms * MS;
        }
        break;
    case FAULT_STOP:
        c->stopped_until_us = w->now_us + f->span_ms * MS;
        fqueue_add(w, (struct fevent){
                          .at_us = c->stopped_until_us, .kind = EVENT_GO_ON, .a = a});
        break;
    case FAULT_DISK:
        c->disk_until_us = w->now_us + f->span_ms * MS;
        break;
    case FAULT_CLOCK:
        c->wall_off_us = MAX(c->wall_off_us + f->value * MS, -WALL0_US / 2);
        break;
    case FAULT_REPEAT:
    case FAULT_LIE:
        lies_repeat(w, f->value, f->kind == FAULT_LIE, a);
        break;
    case FAULT_FORGE:
        lies_forge(w, f->value, a);
        break;
    case FAULT_ASK:
        terms_ask(w, c, f->value);
        break;
    case FAULT_DRAIN:
        drain(w, c, f->value);
        break;
    case FAULT_AGAIN:
        bed_again(w, c);
        break;
    case FAULT_GARBLE:
        net_lost(w, a, b);
        net_connect_soon(w, a, b);
        break;
    case FAULT_NODE:
        bed_node_dies(w, c, f->value);
        break;
    case FAULT_BREAK:
        c->broken_until_us = w->now_us + f->span_ms * MS;
        break;
    case FAULT_LOST:
        give_up(w, c, f->value);
        break;
    case _FAULT_KIND_MAX:
        break;
    }
    if (c->doomed)
        fcenter_crash(w, c, c->crash_span_us);
}

/* --- events
 * ------------------------------------------------------------------------------ */

/* A stopped daemon sees what came in order when it goes on. */
static bool postponed(struct world *w, const struct fevent *e, const struct fcenter *c)
{
    struct fevent later = *e;

    if (!c->up || c->stopped_until_us <= w->now_us)
        return false;
    if (e->kind == EVENT_BED || e->kind == EVENT_BACK || e->kind == EVENT_GO_ON)
        return false;
    later.at_us = c->stopped_until_us;
    fqueue_add(w, later);
    return true;
}

/* Whether this is the timer that counts. */
static bool due(const struct fevent *e, int64_t *mine)
{
    if (e->at_us != *mine)
        return false;
    *mine = INT64_MAX;
    return true;
}

static void tick(struct world *w, struct fcenter *c)
{
    struct now now = fcenter_now(w, c);
    struct fed_effects fx;

    if (!c->up)
        return;
    if (fed_next(c->fed).us <= now.mono.us) {
        if (fed_tick(c->fed, now, &fx) < 0)
            world_fail(w);
        else
            gate_take(w, c, &fx);
    }
    fcenter_timer(w, c);
}

static void happen(struct world *w, struct fevent *e)
{
    struct fcenter *c =
        &w->c[e->kind == EVENT_MSG || e->kind == EVENT_SUPPLY ? e->b : e->a];

    switch (e->kind) {
    case EVENT_MSG:
    case EVENT_SUPPLY:
        net_deliver(w, e);
        break;
    case EVENT_FSYNC:
        if (e->incarnation == c->incarnation)
            gate_fsync(w, c);
        break;
    case EVENT_TICK:
        if (due(e, &c->tick_us))
            tick(w, c);
        break;
    case EVENT_PASS:
        if (due(e, &c->pass_us) && c->up)
            bed_pass(w, c);
        break;
    case EVENT_BED:
        if (due(e, &c->bed_us))
            bed_turn(w, c);
        break;
    case EVENT_TELL:
        if (due(e, &c->supply_us) && c->up)
            fcenter_tell(w, c);
        break;
    case EVENT_NOTICE:
        net_notice(w, e->a, e->b);
        break;
    case EVENT_CONNECT:
        net_connect(w, e->a, e->b);
        break;
    case EVENT_BACK:
        fcenter_back(w, c);
        break;
    case EVENT_GO_ON:
        break;
    case EVENT_FILES:
        if (c->up)
            bed_returned(w, c, e->id);
        break;
    }
}

static void crash_doomed(struct world *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (w->c[i].doomed)
            fcenter_crash(w, &w->c[i], w->c[i].crash_span_us);
}

void world_run(struct world *w, int64_t ms)
{
    int64_t end = w->now_us + ms * MS;
    struct fevent e;

    while (!w->r->violated && fqueue_next(&w->queue, end, &e)) {
        struct fcenter *c =
            &w->c[e.kind == EVENT_MSG || e.kind == EVENT_SUPPLY ? e.b : e.a];

        w->now_us = MAX(w->now_us, e.at_us);
        if (c->stopped_until_us > w->now_us && postponed(w, &e, c)) {
            /* a timer that was moved is still the one that counts */
            if (e.kind == EVENT_TICK && e.at_us == c->tick_us)
                c->tick_us = c->stopped_until_us;
            if (e.kind == EVENT_PASS && e.at_us == c->pass_us)
                c->pass_us = c->stopped_until_us;
            if (e.kind == EVENT_TELL && e.at_us == c->supply_us)
                c->supply_us = c->stopped_until_us;
            continue;
        }
        happen(w, &e);
        crash_doomed(w);
    }
    w->now_us = MAX(w->now_us, end);
    w->r->span_us = w->now_us;
}

/* --- birth and end
 * --------------------------------------------------------------------------- */

struct world *world_new(uint64_t seed,
                        uint32_t centers,
                        int64_t budget_milli,
                        const struct weather *weather,
                        struct faults_result *result)
{
    struct world *w = calloc(1, sizeof(*w));

    if (!w)
        return NULL;
    w->seed = seed;
    w->n = centers;
    w->budget_milli = budget_milli;
    w->weather = *weather;
    w->r = result;
    w->now_us = US_PER_S;
    w->past = calloc(PAST_MAX, sizeof(*w->past));
    for (uint32_t i = 0; i < centers; i++)
        if (!w->past || fcenter_birth(w, i) < 0)
            return world_free(w);
    for (uint32_t a = 0; a < centers; a++)
        fcenter_back(w, &w->c[a]);
    world_run(w, 10000);
    return w;
}

void *world_free(struct world *w)
{
    if (!w)
        return NULL;
    for (uint32_t i = 0; i < w->n; i++)
        fcenter_release(w, &w->c[i]);
    fqueue_release(w);
    for (size_t i = 0; i < w->n_jobs; i++) {
        cell_free(w, w->jobs[i].on_disk);
        for (uint32_t k = 0; k < w->n; k++)
            cell_free(w, w->jobs[i].copies[k]);
    }
    cells_release(w);
    idmap_release(&w->by_id);
    free(w->jobs);
    free(w->submissions);
    free(w->past);
    free(w);
    return NULL;
}

/* Something is still under way: a job that is not final, or a copy of one that is. */
static bool unsettled(const struct world *w)
{
    if (w->open_jobs > 0)
        return true;
    for (size_t i = 0; i < w->n_jobs; i++)
        for (uint32_t k = 0; k < w->n; k++)
            if (w->jobs[i].copies[k])
                return true;
    return false;
}

/* Users look into fqueue: also jobs whose number was never answered are let go. */
static void release_all(struct world *w)
{
    for (size_t i = 0; i < w->n_jobs && !w->r->violated; i++) {
        struct fcenter *c = &w->c[w->jobs[i].entry];
        struct fed_effects fx;

        if (!fcenter_runs(w, c))
            continue;
        w->r->steps++;
        if (fed_unhold(c->fed, w->jobs[i].id, 0, fcenter_now(w, c), &fx, NULL) == 0)
            gate_take(w, c, &fx);
    }
}

static bool all_back(const struct world *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (!w->c[i].up)
            return false;
    return true;
}

void world_heal(struct world *w)
{
    w->calm = true;
    for (uint32_t a = 0; a < w->n; a++) {
        struct fcenter *c = &w->c[a];

        c->crash_in = -1;
        c->disk_until_us = MIN(c->disk_until_us, w->now_us + US_PER_S);
        c->broken_until_us = 0;
        if (c->stopped_until_us > w->now_us)
            world_run(w, (c->stopped_until_us - w->now_us) / MS + 1);
        for (uint32_t b = a + 1; b < w->n; b++)
            net_heal(w, a, b);
    }
    do
        world_run(w, 120000);
    while (!all_back(w) && !w->r->violated);
    for (uint32_t a = 0; a < w->n; a++)
        drain(w, &w->c[a], false);
    release_all(w);
    for (int64_t ms = 0; ms < SETTLE_MS && unsettled(w) && !w->r->violated; ms += 60000)
        world_run(w, 60000);
}

void world_share(struct world *w, const char *partition)
{
    for (uint32_t i = 0; i < w->n; i++)
        for (size_t k = 0; k < w->c[i].site->n_peers; k++)
            for (int side = 0; side < 2; side++)
                (void)snprintf(
                    w->c[i].site->peers[k].agreement.side[side].partitions[0], NAME_CAP,
                    "%s", partition);
}

uint64_t world_job(const struct world *w, uint32_t n, int *ret_r)
{
    const struct submission *s =
        n && n <= w->n_submissions ? &w->submissions[n - 1] : NULL;

    if (ret_r)
        *ret_r = s ? s->r : -ENOENT;
    return s && s->r == 0 ? s->id : 0;
}

const struct holding *world_holding(const struct world *w, uint64_t id)
{
    const struct truth *t = truth_find(w, id);

    return t ? t->on_disk : NULL;
}

unsigned world_starts(const struct world *w, uint64_t id)
{
    return truth_find(w, id)->starts;
}

unsigned world_runs(const struct world *w, uint64_t id, uint64_t *ret_core_s)
{
    const struct truth *t = truth_find(w, id);
    unsigned n = 0;

    *ret_core_s = 0;
    for (uint32_t i = 0; t && i < t->n_runs; i++)
        if (t->runs[i].hosted) {
            n++;
            *ret_core_s += t->runs[i].core_s;
        }
    return n;
}

struct fed *world_fed(struct world *w, uint32_t center)
{
    return w->c[center].fed;
}

struct book *world_book(struct world *w, uint32_t center)
{
    return w->c[center].book;
}
