/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * lost - runs of silent hosts that were declared lost: by an operator, or by the time
 * that their user chose (--at-least-once)
 *
 * Invariants:
 *  1. The declaration is saved in the step that makes it, before anything else may
 * start.
 *  2. A lost run never counts: its host ends it when it hears of it, takes its charge
 *     back, and both sides record it free of charge, as NODE_FAIL.
 *  3. The declaration stays with the job, final or not, until the host has said that
 *     nothing of that run is there. So a late answer is never taken for a valid one.
 *  4. A host that said so will never start that run: its copy of an epoch below the
 *     grant's is dropped first, and a GO counts only above the epoch of the copy.
 *
 *   declared ─ENDED─> ended ─HANDBACK(lost)─> forgotten
 *       └────────────HANDBACK─────────────────────┘
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

static bool running(const struct held *j)
{
    return j->h.hold == HOLD_GRANTED || j->h.hold == HOLD_STARTED
           || j->h.hold == HOLD_RETURNING;
}

struct lost_run *lost_find(struct held *j, uint32_t center, uint32_t epoch)
{
    for (int i = 0; i < LOST_RUNS_MAX; i++)
        if (j->h.lost[i].center == center && j->h.lost[i].epoch == epoch)
            return &j->h.lost[i];
    return NULL;
}

static struct lost_run *room(struct held *j)
{
    for (int i = 0; i < LOST_RUNS_MAX; i++)
        if (j->h.lost[i].center == 0)
            return &j->h.lost[i];
    return NULL;
}

static void declare(struct fed *f, struct held *j, struct lost_run *l, const char *by)
{
    const char *host = site_center_name(f->site, j->h.grant.center);
    char what[FX_TEXT_CAP];

    *l = (struct lost_run){.center = j->h.grant.center, .epoch = j->h.grant.epoch};
    (void)snprintf(what, sizeof(what),
                   "run of epoch %" PRIu32 " at %s declared lost by %s", l->epoch, host,
                   by);
    word_cut(j->h.note, sizeof(j->h.note), what);
    j->h.restarts++;
    if (!j->h.cancelled && (j->h.requeue || j->h.at_least_once_s)
        && j->h.restarts <= 5) {
        held_wait_again(f, j, what);
        return;
    }
    j->h.ended = f->now.wall;
    held_finish(f, j, j->h.cancelled ? JOB_CANCELLED : JOB_NODE_FAIL, REASON_LOST,
                what);
}

int fed_declare_lost(struct fed *f,
                     uint64_t id,
                     const char *by,
                     uint64_t ticket,
                     struct now now,
                     struct fed_effects *ret_fx,
                     struct err *err)
{
    struct held *j = fed_held_find(f, id);
    struct lost_run *l = j ? room(j) : NULL;
    struct fed_fx *fx;
    int r = step_begin(f, now);

    if (r < 0)
        return err_set(err, r, "out of memory");
    r = fed_held_unfinished(j, id, err);
    if (r < 0)
        return r;
    if (!running(j))
        return err_set(
            err, -EINVAL,
            "job %" PRIu64 " waits: no center has been permitted to start it", id);
    if (reachable(f, j->h.grant.center))
        return err_set(err, -EISCONN,
                       "job %" PRIu64
                       ": %s is connected and answers for it; fcancel ends "
                       "the run there",
                       id, site_center_name(f->site, j->h.grant.center));
    if (!l)
        return err_set(err, -ENOSPC,
                       "job %" PRIu64 ": %d earlier runs were declared lost and their "
                       "centers have not answered yet",
                       id, LOST_RUNS_MAX);
    declare(f, j, l, by);
    fx = fx_add(f, FX_ANSWER, id);
    fx->ticket = ticket;
    step_end(f, ret_fx);
    return 0;
}

/* --- by time ------------------------------------------------------------------------
 */

static int64_t due_us(const struct fed *f, const struct held *j)
{
    const struct peer_state *p = peer_find(f, j->h.grant.center);
    int64_t since = p && p->down.wall.us ? p->down.mono.us : f->resumed.mono.us;

    return since + j->h.at_least_once_s * US_PER_S;
}

