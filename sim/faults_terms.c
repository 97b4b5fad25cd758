/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * faults_terms - centers that share under terms, and people who ask for what cannot be
 *
 * In these runs no two agreements are alike: ceilings, debts, partitions, institutions
 * and dates differ, a second project's budget is kept at one center and moved to
 * others, and some people have no account. Jobs are as odd: too large, too long, for
 * centers that do not exist.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/measure.h"
#include "sim/faults_int.h"

#include "base/banned.h"

#define GIVEN_MILLI 40000 /* of the second project, at its home */

static void name(char *to, const char *what)
{
    (void)snprintf(to, NAME_CAP, "%s", what); /* our own short words */
}

/* What center a grants center b, from 1. */
static void side(struct agreement_side *s, uint64_t sort)
{
    switch (sort % 5) {
    case 0:
        s->max_cores = 12;
        break;
    case 1:
        s->max_time_s = 4000;
        s->max_nodes = 1;
        break;
    case 2:
        name(s->partitions[0], "main");
        name(s->partitions[1], "small");
        s->n_partitions = 2;
        break;
    case 3:
        s->max_debt_milli = 3000;
        break;
    case 4:
        name(s->institutions[0], "inst");
        break;
    }
}

void terms_apply(struct site *s, uint32_t n, uint64_t seed)
{
    struct partition *p = calloc(2, sizeof(*p));
    struct project *q = calloc(2, sizeof(*q));
    struct institution *i = calloc(2, sizeof(*i));

    if (!p || !q || !i) {
        free(p);
        free(q);
        free(i);
        return; /* as without terms */
    }
    p[0] = s->partitions[0];
    p[1] = p[0];
    name(p[1].name, "small");
    p[1].is_default = false;
    p[1].max_time_s = 600;
    p[1].max_nodes = 1;
    q[0] = s->projects[0];
    name(q[1].name, "other");
    name(q[1].institution, "foreign");
    q[1].budget_milli = s->number == 1 ? GIVEN_MILLI : 0;
    i[0] = s->institutions[0];
    name(i[1].name, "foreign");
    name(i[1].home, "c1");
    free(s->partitions);
    free(s->projects);
    free(s->institutions);
    s->partitions = p;
    s->projects = q;
    s->institutions = i;
    s->n_partitions = s->n_projects = s->n_institutions = 2;
    if (s->number == 2) /* everybody else is a stranger there */
        name(s->mappings[0].person, "u@inst");
    for (size_t k = 0; k < s->n_peers; k++) {
        struct peer *x = &s->peers[k];
        uint32_t low = s->number < x->number ? s->number : x->number;
        uint32_t high = s->number < x->number ? x->number : s->number;

        x->allowances = x->number == 1 || s->number == 1;
        x->link_bytes_s = 1000000;
        x->mine = s->number == low ? 0 : 1;
        side(&x->agreement.side[0], low * 3 + high + seed);
        side(&x->agreement.side[1], high * 3 + low + seed);
        /* … and one in four is over some day, or begins then. */
        if ((low + high + seed) % 8 == 0)
            x->agreement.until.us = WALL0_US + 40000 * US_PER_S;
        else if ((low + high + seed) % 8 == 4)
            x->agreement.from.us = WALL0_US + 40000 * US_PER_S;
    }
    s->candidates = n > 3 ? 3 : 2;
}

/* A job of its number: every few ask for something that is not usual. */
void terms_job(struct holding *h, uint32_t n)
{
    switch (n % 16) {
    case 1:
        name(h->request.partition, "small");
        break;
    case 2:
        name(h->request.partition, "none");
        break;
    case 3:
        (void)snprintf(h->centers, sizeof(h->centers), "c2,c3");
        break;
    case 4:
        (void)snprintf(h->centers, sizeof(h->centers), "c1,nowhere");
        break;
    case 5:
        h->request.n_tasks = 4 * CORES;
        break;
    case 6:
        h->request.time_limit_s = DURATION_UNLIMITED;
        break;
    case 7:
        h->request.time_limit_s = 0;
        break;
    case 8:
        h->request.gpus_per_node = 1;
        break;
    case 9:
        h->request.min_nodes = 2;
        h->request.n_tasks = 2;
        break;
    case 10:
    case 11:
    case 12:
        name(h->project, "other");
        name(h->institution, "foreign");
        name(h->person, "v@foreign");
        break;
    case 13:
        (void)snprintf(h->centers, sizeof(h->centers), "c3");
        break;
    default:
        break;
    }
}

static int count(const struct holding *h, void *arg)
{
    (void)h;
    return ++*(int *)arg > 8;
}

static int count_copy(const struct copy *c, void *arg)
{
    (void)c;
    return ++*(int *)arg > 8;
}

/* Questions, none of which may change anything; and what must be refused. */
static void look(struct world *w, struct fcenter *c, uint64_t id)
{
    const struct fed *f = c->fed;
    char text[TITLE_CAP];
    int64_t age;
    int n = 0;

    fed_each_holding(f, 0, count, &n);
    fed_each_holding(f, id, count, &n);
    fed_each_copy(f, count_copy, &n);
    for (uint32_t k = 1; k <= w->n; k++) {
        (void)fed_silent_since(f, k);
        (void)fed_supply(f, k, fcenter_now(w, c).mono, &age);
        (void)fed_resting(f, k, text, sizeof(text));
        (void)fed_peer_connected(f, k);
    }
    (void)fed_copy(f, id);
    (void)fed_holding(f, id);
    if (fed_count(f).waiting > fed_count(f).holdings)
        violation(w, "c%u: more jobs wait than there are", c->i + 1);
}

static void try_one(struct world *w, struct fcenter *c, uint32_t n)
{
    struct holding h = {
        .person = "u@inst", .institution = "inst", .project = "proj", .user = "u"};
    const struct route_view *views;
    struct err err = {0};
    size_t n_views;

    h.request.n_tasks = h.request.cpus_per_task = 1;
    h.request.time_limit_s = 60;
    terms_job(&h, n);
    (void)fed_try(c->fed, &h, fcenter_now(w, c), &views, &n_views, &err);
}

void terms_ask(struct world *w, struct fcenter *c, int64_t which)
{
    struct now now = fcenter_now(w, c);
    struct fed_effects fx;
    struct err err = {0};
    uint64_t id = w->n_jobs ? w->jobs[(uint64_t)which % w->n_jobs].id : 1;
    int r;

    if (!fcenter_runs(w, c))
        return;
    w->r->steps++;
    look(w, c, id);
    try_one(w, c, (uint32_t)which);
    r = which % 4 == 0   ? fed_unhold(c->fed, id, 0, now, &fx, &err)
        : which % 4 == 1 ? fed_declare_lost(c->fed, id, "root", 0, now, &fx, &err)
        : which % 4 == 2 ? fed_cancel(c->fed, id + 500, "u", 0, 0, now, &fx, &err)
                         : fed_give(c->fed, "other", which % 8 == 3 ? "c2" : "nowhere",
                                    1000, now, &fx, &err);
    if (r == 0)
        gate_take(w, c, &fx);
    if (which % 5 == 2 && fcenter_runs(w, c)
        && fed_set_limit(c->fed, id, 60 + (uint32_t)(which % 700), 0, now, &fx, &err)
               == 0)
        gate_take(w, c, &fx);
}
