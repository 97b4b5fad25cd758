/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * roll_site - what counts today: the roll laid over the configuration
 *
 * A project's budget is what its grants come to: the whole amount from the first day
 * on, and after the end what was used of it. So the sum never falls below what was
 * used, and a grant that ended takes nothing from the one that follows.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "base/words.h"
#include "ledger/book_int.h"
#include "ledger/roll_int.h"

#include "base/banned.h"

/* --- what the configuration says, kept aside -------------------------------------- */

void roll_base_release(struct roll_base *b)
{
    free(b->institutions);
    free(b->projects);
    free(b->partitions);
    *b = (struct roll_base){0};
}

static void *copy_of(const void *from, size_t n, size_t size)
{
    void *to = calloc(n + 1, size);

    if (to && n > 0)
        memcpy(to, from, n * size);
    return to;
}

int roll_base_take(struct roll_base *b, const struct site *s)
{
    struct roll_base x = {
        .institutions =
            copy_of(s->institutions, s->n_institutions, sizeof(*s->institutions)),
        .n_institutions = s->n_institutions,
        .projects = copy_of(s->projects, s->n_projects, sizeof(*s->projects)),
        .n_projects = s->n_projects,
        .partitions = copy_of(s->partitions, s->n_partitions, sizeof(*s->partitions)),
        .n_partitions = s->n_partitions,
    };

    if (!x.institutions || !x.projects || !x.partitions) {
        roll_base_release(&x);
        return -ENOMEM;
    }
    for (size_t i = 0; i < x.n_partitions; i++)
        x.partitions[i].nodes = NULL; /* the site's */
    roll_base_release(b);
    *b = x;
    return 0;
}

/* --- amounts ------------------------------------------------------------------------
 */

/* What the grants of an account come to now; -1 if it has never had one. */
static int granted(const struct roll *r,
                   const char *account,
                   struct wall now,
                   int64_t *ret_milli)
{
    const struct entry *e;
    int64_t sum = 0;
    bool any = false;

    TAILQ_FOREACH (e, &r->kinds[ROLL_GRANT], all) {
        if (strcmp(act_get(&e->words, "account"), account) != 0)
            continue;
        any = true;
        if (!add_ok(sum, roll_counts(e, now), &sum))
            return -EOVERFLOW;
    }
    *ret_milli = any ? sum : -1;
    return 0;
}

static int64_t before_of(const struct entry *project)
{
    int64_t milli = 0;

    if (act_has(&project->words, "before"))
        (void)measure_milli(act_get(&project->words, "before"), INT64_MAX / 4, &milli,
                            NULL); /* written by milli_text */
    return milli;
}

/* --- the overlay ---------------------------------------------------------------------
 */

static int put_institution(const struct roll *r,
                           const struct roll_base *base,
                           const struct entry *e,
                           struct wall now,
                           struct institution *x)
{
    const struct act *w = &e->words;
    int ret;

    *x = (struct institution){0};
    (void)word_copy(x->name, sizeof(x->name), act_get(w, "name")); /* a name */
    word_cut(x->title_vi, sizeof(x->title_vi), act_get(w, "vi"));
    word_cut(x->title_en, sizeof(x->title_en), act_get(w, "en"));
    (void)word_copy(x->ministry, sizeof(x->ministry), act_get(w, "parent"));
    for (size_t i = 0; i < base->n_institutions; i++)
        if (!strcmp(base->institutions[i].name, x->name))
            memcpy(x->home, base->institutions[i].home, sizeof(x->home));
    ret = granted(r, x->name, now, &x->ceiling_milli);
    x->capped = ret == 0 && x->ceiling_milli >= 0;
    return ret;
}

static int put_project(const struct roll *r,
                       const struct entry *e,
                       struct wall now,
                       struct project *x)
{
    const struct act *w = &e->words;
    int64_t sum = 0;
    int ret = granted(r, act_get(w, "name"), now, &sum);

