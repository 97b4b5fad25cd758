/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fqueue - jobs that wait or run, wherever they are */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/measure.h"
#include "command/common.h"
#include "command/desk.h"
#include "command/job_row.h"
#include "command/queue_field.h"
#include "command/say.h"

#include "base/banned.h"

enum { KEY_ME = COMMON_OWN, KEY_START, KEY_HELPFORMAT };

static const char columns[] =
    "JobID,Center,Partition,Name,UserName,StateCompact,TimeUsed,NumNodes,ReasonList";
static const char columns_slurm[] =
    "JobID,Partition,Name,UserName,StateCompact,TimeUsed,NumNodes,ReasonList";
static const char columns_long[] =
    "JobID,Center,Partition,Name,UserName,State,TimeUsed,TimeLimit,NumNodes,ReasonList";
static const char columns_start[] =
    "JobID,Center,Partition,Name,UserName,StateCompact,StartTime,StartP90,P90Held,"
    "NumNodes,ReasonList";
static const char columns_start_slurm[] =
    "JobID,Center,Partition,Name,UserName,StateCompact,StartTime,NumNodes,ReasonList";

struct ask {
    struct common common;
    struct job_filter filter;
    const char *format; /* -o */
    const char *names;  /* -O */
    bool wide;          /* -l */
    bool start;
    uint32_t iterate_s;
};

/* clang-format off */
static const struct argp_option options[] = {
    {.name = "user", .key = 'u', .arg = "NAME[,NAME]", .doc = "Jobs of these users"},
    {.name = "me", .key = KEY_ME, .doc = "Your own jobs"},
    {.name = "jobs", .key = 'j', .arg = "ID[,ID]", .doc = "These jobs, wherever they were submitted", .flags = OPTION_ARG_OPTIONAL},
    {.name = "name", .key = 'n', .arg = "NAME[,NAME]", .doc = "Jobs of this name"},
    {.name = "states", .key = 't', .arg = "STATE[,STATE]", .doc = "Jobs in these states, or all (those that wait, run or complete)"},
    {.name = "account", .key = 'A', .arg = "PROJECT[,PROJECT]", .doc = "Jobs of these projects"},
    {.name = "partition", .key = 'p', .arg = "NAME[,NAME]", .doc = "Jobs in these partitions"},
    {.name = "center", .key = 'M', .arg = "NAME[,NAME]", .doc = "Jobs that run at these centers"},
    {.name = "clusters", .flags = OPTION_ALIAS},
    {.name = "format", .key = 'o', .arg = "FORMAT", .doc = "Columns by letters, as \"%.18i %.9P %j %R\""},
    {.name = "Format", .key = 'O', .arg = "NAMES", .doc = "Columns by names, as JobID:12,Name:.30"},
    {.name = "helpformat", .key = KEY_HELPFORMAT, .doc = "List the names of columns"},
    {.name = "long", .key = 'l', .doc = "Whole state words and time limits too"},
    {.name = "start", .key = KEY_START, .doc = "Expected starts of the jobs that wait"},
    {.name = "iterate", .key = 'i', .arg = "SECONDS", .doc = "Print again and again"},
    {.name = "array", .key = 'r', .doc = "One line per array task (always so)", .flags = OPTION_HIDDEN},
    COMMON_OPTION_NOHEADER('h'),
    COMMON_OPTION_PARSABLE2,
    COMMON_OPTION_JSON,
    COMMON_OPTION_SOCKET,
    {0},
};
/* clang-format on */

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct ask *a = state->input;
    struct err err = {0};

    switch (key) {
    case 'u':
        common_checked(state, "--user", job_filter_words(&a->filter.users, arg, &err),
                       &err);
        return 0;
    case KEY_ME:
        a->filter.me = true;
        return 0;
    case 'j':
        if (arg)
            common_checked(state, "--jobs", job_filter_ids(&a->filter, arg, &err),
                           &err);
        return 0;
    case ARGP_KEY_ARG: /* "-j ID" arrives here because its argument is optional */
        common_checked(state, "job", job_filter_ids(&a->filter, arg, &err), &err);
        return 0;
    case 'n':
        common_checked(state, "--name", job_filter_words(&a->filter.names, arg, &err),
                       &err);
        return 0;
    case 't':
        common_checked(state, "--states", job_filter_states(&a->filter, arg, &err),
                       &err);
        return 0;
    case 'A':
        common_checked(state, "--account",
                       job_filter_words(&a->filter.projects, arg, &err), &err);
        return 0;
    case 'p':
        common_checked(state, "--partition",
                       job_filter_words(&a->filter.partitions, arg, &err), &err);
        return 0;
    case 'M':
        common_checked(state, "--center",
                       job_filter_words(&a->filter.centers, arg, &err), &err);
        return 0;
    case 'o':
        a->format = arg;
        return 0;
    case 'O':
        a->names = arg;
        return 0;
    case KEY_HELPFORMAT:
        fields_list(queue_fields, n_queue_fields);
        exit(say_end(SAY_OK));
    case 'l':
        a->wide = true;
        return 0;
    case KEY_START:
        a->start = true;
        a->filter.states |= 1u << JOB_PENDING;
        return 0;
    case 'i':
        common_checked(state, "--iterate",
                       measure_u32(arg, 1, 86400, &a->iterate_s, &err), &err);
        return 0;
    case 'r':
        return 0;
    default:
        return common_parse(&a->common, key, arg, 'h');
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "[ID...]",
    .doc = "Show jobs that wait, run or complete, at whichever center they are."
           "\vA job's id is asked for at the center where it was submitted: every id "
           "works "
           "everywhere.",
};

