/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * route - what it costs a center to decide where a job goes
 *
 * One center with N - 1 peers, each of which told a full supply (24 steps) and tells a
 * new one after every 50 decisions, as loaded centers do. First the question alone
 * (fed_try: every center's filters and estimate), then the whole intake of a job
 * (fed_submit: number, routing, booking, offers) and its cancellation, so that the
 * number of waiting jobs stays what it is.
 *
 * CPU time of one core. Run: make bench/route && bench/route [WAITING]
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/measure.h"
#include "fed/fed.h"
#include "sched/sched.h"

#define DECISIONS 20000
#define BETWEEN_SUPPLIES 50
#define NOW_S 1800000000

static double cpu_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail for this clock */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t dice = 1;

static uint32_t roll(uint32_t n)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(dice >> 33) % n;
}

static void *room(size_t n, size_t size)
{
    void *v = calloc(n, size);

    if (!v)
        exit(1);
    return v;
}

static void share_all(struct agreement_side *a)
{
    (void)snprintf(a->institutions[0], NAME_CAP, "*");
    (void)snprintf(a->partitions[0], NAME_CAP, "*");
    a->n_institutions = a->n_partitions = 1;
    a->max_time_s = DURATION_UNLIMITED;
}

static struct site *site_of(uint32_t centers)
{
    struct site *s = site_new();

    if (!s)
        exit(1);
    (void)snprintf(s->name, sizeof(s->name), "c1");
    s->number = 1;
    s->candidates = 3;
    s->max_pending = 1000000;
    s->partitions = room(1, sizeof(*s->partitions));
    s->n_partitions = 1;
    (void)snprintf(s->partitions[0].name, NAME_CAP, "main");
    s->partitions[0].is_default = true;
    s->partitions[0].max_time_s = DURATION_UNLIMITED;
    s->partitions[0].default_time_s = 3600;
    s->institutions = room(1, sizeof(*s->institutions));
    s->n_institutions = 1;
    (void)snprintf(s->institutions[0].name, NAME_CAP, "inst");
    s->projects = room(1, sizeof(*s->projects));
    s->n_projects = 1;
    (void)snprintf(s->projects[0].name, NAME_CAP, "proj");
    (void)snprintf(s->projects[0].institution, NAME_CAP, "inst");
    s->projects[0].budget_milli = -1;
    s->peers = room(centers, sizeof(*s->peers));
    for (uint32_t i = 2; i <= centers; i++) {
        struct peer *p = &s->peers[s->n_peers++];

        (void)snprintf(p->name, sizeof(p->name), "c%u", i);
        p->number = i;
        p->has_agreement = true;
        share_all(&p->agreement.side[0]);
        share_all(&p->agreement.side[1]);
    }
    return s;
}

/* A busy partition: cores become free in 24 steps over a day. */
static void tell(struct fed *f, uint32_t center, struct now now)
{
    struct fed_effects fx;
    struct supply s = {.center = center, .at = now.wall, .n_parts = 1};
    struct supply_part *p = &s.parts[0];

    (void)snprintf(p->name, sizeof(p->name), "main");
    p->up = p->is_default = true;
    p->nodes = 1000;
    p->cores = 32000;
    p->node_cores_max = 32;
    p->node_bytes_max = UINT64_C(64) << 30;
    p->max_time_s = DURATION_UNLIMITED;
    p->default_time_s = 3600;
    p->n_steps = SUPPLY_STEPS_MAX;
    for (uint32_t i = 0; i < p->n_steps; i++)
        p->steps[i] = (struct supply_step){i * 3600, roll(64) + i * 1300};
    if (fed_peer_supply(f, &s, now, &fx) < 0)
        exit(1);
}

static int fits(void *arg, const struct request *r, struct err *err)
{
    struct request here = *r;

    (void)snprintf(here.partition, sizeof(here.partition), "main");
    return sched_fits(arg, &here, err);
}

static int64_t estimate(void *arg, const struct request *r)
{
    struct request here = *r;
    struct sched_meta meta = {0};
    int64_t wait_s;

    (void)snprintf(here.partition, sizeof(here.partition), "main");
    return sched_estimate(arg, &here, &meta, NOW_S, &wait_s, NULL) < 0 ? -1 : wait_s;
}

static void started(void *arg, uint64_t job)
{
    (void)sched_start(arg, job, NOW_S); /* it was just reserved */
}

/* Our own machine under load: 128 nodes of 32 cores, and so many jobs that wait. */
static struct sched *own_machine(int waiting)
{
    const struct sched_partition p = {.name = "main",
                                      .is_default = true,
                                      .up = true,
                                      .max_time_s = 864000,
                                      .default_time_s = 3600};
    struct sched_config c = sched_config_default();
    struct sched *s = sched_new(&c);

