/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * faults_bed - the nodes of a center: the production queue, simulated runs
 *
 * The queue is the daemon's and is lost with it. A run is its nodes': it goes on
 * without the daemon, and its end is told after each restart until it is forgotten.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "sim/faults_int.h"

#include "base/banned.h"

static int64_t now_s(const struct world *w, const struct fcenter *c)
{
    (void)c;
    return w->now_us / US_PER_S; /* the queue's own clock does not jump */
}

static struct task *find(struct fcenter *c, uint64_t id, uint32_t epoch)
{
    for (size_t i = 0; i < c->n_tasks; i++)
        if (c->tasks[i].id == id && c->tasks[i].epoch == epoch)
            return &c->tasks[i];
    return NULL;
}

static void remove_task(struct fcenter *c, struct task *t)
{
    *t = c->tasks[--c->n_tasks];
}

static void pass_soon(struct world *w, struct fcenter *c)
{
    if (c->pass_us <= w->now_us)
        return;
    c->pass_us = w->now_us;
    fqueue_add(w, (struct fevent){.at_us = w->now_us, .kind = EVENT_PASS, .a = c->i});
}

static void wake(struct world *w, struct fcenter *c)
{
    int64_t at = INT64_MAX;

    for (size_t i = 0; i < c->n_tasks; i++)
        at = MIN(at, c->tasks[i].at_us);
    if (at == INT64_MAX || at >= c->bed_us)
        return;
    c->bed_us = MAX(at, w->now_us);
    fqueue_add(w, (struct fevent){.at_us = c->bed_us, .kind = EVENT_BED, .a = c->i});
}

static void restore_running(struct world *w, struct fcenter *c, const struct task *t)
{
    const struct node_pick pick = {.tasks = t->cores};
    const struct sched_meta meta = {.submit_s = now_s(w, c)};

    if (sched_restore_running(c->sched, t->id, &t->request, &meta, &pick, 1,
                              t->started_us / US_PER_S)
        < 0)
        violation(w, "job %llu: its cores at c%u are taken", (unsigned long long)t->id,
                  c->i + 1);
}

int bed_open(struct world *w, struct fcenter *c)
{
    const struct sched_partition p = {.name = "main",
                                      .is_default = true,
                                      .up = true,
                                      .max_time_s = DURATION_UNLIMITED,
                                      .default_time_s = 3600};
    struct sched_config config = sched_config_default();
    struct sched_partition small = p;

    c->sched = sched_free(c->sched);
    c->sched = sched_new(&config);
    (void)snprintf(small.name, sizeof(small.name), "small"); /* fits */
    small.is_default = false;
    small.max_time_s = 600;
    if (!c->sched || sched_partition_set(c->sched, &p) < 0
        || (w->weather.terms && sched_partition_set(c->sched, &small) < 0)
        || sched_node_set(c->sched, "n1", CORES, UINT64_C(1) << 36, 0, "", 1, true) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < c->n_tasks; i++)
        if (c->tasks[i].state == TASK_RUNNING)
            restore_running(w, c, &c->tasks[i]);
    return 0;
}

/* Staging is the daemon's work: nothing of it has reached a node. */
void bed_crash(struct fcenter *c)
{
    for (size_t i = 0; i < c->n_tasks;)
        if (c->tasks[i].state == TASK_STAGING)
            remove_task(c, &c->tasks[i]);
        else
            i++;
}

int bed_fits(void *arg, const struct request *r, struct err *err)
{
    struct fcenter *c = arg;

    return sched_fits(c->sched, r, err);
}

int64_t bed_estimate(void *arg, const struct request *r)
{
    const struct sched_meta meta = {0};
    struct fcenter *c = arg;
    int64_t wait_s;

    if (sched_estimate(c->sched, r, &meta, now_s(c->w, c), &wait_s, NULL))
        return -1;
    return wait_s;
}

void bed_queue(struct world *w, struct fcenter *c, uint64_t id)
{
    const struct copy *x = fed_copy(c->fed, id);
    struct sched_meta meta = {.submit_s = now_s(w, c)};
    struct fed_effects fx;
    struct err err = {0};
    int r;

    if (!x || x->copy != COPY_QUEUED)
        return;
    meta.group = x->holder == c->i + 1 ? 0 : 1;
    r = sched_submit(c->sched, id, &x->request, &meta, now_s(w, c), &err);
    if (r == 0) {
        pass_soon(w, c);
    } else if (r != -EEXIST) {
        w->r->steps++;
        if (fed_engine_refused(c->fed, id, err.text, fcenter_now(w, c), &fx) == 0)
            gate_take(w, c, &fx);
    }
}

