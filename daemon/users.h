/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * users - the user's door: who asks, what they may ask, and answers that come later
 *
 * A question is judged and answered, or given a ticket under which its answer comes
 * when what it needs is durable, final, or told by another center. Questions:
 * docs/protocol.md §2.
 */
#ifndef HOPLUU_DAEMON_USERS_H
#define HOPLUU_DAEMON_USERS_H

#include <jansson.h>
#include <sys/types.h>

#include "daemon/center.h"

#define QUESTIONS_MAX 8192 /* unanswered, per session */

/* Who asks: proved by the door, or vouched for by a peer. */
struct asker {
    uid_t uid;
    char local[NAME_CAP];  /* account at this center; "" for a peer's person */
    char person[NAME_CAP]; /* user@institution; "" = nobody to the federation */
    bool admin;            /* root, or whoever runs the daemon */
    uint32_t via;          /* the center that vouches; 0 = here */
};

/* One question under way. `question` and `asker` are borrowed for the call. */
struct ask {
    struct center *c;
    const struct asker *who;
    const json_t *question;
    uint64_t ticket;
    bool for_slurm; /* a batch job of the site's Slurm, which keeps a proxy of it */
};

/* 0: answered or will be under the ticket; -E…: refused with the text. */
typedef int (*op_fn)(struct ask *a, struct err *err);

int users_open(struct center *c, struct users **ret_users, struct err *err);
void *users_close(struct users *u);

/* Answer now. `answer` is stolen; "id" and "ok" are added here. */
void users_reply(struct users *u, uint64_t ticket, json_t *answer);
void users_refuse(struct users *u, uint64_t ticket, int code, const char *text);

/* Answer when what was put so far is on disk. `answer` is stolen. */
void users_reply_durable(struct ask *a, json_t *answer);

/* From the gate: a submission, cancel or release is durable. */
void users_answer(
    struct users *u, uint64_t ticket, uint64_t id, int code, const char *text);
/* A holding is final: wake who waits for it. */
void users_final(struct users *u, uint64_t id);
/* The ticket waits until job `id` is final. */
int users_wait(struct users *u, uint64_t ticket, uint64_t id);
/* What else goes into the answer of this ticket, besides what was said before. Stolen.
 */
void users_remember(struct users *u, uint64_t ticket, json_t *extra);

/* The ticket's answer comes from another center, or never when its connection ends. */
void users_away(struct users *u, uint64_t ticket, uint32_t center);
void users_from_away(struct users *u, uint64_t ticket, uint32_t center, json_t *answer);
void users_away_lost(struct users *u, uint32_t center);

/* A question from another center in the name of one of its people. */
void users_peer_ask(struct users *u,
                    const struct asker *who,
                    const json_t *question,
                    void (*reply)(void *arg,
                                  json_t *answer), /* steals the answer; called once */
                    void (*gone)(void *arg), /* instead, when no answer will come */
                    void *arg);

/* Who `uid` is here. Names come from the account database: local, so quick. */
void users_identify(struct center *c, struct asker *who, uid_t uid);

bool users_may_touch(const struct asker *who, const struct holding *h);

/* ops_*.c */
int op_hello(struct ask *a, struct err *err);
int op_submit(struct ask *a, struct err *err);
int op_blob(struct ask *a, struct err *err);
int op_jobs(struct ask *a, struct err *err);
int op_cancel(struct ask *a, struct err *err);
int op_release(struct ask *a, struct err *err);
int op_set_limit(struct ask *a, struct err *err);
int op_declare_lost(struct ask *a, struct err *err);
int op_drain(struct ask *a, struct err *err);
int op_wait(struct ask *a, struct err *err);
int op_info(struct ask *a, struct err *err);
int op_balance(struct ask *a, struct err *err);
int op_priorities(struct ask *a, struct err *err);
int op_shares(struct ask *a, struct err *err);
int op_reservations(struct ask *a, struct err *err);
int op_reserve(struct ask *a, struct err *err);
int op_unreserve(struct ask *a, struct err *err);
int op_explain(struct ask *a, struct err *err);
int op_report(struct ask *a, struct err *err);
int op_give(struct ask *a, struct err *err);
int op_acts(struct ask *a, struct err *err);
int op_agreements(struct ask *a, struct err *err);
int op_erase(struct ask *a, struct err *err);
int op_close(struct ask *a, struct err *err);
int op_months(struct ask *a, struct err *err);
int op_roll(struct ask *a, struct err *err);
int op_checkpoints(struct ask *a, struct err *err);
int op_checkpoint(struct ask *a, struct err *err);
int op_proof(struct ask *a, struct err *err);
int op_journal(struct ask *a, struct err *err);
int op_records(struct ask *a, struct err *err);
int op_slurm_check(struct ask *a, struct err *err);
int op_slurm_submit(struct ask *a, struct err *err);

#endif
