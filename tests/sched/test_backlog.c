/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_backlog - orders and scans against plain loops; the map of ids */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "sched/backlog.h"
#include "sched/idmap.h"
#include "tests/cmocka_all.h"
#include "tests/sched/dice.h"

#define SLOTS 200
#define SHAPES 9

struct plain {
    bool waits;
    struct backlog_entry e;
};

struct rule {
    uint32_t free;
    uint32_t extra;
};

static enum fit fit(void *arg, struct shape *s)
{
    const struct rule *r = arg;

    if (s->cores > r->free)
        return FIT_NOT;
    return s->cores <= r->extra ? FIT_ANY : FIT_SHORT;
}

/* The scan as a loop over everything, in order. */
static uint32_t slow_next(const struct plain *v,
                          const struct order_key *after,
                          uint32_t most_s,
                          struct rule *r)
{
    uint32_t best = 0;

    for (uint32_t x = 1; x < SLOTS; x++) {
        enum fit f;

        if (!v[x].waits || (after && !order_before(after, &v[x].e.scan)))
            continue;
        f = fit(r, v[x].e.shape);
        if (f == FIT_NOT || (f == FIT_SHORT && v[x].e.pred_s > most_s))
            continue;
        if (!best || order_before(&v[x].e.scan, &v[best].e.scan))
            best = x;
    }
    return best;
}

static uint32_t slow_head(const struct plain *v, const uint32_t *room)
{
    uint32_t best = 0;

    for (uint32_t x = 1; x < SLOTS; x++)
        if (v[x].waits && (!room || v[x].e.shape->cores <= room[v[x].e.shape->group])
            && (!best || order_before(&v[x].e.queue, &v[best].e.queue)))
            best = x;
    return best;
}

/* One scan, both ways, with the room shrinking as jobs start. */
static void scan_both(struct backlog *b, struct plain *v, struct dice *d)
{
    struct rule r = {dice_roll(d, 0, 12), dice_roll(d, 0, 12)};
    uint32_t most_s = dice_roll(d, 0, 60);
    struct order_key last;
    bool any = false;
    uint32_t x;

    backlog_scan_begin(b, r.free, most_s, fit, &r);
    while ((x = backlog_scan_next(b, most_s, fit, &r))) {
        uint32_t cores = v[x].e.shape->cores;

        assert_int_equal(x, slow_next(v, any ? &last : NULL, most_s, &r));
        last = v[x].e.scan;
        any = true;
        if (v[x].e.pred_s > most_s)
            r.extra -= cores;
        r.free -= cores;
        backlog_remove(b, x);
        v[x].waits = false;
    }
    assert_int_equal(slow_next(v, any ? &last : NULL, most_s, &r), 0);
}

static void scans_as_a_loop_would(void **state)
{
    struct dice d = {3};
    struct backlog_pools pools = {0};
    struct plain v[SLOTS] = {0};
    struct shape shapes[SHAPES];
    struct backlog b;
    uint64_t seq = 0;

    (void)state;
    backlog_init(&b, &pools);
    assert_int_equal(backlog_pools_grow(&pools, SLOTS), 0);
    for (uint32_t i = 0; i < SHAPES; i++)
        shapes[i] = (struct shape){.cores = i + 1, .group = i % 3};
    for (int step = 0; step < 20000; step++) {
        uint32_t x = dice_roll(&d, 1, SLOTS - 1);
        uint32_t room[3] = {dice_roll(&d, 0, 9), dice_roll(&d, 0, 9), 9};

        if (v[x].waits) {
            if (dice_roll(&d, 0, 3) == 0) {
                backlog_remove(&b, x);
                v[x].waits = false;
            }
        } else {
            struct backlog_entry e = {.shape = &shapes[dice_roll(&d, 0, SHAPES - 1)],
                                      .slot = x,
                                      .pred_s = dice_roll(&d, 1, 80)};

            seq++;
            e.queue = (struct order_key){dice_roll(&d, 0, 1), seq};
            e.scan = (struct order_key){step % 2 ? e.pred_s : 0, seq};
            assert_int_equal(backlog_add(&b, &e), 0);
            v[x] = (struct plain){true, e};
        }
        if (step % 50 == 0)
            scan_both(&b, v, &d);
        if (step % 20 == 0) {
            uint32_t n = 0;

            assert_true(backlog_check(&b));
            assert_int_equal(backlog_head(&b, NULL), slow_head(v, NULL));
            if (b.n_groups == 3)
                assert_int_equal(backlog_head(&b, room), slow_head(v, room));
            for (uint32_t y = backlog_head(&b, NULL); y; y = backlog_next(&b, y))
                assert_int_equal(backlog_rank(&b, y), n++);
            assert_int_equal(n, b.n);
        }
    }
    backlog_release(&b);
    backlog_pools_release(&pools);
}

static void ids_come_and_go(void **state)
{
    struct dice d = {5};
    struct idmap m = {0};
    uint32_t there[1000] = {0};

    (void)state;
    for (int step = 0; step < 200000; step++) {
        uint32_t k = dice_roll(&d, 0, 999);
        uint64_t id = UINT64_C(3000000000) + k;

        assert_int_equal(idmap_find(&m, id), there[k]);
        if (there[k]) {
            idmap_remove(&m, id);
            there[k] = 0;
        } else {
            there[k] = dice_roll(&d, 1, 1000000);
            assert_int_equal(idmap_add(&m, id, there[k]), 0);
            assert_int_equal(idmap_add(&m, id, 1), -EEXIST);
        }
    }
    idmap_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scans_as_a_loop_would),
        cmocka_unit_test(ids_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
