/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * test_roll - what is refused, what counts on which day, and that the acts alone make
 *             the same roll again
 */
#include "config.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "ledger/chain.h"
#include "ledger/roll.h"
#include "tests/cmocka_all.h"

struct house {
    struct roll *roll;
    struct roll *twin; /* from the lines of the acts */
    struct book *book;
    struct site *site;
    struct roll_base base;
    struct postings out;
    struct chain chain;
    struct wall now;
    struct err err;
};

static struct wall day(const char *text)
{
    char full[40];
    struct wall t = {0};

    (void)snprintf(full, sizeof(full), "%sT00:00:00Z", text);
    assert_int_equal(wall_parse(full, (struct wall){0}, &t, NULL), 0);
    return t;
}

static void set_text(char *dst, size_t cap, const char *text)
{
    assert_true(word_copy(dst, cap, text));
}

/* hopluu.conf: institution ioit below VAST, project old with 5, pool main at 1. */
static void house_open(struct house *h)
{
    *h = (struct house){.roll = roll_new(),
                        .twin = roll_new(),
                        .book = book_new("hanoi"),
                        .site = site_new(),
                        .now = day("2026-06-15")};
    h->site->institutions = calloc(1, sizeof(struct institution));
    h->site->projects = calloc(1, sizeof(struct project));
    h->site->partitions = calloc(1, sizeof(struct partition));
    assert_true(h->site->institutions && h->site->projects && h->site->partitions);
    h->site->n_institutions = h->site->n_projects = h->site->n_partitions = 1;
    set_text(h->site->institutions->name, NAME_CAP, "ioit");
    set_text(h->site->institutions->home, NAME_CAP, "hanoi");
    set_text(h->site->projects->name, NAME_CAP, "old");
    set_text(h->site->projects->institution, NAME_CAP, "ioit");
    h->site->projects->budget_milli = 5000;
    set_text(h->site->partitions->name, NAME_CAP, "main");
    h->site->partitions->core_hour_milli = 1000;
    assert_int_equal(roll_base_take(&h->base, h->site), 0);
}

static void house_close(struct house *h)
{
    roll_free(h->roll);
    roll_free(h->twin);
    book_free(h->book);
    roll_base_release(&h->base);
    site_free(h->site);
    postings_release(&h->out);
}

/* "add kind=project name=p institution=ioit" */
static struct act act_of(const char *text)
{
    struct words w = WORDS_INIT(32, 4096);
    struct act a = {0};

    assert_int_equal(words_split(&w, text, " "), 0);
    assert_int_equal(act_set(&a, "do", w.v[0]), 0);
    for (size_t i = 1; i < w.n; i++) {
        char *eq = strchr(w.v[i], '=');

        assert_non_null(eq);
        *eq = '\0';
        assert_int_equal(act_set(&a, w.v[i], eq + 1), 0);
    }
    words_release(&w);
    return a;
}

/* Through a line of the journal into the twin, as a restart would. */
static void replay(struct house *h, const struct act *a)
{
    struct posting steps[TXN_POSTINGS_MAX];
    char line[LINE_MAX_BYTES + 1];
    struct act again;
    struct wall at;
    size_t n = 0, n_steps = 0;

    assert_int_equal(
        chain_write_act(&h->chain, a, h->now, NULL, 0, line, sizeof(line), &n), 0);
    if (line_read_act(line, n, &again, &at, steps, &n_steps, &h->err) < 0)
        fail_msg("%s", h->err.text);
    assert_int_equal(n_steps, 0);
    assert_int_equal(at.us, h->now.us);
    if (roll_apply(h->twin, &again, &h->err) < 0)
        fail_msg("%s", h->err.text);
}

static int try(struct house *h, const char *text)
{
    struct act a = act_of(text);
    int r = roll_check(h->roll, h->book, &h->base, &a, h->now, &h->err);

    if (r == 0) {
        assert_int_equal(roll_apply(h->roll, &a, &h->err), 0);
        replay(h, &a);
    }
    return r;
}

