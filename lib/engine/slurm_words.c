/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* slurm_words - Slurm's states, reasons and exits, and ours */
#include "config.h"

#include "engine/slurm_words.h"

#include <sys/wait.h>

#include "base/cleanup.h"
#include "engine/slurm_h.h"

#include "base/banned.h"

/* clang-format off */
static const struct {
    uint32_t theirs;
    enum job_state ours;
    enum job_reason reason; /* why it ended, if Slurm gives no other */
} states[] = {
    {SLURM_JOB_PENDING,   JOB_PENDING,       REASON_NONE},
    {SLURM_JOB_RUNNING,   JOB_RUNNING,       REASON_NONE},
    {SLURM_JOB_SUSPENDED, JOB_SUSPENDED,     REASON_NONE},
    {JOB_COMPLETE,        JOB_COMPLETED,     REASON_NONE},
    {SLURM_JOB_CANCELLED, JOB_CANCELLED,     REASON_NONE},
    {SLURM_JOB_FAILED,    JOB_FAILED,        REASON_NON_ZERO_EXIT},
    {SLURM_JOB_TIMEOUT,   JOB_TIMEOUT,       REASON_TIME_LIMIT},
    {SLURM_JOB_NODE_FAIL, JOB_NODE_FAIL,     REASON_NODE_DOWN},
    {SLURM_JOB_PREEMPTED, JOB_PREEMPTED,     REASON_NONE},
    {SLURM_JOB_BOOT_FAIL, JOB_BOOT_FAIL,     REASON_LAUNCH_FAILED},
    {SLURM_JOB_DEADLINE,  JOB_DEADLINE,      REASON_TIME_LIMIT},
    {JOB_OOM,             JOB_OUT_OF_MEMORY, REASON_NONE},
};

/* What is not a limit that the site's accounting sets (WAIT_ASSOC_*, WAIT_QOS_*). */
static const struct {
    uint32_t theirs;
    enum job_reason ours;
} reasons[] = {
    {WAIT_NO_REASON,             REASON_NONE},
    {WAIT_PRIORITY,              REASON_PRIORITY},
    {WAIT_DEPENDENCY,            REASON_HELD},
    {WAIT_RESOURCES,             REASON_RESOURCES},
    {WAIT_PART_DOWN,             REASON_RESOURCES},
    {WAIT_PART_INACTIVE,         REASON_RESOURCES},
    {WAIT_HELD,                  REASON_HELD},
    {WAIT_TIME,                  REASON_BEGIN_TIME},
    {WAIT_LICENSES,              REASON_RESOURCES},
    {WAIT_RESERVATION,           REASON_RESOURCES},
    {WAIT_NODE_NOT_AVAIL,        REASON_RESOURCES},
    {WAIT_HELD_USER,             REASON_HELD},
    {WAIT_FRONT_END,             REASON_RESOURCES},
    {FAIL_DEFER,                 REASON_PRIORITY},
    {FAIL_DOWN_PARTITION,        REASON_NODE_DOWN},
    {FAIL_DOWN_NODE,             REASON_NODE_DOWN},
    {FAIL_BAD_CONSTRAINTS,       REASON_LAUNCH_FAILED},
    {FAIL_SYSTEM,                REASON_LAUNCH_FAILED},
    {FAIL_LAUNCH,                REASON_LAUNCH_FAILED},
    {FAIL_EXIT_CODE,             REASON_NON_ZERO_EXIT},
    {FAIL_TIMEOUT,               REASON_TIME_LIMIT},
    {FAIL_INACTIVE_LIMIT,        REASON_TIME_LIMIT},
    {WAIT_BLOCK_MAX_ERR,         REASON_RESOURCES},
    {WAIT_BLOCK_D_ACTION,        REASON_RESOURCES},
    {WAIT_CLEANING,              REASON_RESOURCES},
    {WAIT_PROLOG,                REASON_STAGING},
    {WAIT_DEP_INVALID,           REASON_HELD},
    {WAIT_MAX_REQUEUE,           REASON_HELD},
    {WAIT_ARRAY_TASK_LIMIT,      REASON_HELD},
    {WAIT_BURST_BUFFER_RESOURCE, REASON_RESOURCES},
    {WAIT_BURST_BUFFER_STAGING,  REASON_STAGING},
    {FAIL_BURST_BUFFER_OP,       REASON_LAUNCH_FAILED},
    {WAIT_POWER_NOT_AVAIL,       REASON_RESOURCES},
    {WAIT_POWER_RESERVED,        REASON_RESOURCES},
    {FAIL_DEADLINE,              REASON_TIME_LIMIT},
    {WAIT_FED_JOB_LOCK,          REASON_CLAIMING},
    {FAIL_OOM,                   REASON_NONE},
    {WAIT_RESV_DELETED,          REASON_HELD},
};
/* clang-format on */

