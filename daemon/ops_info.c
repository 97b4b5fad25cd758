/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* ops_info - hello, info, balance, report: questions about centers and books */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "daemon/peers.h"
#include "daemon/users.h"
#include "wire/noun_json.h"

#include "base/banned.h"

int op_hello(struct ask *a, struct err *err)
{
    const struct site *s = center_site(a->c);

    (void)err;
    users_reply(a->c->users, a->ticket,
                json_pack("{s:s,s:i,s:s,s:s,s:s,s:I}", "center", s->name, "number",
                          (int)s->number, "version", PACKAGE_VERSION, "user",
                          a->who->local, "person", a->who->person, "transfer_max",
                          (json_int_t)a->c->settings->transfer_max));
    return 0;
}

static void add_node(const struct engine_node *n, void *arg)
{
    json_t *o =
        json_pack("{s:s,s:s,s:s,s:i,s:i,s:I,s:I,s:i,s:i,s:s,s:i,s:s}", "name", n->name,
                  "partitions", n->partitions, "state", n->state, "cores",
                  (int)n->cores, "cores_used", (int)n->cores_used, "mem_bytes",
                  (json_int_t)n->mem_bytes, "mem_used", (json_int_t)n->mem_used, "gpus",
                  (int)n->gpus, "gpus_used", (int)n->gpus_used, "gpu_type", n->gpu_type,
                  "jobs", (int)n->n_jobs, "text", n->text);

    (void)json_array_append_new(arg, o); /* a lack shows as a missing row */
}

/* What there is to say of a center beside its supply. */
static const char *remark(struct center *c,
                          uint32_t center,
                          const char *other,
                          char *text)
{
    return !other[0] && fed_resting(c->fed, center, text, ROUTE_TEXT_CAP) ? text
                                                                          : other;
}

static json_t *own_center(struct center *c)
{
    char text[ROUTE_TEXT_CAP];
    const struct site *s = center_site(c);
    struct supply supply = {.center = s->number};
    struct fed_counts n = fed_count(c->fed);

    c->engine->ops->supply(c->engine, &supply);
    return json_pack(
        "{s:s,s:i,s:b,s:b,s:i,s:s,s:I,s:I,s:o}", "name", s->name, "number",
        (int)s->number, "own", 1, "connected", 1, "age_s", 0, "text",
        remark(c, s->number,
               store_failing(c->store) ? "its state cannot be written" : "", text),
        "waiting", (json_int_t)n.waiting, "copies", (json_int_t)n.copies, "supply",
        supply_to_json(&supply));
}

static json_t *other_center(struct center *c, const struct peer *p)
{
    char text[ROUTE_TEXT_CAP];
    int64_t age_us = 0;
    const struct supply *supply =
        fed_supply(c->fed, p->number, now_read().mono, &age_us);

    return json_pack("{s:s,s:i,s:b,s:b,s:I,s:s,s:o}", "name", p->name, "number",
                     (int)p->number, "own", 0, "connected",
                     fed_peer_connected(c->fed, p->number), "age_s",
                     (json_int_t)(age_us / US_PER_S), "text",
                     remark(c, p->number, peers_text(c->peers, p->number), text),
                     "supply", supply ? supply_to_json(supply) : json_null());
}

int op_info(struct ask *a, struct err *err)
{
    const struct site *s = center_site(a->c);
    json_t *centers = json_array();
    json_t *nodes = json_array();

    (void)err;
    /* For display: a lack of memory shows as a missing row. */
    (void)json_array_append_new(centers, own_center(a->c));
    for (size_t i = 0; i < s->n_peers; i++)
        (void)json_array_append_new(centers, other_center(a->c, &s->peers[i]));
    a->c->engine->ops->nodes(a->c->engine, add_node, nodes);
    users_reply(a->c->users, a->ticket,
                json_pack("{s:o,s:o}", "centers", centers, "nodes", nodes));
    return 0;
}

struct balances {
    struct ask *a;
    const struct person *person; /* only their projects; NULL = all */
    const char *project;
    json_t *list;
};

