/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* xlsx - tables as a spreadsheet, one sheet each */
#include "config.h"

#include "report/xlsx.h"

#include <errno.h>
#include <string.h>

#if HAVE_XLSXWRITER
#include <xlsxwriter.h>
#endif

#include "base/words.h"

#include "base/banned.h"

#if HAVE_XLSXWRITER

#define SHEET_ROWS 1048570 /* a sheet has 1,048,576 */
#define SHEET_NAME_LETTERS 31
#define WIDTH_MAX 60

struct book {
    lxw_workbook *file;
    lxw_format *title;
    lxw_format *head;
    lxw_format *text;
    lxw_format *numbers[4]; /* by decimals */
    lxw_format *total;
    lxw_format *totals[4];
    enum lang lang;
};

static lxw_format *a_format(struct book *b, const char *number, bool bold)
{
    lxw_format *f = workbook_add_format(b->file);

    if (!f)
        return NULL;
    if (number)
        format_set_num_format(f, number);
    if (bold)
        format_set_bold(f);
    return f;
}

static int formats(struct book *b)
{
    static const char *const numbers[4] = {"#,##0", "#,##0.0", "#,##0.00", "#,##0.000"};
    bool ok = true;

    for (int i = 0; i < 4; i++) {
        b->numbers[i] = a_format(b, numbers[i], false);
        b->totals[i] = a_format(b, numbers[i], true);
        ok = ok && b->numbers[i] && b->totals[i];
    }
    b->title = a_format(b, NULL, true);
    b->head = a_format(b, NULL, true);
    b->text = a_format(b, NULL, false);
    b->total = a_format(b, NULL, true);
    if (!ok || !b->title || !b->head || !b->text || !b->total)
        return -ENOMEM;
    format_set_font_size(b->title, 14);
    format_set_text_wrap(b->head);
    format_set_align(b->head, LXW_ALIGN_CENTER);
    format_set_bottom(b->head, LXW_BORDER_THIN);
    format_set_top(b->total, LXW_BORDER_THIN);
    for (int i = 0; i < 4; i++)
        format_set_top(b->totals[i], LXW_BORDER_THIN);
    return 0;
}

/* At most 31 letters, none of []:*?/\. */
static void sheet_name(const struct grid *g, enum lang l, char *name, size_t cap)
{
    const char *title = grid_title(g, l);
    size_t n = 0, letters = 0;

    for (; *title && n + 5 < cap; title++) {
        if (((unsigned char)*title & 0xc0) != 0x80 && ++letters > SHEET_NAME_LETTERS)
            break;
        name[n++] = strchr("[]:*?/\\", *title) ? '-' : *title;
    }
    name[n] = '\0';
}

static void put_cell(const struct book *b,
                     lxw_worksheet *w,
                     const struct grid *g,
                     lxw_row_t at,
                     size_t row,
                     size_t column)
{
    const struct grid_cell *c = grid_at(g, row, column);
    enum grid_kind kind = g->columns[column].kind;
    unsigned decimals = grid_decimals(kind);

    if (kind == GRID_TEXT)
        (void)worksheet_write_string(w, at, (lxw_col_t)column, c->text ? c->text : "",
                                     b->text);
    else if (kind != GRID_PARTS || c->n >= 0)
        (void)worksheet_write_number(w, at, (lxw_col_t)column,
                                     (double)c->n / grid_divisor(kind),
                                     b->numbers[decimals]);
}

static size_t column_width(const struct grid *g, size_t column, enum lang l)
{
    size_t w = grid_width(grid_head(&g->columns[column], l));
    char number[GRID_NUMBER_CAP];

    w = w > 14 && g->columns[column].kind != GRID_TEXT ? 14 : w;
    for (size_t i = 0; i < g->n_rows; i++) {
        const struct grid_cell *c = grid_at(g, i, column);
        size_t x =
            g->columns[column].kind == GRID_TEXT
                ? grid_width(c->text ? c->text : "")
                : strlen(grid_number_text(c->n, g->columns[column].kind, l, number));

        w = x > w ? x : w;
    }
    return w + 2 > WIDTH_MAX ? WIDTH_MAX : w + 2;
}