static int find_state(uint32_t base)
{
    for (size_t i = 0; i < ARRAY_SIZE(states); i++)
        if (states[i].theirs == base)
            return (int)i;
    return -1;
}

enum slurm_phase slurm_phase(uint32_t state, uint32_t priority)
{
    uint32_t base = state & JOB_STATE_BASE;

    if (find_state(base) < 0)
        return SLURM_UNKNOWN;
    if (base == SLURM_JOB_PENDING)
        return state & (uint32_t)SLURM_JOB_COMPLETING ? SLURM_ENDING
               : priority == 0                        ? SLURM_HELD
                                                      : SLURM_QUEUED;
    if (base == SLURM_JOB_RUNNING)
        return state & ((uint32_t)SLURM_JOB_CONFIGURING | JOB_POWER_UP_NODE)
                   ? SLURM_LOADING
                   : SLURM_RUNS;
    if (base == SLURM_JOB_SUSPENDED)
        return SLURM_RUNS;
    return state & (uint32_t)SLURM_JOB_COMPLETING ? SLURM_ENDING : SLURM_OVER;
}

bool slurm_state_ours(uint32_t state, enum job_state *ret_state)
{
    int i = find_state(state & JOB_STATE_BASE);

    if (i < 0)
        return false;
    if (states[i].ours == JOB_RUNNING && state & (uint32_t)SLURM_JOB_CONFIGURING)
        *ret_state = JOB_CONFIGURING;
    else if (state & (uint32_t)SLURM_JOB_COMPLETING)
        *ret_state = JOB_COMPLETING;
    else
        *ret_state = states[i].ours;
    return true;
}

uint32_t slurm_state_theirs(enum job_state state)
{
    if (state == JOB_CONFIGURING)
        return (uint32_t)SLURM_JOB_RUNNING | (uint32_t)SLURM_JOB_CONFIGURING;
    if (state == JOB_COMPLETING)
        return (uint32_t)SLURM_JOB_RUNNING | (uint32_t)SLURM_JOB_COMPLETING;
    for (size_t i = 0; i < ARRAY_SIZE(states); i++)
        if (states[i].ours == state)
            return states[i].theirs;
    return JOB_END;
}

enum job_reason slurm_reason_ours(uint32_t reason)
{
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        if (reasons[i].theirs == reason)
            return reasons[i].ours;
    return REASON_SITE_LIMIT;
}

struct slurm_exit slurm_exit_ours(uint32_t state, uint32_t reason, uint32_t status)
{
    int i = find_state(state & JOB_STATE_BASE);
    struct slurm_exit e = {.state = JOB_NODE_FAIL, .reason = REASON_NODE_DOWN};

    if (i < 0 || !job_state_final(states[i].ours))
        return e; /* it is gone, and nobody says how */
    e.state = states[i].ours;
    e.reason = states[i].reason;
    if (e.state == JOB_FAILED) {
        if (reason == FAIL_LAUNCH || reason == FAIL_SYSTEM
            || reason == FAIL_BAD_CONSTRAINTS || reason == FAIL_BURST_BUFFER_OP) {
            e.state = JOB_BOOT_FAIL;
            e.reason = REASON_LAUNCH_FAILED;
        } else if (reason == FAIL_DOWN_NODE) {
            e.state = JOB_NODE_FAIL;
            e.reason = REASON_NODE_DOWN;
        }
    }
    if (status == NO_VAL)
        return e;
    if (WIFSIGNALED((int)status))
        e.signal = WTERMSIG((int)status);
    else
        e.code = WEXITSTATUS((int)status);
    if (e.signal && e.reason == REASON_NON_ZERO_EXIT)
        e.reason = REASON_NONE;
    return e;
}

const char *slurm_node_word(uint32_t state, bool *ret_up)
{
    uint32_t base = state & NODE_STATE_BASE;
    bool away = state
                & (NODE_STATE_NO_RESPOND | NODE_STATE_FAIL | NODE_STATE_INVALID_REG
                   | NODE_STATE_POWERING_DOWN | NODE_STATE_REBOOT_ISSUED);

    *ret_up = false;
    if (base == NODE_STATE_DOWN || base == NODE_STATE_UNKNOWN
        || base == NODE_STATE_ERROR || base == NODE_STATE_FUTURE
        || base >= NODE_STATE_END || away)
        return "down";
    if (state & (NODE_STATE_DRAIN | NODE_STATE_MAINT))
        return "drained";
    *ret_up = true;
    return base == NODE_STATE_IDLE    ? "idle"
           : base == NODE_STATE_MIXED ? "mixed"
                                      : "allocated";
}
