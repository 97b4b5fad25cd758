/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* paper_int - the sheet that is being written: where we are, and text on it */
#ifndef HOPLUU_REPORT_PAPER_INT_H
#define HOPLUU_REPORT_PAPER_INT_H

#include <stdbool.h>

#include "report/paper.h"

#define MM (72 / 25.4)
#define FONT "Liberation Serif"

/* cairo_t and cairo_surface_t: this header is read without cairo's. */
struct _cairo;
struct _cairo_surface;

enum align { AT_LEFT, AT_CENTER, AT_RIGHT, JUSTIFIED };

struct look {
    double size; /* points */
    bool bold;
    bool italic;
    enum align align;
};

struct sheet {
    struct _cairo_surface *surface;
    struct _cairo *cr;
    double width; /* of the page, points */
    double height;
    double y; /* from the top */
    unsigned page;
};

static inline double sheet_left(void)
{
    return 30 * MM;
}
static inline double sheet_text_width(const struct sheet *s)
{
    return s->width - 45 * MM; /* left 30, right 15 */
}
static inline double sheet_bottom(const struct sheet *s)
{
    return s->height - 20 * MM;
}

/* A new page, upright or lying; its number stands in the top margin. */
void sheet_page(struct sheet *s, bool lying);
/* Text in a box; returns its height. draw false = only measured. */
double sheet_text(struct sheet *s,
                  const char *text,
                  struct look look,
                  double x,
                  double y,
                  double width,
                  bool draw);
void sheet_line(struct sheet *s, double x, double y, double width);

/* The table with its title, on as many pages as it takes. number from 1. */
int paper_grid(struct sheet *s, const struct grid *g, enum lang l, size_t number);

#endif
