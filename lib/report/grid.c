/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* grid - a table of a report: columns, rows, sums */
#include "config.h"

#include "report/grid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "model/enum_words.h"

#include "base/banned.h"

static const char *const lang_words[] = {[LANG_EN] = "en", [LANG_VI] = "vi"};
ENUM_WORDS(lang, enum lang, _LANG_MAX, lang_words)

struct grid *grid_new(const char *id, const char *vi, const char *en)
{
    struct grid *g = calloc(1, sizeof(*g));

    if (!g)
        return NULL;
    word_cut(g->id, sizeof(g->id), id);
    word_cut(g->vi, sizeof(g->vi), vi);
    word_cut(g->en, sizeof(g->en), en);
    return g;
}

void *grid_free(struct grid *g)
{
    if (!g)
        return NULL;
    for (size_t i = 0; i < g->n_rows * g->n_columns; i++)
        free(g->cells[i].text);
    free(g->cells);
    free(g->columns);
    free(g);
    return NULL;
}

void grid_column(struct grid *g,
                 const char *id,
                 const char *vi,
                 const char *en,
                 enum grid_kind kind,
                 bool sum)
{
    struct grid_column *v;

    if (g->err)
        return;
    if (g->n_columns == GRID_COLUMNS_MAX) {
        g->err = -ENOBUFS;
        return;
    }
    v = reallocarray(g->columns, g->n_columns + 1, sizeof(*v));
    if (!v) {
        g->err = -ENOMEM;
        return;
    }
    g->columns = v;
    v += g->n_columns++;
    *v = (struct grid_column){.kind = kind, .sum = sum};
    word_cut(v->id, sizeof(v->id), id);
    word_cut(v->vi, sizeof(v->vi), vi);
    word_cut(v->en, sizeof(v->en), en);
}

void grid_row(struct grid *g)
{
    if (g->err)
        return;
    if (g->n_rows == GRID_ROWS_MAX) {
        g->err = -ENOBUFS;
        return;
    }
    if (g->n_rows == g->cap) {
        size_t cap = g->cap ? 2 * g->cap : 32;
        struct grid_cell *v =
            reallocarray(g->cells, cap * g->n_columns, sizeof(*g->cells));

        if (!v) {
            g->err = -ENOMEM;
            return;
        }
        g->cells = v;
        g->cap = cap;
    }
    memset(g->cells + g->n_rows * g->n_columns, 0, g->n_columns * sizeof(*g->cells));
    g->n_rows++;
}

static struct grid_cell *last(struct grid *g, size_t column)
{
    return &g->cells[(g->n_rows - 1) * g->n_columns + column];
}

void grid_text(struct grid *g, size_t column, const char *text)
{
    if (g->err)
        return;
    last(g, column)->text = strdup(text);
    if (!last(g, column)->text)
        g->err = -ENOMEM;
}

void grid_number(struct grid *g, size_t column, int64_t n)
{
    if (!g->err)
        last(g, column)->n = n;
}

int grid_sum(const struct grid *g, size_t column, int64_t *ret_sum)
{
    int64_t sum = 0;

    for (size_t i = 0; i < g->n_rows; i++)
        if (!add_ok(sum, grid_at(g, i, column)->n, &sum))
            return -EOVERFLOW;
    *ret_sum = sum;
    return 0;
}

bool grid_has_sums(const struct grid *g)
{
    for (size_t i = 0; i < g->n_columns; i++)
        if (g->columns[i].sum)
            return true;
    return false;
}
