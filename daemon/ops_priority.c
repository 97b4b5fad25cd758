/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* ops_priority - priorities and shares: how this center's queue is ordered, and why */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/users.h"
#include "engine/queue.h"

#include "base/banned.h"

#define ROWS_MAX 10000

struct rows {
    struct ask *a;
    struct sched *sched;
    int64_t now_s;
    const json_t *ids; /* NULL = all */
    json_t *list;
    bool more;
};

static bool wanted(const struct rows *r, uint64_t job)
{
    size_t i;
    json_t *o;

    json_array_foreach(r->ids, i, o)
    {
        if ((uint64_t)json_integer_value(o) == job)
            return true;
    }
    return !r->ids;
}

/* Of a guest only its number: whose it is concerns who runs the center. */
static json_t *row(const struct rows *r, uint64_t job, const struct fair_terms *t)
{
    const struct site *site = center_site(r->a->c);
    const struct copy *x = fed_copy(r->a->c->fed, job);
    const struct holding *h = fed_holding(r->a->c->fed, job);
    bool own = x && x->holder == site->number;
    bool named = own || r->a->who->admin;
    const struct partition *p = x ? site_partition(site, x->request.partition) : NULL;

    return json_pack("{s:I,s:s,s:s,s:s,s:s,s:b,s:I,s:f,s:f,s:f,s:f}", "job",
                     (json_int_t)job, "partition", p ? p->name : "", "user",
                     own && h ? h->user : "", "institution",
                     x && named ? x->institution : "", "project",
                     x && named ? x->project : "", "own", (int)own, "priority",
                     (json_int_t)t->priority, "age", t->age, "fairshare", t->fairshare,
                     "job_size", t->size, "partition_factor", t->partition);
}

static int add_row(uint64_t job, uint32_t partition, void *arg)
{
    struct rows *r = arg;
    struct fair_terms t;

    (void)partition;
    if (!wanted(r, job) || !sched_terms(r->sched, job, r->now_s, &t))
        return 0;
    if (json_array_size(r->list) >= ROWS_MAX) {
        r->more = true;
        return 1;
    }
    (void)json_array_append_new(r->list, row(r, job, &t)); /* a lack shows as a gap */
    return 0;
}

static json_t *weights(const struct site *site)
{
    const struct priority_rule *p = &site->priority;

    return json_pack("{s:I,s:I,s:I,s:I}", "age", (json_int_t)p->weight_age, "fairshare",
                     (json_int_t)p->weight_fairshare, "job_size",
                     (json_int_t)p->weight_job_size, "partition_factor",
                     (json_int_t)p->weight_partition);
}

int op_priorities(struct ask *a, struct err *err)
{
    struct rows r = {.a = a,
                     .sched = a->c->engine->ops->scheduler(a->c->engine)->sched,
                     .now_s = queue_now_s(),
                     .ids = json_object_get(a->question, "ids"),
                     .list = json_array()};

    (void)err;
    sched_each_waiting(r.sched, add_row, &r);
    users_reply(a->c->users, a->ticket,
                json_pack("{s:s,s:o,s:o,s:b}", "center", center_site(a->c)->name,
                          "weights", weights(center_site(a->c)), "jobs", r.list, "more",
                          (int)r.more));
    return 0;
}

static int add_share(const char *path, const struct fair_view *v, void *arg)
{
    const struct rows *r = arg;
    json_t *o;

    if (json_array_size(r->list) >= ROWS_MAX)
        return 1;
    o = json_pack("{s:s,s:I,s:f,s:f,s:f,s:f,s:f,s:f}", "account", path, "shares",
                  (json_int_t)v->shares, "norm_shares", v->share, "core_s",
                  v->used.of[FAIR_CORES], "gib_s", v->used.of[FAIR_BYTES], "gpu_s",
                  v->used.of[FAIR_GPUS], "usage", v->usage, "factor", v->factor);
    if (o && isfinite(v->level)) /* missing: it used nothing */
        (void)json_object_set_new(o, "level", json_real(v->level));
    (void)json_array_append_new(r->list, o); /* a lack shows as a gap */
    return 0;
}

int op_shares(struct ask *a, struct err *err)
{
    struct sched *s = a->c->engine->ops->scheduler(a->c->engine)->sched;
    struct rows r = {.a = a, .list = json_array()};

    (void)err;
    fair_each(sched_fair(s, queue_now_s()), add_share, &r);
    users_reply(
        a->c->users, a->ticket,
        json_pack("{s:s,s:o}", "center", center_site(a->c)->name, "accounts", r.list));
    return 0;
}
