/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * account - the names of accounts, and amounts as people read them
 *
 * avail:NODE@CENTER is the allowance; a node's name may hold an '@' itself, so the
 * center is cut off the end. hold:JOB.ATTEMPT; earned:CENTER; refund:CAUSE; the rest
 * is KIND:NODE.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/measure.h"
#include "base/words.h"
#include "ledger/book_int.h"

#include "base/banned.h"

static const char *const words[_ACCOUNT_KIND_MAX] = {
    [ACCOUNT_BUDGET] = "budget",       [ACCOUNT_AVAIL] = "avail",
    [ACCOUNT_HOLD] = "hold",           [ACCOUNT_SPENT] = "spent",
    [ACCOUNT_OWED] = "owed",           [ACCOUNT_EARNED] = "earned",
    [ACCOUNT_REFUND] = "refund",       [ACCOUNT_EXPIRED] = "expired",
    [ACCOUNT_ELSEWHERE] = "elsewhere", /* written as avail: of its center */
};

void account_write(const struct book *b,
                   const struct account *a,
                   char text[ACCOUNT_CAP])
{
    if (a->kind == ACCOUNT_HOLD)
        (void)snprintf(text, ACCOUNT_CAP, "hold:%" PRIu64 ".%" PRIu32, a->job,
                       a->epoch);
    else if (a->kind == ACCOUNT_AVAIL)
        (void)snprintf(text, ACCOUNT_CAP, "avail:%s@%s", a->name, b->center);
    else if (a->kind == ACCOUNT_ELSEWHERE)
        (void)snprintf(text, ACCOUNT_CAP, "avail:%s@%s", a->name, a->center);
    else if (a->kind == ACCOUNT_EARNED)
        (void)snprintf(text, ACCOUNT_CAP, "earned:%s", b->center);
    else
        (void)snprintf(text, ACCOUNT_CAP, "%s:%s", words[a->kind], a->name);
}

static int read_hold(struct account *a, struct err *err)
{
    char *dot = strrchr(a->name, '.');
    int r = -EINVAL;

    if (dot) {
        *dot = '\0';
        r = measure_u64(a->name, 1, UINT64_MAX, &a->job, err);
        if (r == 0)
            r = measure_u32(dot + 1, 0, UINT32_MAX, &a->epoch, err);
    }
    memset(a->name, 0, sizeof(a->name));
    return r;
}

int account_read(const struct book *b,
                 const char *text,
                 struct account *ret_account,
                 struct err *err)
{
    const char *colon = strchr(text, ':');
    struct account a = {.kind = _ACCOUNT_KIND_MAX};
    size_t n;

    for (int k = 0; colon && k < _ACCOUNT_KIND_MAX; k++)
        if (k != ACCOUNT_ELSEWHERE && strlen(words[k]) == (size_t)(colon - text)
            && !strncmp(text, words[k], (size_t)(colon - text)))
            a.kind = (enum account_kind)k;
    if (a.kind == _ACCOUNT_KIND_MAX)
        return err_set(err, -EINVAL, "\"%s\" is not an account", text);
    n = strlen(colon + 1);
    if (a.kind == ACCOUNT_AVAIL) {
        const char *at = strrchr(colon + 1, '@');

        if (!at || !at[1] || !word_copy(a.center, sizeof(a.center), at + 1))
            return err_set(err, -EINVAL, "account \"%s\" names no center", text);
        if (strcmp(a.center, b->center) != 0)
            a.kind = ACCOUNT_ELSEWHERE;
        n = (size_t)(at - colon - 1);
    }
    if (n == 0 || n >= sizeof(a.name))
        return err_set(err, -EINVAL, "account \"%s\": a name has 1 to %d bytes", text,
                       NAME_CAP - 1);
    memcpy(a.name, colon + 1, n);
    if (a.kind == ACCOUNT_EARNED && strcmp(a.name, b->center) != 0)
        return err_set(err, -EINVAL, "account \"%s\" is not one of center %s", text,
                       b->center);
    if (a.kind == ACCOUNT_HOLD && read_hold(&a, err) < 0)
        return err_set(err, -EINVAL, "account \"%s\" is not hold:JOB.ATTEMPT", text);
    *ret_account = a;
    return 0;
}

char *milli_text(int64_t milli, char *text)
{
    uint64_t n = milli < 0 ? 0 - (uint64_t)milli : (uint64_t)milli;

    (void)snprintf(text, MILLI_TEXT_MAX, "%s%" PRIu64 ".%03u", milli < 0 ? "-" : "",
                   n / 1000, (unsigned)(n % 1000));
    return text;
}
