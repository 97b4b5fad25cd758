/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_local - the local engine with real node daemons: what null cannot show */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/words.h"
#include "tests/engine/bed.h"
#include "wire/digest.h"

#include "tests/cmocka_all.h"

static struct bed b;

static int setup(void **state)
{
    (void)state;
    return bed_open(&b, BED_LOCAL);
}

static int teardown(void **state)
{
    (void)state;
    bed_close(&b);
    return 0;
}

/* What a job writes comes a moment after its start: up to 20 s. */
static void has(const char *file, const char *what)
{
    char *text = bed_text(&b, file);

    for (int i = 0; i < 400 && !strstr(text, what); i++) {
        free(text);
        bed_run_ms(&b, 50);
        text = bed_text(&b, file);
    }
    if (!strstr(text, what))
        fail_msg("%s has no \"%s\":\n%s", file, what, text);
    free(text);
}

static void a_script_at_home(void **state)
{
    struct job_spec *s =
        bed_spec(&b, 6, 2, "env; pwd; id -un; echo oops >&2; touch $TMPDIR/x; exit 3");
    struct bed_told *t;
    char line[512];

    (void)state;
    s->std_out = strdup("out-%j.%x");
    assert_int_equal(words_add(&s->args, "one two"), 0);
    assert_int_equal(bed_queue(&b, 1000000007, 6, 2), 0);
    bed_wait(&b, 'r', 1000000007);
    assert_int_equal(bed_start(&b, 1000000007, s, true), 0);
    t = bed_wait(&b, 'e', 1000000007);
    assert_int_equal(t->end.state, JOB_FAILED);
    assert_int_equal(t->end.reason, REASON_NON_ZERO_EXIT);
    assert_int_equal(t->end.exit_code, 3);
    assert_string_equal(t->nodes, "n[1-2]");
    assert_string_equal(t->output_dir, "");
    has("work/out-1000000007.test", "SLURM_JOB_ID=1000000007\n");
    has("work/out-1000000007.test", "SLURM_JOB_NODELIST=n[1-2]\n");
    has("work/out-1000000007.test", "SLURM_NTASKS=6\n");
    has("work/out-1000000007.test", "SLURM_NNODES=2\n");
    has("work/out-1000000007.test", "SLURM_CLUSTER_NAME=hanoi\n");
    has("work/out-1000000007.test", "SLURM_JOB_PARTITION=main\n");
    has("work/out-1000000007.test", "SLURM_JOB_ACCOUNT=ioit.climate\n");
    has("work/out-1000000007.test", "MINE=yes\n");
    has("work/out-1000000007.test", "oops\n");
    (void)snprintf(line, sizeof(line), "\n%s\n", b.account);
    has("work/out-1000000007.test", line);
    (void)snprintf(line, sizeof(line), "\n%s/work\n", b.dir);
    has("work/out-1000000007.test", line);
    b.e->ops->forget(b.e, 1000000007);
    bed_wait_gone(&b, "n1/jobs/1000000007.1");
    bed_wait_gone(&b, "n2/jobs/1000000007.1");
    job_spec_free(s);
}

static void gpus_are_given_out_once(void **state)
{
    struct job_spec *s = bed_spec(&b, 1, 1, "env; sleep 30");
    struct engine_job j = {.own = true, .queued = now_read().wall};

    (void)state;
    s->std_out = strdup("gpu-%j");
    j.request = (struct request){.n_tasks = 1,
                                 .cpus_per_task = 1,
                                 .gpus_per_node = 1,
                                 .gpu_type = "a100",
                                 .time_limit_s = 60};
    s->request = j.request;
    (void)word_copy(j.institution, NAME_CAP, "ioit");
    (void)word_copy(j.project, NAME_CAP, "ioit.climate");
    for (j.id = 1; j.id <= 5; j.id++)
        assert_int_equal(b.e->ops->queue(b.e, &j, NULL), 0);
    for (uint64_t id = 1; id <= BED_NODES * BED_GPUS; id++) {
        bed_wait(&b, 'r', id);
        assert_int_equal(bed_start(&b, id, s, true), 0);
        bed_wait(&b, 's', id);
    }
    bed_run_ms(&b, 300);
    assert_null(bed_find(&b, 'r', 5)); /* every GPU is taken, cores are not */
    has("work/gpu-1", "CUDA_VISIBLE_DEVICES=0\n");
    has("work/gpu-1", "SLURM_JOB_GPUS=0\n");
    has("work/gpu-2", "CUDA_VISIBLE_DEVICES=1\n");
    has("work/gpu-2", "SLURM_GPUS_ON_NODE=1\n");
    b.e->ops->cancel(b.e, 2, 0);
    assert_true(bed_wait(&b, 'e', 2)->end.usage.gpu_s >= 1);
    bed_wait(&b, 'r', 5);
    assert_int_equal(bed_start(&b, 5, s, true), 0);
    bed_wait(&b, 's', 5);
    bed_run_ms(&b, 300);
    has("work/gpu-5", "CUDA_VISIBLE_DEVICES=1\n");
    job_spec_free(s);
}

