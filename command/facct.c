/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* facct - what became of jobs, and what they used */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/acct_field.h"
#include "command/common.h"
#include "command/desk.h"
#include "command/job_row.h"
#include "command/say.h"

#include "base/banned.h"

enum { KEY_NAME = COMMON_OWN, KEY_NOCONVERT };

static const char columns[] =
    "JobID,JobName,Partition,Account,AllocCPUS,State,ExitCode";
static const char columns_brief[] = "JobID,State,ExitCode";

struct ask {
    struct common common;
    struct job_filter filter;
    const char *format;
    bool brief;
    bool all_users;
};

/* clang-format off */
static const struct argp_option options[] = {
    {.name = "jobs", .key = 'j', .arg = "ID[,ID]", .doc = "These jobs, wherever they were submitted"},
    {.name = "user", .key = 'u', .arg = "NAME[,NAME]", .doc = "Jobs of these users (your own)"},
    {.name = "uid", .flags = OPTION_ALIAS},
    {.name = "allusers", .key = 'a', .doc = "Jobs of all users"},
    {.name = "accounts", .key = 'A', .arg = "PROJECT[,PROJECT]", .doc = "Jobs of these projects"},
    {.name = "name", .key = KEY_NAME, .arg = "NAME[,NAME]", .doc = "Jobs of this name"},
    {.name = "state", .key = 's', .arg = "STATE[,STATE]", .doc = "Jobs in these states"},
    {.name = "partition", .key = 'r', .arg = "NAME[,NAME]", .doc = "Jobs in these partitions"},
    {.name = "center", .key = 'M', .arg = "NAME[,NAME]", .doc = "Jobs that ran at these centers"},
    {.name = "clusters", .flags = OPTION_ALIAS},
    {.name = "starttime", .key = 'S', .arg = "TIME", .doc = "Jobs that were there after this time (since midnight; with --jobs: always)"},
    {.name = "endtime", .key = 'E', .arg = "TIME", .doc = "Jobs that were there before this time"},
    {.name = "allocations", .key = 'X', .doc = "One line per job (always so)"},
    {.name = "duplicates", .key = 'D', .doc = "For Slurm's sake: a job has one record"},
    {.name = "brief", .key = 'b', .doc = "Id, state and exit code"},
    {.name = "format", .key = 'o', .arg = "NAMES", .doc = "Columns by names, as JobID,JobName%20,State"},
    {.name = "helpformat", .key = 'e', .doc = "List the names of columns"},
    {.name = "noconvert", .key = KEY_NOCONVERT, .doc = "Leave units as they are (always so)"},
    COMMON_OPTION_NOHEADER('n'),
    COMMON_OPTION_PARSABLE,
    COMMON_OPTION_PARSABLE2,
    COMMON_OPTION_JSON,
    COMMON_OPTION_SOCKET,
    {0},
};
/* clang-format on */

static void set_time(const char *option, const char *arg, struct wall *t)
{
    struct err err = {0};

    if (wall_parse(arg, now_read().wall, t, &err) != 0)
        common_refuse(NULL, option, &err);
}

