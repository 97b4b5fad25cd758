/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * queue - the scheduler's object under an engine's clock
 *
 * Answers about a queue are the same for every engine that keeps its own: this file
 * feeds `sched`, runs a pass when something has changed (once per turn of the loop,
 * never from inside a call) and when time alone changes something.
 */
#ifndef HOPLUU_ENGINE_QUEUE_H
#define HOPLUU_ENGINE_QUEUE_H

#include <event2/event.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/engine.h"
#include "sched/sched.h"

struct queue {
    struct sched *sched;
    struct event_base *base;
    struct event *pass;   /* due in this turn of the loop */
    struct event *timer;  /* due when time alone changes something */
    struct event *notice; /* supply_changed, at most every SUPPLY_MS */
    const struct site *site;
    void (*ready)(uint64_t id, void *arg);
    const struct engine_callbacks *cb;
    void *cb_arg;
    void *arg; /* of ready */
};

/* 0 or -ENOMEM; call queue_release() in any case. */
int queue_init(struct queue *q,
               struct event_base *base,
               const struct engine_callbacks *cb,
               void *cb_arg,
               void (*ready)(uint64_t id, void *arg),
               void *arg);
void queue_release(struct queue *q);

int64_t queue_now_s(void);

/* Partitions, and their nodes: set_node is called once for each with its partitions. */
int queue_configure(struct queue *q,
                    const struct site *site,
                    int (*set_node)(void *arg, const char *name, uint32_t partitions),
                    struct err *err);

/* Something changed: a pass in this turn of the loop. */
void queue_kick(struct queue *q);

int queue_put(struct queue *q, const struct engine_job *j, struct err *err);
int64_t queue_estimate(struct queue *q, const struct request *r, bool own);
/* p50 and p90 of a wait that queue_estimate() gave; of a job that waits here (false =
 * its start is not foreseen). */
struct forecast_wait queue_odds(struct queue *q,
                                const struct request *r,
                                bool own,
                                int64_t wait_s);
bool queue_expect(struct queue *q, uint64_t id, struct forecast_wait *ret_w);
struct forecast *queue_forecast(struct queue *q);

void queue_supply(struct queue *q, struct supply *ret_supply);
enum job_reason queue_reason(struct queue *q, uint64_t id);

/* A node as finfo shows it, from what `sched` knows. */
void queue_node(const struct queue *q, uint32_t index, struct engine_node *ret_node);

/* The keys that a request is predicted and queued by; institution and project "" =
 * nobody's. Its use counts for the project's institution where the project is known. */
struct sched_meta queue_meta(const struct queue *q,
                             bool own,
                             const char *institution,
                             const char *project,
                             uint32_t priority,
                             struct wall queued);

#endif
