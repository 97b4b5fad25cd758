/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * registry - who is who in a report: ministries, institutions, centers, pools
 *
 * Agencies merge and are renamed: each entry holds from a day to a day, an institution
 * may stand there several times with different ministries, and what counts is the entry
 * of the day on which a run ended. A JSON file, docs/reports.md.
 */
#ifndef HOPLUU_REPORT_REGISTRY_H
#define HOPLUU_REPORT_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "model/name.h"

#define REGISTRY_BYTES ((size_t)4 << 20)
#define REGISTRY_ENTRIES 10000 /* of each kind */
#define BENCHMARK_CAP 16
#define SHARE_ALL 10000 /* the whole of a center, of its sponsors */

struct agency { /* a ministry, or an institution of one */
    char id[NAME_CAP];
    char vi[TITLE_CAP];
    char en[TITLE_CAP];
    char ministry[NAME_CAP];  /* of an institution */
    char successor[NAME_CAP]; /* "" = none */
    int64_t from;             /* s; [from, until) */
    int64_t until;
};

enum center_class {
    CENTER_NATIONAL,
    CENTER_SECTOR,
    CENTER_INSTITUTE,
    _CENTER_CLASS_MAX
};

struct registered_center {
    char id[NAME_CAP];
    char vi[TITLE_CAP];
    char en[TITLE_CAP];
    char ministry[NAME_CAP]; /* that owns it */
    enum center_class class;
    int64_t from; /* joined */
    int64_t until;
    char site[NAME_CAP];        /* its name for APEL and XDMoD; "" = id */
    char submit_host[NAME_CAP]; /* "" = id */
};

struct pool {
    char center[NAME_CAP];
    char partition[NAME_CAP]; /* "*" = those that are not named */
    char kind[NAME_CAP];      /* hpc, cloud or fog */
    /* Decimal texts as written, "" = not measured. */
    char hepscore23[BENCHMARK_CAP];
    char hepspec[BENCHMARK_CAP];
};

/* Who paid for a center, and what part of it. */
struct sponsor {
    char center[NAME_CAP];
    char id[NAME_CAP];
    char vi[TITLE_CAP];
    char en[TITLE_CAP];
    uint32_t share; /* 10,000 = all of it */
    int64_t from;
    int64_t until;
};

struct registry {
    struct agency *ministries;
    size_t n_ministries;
    struct agency *institutions;
    size_t n_institutions;
    struct registered_center *centers;
    size_t n_centers;
    struct pool *pools;
    size_t n_pools;
    struct sponsor *sponsors;
    size_t n_sponsors;
    struct buf bytes; /* the file as it was */
};

/* 0, -errno, -EINVAL or -EBADMSG ("FILE: centers[2]: class is \"big\": ..."), -ENOMEM.
 */
int registry_load(const char *path, struct registry **ret_r, struct err *err);
void *registry_free(struct registry *r);
DEFINE_FREEP(registry, struct registry)

/* NULL = not there, or not at that time. */
const struct agency *registry_ministry(const struct registry *r, const char *id);
const struct agency *registry_institution(const struct registry *r,
                                          const char *id,
                                          int64_t at);
const struct registered_center *registry_center(const struct registry *r,
                                                const char *id);
const struct pool *registry_pool(const struct registry *r,
                                 const char *center,
                                 const char *partition);

/* When the sponsors who pay for the center at that time began to be the ones: from then
   to the next change they are the same. INT64_MIN = they always were. */
int64_t registry_sponsors_since(const struct registry *r,
                                const char *center,
                                int64_t at);

const char *center_class_word(enum center_class c);
bool center_class_parse(const char *word, enum center_class *ret_c);

#endif
