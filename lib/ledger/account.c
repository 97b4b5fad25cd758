/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * account - the names of accounts, and amounts as people read them
 *
 * KIND:PROJECT@CENTER, and hold:JOB@CENTER. The center is cut off the end, since a
 * project's name may hold an '@' itself.
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
    [ACCOUNT_BUDGET] = "budget", [ACCOUNT_AVAIL] = "avail", [ACCOUNT_HOLD] = "hold",
    [ACCOUNT_SPENT] = "spent",   [ACCOUNT_OWED] = "owed",
};

void account_write(const struct book *b,
                   enum account_kind kind,
                   const char *project,
                   uint64_t job,
                   char text[ACCOUNT_CAP])
{
    if (kind == ACCOUNT_HOLD)
        (void)snprintf(text, ACCOUNT_CAP, "hold:%" PRIu64 "@%s", job, b->center);
    else
        (void)snprintf(text, ACCOUNT_CAP, "%s:%s@%s", words[kind], project, b->center);
}

int account_read(const struct book *b,
                 const char *text,
                 struct account *ret_account,
                 struct err *err)
{
    const char *colon = strchr(text, ':');
    size_t center = strlen(b->center);
    size_t len = strlen(text);
    struct account a = {.kind = _ACCOUNT_KIND_MAX};
    size_t n;

    for (int k = 0; colon && k < _ACCOUNT_KIND_MAX; k++)
        if (strlen(words[k]) == (size_t)(colon - text)
            && !strncmp(text, words[k], (size_t)(colon - text)))
            a.kind = (enum account_kind)k;
    if (a.kind == _ACCOUNT_KIND_MAX)
        return err_set(err, -EINVAL, "\"%s\" is not an account", text);
    n = len - (size_t)(colon + 1 - text);
    if (n < center + 2 || text[len - center - 1] != '@'
        || strcmp(text + len - center, b->center) != 0)
        return err_set(err, -EINVAL, "account \"%s\" is not one of center %s", text,
                       b->center);
    n -= center + 1;
    if (n >= sizeof(a.project))
        return err_set(err, -EINVAL, "account \"%s\": its name is longer than %d bytes",
                       text, NAME_CAP - 1);
    memcpy(a.project, colon + 1, n);
    if (a.kind == ACCOUNT_HOLD) {
        int r = measure_u64(a.project, 1, UINT64_MAX, &a.job, err);

        if (r < 0)
            return err_prefix(err, -EINVAL, "account \"%s\"", text);
        memset(a.project, 0, sizeof(a.project));
    }
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
