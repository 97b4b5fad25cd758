/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* gate - effects are written down first and carried out when that is durable */
#include "config.h"

#include "daemon/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/number.h"
#include "daemon/engine_glue.h"
#include "daemon/peers.h"
#include "daemon/returning.h"
#include "daemon/staging.h"
#include "daemon/users.h"
#include "model/job_id.h"
#include "wire/noun_json.h"

#include "base/banned.h"

struct deed {
    STAILQ_ENTRY(deed) next;
    uint64_t batch;
    enum fx_kind kind;
    uint64_t id;
    uint32_t epoch;
    uint32_t center;
    int signal;
    uint64_t ticket;
    int code;
    char *text;    /* answer */
    json_t *frame; /* SEND */
    bool needs_spec;
    void (*deed)(void *arg);
    void (*cancel)(void *arg);
    void *arg;
};

struct gate {
    struct center *c;
    struct event *turn; /* end of this turn: commit */
    bool touched;
    uint64_t durable;
    size_t n_waiting;
    STAILQ_HEAD(deeds, deed) open; /* of the batch that is not closed yet */
    struct deeds closed;           /* wait for their batch */
};

static void deed_free(struct deed *d)
{
    if (d->cancel)
        d->cancel(d->arg);
    json_decref(d->frame);
    free(d->text);
    free(d);
}

static void do_send(struct center *c, struct deed *d)
{
    if (d->needs_spec) {
        struct buf text = BUF_INIT(FRAME_MAX_PEER);
        json_t *spec = NULL;

        if (store_get_spec(c->store, d->id, &text) == 0)
            spec = json_loadb(text.data, text.len, 0, NULL);
        if (spec)
            (void)json_object_set_new(d->frame, "spec",
                                      spec); /* the peer refuses a GO without */
        else
            log_error("job %llu: its script is not in the store",
                      (unsigned long long)d->id);
        buf_release(&text);
    }
    peers_send(c->peers, d->center, d->frame);
}

static void carry_out(struct gate *g, struct deed *d)
{
    struct center *c = g->c;

    if (d->deed) {
        void (*deed)(void *) = d->deed;

        d->cancel = NULL;
        deed(d->arg);
        return;
    }
    switch (d->kind) {
    case FX_SEND:
        do_send(c, d);
        break;
    case FX_QUEUE:
        engine_glue_queue(c, d->id);
        break;
    case FX_DROP:
        staging_stop(c->staging, d->id);
        c->engine->ops->drop(c->engine, d->id);
        break;
    case FX_START:
        staging_start(c->staging, d->id, d->epoch);
        break;
    case FX_CANCEL:
        if (!staging_cancel(c->staging, d->id))
            c->engine->ops->cancel(c->engine, d->id, d->signal);
        break;
    case FX_FORGET:
        c->engine->ops->forget(c->engine, d->id);
        returning_forget(c->returning, d->id);
        break;
    case FX_RETURN:
        returning_start(c->returning, d->id, d->center);
        break;
    case FX_ANSWER:
        users_answer(c->users, d->ticket, d->id, d->code, d->text);
        break;
    case FX_FINAL:
        users_final(c->users, d->id);
        break;
    case FX_SAVE_HOLDING:
    case FX_SAVE_COPY:
    case FX_DROP_COPY:
    case FX_SAVE_SPEC:
    case FX_SAVE_VIEWS:
    case FX_SAVE_POSTING:
    case FX_SAVE_RUN:
    case FX_SAVE_SEQUENCE:
    case _FX_KIND_MAX:
        break; /* written down, never queued */
    }
}

static void release(struct gate *g)
{
    struct deed *d;

    while ((d = STAILQ_FIRST(&g->closed)) && d->batch <= g->durable) {
        STAILQ_REMOVE_HEAD(&g->closed, next);
        g->n_waiting--;
        carry_out(g, d);
        deed_free(d);
    }
}

