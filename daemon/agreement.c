/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* agreement - what two centers have both signed: one file, the same bytes on both sides
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "base/words.h"
#include "daemon/settings_int.h"
#include "wire/digest.h"

#include "base/banned.h"

/* clang-format off */
static cfg_opt_t party_opts[] = {
    CFG_INT("number", 0, CFGF_NONE),
    CFG_STR_LIST("partitions", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("institutions", NULL, CFGF_NODEFAULT),
    CFG_INT("max_cores", 0, CFGF_NONE),
    CFG_INT("max_nodes", 0, CFGF_NONE),
    CFG_STR("max_time", "UNLIMITED", CFGF_NONE),
    CFG_STR("max_debt", "0", CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t agreement_opts[] = {
    CFG_STR("from", "", CFGF_NONE),
    CFG_STR("until", "", CFGF_NONE),
    CFG_SEC("party", party_opts, CFGF_TITLE | CFGF_MULTI | CFGF_NO_TITLE_DUPES),
    CFG_END(),
};
/* clang-format on */

static int read_list(cfg_t *sec,
                     const char *option,
                     char dst[][NAME_CAP],
                     uint32_t *ret_n,
                     struct err *err)
{
    unsigned n = cfg_size(sec, option);

    if (n > AGREEMENT_NAMES_MAX)
        return conf_fail(sec, option, err, "%u names, the most is %d", n,
                         AGREEMENT_NAMES_MAX);
    for (unsigned i = 0; i < n; i++) {
        const char *name = cfg_getnstr(sec, option, i);
        int r = !strcmp(name, "*") ? !word_copy(dst[i], NAME_CAP, name)
                                   : conf_name(sec, option, name, dst[i], err);

        if (r < 0)
            return r;
    }
    *ret_n = n;
    return 0;
}

static int read_party(cfg_t *sec, struct agreement_side *side, struct err *err)
{
    int r = conf_name(sec, NULL, cfg_title(sec), side->center, err);

    if (r == 0)
        r = conf_u32(sec, "number", 1, CENTERS_MAX, &side->number, err);
    if (r == 0)
        r = read_list(sec, "partitions", side->partitions, &side->n_partitions, err);
    if (r == 0)
        r = read_list(sec, "institutions", side->institutions, &side->n_institutions,
                      err);
    if (r == 0)
        r = conf_u32(sec, "max_cores", 0, 100000000, &side->max_cores, err);
    if (r == 0)
        r = conf_u32(sec, "max_nodes", 0, JOB_NODES_MAX, &side->max_nodes, err);
    if (r == 0)
        r = conf_duration(sec, "max_time", &side->max_time_s, err);
    if (r == 0)
        r = conf_milli(sec, "max_debt", &side->max_debt_milli, err);
    return r;
}

static int read_day(cfg_t *cfg, const char *option, struct wall *ret_t, struct err *err)
{
    char utc[TIME_TEXT_MAX];
    const char *text = cfg_getstr(cfg, option);
    int n;

    if (!text[0])
        return 0;
    /* Both sides must mean the same moment: always UTC. */
    n = snprintf(utc, sizeof(utc), "%s%s", text, strchr(text, 'T') ? "Z" : "T00:00Z");
    if (n < 0 || (size_t)n >= sizeof(utc)
        || wall_parse(utc, (struct wall){0}, ret_t, NULL) < 0)
        return conf_fail(cfg, option, err, "'%.40s' is not a day: use YYYY-MM-DD (UTC)",
                         text);
    return 0;
}

/* Which side is ours, and that the other is this peer. */
static int match(cfg_t *cfg, const struct site *s, struct peer *p, struct err *err)
{
    struct agreement *a = &p->agreement;

    for (int mine = 0; mine < 2; mine++) {
        const struct agreement_side *us = &a->side[mine];
        const struct agreement_side *them = &a->side[!mine];

        if (strcmp(us->center, s->name) != 0)
            continue;
        if (us->number != s->number)
            return conf_fail(cfg, "party", err,
                             "says center %s has number %u, ours is %u", s->name,
                             us->number, s->number);
        if (strcmp(them->center, p->name) != 0 || them->number != p->number)
            return conf_fail(cfg, "party", err,
                             "is with %s (%u), not with peer %s (%u)", them->center,
                             them->number, p->name, p->number);
        p->mine = mine;
        p->has_agreement = true;
        return 0;
    }
    return conf_fail(cfg, "party", err, "neither party is %s", s->name);
}

int agreement_read(const char *path,
                   const struct site *site,
                   struct peer *p,
                   struct err *err)
{
    struct agreement *a = &p->agreement;
    cfg_t *cfg = NULL;
    int r = path_check_private(path, 022, err);

    if (r == 0)
        r = conf_parse(path, agreement_opts, &cfg, err);
    if (r < 0)
        return r;
    if (cfg_size(cfg, "party") != 2)
        r = conf_fail(cfg, "party", err, "%u parties, an agreement has two",
                      cfg_size(cfg, "party"));
    for (unsigned i = 0; r == 0 && i < 2; i++)
        r = read_party(cfg_getnsec(cfg, "party", i), &a->side[i], err);
    if (r == 0)
        r = read_day(cfg, "from", &a->from, err);
    if (r == 0)
        r = read_day(cfg, "until", &a->until, err);
    if (r == 0)
        r = match(cfg, site, p, err);
    cfg_free(cfg);
    if (r == 0)
        r = digest_file(path, a->digest, NULL, err);
    return r;
}
