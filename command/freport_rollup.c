/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * freport_rollup - the nation's year from the ministries' bundles
 *
 * Each bundle is checked as fverify does; one that is altered is refused by name, and
 * with it the whole roll-up: a sum with a hole is worse than none. Every record is
 * counted, and the totals by ministry, by center and by record must be the same.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "command/freport_tables.h"
#include "command/say.h"
#include "report/bundle.h"
#include "report/calendar.h"

#include "base/banned.h"

#define SMALL_CELLS 5 /* runs: fewer do not leave a ministry */

struct seen {
    char ministry[NAME_CAP];
    char center[NAME_CAP];
    const char *bundle;
};

struct rolling {
    const struct freport_ask *ask;
    struct registry *registry;
    struct tally *tally;
    struct bundle_found *found; /* [n] as far as they were checked */
    size_t n;
    struct seen *seen;
    size_t n_seen;
};

static int add(const struct run_record *r, void *arg, struct err *err)
{
    struct rolling *x = arg;
    int ret = tally_add(x->tally, r, err);

    if (ret == 0)
        return err_set(err, -EILSEQ, "it is not of the year %d", x->ask->year);
    return ret < 0 ? ret : 0;
}

/* The same runs must not count twice: one bundle for a ministry's runs at a center. */
static int note_seen(struct rolling *x,
                     const char *bundle,
                     const struct bundle_about *a,
                     struct err *err)
{
    for (size_t i = 0; i < a->n_centers; i++) {
        struct seen *v;

        for (size_t k = 0; k < x->n_seen; k++)
            if (!strcmp(x->seen[k].ministry, a->ministry)
                && !strcmp(x->seen[k].center, a->centers[i].id))
                return err_set(err, -EEXIST, "%s: %s already has the runs of %s at %s",
                               bundle, x->seen[k].bundle, a->ministry,
                               a->centers[i].id);
        v = reallocarray(x->seen, x->n_seen + 1, sizeof(*v));
        if (!v)
            return err_set(err, -ENOMEM, "not enough memory");
        x->seen = v;
        v[x->n_seen] = (struct seen){.bundle = bundle};
        (void)word_copy(v[x->n_seen].ministry, NAME_CAP, a->ministry); /* names: fit */
        (void)word_copy(v[x->n_seen].center, NAME_CAP, a->centers[i].id);
        x->n_seen++;
    }
    return 0;
}

static int take_bundle(struct rolling *x, const char *bundle, struct err *err)
{
    struct bundle_check check = {.ca = x->ask->ca, .each = add, .arg = x};
    struct bundle_found *f = &x->found[x->n];
    int r = bundle_verify(bundle, &check, f, err);

    if (r < 0)
        return err_prefix(err, r, "%s: refused", bundle);
    x->n++;
    if (f->about.year != x->ask->year)
        return err_set(err, -EINVAL, "%s: it is of %d, not of %d", bundle,
                       f->about.year, x->ask->year);
    return note_seen(x, bundle, &f->about, err);
}

/* --- tables -------------------------------------------------------------------------
 */

/* Every ministry of the year: what came from it, or that nothing did. */
static int received(struct rolling *x, struct grid **ret_g, struct err *err)
{
    struct period year = period_year(x->ask->year, ZONE_VIETNAM);
    struct grid *g = grid_new("received", "Báo cáo đã nhận", "Reports received");

    if (!g)
        return err_set(err, -ENOMEM, "not enough memory");
    grid_column(g, "ministry", "Bộ, ngành", "Ministry", GRID_TEXT, false);
    grid_column(g, "bundles", "Bộ hồ sơ", "Bundles", GRID_COUNT, true);
    grid_column(g, "records", "Bản ghi", "Records", GRID_COUNT, true);
    grid_column(g, "signer", "Người ký", "Signed by", GRID_TEXT, false);
    for (size_t i = 0; i < x->registry->n_ministries && !g->err; i++) {
        const struct agency *m = &x->registry->ministries[i];
        const char *signer = "";
        int64_t bundles = 0, records = 0;

        if (m->from >= year.until || m->until <= year.from)
            continue;
        for (size_t k = 0; k < x->n; k++)
            if (!strcmp(x->found[k].about.ministry, m->id)) {
                bundles++;
                records += (int64_t)x->found[k].records;
                signer = x->found[k].signer.subject;
            }
        grid_row(g);
        grid_text(g, 0, m->id);
        grid_number(g, 1, bundles);
        grid_number(g, 2, records);
        grid_text(g, 3, signer);
    }
    if (g->err) {
        int r = g->err;

        grid_free(g);
        return err_set(err, r, "not enough memory");
    }
    *ret_g = g;
    return 0;
}

static int sum_of(const struct grid *g, const char *column, int64_t *ret_sum)
{
    for (size_t i = 0; i < g->n_columns; i++)
        if (!strcmp(g->columns[i].id, column))
            return grid_sum(g, i, ret_sum);
    return -EINVAL;
}

/* By ministry = by center = by record, to the unit. */
static int check_sums(const struct rolling *x,
                      const struct freport_grids *g,
                      struct err *err)
{
    struct tally_sum all = tally_total(x->tally);
    uint64_t records = 0;

