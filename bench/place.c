/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * bench/place - how good and how fast the maps are, beside Scotch and METIS
 *
 *     make bench/place && HOPLUU_SHARED=../shared bench/place [-e EFFORT] [-s SEEDS]
 *         [-p] [CLASS|NAME ...]
 *     bench/place -g RANKS [-e EFFORT]     growth from 10^4 ranks up to RANKS
 *
 * Not installed. CPU seconds of the mapping call alone, one thread, the graph
 * already in memory; the median of three where that takes less than 50 ms. `ratio` is
 * J over the best peer's J. Maps worse than the default order are counted at the end.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/measure.h"
#include "place/place.h"

#include "place_growth.h"
#include "place_instances.h"
#include "place_peers.h"

#include "base/banned.h"

struct option {
    enum place_effort effort[_PLACE_EFFORT_MAX];
    int n_efforts;
    uint32_t seeds;
    bool peers;
    const char *dir;
};

struct column {
    double log_sum;
    double worst;
    double seconds;
    double max_seconds;
    uint32_t n;
};

static void add(struct column *c, double ratio, double seconds)
{
    c->log_sum += log(ratio);
    c->worst = ratio > c->worst ? ratio : c->worst;
    c->seconds += seconds;
    c->max_seconds = seconds > c->max_seconds ? seconds : c->max_seconds;
    c->n++;
}

static void show(const char *what, const struct column *c)
{
    if (c->n)
        printf("  %-24s mean %.4f worst %.4f  s %.4f max %.4f  (%u)\n", what,
               exp(c->log_sum / c->n), c->worst, c->seconds / c->n, c->max_seconds,
               c->n);
}

static unsigned worse; /* maps above the default in J or at the bottleneck */

static const char *const effort_name[] = {"fast", "normal", "best"};

#define SHORT_S 0.05 /* shorter calls are timed three times */

static int rising(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

/* CPU seconds of a call, the median of three if it is short. */
static double timed_map(const struct instance *i,
                        const struct place_problem *q,
                        struct place_result *res)
{
    double t[3];
    int n = 0;

    do {
        struct err err = {0};
        int r;

        if (n > 0)
            place_result_release(res);
        t[n] = cpu_seconds();
        r = place_map(q, res, &err);
        t[n] = cpu_seconds() - t[n];
        if (r < 0) {
            printf("%s: %s\n", i->name, err_text(&err, r));
            exit(1);
        }
    } while (t[n++] < SHORT_S && n < 3);
    qsort(t, (size_t)n, sizeof(t[0]), rising);
    return t[n / 2];
}

static void one_map(const struct instance *i,
                    const struct machine *m,
                    const struct pattern *p,
                    enum place_effort effort,
                    uint64_t seed,
                    struct column *c)
{
    struct place_problem q = {.machine = m,
                              .n_ranks = pattern_ranks(p),
                              .pattern = p,
                              .effort = effort,
                              .seed = seed};
    struct place_result res;
    double t = timed_map(i, &q, &res);

    printf(" %.4f", i->best > 0 ? res.ours.cost / i->best : 1);
    if (res.ours.cost > res.usual.cost || res.ours.bottleneck > res.usual.bottleneck)
        worse += printf("(WORSE THAN DEFAULT)") > 0;
    printf("/%.3f %.4fs %.6s", res.ours.bottleneck / res.usual.bottleneck, t,
           res.method);
    add(c, i->best > 0 ? res.ours.cost / i->best : 1, t);
    place_result_release(&res);
}

static void peers(const struct instance *i,
                  const struct machine *m,
                  const struct pattern *p,
                  struct column *c)
{
    for (int k = 0; k < n_peers; k++) {
        struct place_cost cost;
        uint32_t *core = malloc((pattern_ranks(p) + 1) * sizeof(*core));
        double t;

        if (core && peer_map(k, i, p, core, &t) == 0
            && place_score(m, p, core, &cost, NULL) == 0) {
            printf(" %s %.4f %.4fs", peer_name(k),
                   i->best > 0 ? cost.cost / i->best : 1, t);
            add(&c[k], i->best > 0 ? cost.cost / i->best : 1, t);
        }
        free(core);
    }
}

static int run(const struct instance *i, const struct option *o, struct column *c)
{
    _cleanup_(machine_freep) struct machine *m = NULL;
    _cleanup_(pattern_freep) struct pattern *p = NULL;
    struct err err = {0};
    int r = machine_new_text(i->machine, i->distance, NULL, &m, &err);

    if (r == 0)
        r = instance_load(i, o->dir, &p, &err);
    if (r < 0) {
        printf("%s: %s\n", i->name, err_text(&err, r));
        return 1;
    }
    for (uint32_t s = 0; s < o->seeds; s++) {
        _cleanup_(pattern_freep) struct pattern *mixed = NULL;
        const struct pattern *use = p;

        if (s > 0 && instance_shuffle(p, s, &mixed) == 0)
            use = mixed;
        printf("%-22s %s", i->name, s ? "mixed" : "as is");
        for (int e = 0; e < o->n_efforts; e++)
            one_map(i, m, use, o->effort[e], s, &c[o->effort[e]]);
        if (o->peers)
            peers(i, m, use, c + _PLACE_EFFORT_MAX);
        printf("\n");
        fflush(stdout);
    }
    return 0;
}

static bool wanted(const struct instance *i, char **word, int n)
{
    for (int k = 0; k < n; k++)
        if (!strcmp(word[k], i->class) || strstr(i->name, word[k]))
            return true;
    return n == 0;
}

int main(int argc, char **argv)
{
    static const char *const classes[] = {"64", "1000", "512", "4096", "32768", "grid"};
    struct option o = {.seeds = 2, .dir = getenv("HOPLUU_SHARED")};
    struct column c[6][16] = {{{0}}};
    int opt;
    uint32_t grow = 0;
    int bad = 0;

    while ((opt = getopt(argc, argv, "e:g:s:p")) != -1) {
        if (opt == 'e' && o.n_efforts < _PLACE_EFFORT_MAX
            && place_effort_parse(optarg, &o.effort[o.n_efforts]))
            o.n_efforts++;
        else if (opt == 's')
            (void)measure_u32(optarg, 1, 1000, &o.seeds, NULL);
        else if (opt == 'g')
            (void)measure_u32(optarg, 10000, 10000000, &grow, NULL);
        else if (opt == 'p')
            o.peers = true;
        else
            return 2;
    }
    if (grow > 0)
        return growth(grow, o.n_efforts ? o.effort[0] : PLACE_FAST);
    if (!o.dir)
        o.dir = "../shared";
    if (o.n_efforts == 0)
        for (; o.n_efforts < _PLACE_EFFORT_MAX; o.n_efforts++)
            o.effort[o.n_efforts] = (enum place_effort)o.n_efforts;
    for (int k = 0; k < 6; k++) {
        for (size_t i = 0; i < n_instances; i++)
            if (!strcmp(instances[i].class, classes[k])
                && wanted(&instances[i], argv + optind, argc - optind))
                bad |= run(&instances[i], &o, c[k]);
        for (int e = 0; e < _PLACE_EFFORT_MAX + n_peers; e++) {
            char what[64];

            (void)snprintf(what, sizeof(what), "%s %s", classes[k],
                           e < _PLACE_EFFORT_MAX ? effort_name[e]
                                                 : peer_name(e - _PLACE_EFFORT_MAX));
            show(what, &c[k][e]);
        }
    }
    printf("maps worse than the default order: %u\n", worse);
    return bad || worse > 0;
}
