/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_rpc_look - what stands in a slurmctld's tables, copied
 *
 * With the time of the last look slurmctld answers "no change" without sending
 * anything; otherwise it sends all of a table, and what is new in it is found by who
 * keeps the last one.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/measure.h"
#include "base/words.h"
#include "engine/slurm_h.h"
#include "engine/slurm_rpc.h"
#include "model/hostlist.h"

#include "base/banned.h"

#define PARTS_TEXT_MAX (4u << 20)

static uint64_t mib(uint64_t n)
{
    return n << 20;
}

/* What one node gives to a job that asked for memory in Slurm's way. */
static uint64_t node_bytes(const slurm_job_info_t *j, uint32_t cores)
{
    if (j->pn_min_memory == NO_VAL64)
        return 0;
    if (j->pn_min_memory & MEM_PER_CPU)
        return mib((j->pn_min_memory & ~MEM_PER_CPU) * cores);
    return mib(j->pn_min_memory);
}

static int copy_parts(const slurm_job_info_t *from, struct slurm_job *to)
{
    struct words w = WORDS_INIT(JOB_NODES_MAX, PARTS_TEXT_MAX);
    int r = hostlist_expand(from->nodes, &w, NULL);

    if (r == 0 && w.n > 0) {
        to->parts = calloc(w.n, sizeof(*to->parts));
        r = to->parts ? 0 : -ENOMEM;
    }
    for (size_t i = 0; i < w.n && r == 0; i++) {
        struct slurm_part *p = &to->parts[i];
        int cores = from->job_resrcs
                        ? slurm_job_cpus_allocated_on_node(from->job_resrcs, w.v[i])
                        : -1;

        if (!word_copy(p->node, sizeof(p->node), w.v[i]))
            continue; /* no node of ours has so long a name */
        p->cores = cores > 0 ? (uint32_t)cores : (uint32_t)(from->num_cpus / w.n);
        p->bytes = node_bytes(from, p->cores);
        to->mem_bytes += p->bytes;
        to->n_parts++;
    }
    words_release(&w);
    return r;
}

static int copy_job(const slurm_job_info_t *from, struct slurm_job *to)
{
    uint32_t base = from->job_state & JOB_STATE_BASE;
    bool holds = base == SLURM_JOB_RUNNING || base == SLURM_JOB_SUSPENDED
                 || from->job_state & (uint32_t)SLURM_JOB_COMPLETING;

    *to = (struct slurm_job){
        .id = from->job_id,
        .state = from->job_state,
        .reason = from->state_reason,
        .priority = from->priority,
        .status = from->exit_code,
        .restarts = from->restart_cnt,
        .limit_s = from->time_limit == INFINITE || from->time_limit == NO_VAL
                       ? DURATION_UNLIMITED
                       : from->time_limit * 60,
        .n_cores = from->num_cpus,
        .n_nodes = from->num_nodes,
        .n_tasks = from->num_tasks,
        .cpus_per_task = from->cpus_per_task,
        .uid = from->user_id,
        .submit_s = from->submit_time,
        .start_s = from->start_time,
        .end_s = from->end_time,
    };
    if (from->admin_comment
        && !word_copy(to->mark, sizeof(to->mark), from->admin_comment))
        to->mark[0] = '\0'; /* ours are never so long */
    if (from->partition)
        word_cut(to->partition, sizeof(to->partition), from->partition);
    if (!from->nodes || !from->nodes[0])
        return 0;
    to->nodes = strdup(from->nodes);
    if (!to->nodes)
        return -ENOMEM;
    return holds || to->mark[0] ? copy_parts(from, to) : 0;
}

static int fail_look(const char *what, struct err *err)
{
    return err_set(err, -EAGAIN, "Slurm, %s: %s", what, slurm_strerror(errno));
}

