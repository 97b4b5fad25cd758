/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * route - which centers may run a job, and which of them look best
 *
 * First the filters, each a rule with a name and figures for `fexplain`; then the cost
 * in seconds: estimated wait, time to bring the inputs, handicap for debt. Ours wins
 * ties, and a peer must be cheaper by more than margin_s.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "base/words.h"
#include "fed/fed_int.h"

#include "base/banned.h"

#define SAY(...) (void)snprintf(text, ROUTE_TEXT_CAP, __VA_ARGS__) /* may be cut */

static bool listed(const char *list, const char *name)
{
    size_t len = strlen(name);

    while (*list) {
        size_t n = strcspn(list, ",");

        if (n == len && !memcmp(list, name, n))
            return true;
        list += n + (list[n] == ',');
    }
    return false;
}

static bool named(const char names[][NAME_CAP], uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (!strcmp(names[i], name) || !strcmp(names[i], "*"))
            return true;
    return false;
}

static bool too_long(uint32_t limit_s, uint32_t max_s)
{
    return max_s != DURATION_UNLIMITED && limit_s > max_s;
}

static enum route_rule say_too_long(uint32_t limit_s,
                                    uint32_t max_s,
                                    const char *of,
                                    char *text)
{
    char asked[DURATION_TEXT_MAX];
    char most[DURATION_TEXT_MAX];

    SAY("%s asked, %s allows %s", duration_text(limit_s, asked), of,
        duration_text(max_s, most));
    return RULE_TIME;
}

static bool in_force(const struct agreement *a, struct wall now)
{
    return now.us >= a->from.us && (a->until.us == 0 || now.us < a->until.us);
}

/* The partition that would run it: the one asked for, or the host's default one. */
static const char *partition_at(const struct fed *f,
                                const struct peer *p,
                                int giver,
                                const struct request *r)
{
    const struct partition *own;
    const struct peer_state *s;
    const struct supply_part *part;
    struct mono at;

    if (r->partition[0])
        return r->partition;
    if (giver == p->mine) {
        own = site_partition(f->site, "");
        return own ? own->name : "";
    }
    s = peer_find(f, p->number);
    part = s && s->view ? supply_part(view_supply(s->view, &at), "") : NULL;
    return part ? part->name : ""; /* not known yet: the host judges for itself */
}

/* What the side that asks owes the side that gives. */
static enum route_rule debt_allows(const struct fed *f,
                                   const struct peer *p,
                                   int giver,
                                   char *text)
{
    int64_t most = p->agreement.side[giver].max_debt_milli;
    int64_t debt = exchange_debt(f, p->number, giver == p->mine);

    if (!most || debt < most)
        return RULE_NONE;
    SAY("%s owes %" PRId64 ".%03" PRId64 " units, the agreement allows %" PRId64
        ".%03" PRId64,
        p->agreement.side[!giver].center, debt / 1000, debt % 1000, most / 1000,
        most % 1000);
    return RULE_DEBT;
}

/* giver: index of the side that would host; the other side's institution asks. */
enum route_rule agreement_allows(const struct fed *f,
                                 const struct peer *p,
                                 int giver,
                                 const char *institution,
                                 const struct request *r,
                                 char text[ROUTE_TEXT_CAP])
{
    const struct agreement_side *gives;
    const struct agreement_side *asks;
    const char *partition;

    if (!p || !p->has_agreement) {
        SAY("no agreement with it");
        return RULE_AGREEMENT;
    }
    if (!in_force(&p->agreement, f->now.wall)) {
        SAY("the agreement is not in force today");
        return RULE_AGREEMENT;
    }
    gives = &p->agreement.side[giver];
    asks = &p->agreement.side[!giver];
    if (!named(asks->institutions, asks->n_institutions, institution)) {
        SAY("the agreement does not cover institution %s of %s", institution,
            asks->center);
        return RULE_SPEAKS_FOR;
    }
    if (r->reservation[0]) {
        SAY("reservation %s is of the center where it was submitted", r->reservation);
        return RULE_PARTITION;
    }
    partition = partition_at(f, p, giver, r);
    if (partition[0] && !named(gives->partitions, gives->n_partitions, partition)) {
        SAY("partition %s is not shared", partition);
        return RULE_PARTITION;
    }
    if (gives->max_cores && request_cores(r) > gives->max_cores) {
        SAY("%" PRIu64 " cores asked, the agreement shares %u", request_cores(r),
            gives->max_cores);
        return RULE_SIZE;
    }
    if (gives->max_nodes && r->min_nodes > gives->max_nodes) {
        SAY("%u nodes asked, the agreement allows %u", r->min_nodes, gives->max_nodes);
        return RULE_SIZE;
    }
    if (too_long(r->time_limit_s, gives->max_time_s))
        return say_too_long(r->time_limit_s, gives->max_time_s, "the agreement", text);
    return debt_allows(f, p, giver, text);
}

