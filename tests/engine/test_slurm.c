/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_slurm - what only the Slurm engine promises, on a real slurmctld */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "engine/slurm.h"
#include "tests/engine/bed.h"

#include "tests/cmocka_all.h"

static struct bed b;

static int setup(void **state)
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

static void needs_bed(void)
{
    if (b.base)
        return;
    print_message("# left out: %s\n", bed_slurm_missing());
    skip();
}

static struct engine_start start_of(const struct job_spec *s, uint64_t id)
{
    return (struct engine_start){.id = id,
                                 .epoch = 1,
                                 .account = b.account,
                                 .person = "lan@ioit",
                                 .institution = "ioit",
                                 .project = "ioit.climate",
                                 .spec = s,
                                 .home = true,
                                 .entry = "hanoi"};
}

/* Our own restart, while a job runs and after another was submitted. */
static void found_again_after_our_restart(void **state)
{
    struct job_spec *s;
    struct engine_start st;
    struct bed_told *t;

    (void)state;
    needs_bed();
    s = bed_submit(&b, 1000000011, 1, 0, "echo run >>runs; sleep 3");
    t = bed_wait(&b, 's', 1000000011);
    bed_engine_stop(&b);
    st = start_of(s, 1000000011);
    bed_engine_start(&b);
    b.e->ops->adopt(b.e, &st, t->end.started);
    bed_forget_told(&b);
    t = bed_wait(&b, 'e', 1000000011);
    assert_int_equal(t->end.state, JOB_COMPLETED);
    assert_true(t->end.usage.elapsed_s >= 3);
    assert_int_equal(t->end.usage.n_cores, 1);
    assert_null(bed_find(&b, 'r', 1000000011));
    job_spec_free(s);
}

/* slurmctld is killed and comes back: a running job ends as it would have, and calls
 * made in between do not stop the loop. */
static void a_slurmctld_that_comes_back(void **state)
{
    struct job_spec *s;
    struct request r = {.n_tasks = 1, .cpus_per_task = 1, .time_limit_s = 60};
    struct supply supply;
    int64_t before;

    (void)state;
    needs_bed();
    s = bed_submit(&b, 21, 1, 0, "sleep 4; echo run >>runs");
    bed_wait(&b, 's', 21);
    bed_slurmctld_kill(&b, SIGTERM);
    /* of another shape than 21: slurmctld's word on that one counts for a second */
    assert_int_equal(bed_queue(&b, 22, 2, 0), 0);
    before = now_read().mono.us;
    bed_run_ms(&b, 500);
    (void)b.e->ops->estimate(b.e, &r, true);
    b.e->ops->supply(b.e, &supply);
    b.e->ops->cancel(b.e, 99, 0);
    assert_true(now_read().mono.us - before < 5 * US_PER_S);
    assert_null(bed_find(&b, 'r', 22));
    bed_slurmctld_start(&b);
    assert_int_equal(bed_wait(&b, 'e', 21)->end.state, JOB_COMPLETED);
    bed_wait(&b, 'r', 22);
    job_spec_free(s);
}

/* A guest's input arrives, its output and files are gathered, and nothing stays. */
static void a_guest(void **state)
{
    struct job_spec *s;
    struct bed_told *t;
    char path[600];
    char *text;

    (void)state;
    needs_bed();
    (void)snprintf(path, sizeof(path), "%s/inputs", b.dir);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/inputs/in.dat", b.dir);
    assert_int_equal(path_write(path, "water\n", 6, 0644, NULL), 0);
    s = bed_spec(&b, 1, 0, "cat in.dat; rev in.dat >result; pwd >where");
    assert_int_equal(words_add(&s->outputs, "res*"), 0);
    assert_int_equal(bed_queue(&b, 31, 1, 0), 0);
    bed_wait(&b, 'r', 31);
    assert_int_equal(bed_start(&b, 31, s, false), 0);
    t = bed_wait(&b, 'e', 31);
    assert_int_equal(t->end.state, JOB_COMPLETED);
    assert_string_not_equal(t->output_dir, "");
    (void)snprintf(path, sizeof(path), "%s/stdout", t->output_dir);
    text = bed_text(&b, path);
    assert_string_equal(text, "water\n");
    free(text);
    (void)snprintf(path, sizeof(path), "%s/files/result", t->output_dir);
    text = bed_text(&b, path);
    assert_string_equal(text, "retaw\n");
    free(text);
    (void)snprintf(path, sizeof(path), "%s/manifest.json", t->output_dir);
    text = bed_text(&b, path);
    assert_non_null(strstr(text, "files/result"));
    assert_null(strstr(text, "where"));
    free(text);
    b.e->ops->forget(b.e, 31);
    bed_wait_gone(&b, "center/31.1");
    job_spec_free(s);
}

