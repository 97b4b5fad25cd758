/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* forecast - histograms of what became of estimates, and the level that is steered */
#include "config.h"

#include "sched/forecast.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "base/words.h"

#include "base/banned.h"

#define SOFT_S 60.0     /* seconds that do not matter */
#define STEP 0.5        /* of log2, per bin */
#define MIDDLE 28       /* bin of "as planned" */
#define CLASS_FULL 4096 /* outcomes: then the older ones count half */
#define SCORE_FULL 4096 /* estimates: the same */
#define GAIN 0.002 /* of the steering, per outcome: larger ones swing with bursts */
#define LEVEL90_MIN                                                                    \
    0.85              /* a crowd of thousands that did well does not lower it more     \
                       */
#define LEVEL_MAX 1.5 /* above 1 the answer lies beyond all that was seen … */
#define BEYOND 16.0   /* … by so many bins per 1 */
#define WAIT_MAX (UINT32_MAX / 2)
#define DAY_S 86400
#define DAYS_ENOUGH 4 /* of evidence: before, p90 is not below the floor */

void forecast_init(struct forecast *f)
{
    *f = (struct forecast){.level = 0.9, .level50 = 0.5};
}

static unsigned wait_class(int64_t planned_s)
{
    double x = log2((double)(planned_s > 0 ? planned_s : 0) / SOFT_S + 1);

    return (unsigned)MIN(x, (double)FORECAST_WAITS - 1);
}

/* Up to 5 min, 1 h, 6 h, longer. */
static unsigned length_class(uint32_t length_s)
{
    return length_s > 6 * 3600 ? 3u : length_s > 3600 ? 2u : length_s > 300 ? 1u : 0u;
}

static double bin_of(int64_t planned_s, int64_t wait_s)
{
    double x = log2(((double)wait_s + SOFT_S) / ((double)planned_s + SOFT_S));

    x = MIN(x / STEP + MIDDLE, FORECAST_BINS - 1.0);
    return MAX(x, 0.0);
}

/* The outcomes that speak for an estimate: of its class; else (or when the length is
 * out of range) of all lengths of its wait; else of neighbouring waits too, until there
 * are enough. */
static uint32_t gather(const struct forecast *f,
                       unsigned wait,
                       unsigned length,
                       uint32_t bins[FORECAST_BINS],
                       uint32_t *ret_days)
{
    uint32_t n = 0;
    unsigned reach = 0;

    *ret_days = 0;
    memset(bins, 0, FORECAST_BINS * sizeof(*bins));
    if (length < FORECAST_LENGTHS && f->classes[wait][length].n >= FORECAST_LEAST) {
        for (unsigned b = 0; b < FORECAST_BINS; b++)
            bins[b] = f->classes[wait][length].bins[b];
        *ret_days = f->classes[wait][length].days;
        return f->classes[wait][length].n;
    }
    for (; n < FORECAST_LEAST && reach < FORECAST_WAITS; reach++)
        for (unsigned w = 0; w < FORECAST_WAITS; w++)
            for (unsigned k = 0; k < FORECAST_LENGTHS; k++) {
                if (w + reach != wait && (reach == 0 || w != wait + reach))
                    continue;
                n += f->classes[w][k].n;
                *ret_days = MAX(*ret_days, f->classes[w][k].days);
                for (unsigned b = 0; b < FORECAST_BINS; b++)
                    bins[b] += f->classes[w][k].bins[b];
            }
    return n;
}

/* The bin, with fraction, at or below which so much of the outcomes lies. */
static double bin_at(const uint32_t *bins, uint32_t n, double level)
{
    double want = MIN(level, 1.0) * n;
    double sum = 0;
    unsigned last = 0;

    for (unsigned b = 0; b < FORECAST_BINS; b++) {
        if (bins[b] && sum + bins[b] >= want)
            return b + (want - sum) / bins[b] + MAX(level - 1, 0.0) * BEYOND;
        sum += bins[b];
        if (bins[b])
            last = b;
    }
    return last + 1 + MAX(level - 1, 0.0) * BEYOND;
}

/*
 * Where p90 is read. Jobs that come together are told the same and fare alike: however
 * many they are, they are one piece of evidence. Until a class has evidence of
 * DAYS_ENOUGH days it promises no less than the plan, and four times that at first.
 */
