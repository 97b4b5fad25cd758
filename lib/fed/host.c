/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * host - a permitted copy: it starts, runs, ends, and its files go home
 *
 * Invariants:
 *  1. STARTING is saved in the step of the GO, before the engine is told to start.
 *  2. An end is priced, posted and recorded in one step, once per run.
 *  3. The copy stays until the holder has acknowledged the end with everything done.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "fed/fed_int.h"

#include "base/banned.h"

/* A GO may be refused still: nobody to run it as. The budget goes back, the grant too.
 */
static void give_back(struct fed *f,
                      struct copied *j,
                      const struct peer_msg *go,
                      const char *why)
{
    struct peer_msg m = {.kind = PEER_HANDBACK,
                         .job = go->job,
                         .epoch = go->epoch,
                         .claim = go->claim,
                         .rule = RULE_REFUSED};
    uint32_t holder = j->c.holder;

    word_cut(m.text, sizeof(m.text), why);
    copied_drop(f, j, why);
    say(f, holder, &m);
}

/* Whose job it is, and what it is: false when it was given back. */
static bool take_go(struct fed *f, struct copied *j, const struct peer_msg *m)
{
    const char *account;
    char why[TITLE_CAP];

    if (j->c.holder == f->site->number) {
        const struct held *h = fed_held_find(f, j->c.id);

        account = h ? h->h.user : NULL;
    } else {
        account = site_account_for(f->site, m->person);
    }
    if (!account || !word_copy(j->c.account, sizeof(j->c.account), account)) {
        (void)snprintf(why, sizeof(why), "no local account for %.60s", m->person);
        give_back(f, j, m, why);
        return false;
    }
    j->c.epoch = m->epoch;
    memcpy(j->c.person, m->person, sizeof(j->c.person));
    memcpy(j->c.name, m->name, sizeof(j->c.name));
    j->c.submitted = m->submitted;
    j->c.restarts = m->restarts;
    if (m->spec) {
        struct fed_fx *fx = fx_add(f, FX_SAVE_SPEC, j->c.id);

        fx->spec = m->spec;
        fx->spec_len = m->spec_len;
    }
    return true;
}

static void start(struct fed *f, struct copied *j)
{
    copied_set(f, j, COPY_STARTING);
    save_copied(f, j, "starting");
    fx_add(f, FX_START, j->c.id)->epoch = j->c.epoch;
}

void host_go(struct fed *f, struct copied *j, const struct peer_msg *m)
{
    if (take_go(f, j, m))
        start(f, j);
}

void host_entrusted(struct fed *f, struct copied *j, const struct peer_msg *m)
{
    if (j->c.copy == COPY_CLAIMED || j->parked) { /* its place in the queue is anew */
        candidate_park(f, j);
        candidate_unpark(f, j);
    }
    if (take_go(f, j, m))
        save_copied(f, j, "entrusted by its holder");
}

void host_entrusted_start(struct fed *f, struct copied *j)
{
    copied_set(f, j, COPY_CLAIMED);
    start(f, j);
}

void send_started(struct fed *f, struct copied *j)
{
    struct peer_msg m = {
        .kind = PEER_STARTED,
        .job = j->c.id,
        .epoch = j->c.epoch,
        .claim = j->c.claim,
        .started = j->c.started,
        .rank_map = j->c.rank_map,
    };

    memcpy(m.nodes, j->c.nodes, sizeof(m.nodes));
    say(f, j->c.holder, &m);
}

void send_ended(struct fed *f, struct copied *j)
{
    struct peer_msg m = {
        .kind = PEER_ENDED,
        .job = j->c.id,
        .epoch = j->c.epoch,
        .claim = j->c.claim,
        .state = j->c.outcome,
        .reason = j->c.reason,
        .exit_code = j->c.exit_code,
        .exit_signal = j->c.exit_signal,
        .started = j->c.started,
        .ended = j->c.ended,
        .usage = j->c.usage,
        .rank_map = j->c.rank_map,
        .done = j->c.copy == COPY_ENDED,
    };

    memcpy(m.nodes, j->c.nodes, sizeof(m.nodes));
    memcpy(m.text, j->c.note, sizeof(m.text));
    say(f, j->c.holder, &m);
    alarm_set(f, &j->alarm, (struct mono){f->now.mono.us + retry_delay(j->tries)});
}

