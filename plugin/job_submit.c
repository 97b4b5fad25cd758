/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * job_submit - Slurm asks before it takes a job: job_submit/hopluu
 *
 * slurmctld calls job_submit() for every sbatch, srun and salloc, one at a time, with
 * its read locks held. We ask hopluud what this center's policy says of the job, and
 * hand it to the federation if its user (--center) or its account says so.
 *
 * What this must never do:
 *   - take longer than ask_us for a job that stays at the site, or more than a
 *     millisecond once hopluud is known not to answer;
 *   - touch a job that is not handed over: not one field of it changes;
 *   - refuse a job because hopluud does not answer, unless its user has named centers;
 *   - start a thread, catch a signal, change locale or environment, exit, or abort.
 *
 * Public headers only. Set in slurmctld's environment: HOPLUU_SOCKET, HOPLUU_ASK_MS (1
 * to 50), HOPLUU_HANDOVER_MS (1 to 2000; a job that is handed over is on hopluud's disk
 * before sbatch says its number).
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "plugin/ask.h"
#include "plugin/proxy.h"
#include "plugin/submission.h"
#include "wire/noun_json.h"

#include "base/banned.h"

#define ASK_MS 50
#define ASK_MS_MAX 50
#define HANDOVER_MS 200
#define HANDOVER_MS_MAX 2000

/* What Slurm's loader looks for. */
extern const char plugin_name[];
extern const char plugin_type[];
extern const uint32_t plugin_version;
const char plugin_name[] = "Hopluu: policy, and the way into the federation";
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
    int64_t handover_us;
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
    our.handover_us = from_env("HOPLUU_HANDOVER_MS", HANDOVER_MS_MAX, HANDOVER_MS);
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
static void say(char **err_msg, const char *what, const char *then)
{
    if (err_msg && !*err_msg)
        *err_msg = slurm_xstrdup_printf("hopluu: %s%s", what, then);
}

/* What a refusal is to sbatch. */
static int slurm_code(int r)
{
    return r == -EDQUOT ? ESLURM_ACCOUNTING_POLICY : ESLURM_ACCESS_DENIED;
}

static bool temporary(int r)
{
    return r == -EAGAIN || r == -EHOSTUNREACH || r == -ENOSPC || r == -EIO;
}

enum verdict { VERDICT_STAY, VERDICT_HAND_OVER, VERDICT_REFUSE };

/* What the site's policy says of a job whose user asked for nothing. */
static enum verdict check(const job_desc_msg_t *d, char **err_msg, int *ret_code)
{
    struct submission_size size = submission_size(d);
    struct err err = {0};
    json_t *answer = NULL;
    bool refused;
    bool federate;
    int r =
        ask(json_pack("{s:s,s:I,s:s,s:s,s:I,s:I,s:b}", "op", "slurm_check", "uid",
                      (json_int_t)d->user_id, "account", d->account ? d->account : "",
                      "partition", d->partition ? d->partition : "", "cores",
                      (json_int_t)size.cores, "time_limit_s",
                      (json_int_t)size.time_limit_s, "batch", d->script != NULL),
            our.ask_us, &answer, &refused, &err);

    if (r == 0) {
        federate = json_is_true(json_object_get(answer, "federate"));
        json_decref(answer);
        return federate && d->script ? VERDICT_HAND_OVER : VERDICT_STAY;
    }
    if (!refused || temporary(r) || (r != -EDQUOT && r != -EACCES))
        return VERDICT_STAY;
    say(err_msg, err.text, "");
    *ret_code = slurm_code(r);
    return VERDICT_REFUSE;
}

/* The federation cannot have it now: it stays, unless its user named other centers. */
static int stay_or_fail(bool must, const char *why, char **err_msg)
{
    if (must) {
        say(err_msg, why,
            ": nothing was submitted; without --center the job queues here");
        return ESLURM_ACCESS_DENIED;
    }
    say(err_msg, why, ": the job queues at this center only");
    return SLURM_SUCCESS;
}

static json_t *submit_question(const job_desc_msg_t *d,
                               const struct job_spec *spec,
                               bool test)
{
    json_t *o = job_spec_to_json(spec);

    return o ? json_pack("{s:s,s:I,s:b,s:o}", "op", "slurm_submit", "uid",
                         (json_int_t)d->user_id, "test", test, "spec", o)
             : NULL;
}

static void tell_number(const json_t *answer, uint64_t job, char **err_msg)
{
    const char *center = json_string_value(json_object_get(answer, "center"));
    char id[48];

    (void)snprintf(id, sizeof(id), "federated job %" PRIu64 ", expected at ", job);
    say(err_msg, id, center && center[0] ? center : "the first center with room");
}

static int hand_over(job_desc_msg_t *d, const struct wish *w, char **err_msg)
{
    _cleanup_(job_spec_freep) struct job_spec *spec = NULL;
    bool test = d->submit_line && strstr(d->submit_line, "--test-only");
    bool must = w->value[WISH_CENTER] && strcmp(w->value[WISH_CENTER], "any") != 0;
    struct err err = {0};
    json_t *answer = NULL;
    const char *partition;
    json_int_t job;
    bool refused;
    int r = submission_spec(d, w, &spec, &err);

    if (r < 0)
        return stay_or_fail(must, err.text, err_msg);
    r = ask(submit_question(d, spec, test), our.handover_us, &answer, &refused, &err);
    if (r < 0 && refused && !temporary(r)) {
        say(err_msg, err.text, "");
        return slurm_code(r);
    }
    if (r < 0)
        return stay_or_fail(must, err_text(&err, r), err_msg);
    job = json_integer_value(json_object_get(answer, "job"));
    partition = json_string_value(json_object_get(answer, "proxy_partition"));
    if (job > 0 || test)
        tell_number(answer, (uint64_t)job, err_msg);
    if (job > 0 && !test)
        proxy_make(d, (uint64_t)job, partition ? partition : "");
    json_decref(answer);
    if (job <= 0 && !test)
        return stay_or_fail(must, "hopluud gave the job no number", err_msg);
    return SLURM_SUCCESS;
}

/* Made by hopluud itself: AdminComment is refused from anybody but administrators
 * before plugins are called. */
static bool ours(const job_desc_msg_t *d)
{
    return d->admin_comment && !strncmp(d->admin_comment, "hopluu", 6);
}

int job_submit(job_desc_msg_t *d, uint32_t uid, char **err_msg)
{
    struct wish w = wish_read(d->spank_job_env, d->spank_job_env_size);
    int code = SLURM_SUCCESS;

    (void)uid; /* who submits; the job is of d->user_id, which slurmctld has checked */
    if (ours(d))
        return SLURM_SUCCESS;
    if (w.value[WISH_CENTER] && w.value[WISH_CENTER][0])
        return hand_over(d, &w, err_msg);
    switch (check(d, err_msg, &code)) {
    case VERDICT_HAND_OVER:
        return hand_over(d, &w, err_msg);
    case VERDICT_REFUSE:
        return code;
    case VERDICT_STAY:
        break;
    }
    return SLURM_SUCCESS;
}

int job_modify(job_desc_msg_t *d, struct job_record *job, uint32_t uid)
{
    (void)d;
    (void)job;
    (void)uid;
    return SLURM_SUCCESS;
}
