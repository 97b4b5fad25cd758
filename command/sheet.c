/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* sheet - rows of picked fields, printed the way that was asked for */
#include "config.h"

#include "command/sheet.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/banned.h"

#define CELL_MAX 65536

struct sheet {
    const struct picks *picks;
    struct sheet_look look;
    char **cells; /* [n_cells], row by row */
    size_t n_cells;
    size_t cap;
};

struct sheet *sheet_new(const struct picks *picks, struct sheet_look look)
{
    struct sheet *s = calloc(1, sizeof(*s));

    if (s) {
        s->picks = picks;
        s->look = look;
    }
    return s;
}

void *sheet_free(struct sheet *s)
{
    if (!s)
        return NULL;
    for (size_t i = 0; i < s->n_cells; i++)
        free(s->cells[i]);
    free(s->cells);
    free(s);
    return NULL;
}

static int grow(struct sheet *s)
{
    size_t cap = s->cap ? 2 * s->cap : 64 * s->picks->n;
    char **cells;

    if (s->n_cells + s->picks->n <= s->cap)
        return 0;
    cells = realloc(s->cells, cap * sizeof(*cells));
    if (!cells)
        return -ENOMEM;
    s->cells = cells;
    s->cap = cap;
    return 0;
}

int sheet_add(struct sheet *s, const void *row)
{
    size_t before = s->n_cells;

    if (grow(s) != 0)
        return -ENOMEM;
    for (size_t i = 0; i < s->picks->n; i++) {
        struct buf b = BUF_INIT(CELL_MAX);
        char *text;

        s->picks->v[i].field->put(row, &b);
        text = b.err ? NULL : strdup(buf_text(&b));
        buf_release(&b);
        if (!text)
            goto no_memory;
        s->cells[s->n_cells++] = text;
    }
    return 0;
no_memory:
    while (s->n_cells > before)
        free(s->cells[--s->n_cells]);
    return -ENOMEM;
}

/* The next character: bytes it takes and columns it fills; anything odd is 1 and 1. */
static size_t next_char(const char *p, mbstate_t *state, int *ret_columns, bool *ret_ok)
{
    wchar_t wc;
    size_t n = mbrtowc(&wc, p, MB_CUR_MAX, state);
    int w = n == 0 || n > MB_CUR_MAX ? -1 : wcwidth(wc);

    *ret_ok = w >= 0;
    *ret_columns = w >= 0 ? w : 1;
    if (n == (size_t)-1 || n == (size_t)-2)
        *state = (mbstate_t){0};
    return w >= 0 || (n > 0 && n <= MB_CUR_MAX) ? n : 1;
}

static int columns_of(const char *text)
{
    mbstate_t state = {0};
    int all = 0;

    for (const char *p = text; *p;) {
        int w;
        bool ok;

        p += next_char(p, &state, &w, &ok);
        all += w;
    }
    return all;
}

/* As many whole characters as fit into so many columns; returns columns used. */
static int put_cut(const char *text, int width)
{
    mbstate_t state = {0};
    int used = 0;

    for (const char *p = text; *p;) {
        int w;
        bool ok;
        size_t n = next_char(p, &state, &w, &ok);

        if (used + w > width)
            break;
        if (ok)
            (void)fwrite(p, 1, n, stdout); /* say_end() asks whether all went out */
        else
            (void)putchar('?');
        used += w;
        p += n;
    }
    return used;
}

void sheet_cell(const char *text, int width, bool right, char cut_mark)
{
    int all = columns_of(text);
    int used;

    if (width == 0)
        width = all;
    if (right && all < width)
        (void)printf("%*s", width - all, "");
    if (all > width && cut_mark) {
        used = put_cut(text, width - 1);
        (void)printf("%*s%c", width - 1 - used, "", cut_mark);
        return;
    }
    used = put_cut(text, width);
    if (!right || all > width)
        (void)printf("%*s", width - used, "");
}

static void exact_row(const struct sheet *s, char *const *cells)
{
    for (size_t i = 0; i < s->picks->n; i++) {
        const struct pick *k = &s->picks->v[i];

        (void)fputs(k->before ? k->before : "", stdout);
        sheet_cell(cells ? cells[i] : k->field->title, k->width, k->right,
                   s->look.cut_mark);
    }
    (void)printf("%s\n", s->picks->after ? s->picks->after : "");
}

