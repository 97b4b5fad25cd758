/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* settings_site - partitions, institutions, projects, persons, mappings and peers */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/words.h"
#include "daemon/settings_int.h"
#include "model/hostlist.h"

#include "base/banned.h"

#define SHARES_MAX 1000000

static int no_memory(struct err *err)
{
    return err_set(err, -ENOMEM, "out of memory");
}

static int read_partition(cfg_t *sec, struct partition *p, struct err *err)
{
    struct words names = WORDS_INIT(JOB_NODES_MAX, 4u << 20);
    const char *nodes = cfg_getstr(sec, "nodes");
    int r = conf_name(sec, NULL, cfg_title(sec), p->name, err);

    if (r < 0)
        return r;
    if (!nodes || !nodes[0])
        return conf_fail(sec, "nodes", err, "is missing: give a list such as n[1-4]");
    r = hostlist_expand(nodes, &names, err);
    words_release(&names);
    if (r < 0)
        return conf_wrap(sec, "nodes", err, r);
    p->nodes = strdup(nodes);
    if (!p->nodes)
        return no_memory(err);
    p->is_default = cfg_getbool(sec, "default");
    r = conf_duration(sec, "max_time", &p->max_time_s, err);
    if (r == 0)
        r = conf_duration(sec, "default_time", &p->default_time_s, err);
    if (r == 0)
        r = conf_u32(sec, "max_nodes", 0, JOB_NODES_MAX, &p->max_nodes, err);
    if (r == 0)
        r = conf_milli(sec, "core_hour", &p->core_hour_milli, err);
    if (r == 0)
        r = conf_milli(sec, "gib_hour", &p->gib_hour_milli, err);
    if (r == 0)
        r = conf_milli(sec, "gpu_hour", &p->gpu_hour_milli, err);
    if (r == 0)
        r = conf_u32(sec, "priority_job_factor", 0, 65533, &p->job_factor, err);
    if (r == 0 && p->max_time_s != DURATION_UNLIMITED
        && p->default_time_s > p->max_time_s)
        r = conf_fail(sec, "default_time", err, "is longer than max_time");
    return r;
}

static int read_partitions(cfg_t *cfg, struct site *s, struct err *err)
{
    unsigned n = cfg_size(cfg, "partition");
    unsigned defaults = 0;

    if (n < 1 || n > PARTITIONS_MAX)
        return conf_fail(cfg, "partition", err, "%u partitions, there must be 1 to %d",
                         n, PARTITIONS_MAX);
    s->partitions = calloc(n, sizeof(*s->partitions));
    if (!s->partitions)
        return no_memory(err);
    for (s->n_partitions = 0; s->n_partitions < n; s->n_partitions++) {
        int r = read_partition(cfg_getnsec(cfg, "partition", (unsigned)s->n_partitions),
                               &s->partitions[s->n_partitions], err);

        if (r < 0) {
            s->n_partitions++; /* what it owns is freed with the site */
            return r;
        }
        defaults += s->partitions[s->n_partitions].is_default;
    }
    if (defaults > 1)
        return conf_fail(cfg, "partition", err,
                         "%u are marked default, one at most may be", defaults);
    if (defaults == 0)
        s->partitions[0].is_default = true;
    return 0;
}

