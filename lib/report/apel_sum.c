/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * apel_sum - summary job messages, v0.4: sums of a month by person, project and size
 *
 * Months are those of UTC, by the end of the run. Every attempt counts as a job.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/table.h"
#include "report/calendar.h"
#include "report/export_int.h"

#include "base/banned.h"

#define SUMS_MAX 2000000

/* All bytes of it are compared: it starts as zeros. */
struct sum_key {
    char site[NAME_CAP];
    char submit_host[NAME_CAP];
    char person[NAME_CAP];
    char institution[NAME_CAP];
    char project[NAME_CAP];
    char level[2 * BENCHMARK_CAP + 40];
    int year;
    int month;
    uint32_t grid;
    uint32_t nodes;
    uint32_t cores;
};

struct sum {
    struct sum_key key;
    int64_t first_end;
    int64_t last_end;
    uint64_t wall_s;
    uint64_t cpu_s;
    uint64_t jobs;
    UT_hash_handle hh;
};

struct apel_sums {
    struct sum *head;
};

int apel_sum_new(struct apel_sums **ret_s)
{
    *ret_s = calloc(1, sizeof(**ret_s));
    return *ret_s ? 0 : -ENOMEM;
}

void *apel_sum_free(struct apel_sums *s)
{
    struct sum *x, *next;

    if (!s)
        return NULL;
    TABLE_FOREACH (s->head, x, next) {
        HASH_DEL(s->head, x);
        free(x);
    }
    free(s);
    return NULL;
}

/* Fixed arrays are zero behind their text, so that keys compare as bytes. */
static void set(char *dst, size_t cap, const char *src)
{
    size_t n = strnlen(src, cap - 1);

    memcpy(dst, src, n);
}

static int make_key(const struct export *e,
                    const struct run_record *r,
                    struct sum_key *k,
                    struct err *err)
{
    struct day d = day_of(r->end, ZONE_UTC);

    memset(k, 0, sizeof(*k));
    set(k->site, sizeof(k->site), export_site(e->registry, r->center));
    set(k->submit_host, sizeof(k->submit_host),
        export_submit_host(e->registry, r->entry));
    set(k->person, sizeof(k->person), r->person);
    set(k->institution, sizeof(k->institution), r->institution);
    set(k->project, sizeof(k->project), r->project);
    k->year = d.year;
    k->month = d.month;
    k->grid = strcmp(r->center, r->entry) != 0;
    k->nodes = r->nodes;
    k->cores = r->cores;
    return apel_service_level(e->registry, r, k->level, sizeof(k->level), err);
}

static struct sum *sum_for(struct apel_sums *s, const struct sum_key *k, int *ret_code)
{
    struct sum *x;

    TABLE_FIND(s->head, k, x);
    if (x)
        return x;
    *ret_code = -ENOBUFS;
    if (HASH_COUNT(s->head) >= SUMS_MAX)
        return NULL;
    *ret_code = -ENOMEM;
    x = calloc(1, sizeof(*x));
    if (!x)
        return NULL;
    x->key = *k;
    x->first_end = INT64_MAX;
    if (TABLE_ADD(s->head, key, x) < 0) {
        free(x);
        return NULL;
    }
    return x;
}

int apel_sum_add(struct export *e, const struct run_record *r, struct err *err)
{
    struct sum_key k;
    int ret = make_key(e, r, &k, err);
    struct sum *x;

    if (ret < 0)
        return ret;
    x = sum_for(e->sums, &k, &ret);
    if (!x)
        return err_set(err, ret, "more than %d sums, or not enough memory for them",
                       SUMS_MAX);
    if (!add_ok(x->wall_s, r->elapsed_s, &x->wall_s)
        || !add_ok(x->cpu_s, r->cpu_us / 1000000, &x->cpu_s))
        return err_set(err, -EINVAL, "job %" PRIu64 ": the sum of durations overflows",
                       r->job);
    x->jobs++;
    x->first_end = MIN(x->first_end, r->end);
    x->last_end = MAX(x->last_end, r->end);
    return 0;
}

static int by_key(const void *a, const void *b)
{
    const struct sum *x = *(struct sum *const *)a, *y = *(struct sum *const *)b;
    const struct sum_key *k = &x->key, *l = &y->key;
    int c = (k->year * 12 + k->month) - (l->year * 12 + l->month);

    if (c == 0)
        c = strcmp(k->site, l->site);
    if (c == 0)
        c = strcmp(k->institution, l->institution);
    if (c == 0)
        c = strcmp(k->project, l->project);
    if (c == 0)
        c = strcmp(k->person, l->person);
    /* The rest only has to be the same every time. */
    return c ? c : memcmp(k, l, sizeof(*k));
}

static void print(FILE *out, const struct sum *x)
{
    const struct sum_key *k = &x->key;

    (void)fprintf(out, "Site: %s\nMonth: %d\nYear: %d\n", k->site, k->month, k->year);
    (void)fprintf(out,
                  "GlobalUserName: urn:hopluu:person:%s\nVO: %s\nVOGroup: /%s/%s\n"
                  "VORole: Role=NULL\nSubmitHost: %s\nInfrastructureType: %s\n"
                  "InfrastructureDescription: HOPLUU\nServiceLevel: %s\n",
                  k->person, k->institution, k->institution, k->project, k->submit_host,
                  k->grid ? "grid" : "local", k->level);
    (void)fprintf(
        out,
        "NodeCount: %" PRIu32 "\nProcessors: %" PRIu32 "\nEarliestEndTime: %" PRId64
        "\nLatestEndTime: %" PRId64 "\nWallDuration: %" PRIu64 "\nCpuDuration: %" PRIu64
        "\nNumberOfJobs: %" PRIu64 "\n%%%%\n",
        k->nodes, k->cores, x->first_end, x->last_end, x->wall_s, x->cpu_s, x->jobs);
}

int apel_sum_print(struct export *e)
{
    size_t n = HASH_COUNT(e->sums->head), i = 0;
    struct sum **v = calloc(n ? n : 1, sizeof(struct sum *));
    struct sum *x, *next;

    if (!v)
        return -ENOMEM;
    TABLE_FOREACH (e->sums->head, x, next) {
        v[i++] = x;
    }
    qsort(v, n, sizeof(struct sum *), by_key);
    for (i = 0; i < n; i++)
        print(e->out, v[i]);
    free(v);
    return 0;
}
