/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* tables - tables of sums: by who, where, when, and what was not used */
#include "config.h"

#include "report/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/enum_words.h"
#include "report/tables_int.h"

#include "base/banned.h"

static const char *const table_words[] = {
    [TABLE_INSTITUTIONS] = "institutions",
    [TABLE_USAGE] = "usage",
    [TABLE_PROJECTS] = "projects",
    [TABLE_MONTHS] = "months",
    [TABLE_STATES] = "states",
    [TABLE_CENTERS] = "centers",
    [TABLE_EXCHANGE] = "exchange",
    [TABLE_BALANCE] = "balance",
    [TABLE_PAIRS] = "pairs",
    [TABLE_WASTE] = "waste",
    [TABLE_FAIRNESS] = "fairness",
    [TABLE_SPONSORS] = "sponsors",
};
ENUM_WORDS(statement_table, enum statement_table, _STATEMENT_TABLE_MAX, table_words)

const struct key_head key_heads[_TALLY_KEY_MAX] = {
    [BY_MINISTRY] = {"ministry",    "Bộ, ngành",    "Ministry"    },
    [BY_INSTITUTION] = {"institution", "Đơn vị",      "Institution" },
    [BY_PROJECT] = {"project",     "Dự án",        "Project"     },
    [BY_PERSON] = {"person",      "Người dùng",  "Person"      },
    [BY_ENTRY] = {"entry",       "Nơi gửi",      "Submitted at"},
    [BY_CENTER] = {"center",      "Trung tâm",      "Center"      },
    [BY_PARTITION] = {"partition",   "Phân vùng",     "Partition"   },
    [BY_MONTH] = {"month",       "Tháng",          "Month"       },
    [BY_STATE] = {"state",       "Trạng thái",   "State"       },
    [BY_SPONSORS] = {"sponsors",    "Nhà tài trợ", "Sponsors"    },
};

void key_column(struct grid *g, enum tally_key k)
{
    grid_column(g, key_heads[k].id, key_heads[k].vi, key_heads[k].en, GRID_TEXT, false);
}

size_t sum_columns(struct grid *g)
{
    size_t first = g->n_columns;

    grid_column(g, "runs", "Lượt chạy", "Runs", GRID_COUNT, true);
    grid_column(g, "failed", "Hỏng", "Failed", GRID_COUNT, true);
    grid_column(g, "core_s", "Giờ lõi", "Core-hours", GRID_S_HOURS, true);
    grid_column(g, "gpu_s", "Giờ GPU", "GPU-hours", GRID_S_HOURS, true);
    grid_column(g, "mem_mib_s", "GiB giờ", "GiB-hours", GRID_MIB_HOURS, true);
    grid_column(g, "cpu_us", "Giờ CPU dùng", "CPU-hours used", GRID_US_HOURS, true);
    grid_column(g, "milli", "Đơn vị", "Units", GRID_MILLI, true);
    return first;
}

void sum_cells(struct grid *g, size_t first, const struct tally_sum *s)
{
    const int64_t v[] = {
        (int64_t)s->runs,  (int64_t)s->failed,    (int64_t)s->core_s,
        (int64_t)s->gpu_s, (int64_t)s->mem_mib_s, (int64_t)s->cpu_us,
        s->milli,
    };

    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
        grid_number(g, first + i, v[i]);
}

/* Part of a whole in ten thousandths, rounded down; -1 of nothing. */
int64_t parts_of(uint64_t part, uint64_t whole)
{
    if (whole == 0)
        return -1;
    return (int64_t)((unsigned __int128)part * SHARE_ALL / whole);
}

