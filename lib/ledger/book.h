/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * book - who owes whom: balances, and the postings that move them
 *
 * Pure: every operation checks, changes the balances in memory, and appends the
 * postings that did it to the caller's list; the caller makes them durable before it
 * acts on them. Folding the same postings into a new book gives the same balances.
 *
 * Accounts of one center C and project P (amounts in thousandths of a unit):
 *     budget:P@C   what was granted (negative: the source)
 *     avail:P@C    may still be held
 *     hold:JOB@C   held for one running or starting job
 *     spent:P@C    used
 *     owed:P@C     over-runs that nothing covered (negative: a source, as budget)
 * Invariant after each operation: held + spent ≤ granted for each project that has
 * a limit; all balances sum to zero; avail and hold are never negative.
 * An over-run (a job that used more than was held) takes from avail what is there and
 * posts the rest as debt: avail stays 0, `owed` tells it, new holds are refused, and
 * whatever comes into avail later pays the debt first. So, per project, always:
 * granted + owed = available + held + spent.
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
 * Price of so much for so long: core-hours, GiB-hours and GPU-hours by the partition's
 * three rates, added, and the sum rounded up to the next thousandth of a unit.
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
