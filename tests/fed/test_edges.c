/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * test_edges - every state of both machines hears every message, right and wrong ones
 *
 * Each pair of a state and a kind is played with the sender that it is meant for and
 * with a stranger, with right and wrong epochs and claims, on a center of its own. The
 * record must go where its row allows; a pair that is ignored must do nothing at all,
 * and one that is not must do something with one of them.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "fed/fed_int.h"
#include "model/job_id.h"
#include "tests/cmocka_all.h"

#define HOST 2
#define STRANGER 3
#define GRANTED_EPOCH 2
#define CLAIM 7

struct lab {
    struct site *site;
    struct book *book;
    struct fed *fed;
    struct now now;
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
    (void)arg;
    (void)r;
    return 0;
}

static void peer_make(struct peer *p, uint32_t number)
{
    (void)snprintf(p->name, sizeof(p->name), "c%u", number);
    p->number = number;
    p->has_agreement = true;
    for (int i = 0; i < 2; i++) {
        struct agreement_side *a = &p->agreement.side[i];

        (void)snprintf(a->institutions[0], NAME_CAP, "*");
        (void)snprintf(a->partitions[0], NAME_CAP, "*");
        a->n_institutions = a->n_partitions = 1;
        a->max_time_s = DURATION_UNLIMITED;
    }
}

static void lab_open(struct lab *l)
{
    static const struct fed_local local = {.fits = fits, .estimate = estimate};
    struct site *s = site_new();
    struct postings log = {0};
    struct err err = {0};

    *l = (struct lab){.site = s};
    assert_non_null(s);
    (void)snprintf(s->name, sizeof(s->name), "c1");
    s->number = 1;
    s->candidates = 2;
    s->max_pending = 100;
    s->partitions = calloc(1, sizeof(*s->partitions));
    s->projects = calloc(1, sizeof(*s->projects));
    s->mappings = calloc(1, sizeof(*s->mappings));
    s->peers = calloc(2, sizeof(*s->peers));
    assert_true(s->partitions && s->projects && s->mappings && s->peers);
    s->n_partitions = s->n_projects = s->n_mappings = 1;
    s->n_peers = 2;
    s->partitions[0] = (struct partition){.name = "main",
                                          .is_default = true,
                                          .max_time_s = DURATION_UNLIMITED,
                                          .core_hour_milli = 3600};
    s->projects[0] = (struct project){.name = "proj", .budget_milli = -1};
    s->mappings[0] = (struct mapping){.person = "*", .account = "guest"};
    peer_make(&s->peers[0], HOST);
    peer_make(&s->peers[1], STRANGER);
    l->now.wall.us = INT64_C(1800000000) * US_PER_S;
    l->now.mono.us = US_PER_S;
    l->book = book_new("c1");
    assert_non_null(l->book);
    assert_int_equal(book_apply_site(l->book, s, l->now.wall, &log, &err), 0);
    postings_release(&log);
    assert_int_equal(fed_new(s, l->book, &local, 0, &l->fed, &err), 0);
}

static void lab_close(struct lab *l)
{
    fed_free(l->fed);
    book_free(l->book);
    site_free(l->site);
}

static void peers_up(struct lab *l)
{
    assert_int_equal(fed_peer_up(l->fed, HOST, l->now, &l->fx), 0);
    assert_int_equal(fed_peer_up(l->fed, STRANGER, l->now, &l->fx), 0);
}

static const struct request small = {
    .n_tasks = 1, .cpus_per_task = 1, .time_limit_s = 60};

/* --- the holder's side
 * ---------------------------------------------------------------- */

static struct holding holding_in(enum hold_state s)
{
    struct holding h = {
        .id = job_id_make(1, 5),
        .hold = s,
        .state = s == HOLD_WAITING     ? JOB_PENDING
                 : s == HOLD_GRANTED   ? JOB_CONFIGURING
                 : s == HOLD_STARTED   ? JOB_RUNNING
                 : s == HOLD_RETURNING ? JOB_COMPLETING
                                       : JOB_COMPLETED,
        .epoch = s == HOLD_WAITING ? 1 : GRANTED_EPOCH,
        .request = small,
        .user = "u",
        .person = "u@i",
        .institution = "i",
        .project = "proj",
    };

    h.offers[0] = (struct offer){.center = HOST, .state = OFFER_SENT, .epoch = 1};
    if (s != HOLD_WAITING)
        h.grant =
            (struct grant){.center = HOST, .epoch = GRANTED_EPOCH, .claim = CLAIM};
    h.offers[1] =
        (struct offer){.center = STRANGER, .state = OFFER_RECALLED, .epoch = 1};
    return h;
}

/* Whether it did anything. */
static bool holder_hears_one(enum hold_state s, uint32_t from, const struct peer_msg *m)
{
    struct holding was = holding_in(s);
    struct err err = {0};
    struct lab l;
    const struct holding *h;
    bool did;

    lab_open(&l);
    assert_int_equal(fed_restore_holding(l.fed, &was), 0);
    peers_up(&l);
    assert_int_equal(fed_peer_msg(l.fed, from, m, l.now, &l.fx, &err), 0);
    h = fed_holding(l.fed, was.id);
    assert_non_null(h);
    assert_true(holder_edge(s, m->kind, h->hold));
    assert_int_equal(fed_check(l.fed, &err), 0);
    did = l.fx.n > 0 || memcmp(h, &was, sizeof(was)) != 0;
    lab_close(&l);
    return did;
}