    *x = (struct project){0};
    (void)word_copy(x->name, sizeof(x->name), act_get(w, "name"));
    (void)word_copy(x->institution, sizeof(x->institution), act_get(w, "institution"));
    if (ret == 0 && !add_ok(MAX(sum, INT64_C(0)), before_of(e), &x->budget_milli))
        ret = -EOVERFLOW;
    return ret;
}

static int lay_institutions(const struct roll *r,
                            const struct roll_base *base,
                            struct wall now,
                            struct institution **ret_v,
                            size_t *ret_n)
{
    struct institution *v = calloc(base->n_institutions + r->n + 1, sizeof(*v));
    const struct entry *e;
    size_t n = 0;
    int ret = v ? 0 : -ENOMEM;

    for (size_t i = 0; ret == 0 && i < base->n_institutions; i++)
        if (!roll_find(r, ROLL_INSTITUTION, base->institutions[i].name))
            v[n++] = base->institutions[i];
    TAILQ_FOREACH (e, &r->kinds[ROLL_INSTITUTION], all)
        if (ret == 0)
            ret = put_institution(r, base, e, now, &v[n++]);
    *ret_v = v;
    *ret_n = n;
    return ret;
}

/* A project whose days are over keeps its budget line but may hold nothing: it is left
 * out, and the book takes back what it has. */
static int lay_projects(const struct roll *r,
                        const struct roll_base *base,
                        struct wall now,
                        struct project **ret_v,
                        size_t *ret_n)
{
    struct project *v = calloc(base->n_projects + r->n + 1, sizeof(*v));
    const struct entry *e;
    size_t n = 0;
    int ret = v ? 0 : -ENOMEM;

    for (size_t i = 0; ret == 0 && i < base->n_projects; i++)
        if (!roll_find(r, ROLL_PROJECT, base->projects[i].name))
            v[n++] = base->projects[i];
    TAILQ_FOREACH (e, &r->kinds[ROLL_PROJECT], all)
        if (ret == 0 && roll_active(e, now))
            ret = put_project(r, e, now, &v[n++]);
    *ret_v = v;
    *ret_n = n;
    return ret;
}

/* The rate that counts: of those begun the latest, if it has not ended. */
static void lay_rate(const struct roll *r,
                     const struct partition *base,
                     struct wall now,
                     struct partition *p)
{
    const struct entry *e, *best = NULL;

    p->core_hour_milli = base->core_hour_milli;
    p->gib_hour_milli = base->gib_hour_milli;
    p->gpu_hour_milli = base->gpu_hour_milli;
    TAILQ_FOREACH (e, &r->kinds[ROLL_RATE], all)
        if (!strcmp(act_get(&e->words, "pool"), p->name) && e->from.us <= now.us
            && (!best || best->from.us < e->from.us))
            best = e;
    if (!best)
        return;
    p->core_hour_milli = p->gib_hour_milli = p->gpu_hour_milli = 0;
    /* Judged when they came; "" is 0. */
    (void)measure_milli(act_get(&best->words, "core_hour"), INT64_MAX,
                        &p->core_hour_milli, NULL);
    (void)measure_milli(act_get(&best->words, "gib_hour"), INT64_MAX,
                        &p->gib_hour_milli, NULL);
    (void)measure_milli(act_get(&best->words, "gpu_hour"), INT64_MAX,
                        &p->gpu_hour_milli, NULL);
}

int roll_overlay(const struct roll *r,
                 const struct roll_base *base,
                 struct wall now,
                 struct site *site,
                 struct err *err)
{
    struct institution *institutions = NULL;
    struct project *projects = NULL;
    size_t n_institutions = 0, n_projects = 0;
    int ret = lay_institutions(r, base, now, &institutions, &n_institutions);

