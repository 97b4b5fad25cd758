/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_ask - calls that block, and what follows when they come back
 *
 * Each question is a task of its own for the worker's thread. A job may have been
 * dropped, or begun anew, while its question was on its way: an answer counts only for
 * the job and the epoch that asked it.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/number.h"
#include "engine/slurm_int.h"
#include "engine/slurm_words.h"

#include "base/banned.h"

#define ASK_S 30       /* an estimate that waited longer is out of date */
#define SUBMIT_TRIES 5 /* each after a whole look that did not show the job */
#define PASSWD_MAX 65536

struct ask {
    struct worker_task task; /* first */
    struct slurm *e;
    uint64_t id;
    uint32_t epoch;
    struct request request;
    struct request shape; /* as the job has it */
    uint32_t limit_s;
    uint32_t slurm_job;
    int signal;
    int64_t time_s;
    struct slurm_order *order;
    char account[NAME_CAP];
    char dir[PATH_MAX]; /* a guest's; "" = at home */
    char note_path[PATH_MAX];
    char *inputs_dir;
    char *outputs;
    bool std_err;
    uint64_t transfer_max;
    struct slurm_look look;
    uint32_t number;
    bool unsure;
    bool placed;
    bool released;
    struct buf note;
    struct err err;
    int r;
};

static void ask_free(struct worker_task *t)
{
    struct ask *a = (struct ask *)t;

    if (a->order)
        slurm_order_release(a->order);
    free(a->order);
    free(a->inputs_dir);
    free(a->outputs);
    slurm_look_release(&a->look);
    buf_release(&a->note);
    free(a);
}

static struct ask *ask_new(struct slurm *e,
                           const struct sjob *j,
                           void (*run)(struct worker_task *t),
                           void (*done)(struct worker_task *t, void *arg))
{
    struct ask *a = calloc(1, sizeof(*a));

    if (!a)
        return NULL;
    a->task = (struct worker_task){.run = run, .done = done, .free = ask_free};
    a->e = e;
    a->note = BUF_INIT(SLURM_NOTE_MAX);
    if (j) {
        a->id = j->id;
        a->epoch = j->epoch;
        a->slurm_job = j->slurm_job;
    }
    return a;
}

static int put(struct worker *w, struct ask *a)
{
    int r = a ? worker_put(w, &a->task) : -ENOMEM;

    if (r && a)
        ask_free(&a->task);
    return r;
}

/* Who asked, if it is still there and in that state. */
static struct sjob *asker(const struct ask *a, enum sjob_state state)
{
    struct sjob *j = sjob_find(a->e, a->id);

    return j && j->epoch == a->epoch && j->state == state ? j : NULL;
}

/* --- could it start now? ------------------------------------------------------- */

static void run_will_run(struct worker_task *t)
{
    struct ask *a = (struct ask *)t;

    a->r = slurm_rpc_will_run(&a->request, a->limit_s, geteuid(), getegid(), &a->time_s,
                              &a->err);
}

static void done_will_run(struct worker_task *t, void *arg)
{
    struct ask *a = (struct ask *)t;
    struct turn_answer answer = {.shape = &a->shape,
                                 .r = a->r,
                                 .why = a->err.text,
                                 .start_s = a->time_s,
                                 .late = t->late};

    turn_answered(arg, &answer);
    ask_free(t);
}

int ask_will_run(struct sjob *j)
{
    struct ask *a = ask_new(j->e, j, run_will_run, done_will_run);
    const struct partition *p = site_partition(j->e->q.site, j->job.request.partition);

    if (a) {
        a->shape = a->request = j->job.request;
        a->limit_s = a->request.time_limit_s;
        if (p) {
            memcpy(a->request.partition, p->name, sizeof(a->request.partition));
            if (!a->limit_s)
                a->limit_s = p->default_time_s;
        }
        a->task.until_us = now_read().mono.us + ASK_S * US_PER_S;
    }
    return put(j->e->worker, a);
}

/* --- submit ----------------------------------------------------------------- */

