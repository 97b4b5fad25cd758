/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * campaign - books of several centers under random transactions, cuts and crashes,
 *            against a second, dumb count
 *
 *     campaign [TRANSACTIONS [SEED]]      default 200000 1
 *
 * Worlds of WORLD_STEPS transactions follow each other. In each, three centers hold,
 * settle, refund, over-run, change budgets and ceilings, give allowances to each other
 * by messages that are lost, doubled and late, and crash: a book that crashed is folded
 * again from its lines. After every transaction:
 *   - for each project and each institution above it held + spent is not more than was
 *     granted, unless an over-run was let through as debt, which is counted apart
 *   - the book says what the dumb count says
 * and at the end of each world:
 *   - the sum of all accounts, by the names in the lines, is zero
 *   - over all centers nothing was received that was not given
 * Exit 0, or the first thing that was wrong, with its seed.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/measure.h"
#include "base/number.h"
#include "base/table.h"
#include "base/words.h"
#include "ledger/book.h"

#include "base/banned.h"

#define CENTERS 3
#define PROJECTS 4
#define INSTITUTIONS 3 /* 0 and 1 below 2 */
#define JOBS 64
#define MESSAGES 64
#define WORLD_STEPS 20000

static uint64_t state;

static uint64_t dice(uint64_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return n ? state % n : 0;
}

/* The dumb count: what the operations say, without any account. */
struct count {
    int64_t held;
    int64_t spent;
    int64_t debt; /* let through although nothing covered it */
};

struct job {
    bool open;
    uint32_t epoch;
    int project;
    int64_t milli;
    int64_t refundable; /* of its last run */
};

struct center {
    struct book *book;
    struct site site;
    struct institution institutions[INSTITUTIONS];
    struct project projects[PROJECTS];
    struct postings log;
    struct count count[PROJECTS];
    struct job jobs[JOBS];
};

struct message {
    bool there;
    int from, to, project;
    int64_t total;
};

static struct center c[CENTERS];
static struct message messages[MESSAGES];
static uint64_t seed, steps, n_crashes, n_moves, n_refused;
static struct err err;

static const char *const names[CENTERS] = {"hanoi", "hue", "danang"};

static void fail(const char *what)
{
    (void)printf("not ok 1 - seed %" PRIu64 ", step %" PRIu64 ": %s: %s\n", seed, steps,
                 what, err.text);
    exit(1);
}

static struct wall now(void)
{
    return (struct wall){(INT64_C(1700000000) + (int64_t)steps) * US_PER_S};
}

static int institution_of(int project)
{
    return project % 2;
}

static struct balance balance(int i, int p)
{
    struct balance x = {0};

    if (book_balance(c[i].book, c[i].projects[p].name, &x) < 0)
        fail("a project has no balance");
    return x;
}

static int64_t used_below(int i, int node)
{
    int64_t sum = 0;

    for (int p = 0; p < PROJECTS; p++)
        if (node == 2 || institution_of(p) == node)
            sum += c[i].count[p].held + c[i].count[p].spent;
    return sum;
}

/* After each step, for everybody of that center. */
static void check(int i)
{
    for (int p = 0; p < PROJECTS; p++) {
        struct balance x = balance(i, p);
        const struct count *n = &c[i].count[p];

        if (x.held != n->held || x.spent != n->spent)
            fail("the book and the dumb count differ");
        if (n->held + n->spent > x.granted + x.owed)
            fail("more is held and spent than was granted");
        if (x.granted + x.owed != x.available + x.held + x.spent || x.available < 0
            || x.held < 0 || x.spent < 0 || x.owed < 0)
            fail("a project does not add up");
        if (x.owed > n->debt)
            fail("a debt that no over-run explains");
    }
    for (int node = 0; node < INSTITUTIONS; node++)
        if (book_node_used(c[i].book, c[i].institutions[node].name)
            != used_below(i, node))
            fail("an institution has another sum than its projects");
}

/* --- operations ----------------------------------------------------------------------
 */

static void apply_site(int i)
{
    for (int p = 0; p < PROJECTS; p++)
        if (dice(4) == 0)
            c[i].projects[p].budget_milli = (int64_t)dice(100000);
    for (int node = 0; node < INSTITUTIONS; node++)
        if (dice(8) == 0) {
            c[i].institutions[node].capped = dice(2) == 0;
            c[i].institutions[node].ceiling_milli = (int64_t)dice(200000);
        }
    if (book_apply_site(c[i].book, &c[i].site, now(), &c[i].log, &err) < 0)
        fail("a site is refused");
}

/* A refusal must be deserved: somebody above has not that much left. */
static void check_refusal(int i, int p, int64_t milli)
{
    struct balance x = balance(i, p);
    int64_t left = book_ceiling_left(c[i].book, c[i].projects[p].name);

    if (x.owed == 0 && x.available >= milli && (left < 0 || left >= milli))
        fail("a hold is refused that is covered");
    n_refused++;
}

