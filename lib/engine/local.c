/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* local - the engine whose nodes run hopluu-noded: the contract's calls */
#include "config.h"

#include "engine/local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/words.h"
#include "engine/local_int.h"

#include "base/banned.h"

#define NODE_LOST_S 300

static struct local *self(struct engine *e)
{
    return (struct local *)e; /* its first member */
}

static void on_ready(uint64_t id, void *arg)
{
    struct local *e = arg;

    e->cb->ready(id, e->arg);
}

static int op_configure(struct engine *en, const struct site *site, struct err *err)
{
    int r = local_place_configure(self(en), site, err);

    if (!r)
        r = queue_configure(&self(en)->q, site, local_node_set, err);
    if (!r)
        nodes_recall(self(en));
    return r;
}

static int op_fits(struct engine *en, const struct request *r, struct err *err)
{
    return sched_fits(self(en)->q.sched, r, err);
}

static int op_queue(struct engine *en, const struct engine_job *j, struct err *err)
{
    if (local_find(self(en), j->id))
        return 0; /* it has been started already */
    return queue_put(&self(en)->q, j, err);
}

static void op_drop(struct engine *en, uint64_t id)
{
    struct queue *q = &self(en)->q;

    if (local_find(self(en), id))
        return; /* started: cancel is the way */
    if (sched_remove(q->sched, id) == -EBUSY)
        (void)sched_release(q->sched, id); /* unknown is fine */
    queue_kick(q);
}

static int keep_inputs(struct local_job *j, const struct engine_start *s)
{
    j->home = s->home;
    if (s->spec)
        j->request = s->spec->request;
    if (!s->inputs_dir || s->home)
        return 0;
    j->inputs_dir = strdup(s->inputs_dir);
    return j->inputs_dir ? 0 : -ENOMEM;
}

static int op_start(struct engine *en, const struct engine_start *s, struct err *err)
{
    struct local *e = self(en);
    struct local_job *j = local_find(e, s->id);
    struct sched_view v;
    int64_t now_s = queue_now_s();
    int r;

    if (j)
        return j->epoch == s->epoch
                   ? 0 /* adopted: its nodes say how far it came */
                   : err_set(err, -EBUSY, "epoch %u of job %llu is still here",
                             j->epoch, (unsigned long long)s->id);
    if (!sched_view(e->q.sched, s->id, now_s, &v) || v.state != SCHED_RESERVED)
        return err_set(err, -ENOENT, "nothing is reserved for job %llu",
                       (unsigned long long)s->id);
    j = local_job_new(e, s->id, s->epoch);
    r = j ? keep_inputs(j, s) : -ENOMEM;
    if (!r)
        r = parts_from_picks(j, &v);
    if (!r)
        r = order_make(j, s, v.limit_s, err);
    if (r) {
        if (j)
            local_job_free(j);
        (void)sched_release(e->q.sched, s->id); /* it is reserved */
        queue_kick(&e->q);
        return r;
    }
    (void)sched_start(e->q.sched, s->id, now_s); /* it is reserved */
    j->in_sched = true;
    j->state = LJOB_PREPARING;
    local_drive(j);
    return 0;
}

static void op_cancel(struct engine *en, uint64_t id, int signal)
{
    struct local_job *j = local_find(self(en), id);
    struct local_node *n;

    if (!j || j->state >= LJOB_RELEASING)
        return;
    if (signal == 0)
        j->cancelled = true;
    n = j->n_parts ? j->parts[0].node : NULL;
    if (j->state == LJOB_PREPARING && signal == 0)
        event_active(j->later, EV_TIMEOUT, 0);
    else if (n)
        (void)node_tell(n, json_pack("{s:s, s:I, s:I, s:i}", "t", "cancel", "id",
                                     (json_int_t)id, "epoch", (json_int_t)j->epoch,
                                     "signal", signal)); /* away: when it is back */
}

static void op_adopt(struct engine *en,
                     const struct engine_start *s,
                     struct wall started)
{
    struct local *e = self(en);
    struct timeval tv = {.tv_sec = e->node_lost_s};
    struct local_node *n;
    struct local_node *next;
    struct local_job *j;

    if (local_find(e, s->id))
        return;
    j = local_job_new(e, s->id, s->epoch);
    if (!j || keep_inputs(j, s)) {
        if (j)
            local_job_free(j);
        return; /* the daemon asks again after its next restart */
    }
    j->state = LJOB_ADOPTED;
    j->started = started;
    j->own = s->home;
    (void)word_copy(j->institution, sizeof(j->institution),
                    s->institution ? s->institution : "");
    (void)word_copy(j->project, sizeof(j->project), s->project ? s->project : "");
    (void)evtimer_add(j->later, &tv); /* cannot fail: the event has its slot */
    TABLE_FOREACH (e->nodes, n, next)
        if (n->conn && local_find(e, s->id) == j)
            local_on_node(n);
}

static void op_forget(struct engine *en, uint64_t id)
{
    struct local_job *j = local_find(self(en), id);

    if (!j || j->state != LJOB_ENDED)
        return;
    for (size_t i = 0; i < j->n_parts; i++)
        (void)node_tell_job(j->parts[i].node, "forget", j); /* away: when it reports */
    if (j->output_dir)
        files_remove(j->output_dir);
    local_job_free(j);
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
    struct local *e = self(en);
    struct local_node *n;
    struct local_node *next;

    TABLE_FOREACH (e->nodes, n, next) {
        struct engine_node o;

        queue_node(&e->q, n->index, &o);
        (void)word_copy(o.text, sizeof(o.text), /* the same ceiling */
                        n->conn    ? n->address
                        : n->known ? "does not answer"
                                   : "has not registered yet");
        each(&o, arg);
    }
}

static void *op_free(struct engine *en)
{
    struct local *e = self(en);
    struct local_job *j;
    struct local_job *next;

    if (!e)
        return NULL;
    TABLE_FOREACH (e->jobs, j, next)
        local_job_free(j);
    nodes_close(e);
    queue_release(&e->q);
    local_place_release(&e->place);
    free(e);
    return NULL;
}

static const struct engine_ops ops = {
    .name = "local",
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

int engine_local_new(struct event_base *base,
                     const struct engine_local_config *config,
                     const struct engine_callbacks *cb,
                     void *arg,
                     struct engine **ret_engine,
                     struct err *err)
{
    struct local *e = calloc(1, sizeof(*e));
    int r;

    if (!e)
        return err_set(err, -ENOMEM, "no memory");
    e->engine.ops = &ops;
    e->base = base;
    e->cb = cb;
    e->arg = arg;
    e->node_lost_s = config->node_lost_s ? config->node_lost_s : NODE_LOST_S;
    e->transfer_max = config->transfer_max ? config->transfer_max : TRANSFER_MAX;
    r = queue_init(&e->q, base, cb, arg, on_ready, e);
    if (!r)
        sched_choose_set(e->q.sched, local_place_choose, e);
    if (!r && !word_copy(e->center, sizeof(e->center), config->center))
        r = err_set(err, -EINVAL, "center \"%s\" is too long a name", config->center);
    if (!r && !word_copy(e->spool, sizeof(e->spool), config->spool))
        r = err_set(err, -ENAMETOOLONG, "spool %s is too long", config->spool);
    if (!r)
        r = path_make_dirs(e->spool, 0700, err);
    if (!r)
        r = nodes_open(e, config, err);
    if (r) {
        op_free(&e->engine);
        return r;
    }
    *ret_engine = &e->engine;
    return 0;
}

const char *engine_local_address(const struct engine *e)
{
    return door_address(((const struct local *)e)->door);
}
