/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* center_bed - a small center for tests of lib/sched */
#ifndef HOPLUU_TESTS_SCHED_CENTER_BED_H
#define HOPLUU_TESTS_SCHED_CENTER_BED_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sched/sched.h"
#include "tests/cmocka_all.h"

#define GIB (UINT64_C(1) << 30)

struct told {
    uint64_t id[400];
    size_t n;
};

static inline void note(void *arg, uint64_t job)
{
    struct told *t = arg;

    t->id[t->n++] = job;
}

/* n nodes of `cores` cores and 16 GiB in one partition "main", 1 h by default. */
static inline struct sched *make(struct sched_config c, uint32_t n, uint32_t cores)
{
    const struct sched_partition main_part = {.name = "main",
                                              .is_default = true,
                                              .up = true,
                                              .max_time_s = 86400,
                                              .default_time_s = 3600};
    struct sched *s = sched_new(&c);
    char name[16];

    assert_non_null(s);
    assert_int_equal(sched_partition_set(s, &main_part), 0);
    for (uint32_t i = 0; i < n; i++) {
        (void)snprintf(name, sizeof(name), "n%u", i); /* fits */
        assert_int_equal(sched_node_set(s, name, cores, 16 * GIB, 0, "", 1, true), i);
    }
    return s;
}

static inline struct request ask(uint32_t tasks, uint32_t limit_s)
{
    return (struct request){
        .n_tasks = tasks, .cpus_per_task = 1, .time_limit_s = limit_s};
}

static inline void submit(
    struct sched *s, uint64_t id, uint32_t tasks, uint32_t limit_s, int64_t now_s)
{
    struct request r = ask(tasks, limit_s);
    struct sched_meta m = {.submit_s = now_s, .user = id};

    assert_int_equal(sched_submit(s, id, &r, &m, now_s, NULL), 0);
}

#endif
