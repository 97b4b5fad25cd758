/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * paper - a report as a document of an agency
 *
 * Sizes are points: without the resolution of 72 dpi pango enlarges each by a third,
 * and the motto no longer fits its line. The font is asked for by name and looked at:
 * fonts-liberation 1.07 lacks Vietnamese letters, and a word in two fonts is ugly.
 */
#include "config.h"

#include "report/paper.h"

#include <errno.h>
#include <string.h>

#if HAVE_PANGOCAIRO

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include "report/paper_int.h"

#include "base/banned.h"

#define A4_WIDTH (210 * MM)
#define A4_HEIGHT (297 * MM)

struct paper_words {
    const char *nation;
    const char *motto;
    const char *number;
    const char *place_date;
    const char *report;
    const char *to;
    const char *signer;
    const char *signature;
};

static const struct paper_words texts[_LANG_MAX] = {
    [LANG_VI] = {"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc",
                 "Số: ......./BC-.......", ".............., ngày ..... tháng ..... năm .......",    "BÁO CÁO",
                 "Nơi nhận:", "QUYỀN HẠN, CHỨC VỤ CỦA NGƯỜI KÝ",
                 "(Chữ ký, dấu hoặc chữ ký số)"},
    [LANG_EN] = {"SOCIALIST REPUBLIC OF VIET NAM",                "Independence - Freedom - Happiness",
                 "No.: ......./BC-.......",  ".............., (day) ..... (month) ..... (year) .......", "REPORT",
                 "Recipients:",  "AUTHORITY AND POSITION OF THE SIGNATORY",
                 "(signature, seal or digital signature)"  },
};

double sheet_text(struct sheet *s,
                  const char *text,
                  struct look look,
                  double x,
                  double y,
                  double width,
                  bool draw)
{
    static const PangoAlignment aligns[] = {
        [AT_LEFT] = PANGO_ALIGN_LEFT,
        [AT_CENTER] = PANGO_ALIGN_CENTER,
        [AT_RIGHT] = PANGO_ALIGN_RIGHT,
        [JUSTIFIED] = PANGO_ALIGN_LEFT,
    };
    PangoLayout *layout = pango_cairo_create_layout(s->cr);
    PangoFontDescription *font = pango_font_description_new();
    int w, h;

    pango_cairo_context_set_resolution(pango_layout_get_context(layout), 72);
    pango_font_description_set_family_static(font, FONT);
    pango_font_description_set_size(font, (int)(look.size * PANGO_SCALE));
    if (look.bold)
        pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
    if (look.italic)
        pango_font_description_set_style(font, PANGO_STYLE_ITALIC);
    pango_layout_context_changed(layout);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(layout, aligns[look.align]);
    pango_layout_set_justify(layout, look.align == JUSTIFIED);
    pango_layout_set_text(layout, text, -1);
    pango_layout_get_size(layout, &w, &h);
    if (draw) {
        cairo_move_to(s->cr, x, y);
        pango_cairo_show_layout(s->cr, layout);
    }
    pango_font_description_free(font);
    g_object_unref(layout);
    return (double)h / PANGO_SCALE;
}

void sheet_line(struct sheet *s, double x, double y, double width)
{
    cairo_set_line_width(s->cr, 0.6);
    cairo_move_to(s->cr, x, y);
    cairo_line_to(s->cr, x + width, y);
    cairo_stroke(s->cr);
}

void sheet_page(struct sheet *s, bool lying)
{
    char number[24];

    if (s->page)
        cairo_show_page(s->cr);
    s->page++;
    s->width = lying ? A4_HEIGHT : A4_WIDTH;
    s->height = lying ? A4_WIDTH : A4_HEIGHT;
    cairo_pdf_surface_set_size(s->surface, s->width, s->height);
    cairo_set_source_rgb(s->cr, 0, 0, 0);
    s->y = 20 * MM;
    if (s->page == 1)
        return;
    (void)snprintf(number, sizeof(number), "%u", s->page);
    (void)sheet_text(s, number, (struct look){.size = 13, .align = AT_CENTER},
                     sheet_left(), 10 * MM, sheet_text_width(s), true);
}

/* Left who issues it, right the nation and its motto; number and date stay blank. */
static void put_head(struct sheet *s, const struct paper *p)
{
    const struct paper_words *t = &texts[p->lang];
    double all = sheet_text_width(s), left = all * 0.42, right = all - left;
    double x = sheet_left(), x2 = x + left;
    double y = s->y, y2 = s->y;

    if (*p->parent)
        y += sheet_text(s, p->parent, (struct look){.size = 12, .align = AT_CENTER}, x,
                        y, left - 8, true);
    y += sheet_text(s, p->body,
                    (struct look){.size = 12, .bold = true, .align = AT_CENTER}, x, y,
                    left - 8, true);
    sheet_line(s, x + left / 3, y + 2, left / 3);
    y2 += sheet_text(s, t->nation,
                     (struct look){.size = 12, .bold = true, .align = AT_CENTER}, x2,
                     y2, right, true);
    y2 += sheet_text(s, t->motto,
                     (struct look){.size = 13, .bold = true, .align = AT_CENTER}, x2,
                     y2, right, true);
    sheet_line(s, x2 + right * 0.2, y2 + 2, right * 0.6);
    s->y = (y > y2 ? y : y2) + 10;
    (void)sheet_text(s, t->number, (struct look){.size = 13, .align = AT_CENTER}, x,
                     s->y, left - 8, true);
    s->y += sheet_text(s, t->place_date,
                       (struct look){.size = 13, .italic = true, .align = AT_CENTER},
                       x2, s->y, right, true);
    s->y += 18;
    s->y += sheet_text(s, t->report,
                       (struct look){.size = 14, .bold = true, .align = AT_CENTER}, x,
                       s->y, all, true);
    s->y += sheet_text(s, p->subject,
                       (struct look){.size = 14, .bold = true, .align = AT_CENTER}, x,
                       s->y, all, true);
    sheet_line(s, x + all * 0.4, s->y + 3, all * 0.2);
    s->y += 14;
}

