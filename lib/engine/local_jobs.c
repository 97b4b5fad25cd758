/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * local_jobs - the life of a job that was told to start
 *
 *     PREPARING -> STARTING -> RUNNING -> RELEASING -> FETCHING -> ENDED
 *     ADOPTED  --------------> (what its nodes report)
 *
 * Each state can be driven again at any time: a node that comes back is asked what
 * the state asks for, and its answers are folded in once. A node that is away is
 * waited for; only `node_lost_s`, or its own word that it knows nothing of a job that
 * it had started, makes a NODE_FAIL.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "engine/local_int.h"
#include "wire/noun_json.h"

#include "base/banned.h"

struct local_job *local_find(const struct local *e, uint64_t id)
{
    struct local_job *j;

    TABLE_FIND(e->jobs, &id, j);
    return j;
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
    struct local_job *j = arg;

    (void)fd;
    (void)what;
    if (j->state == LJOB_ADOPTED)
        local_fail(j, JOB_NODE_FAIL, REASON_NODE_DOWN, "no node has come back with it");
    else
        local_finish(j);
}

struct local_job *local_job_new(struct local *e, uint64_t id, uint32_t epoch)
{
    struct local_job *j = calloc(1, sizeof(*j));

    if (!j)
        return NULL;
    j->e = e;
    j->id = id;
    j->epoch = epoch;
    j->note = BUF_INIT(LOCAL_NOTE_MAX);
    j->later = evtimer_new(e->base, on_later, j);
    if (!j->later || TABLE_ADD(e->jobs, id, j)) {
        if (j->later)
            event_free(j->later);
        free(j);
        return NULL;
    }
    return j;
}

void local_job_free(struct local_job *j)
{
    HASH_DEL(j->e->jobs, j);
    parts_free(j);
    event_free(j->later);
    buf_release(&j->note);
    json_decref(j->order);
    json_decref(j->files);
    traffic_free(j->traffic);
    free(j->inputs_dir);
    free(j->nodes);
    free(j->output_dir);
    free(j);
}

static struct local_node *first(const struct local_job *j)
{
    return j->n_parts ? j->parts[0].node : NULL;
}

static const struct rank_map *rank_map_of(const struct local_job *j)
{
    return rank_map_is_set(&j->rank_map) ? &j->rank_map : NULL;
}

/* Nodes and cores are free again; the run is over. */
static void give_back(struct local_job *j)
{
    if (j->in_sched) {
        if (j->outcome == JOB_NODE_FAIL)
            (void)sched_end_unlearned(j->e->q.sched, j->id); /* it is in */
        else
            (void)sched_end(j->e->q.sched, j->id, queue_now_s()); /* it is in */
    }
    j->in_sched = false;
    parts_give_back(j);
    queue_kick(&j->e->q);
}

void local_finish(struct local_job *j)
{
    struct engine_end end = {.id = j->id,
                             .epoch = j->epoch,
                             .state = j->outcome,
                             .reason = j->reason,
                             .exit_code = j->exit_code,
                             .exit_signal = j->exit_signal,
                             .started = j->started,
                             .ended = j->ended,
                             .usage = j->usage,
                             .rank_map = rank_map_of(j),
                             .nodes = j->nodes ? j->nodes : "",
                             .note = j->note.len ? buf_text(&j->note) : NULL,
                             .output_dir = j->output_dir};

    give_back(j);
    j->state = LJOB_ENDED;
    j->e->cb->ended(&end, j->e->arg); /* may forget it: j is not used after */
}

static void measure(struct local_job *j)
{
    int64_t us = j->ended.us - j->started.us;
    uint64_t bytes = 0;
    uint64_t gpus = 0;

    for (size_t i = 0; i < j->n_parts; i++) {
        bytes += j->parts[i].bytes;
        gpus += (uint64_t)__builtin_popcountll(j->parts[i].gpus);
    }
    j->usage.elapsed_s = us > 0 ? (uint64_t)((us + US_PER_S - 1) / US_PER_S) : 0;
    j->usage.core_s = j->usage.n_cores * j->usage.elapsed_s;
    j->usage.mem_mib_s = (bytes >> 20) * j->usage.elapsed_s;
    j->usage.gpu_s = gpus * j->usage.elapsed_s;
}

