/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* freport - what institutions, projects, centers and people have used */
#include "config.h"

#include <argp.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command/common.h"
#include "command/desk.h"
#include "command/job_text.h"
#include "command/say.h"
#include "command/usage_sum.h"

#include "base/banned.h"

enum { KEY_START = COMMON_OWN, KEY_END, KEY_BY, KEY_FORMAT, KEY_VIEW };

static const char columns[] =
    "Name,Runs,CoreHours,CoreSeconds,GpuSeconds,MemGiBHours,CpuSeconds,Units";

struct ask {
    struct common common;
    bool usage; /* the one report that there is */
    bool supply;
    enum usage_by by;
    struct wall since;
    struct wall until;
};

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

static const struct argp_option options[] = {
    {.name = "start", .key = KEY_START, .arg = "TIME", .doc = "Runs that ended at or after this time (the first of this month)"},
    {.name = "end", .key = KEY_END, .arg = "TIME", .doc = "Runs that ended before this time (now)"},
    {.name = "by", .key = KEY_BY, .arg = "institution|project|center|user", .doc = "What a line stands for (institution)"},
    {.name = "view", .key = KEY_VIEW, .arg = "demand|supply", .doc = "demand: what this center's people used, wherever it ran; supply: what ran at this center (demand)"},
    {.name = "format", .key = KEY_FORMAT, .arg = "table|csv|json", .doc = "How to print (table)"},
    COMMON_OPTION_NOHEADER('n'),
    COMMON_OPTION_PARSABLE2,
    COMMON_OPTION_JSON,
    COMMON_OPTION_SOCKET,
    {0},
};
/* clang-format on */

static void refuse_word(const char *option, const char *word, const char *right)
{
    say_error("%s: '%s': use %s", option, word, right);
    exit(SAY_ERROR);
}

static void set_time(const char *option, const char *arg, struct wall *t)
{
    struct err err = {0};

    if (wall_parse(arg, now_read().wall, t, &err) != 0)
        common_refuse(NULL, option, &err);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct ask *a = state->input;

    switch (key) {
    case KEY_START:
        set_time("--start", arg, &a->since);
        return 0;
    case KEY_END:
        set_time("--end", arg, &a->until);
        return 0;
    case KEY_BY:
        if (!usage_by_parse(arg, &a->by))
            refuse_word("--by", arg, "institution, project, center or user");
        return 0;
    case KEY_VIEW:
        a->supply = !strcmp(arg, "supply");
        if (!a->supply && strcmp(arg, "demand") != 0)
            refuse_word("--view", arg, "demand or supply");
        return 0;
    case KEY_FORMAT:
        a->common.json = !strcmp(arg, "json");
        a->common.look.style = !strcmp(arg, "csv") ? SHEET_CSV : SHEET_TABLE;
        if (!a->common.json && strcmp(arg, "csv") != 0 && strcmp(arg, "table") != 0)
            refuse_word("--format", arg, "table, csv or json");
        return 0;
    case ARGP_KEY_ARG:
        if (a->usage || strcmp(arg, "usage") != 0)
            refuse_word("report", arg, "usage");
        a->usage = true;
        return 0;
    case ARGP_KEY_NO_ARGS:
        refuse_word("report", "", "usage");
        return 0;
    default:
        return common_parse(&a->common, key, arg, 'n');
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "usage",
    .doc = "Report what was used: by institution, project, center or user."
           "\vSums are exact: CORE_SECONDS and UNITS are added as integers. The demand "
           "of all "
           "centers together equals the supply of all: add up one of them, never both. "
           "With "
           "--by=center a line is where the demand ran, or where the supply came from.",
};

static void settle_window(struct ask *a)
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

static void print_title(const struct ask *a, const char *center)
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

static int print_sheet(const struct ask *a,
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

static int print_json(const struct ask *a,
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

int main(int argc, char **argv)
{
    _cleanup_(client_freep) struct client *c = NULL;
    struct ask ask = {0};
    struct usage_sum sum = {0};
    struct err err = {0};
    json_t *answer = NULL;
    int code;

    say_begin();
    if (argp_parse(&argp, argc, argv, 0, NULL, &ask) != 0)
        return SAY_ERROR;
    settle_window(&ask);
    if (ask.until.us < ask.since.us) {
        say_error("--end lies before --start");
        return SAY_ERROR;
    }
    code = desk_open(ask.common.socket, DESK_WAIT_S, &c);
    if (code == SAY_OK)
        code = desk_ask(c,
                        json_pack("{s:s, s:I, s:I}", "op", "report", "since",
                                  (json_int_t)ask.since.us, "until",
                                  (json_int_t)ask.until.us),
                        &answer);
    if (code == SAY_OK && usage_sum_add(&sum, answer, ask.by, ask.supply, &err) != 0) {
        say_error("%s", err.text);
        code = SAY_ERROR;
    }
    if (code == SAY_OK && ask.common.json)
        code = print_json(&ask, &sum, desk_text(answer, "center"));
    else if (code == SAY_OK)
        code = print_sheet(&ask, &sum, desk_text(answer, "center"));
    usage_sum_release(&sum);
    json_decref(answer);
    return say_end(code);
}
