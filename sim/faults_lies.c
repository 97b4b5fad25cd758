/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * faults_lies - messages that nobody should have sent, or not now
 *
 * Repeated ones, old ones about a job that goes on (echoes), and those of a center that
 * lies within what it can know: numbers and epochs of others' jobs, but no claim that
 * was not made to it.
 */
#include "config.h"

#include <stdio.h>

#include "base/number.h"
#include "model/job_id.h"
#include "sim/faults_int.h"

#include "base/banned.h"

#define LIES_OF ((size_t)16) /* the last messages */
#define ECHO_TRIES 64        /* … of the past are looked through for an echo */

/* Whether this center has no part in the job: what it says of it must count nothing. */
static bool stranger(const struct world *w, uint32_t center, const struct peer_msg *m)
{
    const struct truth *t = truth_find(w, m->job);

    if (!t || center == t->entry || t->copies[center])
        return false;
    for (uint32_t i = 0; i < t->n_runs; i++)
        if (t->runs[i].center == center)
            return false;
    return t->on_disk && t->on_disk->grant.center != center + 1;
}

void lies_repeat(struct world *w, int64_t which, bool lie, uint32_t as)
{
    struct past p;

    if (w->n_past == 0)
        return;
    /* A lie is about what goes on now, a repetition about anything. */
    if (lie)
        p = w->past[(w->n_past - 1 - (uint64_t)which % MIN(w->n_past, LIES_OF))
                    % PAST_MAX];
    else
        p = w->past[(uint64_t)which % MIN(w->n_past, (size_t)PAST_MAX)];
    if (lie && !peer_kind_from_holder(p.msg.kind)) {
        /* What a candidate may say of any job of the holder's; it has none of it. */
        if (!stranger(w, as, &p.msg) || as == p.to)
            return;
        p.from = as;
        if (which & 256)
            p.msg.epoch++;
    } else if (lie) {
        p.from = as; /* not the holder: refused by number */
        if (as == job_id_center(p.msg.job) - 1 || as == p.to)
            return;
    }
    net_forge(w, p.from, p.to, &p.msg);
}

void lies_echo(struct world *w, uint32_t from, uint32_t to, const struct peer_msg *m)
{
    size_t n = MIN(w->n_past, (size_t)ECHO_TRIES);
    size_t first = world_lot(w) % (n ? n : 1);

    for (size_t i = 0; i < n; i++) {
        const struct past *p = &w->past[(w->n_past - 1 - (first + i) % n) % PAST_MAX];

        if (p->msg.job == m->job
            && ((p->from == from && p->to == to) || (p->from == to && p->to == from))) {
            net_forge(w, p->from, p->to, &p->msg);
            return;
        }
    }
}

/* A job that goes on, and in which `as` has no part. */
static const struct truth *job_of_others(const struct world *w,
                                         int64_t which,
                                         uint32_t as)
{
    size_t n = w->n_jobs - w->first_open;

    for (size_t i = 0; i < n; i++) {
        const struct truth *t = &w->jobs[w->first_open + ((uint64_t)which + i) % n];
        const struct peer_msg of = {.job = t->id};

        if (!t->closed && t->answered && t->on_disk && stranger(w, as, &of))
            return t;
    }
    return NULL;
}

/* The run that another center hosts is over, says a center that does not. */
static void forge_end(struct world *w, uint32_t as, const struct truth *t)
{
    const struct holding *h = t->on_disk;
    struct peer_msg m = {.kind = PEER_ENDED,
                         .job = t->id,
                         .epoch = h->grant.epoch,
                         .state = JOB_COMPLETED,
                         .done = true};

    net_forge(w, as, t->entry, &m);
}

/* A job that somebody else holds is offered as if it were ours. */
static void forge_offer(struct world *w,
                        uint32_t as,
                        uint32_t to,
                        const struct truth *t)
{
    const struct holding *h = t->on_disk;
    struct peer_msg m = {
        .kind = PEER_OFFER, .job = t->id, .epoch = h->epoch, .request = h->request};

    if (to == as || to == t->entry)
        return;
    (void)snprintf(m.institution, sizeof(m.institution), "%s",
                   h->institution);                                 /* fits */
    (void)snprintf(m.project, sizeof(m.project), "%s", h->project); /* fits */
    net_forge(w, as, to, &m);
}

void lies_forge(struct world *w, int64_t which, uint32_t as)
{
    const struct truth *t = job_of_others(w, which / 4, as);

    if (!t)
        return;
    if (t->on_disk->grant.center && which % 2)
        forge_end(w, as, t);
    else if (!t->on_disk->grant.center)
        forge_offer(w, as, (uint32_t)((uint64_t)which / 4 % w->n), t);
}

void lies_answer(struct world *w,
                 uint32_t from,
                 uint32_t to,
                 const struct peer_msg *claim)
{
    struct peer_msg m = *claim;

    if (claim->kind != PEER_CLAIM || job_id_center(claim->job) - 1 == to)
        return;
    /* Who made it believe that it holds the job permits it too. */
    m.kind = PEER_GO;
    m.epoch++;
    (void)snprintf(m.person, sizeof(m.person), "u@inst"); /* fits */
    net_forge(w, to, from, &m);
}
