/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* contract - what every engine keeps: the same cases on null, local and Slurm */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"

#include "tests/engine/bed.h"

#include "tests/cmocka_all.h"

static struct bed b;

static int setup_null(void **state)
{
    (void)state;
    return bed_open(&b, BED_NULL);
}

static int setup_local(void **state)
{
    (void)state;
    return bed_open(&b, BED_LOCAL);
}

static int setup_slurm(void **state)
{
    (void)state;
    return bed_slurm_missing() ? 0 : bed_open(&b, BED_SLURM);
}

static int teardown(void **state)
{
    (void)state;
    if (b.base)
        bed_close(&b);
    b.base = NULL;
    return 0;
}

/* First in each case: without its programs an engine is not judged. */
static void needs_bed(void)
{
    if (b.base)
        return;
    print_message("# left out: %s\n", bed_slurm_missing());
    skip();
}

static void one_way_through(void **state)
{
    struct job_spec *s;
    struct bed_told *t;

    (void)state;
    needs_bed();
    s = bed_submit(&b, 1000000001, 2, 0, "sleep 0.1");
    t = bed_wait(&b, 'e', 1000000001);
    assert_int_equal(t->end.state, JOB_COMPLETED);
    assert_int_equal(t->epoch, 1);
    assert_string_equal(t->nodes, bed_find(&b, 's', 1000000001)->nodes);
    assert_int_equal(t->end.usage.n_cores, 2);
    assert_int_equal(t->end.usage.core_s, 2 * t->end.usage.elapsed_s);
    assert_true(t->end.ended.us > t->end.started.us);
    assert_int_equal(bed_count(&b, 'r', 1000000001), 1);
    assert_int_equal(bed_count(&b, 's', 1000000001), 1);
    b.e->ops->forget(b.e, 1000000001);
    bed_run_ms(&b, 50);
    assert_int_equal(bed_count(&b, 'e', 1000000001), 1);
    job_spec_free(s);
}

static void what_never_fits(void **state)
{
    struct request r = {.n_tasks = 100, .cpus_per_task = 1, .time_limit_s = 60};
    struct err err;

    (void)state;
    needs_bed();
    assert_int_equal(b.e->ops->fits(b.e, &r, &err), -E2BIG);
    r.n_tasks = 8;
    assert_int_equal(b.e->ops->fits(b.e, &r, &err), 0);
    r.time_limit_s = 3601;
    assert_int_equal(b.e->ops->fits(b.e, &r, &err), -E2BIG);
    r.time_limit_s = 0;
    (void)word_copy(r.partition, sizeof(r.partition), "nowhere");
    assert_int_equal(b.e->ops->fits(b.e, &r, &err), -ENOENT);
    assert_int_equal(b.e->ops->estimate(b.e, &r, true), -1);
}

static void dropped_resources_come_back(void **state)
{
    (void)state;
    needs_bed();
    assert_int_equal(bed_queue(&b, 1, 8, 0), 0);
    bed_wait(&b, 'r', 1);
    assert_int_equal(bed_queue(&b, 2, 8, 0), 0);
    assert_int_equal(bed_queue(&b, 2, 8, 0), 0); /* again is fine */
    assert_int_equal(bed_queue(&b, 3, 8, 0), 0);
    bed_run_ms(&b, 50);
    assert_null(bed_find(&b, 'r', 2));
    assert_int_equal(b.e->ops->reason(b.e, 2), REASON_RESOURCES);
    assert_int_equal(b.e->ops->reason(b.e, 3), REASON_PRIORITY);
    b.e->ops->drop(b.e, 2); /* waits */
    b.e->ops->drop(b.e, 1); /* reserved */
    b.e->ops->drop(b.e, 77);
    bed_wait(&b, 'r', 3);
    bed_run_ms(&b, 50);
    assert_null(bed_find(&b, 'r', 2));
}

static void a_full_machine_waits(void **state)
{
    struct job_spec *s;
    struct request r = {.n_tasks = 8, .cpus_per_task = 1, .time_limit_s = 60};
    struct supply supply;

    (void)state;
    needs_bed();
    s = bed_submit(&b, 1, 8, 0, "sleep 1");
    bed_wait(&b, 's', 1);
    assert_int_equal(bed_queue(&b, 2, 1, 0), 0);
    bed_run_ms(&b, 20);
    assert_null(bed_find(&b, 'r', 2));
    assert_true(b.e->ops->estimate(b.e, &r, true) > 0);
    b.e->ops->supply(b.e, &supply);
    assert_int_equal(supply.n_parts, 1);
    assert_int_equal(supply.parts[0].cores, 8);
    assert_int_equal(supply.parts[0].n_running, 1);
    assert_int_equal(supply.parts[0].n_pending, 1);
    bed_wait(&b, 'r', 2);
    bed_wait(&b, 'e', 1);
    job_spec_free(s);
}

static void cancelled(void **state)
{
    struct job_spec *s;

    (void)state;
    needs_bed();
    s = bed_submit(&b, 5, 1, 0, "sleep 30");
    bed_wait(&b, 's', 5);
    b.e->ops->cancel(b.e, 5, 0);
    b.e->ops->cancel(b.e, 99, 0);
    assert_int_equal(bed_wait(&b, 'e', 5)->end.state, JOB_CANCELLED);
    job_spec_free(s);
}

static void started_once(void **state)
{
    struct job_spec *s;

    (void)state;
    needs_bed();
    s = bed_submit(&b, 6, 1, 0, "echo run >>runs; sleep 0.1");
    assert_int_equal(bed_start(&b, 6, s, true), 0); /* a repeat */
    bed_wait(&b, 'e', 6);
    assert_int_equal(bed_start(&b, 6, s, true), 0);
    bed_run_ms(&b, 100);
    assert_int_equal(bed_count(&b, 's', 6), 1);
    assert_int_not_equal(bed_start(&b, 7, s, true), 0); /* never reserved */
    if (b.kind != BED_NULL) {
        char *text = bed_text(&b, "work/runs");

        assert_string_equal(text, "run\n");
        free(text);
    }
    job_spec_free(s);
}

static void nobody_has_it(void **state)
{
    struct job_spec *s;
    struct engine_start st = {.id = 8,
                              .epoch = 3,
                              .account = b.account,
                              .person = "",
                              .institution = "",
                              .project = "",
                              .home = true,
                              .entry = "hanoi"};

    (void)state;
    needs_bed();
    st.spec = s = bed_spec(&b, 1, 0, "true");
    b.e->ops->adopt(b.e, &st, (struct wall){1});
    assert_int_equal(bed_wait(&b, 'e', 8)->end.state, JOB_NODE_FAIL);
    assert_int_equal(bed_find(&b, 'e', 8)->epoch, 3);
    b.e->ops->forget(b.e, 8);
    job_spec_free(s);
}

#define CASE(f)                                                                        \
    cmocka_unit_test_setup_teardown(f, setup_null, teardown),                          \
        {#f " (local)", f, setup_local, teardown, NULL},                               \
    {                                                                                  \
#f " (slurm)", f, setup_slurm, teardown, NULL                                  \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_way_through),
        CASE(what_never_fits),
        CASE(dropped_resources_come_back),
        CASE(a_full_machine_waits),
        CASE(cancelled),
        CASE(started_once),
        CASE(nobody_has_it),
    };

    cmocka_set_test_filter(getenv("TEST_FILTER"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
