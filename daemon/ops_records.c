/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * ops_records - records of attempts, a page at a time
 *
 * A center tells what ran at it, and what was submitted at it and never started: so
 * over all centers each attempt is told once. First all runs, then the jobs that never
 * started; the mark says where the next page begins. Whoever runs the daemon reads all,
 * everybody else what they submitted or ran themselves.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/gate.h"
#include "daemon/pseudonym.h"
#include "daemon/users.h"
#include "model/run_record.h"
#include "report/record_line.h"
#include "report/text.h"

#include "base/banned.h"

#define PAGE 500 /* rows looked at for one answer */

struct page {
    struct ask *a;
    json_t *lines;
    json_t *skipped;
    struct run_mark mark; /* the last row that was seen */
    bool unstarted;       /* the second half */
    uint32_t n;
};

static int64_t seconds(struct wall t)
{
    return t.us / US_PER_S;
}

/* Clocks of two centers differ by seconds: what came first by nature stays first. */
static void set_times(struct run_record *r,
                      struct wall submitted,
                      struct wall queued,
                      struct wall started,
                      struct wall ended)
{
    int64_t first;

    r->start = seconds(started);
    r->end = seconds(ended);
    if (r->start > r->end)
        r->start = r->end;
    first = r->start ? r->start : r->end;
    r->submit = seconds(submitted.us ? submitted : queued);
    if (r->submit == 0 || r->submit > first)
        r->submit = first;
    r->eligible = seconds(queued);
    if (r->eligible && r->eligible < r->submit)
        r->eligible = r->submit;
    if (r->eligible > first)
        r->eligible = first;
}

static void set_text(char *dst, size_t cap, const char *text)
{
    size_t n = strlen(text);

    if (n < cap && text_is_clean(text, n))
        memcpy(dst, text, n + 1);
}

static int set_who(struct page *p,
                   struct run_record *r,
                   const char *person,
                   const char *institution,
                   const char *project)
{
    struct center *c = p->a->c;
    struct err err = {0};

    memcpy(r->institution, institution, sizeof(r->institution));
    memcpy(r->project, project, sizeof(r->project));
    if (!c->pseudonym
        && pseudonym_open(c->settings->state_dir, &c->pseudonym, &err) < 0)
        return err_set(NULL, -EIO, "%s", err.text);
    return pseudonym_of(c->pseudonym, person, r->person);
}

static int add_record(struct page *p, struct run_record *r)
{
    char line[RECORD_LINE_CAP];
    struct err err = {0};
    size_t n = 0;

    if (run_record_check(r, &err) == 0
        && record_line_write(r, line, sizeof(line), &n) == 0)
        return json_array_append_new(p->lines, json_stringn_nocheck(line, n)) ? -ENOMEM
                                                                              : 0;
    return json_array_append_new(
               p->skipped, json_pack("{s:I,s:s}", "job", (json_int_t)r->job, "why",
                                     err.text[0] ? err.text : "it has no line"))
               ? -ENOMEM
               : 0;
}

static void set_usage(struct run_record *r, const struct usage *u)
{
    r->nodes = u->n_nodes;
    r->cores = u->n_cores;
    r->elapsed_s = u->elapsed_s;
    r->core_s = u->core_s;
    r->gpu_s = u->gpu_s;
    r->mem_mib_s = u->mem_mib_s;
    r->cpu_us = u->cpu_us;
    r->max_rss_bytes = u->max_rss_bytes;
    r->milli = u->milli;
    if (u->elapsed_s) {
        uint64_t gpus = u->gpu_s / u->elapsed_s;

        r->mem_mib = u->mem_mib_s / u->elapsed_s;
        r->gpus = gpus > UINT32_MAX ? UINT32_MAX : (uint32_t)gpus;
    }
}

static int add_run(const struct stored_run *x, void *arg)
{
    struct page *p = arg;
    const struct site *s = center_site(p->a->c);
    struct run_record r = {.job = x->job, .attempt = x->restarts};

    p->mark = (struct run_mark){x->ended, x->job, x->epoch};
    p->n++;
    set_text(r.center, sizeof(r.center), s->name);
    set_text(r.entry, sizeof(r.entry), site_center_name(s, x->entry));
    if (set_who(p, &r, x->person, x->institution, x->project) < 0)
        return -EIO;
    memcpy(r.partition, x->partition, sizeof(r.partition));
    if (!run_end_parse(job_state_word(x->state), &r.state))
        return 0; /* not an end: it has no record yet */
    r.exit_code = x->exit_code;
    r.exit_signal = x->exit_signal;
    set_times(&r, x->submitted, x->queued, x->started, x->ended);
    r.req_nodes = x->req_nodes;
    r.req_cores = x->req_cores;
    r.req_gpus = x->req_gpus;
    r.req_mem_mib = x->req_mem_mib;
    r.time_limit_s = x->time_limit_s;
    set_text(r.gpu_type, sizeof(r.gpu_type), x->gpu_type);
    set_text(r.name, sizeof(r.name), x->name);
    if (r.start) {
        set_text(r.node_list, sizeof(r.node_list), x->nodes);
        set_usage(&r, &x->usage);
    }
    return add_record(p, &r);
}

