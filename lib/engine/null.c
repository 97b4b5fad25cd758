/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* null - an engine whose jobs do nothing */
#include "config.h"

#include "engine/null.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/number.h"
#include "base/table.h"
#include "base/words.h"
#include "engine/queue.h"
#include "model/hostlist.h"

#include "base/banned.h"

#define NODES_TEXT_MAX (1u << 20)

struct null_job {
    uint64_t id;
    UT_hash_handle hh;
    struct engine_null *e;
    struct event *ev; /* the next thing that happens to it */
    uint32_t epoch;
    bool running; /* told started */
    bool ended;   /* told, not forgotten */
    bool lost;    /* adopted: no trace of it */
    int signal;
    struct wall started;
    struct wall stopped;
    struct usage usage;
    char *nodes;
};

struct engine_null {
    struct engine engine;
    struct event_base *base;
    struct engine_null_config config;
    const struct engine_callbacks *cb;
    void *arg;
    struct queue q;
    struct null_job *jobs;
};

static struct engine_null *self(struct engine *e)
{
    return (struct engine_null *)e; /* its first member */
}

static struct null_job *find(struct engine_null *e, uint64_t id)
{
    struct null_job *j;

    TABLE_FIND(e->jobs, &id, j);
    return j;
}

static void job_free(struct null_job *j)
{
    HASH_DEL(j->e->jobs, j);
    if (j->ev)
        event_free(j->ev);
    free(j->nodes);
    free(j);
}

static void tell_end(struct null_job *j)
{
    struct engine_null *e = j->e;
    struct wall now = now_read().wall;
    struct engine_end end = {.id = j->id, .epoch = j->epoch, .state = JOB_COMPLETED};

    if (!j->ended) {
        j->ended = true;
        j->stopped = now;
        (void)sched_end(e->q.sched, j->id,
                        queue_now_s()); /* an adopted one is not in */
        queue_kick(&e->q);
    }
    if (j->signal >= 0)
        end.state = JOB_CANCELLED;
    if (j->lost) {
        end.state = JOB_NODE_FAIL;
        end.reason = REASON_NODE_DOWN;
        end.note = "the null engine remembers nothing";
    }
    end.started = j->started.us ? j->started : j->stopped;
    end.ended = j->stopped;
    end.usage = j->usage;
    end.usage.elapsed_s =
        (uint64_t)(end.ended.us - end.started.us + US_PER_S - 1) / (uint64_t)US_PER_S;
    end.usage.core_s = end.usage.n_cores * end.usage.elapsed_s;
    end.nodes = j->nodes ? j->nodes : "";
    e->cb->ended(&end, e->arg);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct null_job *j = arg;
    struct timeval tv = {.tv_sec = j->e->config.delay_ms / 1000,
                         .tv_usec = j->e->config.delay_ms % 1000 * 1000};

    (void)fd;
    (void)what;
    if (j->running || j->lost || j->signal >= 0) {
        tell_end(j); /* may free it */
        return;
    }
    j->running = true;
    j->started = now_read().wall;
    (void)evtimer_add(j->ev, &tv); /* cannot fail: the event has its slot */
    j->e->cb->started(j->id, j->epoch, j->started, j->nodes, NULL, j->e->arg);
}

static struct null_job *job_new(struct engine_null *e, uint64_t id, uint32_t epoch)
{
    struct null_job *j = calloc(1, sizeof(*j));

    if (!j)
        return NULL;
    j->e = e;
    j->id = id;
    j->epoch = epoch;
    j->signal = -1;
    j->ev = evtimer_new(e->base, on_event, j);
    if (!j->ev || TABLE_ADD(e->jobs, id, j)) {
        if (j->ev)
            event_free(j->ev);
        free(j);
        return NULL;
    }
    return j;
}

static void on_ready(uint64_t id, void *arg)
{
    struct engine_null *e = arg;

    e->cb->ready(id, e->arg);
}

static int set_node(void *arg, const char *name, uint32_t partitions)
{
    struct engine_null *e = arg;
    int r = sched_node_set(e->q.sched, name, e->config.node_cores, e->config.node_bytes,
                           0, "", partitions, true);

    return r < 0 ? r : 0;
}

static int op_configure(struct engine *en, const struct site *site, struct err *err)
{
    return queue_configure(&self(en)->q, site, set_node, err);
}

static int op_fits(struct engine *en, const struct request *r, struct err *err)
{
    return sched_fits(self(en)->q.sched, r, err);
}

static int op_queue(struct engine *en, const struct engine_job *j, struct err *err)
{
    return queue_put(&self(en)->q, j, err);
}

static void op_drop(struct engine *en, uint64_t id)
{
    struct queue *q = &self(en)->q;

    if (find(self(en), id))
        return; /* started: cancel is the way */
    if (sched_remove(q->sched, id) == -EBUSY)
        (void)sched_release(q->sched, id); /* unknown is fine */
    queue_kick(q);
}

