/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * tally - records added up by who, where, when and how they ended
 *
 * Every record of the span is in exactly one cell, so that whatever is made of the
 * cells has the same total: by ministry, by center and by record. Sums are integers.
 * Memory grows with the number of cells and people and by four bytes per run that
 * started (percentiles of waiting are exact), not with the records' length.
 */
#ifndef HOPLUU_REPORT_TALLY_H
#define HOPLUU_REPORT_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "model/run_record.h"
#include "report/calendar.h"
#include "report/registry.h"

#define TALLY_CELLS_MAX 4000000

enum tally_key {
    BY_MINISTRY, /* of the institution, on the day of the end; "" = no registry */
    BY_INSTITUTION,
    BY_PROJECT,
    BY_PERSON, /* only if it was asked for: one cell per person is many */
    BY_ENTRY,
    BY_CENTER,
    BY_PARTITION,
    BY_MONTH, /* "2026-03", of UTC+7 */
    BY_STATE,
    BY_SPONSORS, /* which of the center's sponsor sets held that day: a number */
    _TALLY_KEY_MAX
};
#define BY(key) (1u << BY_##key)

struct tally_sum {
    uint64_t runs;
    uint64_t started;
    uint64_t failed; /* runs that did not do what they were asked to */
    uint64_t core_s;
    uint64_t gpu_s;
    uint64_t mem_mib_s;
    uint64_t cpu_us;
    uint64_t idle_us;        /* reserved core time that was not consumed */
    uint64_t failed_core_s;  /* core_s of the failed */
    uint64_t limit_core_s;   /* cores × time limit, of runs that had a limit */
    uint64_t limited_core_s; /* core_s of those runs */
    uint64_t energy_j;
    uint64_t wait_s;
    int64_t milli;
};

struct tally;

/*
 * registry   NULL = ministries are not told. Borrowed.
 * span       only runs that ended in it are counted
 * ministry   NULL = all; else only its institutions
 * persons    keep BY_PERSON
 */
int tally_new(const struct registry *registry,
              struct period span,
              const char *ministry,
              bool persons,
              struct tally **ret_t,
              struct err *err);
void *tally_free(struct tally *t);
DEFINE_FREEP(tally, struct tally)

/*
 * 1 = counted, 0 = of another time or ministry, -EINVAL (no ministry has its
 * institution on that day), -EOVERFLOW (a sum does not fit), -ENOBUFS, -ENOMEM.
 */
int tally_add(struct tally *t, const struct run_record *r, struct err *err);

/* One line of a grouping: texts of the keys asked for ("" for the others). */
struct tally_line {
    const char *key[_TALLY_KEY_MAX]; /* of the tally */
    struct tally_sum sum;
};
struct tally_lines {
    struct tally_line *v; /* sorted by the keys in their order */
    size_t n;
};
/* keys: BY(…) | … . 0, -ENOMEM, -EOVERFLOW. Caller releases. */
int tally_group(const struct tally *t, unsigned keys, struct tally_lines *ret_lines);
void tally_lines_release(struct tally_lines *l);

struct tally_sum tally_total(const struct tally *t);
struct period tally_span(const struct tally *t);
int64_t tally_latest(const struct tally *t); /* end of the last run; 0 = none */
int tally_sum_add(struct tally_sum *to, const struct tally_sum *x); /* 0, -EOVERFLOW */

/* Waiting of an institution's runs at a center (s): nearest-rank percentiles, exact. */
struct tally_wait {
    const char *institution;
    const char *center;
    uint64_t n; /* runs that started */
    uint32_t median_s;
    uint32_t p95_s;
    uint32_t max_s;
};
/* Sorted by institution and center; caller frees. */
int tally_waits(struct tally *t, struct tally_wait **ret_v, size_t *ret_n);

/* Different people (institution "" = of all). */
uint64_t tally_persons(const struct tally *t, const char *institution);

#endif
