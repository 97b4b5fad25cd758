/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* lublin - sizes, run times and arrivals from distributions */
#include "config.h"

#include "sim/lublin.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/measure.h"
#include "base/number.h"
#include "base/words.h"

#include "base/banned.h"

/* Batch jobs in the paper's Table. */
#define SERIAL 0.244
#define POWER2 0.576
#define U_LOW 0.8
#define U_BREAK 2.5 /* below log2 of the machine */
#define U_PROB 0.86
#define A1 4.2
#define B1 0.94
#define A2 312.0
#define B2 0.03
#define PA (-0.0054)
#define PB 0.78
#define LN_RUN_MAX 12.0

#define USERS 40
#define SAMPLE 20000 /* jobs that tell how far apart arrivals must be for the load */
#define DAY_S 86400.0

/* Arrivals per hour of day against the mean: few at night, most after noon. */
static const double cycle[24] = {0.5, 0.4, 0.35, 0.3, 0.3, 0.35, 0.45, 0.65,
                                 1.0, 1.4, 1.65, 1.7, 1.6, 1.65, 1.75, 1.75,
                                 1.7, 1.5, 1.2,  1.0, 0.9, 0.8,  0.7,  0.6};

static double uniform(struct lublin *l)
{
    uint64_t z = (l->state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return ((double)(z >> 11) + 0.5) / 9007199254740992.0; /* 2^53: never 0 or 1 */
}

static double normal(struct lublin *l)
{
    double r = sqrt(-2 * log(uniform(l)));

    return r * cos(2 * 3.14159265358979323846 * uniform(l));
}

/* Marsaglia and Tsang 2000; shape 1 or more. */
static double gamma_of(struct lublin *l, double shape, double scale)
{
    double d = shape - 1.0 / 3;
    double c = 1 / sqrt(9 * d);

    for (;;) {
        double x = normal(l);
        double v = 1 + c * x;

        if (v <= 0)
            continue;
        v = v * v * v;
        if (log(uniform(l)) < 0.5 * x * x + d - d * v + d * log(v))
            return d * v * scale;
    }
}

static uint32_t size_of(struct lublin *l)
{
    double high = log2((double)l->procs);
    double low = MIN(U_LOW, high);
    double middle = MAX(high - U_BREAK, low);
    double u;
    double size;

    if (l->procs == 1 || uniform(l) < SERIAL)
        return 1;
    if (uniform(l) < U_PROB)
        u = low + uniform(l) * (middle - low);
    else
        u = middle + uniform(l) * (high - middle);
    size = uniform(l) < POWER2 ? exp2(floor(u + 0.5)) : floor(exp2(u) + 0.5);
    if (size < 1)
        return 1;
    return size > l->procs ? l->procs : (uint32_t)size;
}

static uint32_t run_of(struct lublin *l, uint32_t size)
{
    double p = PA * size + PB;
    double x;

    do {
        x = uniform(l) <= p ? gamma_of(l, A1, B1) : gamma_of(l, A2, B2);
    } while (x > LN_RUN_MAX);
    return (uint32_t)exp(x);
}

static uint32_t request_of(struct lublin *l, uint32_t run_s)
{
    static const uint32_t limits[] = {300,   900,   1800,  3600,  7200,
                                      14400, 28800, 43200, 86400, 172800};
    double want = run_s * (1 + 3 * uniform(l));

    for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
        if (want <= limits[i])
            return limits[i];
    return run_s > 172800 ? run_s : 172800;
}

void lublin_begin(struct lublin *l)
{
    double work = 0;

    l->state = l->seed * UINT64_C(0x2545f4914f6cdd1d) + 1;
    for (int i = 0; i < SAMPLE; i++) {
        uint32_t size = size_of(l);

        work += (double)size * run_of(l, size);
    }
    l->mean_gap_s = work / SAMPLE / (l->procs * l->load);
    l->n = 0;
    l->at_s = 0;
}

bool lublin_next(struct lublin *l, struct trace_job *ret_job)
{
    uint32_t size;
    uint32_t run_s;
    double hour;

    if (l->n == l->n_jobs)
        return false;
    hour = fmod(l->at_s, DAY_S) / 3600;
    l->at_s += -log(uniform(l)) * l->mean_gap_s / cycle[(int)hour % 24];
    size = size_of(l);
    run_s = run_of(l, size);
    *ret_job =
        (struct trace_job){.id = (int64_t)++l->n,
                           .submit_s = (int64_t)l->at_s,
                           .user = (uint64_t)(USERS * uniform(l) * uniform(l)) + 1,
                           .run_s = run_s,
                           .est_s = request_of(l, run_s),
                           .procs = size};
    return true;
}

int lublin_parse(const char *text,
                 uint32_t procs,
                 struct lublin *ret_l,
                 struct err *err)
{
    struct lublin l = {.n_jobs = 10000, .load = 0.7, .procs = procs};
    struct words w = WORDS_INIT(5, 200);
    int r = 0;

    if (strncmp(text, "lublin@", 7) != 0)
        return 0;
    if (words_split(&w, text, "@") < 0 || w.n < 2 || w.n > 4)
        r = err_set(err, -EINVAL, "\"%s\" is not lublin@SEED[@JOBS[@LOAD]]", text);
    if (r == 0)
        r = measure_u64(w.v[1], 0, UINT64_MAX, &l.seed, err);
    if (r == 0 && w.n > 2)
        r = measure_u64(w.v[2], 1, 1000000000, &l.n_jobs, err);
    if (r == 0 && w.n > 3)
        r = measure_double(w.v[3], 0.01, 10, &l.load, err);
    words_release(&w);
    if (r < 0)
        return r;
    *ret_l = l;
    return 1;
}
