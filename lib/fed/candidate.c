/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * candidate - a copy of somebody's job: offered, queued, claimed, granted or dropped
 *
 * Invariants:
 *  1. Nothing starts here without a GO that answers our latest claim, within its
 *     validity, and STARTING is saved before the engine is told.
 *  2. Budget is held before the claim is sent and given back when the copy is dropped.
 *  3. Until the GO, the copy may be dropped at any time; after it, only when the holder
 *     has acknowledged the end.
 *  4. While the holder cannot be asked the copy holds no resources: it is parked.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "fed/fed_int.h"

#include "base/banned.h"

void fed_save_lines(struct fed *f, struct postings *p)
{
    for (size_t i = 0; i < p->n; i++)
        fx_add(f, FX_SAVE_POSTING, p->v[i].job)->posting = p->v[i];
    postings_release(p);
}

/* Give back or capture what was held; nothing held is fine. */
void settle(struct fed *f, struct copied *j, int64_t used_milli)
{
    struct postings p = {0};

    (void)book_settle(f->book, j->c.id, used_milli, f->now.wall, &p,
                      NULL); /* no hold: nothing to do */
    fed_save_lines(f, &p);
    j->c.hold_milli = 0;
}

void copied_drop(struct fed *f, struct copied *j, const char *what)
{
    struct fed_fx *fx;

    settle(f, j, 0);
    fx_add(f, FX_DROP, j->c.id);
    fx = fx_add(f, FX_DROP_COPY, j->c.id);
    (void)word_copy(fx->what, sizeof(fx->what), what); /* our own short texts */
    copied_remove(f, j);
}

static void answer_offer(struct fed *f,
                         uint32_t to,
                         const struct peer_msg *offer,
                         enum route_rule rule,
                         const char *text)
{
    struct peer_msg m = {
        .kind = PEER_OFFER_ACK,
        .job = offer->job,
        .epoch = offer->epoch,
        .accepted = rule == RULE_NONE,
        .rule = rule,
    };
    const struct copied *j = copied_find(f, offer->job);

    if (j && m.accepted)
        m.claim = j->c.claim;

    word_cut(m.text, sizeof(m.text), text);
    say(f, to, &m);
}

static uint64_t foreign_cores(const struct fed *f, uint32_t holder)
{
    struct copied *j;
    uint64_t n = 0;

    TAILQ_FOREACH (j, &f->copies, all) {
        if (j->c.holder == holder && j->c.copy >= COPY_CLAIMED
            && j->c.copy <= COPY_RUNNING)
            n += request_cores(&j->c.request);
    }
    return n;
}

/* Everything that we must see for ourselves before we queue it. */
static enum route_rule judge(struct fed *f,
                             uint32_t from,
                             const struct peer_msg *m,
                             char text[ROUTE_TEXT_CAP])
{
    const struct peer *p = site_peer(f->site, from);
    enum route_rule rule = RULE_NONE;
    struct err err = {0};
    int64_t milli;

    if (from != f->site->number) {
        rule =
            agreement_allows(f, p, p ? p->mine : 0, m->institution, &m->request, text);
        if (rule != RULE_NONE)
            return rule;
        rule = partition_allows(f, &m->request, text);
        if (rule != RULE_NONE)
            return rule;
    }
    milli = request_price(f, &m->request);
    if (milli < 0 || book_may_hold(f->book, m->project, milli, &err) < 0) {
        word_cut(text, ROUTE_TEXT_CAP, milli < 0 ? "its price is too large" : err.text);
        allowance_want(f, m->project, milli);
        return RULE_BUDGET;
    }
    return RULE_NONE;
}

/* Its user has changed the limit: what was held by the old one goes back, and it queues
 * anew. */
static void take_limit(struct fed *f, struct copied *j, uint32_t limit_s)
{
    j->c.request.time_limit_s = limit_s;
    candidate_park(f, j);
    candidate_unpark(f, j);
}

static void on_offer(struct fed *f, uint32_t from, const struct peer_msg *m)
{
    struct copied *j = copied_find(f, m->job);
    char text[ROUTE_TEXT_CAP] = "";
    struct copy c = {0};
    enum route_rule rule;
    struct err err = {0};

    if (request_check(&m->request, &err) < 0) {
        answer_offer(f, from, m, RULE_SIZE, err.text);
        return;
    }
    rule = judge(f, from, m, text);
    if (rule != RULE_NONE) {
        if (j)
            copied_drop(f, j, text);
        answer_offer(f, from, m, rule, text);
        return;
    }
    if (j) {
        if (m->epoch > j->c.epoch) {
            j->c.epoch = m->epoch;
            j->c.person[0] = '\0'; /* no longer entrusted */
            if (j->c.request.time_limit_s != m->request.time_limit_s)
                take_limit(f, j, m->request.time_limit_s);
            save_copied(f, j, "offered again");
        }
        answer_offer(f, from, m, RULE_NONE, "");
        return;
    }
    c.id = m->job;
    c.holder = from;
    c.epoch = m->epoch;
    c.request = m->request;
    c.claim = ++f->claims; /* a GO without a claim must name this copy */
    c.priority = m->priority;
    c.queued = f->now.wall;
    memcpy(c.institution, m->institution, sizeof(c.institution));
    memcpy(c.project, m->project, sizeof(c.project));
    j = copied_add(f, &c);
    if (!j) {
        answer_offer(f, from, m, RULE_REFUSED, "out of memory");
        return;
    }
    save_copied(f, j, "queued");
    fx_add(f, FX_QUEUE, j->c.id);
    answer_offer(f, from, m, RULE_NONE, "");
}

