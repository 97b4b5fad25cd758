/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* facctmgr_journal - checkpoints, proofs and lines of the journal */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "command/facctmgr.h"
#include "command/say.h"

#include "base/banned.h"

/* Ask one question: 0 with its answer, or speaks. Steals q. */
static int ask(const struct acctmgr *a, json_t *q, json_t **ret_answer)
{
    _cleanup_(client_freep) struct client *c = NULL;
    int code = desk_open(a->common.socket, DESK_WAIT_S, &c);

    if (code != SAY_OK) {
        json_decref(q);
        return code;
    }
    return desk_ask(c, q, ret_answer);
}

static json_t *checkpoints_question(const char *origin, json_int_t from)
{
    json_t *q = desk_question("checkpoints");

    if (q && origin)
        (void)json_object_set_new(q, "origin", json_string(origin));
    if (q && from)
        (void)json_object_set_new(q, "from", json_integer(from));
    return q;
}

static void put_origin(const void *row, struct buf *b)
{
    buf_puts(b, desk_text(row, "origin"));
}

static void put_lines(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRId64, (int64_t)desk_int(row, "size", 0));
}

static void put_at(const void *row, struct buf *b)
{
    char text[TIME_TEXT_MAX];

    buf_puts(b, wall_text((struct wall){desk_int(row, "at", 0)}, true, text));
}

static void put_witnesses(const void *row, struct buf *b)
{
    size_t i;
    const json_t *w;

    json_array_foreach(json_object_get((const json_t *)row, "witnesses"), i, w)
        buf_printf(b, "%s%s", i ? "," : "", desk_text(w, "witness"));
}

static void put_root(const void *row, struct buf *b)
{
    const char *text = desk_text(row, "text");
    const char *line = strchr(text, '\n');

    line = line ? strchr(line + 1, '\n') : NULL;
    if (line)
        buf_put(b, line + 1, strcspn(line + 1, "\n"));
}

/* clang-format off */
static const struct field fields[] = {
    {"Origin",    "ORIGIN",    0, false, put_origin},
    {"Lines",     "LINES",     0, true,  put_lines},
    {"Root",      "ROOT",      0, false, put_root},
    {"Signed",    "SIGNED",    0, false, put_at},
    {"Witnesses", "WITNESSES", 0, false, put_witnesses},
};
/* clang-format on */

static void warn_complaints(const json_t *answer)
{
    size_t i;
    const json_t *x;

    json_array_foreach(json_object_get(answer, "complaints"), i, x)
        say_warning("%s: %s", desk_text(x, "center"), desk_text(x, "text"));
}

static int print_rows(const struct acctmgr *a, const json_t *rows)
{
    _cleanup_(sheet_freep) struct sheet *sheet = NULL;
    struct picks picks = {0};
    int code = SAY_ERROR;
    size_t i;
    const json_t *o;

    if (picks_names(fields, ARRAY_SIZE(fields), "Origin,Lines,Root,Signed,Witnesses",
                    ':', &picks, NULL)
        == 0)
        code = SAY_OK;
    sheet = sheet_new(&picks, a->common.look);
    json_array_foreach(rows, i, o) if (!sheet || sheet_add(sheet, o) != 0) code =
        SAY_ERROR;
    if (code == SAY_OK && sheet_print(sheet) != 0)
        code = SAY_ERROR;
    picks_release(&picks);
    return code;
}

int acctmgr_show_checkpoint(const struct acctmgr *a)
{
    const char *origin = NULL, *from = NULL;
    const struct acct_word words[] = {
        {"origin", &origin},
        {"from",   &from  }
    };
    json_t *answer = NULL;
    json_int_t n = 0;
    int code = acctmgr_words(a, "show checkpoint", words, ARRAY_SIZE(words));

    if (code == SAY_OK)
        code = acctmgr_whole("from", from, 0, &n);
    if (code == SAY_OK)
        code = ask(a, checkpoints_question(origin, n), &answer);
    if (code == SAY_OK) {
        warn_complaints(answer);
        code = a->common.json ? desk_print_json(answer)
                              : print_rows(a, json_object_get(answer, "checkpoints"));
    }
    json_decref(answer);
    return code;
}

int acctmgr_print_checkpoint(const struct acctmgr *a)
{
    const char *origin = NULL, *size = NULL;
    const struct acct_word words[] = {
        {"origin", &origin},
        {"size",   &size  }
    };
    json_t *answer = NULL;
    const json_t *list, *one = NULL;
    char own[128];
    json_int_t n = 0;
    int code = acctmgr_words(a, "print checkpoint", words, ARRAY_SIZE(words));

    if (code == SAY_OK)
        code = acctmgr_whole("size", size, 0, &n);
    if (code == SAY_OK)
        code = ask(a, checkpoints_question(NULL, n), &answer);
    if (code != SAY_OK)
        return code;
    (void)snprintf(own, sizeof(own), "hopluu/%s", desk_text(answer, "center"));
    list = json_object_get(answer, "checkpoints");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *x = json_array_get(list, i);

        if (!strcmp(desk_text(x, "origin"), origin ? origin : own)
            && (!size || desk_int(x, "size", -1) == n))
            one = x;
    }
    if (!one) {
        say_error("no checkpoint of %s%s%s is here", origin ? origin : own,
                  size ? " with size " : "", size ? size : "");
        code = SAY_ERROR;
    } else if (!desk_text(one, "note")[0]) {
        say_error("the key of %s is not known here", desk_text(one, "origin"));
        code = SAY_ERROR;
    } else {
        (void)fputs(desk_text(one, "note"), stdout);
    }
    json_decref(answer);
    return code;
}

