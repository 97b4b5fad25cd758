/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_words - Slurm's states, reasons and exits, and ours
 *
 * Slurm's come as the numbers of its interface; what a later Slurm adds is UNKNOWN
 * here, never a guess: a job in an unknown state is looked at again.
 */
#ifndef HOPLUU_ENGINE_SLURM_WORDS_H
#define HOPLUU_ENGINE_SLURM_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/job_state.h"

enum slurm_phase {
    SLURM_HELD,    /* in the queue, and priority 0 keeps it there */
    SLURM_QUEUED,  /* in the queue */
    SLURM_LOADING, /* has nodes; they boot, or the controller's prolog runs */
    SLURM_RUNS,    /* its script may have begun; also suspended */
    SLURM_ENDING,  /* it has ended, processes or epilogs are still there */
    SLURM_OVER,    /* nothing happens to it any more */
    SLURM_UNKNOWN,
    _SLURM_PHASE_MAX
};

/* state    as in Slurm's job record: base state and flags */
enum slurm_phase slurm_phase(uint32_t state, uint32_t priority);

/* Our word for it. false = a state that we do not know; *ret_state is untouched. */
bool slurm_state_ours(uint32_t state, enum job_state *ret_state);
/* And back: Slurm's state with the flag it needs. */
uint32_t slurm_state_theirs(enum job_state state);

enum job_reason slurm_reason_ours(uint32_t reason);

struct slurm_exit {
    enum job_state state;
    enum job_reason reason;
    int32_t code;
    int32_t signal;
};

/*
 * How a job ended that is SLURM_ENDING or SLURM_OVER.
 *
 * status    as wait() gives it
 * reason    Slurm's
 */
struct slurm_exit slurm_exit_ours(uint32_t state, uint32_t reason, uint32_t status);

/* "idle" "mixed" "allocated" "down" "drained", and whether it takes new jobs. */
const char *slurm_node_word(uint32_t state, bool *ret_up);

#endif