static void send_claim(struct fed *f, struct copied *j)
{
    struct peer_msg m = {
        .kind = PEER_CLAIM, .job = j->c.id, .epoch = j->c.epoch, .claim = j->c.claim};

    say(f, j->c.holder, &m);
    alarm_set(f, &j->alarm, (struct mono){f->now.mono.us + retry_delay(j->tries)});
}

/* Out of the engine's queue until the holder can be asked again. */
void candidate_park(struct fed *f, struct copied *j)
{
    settle(f, j, 0);
    if (j->c.copy == COPY_CLAIMED)
        copied_set(f, j, COPY_QUEUED);
    j->parked = true;
    fx_add(f, FX_DROP, j->c.id);
}

void candidate_unpark(struct fed *f, struct copied *j)
{
    j->parked = false;
    fx_add(f, FX_QUEUE, j->c.id);
}

/* Refused late: it was queued, and now something of ours stands in the way. */
static void refuse_late(struct fed *f,
                        struct copied *j,
                        enum route_rule rule,
                        const char *why)
{
    struct peer_msg offer = {.job = j->c.id, .epoch = j->c.epoch};
    uint32_t holder = j->c.holder;

    if (copy_entrusted(j)) {
        host_entrusted_return(f, j, rule, why);
        return;
    }
    copied_drop(f, j, why);
    answer_offer(f, holder, &offer, rule, why);
}

/* The ceiling that our agreement puts on the holder's running cores here. */
static bool over_ceiling(const struct fed *f, const struct copied *j)
{
    const struct peer *p = site_peer(f->site, j->c.holder);
    uint32_t max = p && p->has_agreement ? p->agreement.side[p->mine].max_cores : 0;

    return max && foreign_cores(f, j->c.holder) + request_cores(&j->c.request) > max;
}

int fed_engine_ready(struct fed *f,
                     uint64_t id,
                     struct now now,
                     struct fed_effects *ret_fx)
{
    struct copied *j = copied_find(f, id);
    struct postings p = {0};
    struct err err = {0};
    int64_t milli;
    int r = step_begin(f, now);

    if (r < 0)
        return r;
    if (!j || j->parked) {
        fx_add(f, FX_DROP, id);
    } else if (j->c.copy != COPY_QUEUED) {
        /* said twice */
    } else if ((!reachable(f, j->c.holder) && !copy_entrusted(j))
               || over_ceiling(f, j)) {
        candidate_park(f, j);
        alarm_set(f, &j->alarm, (struct mono){now.mono.us + retry_delay(2)});
    } else {
        milli = request_price(f, &j->c.request);
        r = book_hold(f->book, id, j->c.epoch, j->c.project, milli, now.wall, &p, &err);
        fed_save_lines(f, &p);
        if (r < 0) {
            refuse_late(f, j, RULE_BUDGET, err.text);
        } else {
            j->c.hold_milli = milli;
            j->c.claim = ++f->claims;
            if (copy_entrusted(j)) {
                host_entrusted_start(f, j);
            } else {
                copied_set(f, j, COPY_CLAIMED);
                j->claimed = now.mono;
                send_claim(f, j);
            }
        }
    }
    step_end(f, ret_fx);
    return 0;
}

int fed_engine_refused(struct fed *f,
                       uint64_t id,
                       const char *why,
                       struct now now,
                       struct fed_effects *ret_fx)
{
    struct copied *j = copied_find(f, id);
    int r = step_begin(f, now);

    if (r < 0)
        return r;
    if (j && j->c.copy < COPY_STARTING) {
        refuse_late(f, j, RULE_REFUSED, why);
    } else if (j && j->c.copy == COPY_STARTING) {
        /* It was permitted and will never run: the holder may permit another. */
        struct peer_msg m = {.kind = PEER_HANDBACK,
                             .job = id,
                             .epoch = j->c.epoch,
                             .claim = j->c.claim,
                             .rule = RULE_REFUSED};
        uint32_t holder = j->c.holder;

        word_cut(m.text, sizeof(m.text), why);
        copied_drop(f, j, why);
        say(f, holder, &m);
    }
    step_end(f, ret_fx);
    return 0;
}

static void handback(struct fed *f,
                     uint32_t to,
                     const struct peer_msg *go,
                     const char *why)
{
    struct peer_msg m = {
        .kind = PEER_HANDBACK, .job = go->job, .epoch = go->epoch, .claim = go->claim};

    (void)word_copy(m.text, sizeof(m.text), why); /* our own short texts */
    say(f, to, &m);
}

