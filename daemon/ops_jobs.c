/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* ops_jobs - jobs and explain: questions that look at jobs */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "daemon/peers.h"
#include "daemon/users.h"
#include "engine/queue.h"
#include "model/job_id.h"
#include "wire/noun_json.h"

#include "base/banned.h"

#define IDS_MAX 4096
#define PAGE_MAX 1000

struct page {
    struct ask *a;
    struct job_filter f;
    uint64_t ids[IDS_MAX];
    json_t *jobs;
    uint64_t last;
    uint32_t looked_at; /* stored rows */
    bool more;
};

/* When a waiting job is expected to start, from now on. */
struct expected {
    uint32_t where;
    int64_t wait_s; /* -1 = unknown */
    int64_t p90_s;  /* -1 = no record */
    int held90;     /* percent; -1 = no record */
};

/* Our own queue is asked as of now; what a peer would say is as old as the offer. */
static struct expected expect(struct center *c, const struct holding *h)
{
    struct expected e = {.wait_s = -1, .p90_s = -1, .held90 = -1};
    struct queue *q = c->engine->ops->scheduler(c->engine);
    uint32_t own = center_site(c)->number;
    int64_t age_us;

    for (int i = 0; i < CANDIDATES_MAX; i++) {
        const struct offer *o = &h->offers[i];
        struct forecast_wait w = {.p50_s = (uint32_t)MAX(o->wait_s, INT64_C(0)),
                                  .p90_s = o->p90_s};
        const struct supply *s = NULL;
        int held = -1;

        if ((o->state != OFFER_QUEUED && o->state != OFFER_SENT) || o->wait_s < 0)
            continue;
        if (o->center == own && queue_expect(q, h->id, &w))
            held = forecast_held90(queue_forecast(q));
        else if (o->center != own
                 && (s = fed_supply(c->fed, o->center, now_read().mono, &age_us)))
            held = s->n_scored ? (int)s->held90 : -1;
        if (e.wait_s >= 0 && w.p50_s >= e.wait_s)
            continue;
        e = (struct expected){.where = o->center,
                              .wait_s = w.p50_s,
                              .p90_s = held < 0 ? -1 : (int64_t)w.p90_s,
                              .held90 = held};
    }
    return e;
}

static json_t *show(struct center *c, const struct holding *h)
{
    const struct site *s = center_site(c);
    json_t *o = holding_to_json(h);
    enum job_reason reason = h->hold == HOLD_FINAL ? h->reason : fed_reason(c->fed, h);
    uint32_t where = h->grant.center;
    struct expected e = {.wait_s = -1, .p90_s = -1, .held90 = -1};
    struct fair_terms terms;

    if (h->hold == HOLD_WAITING)
        e = expect(c, h);
    where = e.where ? e.where : where;
    if (h->hold == HOLD_WAITING && reason == REASON_RESOURCES && where == s->number)
        reason = c->engine->ops->reason(c->engine, h->id);
    /* For display: a lack of memory shows as a missing member. */
    if (h->hold == HOLD_WAITING
        && sched_terms(c->engine->ops->scheduler(c->engine)->sched, h->id,
                       queue_now_s(), &terms))
        (void)json_object_set_new(o, "priority",
                                  json_integer((json_int_t)terms.priority));
    (void)json_object_set_new(o, "reason", json_string(job_reason_word(reason)));
    (void)json_object_set_new(o, "center",
                              json_string(where ? site_center_name(s, where) : ""));
    (void)json_object_set_new(o, "entry", json_string(s->name));
    (void)json_object_set_new(o, "estimate_s", json_integer((json_int_t)e.wait_s));
    (void)json_object_set_new(o, "estimate_p90_s", json_integer((json_int_t)e.p90_s));
    (void)json_object_set_new(o, "p90_held", json_integer(e.held90));
    if (reason == REASON_SILENT) {
        char when[TIME_TEXT_MAX];
        char text[TITLE_CAP + TIME_TEXT_MAX];

        (void)snprintf(text, sizeof(text),
                       "granted to %s, silent since %s, may be running",
                       site_center_name(s, where),
                       wall_text(fed_silent_since(c->fed, where), true, when));
        (void)json_object_set_new(o, "reason_text", json_string(text));
    }
    return o;
}

