/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* engine_glue - between fed and the engine: callbacks become events, effects become
 * calls */
#include "config.h"

#include "daemon/engine_glue.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "base/path.h"
#include "base/table.h"
#include "daemon/job_dir.h"
#include "daemon/peers.h"
#include "daemon/profiles.h"
#include "daemon/returning.h"
#include "engine/local.h"
#include "engine/null.h"
#include "engine/queue.h"
#ifdef HAVE_SLURM
#include "engine/slurm.h"
#endif
#include "model/job_id.h"
#include "wire/noun_json.h"

#include "base/banned.h"

static void on_ready(uint64_t id, void *arg)
{
    struct center *c = arg;
    struct fed_effects fx;

    if (fed_engine_ready(c->fed, id, now_read(), &fx) == 0)
        center_apply(c, &fx);
}

static void on_impossible(uint64_t id, const char *why, void *arg)
{
    struct center *c = arg;
    struct fed_effects fx;

    if (fed_engine_refused(c->fed, id, why, now_read(), &fx) == 0)
        center_apply(c, &fx);
}

static void on_started(uint64_t id,
                       uint32_t epoch,
                       struct wall at,
                       const char *nodes,
                       const struct rank_map *rank_map,
                       void *arg)
{
    struct center *c = arg;
    struct fed_effects fx;

    if (fed_engine_started(c->fed, id, epoch, at, nodes, rank_map, now_read(), &fx)
        == 0)
        center_apply(c, &fx);
}

static void on_ended(const struct engine_end *e, void *arg)
{
    struct center *c = arg;
    struct fed_effects fx;
    struct fed_end end = {
        .id = e->id,
        .epoch = e->epoch,
        .state = e->state,
        .reason = e->reason,
        .exit_code = e->exit_code,
        .exit_signal = e->exit_signal,
        .started = e->started,
        .ended = e->ended,
        .usage = e->usage,
        .rank_map = e->rank_map,
        .nodes = e->nodes,
        .note = e->note,
        .files = e->output_dir != NULL,
    };

    if (e->output_dir)
        returning_expect(c->returning, e->id, e->output_dir);
    if (fed_engine_ended(c->fed, &end, now_read(), &fx) == 0)
        center_apply(c, &fx);
}

static int load_spec(struct center *c,
                     uint64_t id,
                     struct job_spec **ret_spec,
                     struct err *err);

static void on_traffic(struct engine_traffic *t, void *arg)
{
    struct center *c = arg;
    const struct copy *x = fed_copy(c->fed, t->id);
    _cleanup_(job_spec_freep) struct job_spec *spec = NULL;

    if (x && x->epoch == t->epoch && load_spec(c, t->id, &spec, NULL) == 0)
        profiles_take(c, x, spec, t);
}

static void on_supply_changed(void *arg)
{
    struct center *c = arg;

    peers_supply_changed(c->peers);
}

static int local_fits(void *arg, const struct request *r, struct err *err)
{
    struct center *c = arg;

    return c->engine->ops->fits(c->engine, r, err);
}

static int64_t local_estimate(void *arg, const struct request *r)
{
    struct center *c = arg;

    return c->engine->ops->estimate(c->engine, r, true);
}

static void local_odds(void *arg, const struct request *r, struct route_view *v)
{
    struct center *c = arg;
    struct queue *q = c->engine->ops->scheduler(c->engine);
    const struct forecast *f = queue_forecast(q);
    struct forecast_wait w = queue_odds(q, r, true, v->wait_s);
    int held = forecast_held90(f);

    if (held < 0)
        return; /* no record yet */
    v->p50_s = w.p50_s;
    v->p90_s = w.p90_s;
    v->n_scored = (uint32_t)f->n;
    v->held90 = (uint32_t)held;
}

const struct fed_local engine_glue_local = {
    .fits = local_fits, .estimate = local_estimate, .odds = local_odds};

#define USAGE_TEXT_MAX (16u << 20)

/* How its estimates held and what sharing saved, kept over a restart; without the file
 * the record is only shorter. */
static int record_path(const struct center *c, const char *name, char path[PATH_MAX])
{
    return path_join(path, PATH_MAX, c->settings->state_dir, name);
}

static void keep(const struct center *c, const char *name, struct buf *b)
{
    char path[PATH_MAX];
    struct err err = {0};
    int r = record_path(c, name, path);

    if (r == 0)
        r = b->err ? b->err : path_write(path, buf_text(b), b->len, 0600, &err);
    if (r < 0)
        log_info("%s: the scheduler's record was not kept: %s", name,
                 err_text(&err, r));
    buf_release(b);
}

