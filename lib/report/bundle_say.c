/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* bundle_say - do a bundle's records, tables and books agree? */
#include "config.h"

#include "report/bundle_say.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "report/bundle_int.h"
#include "report/calendar.h"
#include "report/job_sums.h"
#include "report/record_file.h"
#include "report/record_line.h"
#include "report/tables.h"

#include "base/banned.h"

/* --- which record was changed -------------------------------------------------------
 */

int say_changed(const char *dir, const char *name, struct err *err)
{
    char path[PATH_BYTES], list[PATH_BYTES], text[HASH_TEXT_CAP], want[32];
    size_t len = strlen(name), n = 0;
    struct record_file *f = NULL;
    struct hasher *h = NULL;
    FILE *lines = NULL;
    uint64_t at = 0;
    bool same = true;

    if (len > 14 && !strncmp(name, "records/", 8) && !strcmp(name + len - 6, ".jsonl")
        && bundle_path(dir, name, path, NULL) == 0
        && bundle_path(dir, name, list, NULL) == 0) {
        memcpy(list + strlen(list) - 6, ".lines", 7);
        h = hasher_new();
        lines = fopen(list, "re");
        if (record_file_open(path, &f, NULL) < 0)
            f = NULL;
    }
    while (f && h && lines && same) {
        const char *line;
        int more = record_file_line(f, &line, &n, NULL);

        at++;
        if (!fgets(want, sizeof(want), lines)) {
            same = more == 0;
            at = more == 0 ? 0 : at; /* nothing was found */
            break;
        }
        same = more == 1 && hasher_line(h, line, n, text) == 0
               && !strncmp(text, want, PREFIX_DIGITS) && want[PREFIX_DIGITS] == '\n';
    }
    if (!f || !h || !lines || same)
        at = 0;
    if (lines)
        (void)fclose(lines); /* it was only read */
    hasher_free(h);
    record_file_free(f);
    if (at)
        return err_set(err, -EBADMSG, "%s line %" PRIu64 ": it is not as it was signed",
                       name, at);
    return err_set(err, -EBADMSG, "%s: it is not as it was signed", name);
}

/* --- bundle.json --------------------------------------------------------------------
 */

int about_read(const char *text, size_t n, struct bundle_about *ret_a, struct err *err)
{
    struct bundle_about a = {0};
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
    const json_t *list = json_object_get(root, "centers");
    const char *ministry = json_string_value(json_object_get(root, "ministry"));
    size_t i;
    json_t *v;
    char *again = NULL;
    size_t len = 0;
    FILE *out;
    int r = -EILSEQ;

    const char *until = json_string_value(json_object_get(root, "until"));
    struct day day;

    a.year = (int)json_integer_value(json_object_get(root, "year"));
    if (until && day_parse(until, &day, NULL) == 0)
        a.until = day_start(day, ZONE_VIETNAM);
    a.centers = calloc(json_array_size(list) + 1, sizeof(*a.centers));
    if (a.centers && a.year >= 1971 && a.year <= 9998 && ministry
        && word_is_name(ministry, NAME_CAP - 1)
        && word_copy(a.ministry, sizeof(a.ministry), ministry)
        && json_array_size(list) <= BUNDLE_CENTERS_MAX)
        r = 0;
    json_array_foreach(list, i, v)
    {
        struct bundle_center *c = &a.centers[a.n_centers];
        const char *id = json_string_value(json_object_get(v, "id"));

        if (r < 0 || !id || !word_is_name(id, NAME_CAP - 1)) {
            r = -EILSEQ;
            break;
        }
        (void)word_copy(c->id, sizeof(c->id), id); /* it fits: a name */
        c->proven = json_is_true(json_object_get(v, "proven"));
        c->records = (uint64_t)json_integer_value(json_object_get(v, "records"));
        a.n_centers++;
    }
    json_decref(root);
    /* Written again it must be the same: there is one way to say it. */
    out = r == 0 ? open_memstream(&again, &len) : NULL;
    if (out) {
        (void)about_write(&a, out);
        if (fclose(out) != 0 || len != n || memcmp(again, text, n) != 0)
            r = -EILSEQ;
    }
    free(again);
    if (r < 0) {
        bundle_about_release(&a);
        return err_set(err, -EILSEQ,
                       "bundle.json: it does not say ministry, year and "
                       "centers as it should");
    }
    *ret_a = a;
    return 0;
}

/* --- records ------------------------------------------------------------------------
 */

struct reading {
    const struct bundle_check *check;
    struct tally *tally;
    struct job_sums *sums;
    struct run_record last;
    uint64_t n;
};

static int take_record(struct reading *x,
                       const struct bundle_center *c,
                       const struct run_record *r,
                       struct err *err)
{
    int ret;

    if (strcmp(r->center, c->id) != 0)
        return err_set(err, -EILSEQ, "it is of center %s", r->center);
    if (!run_record_redacted(r))
        return err_set(err, -EILSEQ, "it has what stays inside the center");
    if (x->n && run_record_compare(&x->last, r) >= 0)
        return err_set(err, -EILSEQ, "it is out of order or twice");
    ret = tally_add(x->tally, r, err);
    if (ret == 0)
        return err_set(err, -EILSEQ, "it is not of this ministry and year");
    if (ret < 0)
        return ret == -EINVAL ? -EILSEQ : ret;
    if (x->sums && job_sums_add(x->sums, r) < 0)
        return err_set(err, -ENOMEM, "not enough memory");
    x->last = *r;
    x->n++;
    return x->check->each ? x->check->each(r, x->check->arg, err) : 0;
}

