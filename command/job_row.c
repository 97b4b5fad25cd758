/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* job_row - one job as the daemon's answer shows it, and how lists are asked */
#include "config.h"

#include "command/job_row.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "command/desk.h"
#include "command/say.h"
#include "model/hostlist.h"
#include "model/job_id.h"
#include "wire/noun_json.h"

#include "base/banned.h"

#define PAGE 1000
#define IDS_PER_QUESTION 500

int job_row_from_json(const json_t *o, struct job_row *row, struct err *err)
{
    int r = holding_from_json(o, &row->job, err);

    if (r != 0)
        return r;
    word_cut(row->reason, sizeof(row->reason), desk_text(o, "reason_text"));
    word_cut(row->center, sizeof(row->center), desk_text(o, "center"));
    word_cut(row->entry, sizeof(row->entry), desk_text(o, "entry"));
    row->estimate_s = desk_int(o, "estimate_s", -1);
    row->estimate_p90_s = desk_int(o, "estimate_p90_s", -1);
    row->p90_held = (int32_t)desk_int(o, "p90_held", -1);
    row->now = now_read().wall;
    return 0;
}

uint64_t job_row_elapsed_s(const struct job_row *row)
{
    const struct holding *h = &row->job;
    int64_t end = h->ended.us ? h->ended.us : row->now.us;

    if (job_state_final(h->state) && h->usage.elapsed_s)
        return h->usage.elapsed_s;
    if (h->started.us == 0 || end <= h->started.us)
        return 0;
    return (uint64_t)((end - h->started.us) / US_PER_S);
}

uint32_t job_row_cores(const struct job_row *row)
{
    if (row->job.usage.n_cores)
        return row->job.usage.n_cores;
    return (uint32_t)MIN(request_cores(&row->job.request), (uint64_t)UINT32_MAX);
}

/* While it runs the list of its nodes says how many; after the end its usage does. */
uint32_t job_row_nodes(const struct job_row *row)
{
    struct words names = WORDS_INIT(JOB_NODES_MAX, 4u << 20);
    size_t n = 0;

    if (row->job.usage.n_nodes)
        return row->job.usage.n_nodes;
    if (row->job.nodes[0] && hostlist_expand(row->job.nodes, &names, NULL) == 0)
        n = names.n; /* a list that was cut for display does not parse */
    words_release(&names);
    if (n > 0)
        return (uint32_t)n;
    return MAX(row->job.request.min_nodes, 1u);
}

static bool in(const struct words *w, const char *s)
{
    return w->n == 0 || words_has(w, s);
}

bool job_filter_match(const struct job_filter *f, const struct job_row *row)
{
    const struct holding *h = &row->job;

    return (f->states == 0 || f->states & (1u << h->state)) && in(&f->users, h->user)
           && in(&f->projects, h->project) && in(&f->names, h->name)
           && in(&f->partitions, h->request.partition)
           && in(&f->institutions, h->institution) && in(&f->centers, row->center);
}

static json_t *states_json(uint32_t states)
{
    json_t *a = json_array();

    for (int s = 0; a && s < _JOB_STATE_MAX; s++)
        if (states & (1u << s))
            (void)json_array_append_new(a,
                                        json_string(job_state_word((enum job_state)s)));
    return a;
}

static json_t *ids_json(const uint64_t *ids, size_t n)
{
    json_t *a = json_array();

    for (size_t i = 0; a && i < n; i++)
        (void)json_array_append_new(a, json_integer((json_int_t)ids[i]));
    return a;
}

/* One name goes to the daemon; several are sorted out here by job_filter_match(). */
static void one_word(json_t *q, const char *member, const struct words *w)
{
    if (w->n == 1)
        (void)json_object_set_new(q, member, json_string(w->v[0]));
}

static json_t *page_question(const struct job_filter *f,
                             const uint64_t *ids,
                             size_t n_ids,
                             uint64_t after)
{
    json_t *q = desk_question("jobs");

    if (!q)
        return NULL;
    if (n_ids)
        (void)json_object_set_new(q, "ids", ids_json(ids, n_ids));
    one_word(q, "user", &f->users);
    one_word(q, "project", &f->projects);
    one_word(q, "name", &f->names);
    one_word(q, "institution", &f->institutions);
    if (f->states)
        (void)json_object_set_new(q, "states", states_json(f->states));
    if (f->me)
        (void)json_object_set_new(q, "me", json_true());
    if (f->all)
        (void)json_object_set_new(q, "all", json_true());
    if (f->since.us)
        (void)json_object_set_new(q, "since", json_integer(f->since.us));
    if (f->until.us)
        (void)json_object_set_new(q, "until", json_integer(f->until.us));
    (void)json_object_set_new(q, "after", json_integer((json_int_t)after));
    (void)json_object_set_new(q, "limit", json_integer(PAGE));
    return q;
}