    for (size_t i = 0; i < x->n; i++)
        records += x->found[i].records;
    if (records != all.runs)
        return err_set(err, -EILSEQ, "%" PRIu64 " records make %" PRIu64 " runs",
                       records, all.runs);
    for (size_t i = 1; i < g->n; i++) {
        int64_t runs, core_s, milli;

        if (sum_of(g->v[i], "runs", &runs) < 0 || sum_of(g->v[i], "core_s", &core_s) < 0
            || sum_of(g->v[i], "milli", &milli) < 0 || runs != (int64_t)all.runs
            || core_s != (int64_t)all.core_s || milli != all.milli)
            return err_set(err, -EILSEQ, "table %s does not sum to the records",
                           g->v[i]->id);
    }
    return 0;
}

static int make_tables(struct rolling *x, struct freport_grids *g, struct err *err)
{
    int r = received(x, &g->v[0], err);

    if (r == 0) {
        g->n = 1;
        r = table_by(BY_MINISTRY, x->tally, &g->v[1], err);
    }
    if (r == 0) {
        (void)word_copy(g->v[1]->id, NAME_CAP, "ministries"); /* fits */
        g->n = 2;
        r = table_make(TABLE_CENTERS, x->tally, x->registry, &g->v[2], err);
    }
    if (r == 0) {
        g->n = 3;
        r = table_make(TABLE_EXCHANGE, x->tally, x->registry, &g->v[3], err);
    }
    if (r == 0) {
        g->n = 4;
        r = table_suppress(g->v[3], SMALL_CELLS);
        /* "shared" of the row that stands for several means nothing. */
        if (r < 0)
            return err_set(err, r, "the sums of a table do not fit");
        r = table_make(TABLE_MONTHS, x->tally, x->registry, &g->v[4], err);
    }
    if (r == 0)
        g->n = 5;
    return r < 0 ? r : check_sums(x, g, err);
}

/* What is asked for with --table, or the first for CSV. */
static int choose(const struct freport_ask *ask, struct freport_grids *g)
{
    bool csv = ask->format && !strcmp(ask->format, "csv");
    size_t n = 0;

    for (size_t i = 0; i < g->n; i++) {
        bool wanted = ask->table ? !strcmp(g->v[i]->id, ask->table) : !csv || i == 1;

        if (wanted)
            g->v[n++] = g->v[i];
        else
            grid_free(g->v[i]);
    }
    g->n = n;
    return n ? 0 : -EINVAL;
}

static void say_missing(const struct rolling *x)
{
    unsigned registered, reporting;

    national_centers(x->tally, x->registry, period_year(x->ask->year, ZONE_VIETNAM),
                     &registered, &reporting);
    say_note("national centers: %u of 3 registered, %u reporting", registered,
             reporting);
    for (size_t i = 0; i < x->registry->n_centers; i++) {
        const struct registered_center *c = &x->registry->centers[i];
        bool there = false;

        for (size_t k = 0; k < x->n_seen; k++)
            there = there || !strcmp(x->seen[k].center, c->id);
        if (!there && c->class == CENTER_NATIONAL)
            say_note("no bundle has records of national center %s", c->id);
    }
}

static void release(struct rolling *x)
{
    for (size_t i = 0; i < x->n; i++)
        bundle_found_release(&x->found[i]);
    free(x->found);
    free(x->seen);
    tally_free(x->tally);
    registry_free(x->registry);
}

int freport_rollup(const struct freport_ask *ask)
{
    struct rolling x = {.ask = ask};
    struct freport_grids grids = {
        .vi = "Tổng hợp quốc gia về sử dụng năng lực tính toán hiệu năng cao",
        .en = "National roll-up of high-performance computing used",
    };
    struct err err = {0};
    int r = 0;

    freport_check_format(ask);
    if (!ask->registry || !ask->year || !ask->ca || ask->n_bundles == 0) {
        say_error("rollup needs --year, --registry, --ca and the bundles");
        return SAY_ERROR;
    }
    x.found = calloc(ask->n_bundles, sizeof(*x.found));
    r = x.found ? registry_load(ask->registry, &x.registry, &err)
                : err_set(&err, -ENOMEM, "not enough memory");
    if (r == 0)
        r = tally_new(x.registry, period_year(ask->year, ZONE_VIETNAM), NULL, false,
                      &x.tally, &err);
    for (size_t i = 0; r == 0 && i < ask->n_bundles; i++)
        r = take_bundle(&x, ask->bundles[i], &err);
    if (r == 0)
        r = make_tables(&x, &grids, &err);
    if (r == 0 && choose(ask, &grids) < 0)
        r = err_set(&err, -EINVAL,
                    "--table: use received, ministries, centers, exchange or months");
    if (r == 0) {
        grids.tally = x.tally;
        r = freport_write(ask, x.registry, &grids, &err);
    }
    if (r == 0)
        say_missing(&x);
    freport_grids_release(&grids);
    release(&x);
    if (r == 0)
        return SAY_OK;
    say_error("%s", err_text(&err, r));
    return SAY_ERROR;
}