/* A formula with its value: right before and after it is computed again. */
static int put_sums(const struct book *b, lxw_worksheet *w, const struct grid *g)
{
    lxw_row_t at = (lxw_row_t)(g->n_rows + 3);

    (void)worksheet_write_string(w, at, 0, b->lang == LANG_VI ? "TỔNG" : "TOTAL",
                                 b->total);
    for (size_t i = 1; i < g->n_columns; i++) {
        char from[LXW_MAX_CELL_NAME_LENGTH], to[LXW_MAX_CELL_NAME_LENGTH];
        char formula[64];
        enum grid_kind kind = g->columns[i].kind;
        int64_t sum;

        if (!g->columns[i].sum)
            continue;
        if (grid_sum(g, i, &sum) < 0)
            return -EOVERFLOW;
        lxw_rowcol_to_cell(from, 3, (lxw_col_t)i);
        lxw_rowcol_to_cell(to, at - 1, (lxw_col_t)i);
        (void)snprintf(formula, sizeof(formula), "=SUM(%s:%s)", from, to);
        (void)worksheet_write_formula_num(w, at, (lxw_col_t)i, formula,
                                          b->totals[grid_decimals(kind)],
                                          (double)sum / grid_divisor(kind));
    }
    return 0;
}

static int put_grid(struct book *b, const struct grid *g, struct err *err)
{
    char name[4 * SHEET_NAME_LETTERS + 5];
    lxw_worksheet *w;

    if (g->n_rows > SHEET_ROWS)
        return err_set(err, -E2BIG, "table %s has %zu lines: a sheet has at most %d",
                       g->id, g->n_rows, SHEET_ROWS);
    sheet_name(g, b->lang, name, sizeof(name));
    w = workbook_add_worksheet(b->file, name);
    if (!w)
        return err_set(err, -EINVAL, "a sheet cannot have the name \"%s\"", name);
    (void)worksheet_write_string(w, 0, 0, grid_title(g, b->lang), b->title);
    for (size_t i = 0; i < g->n_columns; i++) {
        (void)worksheet_set_column(w, (lxw_col_t)i, (lxw_col_t)i,
                                   (double)column_width(g, i, b->lang), NULL);
        (void)worksheet_write_string(w, 2, (lxw_col_t)i,
                                     grid_head(&g->columns[i], b->lang), b->head);
    }
    for (size_t r = 0; r < g->n_rows; r++)
        for (size_t i = 0; i < g->n_columns; i++)
            put_cell(b, w, g, (lxw_row_t)(r + 3), r, i);
    worksheet_freeze_panes(w, 3, 1);
    worksheet_set_landscape(w);
    worksheet_set_paper(w, 9); /* A4 */
    worksheet_fit_to_pages(w, 1, 0);
    if (g->n_rows && grid_has_sums(g) && put_sums(b, w, g) < 0)
        return err_set(err, -EOVERFLOW, "the sums of table %s do not fit", g->id);
    return 0;
}

int xlsx_write(const char *path,
               const char *title,
               enum lang l,
               struct grid *const *grids,
               size_t n,
               int64_t made,
               struct err *err)
{
    char own[TITLE_CAP];
    lxw_doc_properties about = {.title = own, .created = (time_t)made};
    struct book b = {.file = workbook_new(path), .lang = l};
    lxw_error e;
    int r = b.file ? formats(&b) : -ENOMEM;

    word_cut(own, sizeof(own), title);
    if (!b.file)
        return err_set(err, -ENOMEM, "not enough memory");
    if (r < 0)
        (void)err_set(err, r, "not enough memory");
    (void)workbook_set_properties(b.file, &about); /* of ours: short enough */
    for (size_t i = 0; r == 0 && i < n; i++)
        r = put_grid(&b, grids[i], err);
    e = workbook_close(b.file);
    if (r == 0 && e != LXW_NO_ERROR)
        return err_set(err, -EIO, "cannot write %s: %s", path, lxw_strerror(e));
    return r;
}

#else

int xlsx_write(const char *path,
               const char *title,
               enum lang l,
               struct grid *const *grids,
               size_t n,
               int64_t made,
               struct err *err)
{
    (void)title;
    (void)l;
    (void)grids;
    (void)n;
    (void)made;
    return err_set(err, -ENOTSUP,
                   "%s: this program was built without libxlsxwriter: use csv", path);
}

#endif