static void release_parts(struct local_job *j)
{
    for (size_t i = 0; i < j->n_parts; i++) {
        struct local_part *p = &j->parts[i];

        if (!p->released && (i > 0 || j->state != LJOB_RELEASING))
            (void)node_tell_job(p->node, "release", j); /* away: when it comes back */
    }
}

void local_fail(struct local_job *j,
                enum job_state state,
                enum job_reason reason,
                const char *note)
{
    struct wall now = now_read().wall;

    if (j->state == LJOB_ENDED)
        return;
    release_parts(j);
    j->outcome = j->cancelled ? JOB_CANCELLED : state;
    j->reason = j->cancelled ? REASON_NONE : reason;
    j->ended = now;
    if (!j->started.us)
        j->started = now;
    buf_printf(&j->note, "%s%s", j->note.len ? "; " : "", note);
    measure(j);
    local_finish(j);
}

/* Its other nodes have cleaned up (or are away): outputs next. */
static void drive_release(struct local_job *j)
{
    for (size_t i = 1; i < j->n_parts; i++)
        if (!j->parts[i].released && j->parts[i].node->conn)
            return;
    give_back(j);
    traffic_tell(j);
    j->state = LJOB_FETCHING;
    local_drive(j);
}

static void drive_prepare(struct local_job *j)
{
    for (size_t i = 1; i < j->n_parts; i++)
        if (!j->parts[i].prepared)
            return;
    j->state = LJOB_STARTING;
    local_drive(j);
}

/* The same order, under another name. */
static int tell_order(struct local_node *n, const struct local_job *j, const char *t)
{
    json_t *o = json_copy(j->order);

    if (!o || json_object_set_new(o, "t", json_string(t))) {
        json_decref(o);
        return -ENOMEM;
    }
    return node_tell(n, o);
}

void local_drive(struct local_job *j)
{
    struct local_node *n = first(j);

    switch (j->state) {
    case LJOB_PREPARING:
        for (size_t i = 1; i < j->n_parts; i++)
            if (!j->parts[i].prepared)
                (void)tell_order(j->parts[i].node, j, "prepare"); /* or when it comes */
        drive_prepare(j);
        return;
    case LJOB_STARTING:
        if (n && n->conn) {
            (void)word_copy(j->boot, sizeof(j->boot), n->boot); /* the same ceiling */
            (void)tell_order(n, j, "start"); /* the conn is lost: again then */
        }
        return;
    case LJOB_RELEASING:
        release_parts(j);
        drive_release(j);
        return;
    case LJOB_FETCHING:
        files_fetch(j);
        return;
    case LJOB_ADOPTED:
    case LJOB_RUNNING:
    case LJOB_ENDED:
        return;
    }
}

static void on_started(struct local_job *j, const json_t *o)
{
    if (j->state != LJOB_STARTING && j->state != LJOB_ADOPTED)
        return;
    (void)evtimer_del(j->later); /* adopted: found */
    j->state = LJOB_RUNNING;
    j->started.us = json_integer_value(json_object_get(o, "at"));
    j->e->cb->started(j->id, j->epoch, j->started, j->nodes ? j->nodes : "",
                      rank_map_of(j), j->e->arg);
}

static void read_end(struct local_job *j, const json_t *o)
{
    const json_t *end = json_object_get(o, "end");
    const char *state = json_string_value(json_object_get(end, "state"));
    const char *reason = json_string_value(json_object_get(end, "reason"));
    const char *note = json_string_value(json_object_get(end, "note"));

    if (!state || !job_state_parse(state, &j->outcome))
        j->outcome = JOB_NODE_FAIL;
    if (!reason || !job_reason_parse(reason, &j->reason))
        j->reason = REASON_NONE;
    j->exit_code = (int32_t)json_integer_value(json_object_get(end, "exit_code"));
    j->exit_signal = (int32_t)json_integer_value(json_object_get(end, "exit_signal"));
    j->started.us = json_integer_value(json_object_get(end, "started"));
    j->ended.us = json_integer_value(json_object_get(end, "ended"));
    j->usage.cpu_us +=
        (uint64_t)(json_integer_value(json_object_get(end, "cpu_us"))
                   + json_integer_value(json_object_get(o, "step_cpu_us")));
    j->usage.max_rss_bytes =
        (uint64_t)MAX(json_integer_value(json_object_get(end, "max_rss")),
                      json_integer_value(json_object_get(o, "step_max_rss")));
    if (note && *note)
        buf_printf(&j->note, "%s%s", j->note.len ? "; " : "", note);
    j->files = json_incref(json_object_get(end, "files"));
    traffic_take(j, json_object_get(end, "traffic")); /* of its own ranks … */
    traffic_take(j, json_object_get(o, "traffic"));   /* … and of launches there */
    measure(j);
}