static double p90_bin(const struct forecast *f,
                      const uint32_t *bins,
                      uint32_t n,
                      uint32_t days)
{
    double bin = bin_at(bins, n, f->level);
    double least = MIDDLE + 4 * (1 - (double)days / DAYS_ENOUGH);

    return days < DAYS_ENOUGH ? MAX(bin, least) : bin;
}

static uint32_t wait_at(int64_t planned_s, double bin)
{
    double w = ((double)planned_s + SOFT_S) * exp2((bin - MIDDLE) * STEP) - SOFT_S;

    return w <= 0 ? 0 : (uint32_t)MIN(ceil(w), (double)WAIT_MAX);
}

struct forecast_wait forecast_of(const struct forecast *f,
                                 int64_t planned_s,
                                 uint32_t length_s)
{
    uint32_t bins[FORECAST_BINS];
    uint32_t days;
    int64_t planned = MAX(planned_s, INT64_C(0));
    struct forecast_wait w = {.planned_s = (uint32_t)MIN(planned, (int64_t)WAIT_MAX),
                              .length_s = length_s};
    uint32_t n =
        gather(f, wait_class(w.planned_s), length_class(length_s), bins, &days);

    w.p50_s = w.planned_s;
    w.p90_s = wait_at(w.planned_s, MIDDLE + 4 * (f->level + 0.1)); /* four times */
    if (n >= FORECAST_LEAST) {
        w.p50_s = wait_at(w.planned_s, bin_at(bins, n, f->level50));
        w.p90_s = wait_at(w.planned_s, p90_bin(f, bins, n, days));
    }
    w.p90_s = MAX(w.p90_s, w.p50_s);
    return w;
}

static void halve(struct forecast_class *c)
{
    c->n = 0;
    c->days /= 2;
    for (unsigned b = 0; b < FORECAST_BINS; b++) {
        c->bins[b] /= 2;
        c->n += c->bins[b];
    }
}

/* Raised when it did not hold, lowered when it did: at rest it holds `of` times. */
static void steer(double *level, double of, bool held, double least)
{
    *level += GAIN * (held ? of - 1 : of);
    *level = MAX(*level, least);
    *level = MIN(*level, LEVEL_MAX);
}

void forecast_learn(struct forecast *f,
                    const struct forecast_wait *said,
                    int64_t said_s,
                    int64_t wait_s)
{
    struct forecast_class *c =
        &f->classes[wait_class(said->planned_s)][length_class(said->length_s)];
    bool held50 = wait_s <= said->p50_s;
    bool held90 = wait_s <= said->p90_s;

    if (said_s / DAY_S != c->last_day) {
        c->days += said_s / DAY_S > c->last_day || c->days == 0;
        c->last_day = MAX(c->last_day, said_s / DAY_S);
    }
    c->days = MAX(c->days, 1u);
    c->bins[(unsigned)bin_of(said->planned_s, wait_s)]++;
    if (++c->n >= CLASS_FULL)
        halve(c);
    steer(&f->level, 0.9, held90, LEVEL90_MIN);
    steer(&f->level50, 0.5, held50, 0.05);
    f->n++;
    f->n_held50 += held50;
    f->n_held90 += held90;
    if (f->n >= SCORE_FULL) {
        f->n /= 2;
        f->n_held50 /= 2;
        f->n_held90 /= 2;
    }
}

int forecast_held90(const struct forecast *f)
{
    return f->n < FORECAST_LEAST ? -1 : (int)(100 * f->n_held90 / f->n);
}

void forecast_tell(const struct forecast *f, struct supply *s)
{
    s->n_scored = f->n < FORECAST_LEAST ? 0 : (uint32_t)f->n;
    s->held90 = s->n_scored ? (uint32_t)forecast_held90(f) : 0;
    s->n_odds = s->n_scored ? SUPPLY_ODDS : 0;
    for (unsigned w = 0; w < s->n_odds; w++) {
        uint32_t bins[FORECAST_BINS];
        uint32_t days;
        uint32_t n = gather(f, w, FORECAST_LENGTHS, bins, &days);

        s->odds[w] = (struct supply_odds){
            .p50 = (int32_t)lround((bin_at(bins, n, f->level50) - MIDDLE) * STEP * 8),
            .p90 = (int32_t)lround((p90_bin(f, bins, n, days) - MIDDLE) * STEP * 8)};
    }
}