void engine_glue_keep(struct center *c)
{
    struct buf record = BUF_INIT(FORECAST_TEXT_MAX);
    struct buf usage = BUF_INIT(USAGE_TEXT_MAX);
    struct sched *s = c->engine->ops->scheduler(c->engine)->sched;

    sched_keep(s, &record);
    keep(c, "scheduler", &record);
    sched_keep_usage(s, queue_now_s(), &usage);
    keep(c, "fairshare", &usage);
}

/* One of our own jobs stands so now: what sharing saves our users is counted by it. */
void engine_glue_own(struct center *c, const struct holding *h)
{
    struct queue *q = c->engine->ops->scheduler(c->engine);
    int64_t now_us = now_read().wall.us;
    struct sched_own o = {.job = h->id,
                          .user = table_hash(h->project, strlen(h->project)),
                          .submit_s = MAX(h->submitted.us, h->begin.us) / US_PER_S,
                          .state = OWN_WAITS};

    if (h->hold >= HOLD_RETURNING) {
        o.state = OWN_OVER;
        if (h->started.us && h->ended.us > h->started.us)
            o.run_s = (h->ended.us - h->started.us + US_PER_S - 1) / US_PER_S;
    } else if (h->hold == HOLD_STARTED) {
        o.state = OWN_RUNS;
    } else if (h->held || h->begin.us > now_us) {
        return; /* not yet: nobody keeps it waiting but its user */
    }
    if (sched_own(q->sched, &o, &h->request, now_us / US_PER_S) < 0)
        log_info("job %llu: no memory to count what sharing saves",
                 (unsigned long long)h->id);
    queue_kick(q);
}

static int own_again(const struct holding *h, void *arg)
{
    engine_glue_own(arg, h);
    return 0;
}

static void read_back(struct center *c,
                      const char *name,
                      size_t most,
                      int (*recall)(struct sched *s, const char *text, struct err *err))
{
    struct buf b = BUF_INIT(most);
    char path[PATH_MAX];
    struct err err = {0};
    int r = record_path(c, name, path);

    if (r == 0)
        r = path_read(path, &b, &err);
    if (r == 0)
        r = recall(c->engine->ops->scheduler(c->engine)->sched, buf_text(&b), &err);
    if (r < 0 && r != -ENOENT)
        log_info("%s: %s: the scheduler's record begins anew", path, err_text(&err, r));
    buf_release(&b);
}

int engine_glue_open(struct center *c, struct err *err)
{
    static const struct engine_callbacks cb = {
        .ready = on_ready,
        .impossible = on_impossible,
        .started = on_started,
        .ended = on_ended,
        .traffic = on_traffic,
        .supply_changed = on_supply_changed,
    };
    const struct settings *s = c->settings;
    int r;

    if (!strcmp(s->engine, "null")) {
        const struct engine_null_config null = {.node_cores = s->null_cores,
                                                .delay_ms = s->null_run_ms};

        r = engine_null_new(c->base, &null, &cb, c, &c->engine, err);
    } else if (!strcmp(s->engine, "slurm")) {
#ifdef HAVE_SLURM
        const struct engine_slurm_config slurm = {
            .conf = s->slurm_conf,
            .center = s->site->name,
            .spool = s->slurm_spool,
            .account = s->slurm_account,
            .transfer_max = s->transfer_max,
            .release_rate = s->release_rate,
            .completions = s->completions,
            .sweep_s = s->sweep_s,
            .nodes = s->listen_nodes,
            .munge_socket = s->munge_socket,
        };

        r = engine_slurm_new(c->base, &slurm, &cb, c, &c->engine, err);
#else
        r = err_set(err, -ENOSYS, "built without libslurm");
#endif
    } else {
        char spool[PATH_MAX];
        const struct engine_local_config local = {
            .address = s->listen_nodes,
            .munge_socket = s->munge_socket,
            .center = s->site->name,
            .spool = spool,
            .node_lost_s = s->node_lost_s,
            .transfer_max = s->transfer_max,
        };

        if (path_join(spool, sizeof(spool), s->state_dir, "outputs") < 0)
            return err_set(err, -ENAMETOOLONG, "state_dir is too long");
        r = engine_local_new(c->base, &local, &cb, c, &c->engine, err);
    }
    if (r == 0) {
        read_back(c, "scheduler", FORECAST_TEXT_MAX, sched_recall);
        read_back(c, "fairshare", USAGE_TEXT_MAX, sched_recall_usage);
    }
    if (r == 0)
        r = c->engine->ops->configure(c->engine, s->site, err);
    return r;
}

