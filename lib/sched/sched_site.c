/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* sched_site - a scheduler comes into being; its partitions and nodes; what it shows */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "base/words.h"
#include "model/enum_words.h"
#include "sched/sched_int.h"

#include "base/banned.h"

#define PREDICT_KEYS_MAX 200000

static const char *const policy_words[] = {"fcfs", "easy", "easy-sjbf", "conservative"};
ENUM_WORDS(sched_policy, enum sched_policy, _SCHED_POLICY_MAX, policy_words)

struct sched_config sched_config_default(void)
{
    return (struct sched_config){.policy = SCHED_EASY_SJBF,
                                 .local_first = true,
                                 .foreign_cores = UINT32_MAX,
                                 .age_weight = 24,
                                 .predict = PREDICT_ALIKE,
                                 .share = true,
                                 .max_jobs = 1000000};
}

struct sched *sched_new(const struct sched_config *config)
{
    struct sched *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->config = *config;
    s->freed = 1;
    forecast_init(&s->forecast);
    s->judge_s = INT64_MAX;
    s->priority = sched_priority_default();
    s->predict = predict_new(config->predict, PREDICT_KEYS_MAX);
    s->fair = fair_new(s->priority.half_life_s, &(struct fair_usage){.of = {1}});
    if (!s->predict || !s->fair)
        return sched_free(s);
    return s;
}

void *sched_free(struct sched *s)
{
    if (!s)
        return NULL;
    for (size_t x = 1; x < s->n_slots; x++) {
        free(s->jobs[x].picks);
        if (s->jobs[x].shape)
            shape_put(s, s->jobs[x].shape);
    }
    for (uint32_t p = 0; p < s->n_parts; p++) {
        backlog_release(&s->partitions[p].backlog);
        outlook_release(&s->partitions[p].plan);
    }
    nodes_release(&s->nodes);
    free(s->groups);
    free(s->room);
    free(s->jobs);
    idmap_release(&s->ids);
    backlog_pools_release(&s->pools);
    running_release(&s->running);
    order_pool_release(&s->deferred);
    predict_free(s->predict);
    accounts_free(s);
    share_free(s->share);
    free(s->begun);
    free(s);
    return NULL;
}

/* Something about the machine is different. */
static void changed(struct sched *s)
{
    s->freed++;
    s->dirty = true;
    plans_invalid(s);
}

int sched_partition_find(const struct sched *s, const char *name)
{
    for (uint32_t p = 0; p < s->n_partitions; p++)
        if (name[0] ? !strcmp(s->partitions[p].p.name, name)
                    : s->partitions[p].p.is_default)
            return (int)p;
    return -ENOENT;
}

int sched_partition_set(struct sched *s, const struct sched_partition *p)
{
    int i = sched_partition_find(s, p->name);

    if (!p->name[0])
        return -EINVAL;
    if (i < 0) {
        if (s->n_partitions >= PARTITIONS_MAX)
            return -ENOSPC;
        i = (int)s->n_partitions++;
        s->n_parts = MAX(s->n_parts, s->n_partitions);
        backlog_init(&s->partitions[i].backlog, &s->pools);
    }
    s->partitions[i].p = *p;
    changed(s);
    return i;
}

int sched_node_set(struct sched *s,
                   const char *name,
                   uint32_t cores,
                   uint64_t bytes,
                   uint32_t gpus,
                   const char *gpu_type,
                   uint32_t partitions,
                   bool up)
{
    struct node n = {
        .all = {.cores = cores, .bytes = bytes, .gpus = gpus},
        .partitions = partitions,
        .up = up
    };
    int i;

    if (!word_copy(n.name, sizeof(n.name), name)
        || !word_copy(n.gpu_type, sizeof(n.gpu_type), gpu_type))
        return -EINVAL;
    i = nodes_set(&s->nodes, &n);
    if (i >= 0)
        changed(s);
    return i;
}

int sched_node_up(struct sched *s, uint32_t node, bool up)
{
    if (node >= s->nodes.n)
        return -ENOENT;
    if (s->nodes.v[node].up != up) {
        s->nodes.v[node].up = up;
        changed(s);
    }
    return 0;
}

void sched_choose_set(struct sched *s, sched_choose_fn choose, void *arg)
{
    s->config.choose = choose;
    s->config.choose_arg = arg;
    s->dirty = true;
}

const struct nodes *sched_nodes(const struct sched *s)
{
    return &s->nodes;
}

struct sched_counts sched_counts(const struct sched *s)
{
    return s->counts;
}

