/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * sim - the order of events
 *
 * Batch rule: all events of a second that exist when its batch begins, in this
 * order: ends (as they were started), expired predictions (as submitted),
 * wake-ups (by center), submissions (as they came); what arises for the same
 * second is a further batch. Pyss rule: one event at a time, expiries before
 * submissions before ends, a pass after each.
 */
#include "config.h"

#include "sim/sim.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/number.h"
#include "base/words.h"
#include "sim/sim_int.h"

#include "base/banned.h"

#define PREDICT_KEYS 10000000
#define PROGRESS_JOBS 20000

/* Tsafrir, Etsion, Feitelson: how a prediction that proved too small is raised. */
static const int64_t increments[] = {60,    300,   900,   1800,   3600,  7200,
                                     18000, 36000, 72000, 180000, 360000};

static double cpu_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail for this clock */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct sim *sim_new(const struct sim_config *config)
{
    struct sim *s = calloc(1, sizeof(*s));
    enum predict_by by = PREDICT_REQUEST;

    if (!s)
        return NULL;
    s->config = *config;
    s->rule.local_first = config->local_first;
    s->rule.age_weight = config->age_weight;
    if (config->policy == SIM_EASY_SJBF)
        s->rule.scan = RANK_SHORTEST;
    else if (config->policy == SIM_EASY_SABF)
        s->rule.scan = RANK_AREA;
    if (config->predict == SIM_LAST2)
        by = PREDICT_USER;
    else if (config->predict == SIM_ALIKE)
        by = PREDICT_ALIKE;
    s->predict = predict_new(by, PREDICT_KEYS);
    return s->predict ? s : sim_free(s);
}

void *sim_free(struct sim *s)
{
    if (!s)
        return NULL;
    late_release(s);
    for (uint32_t i = 0; i < s->n_centers; i++)
        center_release(&s->centers[i]);
    free(s->jobs);
    heap_release(&s->ends);
    heap_release(&s->expiries);
    heap_release(&s->wakes);
    heap_release(&s->submits);
    predict_free(s->predict);
    stats_release(&s->all);
    free(s);
    return NULL;
}

int sim_center_add(struct sim *s,
                   const struct sim_center_spec *spec,
                   const struct trace_spec *log,
                   struct err *err)
{
    struct sim_center *c = &s->centers[s->n_centers];
    int r;

    if (s->n_centers >= SIM_CENTERS_MAX)
        return err_set(err, -ENOSPC, "more than %d centers", SIM_CENTERS_MAX);
    c->idx = s->n_centers;
    (void)word_copy(c->name, sizeof(c->name), spec->name); /* same size */
    s->n_centers++;
    r = center_init(s, c, spec->procs);
    if (r < 0)
        return err_set(err, r, "no memory for center %s", spec->name);
    r = trace_open(log, &c->trace, err);
    if (r < 0)
        return r;
    r = trace_next(c->trace, &c->next, err);
    c->has_next = r > 0;
    return r < 0 ? r : 0;
}

void sim_listen(struct sim *s, sim_ended_fn ended, void *arg)
{
    s->ended = ended;
    s->ended_arg = arg;
}

void sim_progress(struct sim *s,
                  void (*fn)(void *arg, uint64_t n_ended, int64_t now_s),
                  void *arg)
{
    s->progress = fn;
    s->progress_arg = arg;
}

static int slot_new(struct sim *s, uint32_t *ret_x)
{
    if (!s->free_slot) {
        size_t n = s->n_slots ? 2 * s->n_slots : 1024;
        size_t first = s->n_slots ? s->n_slots : 1;
        struct sim_job *jobs = realloc(s->jobs, n * sizeof(*jobs));

        if (!jobs)
            return -ENOMEM;
        memset(jobs + s->n_slots, 0, (n - s->n_slots) * sizeof(*jobs));
        s->jobs = jobs;
        s->n_slots = n;
        for (size_t i = n; i-- > first;) {
            jobs[i].next_free = s->free_slot;
            s->free_slot = (uint32_t)i;
        }
    }
    *ret_x = s->free_slot;
    s->free_slot = s->jobs[*ret_x].next_free;
    return 0;
}

