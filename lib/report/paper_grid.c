/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * paper_grid - a table on paper: as wide as it must be, heads again on each page
 *
 * It is set at 10 points on an upright page; where that does not fit, on a lying one,
 * and smaller if it must be.
 */
#include "config.h"

#include <pango/pangocairo.h>
#include <string.h>

#include "report/paper_int.h"

#include "base/banned.h"

#define PAD 3.0
#define SIZE 10.0
#define SIZE_MIN 6.0

struct setting {
    double size;
    double widths[GRID_COLUMNS_MAX];
    double total;
};

static double natural(struct sheet *s, const char *text, double size, bool bold)
{
    PangoLayout *layout = pango_cairo_create_layout(s->cr);
    PangoFontDescription *font = pango_font_description_new();
    int w, h;

    pango_cairo_context_set_resolution(pango_layout_get_context(layout), 72);
    pango_font_description_set_family_static(font, FONT);
    pango_font_description_set_size(font, (int)(size * PANGO_SCALE));
    if (bold)
        pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
    pango_layout_context_changed(layout);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_text(layout, text, -1);
    pango_layout_get_size(layout, &w, &h);
    pango_font_description_free(font);
    g_object_unref(layout);
    return (double)w / PANGO_SCALE;
}

/* The longest word of a head must fit; the rest may go to another line. */
static double longest_word(struct sheet *s, const char *text, double size)
{
    double most = 0;
    char word[TITLE_CAP];

    while (*text) {
        size_t n = strcspn(text, " ");
        size_t k = n < sizeof(word) - 1 ? n : sizeof(word) - 1;
        double w;

        memcpy(word, text, k);
        word[k] = '\0';
        w = natural(s, word, size, true);
        most = w > most ? w : most;
        text += n + (text[n] == ' ');
    }
    return most;
}

static const char *text_of(const struct grid *g,
                           size_t row,
                           size_t column,
                           enum lang l,
                           char number[GRID_NUMBER_CAP])
{
    const struct grid_cell *c = grid_at(g, row, column);

    if (g->columns[column].kind == GRID_TEXT)
        return c->text ? c->text : "";
    return grid_number_text(c->n, g->columns[column].kind, l, number);
}

#define LOOKED_AT 2000 /* rows whose widths are measured; later ones wrap */

static void measure(struct sheet *s,
                    const struct grid *g,
                    enum lang l,
                    double size,
                    const int64_t *sums,
                    struct setting *ret)
{
    char number[GRID_NUMBER_CAP];

    *ret = (struct setting){.size = size};
    for (size_t i = 0; i < g->n_columns; i++) {
        double w = longest_word(s, grid_head(&g->columns[i], l), size);

        for (size_t r = 0; r < g->n_rows && r < LOOKED_AT; r++) {
            double x = natural(s, text_of(g, r, i, l, number), size, false);

            w = x > w ? x : w;
        }
        if (g->columns[i].sum) {
            double x =
                natural(s, grid_number_text(sums[i], g->columns[i].kind, l, number),
                        size, true);

            w = x > w ? x : w;
        }
        ret->widths[i] = w + 2 * PAD;
        ret->total += ret->widths[i];
    }
}

/* One line of cells, drawn or only measured; returns its height. */
static double put_row(struct sheet *s,
                      const struct setting *t,
                      size_t n,
                      const char *const *cells,
                      const enum align *aligns,
                      bool bold,
                      bool draw)
{
    double x = sheet_left(), height = 0;

    for (size_t i = 0; i < n; i++) {
        struct look look = {.size = t->size, .bold = bold, .align = aligns[i]};
        double h = sheet_text(s, cells[i], look, x + PAD, s->y + PAD,
                              t->widths[i] - 2 * PAD, draw);

        height = h > height ? h : height;
        x += t->widths[i];
    }
    return height + 2 * PAD;
}

static void box(struct sheet *s, const struct setting *t, size_t n, double height)
{
    double x = sheet_left();

    cairo_set_line_width(s->cr, 0.5);
    cairo_rectangle(s->cr, x, s->y, t->total, height);
    for (size_t i = 0; i + 1 < n; i++) {
        x += t->widths[i];
        cairo_move_to(s->cr, x, s->y);
        cairo_line_to(s->cr, x, s->y + height);
    }
    cairo_stroke(s->cr);
}