/* The engine says no: fed hears it as an event of its own, not inside this one. */
static void refused(struct center *c, uint64_t id, const struct err *err, int r)
{
    log_info("job %llu: %s", (unsigned long long)id, err_text(err, r));
    on_impossible(id, err_text(err, r), c);
}

void engine_glue_queue(struct center *c, uint64_t id)
{
    const struct copy *x = fed_copy(c->fed, id);
    struct engine_job j = {.id = id};
    struct err err = {0};
    int r;

    if (!x || x->copy != COPY_QUEUED)
        return;
    j.request = x->request;
    memcpy(j.institution, x->institution, sizeof(j.institution));
    memcpy(j.project, x->project, sizeof(j.project));
    j.own = x->holder == center_site(c)->number;
    j.priority = x->priority;
    j.queued = x->queued;
    r = c->engine->ops->queue(c->engine, &j, &err);
    if (r < 0)
        refused(c, id, &err, r);
}

/* The stored spec of a job, judged again: the store may be older than the rules. */
static int load_spec(struct center *c,
                     uint64_t id,
                     struct job_spec **ret_spec,
                     struct err *err)
{
    struct buf text = BUF_INIT(FRAME_MAX_PEER);
    json_t *o = NULL;
    int r = store_get_spec(c->store, id, &text);

    if (r == 0 && !(o = json_loadb(text.data, text.len, 0, NULL)))
        r = -EBADMSG;
    buf_release(&text);
    if (r < 0)
        return err_set(err, r, "the job's script cannot be read: %s", strerror(-r));
    r = job_spec_from_json(o, ret_spec, err);
    json_decref(o);
    if (r == 0)
        r = job_spec_check(*ret_spec, err);
    return r;
}

static struct engine_start start_of(struct center *c, const struct copy *x)
{
    const struct site *s = center_site(c);

    return (struct engine_start){
        .id = x->id,
        .epoch = x->epoch,
        .account = x->account,
        .person = x->person,
        .institution = x->institution,
        .project = x->project,
        .home = x->holder == s->number,
        .entry = site_center_name(s, x->holder),
    };
}

void engine_glue_start(struct center *c,
                       uint64_t id,
                       uint32_t epoch,
                       const char *inputs_dir)
{
    const struct copy *x = fed_copy(c->fed, id);
    _cleanup_(job_spec_freep) struct job_spec *spec = NULL;
    struct buf matrix = BUF_INIT(PROFILE_MAX + 1);
    struct engine_start start;
    struct err err = {0};
    int r;

    if (!x || x->copy != COPY_STARTING || x->epoch != epoch)
        return;
    r = load_spec(c, id, &spec, &err);
    if (r == 0) {
        start = start_of(c, x);
        start.spec = spec;
        start.inputs_dir = inputs_dir;
        profiles_find(c, x, spec, &matrix);
        start.matrix = matrix.len ? buf_text(&matrix) : NULL;
        start.matrix_len = matrix.len;
        r = c->engine->ops->start(c->engine, &start, &err);
        buf_release(&matrix);
    }
    if (r < 0)
        refused(c, id, &err, r);
}

/* Where staging.c has gathered a guest's inputs; whole if the engine was told to start.
 */
static bool inputs_of(struct center *c,
                      const struct copy *x,
                      const struct job_spec *spec,
                      char dir[PATH_MAX])
{
    return x->holder != center_site(c)->number && spec && spec->n_inputs > 0
           && job_dir_path(c, x->id, "in", dir) == 0;
}

/* STARTING: perhaps a node was told, perhaps not; fed says FX_START again. */
static int adopt_one(const struct copy *x, void *arg)
{
    struct center *c = arg;
    char dir[PATH_MAX];
    _cleanup_(job_spec_freep) struct job_spec *spec = NULL;
    struct engine_start start = start_of(c, x);
    struct err err = {0};

    if (x->copy != COPY_STARTING && x->copy != COPY_RUNNING
        && x->copy != COPY_RETURNING)
        return 0;
    if (load_spec(c, x->id, &spec, &err) < 0)
        log_error("job %llu: %s", (unsigned long long)x->id, err.text);
    start.spec = spec;
    start.inputs_dir = inputs_of(c, x, spec, dir) ? dir : NULL;
    c->engine->ops->adopt(c->engine, &start,
                          x->copy == COPY_STARTING ? (struct wall){0} : x->started);
    return 0;
}

void engine_glue_adopt(struct center *c)
{
    fed_each_copy(c->fed, adopt_one, c);
    fed_each_holding(c->fed, 0, own_again, c);
}
