/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* bundle_make - records, tables and the manifest of a bundle */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/words.h"
#include "report/bundle_int.h"
#include "report/sorter.h"
#include "report/tables.h"

#include "base/banned.h"

#define RATES_BYTES ((size_t)4 << 20)

void bundle_about_release(struct bundle_about *a)
{
    free(a->centers);
    *a = (struct bundle_about){0};
}

struct bundle_center *bundle_about_center(struct bundle_about *a, const char *id)
{
    for (size_t i = 0; i < a->n_centers; i++)
        if (!strcmp(a->centers[i].id, id))
            return &a->centers[i];
    return NULL;
}

/* --- records ------------------------------------------------------------------------
 */

struct pen {
    const char *dir;
    struct bundle_about *about;
    struct hasher *hasher;
    FILE *records;
    FILE *lines;
};

static int put_down(struct pen *p, int r, struct err *err)
{
    if (p->records)
        r = bundle_close(p->records, "records", r, err);
    if (p->lines)
        r = bundle_close(p->lines, "records", r, err);
    p->records = p->lines = NULL;
    return r;
}

static int next_center(struct pen *p, const char *center, struct err *err)
{
    struct bundle_about *a = p->about;
    struct bundle_center *v;
    char name[BUNDLE_PATH_CAP];
    int r = put_down(p, 0, err);

    if (r < 0)
        return r;
    if (a->n_centers == BUNDLE_CENTERS_MAX)
        return err_set(err, -ENOBUFS, "more than %d centers", BUNDLE_CENTERS_MAX);
    v = reallocarray(a->centers, a->n_centers + 1, sizeof(*v));
    if (!v)
        return err_set(err, -ENOMEM, "not enough memory");
    a->centers = v;
    v[a->n_centers] = (struct bundle_center){0};
    (void)word_copy(v[a->n_centers].id, NAME_CAP, center); /* a name of a record */
    a->n_centers++;
    (void)snprintf(name, sizeof(name), "records/%s.jsonl", center);
    p->records = bundle_create(p->dir, name, &r, err);
    (void)snprintf(name, sizeof(name), "records/%s.lines", center);
    if (p->records)
        p->lines = bundle_create(p->dir, name, &r, err);
    return r;
}

static int put_line(
    const char *center, const char *line, size_t n, void *arg, struct err *err)
{
    struct pen *p = arg;
    struct bundle_about *a = p->about;
    char text[HASH_TEXT_CAP];
    int r = 0;

    if (a->n_centers == 0 || strcmp(a->centers[a->n_centers - 1].id, center) != 0)
        r = next_center(p, center, err);
    if (r < 0)
        return r;
    a->centers[a->n_centers - 1].records++;
    if (hasher_line(p->hasher, line, n, text) < 0)
        return err_set(err, -ENOMEM, "not enough memory");
    (void)fwrite(line, 1, n, p->records); /* bundle_close() asks */
    (void)fputc('\n', p->records);
    (void)fprintf(p->lines, "%.*s\n", PREFIX_DIGITS, text);
    return 0;
}

int bundle_write_records(const char *dir,
                         struct sorter *s,
                         struct bundle_about *a,
                         struct err *err)
{
    struct pen p = {.dir = dir, .about = a, .hasher = hasher_new()};
    int r;

    if (!p.hasher)
        return err_set(err, -ENOMEM, "not enough memory");
    r = sorter_each(s, put_line, &p, err);
    r = put_down(&p, r, err);
    hasher_free(p.hasher);
    return r;
}

/* --- tables -------------------------------------------------------------------------
 */

static const char *const kind_words[_GRID_KIND_MAX] = {
    [GRID_TEXT] = "text",
    [GRID_COUNT] = "count",
    [GRID_MILLI] = "thousandths of a unit",
    [GRID_S] = "seconds",
    [GRID_S_HOURS] = "seconds times cores or GPUs",
    [GRID_US_HOURS] = "microseconds",
    [GRID_MIB_HOURS] = "MiB times seconds",
    [GRID_PARTS] = "ten thousandths",
};

static void put_meaning(const struct grid *g, FILE *out, bool first)
{
    (void)fprintf(out, "%s\"%s\":{\"vi\":\"%s\",\"en\":\"%s\",\"columns\":[",
                  first ? "" : ",\n", g->id, g->vi, g->en);
    for (size_t i = 0; i < g->n_columns; i++)
        (void)fprintf(out,
                      "%s\n{\"id\":\"%s\",\"vi\":\"%s\",\"en\":\"%s\",\"in\":\"%s\"}",
                      i ? "," : "", g->columns[i].id, g->columns[i].vi,
                      g->columns[i].en, kind_words[g->columns[i].kind]);
    (void)fputs("]}", out);
}

