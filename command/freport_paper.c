/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * freport_paper - what a report says in words before its tables
 *
 * Two languages side by side, as data: a document of an agency is written in the
 * language that was asked for, whatever language the terminal of its clerk has.
 */
#include "config.h"

#include "command/freport_paper.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report/calendar.h"
#include "report/paper.h"
#include "report/text.h"

#include "base/banned.h"

#define NATIONAL_TARGET 3 /* Decision 127/QD-TTg, II.2a: by 2030 */
#define PARAGRAPHS 5
#define PARAGRAPH_CAP 1024

struct prose {
    char text[PARAGRAPHS][PARAGRAPH_CAP];
    const char *list[PARAGRAPHS];
    size_t n;
};

static char *next(struct prose *p)
{
    p->list[p->n] = p->text[p->n];
    return p->text[p->n++];
}

static void add_ground(struct prose *p, enum lang l, const struct agency *a)
{
    if (l == LANG_VI)
        (void)snprintf(
            next(p), PARAGRAPH_CAP,
            "Thực hiện Quyết định số 127/QĐ-TTg ngày 26 tháng 01 năm 2021 của "
            "Thủ tướng Chính phủ ban hành Chiến lược quốc gia về nghiên cứu, "
            "phát triển và ứng dụng Trí tuệ nhân tạo đến năm 2030, %s báo cáo "
            "việc sử dụng năng lực tính toán hiệu năng cao như sau:",
            a->vi);
    else
        (void)snprintf(
            next(p), PARAGRAPH_CAP,
            "In implementation of Decision No. 127/QD-TTg of 26 January 2021 "
            "of the Prime Minister promulgating the National Strategy on "
            "Research, Development and Application of Artificial Intelligence "
            "until 2030, the %s reports on the use of high-performance "
            "computing as follows:",
            a->en);
}

static void add_span(struct prose *p, enum lang l, const struct freport_ask *ask)
{
    struct period span = {ask->since.us / US_PER_S, ask->until.us / US_PER_S};
    char from[DAY_TEXT_CAP], to[DAY_TEXT_CAP];

    if (ask->year)
        span = period_year(ask->year, ZONE_VIETNAM);
    if (span.until == 0)
        return;
    (void)day_people(day_of(span.from, ZONE_VIETNAM), from);
    (void)day_people(day_of(span.until - 1, ZONE_VIETNAM), to);
    (void)snprintf(next(p), PARAGRAPH_CAP,
                   l == LANG_VI
                       ? "Kỳ báo cáo: từ ngày %s đến hết ngày %s (giờ Việt Nam, "
                         "UTC+7), theo thời điểm kết thúc của từng lượt chạy."
                       : "Period: from %s to the end of %s (time of Viet Nam, "
                         "UTC+7), by the end of each run.",
                   from, to);
}

static void add_totals(struct prose *p, enum lang l, const struct tally *t)
{
    struct tally_sum s = tally_total(t);
    char runs[GRID_NUMBER_CAP], cores[GRID_NUMBER_CAP], gpus[GRID_NUMBER_CAP];
    char units[GRID_NUMBER_CAP], people[GRID_NUMBER_CAP];

    (void)snprintf(
        next(p), PARAGRAPH_CAP,
        l == LANG_VI
            ? "Tổng số: %s lượt chạy của %s người dùng; %s giờ lõi; %s giờ GPU; %s đơn "
              "vị "
              "quy đổi. Các tổng được cộng từ từng bản ghi bằng số nguyên; số giờ được "
              "làm tròn khi in."
            : "In total: %s runs of %s people; %s core-hours; %s GPU-hours; %s units. "
              "Sums "
              "are added from each record as whole numbers; hours are rounded when "
              "printed.",
        grid_number_text((int64_t)s.runs, GRID_COUNT, l, runs),
        grid_number_text((int64_t)tally_persons(t, ""), GRID_COUNT, l, people),
        grid_number_text((int64_t)s.core_s, GRID_S_HOURS, l, cores),
        grid_number_text((int64_t)s.gpu_s, GRID_S_HOURS, l, gpus),
        grid_number_text(s.milli, GRID_MILLI, l, units));
}