static int read_institutions(cfg_t *cfg, struct site *s, struct err *err)
{
    unsigned n = cfg_size(cfg, "institution");

    s->institutions = calloc(n + 1, sizeof(*s->institutions));
    if (!s->institutions)
        return no_memory(err);
    for (unsigned i = 0; i < n; i++) {
        cfg_t *sec = cfg_getnsec(cfg, "institution", i);
        struct institution *x = &s->institutions[s->n_institutions++];
        int r = conf_name(sec, NULL, cfg_title(sec), x->name, err);

        if (r == 0)
            r = conf_text(sec, "vi", x->title_vi, err);
        if (r == 0)
            r = conf_text(sec, "en", x->title_en, err);
        if (r == 0 && cfg_getstr(sec, "ministry")[0])
            r = conf_name(sec, "ministry", cfg_getstr(sec, "ministry"), x->ministry,
                          err);
        if (r == 0 && cfg_getstr(sec, "home")[0])
            r = conf_name(sec, "home", cfg_getstr(sec, "home"), x->home, err);
        if (r == 0)
            r = conf_u32(sec, "shares", 0, SHARES_MAX, &x->shares, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* An institution that has been declared. */
static int known_institution(cfg_t *sec,
                             const struct site *s,
                             char dst[NAME_CAP],
                             struct err *err)
{
    int r = conf_name(sec, "institution", cfg_getstr(sec, "institution"), dst, err);

    if (r == 0 && !site_institution(s, dst))
        r = conf_fail(sec, "institution", err,
                      "'%s' is not declared: add institution \"%s\" {}", dst, dst);
    return r;
}

static int read_projects(cfg_t *cfg, struct site *s, struct err *err)
{
    unsigned n = cfg_size(cfg, "project");

    s->projects = calloc(n + 1, sizeof(*s->projects));
    if (!s->projects)
        return no_memory(err);
    for (unsigned i = 0; i < n; i++) {
        cfg_t *sec = cfg_getnsec(cfg, "project", i);
        struct project *x = &s->projects[s->n_projects++];
        int r = conf_name(sec, NULL, cfg_title(sec), x->name, err);

        if (r == 0)
            r = known_institution(sec, s, x->institution, err);
        if (r == 0 && !strcmp(cfg_getstr(sec, "budget"), "unlimited"))
            x->budget_milli = -1;
        else if (r == 0)
            r = conf_milli(sec, "budget", &x->budget_milli, err);
        if (r == 0)
            r = conf_u32(sec, "shares", 0, SHARES_MAX, &x->shares, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_person(cfg_t *sec,
                       const struct site *s,
                       struct person *x,
                       struct err *err)
{
    struct buf list = BUF_INIT(16384);
    int r = conf_name(sec, NULL, cfg_title(sec), x->local, err);

    if (r == 0)
        r = conf_name(sec, "person", cfg_getstr(sec, "person"), x->person, err);
    if (r == 0)
        r = known_institution(sec, s, x->institution, err);
    if (r == 0
        && (!strchr(x->person, '@')
            || strcmp(strchr(x->person, '@') + 1, x->institution) != 0))
        r = conf_fail(sec, "person", err, "'%s' must be NAME@%s", x->person,
                      x->institution);
    for (unsigned i = 0; r == 0 && i < cfg_size(sec, "projects"); i++) {
        const char *name = cfg_getnstr(sec, "projects", i);

        if (!site_project(s, name))
            r = conf_fail(sec, "projects", err,
                          "'%s' is not declared: add project \"%s\" {…}", name, name);
        buf_printf(&list, "%s%s", i ? "," : "", name);
    }
    if (r == 0 && list.len == 0)
        r = conf_fail(sec, "projects", err, "is empty: name at least one project");
    if (r == 0 && !(x->projects = buf_take(&list)))
        r = no_memory(err);
    buf_release(&list);
    return r;
}

static int read_persons(cfg_t *cfg, struct site *s, struct err *err)
{
    unsigned n = cfg_size(cfg, "person");

    s->persons = calloc(n + 1, sizeof(*s->persons));
    if (!s->persons)
        return no_memory(err);
    for (unsigned i = 0; i < n; i++) {
        int r = read_person(cfg_getnsec(cfg, "person", i), s,
                            &s->persons[s->n_persons++], err);

        if (r < 0)
            return r;
    }
    return 0;
}

/* uid 0 and system accounts are nobody's: a foreign job never runs as one of them. */
static int check_account(cfg_t *sec, const char *account, struct err *err)
{
    const struct passwd *pw = getpwnam(account);

    if (!pw)
        return conf_fail(sec, "account", err, "there is no local account '%s'",
                         account);
    if (pw->pw_uid == geteuid() && pw->pw_uid != 0)
        return 0; /* an unprivileged trial: everything runs as ourselves */
    if (pw->pw_uid == 0 && geteuid() == 0)
        return conf_fail(sec, "account", err,
                         "'%s' is root: foreign jobs never run as root", account);
    if (pw->pw_uid < 1000)
        return conf_fail(sec, "account", err,
                         "'%s' (uid %u) is a system account: use one from uid 1000 on",
                         account, (unsigned)pw->pw_uid);
    return 0;
}

static int read_mappings(cfg_t *cfg, struct site *s, struct err *err)
{
    unsigned n = cfg_size(cfg, "map");

    s->mappings = calloc(n + 1, sizeof(*s->mappings));
    if (!s->mappings)
        return no_memory(err);
    for (unsigned i = 0; i < n; i++) {
        cfg_t *sec = cfg_getnsec(cfg, "map", i);
        struct mapping *x = &s->mappings[s->n_mappings++];
        const char *who = cfg_title(sec);
        int r;

        if (!word_copy(x->person, sizeof(x->person), who)
            || (strcmp(who, "*") != 0 && !strchr(who, '@')))
            return conf_fail(sec, NULL, err,
                             "'%s' must be user@institution, *@institution or *", who);
        r = conf_name(sec, "account", cfg_getstr(sec, "account"), x->account, err);
        if (r == 0)
            r = check_account(sec, x->account, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_peer(
    cfg_t *sec, const char *dir, const struct site *s, struct peer *x, struct err *err)
{
    const char *ca = cfg_getstr(sec, "ca");
    const char *agreement = cfg_getstr(sec, "agreement");
    const char *ledger_key = cfg_getstr(sec, "ledger_key");
    uint32_t link_mib_s;
    char *path;
    int r = conf_name(sec, NULL, cfg_title(sec), x->name, err);

    if (r == 0)
        r = conf_u32(sec, "number", 1, CENTERS_MAX, &x->number, err);
    if (r == 0)
        r = conf_text(sec, "address", x->address, err);
    if (r == 0)
        r = conf_u32(sec, "link_mib_s", 0, 1000000, &link_mib_s, err);
    if (r < 0)
        return r;
    x->link_bytes_s = (uint64_t)link_mib_s << 20;
    x->allowances = cfg_getbool(sec, "allowances");
    if (x->number == s->number || !strcmp(x->name, s->name))
        return conf_fail(sec, "number", err, "that is ourselves");
    if (!ca)
        return conf_fail(sec, "ca", err,
                         "is missing: the file with this center's CA certificate");
    x->ca_file = conf_path(dir, ca);
    if (!x->ca_file)
        return no_memory(err);
    if (ledger_key && ledger_key[0]) {
        x->ledger_key = conf_path(dir, ledger_key);
        if (!x->ledger_key)
            return no_memory(err);
    }
    if (!agreement)
        return 0;
    path = conf_path(dir, agreement);
    if (!path)
        return no_memory(err);
    r = agreement_read(path, s, x, err);
    free(path);
    return r;
}

static int read_peers(cfg_t *cfg, const char *dir, struct site *s, struct err *err)
{
    unsigned n = cfg_size(cfg, "peer");

    s->peers = calloc(n + 1, sizeof(*s->peers));
    if (!s->peers)
        return no_memory(err);
    for (unsigned i = 0; i < n; i++) {
        struct peer x = {0};
        cfg_t *sec = cfg_getnsec(cfg, "peer", i);
        int r = read_peer(sec, dir, s, &x, err);

        if (r == 0 && site_peer(s, x.number))
            r = conf_fail(sec, "number", err, "%u is already peer %s", x.number,
                          site_center_name(s, x.number));
        s->peers[s->n_peers++] = x;
        if (r < 0)
            return r;
    }
    return 0;
}

int settings_site(cfg_t *cfg, const char *dir, struct site *site, struct err *err)
{
    int r = read_partitions(cfg, site, err);

    if (r == 0)
        r = read_institutions(cfg, site, err);
    if (r == 0)
        r = read_projects(cfg, site, err);
    if (r == 0)
        r = read_persons(cfg, site, err);
    if (r == 0)
        r = read_mappings(cfg, site, err);
    if (r == 0)
        r = read_peers(cfg, dir, site, err);
    return r;
}
