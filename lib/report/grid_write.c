/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* grid_write - a table as CSV, JSON and aligned text */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/csv.h"
#include "report/grid.h"

#include "base/banned.h"

static const struct {
    uint64_t divisor;
    unsigned decimals;
} kinds[] = {
    [GRID_TEXT] = {1,                     0},
    [GRID_COUNT] = {1,                     0},
    [GRID_MILLI] = {1000,                  3},
    [GRID_S] = {1,                     0},
    [GRID_S_HOURS] = {3600,                  2},
    [GRID_US_HOURS] = {UINT64_C(3600000000),  2},
    [GRID_MIB_HOURS] = {UINT64_C(1024) * 3600, 2},
    [GRID_PARTS] = {100,                   2},
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == _GRID_KIND_MAX, "one for each");

unsigned grid_decimals(enum grid_kind kind)
{
    return kinds[kind].decimals;
}

double grid_divisor(enum grid_kind kind)
{
    return (double)kinds[kind].divisor;
}

/* The digits from behind, a mark after each three of the whole part; rounded half up.
 */
char *grid_number_text(int64_t n, enum grid_kind kind, enum lang l, char *text)
{
    uint64_t v = n < 0 ? -(uint64_t)n : (uint64_t)n;
    uint64_t scale = 1, whole = v / kinds[kind].divisor, part;
    char digits[GRID_NUMBER_CAP];
    size_t at = sizeof(digits);
    unsigned count = 0;

    if (kind == GRID_PARTS && n < 0) {
        memcpy(text, "-", 2);
        return text;
    }
    for (unsigned i = 0; i < kinds[kind].decimals; i++)
        scale *= 10;
    /* The rest is below 2^32 × 10^3 × …: it fits. */
    part = (v % kinds[kind].divisor * scale * 2 / kinds[kind].divisor + 1) / 2;
    whole += part / scale;
    part %= scale;
    digits[--at] = '\0';
    if (kinds[kind].decimals) {
        for (unsigned i = 0; i < kinds[kind].decimals; i++, part /= 10)
            digits[--at] = (char)('0' + part % 10);
        digits[--at] = l == LANG_VI ? ',' : '.';
    }
    do {
        if (count && count % 3 == 0)
            digits[--at] = l == LANG_VI ? '.' : ',';
        digits[--at] = (char)('0' + whole % 10);
        count++;
    } while (whole /= 10);
    if (n < 0)
        digits[--at] = '-';
    memcpy(text, digits + at, sizeof(digits) - at);
    return text;
}

size_t grid_width(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80; /* NFC: one column a letter */
    return n;
}

void grid_csv(const struct grid *g, FILE *out)
{
    for (size_t i = 0; i < g->n_columns; i++)
        (void)fprintf(out, "%s%s", i ? "," : "", g->columns[i].id);
    (void)fputc('\n', out);
    for (size_t r = 0; r < g->n_rows; r++) {
        for (size_t i = 0; i < g->n_columns; i++) {
            const struct grid_cell *c = grid_at(g, r, i);

            if (i)
                (void)fputc(',', out);
            if (g->columns[i].kind == GRID_TEXT)
                csv_text(out, c->text ? c->text : "");
            else if (g->columns[i].kind != GRID_PARTS || c->n >= 0)
                (void)fprintf(out, "%" PRId64, c->n);
        }
        (void)fputc('\n', out);
    }
}

static void json_text(FILE *out, const char *s)
{
    (void)fputc('"', out);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            (void)fputc('\\', out);
        if ((unsigned char)*s < 0x20)
            (void)fprintf(out, "\\u%04x", (unsigned)*s);
        else
            (void)fputc(*s, out);
    }
    (void)fputc('"', out);
}

