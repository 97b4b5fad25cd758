/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fsim - replay the logs of centers, alone or shared (docs/man/fsim.1) */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/faults.h"
#include "sim/fsim_int.h"

#include "base/banned.h"

static int keep(void *arg, const struct sim_record *r)
{
    struct fsim_run *run = arg;

    if (!run->keep)
        return 0;
    if (run->n_records == run->cap_records) {
        size_t cap = run->cap_records ? 2 * run->cap_records : 4096;
        struct sim_record *v = realloc(run->records, cap * sizeof(*v));

        if (!v)
            return -ENOMEM;
        run->records = v;
        run->cap_records = cap;
    }
    run->records[run->n_records++] = *r;
    return 0;
}

static void progress(void *arg, uint64_t n_ended, int64_t now_s)
{
    (void)fprintf(stderr, "\r%s %" PRIu64 " jobs, day %" PRId64 " ", (const char *)arg,
                  n_ended, now_s / 86400);
}

/* What was asked, with the route given. */
static int simulate(const struct fsim_options *o,
                    enum sim_route route,
                    struct fsim_run *run,
                    struct err *err)
{
    static char shared[] = "shared";
    static char home[] = "alone";
    struct sim_config config = o->config;
    bool show = !o->quiet && isatty(STDERR_FILENO);
    int r;

    config.route = route;
    run->sim = sim_new(&config);
    if (!run->sim)
        return err_set(err, -ENOMEM, "no memory");
    for (uint32_t i = 0; i < o->n_centers; i++) {
        const struct fsim_center *c = &o->centers[i];
        const struct trace_spec log = {.path = c->path,
                                       .partition =
                                           c->partition[0] ? c->partition : NULL,
                                       .procs = c->spec.procs,
                                       .since_s = c->since_s,
                                       .until_s = o->until_s,
                                       .filter = o->filter,
                                       .qest = o->qest.n ? &o->qest : NULL,
                                       .jitter_s = o->jitter_s,
                                       .seed = o->seed * 1000 + i};

        r = sim_center_add(run->sim, &c->spec, &log, err);
        if (r < 0)
            return r;
    }
    sim_listen(run->sim, keep, run);
    if (show)
        sim_progress(run->sim, progress, route == SIM_HOME ? home : shared);
    r = sim_run(run->sim, err);
    if (show)
        (void)fprintf(stderr, "\r%40s\r", "");
    return r;
}

static int show(const struct fsim_options *o,
                struct fsim_run *run,
                struct fsim_run *alone)
{
    const struct fsim_run *beside = o->compare_home ? alone : NULL;
    int r = 0;

    if (o->json)
        report_json(stdout, o, run, beside);
    else
        report_text(stdout, o, run, beside);
    if (o->starts) {
        r = report_starts(o->starts, run);
        if (r < 0)
            (void)fprintf(stderr, "fsim: %s: %s\n", o->starts, strerror(-r));
    }
    if (o->plot && r == 0) {
        r = plot_write(o->plot, o, run, beside);
        if (r < 0)
            (void)fprintf(stderr, "fsim: %s: %s\n", o->plot, strerror(-r));
    }
    if (fflush(stdout) != 0 && r == 0)
        r = -errno;
    return r;
}

int main(int argc, char **argv)
{
    static struct fsim_options o;
    struct fsim_run run = {0};
    struct fsim_run alone = {0};
    struct err err = {0};
    int r;

    if (argc > 1 && !strcmp(argv[1], "faults")) {
        static char name[] = "fsim faults";

        argv[1] = name; /* how it speaks of itself in --help */
        return fsim_faults(argc - 1, argv + 1);
    }
    fsim_options_parse(&o, argc, argv);
    run.keep = o.starts || o.plot;
    alone.keep = o.plot;
    r = simulate(&o, o.config.route, &run, &err);
    if (r == 0 && o.compare_home)
        r = simulate(&o, SIM_HOME, &alone, &err);
    if (r < 0)
        (void)fprintf(stderr, "fsim: %s\n", err_text(&err, r));
    else
        r = show(&o, &run, &alone);
    sim_free(run.sim);
    sim_free(alone.sim);
    free(run.records);
    free(alone.records);
    return r < 0 ? 1 : 0;
}
