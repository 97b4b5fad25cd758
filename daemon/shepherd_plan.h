/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * shepherd_plan - what one shepherd has to do, as its job.json says
 *
 * job.json is written by hopluu-noded and read by the shepherd of the same build: it
 * is our own file in our own directory, so a member that is missing is a plain error.
 */
#ifndef HOPLUU_DAEMON_SHEPHERD_PLAN_H
#define HOPLUU_DAEMON_SHEPHERD_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/words.h"
#include "engine/collect.h"

#define PLAN_MAX (24u << 20) /* bytes of job.json: a script's environment fits */
#define STEP_OUT COLLECT_OUT
#define STEP_ERR COLLECT_ERR

struct plan {
    json_t *json; /* owns the strings below */
    const char *dir;
    bool step; /* a remote launch: output goes to files in dir, in pieces */
    struct words argv;
    struct words env;
    const char *cwd;
    const char *std_in;
    const char *std_out; /* unused for a step */
    const char *std_err; /* NULL = joined to std_out */
    bool append;
    bool own_files; /* output files are opened with the user's rights (at home) */
    const char *user;
    uid_t uid;
    gid_t gid;
    uint32_t limit_s; /* 0 = none */
    uint32_t kill_wait_s;
    uint64_t mem_bytes; /* of the whole tree; 0 = no limit */
    uint32_t signal;    /* --signal; 0 = none */
    uint32_t signal_s;
    bool signal_batch;
    const char *work; /* outputs are looked for here; NULL = nothing travels */
    const char *out;  /* and copied to here */
    json_t *outputs;  /* array of patterns */
    uint64_t transfer_max;
    const char *comm;    /* where ranks leave what they said; NULL = not watched */
    uint32_t comm_ranks; /* of the job */
};

/* 0, -errno, -EBADMSG. dir is borrowed. */
int plan_read(const char *dir, struct plan *ret_plan, struct err *err);
void plan_release(struct plan *p);

/* For reading what is the user's with the user's rights; ends the process if it cannot
 * change them. Only root can; another is the user already. */
void plan_rights(const struct plan *p, bool user);

#endif
