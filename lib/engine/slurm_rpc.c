/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_rpc - what we ask a slurmctld to do
 *
 * A job is submitted held and released by a second call: a lost answer to the first
 * may leave a copy that nobody knows, but never one that starts.
 *
 * N.B. errno of libslurm is the thread's errno; 2000 to 4999 are slurmctld's own
 * refusals, all others mean that its answer never came.
 */
#include "config.h"

#include "engine/slurm_rpc.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/measure.h"
#include "base/number.h"
#include "engine/slurm_h.h"

#include "base/banned.h"

/* Exported by libslurm, declared nowhere. */
extern void slurm_free_will_run_response_msg(will_run_response_msg_t *msg);

#define REFUSED_FIRST 2000
#define REFUSED_LAST 4999

/* libslurm keeps one configuration for the whole process. */
static struct {
    pthread_mutex_t mutex;
    unsigned threads;
} users = {.mutex = PTHREAD_MUTEX_INITIALIZER};

void slurm_rpc_open(const char *conf)
{
    (void)pthread_mutex_lock(&users.mutex); /* a plain mutex of ours: cannot fail */
    if (users.threads++ == 0)
        slurm_init(conf);
    (void)pthread_mutex_unlock(&users.mutex);
}

void slurm_rpc_close(void)
{
    (void)pthread_mutex_lock(&users.mutex);
    if (--users.threads == 0)
        slurm_fini();
    (void)pthread_mutex_unlock(&users.mutex);
}

void slurm_order_release(struct slurm_order *o)
{
    free(o->account);
    free(o->script);
    words_release(&o->args);
    words_release(&o->env);
    free(o->work_dir);
    free(o->std_in);
    free(o->std_out);
    free(o->std_err);
    free(o->nodes);
    free(o->exclude);
    free(o->features);
    free(o->comment);
    free(o->mail_user);
}

static bool refused(int code)
{
    return code >= REFUSED_FIRST && code <= REFUSED_LAST
           && code != ESLURM_IN_STANDBY_MODE && code != ESLURM_IN_STANDBY_USE_BACKUP
           && code != ESLURMD_INVALID_ACCT_FREQ;
}

static int fail(int code, const char *what, struct err *err)
{
    const char *why = slurm_strerror(code);

    if (code == ESLURM_INVALID_JOB_ID || code == ESLURM_ALREADY_DONE)
        return err_set(err, -ENOENT, "Slurm, %s: %s", what, why);
    return err_set(err, refused(code) ? -EPERM : -EAGAIN, "Slurm, %s: %s", what, why);
}

/* Slurm's limits are whole minutes; the rest of ours is set when the job runs. */
static uint32_t minutes(uint32_t limit_s)
{
    return limit_s == 0                    ? NO_VAL
           : limit_s == DURATION_UNLIMITED ? INFINITE
                                           : limit_s / 60 + (limit_s % 60 != 0);
}

/* Slurm reads these and writes none of them. */
static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

static void describe(const struct request *r, uint32_t limit_s, job_desc_msg_t *d)
{
    slurm_init_job_desc_msg(d);
    if (r->partition[0])
        d->partition = text(r->partition);
    d->num_tasks = r->n_tasks;
    d->cpus_per_task = (uint16_t)MIN(r->cpus_per_task, UINT32_C(0xfff0));
    d->min_cpus = (uint32_t)MIN(request_cores(r), UINT64_C(0xfffffff0));
    d->min_nodes = MAX(r->min_nodes, UINT32_C(1));
    if (r->max_nodes)
        d->max_nodes = r->max_nodes;
    if (r->tasks_per_node)
        d->ntasks_per_node = (uint16_t)MIN(r->tasks_per_node, UINT32_C(0xfff0));
    if (r->mem_node_bytes)
        d->pn_min_memory = (r->mem_node_bytes + (1u << 20) - 1) >> 20;
    else if (r->mem_cpu_bytes)
        d->pn_min_memory = ((r->mem_cpu_bytes + (1u << 20) - 1) >> 20) | MEM_PER_CPU;
    if (r->exclusive)
        d->shared = 0;
    d->time_limit = minutes(limit_s);
}

int slurm_rpc_submit(const struct slurm_order *o,
                     uint32_t *ret_job,
                     bool *ret_unsure,
                     struct err *err)
{
    submit_response_msg_t *answer = NULL;
    job_desc_msg_t d;
    int r;

