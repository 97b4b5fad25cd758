/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* tables_share - who used whose center, who owes whom, and who paid for it */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "report/tables_int.h"

#include "base/banned.h"

static const char *owner_of(const struct registry *registry, const char *center)
{
    const struct registered_center *c =
        registry ? registry_center(registry, center) : NULL;

    return c ? c->ministry : "";
}

static bool in_span(const struct registered_center *c, struct period span)
{
    return c->from < span.until && c->until > span.from;
}

int table_exchange(struct grid *g, struct tally *t, const struct registry *registry)
{
    struct tally_lines lines;
    size_t first;
    int r = tally_group(t, BY(MINISTRY) | BY(INSTITUTION) | BY(CENTER), &lines);

    if (r < 0)
        return r;
    key_column(g, BY_INSTITUTION);
    key_column(g, BY_CENTER);
    grid_column(g, "owner", "Chủ quản", "Owner", GRID_TEXT, false);
    grid_column(g, "shared", "Của bộ khác", "Another ministry's", GRID_COUNT, false);
    first = sum_columns(g);
    for (size_t i = 0; i < lines.n; i++) {
        const char *owner = owner_of(registry, lines.v[i].key[BY_CENTER]);

        grid_row(g);
        grid_text(g, 0, lines.v[i].key[BY_INSTITUTION]);
        grid_text(g, 1, lines.v[i].key[BY_CENTER]);
        grid_text(g, 2, owner);
        grid_number(g, 3, strcmp(owner, lines.v[i].key[BY_MINISTRY]) != 0);
        sum_cells(g, first, &lines.v[i].sum);
    }
    tally_lines_release(&lines);
    return 0;
}

/* --- between centers ----------------------------------------------------------------
 */

struct side {
    const char *center;
    struct tally_sum lent;     /* ran here for others */
    struct tally_sum borrowed; /* ran at others for people of this one */
};

static struct side *side_of(struct side *v, size_t *n, const char *center)
{
    for (size_t i = 0; i < *n; i++)
        if (!strcmp(v[i].center, center))
            return &v[i];
    v[*n] = (struct side){.center = center};
    return &v[(*n)++];
}

static int by_center(const void *a, const void *b)
{
    return strcmp(((const struct side *)a)->center, ((const struct side *)b)->center);
}

static int add_sides(struct side *v, size_t *n, const struct tally_lines *lines)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < lines->n; i++) {
        const struct tally_line *l = &lines->v[i];
        struct side *host = side_of(v, n, l->key[BY_CENTER]);
        struct side *entry = side_of(v, n, l->key[BY_ENTRY]);

        if (host == entry)
            continue;
        r = tally_sum_add(&host->lent, &l->sum);
        if (r == 0)
            r = tally_sum_add(&entry->borrowed, &l->sum);
    }
    if (*n)
        qsort(v, *n, sizeof(*v), by_center);
    return r;
}

int table_balance(struct grid *g, struct tally *t)
{
    struct tally_lines lines;
    struct side *v = NULL;
    size_t n = 0;
    int r = tally_group(t, BY(ENTRY) | BY(CENTER), &lines);

    if (r < 0)
        return r;
    v = calloc(2 * lines.n + 1, sizeof(*v));
    r = v ? add_sides(v, &n, &lines) : -ENOMEM;
    key_column(g, BY_CENTER);
    grid_column(g, "lent_core_s", "Giờ lõi cho dùng", "Core-hours lent", GRID_S_HOURS,
                true);
    grid_column(g, "borrowed_core_s", "Giờ lõi dùng nhờ", "Core-hours borrowed",
                GRID_S_HOURS, true);
    grid_column(g, "net_core_s", "Chênh lệch giờ lõi", "Net core-hours", GRID_S_HOURS,
                true);
    grid_column(g, "lent_milli", "Đơn vị cho dùng", "Units lent", GRID_MILLI, true);
    grid_column(g, "borrowed_milli", "Đơn vị dùng nhờ", "Units borrowed", GRID_MILLI,
                true);
    grid_column(g, "net_milli", "Chênh lệch đơn vị", "Net units", GRID_MILLI, true);
    for (size_t i = 0; r == 0 && i < n; i++) {
        grid_row(g);
        grid_text(g, 0, v[i].center);
        grid_number(g, 1, (int64_t)v[i].lent.core_s);
        grid_number(g, 2, (int64_t)v[i].borrowed.core_s);
        grid_number(g, 3, (int64_t)v[i].lent.core_s - (int64_t)v[i].borrowed.core_s);
        grid_number(g, 4, v[i].lent.milli);
        grid_number(g, 5, v[i].borrowed.milli);
        grid_number(g, 6, v[i].lent.milli - v[i].borrowed.milli);
    }
    free(v);
    tally_lines_release(&lines);
    return r;
}