static bool holder_hears_any(enum hold_state s, enum peer_kind k)
{
    bool did = false;

    for (uint32_t from = HOST; from <= STRANGER; from++)
        for (uint32_t epoch = 1; epoch <= 3; epoch++)
            for (int bits = 0; bits < 8; bits++) {
                struct peer_msg m = {.kind = k,
                                     .job = job_id_make(1, 5),
                                     .epoch = epoch,
                                     .claim = CLAIM + (bits & 1),
                                     .accepted = bits & 2,
                                     .done = bits & 4,
                                     .state = JOB_FAILED};

                did = holder_hears_one(s, from, &m) || did;
            }
    return did;
}

static void a_holder_hears_everything(void **state)
{
    (void)state;
    for (int s = 0; s < _HOLD_STATE_MAX; s++)
        for (int k = PEER_OFFER_ACK; k < PEER_ALLOWANCE_ASK; k++) {
            bool did = holder_hears_any((enum hold_state)s, (enum peer_kind)k);

            if (did != holder_hears((enum hold_state)s, (enum peer_kind)k))
                fail_msg("%s, %s: %s", hold_state_word((enum hold_state)s),
                         peer_kind_word((enum peer_kind)k),
                         did ? "is ignored by the table, and does something"
                             : "does nothing, and is not called ignored");
        }
}

/* --- the candidate's side
 * --------------------------------------------------------------- */

static struct copy copy_in(int s)
{
    return (struct copy){
        .id = job_id_make(HOST, 5),
        .copy = s == COPY_CLAIMED ? COPY_QUEUED : (enum copy_state)s,
        .holder = HOST,
        .epoch = s >= COPY_STARTING ? GRANTED_EPOCH : 1,
        .claim = CLAIM, /* a queued one may have claimed before */
        .request = small,
        .institution = "i",
        .project = "proj",
        .outcome = JOB_FAILED,
    };
}

static bool copy_hears_one(int s, struct peer_msg m)
{
    struct copy was = copy_in(s);
    struct err err = {0};
    const struct copy *c;
    struct lab l;
    bool did;

    lab_open(&l);
    if (s != COPY_NONE)
        assert_int_equal(fed_restore_copy(l.fed, &was), 0);
    peers_up(&l);
    if (s == COPY_CLAIMED) {
        assert_int_equal(fed_engine_ready(l.fed, was.id, l.now, &l.fx), 0);
        was = *fed_copy(l.fed, was.id);
        m.claim = m.claim == CLAIM ? was.claim : was.claim + 1;
    }
    assert_int_equal(fed_peer_msg(l.fed, HOST, &m, l.now, &l.fx, &err), 0);
    c = fed_copy(l.fed, was.id);
    assert_true(copy_way(s, m.kind, c ? (int)c->copy : COPY_NONE));
    assert_int_equal(fed_check(l.fed, &err), 0);
    did = l.fx.n > 0 || (c ? memcmp(c, &was, sizeof(was)) != 0 : s != COPY_NONE);
    lab_close(&l);
    return did;
}

static bool copy_hears_any(int s, enum peer_kind k)
{
    bool did = false;

    for (uint32_t epoch = 1; epoch <= 3; epoch++)
        for (int bits = 0; bits < 8; bits++) {
            struct peer_msg m = {.kind = k,
                                 .job = job_id_make(HOST, 5),
                                 .epoch = epoch,
                                 .claim = CLAIM + (bits & 1),
                                 .lost = bits & 2,
                                 .done = bits & 4,
                                 .request = small,
                                 .institution = "i",
                                 .project = "proj",
                                 .person = "u@i"};

            did = copy_hears_one(s, m) || did;
        }
    return did;
}

static void a_candidate_hears_everything(void **state)
{
    (void)state;
    for (int s = 0; s <= COPY_NONE; s++)
        for (int k = PEER_OFFER; k < PEER_OFFER_ACK; k++) {
            bool did = copy_hears_any(s, (enum peer_kind)k);

            if (did != copy_hears(s, (enum peer_kind)k))
                fail_msg("%s, %s: %s",
                         s == COPY_NONE ? "no copy"
                                        : copy_state_word((enum copy_state)s),
                         peer_kind_word((enum peer_kind)k),
                         did ? "is ignored by the table, and does something"
                             : "does nothing, and is not called ignored");
        }
}

