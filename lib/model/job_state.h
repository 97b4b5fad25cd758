/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * job_state - Slurm's words for what a job is doing, and why it waits
 */
#ifndef HOPLUU_MODEL_JOB_STATE_H
#define HOPLUU_MODEL_JOB_STATE_H

#include <stdbool.h>

enum job_state {
    JOB_PENDING,
    JOB_CONFIGURING, /* granted; inputs travel, nodes are prepared */
    JOB_RUNNING,
    JOB_SUSPENDED,
    JOB_COMPLETING, /* the script has ended, outputs travel home */
    JOB_COMPLETED,
    JOB_FAILED,
    JOB_CANCELLED,
    JOB_TIMEOUT,
    JOB_NODE_FAIL,
    JOB_OUT_OF_MEMORY,
    JOB_PREEMPTED,
    JOB_BOOT_FAIL,
    JOB_DEADLINE,
    _JOB_STATE_MAX
};

enum job_reason {
    REASON_NONE,
    REASON_PRIORITY,      /* others are before it */
    REASON_RESOURCES,     /* its turn, but not enough is free */
    REASON_BEGIN_TIME,    /* --begin lies ahead */
    REASON_HELD,          /* --hold */
    REASON_NO_CENTER,     /* no center that may take it answers now */
    REASON_OFFERED,       /* offered, no center has taken it up yet */
    REASON_CLAIMING,      /* a center asks whether it may start */
    REASON_SILENT,        /* granted to a center that has not been heard since */
    REASON_BUDGET,        /* the project's budget does not cover it now */
    REASON_STAGING,       /* inputs travel */
    REASON_LAUNCH_FAILED, /* the host could not start it */
    REASON_NON_ZERO_EXIT,
    REASON_TIME_LIMIT,
    REASON_NODE_DOWN,
    REASON_FILES,       /* an output could not be brought back */
    REASON_SITE_LIMIT,  /* a limit that the host's own Slurm has set */
    REASON_RESERVATION, /* its reservation has not begun, or is over */
    REASON_LOST,        /* its host was silent, and the run was declared lost */
    _JOB_REASON_MAX
};

const char *job_state_word(enum job_state s);   /* "PENDING" */
const char *job_state_short(enum job_state s);  /* "PD" */
const char *job_reason_word(enum job_reason r); /* "None", "Priority", … */

/* Either form, any case. */
bool job_state_parse(const char *word, enum job_state *ret_s);
bool job_reason_parse(const char *word, enum job_reason *ret_r);

/* Nothing will happen to it any more. */
bool job_state_final(enum job_state s);

#endif