int bundle_write_tables(const char *dir,
                        struct tally *t,
                        const struct registry *registry,
                        struct err *err)
{
    int r = 0;
    FILE *meaning = bundle_create(dir, "tables/dictionary.json", &r, err);

    if (!meaning)
        return r;
    (void)fputc('{', meaning);
    for (int i = 0; r == 0 && i < _STATEMENT_TABLE_MAX; i++) {
        enum statement_table w = (enum statement_table)i;
        _cleanup_(grid_freep) struct grid *g = NULL;
        char name[BUNDLE_PATH_CAP];
        FILE *out;

        r = table_make(w, t, registry, &g, err);
        if (r < 0)
            break;
        (void)snprintf(name, sizeof(name), "tables/%s.csv", statement_table_word(w));
        out = bundle_create(dir, name, &r, err);
        if (!out)
            break;
        grid_csv(g, out);
        put_meaning(g, meaning, i == 0);
        r = bundle_close(out, name, 0, err);
    }
    (void)fputs("}\n", meaning);
    return bundle_close(meaning, "tables/dictionary.json", r, err);
}

/* --- what it is about ---------------------------------------------------------------
 */

struct period bundle_about_span(const struct bundle_about *a)
{
    struct period p = period_year(a->year, ZONE_VIETNAM);

    if (a->until)
        p.until = a->until;
    return p;
}

int about_write(const struct bundle_about *a, FILE *out)
{
    char day[DAY_TEXT_CAP];

    (void)fputs("{\"centers\":[", out);
    for (size_t i = 0; i < a->n_centers; i++)
        (void)fprintf(out, "%s{\"id\":\"%s\",\"proven\":%s,\"records\":%" PRIu64 "}",
                      i ? "," : "", a->centers[i].id,
                      a->centers[i].proven ? "true" : "false", a->centers[i].records);
    (void)fprintf(out, "],\"ministry\":\"%s\",", a->ministry);
    if (a->until)
        (void)fprintf(out, "\"until\":\"%s\",",
                      day_iso(day_of(a->until, ZONE_VIETNAM), day));
    (void)fprintf(out, "\"v\":1,\"year\":%d}\n", a->year);
    return ferror(out) ? -EIO : 0;
}

static int put_file(
    const char *dir, const char *name, const char *bytes, size_t n, struct err *err)
{
    int r = 0;
    FILE *out = bundle_create(dir, name, &r, err);

    if (!out)
        return r;
    (void)fwrite(bytes, 1, n, out); /* bundle_close() asks */
    return bundle_close(out, name, 0, err);
}

static int put_rates(const char *dir, const char *rates, struct err *err)
{
    struct buf bytes = BUF_INIT(RATES_BYTES);
    int r = path_read(rates, &bytes, err);

    if (r == 0)
        r = put_file(dir, "rates.json", buf_text(&bytes), bytes.len, err);
    buf_release(&bytes);
    return r;
}

int bundle_write_about(const char *dir,
                       const struct bundle_about *a,
                       const struct registry *registry,
                       const char *rates,
                       struct err *err)
{
    int r = 0;
    FILE *out = bundle_create(dir, "bundle.json", &r, err);

    if (out)
        r = bundle_close(out, "bundle.json", about_write(a, out), err);
    if (r == 0)
        r = put_file(dir, "registry.json", buf_text(&registry->bytes),
                     registry->bytes.len, err);
    if (r == 0 && rates)
        r = put_rates(dir, rates, err);
    if (r < 0)
        return r;
    out = bundle_create(dir, "VERIFY.txt", &r, err);
    if (!out)
        return r;
    verify_text(a, out);
    return bundle_close(out, "VERIFY.txt", 0, err);
}

int bundle_write_manifest(const char *dir, struct err *err)
{
    char **v = NULL;
    size_t n = 0;
    int r = bundle_list(dir, &v, &n, err);
    FILE *out = r == 0 ? bundle_create(dir, "MANIFEST.sha256", &r, err) : NULL;

    for (size_t i = 0; r == 0 && i < n; i++) {
        char path[PATH_BYTES], text[HASH_TEXT_CAP];

        r = bundle_path(dir, v[i], path, err);
        if (r == 0)
            r = bundle_hash_file(path, text, err);
        if (r == 0)
            (void)fprintf(out, "%s  %s\n", text, v[i]); /* bundle_close() asks */
    }
    bundle_list_free(v, n);
    return out ? bundle_close(out, "MANIFEST.sha256", r, err) : r;
}
