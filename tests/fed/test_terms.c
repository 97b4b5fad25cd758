/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_terms - what speaks for and against a center beside the wait: inputs, debts */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "fed/fed.h"
#include "tests/cmocka_all.h"

#define PEER 2
#define MIB (UINT64_C(1) << 20)

struct lab {
    struct site *site;
    struct book *book;
    struct postings log;
    struct fed *fed;
    struct now now;
    int64_t own_wait_s;
    struct fed_effects fx;
};

static int fits(void *arg, const struct request *r, struct err *err)
{
    (void)arg;
    (void)r;
    (void)err;
    return 0;
}

static int64_t estimate(void *arg, const struct request *r)
{
    (void)r;
    return ((struct lab *)arg)->own_wait_s;
}

static struct site *two_centers(void)
{
    struct site *s = site_new();
    struct peer *p;

    assert_non_null(s);
    (void)snprintf(s->name, sizeof(s->name), "c1");
    s->number = 1;
    s->candidates = 2;
    s->margin_s = 5;
    s->max_pending = 100;
    s->partitions = calloc(1, sizeof(*s->partitions));
    s->projects = calloc(1, sizeof(*s->projects));
    s->peers = calloc(1, sizeof(*s->peers));
    assert_true(s->partitions && s->projects && s->peers);
    s->n_partitions = s->n_projects = s->n_peers = 1;
    (void)snprintf(s->partitions[0].name, NAME_CAP, "main");
    s->partitions[0].is_default = true;
    s->partitions[0].max_time_s = DURATION_UNLIMITED;
    (void)snprintf(s->projects[0].name, NAME_CAP, "proj");
    s->projects[0].budget_milli = -1;
    p = &s->peers[0];
    (void)snprintf(p->name, sizeof(p->name), "c2");
    p->number = PEER;
    p->has_agreement = true;
    for (int i = 0; i < 2; i++) {
        struct agreement_side *a = &p->agreement.side[i];

        (void)snprintf(a->center, NAME_CAP, "c%d", i + 1);
        (void)snprintf(a->institutions[0], NAME_CAP, "*");
        (void)snprintf(a->partitions[0], NAME_CAP, "*");
        a->n_institutions = a->n_partitions = 1;
        a->max_time_s = DURATION_UNLIMITED;
    }
    return s;
}

/* The peer is idle. */
static void tell_supply(struct lab *l)
{
    struct supply s = {.center = PEER, .n_parts = 1};
    struct supply_part *p = &s.parts[0];

    (void)snprintf(p->name, sizeof(p->name), "main");
    p->up = p->is_default = true;
    p->nodes = 4;
    p->cores = 64;
    p->node_cores_max = 16;
    p->max_time_s = DURATION_UNLIMITED;
    p->n_steps = 1;
    p->steps[0] = (struct supply_step){0, 64};
    assert_int_equal(fed_peer_supply(l->fed, &s, l->now, &l->fx), 0);
}

static void lab_start(struct lab *l)
{
    struct fed_local local = {.fits = fits, .estimate = estimate, .arg = l};
    struct err err = {0};

    l->now.wall.us = INT64_C(1800000000) * US_PER_S;
    l->now.mono.us = US_PER_S;
    l->book = book_new("c1");
    assert_int_equal(book_apply_site(l->book, l->site, l->now.wall, &l->log, &err), 0);
    assert_int_equal(fed_new(l->site, l->book, &local, 1, &l->fed, &err), 0);
    assert_int_equal(fed_resume(l->fed, l->now, &l->fx), 0);
    assert_int_equal(fed_peer_up(l->fed, PEER, l->now, &l->fx), 0);
    tell_supply(l);
}

static void lab_stop(struct lab *l)
{
    fed_free(l->fed);
    book_free(l->book);
    postings_release(&l->log);
    site_free(l->site);
}

/* What our router thinks of the peer for a job with such inputs. */
static struct route_view peer_view(struct lab *l, uint64_t input_bytes)
{
    struct holding h = {
        .request = {.n_tasks = 4, .cpus_per_task = 1, .time_limit_s = 60},
        .input_bytes = input_bytes
    };
    const struct route_view *v = NULL;
    struct err err = {0};
    size_t n = 0;

