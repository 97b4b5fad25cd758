/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * facctmgr_roll - institutions, projects, grants and rates: add, modify, delete, show
 *
 * What is asked for is first judged by the daemon without being done, shown, and done
 * when the person agrees (or gave -i).
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/measure.h"
#include "command/facctmgr.h"
#include "command/say.h"

#include "base/banned.h"

static const char *const kinds[] = {"institution", "project", "grant", "rate",
                                    "signer"};

const char *acctmgr_kind(const char *object)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        size_t n = strlen(kinds[i]);

        if (!strncasecmp(object, kinds[i], n)
            && (!object[n] || !strcasecmp(object + n, "s")))
            return kinds[i];
    }
    return NULL;
}

/* The word that names an entry of this kind when it stands alone. */
static const char *naming(const char *kind)
{
    return strcmp(kind, "rate") ? "name" : "pool";
}

/* WORD=VALUE into o; words are taken in any case. */
static int put_word(json_t *o, const char *kind, const char *text)
{
    const char *eq = strchr(text, '=');
    char word[32] = "";

    if (!eq) {
        if (json_object_get(o, naming(kind))) {
            say_error("'%s' is not WORD=VALUE", text);
            return SAY_ERROR;
        }
        return json_object_set_new(o, naming(kind), json_string(text)) ? SAY_ERROR
                                                                       : SAY_OK;
    }
    if ((size_t)(eq - text) >= sizeof(word)) {
        say_error("'%s': no word is so long", text);
        return SAY_ERROR;
    }
    for (const char *p = text; p < eq; p++)
        word[p - text] = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
    if (!strcmp(word, "do") || !strcmp(word, "kind") || json_object_get(o, word)) {
        say_error("%s is given twice", word);
        return SAY_ERROR;
    }
    if (json_object_set_new(o, word, json_string(eq + 1))) {
        say_error("%s: the value is not UTF-8", word);
        return SAY_ERROR;
    }
    return SAY_OK;
}

/* One change from its words; "where" and "set" may stand between them. */
int acctmgr_act(
    const char *verb, const char *kind, char *const *words, size_t n, json_t *acts)
{
    json_t *o = json_pack("{s:s,s:s}", "do", verb, "kind", kind);
    int code = o ? SAY_OK : SAY_ERROR;

    for (size_t i = 0; code == SAY_OK && i < n; i++)
        if (strcasecmp(words[i], "where") != 0 && strcasecmp(words[i], "set") != 0)
            code = put_word(o, kind, words[i]);
    if (code == SAY_OK && !json_object_get(o, naming(kind))) {
        say_error("%s %s: which one? Give %s=", verb, kind, naming(kind));
        code = SAY_ERROR;
    }
    if (code == SAY_OK)
        return json_array_append_new(acts, o) ? SAY_ERROR : SAY_OK;
    json_decref(o);
    return code;
}

/* A value as the words of a line: in quotes if it needs them. */
static void put_value(const char *value, struct buf *b)
{
    if (value[0] && !strpbrk(value, " \t\"\\#'")) {
        buf_puts(b, value);
        return;
    }
    buf_putc(b, '"');
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_putc(b, '\\');
        buf_putc(b, *value);
    }
    buf_putc(b, '"');
}

/* "add project name=p institution=i": words in the order of their names, the naming one
 * first. */
void acctmgr_line(const char *verb, const char *kind, json_t *words, struct buf *b)
{
    const char *name;
    json_t *value;

    buf_printf(b, "%s %s %s=", verb, kind, naming(kind));
    put_value(desk_text(words, naming(kind)), b);
    json_object_foreach(words, name, value)
    {
        if (!strcmp(name, "do") || !strcmp(name, "kind") || !strcmp(name, naming(kind))
            || !strcmp(name, "before"))
            continue;
        buf_printf(b, " %s=", name);
        put_value(json_string_value(value), b);
    }
    buf_putc(b, '\n');
}

static void print_acts(const json_t *acts)
{
    struct buf b = BUF_INIT(16u << 20);
    size_t i;
    json_t *o;

    json_array_foreach(acts, i, o)
        acctmgr_line(desk_text(o, "do"), desk_text(o, "kind"), o, &b);
    (void)fputs(buf_text(&b), stdout);
    buf_release(&b);
}

bool acctmgr_agreed(void)
{
    char answer[16] = "";

    (void)fputs("Would you like to commit changes? (N/y): ", stdout);
    (void)fflush(stdout);
    if (!fgets(answer, sizeof(answer), stdin))
        answer[0] = '\0';
    return answer[0] == 'y' || answer[0] == 'Y';
}