void gate_durable(uint64_t batch, void *gate)
{
    struct gate *g = gate;

    g->durable = batch;
    release(g);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct gate *g = arg;
    struct deed *d;
    uint64_t batch = 0;
    int r = store_commit(g->c->store, &batch);

    (void)fd;
    (void)what;
    if (r < 0)
        log_error("the store takes nothing: %s", strerror(-r));
    g->touched = false;
    STAILQ_FOREACH(d, &g->open, next)
    {
        d->batch = r < 0 ? UINT64_MAX : batch;
    }
    STAILQ_CONCAT(&g->closed, &g->open);
    g->durable = store_durable(g->c->store);
    release(g);
}

void gate_touch(struct gate *g)
{
    if (g->touched)
        return;
    g->touched = true;
    event_active(g->turn, EV_TIMEOUT, 0);
}

int gate_open(struct center *c, struct gate **ret_gate)
{
    struct gate *g = calloc(1, sizeof(*g));

    if (!g)
        return -ENOMEM;
    g->c = c;
    STAILQ_INIT(&g->open);
    STAILQ_INIT(&g->closed);
    g->turn = event_new(c->base, -1, 0, on_turn, g);
    if (!g->turn) {
        free(g);
        return -ENOMEM;
    }
    *ret_gate = g;
    return 0;
}

void *gate_free(struct gate *g)
{
    struct deed *d;

    if (!g)
        return NULL;
    STAILQ_CONCAT(&g->closed, &g->open);
    while ((d = STAILQ_FIRST(&g->closed))) {
        STAILQ_REMOVE_HEAD(&g->closed, next);
        deed_free(d);
    }
    event_free(g->turn);
    free(g);
    return NULL;
}

size_t gate_waiting(const struct gate *g)
{
    return g->n_waiting;
}

static void add(struct gate *g, struct deed *d)
{
    STAILQ_INSERT_TAIL(&g->open, d, next);
    g->n_waiting++;
    gate_touch(g);
}

void gate_after(struct gate *g,
                void (*deed)(void *arg),
                void (*cancel)(void *arg),
                void *arg)
{
    struct deed *d = calloc(1, sizeof(*d));

    if (!d) {
        cancel(arg);
        return;
    }
    d->deed = deed;
    d->cancel = cancel;
    d->arg = arg;
    add(g, d);
}

#define MIB ((uint64_t)1 << 20)

static uint64_t mib_of(const struct request *q)
{
    uint64_t nodes = q->min_nodes ? q->min_nodes : 1;
    uint64_t bytes = 0;

    if (q->mem_node_bytes ? !mul_ok(q->mem_node_bytes, nodes, &bytes)
                          : !mul_ok(q->mem_cpu_bytes, request_cores(q), &bytes))
        bytes = INT64_MAX;
    return bytes / MIB + (bytes % MIB != 0);
}

/* What was asked for, as records have it. */
static void set_request(struct stored_run *r, const struct request *q)
{
    uint64_t cores = request_cores(q);

    r->req_nodes = q->min_nodes;
    r->req_cores = cores > UINT32_MAX ? UINT32_MAX : (uint32_t)cores;
    r->req_gpus = q->gpus_per_node * (q->min_nodes ? q->min_nodes : 1);
    r->req_mem_mib = mib_of(q);
    r->time_limit_s = q->time_limit_s;
    memcpy(r->gpu_type, q->gpu_type, sizeof(r->gpu_type));
}

/* The run as the books of this center have it. */
static struct stored_run run_of(const struct center *c, const struct fed_fx *fx)
{
    struct stored_run r = {
        .job = fx->id,
        .epoch = fx->epoch,
        .hosted = fx->hosted,
        .entry = job_id_center(fx->id),
        .host = fx->center,
    };

