/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * book - who owes whom: balances, and the postings that move them
 *
 * Pure: every operation checks, changes the balances in memory, and appends the
 * postings that did it to the caller's list; the caller makes them durable before it
 * acts on them. Folding the same postings into a new book gives the same balances.
 *
 * Accounts of one center C and project P (amounts in thousandths of a unit):
 *     budget:P     the source of grants, and the other side of `earned`: negative
 *     avail:P@C    the allowance: may still be held here
 *     hold:JOB.N   held for attempt N (the epoch) of a job that runs or starts
 *     spent:P      used
 *     owed:P       over-runs that nothing covered (negative: a source, as budget)
 *     earned:C     what the center's captures brought it: the sum of all spent
 *     refund:CAUSE passed through within one transaction
 *     avail:P@D    of another center: one side of an allowance that moves
 *     expired:P    what the end of a grant took away
 * Invariant after each operation: held + spent ≤ granted for each project that has
 * a limit; all balances sum to zero; avail and hold are never negative.
 * An over-run (a job that used more than was held) takes from avail what is there and
 * posts the rest as debt: avail stays 0, `owed` tells it, new holds are refused, and
 * whatever comes into avail later pays the debt first. So, per project, always:
 * granted + owed = available + held + spent.
 *
 * An institution with a ceiling lets all projects below it hold and spend that much
 * together; so does each institution above. The ceilings are those of the site as last
 * applied.
 *
 * A project without limit is granted what it lacks at each hold and over-run.
 * Only a project of the site as last applied may hold; one that has left the site keeps
 * its open holds and loses the rest.
 */
#ifndef HOPLUU_LEDGER_BOOK_H
#define HOPLUU_LEDGER_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "model/name.h"
#include "model/posting.h"
#include "model/request.h"
#include "model/site.h"
#include "model/usage.h"

struct book;

/* A growing list of postings that an operation produced. */
struct postings {
    struct posting *v;
    size_t n;
    size_t cap;
};
void postings_release(struct postings *p);

struct book *book_new(const char *center);
void *book_free(struct book *b);

/* Until when its months are closed; 0 = none is (month.h). Whatever is posted later is
 * dated from then on. */
struct wall book_closed(const struct book *b);

/* Replay one line: 0, -EINVAL (it would break an invariant: the journal is damaged;
 * text says how). */
int book_fold(struct book *b, const struct posting *p, struct err *err);

/* Bring the granted amount of every project of the site to what its configuration says
   (budget_milli; -1 = no limit). Lowering never goes below what is held and spent; what
   a later settlement frees beyond the configured amount is withdrawn then.
   0, -EINVAL or -EOVERFLOW (text names the project), -ENOMEM. */
int book_apply_site(struct book *b,
                    const struct site *s,
                    struct wall at,
                    struct postings *out,
                    struct err *err);

/*
 * Price of so much for so long: core-hours, GiB-hours or GPU-hours by the partition's
 * three rates, whichever comes to most, rounded up to the next thousandth of a unit.
 *
 * 0, -EOVERFLOW, -EINVAL (a rate is negative).
 */
int book_price(const struct partition *p,
               uint64_t core_s,
               uint64_t mem_mib_s,
               uint64_t gpu_s,
               int64_t *ret_milli);

/* Could `milli` be held for the project now? 0, -EDQUOT (text: has, needs, lacks),
 * -ENOENT. */
int book_may_hold(const struct book *b,
                  const char *project,
                  int64_t milli,
                  struct err *err);

/*
 * Hold for a job. A repeat for the same (job, epoch) changes nothing; a later epoch
 * gives the earlier hold back first, all or nothing.
 *
 * 0, -EDQUOT, -ENOENT (no such project in the site), -ESTALE (the job holds for a later
 * epoch), -EEXIST (it holds for another project), -EINVAL, -EOVERFLOW, -ENOMEM.
 */
int book_hold(struct book *b,
              uint64_t job,
              uint32_t epoch,
              const char *project,
              int64_t milli,
              struct wall at,
              struct postings *out,
              struct err *err);

/*
 * Settle: capture what was used, give back the rest. used_milli 0 gives all back. Once
 * per hold: 0, -ENOENT (nothing is held for the job), -EINVAL, -EOVERFLOW, -ENOMEM.
 */
int book_settle(struct book *b,
                uint64_t job,
                int64_t used_milli,
                struct wall at,
                struct postings *out,
                struct err *err);

/*
 * Settle with the run's own figures: captures usage->milli, and the line tells the raw
 * core, memory and GPU seconds. As book_settle otherwise.
 */
int book_settle_run(struct book *b,
                    uint64_t job,
                    const struct usage *usage,
                    struct wall at,
                    struct postings *out,
                    struct err *err);

/*
 * Give back what was captured for a run: a reversal of its own, never an edit.
 *
 * cause   "NODE_FAIL", "BOOT_FAIL", or a ticket: a name
 *
 * 0, -ENOENT (no such project), -EINVAL (more than was spent, not a cause), -ENOMEM.
 */
int book_refund(struct book *b,
                const char *project,
                uint64_t job,
                uint32_t epoch,
                int64_t milli,
                const char *cause,
                struct wall at,
                struct postings *out,
                struct err *err);

/*
 * A part of the allowance goes to another center: here it is gone from now on.
 *
 * 0, -EDQUOT (not so much is available: text), -ENOENT, -EINVAL, -ENOMEM.
 */
int book_give(struct book *b,
              const char *project,
              const char *center,
              int64_t milli,
              struct wall at,
              struct postings *out,
              struct err *err);
/*
 * Another center says that it has given `total_milli` in all: what is new of it comes
 * in. A total that is not larger than the last changes nothing.
 *
 * 0, -ENOENT (no such project in the site), -EINVAL, -EOVERFLOW, -ENOMEM.
 */
int book_receive(struct book *b,
                 const char *project,
                 const char *center,
                 int64_t total_milli,
                 struct wall at,
                 struct postings *out,
                 struct err *err);
/* Totals, ever. */
int64_t book_given(const struct book *b, const char *project, const char *center);
int64_t book_received(const struct book *b, const char *project, const char *center);
void book_each_given(const struct book *b,
                     const char *center,
                     void (*each)(const char *project, int64_t total, void *arg),
                     void *arg);

/* What the end of a grant takes from a project: at most what is available. 0, -ENOENT,
 * -EINVAL, -ENOMEM. */
int book_expire(struct book *b,
                const char *project,
                int64_t milli,
                struct wall at,
                struct postings *out,
                struct err *err);

/* Held and spent by all projects below an institution; 0 = it is not known. */
int64_t book_node_used(const struct book *b, const char *institution);

/* What an institution and all above it leave: -1 = as much as one likes. */
int64_t book_ceiling_left(const struct book *b, const char *project);

/* What is left, held, used: for fbalance. */
struct balance {
    char project[NAME_CAP];
    char institution[NAME_CAP];
    bool limited;
    int64_t granted;
    int64_t available;
    int64_t held;
    int64_t spent;
    int64_t owed;
    int64_t earned;  /* by the center, of this project: always what is spent */
    int64_t expired; /* so far */
    int64_t moved;   /* received from other centers less given to them */
    uint32_t n_holds;
};
int book_balance(const struct book *b,
                 const char *project,
                 struct balance *ret_balance); /* 0, -ENOENT */
void book_each(const struct book *b,
               void (*each)(const struct balance *x, void *arg),
               void *arg);

/* Every invariant, for tests and debug builds: 0, or -EINVAL with the one that fails.
 */
int book_check(const struct book *b, struct err *err);

#endif