static void input(struct job_spec *s, const char *name, const char *text, size_t n)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/inputs/%s", b.dir, name);
    assert_int_equal(path_write(path, text, n, 0644, NULL), 0);
    s->inputs = reallocarray(s->inputs, s->n_inputs + 1, sizeof(*s->inputs));
    s->inputs[s->n_inputs] =
        (struct job_file){.name = strdup(name), .bytes = n, .mode = 0644};
    assert_int_equal(digest_bytes(text, n, s->inputs[s->n_inputs++].sha256), 0);
}

static void make_inputs(void)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/inputs/sub", b.dir);
    assert_int_equal(path_make_dirs(path, 0755, NULL), 0);
}

static void a_guest_and_its_files(void **state)
{
    const size_t n = 700000; /* three pieces */
    char *big = malloc(n);
    struct job_spec *s = bed_spec(&b, 1, 0,
                                  "cat a.txt; cp sub/big.bin res.bin; echo e >&2; "
                                  "head -c 1200000 /dev/zero >huge; : >empty");
    struct bed_told *t;
    char path[700];
    char hex[DIGEST_CAP];

    (void)state;
    for (size_t i = 0; i < n; i++)
        big[i] = (char)(i * 31 + i / 977);
    make_inputs();
    input(s, "a.txt", "hello\n", 6);
    input(s, "sub/big.bin", big, n);
    s->std_err = strdup("other");
    assert_int_equal(words_add(&s->outputs, "res.*"), 0);
    assert_int_equal(words_add(&s->outputs, "huge"), 0);
    assert_int_equal(words_add(&s->outputs, "empty"), 0);
    assert_int_equal(bed_queue(&b, 11, 1, 0), 0);
    bed_wait(&b, 'r', 11);
    assert_int_equal(bed_start(&b, 11, s, false), 0);
    t = bed_wait(&b, 'e', 11);
    assert_int_equal(t->end.state, JOB_COMPLETED);
    assert_string_not_equal(t->output_dir, "");
    (void)snprintf(path, sizeof(path), "%s/stdout", t->output_dir);
    has(path, "hello\n");
    (void)snprintf(path, sizeof(path), "%s/stderr", t->output_dir);
    has(path, "e\n");
    (void)snprintf(path, sizeof(path), "%s/files/res.bin", t->output_dir);
    assert_int_equal(digest_file(path, hex, NULL, NULL), 0);
    assert_string_equal(hex, s->inputs[1].sha256);
    (void)snprintf(path, sizeof(path), "%s/files/empty", t->output_dir);
    assert_int_equal(access(path, F_OK), 0);
    (void)snprintf(path, sizeof(path), "%s/manifest.json", t->output_dir);
    has(path, "files/res.bin");
    assert_non_null(strstr(t->note, "huge: 1200000 bytes, more than the 1048576"));
    (void)snprintf(path, sizeof(path), "%s", t->output_dir);
    b.e->ops->forget(b.e, 11);
    assert_int_equal(access(path, F_OK), -1);
    free(big);
    job_spec_free(s);
}

static void a_wrong_input_is_refused(void **state)
{
    struct job_spec *s = bed_spec(&b, 1, 0, "cat a.txt");
    struct bed_told *t;

    (void)state;
    make_inputs();
    input(s, "a.txt", "hello\n", 6);
    s->inputs[0].sha256[0] = s->inputs[0].sha256[0] == '0' ? '1' : '0';
    assert_int_equal(bed_queue(&b, 12, 1, 0), 0);
    bed_wait(&b, 'r', 12);
    assert_int_equal(bed_start(&b, 12, s, false), 0);
    t = bed_wait(&b, 'e', 12);
    assert_int_equal(t->end.state, JOB_BOOT_FAIL);
    assert_non_null(strstr(t->note, "a.txt did not arrive as it was sent"));
    assert_int_equal(t->end.usage.core_s, 0);
    job_spec_free(s);
}