void bed_drop(struct world *w, struct fcenter *c, uint64_t id)
{
    for (size_t i = 0; i < c->n_tasks; i++)
        if (c->tasks[i].id == id && c->tasks[i].state == TASK_STAGING) {
            remove_task(c, &c->tasks[i]);
            (void)sched_end_unlearned(c->sched, id); /* it is in */
            pass_soon(w, c);
            return;
        }
    if (sched_remove(c->sched, id) == -EBUSY)
        (void)sched_release(c->sched, id); /* a running one stays */
    pass_soon(w, c);
}

struct ready_list {
    uint64_t ids[64];
    size_t n;
};

static void on_reserved(void *arg, uint64_t job)
{
    struct ready_list *l = arg;

    if (l->n < sizeof(l->ids) / sizeof(*l->ids)) /* one core each is 16 at a time */
        l->ids[l->n++] = job;
}

void bed_pass(struct world *w, struct fcenter *c)
{
    struct ready_list l = {.n = 0};
    struct fed_effects fx;

    if (sched_pass(c->sched, now_s(w, c), on_reserved, &l) < 0) {
        world_fail(w);
        return;
    }
    for (size_t i = 0; i < l.n && !c->doomed; i++) {
        w->r->steps++;
        if (fed_engine_ready(c->fed, l.ids[i], fcenter_now(w, c), &fx) == 0)
            gate_take(w, c, &fx);
    }
    if (l.n)
        fcenter_supply_soon(w, c, US_PER_S);
}

static void tell_started(struct world *w, struct fcenter *c, const struct task *t)
{
    struct fed_effects fx;

    w->r->steps++;
    if (fed_engine_started(c->fed, t->id, t->epoch, t->started, "n1", NULL,
                           fcenter_now(w, c), &fx)
        == 0)
        gate_take(w, c, &fx);
}

static void refuse(struct world *w, struct fcenter *c, uint64_t id, const char *why)
{
    struct fed_effects fx;

    w->r->steps++;
    if (fed_engine_refused(c->fed, id, why, fcenter_now(w, c), &fx) == 0)
        gate_take(w, c, &fx);
}

void bed_start(struct world *w, struct fcenter *c, uint64_t id, uint32_t epoch)
{
    struct task *t = find(c, id, epoch);
    const struct copy *x = fed_copy(c->fed, id);
    struct sched_view v;

    if (t) { /* told twice: by job and epoch it is the same */
        if (t->state == TASK_RUNNING)
            tell_started(w, c, t);
        return;
    }
    if (!sched_view(c->sched, id, now_s(w, c), &v) || v.state != SCHED_RESERVED) {
        refuse(w, c, id, "nothing is reserved for it");
        return;
    }
    if (!x || world_chance(w, 10)) {
        (void)sched_release(c->sched, id); /* it is reserved */
        refuse(w, c, id, "its account does not exist on the node");
        return;
    }
    if (c->n_tasks == c->cap_tasks) {
        size_t cap = c->cap_tasks ? 2 * c->cap_tasks : 32;

        t = realloc(c->tasks, cap * sizeof(*t));
        if (!t) {
            world_fail(w);
            return;
        }
        c->tasks = t;
        c->cap_tasks = cap;
    }
    (void)sched_start(c->sched, id, now_s(w, c)); /* it is reserved */
    c->tasks[c->n_tasks++] = (struct task){
        .id = id,
        .epoch = epoch,
        .cores = (uint32_t)request_cores(&x->request),
        .request = x->request,
        .state = TASK_STAGING,
        .at_us = w->now_us + (int64_t)(world_draw(w) % 5000) * MS,
    };
    wake(w, c);
}

/* Programs may take their time to end. */
static int64_t linger_us(struct world *w)
{
    return w->weather.linger_s
               ? (int64_t)(world_lot(w) % (w->weather.linger_s * 1000)) * MS
               : 0;
}

void bed_cancel(struct world *w, struct fcenter *c, uint64_t id)
{
    for (size_t i = 0; i < c->n_tasks; i++) {
        struct task *t = &c->tasks[i];

        if (t->id != id || t->state == TASK_ENDED)
            continue;
        oracle_killed(w, c->i, id);
        t->cancelled = true;
        if (t->state == TASK_RUNNING && t->outcome != JOB_CANCELLED) {
            t->outcome = JOB_CANCELLED;
            t->at_us = MIN(t->at_us, w->now_us + linger_us(w));
        }
    }
    wake(w, c);
}

void bed_forget(struct world *w, struct fcenter *c, uint64_t id)
{
    if (w->weather.forget && !w->calm && world_lot(w) % 1000 < w->weather.forget)
        return; /* it says the end again some day */
    for (size_t i = 0; i < c->n_tasks;)
        if (c->tasks[i].id == id && c->tasks[i].state == TASK_ENDED)
            remove_task(c, &c->tasks[i]);
        else
            i++;
}