/* One that some center ran has its record there. */
static int add_ended(const struct holding *h, void *arg)
{
    struct page *p = arg;
    const struct site *s = center_site(p->a->c);
    struct run_record r = {.job = h->id, .attempt = h->restarts};
    uint64_t cores = request_cores(&h->request);

    p->mark = (struct run_mark){h->ended, h->id, 0};
    p->n++;
    if (h->grant.center || h->started.us || !users_may_touch(p->a->who, h)
        || !run_end_parse(job_state_word(h->state), &r.state))
        return 0;
    set_text(r.center, sizeof(r.center), s->name);
    set_text(r.entry, sizeof(r.entry), s->name);
    if (set_who(p, &r, h->person, h->institution, h->project) < 0)
        return -EIO;
    memcpy(r.partition, h->request.partition, sizeof(r.partition));
    set_times(&r, h->submitted, h->begin, (struct wall){0}, h->ended);
    r.req_nodes = h->request.min_nodes;
    r.req_cores = cores > UINT32_MAX ? UINT32_MAX : (uint32_t)cores;
    r.req_gpus =
        h->request.gpus_per_node * (h->request.min_nodes ? h->request.min_nodes : 1);
    r.time_limit_s = h->request.time_limit_s;
    set_text(r.name, sizeof(r.name), h->name);
    return add_record(p, &r);
}

static int read_mark(const json_t *q, struct page *p, struct err *err)
{
    const json_t *mark = json_object_get(q, "mark");
    json_int_t job = json_integer_value(json_object_get(mark, "job"));
    json_int_t epoch = json_integer_value(json_object_get(mark, "epoch"));

    if (mark && (!json_is_object(mark) || job < 0 || epoch < 0 || epoch > UINT32_MAX))
        return err_set(err, -EINVAL, "\"mark\" is not one that this center gave");
    p->mark.ended.us = json_integer_value(json_object_get(mark, "ended"));
    p->mark.job = (uint64_t)job;
    p->mark.epoch = (uint32_t)epoch;
    p->unstarted = json_is_true(json_object_get(mark, "unstarted"));
    return 0;
}

static int read_page(struct page *p, struct err *err)
{
    const json_t *q = p->a->question;
    struct store *s = p->a->c->store;
    const struct asker *who = p->a->who;
    struct wall since = {json_integer_value(json_object_get(q, "since"))};
    struct wall until = {json_integer_value(json_object_get(q, "until"))};
    struct run_mark after = p->mark;

    if (until.us == 0)
        until.us = INT64_MAX;
    if (p->unstarted)
        return store_each_ended(s, since, until, &after, PAGE, add_ended, p, err);
    return store_each_run(s, since, until, &after, who->admin ? NULL : who->person,
                          PAGE, add_run, p, err);
}

int op_records(struct ask *a, struct err *err)
{
    struct page p = {.a = a, .lines = json_array(), .skipped = json_array()};
    bool more;
    int r;

    if (!a->who->admin && !a->who->person[0])
        r = err_set(err, -EACCES,
                    "user %s has no records here: nobody of that name is known to the "
                    "federation",
                    a->who->local);
    else
        r = read_mark(a->question, &p, err);
    if (r == 0)
        r = read_page(&p, err);
    if (r < 0) {
        json_decref(p.lines);
        json_decref(p.skipped);
        return r;
    }
    more = p.n == PAGE || !p.unstarted;
    if (p.n < PAGE && !p.unstarted) {
        p.unstarted = true;
        p.mark = (struct run_mark){0};
    }
    users_reply(a->c->users, a->ticket,
                json_pack("{s:s,s:b,s:o,s:o,s:b,s:{s:b,s:I,s:I,s:I}}", "center",
                          center_site(a->c)->name, "all", a->who->admin, "lines",
                          p.lines, "skipped", p.skipped, "more", more, "mark",
                          "unstarted", p.unstarted, "ended",
                          (json_int_t)p.mark.ended.us, "job", (json_int_t)p.mark.job,
                          "epoch", (json_int_t)p.mark.epoch));
    return 0;
}

/* --- a person is forgotten ----------------------------------------------------------
 */

struct unfinished {
    const char *person;
    uint64_t job; /* the first that is not over; 0 = none */
};

static int find_unfinished(const struct holding *h, void *arg)
{
    struct unfinished *x = arg;

    if (strcmp(h->person, x->person) != 0 || h->hold == HOLD_FINAL)
        return 0;
    x->job = h->id;
    return 1;
}

static int find_copy(const struct copy *c, void *arg)
{
    struct unfinished *x = arg;

    if (strcmp(c->person, x->person) != 0)
        return 0;
    x->job = c->id;
    return 1;
}

int op_erase(struct ask *a, struct err *err)
{
    const char *person = json_string_value(json_object_get(a->question, "person"));
    struct center *c = a->c;
    struct unfinished x = {.person = person};
    char pseudonym[NAME_CAP];
    int r = 0;

    if (!a->who->admin)
        return err_set(err, -EACCES,
                       "people are erased by root and the account that runs hopluud");
    if (!person || !strchr(person, '@') || strlen(person) >= NAME_CAP)
        return err_set(err, -EINVAL, "which person? As name@institution");
    fed_each_holding(c->fed, 0, find_unfinished, &x);
    if (!x.job)
        fed_each_copy(c->fed, find_copy, &x);
    if (x.job)
        return err_set(err, -EINVAL, "%s has jobs that are not over: %" PRIu64, person,
                       x.job);
    if (!c->pseudonym)
        r = pseudonym_open(c->settings->state_dir, &c->pseudonym, err);
    if (r == 0)
        r = pseudonym_of(c->pseudonym, person, pseudonym);
    if (r == 0)
        r = store_erase(c->store, person, pseudonym);
    if (r < 0)
        return r;
    gate_touch(c->gate);
    users_reply_durable(a, json_pack("{s:s}", "pseudonym", pseudonym));
    return 0;
}
