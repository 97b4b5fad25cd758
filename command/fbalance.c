/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fbalance - what is left of each project's budget, and what it holds and has spent */
#include "config.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "command/common.h"
#include "command/desk.h"
#include "command/job_text.h"
#include "command/say.h"

#include "base/banned.h"

enum { KEY_BY = COMMON_OWN };

static const char columns[] =
    "Project,Institution,Center,Granted,Available,Held,Spent,Owed,Unsettled";

struct ask {
    struct common common;
    const char *project;
    const char *center;
    bool all;
    bool institutions; /* rows of projects are added up */
};

static const json_t *of(const void *row)
{
    return row;
}

static void put_project(const void *row, struct buf *b)
{
    buf_puts(b, desk_text(of(row), "project"));
}

static void put_institution(const void *row, struct buf *b)
{
    buf_puts(b, desk_text(of(row), "institution"));
}

static void put_center(const void *row, struct buf *b)
{
    buf_puts(b, desk_text(of(row), "center"));
}

static bool limited(const void *row)
{
    return !json_is_false(json_object_get(of(row), "limited"));
}

static void put_granted(const void *row, struct buf *b)
{
    if (limited(row))
        put_milli(desk_int(of(row), "granted", 0), b);
    else
        buf_puts(b, "unlimited");
}

static void put_available(const void *row, struct buf *b)
{
    if (limited(row))
        put_milli(desk_int(of(row), "available", 0), b);
    else
        buf_puts(b, "unlimited");
}

static void put_held(const void *row, struct buf *b)
{
    put_milli(desk_int(of(row), "held", 0), b);
}

static void put_spent(const void *row, struct buf *b)
{
    put_milli(desk_int(of(row), "spent", 0), b);
}

static void put_owed(const void *row, struct buf *b)
{
    put_milli(desk_int(of(row), "owed", 0), b);
}

static void put_unsettled(const void *row, struct buf *b)
{
    put_milli(desk_int(of(row), "unsettled", 0), b);
}

/* clang-format off */
static const struct field fields[] = {
    {"Project",     "PROJECT",     0, false, put_project},
    {"Institution", "INSTITUTION", 0, false, put_institution},
    {"Center",      "CENTER",      0, false, put_center},
    {"Granted",     "GRANTED",     0, true,  put_granted},
    {"Available",   "AVAILABLE",   0, true,  put_available},
    {"Held",        "HELD",        0, true,  put_held},
    {"Spent",       "SPENT",       0, true,  put_spent},
    {"Owed",        "OWED",        0, true,  put_owed},
    {"Unsettled",   "UNSETTLED",   0, true,  put_unsettled},
};

static const struct argp_option options[] = {
    {.name = "project", .key = 'p', .arg = "PROJECT", .doc = "This project only"},
    {.name = "center", .key = 'M', .arg = "NAME", .doc = "At this center only"},
    {.name = "by",
     .key = KEY_BY,
     .arg = "WHAT",
     .doc = "project (usual), or institution: all its projects together"},
    {.name = "all", .key = 'a', .doc = "Projects that you do not belong to as well"},
    COMMON_OPTION_NOHEADER('n'),
    COMMON_OPTION_PARSABLE2,
    COMMON_OPTION_JSON,
    COMMON_OPTION_SOCKET,
    {0},
};
/* clang-format on */

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct ask *a = state->input;

    switch (key) {
    case 'p':
        a->project = arg;
        return 0;
    case 'M':
        a->center = arg;
        return 0;
    case 'a':
        a->all = true;
        return 0;
    case KEY_BY:
        a->institutions = !strcmp(arg, "institution");
        if (!a->institutions && strcmp(arg, "project") != 0) {
            say_error("--by: '%s' is none of project, institution", arg);
            exit(SAY_ERROR);
        }
        return 0;
    default:
        return common_parse(&a->common, key, arg, 'n');
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .doc =
        "Show the budget of your projects in units: granted, available, held for jobs "
        "that run, and spent, at each center."
        "\vgranted = available + held + spent. Owed is what runs cost beyond the "
        "grant. Unsettled is the part of what is held for runs whose end should have "
        "been heard. "
        "JSON gives thousandths of a unit.",
};

/* A project's figures into the row of its institution; the project's name goes. */
static int add_up(json_t *rows, const json_t *o)
{
    static const char *const sums[] = {"granted", "available", "held",
                                       "spent",   "owed",      "unsettled",
                                       "expired", "moved",     "holds"};
    json_t *row = NULL, *x;
    size_t i;

    json_array_foreach(rows, i, x)
    {
        if (!strcmp(desk_text(x, "institution"), desk_text(o, "institution"))
            && !strcmp(desk_text(x, "center"), desk_text(o, "center")))
            row = x;
    }
    if (!row) {
        row = json_deep_copy(o);
        (void)json_object_set_new(row, "project", json_string(""));
        return json_array_append_new(rows, row);
    }
    for (i = 0; i < ARRAY_SIZE(sums); i++) {
        json_int_t a = desk_int(row, sums[i], 0), b = desk_int(o, sums[i], 0), sum;

        if (!add_ok(a, b, &sum)) {
            say_error("the sums of %s do not fit", desk_text(o, "institution"));
            return -1;
        }
        (void)json_object_set_new(row, sums[i], json_integer(sum));
    }
    if (!limited(o))
        (void)json_object_set_new(row, "limited", json_false());
    return 0;
}

static json_t *question(const struct ask *a)
{
    json_t *q = desk_question("balance");

    if (q && a->project)
        (void)json_object_set_new(q, "project", json_string(a->project));
    if (q && a->all)
        (void)json_object_set_new(q, "all", json_true());
    return q;
}

int main(int argc, char **argv)
{
    _cleanup_(client_freep) struct client *c = NULL;
    _cleanup_(sheet_freep) struct sheet *sheet = NULL;
    struct ask ask = {0};
    struct picks picks = {0};
    json_t *answer = NULL;
    json_t *kept = json_array();
    size_t i;
    json_t *o;
    int code;

    say_begin();
    if (argp_parse(&argp, argc, argv, 0, NULL, &ask) != 0)
        return SAY_ERROR;
    code = picks_names(fields, ARRAY_SIZE(fields), columns, ':', &picks, NULL) == 0
               ? desk_open(ask.common.socket, DESK_WAIT_S, &c)
               : SAY_ERROR;
    sheet = sheet_new(&picks, ask.common.look);
    if (code == SAY_OK)
        code = desk_ask(c, question(&ask), &answer);
    json_array_foreach(json_object_get(answer, "projects"), i, o)
    {
        if (ask.center && strcmp(ask.center, desk_text(o, "center")) != 0)
            continue;
        if (ask.institutions ? add_up(kept, o) != 0 : json_array_append(kept, o) != 0)
            code = SAY_ERROR;
    }
    json_array_foreach(kept, i, o)
    {
        if (!sheet || sheet_add(sheet, o) != 0)
            code = SAY_ERROR;
    }
    if (code == SAY_OK && ask.common.json) {
        json_t *all =
            json_pack("{s:s, s:O}", "center", client_center(c), "projects", kept);

        code = desk_print_json(all);
        json_decref(all);
    } else if (code == SAY_OK && sheet_print(sheet) != 0) {
        code = SAY_ERROR;
    }
    json_decref(kept);
    json_decref(answer);
    picks_release(&picks);
    return say_end(code);
}
