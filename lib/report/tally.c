/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* tally - records added up by who, where, when and how they ended */
#include "config.h"

#include "report/tally.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/table.h"
#include "report/names.h"
#include "report/tally_int.h"

#include "base/banned.h"

int tally_new(const struct registry *registry,
              struct period span,
              const char *ministry,
              bool persons,
              struct tally **ret_t,
              struct err *err)
{
    struct tally *t = calloc(1, sizeof(*t));
    int r = 0;

    if (!t)
        return err_set(err, -ENOMEM, "not enough memory");
    if (ministry && (!registry || !registry_ministry(registry, ministry)))
        r = err_set(err, -EINVAL, "ministry \"%s\" is not in the registry", ministry);
    if (r == 0 && ministry && !word_copy(t->only, sizeof(t->only), ministry))
        r = err_set(err, -EINVAL, "ministry \"%.60s…\" is too long", ministry);
    t->registry = registry;
    t->span = span;
    t->persons = persons;
    t->month_until = INT64_MIN;
    if (r < 0)
        tally_free(t);
    else
        *ret_t = t;
    return r;
}

void *tally_free(struct tally *t)
{
    struct wait_list *w, *next_w;
    struct cell *c, *next;
    struct member_of *p, *next_p;

    if (!t)
        return NULL;
    TABLE_FOREACH (t->cells, c, next) {
        HASH_DEL(t->cells, c);
        free(c);
    }
    TABLE_FOREACH (t->waits, w, next_w) {
        HASH_DEL(t->waits, w);
        free(w->v);
        free(w);
    }
    TABLE_FOREACH (t->people, p, next_p) {
        HASH_DEL(t->people, p);
        free(p);
    }
    names_release(&t->names);
    free(t->homes);
    free(t);
    return NULL;
}

/* The ministry of an institution on a day; most runs of an institution follow one of
   the same span. 0, -EINVAL, -ENOMEM. */
static int ministry_of(struct tally *t,
                       const struct run_record *r,
                       uint32_t institution,
                       const struct agency **ret_a,
                       struct err *err)
{
    const struct agency *a;

    if (institution >= t->n_homes) {
        size_t n = (size_t)institution + 256;
        const struct agency **v = reallocarray(t->homes, n, sizeof(*v));

        if (!v)
            return err_set(err, -ENOMEM, "not enough memory");
        memset(v + t->n_homes, 0, (n - t->n_homes) * sizeof(*v));
        t->homes = v;
        t->n_homes = n;
    }
    a = t->homes[institution];
    if (!a || r->end < a->from || r->end >= a->until)
        a = registry_institution(t->registry, r->institution, r->end);
    if (!a) {
        char day[DAY_TEXT_CAP];

        return err_set(err, -EINVAL,
                       "job %" PRIu64 ": institution \"%s\" has no ministry on %s: the "
                       "registry must say where it belongs",
                       r->job, r->institution,
                       day_iso(day_of(r->end, ZONE_VIETNAM), day));
    }
    t->homes[institution] = a;
    *ret_a = a;
    return 0;
}

static int month_id(struct tally *t, int64_t end)
{
    char text[24];
    struct day d, next;
    int r;

    if (end >= t->month_from && end < t->month_until)
        return 0;
    d = day_of(end, ZONE_VIETNAM);
    (void)snprintf(text, sizeof(text), "%04d-%02d", d.year, d.month);
    r = names_id(&t->names, text, &t->month);
    if (r < 0)
        return r;
    d.day = 1;
    t->month_from = day_start(d, ZONE_VIETNAM);
    next = (struct day){d.year + d.month / 12, d.month % 12 + 1, 1};
    t->month_until = day_start(next, ZONE_VIETNAM);
    return 0;
}

static int sponsors_id(struct tally *t, const struct run_record *r, uint32_t *ret_id)
{
    char text[24];
    int64_t since;

    *ret_id = 0;
    if (!t->registry || t->registry->n_sponsors == 0)
        return 0;
    since = registry_sponsors_since(t->registry, r->center, r->end);
    (void)snprintf(text, sizeof(text), "%" PRId64, since);
    return names_id(&t->names, text, ret_id);
}

/* The number of a text; most often it is that of the record before. */
static int near_id(struct tally *t,
                   const char *text,
                   enum tally_key by,
                   uint32_t *ret_id)
{
    uint32_t last = t->last.id[by];
    int r;

    if (last && !strcmp(names_text(&t->names, last), text)) {
        *ret_id = last;
        return 0;
    }
    r = names_id(&t->names, text, ret_id);
    if (r == 0)
        t->last.id[by] = *ret_id;
    return r;
}

/* All texts of a record as numbers. */
static int make_key(struct tally *t,
                    const struct run_record *r,
                    struct cell_key *k,
                    uint32_t *ret_person,
                    struct err *err)
{
    const struct agency *a = NULL;
    int ret = near_id(t, r->institution, BY_INSTITUTION, &k->id[BY_INSTITUTION]);