static void done(struct house *h, const char *text)
{
    if (try(h, text) != 0)
        fail_msg("%s: %s", text, h->err.text);
}

static void lay(struct house *h)
{
    assert_int_equal(roll_overlay(h->roll, &h->base, h->now, h->site, &h->err), 0);
    assert_int_equal(book_apply_site(h->book, h->site, h->now, &h->out, &h->err), 0);
    if (book_check(h->book, &h->err) < 0)
        fail_msg("%s", h->err.text);
}

static struct balance balance(const struct house *h, const char *project)
{
    struct balance x = {0};

    assert_int_equal(book_balance(h->book, project, &x), 0);
    return x;
}

#define GRANT "add kind=grant source=donor decision=12/QD decided=2026-01-05 "
#define YEAR "from=2026-01-01 until=2027-01-01"

static void begin(struct house *h)
{
    house_open(h);
    done(h, "add kind=institution name=vast en=VAST");
    done(h, "add kind=institution name=ioit parent=vast from=1990-01-01");
    done(h, "add kind=project name=sea institution=ioit");
}

static void wrong_acts_are_refused(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *says;
    } rows[] = {
        {"add kind=house name=x",                                              -EINVAL, "none of institution"},
        {"burn kind=project name=sea",                                         -EINVAL, "none of add"        },
        {"add kind=project name=sea institution=ioit",                         -EEXIST, "modify it"          },
        {"modify kind=project name=lake",                                      -ENOENT, "not in the roll"    },
        {"delete kind=grant name=g",                                           -ENOENT, "not in the roll"    },
        {"add kind=project name=lake",                                         -EINVAL, "needs institution=" },
        {"add kind=project name=lake institution=moon",                        -ENOENT, "no institution moon"},
        {"add kind=project name=../x institution=ioit",                        -EINVAL, "not a name"         },
        {"add kind=project name=lake institution=ioit colour=red",             -EINVAL,
         "'colour' is not a word"                                                                            },
        {"add kind=project name=vast institution=ioit",                        -EEXIST, "is an institution"  },
        {"add kind=project name=lake institution=ioit before=9",               -EINVAL, "before"             },
        {"add kind=project name=lake institution=ioit from=2026-13-01",        -EINVAL,
         "not a day"                                                                                         },
        {"add kind=project name=lake institution=ioit from=2026-1-1",          -EINVAL,
         "not a day"                                                                                         },
        {"add kind=project name=lake institution=ioit from=2026-05-02 "
         "until=2026-05-02",                                          -EINVAL, "must be later"      },
        {"add kind=institution name=x parent=moon",                            -ENOENT, "no institution moon"},
        {"add kind=institution name=x successor=moon",                         -ENOENT, "no institution moon"},
        {"modify kind=institution name=vast parent=ioit",                      -EINVAL, "below itself"       },
        {"delete kind=institution name=ioit",                                  -EBUSY,  "named by sea"       },
        {GRANT "name=g account=moon amount=1 " YEAR,                           -ENOENT, "no project or inst" },
        {GRANT "name=g account=old amount=1 " YEAR,                            -ENOENT, "add it first"       },
        {GRANT "name=g account=sea amount=-1 " YEAR,                           -EINVAL, "amount"             },
        {GRANT "name=g account=sea amount=0 " YEAR,                            -EINVAL, "of nothing"         },
        {GRANT "name=g account=sea amount=9999999999999999999 " YEAR,          -EINVAL,
         "amount"                                                                                            },
        {GRANT "name=g account=sea amount=1.0001 " YEAR,                       -EINVAL, "amount"             },
        {GRANT "name=g account=sea amount=1 from=2026-01-01",                  -EINVAL, "needs until="       },
        {GRANT "name=g account=sea amount=1 from=2025-01-01 until=2026-01-01", -EINVAL,
         "is past"                                                                                           },
        {GRANT "name=g account=sea amount=1 carryover=101 " YEAR,              -EINVAL, "carryover"          },
        {"add kind=grant source=thief decision=1 decided=2026-01-01 name=g account=sea "
         "amount=1 " YEAR,
         -EINVAL,                                                                       "'thief'"            },
        {"add kind=grant source=donor decision=1 decided=2026-07-01 name=g account=sea "
         "amount=1 " YEAR,
         -EINVAL,                                                                       "in the future"      },
        {"add kind=rate pool=gpu from=2026-07-01 core_hour=1",                 -ENOENT, "no pool gpu"        },
        {"add kind=rate pool=main from=2026-07-01 core_hour=-1",               -EINVAL, "core_hour"          },
    };
    struct house h;

    (void)state;
    begin(&h);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int r = try(&h, rows[i].text);

        if (r != rows[i].code || !strstr(h.err.text, rows[i].says))
            fail_msg("%s: %d, %s", rows[i].text, r, h.err.text);
    }
    house_close(&h);
}

