/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fsim_faults - fsim faults: many seeds, one verdict (docs/man/fsim.1) */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/measure.h"
#include "sim/faults.h"

#include "base/banned.h"

#define SHRINK_TRIES 3000
#define YEAR_US (365.25 * 86400e6)

struct faults_options {
    uint64_t seed;
    uint64_t seeds;
    uint32_t seconds; /* 0 = not by time */
    uint32_t centers;
    uint32_t hours;
    const char *script;
    bool print;
    bool json;
    bool quiet;
    bool as_it_is;
};

/* The seed under way, for whoever reads of a center that stopped itself. */
static uint64_t playing;

enum {
    F_SEED = 256,
    F_SEEDS,
    F_CENTERS,
    F_HOURS,
    F_SCRIPT,
    F_PRINT,
    F_JSON,
    F_QUIET,
    F_AS_IT_IS,
    F_SECONDS
};

static const struct argp_option options[] = {
    {"seed",      F_SEED,     "N",    0, "the first seed (1), or fresh: one that nobody has played",
     0                                                                                                },
    {"seeds",     F_SEEDS,    "K",    0, "so many seeds from there on (1)",                          0},
    {"seconds",   F_SECONDS,  "S",    0, "as many seeds as are played in this time",                 0},
    {"centers",   F_CENTERS,  "N",    0, "2 to 8 (3)",                                               0},
    {"hours",     F_HOURS,    "H",    0, "simulated hours of each seed (24)",                        0},
    {"script",    F_SCRIPT,   "FILE", 0, "play this script instead of seeds (-: stdin)",             0},
    {"print",     F_PRINT,    0,      0, "print the seed's script and play nothing",                 0},
    {"no-shrink", F_AS_IT_IS, 0,      0, "show the run that failed as it is",                        0},
    {"json",      F_JSON,     0,      0, "print JSON",                                               0},
    {"quiet",     F_QUIET,    0,      0, "no progress",                                              0},
    {0,           0,          0,      0, 0,                                                          0},
};

/* Small enough to be typed again. */
static uint64_t fresh_seed(void)
{
    uint32_t n = 0;

    (void)!getrandom(&n, sizeof(n), 0); /* 4 bytes are always there */
    return (uint64_t)n * 1000000;
}

