/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* month - a month of the books is closed */
#include "config.h"

#include "ledger/month.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "ledger/book_int.h"
#include "ledger/roll_int.h"

#include "base/banned.h"

#define ZONE_US (7 * 3600 * US_PER_S) /* UTC+7, as the reports */

int month_span(const char *name,
               struct wall *ret_from,
               struct wall *ret_until,
               struct err *err)
{
    char day[16], again[MONTH_CAP];
    struct wall from, next;

    (void)snprintf(day, sizeof(day), "%.7s-01", name);
    if (strlen(name) != 7 || roll_day(day, &from, NULL) < 0)
        return err_set(err, -EINVAL, "'%.40s' is not a month such as 2026-10", name);
    from.us -= ZONE_US;
    /* 31 days later it is the next one, on its first to third day. */
    next = (struct wall){from.us + 31 * 86400 * US_PER_S};
    (void)snprintf(day, sizeof(day), "%.7s-01", month_name(next, again));
    if (roll_day(day, &next, err) < 0)
        return -EINVAL;
    *ret_from = from;
    *ret_until = (struct wall){next.us - ZONE_US};
    return 0;
}

char *month_name(struct wall at, char *text)
{
    char full[TIME_TEXT_MAX];

    (void)snprintf(text, MONTH_CAP, "%.7s",
                   wall_text((struct wall){at.us + ZONE_US}, true, full));
    return text;
}

/* The figures of a balance as words. */
static int put_figures(struct act *a, const struct balance *x)
{
    const struct {
        const char *word;
        int64_t milli;
    } figures[] = {
        {"granted",   x->granted  },
        {"available", x->available},
        {"held",      x->held     },
        {"spent",     x->spent    },
        {"owed",      x->owed     },
        {"expired",   x->expired  },
    };
    char text[MILLI_TEXT_MAX];
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(figures); i++)
        r = act_set(a, figures[i].word, milli_text(figures[i].milli, text));
    return r;
}

/* A project that was only ever configured has no line in the journal. */
static bool has_figures(const struct balance *x)
{
    return x->granted || x->available || x->held || x->spent || x->owed || x->expired;
}

static struct act act_begin(const char *name)
{
    struct act a = {0};

    (void)act_set(&a, "do", "close"); /* these fit */
    (void)act_set(&a, "kind", "month");
    (void)act_set(&a, "name", name);
    return a;
}

static int account_act(const struct balance *x, const char *name, struct act *ret_a)
{
    struct act a = act_begin(name);
    int r = act_set(&a, "account", x->project);

    if (r == 0)
        r = put_figures(&a, x);
    *ret_a = a;
    return r;
}

/* All accounts together. */
static int sum_act(const struct book *b, const char *name, struct act *ret_a)
{
    struct act a = act_begin(name);
    struct balance all = {0};
    const struct purse *p, *next;
    char number[24];
    bool ok = true;
    unsigned n = 0;
    int r;

    TABLE_FOREACH (b->purses, p, next) {
        const struct balance *x = &p->now;

        n += has_figures(x);
        ok = ok && add_ok(all.granted, x->granted, &all.granted)
             && add_ok(all.available, x->available, &all.available)
             && add_ok(all.held, x->held, &all.held)
             && add_ok(all.spent, x->spent, &all.spent)
             && add_ok(all.owed, x->owed, &all.owed)
             && add_ok(all.expired, x->expired, &all.expired);
    }
    if (!ok)
        return -EOVERFLOW;
    (void)snprintf(number, sizeof(number), "%u", n);
    r = act_set(&a, "accounts", number);
    if (r == 0)
        r = put_figures(&a, &all);
    *ret_a = a;
    return r;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct purse *const *)a)->now.project,
                  (*(const struct purse *const *)b)->now.project);
}

int month_acts(const struct book *b,
               const char *name,
               int (*each)(const struct act *a, void *arg, struct err *err),
               void *arg,
               struct err *err)
{
    size_t n = 0;
    const struct purse **v = calloc(HASH_COUNT(b->purses) + 1, sizeof(const void *));
    const struct purse *p, *next;
    struct act a;
    int r = v ? 0 : err_set(err, -ENOMEM, "out of memory");

    TABLE_FOREACH (b->purses, p, next)
        if (r == 0 && has_figures(&p->now))
            v[n++] = p;
    if (r == 0)
        qsort(v, n, sizeof(*v), by_name);
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = account_act(&v[i]->now, name, &a);
        if (r == 0)
            r = each(&a, arg, err);
    }
    if (r == 0)
        r = sum_act(b, name, &a);
    if (r == 0)
        r = each(&a, arg, err);
    free(v);
    return r == -EOVERFLOW ? err_set(err, r, "the sums of the month do not fit") : r;
}

static bool same(const struct act *a, const struct act *b)
{
    char text[ACT_TEXT_CAP], other[ACT_TEXT_CAP];

    return act_write(a, text, sizeof(text)) == 0
           && act_write(b, other, sizeof(other)) == 0 && !strcmp(text, other);
}

int month_take(struct book *b, const struct act *a, struct err *err)
{
    const char *name = act_get(a, "name");
    struct wall from, until;
    struct balance x;
    struct act want;
    int r;

    if (strcmp(act_get(a, "do"), "close") != 0
        || strcmp(act_get(a, "kind"), "month") != 0)
        return 0;
    r = month_span(name, &from, &until, err);
    if (r < 0)
        return r;
    if (from.us < b->closed.us)
        return err_set(err, -EINVAL, "month %s is closed already", name);
    if (act_has(a, "account"))
        r = book_balance(b, act_get(a, "account"), &x) < 0
                ? -EINVAL
                : account_act(&x, name, &want);
    else
        r = sum_act(b, name, &want);
    if (r < 0 || !same(a, &want))
        return err_set(err, -EINVAL,
                       "month %s: %s is closed with other figures than %s", name,
                       act_has(a, "account") ? act_get(a, "account") : "the sum",
                       "the lines before it have");
    if (!act_has(a, "account"))
        b->closed = until;
    return 0;
}