static void describe(struct null_job *j, const struct sched_view *v)
{
    const struct nodes *all = sched_nodes(j->e->q.sched);
    struct words w = WORDS_INIT(JOB_NODES_MAX, NODES_TEXT_MAX);
    struct buf b = BUF_INIT(NODES_TEXT_MAX);

    for (size_t i = 0; i < v->n_pick; i++) {
        (void)words_add(&w, all->v[v->pick[i].node].name); /* short list: display */
        j->usage.n_cores += v->pick[i].cores;
    }
    j->usage.n_nodes = (uint32_t)v->n_pick;
    hostlist_compress(w.v, w.n, &b);
    j->nodes = buf_take(&b);
    words_release(&w);
}

static int op_start(struct engine *en, const struct engine_start *s, struct err *err)
{
    struct engine_null *e = self(en);
    struct null_job *j = find(e, s->id);
    struct sched_view v;
    int64_t now_s = queue_now_s();

    if (j)
        return j->epoch == s->epoch
                   ? 0
                   : err_set(err, -EBUSY, "another epoch of it is here");
    if (!sched_view(e->q.sched, s->id, now_s, &v) || v.state != SCHED_RESERVED)
        return err_set(err, -ENOENT, "nothing is reserved for job %llu",
                       (unsigned long long)s->id);
    j = job_new(e, s->id, s->epoch);
    if (!j) {
        (void)sched_release(e->q.sched, s->id); /* it is reserved */
        return -ENOMEM;
    }
    describe(j, &v);
    (void)sched_start(e->q.sched, s->id, now_s); /* it is reserved */
    event_active(j->ev, EV_TIMEOUT, 0);
    return 0;
}

static void op_cancel(struct engine *en, uint64_t id, int signal)
{
    struct null_job *j = find(self(en), id);

    if (!j || j->ended || (signal != 0 && signal != 9 && signal != 15))
        return;
    j->signal = signal;
    (void)evtimer_del(j->ev); /* it may not be pending */
    event_active(j->ev, EV_TIMEOUT, 0);
}

static void op_adopt(struct engine *en,
                     const struct engine_start *s,
                     struct wall started)
{
    struct null_job *j = find(self(en), s->id);

    if (j || !started.us)
        return; /* start() says that nothing is reserved */
    j = job_new(self(en), s->id, s->epoch);
    if (!j)
        return; /* the daemon asks again after its next restart */
    j->lost = true;
    j->started = started;
    event_active(j->ev, EV_TIMEOUT, 0);
}

static void op_forget(struct engine *en, uint64_t id)
{
    struct null_job *j = find(self(en), id);

    if (j && j->ended)
        job_free(j);
}

static int64_t op_estimate(struct engine *en, const struct request *r, bool own)
{
    return queue_estimate(&self(en)->q, r, own);
}

static void op_supply(struct engine *en, struct supply *ret_supply)
{
    queue_supply(&self(en)->q, ret_supply);
}

static enum job_reason op_reason(struct engine *en, uint64_t id)
{
    return queue_reason(&self(en)->q, id);
}

static struct queue *op_scheduler(struct engine *en)
{
    return &self(en)->q;
}

static void op_nodes(struct engine *en,
                     void (*each)(const struct engine_node *n, void *arg),
                     void *arg)
{
    struct queue *q = &self(en)->q;

    for (uint32_t i = 0; i < sched_nodes(q->sched)->n; i++) {
        struct engine_node n;

        queue_node(q, i, &n);
        each(&n, arg);
    }
}

static void *op_free(struct engine *en)
{
    struct engine_null *e = self(en);
    struct null_job *j;
    struct null_job *next;

    if (!e)
        return NULL;
    TABLE_FOREACH (e->jobs, j, next)
        job_free(j);
    queue_release(&e->q);
    free(e);
    return NULL;
}

static const struct engine_ops ops = {
    .name = "null",
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

int engine_null_new(struct event_base *base,
                    const struct engine_null_config *config,
                    const struct engine_callbacks *cb,
                    void *arg,
                    struct engine **ret_engine,
                    struct err *err)
{
    struct engine_null *e = calloc(1, sizeof(*e));

    if (!e)
        return err_set(err, -ENOMEM, "no memory");
    e->engine.ops = &ops;
    e->base = base;
    e->config = *config;
    if (!e->config.node_cores)
        e->config.node_cores = 8;
    if (!e->config.node_bytes)
        e->config.node_bytes = UINT64_C(16) << 30;
    e->cb = cb;
    e->arg = arg;
    if (queue_init(&e->q, base, cb, arg, on_ready, e)) {
        op_free(&e->engine);
        return err_set(err, -ENOMEM, "no memory");
    }
    *ret_engine = &e->engine;
    return 0;
}