static void put_text(struct sheet *s, const struct paper *p)
{
    struct look look = {.size = 13, .align = JUSTIFIED};

    for (size_t i = 0; i < p->n_text; i++) {
        double h = sheet_text(s, p->text[i], look, 0, 0, sheet_text_width(s), false);

        if (s->y + h > sheet_bottom(s))
            sheet_page(s, false);
        s->y += sheet_text(s, p->text[i], look, sheet_left(), s->y, sheet_text_width(s),
                           true)
                + 6;
    }
}

/* Recipients left, signatory right, with room for a seal. */
static void put_end(struct sheet *s, const struct paper *p)
{
    const struct paper_words *t = &texts[p->lang];
    double need = 110 + 14 * (double)p->n_to, left, right, y;

    if (s->width > s->height || s->y + need > sheet_bottom(s))
        sheet_page(s, false);
    left = sheet_text_width(s) * 0.38;
    right = sheet_text_width(s) - left;
    s->y += 16;
    y = s->y;
    y += sheet_text(s, t->to, (struct look){.size = 12, .bold = true, .italic = true},
                    sheet_left(), y, left, true);
    for (size_t i = 0; i < p->n_to; i++)
        y += sheet_text(s, p->to[i], (struct look){.size = 11}, sheet_left(), y, left,
                        true);
    s->y += sheet_text(s, t->signer,
                       (struct look){.size = 13, .bold = true, .align = AT_CENTER},
                       sheet_left() + left, s->y, right, true);
    (void)sheet_text(s, t->signature,
                     (struct look){.size = 12, .italic = true, .align = AT_CENTER},
                     sheet_left() + left, s->y + 2, right, true);
}

/* 0, -ENOENT: another font would be taken. */
static int check_font(struct sheet *s, struct err *err)
{
    PangoContext *context = pango_cairo_create_context(s->cr);
    PangoFontDescription *want = pango_font_description_from_string(FONT " 12");
    PangoFont *font = pango_context_load_font(context, want);
    PangoFontDescription *have = font ? pango_font_describe(font) : NULL;
    const char *family = have ? pango_font_description_get_family(have) : NULL;
    int r = 0;

    if (!family || strcmp(family, FONT) != 0)
        r = err_set(err, -ENOENT,
                    "the font %s is not there (%s would be taken): install "
                    "fonts-liberation2",
                    FONT, family ? family : "none");
    if (have)
        pango_font_description_free(have);
    if (font)
        g_object_unref(font);
    pango_font_description_free(want);
    g_object_unref(context);
    return r;
}

int paper_write(const char *path, const struct paper *p, struct err *err)
{
    struct sheet s = {0};
    cairo_status_t status;
    int r;

    s.surface = cairo_pdf_surface_create(path, A4_WIDTH, A4_HEIGHT);
    cairo_pdf_surface_set_metadata(s.surface, CAIRO_PDF_METADATA_CREATE_DATE, p->made);
    cairo_pdf_surface_set_metadata(s.surface, CAIRO_PDF_METADATA_TITLE, p->subject);
    s.cr = cairo_create(s.surface);
    r = check_font(&s, err);
    if (r == 0) {
        sheet_page(&s, false);
        put_head(&s, p);
        put_text(&s, p);
    }
    for (size_t i = 0; r == 0 && i < p->n_grids; i++)
        if (paper_grid(&s, p->grids[i], p->lang, i + 1) < 0)
            r = err_set(err, -EOVERFLOW, "the sums of table %s do not fit",
                        p->grids[i]->id);
    if (r == 0) {
        put_end(&s, p);
        cairo_show_page(s.cr);
    }
    cairo_destroy(s.cr);
    cairo_surface_finish(s.surface);
    status = cairo_surface_status(s.surface);
    cairo_surface_destroy(s.surface);
    if (r == 0 && status != CAIRO_STATUS_SUCCESS)
        return err_set(err, status == CAIRO_STATUS_NO_MEMORY ? -ENOMEM : -EIO,
                       "cannot write %s: %s", path, cairo_status_to_string(status));
    return r;
}

#else

#include "base/banned.h"

int paper_write(const char *path, const struct paper *p, struct err *err)
{
    (void)p;
    return err_set(err, -ENOTSUP,
                   "%s: this program was built without pango and cairo: use csv", path);
}

#endif
