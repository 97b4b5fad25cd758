/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fmap_show - fmap show: the tree with the traffic of every link
 *
 * As text: a line per group, indented by level, with a bar for load over capacity
 * relative to the most loaded link. As SVG: a row per level, a box per group, as
 * wide as its ranks and as red as its uplink is loaded.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/path.h"

#include "fmap.h"

#include "base/banned.h"

#define BAR 30
#define LINES_WISH 200 /* more lines than this: stop at the nodes */
#define SVG_WIDTH 1000.0
#define SVG_LETTER 6.5 /* wide, on the average */
#define SVG_ROW 28.0

struct picture {
    const struct machine *m;
    struct place_link *link;
    size_t n;
    double most; /* the largest load / capacity */
};

static double pressure(const struct picture *p, const struct place_link *l)
{
    return (double)l->load / (double)machine_capacity(p->m, l->level);
}

static void group_name(const struct picture *p,
                       const struct place_link *l,
                       char *text,
                       size_t cap)
{
    uint32_t node = machine_node_of(p->m, l->core);
    const char *sw = machine_switch_name(p->m, node, l->level);
    char level[64];
    char name[128];

    machine_level_name(p->m, l->level, level, sizeof(level));
    if (l->level == machine_node_level(p->m))
        (void)snprintf(text, cap, "%s",
                       machine_node_name(p->m, node, name, sizeof(name)));
    else if (l->level < machine_node_level(p->m))
        (void)snprintf(text, cap, "%s at core %" PRIu32, level,
                       l->core - machine_node_first(p->m, node));
    else
        (void)snprintf(text, cap, "%s%s%s", level, sw[0] ? " " : "", sw);
}

static void draw_text(const struct picture *p, struct buf *b)
{
    uint32_t top = machine_levels(p->m);

    for (size_t i = 0; i < p->n; i++) {
        const struct place_link *l = &p->link[i];
        double part = p->most > 0 ? pressure(p, l) / p->most : 0;
        char name[256];
        char bar[BAR + 1];
        int n = (int)(part * BAR + 0.5);

        group_name(p, l, name, sizeof(name));
        memset(bar, '#', (size_t)n);
        bar[n] = '\0';
        buf_printf(b, "%*s%-*s %6" PRIu32 " ranks", (int)(2 * (top - l->level)), "",
                   (int)(34 - 2 * (int)MIN(top - l->level, UINT32_C(14))), name,
                   l->n_ranks);
        if (l->level < top)
            buf_printf(b, " %16" PRIu64 " %3.0f %% %s", l->load, 100 * part, bar);
        buf_putc(b, '\n');
    }
}

static void xml(struct buf *b, const char *s)
{
    for (; *s; s++) {
        if (*s == '<')
            buf_puts(b, "&lt;");
        else if (*s == '&')
            buf_puts(b, "&amp;");
        else
            buf_putc(b, *s);
    }
}

/* The name where it fits into the box, and what the uplink carries where that does. */
static void label(
    struct buf *b, const char *name, uint64_t load, double width, double x, double y)
{
    static const char *const unit[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    char text[32] = "";
    double v = (double)load;
    size_t u = 0;

    for (; v >= 1000 && u + 1 < ARRAY_SIZE(unit); u++)
        v /= 1000;
    if (load)
        (void)snprintf(text, sizeof(text), "  %.3g %s", v, unit[u]); /* fits */
    if (width < 8 + SVG_LETTER * (double)strlen(name))
        return;
    if (width < 8 + SVG_LETTER * (double)(strlen(name) + strlen(text)))
        text[0] = '\0';
    buf_printf(b, "<text x=\"%.2f\" y=\"%.0f\">", x, y);
    xml(b, name);
    buf_printf(b, "%s</text>", text);
}

static void draw_svg(const struct picture *p, struct buf *b)
{
    uint32_t top = machine_levels(p->m);
    double all = p->n ? p->link[0].n_ranks : 1;
    double at[PLACE_LEVELS_MAX + 1] = {0};

    buf_printf(b,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
               "font-family=\"sans-serif\" font-size=\"11\">\n",
               SVG_WIDTH, SVG_ROW * top);
    for (size_t i = 0; i < p->n; i++) {
        const struct place_link *l = &p->link[i];
        double part = p->most > 0 ? pressure(p, l) / p->most : 0;
        double width = SVG_WIDTH * l->n_ranks / all;
        char name[256];

        group_name(p, l, name, sizeof(name));
        buf_printf(b,
                   "<g><rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%.0f\" "
                   "fill=\"rgb(255,%.0f,%.0f)\" stroke=\"#555\" stroke-width=\"0.5\"/>"
                   "<title>",
                   at[l->level], SVG_ROW * (top - l->level), width, SVG_ROW,
                   255 - 175 * part, 255 - 215 * part);
        xml(b, name);
        buf_printf(b, ": %" PRIu32 " ranks, uplink %" PRIu64 " bytes</title>",
                   l->n_ranks, l->load);
        label(b, name, l->load, width, at[l->level] + 4,
              SVG_ROW * (top - l->level) + 18);
        buf_puts(b, "</g>\n");
        at[l->level] += width;
    }
    buf_puts(b, "</svg>\n");
}

static int load(const struct fmap_options *o,
                struct machine **ret_m,
                struct pattern **ret_p,
                struct picture *ret,
                struct err *err)
{
    _cleanup_(freep) uint32_t *cores = NULL;
    _cleanup_(freep) uint32_t *map = NULL;
    uint32_t n = 0;
    int r = fmap_load_machine(o, ret_m, &cores, &n, err);

    if (r == 0)
        r = fmap_load_pattern(o, o->ranks, ret_p, err);
    if (r == 0 && !o->map)
        r = err_set(err, -EINVAL, "give --map FILE");
    if (r == 0)
        r = fmap_load_numbers(o->map, pattern_ranks(*ret_p), &map, &n, err);
    if (r == 0 && n != pattern_ranks(*ret_p))
        r = err_set(err, -EINVAL, "%.80s has %" PRIu32 " lines for %" PRIu32 " ranks",
                    o->map, n, pattern_ranks(*ret_p));
    ret->m = *ret_m;
    if (r == 0)
        r = place_links(*ret_m, *ret_p, map, 1, &ret->link, &ret->n, err);
    if (r == 0 && ret->n > LINES_WISH) {
        free(ret->link);
        ret->link = NULL;
        r = place_links(*ret_m, *ret_p, map, machine_node_level(*ret_m), &ret->link,
                        &ret->n, err);
    }
    for (size_t i = 0; r == 0 && i < ret->n; i++)
        ret->most = MAX(ret->most, pressure(ret, &ret->link[i]));
    return r;
}

int fmap_show(const struct fmap_options *o)
{
    _cleanup_(machine_freep) struct machine *m = NULL;
    _cleanup_(pattern_freep) struct pattern *p = NULL;
    struct picture picture = {0};
    struct buf b = BUF_INIT(FMAP_FILE_MAX);
    struct err err = {0};
    int status;
    int r = load(o, &m, &p, &picture, &err);

    if (r == 0 && o->svg) {
        draw_svg(&picture, &b);
        r = b.err ? b.err : path_write(o->svg, buf_text(&b), b.len, 0644, &err);
        buf_clear(&b);
    }
    if (r == 0)
        draw_text(&picture, &b);
    free(picture.link);
    status = r < 0 ? fmap_fail(&err, r) : fmap_write(o, &b);
    buf_release(&b);
    return status;
}