bool lost_may_come(const struct fed *f, const struct held *j)
{
    return j->h.at_least_once_s && running(j) && !reachable(f, j->h.grant.center);
}

bool lost_by_time(struct fed *f, struct held *j)
{
    struct lost_run *l = room(j);
    int64_t due;

    if (!l || !lost_may_come(f, j))
        return false;
    due = due_us(f, j);
    if (f->now.mono.us < due) {
        if (j->h.hold != HOLD_GRANTED)
            alarm_set(f, &j->alarm, (struct mono){due});
        return false;
    }
    declare(f, j, l, "its --at-least-once");
    return true;
}

struct wall fed_silent_since(const struct fed *f, uint32_t center)
{
    const struct peer_state *p = peer_find(f, center);

    if (reachable(f, center))
        return (struct wall){0};
    return p && p->down.wall.us ? p->down.wall : f->resumed.wall;
}

/* --- the host answers after all ------------------------------------------------------
 */

static void ask(struct fed *f, struct held *j, const struct lost_run *l)
{
    struct peer_msg m = {
        .kind = PEER_CANCEL, .job = j->h.id, .epoch = l->epoch, .lost = true};

    word_cut(m.text, sizeof(m.text), "its holder: the run was declared lost");
    say(f, l->center, &m);
}

bool lost_ask(struct fed *f, struct held *j)
{
    bool pending = false;

    for (int i = 0; i < LOST_RUNS_MAX; i++) {
        const struct lost_run *l = &j->h.lost[i];

        if (!l->center || !reachable(f, l->center))
            continue;
        pending = true;
        ask(f, j, l);
    }
    return pending;
}

void lost_say_again(struct fed *f, struct held *j, uint32_t center)
{
    for (int i = 0; i < LOST_RUNS_MAX; i++)
        if (j->h.lost[i].center == center) {
            ask(f, j, &j->h.lost[i]);
            if (!j->alarm.slot)
                alarm_set(f, &j->alarm, (struct mono){f->now.mono.us + RETRY_MAX_US});
        }
}

static void answer_end(struct fed *f, uint32_t to, const struct peer_msg *m)
{
    struct peer_msg ack = {.kind = PEER_ENDED_ACK,
                           .job = m->job,
                           .epoch = m->epoch,
                           .done = true,
                           .lost = true};

    say(f, to, &ack);
}

/* Into the books as what it was, for nothing; said to whoever reads the job's history.
 */
static void record(struct fed *f,
                   struct held *j,
                   struct lost_run *l,
                   const struct peer_msg *m)
{
    struct fed_fx *fx;

    l->ended = true;
    f->late = j->h;
    f->late.state = JOB_NODE_FAIL;
    f->late.started = m->started;
    f->late.ended = m->ended;
    f->late.usage = m->usage;
    f->late.usage.milli = 0;
    fx = fx_add(f, FX_SAVE_RUN, j->h.id);
    fx->holding = &f->late;
    fx->epoch = l->epoch;
    fx->center = l->center;
    save_held(f, j,
              "%s answers for the run of epoch %" PRIu32
              " that was declared lost: it had ended as %s, and does not count",
              site_center_name(f->site, l->center), l->epoch, job_state_word(m->state));
}

void lost_msg(struct fed *f,
              struct held *j,
              struct lost_run *l,
              const struct peer_msg *m)
{
    uint32_t from = l->center;

    if (m->kind == PEER_STARTED) {
        ask(f, j, l);
    } else if (m->kind == PEER_ENDED) {
        if (!l->ended)
            record(f, j, l, m);
        answer_end(f, from, m);
        ask(f, j, l);
    } else if (m->kind == PEER_HANDBACK) {
        bool ended = l->ended;

        *l = (struct lost_run){0};
        waiting_update(f, j);
        save_held(f, j,
                  ended ? "%s has put the lost run of epoch %" PRIu32 " away"
                        : "%s answers: nothing ran there under epoch %" PRIu32,
                  site_center_name(f->site, from), m->epoch);
    }
}
