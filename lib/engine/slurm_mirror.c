/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_mirror - Slurm's machine in our scheduler
 *
 * The nodes of our partitions with the sizes and states that Slurm gives them, and on
 * them what runs there: the site's own jobs by their Slurm number (with the top bit
 * set, so that no federated number is the same), ours under their own. Our queue,
 * estimates and what peers are told come from it at no cost to slurmctld.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/measure.h"
#include "base/words.h"
#include "engine/slurm_int.h"
#include "engine/slurm_words.h"

#include "base/banned.h"

#define SITE_JOB (UINT64_C(1) << 63)

struct snode *mirror_node(const struct slurm *e, const char *name)
{
    char key[NAME_CAP] = "";
    struct snode *n = NULL;

    if (word_copy(key, sizeof(key), name))
        HASH_FIND(hh, e->nodes, key, sizeof(key), n);
    return n;
}

static int publish(struct slurm *e, struct snode *n)
{
    int i = sched_node_set(e->q.sched, n->name, n->cores, n->mem_bytes, 0, "",
                           n->partitions, n->known && n->up);

    if (i < 0)
        return i;
    n->index = (uint32_t)i;
    return 0;
}

int mirror_set_node(void *arg, const char *name, uint32_t partitions)
{
    struct slurm *e = arg;
    struct snode *n = mirror_node(e, name);

    if (!n) {
        n = calloc(1, sizeof(*n));
        if (!n)
            return -ENOMEM;
        n->e = e;
        word_cut(n->name, sizeof(n->name), name); /* the configuration's ceiling */
        if (TABLE_ADD(e->nodes, name, n)) {
            free(n);
            return -ENOMEM;
        }
    }
    n->partitions = partitions;
    return publish(e, n);
}

void mirror_nodes(struct slurm *e, const struct slurm_look *l)
{
    struct snode *n;
    struct snode *next;

    TABLE_FOREACH (e->nodes, n, next)
        n->known = false;
    for (size_t i = 0; i < l->n_nodes; i++) {
        const struct slurm_node *from = &l->nodes[i];

        n = mirror_node(e, from->name);
        if (!n)
            continue; /* not in a partition that is shared */
        n->known = true;
        n->cores = from->cores;
        n->mem_bytes = from->mem_bytes;
        n->word = slurm_node_word(from->state, &n->up);
        memcpy(n->why, from->why, sizeof(n->why));
    }
    TABLE_FOREACH (e->nodes, n, next)
        if (publish(e, n))
            log_error("node %s: out of memory", n->name);
    queue_kick(&e->q);
}

/* What of a job stands on nodes of ours; *ret_n may be 0. NULL = no memory. */
static struct node_pick *picks_of(const struct slurm *e,
                                  const struct slurm_job *s,
                                  size_t *ret_n)
{
    struct node_pick *pick = calloc(s->n_parts ? s->n_parts : 1, sizeof(*pick));

    *ret_n = 0;
    for (size_t i = 0; pick && i < s->n_parts; i++) {
        const struct snode *n = mirror_node(e, s->parts[i].node);

        if (n && s->parts[i].cores)
            pick[(*ret_n)++] = (struct node_pick){.node = n->index,
                                                  .tasks = 1,
                                                  .cores = s->parts[i].cores,
                                                  .bytes = s->parts[i].bytes};
    }
    return pick;
}

void mirror_hold(struct sjob *j, const struct slurm_job *s)
{
    struct slurm *e = j->e;
    struct sched_meta meta = queue_meta(&e->q, j->job.own, j->job.institution,
                                        j->job.project, j->job.priority, j->job.queued);
    _cleanup_(freep) struct node_pick *pick = NULL;
    size_t n;

    if (j->placed)
        return;
    pick = picks_of(e, s, &n);
    if (!pick || n == 0)
        return; /* the nodes that we thought of stay taken */
    if (j->in_sched)
        (void)sched_end_unlearned(e->q.sched, j->id); /* it is in */
    j->in_sched = sched_restore_running(e->q.sched, j->id, &j->job.request, &meta, pick,
                                        n, s->start_s)
                  == 0;
    j->placed = j->in_sched;
    queue_kick(&e->q);
}

void mirror_site_gone(struct slurm *e, struct seen *x)
{
    if (x->waits >= 0)
        e->n_waiting[x->waits]--;
    x->waits = -1;
    if (!x->in_sched)
        return;
    (void)sched_end(e->q.sched, SITE_JOB | x->id, queue_now_s()); /* it is in */
    x->in_sched = false;
    queue_kick(&e->q);
}

void mirror_site_job(struct slurm *e, struct seen *x, const struct slurm_job *s)
{
    enum slurm_phase phase = slurm_phase(s->state, s->priority);
    struct sched_meta meta = {.user = SITE_JOB | s->uid, .submit_s = s->submit_s};
    struct request r = {.n_tasks = s->n_cores ? s->n_cores : 1,
                        .cpus_per_task = 1,
                        .time_limit_s = s->limit_s};
    _cleanup_(freep) struct node_pick *pick = NULL;
    size_t n;

    mirror_site_gone(e, x);
    if (phase == SLURM_QUEUED) {
        x->waits = sched_partition_find(e->q.sched, s->partition);
        if (x->waits >= 0)
            e->n_waiting[x->waits]++;
        return;
    }
    if (phase != SLURM_LOADING && phase != SLURM_RUNS && phase != SLURM_ENDING)
        return;
    pick = picks_of(e, s, &n);
    if (!pick || n == 0)
        return; /* all of it is on nodes that are not shared */
    if (sched_partition_find(e->q.sched, s->partition) >= 0)
        memcpy(r.partition, s->partition, sizeof(r.partition));
    x->in_sched = sched_restore_running(e->q.sched, SITE_JOB | s->id, &r, &meta, pick,
                                        n, s->start_s)
                  == 0;
    queue_kick(&e->q);
}

void mirror_reach(struct slurm *e, bool answers)
{
    if (e->answers == answers || !e->q.site)
        return;
    e->answers = answers;
    if (answers)
        log_info("slurmctld of %s answers", e->cluster[0] ? e->cluster : "the cluster");
    else
        log_warn("slurmctld does not answer: nothing new starts");
    for (size_t i = 0; i < e->q.site->n_partitions; i++) {
        const struct partition *p = &e->q.site->partitions[i];
        struct sched_partition sp = {.is_default = p->is_default,
                                     .up = answers,
                                     .max_time_s = p->max_time_s,
                                     .default_time_s = p->default_time_s,
                                     .max_nodes = p->max_nodes};

        memcpy(sp.name, p->name, sizeof(sp.name));
        (void)sched_partition_set(e->q.sched, &sp); /* it is there already */
    }
    queue_kick(&e->q);
}

void mirror_free(struct slurm *e)
{
    struct snode *n;
    struct snode *next;

    TABLE_FOREACH (e->nodes, n, next) {
        HASH_DEL(e->nodes, n);
        free(n);
    }
}