static void check_ceilings(int i, int p)
{
    const int chain[] = {institution_of(p), 2};

    for (int k = 0; k < 2; k++) {
        const struct institution *x = &c[i].institutions[chain[k]];

        if (x->capped && used_below(i, chain[k]) > x->ceiling_milli)
            fail("a hold above a ceiling");
    }
}

static void hold(int i)
{
    int k = (int)dice(JOBS);
    struct job *j = &c[i].jobs[k];
    int p = j->open ? j->project : (int)dice(PROJECTS);
    int64_t milli = (int64_t)dice(8000);
    uint32_t epoch = j->epoch + 1;
    int r;

    if (j->open && dice(3) == 0)
        epoch = j->epoch; /* said again: nothing changes */
    r = book_hold(c[i].book, (uint64_t)k + 1, epoch, c[i].projects[p].name, milli,
                  now(), &c[i].log, &err);
    if (r == -EDQUOT) {
        if (!j->open)
            check_refusal(i, p, milli);
        return;
    }
    if (r < 0)
        fail("a hold");
    if (j->open && epoch == j->epoch)
        return;
    c[i].count[p].held += milli - (j->open ? j->milli : 0);
    *j = (struct job){.open = true, .epoch = epoch, .project = p, .milli = milli};
    if (milli > 0) /* nothing is always allowed, also below a ceiling that fell */
        check_ceilings(i, p);
}

static void settle(int i)
{
    int k = (int)dice(JOBS);
    struct job *j = &c[i].jobs[k];
    int64_t used, over;
    struct balance x;

    if (!j->open) {
        if (book_settle(c[i].book, (uint64_t)k + 1, 1, now(), &c[i].log, &err)
            != -ENOENT)
            fail("settled twice");
        return;
    }
    used = dice(20) ? (int64_t)dice((uint64_t)j->milli + 1)
                    : j->milli + (int64_t)dice(9000);
    x = balance(i, j->project);
    if (book_settle(c[i].book, (uint64_t)k + 1, used, now(), &c[i].log, &err) < 0)
        fail("a settlement");
    over = used - j->milli - x.available;
    c[i].count[j->project].debt += MAX(INT64_C(0), over);
    c[i].count[j->project].held -= j->milli;
    c[i].count[j->project].spent += used;
    j->open = false;
    j->refundable = used;
}

static void refund(int i)
{
    int k = (int)dice(JOBS);
    struct job *j = &c[i].jobs[k];

    if (j->open || j->refundable == 0)
        return;
    if (book_refund(c[i].book, c[i].projects[j->project].name, (uint64_t)k + 1,
                    j->epoch, j->refundable, "NODE_FAIL", now(), &c[i].log, &err)
        < 0)
        fail("a refund");
    c[i].count[j->project].spent -= j->refundable;
    j->refundable = 0;
}

static void send(int from, int to, int project)
{
    struct message *m = &messages[dice(MESSAGES)];

    if (dice(4) == 0)
        return; /* lost */
    *m = (struct message){
        .there = true,
        .from = from,
        .to = to,
        .project = project,
        .total = book_given(c[from].book, c[from].projects[project].name, names[to])};
}

static void give(int i)
{
    int to = (i + 1 + (int)dice(CENTERS - 1)) % CENTERS;
    int p = (int)dice(PROJECTS);
    int64_t milli = (int64_t)dice(5000) + 1;
    int64_t has = balance(i, p).available;
    int r = book_give(c[i].book, c[i].projects[p].name, names[to], milli, now(),
                      &c[i].log, &err);

    if (r != (has >= milli ? 0 : -EDQUOT))
        fail("a part of an allowance");
    n_moves += r == 0;
    send(i, to, p);
}

static void receive(int i)
{
    struct message *m = &messages[dice(MESSAGES)];

    (void)i;
    if (!m->there)
        return;
    if (book_receive(c[m->to].book, c[m->to].projects[m->project].name, names[m->from],
                     m->total, now(), &c[m->to].log, &err)
        < 0)
        fail("an allowance that came");
    check(m->to);
    if (dice(3))
        m->there = false; /* else it comes again */
}

/* The book is lost, its lines are not. */
static void crash(int i)
{
    struct book *again = book_new(names[i]);

    for (size_t k = 0; again && k < c[i].log.n; k++)
        if (book_fold(again, &c[i].log.v[k], &err) < 0)
            fail("a line is not folded");
    if (!again)
        fail("out of memory");
    book_free(c[i].book);
    c[i].book = again;
    if (book_apply_site(again, &c[i].site, now(), &c[i].log, &err) < 0)
        fail("a site after a crash");
    if (book_check(again, &err) < 0)
        fail("a book after a crash");
    n_crashes++;
}

/* --- a world
 * ---------------------------------------------------------------------------
 */