int matrix_cells(struct grid *g, struct tally *t)
{
    struct tally_lines cells = {0}, rows = {0}, columns = {0};
    size_t at = 0;
    int r = tally_group(t, BY(INSTITUTION) | BY(CENTER), &cells);

    if (r == 0)
        r = tally_group(t, BY(INSTITUTION), &rows);
    if (r == 0)
        r = tally_group(t, BY(CENTER), &columns);
    key_column(g, BY_INSTITUTION);
    for (size_t i = 0; i < columns.n; i++)
        grid_column(g, columns.v[i].key[BY_CENTER], columns.v[i].key[BY_CENTER],
                    columns.v[i].key[BY_CENTER], GRID_S_HOURS, true);
    grid_column(g, "total", "Tổng", "Total", GRID_S_HOURS, true);
    for (size_t i = 0; r == 0 && !g->err && i < rows.n; i++) {
        grid_row(g);
        grid_text(g, 0, rows.v[i].key[BY_INSTITUTION]);
        grid_number(g, g->n_columns - 1, (int64_t)rows.v[i].sum.core_s);
        for (size_t k = 0; k < columns.n && at < cells.n; k++) {
            if (strcmp(cells.v[at].key[BY_INSTITUTION], rows.v[i].key[BY_INSTITUTION])
                    != 0
                || strcmp(cells.v[at].key[BY_CENTER], columns.v[k].key[BY_CENTER]) != 0)
                continue;
            grid_number(g, k + 1, (int64_t)cells.v[at++].sum.core_s);
        }
    }
    tally_lines_release(&cells);
    tally_lines_release(&rows);
    tally_lines_release(&columns);
    return r;
}

/* --- centers and sponsors -----------------------------------------------------------
 */

static const struct tally_line *of_center(const struct tally_lines *l, const char *id)
{
    for (size_t i = 0; i < l->n; i++)
        if (!strcmp(l->v[i].key[BY_CENTER], id))
            return &l->v[i];
    return NULL;
}

static void center_row(struct grid *g,
                       const char *id,
                       const struct registered_center *c,
                       const struct tally_line *l)
{
    static const struct tally_sum none;

    grid_row(g);
    grid_text(g, 0, id);
    grid_text(g, 1, c ? center_class_word(c->class) : "");
    grid_text(g, 2, c ? c->ministry : "");
    grid_number(g, 3, l != NULL);
    sum_cells(g, 4, l ? &l->sum : &none);
}

static int by_id(const void *a, const void *b)
{
    const struct registered_center *const *x = a, *const *y = b;

    return strcmp((*x)->id, (*y)->id);
}

int table_centers(struct grid *g, struct tally *t, const struct registry *registry)
{
    struct tally_lines lines;
    size_t n = registry ? registry->n_centers : 0;
    const struct registered_center **v = calloc(n + 1, sizeof(*v));
    int r = v ? tally_group(t, BY(CENTER), &lines) : -ENOMEM;

    if (r < 0) {
        free(v);
        return r;
    }
    key_column(g, BY_CENTER);
    grid_column(g, "class", "Loại", "Class", GRID_TEXT, false);
    grid_column(g, "owner", "Chủ quản", "Owner", GRID_TEXT, false);
    grid_column(g, "reporting", "Có báo cáo", "Reporting", GRID_COUNT, true);
    (void)sum_columns(g);
    for (size_t i = 0; i < n; i++)
        v[i] = &registry->centers[i];
    if (n)
        qsort(v, n, sizeof(*v), by_id);
    for (size_t i = 0; i < n; i++) {
        const struct tally_line *l = of_center(&lines, v[i]->id);

        if (l || in_span(v[i], tally_span(t)))
            center_row(g, v[i]->id, v[i], l);
    }
    for (size_t i = 0; i < lines.n; i++)
        if (!registry || !registry_center(registry, lines.v[i].key[BY_CENTER]))
            center_row(g, lines.v[i].key[BY_CENTER], NULL, &lines.v[i]);
    free(v);
    tally_lines_release(&lines);
    return 0;
}

