/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_watch - when to look at Slurm's tables, and what is new in them
 *
 * A look costs slurmctld one small answer while nothing has changed, and a copy of its
 * job table when something has. Looks are close together only while something of ours
 * moves, are never closer than a multiple of what the last one took, and never overlap:
 * a slow slurmctld is asked less. Only what differs from the last look is acted on.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "engine/slurm_int.h"
#include "engine/slurm_words.h"

#include "base/banned.h"

#define QUICK_MS 100      /* while something of ours moves … */
#define QUICK_FOR_MS 3000 /* … and for so long after it */
#define BUSY_MS 500       /* jobs of ours are there */
#define IDLE_MS 2000
#define NODES_S 5
#define DUTY 20      /* a look takes at most one part in so many of the time … */
#define DUTY_QUICK 4 /* … while something of ours moves */
#define SILENT_S 10  /* without an answer: nothing new starts here */

static void arm(struct slurm *e, int64_t ms)
{
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    (void)evtimer_add(e->tick, &tv); /* cannot fail: the event has its slot */
}

/* Nothing starts here while nobody knows what Slurm does. */
static void if_silent(struct slurm *e)
{
    if (!e->whole || now_read().mono.us - e->heard_us > SILENT_S * US_PER_S)
        mirror_reach(e, false);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct slurm *e = arg;

    (void)fd;
    (void)what;
    if (e->looking) { /* libslurm tries for minutes; watch_found() arms the next */
        if_silent(e);
        arm(e, IDLE_MS);
        return;
    }
    e->look_began_us = now_read().mono.us;
    e->looking = ask_look(e) == 0;
    arm(e, IDLE_MS);
}

void watch_start(struct slurm *e)
{
    e->tick = evtimer_new(e->base, on_tick, e);
    if (e->tick)
        event_active(e->tick, EV_TIMEOUT, 0);
}

void watch_soon(struct slurm *e)
{
    e->quick_until_us = now_read().mono.us + QUICK_FOR_MS * 1000;
    if (!e->looking && e->tick)
        arm(e, QUICK_MS);
}

void watch_quick(struct slurm *e)
{
    e->quick_until_us = now_read().mono.us + QUICK_FOR_MS * 1000;
    if (!e->looking && e->tick)
        event_active(e->tick, EV_TIMEOUT, 0);
}

void watch_unsure(struct sjob *j)
{
    j->state = SJOB_UNSURE;
    j->asked_look = j->e->looks;
    j->e->want_all = true;
    watch_soon(j->e);
}

static struct seen *seen_get(struct slurm *e, uint32_t id)
{
    struct seen *x;

    TABLE_FIND(e->seen, &id, x);
    if (x)
        return x;
    x = calloc(1, sizeof(*x));
    if (!x)
        return NULL;
    x->id = id;
    x->waits = -1;
    if (TABLE_ADD(e->seen, id, x)) {
        free(x);
        return NULL;
    }
    return x;
}

/* A job with our mark that we know nothing of: it must not run for nobody. */
static void stray(struct slurm *e, const struct slurm_job *s)
{
    enum slurm_phase phase = slurm_phase(s->state, s->priority);

    if (phase >= SLURM_ENDING)
        return;
    log_warn("Slurm's job %u (%s) is one that nobody here knows: it is cancelled",
             s->id, s->mark);
    (void)ask_signal(e, NULL, s->id, 0); /* full: the next change asks again */
}

