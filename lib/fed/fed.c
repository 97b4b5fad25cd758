/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fed - birth, restart, and looking at what is there */
#include "config.h"

#include "fed/fed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "fed/fed_int.h"
#include "model/job_id.h"

#include "base/banned.h"

int fed_new(const struct site *site,
            struct book *book,
            const struct fed_local *local,
            uint64_t claim_seed,
            struct fed **ret_fed,
            struct err *err)
{
    struct fed *f = calloc(1, sizeof(*f));

    if (!f)
        return err_set(err, -ENOMEM, "out of memory");
    f->site = site;
    f->book = book;
    f->local = *local;
    f->claims = claim_seed;
    TAILQ_INIT(&f->holdings);
    TAILQ_INIT(&f->waiting);
    TAILQ_INIT(&f->finals);
    TAILQ_INIT(&f->copies);
    TAILQ_INIT(&f->dead_holdings);
    TAILQ_INIT(&f->dead_copies);
    *ret_fed = f;
    return 0;
}

void *fed_free(struct fed *f)
{
    struct held *j;
    struct copied *c;
    struct peer_state *p;
    struct peer_state *next;

    if (!f)
        return NULL;
    while ((j = TAILQ_FIRST(&f->holdings)))
        fed_held_remove(f, j);
    while ((c = TAILQ_FIRST(&f->copies)))
        copied_remove(f, c);
    bury(f);
    TABLE_FOREACH (f->peers, p, next) {
        HASH_DEL(f->peers, p);
        view_free(p->view);
        free(p);
    }
    free(f->heap);
    free(f->fx.v);
    free(f->views);
    free(f->notes);
    free(f);
    return NULL;
}

void bury(struct fed *f)
{
    struct held *j;
    struct copied *c;

    while ((j = TAILQ_FIRST(&f->dead_holdings))) {
        TAILQ_REMOVE(&f->dead_holdings, j, all);
        free(j->rests);
        free(j);
    }
    while ((c = TAILQ_FIRST(&f->dead_copies))) {
        TAILQ_REMOVE(&f->dead_copies, c, all);
        free(c);
    }
}

struct held *fed_held_find(const struct fed *f, uint64_t id)
{
    struct held *j;

    HASH_FIND(hh, f->held_by_id, &id, sizeof(id), j);
    return j;
}

int fed_held_unfinished(const struct held *j, uint64_t id, struct err *err)
{
    if (!j)
        return err_set(err, -ENOENT, "job %" PRIu64 " is not known here", id);
    if (j->h.hold == HOLD_FINAL)
        return err_set(err, -EALREADY, "job %" PRIu64 " is already %s", id,
                       job_state_word(j->h.state));
    return 0;
}

struct copied *copied_find(const struct fed *f, uint64_t id)
{
    struct copied *j;

    HASH_FIND(hh, f->copied_by_id, &id, sizeof(id), j);
    return j;
}

struct held *fed_held_add(struct fed *f, const struct holding *h)
{
    struct held *j = calloc(1, sizeof(*j));

    if (!j || alarm_reserve(f) < 0)
        goto fail;
    j->h = *h;
    j->alarm.of_holding = true;
    if (TABLE_ADD(f->held_by_id, h.id, j) < 0)
        goto fail;
    TAILQ_INSERT_TAIL(&f->holdings, j, all);
    waiting_update(f, j);
    return j;
fail:
    free(j);
    return NULL;
}

struct copied *copied_add(struct fed *f, const struct copy *c)
{
    struct copied *j = calloc(1, sizeof(*j));

    if (!j || alarm_reserve(f) < 0)
        goto fail;
    j->c = *c;
    if (TABLE_ADD(f->copied_by_id, c.id, j) < 0)
        goto fail;
    TAILQ_INSERT_TAIL(&f->copies, j, all);
    return j;
fail:
    free(j);
    return NULL;
}

void fed_held_remove(struct fed *f, struct held *j)
{
    alarm_clear(f, &j->alarm);
    if (j->in_waiting) {
        TAILQ_REMOVE(&f->waiting, j, waiting);
        f->n_waiting--;
    }
    if (j->in_final) {
        TAILQ_REMOVE(&f->finals, j, waiting);
        f->n_final--;
    }
    HASH_DEL(f->held_by_id, j);
    TAILQ_REMOVE(&f->holdings, j, all);
    TAILQ_INSERT_TAIL(&f->dead_holdings, j, all);
}

