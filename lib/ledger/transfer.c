/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * transfer - what this book has given to other centers, and received from them
 *
 * Per project and center two totals that only grow. They follow from the lines: a MOVE
 * from avail here to avail there, and the other way round.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "ledger/book_int.h"

#include "base/banned.h"

static bool make_key(char key[2 * NAME_CAP], const char *project, const char *center)
{
    memset(key, 0, 2 * NAME_CAP);
    return word_copy(key, NAME_CAP, project)
           && word_copy(key + NAME_CAP, NAME_CAP, center);
}

struct transfer *transfer_find(const struct book *b,
                               const char *project,
                               const char *center)
{
    char key[2 * NAME_CAP];
    struct transfer *t = NULL;

    if (make_key(key, project, center))
        HASH_FIND(hh, b->transfers, key, sizeof(key), t);
    return t;
}

struct transfer *transfer_get(struct book *b, const char *project, const char *center)
{
    struct transfer *t = transfer_find(b, project, center);

    if (t)
        return t;
    t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    if (make_key(t->key, project, center) && TABLE_ADD(b->transfers, key, t) == 0)
        return t;
    free(t);
    return NULL;
}

void transfers_free(struct book *b)
{
    struct transfer *t, *next;

    TABLE_FOREACH (b->transfers, t, next) {
        HASH_DEL(b->transfers, t);
        free(t);
    }
}

int64_t book_given(const struct book *b, const char *project, const char *center)
{
    const struct transfer *t = transfer_find(b, project, center);

    return t ? t->given : 0;
}

int64_t book_received(const struct book *b, const char *project, const char *center)
{
    const struct transfer *t = transfer_find(b, project, center);

    return t ? t->received : 0;
}

void book_each_given(const struct book *b,
                     const char *center,
                     void (*each)(const char *project, int64_t total, void *arg),
                     void *arg)
{
    const struct transfer *t, *next;

    TABLE_FOREACH (b->transfers, t, next)
        if (t->given > 0 && !strcmp(t->key + NAME_CAP, center))
            each(t->key, t->given, arg);
}
