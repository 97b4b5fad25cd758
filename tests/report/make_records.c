/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * make_records - invented record lines: make_records N [SEED [YEAR [CENTER...]]]
 *
 * In the order in which the runs ended. Every state occurs, requeued attempts are
 * followed by their next one, some never started, some are foreign, some have GPUs. The
 * same arguments give the same lines. Institutions: registry.json beside this file.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/measure.h"
#include "report/calendar.h"
#include "report/record_line.h"

#include "base/banned.h"

static uint64_t state;

static uint64_t roll(uint64_t below) /* splitmix64 */
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

static const char *const institutions[] = {"ioit", "hust", "imh", "vnu", "nhmf"};
static const char *const projects[] = {"climate", "genome", "flow", "language"};
static const char *centers[8] = {"hanoi", "danang", "hue"};
static size_t n_centers = 3;

/* Completed ones are the most, as in life. */
static enum run_end an_end(void)
{
    uint64_t x = roll(30);

    return x < _RUN_END_MAX ? (enum run_end)x : RUN_COMPLETED;
}

static void use(struct run_record *r)
{
    r->elapsed_s = (uint64_t)(r->end - r->start);
    r->core_s = r->cores * r->elapsed_s;
    r->gpu_s = r->gpus * r->elapsed_s;
    r->mem_mib_s = r->mem_mib * r->elapsed_s;
    r->cpu_us = r->core_s * (500000 + roll(500000));
    r->max_rss_bytes = r->mem_mib * (roll(1000) + 1) * 1000;
    r->milli = (int64_t)(r->core_s / 4 + r->gpu_s * 3);
}

static void make(struct run_record *r, uint64_t i, int64_t at, int64_t step)
{
    size_t center = roll(n_centers), institution = roll(ARRAY_SIZE(institutions));
    uint64_t person = roll(400);

    *r = (struct run_record){.job = (center + 1) * UINT64_C(1000000000) + i + 1};
    (void)snprintf(r->center, NAME_CAP, "%s", centers[center]);
    (void)snprintf(r->entry, NAME_CAP, "%s",
                   centers[roll(4) ? center : roll(n_centers)]);
    (void)snprintf(r->institution, NAME_CAP, "%s", institutions[institution]);
    (void)snprintf(r->project, NAME_CAP, "%s.%s", institutions[institution],
                   projects[roll(ARRAY_SIZE(projects))]);
    (void)snprintf(r->person, NAME_CAP, "p-%08" PRIx64,
                   (person * 2654435761u + institution) & 0xffffffff);
    (void)snprintf(r->partition, NAME_CAP, "%s", roll(5) ? "cpu" : "gpu");
    r->state = an_end();
    r->nodes = 1 + (uint32_t)roll(4);
    r->cores = r->nodes * (uint32_t)(1 + roll(64));
    r->mem_mib = r->cores * UINT64_C(2048);
    if (!strcmp(r->partition, "gpu")) {
        r->gpus = r->nodes * (uint32_t)(1 + roll(4));
        (void)snprintf(r->gpu_type, NAME_CAP, "a100");
    }
    r->req_nodes = r->nodes;
    r->req_cores = r->cores;
    r->req_gpus = r->gpus;
    r->req_mem_mib = r->mem_mib;
    r->time_limit_s = roll(10) ? 86400 : roll(2) ? 0 : UINT32_MAX;
    r->end = at + (int64_t)roll((uint64_t)step);
    r->start = r->end - 1 - (int64_t)roll(20000);
    r->eligible = r->start - (int64_t)roll(4000);
    r->submit = r->eligible - (int64_t)roll(10);
    if (r->state == RUN_CANCELLED && roll(3) == 0) {
        r->start = 0;
        r->nodes = r->cores = r->gpus = 0;
        r->mem_mib = 0;
        r->gpu_type[0] = '\0';
        return;
    }
    if (r->state == RUN_FAILED)
        r->exit_code = 1 + (uint32_t)roll(255);
    if (r->state == RUN_OUT_OF_MEMORY)
        r->exit_signal = 9;
    use(r);
}

/* The attempt after one that was given back: same key, but for its number. */
static void again(struct run_record *r)
{
    int64_t submit = r->submit, end = r->end;

    r->attempt++;
    r->state = RUN_COMPLETED;
    r->exit_code = r->exit_signal = 0;
    r->submit = submit;
    r->eligible = r->start = end;
    r->end = end + 600;
    use(r);
}

static void print(const struct run_record *r)
{
    char line[RECORD_LINE_CAP];
    size_t n;

    if (run_record_check(r, NULL) < 0
        || record_line_write(r, line, sizeof(line), &n) < 0)
        exit(1);
    line[n] = '\n';
    (void)fwrite(line, 1, n + 1, stdout);
}

int main(int argc, char **argv)
{
    uint64_t n = 0, year = 2026;
    struct period p;
    struct run_record r;

    if (argc < 2 || argc > 11 || measure_u64(argv[1], 1, 100000000, &n, NULL) < 0
        || (argc > 2 && measure_u64(argv[2], 0, UINT64_MAX, &state, NULL) < 0)
        || (argc > 3 && measure_u64(argv[3], 1971, 9998, &year, NULL) < 0))
        return 2;
    for (int i = 4; i < argc; i++)
        centers[i - 4] = argv[i];
    n_centers = argc > 4 ? (size_t)argc - 4 : n_centers;
    p = period_year((int)year, ZONE_VIETNAM);
    for (uint64_t i = 0; i < n; i++) {
        int64_t step = (p.until - p.from - 1000) / (int64_t)n;

        make(&r, i, p.from + (int64_t)i * step, step ? step : 1);
        print(&r);
        if ((r.state == RUN_REQUEUED || r.state == RUN_NODE_FAIL) && ++i < n) {
            again(&r);
            print(&r);
        }
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