void host_cancel(struct fed *f, struct copied *j, const struct peer_msg *m)
{
    if (copy_entrusted(j)) {
        host_entrusted_return(f, j, RULE_NONE, "cancelled");
        return;
    }
    if (j->c.copy == COPY_QUEUED || j->c.copy == COPY_CLAIMED) {
        copied_drop(f, j, "cancelled");
        return;
    }
    if (j->c.copy > COPY_RUNNING)
        return;
    /* Of whatever epoch: a job whose end was asked for never gets another. */
    if (!j->c.cancelled) {
        j->c.cancelled = true;
        save_copied(f, j, "cancel asked for by %s", m->text);
    }
    fx_add(f, FX_CANCEL, j->c.id);
}

/*
 * Its holder has declared the run of this epoch lost: it ends, or the holder hears that
 * there is none and never will be.
 */
void host_lost(struct fed *f, struct copied *j, uint32_t from, const struct peer_msg *m)
{
    struct peer_msg none = {
        .kind = PEER_HANDBACK, .job = m->job, .epoch = m->epoch, .lost = true};

    if (j && j->c.copy >= COPY_STARTING && j->c.epoch == m->epoch) {
        if (j->c.copy <= COPY_RUNNING)
            host_cancel(f, j, m);
        else
            send_ended(f, j);
        return;
    }
    if (j && j->c.copy < COPY_STARTING && j->c.epoch <= m->epoch)
        copied_drop(f, j, "its grant was declared lost");
    say(f, from, &none);
}

static void take_rank_map(struct copied *j, const struct rank_map *m)
{
    if (m)
        j->c.rank_map = *m;
}

int fed_engine_started(struct fed *f,
                       uint64_t id,
                       uint32_t epoch,
                       struct wall at,
                       const char *nodes,
                       const struct rank_map *rank_map,
                       struct now now,
                       struct fed_effects *ret_fx)
{
    struct copied *j = copied_find(f, id);
    int r = step_begin(f, now);

    if (r < 0)
        return r;
    if (j && j->c.copy == COPY_STARTING && j->c.epoch == epoch) {
        j->c.started = at;
        word_cut(j->c.nodes, sizeof(j->c.nodes), nodes);
        take_rank_map(j, rank_map);
        copied_set(f, j, COPY_RUNNING);
        save_copied(f, j, "started on %s", j->c.nodes);
        send_started(f, j);
        if (j->c.cancelled)
            fx_add(f, FX_CANCEL, id);
    }
    step_end(f, ret_fx);
    return 0;
}

/* Cores became free under the ceiling of an agreement: who waited for that may try
 * again. */
static void unpark_of(struct fed *f, uint32_t holder)
{
    struct copied *j;

    if (holder == f->site->number)
        return;
    TAILQ_FOREACH (j, &f->copies, all) {
        if (j->parked && j->c.holder == holder && reachable(f, holder) && !step_full(f))
            candidate_unpark(f, j);
    }
}

/* The whole run in units: what was allocated, by the rates of its partition. */
static void price(struct fed *f, struct copied *j)
{
    const struct partition *p = site_partition(f->site, j->c.request.partition);
    struct usage *u = &j->c.usage;
    int64_t milli = 0;

    if (!p || book_price(p, u->core_s, u->mem_mib_s, u->gpu_s, &milli) < 0)
        milli = j->c.hold_milli; /* the partition is gone or the sum is absurd: what was
                                    held */
    u->milli = milli;
}

/* What the center itself broke is not charged: captured, then reversed. */
static bool own_fault(enum job_state outcome)
{
    return outcome == JOB_NODE_FAIL || outcome == JOB_BOOT_FAIL;
}

/* Capture what was used by the run's own figures; refund what we are to blame for. */
static void charge(struct fed *f, struct copied *j)
{
    struct postings p = {0};
    int64_t milli = j->c.usage.milli;

    (void)book_settle_run(f->book, j->c.id, &j->c.usage, f->now.wall, &p,
                          NULL); /* no hold: nothing to charge */
    j->c.hold_milli = 0;
    if (p.n > 0 && milli > 0 && own_fault(j->c.outcome)
        && book_refund(f->book, j->c.project, j->c.id, j->c.epoch, milli,
                       job_state_word(j->c.outcome), f->now.wall, &p, NULL)
               == 0)
        j->c.usage.milli = 0;
    fed_save_lines(f, &p);
}

int fed_engine_ended(struct fed *f,
                     const struct fed_end *e,
                     struct now now,
                     struct fed_effects *ret_fx)
{
    struct copied *j = copied_find(f, e->id);
    struct fed_fx *fx;
    int r = step_begin(f, now);