static void begin(void)
{
    memset(messages, 0, sizeof(messages));
    for (int i = 0; i < CENTERS; i++) {
        struct center *x = &c[i];

        *x = (struct center){.book = book_new(names[i])};
        if (!x->book)
            fail("out of memory");
        for (int k = 0; k < INSTITUTIONS; k++) {
            (void)snprintf(x->institutions[k].name, NAME_CAP, "i%d", k);
            if (k < 2)
                (void)snprintf(x->institutions[k].ministry, NAME_CAP, "i2");
        }
        for (int p = 0; p < PROJECTS; p++) {
            (void)snprintf(x->projects[p].name, NAME_CAP, "p%d", p);
            (void)snprintf(x->projects[p].institution, NAME_CAP, "i%d",
                           institution_of(p));
            x->projects[p].budget_milli = (int64_t)dice(100000);
        }
        x->site = (struct site){.institutions = x->institutions,
                                .n_institutions = INSTITUTIONS,
                                .projects = x->projects,
                                .n_projects = PROJECTS};
        if (book_apply_site(x->book, &x->site, now(), &x->log, &err) < 0)
            fail("the first site");
    }
}

struct total {
    char account[ACCOUNT_CAP];
    int64_t milli;
    UT_hash_handle hh;
};

static void add_total(struct total **all, const char *account, int64_t milli)
{
    char key[ACCOUNT_CAP] = "";
    struct total *t;

    (void)word_copy(key, sizeof(key), account); /* same capacity */
    HASH_FIND(hh, *all, key, sizeof(key), t);
    if (!t) {
        t = calloc(1, sizeof(*t));
        if (!t)
            fail("out of memory");
        memcpy(t->account, key, sizeof(key));
        HASH_ADD(hh, *all, account, sizeof(t->account), t);
    }
    t->milli += milli;
}

static int64_t take_total(struct total *all, const char *account)
{
    char key[ACCOUNT_CAP] = "";
    struct total *t;

    (void)word_copy(key, sizeof(key), account);
    HASH_FIND(hh, all, key, sizeof(key), t);
    return t ? t->milli : 0;
}

/* Every account by its name in the lines, and nothing else. */
static void recount(int i)
{
    struct total *all = NULL, *t, *next;
    char account[ACCOUNT_CAP];
    int64_t sum = 0;

    for (size_t k = 0; k < c[i].log.n; k++) {
        add_total(&all, c[i].log.v[k].from, -c[i].log.v[k].milli);
        add_total(&all, c[i].log.v[k].to, c[i].log.v[k].milli);
    }
    for (int p = 0; p < PROJECTS; p++) {
        struct balance x = balance(i, p);

        (void)snprintf(account, sizeof(account), "avail:p%d@%s", p, names[i]);
        if (take_total(all, account) != x.available)
            fail("the lines and the book differ in what is available");
        (void)snprintf(account, sizeof(account), "spent:p%d", p);
        if (take_total(all, account) != x.spent)
            fail("the lines and the book differ in what is spent");
    }
    TABLE_FOREACH (all, t, next) {
        sum += t->milli;
        HASH_DEL(all, t);
        free(t);
    }
    if (sum != 0)
        fail("the postings do not sum to zero");
}

static void end(void)
{
    for (int i = 0; i < CENTERS; i++) {
        recount(i);
        for (int k = 0; k < CENTERS; k++)
            for (int p = 0; k != i && p < PROJECTS; p++)
                if (book_received(c[k].book, c[k].projects[p].name, names[i])
                    > book_given(c[i].book, c[i].projects[p].name, names[k]))
                    fail("more was received than was given");
    }
    for (int i = 0; i < CENTERS; i++) {
        book_free(c[i].book);
        postings_release(&c[i].log);
    }
}

static void world(void)
{
    static void (*const ways[])(int) = {hold,   hold,   hold,   hold, settle,
                                        settle, settle, refund, give, receive};
    uint64_t last = steps + WORLD_STEPS;

    begin();
    for (; steps < last; steps++) {
        int i = (int)dice(CENTERS);

        if (dice(400) == 0)
            apply_site(i);
        else if (dice(3000) == 0)
            crash(i);
        else
            ways[dice(ARRAY_SIZE(ways))](i);
        check(i);
    }
    end();
}

int main(int argc, char **argv)
{
    uint64_t wanted = 200000;

    seed = 1;
    if ((argc > 1 && measure_u64(argv[1], 1, UINT64_MAX / 2, &wanted, &err) < 0)
        || (argc > 2 && measure_u64(argv[2], 1, UINT64_MAX / 2, &seed, &err) < 0)
        || argc > 3) {
        (void)fprintf(stderr, "usage: campaign [TRANSACTIONS [SEED]]\n");
        return 2;
    }
    (void)printf("1..1\n");
    state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    while (steps < wanted)
        world();
    (void)printf("ok 1 - seed %" PRIu64 ": %" PRIu64 " transactions, %" PRIu64
                 " crashes, %" PRIu64 " allowances moved, %" PRIu64
                 " holds refused: every prefix is sound\n",
                 seed, steps, n_crashes, n_moves, n_refused);
    return 0;
}