static int by_keys(struct grid *g,
                   struct tally *t,
                   const enum tally_key *keys,
                   size_t n)
{
    struct tally_lines lines;
    unsigned mask = 0;
    size_t first;
    int r;

    for (size_t i = 0; i < n; i++) {
        key_column(g, keys[i]);
        mask |= 1u << keys[i];
    }
    first = sum_columns(g);
    r = tally_group(t, mask, &lines);
    if (r < 0)
        return r;
    for (size_t i = 0; i < lines.n; i++) {
        grid_row(g);
        for (size_t k = 0; k < n; k++)
            grid_text(g, k, lines.v[i].key[keys[k]]);
        sum_cells(g, first, &lines.v[i].sum);
    }
    tally_lines_release(&lines);
    return 0;
}

static int institutions(struct grid *g, struct tally *t)
{
    struct tally_lines lines;
    size_t first;
    int r = tally_group(t, BY(MINISTRY) | BY(INSTITUTION), &lines);

    if (r < 0)
        return r;
    key_column(g, BY_MINISTRY);
    key_column(g, BY_INSTITUTION);
    /* No sum: a person of two institutions is one person. */
    grid_column(g, "persons", "Người dùng", "People", GRID_COUNT, false);
    first = sum_columns(g);
    for (size_t i = 0; i < lines.n; i++) {
        grid_row(g);
        grid_text(g, 0, lines.v[i].key[BY_MINISTRY]);
        grid_text(g, 1, lines.v[i].key[BY_INSTITUTION]);
        grid_number(g, 2, (int64_t)tally_persons(t, lines.v[i].key[BY_INSTITUTION]));
        sum_cells(g, first, &lines.v[i].sum);
    }
    tally_lines_release(&lines);
    return 0;
}

static int waste(struct grid *g, struct tally *t)
{
    struct tally_lines lines;
    int r = tally_group(t, BY(INSTITUTION) | BY(CENTER), &lines);

    if (r < 0)
        return r;
    key_column(g, BY_INSTITUTION);
    key_column(g, BY_CENTER);
    grid_column(g, "runs", "Lượt chạy", "Runs", GRID_COUNT, true);
    grid_column(g, "failed", "Hỏng", "Failed", GRID_COUNT, true);
    grid_column(g, "core_s", "Giờ lõi cấp", "Core-hours reserved", GRID_S_HOURS, true);
    grid_column(g, "idle_us", "Giờ lõi không dùng", "Core-hours idle", GRID_US_HOURS,
                true);
    grid_column(g, "failed_core_s", "Giờ lõi của lượt hỏng", "Core-hours of failed",
                GRID_S_HOURS, true);
    grid_column(g, "limit_core_s", "Giờ lõi xin", "Core-hours asked for", GRID_S_HOURS,
                true);
    grid_column(g, "cpu_parts", "Hiệu suất %", "CPU efficiency %", GRID_PARTS, false);
    grid_column(g, "limit_parts", "Dùng so với xin %", "Used of asked %", GRID_PARTS,
                false);
    for (size_t i = 0; i < lines.n; i++) {
        const struct tally_sum *s = &lines.v[i].sum;

        grid_row(g);
        grid_text(g, 0, lines.v[i].key[BY_INSTITUTION]);
        grid_text(g, 1, lines.v[i].key[BY_CENTER]);
        grid_number(g, 2, (int64_t)s->runs);
        grid_number(g, 3, (int64_t)s->failed);
        grid_number(g, 4, (int64_t)s->core_s);
        grid_number(g, 5, (int64_t)s->idle_us);
        grid_number(g, 6, (int64_t)s->failed_core_s);
        grid_number(g, 7, (int64_t)s->limit_core_s);
        grid_number(g, 8, parts_of(s->cpu_us / 1000000, s->core_s));
        grid_number(g, 9, parts_of(s->limited_core_s, s->limit_core_s));
    }
    tally_lines_release(&lines);
    return 0;
}

static const struct tally_line *line_of(const struct tally_lines *l,
                                        enum tally_key k,
                                        const char *text)
{
    for (size_t i = 0; i < l->n; i++)
        if (!strcmp(l->v[i].key[k], text))
            return &l->v[i];
    return NULL;
}