static void job_free(struct sim *s, uint32_t x)
{
    s->jobs[x] = (struct sim_job){.next_free = s->free_slot};
    s->free_slot = x;
}

/* The center whose log goes on next: earliest, then as on the command line. */
static struct sim_center *next_log(struct sim *s)
{
    struct sim_center *best = NULL;

    for (uint32_t i = 0; i < s->n_centers; i++) {
        struct sim_center *c = &s->centers[i];

        if (c->has_next && (!best || c->next.submit_s < best->next.submit_s))
            best = c;
    }
    return best;
}

/* The next line of all logs becomes a job that will be submitted. */
static int take_line(struct sim *s, struct sim_center *c, struct err *err)
{
    const struct trace_job *t = &c->next;
    uint32_t x = 0;
    int r = slot_new(s, &x);

    if (r < 0)
        return r;
    s->jobs[x] = (struct sim_job){.id = t->id,
                                  .user = (uint64_t)c->idx << 48 ^ t->user,
                                  .seq = s->n_submitted,
                                  .submit_s = t->submit_s,
                                  .run_s = t->run_s,
                                  .est_s = t->est_s,
                                  .procs = t->procs,
                                  .home = (uint16_t)c->idx};
    r = heap_push(&s->submits, (struct due){t->submit_s, s->n_submitted++, x});
    if (r < 0)
        return r;
    r = trace_next(c->trace, &c->next, err);
    c->has_next = r > 0;
    return r < 0 ? r : 0;
}

/* All submissions of the second that comes first, so that a batch sees them. */
static int read_second(struct sim *s, struct err *err)
{
    struct sim_center *c;

    if (s->submits.n > 0)
        return 0;
    while ((c = next_log(s)) != NULL
           && (s->submits.n == 0 || c->next.submit_s == heap_at(&s->submits))) {
        int r = take_line(s, c, err);

        if (r < 0)
            return r;
    }
    return 0;
}

static uint32_t predicted(const struct sim *s, const struct sim_job *j)
{
    if (s->config.predict == SIM_EXACT)
        return MAX(j->run_s, 1u);
    return predict_run(s->predict, j->user, j->est_s, j->procs);
}

/* dup: a copy at home, then at every other center that it fits. */
static int submit_everywhere(struct sim *s, uint32_t x)
{
    uint32_t home = s->jobs[x].home;
    int r = center_enqueue(s, &s->centers[home], x);

    for (uint32_t i = 0; i < s->n_centers && r == 0; i++)
        if (i != home && s->jobs[x].procs <= s->centers[i].pool.procs)
            r = center_enqueue(s, &s->centers[i], x);
    return r;
}

static int submit(struct sim *s, uint32_t x, struct sim_center **ret_c)
{
    struct sim_job *j = &s->jobs[x];
    uint32_t to = j->home;
    int r;

    s->totals.events++;
    if (s->totals.jobs++ == 0)
        s->totals.first_submit_s = j->submit_s;
    j->pred_s = predicted(s, j);
    if (s->config.route == SIM_LATE || s->config.route == SIM_EVERYWHERE) {
        r = estimate_job(s, &s->centers[to], x);
        if (r < 0)
            return r;
        return s->config.route == SIM_LATE ? late_submit(s, x)
                                           : submit_everywhere(s, x);
    }
    r = route_choose(s, x, &to);
    if (r == 0)
        r = route_sent(s, x, to);
    *ret_c = &s->centers[to];
    if (r == 0)
        r = estimate_job(s, *ret_c, x);
    return r < 0 ? r : center_enqueue(s, *ret_c, x);
}

