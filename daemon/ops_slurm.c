/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * ops_slurm - what the plugins in this center's own Slurm ask
 *
 * They speak for whoever submits there, so they are believed only from root, from
 * whoever runs this daemon, and from the account of slurmctld (plugins.slurm_user).
 * slurm_check is asked for every job of the site while slurmctld holds its locks: no
 * disk, no account database, no walk over jobs in it.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "daemon/users.h"

#include "base/banned.h"

static int may_speak_for_others(const struct ask *a, struct err *err)
{
    const char *slurm_user = a->c->settings->plugins.slurm_user;

    if (a->who->admin
        || (a->who->via == 0 && slurm_user[0] && !strcmp(slurm_user, a->who->local)))
        return 0;
    return err_set(
        err, -EACCES,
        "this is asked by Slurm's plugins alone: user %s is neither root nor "
        "plugins.slurm_user",
        a->who->local);
}

static const char *text_of(const struct ask *a, const char *name)
{
    const char *text = json_string_value(json_object_get(a->question, name));

    return text ? text : "";
}

static bool listed(const struct words *list, const char *account)
{
    return words_has(list, account) || words_has(list, "*");
}

/* Seconds that it may run, for pricing. */
static uint64_t limit_of(const struct ask *a, const struct partition *p)
{
    json_int_t asked = json_integer_value(json_object_get(a->question, "time_limit_s"));
    uint64_t limit = asked > 0 ? (uint64_t)asked : p->default_time_s;

    return MIN(limit, (uint64_t)p->max_time_s);
}

/* The account pays from a budget: does it cover what this job may cost? */
static int check_budget(const struct ask *a, const char *account, struct err *err)
{
    const struct partition *p =
        site_partition(center_site(a->c), text_of(a, "partition"));
    json_int_t cores = json_integer_value(json_object_get(a->question, "cores"));
    uint64_t core_s = 0;
    int64_t milli = 0;
    int r;

    if (!p || !site_project(center_site(a->c), account))
        return 0; /* not ours to judge */
    if (!mul_ok(cores > 0 ? (uint64_t)cores : 1, limit_of(a, p), &core_s)
        || book_price(p, core_s, 0, 0, &milli) < 0)
        return err_set(err, -EDQUOT,
                       "no budget covers %lld cores for so long: give a --time limit",
                       (long long)cores);
    r = book_may_hold(a->c->book, account, milli, err);
    return r == -EDQUOT ? r : 0;
}

int op_slurm_check(struct ask *a, struct err *err)
{
    const struct plugin_settings *s = &a->c->settings->plugins;
    const char *account = text_of(a, "account");
    int r = may_speak_for_others(a, err);

    if (r == 0 && account[0] && listed(&s->check_budget, account))
        r = check_budget(a, account, err);
    if (r == 0)
        users_reply(
            a->c->users, a->ticket,
            json_pack("{s:b}", "federate",
                      a->c->proxies && account[0] && listed(&s->federate, account)));
    return r;
}

/* sbatch hands a job over: it is held until its proxy is in Slurm (proxies.h). */
int op_slurm_submit(struct ask *a, struct err *err)
{
    json_int_t uid = json_integer_value(json_object_get(a->question, "uid"));
    struct asker who = {0};
    struct ask theirs = *a;
    int r = may_speak_for_others(a, err);

    if (r == 0 && !a->c->proxies)
        r = err_set(err, -ENETUNREACH,
                    "this center's hopluud does not follow its Slurm (engine \"slurm\" "
                    "does): use fbatch");
    if (r < 0)
        return r;
    if (!json_is_integer(json_object_get(a->question, "uid")) || uid < 0
        || uid >= UINT32_MAX)
        return err_set(err, -EINVAL, "\"uid\" must say whose job it is");
    users_identify(a->c, &who, (uid_t)uid);
    theirs.who = &who;
    theirs.for_slurm = true;
    users_remember(
        a->c->users, a->ticket,
        json_pack("{s:s}", "proxy_partition", a->c->settings->plugins.proxy_partition));
    return op_submit(&theirs, err);
}
