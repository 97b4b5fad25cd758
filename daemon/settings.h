/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * settings - hopluu.conf: read completely, checked completely, then used
 *
 * Format: hopluu.conf(5). An error names file and line and what would be right;
 * nothing of a file with an error is used.
 */
#ifndef HOPLUU_DAEMON_SETTINGS_H
#define HOPLUU_DAEMON_SETTINGS_H

#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/log.h"
#include "base/words.h"
#include "model/site.h"

#define PLUGIN_ACCOUNTS_MAX 256

/* What the plugins in this center's own Slurm are told. */
struct plugin_settings {
    char slurm_user[NAME_CAP]; /* may ask for others, as root may; "" = nobody else */
    struct words check_budget; /* Slurm accounts whose jobs need a budget that covers
                                  them; "*" = all */
    struct words federate;     /* accounts whose batch jobs are handed over unasked */
    char proxy_partition[NAME_CAP]; /* where proxies end; "" = Slurm's default */
};

struct settings {
    struct site *site;
    char *dir; /* of the file: relative names start here */
    char *state_dir;
    char *socket;
    uint32_t socket_mode;
    char *listen_users; /* NULL = not */
    char *listen_nodes;
    char *listen_peers; /* NULL = we only dial */
    char *munge_socket; /* NULL = the system's */
    char *certificate;  /* NULL = no peers */
    char *key;
    char *ledger_key;      /* NULL = the journal is not signed */
    uint32_t checkpoint_s; /* it is signed so often, if it grew */
    char *engine;          /* "local", "slurm" or "null" */
    char *slurm_conf;      /* NULL = Slurm's default */
    char *slurm_account;   /* NULL = the user's default in Slurm */
    char *completions;     /* file of Slurm's completion records; NULL = none */
    uint32_t sweep_s;      /* between comparisons with Slurm */
    uint32_t release_rate; /* of jobs to it, a second; 0 = no limit */
    char *slurm_spool;     /* seen by all nodes; NULL unless engine is "slurm" */
    uint32_t node_lost_s;
    uint32_t null_cores; /* cores of each node of engine "null" */
    uint32_t null_run_ms;
    uint64_t transfer_max; /* bytes per file */
    uint32_t max_clients;
    struct plugin_settings plugins;
    enum log_level log_level;
};

int settings_read(const char *path, struct settings **ret_settings, struct err *err);
void *settings_free(struct settings *c);
DEFINE_FREEP(settings, struct settings)

/* The agreement file `path` into p; both sides hold the same bytes. */
int agreement_read(const char *path,
                   const struct site *site,
                   struct peer *p,
                   struct err *err);

#endif