enum route_rule partition_allows(const struct fed *f,
                                 const struct request *r,
                                 char text[ROUTE_TEXT_CAP])
{
    const struct partition *p = site_partition(f->site, r->partition);
    struct err err = {0};

    if (!p) {
        SAY("no partition %s", r->partition[0] ? r->partition : "by default");
        return RULE_PARTITION;
    }
    if (too_long(r->time_limit_s, p->max_time_s))
        return say_too_long(r->time_limit_s, p->max_time_s, "the partition", text);
    if (p->max_nodes && r->min_nodes > p->max_nodes) {
        SAY("%u nodes asked, partition %s allows %u", r->min_nodes, p->name,
            p->max_nodes);
        return RULE_SIZE;
    }
    if (f->local.fits(f->local.arg, r, &err) < 0) {
        word_cut(text, ROUTE_TEXT_CAP, err.text);
        return RULE_SIZE;
    }
    return RULE_NONE;
}

int64_t request_price(const struct fed *f, const struct request *r)
{
    const struct partition *p = site_partition(f->site, r->partition);
    uint32_t s =
        r->time_limit_s == DURATION_UNLIMITED ? 366u * 86400u : r->time_limit_s;
    uint64_t core_s;
    uint64_t mem = 0;
    uint64_t gpu = 0;
    int64_t milli;

    if (!p || !mul_ok(request_cores(r), (uint64_t)s, &core_s))
        return -1;
    if (!mul_ok(request_node_bytes(r, r->n_tasks) >> 20, (uint64_t)s, &mem))
        return -1;
    if (!mul_ok((uint64_t)r->gpus_per_node * MAX(r->min_nodes, 1u), (uint64_t)s, &gpu))
        return -1;
    return book_price(p, core_s, mem, gpu, &milli) < 0 ? -1 : milli;
}

/* The book's refusal, and the limit that what is left would pay for. */
static void say_what_fits(const struct fed *f,
                          const struct holding *h,
                          int64_t milli,
                          const char *why,
                          char text[ROUTE_TEXT_CAP])
{
    uint32_t limit_s = h->request.time_limit_s;
    struct balance x = {0};
    char limit[DURATION_TEXT_MAX];
    int64_t left, ceiling = book_ceiling_left(f->book, h->project);
    uint64_t s = 0;

    word_cut(text, ROUTE_TEXT_CAP, why);
    if (limit_s == DURATION_UNLIMITED || milli <= 0
        || book_balance(f->book, h->project, &x) < 0 || x.owed > 0)
        return;
    left = x.limited ? x.available : INT64_MAX;
    left = ceiling >= 0 ? MIN(left, ceiling) : left;
    s = (uint64_t)((unsigned __int128)limit_s * (uint64_t)left / (uint64_t)milli);
    if (s > 0)
        SAY("%.110s; --time=%s would fit", why, duration_text(s, limit));
}

static enum route_rule own_rule(const struct fed *f,
                                const struct holding *h,
                                char *text)
{
    enum route_rule rule = partition_allows(f, &h->request, text);
    struct err err = {0};
    int64_t milli;

    if (rule != RULE_NONE)
        return rule;
    if (f->drained) {
        SAY("it is drained: nothing more starts here");
        return RULE_REFUSED;
    }
    milli = request_price(f, &h->request);
    if (milli < 0) {
        SAY("its price does not fit any account");
        return RULE_BUDGET;
    }
    if (hole_text(f, f->site->number, text, ROUTE_TEXT_CAP))
        return RULE_REFUSED;
    if (book_may_hold(f->book, h->project, milli, &err) < 0) {
        say_what_fits(f, h, milli, err.text, text);
        return RULE_BUDGET;
    }
    return RULE_NONE;
}

static enum route_rule supply_allows(const struct supply *s,
                                     const struct request *r,
                                     char *text)
{
    const struct supply_part *p = supply_part(s, r->partition);
    uint32_t tasks;

    if (!p || !p->up) {
        SAY("no partition %s there", r->partition[0] ? r->partition : "by default");
        return RULE_PARTITION;
    }
    if (too_long(r->time_limit_s, p->max_time_s))
        return say_too_long(r->time_limit_s, p->max_time_s, "its partition", text);
    tasks = request_tasks_on(r, p->node_cores_max, p->node_bytes_max);
    if (tasks == 0) {
        SAY("no node has %u cores and the memory asked for one task", r->cpus_per_task);
        return RULE_SIZE;
    }
    if (r->gpus_per_node > p->node_gpus_max) {
        SAY("%u GPUs per node asked, its largest node has %u", r->gpus_per_node,
            p->node_gpus_max);
        return RULE_SIZE;
    }
    if (request_cores(r) > p->cores || r->min_nodes > p->nodes
        || (uint64_t)tasks * p->nodes < r->n_tasks) {
        SAY("%" PRIu64 " cores on %u nodes asked, it has %u on %u", request_cores(r),
            MAX(r->min_nodes, 1u), p->cores, p->nodes);
        return RULE_SIZE;
    }
    if (p->max_nodes
        && MAX(r->min_nodes, (r->n_tasks + tasks - 1) / tasks) > p->max_nodes) {
        SAY("its partition allows %u nodes", p->max_nodes);
        return RULE_SIZE;
    }
    return RULE_NONE;
}