static void fairness_rows(struct grid *g,
                          const struct tally_lines *lines,
                          const struct tally_lines *centers,
                          const struct tally_wait *waits,
                          size_t n_waits)
{
    size_t w = 0;

    for (size_t i = 0; i < lines->n; i++) {
        const struct tally_line *l = &lines->v[i];
        const struct tally_line *all = line_of(centers, BY_CENTER, l->key[BY_CENTER]);
        const struct tally_wait *x = NULL;

        /* Both are sorted the same way; a pair of which nothing started has no wait. */
        if (w < n_waits && !strcmp(waits[w].institution, l->key[BY_INSTITUTION])
            && !strcmp(waits[w].center, l->key[BY_CENTER]))
            x = &waits[w++];
        grid_row(g);
        grid_text(g, 0, l->key[BY_INSTITUTION]);
        grid_text(g, 1, l->key[BY_CENTER]);
        grid_number(g, 2, (int64_t)l->sum.runs);
        grid_number(g, 3, (int64_t)l->sum.started);
        grid_number(g, 4, x ? x->median_s : 0);
        grid_number(g, 5, x ? x->p95_s : 0);
        grid_number(g, 6, x ? x->max_s : 0);
        grid_number(g, 7, (int64_t)l->sum.wait_s);
        grid_number(g, 8, parts_of(l->sum.core_s, all ? all->sum.core_s : 0));
        grid_number(g, 9, parts_of(l->sum.runs, all ? all->sum.runs : 0));
    }
}

static int fairness(struct grid *g, struct tally *t)
{
    struct tally_lines lines = {0}, centers = {0};
    struct tally_wait *waits = NULL;
    size_t n = 0;
    int r = tally_group(t, BY(INSTITUTION) | BY(CENTER), &lines);

    if (r == 0)
        r = tally_group(t, BY(CENTER), &centers);
    if (r == 0)
        r = tally_waits(t, &waits, &n);
    key_column(g, BY_INSTITUTION);
    key_column(g, BY_CENTER);
    grid_column(g, "runs", "Lượt chạy", "Runs", GRID_COUNT, true);
    grid_column(g, "started", "Đã chạy", "Started", GRID_COUNT, true);
    grid_column(g, "wait_median_s", "Chờ, trung vị (s)", "Wait, median (s)", GRID_S,
                false);
    grid_column(g, "wait_p95_s", "Chờ, 95 % (s)", "Wait, 95 % (s)", GRID_S, false);
    grid_column(g, "wait_max_s", "Chờ lâu nhất (s)", "Longest wait (s)", GRID_S, false);
    grid_column(g, "wait_s", "Tổng giờ chờ", "Hours waited", GRID_S_HOURS, true);
    grid_column(g, "core_parts", "Phần giờ lõi %", "Share of core-hours %", GRID_PARTS,
                false);
    grid_column(g, "run_parts", "Phần lượt chạy %", "Share of runs %", GRID_PARTS,
                false);
    if (r == 0)
        fairness_rows(g, &lines, &centers, waits, n);
    tally_lines_release(&lines);
    tally_lines_release(&centers);
    free(waits);
    return r;
}

/* --- the door -----------------------------------------------------------------------
 */