static void seconds_of_a_limit(void **state)
{
    struct job_spec *s;
    struct bed_told *t;

    (void)state;
    needs_bed();
    s = bed_spec(&b, 1, 0, "sleep 50");
    s->request.time_limit_s = 4;
    assert_int_equal(bed_queue(&b, 41, 1, 0), 0);
    bed_wait(&b, 'r', 41);
    assert_int_equal(bed_start(&b, 41, s, true), 0);
    t = bed_wait(&b, 'e', 41);
    assert_int_equal(t->end.state, JOB_TIMEOUT);
    assert_int_equal(t->end.reason, REASON_TIME_LIMIT);
    job_spec_free(s);
}

static void exit_codes(void **state)
{
    struct job_spec *s;
    struct bed_told *t;

    (void)state;
    needs_bed();
    s = bed_submit(&b, 51, 1, 0, "exit 7");
    t = bed_wait(&b, 'e', 51);
    assert_int_equal(t->end.state, JOB_FAILED);
    assert_int_equal(t->end.exit_code, 7);
    job_spec_free(s);
}

static void count_one(const struct engine_slurm_difference *d, void *arg)
{
    (void)d;
    ++*(int *)arg;
}

/* The settlement log is emptied: the sweep finds the run that Slurm still knows. */
static void the_sweep_finds_what_was_not_settled(void **state)
{
    struct job_spec *s;
    char path[600];
    char *text;
    int n = 0;

    (void)state;
    needs_bed();
    s = bed_submit(&b, 61, 1, 0, "sleep 2");
    bed_wait(&b, 'e', 61);
    bed_run_ms(&b, 200);
    assert_int_equal(engine_slurm_sweep(b.e, (struct wall){0}, count_one, &n), 0);
    text = bed_text(&b, "center/settled");
    assert_non_null(strstr(text, "hanoi/hanoi/"));
    free(text);
    (void)snprintf(path, sizeof(path), "%s/center/settled", b.dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(engine_slurm_sweep(b.e, (struct wall){0}, count_one, &n), 1);
    assert_int_equal(n, 1);
    job_spec_free(s);
}

/* A job with our mark that nobody here knows does not run. */
static void a_stray_is_cancelled(void **state)
{
    struct job_spec *s;

    (void)state;
    needs_bed();
    s = bed_submit(&b, 71, 1, 0, "sleep 60");
    bed_wait(&b, 's', 71);
    bed_engine_stop(&b);
    bed_engine_start(&b);
    bed_forget_told(&b);
    assert_int_equal(bed_queue(&b, 72, 8, 0), 0);
    bed_wait(&b, 'r', 72); /* all cores: 71 is gone */
    job_spec_free(s);
}

#define PACE_JOBS 8
#define PACE_RATE 4 /* a second; half of it at once */

/* All fit at once, and are told one after the other; what is dropped makes room. */
static void a_pace(void **state)
{
    struct bed_told *last;
    struct bed_told *first = NULL;
    int64_t took_us;

    (void)state;
    needs_bed();
    bed_engine_stop(&b);
    b.release_rate = PACE_RATE;
    bed_engine_start(&b);
    bed_nodes_up(&b, BED_NODES);
    bed_forget_told(&b);
    for (uint64_t id = 81; id < 81 + PACE_JOBS; id++)
        assert_int_equal(bed_queue(&b, id, 1, 0), 0);
    last = bed_wait(&b, 'r', 81 + PACE_JOBS - 1);
    for (uint64_t id = 81; id < 81 + PACE_JOBS; id++) {
        assert_int_equal(bed_count(&b, 'r', id), 1);
        if (!first || bed_find(&b, 'r', id)->at_us < first->at_us)
            first = bed_find(&b, 'r', id);
    }
    took_us = last->at_us - first->at_us;
    assert_true(took_us
                >= (PACE_JOBS - PACE_RATE / 2) * US_PER_S / PACE_RATE - US_PER_S / 10);
    for (uint64_t id = 81; id < 81 + PACE_JOBS; id++)
        b.e->ops->drop(b.e, id);
    bed_forget_told(&b);
    assert_int_equal(bed_queue(&b, 91, 1, 0), 0);
    bed_wait(&b, 'r', 91);
    b.release_rate = 0;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(found_again_after_our_restart),
        CASE(a_slurmctld_that_comes_back),
        CASE(a_guest),
        CASE(seconds_of_a_limit),
        CASE(exit_codes),
        CASE(the_sweep_finds_what_was_not_settled),
        CASE(a_stray_is_cancelled),
        CASE(a_pace),
    };

    cmocka_set_test_filter(getenv("TEST_FILTER"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
