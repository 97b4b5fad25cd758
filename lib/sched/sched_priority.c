/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * sched_priority - the queue's order by age, fair share, size and partition
 *
 * Every calc_s what runs is charged to its account, the tree is ranked (sched/fair.h),
 * and a sweep over the slots puts each waiting job where it belongs now, SWEEP_SLOTS
 * per pass, so that no pass is long however many wait. A job that comes in between gets
 * its place by the factors of the latest ranking.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "sched/sched_int.h"

#include "base/banned.h"

#define SWEEP_SLOTS 2000
#define DAY_S 86400
#define GIB (1024.0 * 1024 * 1024)

struct sched_priority sched_priority_default(void)
{
    return (struct sched_priority){
        .weights = {.max_age_s = 7 * DAY_S}, .half_life_s = 7 * DAY_S, .calc_s = 300};
}

bool by_priority(const struct sched *s)
{
    const struct fair_weights *w = &s->priority.weights;

    return w->age || w->fairshare || w->size || w->partition;
}

/* --- accounts --------------------------------------------------------------- */

/* The node and all above it: those that nobody named have one share. */
static int ensure(struct sched *s, const char *path)
{
    char up[FAIR_NAME_CAP] = "";
    struct fair_view v;

    for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
        memcpy(up, path, (size_t)(p - path));
        up[p - path] = '\0';
        if (fair_look(s->fair, up, &v) < 0 && fair_set(s->fair, up, 1, NULL) < 0)
            return -EINVAL;
    }
    return fair_look(s->fair, path, &v) == 0 ? 0 : fair_set(s->fair, path, 1, NULL);
}

static void take_factors(struct sched *s)
{
    struct site_account *a;
    struct site_account *next;
    struct fair_view v;

    if (fair_rank(s->fair) < 0)
        return; /* no memory: the factors of before stand */
    TABLE_FOREACH (s->accounts, a, next)
        if (fair_look(s->fair, a->path, &v) == 0)
            a->factor = v.factor;
}

/* A new one's factor, until the next calculation: that of the one above, which is that
 * of its best; nobody's use is first. */
static double first_factor(struct sched *s, const char *path)
{
    const char *slash = strrchr(path, '/');
    char up[FAIR_NAME_CAP] = "";
    struct fair_view v = {0};

    if (fair_look(s->fair, path, &v) == 0 && v.rank)
        return v.factor;
    s->calc_s = 0;
    if (slash)
        memcpy(up, path, (size_t)(slash - path));
    return fair_look(s->fair, up, &v) == 0 && v.rank ? v.factor : 1;
}

/* NULL also when the tree is full: such a job has a factor of 0. */
struct site_account *account_get(struct sched *s, const char *path)
{
    char key[FAIR_NAME_CAP] = "";
    struct site_account *a = NULL;

    if (!path[0] || !word_copy(key, sizeof(key), path))
        return NULL;
    HASH_FIND(hh, s->accounts, key, sizeof(key), a);
    if (a)
        return a;
    a = calloc(1, sizeof(*a));
    if (!a || ensure(s, key) < 0) {
        free(a);
        return NULL;
    }
    memcpy(a->path, key, sizeof(key));
    if (TABLE_ADD(s->accounts, path, a)) {
        free(a);
        return NULL;
    }
    a->factor = first_factor(s, key);
    return a;
}

void accounts_free(struct sched *s)
{
    struct site_account *a;
    struct site_account *next;

    TABLE_FOREACH (s->accounts, a, next) {
        HASH_DEL(s->accounts, a);
        free(a);
    }
    s->fair = fair_free(s->fair);
}

int sched_shares_set(struct sched *s,
                     const char *account,
                     uint32_t shares,
                     struct err *err)
{
    int r = fair_set(s->fair, account, shares, err);

    s->calc_s = 0;
    return r;
}

/* What it used since it was charged last. */
void charge(struct sched *s, struct site_job *j, int64_t now_s)
{
    struct fair_usage u = {0};
    double run_s = (double)(now_s - j->charged_s);

    if (!j->account || j->state != SCHED_RUNNING || now_s <= j->charged_s)
        return;
    for (uint32_t i = 0; i < j->n_picks; i++) {
        u.of[FAIR_CORES] += run_s * j->picks[i].cores;
        u.of[FAIR_BYTES] += run_s * (double)j->picks[i].bytes / GIB;
        u.of[FAIR_GPUS] += run_s * j->picks[i].gpus;
    }
    (void)fair_use(s->fair, j->account->path, &u, now_s); /* account_get made it */
    j->charged_s = now_s;
}

static void charge_all(struct sched *s, int64_t now_s)
{
    for (size_t i = 0; i < s->running.n; i++)
        charge(s, &s->jobs[s->running.v[i].slot], now_s);
}

void sched_keep_usage(struct sched *s, int64_t now_s, struct buf *b)
{
    charge_all(s, now_s);
    buf_printf(b, "charged %lld\n", (long long)now_s);
    fair_write(s->fair, b);
}

