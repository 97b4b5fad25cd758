/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * facctmgr_agreement - what this center and its peers give each other
 *
 * Two rows for each agreement: what this center gives, and what it gets.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/measure.h"
#include "command/facctmgr.h"
#include "command/job_text.h"
#include "command/say.h"

#include "base/banned.h"

struct line {
    const json_t *all;
    const json_t *side;
};

static const struct line *of(const void *row)
{
    return row;
}

static void put_giver(const void *row, struct buf *b)
{
    buf_puts(b, desk_text(of(row)->side, "center"));
}

static void put_peer(const void *row, struct buf *b)
{
    buf_puts(b, desk_text(of(row)->all, "peer"));
}

static void put_list(const json_t *list, struct buf *b)
{
    size_t i;
    const json_t *v;

    json_array_foreach(list, i, v)
        buf_printf(b, "%s%s", i ? "," : "", json_string_value(v));
}

static void put_partitions(const void *row, struct buf *b)
{
    put_list(json_object_get(of(row)->side, "partitions"), b);
}

static void put_institutions(const void *row, struct buf *b)
{
    put_list(json_object_get(of(row)->side, "institutions"), b);
}

/* 0 = no limit: left empty. */
static void put_number(const void *row, const char *member, struct buf *b)
{
    json_int_t n = desk_int(of(row)->side, member, 0);

    if (n)
        buf_printf(b, "%lld", (long long)n);
}

static void put_max_cores(const void *row, struct buf *b)
{
    put_number(row, "max_cores", b);
}

static void put_max_nodes(const void *row, struct buf *b)
{
    put_number(row, "max_nodes", b);
}

static void put_max_time(const void *row, struct buf *b)
{
    json_int_t s = desk_int(of(row)->side, "max_time_s", 0);

    if (s)
        buf_printf(b, "%lld-%02d:%02d:%02d", (long long)(s / 86400),
                   (int)(s / 3600 % 24), (int)(s / 60 % 60), (int)(s % 60));
}

static void put_max_debt(const void *row, struct buf *b)
{
    json_int_t milli = desk_int(of(row)->side, "max_debt", 0);

    if (milli)
        put_milli(milli, b);
}

static void put_day(json_int_t us, struct buf *b)
{
    char text[TIME_TEXT_MAX];

    if (us)
        buf_printf(b, "%.10s", wall_text((struct wall){us}, true, text));
}

static void put_from(const void *row, struct buf *b)
{
    put_day(desk_int(of(row)->all, "from", 0), b);
}

static void put_until(const void *row, struct buf *b)
{
    put_day(desk_int(of(row)->all, "until", 0), b);
}

static void put_state(const void *row, struct buf *b)
{
    buf_puts(b, desk_text(of(row)->all, "state"));
}

static void put_digest(const void *row, struct buf *b)
{
    buf_puts(b, desk_text(of(row)->all, "digest"));
}

/* clang-format off */
static const struct field fields[] = {
    {"Peer",         "PEER",         0, false, put_peer},
    {"Giver",        "GIVER",        0, false, put_giver},
    {"Partitions",   "PARTITIONS",   0, false, put_partitions},
    {"Institutions", "INSTITUTIONS", 0, false, put_institutions},
    {"MaxCores",     "MAXCORES",     0, true,  put_max_cores},
    {"MaxNodes",     "MAXNODES",     0, true,  put_max_nodes},
    {"MaxTime",      "MAXTIME",      0, true,  put_max_time},
    {"MaxDebt",      "MAXDEBT",      0, true,  put_max_debt},
    {"From",         "FROM",         0, false, put_from},
    {"Until",        "UNTIL",        0, false, put_until},
    {"State",        "STATE",        0, false, put_state},
    {"Digest",       "DIGEST",       0, false, put_digest},
};
/* clang-format on */

static const char usual[] = "Peer,Giver,Partitions,Institutions,MaxCores,MaxNodes,"
                            "MaxTime,MaxDebt,From,Until,State";

static int add_rows(struct sheet *sheet, const json_t *list, const char *peer)
{
    size_t i;
    const json_t *o;

    json_array_foreach(list, i, o)
    {
        const struct line gives = {o, json_object_get(o, "gives")};
        const struct line taken = {o, json_object_get(o, "gets")};

        if (peer && strcmp(peer, desk_text(o, "peer")) != 0)
            continue;
        if (sheet_add(sheet, &gives) != 0 || sheet_add(sheet, &taken) != 0)
            return SAY_ERROR;
        if (!strcmp(desk_text(o, "state"), "unconfirmed"))
            say_note("%s: not confirmed now%s%s", desk_text(o, "peer"),
                     desk_text(o, "text")[0] ? ": " : "", desk_text(o, "text"));
    }
    return SAY_OK;
}

int acctmgr_show_agreement(const struct acctmgr *a)
{
    _cleanup_(client_freep) struct client *c = NULL;
    _cleanup_(sheet_freep) struct sheet *sheet = NULL;
    const char *peer = NULL, *format = NULL;
    const struct acct_word words[] = {
        {"peer",   &peer  },
        {"format", &format}
    };
    struct picks picks = {0};
    struct err err = {0};
    json_t *answer = NULL;
    int code = acctmgr_words(a, "agreement", words, ARRAY_SIZE(words));

    if (code == SAY_OK
        && picks_names(fields, ARRAY_SIZE(fields), format ? format : usual, '%', &picks,
                       &err)
               != 0) {
        say_error("format: %s", err.text);
        code = SAY_ERROR;
    }
    if (code == SAY_OK)
        code = desk_open(a->common.socket, DESK_WAIT_S, &c);
    if (code == SAY_OK)
        code = desk_ask(c, desk_question("agreements"), &answer);
    if (code == SAY_OK && a->common.json) {
        code = desk_print_json(json_object_get(answer, "agreements"));
    } else if (code == SAY_OK) {
        sheet = sheet_new(&picks, a->common.look);
        code = sheet ? add_rows(sheet, json_object_get(answer, "agreements"), peer)
                     : SAY_ERROR;
        if (code == SAY_OK && sheet_print(sheet) != 0)
            code = SAY_ERROR;
    }
    json_decref(answer);
    picks_release(&picks);
    return code;
}