int acctmgr_print_proof(const struct acctmgr *a)
{
    const char *line = NULL, *size = NULL;
    const struct acct_word words[] = {
        {"line", &line},
        {"size", &size}
    };
    json_t *answer = NULL, *q;
    json_int_t n = 0, of = 0;
    size_t i;
    const json_t *x;
    int code = acctmgr_words(a, "print proof", words, ARRAY_SIZE(words));

    if (code == SAY_OK && !line) {
        say_error("print proof: of which line? Give line=N, counted from 0");
        code = SAY_ERROR;
    }
    if (code == SAY_OK)
        code = acctmgr_whole("line", line, 0, &n);
    if (code == SAY_OK)
        code = acctmgr_whole("size", size, 0, &of);
    if (code != SAY_OK)
        return code;
    q = json_pack("{s:s,s:I}", "op", "proof", "seq", n);
    if (q && size)
        (void)json_object_set_new(q, "size", json_integer(of));
    code = ask(a, q, &answer);
    if (code == SAY_OK && a->common.json)
        code = desk_print_json(answer);
    else if (code == SAY_OK) {
        (void)printf("%s\n", desk_text(answer, "root"));
        json_array_foreach(json_object_get(answer, "steps"), i, x)(void)
            printf("%c %s\n", json_is_true(json_object_get(x, "right")) ? 'R' : 'L',
                   desk_text(x, "hash"));
    }
    json_decref(answer);
    return code;
}

/* One answer's lines; *from is where the next one begins, *done that there is none. */
static int print_lines(struct client *c, json_int_t *from, json_int_t until, bool *done)
{
    json_t *q = json_pack("{s:s,s:I}", "op", "journal", "from", *from);
    json_t *answer = NULL;
    size_t i;
    const json_t *x;
    int code;

    if (q && until >= 0)
        (void)json_object_set_new(q, "until", json_integer(until));
    code = desk_ask(c, q, &answer);
    if (code != SAY_OK)
        return code;
    json_array_foreach(json_object_get(answer, "lines"), i, x)(void)
        puts(json_string_value(x) ? json_string_value(x) : "");
    *done = desk_int(answer, "next", 0) <= *from
            || desk_int(answer, "next", 0) >= desk_int(answer, "size", 0)
            || (until >= 0 && desk_int(answer, "next", 0) >= until);
    *from = desk_int(answer, "next", 0);
    json_decref(answer);
    return SAY_OK;
}

int acctmgr_print_journal(const struct acctmgr *a)
{
    _cleanup_(client_freep) struct client *c = NULL;
    const char *from = NULL, *until = NULL;
    const struct acct_word words[] = {
        {"from",  &from },
        {"until", &until}
    };
    json_int_t at = 0, end = -1;
    bool done = false;
    int code = acctmgr_words(a, "print journal", words, ARRAY_SIZE(words));

    if (code == SAY_OK)
        code = acctmgr_whole("from", from, 0, &at);
    if (code == SAY_OK)
        code = acctmgr_whole("until", until, -1, &end);
    if (code == SAY_OK)
        code = desk_open(a->common.socket, DESK_WAIT_S, &c);
    while (code == SAY_OK && !done)
        code = print_lines(c, &at, end, &done);
    return code;
}

int acctmgr_print_key(const struct acctmgr *a)
{
    json_t *answer = NULL;
    int code = acctmgr_words(a, "print key", NULL, 0);

    if (code == SAY_OK)
        code = ask(a, checkpoints_question("-", 0), &answer);
    if (code == SAY_OK && !desk_text(answer, "key")[0]) {
        say_error("center %s has no ledger key", desk_text(answer, "center"));
        code = SAY_ERROR;
    } else if (code == SAY_OK) {
        (void)printf("%s\n", desk_text(answer, "key"));
    }
    json_decref(answer);
    return code;
}

int acctmgr_sign(const struct acctmgr *a)
{
    json_t *answer = NULL;
    int code = acctmgr_words(a, "sign checkpoint", NULL, 0);

    if (code == SAY_OK)
        code = ask(a, desk_question("checkpoint"), &answer);
    if (code == SAY_OK)
        (void)printf("signed %" PRId64 " lines\n",
                     (int64_t)desk_int(answer, "size", 0));
    json_decref(answer);
    return code;
}