    if (ret == 0)
        ret = lay_projects(r, base, now, &projects, &n_projects);
    if (ret < 0) {
        free(institutions);
        free(projects);
        return err_set(err, ret, "%s",
                       ret == -ENOMEM ? "out of memory"
                                      : "grants come to more than a book can hold");
    }
    free(site->institutions);
    free(site->projects);
    site->institutions = institutions;
    site->n_institutions = n_institutions;
    site->projects = projects;
    site->n_projects = n_projects;
    for (size_t i = 0; i < site->n_partitions && i < base->n_partitions; i++)
        lay_rate(r, &base->partitions[i], now, &site->partitions[i]);
    return 0;
}

/* --- the end of a grant
 * ---------------------------------------------------------------
 */

/* Used by the account in all: held counts, for it will be used or come back. */
static int64_t used_by(const struct roll *r, const struct book *b, const char *account)
{
    const struct entry *project = roll_find(r, ROLL_PROJECT, account);
    struct balance x;

    if (!project)
        return book_node_used(b, account);
    if (book_balance(b, account, &x) < 0)
        return 0;
    return x.held + x.spent - before_of(project);
}

/* Grants are used in the order in which they end: this one's share. */
static int64_t share_of(const struct roll *r,
                        const struct book *b,
                        const struct entry *g)
{
    const char *account = act_get(&g->words, "account");
    int64_t left = used_by(r, b, account);
    const struct entry *e;

    TAILQ_FOREACH (e, &r->kinds[ROLL_GRANT], all)
        if (e != g && e->closed && !strcmp(act_get(&e->words, "account"), account))
            left -= e->used;
    left = MIN(left, g->milli + g->over);
    return MAX(left, INT64_C(0));
}

/* Ended, not closed, and the first to end. */
static const struct entry *first_ended(const struct roll *r, struct wall now)
{
    const struct entry *e, *first = NULL;

    TAILQ_FOREACH (e, &r->kinds[ROLL_GRANT], all)
        if (!e->closed && e->until.us <= now.us
            && (!first || e->until.us < first->until.us))
            first = e;
    return first;
}

int roll_due(const struct roll *r,
             const struct book *book,
             struct wall now,
             struct act *ret_act,
             int64_t *ret_lost_milli)
{
    const struct entry *g = first_ended(r, now);
    char text[MILLI_TEXT_MAX];
    struct balance x = {0};
    struct act a = {0};
    int64_t used, unused, carried = 0, lost = 0;
    uint32_t percent = 0;

    if (!g)
        return 0;
    used = share_of(r, book, g);
    unused = MAX(g->milli - used, INT64_C(0));
    if (act_has(&g->words, "carryover"))
        (void)measure_u32(act_get(&g->words, "carryover"), 0, 100, &percent, NULL);
    carried = unused / 100 * (int64_t)percent + unused % 100 * (int64_t)percent / 100;
    if (roll_find(r, ROLL_PROJECT, act_get(&g->words, "account"))
        && book_balance(book, act_get(&g->words, "account"), &x) == 0) {
        lost = MIN(g->milli + g->over - used - carried, x.available);
        used = g->milli + g->over - carried
               - lost; /* what cannot be taken back counts as used */
    }
    (void)act_set(&a, "do", "expire"); /* these fit */
    (void)act_set(&a, "kind", "grant");
    (void)act_set(&a, "name", act_get(&g->words, "name"));
    (void)act_set(&a, "used", milli_text(used, text));
    if (carried > 0)
        (void)act_set(&a, "carried", milli_text(carried, text));
    *ret_act = a;
    *ret_lost_milli = lost;
    return 1;
}

const char *roll_account(const struct roll *r, const char *grant)
{
    const struct entry *e = roll_find(r, ROLL_GRANT, grant);

    return e ? act_get(&e->words, "account") : NULL;
}

struct wall roll_next(const struct roll *r, struct wall now)
{
    struct wall next = {INT64_MAX};
    const struct entry *e;

    for (int k = 0; k < _ROLL_KIND_MAX; k++)
        TAILQ_FOREACH (e, &r->kinds[k], all) {
            if (e->from.us > now.us)
                next.us = MIN(next.us, e->from.us);
            if (!e->closed && e->until.us > now.us)
                next.us = MIN(next.us, e->until.us);
        }
    return next;
}
