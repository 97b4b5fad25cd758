/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* report - what a run gave, for people and for programs */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/number.h"
#include "sim/fsim_int.h"

#include "base/banned.h"

bool report_worse_off(const struct stats *shared, const struct stats *alone)
{
    return stats_mean_wait(shared) > 1.01 * stats_mean_wait(alone) + 60;
}

double report_jobs_per_s(const struct sim *s)
{
    struct sim_totals t = sim_totals(s);

    return (double)t.jobs / MAX(t.cpu_s, 1e-6);
}

static double utilisation(const struct sim *s, double used, double procs)
{
    struct sim_totals t = sim_totals(s);

    return used / (procs * (double)MAX(t.last_end_s - t.first_submit_s, (int64_t)1));
}

static double all_procs(const struct sim *s)
{
    double n = 0;

    for (uint32_t i = 0; i < sim_n_centers(s); i++)
        n += sim_center_procs(s, i);
    return n;
}

static void text_line(FILE *f,
                      const char *name,
                      const struct stats *st,
                      double util,
                      double lent,
                      double borrowed,
                      const char *note)
{
    (void)fprintf(f,
                  "%-12s %9" PRIu64 " %10.0f %8" PRId64 " %9" PRId64 " %9" PRId64
                  " %9.2f %6.3f %11.0f %11.0f%s\n",
                  name, st->n, stats_mean_wait(st), stats_wait_at(st, 0.5),
                  stats_wait_at(st, 0.95), st->wait_max_s, stats_mean_bsld(st), util,
                  lent, borrowed, note);
}

static void text_rows(FILE *f, const struct fsim_run *run, const struct fsim_run *alone)
{
    const struct sim *s = run->sim;
    struct sim_flow sum = {0};

    for (uint32_t i = 0; i < sim_n_centers(s); i++) {
        const struct stats *st = sim_home_stats(s, i);
        struct sim_flow flow = sim_flow(s, i);
        bool worse = alone && report_worse_off(st, sim_home_stats(alone->sim, i));

        text_line(f, sim_center_name(s, i), st,
                  utilisation(s, flow.used_core_s, sim_center_procs(s, i)),
                  flow.lent_core_h, flow.borrowed_core_h, worse ? "  WORSE OFF" : "");
        sum.used_core_s += flow.used_core_s;
        sum.lent_core_h += flow.lent_core_h;
        sum.borrowed_core_h += flow.borrowed_core_h;
    }
    text_line(f, "overall", sim_all_stats(s),
              utilisation(s, sum.used_core_s, all_procs(s)), sum.lent_core_h,
              sum.borrowed_core_h, "");
}

/* Months in which a center's own jobs waited longer than alone, by the same measure. */
static uint32_t months_worse(const struct sim *run,
                             const struct sim *alone,
                             uint32_t i,
                             uint32_t *ret_n)
{
    const struct sim_month *a = sim_months(run, i);
    const struct sim_month *b = sim_months(alone, i);
    uint32_t worse = 0;

    *ret_n = 0;
    for (int m = 0; m < SIM_MONTHS_MAX; m++) {
        if (!a[m].n || !b[m].n)
            continue;
        ++*ret_n;
        worse +=
            a[m].wait_s / (double)a[m].n > 1.01 * b[m].wait_s / (double)b[m].n + 60;
    }
    return worse;
}

static void text_months(FILE *f, const struct sim *run, const struct sim *alone)
{
    (void)fprintf(f, "months worse than alone:");
    for (uint32_t i = 0; i < sim_n_centers(run); i++) {
        uint32_t n;
        uint32_t worse = months_worse(run, alone, i, &n);

        (void)fprintf(f, "%s %s %u of %u", i ? "," : "", sim_center_name(run, i), worse,
                      n);
    }
    (void)fprintf(f, "\n");
}

static uint32_t count_worse(const struct fsim_run *run, const struct fsim_run *alone)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < sim_n_centers(run->sim); i++)
        n += report_worse_off(sim_home_stats(run->sim, i),
                              sim_home_stats(alone->sim, i));
    return n;
}