void copied_remove(struct fed *f, struct copied *j)
{
    struct peer_state *p;
    struct peer_state *next;

    alarm_clear(f, &j->alarm);
    TABLE_FOREACH (f->peers, p, next) {
        if (p->resync_copy == j)
            p->resync_copy = TAILQ_NEXT(j, all);
    }
    HASH_DEL(f->copied_by_id, j);
    TAILQ_REMOVE(&f->copies, j, all);
    TAILQ_INSERT_TAIL(&f->dead_copies, j, all);
}

void waiting_update(struct fed *f, struct held *j)
{
    bool want = j->h.hold == HOLD_WAITING && !j->h.held;

    if (want && !j->in_waiting) {
        TAILQ_INSERT_TAIL(&f->waiting, j, waiting);
        f->n_waiting++;
    } else if (!want && j->in_waiting) {
        TAILQ_REMOVE(&f->waiting, j, waiting);
        f->n_waiting--;
    }
    j->in_waiting = want;
    if (j->h.hold == HOLD_FINAL && !j->in_final && !holding_awaits_lost(&j->h)) {
        j->in_final = true;
        j->final_at = f->now.mono;
        TAILQ_INSERT_TAIL(&f->finals, j, waiting);
        f->n_final++;
    }
}

/* Final jobs stay a while for those who ask; the store answers after that. */
void final_trim(struct fed *f)
{
    struct held *j;

    while ((j = TAILQ_FIRST(&f->finals))
           && (f->n_final > FINAL_KEEP_MAX
               || f->now.mono.us - j->final_at.us > FINAL_KEEP_US))
        fed_held_remove(f, j);
}

struct peer_state *peer_find(const struct fed *f, uint32_t center)
{
    struct peer_state *p;

    HASH_FIND(hh, f->peers, &center, sizeof(center), p);
    return p;
}

struct peer_state *peer_get(struct fed *f, uint32_t center)
{
    struct peer_state *p = peer_find(f, center);

    if (p)
        return p;
    p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->center = center;
    if (TABLE_ADD(f->peers, center, p) < 0) {
        free(p);
        return NULL;
    }
    return p;
}

bool reachable(const struct fed *f, uint32_t center)
{
    const struct peer_state *p = peer_find(f, center);

    return center == f->site->number || (p && p->up);
}

int fed_restore_holding(struct fed *f, const struct holding *h)
{
    if (job_id_sequence(h->id) > f->sequence)
        f->sequence = job_id_sequence(h->id);
    return fed_held_find(f, h->id) || fed_held_add(f, h) ? 0 : -ENOMEM;
}

int fed_restore_copy(struct fed *f, const struct copy *c)
{
    struct copy restored = *c;

    /* A claim is not kept over a restart: nobody holds its resources any more. */
    if (restored.copy == COPY_CLAIMED)
        restored.copy = COPY_QUEUED;
    return copied_find(f, c->id) || copied_add(f, &restored) ? 0 : -ENOMEM;
}

void fed_restore_sequence(struct fed *f, uint64_t sequence)
{
    f->sequence = MAX(f->sequence, sequence);
    f->sequence_saved = f->sequence;
}

const struct holding *fed_holding(const struct fed *f, uint64_t id)
{
    const struct held *j = fed_held_find(f, id);

    return j ? &j->h : NULL;
}

const struct copy *fed_copy(const struct fed *f, uint64_t id)
{
    const struct copied *j = copied_find(f, id);

    return j ? &j->c : NULL;
}

void fed_each_holding(const struct fed *f,
                      uint64_t after_id,
                      int (*each)(const struct holding *h, void *arg),
                      void *arg)
{
    struct held *j = after_id ? fed_held_find(f, after_id) : NULL;

    j = j ? TAILQ_NEXT(j, all) : TAILQ_FIRST(&f->holdings);
    for (; j; j = TAILQ_NEXT(j, all))
        if (j->h.id > after_id && each(&j->h, arg))
            return;
}

void fed_each_unsettled(const struct fed *f,
                        struct wall now,
                        void (*each)(const struct copy *c, void *arg),
                        void *arg)
{
    const struct copied *j;

    TAILQ_FOREACH (j, &f->copies, all) {
        int64_t over_us = (int64_t)j->c.request.time_limit_s * US_PER_S + UNSETTLED_US;

        if (j->c.copy == COPY_RUNNING && j->c.hold_milli > 0
            && j->c.request.time_limit_s != DURATION_UNLIMITED
            && now.us - j->c.started.us > over_us)
            each(&j->c, arg);
    }
}