static void on_go(struct fed *f,
                  struct copied *j,
                  uint32_t from,
                  const struct peer_msg *m)
{
    if (!j) {
        handback(f, from, m, "no such copy here");
        return;
    }
    if (j->c.copy >= COPY_STARTING) {
        if (j->c.epoch != m->epoch)
            handback(f, from, m, "it runs here under another epoch");
        return; /* said twice */
    }
    if (copy_entrusted(j) && j->c.epoch == m->epoch)
        return; /* said twice */
    if ((j->c.copy != COPY_CLAIMED && !m->entrusted) || j->c.claim != m->claim) {
        handback(f, from, m, "not our latest claim");
        return;
    }
    if (m->epoch <= j->c.epoch) {
        handback(f, from, m, "it was offered again since");
        return;
    }
    if (m->entrusted) {
        host_entrusted(f, j, m);
        return;
    }
    if (f->now.mono.us - j->claimed.us > GO_VALID_US) {
        handback(f, from, m, "too late");
        candidate_park(f, j);
        candidate_unpark(f, j);
        return;
    }
    host_go(f, j, m);
}

/* A no to a claim under an epoch that has been raised since says nothing of this one.
 */
static void on_no(struct fed *f, struct copied *j, const struct peer_msg *m)
{
    if (j && (j->c.copy == COPY_QUEUED || j->c.copy == COPY_CLAIMED)
        && m->claim == j->c.claim && m->epoch == j->c.epoch)
        copied_drop(f, j, m->text[0] ? m->text : "the holder said no");
}

static void on_recall(struct fed *f,
                      struct copied *j,
                      uint32_t from,
                      const struct peer_msg *m)
{
    struct peer_msg dropped = {.kind = PEER_DROPPED, .job = m->job, .epoch = m->epoch};

    if (j && j->c.epoch > m->epoch)
        return; /* an old recall, overtaken by a new offer */
    if (j)
        copied_drop(f, j, "recalled");
    say(f, from, &dropped);
}

static void hear(struct fed *f,
                 struct copied *j,
                 uint32_t from,
                 const struct peer_msg *m)
{
    switch (m->kind) {
    case PEER_OFFER:
        on_offer(f, from, m);
        break;
    case PEER_RECALL:
        on_recall(f, j, from, m);
        break;
    case PEER_GO:
        on_go(f, j, from, m);
        break;
    case PEER_NO:
        on_no(f, j, m);
        break;
    case PEER_CANCEL:
        if (m->lost)
            host_lost(f, j, from, m);
        else if (j)
            host_cancel(f, j, m);
        break;
    case PEER_ENDED_ACK:
        if (j)
            host_ended_ack(f, j, m);
        break;
    case PEER_OFFER_ACK:
    case PEER_CLAIM:
    case PEER_HANDBACK:
    case PEER_STARTED:
    case PEER_ENDED:
    case PEER_DROPPED:
    case PEER_ALLOWANCE_ASK: /* allowance.c */
    case PEER_ALLOWANCE:
    case _PEER_KIND_MAX:
        break; /* the other direction: peers.c has refused it */
    }
}

void candidate_msg(struct fed *f, uint32_t from, const struct peer_msg *m)
{
    struct copied *j = copied_find(f, m->job);
    int was = j ? (int)j->c.copy : COPY_NONE;

    if (j && j->c.holder != from)
        return; /* only its holder speaks about it */
    if (copy_hears(was, m->kind))
        hear(f, j, from, m);
    j = copied_find(f, m->job);
    assert(copy_way(was, m->kind, j ? (int)j->c.copy : COPY_NONE));
}

/* What the holder may have missed of what we said. */
void candidate_say_again(struct fed *f, struct copied *j)
{
    switch (j->c.copy) {
    case COPY_QUEUED:
        if (j->parked)
            candidate_unpark(f, j);
        break;
    case COPY_CLAIMED:
        send_claim(f, j);
        break;
    case COPY_STARTING:
        break;
    case COPY_RUNNING:
        send_started(f, j);
        break;
    case COPY_RETURNING:
    case COPY_ENDED:
        send_ended(f, j);
        break;
    case _COPY_STATE_MAX:
        break;
    }
}

void candidate_alarm(struct fed *f, struct copied *j)
{
    j->tries = (uint16_t)MIN(j->tries + 1, 100);
    switch (j->c.copy) {
    case COPY_QUEUED:
        if (j->parked && (reachable(f, j->c.holder) || copy_entrusted(j)))
            candidate_unpark(f, j);
        return;
    case COPY_CLAIMED:
        /* A claim without an answer keeps resources idle only so long. */
        if (!reachable(f, j->c.holder)
            || f->now.mono.us - j->claimed.us > GO_VALID_US) {
            candidate_park(f, j);
            if (reachable(f, j->c.holder))
                candidate_unpark(f, j);
            return;
        }
        send_claim(f, j);
        return;
    case COPY_RUNNING:
        send_started(f, j);
        return;
    case COPY_RETURNING:
    case COPY_ENDED:
        send_ended(f, j);
        return;
    case COPY_STARTING:
    case _COPY_STATE_MAX:
        return;
    }
}