void grid_json(const struct grid *g, FILE *out)
{
    (void)fputs("{\"id\":", out);
    json_text(out, g->id);
    (void)fputs(",\"columns\":[", out);
    for (size_t i = 0; i < g->n_columns; i++) {
        (void)fputs(i ? "," : "", out);
        json_text(out, g->columns[i].id);
    }
    (void)fputs("],\"rows\":[", out);
    for (size_t r = 0; r < g->n_rows; r++) {
        (void)fputs(r ? ",[" : "[", out);
        for (size_t i = 0; i < g->n_columns; i++) {
            const struct grid_cell *c = grid_at(g, r, i);

            (void)fputs(i ? "," : "", out);
            if (g->columns[i].kind == GRID_TEXT)
                json_text(out, c->text ? c->text : "");
            else if (g->columns[i].kind == GRID_PARTS && c->n < 0)
                (void)fputs("null", out);
            else
                (void)fprintf(out, "%" PRId64, c->n);
        }
        (void)fputc(']', out);
    }
    (void)fputs("]}", out);
}

/* --- for people ---------------------------------------------------------------------
 */

static const char *cell_text(const struct grid *g,
                             const struct grid_cell *c,
                             size_t column,
                             enum lang l,
                             char number[GRID_NUMBER_CAP])
{
    if (g->columns[column].kind == GRID_TEXT)
        return c->text ? c->text : "";
    return grid_number_text(c->n, g->columns[column].kind, l, number);
}

static void put(FILE *out, const char *text, size_t width, bool right, bool last)
{
    size_t pad = width - grid_width(text);

    if (right)
        (void)fprintf(out, "%*s%s", (int)pad, "", text);
    else
        (void)fprintf(out, "%s%*s", text, last ? 0 : (int)pad, "");
    (void)fputs(last ? "\n" : "  ", out);
}

static void put_sums(const struct grid *g,
                     enum lang l,
                     const int64_t *sums,
                     const size_t *widths,
                     FILE *out)
{
    char number[GRID_NUMBER_CAP];

    for (size_t i = 0; i < g->n_columns; i++) {
        const char *text = "";

        if (g->columns[i].sum)
            text = grid_number_text(sums[i], g->columns[i].kind, l, number);
        else if (i == 0)
            text = l == LANG_VI ? "TỔNG" : "TOTAL";
        put(out, text, widths[i], g->columns[i].kind != GRID_TEXT,
            i + 1 == g->n_columns);
    }
}

int grid_plain(const struct grid *g, enum lang l, FILE *out)
{
    size_t widths[GRID_COLUMNS_MAX];
    int64_t sums[GRID_COLUMNS_MAX] = {0};
    char number[GRID_NUMBER_CAP];

    for (size_t i = 0; i < g->n_columns; i++) {
        size_t w = grid_width(grid_head(&g->columns[i], l));

        for (size_t r = 0; r < g->n_rows; r++) {
            size_t x = grid_width(cell_text(g, grid_at(g, r, i), i, l, number));

            w = x > w ? x : w;
        }
        if (g->columns[i].sum) {
            size_t x;

            if (grid_sum(g, i, &sums[i]) < 0)
                return -EOVERFLOW;
            x = grid_width(grid_number_text(sums[i], g->columns[i].kind, l, number));
            w = x > w ? x : w;
        }
        widths[i] = i == 0 && w < 5 ? 5 : w; /* TOTAL */
    }
    (void)fprintf(out, "%s\n", grid_title(g, l));
    for (size_t i = 0; i < g->n_columns; i++)
        put(out, grid_head(&g->columns[i], l), widths[i],
            g->columns[i].kind != GRID_TEXT, i + 1 == g->n_columns);
    for (size_t r = 0; r < g->n_rows; r++)
        for (size_t i = 0; i < g->n_columns; i++)
            put(out, cell_text(g, grid_at(g, r, i), i, l, number), widths[i],
                g->columns[i].kind != GRID_TEXT, i + 1 == g->n_columns);
    if (grid_has_sums(g))
        put_sums(g, l, sums, widths, out);
    return 0;
}
