/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fprio - the terms of the priority of jobs that wait at this center */
#include "config.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/common.h"
#include "command/desk.h"
#include "command/job_filter.h"
#include "command/say.h"

#include "base/banned.h"

static const char columns[] =
    "JobID,Partition,UserName,Account,Priority,Age,FairShare,JobSize,PartitionFactor";
static const char columns_norm[] =
    "JobID,Partition,UserName,Account,NormPriority,NormAge,NormFairShare,NormJobSize,"
    "NormPartition";
static const char columns_weights[] = "Priority,Age,FairShare,JobSize,PartitionFactor";

struct ask {
    struct common common;
    struct job_filter filter; /* ids, users, partitions */
    const char *format;
    bool norm;
    bool weights;
};

struct row {
    const json_t *job; /* or the weights themselves */
    const json_t *weights;
};

static const struct row *of(const void *row)
{
    return row;
}

static double number(const json_t *o, const char *member)
{
    return json_number_value(json_object_get(o, member));
}

static void put_id(const void *row, struct buf *b)
{
    buf_printf(b, "%" JSON_INTEGER_FORMAT, desk_int(of(row)->job, "job", 0));
}

static void put_partition(const void *row, struct buf *b)
{
    buf_puts(b, desk_text(of(row)->job, "partition"));
}

static void put_user(const void *row, struct buf *b)
{
    bool own = json_is_true(json_object_get(of(row)->job, "own"));

    buf_puts(b, own ? desk_text(of(row)->job, "user") : "(guest)");
}

static void put_account(const void *row, struct buf *b)
{
    buf_puts(b, desk_text(of(row)->job, "project"));
}

static void put_institution(const void *row, struct buf *b)
{
    buf_puts(b, desk_text(of(row)->job, "institution"));
}

static double sum(const json_t *weights)
{
    return number(weights, "age") + number(weights, "fairshare")
           + number(weights, "job_size") + number(weights, "partition_factor");
}

static void put_priority(const void *row, struct buf *b)
{
    const struct row *r = of(row);
    json_int_t none = (json_int_t)sum(r->weights);

    buf_printf(b, "%" JSON_INTEGER_FORMAT, desk_int(r->job, "priority", none));
}

static void put_term(const void *row, const char *member, struct buf *b)
{
    buf_printf(b, "%.0f", number(of(row)->job, member));
}

static void put_part(const void *row, const char *member, struct buf *b)
{
    double weight = number(of(row)->weights, member);

    buf_printf(b, "%.7f", weight > 0 ? number(of(row)->job, member) / weight : 0);
}

static void put_norm(const void *row, struct buf *b)
{
    double most = sum(of(row)->weights);

    buf_printf(b, "%.7f", most > 0 ? number(of(row)->job, "priority") / most : 0);
}

static void put_age(const void *row, struct buf *b)
{
    put_term(row, "age", b);
}

static void put_fairshare(const void *row, struct buf *b)
{
    put_term(row, "fairshare", b);
}

static void put_size(const void *row, struct buf *b)
{
    put_term(row, "job_size", b);
}

static void put_factor(const void *row, struct buf *b)
{
    put_term(row, "partition_factor", b);
}

static void put_norm_age(const void *row, struct buf *b)
{
    put_part(row, "age", b);
}

static void put_norm_fairshare(const void *row, struct buf *b)
{
    put_part(row, "fairshare", b);
}

static void put_norm_size(const void *row, struct buf *b)
{
    put_part(row, "job_size", b);
}

static void put_norm_factor(const void *row, struct buf *b)
{
    put_part(row, "partition_factor", b);
}

/* clang-format off */
static const struct field fields[] = { /* sprio's letters */
    {"JobID",           "JOBID",       'i', true,  put_id},
    {"Partition",       "PARTITION",   'r', false, put_partition},
    {"UserName",        "USER",        'u', false, put_user},
    {"Account",         "ACCOUNT",     'o', false, put_account},
    {"Institution",     "INSTITUTION", 0,   false, put_institution},
    {"Priority",        "PRIORITY",    'Y', true,  put_priority},
    {"Age",             "AGE",         'A', true,  put_age},
    {"FairShare",       "FAIRSHARE",   'F', true,  put_fairshare},
    {"JobSize",         "JOBSIZE",     'J', true,  put_size},
    {"PartitionFactor", "PARTITION",   'P', true,  put_factor},
    {"NormPriority",    "PRIORITY",    'y', true,  put_norm},
    {"NormAge",         "AGE",         'a', true,  put_norm_age},
    {"NormFairShare",   "FAIRSHARE",   'f', true,  put_norm_fairshare},
    {"NormJobSize",     "JOBSIZE",     'j', true,  put_norm_size},
    {"NormPartition",   "PARTITION",   'p', true,  put_norm_factor},
};