int sched_recall_usage(struct sched *s, const char *text, struct err *err)
{
    static const char word[] = "charged ";
    int64_t t = 0;
    const char *p = text + sizeof(word) - 1;

    if (strncmp(text, word, sizeof(word) - 1) != 0)
        return err_set(err, -EINVAL, "its first line must be: charged SECONDS");
    for (; *p >= '0' && *p <= '9' && t < INT64_MAX / 20; p++)
        t = t * 10 + (*p - '0');
    if (*p != '\n')
        return err_set(err, -EINVAL, "its first line must be: charged SECONDS");
    s->charged_s = t;
    return fair_read(s->fair, p + 1, err);
}

/* --- priorities -------------------------------------------------------------- */

static struct fair_usage machine_of(const struct sched *s)
{
    struct fair_usage u = {0};

    for (size_t i = 0; i < s->nodes.n; i++) {
        const struct amount *a = &s->nodes.v[i].all;

        u.of[FAIR_CORES] += a->cores;
        u.of[FAIR_BYTES] += (double)a->bytes / GIB;
        u.of[FAIR_GPUS] += a->gpus;
    }
    return u;
}

static uint64_t all_cores(const struct sched *s)
{
    uint64_t n = 0;

    for (size_t i = 0; i < s->nodes.n; i++)
        n += s->nodes.v[i].all.cores;
    return n;
}

static struct fair_terms terms(const struct sched *s,
                               const struct site_job *j,
                               uint64_t machine,
                               int64_t now_s)
{
    uint32_t most = 0;
    double size = machine ? (double)j->shape->plan_cores / (double)machine : 0;
    int64_t since_s = MAX(j->submit_s, j->begin_s);

    for (uint32_t p = 0; p < s->n_partitions; p++)
        most = MAX(most, s->partitions[p].p.job_factor);
    return fair_priority(
        &s->priority.weights, now_s - since_s, j->account ? j->account->factor : 0,
        s->priority.favor_small ? 1 - size : size,
        most ? (double)s->partitions[j->shape->partition].p.job_factor / most : 0);
}

void priority_now(struct sched *s, struct site_job *j, int64_t now_s)
{
    if (by_priority(s))
        j->priority = terms(s, j, all_cores(s), now_s).priority;
}

static void sweep(struct sched *s, size_t slots, int64_t now_s, bool all)
{
    uint64_t machine = all_cores(s);

    for (; s->sweep < s->n_slots && slots > 0; s->sweep++, slots--) {
        struct site_job *j = &s->jobs[s->sweep];
        uint32_t was = j->priority;

        if (!j->id || j->state != SCHED_WAITING)
            continue;
        j->priority = terms(s, j, machine, now_s).priority;
        if (all || j->priority != was)
            job_reorder(s, s->sweep);
    }
    if (s->sweep >= s->n_slots)
        s->sweep = 0;
}

static void calculate(struct sched *s, int64_t now_s)
{
    struct fair_usage machine = machine_of(s);

    charge_all(s, now_s);
    fair_tune(s->fair, s->priority.half_life_s, &machine, now_s);
    take_factors(s);
    s->ranked_s = now_s;
}

const struct fair *sched_fair(struct sched *s, int64_t now_s)
{
    if (now_s != s->ranked_s)
        calculate(s, now_s);
    return s->fair;
}

int priority_ready(struct sched *s, int64_t now_s)
{
    if (!by_priority(s))
        return 0;
    if (!s->sweep && now_s >= s->calc_s) {
        calculate(s, now_s);
        s->calc_s = now_s + s->priority.calc_s;
        s->sweep = 1;
    }
    if (s->sweep)
        sweep(s, SWEEP_SLOTS, now_s, false);
    return 0;
}

int sched_priority_set(struct sched *s, const struct sched_priority *p, int64_t now_s)
{
    bool was = by_priority(s);

    s->priority = *p;
    s->priority.weights.max_age_s = MAX(p->weights.max_age_s, INT64_C(1));
    calculate(s, now_s);
    if (!was && !by_priority(s))
        return 0;
    s->sweep = 1;
    sweep(s, s->n_slots, now_s, true);
    return 0;
}

bool sched_terms(struct sched *s, uint64_t job, int64_t now_s, struct fair_terms *ret_t)
{
    uint32_t x = idmap_find(&s->ids, job);

    if (!x || (s->jobs[x].state != SCHED_WAITING && s->jobs[x].state != SCHED_DEFERRED))
        return false;
    *ret_t = terms(s, &s->jobs[x], all_cores(s), now_s);
    return true;
}

void sched_each_waiting(const struct sched *s,
                        int (*each)(uint64_t job, uint32_t partition, void *arg),
                        void *arg)
{
    for (uint32_t p = 0; p < s->n_parts; p++) {
        const struct backlog *b = &s->partitions[p].backlog;

        for (uint32_t x = backlog_head(b, NULL); x; x = backlog_next(b, x))
            if (each(s->jobs[x].id, p, arg) != 0)
                return;
    }
}
