/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * job_sums - what records and books say of each job, side by side
 *
 * An array in the order of the jobs. Records come in that order nearly always, and the
 * lines of a journal ask for jobs that are near the one before, so the search starts
 * where the last one ended.
 */
#include "config.h"

#include "report/job_sums.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "base/banned.h"

struct job_sums {
    struct job_sum *v;
    size_t n;
    size_t cap;
    size_t hint; /* found last */
    bool mixed;  /* a job came after a higher one: to be sorted */
};

struct job_sums *job_sums_new(void)
{
    return calloc(1, sizeof(struct job_sums));
}

void *job_sums_free(struct job_sums *s)
{
    if (!s)
        return NULL;
    free(s->v);
    free(s);
    return NULL;
}

static bool sums_add(struct sums *to, const struct sums *x)
{
    return add_ok(to->core_s, x->core_s, &to->core_s)
           && add_ok(to->gpu_s, x->gpu_s, &to->gpu_s)
           && add_ok(to->mem_mib_s, x->mem_mib_s, &to->mem_mib_s)
           && add_ok(to->milli, x->milli, &to->milli);
}

int job_sums_add(struct job_sums *s, const struct run_record *r)
{
    const struct sums x = {r->core_s, r->gpu_s, r->mem_mib_s, r->milli};
    struct job_sum *last = s->n ? &s->v[s->n - 1] : NULL;

    if (!last || last->job != r->job) {
        s->mixed = s->mixed || (last && last->job > r->job);
        if (s->n == s->cap) {
            size_t cap = s->cap ? s->cap + s->cap / 2 : 1024;
            struct job_sum *v = reallocarray(s->v, cap, sizeof(*v));

            if (!v)
                return -ENOMEM;
            s->v = v;
            s->cap = cap;
        }
        last = &s->v[s->n++];
        *last = (struct job_sum){.job = r->job};
    }
    return sums_add(&last->records, &x) ? 0 : -EOVERFLOW;
}

static int by_job(const void *a, const void *b)
{
    const struct job_sum *x = a, *y = b;

    return x->job < y->job ? -1 : x->job > y->job;
}

int job_sums_sort(struct job_sums *s)
{
    size_t n = 0;

    if (!s->mixed)
        return 0;
    qsort(s->v, s->n, sizeof(*s->v), by_job);
    for (size_t i = 0; i < s->n; i++) {
        if (n == 0 || s->v[n - 1].job != s->v[i].job)
            s->v[n++] = s->v[i];
        else if (!sums_add(&s->v[n - 1].records, &s->v[i].records))
            return -EOVERFLOW;
    }
    s->n = n;
    s->mixed = false;
    return 0;
}

/* [*ret_from, *ret_to) holds the job if it is there: from the last one found on in
 * steps that double. */
static void bracket(const struct job_sums *s,
                    uint64_t job,
                    size_t *ret_from,
                    size_t *ret_to)
{
    size_t from = s->hint, to = s->hint + 1, step = 1;

    if (s->v[from].job <= job) {
        for (; to < s->n && s->v[to].job <= job; step *= 2) {
            from = to;
            to += step;
        }
    } else {
        to = from;
        for (; from > 0 && s->v[from].job > job; step *= 2)
            from -= from < step ? from : step;
    }
    *ret_from = from;
    *ret_to = to < s->n ? to : s->n;
}

struct job_sum *job_sums_find(struct job_sums *s, uint64_t job)
{
    size_t from, to;

    if (s->n == 0)
        return NULL;
    bracket(s, job, &from, &to);
    while (to - from > 1) {
        size_t middle = from + (to - from) / 2;

        if (s->v[middle].job <= job)
            from = middle;
        else
            to = middle;
    }
    if (to == from || s->v[from].job != job)
        return NULL;
    s->hint = from;
    return &s->v[from];
}

bool job_sum_book(struct job_sum *j, const struct posting *p, size_t n)
{
    struct sums *x = &j->lines;
    bool ok = true;

    for (size_t i = 0; i < n; i++) {
        if (!strncmp(p[i].to, "spent:", 6))
            ok = ok && add_ok(x->milli, p[i].milli, &x->milli);
        if (!strncmp(p[i].from, "spent:", 6))
            ok = ok && add_ok(x->milli, -p[i].milli, &x->milli);
    }
    if (n > 0 && p->has_raw)
        ok = ok && add_ok(x->core_s, p->raw.core_s, &x->core_s)
             && add_ok(x->gpu_s, p->raw.gpu_s, &x->gpu_s)
             && add_ok(x->mem_mib_s, p->raw.mem_mib_s, &x->mem_mib_s);
    return ok;
}

static bool agrees(const struct job_sum *j)
{
    const struct sums *r = &j->records, *l = &j->lines;

    if (j->elsewhen)
        return r->core_s <= l->core_s && r->gpu_s <= l->gpu_s
               && r->mem_mib_s <= l->mem_mib_s && r->milli <= l->milli;
    return r->core_s == l->core_s && r->gpu_s == l->gpu_s
           && r->mem_mib_s == l->mem_mib_s && r->milli == l->milli;
}

const struct job_sum *job_sums_contradiction(const struct job_sums *s)
{
    const struct job_sum *first = NULL;

    for (size_t i = 0; i < s->n; i++)
        if (!agrees(&s->v[i]) && (!first || s->v[i].job < first->job))
            first = &s->v[i];
    return first;
}
