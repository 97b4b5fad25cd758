/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* plot - mean waits per center, alone and shared, and utilisation over time, as SVG */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "base/measure.h"
#include "base/number.h"
#include "sim/fsim_int.h"

#include "base/banned.h"

#define WIDTH 900.0
#define BAR_H 16.0
#define LEFT 120.0
#define RIGHT 20.0
#define SPANS 150
#define CHART_H 180.0
#define DAY_S 86400.0

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

/* Names are the user's own: what XML would take for itself is written so. */
static void put_text(FILE *f, double y, const char *name)
{
    (void)fprintf(f, "<text x='10' y='%.1f'>", y);
    for (; *name; name++)
        if (*name == '<' || *name == '&' || (unsigned char)*name < ' ')
            (void)fprintf(f, "&#%d;", *name < ' ' ? '?' : *name);
        else
            (void)fputc(*name, f);
    (void)fprintf(f, "</text>\n");
}

static double bar(FILE *f, double y, double wait_s, double most, const char *colour)
{
    double w = (WIDTH - LEFT - 110) * wait_s / most;
    char text[DURATION_TEXT_MAX];

    (void)fprintf(f,
                  "<rect x='%.0f' y='%.1f' width='%.1f' height='%.1f' fill='%s'/>"
                  "<text x='%.1f' y='%.1f'>%s</text>\n",
                  LEFT, y, MAX(w, 1.0), BAR_H - 3, colour, LEFT + w + 5, y + BAR_H - 6,
                  duration_text((uint64_t)(wait_s + 0.5), text));
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
        alone ? "grey: alone, blue: shared; hours:minutes:seconds"
              : "hours:minutes:seconds");
    for (uint32_t i = 0; i < sim_n_centers(run->sim); i++) {
        put_text(f, y + (alone ? BAR_H + 2 : BAR_H - 6), sim_center_name(run->sim, i));
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

/* From the first submission to the last end, in both runs. */
struct axis {
    int64_t first_s;
    double long_s;
    double y; /* of 100 % */
};

static struct axis axis_of(const struct fsim_run *run,
                           const struct fsim_run *alone,
                           double y)
{
    struct sim_totals t = sim_totals(run->sim);
    int64_t last_s = t.last_end_s;

    if (alone)
        last_s = MAX(last_s, sim_totals(alone->sim).last_end_s);
    return (struct axis){.first_s = t.first_submit_s,
                         .long_s = (double)MAX(last_s - t.first_submit_s, INT64_C(1)),
                         .y = y};
}

static double across(double part)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * part;
}

static void line(FILE *f,
                 const struct fsim_run *run,
                 const struct axis *x,
                 const char *style)
{
    double span_s = x->long_s / SPANS;
    double used[SPANS] = {0};
    double procs = 0;

    for (uint32_t i = 0; i < sim_n_centers(run->sim); i++)
        procs += sim_center_procs(run->sim, i);
    for (size_t i = 0; i < run->n_records; i++)
        spread(&run->records[i], x->first_s, span_s, used);
    (void)fprintf(f, "<polyline fill='none' %s points='", style);
    for (int i = 0; i < SPANS; i++)
        (void)fprintf(f, "%.1f,%.1f ", across((i + 0.5) / SPANS),
                      x->y + CHART_H * (1 - used[i] / (span_s * procs)));
    (void)fprintf(f, "'/>\n");
}

/* At most ten marks: 1, 2 or 5 times a power of ten days; hours on a short log. */
static void days(FILE *f, const struct axis *x)
{
    double unit_s = x->long_s < 2 * DAY_S ? DAY_S / 24 : DAY_S;
    double step = 1;

    for (int k = 0; x->long_s / unit_s / step > 10; k++)
        step *= k % 3 == 1 ? 2.5 : 2;
    for (double t = 0; t * unit_s <= x->long_s; t += step)
        (void)fprintf(f,
                      "<path d='M%.1f %.1fv5' stroke='black'/>"
                      "<text x='%.1f' y='%.1f' text-anchor='middle'>%.0f</text>\n",
                      across(t * unit_s / x->long_s), x->y + CHART_H,
                      across(t * unit_s / x->long_s), x->y + CHART_H + 18, t);
    (void)fprintf(f, "<text x='%.1f' y='%.1f' text-anchor='end'>%s</text>\n",
                  WIDTH - RIGHT, x->y + CHART_H + 34,
                  unit_s < DAY_S ? "hours from the first submission"
                                 : "days from the first submission");
}

static void chart(FILE *f,
                  const struct fsim_run *run,
                  const struct fsim_run *alone,
                  double y)
{
    struct axis x = axis_of(run, alone, y);

    for (int part = 0; part <= 4; part++)
        (void)fprintf(f,
                      "<text x='%.0f' y='%.1f' text-anchor='end'>%d %%</text>"
                      "<path d='M%.0f %.1fH%.0f' stroke='%s'/>\n",
                      LEFT - 8, y + CHART_H * (1 - part / 4.0) + 4, 25 * part, LEFT,
                      y + CHART_H * (1 - part / 4.0), WIDTH - RIGHT,
                      part ? "#dddddd" : "black");
    days(f, &x);
    if (alone)
        line(f, alone, &x, "stroke='#999999' stroke-width='1.5'");
    line(f, run, &x, "stroke='#2266aa' stroke-width='1.5'");
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
    (void)fprintf(
        f,
        "<svg xmlns='http://www.w3.org/2000/svg' width='%.0f' height='%.0f' "
        "font-family='sans-serif' font-size='12'>\n"
        "<style>.t{font-size:15px;font-weight:bold}</style>"
        "<rect width='100%%' height='100%%' fill='white'/>\n",
        WIDTH, 155 + CHART_H + sim_n_centers(run->sim) * ((alone ? 2 : 1) * BAR_H + 6));
    y = bars(f, run, alone) + 25;
    (void)fprintf(f, "<text x='10' y='%.1f' class='t'>Utilisation over time</text>\n",
                  y);
    chart(f, run, alone, y + 15);
    (void)fprintf(f, "</svg>\n");
    if (ferror(f)) {
        (void)fclose(f); /* the error is known already */
        return -EIO;
    }
    return fclose(f) == 0 ? 0 : -errno;
}