static int ask_acts(struct client *c, json_t *acts, bool dry, json_t **ret_answer)
{
    return desk_ask(c,
                    json_pack("{s:s,s:O,s:b}", "op", "acts", "acts", acts, "dry", dry),
                    ret_answer);
}

int acctmgr_print_act(const struct acctmgr *a)
{
    _cleanup_(client_freep) struct client *c = NULL;
    json_t *acts = json_array(), *answer = NULL;
    const char *kind = a->n_words > 1 ? acctmgr_kind(a->words[1]) : NULL;
    int code = SAY_ERROR;

    if (!kind)
        say_error("print act: add, modify or delete, and a grant, rate or signer with "
                  "its words");
    else
        code = acctmgr_act(a->words[0], kind, a->words + 2, a->n_words - 2, acts);
    if (code == SAY_OK)
        code = desk_open(a->common.socket, DESK_WAIT_S, &c);
    if (code == SAY_OK)
        code = ask_acts(c, acts, true, &answer);
    if (code == SAY_OK)
        (void)fputs(
            json_string_value(json_array_get(json_object_get(answer, "texts"), 0)),
            stdout);
    json_decref(answer);
    json_decref(acts);
    return code;
}

/* All of them or none. */
int acctmgr_commit(const struct acctmgr *a, json_t *acts)
{
    _cleanup_(client_freep) struct client *c = NULL;
    json_t *answer = NULL;
    int code = desk_open(a->common.socket, DESK_WAIT_S, &c);

    if (code == SAY_OK && !a->immediate) {
        code = ask_acts(c, acts, true, &answer);
        if (code == SAY_OK) {
            print_acts(json_object_get(answer, "acts"));
            if (!acctmgr_agreed()) {
                (void)puts(" Changes Discarded");
                code = SAY_ERROR;
            }
        }
        json_decref(answer);
        answer = NULL;
    }
    if (code == SAY_OK)
        code = ask_acts(c, acts, false, &answer);
    if (code == SAY_OK && a->common.json)
        code = desk_print_json(json_object_get(answer, "acts"));
    else if (code == SAY_OK && a->immediate)
        print_acts(json_object_get(answer, "acts"));
    json_decref(answer);
    return code;
}

int acctmgr_change(const struct acctmgr *a, const char *verb, const char *object)
{
    json_t *acts = json_array();
    int code = acctmgr_act(verb, acctmgr_kind(object), a->words, a->n_words, acts);

    if (code == SAY_OK)
        code = acctmgr_commit(a, acts);
    json_decref(acts);
    return code;
}

/* --- show ----------------------------------------------------------------------------
 */

#define PUT(fn, name)                                                                  \
    static void put_##fn(const void *row, struct buf *b)                               \
    {                                                                                  \
        buf_puts(b, desk_text(json_object_get(row, "words"), name));                   \
    }
PUT(name, "name")
PUT(vi, "vi")
PUT(en, "en")
PUT(parent, "parent")
PUT(from, "from")
PUT(until, "until")
PUT(successor, "successor")
PUT(institution, "institution")
PUT(account, "account")
PUT(amount, "amount")
PUT(source, "source")
PUT(decision, "decision")
PUT(decided, "decided")
PUT(carryover, "carryover")
PUT(overdraw, "overdraw")
PUT(key, "key")
PUT(signs, "for")
PUT(pool, "pool")
PUT(core_hour, "core_hour")
PUT(gib_hour, "gib_hour")
PUT(gpu_hour, "gpu_hour")

static void put_state(const void *row, struct buf *b)
{
    buf_puts(b, desk_text(row, "state"));
}

/* clang-format off */
static const struct field fields[] = {
    {"Name",        "NAME",        0, false, put_name},
    {"Vi",          "VI",          0, false, put_vi},
    {"En",          "EN",          0, false, put_en},
    {"Parent",      "PARENT",      0, false, put_parent},
    {"From",        "FROM",        0, false, put_from},
    {"Until",       "UNTIL",       0, false, put_until},
    {"Successor",   "SUCCESSOR",   0, false, put_successor},
    {"Institution", "INSTITUTION", 0, false, put_institution},
    {"Account",     "ACCOUNT",     0, false, put_account},
    {"Amount",      "AMOUNT",      0, true,  put_amount},
    {"Source",      "SOURCE",      0, false, put_source},
    {"Decision",    "DECISION",    0, false, put_decision},
    {"Decided",     "DECIDED",     0, false, put_decided},
    {"CarryOver",   "CARRYOVER",   0, true,  put_carryover},
    {"Overdraw",    "OVERDRAW",    0, true,  put_overdraw},
    {"Key",         "KEY",         0, false, put_key},
    {"For",         "FOR",         0, false, put_signs},
    {"Pool",        "POOL",        0, false, put_pool},
    {"CoreHour",    "CORE_HOUR",   0, true,  put_core_hour},
    {"GibHour",     "GIB_HOUR",    0, true,  put_gib_hour},
    {"GpuHour",     "GPU_HOUR",    0, true,  put_gpu_hour},
    {"State",       "STATE",       0, false, put_state},
};
/* clang-format on */

