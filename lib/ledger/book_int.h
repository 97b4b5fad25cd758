/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * book_int - inside the book: projects, holds, and the one way to move money
 *
 * Every operation is a list of moves: `move_check` says whether a move is possible,
 * `move_apply` cannot fail. Replay goes through the same two, so a book that is
 * folded from postings is the book that wrote them.
 *
 * Per project, always:  granted + owed = available + held + spent ≤ INT64_MAX.
 */
#ifndef HOPLUU_LEDGER_BOOK_INT_H
#define HOPLUU_LEDGER_BOOK_INT_H

#include "base/table.h"
#include "ledger/book.h"

enum account_kind {
    ACCOUNT_BUDGET, /* the source, and the other side of what was earned */
    ACCOUNT_AVAIL,
    ACCOUNT_HOLD,
    ACCOUNT_SPENT,
    ACCOUNT_OWED,      /* balance −owed: over-runs that nothing covered */
    ACCOUNT_EARNED,    /* of the center: what all its captures brought */
    ACCOUNT_REFUND,    /* of a cause: passed through within one line */
    ACCOUNT_ELSEWHERE, /* the allowance at another center */
    ACCOUNT_EXPIRED,   /* what a grant's end took away */
    _ACCOUNT_KIND_MAX
};

/* An institution, and what is used by all projects below it. */
struct node {
    char name[NAME_CAP]; /* the key, padded with zeros */
    struct node *parent; /* NULL = nothing above */
    bool capped;
    int64_t ceiling;
    __int128 used; /* held and spent of all below; can pass what one amount holds */
    UT_hash_handle hh;
};

struct purse {
    struct balance now; /* its `project` is the key, padded with zeros */
    struct node *node;  /* its institution; NULL until a site is applied */
    bool in_site;       /* the configuration names it: it may hold */
    int64_t target;     /* granted amount that the configuration asks for */
    bool fresh;         /* made by the operation that is under way */
    int64_t refunding;  /* between the two steps of a refund */
    UT_hash_handle hh;
};

struct held {
    uint64_t job;
    uint32_t epoch;
    int64_t milli;
    struct purse *purse;
    UT_hash_handle hh;
};

/* With one other center; grows only. */
struct transfer {
    char key[2 * NAME_CAP]; /* project, center; each padded with zeros */
    int64_t given;
    int64_t received;
    UT_hash_handle hh;
};

struct book {
    char center[NAME_CAP];
    struct wall closed; /* months before it */
    struct purse *purses;
    struct held *helds;
    struct node *nodes;
    struct transfer *transfers;
};

struct move {
    enum posting_kind kind;
    enum account_kind from;
    enum account_kind to;
    struct purse *purse;
    struct held *held; /* of the hold account, if one takes part */
    int64_t milli;
    struct transfer *transfer; /* of a step to or from elsewhere */
};

struct account {
    enum account_kind kind;
    char name[NAME_CAP];   /* of the node; of a refund: its cause */
    char center[NAME_CAP]; /* elsewhere only */
    uint64_t job;          /* holds only */
    uint32_t epoch;        /* holds only */
};

struct transfer *transfer_find(const struct book *b,
                               const char *project,
                               const char *center);
struct transfer *transfer_get(struct book *b,
                              const char *project,
                              const char *center); /* NULL = no memory */
void transfers_free(struct book *b);

/* The account's name into text. */
void account_write(const struct book *b,
                   const struct account *a,
                   char text[ACCOUNT_CAP]);
/* 0, or -EINVAL: not an account of this center. */
int account_read(const struct book *b,
                 const char *text,
                 struct account *ret_account,
                 struct err *err);

#define MILLI_TEXT_MAX 24
/* "12.500"; text [MILLI_TEXT_MAX]; returns text. */
char *milli_text(int64_t milli, char *text);

/* The kind of line may join these accounts, there is enough, and nothing overflows. */
int move_check(const struct move *m, struct err *err);
void move_apply(const struct move *m);

struct purse *purse_find(const struct book *b, const char *project);
struct purse *purse_add(struct book *b, const char *project); /* NULL = no memory */
/* As it was before: what is above it too. */
void purse_restore(struct purse *p, const struct balance *old);
void purse_remove(struct book *b, struct purse *p);
struct held *held_find(const struct book *b, uint64_t job);
struct held *held_add(struct book *b, uint64_t job, uint32_t epoch, struct purse *p);
void held_remove(struct book *b, struct held *h);

/* node.c: the institutions of a site, and every purse below its own. 0, -ENOMEM and
 * nothing has changed. */
int nodes_apply(struct book *b, const struct site *s);
void nodes_free(struct node *all);
/* 0, or -EDQUOT: an institution above has not that much left (text). */
int nodes_may_hold(const struct purse *p, int64_t milli, struct err *err);
int nodes_check(const struct book *b, struct err *err);

/* Room for n more lines, so that adding them cannot fail: 0, -ENOMEM. */
int postings_reserve(struct postings *p, size_t n);

#endif
