/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* facctmgr_month - the closed months of the books, closing one, and forgetting people
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "command/facctmgr.h"
#include "command/say.h"

#include "base/banned.h"

#define PUT(word)                                                                      \
    static void put_##word(const void *row, struct buf *b)                             \
    {                                                                                  \
        buf_puts(b, desk_text(row, #word));                                            \
    }
PUT(name)
PUT(accounts)
PUT(granted)
PUT(available)
PUT(held)
PUT(spent)
PUT(owed)
PUT(expired)

/* clang-format off */
static const struct field fields[] = {
    {"Name",      "NAME",      0, false, put_name},
    {"Accounts",  "ACCOUNTS",  0, true,  put_accounts},
    {"Granted",   "GRANTED",   0, true,  put_granted},
    {"Available", "AVAILABLE", 0, true,  put_available},
    {"Held",      "HELD",      0, true,  put_held},
    {"Spent",     "SPENT",     0, true,  put_spent},
    {"Owed",      "OWED",      0, true,  put_owed},
    {"Expired",   "EXPIRED",   0, true,  put_expired},
};
/* clang-format on */

static int ask(const struct acctmgr *a, json_t *question, json_t **ret_answer)
{
    _cleanup_(client_freep) struct client *c = NULL;
    int code = desk_open(a->common.socket, DESK_WAIT_S, &c);

    if (code != SAY_OK) {
        json_decref(question);
        return code;
    }
    return desk_ask(c, question, ret_answer);
}

int acctmgr_close_month(const struct acctmgr *a)
{
    const char *name = a->n_words == 1 ? a->words[0] : "";
    json_t *answer = NULL;
    int code;

    name += strncmp(name, "name=", 5) ? 0 : 5;
    if (!name[0]) {
        say_error("close month: which one? As 2026-10");
        return SAY_ERROR;
    }
    code = ask(a, json_pack("{s:s,s:s}", "op", "close", "month", name), &answer);
    if (code == SAY_OK && a->common.json)
        code = desk_print_json(answer);
    json_decref(answer);
    return code;
}

int acctmgr_show_month(const struct acctmgr *a)
{
    _cleanup_(sheet_freep) struct sheet *sheet = NULL;
    struct picks picks = {0};
    json_t *answer = NULL;
    size_t i;
    const json_t *o;
    int code;

    if (a->n_words) {
        say_error("show month: '%s' is one word too many", a->words[0]);
        return SAY_ERROR;
    }
    code = ask(a, desk_question("months"), &answer);
    if (code == SAY_OK && a->common.json) {
        code = desk_print_json(json_object_get(answer, "months"));
        json_decref(answer);
        return code;
    }
    if (code == SAY_OK
        && picks_names(fields, ARRAY_SIZE(fields),
                       "Name,Accounts,Granted,Available,Held,Spent,Owed,Expired", '%',
                       &picks, NULL)
               != 0)
        code = SAY_ERROR;
    sheet = code == SAY_OK ? sheet_new(&picks, a->common.look) : NULL;
    json_array_foreach(json_object_get(answer, "months"), i, o)
    {
        if (!sheet || sheet_add(sheet, o) != 0)
            code = SAY_ERROR;
    }
    if (code == SAY_OK && sheet_print(sheet) != 0)
        code = SAY_ERROR;
    json_decref(answer);
    picks_release(&picks);
    return code;
}

int acctmgr_erase_user(const struct acctmgr *a)
{
    const char *person = a->n_words == 1 ? a->words[0] : "";
    json_t *answer = NULL;
    int code;

    person += strncmp(person, "name=", 5) ? 0 : 5;
    if (!person[0]) {
        say_error("erase user: which one? As name@institution");
        return SAY_ERROR;
    }
    if (!a->immediate && !acctmgr_agreed()) {
        (void)puts(" Changes Discarded");
        return SAY_ERROR;
    }
    code = ask(a, json_pack("{s:s,s:s}", "op", "erase", "person", person), &answer);
    if (code == SAY_OK && a->common.json)
        code = desk_print_json(answer);
    else if (code == SAY_OK)
        (void)puts(desk_text(answer, "pseudonym"));
    json_decref(answer);
    return code;
}