void fed_each_copy(const struct fed *f,
                   int (*each)(const struct copy *c, void *arg),
                   void *arg)
{
    struct copied *j;

    TAILQ_FOREACH (j, &f->copies, all) {
        if (each(&j->c, arg))
            return;
    }
}

bool fed_peer_connected(const struct fed *f, uint32_t center)
{
    return reachable(f, center);
}

const struct supply *fed_supply(const struct fed *f,
                                uint32_t center,
                                struct mono now,
                                int64_t *ret_age_us)
{
    const struct peer_state *p = peer_find(f, center);
    struct mono at;
    const struct supply *s = p && p->view ? view_supply(p->view, &at) : NULL;

    if (s)
        *ret_age_us = now.us - at.us;
    return s;
}

enum job_reason fed_reason(const struct fed *f, const struct holding *h)
{
    bool queued = false;

    if (h->hold != HOLD_WAITING)
        return (h->hold == HOLD_GRANTED || h->hold == HOLD_STARTED)
                       && !reachable(f, h->grant.center)
                   ? REASON_SILENT
                   : h->reason;
    if (h->held)
        return REASON_HELD;
    if (h->begin.us > f->now.wall.us)
        return REASON_BEGIN_TIME;
    for (int i = 0; i < CANDIDATES_MAX; i++) {
        if (h->offers[i].state == OFFER_QUEUED)
            queued = true;
        if (h->offers[i].state == OFFER_SENT && !queued)
            return REASON_OFFERED;
    }
    return queued                     ? REASON_RESOURCES
           : h->reason != REASON_NONE ? h->reason
                                      : REASON_NO_CENTER;
}

struct fed_counts fed_count(const struct fed *f)
{
    return (struct fed_counts){
        .holdings = HASH_COUNT(f->held_by_id),
        .waiting = f->n_waiting,
        .copies = HASH_COUNT(f->copied_by_id),
    };
}

static int held_check(const struct fed *f, const struct held *j, struct err *err)
{
    unsigned long long id = j->h.id;
    bool granted = j->h.grant.center != 0;

    if (j->in_waiting != (j->h.hold == HOLD_WAITING && !j->h.held))
        return err_set(err, -EINVAL, "job %llu: in the wrong list", id);
    if (j->h.hold == HOLD_WAITING && granted)
        return err_set(err, -EINVAL, "job %llu waits with a grant", id);
    if ((j->h.hold == HOLD_GRANTED || j->h.hold == HOLD_STARTED) && !granted)
        return err_set(err, -EINVAL, "job %llu runs without a grant", id);
    if (granted && j->h.grant.epoch > j->h.epoch)
        return err_set(err, -EINVAL, "job %llu: grant of a later epoch", id);
    if ((j->h.hold == HOLD_FINAL) != job_state_final(j->h.state))
        return err_set(err, -EINVAL, "job %llu: final in one way only", id);
    if (job_id_sequence(j->h.id) > f->sequence)
        return err_set(err, -EINVAL, "job %llu: id beyond the sequence", id);
    return 0;
}

static int copied_check(const struct copied *j, struct err *err)
{
    if (j->c.copy >= COPY_STARTING && j->c.claim == 0)
        return err_set(err, -EINVAL, "copy %llu started without a claim",
                       (unsigned long long)j->c.id);
    return 0;
}

int fed_check_job(const struct fed *f, uint64_t id, struct err *err)
{
    const struct held *j = fed_held_find(f, id);
    const struct copied *c = copied_find(f, id);
    int r = j ? held_check(f, j, err) : 0;

    return r == 0 && c ? copied_check(c, err) : r;
}

int fed_check(const struct fed *f, struct err *err)
{
    const struct held *j;
    const struct copied *c;
    int r = 0;

    TAILQ_FOREACH (j, &f->holdings, all) {
        r = held_check(f, j, err);
        if (r < 0)
            return r;
    }
    TAILQ_FOREACH (c, &f->copies, all) {
        r = copied_check(c, err);
        if (r < 0)
            return r;
    }
    return 0;
}