static int read_records(const char *dir,
                        const struct bundle_center *c,
                        struct reading *x,
                        struct err *err)
{
    _cleanup_(record_file_freep) struct record_file *f = NULL;
    char name[BUNDLE_PATH_CAP], path[PATH_BYTES];
    int r;

    (void)snprintf(name, sizeof(name), "records/%s.jsonl", c->id);
    r = bundle_path(dir, name, path, err);
    if (r == 0)
        r = record_file_open(path, &f, err);
    if (r == -ENOENT)
        return err_set(err, -EILSEQ, "%s: it is missing, and bundle.json names it",
                       name);
    while (r == 0) {
        const char *line;
        struct run_record rec;
        size_t n;
        int more = record_file_line(f, &line, &n, err);

        if (more == 0)
            break;
        r = more < 0 ? more : record_line_parse(line, n, &rec, err);
        if (r == 0)
            r = take_record(x, c, &rec, err);
        if (r == -EBADMSG)
            r = -EILSEQ;
        if (r < 0)
            return err_prefix(err, r, "%s line %" PRIu64, name, record_file_number(f));
    }
    if (r == 0 && x->n != c->records)
        return err_set(err, -EILSEQ,
                       "%s: %" PRIu64 " records, bundle.json says %" PRIu64, name, x->n,
                       c->records);
    return r;
}

/* --- tables -------------------------------------------------------------------------
 */

static int compare_table(const char *dir,
                         const char *name,
                         const struct grid *g,
                         struct err *err)
{
    struct buf have = BUF_INIT(0);
    char *want = NULL;
    size_t n = 0, line = 1, at = 0;
    FILE *out = open_memstream(&want, &n);
    int r;

    if (!out)
        return err_set(err, -ENOMEM, "not enough memory");
    grid_csv(g, out);
    if (fclose(out) != 0) {
        free(want);
        return err_set(err, -ENOMEM, "not enough memory");
    }
    r = bundle_read(dir, name, (size_t)1 << 30, &have, err);
    if (r == 0 && (have.len != n || (n && memcmp(have.data, want, n) != 0))) {
        for (; at < n && at < have.len && have.data[at] == want[at]; at++)
            line += want[at] == '\n';
        r = err_set(err, -EILSEQ, "%s line %zu: it is not what the records add up to",
                    name, line);
    } else if (r == -EBADMSG) {
        r = -EILSEQ;
    }
    free(want);
    buf_release(&have);
    return r;
}

static int check_tables(const char *dir,
                        struct tally *t,
                        const struct registry *registry,
                        struct err *err)
{
    int r = 0;

    for (int i = 0; r == 0 && i < _STATEMENT_TABLE_MAX; i++) {
        enum statement_table w = (enum statement_table)i;
        _cleanup_(grid_freep) struct grid *g = NULL;
        char name[BUNDLE_PATH_CAP];

        (void)snprintf(name, sizeof(name), "tables/%s.csv", statement_table_word(w));
        r = table_make(w, t, registry, &g, err);
        if (r == 0)
            r = compare_table(dir, name, g, err);
    }
    return r;
}

/* --- all of it ----------------------------------------------------------------------
 */

static int load_registry(const char *dir, struct registry **ret_r, struct err *err)
{
    char path[PATH_BYTES];
    int r = bundle_path(dir, "registry.json", path, err);

    if (r == 0)
        r = registry_load(path, ret_r, err);
    return r == -EINVAL || r == -EBADMSG || r == -ENOENT ? -EILSEQ : r;
}

static int read_about(const char *dir, struct bundle_about *a, struct err *err)
{
    struct buf b = BUF_INIT(0);
    int r = bundle_read(dir, "bundle.json", (size_t)1 << 20, &b, err);

    if (r == 0)
        r = about_read(buf_text(&b), b.len, a, err);
    buf_release(&b);
    return r == -EBADMSG ? -EILSEQ : r;
}

static int check_center(const char *dir,
                        size_t i,
                        const struct bundle_check *check,
                        struct tally *t,
                        struct bundle_found *f,
                        struct err *err)
{
    const struct bundle_center *c = &f->about.centers[i];
    struct reading x = {.check = check, .tally = t};
    int r;

    if (c->proven) {
        x.sums = job_sums_new();
        if (!x.sums)
            return err_set(err, -ENOMEM, "not enough memory");
    }
    r = read_records(dir, c, &x, err);
    f->records += x.n;
    if (r == 0 && c->proven)
        r = check_books(dir, &f->about, c, x.sums, f, err);
    job_sums_free(x.sums);
    return r;
}

int check_content(const char *dir,
                  const struct bundle_check *check,
                  struct bundle_found *f,
                  struct err *err)
{
    _cleanup_(registry_freep) struct registry *registry = NULL;
    _cleanup_(tally_freep) struct tally *t = NULL;
    int r = read_about(dir, &f->about, err);

    if (r == 0)
        r = load_registry(dir, &registry, err);
    if (r == 0)
        r = tally_new(registry, bundle_about_span(&f->about), f->about.ministry, false,
                      &t, err);
    if (r == -EINVAL)
        r = err_prefix(err, -EILSEQ, "registry.json");
    for (size_t i = 0; r == 0 && i < f->about.n_centers; i++)
        r = check_center(dir, i, check, t, f, err);
    return r < 0 ? r : check_tables(dir, t, registry, err);
}
