/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * faults - the federation under everything that can go wrong, by seed
 *
 * Some centers in one process, each with the production fed, sched and book; time,
 * network, disks, clocks and nodes are simulated and misbehave as a script says. A
 * script is made from one 64-bit seed, written as lines that a person reads, and
 * played with the same result each time. All invariants of "one start" are checked
 * whenever something that they speak of changes (docs/faults.md).
 */
#ifndef HOPLUU_SIM_FAULTS_H
#define HOPLUU_SIM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define FAULTS_CENTERS_MAX 8
#define FAULTS_ACTS_MAX 200000

/* What the network does to each message, per mille, and how long it takes. */
struct weather {
    uint32_t drop;
    uint32_t twice;
    uint32_t late;     /* held up for as long as 40 s: overtaken by later ones */
    uint32_t delay_ms; /* of the longest ordinary message */
    uint32_t fsync_ms; /* of the slowest ordinary fsync */
    uint32_t echo;     /* per mille: an older message about the same job comes along */
    uint32_t linger_s; /* of the longest run after it was told to end */
    uint32_t terms;    /* 1: agreements differ, budgets move, jobs are odd */
    uint32_t forget;   /* per mille: a node does not hear that it may forget a run */
};

enum fault_kind {
    FAULT_SUBMIT,  /* job n: cores, run_s, limit_s, flags */
    FAULT_CANCEL,  /* job n */
    FAULT_RELEASE, /* job n was held */
    FAULT_CUT,     /* center -> other loses everything; nobody is told */
    FAULT_RESET,   /* … both ways, and both see the connection end */
    FAULT_HEAL,    /* both directions */
    FAULT_CRASH,   /* after `value` more effect boundaries; back after `span_ms` */
    FAULT_STOP,    /* the daemon stands still for `span_ms` */
    FAULT_DISK,    /* no fsync completes for `span_ms` (full, or errors) */
    FAULT_CLOCK,   /* wall time jumps by `value` ms */
    FAULT_REPEAT,  /* a message that was sent before arrives again */
    FAULT_LIE,     /* … from a center that did not send it, or with another epoch */
    FAULT_GARBLE,  /* a truncated message: the connection is closed */
    FAULT_NODE,    /* a running job's node dies */
    FAULT_BREAK,   /* jobs fail at once at this center for `span_ms` */
    FAULT_LOST,    /* the operator gives up a run whose host is silent */
    FAULT_FORGE,   /* a center speaks of a job in which it has no part */
    FAULT_ASK,     /* somebody looks, or asks for what is refused */
    FAULT_DRAIN,   /* its waiting jobs are entrusted to others (value 0: no longer) */
    FAULT_AGAIN,   /* the nodes connect anew and say all that they have */
    _FAULT_KIND_MAX
};

#define SUBMIT_HELD 1u    /* --hold */
#define SUBMIT_REQUEUE 2u /* may run again when its host lost it */
#define SUBMIT_LATER 4u   /* --begin */
#define SUBMIT_TWICE 8u   /* --at-least-once: rather twice than never */

struct fault {
    int64_t at_ms;
    enum fault_kind kind;
    uint32_t center; /* from 1 */
    uint32_t other;  /* from 1 */
    uint32_t job;    /* number of the submission, from 1 */
    uint32_t cores;
    uint32_t run_s;
    uint32_t limit_s;
    uint32_t flags;
    int64_t value;
    int64_t span_ms;
};

struct script {
    uint64_t seed;
    uint32_t centers;
    int64_t budget_milli; /* of the project at each center; -1 = no limit */
    int64_t end_ms;       /* then everything heals and settles */
    struct weather weather;
    struct fault *v; /* [n] by rising at_ms */
    size_t n;
};

struct faults_result {
    uint64_t messages; /* that were put on the network */
    uint64_t steps;    /* calls of fed */
    uint64_t jobs;
    uint64_t starts;
    uint64_t crashes;
    int64_t span_us; /* simulated */
    bool violated;
    char what[240]; /* the invariant, and which job at which center */
};

/* The run of a seed: 0 or -ENOMEM. Free with script_release(). */
int script_make(uint64_t seed, uint32_t centers, uint32_t hours, struct script *ret_s);
void script_release(struct script *s);

/* Lines for people; script_read() takes them back. 0, -EINVAL (line and why), -ENOMEM.
 */
void script_write(const struct script *s, FILE *to);
int script_read(FILE *from, struct script *ret_s, struct err *err);

/* Play it, settle, judge: 0 (the verdict is in ret_r) or -ENOMEM. */
int script_play(const struct script *s, struct faults_result *ret_r);

/* Leave out what the violation does not need, in at most `tries` plays. s becomes the
 * short script, r its verdict. */
int script_shrink(struct script *s, struct faults_result *r, unsigned tries);

/* fsim faults …: the verb's own command line. Returns the exit code. */
int fsim_faults(int argc, char **argv);

#endif