/* How often p50 and p90 of the starts of jobs that had to wait held. */
static void text_estimates(FILE *f, const struct sim *s)
{
    (void)fprintf(f, "\n%-12s %9s %8s %8s %10s %10s %10s\n", "estimates", "jobs",
                  "p50 held", "p90 held", "mean p50", "mean p90", "mean wait");
    for (uint32_t i = 0; i < sim_n_centers(s); i++) {
        struct sim_estimates e = sim_estimates(s, i);
        double n = (double)MAX(e.n, UINT64_C(1));

        (void)fprintf(f, "%-12s %9" PRIu64 " %7.1f%% %7.1f%% %10.0f %10.0f %10.0f\n",
                      sim_center_name(s, i), e.n, 100 * (double)e.n_held50 / n,
                      100 * (double)e.n_held90 / n, e.p50_sum_s / n, e.p90_sum_s / n,
                      e.wait_sum_s / n);
    }
}

void report_text(FILE *f,
                 const struct fsim_options *o,
                 const struct fsim_run *run,
                 const struct fsim_run *alone)
{
    struct sim_totals t = sim_totals(run->sim);

    (void)fprintf(f, "%s, route %s: waits in seconds\n",
                  fsim_policy_word(o->config.policy), fsim_route_word(o->config.route));
    (void)fprintf(f, "%-12s %9s %10s %8s %9s %9s %9s %6s %11s %11s\n", "center", "jobs",
                  "mean", "median", "p95", "longest", "bsld", "util", "lent",
                  "borrowed");
    text_rows(f, run, alone);
    if (alone) {
        (void)fprintf(f, "\nthe same centers alone\n");
        text_rows(f, alone, NULL);
        (void)fprintf(f, "\ncenters worse off than alone: %u\n",
                      count_worse(run, alone));
        text_months(f, run->sim, alone->sim);
    }
    if (o->config.estimates)
        text_estimates(f, run->sim);
    (void)fprintf(f,
                  "%" PRIu64 " of %" PRIu64 " jobs moved; %" PRIu64
                  " offers; lent and borrowed in core hours\n",
                  t.moved, t.jobs, t.offers);
    (void)fprintf(f, "simulated %.0f jobs/s (%.2f s CPU), read in %.2f s\n",
                  report_jobs_per_s(run->sim), t.cpu_s, t.trace_cpu_s);
}

static void json_stats(FILE *f,
                       const struct stats *st,
                       double util,
                       struct sim_flow flow)
{
    (void)fprintf(
        f,
        "\"jobs\": %" PRIu64 ", \"mean_wait_s\": %.10g, \"p50_wait_s\": %" PRId64
        ", \"p95_wait_s\": %" PRId64 ", \"longest_wait_s\": %" PRId64
        ", \"mean_bsld\": %.10g, \"utilisation\": %.10g, \"lent_core_h\": %.10g, "
        "\"borrowed_core_h\": %.10g",
        st->n, stats_mean_wait(st), stats_wait_at(st, 0.5), stats_wait_at(st, 0.95),
        st->wait_max_s, stats_mean_bsld(st), util, flow.lent_core_h,
        flow.borrowed_core_h);
}

static void json_center(FILE *f,
                        const struct fsim_run *run,
                        uint32_t i,
                        const char *before,
                        const char *after)
{
    const struct sim *s = run->sim;
    struct sim_flow flow = sim_flow(s, i);

    (void)fprintf(f, "%s", before);
    json_stats(f, sim_home_stats(s, i),
               utilisation(s, flow.used_core_s, sim_center_procs(s, i)), flow);
    (void)fprintf(f, "%s", after);
}

static void json_alone(FILE *f,
                       const struct fsim_run *run,
                       const struct fsim_run *alone,
                       uint32_t i)
{
    uint32_t n;
    uint32_t worse = months_worse(run->sim, alone->sim, i, &n);

    json_center(f, alone, i, ", \"alone\": {", "}");
    (void)fprintf(f, ", \"months\": %u, \"months_worse\": %u", n, worse);
}