bool forecast_heard(const struct supply *s,
                    int64_t planned_s,
                    struct forecast_wait *ret_w)
{
    int64_t planned = MAX(planned_s, INT64_C(0));
    const struct supply_odds *o = &s->odds[wait_class(planned)];
    struct forecast_wait w = {.planned_s = (uint32_t)MIN(planned, (int64_t)WAIT_MAX)};

    if (!s->n_scored || s->n_odds != SUPPLY_ODDS)
        return false;
    w.p50_s = wait_at(w.planned_s, MIDDLE + o->p50 / (STEP * 8));
    w.p90_s = wait_at(w.planned_s, MIDDLE + o->p90 / (STEP * 8));
    w.p90_s = MAX(w.p90_s, w.p50_s);
    *ret_w = w;
    return true;
}

/* One line for the score, one per class that knows something. */
void forecast_write(const struct forecast *f, struct buf *b)
{
    buf_printf(b, "forecast 2 %.6f %.6f %llu %llu %llu\n", f->level, f->level50,
               (unsigned long long)f->n, (unsigned long long)f->n_held50,
               (unsigned long long)f->n_held90);
    for (unsigned w = 0; w < FORECAST_WAITS; w++)
        for (unsigned k = 0; k < FORECAST_LENGTHS; k++) {
            const struct forecast_class *c = &f->classes[w][k];

            if (!c->n)
                continue;
            buf_printf(b, "%u %u %u", w, k, c->days);
            for (unsigned i = 0; i < FORECAST_BINS; i++)
                buf_printf(b, " %u", c->bins[i]);
            buf_puts(b, "\n");
        }
}

static int read_score(struct forecast *f, const struct words *w, struct err *err)
{
    if (w->n != 7 || strcmp(w->v[0], "forecast") != 0 || strcmp(w->v[1], "2") != 0)
        return err_set(err, -EINVAL, "not a record of forecasts (version 2)");
    if (measure_double(w->v[2], 0.05, LEVEL_MAX, &f->level, err) < 0
        || measure_double(w->v[3], 0.05, LEVEL_MAX, &f->level50, err) < 0
        || measure_u64(w->v[4], 0, SCORE_FULL, &f->n, err) < 0
        || measure_u64(w->v[5], 0, f->n, &f->n_held50, err) < 0
        || measure_u64(w->v[6], 0, f->n, &f->n_held90, err) < 0)
        return -EINVAL;
    return 0;
}

static int read_class(struct forecast *f, const struct words *w, struct err *err)
{
    struct forecast_class *c;
    uint32_t wait = 0;
    uint32_t length = 0;
    uint32_t days = 0;

    if (w->n != FORECAST_BINS + 3)
        return err_set(err, -EINVAL, "%zu figures in a class, not %d", w->n,
                       FORECAST_BINS + 3);
    if (measure_u32(w->v[0], 0, FORECAST_WAITS - 1, &wait, err) < 0
        || measure_u32(w->v[1], 0, FORECAST_LENGTHS - 1, &length, err) < 0
        || measure_u32(w->v[2], 0, CLASS_FULL, &days, err) < 0)
        return -EINVAL;
    c = &f->classes[wait][length];
    c->n = 0;
    c->days = days;
    for (unsigned i = 0; i < FORECAST_BINS; i++) {
        uint32_t v = 0;

        if (measure_u32(w->v[i + 3], 0, CLASS_FULL, &v, err) < 0)
            return -EINVAL;
        c->bins[i] = (uint16_t)v;
        c->n += v;
    }
    return 0;
}

int forecast_read(struct forecast *f, const char *text, struct err *err)
{
    struct words lines =
        WORDS_INIT(1 + FORECAST_WAITS * FORECAST_LENGTHS, FORECAST_TEXT_MAX);
    struct forecast read;
    int r = words_split(&lines, text, "\n");

    forecast_init(&read);
    if (r < 0 || lines.n == 0)
        r = err_set(err, -EINVAL, "not a record of forecasts");
    for (size_t i = 0; i < lines.n && r >= 0; i++) {
        struct words w = WORDS_INIT(FORECAST_BINS + 3, FORECAST_TEXT_MAX);

        r = words_split(&w, lines.v[i], " ");
        if (r < 0)
            r = err_set(err, -EINVAL, "too many figures in line %zu", i + 1);
        else
            r = i ? read_class(&read, &w, err) : read_score(&read, &w, err);
        words_release(&w);
    }
    words_release(&lines);
    if (r < 0)
        return -EINVAL;
    *f = read;
    return 0;
}
