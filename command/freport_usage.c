/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* freport_usage - what institutions, projects, centers and people have used */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command/desk.h"
#include "command/freport.h"
#include "command/job_text.h"
#include "command/say.h"

#include "base/banned.h"

static const char columns[] =
    "Name,Runs,CoreHours,CoreSeconds,GpuSeconds,MemGiBHours,CpuSeconds,Units";

static const struct usage_line *of(const void *row)
{
    return row;
}

static void put_name(const void *row, struct buf *b)
{
    buf_puts(b, of(row)->name[0] ? of(row)->name : "-");
}

static void put_runs(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu64, of(row)->runs);
}

/* Thousandths, rounded half up; the exact figure is the column of seconds. */
static void put_part(uint64_t n, uint64_t of_one, struct buf *b)
{
    uint64_t milli = n % of_one * 1000 / of_one + (n % of_one * 2000 / of_one & 1);

    buf_printf(b, "%" PRIu64 ".%03u", n / of_one + milli / 1000,
               (unsigned)(milli % 1000));
}

static void put_core_hours(const void *row, struct buf *b)
{
    put_part(of(row)->core_s, 3600, b);
}

static void put_core_s(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu64, of(row)->core_s);
}

static void put_gpu_s(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu64, of(row)->gpu_s);
}

static void put_mem(const void *row, struct buf *b)
{
    put_part(of(row)->mem_mib_s, 1024 * 3600, b);
}

static void put_cpu_s(const void *row, struct buf *b)
{
    put_part(of(row)->cpu_us, 1000000, b);
}

static void put_units(const void *row, struct buf *b)
{
    put_milli(of(row)->milli, b);
}

/* clang-format off */
static struct field fields[] = {
    {"Name",        "NAME",          0, false, put_name},
    {"Runs",        "RUNS",          0, true,  put_runs},
    {"CoreHours",   "CORE_HOURS",    0, true,  put_core_hours},
    {"CoreSeconds", "CORE_SECONDS",  0, true,  put_core_s},
    {"GpuSeconds",  "GPU_SECONDS",   0, true,  put_gpu_s},
    {"MemGiBHours", "MEM_GIB_HOURS", 0, true,  put_mem},
    {"CpuSeconds",  "CPU_SECONDS",   0, true,  put_cpu_s},
    {"Units",       "UNITS",         0, true,  put_units},
};
/* clang-format on */

static void settle_window(struct freport_ask *a)
{
    struct wall now = now_read().wall;
    time_t s = (time_t)(now.us / US_PER_S);
    struct tm tm;

    if (a->until.us == 0)
        a->until = now;
    if (a->since.us == 0 && localtime_r(&s, &tm)) {
        tm.tm_mday = 1;
        tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
        tm.tm_isdst = -1;
        a->since.us = (int64_t)mktime(&tm) * US_PER_S;
    }
}

static void print_title(const struct freport_ask *a, const char *center)
{
    char from[TIME_TEXT_MAX];
    char to[TIME_TEXT_MAX];

    (void)printf("Usage by %s, %s to %s\n", usage_by_word(a->by),
                 wall_text(a->since, false, from), wall_text(a->until, false, to));
    if (a->supply)
        (void)printf("Supply: what ran at %s, whoever sent it (not what its own people "
                     "used elsewhere)\n\n",
                     center);
    else
        (void)printf(
            "Demand: what was submitted at %s, wherever it ran (not what it ran "
            "for others)\n\n",
            center);
}

static int print_sheet(const struct freport_ask *a,
                       const struct usage_sum *sum,
                       const char *center)
{
    _cleanup_(sheet_freep) struct sheet *sheet = NULL;
    struct picks picks = {0};
    char title[NAME_CAP] = "";
    int r;

    for (size_t i = 0; usage_by_word(a->by)[i] && i < sizeof(title) - 1; i++)
        title[i] = (char)toupper((unsigned char)usage_by_word(a->by)[i]);
    fields[0].title = title;
    r = picks_names(fields, ARRAY_SIZE(fields), columns, ':', &picks, NULL);
    if (r == 0)
        sheet = sheet_new(&picks, a->common.look);
    for (size_t i = 0; r == 0 && sheet && i < sum->n; i++)
        r = sheet_add(sheet, &sum->lines[i]);
    /* A program that reads lines adds them up itself. */
    if (r == 0 && sheet && a->common.look.style == SHEET_TABLE) {
        struct usage_line total = sum->total;

        (void)snprintf(total.name, sizeof(total.name), "TOTAL");
        r = sheet_add(sheet, &total);
        if (!a->common.look.no_header)
            print_title(a, center);
    }
    if (r == 0 && sheet)
        r = sheet_print(sheet);
    picks_release(&picks);
    if (r == 0 && sheet)
        return SAY_OK;
    say_error("not enough memory");
    return SAY_ERROR;
}

static json_t *line_json(const struct usage_line *l)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "name", l->name, "runs",
                     (json_int_t)l->runs, "core_s", (json_int_t)l->core_s, "mem_mib_s",
                     (json_int_t)l->mem_mib_s, "gpu_s", (json_int_t)l->gpu_s, "cpu_us",
                     (json_int_t)l->cpu_us, "milli", (json_int_t)l->milli);
}

static int print_json(const struct freport_ask *a,
                      const struct usage_sum *sum,
                      const char *center)
{
    json_t *lines = json_array();
    json_t *total = line_json(&sum->total);
    json_t *o;
    int code;

    for (size_t i = 0; lines && i < sum->n; i++)
        (void)json_array_append_new(lines, line_json(&sum->lines[i]));
    if (total)
        (void)json_object_del(total, "name");
    o = json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "center", center, "view",
                  a->supply ? "supply" : "demand", "by", usage_by_word(a->by), "since",
                  (json_int_t)a->since.us, "until", (json_int_t)a->until.us, "usage",
                  lines, "total", total);
    code = desk_print_json(o);
    json_decref(o);
    return code;
}

static void set_format(struct freport_ask *a)
{
    const char *word = a->format ? a->format : "";

    if (!strcmp(word, "json"))
        a->common.json = true;
    else if (!strcmp(word, "csv"))
        a->common.look.style = SHEET_CSV;
    else if (*word && strcmp(word, "table") != 0)
        freport_refuse("--format", word, "table, csv or json");
}

int freport_usage(struct freport_ask *ask)
{
    _cleanup_(client_freep) struct client *c = NULL;
    struct usage_sum sum = {0};
    struct err err = {0};
    json_t *answer = NULL;
    int code;

    set_format(ask);
    settle_window(ask);
    if (ask->until.us < ask->since.us) {
        say_error("--end lies before --start");
        return SAY_ERROR;
    }
    code = desk_open(ask->common.socket, DESK_WAIT_S, &c);
    if (code == SAY_OK)
        code = desk_ask(c,
                        json_pack("{s:s, s:I, s:I}", "op", "report", "since",
                                  (json_int_t)ask->since.us, "until",
                                  (json_int_t)ask->until.us),
                        &answer);
    if (code == SAY_OK
        && usage_sum_add(&sum, answer, ask->by, ask->supply, &err) != 0) {
        say_error("%s", err.text);
        code = SAY_ERROR;
    }
    if (code == SAY_OK && ask->common.json)
        code = print_json(ask, &sum, desk_text(answer, "center"));
    else if (code == SAY_OK)
        code = print_sheet(ask, &sum, desk_text(answer, "center"));
    usage_sum_release(&sum);
    json_decref(answer);
    return code;
}