static void json_estimates(FILE *f, const struct sim *s, uint32_t i)
{
    struct sim_estimates e = sim_estimates(s, i);
    double n = (double)MAX(e.n, UINT64_C(1));

    (void)fprintf(f,
                  ", \"estimates\": {\"jobs\": %" PRIu64
                  ", \"p50_held\": %.6g, \"p90_held\": %.6g}",
                  e.n, (double)e.n_held50 / n, (double)e.n_held90 / n);
}

static void json_overall(FILE *f, const struct fsim_run *run)
{
    const struct sim *s = run->sim;
    struct sim_flow sum = {0};

    for (uint32_t i = 0; i < sim_n_centers(s); i++) {
        sum.used_core_s += sim_flow(s, i).used_core_s;
        sum.lent_core_h += sim_flow(s, i).lent_core_h;
        sum.borrowed_core_h += sim_flow(s, i).borrowed_core_h;
    }
    json_stats(f, sim_all_stats(s), utilisation(s, sum.used_core_s, all_procs(s)), sum);
}

void report_json(FILE *f,
                 const struct fsim_options *o,
                 const struct fsim_run *run,
                 const struct fsim_run *alone)
{
    const struct sim *s = run->sim;
    struct sim_totals t = sim_totals(s);
    const char *comma = "";

    (void)fprintf(f, "{\n  \"policy\": \"%s\", \"route\": \"%s\",\n  \"overall\": {",
                  fsim_policy_word(o->config.policy), fsim_route_word(o->config.route));
    json_overall(f, run);
    if (alone) {
        (void)fprintf(f, ", \"alone\": {");
        json_overall(f, alone);
        (void)fprintf(f, "}");
    }
    (void)fprintf(f, "},\n  \"centers\": [");
    for (uint32_t i = 0; i < sim_n_centers(s); i++) {
        (void)fprintf(f, "%s\n    {\"name\": \"%s\", \"procs\": %u, ", i ? "," : "",
                      sim_center_name(s, i), sim_center_procs(s, i));
        json_center(f, run, i, "", "");
        if (alone)
            json_alone(f, run, alone, i);
        if (o->config.estimates)
            json_estimates(f, s, i);
        (void)fprintf(f, "}");
    }
    (void)fprintf(f, "\n  ],\n  \"worse_off\": [");
    for (uint32_t i = 0; i < sim_n_centers(s) && alone; i++)
        if (report_worse_off(sim_home_stats(s, i), sim_home_stats(alone->sim, i))) {
            (void)fprintf(f, "%s\"%s\"", comma, sim_center_name(s, i));
            comma = ", ";
        }
    (void)fprintf(f,
                  "],\n  \"moved\": %" PRIu64 ", \"offers\": %" PRIu64
                  ", \"jobs_per_s\": %.0f, \"cpu_s\": %.3f, \"read_cpu_s\": %.3f\n}\n",
                  t.moved, t.offers, report_jobs_per_s(s), t.cpu_s, t.trace_cpu_s);
}

static int by_home(const void *a, const void *b)
{
    const struct sim_record *x = a;
    const struct sim_record *y = b;

    if (x->home != y->home)
        return x->home < y->home ? -1 : 1;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Plain text, or gzip when the name ends in .gz: zlib's transparent mode does both. */
int report_starts(const char *path, struct fsim_run *run)
{
    size_t len = strlen(path);
    gzFile f = gzopen(path, len > 3 && !strcmp(path + len - 3, ".gz") ? "wb" : "wbT");
    const struct sim *s = run->sim;
    bool ok = true;

    if (!f)
        return -errno;
    if (run->n_records)
        qsort(run->records, run->n_records, sizeof(*run->records), by_home);
    ok = gzputs(f, "id,home,where,submit,start,run,est,procs\r\n") > 0;
    for (size_t i = 0; i < run->n_records && ok; i++) {
        const struct sim_record *r = &run->records[i];

        ok = gzprintf(f, "%" PRId64 ",%s,%s,%" PRId64 ",%" PRId64 ",%u,%u,%u\r\n",
                      r->id, sim_center_name(s, r->home), sim_center_name(s, r->where),
                      r->submit_s, r->start_s, r->run_s, r->est_s, r->procs)
             > 0;
    }
    return gzclose_w(f) == Z_OK && ok ? 0 : -EIO;
}