static enum job_reason reason_of(const struct sched *s,
                                 const struct site_job *j,
                                 uint32_t rank)
{
    if (j->n_picks == 0 && j->shape->partition >= PARTITIONS_MAX
        && !s->partitions[j->shape->partition].p.up)
        return REASON_RESERVATION;
    if (j->state == SCHED_DEFERRED)
        return REASON_BEGIN_TIME;
    if (j->state == SCHED_WAITING)
        return rank == 0 ? REASON_RESOURCES : REASON_PRIORITY;
    return REASON_NONE;
}

bool sched_view(struct sched *s, uint64_t job, int64_t now_s, struct sched_view *ret_v)
{
    uint32_t x = idmap_find(&s->ids, job);
    const struct site_job *j;
    uint32_t rank = 0;

    if (!x)
        return false;
    j = &s->jobs[x];
    if (j->state == SCHED_WAITING) {
        rank = backlog_rank(&s->partitions[j->shape->partition].backlog, x);
        (void)plan_ready(s, j->shape->partition, now_s); /* no plan: start unknown */
    }
    *ret_v = (struct sched_view){.state = (enum sched_state)j->state,
                                 .reason = reason_of(s, j, rank),
                                 .position = j->state == SCHED_WAITING ? rank + 1 : 0,
                                 .predicted_s = j->pred_s,
                                 .limit_s = j->limit_s,
                                 .start_s = j->start_s,
                                 .end_s = j->n_picks ? j->end_s : -1,
                                 .pick = j->picks,
                                 .n_pick = j->n_picks};
    return true;
}

/* What the nodes of one partition add up to; those that are down do not count. */
static void fill_nodes(const struct sched *s, uint32_t p, struct supply_part *part)
{
    for (size_t i = 0; i < s->nodes.n; i++) {
        const struct node *n = &s->nodes.v[i];

        if (!(n->partitions & (UINT32_C(1) << p)) || !n->up)
            continue;
        part->nodes++;
        part->cores += n->all.cores;
        part->idle_nodes += n->used.jobs == 0;
        part->node_cores_max = MAX(part->node_cores_max, n->all.cores);
        part->node_gpus_max = MAX(part->node_gpus_max, n->all.gpus);
        part->node_bytes_max = MAX(part->node_bytes_max, n->all.bytes);
    }
}

int sched_supply(struct sched *s, int64_t now_s, struct supply *ret_supply)
{
    forecast_tell(&s->forecast, ret_supply);
    ret_supply->n_parts = s->n_partitions;
    for (uint32_t p = 0; p < s->n_partitions; p++) {
        const struct sched_partition *own = &s->partitions[p].p;
        struct supply_part *part = &ret_supply->parts[p];
        int r = plan_ready(s, p, now_s);

        if (r < 0)
            return r;
        *part = (struct supply_part){.up = own->up,
                                     .is_default = own->is_default,
                                     .max_time_s = own->max_time_s,
                                     .default_time_s = own->default_time_s,
                                     .max_nodes = own->max_nodes};
        memcpy(part->name, own->name, sizeof(part->name));
        fill_nodes(s, p, part);
        part->n_pending = (uint32_t)s->partitions[p].backlog.n;
        part->n_steps = profile_export(&s->partitions[p].plan.free, now_s, part->steps,
                                       SUPPLY_STEPS_MAX);
    }
    for (size_t i = 0; i < s->running.n; i++) {
        uint32_t p = s->jobs[s->running.v[i].slot].shape->partition;

        if (p < s->n_partitions) /* not in a reservation */
            ret_supply->parts[p].n_running++;
    }
    return 0;
}

bool sched_check(const struct sched *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->nodes.n; i++) {
        struct amount held = {0};
        const struct amount *used = &s->nodes.v[i].used;

        for (size_t k = 0; k < s->running.n; k++) {
            const struct site_job *j = &s->jobs[s->running.v[k].slot];

            for (uint32_t q = 0; q < j->n_picks; q++)
                if (j->picks[q].node == i) {
                    held.cores += j->picks[q].cores;
                    held.gpus += j->picks[q].gpus;
                    held.bytes += j->picks[q].bytes;
                    held.jobs++;
                }
        }
        if (held.cores != used->cores || held.gpus != used->gpus
            || held.bytes != used->bytes || held.jobs != used->jobs)
            return false;
    }
    for (uint32_t p = 0; p < s->n_parts; p++) {
        if (!backlog_check(&s->partitions[p].backlog))
            return false;
        n += s->partitions[p].backlog.n;
    }
    return n == s->counts.waiting
           && s->running.n == s->counts.running + s->counts.reserved
           && s->n_jobs == n + s->running.n + s->counts.deferred;
}
