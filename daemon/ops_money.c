/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* ops_money - parts of budgets that an administrator gives to another center */
#include "config.h"

#include <errno.h>

#include "daemon/users.h"

#include "base/banned.h"

int op_give(struct ask *a, struct err *err)
{
    const char *project = json_string_value(json_object_get(a->question, "project"));
    const char *center = json_string_value(json_object_get(a->question, "center"));
    json_int_t milli = json_integer_value(json_object_get(a->question, "milli"));
    struct fed_effects fx;
    int r;

    if (!a->who->admin)
        return err_set(err, -EACCES,
                       "allowances are moved by root and the account that runs "
                       "hopluud");
    if (!project || !center)
        return err_set(err, -EINVAL, "which project, and to which center?");
    r = fed_give(a->c->fed, project, center, milli, now_read(), &fx, err);
    if (r < 0)
        return r;
    center_apply(a->c, &fx);
    users_reply_durable(a,
                        json_pack("{s:s,s:s,s:I,s:I}", "project", project, "center",
                                  center, "milli", milli, "given",
                                  (json_int_t)book_given(a->c->book, project, center)));
    return 0;
}
