/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* random_noun - nouns out of a seed, for properties that must hold for all */
#include "config.h"

#include "tests/wire/random_noun.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

uint64_t dice_u64(struct dice *d) /* splitmix64 */
{
    uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint32_t dice_below(struct dice *d, uint32_t n)
{
    return (uint32_t)(dice_u64(d) % n);
}

static bool coin(struct dice *d)
{
    return dice_below(d, 2);
}

/* Zero, small, largest, or anything. */
static uint64_t number(struct dice *d, uint64_t max)
{
    switch (dice_below(d, 4)) {
    case 0:
        return 0;
    case 1:
        return dice_below(d, 100) % (max + (max < UINT64_MAX));
    case 2:
        return max;
    default:
        return max == UINT64_MAX ? dice_u64(d) : dice_u64(d) % (max + 1);
    }
}

static uint32_t u32(struct dice *d)
{
    return (uint32_t)number(d, UINT32_MAX);
}

static int64_t i64(struct dice *d)
{
    int64_t n = (int64_t)number(d, INT64_MAX);

    return coin(d) ? n : -n;
}

static struct wall wall(struct dice *d)
{
    return (struct wall){(int64_t)number(d, UINT64_C(253402300799999999))};
}

static void text(struct dice *d, char *s, size_t cap)
{
    static const char *const parts[] = {"a", "Z", "0", " ", "\"", "\\", "/",
                                        "é", "ợ", "…", "😀", "%",  "{",  "]"};
    size_t want = coin(d) ? dice_below(d, 12) : dice_below(d, (uint32_t)cap);
    size_t n = 0;

    memset(s, 0, cap);
    for (;;) {
        const char *p = parts[dice_below(d, sizeof(parts) / sizeof(parts[0]))];

        if (n + strlen(p) > want || n + strlen(p) >= cap)
            return;
        memcpy(s + n, p, strlen(p));
        n += strlen(p);
    }
}

#define TEXT(field) text(d, (field), sizeof(field))

void random_request(struct dice *d, struct request *r)
{
    memset(r, 0, sizeof(*r));
    TEXT(r->partition);
    r->n_tasks = u32(d);
    r->cpus_per_task = u32(d);
    r->min_nodes = u32(d);
    r->max_nodes = u32(d);
    r->tasks_per_node = u32(d);
    r->gpus_per_node = u32(d);
    TEXT(r->gpu_type);
    r->time_limit_s = u32(d);
    r->mem_node_bytes = number(d, INT64_MAX);
    r->mem_cpu_bytes = number(d, INT64_MAX);
    r->exclusive = coin(d);
    TEXT(r->comm);
}

void random_usage(struct dice *d, struct usage *u)
{
    memset(u, 0, sizeof(*u));
    u->elapsed_s = number(d, INT64_MAX);
    u->core_s = number(d, INT64_MAX);
    u->mem_mib_s = number(d, INT64_MAX);
    u->gpu_s = number(d, INT64_MAX);
    u->cpu_us = number(d, INT64_MAX);
    u->max_rss_bytes = number(d, INT64_MAX);
    u->n_nodes = u32(d);
    u->n_cores = u32(d);
    u->milli = i64(d);
}

static void random_rank_map(struct dice *d, struct rank_map *m)
{
    memset(m, 0, sizeof(*m));
    m->source = dice_below(d, _RANK_MAP_SOURCE_MAX);
    TEXT(m->method);
    m->cost = number(d, INT64_MAX);
    m->usual_cost = number(d, INT64_MAX);
    m->link = number(d, INT64_MAX);
    m->usual_link = number(d, INT64_MAX);
    m->cpu_us = number(d, INT64_MAX);
    TEXT(m->why);
}

void random_holding(struct dice *d, struct holding *h)
{
    memset(h, 0, sizeof(*h));
    h->id = number(d, UINT64_MAX);
    h->hold = dice_below(d, _HOLD_STATE_MAX);
    h->state = dice_below(d, _JOB_STATE_MAX);
    h->reason = dice_below(d, _JOB_REASON_MAX);
    h->epoch = u32(d);
    h->grant.center = dice_below(d, CENTERS_MAX + 1);
    h->grant.epoch = u32(d);
    h->grant.claim = number(d, UINT64_MAX);
    h->grant.at = wall(d);
    for (uint32_t i = 0; i < CANDIDATES_MAX; i++)
        if (coin(d)) {
            h->offers[i].center = dice_below(d, CENTERS_MAX + 1);
            h->offers[i].state = dice_below(d, _OFFER_STATE_MAX);
            h->offers[i].epoch = u32(d);
            h->offers[i].p90_s = u32(d);
            h->offers[i].wait_s = i64(d);
        }
    h->uid = u32(d);
    TEXT(h->user);
    TEXT(h->person);
    TEXT(h->institution);
    TEXT(h->project);
    TEXT(h->name);
    random_request(d, &h->request);
    TEXT(h->centers);
    h->client_token = number(d, UINT64_MAX);
    h->input_bytes = number(d, INT64_MAX);
    h->priority = u32(d);
    h->requeue = coin(d);
    h->at_least_once_s = u32(d);
    if (coin(d))
        h->lost[0] = (struct lost_run){
            .center = 1 + u32(d) % 999, .epoch = u32(d), .ended = coin(d)};
    h->held = coin(d);
    h->cancelled = coin(d);
    TEXT(h->cancelled_by);
    h->submitted = wall(d);
    h->begin = wall(d);
    h->started = wall(d);
    h->ended = wall(d);
    h->restarts = u32(d);
    h->exit_code = (int32_t)u32(d);
    h->exit_signal = (int32_t)u32(d);
    TEXT(h->nodes);
    TEXT(h->note);
    random_usage(d, &h->usage);
    random_rank_map(d, &h->rank_map);
}

void random_copy(struct dice *d, struct copy *c)
{
    memset(c, 0, sizeof(*c));
    c->id = number(d, UINT64_MAX);
    c->copy = dice_below(d, _COPY_STATE_MAX);
    c->holder = dice_below(d, CENTERS_MAX + 1);
    c->epoch = u32(d);
    c->claim = number(d, UINT64_MAX);
    random_request(d, &c->request);
    TEXT(c->institution);
    TEXT(c->project);
    TEXT(c->person);
    TEXT(c->account);
    TEXT(c->name);
    c->priority = u32(d);
    c->hold_milli = i64(d);
    c->cancelled = coin(d);
    c->queued = wall(d);
    c->started = wall(d);
    c->ended = wall(d);
    c->outcome = dice_below(d, _JOB_STATE_MAX);
    c->reason = dice_below(d, _JOB_REASON_MAX);
    c->exit_code = (int32_t)u32(d);
    c->exit_signal = (int32_t)u32(d);
    TEXT(c->nodes);
    TEXT(c->note);
    random_usage(d, &c->usage);
    random_rank_map(d, &c->rank_map);
}

void random_route_view(struct dice *d, struct route_view *v)
{
    memset(v, 0, sizeof(*v));
    v->center = dice_below(d, CENTERS_MAX + 1);
    v->rule = dice_below(d, _ROUTE_RULE_MAX);
    TEXT(v->text);
    v->wait_s = i64(d);
    v->p50_s = i64(d);
    v->p90_s = i64(d);
    v->n_scored = u32(d);
    v->held90 = dice_below(d, 101);
    v->move_s = i64(d);
    v->debt_s = i64(d);
    v->state_age_s = i64(d);
    v->own = coin(d);
    v->chosen = coin(d);
}

void random_supply(struct dice *d, struct supply *s)
{
    memset(s, 0, sizeof(*s));
    s->center = dice_below(d, CENTERS_MAX + 1);
    s->at = wall(d);
    s->n_scored = u32(d);
    s->held90 = dice_below(d, 101);
    s->n_odds = coin(d) ? SUPPLY_ODDS : 0;
    for (uint32_t i = 0; i < s->n_odds; i++)
        s->odds[i] =
            (struct supply_odds){.p50 = (int32_t)u32(d), .p90 = (int32_t)u32(d)};
    s->n_parts = dice_below(d, PARTITIONS_MAX + 1);
    for (uint32_t i = 0; i < s->n_parts; i++) {
        struct supply_part *p = &s->parts[i];

        TEXT(p->name);
        p->up = coin(d);
        p->is_default = coin(d);
        p->nodes = u32(d);
        p->cores = u32(d);
        p->node_cores_max = u32(d);
        p->node_bytes_max = number(d, INT64_MAX);
        p->node_gpus_max = u32(d);
        p->max_time_s = u32(d);
        p->default_time_s = u32(d);
        p->max_nodes = u32(d);
        p->idle_nodes = u32(d);
        p->n_running = u32(d);
        p->n_pending = u32(d);
        p->n_steps = dice_below(d, SUPPLY_STEPS_MAX + 1);
        for (uint32_t j = 0; j < p->n_steps; j++)
            p->steps[j] = (struct supply_step){.in_s = u32(d), .cores = u32(d)};
    }
}

void random_posting(struct dice *d, struct posting *p)
{
    memset(p, 0, sizeof(*p));
    p->seq = number(d, UINT64_MAX);
    p->kind = dice_below(d, _POSTING_KIND_MAX);
    p->at = wall(d);
    p->job = number(d, UINT64_MAX);
    p->epoch = u32(d);
    TEXT(p->from);
    TEXT(p->to);
    p->milli = (int64_t)number(d, INT64_MAX);
}

void random_peer_msg(struct dice *d, struct peer_msg *m)
{
    static const char spec[] = "{\"name\":\"halo\",\"script\":\"#!/bin/sh\\n\"}";

    memset(m, 0, sizeof(*m));
    m->kind = dice_below(d, _PEER_KIND_MAX);
    m->job = peer_kind_of_money(m->kind) ? 0 : number(d, UINT64_MAX - 1) + 1;
    m->epoch = u32(d);
    m->claim = dice_u64(d) | 1;
    random_request(d, &m->request);
    TEXT(m->institution);
    TEXT(m->project);
    TEXT(m->person);
    TEXT(m->name);
    m->priority = u32(d);
    m->accepted = coin(d);
    m->rule = dice_below(d, _ROUTE_RULE_MAX);
    m->done = coin(d);
    m->state = dice_below(d, _JOB_STATE_MAX);
    m->reason = dice_below(d, _JOB_REASON_MAX);
    m->exit_code = (int32_t)u32(d);
    m->exit_signal = (int32_t)u32(d);
    m->started = wall(d);
    m->ended = wall(d);
    random_usage(d, &m->usage);
    random_rank_map(d, &m->rank_map);
    TEXT(m->nodes);
    TEXT(m->text);
    if (m->kind == PEER_GO) {
        m->spec = spec;
        m->spec_len = sizeof(spec) - 1;
    }
}

/* Any bytes but NUL: environments hold everything. */
static char *bytes(struct dice *d, uint32_t max, size_t *ret_n)
{
    uint32_t n = dice_below(d, max);
    char *s = malloc(n + 1);
    bool ascii = coin(d);

    assert(s);
    for (uint32_t i = 0; i < n; i++)
        s[i] = (char)(1 + dice_below(d, ascii ? 127 : 255));
    s[n] = '\0';
    if (ret_n)
        *ret_n = n;
    return s;
}

static void some_words(struct dice *d, struct words *w)
{
    for (uint32_t i = dice_below(d, 6); i > 0; i--) {
        char *s = bytes(d, 30, NULL);
        int r = words_add(w, s);

        assert(r == 0);
        (void)r;
        free(s);
    }
}

struct job_spec *random_job_spec(struct dice *d)
{
    struct job_spec *s = job_spec_new();

    assert(s);
    TEXT(s->name);
    TEXT(s->project);
    random_request(d, &s->request);
    s->request.n_tasks |= 1; /* a request of all zeros would be left out */
    s->script = bytes(d, 3000, &s->script_len);
    some_words(d, &s->args);
    some_words(d, &s->env);
    some_words(d, &s->centers);
    some_words(d, &s->outputs);
    some_words(d, &s->exclude);
    some_words(d, &s->nodelist);
    some_words(d, &s->features);
    s->work_dir = coin(d) ? bytes(d, 200, NULL) : NULL;
    s->std_in = coin(d) ? bytes(d, 200, NULL) : NULL;
    s->std_out = coin(d) ? bytes(d, 200, NULL) : NULL;
    s->std_err = coin(d) ? bytes(d, 200, NULL) : NULL;
    s->comment = coin(d) ? bytes(d, 200, NULL) : NULL;
    s->mail_user = coin(d) ? bytes(d, 200, NULL) : NULL;
    s->mail_type = coin(d) ? bytes(d, 200, NULL) : NULL;
    s->append = coin(d);
    s->n_inputs = dice_below(d, 4);
    s->inputs = calloc(s->n_inputs + 1, sizeof(*s->inputs));
    assert(s->inputs);
    for (size_t i = 0; i < s->n_inputs; i++) {
        s->inputs[i].name = bytes(d, 100, NULL);
        s->inputs[i].bytes = number(d, INT64_MAX);
        TEXT(s->inputs[i].sha256);
        s->inputs[i].mode = dice_below(d, 010000);
    }
    s->begin = wall(d);
    s->hold = coin(d);
    s->requeue = coin(d);
    s->at_least_once_s = u32(d);
    s->signal = dice_below(d, 65);
    s->signal_s = u32(d);
    s->signal_batch = coin(d);
    s->client_token = number(d, UINT64_MAX);
    return s;
}