    describe(&o->request, o->limit_s, &d);
    d.admin_comment = text(o->mark);
    d.name = text(o->name);
    d.account = o->account;
    d.script = o->script;
    d.argc = (uint32_t)o->args.n;
    d.argv = o->args.v;
    d.environment = o->env.v;
    d.env_size = (uint32_t)o->env.n;
    d.work_dir = o->work_dir;
    d.std_in = o->std_in;
    d.std_out = o->std_out;
    d.std_err = o->std_err;
    d.open_mode = o->append ? OPEN_MODE_APPEND : OPEN_MODE_TRUNCATE;
    d.req_nodes = o->nodes;
    d.exc_nodes = o->exclude;
    d.features = o->features;
    d.comment = o->comment;
    d.mail_user = o->mail_user;
    d.user_id = o->uid;
    d.group_id = o->gid;
    d.priority = 0;
    d.requeue = 0; /* whether it may run again is the holder's decision */
    if (o->signal) {
        d.warn_signal = (uint16_t)o->signal;
        d.warn_time = (uint16_t)MIN(o->signal_s, UINT32_C(0xfff0));
        d.warn_flags = o->signal_batch ? KILL_JOB_BATCH : 0;
    }
    *ret_unsure = false;
    errno = 0;
    if (slurm_submit_batch_job(&d, &answer) != SLURM_SUCCESS || !answer) {
        int code = errno;

        r = fail(code, "submit", err);
        *ret_unsure = r == -EAGAIN;
    } else {
        *ret_job = answer->job_id;
        r = 0;
    }
    if (answer)
        slurm_free_submit_response_response_msg(answer);
    return r;
}

static int update(job_desc_msg_t *d, const char *what, struct err *err)
{
    errno = 0;
    if (slurm_update_job(d) == SLURM_SUCCESS)
        return 0;
    return fail(errno, what, err);
}

int slurm_rpc_release(uint32_t job, struct err *err)
{
    job_desc_msg_t d;

    slurm_init_job_desc_msg(&d);
    d.job_id = job;
    d.priority = INFINITE;
    return update(&d, "release", err);
}

int slurm_rpc_hold(uint32_t job, struct err *err)
{
    job_desc_msg_t d;

    slurm_init_job_desc_msg(&d);
    d.job_id = job;
    d.priority = 0;
    return update(&d, "hold", err);
}

int slurm_rpc_note(uint32_t job, const char *note, struct err *err)
{
    job_desc_msg_t d;

    slurm_init_job_desc_msg(&d);
    d.job_id = job;
    d.admin_comment = text(note);
    return update(&d, "note", err);
}

int slurm_rpc_end_at(uint32_t job, int64_t end_s, struct err *err)
{
    job_desc_msg_t d;

    slurm_init_job_desc_msg(&d);
    d.job_id = job;
    d.end_time = (time_t)end_s;
    return update(&d, "time limit", err);
}

int slurm_rpc_signal(uint32_t job, int signal, struct err *err)
{
    char id[16];

    (void)snprintf(id, sizeof(id), "%u", job);
    errno = 0;
    if (slurm_kill_job2(id, (uint16_t)(signal ? signal : SIGKILL),
                        signal ? KILL_FULL_JOB : 0, NULL)
        == SLURM_SUCCESS)
        return 0;
    return fail(errno, signal ? "signal" : "cancel", err);
}

int slurm_rpc_will_run(const struct request *r,
                       uint32_t limit_s,
                       uid_t uid,
                       gid_t gid,
                       int64_t *ret_start_s,
                       struct err *err)
{
    will_run_response_msg_t *answer = NULL;
    job_desc_msg_t d;
    int code;

    describe(r, limit_s, &d);
    d.user_id = uid;
    d.group_id = gid;
    errno = 0;
    if (slurm_job_will_run2(&d, &answer) == SLURM_SUCCESS && answer) {
        *ret_start_s = answer->start_time;
        slurm_free_will_run_response_msg(answer);
        return 0;
    }
    code = errno;
    return refused(code) ? err_set(err, -E2BIG, "Slurm: %s", slurm_strerror(code))
                         : fail(code, "start estimate", err);
}