static int look_jobs(struct slurm_look *l, struct err *err)
{
    job_info_msg_t *m = NULL;
    int r = 0;

    errno = 0;
    if (slurm_load_jobs((time_t)l->jobs_at, &m, SHOW_ALL | SHOW_DETAIL)
        != SLURM_SUCCESS)
        return errno == SLURM_NO_CHANGE_IN_DATA ? 0 : fail_look("jobs", err);
    l->jobs = calloc(m->record_count ? m->record_count : 1, sizeof(*l->jobs));
    if (!l->jobs)
        r = -ENOMEM;
    for (uint32_t i = 0; i < m->record_count && r == 0; i++) {
        r = copy_job(&m->job_array[i], &l->jobs[i]);
        l->n_jobs++;
    }
    l->jobs_at = m->last_update;
    l->jobs_changed = r == 0;
    slurm_free_job_info_msg(m);
    return r;
}

static int look_nodes(struct slurm_look *l, struct err *err)
{
    node_info_msg_t *m = NULL;

    errno = 0;
    if (slurm_load_node((time_t)l->nodes_at, &m, SHOW_ALL) != SLURM_SUCCESS)
        return errno == SLURM_NO_CHANGE_IN_DATA ? 0 : fail_look("nodes", err);
    l->nodes = calloc(m->record_count ? m->record_count : 1, sizeof(*l->nodes));
    for (uint32_t i = 0; l->nodes && i < m->record_count; i++) {
        const node_info_t *from = &m->node_array[i];
        struct slurm_node *to = &l->nodes[l->n_nodes];

        if (!from->name || !word_copy(to->name, sizeof(to->name), from->name))
            continue;
        to->state = from->node_state;
        to->cores = from->cpus_efctv ? from->cpus_efctv : from->cpus;
        to->mem_bytes = mib(from->real_memory > from->mem_spec_limit
                                ? from->real_memory - from->mem_spec_limit
                                : from->real_memory);
        if (from->reason)
            word_cut(to->why, sizeof(to->why), from->reason);
        l->n_nodes++;
    }
    l->nodes_at = m->last_update;
    l->nodes_changed = l->nodes != NULL;
    slurm_free_node_info_msg(m);
    return l->nodes ? 0 : -ENOMEM;
}

static void look_cluster(struct slurm_look *l)
{
    slurm_conf_t *c = NULL;

    if (slurm_load_ctl_conf(0, &c) != SLURM_SUCCESS)
        return; /* the next whole look asks again */
    if (c->cluster_name)
        word_cut(l->cluster, sizeof(l->cluster), c->cluster_name);
    slurm_free_ctl_conf(c);
}

int slurm_rpc_look(struct slurm_look *l, struct err *err)
{
    int r = 0;

    if (l->want_nodes)
        r = look_nodes(l, err);
    if (r == 0 && l->jobs_at == 0)
        look_cluster(l);
    if (r == 0)
        r = look_jobs(l, err);
    return r;
}

void slurm_look_release(struct slurm_look *l)
{
    for (size_t i = 0; i < l->n_jobs; i++) {
        free(l->jobs[i].nodes);
        free(l->jobs[i].parts);
    }
    free(l->jobs);
    free(l->nodes);
    l->jobs = NULL;
    l->nodes = NULL;
    l->n_jobs = l->n_nodes = 0;
}

int slurm_rpc_topology(struct slurm_switch **ret_v, size_t *ret_n, struct err *err)
{
    topo_info_response_msg_t *m = NULL;
    struct slurm_switch *v;
    bool ok = true;

    errno = 0;
    if (slurm_load_topo(&m) != SLURM_SUCCESS)
        return fail_look("topology", err);
    v = calloc(m->record_count ? m->record_count : 1, sizeof(*v));
    for (uint32_t i = 0; v && i < m->record_count; i++) {
        const topo_info_t *from = &m->topo_array[i];

        word_cut(v[i].name, sizeof(v[i].name), from->name ? from->name : "");
        v[i].level = from->level;
        v[i].nodes = strdup(from->nodes ? from->nodes : "");
        v[i].switches = strdup(from->switches ? from->switches : "");
        ok = ok && v[i].nodes && v[i].switches;
    }
    *ret_n = m->record_count;
    slurm_free_topo_info_msg(m);
    if (!v || !ok) {
        slurm_switches_free(v, *ret_n);
        *ret_n = 0;
        return -ENOMEM;
    }
    *ret_v = v;
    return 0;
}

void slurm_switches_free(struct slurm_switch *v, size_t n)
{
    for (size_t i = 0; v && i < n; i++) {
        free(v[i].nodes);
        free(v[i].switches);
    }
    free(v);
}
