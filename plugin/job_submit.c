/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * job_submit - Slurm asks before it takes a job: job_submit/hopluu
 *
 * slurmctld calls job_submit() for every sbatch, srun and salloc, one at a time, with
 * its read locks held. We ask hopluud what this center's policy says of the job.
 *
 * What this must never do:
 *   - take longer than ask_us, or more than a millisecond once hopluud is known not to
 *     answer;
 *   - touch a job: not one field of it changes;
 *   - refuse a job because hopluud does not answer;
 *   - start a thread, catch a signal, change locale or environment, exit, or abort.
 *
 * Public headers only. Set in slurmctld's environment: HOPLUU_SOCKET, HOPLUU_ASK_MS (1
 * to 50).
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "plugin/ask.h"
#include "plugin/slurm_ex.h"

#include "base/banned.h"

#define ASK_MS 50
#define ASK_MS_MAX 50

/* What Slurm's loader looks for. */
extern const char plugin_name[];
extern const char plugin_type[];
extern const uint32_t plugin_version;
const char plugin_name[] = "Hopluu: policy of the center";
const char plugin_type[] = "job_submit/hopluu";
const uint32_t plugin_version = SLURM_VERSION_NUMBER;

struct job_record; /* opaque without internal headers */
int init(void);
int fini(void);
int job_submit(job_desc_msg_t *d, uint32_t uid, char **err_msg);
int job_modify(job_desc_msg_t *d, struct job_record *job, uint32_t uid);

static struct {
    struct ask_desk desk;
    int64_t ask_us;
    bool silent; /* that hopluud does not answer has been logged */
} our;

static int64_t from_env(const char *name, uint32_t most_ms, uint32_t usual_ms)
{
    const char *text = getenv(name);
    uint32_t ms = usual_ms;
    struct err err;

    if (text && measure_u32(text, 1, most_ms, &ms, &err) < 0)
        slurm_error("job_submit/hopluu: %s: %s; %u is used", name, err.text, usual_ms);
    return (int64_t)ms * 1000;
}

int init(void)
{
    const char *path = getenv("HOPLUU_SOCKET");
    struct err err = {0};

    our.ask_us = from_env("HOPLUU_ASK_MS", ASK_MS_MAX, ASK_MS);
    our.desk.breaker = (struct breaker){0};
    if (line_init(&our.desk.line, path ? path : HOPLUU_RUNDIR "/hopluud.sock", &err)
        < 0)
        slurm_error("job_submit/hopluu: %s", err.text); /* "" is nobody's socket */
    return SLURM_SUCCESS;
}

int fini(void)
{
    line_release(&our.desk.line);
    return SLURM_SUCCESS;
}

/* One line in slurmctld's log when hopluud stops answering, one when it is back. */
static void log_health(int r, bool refused, const struct err *err)
{
    bool silent = r < 0 && !refused;

    if (silent == our.silent)
        return;
    our.silent = silent;
    if (silent)
        slurm_info("job_submit/hopluu: %s: jobs go through as they are",
                   err_text(err, r));
    else
        slurm_info("job_submit/hopluu: hopluud answers again");
}

static int ask(json_t *question,
               int64_t time_us,
               json_t **ret_answer,
               bool *ret_refused,
               struct err *err)
{
    int r = ask_hopluud(&our.desk, question, time_us, ret_answer, ret_refused, err);

    log_health(r, *ret_refused, err);
    return r;
}

/* Only words for the user; what is there already is another plugin's. */
static void say(char **err_msg, const char *what)
{
    if (err_msg && !*err_msg)
        *err_msg = slurm_xstrdup_printf("hopluu: %s", what);
}

static uint32_t given(uint32_t v)
{
    return v == NO_VAL || v == INFINITE ? 0 : v;
}

static uint32_t given16(uint16_t v)
{
    return v == NO_VAL16 || v == INFINITE16 ? 0 : v;
}

/* Cores that it asks for; Slurm says "not given" with NO_VAL, some fields with 0. */
static uint64_t cores_of(const job_desc_msg_t *d)
{
    uint64_t tasks = given(d->num_tasks);
    uint64_t per_node = MAX(given16(d->ntasks_per_node), UINT32_C(1));
    uint64_t each = MAX(given16(d->cpus_per_task), UINT32_C(1));
    uint64_t least = given(d->min_cpus);

    if (tasks == 0)
        tasks = given(d->min_nodes) * per_node;
    return MAX(tasks * each, least);
}

static json_int_t limit_of(const job_desc_msg_t *d)
{
    return d->time_limit == INFINITE ? (json_int_t)UINT32_MAX
                                     : (json_int_t)given(d->time_limit) * 60;
}

/* What the site's policy says of a job: a code for sbatch. */
static int check(const job_desc_msg_t *d, char **err_msg)
{
    struct err err = {0};
    json_t *answer = NULL;
    bool refused;
    int r =
        ask(json_pack("{s:s,s:I,s:s,s:s,s:I,s:I,s:b}", "op", "slurm_check", "uid",
                      (json_int_t)d->user_id, "account", d->account ? d->account : "",
                      "partition", d->partition ? d->partition : "", "cores",
                      (json_int_t)cores_of(d), "time_limit_s", limit_of(d), "batch",
                      d->script != NULL),
            our.ask_us, &answer, &refused, &err);

    json_decref(answer);
    if (r == 0 || !refused || (r != -EDQUOT && r != -EACCES))
        return SLURM_SUCCESS;
    say(err_msg, err.text);
    return r == -EDQUOT ? ESLURM_ACCOUNTING_POLICY : ESLURM_ACCESS_DENIED;
}

/* Made by hopluud itself: AdminComment is refused from anybody but administrators
 * before plugins are called. */
static bool ours(const job_desc_msg_t *d)
{
    return d->admin_comment && !strncmp(d->admin_comment, "hopluu", 6);
}

int job_submit(job_desc_msg_t *d, uint32_t uid, char **err_msg)
{
    (void)uid; /* who submits; the job is of d->user_id, which slurmctld has checked */
    return ours(d) ? SLURM_SUCCESS : check(d, err_msg);
}

int job_modify(job_desc_msg_t *d, struct job_record *job, uint32_t uid)
{
    (void)d;
    (void)job;
    (void)uid;
    return SLURM_SUCCESS;
}
