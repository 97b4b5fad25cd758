/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* queue - the scheduler's object under an engine's clock */
#include "config.h"

#include "engine/queue.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/table.h"
#include "base/words.h"
#include "model/hostlist.h"

#include "base/banned.h"

#define SUPPLY_MS 50
#define LATE_S 60 /* a claim and its answer, and the grace of a job that is killed */
#define NODE_LIST_MAX (4u << 20)

int64_t queue_now_s(void)
{
    return now_read().wall.us / US_PER_S;
}

static void on_reserved(void *arg, uint64_t id)
{
    struct queue *q = arg;

    q->ready(id, q->arg);
}

static void arm(struct queue *q, int64_t now_s)
{
    int64_t at = sched_next_s(q->sched);
    struct timeval tv = {0};

    (void)evtimer_del(q->timer); /* it may not be pending */
    if (at == INT64_MAX)
        return;
    tv.tv_sec = (time_t)(at > now_s ? MIN(at - now_s, INT64_C(86400)) : 1);
    (void)evtimer_add(q->timer, &tv); /* the next change arms it again */
}

static void on_pass(evutil_socket_t fd, short what, void *arg)
{
    struct queue *q = arg;
    int64_t now_s = queue_now_s();

    (void)fd;
    (void)what;
    (void)sched_pass(q->sched, now_s, on_reserved, q); /* no memory: the timer's turn */
    arm(q, now_s);
    if (!evtimer_pending(q->notice, NULL)) {
        struct timeval tv = {.tv_usec = SUPPLY_MS * 1000};

        (void)evtimer_add(q->notice, &tv); /* the next change tells */
    }
}

static void on_notice(evutil_socket_t fd, short what, void *arg)
{
    struct queue *q = arg;

    (void)fd;
    (void)what;
    if (q->cb->supply_changed)
        q->cb->supply_changed(q->cb_arg);
}

int queue_init(struct queue *q,
               struct event_base *base,
               const struct engine_callbacks *cb,
               void *cb_arg,
               void (*ready)(uint64_t id, void *arg),
               void *arg)
{
    struct sched_config c = sched_config_default();

    c.late_s = LATE_S;
    *q = (struct queue){
        .base = base, .cb = cb, .cb_arg = cb_arg, .ready = ready, .arg = arg};
    q->sched = sched_new(&c);
    q->pass = event_new(base, -1, 0, on_pass, q);
    q->timer = evtimer_new(base, on_pass, q);
    q->notice = evtimer_new(base, on_notice, q);
    return q->sched && q->pass && q->timer && q->notice ? 0 : -ENOMEM;
}

void queue_release(struct queue *q)
{
    struct event *all[] = {q->pass, q->timer, q->notice};

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        if (all[i])
            event_free(all[i]);
    sched_free(q->sched);
    *q = (struct queue){0};
}

void queue_kick(struct queue *q)
{
    event_active(q->pass, EV_TIMEOUT, 0);
}

/* Which partitions a node stands in; a node may stand in several. */
struct member {
    char name[NAME_CAP];
    uint32_t partitions;
    UT_hash_handle hh;
};

static int add_member(struct member **all, const char *name, uint32_t bit)
{
    char key[NAME_CAP] = "";
    struct member *m;

    if (!word_copy(key, sizeof(key), name))
        return -ENAMETOOLONG;
    HASH_FIND(hh, *all, key, sizeof(key), m);
    if (!m) {
        m = calloc(1, sizeof(*m));
        if (!m)
            return -ENOMEM;
        memcpy(m->name, key, sizeof(key));
        if (TABLE_ADD(*all, name, m)) {
            free(m);
            return -ENOMEM;
        }
    }
    m->partitions |= UINT32_C(1) << bit;
    return 0;
}

static int add_partition(struct queue *q,
                         const struct partition *p,
                         struct member **all,
                         struct err *err)
{
    struct sched_partition sp = {.is_default = p->is_default,
                                 .up = true,
                                 .max_time_s = p->max_time_s,
                                 .default_time_s = p->default_time_s,
                                 .max_nodes = p->max_nodes,
                                 .job_factor = p->job_factor};
    struct words w = WORDS_INIT(NODES_MAX, NODE_LIST_MAX);
    int bit;
    int r;

    (void)word_copy(sp.name, sizeof(sp.name), p->name); /* the same ceiling */
    bit = sched_partition_set(q->sched, &sp);
    if (bit < 0)
        return err_set(err, bit, "partition %s: more than %d", p->name, PARTITIONS_MAX);
    r = hostlist_expand(p->nodes ? p->nodes : "", &w, err);
    for (size_t i = 0; i < w.n && !r; i++)
        r = add_member(all, w.v[i], (uint32_t)bit);
    words_release(&w);
    return r;
}

/* The order of the queue, and whose share is how large. */
static int set_priority(struct queue *q, const struct site *site, struct err *err)
{
    const struct priority_rule *p = &site->priority;
    const struct sched_priority sp = {
        .weights = {.age = p->weight_age,
                    .fairshare = p->weight_fairshare,
                    .size = p->weight_job_size,
                    .partition = p->weight_partition,
                    .max_age_s = p->max_age_s},
        .half_life_s = p->decay_half_life_s,
        .calc_s = p->calc_period_s,
        .favor_small = p->favor_small,
    };
    char path[FAIR_NAME_CAP];
    int r = 0;

    for (size_t i = 0; i < site->n_institutions && !r; i++)
        r = sched_shares_set(q->sched, site->institutions[i].name,
                             site->institutions[i].shares, err);
    for (size_t i = 0; i < site->n_projects && !r; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", site->projects[i].institution,
                       site->projects[i].name); /* two names and a stroke fit */
        r = sched_shares_set(q->sched, path, site->projects[i].shares, err);
    }
    return r ? r : sched_priority_set(q->sched, &sp, queue_now_s());
}

