/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* job_state - Slurm's words for what a job is doing, and why it waits */
#include "config.h"

#include "model/job_state.h"

#include <strings.h>

#include "base/banned.h"

static const struct {
    const char *word;
    const char *brief;
    bool final;
} states[_JOB_STATE_MAX] = {
    [JOB_PENDING] = {"PENDING",       "PD",  false},
    [JOB_CONFIGURING] = {"CONFIGURING",   "CF",  false},
    [JOB_RUNNING] = {"RUNNING",       "R",   false},
    [JOB_SUSPENDED] = {"SUSPENDED",     "S",   false},
    [JOB_COMPLETING] = {"COMPLETING",    "CG",  false},
    [JOB_COMPLETED] = {"COMPLETED",     "CD",  true },
    [JOB_FAILED] = {"FAILED",        "F",   true },
    [JOB_CANCELLED] = {"CANCELLED",     "CA",  true },
    [JOB_TIMEOUT] = {"TIMEOUT",       "TO",  true },
    [JOB_NODE_FAIL] = {"NODE_FAIL",     "NF",  true },
    [JOB_OUT_OF_MEMORY] = {"OUT_OF_MEMORY", "OOM", true },
    [JOB_PREEMPTED] = {"PREEMPTED",     "PR",  true },
    [JOB_BOOT_FAIL] = {"BOOT_FAIL",     "BF",  true },
    [JOB_DEADLINE] = {"DEADLINE",      "DL",  true },
};

static const char *const reasons[_JOB_REASON_MAX] = {
    [REASON_NONE] = "None",
    [REASON_PRIORITY] = "Priority",
    [REASON_RESOURCES] = "Resources",
    [REASON_BEGIN_TIME] = "BeginTime",
    [REASON_HELD] = "JobHeldUser",
    [REASON_NO_CENTER] = "NoCenterAnswers",
    [REASON_OFFERED] = "Offered",
    [REASON_CLAIMING] = "Claiming",
    [REASON_SILENT] = "GrantedHostSilent",
    [REASON_BUDGET] = "Budget",
    [REASON_STAGING] = "StageIn",
    [REASON_LAUNCH_FAILED] = "JobLaunchFailure",
    [REASON_NON_ZERO_EXIT] = "NonZeroExitCode",
    [REASON_TIME_LIMIT] = "TimeLimit",
    [REASON_NODE_DOWN] = "NodeDown",
    [REASON_FILES] = "StageOutFailed",
    [REASON_SITE_LIMIT] = "SiteLimit",
    [REASON_RESERVATION] = "Reservation",
    [REASON_LOST] = "DeclaredLost",
};

const char *job_state_word(enum job_state s)
{
    return states[s].word;
}

const char *job_state_short(enum job_state s)
{
    return states[s].brief;
}

const char *job_reason_word(enum job_reason r)
{
    return reasons[r];
}

bool job_state_parse(const char *word, enum job_state *ret_s)
{
    for (int i = 0; i < _JOB_STATE_MAX; i++)
        if (!strcasecmp(word, states[i].word) || !strcasecmp(word, states[i].brief)) {
            *ret_s = (enum job_state)i;
            return true;
        }
    return false;
}

bool job_reason_parse(const char *word, enum job_reason *ret_r)
{
    for (int i = 0; i < _JOB_REASON_MAX; i++)
        if (!strcasecmp(word, reasons[i])) {
            *ret_r = (enum job_reason)i;
            return true;
        }
    return false;
}

bool job_state_final(enum job_state s)
{
    return states[s].final;
}
