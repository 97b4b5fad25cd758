/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* slurm - the engine of a center that runs Slurm: the contract's calls */
#include "config.h"

#include "engine/slurm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/measure.h"
#include "base/path.h"
#include "base/words.h"
#include "engine/slurm_int.h"

#include "base/banned.h"

#define LEAVE_MS 2000 /* a call under way may finish in this time when we end */

static struct slurm *self(struct engine *e)
{
    return (struct slurm *)e; /* its first member */
}

static void on_ready(uint64_t id, void *arg)
{
    struct sjob *j = sjob_find(arg, id);

    if (j)
        sjob_reserved(j);
}

static int op_configure(struct engine *en, const struct site *site, struct err *err)
{
    struct slurm *e = self(en);
    int r = queue_configure(&e->q, site, mirror_set_node, err);

    e->nodes_at = 0; /* sizes and states of new names come with the next look */
    e->nodes_due_us = 0;
    if (!r)
        watch_quick(e);
    return r;
}

static int op_fits(struct engine *en, const struct request *r, struct err *err)
{
    int code = sched_fits(self(en)->q.sched, r, err);

    /* Before the first look nobody knows how large the machine is. */
    return code == -E2BIG && !self(en)->whole ? 0 : code;
}

static int op_queue(struct engine *en, const struct engine_job *job, struct err *err)
{
    struct slurm *e = self(en);
    struct sjob *j = sjob_find(e, job->id);
    int r;

    if (j)
        return 0;
    r = queue_put(&e->q, job, err);
    if (r && (r != -E2BIG || e->whole))
        return r;
    j = sjob_new(e, job->id);
    if (!j) {
        (void)sched_remove(e->q.sched, job->id); /* it is in */
        return -ENOMEM;
    }
    j->job = *job;
    j->parked = r != 0;
    return 0;
}

static void op_drop(struct engine *en, uint64_t id)
{
    struct slurm *e = self(en);
    struct sjob *j = sjob_find(e, id);

    if (!j || j->state > SJOB_READY)
        return; /* unknown, or started: cancel is the way */
    if (sched_remove(e->q.sched, id) == -EBUSY)
        (void)sched_release(e->q.sched, id); /* reserved */
    if (j->state == SJOB_READY)
        turn_given_back(e);
    sjob_free(j);
    queue_kick(&e->q);
}

static int op_start(struct engine *en, const struct engine_start *s, struct err *err)
{
    struct slurm *e = self(en);
    struct sjob *j = sjob_find(e, s->id);
    int r;

    if (j && j->state > SJOB_READY)
        return j->epoch == s->epoch
                   ? 0
                   : err_set(err, -EBUSY, "epoch %u of job %llu is still here",
                             j->epoch, (unsigned long long)s->id);
    if (!j || j->state != SJOB_READY)
        return err_set(err, -ENOENT, "nothing is reserved for job %llu",
                       (unsigned long long)s->id);
    j->epoch = s->epoch;
    r = order_of(j, s, err);
    if (!r) {
        r = ask_submit(j);
        if (r)
            (void)err_set(err, r, "%u orders wait for slurmctld: no more are taken",
                          worker_busy(e->worker));
    }
    if (r) {
        (void)sched_release(e->q.sched, s->id); /* it is reserved */
        sjob_free(j);
        queue_kick(&e->q);
        return r;
    }
    (void)sched_start(e->q.sched, s->id, queue_now_s()); /* it is reserved */
    j->in_sched = true;
    j->state = SJOB_SUBMITTING;
    return 0;
}

static void op_cancel(struct engine *en, uint64_t id, int signal)
{
    struct sjob *j = sjob_find(self(en), id);

    if (!j || j->state < SJOB_SUBMITTING || j->state > SJOB_RUNNING)
        return;
    if (signal == 0)
        j->cancelled = true; /* said again when it is found in Slurm */
    if (j->slurm_job && ask_signal(self(en), j, j->slurm_job, signal))
        log_warn("job %llu: the signal waits: too many calls wait for slurmctld",
                 (unsigned long long)id);
}

static void op_adopt(struct engine *en,
                     const struct engine_start *s,
                     struct wall started)
{
    struct slurm *e = self(en);
    struct sjob *j = sjob_find(e, s->id);
    struct err err = {0};

    if (j)
        return;
    j = sjob_new(e, s->id);
    if (!j)
        return; /* the daemon asks again after its next restart */
    j->epoch = s->epoch;
    j->adopted = true;
    j->was_started = started.us != 0;
    j->started = started;
    if (s->spec && order_of(j, s, &err))
        log_error("job %llu: %s", (unsigned long long)s->id, err.text);
    watch_unsure(j);
}

static void op_forget(struct engine *en, uint64_t id)
{
    struct sjob *j = sjob_find(self(en), id);

    if (!j || j->state != SJOB_ENDED)
        return;
    if (!j->home) {
        char dir[PATH_MAX];

        if (snprintf(dir, sizeof(dir), "%s/%llu.%u", j->e->spool,
                     (unsigned long long)j->id, j->epoch)
            < (int)sizeof(dir))
            files_drop(dir);
    }
    sjob_free(j);
}

static int64_t op_estimate(struct engine *en, const struct request *r, bool own)
{
    return queue_estimate(&self(en)->q, r, own);
}

static void op_supply(struct engine *en, struct supply *ret_supply)
{
    struct slurm *e = self(en);

    queue_supply(&e->q, ret_supply);
    for (uint32_t i = 0; i < ret_supply->n_parts; i++) {
        int bit = sched_partition_find(e->q.sched, ret_supply->parts[i].name);

        if (bit >= 0)
            ret_supply->parts[i].n_pending += e->n_waiting[bit];
    }
}