void national_centers(const struct tally *t,
                      const struct registry *registry,
                      struct period span,
                      unsigned *ret_registered,
                      unsigned *ret_reporting)
{
    struct tally_lines lines = {0};

    *ret_registered = *ret_reporting = 0;
    if (tally_group(t, BY(CENTER), &lines) < 0)
        return; /* no memory: a count for people only */
    for (size_t i = 0; i < registry->n_centers; i++) {
        const struct registered_center *c = &registry->centers[i];

        if (c->class != CENTER_NATIONAL || !in_span(c, span))
            continue;
        ++*ret_registered;
        *ret_reporting += of_center(&lines, c->id) != NULL;
    }
    tally_lines_release(&lines);
}

void share_split(int64_t whole, const uint32_t *shares, size_t n, int64_t *parts)
{
    int64_t left = whole;
    int64_t last = INT64_MAX; /* remainder of the one that got the latest */
    size_t from = 0;

    for (size_t i = 0; i < n; i++) {
        parts[i] =
            whole / SHARE_ALL * shares[i] + whole % SHARE_ALL * shares[i] / SHARE_ALL;
        left -= parts[i];
    }
    /* Fewer than n are left: one each, from the largest remainder on. */
    for (; left > 0; left--) {
        int64_t best = -1;
        size_t at = 0;

        for (size_t i = 0; i < n; i++) {
            int64_t rest = whole % SHARE_ALL * shares[i] % SHARE_ALL;

            if (rest > best && (rest < last || (rest == last && i >= from))) {
                best = rest;
                at = i;
            }
        }
        parts[at]++;
        last = best;
        from = at + 1;
    }
}

#define SPONSORS_MAX 256 /* of one center on one day */

static int sponsor_rows(struct grid *g,
                        const struct tally_line *l,
                        const struct registry *registry)
{
    const struct sponsor *who[SPONSORS_MAX];
    uint32_t shares[SPONSORS_MAX];
    int64_t core_s[SPONSORS_MAX], gpu_s[SPONSORS_MAX], milli[SPONSORS_MAX];
    const char *center = l->key[BY_CENTER];
    int64_t since = 0;
    char day[DAY_TEXT_CAP] = "";
    size_t n = 0;

    if (l->key[BY_SPONSORS][0] && l->key[BY_SPONSORS][0] != '-')
        (void)measure_i64(l->key[BY_SPONSORS], 0, INT64_MAX, &since, NULL); /* ours */
    for (size_t i = 0; registry && i < registry->n_sponsors; i++) {
        const struct sponsor *s = &registry->sponsors[i];

        if (strcmp(s->center, center) != 0 || since < s->from || since >= s->until)
            continue;
        if (n == SPONSORS_MAX)
            return -ENOBUFS;
        shares[n] = s->share;
        who[n++] = s;
    }
    if (n == 0) { /* the owner pays */
        who[n] = NULL;
        shares[n++] = SHARE_ALL;
    }
    share_split((int64_t)l->sum.core_s, shares, n, core_s);
    share_split((int64_t)l->sum.gpu_s, shares, n, gpu_s);
    share_split(l->sum.milli, shares, n, milli);
    if (since > 0)
        (void)day_iso(day_of(since, ZONE_VIETNAM), day);
    for (size_t i = 0; i < n; i++) {
        grid_row(g);
        grid_text(g, 0, center);
        grid_text(g, 1, day);
        grid_text(g, 2, who[i] ? who[i]->id : owner_of(registry, center));
        grid_number(g, 3, shares[i]);
        grid_number(g, 4, core_s[i]);
        grid_number(g, 5, gpu_s[i]);
        grid_number(g, 6, milli[i]);
    }
    return 0;
}

int table_sponsors(struct grid *g, struct tally *t, const struct registry *registry)
{
    struct tally_lines lines;
    int r = tally_group(t, BY(CENTER) | BY(SPONSORS), &lines);

    if (r < 0)
        return r;
    key_column(g, BY_CENTER);
    grid_column(g, "since", "Từ ngày", "Since", GRID_TEXT, false);
    grid_column(g, "sponsor", "Nguồn đầu tư", "Paid by", GRID_TEXT, false);
    grid_column(g, "share", "Tỷ lệ %", "Share %", GRID_PARTS, false);
    grid_column(g, "core_s", "Giờ lõi", "Core-hours", GRID_S_HOURS, true);
    grid_column(g, "gpu_s", "Giờ GPU", "GPU-hours", GRID_S_HOURS, true);
    grid_column(g, "milli", "Đơn vị", "Units", GRID_MILLI, true);
    for (size_t i = 0; r == 0 && i < lines.n; i++)
        r = sponsor_rows(g, &lines.v[i], registry);
    tally_lines_release(&lines);
    return r;
}
