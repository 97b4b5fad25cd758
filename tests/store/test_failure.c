/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * test_failure - a disk that takes nothing more, a queue that is full, a program that
 *                is killed
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "tests/store/store_fixture.h"

#define FIRST UINT64_C(3000000001)

/* No file of ours may grow beyond this: writes fail as on a full disk. */
static void limit_files(rlim_t bytes)
{
    struct rlimit now;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &now), 0);
    now.rlim_cur = bytes == RLIM_INFINITY ? now.rlim_max : bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
}

static uint64_t put_some(struct fixture *f, uint64_t from, uint64_t n)
{
    uint64_t batch = 0;

    for (uint64_t i = from; i < from + n; i++) {
        struct holding h = a_holding(FIRST + i);

        assert_int_equal(store_put_holding(f->store, &h, "x", AT(i)), 0);
    }
    assert_int_equal(store_commit(f->store, &batch), 0);
    return batch;
}

static int count(const struct holding *h, void *arg)
{
    (void)h;
    (*(unsigned *)arg)++;
    return 0;
}

static unsigned stored(struct fixture *f)
{
    unsigned n = 0;

    assert_int_equal(store_each_open_holding(f->store, count, &n, &f->err), 0);
    return n;
}

static void a_full_disk_keeps_the_batches(void **state)
{
    struct fixture f;
    uint64_t batch;

    (void)state;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    fixture_open(&f);
    put_some(&f, 0, 20);
    fixture_commit(&f);
    for (unsigned round = 1; round <= 2; round++) {
        uint64_t durable = f.durable;
        const unsigned before = stored(&f);

        limit_files(200000);
        put_some(&f, before, 500);
        batch = put_some(&f, before + 500, 5);
        fixture_wait(&f, &f.n_failed, round);
        assert_true(f.fail_code == -ENOSPC || f.fail_code == -EIO);
        assert_true(store_failing(f.store));
        assert_int_equal(f.durable, durable);
        assert_int_equal(stored(&f), before); /* nothing of it is there */
        limit_files(RLIM_INFINITY);
        if (round == 2)
            store_retry(f.store); /* the first time it comes by itself */
        fixture_wait(&f, &f.n_recovered, round);
        while (f.durable < batch)
            fixture_wait(&f, &f.n_durable, f.n_durable + 1);
        assert_false(store_failing(f.store));
        assert_int_equal(f.n_failed, round);
        assert_int_equal(stored(&f), before + 505);
        /* Let the log be folded in, so that the next round meets the limit again. */
        fixture_reopen(&f);
    }
    fixture_close(&f);
}

static void what_was_durable_survives_a_close_that_fails(void **state)
{
    struct fixture f;

    (void)state;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    fixture_open(&f);
    put_some(&f, 0, 20);
    fixture_commit(&f);
    limit_files(200000);
    put_some(&f, 20, 500);
    f.store = store_close(f.store);
    limit_files(RLIM_INFINITY);
    assert_int_equal(fixture_try_open(&f), 0);
    assert_int_equal(stored(&f), 20);
    fixture_close(&f);
}

static void a_full_queue_says_try_later(void **state)
{
    const size_t len = 4u << 20;
    char *text = calloc(1, len);
    struct fixture f;
    unsigned n = 0;
    int r;

    (void)state;
    assert_non_null(text);
    fixture_open(&f);
    while ((r = store_put_spec(f.store, FIRST + n % 4, text, len)) == 0)
        n++;
    assert_int_equal(r, -EAGAIN);
    assert_int_equal(n, STORE_BATCH_BYTES / len - 1); /* each has a header, too */
    fixture_commit(&f);
    assert_int_equal(store_put_spec(f.store, FIRST, text, len), 0);
    free(text);
    fixture_close(&f);
}

/* --- killed at any moment
 * ------------------------------------------------------------- */

#define KILLS 32
#define BATCHES 60

static uint64_t rng;

static uint64_t draw(uint64_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng % n;
}

