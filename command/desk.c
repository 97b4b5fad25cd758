/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* desk - where a command puts its questions: the daemon of its center */
#include "config.h"

#include "command/desk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command/say.h"

#include "base/banned.h"

int desk_open(const char *address, unsigned timeout_s, struct client **ret_client)
{
    struct err err = {0};
    int r = client_open(address, timeout_s, ret_client, &err);

    if (r == 0)
        return SAY_OK;
    say_error("%s", err_text(&err, r));
    return r == -EACCES || r == -EPERM ? SAY_DENIED : SAY_TEMPORARY;
}

json_t *desk_question(const char *op)
{
    return json_pack("{s:s}", "op", op);
}

int desk_refusal_exit(const json_t *refusal)
{
    static const struct {
        const char *code;
        int exit;
    } codes[] = {
        {"denied",    SAY_DENIED   },
        {"no-budget", SAY_NO_BUDGET},
        {"no-center", SAY_NO_CENTER},
    };
    const char *code = desk_text(refusal, "code");

    if (json_is_true(json_object_get(refusal, "temporary")))
        return SAY_TEMPORARY;
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
        if (!strcmp(code, codes[i].code))
            return codes[i].exit;
    return SAY_ERROR;
}

int desk_try(struct client *c,
             json_t *question,
             json_t **ret_answer,
             bool *ret_refused,
             struct err *err)
{
    json_t *answer = NULL;
    int r;

    *ret_refused = false;
    if (!question) {
        (void)err_set(err, -ENOMEM, "not enough memory for the question");
        return SAY_ERROR;
    }
    r = client_ask(c, question, &answer, err);
    if (r == 0) {
        *ret_answer = answer;
        return SAY_OK;
    }
    if (!answer)
        return r == -EBADMSG || r == -EMSGSIZE || r == -E2BIG || r == -ENOMEM
                   ? SAY_ERROR
                   : SAY_TEMPORARY;
    *ret_refused = true;
    r = desk_refusal_exit(answer);
    json_decref(answer);
    return r;
}

int desk_ask(struct client *c, json_t *question, json_t **ret_answer)
{
    struct err err = {0};
    bool refused;
    int code = desk_try(c, question, ret_answer, &refused, &err);

    if (code)
        say_error("%s", err_text(&err, -EIO));
    return code;
}

const char *desk_text(const json_t *o, const char *member)
{
    const char *text = json_string_value(json_object_get(o, member));

    return text ? text : "";
}

json_int_t desk_int(const json_t *o, const char *member, json_int_t missing)
{
    const json_t *v = json_object_get(o, member);

    return json_is_integer(v) ? json_integer_value(v) : missing;
}

int desk_print_json(const json_t *o)
{
    if (!o || json_dumpf(o, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF) {
        say_error("cannot write the output as JSON");
        return SAY_ERROR;
    }
    return SAY_OK;
}