static void a_decision_grants_once(void **state)
{
    struct house h;

    (void)state;
    begin(&h);
    done(&h, GRANT "name=g account=sea amount=10 " YEAR);
    assert_int_equal(try(&h, GRANT "name=g2 account=sea amount=10 from=2026-12-31 "
                                   "until=2027-06-01"),
                     -EINVAL);
    assert_non_null(strstr(h.err.text, "grant g of sea by decision 12/QD overlaps"));
    done(&h, GRANT "name=g2 account=sea amount=10 from=2027-01-01 until=2027-06-01");
    done(&h, "add kind=grant source=donor decision=13/QD decided=2026-01-05 name=g3 "
             "account=sea amount=1 " YEAR);
    assert_int_equal(try(&h, "modify kind=grant name=g2 from=2026-12-01"), -EINVAL);
    assert_int_equal(try(&h, "modify kind=grant name=g account=ioit"), -EINVAL);
    house_close(&h);
}

static void rates_follow_each_other(void **state)
{
    struct house h;

    (void)state;
    begin(&h);
    done(&h, "add kind=rate pool=main from=2026-01-01 until=2026-07-01 core_hour=2");
    lay(&h);
    assert_int_equal(h.site->partitions->core_hour_milli, 2000);
    assert_int_equal(try(&h, "add kind=rate pool=main from=2026-08-01 core_hour=3"),
                     -EINVAL);
    assert_non_null(strstr(h.err.text, "gap"));
    assert_int_equal(try(&h, "add kind=rate pool=main from=2026-06-20 core_hour=3"),
                     -EINVAL);
    assert_non_null(strstr(h.err.text, "overlap"));
    done(&h, "add kind=rate pool=main from=2026-07-01 core_hour=3 gpu_hour=25");
    done(&h, "add kind=rate pool=main from=2026-09-01 core_hour=4"); /* ends that one */
    assert_int_equal(try(&h, "add kind=rate pool=main from=2026-03-01 core_hour=1"),
                     -EINVAL);
    assert_non_null(strstr(h.err.text, "from tomorrow on"));
    assert_int_equal(try(&h, "delete kind=rate pool=main from=2026-01-01"), -EINVAL);
    assert_int_equal(roll_next(h.roll, h.now).us, day("2026-07-01").us);
    h.now = day("2026-07-01");
    lay(&h);
    assert_int_equal(h.site->partitions->core_hour_milli, 3000);
    assert_int_equal(h.site->partitions->gpu_hour_milli, 25000);
    h.now = day("2026-09-02");
    lay(&h);
    assert_int_equal(h.site->partitions->core_hour_milli, 4000);
    assert_int_equal(h.site->partitions->gpu_hour_milli, 0);
    house_close(&h);
}

/* Whatever is due now, as the daemon does it. */
static void keep(struct house *h)
{
    struct act a;
    int64_t lost = 0;

    while (roll_due(h->roll, h->book, h->now, &a, &lost)) {
        if (lost > 0)
            assert_int_equal(book_expire(h->book,
                                         roll_account(h->roll, act_get(&a, "name")),
                                         lost, h->now, &h->out, &h->err),
                             0);
        assert_int_equal(roll_apply(h->roll, &a, &h->err), 0);
        replay(h, &a);
    }
    lay(h);
}