static bool has_id(const struct job_filter *f, uint64_t id)
{
    for (size_t i = 0; i < f->n_ids; i++)
        if (f->ids[i] == id)
            return true;
    return f->n_ids == 0;
}

static bool same(const char *want, const char *have)
{
    return !want || !strcmp(want, have);
}

static bool matches(const struct job_filter *f, const struct holding *h)
{
    return has_id(f, h->id) && same(f->user, h->user) && same(f->project, h->project)
           && same(f->institution, h->institution) && same(f->name, h->name)
           && (!f->states || (f->states & (1u << h->state)))
           && (!f->since.us || !h->ended.us || h->ended.us >= f->since.us)
           && (!f->until.us || h->submitted.us < f->until.us);
}

static int add(const struct holding *h, void *arg)
{
    struct page *p = arg;
    json_t *o;

    if (!matches(&p->f, h) || (p->a->who->via && !users_may_touch(p->a->who, h)))
        return 0;
    if (json_array_size(p->jobs) >= p->f.limit) {
        p->more = true;
        return 1;
    }
    o = show(p->a->c, h);
    p->last = h->id;
    return json_array_append_new(p->jobs, o);
}

/* The stored row may be older than what is in memory. A page is full when so many rows
 * were looked at, whether or not they are shown. */
static int add_stored(const struct holding *h, void *arg)
{
    struct page *p = arg;
    const struct holding *live = fed_holding(p->a->c->fed, h->id);

    if (p->looked_at++ == p->f.limit) {
        p->more = true;
        return 1;
    }
    p->last = h->id;
    return add(live ? live : h, arg);
}

/* One row more than fits says that there are more. */
static int stored_page(struct page *p, struct err *err)
{
    struct job_filter f = p->f;

    f.limit++;
    return store_each_holding(p->a->c->store, &f, add_stored, p, err);
}

static int read_ids(const json_t *q, struct page *p, struct err *err)
{
    const json_t *ids = json_object_get(q, "ids");
    size_t n = json_array_size(ids);

    if (n > IDS_MAX)
        return err_set(err, -E2BIG, "%zu ids, the most is %d", n, IDS_MAX);
    for (size_t i = 0; i < n; i++)
        p->ids[i] = (uint64_t)json_integer_value(json_array_get(ids, i));
    p->f.ids = p->ids;
    p->f.n_ids = n;
    return 0;
}

static int read_filter(struct ask *a, struct page *p, struct err *err)
{
    const json_t *q = a->question;
    const json_t *states = json_object_get(q, "states");
    json_int_t limit = json_integer_value(json_object_get(q, "limit"));
    json_int_t after = json_integer_value(json_object_get(q, "after"));

    p->f.user = json_string_value(json_object_get(q, "user"));
    p->f.project = json_string_value(json_object_get(q, "project"));
    p->f.institution = json_string_value(json_object_get(q, "institution"));
    p->f.name = json_string_value(json_object_get(q, "name"));
    if (json_is_true(json_object_get(q, "me")))
        p->f.user = a->who->local;
    for (size_t i = 0; i < json_array_size(states); i++) {
        const char *word = json_string_value(json_array_get(states, i));
        enum job_state s;

        if (!word || !job_state_parse(word, &s))
            return err_set(err, -EINVAL, "'%.40s' is not a job state",
                           word ? word : "");
        p->f.states |= 1u << s;
    }
    p->f.since.us = json_integer_value(json_object_get(q, "since"));
    p->f.until.us = json_integer_value(json_object_get(q, "until"));
    p->f.after_id = after > 0 ? (uint64_t)after : 0;
    p->f.limit = limit > 0 && limit <= PAGE_MAX ? (uint32_t)limit : PAGE_MAX;
    return read_ids(q, p, err);
}

