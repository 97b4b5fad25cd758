/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * suppress - small numbers do not leave a ministry
 *
 * A row about a few runs tells about a few people. Such rows become one row, so that
 * every sum stays as it was and none of them can be found by subtracting the others.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "report/tables.h"

#include "base/banned.h"

static bool find_runs(const struct grid *g, size_t *ret_column)
{
    for (size_t i = 0; i < g->n_columns; i++)
        if (!strcmp(g->columns[i].id, "runs")) {
            *ret_column = i;
            return true;
        }
    return false;
}

/* The row among the first n with the fewest runs but some; n = there is none. */
static size_t smallest(const struct grid *g, size_t n, size_t runs)
{
    size_t at = n;

    for (size_t i = 0; i < n; i++)
        if (grid_at(g, i, runs)->n > 0
            && (at == n || grid_at(g, i, runs)->n < grid_at(g, at, runs)->n))
            at = i;
    return at;
}

/* Row `from` goes into row `to` and is gone; the ones behind it move up. */
static int merge(struct grid *g, size_t from, size_t to)
{
    size_t row = g->n_columns * sizeof(*g->cells);
    struct grid_cell *a = &g->cells[from * g->n_columns];
    struct grid_cell *b = &g->cells[to * g->n_columns];

    for (size_t i = 0; i < g->n_columns; i++)
        if (g->columns[i].kind != GRID_TEXT && !add_ok(a[i].n, b[i].n, &b[i].n))
            return -EOVERFLOW;
    for (size_t i = 0; i < g->n_columns; i++)
        free(a[i].text);
    memmove(a, a + g->n_columns, (g->n_rows - from - 1) * row);
    g->n_rows--;
    return 0;
}

int table_suppress(struct grid *g, int64_t min)
{
    size_t runs = 0, small = 0;
    int r = 0;

    if (!find_runs(g, &runs))
        return -EINVAL;
    for (size_t i = 0; i < g->n_rows; i++)
        small += grid_at(g, i, runs)->n > 0 && grid_at(g, i, runs)->n < min;
    if (small == 0)
        return 0;
    grid_row(g);
    for (size_t i = 0; i < g->n_columns; i++)
        if (g->columns[i].kind == GRID_TEXT)
            grid_text(g, i, "*");
    while (r == 0 && !g->err && g->n_rows > 1) {
        size_t last = g->n_rows - 1;
        size_t at = smallest(g, last, runs);

        if (at == last
            || (grid_at(g, at, runs)->n >= min && grid_at(g, last, runs)->n >= min))
            break;
        r = merge(g, at, last);
    }
    return r < 0 ? r : g->err;
}