static void a_grant_begins_is_used_and_ends(void **state)
{
    struct balance x;
    struct house h;

    (void)state;
    begin(&h);
    done(&h, GRANT "name=g account=sea amount=100 carryover=50 from=2026-07-01 "
                   "until=2026-08-01");
    done(&h, "add kind=grant source=other decision=9 decided=2026-01-05 name=late "
             "account=sea amount=40 from=2026-07-15 until=2026-12-01");
    lay(&h);
    assert_int_equal(balance(&h, "sea").granted, 0);
    assert_int_equal(balance(&h, "old").granted, 5000); /* as configured */
    h.now = day("2026-07-01");
    keep(&h);
    assert_int_equal(balance(&h, "sea").available, 100000);
    assert_int_equal(book_hold(h.book, 7, 1, "sea", 60000, h.now, &h.out, &h.err), 0);
    assert_int_equal(book_settle(h.book, 7, 60000, h.now, &h.out, &h.err), 0);
    h.now = day("2026-07-20");
    keep(&h);
    assert_int_equal(balance(&h, "sea").available, 80000);

    h.now = day("2026-08-01"); /* 40 of g unused: 20 carried over, 20 lost */
    keep(&h);
    x = balance(&h, "sea");
    assert_int_equal(x.expired, 20000);
    assert_int_equal(x.available, 60000);
    assert_int_equal(x.spent, 60000);
    keep(&h);
    assert_int_equal(balance(&h, "sea").available, 60000); /* once */

    h.now = day("2026-09-01"); /* the carried part lived as long as its grant did */
    keep(&h);
    assert_int_equal(balance(&h, "sea").expired, 40000);
    h.now = day("2026-12-01");
    keep(&h);
    x = balance(&h, "sea");
    assert_int_equal(x.available, 0);
    assert_int_equal(x.expired, 80000);
    assert_int_equal(x.granted, x.spent);
    assert_int_equal(try(&h, "delete kind=grant name=g"), -EINVAL);
    house_close(&h);
}

static void what_is_used_is_not_taken_back(void **state)
{
    struct house h;

    (void)state;
    begin(&h);
    done(&h, GRANT "name=g account=sea amount=100 " YEAR);
    lay(&h);
    assert_int_equal(book_hold(h.book, 7, 1, "sea", 60000, h.now, &h.out, &h.err), 0);
    assert_int_equal(try(&h, "modify kind=grant name=g amount=59"), -EDQUOT);
    assert_non_null(strstr(h.err.text, "sea has 40.000 left"));
    assert_int_equal(try(&h, "delete kind=grant name=g"), -EDQUOT);
    assert_int_equal(try(&h, "delete kind=project name=sea"), -EBUSY);
    done(&h, "modify kind=grant name=g amount=60");
    lay(&h);
    assert_int_equal(balance(&h, "sea").available, 0);
    done(&h, "modify kind=grant name=g amount=70");
    lay(&h);
    assert_int_equal(balance(&h, "sea").available, 10000);
    house_close(&h);
}

/* A project that hopluu.conf had: what it used before is not charged to its grants. */
static void a_project_comes_into_the_roll(void **state)
{
    struct house h;

    (void)state;
    begin(&h);
    lay(&h);
    assert_int_equal(book_hold(h.book, 7, 1, "old", 3000, h.now, &h.out, &h.err), 0);
    assert_int_equal(book_settle(h.book, 7, 2000, h.now, &h.out, &h.err), 0);
    done(&h, "add kind=project name=old institution=ioit");
    lay(&h);
    assert_int_equal(balance(&h, "old").available, 0);
    assert_int_equal(balance(&h, "old").granted, 2000);
    done(&h, GRANT "name=g account=old amount=7 " YEAR);
    lay(&h);
    assert_int_equal(balance(&h, "old").available, 7000);
    house_close(&h);
}