static bool pays_from(const struct person *p, const char *project)
{
    const char *at = strstr(p->projects, project);
    size_t n = strlen(project);

    for (; at; at = strstr(at + 1, project))
        if ((at == p->projects || at[-1] == ',') && (at[n] == ',' || at[n] == '\0'))
            return true;
    return false;
}

static void add_balance(const struct balance *x, void *arg)
{
    struct balances *b = arg;
    json_t *o;

    if ((b->project && strcmp(b->project, x->project) != 0)
        || (b->person && !pays_from(b->person, x->project)))
        return;
    o = json_pack("{s:s,s:s,s:s,s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:i,s:i}", "project",
                  x->project, "institution", x->institution, "center",
                  center_site(b->a->c)->name, "limited", x->limited, "granted",
                  (json_int_t)x->granted, "available", (json_int_t)x->available, "held",
                  (json_int_t)x->held, "spent", (json_int_t)x->spent, "owed",
                  (json_int_t)x->owed, "expired", (json_int_t)x->expired, "moved",
                  (json_int_t)x->moved, "holds", (int)x->n_holds, "unsettled", 0);
    (void)json_array_append_new(b->list, o); /* a lack shows as a missing row */
}

/* Part of what its project holds. */
static void add_unsettled(const struct copy *c, void *arg)
{
    const struct balances *b = arg;
    size_t i;
    json_t *o;

    json_array_foreach(b->list, i, o)
    {
        const char *project = json_string_value(json_object_get(o, "project"));
        json_int_t milli = json_integer_value(json_object_get(o, "unsettled"));

        if (project && !strcmp(project, c->project))
            (void)json_object_set_new(o, "unsettled",
                                      json_integer(milli + c->hold_milli));
    }
}

int op_balance(struct ask *a, struct err *err)
{
    struct balances b = {.a = a};

    b.project = json_string_value(json_object_get(a->question, "project"));
    if (b.project && !site_project(center_site(a->c), b.project))
        return err_set(err, -ENOENT, "project '%.60s' is not known at this center",
                       b.project);
    if (!json_is_true(json_object_get(a->question, "all")) && !b.project) {
        b.person = site_person(center_site(a->c), a->who->local);
        if (!b.person)
            return err_set(err, -EACCES, "user %s has no projects at this center",
                           a->who->local);
    }
    b.list = json_array();
    book_each(a->c->book, add_balance, &b);
    fed_each_unsettled(a->c->fed, now_read().wall, add_unsettled, &b);
    users_reply(a->c->users, a->ticket, json_pack("{s:o}", "projects", b.list));
    return 0;
}

struct sums {
    struct ask *a;
    json_t *list;
};

static int add_sum(const struct run_sum *x, void *arg)
{
    struct sums *s = arg;
    const struct site *site = center_site(s->a->c);

    return json_array_append_new(
        s->list,
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:b,s:I,s:I,s:I,s:I,s:I,s:I}", "institution",
                  x->institution, "project", x->project, "person", x->person, "entry",
                  site_center_name(site, x->entry), "host",
                  site_center_name(site, x->host), "hosted", x->hosted, "runs",
                  (json_int_t)x->n_runs, "core_s", (json_int_t)x->core_s, "mem_mib_s",
                  (json_int_t)x->mem_mib_s, "gpu_s", (json_int_t)x->gpu_s, "cpu_us",
                  (json_int_t)x->cpu_us, "milli", (json_int_t)x->milli));
}

int op_report(struct ask *a, struct err *err)
{
    struct sums s = {.a = a, .list = json_array()};
    struct wall since = {json_integer_value(json_object_get(a->question, "since"))};
    struct wall until = {json_integer_value(json_object_get(a->question, "until"))};
    int r;

    if (until.us == 0)
        until = (struct wall){INT64_MAX};
    r = store_sum_runs(a->c->store, since, until, add_sum, &s, err);
    if (r < 0) {
        json_decref(s.list);
        return r;
    }
    users_reply(
        a->c->users, a->ticket,
        json_pack("{s:s,s:o}", "center", center_site(a->c)->name, "runs", s.list));
    return 0;
}
