/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* predict - the last two run times per key, in a table with a ceiling */
#include "config.h"

#include "sched/predict.h"

#include <errno.h>
#include <stdlib.h>

#include "base/table.h"

#include "base/banned.h"

struct predict_key {
    uint64_t user;
    uint32_t request_s; /* 0 = the user as a whole */
    uint32_t cores;
};

struct record {
    struct predict_key key;
    uint32_t last; /* the latest to end */
    uint32_t before;
    uint32_t n; /* 1 or 2 */
    UT_hash_handle hh;
};

struct predict {
    enum predict_by by;
    size_t max;
    struct record *records; /* in the order of their first job: oldest first */
};

struct predict *predict_new(enum predict_by by, size_t max)
{
    struct predict *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->by = by;
    p->max = max < 2 ? 2 : max;
    return p;
}

static void forget(struct predict *p, struct record *rec)
{
    HASH_DEL(p->records, rec);
    free(rec);
}

void *predict_free(struct predict *p)
{
    struct record *rec;
    struct record *next;

    if (!p)
        return NULL;
    TABLE_FOREACH (p->records, rec, next)
        forget(p, rec);
    free(p);
    return NULL;
}

static const struct record *look(const struct predict *p, struct predict_key key)
{
    struct record *rec;

    TABLE_FIND(p->records, &key, rec);
    return rec && rec->n == 2 ? rec : NULL;
}

uint32_t predict_run(const struct predict *p,
                     uint64_t user,
                     uint32_t request_s,
                     uint32_t cores)
{
    const struct record *rec = NULL;
    uint64_t mean;

    if (p->by == PREDICT_ALIKE)
        rec = look(p, (struct predict_key){user, request_s, cores});
    if (!rec && p->by != PREDICT_REQUEST)
        rec = look(p, (struct predict_key){.user = user});
    if (!rec)
        return request_s < 1 ? 1 : request_s;
    mean = ((uint64_t)rec->last + rec->before) / 2;
    if (mean > request_s)
        mean = request_s;
    return mean < 1 ? 1 : (uint32_t)mean;
}

/* Half of the table goes, the oldest keys first. */
static void shrink(struct predict *p)
{
    size_t drop = HASH_COUNT(p->records) / 2;
    struct record *rec;
    struct record *next;

    TABLE_FOREACH (p->records, rec, next) {
        if (drop-- == 0)
            break;
        forget(p, rec);
    }
}

static int note(struct predict *p, struct predict_key key, uint32_t run_s)
{
    struct record *rec;

    TABLE_FIND(p->records, &key, rec);
    if (!rec) {
        if (HASH_COUNT(p->records) >= p->max)
            shrink(p);
        rec = calloc(1, sizeof(*rec));
        if (!rec)
            return -ENOMEM;
        rec->key = key;
        if (TABLE_ADD(p->records, key, rec) < 0) {
            free(rec);
            return -ENOMEM;
        }
    }
    rec->before = rec->last;
    rec->last = run_s;
    if (rec->n < 2)
        rec->n++;
    return 0;
}

int predict_ended(struct predict *p,
                  uint64_t user,
                  uint32_t request_s,
                  uint32_t cores,
                  uint32_t run_s)
{
    int r = 0;

    if (p->by == PREDICT_REQUEST)
        return 0;
    if (p->by == PREDICT_ALIKE)
        r = note(p, (struct predict_key){user, request_s, cores}, run_s);
    if (r == 0)
        r = note(p, (struct predict_key){.user = user}, run_s);
    return r;
}
