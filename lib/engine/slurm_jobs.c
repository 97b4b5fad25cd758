/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_jobs - the life of a federated job at a center that runs Slurm
 *
 *     WAITING <-> ASKING -> PACED -> READY -> SUBMITTING -> SENT -> RUNNING
 *                                               |  ^  \-> HELD -^      |
 *                                              UNSURE        ENDED <- GATHERING
 *
 * (PUT_OFF, beside ASKING: slurm_turn.c. UNSURE: its answer was lost, or we were
 * restarted.)
 *
 * Invariants.
 * 1. A job is released in Slurm only under the number that we know for its (job,
 *    epoch): whatever a lost answer left behind is held, and cancelled when seen.
 * 2. Only a whole look that began after a job was unsure says that it is not there.
 * 3. What Slurm lost is a NODE_FAIL, never a second run: it may have run in between.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/measure.h"
#include "base/number.h"
#include "engine/slurm_int.h"
#include "engine/slurm_words.h"

#include "base/banned.h"

struct sjob *sjob_find(const struct slurm *e, uint64_t id)
{
    struct sjob *j;

    TABLE_FIND(e->jobs, &id, j);
    return j;
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
    struct sjob *j = arg;

    (void)fd;
    (void)what;
    sjob_tell_end(j);
}

struct sjob *sjob_new(struct slurm *e, uint64_t id)
{
    struct sjob *j = calloc(1, sizeof(*j));

    if (!j)
        return NULL;
    j->e = e;
    j->id = id;
    j->home = true;
    j->note = BUF_INIT(SLURM_NOTE_MAX);
    j->later = evtimer_new(e->base, on_later, j);
    if (!j->later || TABLE_ADD(e->jobs, id, j)) {
        if (j->later)
            event_free(j->later);
        free(j);
        return NULL;
    }
    return j;
}

static void order_free(struct sjob *j)
{
    if (j->order)
        slurm_order_release(j->order);
    free(j->order);
    j->order = NULL;
}

void sjob_free(struct sjob *j)
{
    HASH_DEL(j->e->jobs, j);
    turn_leave(j);
    order_free(j);
    event_free(j->later);
    buf_release(&j->note);
    free(j->inputs_dir);
    free(j->outputs);
    free(j->nodes);
    free(j->uses);
    free(j->output_dir);
    free(j);
}

/* --- before the grant ------------------------------------------------------------ */

void sjob_reserved(struct sjob *j)
{
    if (j->state != SJOB_WAITING)
        return;
    turn_take(j);
}

void sjob_defer(struct sjob *j, int64_t wait_s)
{
    struct sched *s = j->e->q.sched;
    struct sched_meta meta = queue_meta(&j->e->q, j->job.own, j->job.institution,
                                        j->job.project, j->job.priority, j->job.queued);
    int64_t now_s = queue_now_s();
    struct err err = {0};
    int r;

    turn_leave(j);
    (void)sched_release(s, j->id); /* it is reserved */
    meta.begin_s = wait_s > 0 ? now_s + wait_s : 0;
    r = sched_submit(s, j->id, &j->job.request, &meta, now_s, &err);
    if (r) {
        sjob_impossible(j, err_text(&err, r)); /* the machine has changed */
        return;
    }
    j->state = SJOB_WAITING;
    j->reason = wait_s > 0 ? REASON_RESOURCES : REASON_NONE;
    queue_kick(&j->e->q);
}

void sjob_impossible(struct sjob *j, const char *why)
{
    struct slurm *e = j->e;
    uint64_t id = j->id;

    if (sched_remove(e->q.sched, id) == -EBUSY)
        (void)sched_release(e->q.sched, id); /* reserved */
    if (j->in_sched)
        (void)sched_end_unlearned(e->q.sched, id); /* it is in */
    sjob_free(j);
    queue_kick(&e->q);
    e->cb->impossible(id, why, e->arg);
}

/* --- the end -----------------------------------------------------------------------
 */

static void give_back(struct sjob *j)
{
    struct sched *s = j->e->q.sched;

    if (j->in_sched && j->outcome == JOB_NODE_FAIL)
        (void)sched_end_unlearned(s, j->id); /* it is in */
    else if (j->in_sched)
        (void)sched_end(s, j->id, queue_now_s()); /* it is in */
    j->in_sched = false;
    queue_kick(&j->e->q);
}

