/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * holder - the holder's half of the protocol: who may start a job, once
 *
 * Invariants:
 *  1. A job has at most one grant, and a grant is saved in the step that makes it:
 *     the GO leaves only when that is durable.
 *  2. The same claim gets the same answer, however often it is asked.
 *  3. A job with a grant is not offered, and not granted again, before its host has
 *     handed the grant back or said that the run has ended.
 *  4. What a center says about a run counts only if it is the grant's center and epoch.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "fed/fed_int.h"

#include "base/banned.h"

void send_go(struct fed *f, struct held *j)
{
    struct peer_msg m = {
        .kind = PEER_GO,
        .job = j->h.id,
        .epoch = j->h.grant.epoch,
        .claim = j->h.grant.claim,
        .submitted = j->h.submitted,
        .restarts = j->h.restarts,
        .entrusted = held_entrusted(j),
    };

    memcpy(m.person, j->h.person, sizeof(m.person));
    memcpy(m.name, j->h.name, sizeof(m.name));
    say(f, j->h.grant.center, &m);
}

static void send_no(struct fed *f,
                    uint32_t to,
                    const struct peer_msg *claim,
                    const char *why)
{
    struct peer_msg m = {.kind = PEER_NO,
                         .job = claim->job,
                         .epoch = claim->epoch,
                         .claim = claim->claim};

    (void)word_copy(m.text, sizeof(m.text), why); /* our own short texts */
    say(f, to, &m);
}

static void send_cancel(struct fed *f, struct held *j)
{
    struct peer_msg m = {
        .kind = PEER_CANCEL, .job = j->h.id, .epoch = j->h.grant.epoch};

    memcpy(m.text, j->h.cancelled_by, sizeof(j->h.cancelled_by));
    say(f, j->h.grant.center, &m);
}

static void send_ended_ack(struct fed *f, uint32_t to, const struct peer_msg *ended)
{
    struct peer_msg m = {.kind = PEER_ENDED_ACK,
                         .job = ended->job,
                         .epoch = ended->epoch,
                         .done = ended->done};

    say(f, to, &m);
}

void held_quiet(struct fed *f, struct held *j)
{
    alarm_clear(f, &j->alarm);
    if (holding_awaits_lost(&j->h))
        alarm_set(f, &j->alarm, (struct mono){f->now.mono.us + RETRY_MAX_US});
}

void held_finish(struct fed *f,
                 struct held *j,
                 enum job_state state,
                 enum job_reason reason,
                 const char *what)
{
    j->h.state = state;
    j->h.reason = reason;
    held_quiet(f, j);
    held_set(f, j, HOLD_FINAL);
    save_held(f, j, "%s", what);
    fx_add(f, FX_FINAL, j->h.id);
}

/* Whether the message speaks of the run that we permitted. */
static bool of_grant(const struct held *j, uint32_t from, const struct peer_msg *m)
{
    return j->h.grant.center == from && j->h.grant.epoch == m->epoch;
}

/* Back to waiting, under a new epoch: whatever the old one started or queued is void.
 */
void held_wait_again(struct fed *f, struct held *j, const char *what)
{
    j->h.epoch++;
    j->h.grant = (struct grant){0};
    j->h.state = JOB_PENDING;
    j->h.reason = REASON_NONE;
    j->h.started = j->h.ended = (struct wall){0};
    j->h.rank_map = (struct rank_map){0};
    memset(j->h.offers, 0, sizeof(j->h.offers));
    held_set(f, j, HOLD_WAITING);
    offer_again(f, j);
    save_held(f, j, "%s", what);
}