static void put_line(struct sheet *s,
                     const struct setting *t,
                     size_t n,
                     const char *const *cells,
                     const enum align *aligns,
                     bool bold)
{
    double h = put_row(s, t, n, cells, aligns, bold, false);

    (void)put_row(s, t, n, cells, aligns, bold, true);
    box(s, t, n, h);
    s->y += h;
}

static void put_heads(struct sheet *s,
                      const struct grid *g,
                      const struct setting *t,
                      enum lang l)
{
    const char *cells[GRID_COLUMNS_MAX];
    enum align aligns[GRID_COLUMNS_MAX];

    for (size_t i = 0; i < g->n_columns; i++) {
        cells[i] = grid_head(&g->columns[i], l);
        aligns[i] = AT_CENTER;
    }
    put_line(s, t, g->n_columns, cells, aligns, true);
}

static void put_title(struct sheet *s, const struct grid *g, enum lang l, size_t number)
{
    char title[TITLE_CAP + 40];

    (void)snprintf(title, sizeof(title), "%s %zu. %s", l == LANG_VI ? "Bảng" : "Table",
                   number, grid_title(g, l));
    s->y += 8;
    s->y += sheet_text(s, title, (struct look){.size = 13, .bold = true}, sheet_left(),
                       s->y, sheet_text_width(s), true)
            + 4;
}

/* Upright or lying, and how large. */
static bool choose(struct sheet *s,
                   const struct grid *g,
                   enum lang l,
                   const int64_t *sums,
                   struct setting *t)
{
    double upright = (210 - 45) * MM, lying = (297 - 45) * MM;
    double size = SIZE;
    bool lies;

    measure(s, g, l, size, sums, t);
    lies = t->total > upright;
    while (t->total > (lies ? lying : upright) && size > SIZE_MIN) {
        size -= 0.5;
        measure(s, g, l, size, sums, t);
    }
    /* A table narrower than the text takes the whole width in its first column. */
    if (t->total < (lies ? lying : upright)) {
        t->widths[0] += (lies ? lying : upright) - t->total;
        t->total = lies ? lying : upright;
    }
    return lies;
}

static void put_rows(struct sheet *s,
                     const struct grid *g,
                     const struct setting *t,
                     enum lang l,
                     bool lies,
                     const int64_t *sums)
{
    char numbers[GRID_COLUMNS_MAX][GRID_NUMBER_CAP];
    const char *cells[GRID_COLUMNS_MAX];
    enum align aligns[GRID_COLUMNS_MAX];
    size_t last = g->n_rows + grid_has_sums(g);

    for (size_t i = 0; i < g->n_columns; i++)
        aligns[i] = g->columns[i].kind == GRID_TEXT ? AT_LEFT : AT_RIGHT;
    for (size_t r = 0; r < last; r++) {
        bool total = r == g->n_rows;

        for (size_t i = 0; i < g->n_columns; i++) {
            if (!total)
                cells[i] = text_of(g, r, i, l, numbers[i]);
            else if (g->columns[i].sum)
                cells[i] = grid_number_text(sums[i], g->columns[i].kind, l, numbers[i]);
            else
                cells[i] = i ? "" : l == LANG_VI ? "Tổng" : "Total";
        }
        if (s->y + put_row(s, t, g->n_columns, cells, aligns, total, false)
            > sheet_bottom(s)) {
            sheet_page(s, lies);
            put_heads(s, g, t, l);
        }
        put_line(s, t, g->n_columns, cells, aligns, total);
    }
}

int paper_grid(struct sheet *s, const struct grid *g, enum lang l, size_t number)
{
    int64_t sums[GRID_COLUMNS_MAX] = {0};
    struct setting t;
    bool lies;

    for (size_t i = 0; i < g->n_columns; i++)
        if (g->columns[i].sum && grid_sum(g, i, &sums[i]) < 0)
            return -1;
    lies = choose(s, g, l, sums, &t);
    if (lies != (s->width > s->height) || s->y + 110 > sheet_bottom(s))
        sheet_page(s, lies);
    put_title(s, g, l, number);
    put_heads(s, g, &t, l);
    put_rows(s, g, &t, l, lies, sums);
    s->y += 4;
    return 0;
}
