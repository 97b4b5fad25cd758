/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * job_spec - everything a user asked for: the script and how to run it
 *
 * It is written once, at the entry, and travels to the host alone, with the
 * grant. It is not kept in memory while a job waits.
 */
#ifndef HOPLUU_MODEL_JOB_SPEC_H
#define HOPLUU_MODEL_JOB_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/time.h"
#include "base/words.h"
#include "model/name.h"
#include "model/request.h"

/* A file that travels with the job, named relative to the job's directory. */
struct job_file {
    char *name; /* "input/mesh.dat": no "..", not absolute */
    uint64_t bytes;
    char sha256[DIGEST_CAP];
    uint32_t mode; /* permission bits */
};

struct job_spec {
    char name[TITLE_CAP];
    char project[NAME_CAP]; /* --account; "" = the user's first */
    struct request request;
    char *script; /* [script_len] + NUL */
    size_t script_len;
    struct words args;        /* after the script's name */
    struct words env;         /* NAME=value */
    char *work_dir;           /* at the entry; absolute */
    char *std_in;             /* NULL = /dev/null; patterns %j %x %u %N %a as typed */
    char *std_out;            /* NULL = slurm-%j.out */
    char *std_err;            /* NULL = joined to std_out */
    char comm_key[TITLE_CAP]; /* --comm-key: marks what changes its traffic */
    bool append;              /* --open-mode=append */
    struct words centers;     /* --center: allowed ones; empty = any */
    struct job_file *inputs;  /* [n_inputs] */
    size_t n_inputs;
    struct words outputs;  /* --transfer-out patterns, relative */
    struct words exclude;  /* node names not wanted */
    struct words nodelist; /* node names wanted */
    struct words features; /* --constraint, all needed */
    char *comment;         /* NULL = none */
    char *mail_user;       /* recorded; a site hook sends */
    char *mail_type;
    struct wall begin; /* --begin; 0 = now */
    bool hold;
    bool requeue;             /* may be run again after its host lost it */
    uint32_t at_least_once_s; /* … or is silent so long; 0 = never */
    uint32_t signal;          /* --signal: number, 0 = none */
    uint32_t signal_s;        /* … so many seconds before the limit */
    bool signal_batch;        /* … to the script alone (B:) */
    uint64_t client_token;    /* given by the client: the same token is the same job */
};

struct job_spec *job_spec_new(void); /* defaults: 1 task, 1 cpu; NULL = no memory */
void *job_spec_free(struct job_spec *s);
DEFINE_FREEP(job_spec, struct job_spec)

/* Everything that can be judged without knowing the center: 0 or -EINVAL, -E2BIG. */
int job_spec_check(const struct job_spec *s, struct err *err);

/*
 * Expand %j %A %x %u %N %a %t %% in a file name pattern.
 *
 * dst [cap]. Returns 0, -ENAMETOOLONG, -EINVAL (unknown letter, named in err).
 */
struct job_names {
    uint64_t id;
    const char *job_name;
    const char *user;
    const char *node; /* first node */
};
int job_spec_expand(const char *pattern,
                    const struct job_names *n,
                    char *dst,
                    size_t cap,
                    struct err *err);

/* A name inside the job's directory: relative, no "." or ".." part, no control bytes.
 */
bool job_file_name_ok(const char *name);

#endif
