/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * sched_share - the books that judge guests, beside a machine of nodes
 *
 * The shadow takes all cores of the center as one pool; nodes that come or go change
 * its size. A pass asks before it starts a guest; a guest stands in the books from the
 * moment when nodes are kept for it. Slack also grows while nothing happens here, so
 * guests that wait are judged again every JUDGE_S.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "base/words.h"
#include "sched/sched_int.h"

#include "base/banned.h"

#define JUDGE_S 60
#define SLACK_MAX_S 1e15

struct rank_rule own_rank(const struct sched *s)
{
    return (struct rank_rule){
        .scan = s->config.policy == SCHED_EASY_SJBF && !by_priority(s) ? RANK_SHORTEST
                                                                       : RANK_ARRIVAL,
        .local_first = s->config.local_first,
        .age_weight = s->config.age_weight,
    };
}

static int came(struct sched *s, const struct site_job *j, uint32_t cores)
{
    const struct share_rule rule = share_rule_default();

    return share_guest_came(s->share, j->id, cores,
                            share_length(&rule, j->pred_s, j->limit_s), j->limit_s,
                            j->start_s);
}

/* The books begin, or follow the size of the machine. */
static int books(struct sched *s, uint64_t cores, int64_t now_s)
{
    const struct share_rule rule = share_rule_default();
    const struct rank_rule rank = own_rank(s);

    if (s->share)
        return share_resize(s->share, (int64_t)cores, now_s);
    s->share =
        share_new(&rule, &rank, s->config.policy != SCHED_FCFS, (int64_t)cores, now_s);
    if (!s->share)
        return -ENOMEM;
    share_resume(s->share, s->kept_slack_s, s->kept_n);
    for (size_t i = 0; i < s->running.n; i++) {
        const struct running_job *e = &s->running.v[i];
        const struct site_job *j = &s->jobs[e->slot];
        int r = j->shape->group ? came(s, j, e->cores) : 0;

        if (r < 0) {
            s->share = share_free(s->share);
            return r;
        }
    }
    return 0;
}

static int follow_machine(struct sched *s, int64_t now_s)
{
    uint64_t cores = 0;
    int r;

    for (size_t i = 0; i < s->nodes.n; i++)
        cores += s->nodes.v[i].all.cores;
    if (!s->config.share || cores == 0 || cores == s->share_cores
        || cores > UINT32_MAX / 2)
        return 0;
    r = books(s, cores, now_s);
    if (r == 0)
        s->share_cores = cores;
    return r;
}

static bool guests_wait(const struct sched *s)
{
    for (uint32_t p = 0; p < s->n_partitions; p++) {
        const struct backlog *b = &s->partitions[p].backlog;

        for (uint32_t g = 1; g < b->n_groups; g++)
            if (b->group_root[g])
                return true;
    }
    return false;
}

int share_ready(struct sched *s, int64_t now_s)
{
    int r = follow_machine(s, now_s);

    if (r < 0 || !s->share)
        return r;
    if (now_s >= s->judge_s)
        s->dirty = true;
    if (now_s >= s->judge_s || s->judge_s == INT64_MAX)
        s->judge_s = guests_wait(s) ? now_s + JUDGE_S : INT64_MAX;
    return share_settle(s->share, now_s);
}

int guest_came(struct sched *s, const struct site_job *j, uint32_t cores)
{
    return s->share && j->shape->group ? came(s, j, cores) : 0;
}

void guest_left(struct sched *s, const struct site_job *j)
{
    if (s->share && j->shape->group)
        share_guest_left(s->share, j->id, j->end_s);
}

int sched_own(struct sched *s,
              const struct sched_own *o,
              const struct request *req,
              int64_t now_s)
{
    struct share_job j = {.id = o->job, .submit_s = o->submit_s};
    uint32_t limit_s = 0;
    int p;
    int r = follow_machine(s, now_s);

    if (r < 0 || !s->share)
        return r;
    s->dirty =
        s->dirty || s->judge_s != INT64_MAX; /* a guest may come in, or no more */
    if (o->state == OWN_OVER)
        return share_ended(s->share, o->job, o->run_s, now_s);
    p = fits_partition(s, req, &limit_s, NULL);
    if (p < 0 || p >= PARTITIONS_MAX)
        return 0; /* what waits for its reservation waits for nobody */
    j.cores = plan_cores(s, req, (uint32_t)p);
    j.est_s = limit_s;
    j.pred_s = predict_run(s->predict, o->user, limit_s,
                           (uint32_t)MIN(request_cores(req), (uint64_t)UINT32_MAX));
    r = share_submit(s->share, &j, now_s);
    if (r < 0 && r != -EEXIST)
        return r == -EAGAIN ? 0 : r; /* full: it is not judged by */
    if (o->state == OWN_RUNS)
        share_started(s->share, o->job, now_s);
    else
        share_requeued(s->share, o->job, now_s);
    return 0;
}

bool sched_share_state(const struct sched *s, struct share_state *ret_st)
{
    if (!s->share)
        return false;
    *ret_st = share_state(s->share);
    return true;
}

void sched_keep(const struct sched *s, struct buf *b)
{
    struct share_state st = {.slack_s = s->kept_slack_s, .n = s->kept_n};

    (void)sched_share_state(s, &st);
    buf_printf(b, "share %.0f %llu\n", st.slack_s, (unsigned long long)st.n);
    forecast_write(&s->forecast, b);
}

static int recall_share(const char *line, double *ret_slack_s, uint64_t *ret_n)
{
    struct words w = WORDS_INIT(3, 100);
    double slack = 0;
    uint64_t n = 0;
    int r = words_split(&w, line, " ");
    const char *text = w.n == 3 ? w.v[1] : "";
    bool below = text[0] == '-';

    if (r < 0 || w.n != 3 || strcmp(w.v[0], "share") != 0
        || measure_double(text + below, 0, SLACK_MAX_S, &slack, NULL) < 0
        || measure_u64(w.v[2], 0, UINT64_MAX / 2, &n, NULL) < 0)
        r = -EINVAL;
    words_release(&w);
    if (r < 0)
        return -EINVAL;
    *ret_slack_s = below ? -slack : slack;
    *ret_n = n;
    return 0;
}

int sched_recall(struct sched *s, const char *text, struct err *err)
{
    size_t n = strcspn(text, "\n");
    char line[100] = "";
    double slack_s = 0;
    uint64_t jobs = 0;
    int r;

    if (n < sizeof(line))
        memcpy(line, text, n);
    if (recall_share(line, &slack_s, &jobs) < 0)
        return err_set(err, -EINVAL, "its first line must be: share SECONDS JOBS");
    r = forecast_read(&s->forecast, text + n, err);
    if (r < 0)
        return r;
    s->kept_slack_s = slack_s;
    s->kept_n = jobs;
    return 0;
}
