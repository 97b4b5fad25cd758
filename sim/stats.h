/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * stats - waits and slowdowns of a set of jobs, in memory that does not grow
 *         with their number
 *
 * Sums are exact; percentiles are exact too: waits are counted by the second, in
 * pages that exist only where somebody waited so long.
 */
#ifndef HOPLUU_SIM_STATS_H
#define HOPLUU_SIM_STATS_H

#include <stddef.h>
#include <stdint.h>

#define STATS_PAGE 4096

struct stats {
    uint64_t n;
    int64_t wait_sum_s;
    int64_t wait_max_s;
    int64_t response_sum_s;
    double bsld_sum;
    double bsld_max;
    double area;          /* core-seconds */
    double area_response; /* weighted by them */
    uint32_t **pages;     /* [n_pages] counts of waits, NULL where none */
    size_t n_pages;
};

void stats_release(struct stats *s);

/* 0 or -ENOMEM. */
int stats_add(struct stats *s, int64_t wait_s, uint32_t run_s, uint32_t procs);

double stats_mean_wait(const struct stats *s);
double stats_mean_bsld(const struct stats *s);

/* The wait at rank floor(q * n) in rising order (the last one at most). */
int64_t stats_wait_at(const struct stats *s, double q);

#endif