static void one(struct slurm *e, const struct slurm_job *s, uint32_t number)
{
    struct seen *x = seen_get(e, s->id);
    struct sjob *j = NULL;
    bool fresh;

    if (!x)
        return; /* no memory: the next look */
    fresh = x->look == 0 || x->state != s->state || x->restarts != s->restarts
            || x->submit_s != s->submit_s;
    x->look = number;
    x->restarts = s->restarts;
    x->submit_s = s->submit_s;
    x->over = slurm_phase(s->state, s->priority) == SLURM_OVER;
    x->elapsed_s =
        s->end_s > s->start_s && s->start_s > 0 ? (uint64_t)(s->end_s - s->start_s) : 0;
    x->state = s->state;
    if (s->mark[0] && mark_read(e, s->mark, &x->id_ours, &x->epoch)) {
        j = sjob_find(e, x->id_ours);
        if (j && j->epoch == x->epoch && j->state >= SJOB_SUBMITTING)
            sjob_on_record(j, s);
        else if (fresh) {
            stray(e, s);
            mirror_site_job(e, x, s); /* it holds its nodes until it is gone */
        }
        if (fresh)
            e->quick_until_us = now_read().mono.us + QUICK_FOR_MS * 1000;
    } else if (proxy_show(e, s) && fresh) {
        mirror_site_job(e, x, s);
        e->quick_until_us = now_read().mono.us + QUICK_FOR_MS * 1000;
    } else if (fresh) {
        mirror_site_job(e, x, s);
    }
}

static void absent(struct slurm *e, uint32_t number)
{
    struct seen *x;
    struct seen *next_x;
    struct sjob *j;
    struct sjob *next;

    TABLE_FOREACH (e->seen, x, next_x) {
        if (x->look == number)
            continue;
        mirror_site_gone(e, x);
        HASH_DEL(e->seen, x);
        free(x);
    }
    TABLE_FOREACH (e->jobs, j, next)
        if (j->state > SJOB_SUBMITTING && j->state < SJOB_GATHERING
            && j->seen_look != number && number > j->asked_look)
            sjob_on_absence(j);
}

/* One slow answer is an accident, two are a slow slurmctld. */
static int64_t pause_ms(struct slurm *e)
{
    int64_t now_us = now_read().mono.us;
    int64_t took_us = now_us - e->look_began_us;
    int64_t less_us = MIN(took_us, e->look_took_us);
    bool quick = now_us < e->quick_until_us;
    int64_t ms = quick ? QUICK_MS : e->jobs ? BUSY_MS : IDLE_MS;

    e->look_took_us = took_us;
    return MAX(ms, less_us * (quick ? DUTY_QUICK : DUTY) / 1000);
}

static void silent(struct slurm *e, const struct err *err)
{
    static struct log_gate gate;

    log_limited(&gate, 3, LOG_WARN, "%s", err->text);
    e->want_all = true;
    if_silent(e);
}

/* The machine is known: what waited for that is queued, or will never fit. */
static void first(struct slurm *e)
{
    struct sjob *j;
    struct sjob *next;
    struct err err = {0};

    e->whole = true;
    TABLE_FOREACH (e->jobs, j, next) {
        int r = j->parked ? queue_put(&e->q, &j->job, &err) : 0;

        j->parked = false;
        if (r)
            sjob_impossible(j, err_text(&err, r));
    }
}

void watch_found(struct slurm *e,
                 struct slurm_look *l,
                 uint32_t number,
                 int r,
                 const struct err *err)
{
    e->looking = false;
    if (r) {
        silent(e, err);
        arm(e, IDLE_MS);
        return;
    }
    e->heard_us = now_read().mono.us;
    if (l->cluster[0])
        memcpy(e->cluster, l->cluster, sizeof(e->cluster));
    mirror_reach(e, true);
    if (l->want_nodes)
        e->nodes_due_us = now_read().mono.us + NODES_S * US_PER_S;
    if (l->nodes_changed) {
        e->nodes_at = l->nodes_at;
        mirror_nodes(e, l);
    }
    if (l->jobs_changed) {
        e->jobs_at = l->jobs_at;
        if (!e->whole)
            first(e);
        for (size_t i = 0; i < l->n_jobs; i++)
            one(e, &l->jobs[i], number);
        absent(e, number);
    }
    proxy_looked(e, l->jobs_changed);
    arm(e, pause_ms(e));
}

void watch_free(struct slurm *e)
{
    struct seen *x;
    struct seen *next;

    if (e->tick)
        event_free(e->tick);
    TABLE_FOREACH (e->seen, x, next) {
        HASH_DEL(e->seen, x);
        free(x);
    }
}