static void on_ended(struct local_job *j, const json_t *o)
{
    if (j->state == LJOB_FETCHING) {
        files_fetch(j); /* its connection was away in between */
        return;
    }
    if (j->state == LJOB_RELEASING || j->state == LJOB_ENDED)
        return;
    (void)evtimer_del(j->later); /* adopted: found */
    read_end(j, o);
    j->state = LJOB_RELEASING;
    local_drive(j);
}

static void on_released(struct local_job *j,
                        const struct local_node *n,
                        const json_t *o)
{
    uint64_t rss = (uint64_t)json_integer_value(json_object_get(o, "step_max_rss"));

    if (j->state != LJOB_RELEASING)
        return;
    for (size_t i = 1; i < j->n_parts; i++)
        if (j->parts[i].node == n && !j->parts[i].released) {
            j->parts[i].released = true;
            j->usage.cpu_us +=
                (uint64_t)json_integer_value(json_object_get(o, "step_cpu_us"));
            j->usage.max_rss_bytes = MAX(j->usage.max_rss_bytes, rss);
            traffic_take(j, json_object_get(o, "traffic"));
        }
    drive_release(j);
}

static void on_prepared(struct local_job *j, const struct local_node *n)
{
    if (j->state != LJOB_PREPARING)
        return;
    for (size_t i = 1; i < j->n_parts; i++)
        if (j->parts[i].node == n)
            j->parts[i].prepared = true;
    drive_prepare(j);
}

static void on_refused(struct local_job *j, const struct local_node *n, const json_t *o)
{
    const char *text = json_string_value(json_object_get(o, "text"));
    struct err err;

    if (j->state != LJOB_PREPARING && j->state != LJOB_STARTING)
        return;
    (void)err_set(&err, -EPERM, "node %s: %s", n->name, text ? text : "refused");
    local_fail(j, JOB_BOOT_FAIL, REASON_LAUNCH_FAILED, err.text);
}

void local_on_frame(struct local_node *n, const char *t, struct local_job *j, json_t *o)
{
    if (!strcmp(t, "prepared"))
        on_prepared(j, n);
    else if (!strcmp(t, "started") && n == first(j))
        on_started(j, o);
    else if (!strcmp(t, "ended") && n == first(j))
        on_ended(j, o);
    else if (!strcmp(t, "released"))
        on_released(j, n, o);
    else if (!strcmp(t, "refused"))
        on_refused(j, n, o);
    else if (!strcmp(t, "need"))
        files_send_input(n, j, o);
    else if (!strcmp(t, "output") && n == first(j))
        files_on_output(j, o);
}

/* One job that a node says it has. */
static void reported(struct local_node *n, const json_t *o)
{
    uint64_t id = (uint64_t)json_integer_value(json_object_get(o, "id"));
    json_int_t epoch = json_integer_value(json_object_get(o, "epoch"));
    const char *state = json_string_value(json_object_get(o, "state"));
    struct local_job *j = local_find(n->e, id);

    if (!state)
        return;
    if (!j || j->epoch != epoch) {
        static const char *const ends[] = {"cancel", "release", "forget"};

        log_warn("node %s has job %llu (%s) that nobody knows: it is ended", n->name,
                 (unsigned long long)id, state);
        for (size_t i = 0; i < 3; i++)
            (void)node_tell(n, json_pack("{s:s, s:I, s:I}", "t", ends[i], "id",
                                         (json_int_t)id, "epoch", epoch));
        return;
    }
    if (j->state != LJOB_ADOPTED)
        return;
    if (parts_from_table(j, json_object_get(o, "nodes")))
        return;
    if (json_object_get(o, "rank_map"))
        (void)rank_map_from_json(json_object_get(o, "rank_map"), &j->rank_map,
                                 NULL); /* not understood: not shown */
    /* Another of its nodes may have come first: only the script's own says how far it
     * is. */
    if (!j->in_sched && strcmp(state, "ended") != 0)
        (void)parts_restore(j); /* its nodes are full otherwise: told at the end */
    if (n == first(j) && !strcmp(state, "running")
        && json_integer_value(json_object_get(o, "at")))
        on_started(j, o);
}