    (void)snprintf(h.institution, sizeof(h.institution), "inst");
    (void)snprintf(h.project, sizeof(h.project), "proj");
    assert_int_equal(fed_try(l->fed, &h, l->now, &v, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_int_equal(v[1].center, PEER);
    return v[1];
}

static void inputs_cost_their_way(void **state)
{
    struct lab l = {.site = two_centers(), .own_wait_s = 90};
    struct route_view v;

    (void)state;
    l.site->peers[0].link_bytes_s = 10 * MIB;
    lab_start(&l);
    v = peer_view(&l, 500 * MIB);
    assert_int_equal(v.move_s, 50);
    assert_true(v.chosen); /* 50 s against 90 */
    v = peer_view(&l, 1000 * MIB);
    assert_int_equal(v.move_s, 100);
    assert_false(v.chosen); /* at home it starts before the files are there */
    lab_stop(&l);
}

static void without_a_speed_files_are_free(void **state)
{
    struct lab l = {.site = two_centers(), .own_wait_s = 90};

    (void)state;
    lab_start(&l);
    assert_int_equal(peer_view(&l, UINT64_MAX).move_s, 0);
    lab_stop(&l);
}

static void debt_is_a_handicap_and_then_a_wall(void **state)
{
    struct lab l = {.site = two_centers(), .own_wait_s = 2000};
    struct route_view v;

    (void)state;
    l.site->peers[0].agreement.side[1].max_debt_milli = 10000;
    lab_start(&l);
    assert_int_equal(fed_restore_exchange(l.fed, PEER, 1000, 6000), 0);
    v = peer_view(&l, 0);
    assert_int_equal(v.rule, RULE_NONE);
    assert_int_equal(v.debt_s, 1800); /* half of what we may owe: half of an hour */
    assert_true(v.chosen);
    assert_int_equal(fed_restore_exchange(l.fed, PEER, 0, 4999), 0);
    v = peer_view(&l, 0);
    assert_int_equal(v.rule, RULE_NONE);
    assert_false(v.chosen); /* 3599 s against 2000 */
    assert_int_equal(fed_restore_exchange(l.fed, PEER, 0, 1), 0);
    v = peer_view(&l, 0);
    assert_int_equal(v.rule, RULE_DEBT);
    assert_string_equal(v.text, "c1 owes 10.000 units, the agreement allows 10.000");
    lab_stop(&l);
}

static void what_they_owe_is_no_handicap(void **state)
{
    struct lab l = {.site = two_centers(), .own_wait_s = 2000};
    struct route_view v;

    (void)state;
    l.site->peers[0].agreement.side[1].max_debt_milli = 10000;
    lab_start(&l);
    assert_int_equal(fed_restore_exchange(l.fed, PEER, 90000, 0), 0);
    v = peer_view(&l, 0);
    assert_int_equal(v.rule, RULE_NONE);
    assert_int_equal(v.debt_s, 0);
    lab_stop(&l);
}

/* The host counts for itself: whatever the asker believes, it says no. */
static void the_host_refuses_a_debtor(void **state)
{
    struct lab l = {.site = two_centers()};
    struct peer_msg m = {
        .kind = PEER_OFFER,
        .job = UINT64_C(2000000001),
        .epoch = 1,
        .request = {.n_tasks = 4, .cpus_per_task = 1, .time_limit_s = 60}
    };
    struct err err = {0};
    bool answered = false;

    (void)state;
    (void)snprintf(m.institution, sizeof(m.institution), "inst");
    (void)snprintf(m.project, sizeof(m.project), "proj");
    l.site->peers[0].agreement.side[0].max_debt_milli = 10000;
    lab_start(&l);
    assert_int_equal(fed_restore_exchange(l.fed, PEER, 10000, 0), 0);
    assert_int_equal(fed_peer_msg(l.fed, PEER, &m, l.now, &l.fx, &err), 0);
    for (size_t i = 0; i < l.fx.n; i++) {
        const struct fed_fx *fx = &l.fx.v[i];

        if (fx->kind != FX_SEND || fx->msg.kind != PEER_OFFER_ACK)
            continue;
        answered = true;
        assert_false(fx->msg.accepted);
        assert_int_equal(fx->msg.rule, RULE_DEBT);
    }
    assert_true(answered);
    assert_null(fed_copy(l.fed, m.job));
    lab_stop(&l);
}

/* A job of that person's, granted to the peer, is over there. */
static void ended_there(struct lab *l,
                        const char *person,
                        enum job_state state,
                        uint64_t elapsed_s)
{
    static uint64_t sequence;
    struct holding h = {
        .id = UINT64_C(1000000000) + ++sequence,
        .hold = HOLD_STARTED,
        .state = JOB_RUNNING,
        .epoch = 2,
        .grant = {.center = PEER, .epoch = 2,         .claim = 7        },
        .request = {.n_tasks = 1,   .cpus_per_task = 1, .time_limit_s = 60}
    };
    struct peer_msg m = {.kind = PEER_ENDED,
                         .job = h.id,
                         .epoch = 2,
                         .claim = 7,
                         .state = state,
                         .usage.elapsed_s = elapsed_s,
                         .done = true};
    struct err err = {0};

    (void)snprintf(h.person, sizeof(h.person), "%s", person);
    assert_int_equal(fed_restore_holding(l->fed, &h), 0);
    assert_int_equal(fed_peer_msg(l->fed, PEER, &m, l->now, &l->fx, &err), 0);
    assert_int_equal(fed_holding(l->fed, h.id)->hold, HOLD_FINAL);
}

static void later(struct lab *l, int64_t s)
{
    l->now.mono.us += s * US_PER_S;
    l->now.wall.us += s * US_PER_S;
    tell_supply(l);
}

static void a_center_that_fails_all_gets_no_more(void **state)
{
    struct lab l = {.site = two_centers(), .own_wait_s = 2000};
    struct route_view v;

    (void)state;
    lab_start(&l);
    for (int i = 0; i < 8; i++)
        ended_there(&l, "an@inst", JOB_FAILED, 1);
    assert_int_equal(peer_view(&l, 0).rule, RULE_NONE); /* one person's own mistake */
    ended_there(&l, "binh@inst", JOB_FAILED, 11);
    for (int i = 0; i < 4; i++)
        ended_there(&l, i % 2 ? "an@inst" : "binh@inst", JOB_FAILED, 1);
    assert_int_equal(peer_view(&l, 0).rule, RULE_NONE);
    ended_there(&l, "an@inst", JOB_FAILED, 1);
    v = peer_view(&l, 0);
    assert_int_equal(v.rule, RULE_REFUSED);
    assert_non_null(strstr(v.text, "failed at once: it gets no more for 301 s"));
    later(&l, 301);
    assert_int_equal(peer_view(&l, 0).rule, RULE_NONE);
    ended_there(&l, "an@inst", JOB_FAILED, 1);
    ended_there(&l, "an@inst", JOB_FAILED, 1);
    assert_int_equal(peer_view(&l, 0).rule, RULE_REFUSED); /* two were enough */
    later(&l, 301);
    assert_int_equal(peer_view(&l, 0).rule, RULE_REFUSED); /* and twice as long */
    ended_there(&l, "an@inst", JOB_COMPLETED, 1);
    assert_int_equal(peer_view(&l, 0).rule, RULE_NONE);
    lab_stop(&l);
}

static void what_a_center_breaks_counts_by_itself(void **state)
{
    struct lab l = {.site = two_centers(), .own_wait_s = 2000};

    (void)state;
    lab_start(&l);
    for (int i = 0; i < 4; i++)
        ended_there(&l, "an@inst", JOB_NODE_FAIL, 500);
    assert_int_equal(peer_view(&l, 0).rule, RULE_NONE);
    ended_there(&l, "an@inst", JOB_NODE_FAIL, 500);
    assert_int_equal(peer_view(&l, 0).rule, RULE_REFUSED);
    lab_stop(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_cost_their_way),
        cmocka_unit_test(without_a_speed_files_are_free),
        cmocka_unit_test(debt_is_a_handicap_and_then_a_wall),
        cmocka_unit_test(what_they_owe_is_no_handicap),
        cmocka_unit_test(the_host_refuses_a_debtor),
        cmocka_unit_test(a_center_that_fails_all_gets_no_more),
        cmocka_unit_test(what_a_center_breaks_counts_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