static error_t parse_filter(int key, char *arg, struct ask *a)
{
    struct err err = {0};
    const char *option;
    int r;

    switch (key) {
    case 'j':
        option = "--jobs";
        r = job_filter_ids(&a->filter, arg, &err);
        break;
    case 'u':
        option = "--user";
        r = job_filter_words(&a->filter.users, arg, &err);
        break;
    case 'A':
        option = "--accounts";
        r = job_filter_words(&a->filter.projects, arg, &err);
        break;
    case KEY_NAME:
        option = "--name";
        r = job_filter_words(&a->filter.names, arg, &err);
        break;
    case 's':
        option = "--state";
        r = job_filter_states(&a->filter, arg, &err);
        break;
    case 'r':
        option = "--partition";
        r = job_filter_words(&a->filter.partitions, arg, &err);
        break;
    case 'M':
        option = "--center";
        r = job_filter_words(&a->filter.centers, arg, &err);
        break;
    default:
        return common_parse(&a->common, key, arg, 'n');
    }
    if (r != 0)
        common_refuse(NULL, option, &err);
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct ask *a = state->input;

    switch (key) {
    case 'a':
        a->all_users = true;
        return 0;
    case 'S':
        set_time("--starttime", arg, &a->filter.since);
        return 0;
    case 'E':
        set_time("--endtime", arg, &a->filter.until);
        return 0;
    case 'X':
    case 'D':
    case KEY_NOCONVERT:
        return 0;
    case 'b':
        a->brief = true;
        return 0;
    case 'o':
        a->format = arg;
        return 0;
    case 'e':
        fields_list(acct_fields, n_acct_fields);
        exit(say_end(SAY_OK));
    case 'p':
        a->common.look.style = SHEET_PARSABLE;
        return 0;
    default:
        return parse_filter(key, arg, a);
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .doc = "Show what became of jobs and what they used, at whichever center they ran."
           "\vA job is listed from the moment that its submission returns. Entry is "
           "the center "
           "where it was submitted, Host (or Cluster) where it ran, Units its price.",
};

/* What sacct leaves to defaults: one's own jobs, and those of today. */
static int complete(struct ask *a, struct err *err)
{
    struct job_filter *f = &a->filter;

    f->all = true;
    if (f->ids.n)
        return 0;
    if (f->users.n == 0 && !a->all_users && getuid() != 0)
        f->me = true;
    if (f->since.us == 0) {
        int r = wall_parse("today", now_read().wall, &f->since, err);

        if (r != 0)
            return r;
    }
    if (f->until.us && f->until.us < f->since.us)
        return err_set(err, -EINVAL, "--endtime lies before --starttime");
    return 0;
}

struct collect {
    struct sheet *sheet; /* or */
    json_t *jobs;
};

static int collect(const struct job_row *row, void *arg)
{
    struct collect *c = arg;
    json_t *o = c->jobs ? acct_job_json(row) : NULL;
    int r = c->jobs ? 0 : sheet_add(c->sheet, row);

    if (c->jobs && (!o || json_array_append_new(c->jobs, o) != 0))
        r = -ENOMEM;
    if (r == 0)
        return SAY_OK;
    say_error("not enough memory for so many jobs");
    return SAY_ERROR;
}

static int show(const struct ask *a, const struct picks *picks)
{
    _cleanup_(client_freep) struct client *c = NULL;
    _cleanup_(sheet_freep) struct sheet *sheet = sheet_new(picks, a->common.look);
    struct collect to = {.sheet = sheet, .jobs = a->common.json ? json_array() : NULL};
    int code = sheet ? desk_open(a->common.socket, DESK_WAIT_S, &c) : SAY_ERROR;

    if (code == SAY_OK)
        code = job_rows(c, &a->filter, collect, &to);
    if (code == SAY_OK && to.jobs) {
        json_t *o = json_pack("{s:{s:s, s:s}, s:O, s:[]}", "meta", "name", PACKAGE_NAME,
                              "version", PACKAGE_VERSION, "jobs", to.jobs, "errors");

        code = desk_print_json(o);
        json_decref(o);
    } else if (code == SAY_OK && sheet_print(sheet) != 0) {
        code = SAY_ERROR;
    }
    json_decref(to.jobs);
    return code;
}

int main(int argc, char **argv)
{
    struct ask ask = {
        .common.look = {.rule = true, .cut_mark = '+'}
    };
    struct picks picks = {0};
    struct err err = {0};
    int code = SAY_ERROR;
    const char *names;
    int r;

    say_begin();
    job_filter_init(&ask.filter);
    if (argp_parse(&argp, argc, argv, 0, NULL, &ask) != 0)
        return SAY_ERROR;
    names = ask.format  ? ask.format
            : ask.brief ? columns_brief
                        : getenv("SACCT_FORMAT");
    r = picks_names(acct_fields, n_acct_fields, names ? names : columns, '%', &picks,
                    &err);
    if (r == 0)
        r = complete(&ask, &err);
    if (r == 0) {
        ask.filter.entry = ask.common.json;
        for (size_t i = 0; i < picks.n; i++)
            if (!strcmp(picks.v[i].field->name, "Entry"))
                ask.filter.entry = true;
        code = show(&ask, &picks);
    } else {
        say_error("%s", err_text(&err, r));
    }
    picks_release(&picks);
    job_filter_release(&ask.filter);
    return say_end(code);
}