static void every_ancestor_is_asked(void **state)
{
    struct house h;

    (void)state;
    begin(&h);
    done(&h, "add kind=project name=lake institution=ioit");
    done(&h, GRANT "name=g1 account=sea amount=100 " YEAR);
    done(&h, GRANT "name=g2 account=lake amount=100 " YEAR);
    done(&h, GRANT "name=g3 account=vast amount=120 " YEAR);
    lay(&h);
    assert_int_equal(book_ceiling_left(h.book, "sea"), 120000);
    assert_int_equal(book_hold(h.book, 1, 1, "sea", 80000, h.now, &h.out, &h.err), 0);
    assert_int_equal(book_hold(h.book, 2, 1, "lake", 50000, h.now, &h.out, &h.err),
                     -EDQUOT);
    assert_non_null(strstr(h.err.text, "institution vast has 40.000 left"));
    assert_int_equal(book_hold(h.book, 2, 1, "lake", 40000, h.now, &h.out, &h.err), 0);
    assert_int_equal(book_node_used(h.book, "ioit"), 120000);
    assert_int_equal(book_settle(h.book, 1, 10000, h.now, &h.out, &h.err), 0);
    assert_int_equal(book_node_used(h.book, "vast"), 50000);
    assert_int_equal(
        book_refund(h.book, "sea", 1, 1, 10000, "NODE_FAIL", h.now, &h.out, &h.err), 0);
    assert_int_equal(book_node_used(h.book, "vast"), 40000);
    if (book_check(h.book, &h.err) < 0)
        fail_msg("%s", h.err.text);
    done(&h, GRANT "name=g4 account=ioit amount=41 " YEAR);
    lay(&h);
    assert_int_equal(book_ceiling_left(h.book, "sea"), 1000);
    house_close(&h);
}

struct listing {
    char text[8192];
};

static int list(enum roll_kind k, const struct act *words, const char *state, void *arg)
{
    struct listing *l = arg;
    char one[ACT_TEXT_CAP];

    assert_int_equal(act_write(words, one, sizeof(one)), 0);
    (void)snprintf(l->text + strlen(l->text), sizeof(l->text) - strlen(l->text),
                   "%s %s %s\n", roll_kind_word(k), one, state);
    return 0;
}

static void acts_alone_make_it_again(void **state)
{
    struct listing a = {.text = ""}, b = {.text = ""};
    struct house h;

    (void)state;
    begin(&h);
    done(&h, GRANT "name=g account=sea amount=100 carryover=10 from=2026-06-01 "
                   "until=2026-07-01");
    done(&h, "modify kind=institution name=vast en=Academy successor=ioit");
    done(&h, "modify kind=institution name=vast successor=");
    done(&h, "add kind=project name=gone institution=ioit");
    done(&h, "delete kind=project name=gone");
    h.now = day("2026-07-02");
    keep(&h);
    assert_int_equal(roll_each(h.roll, h.now, list, &a), 0);
    assert_int_equal(roll_each(h.twin, h.now, list, &b), 0);
    assert_string_equal(a.text, b.text);
    assert_non_null(strstr(a.text, "g.carried"));
    assert_null(strstr(a.text, "successor"));
    house_close(&h);
}