/* What speaks against a peer beside the wait there. */
static void peer_terms(const struct fed *f,
                       const struct holding *h,
                       const struct peer *p,
                       struct route_view *v)
{
    int64_t most = p->agreement.side[!p->mine].max_debt_milli;

    if (p->link_bytes_s)
        v->move_s = (int64_t)MIN(h->input_bytes / p->link_bytes_s, UINT64_C(1) << 40);
    if (most)
        v->debt_s = (int64_t)((double)exchange_debt(f, p->number, false) / (double)most
                              * DEBT_DELAY_S);
}

static enum route_rule peer_rule(struct fed *f,
                                 const struct holding *h,
                                 const struct peer *p,
                                 struct route_view *v)
{
    struct peer_state *s = peer_find(f, p->number);
    struct mono at = {0};
    const struct supply *supply = s && s->view ? view_supply(s->view, &at) : NULL;
    char *text = v->text;
    enum route_rule rule =
        agreement_allows(f, p, !p->mine, h->institution, &h->request, text);

    if (rule != RULE_NONE)
        return rule;
    if (supply) {
        v->state_age_s = (f->now.mono.us - at.us) / US_PER_S;
        rule = supply_allows(supply, &h->request, text);
        if (rule != RULE_NONE)
            return rule;
    }
    if (!s || !s->up || !supply || f->now.mono.us - at.us > SUPPLY_STALE_US) {
        SAY(supply && s->up ? "its state is %" PRId64 " s old" : "it is not connected",
            v->state_age_s);
        return RULE_SILENT;
    }
    if (hole_text(f, p->number, text, ROUTE_TEXT_CAP))
        return RULE_REFUSED;
    v->wait_s = view_estimate(s->view, &h->request, f->now.mono);
    if (v->wait_s < 0) {
        SAY("it can never start this");
        return RULE_SIZE;
    }
    view_odds(s->view, v);
    peer_terms(f, h, p, v);
    return RULE_NONE;
}

/* For people: what the record of that center makes of the wait. */
static void say_odds(struct route_view *v)
{
    char *text = v->text;
    char p50[DURATION_TEXT_MAX];
    char p90[DURATION_TEXT_MAX];

    if (v->rule != RULE_NONE || v->wait_s < 0 || !v->n_scored)
        return;
    if (v->wait_s == 0)
        SAY("could start now; its p90 held %u %% of %u times", v->held90, v->n_scored);
    else
        SAY("p50 %s, p90 %s; its p90 held %u %% of %u times",
            duration_text((uint64_t)v->p50_s, p50),
            duration_text((uint64_t)v->p90_s, p90), v->held90, v->n_scored);
}

int64_t route_cost(const struct route_view *v)
{
    return v->wait_s < 0 ? INT64_MAX / 2 : v->wait_s + v->move_s + v->debt_s;
}

struct route_view *route_all(struct fed *f, const struct holding *h, size_t *ret_n)
{
    size_t n = f->site->n_peers + 1;
    struct route_view *v;

    if (f->n_views + n > f->cap_views)
        return NULL;
    v = f->views + f->n_views;
    f->n_views += n;
    memset(v, 0, n * sizeof(*v));
    for (size_t i = 0; i < n; i++) {
        const struct peer *p = i ? &f->site->peers[i - 1] : NULL;

        v[i].own = !p;
        v[i].center = p ? p->number : f->site->number;
        v[i].wait_s = -1;
        if (h->centers[0] && !listed(h->centers, p ? p->name : f->site->name)) {
            v[i].rule = RULE_NOT_ASKED;
            (void)snprintf(v[i].text, ROUTE_TEXT_CAP, "--center names others");
        } else if (p) {
            v[i].rule = peer_rule(f, h, p, &v[i]);
        } else {
            v[i].rule = own_rule(f, h, v[i].text);
            if (v[i].rule == RULE_NONE)
                v[i].wait_s = f->local.estimate(f->local.arg, &h->request);
            if (v[i].wait_s >= 0 && f->local.odds)
                f->local.odds(f->local.arg, &h->request, &v[i]);
        }
        say_odds(&v[i]);
    }
    *ret_n = n;
    return v;
}

/* Whether a is to be preferred to b. */
static bool better(const struct fed *f,
                   const struct route_view *a,
                   const struct route_view *b)
{
    int64_t wa = route_cost(a);
    int64_t wb = route_cost(b);

    if (a->own)
        return wa <= wb + f->site->margin_s;
    if (b->own)
        return wa + f->site->margin_s < wb;
    return wa < wb;
}

size_t fed_route_choose(struct fed *f,
                        struct route_view *views,
                        size_t n,
                        int best[CANDIDATES_MAX],
                        size_t want)
{
    size_t k = 0;

    for (size_t i = 0; i < n; i++) {
        size_t at;

        if (views[i].rule != RULE_NONE)
            continue;
        for (at = k; at > 0 && better(f, &views[i], &views[best[at - 1]]); at--)
            if (at < want)
                best[at] = best[at - 1];
        if (at < want) {
            best[at] = (int)i;
            k = MIN(k + 1, want);
        }
    }
    for (size_t i = 0; i < k; i++)
        views[best[i]].chosen = true;
    return k;
}