/* Names of the entries, which an id only has by number; asked once, if needed. */
struct entries {
    json_t *centers; /* of the last info; NULL = not asked */
};

static void entry_name(struct client *c, struct entries *e, struct job_row *row)
{
    uint32_t number = job_id_center(row->job.id);
    size_t i;
    json_t *center;

    if (!e->centers) {
        struct err err = {0};
        json_t *answer = NULL;
        bool refused;

        if (desk_try(c, desk_question("info"), &answer, &refused, &err) == SAY_OK)
            e->centers = json_incref(json_object_get(answer, "centers"));
        json_decref(answer);
        if (!e->centers)
            e->centers = json_array();
    }
    json_array_foreach(e->centers, i,
                       center) if (desk_int(center, "number", 0) == number)(void)
        snprintf(row->entry, sizeof(row->entry), "%s", desk_text(center, "name"));
    if (!row->entry[0])
        (void)snprintf(row->entry, sizeof(row->entry), "%" PRIu32, number);
}

static int page(struct client *c,
                const json_t *answer,
                const struct job_filter *f,
                struct entries *entries,
                job_row_fn each,
                void *arg,
                uint64_t *ret_last)
{
    const json_t *jobs = json_object_get(answer, "jobs");
    size_t i;
    json_t *o;

    json_array_foreach(jobs, i, o)
    {
        struct job_row row = {0};
        struct err err = {0};
        int r = job_row_from_json(o, &row, &err);

        if (r != 0) {
            say_error("the daemon's answer is not understood: %s", err_text(&err, r));
            return SAY_ERROR;
        }
        *ret_last = row.job.id;
        if (!job_filter_match(f, &row))
            continue;
        if (f->entry && !row.entry[0])
            entry_name(c, entries, &row);
        r = each(&row, arg);
        if (r != 0)
            return r;
    }
    return SAY_OK;
}

/* All pages of one question. */
static int all_pages(struct client *c,
                     const struct job_filter *f,
                     const uint64_t *ids,
                     size_t n_ids,
                     struct entries *entries,
                     job_row_fn each,
                     void *arg)
{
    uint64_t after = 0;
    int code = SAY_OK;
    bool more = true;

    while (code == SAY_OK && more) {
        json_t *answer = NULL;
        uint64_t last = after;

        code = desk_ask(c, page_question(f, ids, n_ids, after), &answer);
        if (code == SAY_OK)
            code = page(c, answer, f, entries, each, arg, &last);
        last = (uint64_t)desk_int(answer, "last", (json_int_t)last);
        /* An answer that promises more but moves nowhere would be asked for ever. */
        more = json_is_true(json_object_get(answer, "more")) && last > after;
        after = last;
        json_decref(answer);
    }
    return code;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* The ids that people typed: rising, each once. Caller frees; NULL = no memory. */
static uint64_t *sorted_ids(const struct words *w, size_t *ret_n)
{
    uint64_t *ids = calloc(w->n, sizeof(*ids));
    size_t n = 0;

    for (size_t i = 0; ids && i < w->n; i++)
        (void)job_id_parse(w->v[i], &ids[i], NULL); /* checked when it was typed */
    if (!ids)
        return NULL;
    qsort(ids, w->n, sizeof(*ids), by_number);
    for (size_t i = 0; i < w->n; i++)
        if (n == 0 || ids[i] != ids[n - 1])
            ids[n++] = ids[i];
    *ret_n = n;
    return ids;
}

/* A question with ids goes to one center as a whole: one question for each. */
static int each_center(struct client *c,
                       const struct job_filter *f,
                       struct entries *entries,
                       job_row_fn each,
                       void *arg)
{
    size_t n = 0;
    _cleanup_(freep) uint64_t *ids = sorted_ids(&f->ids, &n);
    int code = SAY_OK;

    if (!ids) {
        say_error("not enough memory");
        return SAY_ERROR;
    }
    for (size_t from = 0, to; code == SAY_OK && from < n; from = to) {
        for (to = from + 1; to < n && to - from < IDS_PER_QUESTION
                            && job_id_center(ids[to]) == job_id_center(ids[from]);
             to++)
            ;
        code = all_pages(c, f, ids + from, to - from, entries, each, arg);
    }
    return code;
}

int job_rows(struct client *c, const struct job_filter *f, job_row_fn each, void *arg)
{
    struct entries entries = {0};
    int code;

    if (f->ids.n)
        code = each_center(c, f, &entries, each, arg);
    else
        code = all_pages(c, f, NULL, 0, &entries, each, arg);
    json_decref(entries.centers);
    return code;
}