/* What the job leaves behind in the figures. */
static int account(struct sim *s, const struct sim_job *j)
{
    struct sim_center *home = &s->centers[j->home];
    struct sim_center *host = &s->centers[j->where];
    int64_t wait_s = j->start_s - j->submit_s;
    double area = (double)j->procs * j->run_s;
    int64_t month;
    const struct sim_record rec = {.id = j->id,
                                   .submit_s = j->submit_s,
                                   .start_s = j->start_s,
                                   .seq = j->seq,
                                   .run_s = j->run_s,
                                   .est_s = j->est_s,
                                   .procs = j->procs,
                                   .home = j->home,
                                   .where = j->where};

    if (stats_add(&home->stats, wait_s, j->run_s, j->procs) < 0
        || stats_add(&s->all, wait_s, j->run_s, j->procs) < 0)
        return -ENOMEM;
    month = MAX(j->submit_s, INT64_C(0)) / SIM_MONTH_S;
    month = MIN(month, (int64_t)SIM_MONTHS_MAX - 1);
    home->months[month].n++;
    home->months[month].wait_s += (double)wait_s;
    host->flow.used_core_s += area;
    if (host != home) {
        host->flow.lent_core_h += area / 3600;
        home->flow.borrowed_core_h += area / 3600;
        if (s->config.route == SIM_EVERYWHERE || s->config.route == SIM_LATE)
            s->totals.moved++;
    }
    s->totals.last_end_s = MAX(s->totals.last_end_s, s->now_s);
    if (s->progress && s->all.n % PROGRESS_JOBS == 0)
        s->progress(s->progress_arg, s->all.n, s->now_s);
    return s->ended ? s->ended(s->ended_arg, &rec) : 0;
}

static int end(struct sim *s, uint32_t x)
{
    struct sim_job *j = &s->jobs[x];
    struct sim_center *c = &s->centers[j->where];
    int r = center_finish(s, c, x);

    s->totals.events++;
    if (r == 0)
        r = predict_ended(s->predict, j->user, j->est_s, j->procs, j->run_s);
    if (r == 0)
        r = account(s, j);
    if (r == 0 && s->config.route == SIM_LATE)
        r = late_finish(s, c, x);
    job_free(s, x);
    center_touch(s, c);
    return r;
}

static int expire(struct sim *s, const struct due *e)
{
    struct sim_job *j = &s->jobs[e->slot];
    int64_t last_s;
    int64_t new_s;
    int r;

    s->totals.events++;
    /* The slot may serve another job by now; that one has another rank. */
    if (!j->running || j->seq != e->key || j->start_s + j->run_s <= s->now_s)
        return 0;
    last_s = j->start_s + j->est_s;
    new_s = last_s;
    if (s->config.correct == SIM_INCREMENT) {
        size_t k = MIN((size_t)j->n_correct, ARRAY_SIZE(increments) - 1);

        if (j->n_correct < UINT8_MAX)
            j->n_correct++;
        new_s = MIN(s->now_s + increments[k], last_s);
    }
    r = center_correct(s, &s->centers[j->where], e->slot, new_s);
    if (r < 0)
        return r;
    center_touch(s, &s->centers[j->where]);
    if (new_s < j->start_s + j->run_s)
        return heap_push(&s->expiries, (struct due){new_s, j->seq, e->slot});
    return 0;
}

/* One pass at each touched center, in order of first touch. */
static int pass_touched(struct sim *s)
{
    int r = 0;

    for (uint32_t i = 0; i < s->n_touched; i++) {
        struct sim_center *c = &s->centers[s->touched[i]];

        c->touched = false;
        if (r == 0)
            r = center_pass(s, c);
    }
    s->n_touched = 0;
    return r;
}

/* Every center passes, then the submissions one after the other: each sees the last. */
static int batch_routed(struct sim *s)
{
    int r = 0;

    for (uint32_t i = 0; i < s->n_centers && r == 0; i++)
        r = center_pass(s, &s->centers[i]);
    while (heap_at(&s->submits) == s->now_s && r == 0) {
        struct sim_center *c = NULL;

        r = submit(s, heap_pop(&s->submits).slot, &c);
        if (r == 0)
            r = center_pass(s, c);
    }
    for (uint32_t i = 0; i < s->n_touched; i++)
        s->centers[s->touched[i]].touched = false;
    s->n_touched = 0;
    return r;
}