    if (!s || sched_partition_set(s, &p) < 0)
        exit(1);
    for (uint32_t i = 0; i < 128; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "n%u", i); /* fits */
        if (sched_node_set(s, name, 32, UINT64_C(64) << 30, 0, "", 1, true) < 0)
            exit(1);
    }
    for (int i = 0; i < waiting + 200; i++) {
        struct request r = {.n_tasks = 1 + roll(i < 200 ? 64 : 4000),
                            .cpus_per_task = 1,
                            .time_limit_s = 600 + roll(86400)};
        struct sched_meta meta = {.submit_s = NOW_S, .user = roll(50)};

        if (sched_submit(s, (uint64_t)i + 1, &r, &meta, NOW_S, NULL) < 0
            || sched_pass(s, NOW_S, started, s) < 0)
            exit(1);
    }
    return s;
}

static struct holding job_of(void)
{
    struct holding h = {
        .request = {.n_tasks = 1 + roll(4000),
                    .cpus_per_task = 1,
                    .time_limit_s = 600 + roll(86400)}
    };

    (void)snprintf(h.user, sizeof(h.user), "u");
    (void)snprintf(h.person, sizeof(h.person), "u@inst");
    (void)snprintf(h.institution, sizeof(h.institution), "inst");
    (void)snprintf(h.project, sizeof(h.project), "proj");
    return h;
}

struct lab {
    struct fed *fed;
    uint32_t centers;
    struct now now;
};

static void news(struct lab *l, int i)
{
    l->now.mono.us += 20000;
    l->now.wall.us += 20000;
    if (i % BETWEEN_SUPPLIES == 0)
        for (uint32_t c = 2; c <= l->centers; c++)
            tell(l->fed, c, l->now);
}

static uint64_t submit(struct lab *l)
{
    struct holding h = job_of();
    struct fed_effects fx;
    struct err err = {0};
    uint64_t id = 0;

    if (fed_submit(l->fed, &h, 0, l->now, &id, &fx, &err) < 0) {
        (void)fprintf(stderr, "route: %s\n", err.text);
        exit(1);
    }
    return id;
}

static void measure(uint32_t centers, int waiting)
{
    struct site *site = site_of(centers);
    struct book *book = book_new("c1");
    struct postings log = {0};
    struct sched *own = own_machine(waiting);
    struct fed_local local = {.fits = fits, .estimate = estimate, .arg = own};
    struct lab l = {.centers = centers};
    struct fed_effects fx;
    struct err err = {0};
    double t, asked, taken;

    l.now.wall.us = INT64_C(1800000000) * US_PER_S;
    l.now.mono.us = US_PER_S;
    if (!book || book_apply_site(book, site, l.now.wall, &log, &err) < 0
        || fed_new(site, book, &local, 1, &l.fed, &err) < 0
        || fed_resume(l.fed, l.now, &fx) < 0)
        exit(1);
    for (uint32_t c = 2; c <= centers; c++)
        if (fed_peer_up(l.fed, c, l.now, &fx) < 0)
            exit(1);
    news(&l, 0);
    for (int i = 0; i < waiting; i++)
        (void)submit(&l);

    t = cpu_s();
    for (int i = 0; i < DECISIONS; i++) {
        struct holding h = job_of();
        const struct route_view *views;
        size_t n;

        news(&l, i);
        if (fed_try(l.fed, &h, l.now, &views, &n, &err) < 0)
            exit(1);
    }
    asked = DECISIONS / (cpu_s() - t);
    t = cpu_s();
    for (int i = 0; i < DECISIONS; i++) {
        uint64_t id;

        news(&l, i);
        id = submit(&l);
        if (fed_cancel(l.fed, id, "bench", 0, 0, l.now, &fx, &err) < 0)
            exit(1);
    }
    taken = DECISIONS / (cpu_s() - t);
    (void)printf("%8u %10d %12.0f %12.0f\n", centers, waiting, asked, taken);
    postings_release(&log);
    fed_free(l.fed);
    book_free(book);
    site_free(site);
    sched_free(own);
}

int main(int argc, char **argv)
{
    int waiting = argc > 1 ? atoi(argv[1]) : 1000;

    (void)printf("%8s %10s %12s %12s\n", "centers", "waiting", "questions/s",
                 "submissions/s");
    measure(3, waiting);
    measure(10, waiting);
    measure(100, waiting);
    return 0;
}