static const struct argp_option options[] = {
    {.name = "jobs", .key = 'j', .arg = "ID[,ID]", .doc = "These jobs"},
    {.name = "user", .key = 'u', .arg = "NAME[,NAME]", .doc = "Jobs of these users"},
    {.name = "partition", .key = 'p', .arg = "NAME[,NAME]", .doc = "Jobs in these partitions"},
    {.name = "norm", .key = 'n', .doc = "Each term as a part of its weight, 0 to 1"},
    {.name = "weights", .key = 'w', .doc = "The weights instead of jobs"},
    {.name = "format", .key = 'o', .arg = "FORMAT", .doc = "Columns by letters, as \"%.15i %9r %.10Y\""},
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
    case 'j':
        common_checked(state, "--jobs", job_filter_ids(&a->filter, arg, &err), &err);
        return 0;
    case 'u':
        common_checked(state, "--user", job_filter_words(&a->filter.users, arg, &err),
                       &err);
        return 0;
    case 'p':
        common_checked(state, "--partition",
                       job_filter_words(&a->filter.partitions, arg, &err), &err);
        return 0;
    case 'n':
        a->norm = true;
        return 0;
    case 'w':
        a->weights = true;
        return 0;
    case 'o':
        a->format = arg;
        return 0;
    default:
        return common_parse(&a->common, key, arg, 'h');
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .doc = "Show why jobs that wait at this center stand where they do in its queue: "
           "what age, fair share, size and partition add to their priority."
           "\vThe larger priority comes first. Without weights in hopluu.conf all "
           "priorities are 0: first come, first served.",
};

static bool passes(const struct ask *a, const json_t *job)
{
    return (a->filter.users.n == 0
            || words_has(&a->filter.users, desk_text(job, "user")))
           && (a->filter.partitions.n == 0
               || words_has(&a->filter.partitions, desk_text(job, "partition")));
}

static json_t *question(const struct ask *a)
{
    json_t *q = desk_question("priorities");
    json_t *ids = a->filter.ids.n ? json_array() : NULL;
    char *end;

    for (size_t i = 0; ids && i < a->filter.ids.n; i++)
        (void)json_array_append_new(
            ids, json_integer(strtoll(a->filter.ids.v[i], &end, 10)));
    if (q && ids)
        (void)json_object_set_new(q, "ids", ids);
    return q;
}

static int show(const struct ask *a, const struct picks *picks, const json_t *answer)
{
    _cleanup_(sheet_freep) struct sheet *sheet = sheet_new(picks, a->common.look);
    const json_t *weights = json_object_get(answer, "weights");
    const struct row top = {weights, weights};
    size_t i;
    json_t *o;
    int r = sheet ? 0 : -1;

    if (r == 0 && a->weights)
        r = sheet_add(sheet, &top);
    json_array_foreach(json_object_get(answer, "jobs"), i, o)
    {
        const struct row row = {o, weights};

        if (r == 0 && !a->weights && passes(a, o))
            r = sheet_add(sheet, &row);
    }
    if (r == 0)
        r = sheet_print(sheet);
    if (r == 0 && json_is_true(json_object_get(answer, "more")))
        say_error("only the first %zu jobs are shown: name some with --jobs", i);
    return r == 0 ? SAY_OK : SAY_ERROR;
}

static int pick(const struct ask *a, struct picks *picks)
{
    struct err err = {0};
    int r = a->format
                ? picks_letters(fields, ARRAY_SIZE(fields), a->format, picks, &err)
                : picks_names(fields, ARRAY_SIZE(fields),
                              a->weights ? columns_weights
                              : a->norm  ? columns_norm
                                         : columns,
                              ':', picks, &err);

    if (r != 0)
        say_error("--format: %s", err_text(&err, r));
    return r == 0 ? SAY_OK : SAY_ERROR;
}

int main(int argc, char **argv)
{
    _cleanup_(client_freep) struct client *c = NULL;
    struct ask ask = {0};
    struct picks picks = {0};
    json_t *answer = NULL;
    int code;

    say_begin();
    job_filter_init(&ask.filter);
    if (argp_parse(&argp, argc, argv, 0, NULL, &ask) != 0)
        return SAY_ERROR;
    code = pick(&ask, &picks);
    if (code == SAY_OK)
        code = desk_open(ask.common.socket, DESK_WAIT_S, &c);
    if (code == SAY_OK)
        code = desk_ask(c, question(&ask), &answer);
    if (code == SAY_OK)
        code = ask.common.json ? desk_print_json(answer) : show(&ask, &picks, answer);
    json_decref(answer);
    picks_release(&picks);
    job_filter_release(&ask.filter);
    return say_end(code);
}
