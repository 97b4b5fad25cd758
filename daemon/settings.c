/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* settings - hopluu.conf: read completely, checked completely, then used */
#include "config.h"

#include "daemon/settings.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/path.h"
#include "base/words.h"
#include "daemon/settings_int.h"

#include "base/banned.h"

/* clang-format off */
static cfg_opt_t center_opts[] = {
    CFG_INT("number", 0, CFGF_NONE),
    CFG_STR("ministry", "", CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t listen_opts[] = {
    CFG_STR("users", NULL, CFGF_NODEFAULT),
    CFG_STR("nodes", "127.0.0.1:7301", CFGF_NONE),
    CFG_STR("peers", NULL, CFGF_NODEFAULT),
    CFG_END(),
};
static cfg_opt_t tls_opts[] = {
    CFG_STR("certificate", NULL, CFGF_NODEFAULT),
    CFG_STR("key", NULL, CFGF_NODEFAULT),
    CFG_END(),
};
static cfg_opt_t ledger_opts[] = {
    CFG_STR("key", NULL, CFGF_NODEFAULT),
    CFG_STR("checkpoint", "1:00:00", CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t engine_opts[] = {
    CFG_STR("kind", "local", CFGF_NONE),
    CFG_STR("node_lost", "5:00", CFGF_NONE),
    CFG_INT("null_cores", 8, CFGF_NONE),
    CFG_INT("null_run_ms", 0, CFGF_NONE),
    CFG_STR("slurm_conf", NULL, CFGF_NODEFAULT),
    CFG_STR("slurm_account", NULL, CFGF_NODEFAULT),
    CFG_STR("completions", NULL, CFGF_NODEFAULT),
    CFG_STR("sweep", "1-0", CFGF_NONE),
    CFG_INT("release_rate", 20, CFGF_NONE),
    CFG_STR("spool", NULL, CFGF_NODEFAULT),
    CFG_END(),
};
static cfg_opt_t topology_opts[] = {
    CFG_STR("file", NULL, CFGF_NODEFAULT),
    CFG_STR("distance", NULL, CFGF_NODEFAULT),
    CFG_STR("capacity", NULL, CFGF_NODEFAULT),
    CFG_BOOL("crumbs", cfg_false, CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t plugins_opts[] = {
    CFG_STR("slurm_user", "", CFGF_NONE),
    CFG_STR_LIST("check_budget", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("federate", NULL, CFGF_NODEFAULT),
    CFG_STR("proxy_partition", "", CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t priority_opts[] = {
    CFG_INT("weight_age", 0, CFGF_NONE),
    CFG_INT("weight_fairshare", 0, CFGF_NONE),
    CFG_INT("weight_job_size", 0, CFGF_NONE),
    CFG_INT("weight_partition", 0, CFGF_NONE),
    CFG_STR("max_age", "7-0", CFGF_NONE),
    CFG_STR("decay_half_life", "7-0", CFGF_NONE),
    CFG_STR("calc_period", "5:00", CFGF_NONE),
    CFG_BOOL("favor_small", cfg_false, CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t partition_opts[] = {
    CFG_STR("nodes", NULL, CFGF_NODEFAULT),
    CFG_BOOL("default", cfg_false, CFGF_NONE),
    CFG_STR("max_time", "UNLIMITED", CFGF_NONE),
    CFG_STR("default_time", "1:00:00", CFGF_NONE),
    CFG_INT("max_nodes", 0, CFGF_NONE),
    CFG_STR("core_hour", "1", CFGF_NONE),
    CFG_STR("gib_hour", "0", CFGF_NONE),
    CFG_STR("gpu_hour", "0", CFGF_NONE),
    CFG_INT("priority_job_factor", 1, CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t institution_opts[] = {
    CFG_STR("vi", "", CFGF_NONE),
    CFG_STR("en", "", CFGF_NONE),
    CFG_STR("ministry", "", CFGF_NONE),
    CFG_STR("home", "", CFGF_NONE),
    CFG_INT("shares", 1, CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t project_opts[] = {
    CFG_STR("institution", NULL, CFGF_NODEFAULT),
    CFG_STR("budget", "0", CFGF_NONE),
    CFG_INT("shares", 1, CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t person_opts[] = {
    CFG_STR("person", NULL, CFGF_NODEFAULT),
    CFG_STR("institution", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("projects", NULL, CFGF_NODEFAULT),
    CFG_END(),
};
static cfg_opt_t map_opts[] = {
    CFG_STR("account", NULL, CFGF_NODEFAULT),
    CFG_END(),
};
static cfg_opt_t peer_opts[] = {
    CFG_INT("number", 0, CFGF_NONE),
    CFG_STR("address", "", CFGF_NONE),
    CFG_STR("ca", NULL, CFGF_NODEFAULT),
    CFG_STR("agreement", NULL, CFGF_NODEFAULT),
    CFG_STR("ledger_key", NULL, CFGF_NODEFAULT),
    CFG_INT("link_mib_s", 100, CFGF_NONE),
    CFG_BOOL("allowances", cfg_false, CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t file_opts[] = {
    CFG_SEC("center", center_opts, CFGF_TITLE | CFGF_MULTI),
    CFG_STR("state_dir", HOPLUU_STATEDIR, CFGF_NONE),
    CFG_STR("socket", HOPLUU_RUNDIR "/hopluud.sock", CFGF_NONE),
    CFG_STR("socket_mode", "0666", CFGF_NONE),
    CFG_STR("munge_socket", NULL, CFGF_NODEFAULT),
    CFG_SEC("listen", listen_opts, CFGF_NONE),
    CFG_SEC("tls", tls_opts, CFGF_NONE),
    CFG_SEC("ledger", ledger_opts, CFGF_NONE),
    CFG_SEC("engine", engine_opts, CFGF_NONE),
    CFG_SEC("topology", topology_opts, CFGF_NONE),
    CFG_SEC("plugins", plugins_opts, CFGF_NONE),
    CFG_SEC("priority", priority_opts, CFGF_NONE),
    CFG_SEC("partition", partition_opts, CFGF_TITLE | CFGF_MULTI | CFGF_NO_TITLE_DUPES),
    CFG_SEC("institution", institution_opts, CFGF_TITLE | CFGF_MULTI | CFGF_NO_TITLE_DUPES),
    CFG_SEC("project", project_opts, CFGF_TITLE | CFGF_MULTI | CFGF_NO_TITLE_DUPES),
    CFG_SEC("person", person_opts, CFGF_TITLE | CFGF_MULTI | CFGF_NO_TITLE_DUPES),
    CFG_SEC("map", map_opts, CFGF_TITLE | CFGF_MULTI | CFGF_NO_TITLE_DUPES),
    CFG_SEC("peer", peer_opts, CFGF_TITLE | CFGF_MULTI | CFGF_NO_TITLE_DUPES),
    CFG_INT("candidates", 2, CFGF_NONE),
    CFG_STR("margin", "0:10", CFGF_NONE),
    CFG_INT("max_pending", 1000000, CFGF_NONE),
    CFG_INT("max_clients", 512, CFGF_NONE),
    CFG_STR("transfer_max", "64M", CFGF_NONE),
    CFG_STR("log_level", "info", CFGF_NONE),
    CFG_END(),
};
/* clang-format on */

void *settings_free(struct settings *c)
{
    if (!c)
        return NULL;
    site_free(c->site);
    free(c->dir);
    free(c->state_dir);
    free(c->socket);
    free(c->listen_users);
    free(c->listen_nodes);
    free(c->listen_peers);
    free(c->munge_socket);
    free(c->certificate);
    free(c->key);
    free(c->ledger_key);
    free(c->engine);
    words_release(&c->plugins.check_budget);
    words_release(&c->plugins.federate);
    free(c->slurm_conf);
    free(c->slurm_account);
    free(c->slurm_spool);
    free(c->completions);
    free(c);
    return NULL;
}

/* A copy of an optional string; *ok turns false when memory is out. */
static char *text(cfg_t *sec, const char *option, bool *ok)
{
    const char *value = cfg_getstr(sec, option);
    char *copy = value && value[0] ? strdup(value) : NULL;

    *ok = *ok && (!value || !value[0] || copy);
    return copy;
}

/* The same for a file name, relative to the configuration's directory. */
static char *file(cfg_t *sec, const char *option, const char *dir, bool *ok)
{
    const char *value = cfg_getstr(sec, option);
    char *path = value && value[0] ? conf_path(dir, value) : NULL;

    *ok = *ok && (!value || !value[0] || path);
    return path;
}

static int read_center(cfg_t *cfg, struct site *site, struct err *err)
{
    cfg_t *sec;
    int r;

    if (cfg_size(cfg, "center") != 1)
        return conf_fail(
            cfg, "center", err,
            "%u sections, exactly one must say who we are: center \"NAME\" { number = "
            "N }",
            cfg_size(cfg, "center"));
    sec = cfg_getsec(cfg, "center");
    r = conf_name(sec, NULL, cfg_title(sec), site->name, err);
    if (r == 0)
        r = conf_u32(sec, "number", 1, CENTERS_MAX, &site->number, err);
    if (r == 0 && cfg_getstr(sec, "ministry")[0])
        r = conf_name(sec, "ministry", cfg_getstr(sec, "ministry"), site->ministry,
                      err);
    return r;
}

static int read_engine(cfg_t *engine, struct err *err)
{
    const char *kind = cfg_getstr(engine, "kind");
    const char *spool = cfg_getstr(engine, "spool");

    if (!strcmp(kind, "local") || !strcmp(kind, "null"))
        return 0;
    if (strcmp(kind, "slurm") != 0)
        return conf_fail(engine, "kind", err, "'%s' is none of local, slurm, null",
                         kind);
#ifndef HAVE_SLURM
    return conf_fail(engine, "kind", err,
                     "this hopluud was built without libslurm: configure --with-slurm");
#endif
    if (!spool || spool[0] != '/')
        return conf_fail(engine, "spool", err,
                         "kind \"slurm\" needs an absolute directory that all nodes "
                         "see under the same name");
    return 0;
}

static int read_limits(cfg_t *cfg, struct settings *c, struct err *err)
{
    cfg_t *engine = cfg_getsec(cfg, "engine");
    uint32_t margin = 0;
    uint64_t mode = 0;
    const char *octal = cfg_getstr(cfg, "socket_mode");
    int r;

    for (const char *p = octal; *p; p++) {
        if (*p < '0' || *p > '7' || mode > 0777)
            return conf_fail(cfg, "socket_mode", err,
                             "'%s' is not an octal mode such as 0666", octal);
        mode = mode * 8 + (uint64_t)(*p - '0');
    }
    c->socket_mode = (uint32_t)mode;
    r = conf_u32(cfg, "candidates", 1, CANDIDATES_MAX, &c->site->candidates, err);
    if (r == 0)
        r = conf_u32(cfg, "max_pending", 1, 10000000, &c->site->max_pending, err);
    if (r == 0)
        r = conf_u32(cfg, "max_clients", 1, 65536, &c->max_clients, err);
    if (r == 0)
        r = conf_duration(cfg, "margin", &margin, err);
    if (r == 0)
        r = conf_duration(engine, "node_lost", &c->node_lost_s, err);
    if (r == 0)
        r = conf_duration(cfg_getsec(cfg, "ledger"), "checkpoint", &c->checkpoint_s,
                          err);
    if (r == 0 && c->checkpoint_s == DURATION_UNLIMITED)
        r = conf_fail(cfg_getsec(cfg, "ledger"), "checkpoint", err,
                      "how often the journal is signed: a time such as 1:00:00");
    if (r == 0)
        r = conf_u32(engine, "null_cores", 1, 65536, &c->null_cores, err);
    if (r == 0)
        r = conf_u32(engine, "null_run_ms", 0, 86400000, &c->null_run_ms, err);
    if (r == 0)
        r = conf_duration(engine, "sweep", &c->sweep_s, err);
    if (r == 0)
        r = conf_u32(engine, "release_rate", 0, 10000, &c->release_rate, err);
    if (r < 0)
        return r;
    c->site->margin_s = margin;
    if (measure_size(cfg_getstr(cfg, "transfer_max"), 1, UINT64_C(1) << 40,
                     &c->transfer_max, err)
        < 0)
        return conf_wrap(cfg, "transfer_max", err, -EINVAL);
    if (!log_level_parse(cfg_getstr(cfg, "log_level"), &c->log_level))
        return conf_fail(cfg, "log_level", err,
                         "'%s' is none of error, warning, info, debug",
                         cfg_getstr(cfg, "log_level"));
    return read_engine(engine, err);
}

static int read_names(cfg_t *cfg, struct settings *c, struct err *err)
{
    cfg_t *listen = cfg_getsec(cfg, "listen");
    cfg_t *tls = cfg_getsec(cfg, "tls");
    cfg_t *engine = cfg_getsec(cfg, "engine");
    bool ok = true;

    c->state_dir = file(cfg, "state_dir", c->dir, &ok);
    c->socket = file(cfg, "socket", c->dir, &ok);
    c->munge_socket = text(cfg, "munge_socket", &ok);
    c->listen_users = text(listen, "users", &ok);
    c->listen_nodes = text(listen, "nodes", &ok);
    c->listen_peers = text(listen, "peers", &ok);
    c->certificate = file(tls, "certificate", c->dir, &ok);
    c->key = file(tls, "key", c->dir, &ok);
    c->ledger_key = file(cfg_getsec(cfg, "ledger"), "key", c->dir, &ok);
    c->engine = text(engine, "kind", &ok);
    c->slurm_conf = file(engine, "slurm_conf", c->dir, &ok);
    c->slurm_account = text(engine, "slurm_account", &ok);
    c->slurm_spool = text(engine, "spool", &ok);
    c->completions = file(engine, "completions", c->dir, &ok);
    if (!ok)
        return err_set(err, -ENOMEM, "out of memory");
    if (!c->certificate != !c->key)
        return conf_fail(tls, NULL, err,
                         "certificate and key belong together: give both");
    if ((c->site->n_peers || c->listen_peers) && !c->certificate)
        return conf_fail(tls, NULL, err,
                         "peers need a certificate and a key (hopluu-keys makes them)");
    return 0;
}

int settings_read(const char *path, struct settings **ret_settings, struct err *err)
{
    _cleanup_(settings_freep) struct settings *c = calloc(1, sizeof(*c));
    char *copy = strdup(path);
    cfg_t *cfg = NULL;
    int r;

    if (!c || !copy || !(c->site = site_new()) || !(c->dir = strdup(dirname(copy)))) {
        free(copy);
        return err_set(err, -ENOMEM, "out of memory");
    }
    free(copy);
    r = path_check_private(path, 022, err);
    if (r == 0)
        r = conf_parse(path, file_opts, &cfg, err);
    if (r < 0)
        return r;
    r = read_center(cfg, c->site, err);
    if (r == 0)
        r = settings_site(cfg, c->dir, c->site, err);
    if (r == 0)
        r = read_limits(cfg, c, err);
    if (r == 0)
        r = read_names(cfg, c, err);
    if (r == 0)
        r = settings_topology(cfg, c->dir, c->site, err);
    if (r == 0)
        r = settings_plugins(cfg, &c->plugins, err);
    if (r == 0)
        r = settings_priority(cfg, &c->site->priority, err);
    cfg_free(cfg);
    if (r == 0)
        *ret_settings = TAKE_PTR(c);
    return r;
}
