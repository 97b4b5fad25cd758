/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * roll - who is in the books: institutions, projects, grants and rates, with dates
 *
 * Each entry came by an act, and every act is a line of the journal: replaying the
 * acts makes the same roll. The configuration stays the seed: what the roll does not
 * name counts as hopluu.conf has it; a name that is in the roll counts as the roll has
 * it, whatever the configuration says.
 *
 *   kind         words (* = needed)
 *   institution  name* vi en parent from until successor
 *   project      name* institution* from until; before (set here: what it had used
 *                when it came into the roll)
 *   grant        name* account* (project or institution) amount* source* decision*
 *                decided* from* until* carryover (percent) overdraw (amount)
 *   rate         pool* from* until core_hour gib_hour gpu_hour decision
 *   signer       name* key* (Ed25519, base64) for* (grants, rates or both) from until
 *
 * Dates are days, UTC; `until` is the first day on which it no longer holds. `do` is
 * add, modify, delete, or expire (a grant; words used, carried: amounts): that one the
 * daemon writes itself.
 *
 * An act of a kind that a signer answers for has signer, serial and signature beside
 * its words; those three are not kept in the entry.
 *
 * A project may use what its grants come to; an institution's grants are a ceiling on
 * all that is below it. An ended grant counts with what was used of it.
 */
#ifndef HOPLUU_LEDGER_ROLL_H
#define HOPLUU_LEDGER_ROLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/time.h"
#include "ledger/act.h"
#include "ledger/book.h"
#include "model/site.h"

#define ROLL_ENTRIES_MAX 100000

enum roll_kind {
    ROLL_INSTITUTION,
    ROLL_PROJECT,
    ROLL_GRANT,
    ROLL_RATE,
    ROLL_SIGNER,
    _ROLL_KIND_MAX
};
const char *roll_kind_word(enum roll_kind k);

struct roll;
struct roll *roll_new(void);
void *roll_free(struct roll *r);
DEFINE_FREEP(roll, struct roll)
/* NULL = no memory. */
struct roll *roll_copy(const struct roll *r);

/* What the configuration says by itself, kept aside: names and rates. */
struct roll_base {
    struct institution *institutions;
    size_t n_institutions;
    struct project *projects;
    size_t n_projects;
    struct partition *partitions; /* names and rates; nodes is NULL */
    size_t n_partitions;
};
/* From a site as it was read. 0, -ENOMEM. */
int roll_base_take(struct roll_base *b, const struct site *s);
void roll_base_release(struct roll_base *b);

/*
 * Complete and judge an act that somebody asks for: `before` is filled in, dates are
 * put into one form.
 *
 * 0, or nothing is to be written down: -EINVAL (a word, a value, a gap, an overlap),
 * -ENOENT, -EEXIST, -EBUSY (something refers to it), -EDQUOT (it is used already):
 * text.
 */
int roll_check(const struct roll *r,
               const struct book *book,
               const struct roll_base *base,
               struct act *a,
               struct wall now,
               struct err *err);

/* Whether the act has the signature that it needs today. 0, or -EACCES: text (whose,
 * and what is wrong). */
int roll_sign_check(const struct roll *r,
                    const struct act *a,
                    struct wall now,
                    struct err *err);
/* What is signed: the act's words without `signature`, as a line of the journal has
 * them. text [cap]: 0, -EMSGSIZE. */
int roll_sign_text(const struct act *a, char *text, size_t cap);

/* Take an act in that was checked, or that stands in the journal. 0, -EINVAL (it does
 * not fit: the journal is damaged), -ENOMEM. */
int roll_apply(struct roll *r, const struct act *a, struct err *err);

/* The site as it counts now: its institutions, projects and rates are replaced. 0,
 * -ENOMEM, -EOVERFLOW; nothing is changed then. */
int roll_overlay(const struct roll *r,
                 const struct roll_base *base,
                 struct wall now,
                 struct site *site,
                 struct err *err);

/* A grant that has ended and is not closed: 1 with the act that closes it and what its
 * project loses (0 for an institution's), or 0. */
int roll_due(const struct roll *r,
             const struct book *book,
             struct wall now,
             struct act *ret_act,
             int64_t *ret_lost_milli);

/* The account of a grant, NULL = there is no such grant. */
const char *roll_account(const struct roll *r, const char *grant);

/* When roll_overlay or roll_due next say something else; INT64_MAX = never. */
struct wall roll_next(const struct roll *r, struct wall now);

/* By kind, then in the order in which they came; non-zero stops and is returned.
 * `state`: "active", "planned", "ended". */
int roll_each(const struct roll *r,
              struct wall now,
              int (*each)(enum roll_kind k,
                          const struct act *words,
                          const char *state,
                          void *arg),
              void *arg);

#endif
