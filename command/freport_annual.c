/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * freport_annual - which ministries have reported for the year, and who is late
 *
 * Decision 127/QD-TTg, Art. 2.5: reports reach the Ministry of Science and Technology
 * before 15 December, so 14 December is the last day. What counts as received is a
 * bundle of that ministry and year that passes every check.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/freport_tables.h"
#include "command/say.h"
#include "report/bundle.h"
#include "report/calendar.h"

#include "base/banned.h"

#define BUNDLES_MAX 1024
#define REMIND_DAYS 14 /* before the last day */
#define WARN_DAYS 3

enum { EXIT_WAITING = 2 }; /* not all have come */

struct arrived {
    char name[256];
    char ministry[NAME_CAP];
    int64_t records;
    struct err why; /* it is refused */
    bool good;
};

struct inbox {
    struct arrived *v;
    size_t n;
};

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void look(const struct freport_ask *ask, const char *name, struct arrived *a)
{
    struct bundle_check check = {.ca = ask->ca};
    struct bundle_found f = {0};
    char path[4096];

    *a = (struct arrived){0};
    (void)snprintf(a->name, sizeof(a->name), "%s", name);
    (void)snprintf(path, sizeof(path), "%s/%s", ask->received, name);
    if (bundle_verify(path, &check, &f, &a->why) < 0) {
        say_warning("%s is refused: %s", path, a->why.text);
        return;
    }
    a->good = f.about.year == ask->year;
    a->records = (int64_t)f.records;
    memcpy(a->ministry, f.about.ministry, sizeof(a->ministry));
    bundle_found_release(&f);
}

static int read_inbox(const struct freport_ask *ask, struct inbox *in, struct err *err)
{
    struct dirent **names = NULL;
    int n = scandir(ask->received, &names, NULL, by_name);
    int r = 0;

    if (n < 0)
        return err_set(err, -errno, "%s: %s", ask->received, strerror(errno));
    in->v = calloc((size_t)n + 1, sizeof(*in->v));
    if (!in->v || n > BUNDLES_MAX)
        r = err_set(err, in->v ? -E2BIG : -ENOMEM, "%s: at most %d bundles",
                    ask->received, BUNDLES_MAX);
    for (int i = 0; i < n; i++) {
        if (r == 0 && names[i]->d_name[0] != '.')
            look(ask, names[i]->d_name, &in->v[in->n++]);
        free(names[i]);
    }
    free(names);
    return r;
}

static const char *state_of(int left, const struct arrived *a, enum lang l)
{
    if (a)
        return l == LANG_VI ? "đã nhận" : "received";
    if (left < 0)
        return l == LANG_VI ? "QUÁ HẠN" : "OVERDUE";
    if (left <= WARN_DAYS)
        return l == LANG_VI ? "CẢNH BÁO: sắp hết hạn" : "WARNING: nearly due";
    if (left <= REMIND_DAYS)
        return l == LANG_VI ? "nhắc: chưa nhận" : "reminder: not received";
    return l == LANG_VI ? "chưa nhận" : "not received";
}

static const struct arrived *of(const struct inbox *in, const char *ministry)
{
    for (size_t i = 0; i < in->n; i++)
        if (in->v[i].good && !strcmp(in->v[i].ministry, ministry))
            return &in->v[i];
    return NULL;
}

/* *ret_waiting: how many have not come. */
static struct grid *list(const struct freport_ask *ask,
                         const struct registry *registry,
                         const struct inbox *in,
                         struct day today,
                         unsigned *ret_waiting)
{
    struct day last = {ask->year, 12, 14};
    struct grid *g = grid_new("annual", "Báo cáo năm", "Annual reports");
    char due[DAY_TEXT_CAP];
    int left = days_between(today, last);

    *ret_waiting = 0;
    if (!g)
        return NULL;
    grid_column(g, "ministry", "Bộ, ngành", "Ministry", GRID_TEXT, false);
    grid_column(g, "name", "Tên", "Name", GRID_TEXT, false);
    grid_column(g, "due", "Hạn cuối", "Last day", GRID_TEXT, false);
    grid_column(g, "days_left", "Còn (ngày)", "Days left", GRID_COUNT, false);
    grid_column(g, "received", "Đã nhận", "Received", GRID_COUNT, true);
    grid_column(g, "records", "Bản ghi", "Records", GRID_COUNT, true);
    grid_column(g, "state", "Tình trạng", "State", GRID_TEXT, false);
    for (size_t i = 0; i < registry->n_ministries && !g->err; i++) {
        const struct agency *m = &registry->ministries[i];
        int64_t at = day_start(last, ZONE_VIETNAM);
        const struct arrived *a = of(in, m->id);

        if (at < m->from || at >= m->until)
            continue; /* its successor reports */
        grid_row(g);
        grid_text(g, 0, m->id);
        grid_text(g, 1, ask->lang == LANG_VI ? m->vi : m->en);
        grid_text(g, 2,
                  ask->lang == LANG_VI ? day_people(last, due) : day_iso(last, due));
        grid_number(g, 3, left);
        grid_number(g, 4, a != NULL);
        grid_number(g, 5, a ? a->records : 0);
        grid_text(g, 6, state_of(left, a, ask->lang));
        *ret_waiting += !a;
    }
    return g;
}

int freport_annual(const struct freport_ask *ask)
{
    struct day today = day_of(now_read().wall.us / US_PER_S, ZONE_VIETNAM);
    struct registry *registry = NULL;
    struct freport_grids grids = {.vi = "Tình hình gửi báo cáo năm",
                                  .en = "Annual reports received"};
    struct inbox in = {0};
    struct err err = {0};
    unsigned waiting = 0;
    int r = 0;

    if (!ask->registry || !ask->year || !ask->ca || !ask->received) {
        say_error("annual needs --year, --registry, --ca and --received DIR");
        return SAY_ERROR;
    }
    freport_check_format(ask);
    if (ask->format && (!strcmp(ask->format, "xlsx") || !strcmp(ask->format, "pdf")))
        freport_refuse("--format", ask->format, "table, csv or json");
    if (ask->today)
        r = day_parse(ask->today, &today, &err);
    if (r < 0)
        r = err_prefix(&err, r, "--today");
    if (r == 0)
        r = registry_load(ask->registry, &registry, &err);
    if (r == 0)
        r = read_inbox(ask, &in, &err);
    if (r == 0) {
        grids.v[0] = list(ask, registry, &in, today, &waiting);
        r = grids.v[0] && !grids.v[0]->err
                ? 0
                : err_set(&err, -ENOMEM, "not enough memory");
        grids.n = grids.v[0] != NULL;
    }
    if (r == 0)
        r = freport_write(ask, registry, &grids, &err);
    freport_grids_release(&grids);
    free(in.v);
    registry_free(registry);
    if (r < 0) {
        say_error("%s", err_text(&err, r));
        return SAY_ERROR;
    }
    return waiting ? EXIT_WAITING : SAY_OK;
}
