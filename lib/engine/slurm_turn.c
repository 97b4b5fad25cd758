/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_turn - between the mirror's yes and the claim: slurmctld's word, and the pace
 *
 *     WAITING -> ASKING -> (PACED ->) READY
 *                ^    v
 *                PUT_OFF
 *
 * Jobs of one shape need one answer: those that the mirror gives nodes while the
 * question is on its way ride with it, and a yes serves others for YES_MS. A no while
 * jobs of ours come and go is soon out of date (one that ends is seen in the mirror
 * before Slurm has cleaned up after it): it is asked again in AGAIN_MS, and nodes stay
 * reserved for PUT_OFF_MS; any other no sends back into the queue. Those that
 * may go are told at most so many a second, for a job is submitted as soon as its
 * claim is granted, and slurmd cancels what it cannot confirm within ten seconds. Who
 * waits for the pace is not granted yet: another center may still be faster.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "engine/slurm_int.h"

#include "base/banned.h"

#define RETRY_S 5     /* slurmctld did not answer */
#define REFUSALS 6    /* a slurmctld that was just started knows no node yet */
#define YES_MS 1000   /* an estimate serves others of its shape for so long */
#define LATER_MAX_S 3 /* it says "not now": asked again at the latest */
#define LATER_MIN_S 1 /* the same, while jobs of ours come and go */
#define AGAIN_MS 200
#define PUT_OFF_MS 2000
#define NOW_SLACK_S 1  /* slurmctld's clock has whole seconds */
#define BURST_DIVIDE 2 /* at once: what half a second allows */

void turn_leave(struct sjob *j)
{
    if (j->in_turns)
        TAILQ_REMOVE(&j->e->turns, j, turn);
    j->in_turns = false;
    j->put_off_us = 0;
}

static void enter(struct sjob *j)
{
    if (!j->in_turns)
        TAILQ_INSERT_TAIL(&j->e->turns, j, turn);
    j->in_turns = true;
}

/* --- the pace --------------------------------------------------------------------- */

static int64_t interval_us(const struct slurm *e)
{
    return e->release_rate ? US_PER_S / e->release_rate : 0;
}

/* How long until one more may go; 0 = now. */
static int64_t pace_wait_us(const struct slurm *e, int64_t now_us)
{
    int64_t burst_us =
        MAX(e->release_rate / BURST_DIVIDE, UINT32_C(1)) * interval_us(e);

    return MAX(e->paced_until_us - now_us - burst_us + interval_us(e), INT64_C(0));
}

static void arm(struct slurm *e)
{
    int64_t wait_us = pace_wait_us(e, now_read().mono.us);
    struct timeval tv = {.tv_sec = wait_us / US_PER_S, .tv_usec = wait_us % US_PER_S};

    (void)evtimer_add(e->turn_timer, &tv); /* cannot fail: it has its slot */
}

static void pass(struct sjob *j)
{
    struct slurm *e = j->e;
    int64_t now_us = now_read().mono.us;

    if (pace_wait_us(e, now_us) > 0) {
        j->state = SJOB_PACED;
        enter(j);
        arm(e);
        return;
    }
    turn_leave(j);
    e->paced_until_us = MAX(e->paced_until_us, now_us) + interval_us(e);
    j->state = SJOB_READY;
    e->cb->ready(j->id, e->arg); /* may free it */
}

void turn_given_back(struct slurm *e)
{
    e->paced_until_us -= interval_us(e);
}

static struct sjob *first_of(struct slurm *e, enum sjob_state state)
{
    struct sjob *j;

    TAILQ_FOREACH (j, &e->turns, turn)
        if (j->state == state)
            return j;
    return NULL;
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct slurm *e = arg;
    struct sjob *j;

    (void)fd;
    (void)what;
    while ((j = first_of(e, SJOB_PACED)) && pace_wait_us(e, now_read().mono.us) == 0)
        turn_take(j); /* asks again when the yes that it had is of long ago */
    if (j)
        arm(e);
}

/* --- slurmctld's word ------------------------------------------------------------ */