static int who(struct ask *a)
{
    _cleanup_(freep) char *bytes = malloc(PASSWD_MAX);
    struct passwd pw;
    struct passwd *found = NULL;
    int r = bytes ? getpwnam_r(a->account, &pw, bytes, PASSWD_MAX, &found) : ENOMEM;

    if (r)
        return err_set(&a->err, -r, "account %s: %s", a->account, strerror(r));
    if (!found)
        return err_set(&a->err, -ENOENT, "there is no account %s here", a->account);
    a->order->uid = pw.pw_uid;
    a->order->gid = pw.pw_gid;
    return 0;
}

static void run_submit(struct worker_task *t)
{
    struct ask *a = (struct ask *)t;

    a->r = who(a);
    if (!a->r && a->dir[0])
        a->r =
            files_place(a->dir, a->inputs_dir, a->order->uid, a->order->gid, &a->err);
    if (a->r)
        return;
    a->placed = true;
    a->r = slurm_rpc_submit(a->order, &a->slurm_job, &a->unsure, &a->err);
    if (a->r)
        return;
    a->r = ends_note(a->note_path, a->slurm_job, a->id, a->epoch);
    if (a->r) {
        (void)slurm_rpc_signal(a->slurm_job, 0, NULL); /* else a look finds it held */
        (void)err_set(&a->err, a->r, "%.80s: %s", a->note_path, strerror(-a->r));
        return;
    }
    a->released = slurm_rpc_release(a->slurm_job, &a->err) == 0;
}

static void done_submit(struct worker_task *t, void *arg)
{
    struct ask *a = (struct ask *)t;
    struct slurm *e = arg;
    struct sjob *j = asker(a, SJOB_SUBMITTING);

    if (!j) {
        ask_free(t);
        return;
    }
    if (!a->r) {
        j->slurm_job = a->slurm_job;
        j->state = a->released ? SJOB_SENT : SJOB_HELD;
        log_debug("job %" PRIu64 " is %u in Slurm", j->id, j->slurm_job);
        j->asked_look = e->looks; /* one under way may not show it */
        if (j->cancelled)
            (void)ask_signal(e, j, j->slurm_job, 0); /* full: the next look asks */
        e->want_all = e->want_all || !a->released;
        watch_soon(e);
    } else if (a->unsure) {
        log_warn("job %" PRIu64 ": %s: looked for before it is sent again", j->id,
                 a->err.text);
        if (!j->order)
            j->order = TAKE_PTR(a->order);
        watch_unsure(j);
    } else {
        sjob_end(j, JOB_BOOT_FAIL, REASON_LAUNCH_FAILED, a->err.text);
    }
    ask_free(t);
}

int ask_submit(struct sjob *j)
{
    struct ask *a = ask_new(j->e, j, run_submit, done_submit);
    int n = 0;
    int r;

    if (!a)
        return -ENOMEM;
    if (++j->tries > SUBMIT_TRIES) {
        ask_free(&a->task);
        return -EIO;
    }
    memcpy(a->account, j->account, sizeof(a->account));
    if (!j->home)
        n = snprintf(a->dir, sizeof(a->dir), "%s/%" PRIu64 ".%u", j->e->spool, j->id,
                     j->epoch);
    if (j->inputs_dir)
        a->inputs_dir = strdup(j->inputs_dir);
    if (n < 0 || (size_t)n >= sizeof(a->dir) || ends_note_path(j->e, a->note_path) < 0
        || (j->inputs_dir && !a->inputs_dir)) {
        ask_free(&a->task);
        return -ENOMEM;
    }
    a->order = j->order;
    r = worker_put(j->e->worker, &a->task);
    if (r) {
        a->order = NULL;
        ask_free(&a->task);
    } else {
        j->order = NULL;
    }
    return r;
}

/* --- small orders ------------------------------------------------------------- */

static void run_release(struct worker_task *t)
{
    struct ask *a = (struct ask *)t;

    a->r = slurm_rpc_release(a->slurm_job, &a->err);
}

static void run_end_at(struct worker_task *t)
{
    struct ask *a = (struct ask *)t;

    a->r = slurm_rpc_end_at(a->slurm_job, a->time_s, &a->err);
}

static void run_signal(struct worker_task *t)
{
    struct ask *a = (struct ask *)t;

    a->r = slurm_rpc_signal(a->slurm_job, a->signal, &a->err);
}