static const char *const columns[] = {
    "Name,Parent,Vi,En,From,Until,Successor,State",
    "Name,Institution,From,Until,State",
    "Name,Account,Amount,Source,Decision,Decided,From,Until,CarryOver,Overdraw,State",
    "Pool,From,Until,CoreHour,GibHour,GpuHour,Decision,State",
    "Name,For,Key,From,Until,State",
};

static int print_rows(const struct acctmgr *a, const char *list, const json_t *rows)
{
    _cleanup_(sheet_freep) struct sheet *sheet = NULL;
    struct picks picks = {0};
    struct err err = {0};
    int code = SAY_OK;
    size_t i;
    const json_t *o;

    if (picks_names(fields, ARRAY_SIZE(fields), list, '%', &picks, &err) != 0) {
        say_error("format: %s", err.text);
        return SAY_ERROR;
    }
    sheet = sheet_new(&picks, a->common.look);
    json_array_foreach(rows, i, o) if (!sheet || sheet_add(sheet, o) != 0) code =
        SAY_ERROR;
    if (code == SAY_OK && sheet_print(sheet) != 0)
        code = SAY_ERROR;
    picks_release(&picks);
    return code;
}

/* The whole roll, or one kind, or one name: 0 with the answer, or speaks. */
int acctmgr_roll(const struct acctmgr *a,
                 const char *kind,
                 const char *name,
                 json_t **ret_answer)
{
    _cleanup_(client_freep) struct client *c = NULL;
    json_t *q = desk_question("roll");
    int code = desk_open(a->common.socket, DESK_WAIT_S, &c);

    if (q && kind)
        (void)json_object_set_new(q, "kind", json_string(kind));
    if (q && name)
        (void)json_object_set_new(q, "name", json_string(name));
    if (code != SAY_OK) {
        json_decref(q);
        return code;
    }
    return desk_ask(c, q, ret_answer);
}

int acctmgr_show(const struct acctmgr *a, const char *object)
{
    const char *kind = acctmgr_kind(object);
    const char *name = NULL, *format = NULL;
    const struct acct_word words[] = {
        {naming(kind), &name  },
        {"format",     &format}
    };
    struct acctmgr rest = *a;
    json_t *answer = NULL;
    size_t k = 0;
    int code;

    while (strcmp(kinds[k], kind) != 0)
        k++;
    if (rest.n_words > 0 && !strcasecmp(rest.words[0], "where")) {
        rest.words++;
        rest.n_words--;
    }
    if (rest.n_words > 0 && !strchr(rest.words[0], '=')) {
        name = *rest.words++;
        rest.n_words--;
    }
    code = acctmgr_words(&rest, kind, words, ARRAY_SIZE(words));
    if (code == SAY_OK)
        code = acctmgr_roll(a, kind, name, &answer);
    if (code == SAY_OK && a->common.json)
        code = desk_print_json(json_object_get(answer, "roll"));
    else if (code == SAY_OK)
        code = print_rows(a, format ? format : columns[k],
                          json_object_get(answer, "roll"));
    json_decref(answer);
    return code;
}

/* --- allowances
 * ------------------------------------------------------------------------
 */

int acctmgr_move(const struct acctmgr *a)
{
    _cleanup_(client_freep) struct client *c = NULL;
    const char *project = NULL, *to = NULL, *amount = NULL;
    const struct acct_word words[] = {
        {"project", &project},
        {"to",      &to     },
        {"amount",  &amount }
    };
    json_t *answer = NULL;
    struct err err = {0};
    int64_t milli = 0;
    int code = acctmgr_words(a, "move allowance", words, ARRAY_SIZE(words));

    if (code == SAY_OK && (!project || !to || !amount)) {
        say_error("move allowance: give project=, to= and amount=");
        code = SAY_ERROR;
    }
    if (code == SAY_OK && measure_milli(amount, INT64_MAX, &milli, &err) < 0) {
        say_error("amount: %s", err.text);
        code = SAY_ERROR;
    }
    if (code == SAY_OK)
        code = desk_open(a->common.socket, DESK_WAIT_S, &c);
    if (code == SAY_OK)
        code = desk_ask(c,
                        json_pack("{s:s,s:s,s:s,s:I}", "op", "give", "project", project,
                                  "center", to, "milli", (json_int_t)milli),
                        &answer);
    if (code == SAY_OK && a->common.json)
        code = desk_print_json(answer);
    json_decref(answer);
    return code;
}