static void run(struct world *w, struct fcenter *c, struct task *t)
{
    const struct truth *truth = truth_find(w, t->id);

    t->state = TASK_RUNNING;
    t->started_us = w->now_us;
    t->started = fcenter_now(w, c).wall;
    t->outcome = JOB_COMPLETED;
    t->at_us = w->now_us + (int64_t)(truth ? truth->run_s : 1) * US_PER_S;
    if (c->broken_until_us > w->now_us) {
        t->outcome = JOB_FAILED;
        t->at_us = w->now_us + 200 * MS;
    }
    if (t->cancelled) {
        t->outcome = JOB_CANCELLED;
        t->at_us = w->now_us;
    }
    oracle_started(w, c->i, t->id, t->epoch);
    if (c->up)
        tell_started(w, c, t);
}

static void tell_ended(struct world *w, struct fcenter *c, const struct task *t)
{
    struct fed_effects fx;
    struct fed_end e = {
        .id = t->id,
        .epoch = t->epoch,
        .state = t->outcome,
        .reason = t->outcome == JOB_NODE_FAIL ? REASON_NODE_DOWN : REASON_NONE,
        .started = t->started,
        .ended = fcenter_now(w, c).wall,
        .nodes = "n1",
        .note = t->outcome == JOB_FAILED ? "exit code 127" : NULL,
        .files = true,
    };

    e.exit_code = t->outcome == JOB_FAILED ? 127 : 0;
    e.usage.elapsed_s = (uint64_t)((w->now_us - t->started_us) / US_PER_S);
    e.usage.core_s = e.usage.elapsed_s * t->cores;
    w->r->steps++;
    if (fed_engine_ended(c->fed, &e, fcenter_now(w, c), &fx) == 0)
        gate_take(w, c, &fx);
}

static void end(struct world *w, struct fcenter *c, struct task *t)
{
    t->state = TASK_ENDED;
    t->at_us = INT64_MAX;
    oracle_ended(w, c->i, t->id, t->epoch);
    if (!c->up)
        return;
    (void)sched_end(c->sched, t->id, now_s(w, c)); /* it is in */
    tell_ended(w, c, t);
    pass_soon(w, c);
    fcenter_supply_soon(w, c, US_PER_S);
}

void bed_turn(struct world *w, struct fcenter *c)
{
    for (size_t i = 0; i < c->n_tasks && !w->r->violated; i++) {
        struct task *t = &c->tasks[i];

        if (t->at_us > w->now_us)
            continue;
        if (t->state == TASK_STAGING) {
            if (!fcenter_runs(w, c))
                t->at_us = MAX(c->stopped_until_us, w->now_us + 1);
            else
                run(w, c, t);
        } else if (t->state == TASK_RUNNING) {
            if (c->up && !fcenter_runs(w, c))
                t->at_us = c->stopped_until_us; /* its end is heard then */
            else
                end(w, c, t);
        }
    }
    wake(w, c);
}

void bed_resume(struct world *w, struct fcenter *c)
{
    for (size_t i = 0; i < c->n_tasks && !w->r->violated; i++) {
        struct task t = c->tasks[i];

        if (t.state != TASK_STAGING) /* of one that is over as well: nobody may mind */
            tell_started(w, c, &t);
        if (t.state == TASK_ENDED)
            tell_ended(w, c, &t);
    }
    pass_soon(w, c);
    wake(w, c);
}

/* The output of a run has travelled, whole or not. */
void bed_returned(struct world *w, struct fcenter *c, uint64_t id)
{
    bool whole = !w->weather.linger_s || world_lot(w) % 8;
    struct fed_effects fx;

    w->r->steps++;
    if (fed_files_returned(c->fed, id, whole ? NULL : "the directory is full",
                           fcenter_now(w, c), &fx)
        == 0)
        gate_take(w, c, &fx);
}

void bed_return(struct world *w, struct fcenter *c, uint64_t id)
{
    if (!w->weather.linger_s)
        bed_returned(w, c, id);
    else
        fqueue_add(w, (struct fevent){.at_us = w->now_us + linger_us(w),
                                      .kind = EVENT_FILES,
                                      .a = c->i,
                                      .id = id});
}

void bed_again(struct world *w, struct fcenter *c)
{
    if (fcenter_runs(w, c))
        bed_resume(w, c);
}

void bed_node_dies(struct world *w, struct fcenter *c, int64_t which)
{
    struct task *t = c->n_tasks ? &c->tasks[(uint64_t)which % c->n_tasks] : NULL;

    if (!t || t->state != TASK_RUNNING || t->cancelled)
        return;
    t->outcome = JOB_NODE_FAIL;
    t->at_us = w->now_us;
    wake(w, c);
}
