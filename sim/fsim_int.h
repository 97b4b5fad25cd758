/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fsim_int - what the command line asked, and who prints what came out */
#ifndef HOPLUU_SIM_FSIM_INT_H
#define HOPLUU_SIM_FSIM_INT_H

#include <stdio.h>

#include "sim/sim.h"

#define SPEC_TEXT_MAX 4096

struct fsim_center {
    struct sim_center_spec spec;
    char path[SPEC_TEXT_MAX];
    char partition[64]; /* "" = any */
    int64_t since_s;
};

struct fsim_options {
    struct sim_config config;
    struct fsim_center centers[SIM_CENTERS_MAX];
    uint32_t n_centers;
    struct trace_qest qest;
    enum trace_filter filter;
    int64_t until_s;
    uint32_t jitter_s;
    uint64_t seed;
    const char *starts; /* NULL = none */
    const char *plot;
    bool compare_home;
    bool json;
    bool quiet;
};

/* One run and what it left behind. */
struct fsim_run {
    struct sim *sim;
    struct sim_record *records; /* [n_records], only when asked */
    size_t n_records;
    size_t cap_records;
    bool keep;
};

/* fsim_options.c: exits with usage on errors, as argp does. */
void fsim_options_parse(struct fsim_options *o, int argc, char **argv);
const char *fsim_route_word(enum sim_route r);
const char *fsim_policy_word(enum sim_policy p);

/* report.c. alone may be NULL. */
void report_text(FILE *f,
                 const struct fsim_options *o,
                 const struct fsim_run *run,
                 const struct fsim_run *alone);
void report_json(FILE *f,
                 const struct fsim_options *o,
                 const struct fsim_run *run,
                 const struct fsim_run *alone);

/* A center's own jobs wait longer than alone: mean > 1.01 x alone + 60 s. */
bool report_worse_off(const struct stats *shared, const struct stats *alone);
double report_jobs_per_s(const struct sim *s);

/* 0 or -errno. */
int report_starts(const char *path, struct fsim_run *run);

/* plot.c: 0 or -errno. */
int plot_write(const char *path,
               const struct fsim_options *o,
               const struct fsim_run *run,
               const struct fsim_run *alone);

#endif