static void add_nationals(struct prose *p,
                          enum lang l,
                          const struct freport_ask *ask,
                          const struct tally *t,
                          const struct registry *registry)
{
    struct period span = tally_span(t);
    unsigned registered, reporting;

    if (ask->year)
        span = period_year(ask->year, ZONE_VIETNAM);
    national_centers(t, registry, span, &registered, &reporting);
    (void)snprintf(
        next(p), PARAGRAPH_CAP,
        l == LANG_VI
            ? "Trung tâm quốc gia về lưu trữ dữ liệu lớn và tính toán hiệu "
              "năng cao: đã kết nối %u trên %d (mục tiêu năm 2030); có số liệu "
              "trong báo cáo này: %u."
            : "National centers for big data storage and high-performance "
              "computing: %u of %d connected (target of 2030); with figures in "
              "this report: %u.",
        registered, NATIONAL_TARGET, reporting);
}

int freport_paper(const char *path,
                  const struct freport_ask *ask,
                  const struct registry *registry,
                  const struct freport_grids *grids,
                  struct err *err)
{
    static const char *const to[_LANG_MAX][3] = {
        [LANG_VI] = {"- Bộ Khoa học và Công nghệ;",   "- ........................;",
                     "- Lưu: VT."                                                                       },
        [LANG_EN] = {"- Ministry of Science and Technology;",
                     "- ........................;",                                          "- Archive."},
    };
    enum lang l = ask->lang;
    const struct agency *a =
        ask->ministry && registry ? registry_ministry(registry, ask->ministry) : NULL;
    struct prose prose = {0};
    char body[2 * TITLE_CAP] = "........................";
    char moment[MOMENT_TEXT_CAP], made[MOMENT_TEXT_CAP + 8];
    struct paper p = {.lang = l, .parent = "", .body = body, .made = made};

    if (a) {
        (void)text_upper(l == LANG_VI ? a->vi : a->en, body, sizeof(body));
        add_ground(&prose, l, a);
    }
    add_span(&prose, l, ask);
    add_totals(&prose, l, grids->tally);
    if (registry)
        add_nationals(&prose, l, ask, grids->tally, registry);
    (void)snprintf(made, sizeof(made), "%sZ",
                   moment_iso(tally_latest(grids->tally), moment));
    p.subject = l == LANG_VI ? grids->vi : grids->en;
    p.text = prose.list;
    p.n_text = prose.n;
    p.grids = grids->v;
    p.n_grids = grids->n;
    p.to = to[l];
    p.n_to = 3;
    return paper_write(path, &p, err);
}

static void name_row(struct grid *g, const char *id, const char *vi, const char *en)
{
    for (size_t i = 0; i < g->n_rows; i++)
        if (!strcmp(grid_at(g, i, 0)->text, id) && !strcmp(grid_at(g, i, 1)->text, vi))
            return; /* the same again, of other days */
    grid_row(g);
    grid_text(g, 0, id);
    grid_text(g, 1, vi);
    grid_text(g, 2, en);
}

int freport_names(const char *ministry,
                  const struct registry *registry,
                  struct freport_grids *grids,
                  struct err *err)
{
    struct grid *g = grid_new("names", "Ký hiệu", "Names");

    if (!g)
        return err_set(err, -ENOMEM, "not enough memory");
    grid_column(g, "id", "Ký hiệu", "Id", GRID_TEXT, false);
    grid_column(g, "vi", "Tên", "Vietnamese", GRID_TEXT, false);
    grid_column(g, "en", "Tiếng Anh", "English", GRID_TEXT, false);
    for (size_t i = 0; i < registry->n_ministries && !g->err; i++)
        name_row(g, registry->ministries[i].id, registry->ministries[i].vi,
                 registry->ministries[i].en);
    for (size_t i = 0; i < registry->n_institutions && !g->err; i++)
        if (!ministry || !strcmp(registry->institutions[i].ministry, ministry))
            name_row(g, registry->institutions[i].id, registry->institutions[i].vi,
                     registry->institutions[i].en);
    for (size_t i = 0; i < registry->n_centers && !g->err; i++)
        name_row(g, registry->centers[i].id, registry->centers[i].vi,
                 registry->centers[i].en);
    if (g->err) {
        int r = g->err;

        grid_free(g);
        return err_set(err, r, "not enough memory");
    }
    grids->v[grids->n++] = g;
    return 0;
}