static void measure(struct sjob *j)
{
    int64_t us = j->ended.us - j->started.us;

    j->usage.elapsed_s = us > 0 ? (uint64_t)((us + US_PER_S - 1) / US_PER_S) : 0;
    j->usage.core_s = j->usage.n_cores * j->usage.elapsed_s;
    j->usage.mem_mib_s *= j->usage.elapsed_s; /* was MiB */
    beside_measure(j, &j->usage);
}

void sjob_tell_end(struct sjob *j)
{
    struct slurm *e = j->e;
    struct engine_end end = {.id = j->id,
                             .epoch = j->epoch,
                             .state = j->outcome,
                             .reason = j->reason,
                             .exit_code = j->exit_code,
                             .exit_signal = j->exit_signal,
                             .started = j->started,
                             .ended = j->ended,
                             .usage = j->usage,
                             .nodes = j->nodes ? j->nodes : "",
                             .note = j->note.len ? buf_text(&j->note) : NULL,
                             .output_dir = j->output_dir};

    if (j->state != SJOB_ENDED)
        settle_write(j);
    j->state = SJOB_ENDED;
    give_back(j); /* not before it counts as ended: the next would break a ceiling */
    e->cb->ended(&end, e->arg); /* may forget it: j is not used after */
}

/* All that is known is in j: gather what travels, then tell. */
static void finish(struct sjob *j)
{
    measure(j);
    order_free(j);
    j->state = SJOB_GATHERING;
    if (!j->home && j->slurm_job && ask_gather(j) == 0)
        return;
    event_active(j->later, EV_TIMEOUT, 0);
}

void sjob_end(struct sjob *j,
              enum job_state state,
              enum job_reason reason,
              const char *note)
{
    j->outcome = j->cancelled && !j->slurm_job ? JOB_CANCELLED : state;
    j->reason = reason;
    j->ended = now_read().wall;
    if (!j->started.us)
        j->started = j->ended;
    buf_printf(&j->note, "%s%s", j->note.len ? "; " : "", note);
    finish(j);
}

static void ended(struct sjob *j, const struct slurm_job *s)
{
    struct slurm_exit x = slurm_exit_ours(s->state, s->reason, s->status);

    j->outcome = x.state;
    j->reason = x.reason;
    j->exit_code = x.code;
    j->exit_signal = x.signal;
    j->ended.us = s->end_s * US_PER_S;
    if (s->start_s > 0 && s->start_s <= s->end_s)
        j->started.us = s->start_s * US_PER_S;
    else
        j->started = j->ended; /* cancelled before its start */
    if (s->start_s == s->end_s && s->n_parts > 0)
        j->ended.us++; /* begun and ended in one second of Slurm's: counts as one */
    finish(j);
}

/* --- Slurm's record --------------------------------------------------------------- */

static void started(struct sjob *j, const struct slurm_job *s)
{
    struct slurm *e = j->e;

    if (j->state == SJOB_RUNNING)
        return;
    j->state = SJOB_RUNNING;
    j->reason = REASON_NONE;
    j->started.us = s->start_s * US_PER_S;
    free(j->nodes);
    j->nodes = strdup(s->nodes ? s->nodes : "");
    e->cb->started(j->id, j->epoch, j->started, j->nodes ? j->nodes : "", NULL, e->arg);
}

/* Slurm counts minutes; a limit of ours with seconds is set once it runs. */
static void limit(struct sjob *j, const struct slurm_job *s)
{
    uint32_t limit_s = j->job.request.time_limit_s;

    if (j->limited || limit_s == 0 || limit_s == DURATION_UNLIMITED
        || limit_s % 60 == 0)
        return;
    /* Slurm refuses a moment that has passed; it looks for such jobs twice a minute. */
    (void)ask_end_at(j, MAX(s->start_s + limit_s,
                            queue_now_s() + 1)); /* full: the next look asks again */
}

static void note_usage(struct sjob *j, const struct slurm_job *s)
{
    j->usage.n_cores = s->n_cores;
    j->usage.n_nodes = s->n_nodes;
    j->usage.mem_mib_s = s->mem_bytes >> 20; /* times seconds, at the end */
}