static void acts_have_one_form(void **state)
{
    static const char *const bad[] = {
        "{\"b\":\"1\",\"a\":\"2\"}",
        "{\"a\":\"1\",\"a\":\"2\"}",
        "{\"a\":1}",
        "{\"A\":\"1\"}",
        "{\"a\":\"\\n\"}",
        "{\"a\": \"1\"}",
        "{\"a\":\"1\",}",
        "{\"a\":\"1\"",
        "{",
        "{\"a\":\"\\u0041\"}",
    };
    struct act a = {0}, b;
    char text[ACT_TEXT_CAP], again[ACT_TEXT_CAP];
    size_t used = 0;

    (void)state;
    assert_int_equal(act_set(&a, "vi", "Viện \"A\\B\""), 0);
    assert_int_equal(act_set(&a, "do", "add"), 0);
    assert_int_equal(act_set(&a, "Do", "add"), -EINVAL);
    assert_int_equal(act_set(&a, "x", "a\nb"), -EINVAL);
    assert_int_equal(act_write(&a, text, sizeof(text)), 0);
    assert_int_equal(act_read(text, strlen(text), &b, &used), 0);
    assert_int_equal(used, strlen(text));
    assert_int_equal(act_write(&b, again, sizeof(again)), 0);
    assert_string_equal(text, again);
    assert_string_equal(act_get(&b, "vi"), "Viện \"A\\B\"");
    for (size_t i = 0; i < strlen(text); i++) /* every shorter one */
        assert_int_equal(act_read(text, i, &b, &used), -EBADMSG);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (act_read(bad[i], strlen(bad[i]), &b, &used) == 0)
            fail_msg("%s", bad[i]);
}

/* What may be used beyond a grant counts while it lasts, and nothing of it is left. */
static void an_overdraft_by_decision(void **state)
{
    struct house h;
    struct act a;
    int64_t lost = 0;
    struct postings p = {0};

    (void)state;
    begin(&h);
    assert_int_equal(try(&h, GRANT "name=g account=sea amount=100 overdraw=-1 " YEAR),
                     -EINVAL);
    done(&h, GRANT
         "name=g account=sea amount=100 overdraw=50 carryover=100 from=2026-01-01 "
         "until=2026-07-01");
    lay(&h);
    assert_int_equal(balance(&h, "sea").available, 150000);
    assert_int_equal(book_hold(h.book, 1, 1, "sea", 120000, h.now, &p, &h.err), 0);
    assert_int_equal(book_settle(h.book, 1, 120000, h.now, &p, &h.err), 0);
    h.now = day("2026-07-02");
    assert_int_equal(roll_due(h.roll, h.book, h.now, &a, &lost), 1);
    assert_int_equal(lost, 30000);
    assert_string_equal(act_get(&a, "used"), "120.000");
    assert_false(act_has(&a, "carried")); /* more was used than granted */
    assert_int_equal(book_expire(h.book, "sea", lost, h.now, &p, &h.err), 0);
    assert_int_equal(roll_apply(h.roll, &a, &h.err), 0);
    replay(&h, &a);
    lay(&h);
    assert_int_equal(balance(&h, "sea").available, 0);
    assert_int_equal(balance(&h, "sea").granted, 120000);
    postings_release(&p);
    house_close(&h);
}

struct pen {
    EVP_PKEY *key;
    char text[48]; /* of the public half */
};

static void base64(const unsigned char *bytes, int n, char *text)
{
    (void)EVP_EncodeBlock((unsigned char *)text, bytes, n);
}

static struct pen pen_new(unsigned char of)
{
    unsigned char raw[32] = {of}, public[32];
    size_t n = sizeof(public);
    struct pen p = {
        .key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, sizeof(raw))};

    assert_non_null(p.key);
    assert_int_equal(EVP_PKEY_get_raw_public_key(p.key, public, &n), 1);
    base64(public, 32, p.text);
    return p;
}

static void sign(const struct pen *p, struct act *a)
{
    unsigned char bytes[64];
    char text[ACT_TEXT_CAP], signature[96];
    size_t n = sizeof(bytes);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    assert_int_equal(roll_sign_text(a, text, sizeof(text)), 0);
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, p->key), 1);
    assert_int_equal(
        EVP_DigestSign(ctx, bytes, &n, (const unsigned char *)text, strlen(text)), 1);
    EVP_MD_CTX_free(ctx);
    base64(bytes, 64, signature);
    assert_int_equal(act_set(a, "signature", signature), 0);
}

/* As the daemon does: the signature, then the words. */
static int signed_by(struct house *h, const struct pen *p, const char *text)
{
    struct act a = act_of(text);
    int r;

    if (p)
        sign(p, &a);
    r = roll_sign_check(h->roll, &a, h->now, &h->err);
    if (r == 0)
        r = roll_check(h->roll, h->book, &h->base, &a, h->now, &h->err);
    if (r == 0) {
        assert_int_equal(roll_apply(h->roll, &a, &h->err), 0);
        replay(h, &a);
    }
    return r;
}