/* Do they ask Slurm for the same? */
static bool same_shape(const struct request *a, const struct request *b)
{
    return !strcmp(a->partition, b->partition) && a->n_tasks == b->n_tasks
           && a->cpus_per_task == b->cpus_per_task && a->min_nodes == b->min_nodes
           && a->max_nodes == b->max_nodes && a->tasks_per_node == b->tasks_per_node
           && a->mem_node_bytes == b->mem_node_bytes
           && a->mem_cpu_bytes == b->mem_cpu_bytes && a->exclusive == b->exclusive
           && a->time_limit_s == b->time_limit_s;
}

static struct sjob *first_asking(struct slurm *e, const struct request *shape)
{
    struct sjob *j;

    TAILQ_FOREACH (j, &e->turns, turn)
        if (j->state == SJOB_ASKING && same_shape(shape, &j->job.request))
            return j;
    return NULL;
}

void turn_take(struct sjob *j)
{
    struct slurm *e = j->e;
    bool rides;

    if (now_read().mono.us < e->yes_until_us
        && same_shape(&e->yes_for, &j->job.request)) {
        pass(j);
        return;
    }
    rides = first_asking(e, &j->job.request) != NULL;
    j->state = SJOB_ASKING;
    enter(j);
    if (!rides && ask_will_run(j))
        sjob_defer(j, 1); /* too many wait already */
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
    struct sjob *j;

    (void)fd;
    (void)what;
    while ((j = first_of(arg, SJOB_PUT_OFF)))
        turn_take(j); /* the first asks, the others ride */
}

/* slurmctld says "in so many seconds", the mirror says now. */
static void put_off(struct sjob *j, int64_t in_s)
{
    struct slurm *e = j->e;
    struct timeval tv = {.tv_usec = AGAIN_MS * 1000};
    int64_t now_us = now_read().mono.us;
    bool moves = now_us < e->quick_until_us;

    if (!j->put_off_us)
        j->put_off_us = now_us;
    if (!moves || now_us - j->put_off_us > PUT_OFF_MS * 1000) {
        sjob_defer(j, MIN(in_s, (int64_t)(moves ? LATER_MIN_S : LATER_MAX_S)));
        return;
    }
    j->state = SJOB_PUT_OFF;
    if (!evtimer_pending(e->again_timer, NULL))
        (void)evtimer_add(e->again_timer, &tv); /* cannot fail: it has its slot */
}

static void answer_one(struct sjob *j, const struct turn_answer *a)
{
    int64_t in_s = a->start_s - queue_now_s();

    if (a->late) {
        sjob_defer(j, 0);
    } else if (a->r == -E2BIG && ++j->refusals < REFUSALS) {
        sjob_defer(j, RETRY_S);
    } else if (a->r == -E2BIG) {
        sjob_impossible(j, a->why);
    } else if (a->r) {
        log_debug("job %" PRIu64 ": %s", j->id, a->why);
        sjob_defer(j, RETRY_S);
    } else if (in_s > NOW_SLACK_S) {
        put_off(j, in_s);
    } else {
        j->refusals = 0;
        pass(j);
    }
}

void turn_answered(struct slurm *e, const struct turn_answer *a)
{
    struct sjob *j;

    if (!a->r && !a->late && a->start_s - queue_now_s() <= NOW_SLACK_S) {
        e->yes_for = *a->shape;
        e->yes_until_us = now_read().mono.us + YES_MS * 1000;
    }
    /* Each leaves that state, and the list may change under what it calls. */
    while ((j = first_asking(e, a->shape)))
        answer_one(j, a);
}

int turn_open(struct slurm *e)
{
    TAILQ_INIT(&e->turns);
    e->turn_timer = evtimer_new(e->base, on_turn, e);
    e->again_timer = evtimer_new(e->base, on_again, e);
    return e->turn_timer && e->again_timer ? 0 : -ENOMEM;
}

void turn_close(struct slurm *e)
{
    if (e->turn_timer)
        event_free(e->turn_timer);
    if (e->again_timer)
        event_free(e->again_timer);
    e->turn_timer = e->again_timer = NULL;
}