static error_t parse(int key, char *arg, struct argp_state *st)
{
    struct faults_options *o = st->input;
    struct err err = {0};
    int r = 0;

    switch (key) {
    case F_SEED:
        if (!strcmp(arg, "fresh"))
            o->seed = fresh_seed();
        else
            r = measure_u64(arg, 0, UINT64_MAX, &o->seed, &err);
        break;
    case F_SEEDS:
        r = measure_u64(arg, 1, UINT32_MAX, &o->seeds, &err);
        break;
    case F_SECONDS:
        r = measure_u32(arg, 1, 1000000, &o->seconds, &err);
        break;
    case F_CENTERS:
        r = measure_u32(arg, 2, FAULTS_CENTERS_MAX, &o->centers, &err);
        break;
    case F_HOURS:
        r = measure_u32(arg, 1, 100000, &o->hours, &err);
        break;
    case F_SCRIPT:
        o->script = arg;
        break;
    case F_PRINT:
        o->print = true;
        break;
    case F_JSON:
        o->json = true;
        break;
    case F_AS_IT_IS:
        o->as_it_is = true;
        break;
    case F_QUIET:
        o->quiet = true;
        break;
    case ARGP_KEY_ARG:
        argp_error(st, "faults takes no argument, not even '%s'", arg);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    if (r < 0)
        argp_error(st, "%s", err.text);
    return 0;
}

/* An assertion of fed's own: say in which seed, with what a signal handler may call. */
static void on_abort(int signal)
{
    char digits[24];
    size_t n = sizeof(digits);
    uint64_t seed = playing;

    (void)signal;
    digits[--n] = '\n';
    do
        digits[--n] = (char)('0' + seed % 10);
    while (seed /= 10);
    if (write(STDERR_FILENO, "violation: a center stopped itself in seed ", 43) > 0)
        (void)!write(STDERR_FILENO, digits + n,
                     sizeof(digits) - n); /* it ends anyway */
}

static double seconds_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool time_is_up(const struct faults_options *o, const struct timespec *start)
{
    struct timespec t;

    if (!o->seconds)
        return false;
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    return t.tv_sec - start->tv_sec >= (time_t)o->seconds;
}

static void add(struct faults_result *sum, const struct faults_result *r)
{
    sum->messages += r->messages;
    sum->steps += r->steps;
    sum->jobs += r->jobs;
    sum->starts += r->starts;
    sum->crashes += r->crashes;
    sum->span_us += r->span_us;
}

static int read_script(const char *path, struct script *s)
{
    struct err err = {0};
    FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
    int r;

    if (!f) {
        r = -errno;
        (void)fprintf(stderr, "fsim: %s: %s\n", path, strerror(-r));
        return r;
    }
    r = script_read(f, s, &err);
    if (r < 0)
        (void)fprintf(stderr, "fsim: %s: %s\n", path, err.text);
    if (f != stdin)
        (void)fclose(f); /* it was read */
    return r;
}

static int tell_violation(struct script *s, struct faults_result *r, bool shrink)
{
    int e = shrink ? script_shrink(s, r, SHRINK_TRIES) : 0;

    if (e < 0)
        return e;
    (void)fprintf(stderr, "violation: %s\n", r->what);
    script_write(s, stderr);
    return 0;
}

static void report(const struct faults_options *o,
                   const struct faults_result *sum,
                   uint64_t seeds,
                   uint32_t centers,
                   double cpu_s)
{
    double years = (double)sum->span_us * centers / YEAR_US;
    double rate = cpu_s > 0 ? (double)sum->messages / cpu_s : 0;

    if (o->json) {
        printf("{\"violations\":%d,\"seed\":%" PRIu64 ",\"seeds\":%" PRIu64
               ",\"center_years\":%.3f,\"messages\":%" PRIu64
               ",\"messages_per_s\":%.0f,\"steps\":%" PRIu64 ",\"jobs\":%" PRIu64
               ",\"starts\":%" PRIu64 ",\"crashes\":%" PRIu64 ",\"cpu_s\":%.1f}\n",
               sum->violated, o->seed, seeds, years, sum->messages, rate, sum->steps,
               sum->jobs, sum->starts, sum->crashes, cpu_s);
        return;
    }
    printf("%s: seeds %" PRIu64 " to %" PRIu64 ", %.1f center-years, %" PRIu64
           " jobs, %" PRIu64 " starts, %" PRIu64 " crashes, %" PRIu64
           " messages, %.0f a second\n",
           sum->violated ? "VIOLATED" : "no violation", o->seed, o->seed + seeds - 1,
           years, sum->jobs, sum->starts, sum->crashes, sum->messages, rate);
}

int fsim_faults(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        0,
        "Centers of a federation under cuts, crashes, full disks, jumping clocks and "
        "lies: is every job started once, and none lost?",
        0,
        0,
        0};
    struct faults_options o = {.seed = 1, .seeds = 1, .centers = 3, .hours = 24};
    struct faults_result sum = {0};
    bool show;
    uint64_t n = 0;
    uint32_t centers;
    double start = seconds_now();
    struct timespec began;
    int r = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &began); /* cannot fail */
    argp_parse(&argp, argc, argv, 0, 0, &o);
    if (o.seconds && o.seeds == 1)
        o.seeds = UINT32_MAX;
    (void)signal(SIGABRT, on_abort); /* without it the seed is not named */
    centers = o.centers;
    show = !o.quiet && o.seeds > 1 && isatty(STDERR_FILENO);
    if (o.script)
        o.seeds = 1;
    while (n < o.seeds && r == 0 && !sum.violated && !time_is_up(&o, &began)) {
        struct faults_result one = {0};
        struct script s = {0};

        r = o.script ? read_script(o.script, &s)
                     : script_make(o.seed + n, o.centers, o.hours, &s);
        if (r == 0 && o.print) {
            script_write(&s, stdout);
            script_release(&s);
            return 0;
        }
        if (r == 0) {
            playing = s.seed;
            centers = s.centers;
            r = script_play(&s, &one);
        }
        n++;
        add(&sum, &one);
        if (show && n % 64 == 0)
            (void)fprintf(stderr, "\r%" PRIu64 " seeds ", n);
        if (r == 0 && one.violated) {
            sum.violated = true;
            r = tell_violation(&s, &one, !o.script && !o.as_it_is);
        }
        script_release(&s);
    }
    if (show)
        (void)fprintf(stderr, "\r%40s\r", "");
    if (r < 0) {
        if (r == -ENOMEM)
            (void)fprintf(stderr, "fsim: out of memory\n");
        return 1;
    }
    report(&o, &sum, n, centers, seconds_now() - start);
    return sum.violated ? 1 : 0;
}