    if (ret == 0 && t->registry)
        ret = ministry_of(t, r, k->id[BY_INSTITUTION], &a, err);
    if (ret < 0)
        return ret;
    if (t->only[0] && (!a || strcmp(a->ministry, t->only) != 0))
        return 0;
    if (a)
        ret = near_id(t, a->ministry, BY_MINISTRY, &k->id[BY_MINISTRY]);
    if (ret == 0)
        ret = near_id(t, r->project, BY_PROJECT, &k->id[BY_PROJECT]);
    if (ret == 0)
        ret = near_id(t, r->entry, BY_ENTRY, &k->id[BY_ENTRY]);
    if (ret == 0)
        ret = near_id(t, r->center, BY_CENTER, &k->id[BY_CENTER]);
    if (ret == 0)
        ret = near_id(t, r->partition, BY_PARTITION, &k->id[BY_PARTITION]);
    if (ret == 0)
        ret = near_id(t, run_end_word(r->state), BY_STATE, &k->id[BY_STATE]);
    if (ret == 0)
        ret = names_id(&t->names, r->person, ret_person);
    if (ret == 0)
        ret = month_id(t, r->end);
    if (ret == 0)
        ret = sponsors_id(t, r, &k->id[BY_SPONSORS]);
    k->id[BY_MONTH] = t->month;
    if (t->persons)
        k->id[BY_PERSON] = *ret_person;
    if (ret == -ENOBUFS)
        return err_set(err, ret, "more than %d different names", NAMES_MAX);
    return ret < 0 ? err_set(err, ret, "not enough memory") : 1;
}

static struct tally_sum sum_of(const struct run_record *r)
{
    struct tally_sum x = {
        .runs = 1,
        .started = r->start != 0,
        .core_s = r->core_s,
        .gpu_s = r->gpu_s,
        .mem_mib_s = r->mem_mib_s,
        .cpu_us = r->cpu_us,
        .energy_j = r->energy_j,
        .wait_s = (uint64_t)run_record_wait_s(r),
        .milli = r->milli,
    };
    uint64_t us;

    if (run_record_failed(r)) {
        x.failed = 1;
        x.failed_core_s = r->core_s;
    }
    if (mul_ok(r->core_s, UINT64_C(1000000), &us) && us > r->cpu_us)
        x.idle_us = us - r->cpu_us;
    if (r->start && r->time_limit_s && r->time_limit_s != UINT32_MAX) {
        x.limit_core_s = (uint64_t)r->cores * r->time_limit_s;
        x.limited_core_s = r->core_s;
    }
    return x;
}

int tally_sum_add(struct tally_sum *to, const struct tally_sum *x)
{
    struct tally_sum s = *to;
    bool ok = add_ok(s.core_s, x->core_s, &s.core_s)
              && add_ok(s.gpu_s, x->gpu_s, &s.gpu_s)
              && add_ok(s.mem_mib_s, x->mem_mib_s, &s.mem_mib_s)
              && add_ok(s.cpu_us, x->cpu_us, &s.cpu_us)
              && add_ok(s.idle_us, x->idle_us, &s.idle_us)
              && add_ok(s.limit_core_s, x->limit_core_s, &s.limit_core_s)
              && add_ok(s.energy_j, x->energy_j, &s.energy_j)
              && add_ok(s.wait_s, x->wait_s, &s.wait_s)
              && add_ok(s.milli, x->milli, &s.milli);

    /* Parts of core_s and counts of records fit where those do. */
    s.runs += x->runs;
    s.started += x->started;
    s.failed += x->failed;
    s.failed_core_s += x->failed_core_s;
    s.limited_core_s += x->limited_core_s;
    /* Others read these figures as signed numbers. */
    if (!ok || s.core_s > INT64_MAX || s.gpu_s > INT64_MAX || s.mem_mib_s > INT64_MAX
        || s.cpu_us > INT64_MAX || s.idle_us > INT64_MAX || s.limit_core_s > INT64_MAX
        || s.energy_j > INT64_MAX || s.wait_s > INT64_MAX)
        return -EOVERFLOW;
    *to = s;
    return 0;
}

/* The cell, made if it is not there; NULL and *ret_code. */
static struct cell *cell_for(struct tally *t, const struct cell_key *k, int *ret_code)
{
    struct cell *c = NULL;

    TABLE_FIND(t->cells, k, c);
    if (c)
        return c;
    *ret_code = t->n_cells == TALLY_CELLS_MAX ? -ENOBUFS : -ENOMEM;
    if (t->n_cells == TALLY_CELLS_MAX)
        return NULL;
    c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->key = *k;
    if (TABLE_ADD(t->cells, key, c) < 0) {
        free(c);
        return NULL;
    }
    t->n_cells++;
    return c;
}

int tally_add(struct tally *t, const struct run_record *r, struct err *err)
{
    struct cell_key k = {0};
    struct tally_sum x, total = t->total;
    uint32_t person = 0;
    struct cell *c;
    int ret;

    if (r->end < t->span.from || r->end >= t->span.until)
        return 0;
    ret = make_key(t, r, &k, &person, err);
    if (ret <= 0)
        return ret;
    c = cell_for(t, &k, &ret);
    if (!c)
        return ret == -ENOBUFS ? err_set(err, ret, "more than %d sums", TALLY_CELLS_MAX)
                               : err_set(err, ret, "not enough memory");
    x = sum_of(r);
    if (tally_sum_add(&total, &x) < 0 || tally_sum_add(&c->sum, &x) < 0)
        return err_set(err, -EOVERFLOW, "job %" PRIu64 ": the sums do not fit", r->job);
    t->total = total;
    if (r->end > t->latest)
        t->latest = r->end;
    ret = tally_person(t, k.id[BY_INSTITUTION], person);
    if (ret == 0 && r->start)
        ret = tally_wait_add(t, k.id[BY_INSTITUTION], k.id[BY_CENTER],
                             run_record_wait_s(r));
    return ret < 0 ? err_set(err, ret, "not enough memory") : 1;
}

struct tally_sum tally_total(const struct tally *t)
{
    return t->total;
}

struct period tally_span(const struct tally *t)
{
    return t->span;
}

int64_t tally_latest(const struct tally *t)
{
    return t->latest;
}