static void refused(struct house *h,
                    const struct pen *p,
                    const char *text,
                    const char *why)
{
    assert_int_equal(signed_by(h, p, text), -EACCES);
    if (!strstr(h->err.text, why))
        fail_msg("'%s' does not say '%s'", h->err.text, why);
}

static void decisions_are_signed(void **state)
{
    struct pen most = pen_new(1), vast = pen_new(2);
    char text[256];
    struct house h;

    (void)state;
    begin(&h);
    refused(&h, &most, GRANT "name=a account=sea amount=1 signer=most serial=1 " YEAR,
            "there is no most");
    assert_int_equal(signed_by(&h, NULL, GRANT "name=a account=sea amount=1 " YEAR), 0);
    assert_int_equal(try(&h, "add kind=signer name=most key=AAAA for=grants"), -EINVAL);
    (void)snprintf(text, sizeof(text), "add kind=signer name=most key=%s for=money",
                   most.text);
    assert_int_equal(try(&h, text), -EINVAL);
    (void)snprintf(text, sizeof(text),
                   "add kind=signer name=most key=%s for=grants until=2026-12-01",
                   most.text);
    assert_int_equal(signed_by(&h, NULL, text), 0);
    refused(&h, NULL, "delete kind=grant name=a", "signed here, by most");
    refused(&h, &most, "delete kind=grant name=a", "signer=, serial= and");
    refused(&h, &vast, "delete kind=grant name=a signer=most serial=1",
            "most has not signed");
    refused(&h, &most, "delete kind=grant name=a signer=vast serial=1", "no vast");
    refused(&h, &most, "delete kind=grant name=a signer=most", "serial");
    assert_int_equal(
        signed_by(&h, &most, "delete kind=grant name=a signer=most serial=4"), 0);
    refused(&h, &most, GRANT "name=b account=sea amount=1 signer=most serial=4 " YEAR,
            "has used 4 already");
    assert_int_equal(
        signed_by(&h, &most,
                  GRANT "name=b account=sea amount=1 signer=most serial=5 " YEAR),
        0);
    /* Prices are nobody's yet; another signer is named by the first one alone. */
    assert_int_equal(
        signed_by(&h, NULL, "add kind=rate pool=main from=2026-07-01 core_hour=2"), 0);
    (void)snprintf(text, sizeof(text),
                   "add kind=signer name=vast key=%s for=rates signer=most serial=6",
                   vast.text);
    refused(&h, &vast, text, "most has not signed");
    assert_int_equal(signed_by(&h, &most, text), 0);
    refused(&h, &vast, GRANT "name=c account=sea amount=1 signer=vast serial=1 " YEAR,
            "vast signs rates, not a grant");
    refused(&h, NULL, "add kind=rate pool=main from=2026-08-01 core_hour=3",
            "signed here, by vast");
    h.now = day("2026-12-02");
    refused(&h, &most, GRANT "name=d account=sea amount=1 signer=most serial=7 " YEAR,
            "until 2026-12-01, not today");
    EVP_PKEY_free(most.key);
    EVP_PKEY_free(vast.key);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acts_have_one_form),
        cmocka_unit_test(wrong_acts_are_refused),
        cmocka_unit_test(a_decision_grants_once),
        cmocka_unit_test(rates_follow_each_other),
        cmocka_unit_test(a_grant_begins_is_used_and_ends),
        cmocka_unit_test(what_is_used_is_not_taken_back),
        cmocka_unit_test(a_project_comes_into_the_roll),
        cmocka_unit_test(every_ancestor_is_asked),
        cmocka_unit_test(acts_alone_make_it_again),
        cmocka_unit_test(an_overdraft_by_decision),
        cmocka_unit_test(decisions_are_signed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