static void csv_cell(const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        (void)fputs(text, stdout);
        return;
    }
    (void)putchar('"');
    for (; *text; text++)
        (void)printf(*text == '"' ? "\"\"" : "%c", *text);
    (void)putchar('"');
}

static void marked_row(const struct sheet *s, char *const *cells)
{
    bool csv = s->look.style == SHEET_CSV;

    for (size_t i = 0; i < s->picks->n; i++) {
        const char *text = cells ? cells[i] : s->picks->v[i].field->title;

        if (i)
            (void)putchar(csv ? ',' : '|');
        if (csv)
            csv_cell(text);
        else
            sheet_cell(text, 0, false, 0);
    }
    (void)fputs(s->look.style == SHEET_PARSABLE ? "|\n" : "\n", stdout);
}

/* sacct's table: headings, dashes, cells; each column as wide as it needs or was told.
 */
static int ruled(const struct sheet *s)
{
    size_t n = s->picks->n;
    int *widths = calloc(n, sizeof(*widths));

    if (!widths)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        widths[i] = s->picks->v[i].width;
        if (widths[i])
            continue;
        widths[i] = columns_of(s->picks->v[i].field->title);
        for (size_t at = i; at < s->n_cells; at += n)
            if (columns_of(s->cells[at]) > widths[i])
                widths[i] = columns_of(s->cells[at]);
    }
    for (size_t row = 0; !s->look.no_header && row < 2; row++) {
        for (size_t i = 0; i < n; i++) {
            const struct pick *k = &s->picks->v[i];

            if (row == 0)
                sheet_cell(k->field->title, widths[i], k->right, s->look.cut_mark);
            for (int d = 0; row == 1 && d < widths[i]; d++)
                (void)putchar('-');
            (void)putchar(i == n - 1 ? '\n' : ' ');
        }
    }
    for (size_t at = 0; at < s->n_cells; at++) {
        const struct pick *k = &s->picks->v[at % n];

        sheet_cell(s->cells[at], widths[at % n], k->right, s->look.cut_mark);
        (void)putchar(at % n == n - 1 ? '\n' : ' ');
    }
    free(widths);
    return 0;
}

static int table(const struct sheet *s)
{
    struct libscols_table *t = scols_new_table();
    int r = t ? 0 : -ENOMEM;

    if (r == 0) {
        /* Never cut to the terminal: what is printed is what a pipe gets. */
        (void)scols_table_set_termforce(t, SCOLS_TERMFORCE_NEVER);
        (void)scols_table_enable_noheadings(t, s->look.no_header);
    }
    for (size_t i = 0; r == 0 && i < s->picks->n; i++)
        if (!scols_table_new_column(t, s->picks->v[i].field->title, 0,
                                    s->picks->v[i].right ? SCOLS_FL_RIGHT : 0))
            r = -ENOMEM;
    for (size_t at = 0; r == 0 && at < s->n_cells;) {
        struct libscols_line *line = scols_table_new_line(t, NULL);

        for (size_t i = 0; line && r == 0 && i < s->picks->n; i++)
            r = scols_line_set_data(line, i, s->cells[at++]);
        if (!line)
            r = -ENOMEM;
    }
    if (r == 0) {
        /* smartcols prints nothing at all for a table without lines. */
        if (s->n_cells == 0 && !s->look.no_header) {
            for (size_t i = 0; i < s->picks->n; i++)
                (void)printf("%s%s", i ? " " : "", s->picks->v[i].field->title);
            (void)putchar('\n');
        } else {
            r = scols_print_table(t) < 0 ? -EIO : 0;
        }
    }
    scols_unref_table(t);
    return r;
}

int sheet_print(const struct sheet *s)
{
    void (*row)(const struct sheet *, char *const *) = exact_row;

    if (s->look.style != SHEET_TABLE)
        row = marked_row;
    else if (!s->picks->exact)
        return s->look.rule ? ruled(s) : table(s);
    if (!s->look.no_header)
        row(s, NULL);
    for (size_t at = 0; at < s->n_cells; at += s->picks->n)
        row(s, s->cells + at);
    return 0;
}