int queue_configure(struct queue *q,
                    const struct site *site,
                    int (*set_node)(void *arg, const char *name, uint32_t partitions),
                    struct err *err)
{
    struct member *all = NULL;
    struct member *m;
    struct member *next;
    int r = 0;

    for (size_t i = 0; i < site->n_partitions && !r; i++)
        r = add_partition(q, &site->partitions[i], &all, err);
    TABLE_FOREACH (all, m, next) {
        if (!r)
            r = set_node(q->arg, m->name, m->partitions);
        HASH_DEL(all, m);
        free(m);
    }
    if (!r)
        r = set_priority(q, site, err);
    if (!r) {
        q->site = site;
        queue_kick(q);
    }
    return r;
}

struct sched_meta queue_meta(const struct queue *q,
                             bool own,
                             const char *institution,
                             const char *project,
                             uint32_t priority,
                             struct wall queued)
{
    struct sched_meta m = {.group = own ? 0 : 1,
                           .priority = priority,
                           .user = table_hash(project, strlen(project)),
                           .submit_s = queued.us / US_PER_S};
    const struct project *known = q->site ? site_project(q->site, project) : NULL;

    if (known)
        institution = known->institution;
    if (institution[0] && project[0])
        (void)snprintf(m.account, sizeof(m.account), "%s/%s", institution, project);
    return m;
}

int queue_put(struct queue *q, const struct engine_job *j, struct err *err)
{
    struct sched_meta meta =
        queue_meta(q, j->own, j->institution, j->project, j->priority, j->queued);
    int r = sched_submit(q->sched, j->id, &j->request, &meta, queue_now_s(), err);

    if (r == -EEXIST)
        return 0;
    if (!r)
        queue_kick(q);
    return r;
}

int64_t queue_estimate(struct queue *q, const struct request *r, bool own)
{
    struct now now = now_read();
    struct sched_meta meta = queue_meta(q, own, "", "", 0, now.wall);
    int64_t wait_s;

    if (sched_estimate(q->sched, r, &meta, now.wall.us / US_PER_S, &wait_s, NULL))
        return -1;
    return wait_s;
}

struct forecast_wait queue_odds(struct queue *q,
                                const struct request *r,
                                bool own,
                                int64_t wait_s)
{
    struct sched_meta meta = queue_meta(q, own, "", "", 0, now_read().wall);

    return sched_odds(q->sched, r, &meta, wait_s);
}

bool queue_expect(struct queue *q, uint64_t id, struct forecast_wait *ret_w)
{
    return sched_expect(q->sched, id, queue_now_s(), ret_w);
}

struct forecast *queue_forecast(struct queue *q)
{
    return sched_forecast(q->sched);
}

void queue_supply(struct queue *q, struct supply *ret_supply)
{
    struct now now = now_read();
    struct supply s = {0};

    if (sched_supply(q->sched, now.wall.us / US_PER_S, &s))
        s.n_parts = 0;
    s.center = q->site ? q->site->number : 0;
    s.at = now.wall;
    *ret_supply = s;
}

enum job_reason queue_reason(struct queue *q, uint64_t id)
{
    struct sched_view v;

    if (!sched_view(q->sched, id, queue_now_s(), &v))
        return REASON_NONE;
    return v.reason;
}

void queue_node(const struct queue *q, uint32_t index, struct engine_node *ret_node)
{
    const struct nodes *all = sched_nodes(q->sched);
    const struct node *n = &all->v[index];
    struct engine_node e = {.cores = n->all.cores,
                            .cores_used = n->all.cores - n->now.cores,
                            .mem_bytes = n->all.bytes,
                            .mem_used = n->all.bytes - n->now.bytes,
                            .gpus = n->all.gpus,
                            .gpus_used = n->all.gpus - n->now.gpus,
                            .n_jobs = n->now.jobs};
    size_t len = 0;

    (void)word_copy(e.name, sizeof(e.name), n->name); /* the same ceilings */
    (void)word_copy(e.gpu_type, sizeof(e.gpu_type), n->gpu_type);
    e.state = !n->up                   ? "down"
              : e.cores_used == 0      ? "idle"
              : e.cores_used < e.cores ? "mixed"
                                       : "allocated";
    for (size_t i = 0; q->site && i < q->site->n_partitions; i++) {
        int bit = sched_partition_find(q->sched, q->site->partitions[i].name);
        int w;

        if (bit < 0 || !(n->partitions & (UINT32_C(1) << bit)))
            continue;
        w = snprintf(e.partitions + len, sizeof(e.partitions) - len, "%s%s",
                     len ? "," : "", q->site->partitions[i].name);
        if (w < 0 || (size_t)w >= sizeof(e.partitions) - len)
            break;
        len += (size_t)w;
    }
    *ret_node = e;
}