static void on_offer_ack(struct fed *f,
                         struct held *j,
                         uint32_t from,
                         const struct peer_msg *m)
{
    struct offer *o = offer_of(&j->h, from);

    if (!o || o->epoch != m->epoch || j->h.hold != HOLD_WAITING)
        return;
    if (m->accepted) {
        o->claim = m->claim;
        if (o->state == OFFER_SENT) {
            o->state = OFFER_QUEUED;
            if (from != f->site->number)
                save_held(f, j, "queued at %s", site_center_name(f->site, from));
        }
        if (f->drained && !j->h.held)
            (void)drain_entrust(f, j); /* or it waits for another answer */
        return;
    }
    if (o->state != OFFER_SENT && o->state != OFFER_QUEUED)
        return;
    o->state = OFFER_REFUSED;
    rest_add(f, j, from, m->rule);
    memcpy(j->h.note, m->text, sizeof(j->h.note));
    offer_again(f, j);
    if (m->rule == RULE_BUDGET && j->h.reason == REASON_NO_CENTER)
        j->h.reason = REASON_BUDGET;
    save_held(f, j, "refused by %s: %.120s", site_center_name(f->site, from), m->text);
}

static void on_claim(struct fed *f,
                     struct held *j,
                     uint32_t from,
                     const struct peer_msg *m)
{
    struct offer *o = offer_of(&j->h, from);

    if (j->h.hold != HOLD_WAITING) {
        if (j->h.grant.center == from && j->h.hold == HOLD_GRANTED
            && (j->h.grant.claim == m->claim || held_entrusted(j)))
            send_go(f, j); /* the same answer again */
        else if (!(j->h.grant.center == from && j->h.grant.claim == m->claim))
            send_no(f, from, m,
                    j->h.hold == HOLD_FINAL ? "it is over" : "another center has it");
        return;
    }
    if (j->h.held || !o || (o->state != OFFER_SENT && o->state != OFFER_QUEUED)
        || o->epoch != m->epoch) {
        send_no(f, from, m, "it was not offered under this epoch");
        return;
    }
    j->h.epoch++;
    j->h.grant = (struct grant){
        .center = from, .epoch = j->h.epoch, .claim = m->claim, .at = f->now.wall};
    j->h.state = JOB_CONFIGURING;
    j->h.reason = REASON_NONE;
    recall_others(f, j, from);
    held_set(f, j, HOLD_GRANTED);
    save_held(f, j, "granted to %s", site_center_name(f->site, from));
    send_go(f, j);
    alarm_set(f, &j->alarm, (struct mono){f->now.mono.us + retry_delay(4)});
}

static void on_handback(struct fed *f,
                        struct held *j,
                        uint32_t from,
                        const struct peer_msg *m)
{
    if (!of_grant(j, from, m) || j->h.hold != HOLD_GRANTED)
        return;
    memcpy(j->h.note, m->text, sizeof(j->h.note));
    if (held_entrusted(j) && m->rule == RULE_BUDGET)
        rest_add(f, j, from, m->rule);
    if (m->rule
        == RULE_REFUSED) { /* it never can; a GO that came late is nobody's fault */
        hole_unused(f, from, j->h.person);
        rest_add(f, j, from, RULE_REFUSED);
    }
    if (j->h.cancelled) {
        j->h.grant = (struct grant){0};
        j->h.ended = f->now.wall;
        held_finish(f, j, JOB_CANCELLED, REASON_NONE, "cancelled before it started");
        return;
    }
    /* A GO that came late is nobody's fault, and no attempt. */
    if (m->rule == RULE_REFUSED && ++j->h.restarts > 5) {
        j->h.grant = (struct grant){0};
        j->h.ended = f->now.wall;
        held_finish(f, j, JOB_BOOT_FAIL, REASON_LAUNCH_FAILED, "handed back six times");
        return;
    }
    held_wait_again(f, j, "handed back");
}

static void on_started(struct fed *f,
                       struct held *j,
                       uint32_t from,
                       const struct peer_msg *m)
{
    if (!of_grant(j, from, m) || j->h.hold != HOLD_GRANTED)
        return;
    j->h.started = m->started;
    j->h.rank_map = m->rank_map;
    j->h.state = JOB_RUNNING;
    memcpy(j->h.nodes, m->nodes, sizeof(j->h.nodes));
    held_quiet(f, j);
    held_set(f, j, HOLD_STARTED);
    save_held(f, j, "started at %s", site_center_name(f->site, from));
    if (j->h.cancelled)
        send_cancel(f, j);
}

