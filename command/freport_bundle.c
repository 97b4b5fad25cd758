/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * freport_bundle - a ministry's year as a directory that anybody can check
 *
 * Made beside its place (DIR.part) and renamed when it is whole, signed and on disk. A
 * failure leaves nothing.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/words.h"
#include "command/freport_paper.h"
#include "command/freport_sign.h"
#include "command/freport_source.h"
#include "command/freport_tables.h"
#include "command/say.h"
#include "report/bundle.h"
#include "report/sorter.h"
#include "report/xlsx.h"

#include "base/banned.h"

#define PATH_BYTES 4096

struct making {
    const struct freport_ask *ask;
    struct registry *registry;
    struct tally *tally;
    struct sorter *sorter;
    struct bundle_about about;
    char part[PATH_BYTES];
};

static int take(const struct run_record *r, void *arg, struct err *err)
{
    struct making *m = arg;
    struct run_record own = *r;
    int ret;

    run_record_redact(&own);
    ret = tally_add(m->tally, &own, err);
    return ret <= 0 ? ret : sorter_add(m->sorter, &own, err);
}

static int read_all(struct making *m, struct err *err)
{
    const struct freport_ask *ask = m->ask;
    int r = registry_load(ask->registry, &m->registry, err);

    if (r == 0)
        r = tally_new(m->registry, bundle_about_span(&m->about), ask->ministry, false,
                      &m->tally, err);
    if (r == 0)
        r = sorter_new(m->part, &m->sorter, err);
    if (r == 0)
        r = freport_each_record(ask, take, m, err);
    if (r == 0 && freport_incomplete())
        r = err_set(err, -EINVAL, "not all records can be told: nothing was made");
    return r;
}

/* --- for people ---------------------------------------------------------------------
 */

static int paper(struct making *m,
                 enum lang l,
                 const char *name,
                 const struct freport_grids *grids,
                 struct err *err)
{
    struct freport_ask ask = *m->ask;
    char path[PATH_BYTES + 32];

    ask.lang = l;
    (void)snprintf(path, sizeof(path), "%s/%s", m->part, name);
    return freport_paper(path, &ask, m->registry, grids, err);
}

/* What was not built in is left out, and said. */
static int optional(int r, struct err *err)
{
    if (r != -ENOTSUP)
        return r;
    say_warning("%s", err->text);
    *err = (struct err){0};
    return 0;
}

static int write_for_people(struct making *m, struct err *err)
{
    struct freport_grids grids = {
        .vi = "Báo cáo sử dụng năng lực tính toán hiệu năng cao",
        .en = "Statement of high-performance computing used",
        .tally = m->tally,
    };
    char path[PATH_BYTES + 32];
    int r = 0;

    for (int i = 0; r == 0 && i < _STATEMENT_TABLE_MAX; i++) {
        r = table_make((enum statement_table)i, m->tally, m->registry,
                       &grids.v[grids.n], err);
        grids.n += r == 0;
    }
    (void)snprintf(path, sizeof(path), "%s/report.xlsx", m->part);
    if (r == 0)
        r = optional(xlsx_write(path, grids.vi, LANG_VI, grids.v, grids.n,
                                tally_latest(m->tally), err),
                     err);
    if (r == 0)
        r = optional(paper(m, LANG_VI, "report.pdf", &grids, err), err);
    if (r == 0)
        r = optional(paper(m, LANG_EN, "report.en.pdf", &grids, err), err);
    freport_grids_release(&grids);
    return r;
}

/* --- the whole ----------------------------------------------------------------------
 */

static int remove_one(const char *path,
                      const struct stat *st,
                      int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    (void)remove(path); /* what stays is seen by the next try */
    return 0;
}

