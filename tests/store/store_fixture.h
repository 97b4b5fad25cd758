/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * store_fixture - a store in a scratch directory, and a loop that is turned until
 *                 what is awaited has happened
 */
#ifndef HOPLUU_TESTS_STORE_STORE_FIXTURE_H
#define HOPLUU_TESTS_STORE_STORE_FIXTURE_H

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/words.h"
#include "store/store.h"
#include "tests/cmocka_all.h"

#define AT(s) ((struct wall){.us = INT64_C(1700000000000000) + (int64_t)(s)*US_PER_S})
#define WAIT_S 30 /* deadline of everything that is awaited */

struct fixture {
    char dir[64];
    struct event_base *base;
    struct store *store;
    uint64_t durable; /* as told */
    unsigned n_durable;
    unsigned n_failed;
    unsigned n_recovered;
    int fail_code;
    struct err err;
};

static inline void on_durable(uint64_t batch, void *arg)
{
    struct fixture *f = arg;

    assert_true(batch > f->durable);
    f->durable = batch;
    f->n_durable++;
    (void)event_base_loopbreak(f->base);
}

static inline void on_failed(int code, const char *text, void *arg)
{
    struct fixture *f = arg;

    assert_true(text[0] != '\0');
    f->n_failed++;
    f->fail_code = code;
    (void)event_base_loopbreak(f->base);
}

static inline void on_recovered(void *arg)
{
    struct fixture *f = arg;

    f->n_recovered++;
    (void)event_base_loopbreak(f->base);
}

static inline int fixture_try_open(struct fixture *f)
{
    static const struct store_callbacks cb = {on_durable, on_failed, on_recovered};

    f->durable = 0;
    return store_open(f->base, f->dir, &cb, f, &f->store, &f->err);
}

static inline void fixture_open(struct fixture *f)
{
    *f = (struct fixture){.dir = "store-test-XXXXXX", .base = event_base_new()};
    assert_non_null(f->base);
    assert_non_null(mkdtemp(f->dir));
    if (fixture_try_open(f) < 0)
        fail_msg("%s", f->err.text);
}

static inline void fixture_reopen(struct fixture *f)
{
    f->store = store_close(f->store);
    if (fixture_try_open(f) < 0)
        fail_msg("%s", f->err.text);
}

static inline void fixture_remove_dir(const char *dir)
{
    static const char *const names[] = {"hopluu.db", "hopluu.db-wal", "hopluu.db-shm",
                                        "hopluu.lock"};
    char path[128];

    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(dir), 0);
}

static inline void fixture_close(struct fixture *f)
{
    f->store = store_close(f->store);
    event_base_free(f->base);
    fixture_remove_dir(f->dir);
}

/* Turn the loop until the counter has reached n. */
static inline void fixture_wait(struct fixture *f, const unsigned *counter, unsigned n)
{
    const struct timeval deadline = {WAIT_S, 0};

    while (*counter < n) {
        (void)event_base_loopexit(f->base, &deadline);
        assert_int_equal(event_base_dispatch(f->base), 0);
        assert_false(event_base_got_exit(f->base));
    }
}

/* Commit, and wait until it is durable. */
static inline void fixture_commit(struct fixture *f)
{
    uint64_t batch;

    assert_int_equal(store_commit(f->store, &batch), 0);
    while (f->durable < batch)
        fixture_wait(f, &f->n_durable, f->n_durable + 1);
    assert_true(store_durable(f->store) >= batch);
}

static inline struct holding a_holding(uint64_t id)
{
    static const char *const users[] = {"an", "binh", "chi"};
    struct holding h = {
        .id = id,
        .hold = HOLD_WAITING,
        .state = JOB_PENDING,
        .uid = 1000 + (uint32_t)(id % 3),
        .client_token = UINT64_C(0x7edcba9876543210) + id,
        .epoch = (uint32_t)(id % 7),
        .submitted = AT(id),
        .request = {.n_tasks = 4, .cpus_per_task = 2, .time_limit_s = 3600},
    };

    (void)word_copy(h.user, sizeof(h.user), users[id % 3]);
    (void)snprintf(h.person, sizeof(h.person), "%s@ioit", users[id % 3]);
    (void)word_copy(h.institution, sizeof(h.institution), id % 2 ? "ioit" : "vast");
    (void)word_copy(h.project, sizeof(h.project), id % 2 ? "ioit.climate" : "vast.sea");
    (void)snprintf(h.name, sizeof(h.name), "mưa lũ %u", (unsigned)(id % 5));
    return h;
}

static inline struct copy a_copy(uint64_t id)
{
    struct copy c = {
        .id = id,
        .copy = COPY_QUEUED,
        .holder = 2,
        .epoch = 5,
        .queued = AT(id),
        .hold_milli = 77,
        .request = {.n_tasks = 1, .cpus_per_task = 1}
    };

    (void)word_copy(c.institution, sizeof(c.institution), "ioit");
    (void)word_copy(c.project, sizeof(c.project), "ioit.climate");
    return c;
}

#endif