/* Every id is of one other center: that one answers. 1 = passed on. */
static int elsewhere(struct ask *a, const struct page *p, struct err *err)
{
    uint32_t center;

    if (p->f.n_ids == 0 || a->who->via)
        return 0;
    center = job_id_center(p->ids[0]);
    for (size_t i = 0; i < p->f.n_ids; i++)
        if (job_id_center(p->ids[i]) != center || center == center_site(a->c)->number)
            return 0;
    return peers_pass_on(a, center, err);
}

/* Few ids are looked up, not searched for. */
static void by_id(struct page *p)
{
    for (size_t i = 0; i < p->f.n_ids; i++) {
        const struct holding *h = fed_holding(p->a->c->fed, p->ids[i]);

        if (h && h->id > p->f.after_id && add(h, p))
            return;
    }
}

int op_jobs(struct ask *a, struct err *err)
{
    struct page *p = calloc(1, sizeof(*p));
    int r = p ? read_filter(a, p, err) : -ENOMEM;

    if (r == 0)
        r = elsewhere(a, p, err);
    if (r != 0) {
        free(p);
        return r < 0 ? r : 0;
    }
    p->a = a;
    p->jobs = json_array();
    if (json_is_true(json_object_get(a->question, "all")))
        r = stored_page(p, err);
    else if (p->f.n_ids)
        by_id(p);
    else
        fed_each_holding(a->c->fed, p->f.after_id, add, p);
    if (r < 0)
        json_decref(p->jobs);
    else
        users_reply(a->c->users, a->ticket,
                    json_pack("{s:o,s:b,s:I}", "jobs", p->jobs, "more", p->more, "last",
                              (json_int_t)p->last));
    free(p);
    return r;
}

struct story {
    struct ask *a;
    json_t *views;
    json_t *history;
};

static int add_view(uint32_t epoch,
                    struct wall at,
                    const struct route_view *v,
                    void *arg)
{
    struct story *s = arg;
    json_t *o = route_view_to_json(v);

    (void)json_object_set_new(o, "epoch", json_integer(epoch)); /* for display */
    (void)json_object_set_new(o, "at", json_integer((json_int_t)at.us));
    (void)json_object_set_new(
        o, "name", json_string(site_center_name(center_site(s->a->c), v->center)));
    return json_array_append_new(s->views, o);
}

static int add_line(struct wall at, const char *what, void *arg)
{
    struct story *s = arg;

    return json_array_append_new(
        s->history, json_pack("{s:I,s:s}", "at", (json_int_t)at.us, "what", what));
}

int op_explain(struct ask *a, struct err *err)
{
    json_int_t n = json_integer_value(json_object_get(a->question, "job"));
    uint64_t id = n > 0 ? (uint64_t)n : 0;
    const struct holding *h = fed_holding(a->c->fed, id);
    struct story s = {.a = a};
    struct holding old;
    int r = 0;

    if (job_id_make(job_id_center(id), job_id_sequence(id)) == 0)
        return err_set(err, -EINVAL, "\"job\" must be a job id");
    if (job_id_center(id) != center_site(a->c)->number && !a->who->via) {
        r = peers_pass_on(a, job_id_center(id), err);
        return r < 0 ? r : 0;
    }
    if (!h) {
        r = store_get_holding(a->c->store, id, &old);
        if (r < 0)
            return err_set(err, -ENOENT, "job %" PRIu64 " is not known here", id);
        h = &old;
    }
    if (!users_may_touch(a->who, h))
        return err_set(err, -EACCES, "job %" PRIu64 " belongs to %s", id, h->person);
    s.views = json_array();
    s.history = json_array();
    (void)store_get_views(a->c->store, id, add_view, &s); /* none is an answer too */
    (void)store_get_history(a->c->store, id, add_line, &s);
    users_reply(a->c->users, a->ticket,
                json_pack("{s:o,s:o,s:o}", "job", show(a->c, h), "views", s.views,
                          "history", s.history));
    return 0;
}