static int fill(struct making *m, struct err *err)
{
    const struct freport_ask *ask = m->ask;
    int r;
    struct period year = period_year(ask->year, ZONE_VIETNAM);
    struct day day;

    m->about.year = ask->year;
    if (ask->cutoff) {
        int bad = day_parse(ask->cutoff, &day, err);

        if (bad < 0)
            return err_prefix(err, bad, "--cutoff");
        m->about.until = day_start(day, ZONE_VIETNAM);
        if (m->about.until <= year.from || m->about.until >= year.until)
            return err_set(err, -EINVAL, "--cutoff: %s does not lie inside %d",
                           ask->cutoff, ask->year);
    }
    if (!word_copy(m->about.ministry, sizeof(m->about.ministry), ask->ministry))
        return err_set(err, -EINVAL, "--ministry is too long");
    r = read_all(m, err);
    if (r == 0)
        r = bundle_write_records(m->part, m->sorter, &m->about, err);
    if (r == 0)
        r = bundle_write_tables(m->part, m->tally, m->registry, err);
    if (r == 0 && ask->books)
        r = bundle_write_books(m->part, ask->books, &m->about, err);
    if (r == 0)
        r = bundle_write_about(m->part, &m->about, m->registry, ask->rates, err);
    if (r == 0)
        r = write_for_people(m, err);
    if (r == 0)
        r = bundle_write_manifest(m->part, err);
    if (r == 0)
        r = freport_sign(m->part, ask->signer, ask->key, err);
    return r;
}

static void check_options(const struct freport_ask *ask)
{
    const struct {
        bool missing;
        const char *option;
        const char *why;
    } needs[] = {
        {!ask->ministry, "--ministry", "whose year is it?"                              },
        {!ask->year,     "--year",     "which year is it?"                              },
        {!ask->registry, "--registry", "who is who?"                                    },
        {!ask->output,   "--output",   "which directory shall be made?"                 },
        {!ask->signer,   "--signer",   "whose certificate (PEM) signs it?"              },
        {!ask->key,      "--key",      "which key (a PEM file, or pkcs11:…) signs it?"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
        if (needs[i].missing) {
            say_error("bundle needs %s: %s", needs[i].option, needs[i].why);
            exit(SAY_ERROR);
        }
}

static void tell(const struct making *m)
{
    for (size_t i = 0; i < m->about.n_centers; i++)
        if (!m->about.centers[i].proven)
            say_warning(
                "the records of %s are not proven by its books: put %s.journal, "
                "%s.note and %s.pub into --books DIR",
                m->about.centers[i].id, m->about.centers[i].id, m->about.centers[i].id,
                m->about.centers[i].id);
}

int freport_bundle(const struct freport_ask *ask)
{
    struct making m = {.ask = ask};
    struct err err = {0};
    struct stat st;
    int r = 0;

    check_options(ask);
    if (snprintf(m.part, sizeof(m.part), "%s.part", ask->output) >= (int)sizeof(m.part))
        r = err_set(&err, -ENAMETOOLONG, "--output is too long");
    else if (lstat(ask->output, &st) == 0)
        r = err_set(&err, -EEXIST, "%s is there already: a bundle is never changed",
                    ask->output);
    else if (mkdir(m.part, 0777) != 0)
        r = err_set(&err, -errno, "cannot make %s: %s", m.part, strerror(errno));
    if (r < 0) {
        say_error("%s", err_text(&err, r));
        return SAY_ERROR;
    }
    r = fill(&m, &err);
    if (r == 0 && rename(m.part, ask->output) != 0)
        r = err_set(&err, -errno, "cannot make %s: %s", ask->output, strerror(errno));
    if (r < 0)
        (void)nftw(m.part, remove_one, 16,
                   FTW_DEPTH | FTW_PHYS); /* as far as it goes */
    else
        tell(&m);
    bundle_about_release(&m.about);
    sorter_free(m.sorter);
    tally_free(m.tally);
    registry_free(m.registry);
    if (r == 0)
        return SAY_OK;
    say_error("%s", err_text(&err, r));
    return SAY_ERROR;
}