/* What batch n puts: its rows are all there or none. */
static void put_batch(struct fixture *f, uint64_t n)
{
    uint64_t batch;

    for (uint64_t i = 0; i < 1 + n % 17; i++) {
        struct holding h = a_holding(FIRST + n * 100 + i);

        assert_int_equal(store_put_holding(f->store, &h, "x", AT(n)), 0);
        if (i == 0)
            assert_int_equal(store_put_spec(f->store, h.id, "{}", 2), 0);
    }
    struct posting p = {.kind = POST_GRANT,
                        .at = AT(n),
                        .from = "budget:p",
                        .to = "avail:p@hanoi",
                        .milli = (int64_t)n};

    assert_int_equal(store_put_postings(f->store, &p, 1), 0);
    assert_int_equal(store_put_fact(f->store, "batch", n), 0);
    assert_int_equal(store_commit(f->store, &batch), 0);
}

static int report;
static uint64_t first_batch; /* number of the first one in this life, less one */

static void report_durable(uint64_t batch, void *arg)
{
    uint64_t n = first_batch + batch;

    (void)arg;
    if (write(report, &n, sizeof(n)) != sizeof(n))
        _exit(3);
}

/* The child: batches until it is killed, or done. */
static void child(struct fixture *f, int fd, uint64_t from, uint64_t pause)
{
    static const struct store_callbacks cb = {.durable = report_durable};

    report = fd;
    first_batch = from;
    f->base = event_base_new();
    if (!f->base || store_open(f->base, f->dir, &cb, f, &f->store, &f->err) < 0)
        _exit(2);
    for (uint64_t n = from + 1; n <= from + BATCHES; n++) {
        put_batch(f, n);
        if (n % (pause + 1) == 0)
            (void)event_base_loop(f->base, EVLOOP_NONBLOCK);
    }
    for (;;) /* until killed */
        (void)event_base_loop(f->base, EVLOOP_ONCE);
}

static int check_line(const struct posting *p, void *arg)
{
    uint64_t *n = arg;

    assert_int_equal(p->milli, ++*n); /* each batch once, in order */
    return 0;
}

/* Everything up to some batch ≥ reported is there whole, nothing after it. */
static uint64_t check_after_kill(struct fixture *f, uint64_t reported)
{
    uint64_t last = 0, lines = 0;
    struct holding h;

    assert_int_equal(fixture_try_open(f), 0);
    (void)store_get_fact(f->store, "batch", &last);
    assert_true(last >= reported);
    if (store_replay(f->store, check_line, NULL, &lines, &f->err) != 0)
        fail_msg("%s", f->err.text);
    assert_int_equal(lines, last);
    for (uint64_t n = 1; n <= last + 1; n++)
        for (uint64_t i = 0; i < 1 + n % 17; i++)
            assert_int_equal(store_get_holding(f->store, FIRST + n * 100 + i, &h),
                             n <= last ? 0 : -ENOENT);
    f->store = store_close(f->store);
    return last;
}

static void killed_at_any_moment(void **state)
{
    const char *seed = getenv("HOPLUU_SEED");
    struct fixture f;
    uint64_t last = 0;
    unsigned lives = 0;

    (void)state;
    rng = seed ? strtoull(seed, NULL, 10) | 1 : 20261123;
    print_message("# seed %llu\n", (unsigned long long)rng);
    fixture_open(&f);
    f.store = store_close(f.store);
    for (; lives < KILLS; lives++) {
        const uint64_t enough = 1 + draw(12), spin = draw(200000), pause = draw(5);
        uint64_t n = 0, reported = last;
        int fds[2];
        pid_t pid;

        if (last > 150) { /* a young file again: checking stays quick */
            fixture_remove_dir(f.dir);
            last = reported = 0;
        }
        assert_int_equal(pipe(fds), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            (void)close(fds[0]);
            child(&f, fds[1], last, pause);
        }
        (void)close(fds[1]);
        for (uint64_t i = 0; i < enough && reported < last + BATCHES; i++) {
            if (read(fds[0], &n, sizeof(n)) != sizeof(n))
                fail_msg("the child ended by itself");
            reported = n;
        }
        for (volatile uint64_t i = 0; i < spin; i++)
            ; /* somewhere between two reports */
        assert_int_equal(kill(pid, SIGKILL), 0);
        while (read(fds[0], &n, sizeof(n)) == sizeof(n))
            reported = n; /* was on its way */
        (void)close(fds[0]);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        last = check_after_kill(&f, reported);
    }
    assert_int_equal(fixture_try_open(&f), 0);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_any_moment),
        cmocka_unit_test(a_full_disk_keeps_the_batches),
        cmocka_unit_test(what_was_durable_survives_a_close_that_fails),
        cmocka_unit_test(a_full_queue_says_try_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