    if (r < 0)
        return r;
    if (!j) {
        fx_add(f, FX_FORGET, e->id);
    } else if ((j->c.copy == COPY_STARTING || j->c.copy == COPY_RUNNING)
               && j->c.epoch == e->epoch) {
        bool files = e->files && j->c.holder != f->site->number;

        j->c.outcome =
            j->c.cancelled && e->state != JOB_COMPLETED ? JOB_CANCELLED : e->state;
        j->c.reason = e->reason;
        j->c.exit_code = e->exit_code;
        j->c.exit_signal = e->exit_signal;
        if (e->started.us)
            j->c.started = e->started;
        j->c.ended = e->ended;
        j->c.usage = e->usage;
        take_rank_map(j, e->rank_map);
        word_cut(j->c.nodes, sizeof(j->c.nodes), e->nodes ? e->nodes : "");
        word_cut(j->c.note, sizeof(j->c.note), e->note ? e->note : "");
        price(f, j);
        charge(f, j);
        fx = fx_add(f, FX_SAVE_RUN, j->c.id);
        fx->copy = &j->c;
        fx->hosted = true;
        fx->epoch = j->c.epoch;
        fx->center = f->site->number;
        exchange_lent(f, j->c.holder, j->c.usage.milli);
        copied_set(f, j, files ? COPY_RETURNING : COPY_ENDED);
        save_copied(f, j, "ended: %s", job_state_word(j->c.outcome));
        if (files)
            fx_add(f, FX_RETURN, j->c.id)->center = j->c.holder;
        send_ended(f, j);
        unpark_of(f, j->c.holder);
    }
    step_end(f, ret_fx);
    return 0;
}

int fed_files_returned(struct fed *f,
                       uint64_t id,
                       const char *note,
                       struct now now,
                       struct fed_effects *ret_fx)
{
    struct copied *j = copied_find(f, id);
    int r = step_begin(f, now);

    if (r < 0)
        return r;
    if (j && j->c.copy == COPY_RETURNING) {
        if (note && note[0])
            word_cut(j->c.note, sizeof(j->c.note), note);
        if (note && note[0] && j->c.outcome == JOB_COMPLETED)
            j->c.reason = REASON_FILES;
        copied_set(f, j, COPY_ENDED);
        save_copied(f, j, "files returned");
        send_ended(f, j);
    }
    step_end(f, ret_fx);
    return 0;
}

/* Declared lost while we were silent: nobody pays for it, and both books say so. */
static void take_back(struct fed *f, struct copied *j)
{
    struct postings p = {0};
    struct fed_fx *fx;

    exchange_unlent(f, j->c.holder, j->c.usage.milli);
    if (j->c.usage.milli > 0)
        (void)book_refund(f->book, j->c.project, j->c.id, j->c.epoch, j->c.usage.milli,
                          job_state_word(JOB_NODE_FAIL), f->now.wall, &p,
                          NULL); /* the project is gone: nobody to give it back to */
    fed_save_lines(f, &p);
    j->c.usage.milli = 0;
    j->c.outcome = JOB_NODE_FAIL;
    j->c.reason = REASON_LOST;
    fx = fx_add(f, FX_SAVE_RUN, j->c.id);
    fx->copy = &j->c;
    fx->hosted = true;
    fx->epoch = j->c.epoch;
    fx->center = f->site->number;
}

void host_ended_ack(struct fed *f, struct copied *j, const struct peer_msg *m)
{
    struct fed_fx *fx;

    if (j->c.epoch != m->epoch || j->c.copy < COPY_RETURNING)
        return;
    if (m->lost) {
        take_back(f, j);
        fx = fx_add(f, FX_DROP_COPY, j->c.id);
        (void)word_copy(fx->what, sizeof(fx->what),
                        "declared lost by its holder"); /* fits */
        fx_add(f, FX_FORGET, j->c.id);
        copied_remove(f, j);
        return;
    }
    if (j->c.copy == COPY_RETURNING && !m->done) {
        alarm_clear(f, &j->alarm); /* heard; the files are next */
        return;
    }
    if (j->c.copy != COPY_ENDED || !m->done)
        return;
    fx = fx_add(f, FX_DROP_COPY, j->c.id);
    (void)word_copy(fx->what, sizeof(fx->what), "acknowledged"); /* fits */
    fx_add(f, FX_FORGET, j->c.id);
    copied_remove(f, j);
}