static int batch(struct sim *s)
{
    struct sim_center *c = NULL;
    int r = 0;

    while (heap_at(&s->ends) == s->now_s && r == 0)
        r = end(s, heap_pop(&s->ends).slot);
    while (heap_at(&s->expiries) == s->now_s && r == 0) {
        struct due e = heap_pop(&s->expiries);

        r = expire(s, &e);
    }
    while (heap_at(&s->wakes) == s->now_s)
        center_touch(s, &s->centers[heap_pop(&s->wakes).key]);
    if (r < 0)
        return r;
    if (s->config.route == SIM_LEAST || s->config.route == SIM_EARLIEST)
        return batch_routed(s);
    while (heap_at(&s->submits) == s->now_s && r == 0)
        r = submit(s, heap_pop(&s->submits).slot, &c);
    if (s->config.route == SIM_LATE)
        return r < 0 ? r : late_settle(s);
    return r < 0 ? r : pass_touched(s);
}

static int one_event(struct sim *s)
{
    struct sim_center *c = NULL;
    int r = 0;

    if (heap_at(&s->expiries) == s->now_s) {
        struct due e = heap_pop(&s->expiries);

        r = expire(s, &e);
    } else if (heap_at(&s->submits) == s->now_s) {
        r = submit(s, heap_pop(&s->submits).slot, &c);
    } else if (heap_at(&s->ends) == s->now_s) {
        r = end(s, heap_pop(&s->ends).slot);
    } else {
        center_touch(s, &s->centers[heap_pop(&s->wakes).key]);
    }
    return r < 0 ? r : pass_touched(s);
}

static double read_cpu_s(const struct sim *s)
{
    double sum = 0;

    for (uint32_t i = 0; i < s->n_centers; i++)
        sum += trace_cpu_s(s->centers[i].trace);
    return sum;
}

int sim_run(struct sim *s, struct err *err)
{
    double from = cpu_now() - read_cpu_s(s);
    int r = late_init(s);

    while (r == 0) {
        int64_t next = MIN(heap_at(&s->ends), heap_at(&s->expiries));
        int64_t other;

        r = read_second(s, err);
        if (r < 0)
            break;
        other = MIN(heap_at(&s->wakes), heap_at(&s->submits));
        next = MIN(next, other);
        if (s->config.route == SIM_LATE) {
            other = late_next_s(s);
            next = MIN(next, other);
        }
        if (next == INT64_MAX)
            break;
        s->now_s = next;
        r = s->config.ties == SIM_PYSS ? one_event(s) : batch(s);
    }
    for (uint32_t i = 0; i < s->n_centers; i++)
        assert(r < 0 || s->centers[i].pool.queue.n == 0);
    s->totals.trace_cpu_s = read_cpu_s(s);
    s->totals.cpu_s = cpu_now() - from - s->totals.trace_cpu_s;
    return r < 0 ? err_prefix(err, r, "simulation") : 0;
}

const struct stats *sim_home_stats(const struct sim *s, uint32_t center)
{
    return &s->centers[center].stats;
}

const struct stats *sim_all_stats(const struct sim *s)
{
    return &s->all;
}

struct sim_totals sim_totals(const struct sim *s)
{
    return s->totals;
}

struct sim_flow sim_flow(const struct sim *s, uint32_t center)
{
    return s->centers[center].flow;
}

const struct sim_month *sim_months(const struct sim *s, uint32_t center)
{
    return s->centers[center].months;
}

struct sim_estimates sim_estimates(const struct sim *s, uint32_t center)
{
    return s->centers[center].estimates;
}

uint32_t sim_n_centers(const struct sim *s)
{
    return s->n_centers;
}

const char *sim_center_name(const struct sim *s, uint32_t center)
{
    return s->centers[center].name;
}

uint32_t sim_center_procs(const struct sim *s, uint32_t center)
{
    return (uint32_t)s->centers[center].pool.procs;
}
