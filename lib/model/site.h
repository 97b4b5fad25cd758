/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * site - what this center's administrator has written: who we are, what we
 *        share, with whom, and who may spend what
 *
 * Built and checked completely by the configuration reader, then never changed:
 * a reload builds a new one and swaps. All strings are inside the structs; the
 * arrays belong to the site.
 */
#ifndef HOPLUU_MODEL_SITE_H
#define HOPLUU_MODEL_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/time.h"
#include "model/name.h"

struct partition {
    char name[NAME_CAP];
    char *nodes; /* host list as written */
    bool is_default;
    uint32_t max_time_s; /* DURATION_UNLIMITED = none */
    uint32_t default_time_s;
    uint32_t max_nodes;      /* per job; 0 = no limit */
    int64_t core_hour_milli; /* price of a core for an hour, thousandths of a unit */
    int64_t gib_hour_milli;
    int64_t gpu_hour_milli;
    uint32_t job_factor; /* Slurm's PriorityJobFactor */
};

struct institution {
    char name[NAME_CAP]; /* "ioit" */
    char title_vi[TITLE_CAP];
    char title_en[TITLE_CAP];
    char ministry[NAME_CAP]; /* or another institution above it */
    char home[NAME_CAP];     /* center that keeps its budget */
    uint32_t shares;         /* among institutions, for fair share */
    bool capped;             /* all that is below it may use this much here */
    int64_t ceiling_milli;
};

struct project {
    char name[NAME_CAP]; /* unique in the federation: "ioit.climate" */
    char institution[NAME_CAP];
    int64_t budget_milli; /* allowance at this center; -1 = no limit */
    uint32_t shares;      /* among the institution's projects, for fair share */
};

/* One local account and who that is to the federation. */
struct person {
    char local[NAME_CAP];  /* account name at this center */
    char person[NAME_CAP]; /* user@institution */
    char institution[NAME_CAP];
    char *projects; /* comma-separated; the first is the default */
};

/* Whose foreign jobs run as which local account. */
struct mapping {
    char person[NAME_CAP]; /* user@institution, "*@institution" or "*" */
    char account[NAME_CAP];
};

#define AGREEMENT_NAMES_MAX 16

/* What one party gives the other. */
struct agreement_side {
    char center[NAME_CAP];
    uint32_t number;
    char partitions[AGREEMENT_NAMES_MAX][NAME_CAP]; /* shared with the other */
    uint32_t n_partitions;
    char institutions[AGREEMENT_NAMES_MAX]
                     [NAME_CAP]; /* it speaks for these ("*" = all) */
    uint32_t n_institutions;
    uint32_t max_cores;     /* ceiling on the other's running cores here; 0 = none */
    uint32_t max_nodes;     /* per job; 0 = no limit */
    uint32_t max_time_s;    /* per job; DURATION_UNLIMITED = none */
    int64_t max_debt_milli; /* that the other may owe this side; 0 = no limit */
};

struct agreement {
    char digest[DIGEST_CAP]; /* of the file's bytes: both sides must show the same */
    struct wall from;
    struct wall until; /* 0 = open end */
    struct agreement_side side[2];
};

struct peer {
    char name[NAME_CAP];
    uint32_t number;
    char address[TITLE_CAP]; /* host:port that we dial; "" = it dials us */
    bool allowances;         /* parts of budgets may go there and come from there */
    uint64_t link_bytes_s;   /* files travel that fast; 0 = as good as at once */
    char *ca_file;
    char *ledger_key; /* file with the key that its journal is signed with; NULL = it
                         is not countersigned here */
    bool has_agreement;
    struct agreement agreement;
    int mine; /* which side of the agreement is ours: 0 or 1 */
};

/* How the queue is ordered; all weights 0 = first come, first served. */
struct priority_rule {
    uint32_t weight_age;
    uint32_t weight_fairshare;
    uint32_t weight_job_size;
    uint32_t weight_partition;
    uint32_t max_age_s;
    uint32_t decay_half_life_s;
    uint32_t calc_period_s;
    bool favor_small;
};

struct site {
    char name[NAME_CAP];
    uint32_t number;
    char ministry[NAME_CAP];
    struct partition *partitions; /* [n_partitions] */
    size_t n_partitions;
    struct institution *institutions;
    size_t n_institutions;
    struct project *projects;
    size_t n_projects;
    struct person *persons;
    size_t n_persons;
    struct mapping *mappings;
    size_t n_mappings;
    struct peer *peers;
    size_t n_peers;
    char *topology;      /* switches, text of a topology.conf; NULL = not said */
    char *distance;      /* per level of the machine, "1:4:10:100"; NULL = the usual */
    char *capacity;      /* of links per level, "1:1:1:8"; NULL = all the same */
    bool crumbs;         /* jobs that say nothing take what others leave */
    uint32_t candidates; /* copies of one job at a time, 1 to CANDIDATES_MAX */
    struct priority_rule priority;
    int64_t margin_s;     /* a peer must be earlier by more than this */
    uint32_t max_pending; /* jobs held here that wait; full is -EAGAIN */
};

struct site *site_new(void);
void *site_free(struct site *s);
DEFINE_FREEP(site, struct site)

/* NULL = not found. */
const struct partition *site_partition(const struct site *s,
                                       const char *name); /* "" = default */
const struct institution *site_institution(const struct site *s, const char *name);
const struct project *site_project(const struct site *s, const char *name);
const struct person *site_person(const struct site *s, const char *local);
const struct peer *site_peer(const struct site *s, uint32_t number);
const struct peer *site_peer_named(const struct site *s, const char *name);

/* The account that this center runs a foreign person's jobs as, or NULL. */
const char *site_account_for(const struct site *s, const char *person);

/* Name of a center by number, our own included; "?" when unknown. */
const char *site_center_name(const struct site *s, uint32_t number);

#endif
