/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* settings_plugins - what the plugins in this center's own Slurm are told */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "daemon/settings_int.h"

#include "base/banned.h"

/* Slurm keeps its accounts in small letters. */
static int read_accounts(cfg_t *sec,
                         const char *option,
                         struct words *list,
                         struct err *err)
{
    *list = WORDS_INIT(PLUGIN_ACCOUNTS_MAX, PLUGIN_ACCOUNTS_MAX * NAME_CAP);
    for (unsigned i = 0; i < cfg_size(sec, option); i++) {
        const char *name = cfg_getnstr(sec, option, i);
        int r;

        if (!word_is_name(name, NAME_CAP - 1) && strcmp(name, "*") != 0)
            return conf_fail(sec, option, err, "'%.70s' is not the name of an account",
                             name);
        r = words_add(list, name);
        if (r == -E2BIG)
            return conf_fail(sec, option, err, "more than %d accounts",
                             PLUGIN_ACCOUNTS_MAX);
        if (r < 0)
            return err_set(err, r, "out of memory");
    }
    return 0;
}

int settings_plugins(cfg_t *cfg, struct plugin_settings *p, struct err *err)
{
    cfg_t *sec = cfg_getsec(cfg, "plugins");
    const char *user = cfg_getstr(sec, "slurm_user");
    const char *partition = cfg_getstr(sec, "proxy_partition");
    int r = 0;

    if (user[0] && !getpwnam(user))
        return conf_fail(sec, "slurm_user", err, "there is no local account '%.70s'",
                         user);
    if (user[0])
        r = conf_name(sec, "slurm_user", user, p->slurm_user, err);
    if (r == 0 && partition[0])
        r = conf_name(sec, "proxy_partition", partition, p->proxy_partition, err);
    if (r == 0)
        r = read_accounts(sec, "check_budget", &p->check_budget, err);
    if (r == 0)
        r = read_accounts(sec, "federate", &p->federate, err);
    return r;
}