/* A copy that its holder offered again is not dropped by a no to the claim before. */
static void a_late_no_counts_for_nothing(void **state)
{
    struct peer_msg m = {.kind = PEER_OFFER,
                         .job = job_id_make(HOST, 5),
                         .epoch = 3,
                         .request = small,
                         .institution = "i",
                         .project = "proj"};
    struct copy was = copy_in(COPY_QUEUED);
    struct err err = {0};
    struct lab l;

    (void)state;
    lab_open(&l);
    assert_int_equal(fed_restore_copy(l.fed, &was), 0);
    peers_up(&l);
    assert_int_equal(fed_engine_ready(l.fed, was.id, l.now, &l.fx), 0);
    was = *fed_copy(l.fed, was.id);
    assert_int_equal(fed_peer_msg(l.fed, HOST, &m, l.now, &l.fx, &err), 0);
    m = (struct peer_msg){
        .kind = PEER_NO, .job = was.id, .epoch = was.epoch, .claim = was.claim};
    assert_int_equal(fed_peer_msg(l.fed, HOST, &m, l.now, &l.fx, &err), 0);
    assert_non_null(fed_copy(l.fed, was.id));
    lab_close(&l);
}

/* Given up and offered again while its GO was on the way: that GO is not used, although
 * it answers the latest claim. */
static void a_go_from_before_the_offer_is_handed_back(void **state)
{
    struct peer_msg m = {.kind = PEER_OFFER,
                         .job = job_id_make(HOST, 5),
                         .epoch = 3,
                         .request = small,
                         .institution = "i",
                         .project = "proj"};
    struct copy was = copy_in(COPY_QUEUED);
    struct err err = {0};
    bool back = false;
    struct lab l;

    (void)state;
    lab_open(&l);
    assert_int_equal(fed_restore_copy(l.fed, &was), 0);
    peers_up(&l);
    assert_int_equal(fed_engine_ready(l.fed, was.id, l.now, &l.fx), 0);
    was = *fed_copy(l.fed, was.id);
    assert_int_equal(fed_peer_msg(l.fed, HOST, &m, l.now, &l.fx, &err), 0);
    m = (struct peer_msg){.kind = PEER_GO,
                          .job = was.id,
                          .epoch = 2,
                          .claim = was.claim,
                          .person = "u@i"};
    assert_int_equal(fed_peer_msg(l.fed, HOST, &m, l.now, &l.fx, &err), 0);
    for (size_t i = 0; i < l.fx.n; i++) {
        assert_int_not_equal(l.fx.v[i].kind, FX_START);
        back =
            back || (l.fx.v[i].kind == FX_SEND && l.fx.v[i].msg.kind == PEER_HANDBACK);
    }
    assert_true(back);
    assert_int_equal(fed_copy(l.fed, was.id)->copy, COPY_CLAIMED);
    lab_close(&l);
}

static bool starts(const struct lab *l)
{
    for (size_t i = 0; i < l->fx.n; i++)
        if (l->fx.v[i].kind == FX_START)
            return true;
    return false;
}

/* An entrusted copy starts without asking; one that was offered again since asks. */
static void a_later_offer_takes_back_what_was_entrusted(void **state)
{
    (void)state;
    for (int again = 0; again < 2; again++) {
        struct copy was = copy_in(COPY_QUEUED);
        struct peer_msg go = {.kind = PEER_GO,
                              .job = was.id,
                              .epoch = 2,
                              .claim = was.claim,
                              .entrusted = true,
                              .person = "u@i"};
        struct peer_msg offer = {.kind = PEER_OFFER,
                                 .job = was.id,
                                 .epoch = 3,
                                 .request = small,
                                 .institution = "i",
                                 .project = "proj"};
        struct err err = {0};
        struct lab l;

        lab_open(&l);
        assert_int_equal(fed_restore_copy(l.fed, &was), 0);
        peers_up(&l);
        assert_int_equal(fed_peer_msg(l.fed, HOST, &go, l.now, &l.fx, &err), 0);
        assert_false(starts(&l));
        if (again)
            assert_int_equal(fed_peer_msg(l.fed, HOST, &offer, l.now, &l.fx, &err), 0);
        assert_int_equal(fed_engine_ready(l.fed, was.id, l.now, &l.fx), 0);
        assert_int_equal(starts(&l), !again);
        assert_int_equal(fed_copy(l.fed, was.id)->copy,
                         again ? COPY_CLAIMED : COPY_STARTING);
        lab_close(&l);
    }
}

/* A holder of another center's job is not believed, nor a candidate of nobody's. */
static void strangers_are_refused(void **state)
{
    struct err err = {0};
    struct lab l;

    (void)state;
    lab_open(&l);
    peers_up(&l);
    for (int k = 0; k < _PEER_KIND_MAX; k++) {
        bool holder = k < PEER_OFFER_ACK;
        struct peer_msg m = {.kind = (enum peer_kind)k,
                             .job = job_id_make(holder ? STRANGER : HOST, 5)};

        assert_int_equal(fed_peer_msg(l.fed, HOST, &m, l.now, &l.fx, &err), -EPROTO);
    }
    lab_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_holder_hears_everything),
        cmocka_unit_test(a_candidate_hears_everything),
        cmocka_unit_test(a_late_no_counts_for_nothing),
        cmocka_unit_test(a_later_offer_takes_back_what_was_entrusted),
        cmocka_unit_test(a_go_from_before_the_offer_is_handed_back),
        cmocka_unit_test(strangers_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
