/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * freport_tables - exchange, waste, fairness, sponsors, statement: tables of records
 *
 * One pass over the records, whatever is asked: the tables of a report are made of one
 * tally and so agree with each other.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/freport.h"
#include "command/freport_file.h"
#include "command/freport_source.h"
#include "command/freport_tables.h"
#include "command/say.h"
#include "report/tables.h"

#include "base/banned.h"

#define T(x) (1u << TABLE_##x)

static const struct {
    const char *verb;
    unsigned tables;
    enum statement_table first; /* the one that CSV has without --table */
    const char *vi;
    const char *en;
} reports[] = {
    [FREPORT_EXCHANGE] = {"exchange",  T(EXCHANGE) | T(BALANCE) | T(PAIRS),
                          TABLE_EXCHANGE,                                                   "Chia sẻ năng lực tính toán",
                          "Exchange of computing capacity"                                                                                                                     },
    [FREPORT_WASTE] = {"waste",     T(WASTE),                            TABLE_WASTE,
                          "Năng lực được cấp mà không dùng",                                                         "What was reserved and not used"              },
    [FREPORT_FAIRNESS] = {"fairness",  T(FAIRNESS),                         TABLE_FAIRNESS,
                          "Thời gian chờ và phần được dùng",                                                         "Waiting and shares"                          },
    [FREPORT_SPONSORS] = {"sponsors",  T(SPONSORS),                         TABLE_SPONSORS,
                          "Chi phí theo nguồn đầu tư",                                                                    "Cost by sponsor"                             },
    [FREPORT_STATEMENT] = {"statement", (1u << _STATEMENT_TABLE_MAX) - 1,    TABLE_USAGE,
                          "Sử dụng năng lực tính toán hiệu năng cao",                                                "Statement of high-performance computing used"},
};

static int add(const struct run_record *r, void *arg, struct err *err)
{
    int ret = tally_add(arg, r, err);

    return ret < 0 ? ret : 0;
}

int freport_tally(const struct freport_ask *ask,
                  const struct registry *registry,
                  bool persons,
                  struct tally **ret_t,
                  struct err *err)
{
    _cleanup_(tally_freep) struct tally *t = NULL;
    struct period all = {0, INT64_MAX}; /* the source has looked at the times */
    int r;

    if (ask->year)
        all = period_year(ask->year, ZONE_VIETNAM);
    r = tally_new(registry, all, ask->ministry, persons, &t, err);
    if (r == 0)
        r = freport_each_record(ask, add, t, err);
    if (r == 0)
        *ret_t = TAKE_PTR(t);
    return r;
}

void freport_grids_release(struct freport_grids *g)
{
    for (size_t i = 0; i < g->n; i++)
        grid_free(g->v[i]);
    *g = (struct freport_grids){0};
}

static int fill(const struct freport_ask *ask,
                enum freport_report which,
                const struct registry *registry,
                struct tally *t,
                struct freport_grids *grids,
                struct err *err)
{
    bool people = freport_for_people(ask);
    int r = 0;

    if (which == FREPORT_USAGE_OF_RECORDS) {
        static const enum tally_key keys[_USAGE_BY_MAX] = {
            [USAGE_BY_INSTITUTION] = BY_INSTITUTION,
            [USAGE_BY_PROJECT] = BY_PROJECT,
            [USAGE_BY_CENTER] = BY_CENTER,
            [USAGE_BY_USER] = BY_PERSON,
        };

        r = table_by(keys[ask->by], t, &grids->v[0], err);
        grids->n = r == 0;
        return r;
    }
    for (int i = 0; r == 0 && i < _STATEMENT_TABLE_MAX; i++) {
        enum statement_table w = (enum statement_table)i;

        if (!(reports[which].tables & 1u << i)
            || (ask->table && strcmp(ask->table, statement_table_word(w)) != 0)
            || (!ask->table && ask->format && !strcmp(ask->format, "csv")
                && w != reports[which].first))
            continue;
        if (w == TABLE_EXCHANGE && people) /* across, when somebody looks at it */
            r = table_matrix(t, &grids->v[grids->n], err);
        else
            r = table_make(w, t, registry, &grids->v[grids->n], err);
        grids->n += r == 0;
    }
    return r;
}

static void check_table(const struct freport_ask *ask, enum freport_report which)
{
    enum statement_table w;
    char words[200] = "";
    size_t at = 0;

    if (!ask->table)
        return;
    if (statement_table_parse(ask->table, &w) && (reports[which].tables & 1u << w))
        return;
    for (int i = 0; i < _STATEMENT_TABLE_MAX; i++)
        if (reports[which].tables & 1u << i)
            at +=
                (size_t)snprintf(words + at, sizeof(words) - at, "%s%s", at ? ", " : "",
                                 statement_table_word((enum statement_table)i));
    freport_refuse("--table", ask->table, words);
}

/* Tables have ids; who reads them on paper wants names. */
static int add_names(const struct freport_ask *ask,
                     const struct registry *registry,
                     struct freport_grids *grids,
                     struct err *err)
{
    bool paper =
        ask->format && (!strcmp(ask->format, "pdf") || !strcmp(ask->format, "xlsx"));

    return registry && paper && grids->n > 1
               ? freport_names(ask->ministry, registry, grids, err)
               : 0;
}

int freport_tables(const struct freport_ask *ask, enum freport_report which)
{
    _cleanup_(registry_freep) struct registry *registry = NULL;
    _cleanup_(tally_freep) struct tally *t = NULL;
    struct freport_grids grids = {0};
    struct err err = {0};
    int r = 0;

    freport_check_format(ask);
    if (which != FREPORT_USAGE_OF_RECORDS)
        check_table(ask, which);
    if (ask->registry)
        r = registry_load(ask->registry, &registry, &err);
    if (r == 0)
        r = freport_tally(ask, registry, ask->by == USAGE_BY_USER, &t, &err);
    if (r == 0)
        r = fill(ask, which, registry, t, &grids, &err);
    if (r == 0)
        r = add_names(ask, registry, &grids, &err);
    if (r == 0) {
        grids.tally = t;
        grids.vi = reports[which].vi ? reports[which].vi : grids.v[0]->vi;
        grids.en = reports[which].en ? reports[which].en : grids.v[0]->en;
        r = freport_write(ask, registry, &grids, &err);
    }
    freport_grids_release(&grids);
    if (r == 0)
        return SAY_OK;
    say_error("%s", err_text(&err, r));
    return SAY_ERROR;
}