    if (fx->hosted) {
        const struct copy *x = fx->copy;
        const struct partition *p =
            site_partition(center_site(c), x->request.partition);

        memcpy(r.person, x->person, sizeof(r.person));
        memcpy(r.institution, x->institution, sizeof(r.institution));
        memcpy(r.project, x->project, sizeof(r.project));
        memcpy(r.partition, p ? p->name : x->request.partition, sizeof(r.partition));
        r.state = x->outcome;
        r.started = x->started;
        r.ended = x->ended;
        r.usage = x->usage;
        r.submitted = x->submitted;
        r.queued = x->queued;
        r.restarts = x->restarts;
        r.exit_code = x->exit_code > 0 ? (uint32_t)x->exit_code : 0;
        r.exit_signal = x->exit_signal > 0 ? (uint32_t)x->exit_signal : 0;
        memcpy(r.name, x->name, sizeof(r.name));
        memcpy(r.nodes, x->nodes, sizeof(r.nodes));
        set_request(&r, &x->request);
    } else {
        const struct holding *x = fx->holding;

        memcpy(r.person, x->person, sizeof(r.person));
        memcpy(r.institution, x->institution, sizeof(r.institution));
        memcpy(r.project, x->project, sizeof(r.project));
        memcpy(r.partition, x->request.partition, sizeof(r.partition));
        r.state = x->state;
        r.started = x->started;
        r.ended = x->ended;
        r.usage = x->usage;
        r.submitted = x->submitted;
        r.restarts = x->restarts;
        set_request(&r, &x->request);
    }
    return r;
}

/* 1 = it was something to write down, 0 = it is a deed, -E… */
static int write_down(struct gate *g, const struct fed_fx *fx, struct wall at)
{
    struct store *s = g->c->store;
    struct stored_run run;
    int r;

    switch (fx->kind) {
    case FX_SAVE_HOLDING:
        r = store_put_holding(s, fx->holding, fx->what, at);
        if (g->c->engine)
            engine_glue_own(g->c, fx->holding);
        break;
    case FX_SAVE_COPY:
        r = store_put_copy(s, fx->copy, fx->what, at);
        break;
    case FX_DROP_COPY:
        r = store_drop_copy(s, fx->id, fx->what, at);
        break;
    case FX_SAVE_SPEC:
        r = store_put_spec(s, fx->id, fx->spec, fx->spec_len);
        break;
    case FX_SAVE_VIEWS:
        r = store_put_views(s, fx->id, fx->epoch, at, fx->views, fx->n_views);
        break;
    case FX_SAVE_POSTING:
        r = store_put_postings(s, &fx->posting, 1);
        break;
    case FX_SAVE_RUN:
        run = run_of(g->c, fx);
        r = store_put_run(s, &run);
        break;
    case FX_SAVE_SEQUENCE:
        r = store_put_fact(s, "sequence", fx->id);
        break;
    case FX_SEND:
    case FX_QUEUE:
    case FX_DROP:
    case FX_START:
    case FX_CANCEL:
    case FX_FORGET:
    case FX_RETURN:
    case FX_ANSWER:
    case FX_FINAL:
    case _FX_KIND_MAX:
    default:
        return 0;
    }
    return r < 0 ? r : 1;
}

static struct deed *deed_of(const struct fed_fx *fx)
{
    struct deed *d = calloc(1, sizeof(*d));

    if (!d)
        return NULL;
    d->kind = fx->kind;
    d->id = fx->id;
    d->epoch = fx->epoch;
    d->center = fx->center;
    d->signal = fx->signal;
    d->ticket = fx->ticket;
    d->code = fx->code;
    d->text = fx->what[0] ? strdup(fx->what) : NULL;
    if (fx->kind == FX_SEND) {
        d->frame = peer_msg_to_json(&fx->msg);
        d->needs_spec = fx->msg.kind == PEER_GO;
    }
    return d;
}

/*
 * A state that cannot be written down, or a deed that cannot be remembered, must
 * not be acted upon. Memory is the only cause left (the store keeps what it cannot
 * write yet): stop, and start again from what is durable.
 */
static void give_up(const char *what, int r)
{
    log_error("cannot %s: %s: stopping, to start again from what is written down", what,
              strerror(-r));
    abort();
}

void gate_take(struct gate *g, const struct fed_effects *fx)
{
    struct wall at = now_read().wall;

    for (size_t i = 0; i < fx->n; i++) {
        int r = write_down(g, &fx->v[i], at);
        struct deed *d;

        if (r < 0)
            give_up("write a state down", r);
        if (r > 0) {
            gate_touch(g);
            continue;
        }
        d = deed_of(&fx->v[i]);
        if (!d || (d->kind == FX_SEND && !d->frame))
            give_up("remember an effect", -ENOMEM);
        if (fx->v[i].early) {
            carry_out(g, d);
            deed_free(d);
        } else {
            add(g, d);
        }
    }
}
