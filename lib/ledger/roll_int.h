/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* roll_int - inside the roll: its entries, with their dates and amounts read */
#ifndef HOPLUU_LEDGER_ROLL_INT_H
#define HOPLUU_LEDGER_ROLL_INT_H

#include <sys/queue.h>

#include "base/table.h"
#include "ledger/roll.h"

#define ROLL_KEY_CAP 160
#define ROLL_KEY_BYTES 32 /* of an Ed25519 public key */

struct entry {
    char key[ROLL_KEY_CAP]; /* "grant/g-1", "rate/main/2026-01-01"; zero-padded */
    enum roll_kind kind;
    struct act words;                  /* without do and kind */
    struct wall from;                  /* 0 = ever since */
    struct wall until;                 /* INT64_MAX = open */
    int64_t milli;                     /* of a grant */
    int64_t over;                      /* of a grant: may be used beyond it */
    uint8_t key_bytes[ROLL_KEY_BYTES]; /* of a signer */
    uint64_t serial;                   /* of a signer: the last one used */
    bool closed;                       /* grant: expired */
    int64_t used;                      /* grant: of a closed one */
    TAILQ_ENTRY(entry) all;
    UT_hash_handle hh;
};
TAILQ_HEAD(entry_list, entry);

struct roll {
    struct entry *by_key;
    struct entry_list kinds[_ROLL_KIND_MAX];
    size_t n;
};

/* The act's kind: 0, -EINVAL. */
int roll_kind_of(const struct act *a, enum roll_kind *ret_k, struct err *err);
/* Its key from its words. */
void roll_key(enum roll_kind k, const struct act *a, char key[ROLL_KEY_CAP]);
struct entry *roll_find(const struct roll *r, enum roll_kind k, const char *name);
struct entry *roll_find_key(const struct roll *r, const char *key);

/* The words as they would be after the act (of entry e, NULL = a new one). */
int roll_merge(const struct entry *e,
               const struct act *a,
               struct act *ret_words,
               struct err *err);
/* Dates and amounts out of the words. 0, -EINVAL. */
int roll_read(enum roll_kind k,
              const struct act *words,
              struct entry *ret_e,
              struct err *err);

/* roll_sign.c */
/* One of the three words that carry a signature. */
bool roll_sign_word(const char *name);
/* Whether this signer answers for the kind. */
bool roll_signs(const struct entry *e, enum roll_kind k);
/* The key of a signer out of its words: 0, -EINVAL. */
int roll_sign_read(struct entry *e, struct err *err);
/* An act was taken in: its serial is used. */
void roll_sign_used(struct roll *r, const struct act *a);

/* A day "2026-01-01": 0, -EINVAL. text [11] back into its one form. */
int roll_day(const char *text, struct wall *ret_day, struct err *err);
char *roll_day_text(struct wall day, char *text);

static inline bool roll_active(const struct entry *e, struct wall now)
{
    return !e->closed && e->from.us <= now.us && now.us < e->until.us;
}

/* A grant counts from its first day until it is closed. */
static inline int64_t roll_counts(const struct entry *e, struct wall now)
{
    return e->closed ? e->used : e->from.us <= now.us ? e->milli + e->over : 0;
}

#endif