/* Its host lost it; the user allowed another run, and nobody asked to stop it. */
static bool may_requeue(const struct held *j, const struct peer_msg *m)
{
    return j->h.requeue && !j->h.cancelled && j->h.restarts < 5
           && (m->state == JOB_NODE_FAIL || m->state == JOB_BOOT_FAIL);
}

static void take_end(struct held *j, const struct peer_msg *m)
{
    if (m->started.us)
        j->h.started = m->started;
    j->h.ended = m->ended;
    j->h.exit_code = m->exit_code;
    j->h.exit_signal = m->exit_signal;
    j->h.usage = m->usage;
    j->h.rank_map = m->rank_map;
    j->h.reason = m->reason;
    memcpy(j->h.nodes, m->nodes, sizeof(j->h.nodes));
    memcpy(j->h.note, m->text, sizeof(j->h.note));
}

static void save_run(struct fed *f, struct held *j, uint32_t host)
{
    struct fed_fx *fx;

    if (host == f->site->number)
        return; /* the copy's own record says it already */
    fx = fx_add(f, FX_SAVE_RUN, j->h.id);
    fx->holding = &j->h;
    fx->epoch = j->h.grant.epoch;
    fx->center = host;
    exchange_borrowed(f, host, j->h.usage.milli);
}

static void on_ended(struct fed *f,
                     struct held *j,
                     uint32_t from,
                     const struct peer_msg *m)
{
    if (!of_grant(j, from, m) || j->h.hold == HOLD_WAITING || j->h.hold == HOLD_FINAL) {
        send_ended_ack(f, from, m); /* written down before, or not ours to judge */
        return;
    }
    take_end(j, m);
    if (j->h.hold != HOLD_RETURNING)
        hole_ended(f, from, j->h.person, m);
    if (!m->done) {
        if (j->h.hold != HOLD_RETURNING) {
            j->h.state = JOB_COMPLETING;
            held_quiet(f, j);
            held_set(f, j, HOLD_RETURNING);
            save_held(f, j, "ended, files travel");
        }
        send_ended_ack(f, from, m);
        return;
    }
    save_run(f, j, from);
    if (may_requeue(j, m)) {
        j->h.restarts++;
        held_wait_again(f, j, "run again after its host lost it");
    } else {
        held_finish(f, j, m->state, m->reason, job_state_word(m->state));
    }
    send_ended_ack(f, from, m);
}

static void on_dropped(struct fed *f, struct held *j, uint32_t from)
{
    struct offer *o = offer_of(&j->h, from);

    if (!o || o->state != OFFER_RECALLED)
        return;
    *o = (struct offer){0};
    (void)f;
}

/* An id of ours that is not in memory: final long ago, or never given out. */
static void unknown(struct fed *f, uint32_t from, const struct peer_msg *m)
{
    if (m->kind == PEER_CLAIM)
        send_no(f, from, m, "it is over");
    else if (m->kind == PEER_ENDED)
        send_ended_ack(f, from, m);
}

static void hear(struct fed *f, struct held *j, uint32_t from, const struct peer_msg *m)
{
    switch (m->kind) {
    case PEER_OFFER_ACK:
        on_offer_ack(f, j, from, m);
        break;
    case PEER_CLAIM:
        on_claim(f, j, from, m);
        break;
    case PEER_HANDBACK:
        on_handback(f, j, from, m);
        break;
    case PEER_STARTED:
        on_started(f, j, from, m);
        break;
    case PEER_ENDED:
        on_ended(f, j, from, m);
        break;
    case PEER_DROPPED:
        on_dropped(f, j, from);
        break;
    case PEER_OFFER:
    case PEER_RECALL:
    case PEER_GO:
    case PEER_NO:
    case PEER_CANCEL:
    case PEER_ENDED_ACK:
    case PEER_ALLOWANCE_ASK: /* allowance.c */
    case PEER_ALLOWANCE:
    case _PEER_KIND_MAX:
        break; /* the other direction: peers.c has refused it */
    }
}