/* It was not sure whether there is such a record: there is. */
static void found(struct sjob *j, const struct slurm_job *s)
{
    log_info("job %" PRIu64 " is %u in Slurm", j->id, s->id);
    j->slurm_job = s->id;
    j->state = SJOB_HELD;
    order_free(j);
}

void sjob_on_record(struct sjob *j, const struct slurm_job *s)
{
    struct slurm *e = j->e;
    enum slurm_phase phase = slurm_phase(s->state, s->priority);

    j->seen_look = e->looks;
    if (j->state == SJOB_SUBMITTING || j->state >= SJOB_GATHERING)
        return; /* the answer comes, or it is over for us */
    if (j->state == SJOB_UNSURE)
        found(j, s);
    if (j->slurm_job != s->id) {
        if (phase == SLURM_HELD)
            (void)ask_signal(e, NULL, s->id, 0); /* a lost answer's; or the next look */
        return;
    }
    settle_key(j, s);
    if (j->cancelled && phase < SLURM_ENDING)
        (void)ask_signal(e, j, s->id, 0); /* full: the next look asks again */
    switch (phase) {
    case SLURM_HELD:
        if (j->state == SJOB_SENT)
            j->reason = slurm_reason_ours(s->reason); /* somebody holds it */
        else if (!j->cancelled && ask_release(j))
            e->want_all = true;
        return;
    case SLURM_QUEUED:
        j->state = j->state == SJOB_HELD ? SJOB_SENT : j->state;
        j->reason = slurm_reason_ours(s->reason);
        return;
    case SLURM_LOADING:
        j->state = j->state == SJOB_HELD ? SJOB_SENT : j->state;
        mirror_hold(j, s);
        return;
    case SLURM_RUNS:
    case SLURM_ENDING:
        note_usage(j, s);
        mirror_hold(j, s);
        started(j, s);
        if (phase == SLURM_RUNS)
            limit(j, s);
        return;
    case SLURM_OVER:
        note_usage(j, s);
        if (s->nodes && s->start_s > 0 && s->n_parts > 0)
            started(j, s);
        ended(j, s);
        return;
    case SLURM_UNKNOWN:
    case _SLURM_PHASE_MAX:
        log_warn("job %" PRIu64 ": Slurm's state %#x is unknown here", j->id, s->state);
        return;
    }
}

/* Slurm has forgotten it: what do its completion record, or our own notes, say? */
static bool remembered(struct sjob *j)
{
    struct ends_sent sent;
    struct slurm_job s;
    bool found;

    if (!ends_sent(j, &sent))
        return false; /* never released */
    j->slurm_job = sent.slurm_job;
    j->was_started = true; /* or may have been */
    found = ends_find(j->e, &sent, &s);
    if (found) {
        log_info("job %" PRIu64 " (%u): Slurm has forgotten it, its record says how it"
                 " ended",
                 j->id, s.id);
        j->state = SJOB_SENT;
        sjob_on_record(j, &s); /* it is over */
    }
    free(s.nodes);
    free(s.parts);
    return found;
}

void sjob_on_absence(struct sjob *j)
{
    bool asks = j->adopted || j->state == SJOB_HELD || j->state == SJOB_SENT
                || j->state == SJOB_RUNNING;

    if (asks && remembered(j))
        return;
    if (j->state == SJOB_UNSURE && j->adopted && !j->was_started) {
        sjob_impossible(j, "the center's restart came before its start");
    } else if (j->state == SJOB_UNSURE && !j->adopted) {
        log_info("job %" PRIu64 " did not reach Slurm: sent again", j->id);
        j->state = SJOB_SUBMITTING;
        if (ask_submit(j))
            sjob_end(j, JOB_BOOT_FAIL, REASON_LAUNCH_FAILED,
                     "slurmctld does not take it");
    } else if (j->state == SJOB_UNSURE || j->state == SJOB_HELD || j->state == SJOB_SENT
               || j->state == SJOB_RUNNING) {
        log_warn("job %" PRIu64 " (%u): Slurm has no record of it any more", j->id,
                 j->slurm_job);
        sjob_end(j, JOB_NODE_FAIL, REASON_NODE_DOWN,
                 "Slurm has no record of it any more");
    }
}