static void accounts_that_are_refused(void **state)
{
    static const char *const names[] = {"root", "nobody-has-this", "daemon", "../x"};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct job_spec *s = bed_spec(&b, 1, 0, "touch was-here");
        struct bed_told *t;

        (void)word_copy(b.account, sizeof(b.account), names[i]);
        assert_int_equal(bed_queue(&b, 20 + i, 1, 0), 0);
        bed_wait(&b, 'r', 20 + i);
        assert_int_equal(bed_start(&b, 20 + i, s, true), 0);
        t = bed_wait(&b, 'e', 20 + i);
        assert_int_equal(t->end.state, JOB_BOOT_FAIL);
        assert_int_equal(t->end.reason, REASON_LAUNCH_FAILED);
        assert_non_null(strstr(t->note, names[i]));
        assert_int_equal(bed_count(&b, 's', 20 + i), 0);
        job_spec_free(s);
    }
}

static struct engine_start adoption(uint64_t id, const struct job_spec *s)
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

static void the_center_comes_back(void **state)
{
    struct job_spec *s =
        bed_submit(&b, 30, 4, 2, "while [ ! -f go ]; do sleep 0.02; done; exit 4");
    struct job_spec *s2 = bed_submit(&b, 31, 1, 1, "exit 0");
    struct engine_start again = adoption(30, s);
    struct engine_start again2 = adoption(31, s2);
    struct request whole = {.n_tasks = 8, .cpus_per_task = 1, .time_limit_s = 60};
    struct wall started;
    char path[512];

    (void)state;
    started = bed_wait(&b, 's', 30)->end.started;
    bed_wait(&b, 'e', 31); /* not forgotten */
    bed_engine_stop(&b);
    bed_forget_told(&b);
    bed_engine_start(&b);
    assert_int_equal(b.e->ops->fits(b.e, &whole, NULL), 0); /* sizes are remembered */
    b.e->ops->adopt(b.e, &again, started);
    b.e->ops->adopt(b.e, &again2, started);
    bed_nodes_up(&b, 2);
    assert_int_equal(bed_wait(&b, 'e', 31)->end.state, JOB_COMPLETED);
    assert_int_equal(bed_queue(&b, 32, 8, 0), 0);
    bed_run_ms(&b, 100);
    assert_null(bed_find(&b, 'r', 32)); /* 30 holds its cores again */
    (void)snprintf(path, sizeof(path), "%s/work/go", b.dir);
    assert_int_equal(path_write(path, "", 0, 0644, NULL), 0);
    assert_int_equal(bed_wait(&b, 'e', 30)->end.exit_code, 4);
    assert_string_equal(bed_find(&b, 'e', 30)->nodes, "n[1-2]");
    bed_wait(&b, 'r', 32);
    assert_int_equal(bed_count(&b, 'e', 30), 1);
    job_spec_free(s);
    job_spec_free(s2);
}

/* A row of 4x2 ranks per node would cut four pairs, a square of 2x2 cuts two. */
static void ranks_lie_where_their_traffic_is_cheap(void **state)
{
    struct job_spec *s =
        bed_spec(&b, 8, 2, "cp \"$OMPI_MCA_orte_default_hostfile\" hosts");
    struct bed_told *t;
    char *hosts;

    (void)state;
    (void)snprintf(s->request.comm, sizeof(s->request.comm), "stencil2d:4x2");
    assert_int_equal(bed_queue(&b, 33, 8, 2), 0);
    bed_wait(&b, 'r', 33);
    assert_int_equal(bed_start(&b, 33, s, true), 0);
    t = bed_wait(&b, 's', 33);
    assert_int_equal(t->rank_map.source, RANK_MAP_NAMED);
    assert_string_equal(t->rank_map.method, "all maps tried");
    assert_true(t->rank_map.cost < t->rank_map.usual_cost);
    assert_int_equal(t->rank_map.usual_link, 2 * t->rank_map.link);
    assert_non_null(strstr(t->rank_map.why, "the most loaded link by 50.0 %"));
    t = bed_wait(&b, 'e', 33);
    assert_string_equal(t->rank_map.method, "all maps tried");
    assert_int_equal(t->end.state, JOB_COMPLETED);
    hosts = bed_text(&b, "work/hosts");
    assert_int_equal(strlen(hosts), 8 * 3); /* line i: the node of rank i */
    for (int i = 0; i < 8; i++)
        assert_int_equal(hosts[3 * i + 1] == hosts[1], i % 4 < 2);
    free(hosts);
    b.e->ops->forget(b.e, 33);
    job_spec_free(s);
}