/* What came of it is seen in the next look; what failed is asked again from there. */
static void done_small(struct worker_task *t, void *arg)
{
    struct ask *a = (struct ask *)t;
    struct sjob *j = sjob_find(a->e, a->id);

    if (j && j->epoch == a->epoch) {
        j->asking = j->asking && t->run == run_signal;
        j->killing = j->killing && (t->run != run_signal || !a->r);
        if (!a->r && t->run == run_release && j->state == SJOB_HELD)
            j->state = SJOB_SENT;
        if (a->r != -EAGAIN && t->run == run_end_at)
            j->limited = true; /* or refused: Slurm's own, in minutes, holds */
    }
    if (a->r && a->r != -ENOENT)
        log_warn("Slurm's job %u: %s", a->slurm_job, a->err.text);
    if (a->r == -EAGAIN)
        a->e->want_all = true; /* its record brings the question up again */
    watch_soon(arg);
    ask_free(t);
}

int ask_release(struct sjob *j)
{
    int r;

    if (j->asking)
        return 0;
    r = put(j->e->worker, ask_new(j->e, j, run_release, done_small));
    j->asking = r == 0;
    return r;
}

int ask_end_at(struct sjob *j, int64_t end_s)
{
    struct ask *a;
    int r;

    if (j->asking)
        return 0;
    a = ask_new(j->e, j, run_end_at, done_small);
    if (a)
        a->time_s = end_s;
    r = put(j->e->worker, a);
    j->asking = r == 0;
    return r;
}

int ask_signal(struct slurm *e, struct sjob *j, uint32_t slurm_job, int signal)
{
    struct ask *a;
    int r;

    if (j && j->killing)
        return 0;
    a = ask_new(e, j, run_signal, done_small);
    if (a) {
        a->slurm_job = slurm_job;
        a->signal = signal;
    }
    r = put(e->worker, a);
    if (j && signal == 0)
        j->killing = r == 0;
    return r;
}

/* --- outputs ------------------------------------------------------------------ */

static void run_gather(struct worker_task *t)
{
    struct ask *a = (struct ask *)t;

    a->r = files_gather(a->dir, a->outputs, a->std_err, a->account, a->transfer_max,
                        &a->note);
}

static void done_gather(struct worker_task *t, void *arg)
{
    struct ask *a = (struct ask *)t;
    struct sjob *j = asker(a, SJOB_GATHERING);
    char path[PATH_MAX + 8];

    (void)arg;
    if (j) {
        if (a->note.len)
            buf_printf(&j->note, "%s%s", j->note.len ? "; " : "", buf_text(&a->note));
        if (a->note.len)
            j->reason = j->reason ? j->reason : REASON_FILES;
        (void)snprintf(path, sizeof(path), "%s/out", a->dir);
        j->output_dir = a->r ? NULL : strdup(path);
        sjob_tell_end(j);
    }
    ask_free(t);
}

int ask_gather(struct sjob *j)
{
    struct slurm *e = j->e;
    struct ask *a = ask_new(e, j, run_gather, done_gather);

    if (!a)
        return -ENOMEM;
    memcpy(a->account, j->account, sizeof(a->account));
    a->std_err = j->std_err;
    a->transfer_max = e->transfer_max;
    a->outputs = j->outputs ? strdup(j->outputs) : NULL;
    if (snprintf(a->dir, sizeof(a->dir), "%s/%" PRIu64 ".%u", e->spool, j->id, j->epoch)
        >= (int)sizeof(a->dir)) {
        ask_free(&a->task);
        return -ENAMETOOLONG;
    }
    return put(e->files, a);
}

/* --- looks -------------------------------------------------------------------- */

static void run_look(struct worker_task *t)
{
    struct ask *a = (struct ask *)t;

    a->r = slurm_rpc_look(&a->look, &a->err);
}

static void done_look(struct worker_task *t, void *arg)
{
    struct ask *a = (struct ask *)t;

    watch_found(arg, &a->look, a->number, a->r, &a->err);
    ask_free(t);
}

int ask_look(struct slurm *e)
{
    struct ask *a = ask_new(e, NULL, run_look, done_look);
    int64_t now_us = now_read().mono.us;

    if (a) {
        a->number = ++e->looks;
        a->look.jobs_at = e->whole && !e->want_all ? e->jobs_at : 0;
        e->want_all = false;
        a->look.nodes_at = e->nodes_at;
        a->look.want_nodes = now_us >= e->nodes_due_us;
    }
    return put(e->looker, a);
}
