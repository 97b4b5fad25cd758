/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* plot - mean waits per center, alone and shared, and utilisation over time, as SVG */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "base/number.h"
#include "sim/fsim_int.h"

#include "base/banned.h"

#define WIDTH 900.0
#define BAR_H 16.0
#define LEFT 120.0
#define SPANS 300
#define CHART_H 180.0

static double widest(const struct fsim_run *run, const struct fsim_run *alone)
{
    double w = 1;

    for (uint32_t i = 0; i < sim_n_centers(run->sim); i++) {
        w = MAX(w, stats_mean_wait(sim_home_stats(run->sim, i)));
        if (alone)
            w = MAX(w, stats_mean_wait(sim_home_stats(alone->sim, i)));
    }
    return w;
}

static double bar(FILE *f, double y, double wait_s, double most, const char *colour)
{
    double w = (WIDTH - LEFT - 90) * wait_s / most;

    (void)fprintf(f,
                  "<rect x='%.0f' y='%.1f' width='%.1f' height='%.1f' fill='%s'/>"
                  "<text x='%.1f' y='%.1f'>%.0f s</text>\n",
                  LEFT, y, w, BAR_H - 3, colour, LEFT + w + 4, y + BAR_H - 6, wait_s);
    return y + BAR_H;
}

static double bars(FILE *f, const struct fsim_run *run, const struct fsim_run *alone)
{
    double most = widest(run, alone);
    double y = 50;

    (void)fprintf(
        f,
        "<text x='10' y='20' class='t'>Mean wait of each center's own jobs</text>"
        "<text x='10' y='38'>%s</text>\n",
        alone ? "grey: alone, blue: shared" : "as simulated");
    for (uint32_t i = 0; i < sim_n_centers(run->sim); i++) {
        (void)fprintf(f, "<text x='10' y='%.1f'>%s</text>\n", y + BAR_H - 6,
                      sim_center_name(run->sim, i));
        if (alone)
            y = bar(f, y, stats_mean_wait(sim_home_stats(alone->sim, i)), most,
                    "#999999");
        y = bar(f, y, stats_mean_wait(sim_home_stats(run->sim, i)), most, "#2266aa")
            + 6;
    }
    return y;
}

/* Core-seconds that a job used in each span of time. */
static void spread(const struct sim_record *r,
                   int64_t first,
                   double span_s,
                   double *used)
{
    double from = (double)(r->start_s - first) / span_s;
    double to = (double)(r->start_s + r->run_s - first) / span_s;

    for (int i = (int)from; i < SPANS && i < to; i++) {
        double a = MAX(from, (double)i);
        double b = MIN(to, (double)i + 1);

        used[i] += MAX(b - a, 0.0) * span_s * r->procs;
    }
}

static void line(FILE *f, const struct fsim_run *run, double y0, const char *colour)
{
    struct sim_totals t = sim_totals(run->sim);
    double span_s = (double)MAX(t.last_end_s - t.first_submit_s, (int64_t)1) / SPANS;
    double used[SPANS] = {0};
    double procs = 0;

    for (uint32_t i = 0; i < sim_n_centers(run->sim); i++)
        procs += sim_center_procs(run->sim, i);
    for (size_t i = 0; i < run->n_records; i++)
        spread(&run->records[i], t.first_submit_s, span_s, used);
    (void)fprintf(f, "<polyline fill='none' stroke='%s' points='", colour);
    for (int i = 0; i < SPANS; i++)
        (void)fprintf(f, "%.1f,%.1f ", LEFT + (WIDTH - LEFT - 20) * i / SPANS,
                      y0 + CHART_H * (1 - used[i] / (span_s * procs)));
    (void)fprintf(f, "'/>\n");
}

int plot_write(const char *path,
               const struct fsim_options *o,
               const struct fsim_run *run,
               const struct fsim_run *alone)
{
    FILE *f = fopen(path, "w");
    double y;

    (void)o;
    if (!f)
        return -errno;
    (void)fprintf(f,
                  "<svg xmlns='http://www.w3.org/2000/svg' width='%.0f' height='%.0f' "
                  "font-family='sans-serif' font-size='12'>\n"
                  "<style>.t{font-size:15px;font-weight:bold}</style>"
                  "<rect width='100%%' height='100%%' fill='white'/>\n",
                  WIDTH, 130 + CHART_H + sim_n_centers(run->sim) * (2 * BAR_H + 6));
    y = bars(f, run, alone) + 25;
    (void)fprintf(f, "<text x='10' y='%.1f' class='t'>Utilisation over time</text>\n",
                  y);
    y += 15;
    (void)fprintf(f,
                  "<text x='70' y='%.1f'>100 %%</text><text x='85' y='%.1f'>0 %%</text>"
                  "<path d='M%.0f %.1fV%.1fH%.0f' fill='none' stroke='black'/>\n",
                  y + 8, y + CHART_H, LEFT, y, y + CHART_H, WIDTH - 20);
    if (alone)
        line(f, alone, y, "#999999");
    line(f, run, y, "#2266aa");
    (void)fprintf(f, "</svg>\n");
    if (ferror(f)) {
        (void)fclose(f); /* the error is known already */
        return -EIO;
    }
    return fclose(f) == 0 ? 0 : -errno;
}