/* A pattern that does not fit the job: it runs, in node order, and says so. */
static void a_pattern_that_cannot_be(void **state)
{
    struct job_spec *s = bed_spec(&b, 8, 2, "exit 0");
    struct bed_told *t;

    (void)state;
    (void)snprintf(s->request.comm, sizeof(s->request.comm), "stencil2d:3x3");
    assert_int_equal(bed_queue(&b, 34, 8, 2), 0);
    bed_wait(&b, 'r', 34);
    assert_int_equal(bed_start(&b, 34, s, true), 0);
    t = bed_wait(&b, 'e', 34);
    assert_int_equal(t->end.state, JOB_COMPLETED);
    assert_string_equal(t->rank_map.method, "default");
    assert_non_null(strstr(t->note, "ranks are in node order"));
    b.e->ops->forget(b.e, 34);
    job_spec_free(s);
}

/* The center died between its order to start and the answer. */
static void a_start_of_an_earlier_life(void **state)
{
    struct job_spec *s = bed_submit(
        &b, 35, 4, 2, "echo x >>runs; while [ ! -f go ]; do sleep 0.02; done");
    struct job_spec *never = bed_spec(&b, 1, 1, "echo x >>never");
    struct engine_start again = adoption(35, s);
    struct engine_start lost = adoption(36, never);
    struct engine_start gone = adoption(37, never);
    char old[512];
    char path[512];
    char *text;

    (void)state;
    bed_wait(&b, 's', 35);
    bed_engine_stop(&b);
    bed_forget_told(&b);
    bed_engine_start(&b);
    (void)snprintf(old, sizeof(old), "%s/center/38.1/files", b.dir);
    assert_int_equal(path_make_dirs(old, 0700, NULL), 0);
    b.e->ops->adopt(b.e, &again, (struct wall){0});
    b.e->ops->adopt(b.e, &lost, (struct wall){0});
    b.e->ops->adopt(b.e, &gone, (struct wall){1});
    assert_int_equal(b.e->ops->start(b.e, &again, NULL), 0); /* said again: once */
    assert_int_equal(b.e->ops->start(b.e, &lost, NULL), 0);
    bed_nodes_up(&b, 2);
    /* Its node kept what was said of its ranks. */
    assert_string_equal(bed_wait(&b, 's', 35)->rank_map.method, "default");
    bed_wait(&b, 'i', 36); /* no node has it: another may be permitted to run it */
    assert_int_equal(bed_wait(&b, 'e', 37)->end.state, JOB_NODE_FAIL); /* it ran once */
    assert_int_equal(bed_queue(&b, 36, 1, 0), 0);
    bed_wait(&b, 'r', 36); /* nothing of it is left in the engine */
    b.e->ops->drop(b.e, 36);
    (void)snprintf(path, sizeof(path), "%s/work/go", b.dir);
    assert_int_equal(path_write(path, "", 0, 0644, NULL), 0);
    assert_int_equal(bed_wait(&b, 'e', 35)->end.state, JOB_COMPLETED);
    assert_int_equal(access(old, F_OK), -1); /* outputs that nobody waits for */
    text = bed_text(&b, "work/runs");
    assert_string_equal(text, "x\n");
    free(text);
    assert_null(bed_find(&b, 'e', 36));
    job_spec_free(s);
    job_spec_free(never);
}

static void a_node_daemon_dies_and_comes_back(void **state)
{
    struct job_spec *s =
        bed_submit(&b, 40, 8, 2, "while [ ! -f go ]; do sleep 0.02; done; exit 6");
    struct bed_told *t;
    char path[512];

    (void)state;
    bed_wait(&b, 's', 40);
    bed_noded_kill(&b, 0, SIGKILL);
    bed_noded_kill(&b, 1, SIGKILL);
    bed_nodes_up(&b, 0);
    bed_noded_start(&b, 0);
    bed_nodes_up(&b, 1);
    (void)snprintf(path, sizeof(path), "%s/work/go", b.dir);
    bed_noded_kill(&b, 0, SIGKILL);
    assert_int_equal(path_write(path, "", 0, 0644, NULL), 0); /* ends while away */
    bed_run_ms(&b, 300);
    assert_null(bed_find(&b, 'e', 40));
    bed_noded_start(&b, 0);
    bed_noded_start(&b, 1);
    t = bed_wait(&b, 'e', 40);
    assert_int_equal(t->end.state, JOB_FAILED);
    assert_int_equal(t->end.exit_code, 6);
    bed_run_ms(&b, 200);
    assert_int_equal(bed_count(&b, 's', 40), 1);
    assert_int_equal(bed_count(&b, 'e', 40), 1);
    job_spec_free(s);
}