static const struct {
    const char *vi;
    const char *en;
    int (*make)(struct grid *g, struct tally *t); /* or */
    int (*make_named)(struct grid *g, struct tally *t, const struct registry *registry);
    enum tally_key keys[3]; /* or sums by these */
    size_t n_keys;
} tables[_STATEMENT_TABLE_MAX] = {
    [TABLE_INSTITUTIONS] =
        {"Sử dụng theo đơn vị",                            "Use by institution",    institutions,  NULL,          {0},                                      0},
    [TABLE_USAGE] = {"Sử dụng theo đơn vị và trung tâm",
                              "Use by institution and center",                                                   NULL,
                              NULL,                                                                                                            {BY_MINISTRY, BY_INSTITUTION, BY_CENTER},
                              3                                                                                                                                                           },
    [TABLE_PROJECTS] = {"Sử dụng theo dự án",
                              "Use by project",                                                                  NULL,
                              NULL,                                                                                                            {BY_INSTITUTION, BY_PROJECT},
                              2                                                                                                                                                           },
    [TABLE_MONTHS] = {"Sử dụng theo tháng",                                "Use by month",          NULL,          NULL,          {BY_MONTH},                               1},
    [TABLE_STATES] =
        {"Kết quả các lượt chạy",                        "How runs ended",        NULL,          NULL,          {BY_STATE},                               1},
    [TABLE_CENTERS] = {"Các trung tâm",                                        "Centers",               NULL,          table_centers, {0},                                      0},
    [TABLE_EXCHANGE] = {"Chia sẻ năng lực giữa đơn vị và trung tâm",
                              "Sharing between institutions and centers",                                        NULL,
                              table_exchange,                                                                                                  {0},
                              0                                                                                                                                                           },
    [TABLE_BALANCE] = {"Cân đối giữa các trung tâm",
                              "Balance between centers",                                                         table_balance,
                              NULL,                                                                                                            {0},
                              0                                                                                                                                                           },
    [TABLE_PAIRS] = {"Nơi gửi và nơi chạy",
                              "Where submitted and where run",                                                   NULL,
                              NULL,                                                                                                            {BY_ENTRY, BY_CENTER},
                              2                                                                                                                                                           },
    [TABLE_WASTE] =
        {"Phần cấp mà không dùng",                          "Reserved and not used", waste,         NULL,          {0},                                      0},
    [TABLE_FAIRNESS] = {"Thời gian chờ và phần được dùng",
                              "Waiting and shares",                                                              fairness,
                              NULL,                                                                                                            {0},
                              0                                                                                                                                                           },
    [TABLE_SPONSORS] = {"Chi phí theo nguồn đầu tư",
                              "Cost by who paid for the center",                                                 NULL,
                              table_sponsors,                                                                                                  {0},
                              0                                                                                                                                                           },
};

static int finish(struct grid *g, int r, struct grid **ret_g, struct err *err)
{
    if (r == 0)
        r = g->err;
    if (r == 0) {
        *ret_g = g;
        return 0;
    }
    grid_free(g);
    return err_set(err, r,
                   r == -EOVERFLOW ? "the sums of a table do not fit"
                   : r == -ENOBUFS ? "a table has too many lines or columns"
                                   : "not enough memory");
}

int table_make(enum statement_table which,
               struct tally *t,
               const struct registry *registry,
               struct grid **ret_g,
               struct err *err)
{
    struct grid *g = grid_new(table_words[which], tables[which].vi, tables[which].en);
    int r;

    if (!g)
        return err_set(err, -ENOMEM, "not enough memory");
    if (tables[which].make)
        r = tables[which].make(g, t);
    else if (tables[which].make_named)
        r = tables[which].make_named(g, t, registry);
    else
        r = by_keys(g, t, tables[which].keys, tables[which].n_keys);
    return finish(g, r, ret_g, err);
}

int table_by(enum tally_key by, struct tally *t, struct grid **ret_g, struct err *err)
{
    struct grid *g = grid_new("usage", "Sử dụng", "Use");

    if (!g)
        return err_set(err, -ENOMEM, "not enough memory");
    return finish(g, by_keys(g, t, &by, 1), ret_g, err);
}

int table_matrix(struct tally *t, struct grid **ret_g, struct err *err)
{
    struct grid *g = grid_new("matrix", "Giờ lõi: đơn vị × trung tâm",
                              "Core-hours: institution × center");

    if (!g)
        return err_set(err, -ENOMEM, "not enough memory");
    return finish(g, matrix_cells(g, t), ret_g, err);
}