static int pick(const struct ask *a, struct picks *picks, struct err *err)
{
    const char *names = columns;
    const char *format = a->format ? a->format : getenv("SQUEUE_FORMAT");
    int r;

    if (a->names) {
        r = picks_names(queue_fields, n_queue_fields, a->names, ':', picks, err);
        /* squeue -O: fixed columns of 20 that touch each other. */
        for (size_t i = 0; r == 0 && i < picks->n; i++)
            if (picks->v[i].width == 0)
                picks->v[i].width = 20;
        picks->exact = true;
        return r == 0 ? 0 : err_prefix(err, r, "--Format");
    }
    if (format && (a->format || (!a->wide && !a->start))) {
        r = picks_letters(queue_fields, n_queue_fields, format, picks, err);
        return r == 0 ? 0
                      : err_prefix(err, r, a->format ? "--format" : "SQUEUE_FORMAT");
    }
    if (a->start)
        names = strcmp(say_name(), "squeue") ? columns_start : columns_start_slurm;
    else if (a->wide)
        names = columns_long;
    else if (!strcmp(say_name(), "squeue"))
        names = columns_slurm; /* scripts count its columns */
    return picks_names(queue_fields, n_queue_fields, names, ':', picks, err);
}

struct collect {
    struct sheet *sheet; /* or */
    json_t *jobs;
    bool active_only;
};

static int collect(const struct job_row *row, void *arg)
{
    struct collect *c = arg;
    int r = 0;

    if (c->active_only && job_state_final(row->job.state))
        return 0;
    if (c->jobs) {
        json_t *o = queue_job_json(row);

        if (!o || json_array_append_new(c->jobs, o) != 0)
            r = -ENOMEM;
    } else {
        r = sheet_add(c->sheet, row);
    }
    if (r != 0) {
        say_error("not enough memory for so many jobs");
        return SAY_ERROR;
    }
    return 0;
}

static int show_json(json_t *jobs)
{
    json_t *o = json_pack("{s:{s:s, s:s}, s:O, s:[]}", "meta", "name", PACKAGE_NAME,
                          "version", PACKAGE_VERSION, "jobs", jobs, "errors");
    int code = desk_print_json(o);

    json_decref(o);
    return code;
}

/* One picture of the queue. */
static int show(const struct ask *a, const struct picks *picks)
{
    _cleanup_(client_freep) struct client *c = NULL;
    _cleanup_(sheet_freep) struct sheet *sheet = sheet_new(picks, a->common.look);
    struct collect to = {
        .sheet = sheet,
        .jobs = a->common.json ? json_array() : NULL,
        /* As squeue: ended jobs only to those who ask by state or by id. */
        .active_only = a->filter.states == 0 && a->filter.ids.n == 0,
    };
    int code = sheet ? desk_open(a->common.socket, DESK_WAIT_S, &c) : SAY_ERROR;

    if (code == SAY_OK)
        code = job_rows(c, &a->filter, collect, &to);
    if (code == SAY_OK && to.jobs)
        code = show_json(to.jobs);
    else if (code == SAY_OK && sheet_print(sheet) != 0)
        code = SAY_ERROR;
    json_decref(to.jobs);
    return code;
}

static int show_often(const struct ask *a, const struct picks *picks)
{
    for (;;) {
        char text[TIME_TEXT_MAX];
        int code;

        if (a->iterate_s && !a->common.json)
            (void)printf("%s\n", wall_text(now_read().wall, false, text));
        code = say_end(show(a, picks));
        if (a->iterate_s == 0 || (code != SAY_OK && code != SAY_TEMPORARY))
            return code;
        (void)nanosleep(&(struct timespec){.tv_sec = a->iterate_s}, NULL);
    }
}

static bool picks_entry(const struct picks *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (!strcmp(p->v[i].field->name, "Entry"))
            return true;
    return false;
}

int main(int argc, char **argv)
{
    struct ask ask = {0};
    struct picks picks = {0};
    struct err err = {0};
    int code = SAY_ERROR;
    int r;

    say_begin();
    job_filter_init(&ask.filter);
    if (argp_parse(&argp, argc, argv, 0, NULL, &ask) != 0)
        return SAY_ERROR;
    r = pick(&ask, &picks, &err);
    if (r == 0) {
        ask.filter.entry = ask.common.json || picks_entry(&picks);
        code = show_often(&ask, &picks);
    } else {
        say_error("%s", err_text(&err, r));
    }
    picks_release(&picks);
    job_filter_release(&ask.filter);
    return say_end(code);
}