static enum job_reason op_reason(struct engine *en, uint64_t id)
{
    struct slurm *e = self(en);
    const struct sjob *j = sjob_find(e, id);
    enum job_reason r = queue_reason(&e->q, id);

    if (j && j->reason && j->state <= SJOB_SENT)
        return j->reason; /* Slurm's own */
    return r;
}

static struct queue *op_scheduler(struct engine *en)
{
    return &self(en)->q;
}

static void op_nodes(struct engine *en,
                     void (*each)(const struct engine_node *n, void *arg),
                     void *arg)
{
    struct slurm *e = self(en);
    struct snode *n;
    struct snode *next;

    TABLE_FOREACH (e->nodes, n, next) {
        struct engine_node o;

        queue_node(&e->q, n->index, &o);
        if (n->word && !n->up)
            o.state = n->word;
        if (n->conn)
            beside_text(n, o.text, sizeof(o.text));
        if (n->conn && e->answers && n->known && !n->why[0]) {
            each(&o, arg);
            continue;
        }
        word_cut(o.text, sizeof(o.text),
                 !e->answers ? "slurmctld does not answer"
                 : !n->known ? "Slurm has no such node"
                             : n->why);
        each(&o, arg);
    }
}

static void thread_begin(void *arg)
{
    slurm_rpc_open(arg);
}

static void thread_end(void *arg)
{
    slurm_rpc_close();
    free(arg);
}

static void *op_free(struct engine *en)
{
    struct slurm *e = self(en);
    struct sjob *j;
    struct sjob *next;

    if (!e)
        return NULL;
    worker_free(e->worker, LEAVE_MS);
    worker_free(e->looker, LEAVE_MS);
    worker_free(e->files, LEAVE_MS);
    watch_free(e);
    TABLE_FOREACH (e->jobs, j, next)
        sjob_free(j);
    turn_close(e);
    beside_close(e);
    settle_close(e);
    ends_close(e);
    mirror_free(e);
    queue_release(&e->q);
    free(e->conf);
    free(e->account);
    free(e->completions);
    free(e);
    return NULL;
}

static const struct engine_ops ops = {
    .name = "slurm",
    .free = op_free,
    .configure = op_configure,
    .fits = op_fits,
    .queue = op_queue,
    .drop = op_drop,
    .start = op_start,
    .cancel = op_cancel,
    .adopt = op_adopt,
    .forget = op_forget,
    .estimate = op_estimate,
    .supply = op_supply,
    .reason = op_reason,
    .scheduler = op_scheduler,
    .nodes = op_nodes,
};

static int copy_config(struct slurm *e,
                       const struct engine_slurm_config *c,
                       struct err *err)
{
    if (c->conf && access(c->conf, R_OK) < 0)
        return err_set(err, -errno, "cannot read %s: %s", c->conf, strerror(errno));
    if (!word_copy(e->center, sizeof(e->center), c->center))
        return err_set(err, -EINVAL, "center \"%s\" is too long a name", c->center);
    if (!word_copy(e->spool, sizeof(e->spool), c->spool))
        return err_set(err, -ENAMETOOLONG, "spool %s is too long", c->spool);
    e->transfer_max = c->transfer_max ? c->transfer_max : TRANSFER_MAX;
    e->conf = c->conf ? strdup(c->conf) : NULL;
    e->account = c->account ? strdup(c->account) : NULL;
    e->completions = c->completions ? strdup(c->completions) : NULL;
    if ((c->conf && !e->conf) || (c->account && !e->account)
        || (c->completions && !e->completions))
        return -ENOMEM;
    /* 0711: a guest reaches its own directory by name and lists nobody else's. */
    return path_make_dirs(e->spool, 0711, err);
}

/* A thread that may call libslurm. */
static int slurm_thread(struct slurm *e, struct worker **ret_worker)
{
    char *conf = e->conf ? strdup(e->conf) : NULL;
    int r = e->conf && !conf ? -ENOMEM
                             : worker_new(e->base, SLURM_ASKS_MAX, thread_begin,
                                          thread_end, conf, e, ret_worker);

    if (r)
        free(conf);
    return r;
}

int engine_slurm_new(struct event_base *base,
                     const struct engine_slurm_config *config,
                     const struct engine_callbacks *cb,
                     void *arg,
                     struct engine **ret_engine,
                     struct err *err)
{
    struct slurm *e = calloc(1, sizeof(*e));
    int r;

    if (!e)
        return err_set(err, -ENOMEM, "no memory");
    e->engine.ops = &ops;
    e->base = base;
    e->cb = cb;
    e->arg = arg;
    e->release_rate = config->release_rate;
    e->sweep_s = config->sweep_s == DURATION_UNLIMITED ? 0 : config->sweep_s;
    r = turn_open(e);
    if (!r)
        r = queue_init(&e->q, base, cb, arg, on_ready, e);
    if (!r)
        r = copy_config(e, config, err);
    if (!r)
        r = slurm_thread(e, &e->worker);
    if (!r)
        r = slurm_thread(e, &e->looker);
    if (!r)
        r = worker_new(base, SLURM_ASKS_MAX, NULL, NULL, NULL, e, &e->files);
    if (!r)
        r = settle_open(e);
    if (!r)
        r = beside_open(e, config->nodes, config->munge_socket, err);
    if (r) {
        op_free(&e->engine);
        return err && err->code ? r : err_set(err, r, "no memory or no thread");
    }
    watch_start(e);
    ends_open(e);
    *ret_engine = &e->engine;
    return 0;
}

void engine_slurm_poke(struct engine *e)
{
    watch_quick(self(e));
}