static void a_node_that_stays_away(void **state)
{
    struct job_spec *s = bed_submit(&b, 45, 1, 1, "echo $$ >pid; sleep 60");

    (void)state;
    bed_wait(&b, 's', 45);
    bed_noded_kill(&b, 0, SIGKILL);
    bed_noded_kill(&b, 1, SIGKILL);
    assert_int_equal(bed_wait(&b, 'e', 45)->end.state, JOB_NODE_FAIL); /* after 2 s */
    b.e->ops->forget(b.e, 45);
    bed_noded_start(&b, 0);
    bed_noded_start(&b, 1);
    bed_nodes_up(&b, 2);
    /* What nobody knows any more is ended, and the nodes are free. */
    bed_wait_gone(&b, "n1/jobs/45.1");
    bed_wait_gone(&b, "n2/jobs/45.1");
    job_spec_free(s);
}

static void mpi_spans_the_nodes(void **state)
{
    struct job_spec *s;
    char *text;

    (void)state;
    if (system("mpirun --version >/dev/null 2>&1") != 0)
        skip();
    s = bed_submit(&b, 50, 6, 2,
                   "mpirun sh -c 'echo rank $OMPI_COMM_WORLD_RANK at $HOPLUU_NODE'");
    assert_int_equal(bed_wait(&b, 'e', 50)->end.state, JOB_COMPLETED);
    text = bed_text(&b, "work/slurm-50.out");
    for (int r = 0; r < 6; r++) {
        char a[64];
        char c[64];

        (void)snprintf(a, sizeof(a), "rank %d at n1\n", r);
        (void)snprintf(c, sizeof(c), "rank %d at n2\n", r);
        if (!strstr(text, a) && !strstr(text, c))
            fail_msg("rank %d is missing:\n%s", r, text);
    }
    if (!strstr(text, "at n1\n") || !strstr(text, "at n2\n"))
        fail_msg("one node only:\n%s", text);
    free(text);
    job_spec_free(s);
}

/* The other node's daemon dies while ranks run below it. */
static void mpi_outlives_a_daemon(void **state)
{
    struct job_spec *s;

    (void)state;
    if (system("mpirun --version >/dev/null 2>&1") != 0)
        skip();
    s = bed_submit(&b, 51, 8, 2,
                   "mpirun sh -c ': >up.$OMPI_COMM_WORLD_RANK; "
                   "while [ ! -f go ]; do sleep 0.05; done; echo done'");
    for (int i = 0; i < 8; i++) {
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/work/up.%d", b.dir, i);
        for (int k = 0; access(path, F_OK) < 0; k++) {
            assert_true(k < 1000);
            bed_run_ms(&b, 20);
        }
    }
    bed_noded_kill(&b, 1, SIGKILL);
    bed_run_ms(&b, 200);
    bed_noded_start(&b, 1);
    bed_nodes_up(&b, 2);
    bed_run_ms(&b, 500);
    {
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/work/go", b.dir);
        assert_int_equal(path_write(path, "", 0, 0644, NULL), 0);
    }
    assert_int_equal(bed_wait(&b, 'e', 51)->end.state, JOB_COMPLETED);
    job_spec_free(s);
}

static void cancelled_mpi_leaves_nothing(void **state)
{
    struct job_spec *s;
    char path[512];

    (void)state;
    if (system("mpirun --version >/dev/null 2>&1") != 0)
        skip();
    s = bed_submit(&b, 52, 8, 2,
                   "mpirun sh -c ': >up.$OMPI_COMM_WORLD_RANK; sleep 61.25'");
    (void)snprintf(path, sizeof(path), "%s/work/up.7", b.dir);
    for (int k = 0; access(path, F_OK) < 0; k++) {
        assert_true(k < 1000);
        bed_run_ms(&b, 20);
    }
    b.e->ops->cancel(b.e, 52, 0);
    assert_int_equal(bed_wait(&b, 'e', 52)->end.state, JOB_CANCELLED);
    assert_int_not_equal(system("pgrep -f '^sleep 61.25' >/dev/null"), 0);
    job_spec_free(s);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(gpus_are_given_out_once),
        CASE(a_script_at_home),
        CASE(a_guest_and_its_files),
        CASE(a_wrong_input_is_refused),
        CASE(accounts_that_are_refused),
        CASE(the_center_comes_back),
        CASE(a_node_daemon_dies_and_comes_back),
        CASE(ranks_lie_where_their_traffic_is_cheap),
        CASE(a_pattern_that_cannot_be),
        CASE(a_start_of_an_earlier_life),
        CASE(a_node_that_stays_away),
        CASE(mpi_spans_the_nodes),
        CASE(mpi_outlives_a_daemon),
        CASE(cancelled_mpi_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