static bool reports(const struct local_node *n, const struct local_job *j)
{
    size_t i;
    json_t *o;

    json_array_foreach(n->jobs, i,
                       o) if ((uint64_t)json_integer_value(json_object_get(o, "id"))
                                  == j->id
                              && json_integer_value(json_object_get(o, "epoch"))
                                     == j->epoch) return true;
    return false;
}

/* Whether its script is there, or was. */
static bool reports_script(const struct local_node *n, const struct local_job *j)
{
    size_t i;
    json_t *o;

    json_array_foreach(n->jobs, i, o)
    {
        if ((uint64_t)json_integer_value(json_object_get(o, "id")) == j->id
            && json_integer_value(json_object_get(o, "epoch")) == j->epoch
            && json_is_true(json_object_get(o, "script")))
            return true;
    }
    return false;
}

/* It was told to start in an earlier life of ours, and never did. */
static void never_started(struct local_job *j)
{
    struct local *e = j->e;
    uint64_t id = j->id;

    release_parts(j);
    j->outcome = JOB_NODE_FAIL;
    give_back(j);
    local_job_free(j);
    e->cb->impossible(id, "the center's restart came before its start", e->arg);
}

/*
 * Adopted ones that no node has. Nodes are judged when all that we ever knew have
 * come: we do not remember which of them a job was sent to.
 */
static void settle_adopted(struct local *e)
{
    struct local_node *n;
    struct local_node *next_node;
    struct local_job *j;
    struct local_job *next;

    TABLE_FOREACH (e->nodes, n, next_node)
        if (n->known && !n->boot[0])
            return;
    TABLE_FOREACH (e->jobs, j, next) {
        bool found = false;

        if (j->state != LJOB_ADOPTED)
            continue;
        TABLE_FOREACH (e->nodes, n, next_node)
            found = found || reports_script(n, j);
        if (found)
            continue;
        if (j->started.us)
            local_fail(j, JOB_NODE_FAIL, REASON_NODE_DOWN,
                       "its nodes came back without it");
        else
            never_started(j);
    }
    if (!e->swept)
        files_sweep(e);
    e->swept = true;
}

static bool has_part(const struct local_job *j, const struct local_node *n)
{
    for (size_t i = 0; i < j->n_parts; i++)
        if (j->parts[i].node == n)
            return true;
    return false;
}

void local_on_node(struct local_node *n)
{
    struct local_job *j;
    struct local_job *next;
    size_t i;
    json_t *o;

    json_array_foreach(n->jobs, i, o) reported(n, o);
    TABLE_FOREACH (n->e->jobs, j, next) {
        bool rebooted = j->boot[0] && strcmp(j->boot, n->boot) != 0;

        if (!has_part(j, n))
            continue;
        if (n == first(j) && !reports(n, j)
            && (j->state == LJOB_RUNNING || (j->state == LJOB_STARTING && rebooted)
                || (j->state == LJOB_FETCHING)))
            local_fail(j, JOB_NODE_FAIL, REASON_NODE_DOWN,
                       "its node came back without it");
        else if (j->cancelled && n == first(j) && j->state == LJOB_RUNNING)
            (void)node_tell_job(n, "cancel", j); /* said while it was away */
        else if (j->state == LJOB_ENDED && n == first(j))
            local_finish(j); /* repeated until forget */
        else
            local_drive(j);
    }
    settle_adopted(n->e);
}

void local_on_lost(struct local_node *n)
{
    struct local_job *j;
    struct local_job *next;

    TABLE_FOREACH (n->e->jobs, j, next)
        if (has_part(j, n) && j->state != LJOB_ENDED
            && (n == first(j) || j->state == LJOB_PREPARING))
            local_fail(j, JOB_NODE_FAIL, REASON_NODE_DOWN, "its node stayed away");
}