void holder_msg(struct fed *f, uint32_t from, const struct peer_msg *m)
{
    struct held *j = fed_held_find(f, m->job);
    struct lost_run *lost = j ? lost_find(j, from, m->epoch) : NULL;
    enum hold_state was;

    if (!j) {
        unknown(f, from, m);
        return;
    }
    if (lost) {
        lost_msg(f, j, lost, m);
        return;
    }
    was = j->h.hold;
    if (holder_hears(was, m->kind))
        hear(f, j, from, m);
    assert(holder_edge(was, m->kind, j->h.hold));
}

/* What this center may have missed of what we said. */
void holder_say_again(struct fed *f, struct held *j, uint32_t center)
{
    for (int i = 0; i < CANDIDATES_MAX; i++) {
        struct offer *o = &j->h.offers[i];

        if (o->center != center || j->h.hold == HOLD_FINAL)
            continue;
        if (j->h.hold == HOLD_WAITING
            && (o->state == OFFER_SENT || o->state == OFFER_QUEUED)) {
            send_offer(f, j, o);
        } else if (o->state == OFFER_RECALLED) {
            struct peer_msg m = {
                .kind = PEER_RECALL, .job = j->h.id, .epoch = j->h.epoch};

            say(f, center, &m);
        }
    }
    lost_say_again(f, j, center);
    if (j->h.grant.center != center || j->h.hold == HOLD_FINAL)
        return;
    if (j->h.hold == HOLD_GRANTED)
        send_go(f, j);
    if (j->h.cancelled)
        send_cancel(f, j);
}

/* Time to say it again, or a --begin that has come. */
void holder_alarm(struct fed *f, struct held *j)
{
    bool pending;

    if (lost_by_time(f, j))
        return;
    pending = lost_ask(f, j);
    if (j->h.hold == HOLD_WAITING && !j->h.held) {
        if (j->h.begin.us > f->now.wall.us) {
            alarm_set(f, &j->alarm,
                      (struct mono){f->now.mono.us + (j->h.begin.us - f->now.wall.us)});
            return;
        }
        for (int i = 0; i < CANDIDATES_MAX; i++) {
            struct offer *o = &j->h.offers[i];

            if (o->state == OFFER_SENT) {
                pending = true;
                send_offer(f, j, o);
            }
        }
        if (j->looked.us == 0)
            offer_again(f, j);
    } else if (j->h.hold == HOLD_GRANTED) {
        pending = true;
        send_go(f, j);
    }
    if (!pending)
        return;
    j->tries = (uint16_t)MIN(j->tries + 1, 100);
    alarm_set(f, &j->alarm, (struct mono){f->now.mono.us + retry_delay(j->tries)});
}

int fed_cancel(struct fed *f,
               uint64_t id,
               const char *by,
               int signal,
               uint64_t ticket,
               struct now now,
               struct fed_effects *ret_fx,
               struct err *err)
{
    struct held *j = fed_held_find(f, id);
    struct fed_fx *fx;
    int r = step_begin(f, now);

    if (r < 0)
        return err_set(err, r, "out of memory");
    r = fed_held_unfinished(j, id, err);
    if (r < 0)
        return r;
    j->h.cancelled = true;
    (void)word_copy(j->h.cancelled_by, sizeof(j->h.cancelled_by),
                    by); /* a name, within its ceiling */
    (void)signal;
    if (j->h.hold == HOLD_WAITING) {
        j->h.epoch++;
        recall_others(f, j, 0);
        j->h.ended = now.wall;
        held_finish(f, j, JOB_CANCELLED, REASON_NONE, "cancelled while it waited");
    } else {
        save_held(f, j, "cancel asked for by %s", by);
        send_cancel(f, j);
    }
    fx = fx_add(f, FX_ANSWER, id);
    fx->ticket = ticket;
    step_end(f, ret_fx);
    return 0;
}
