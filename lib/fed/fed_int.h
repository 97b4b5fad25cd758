/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fed_int - what the files of this room share
 *
 *   fed.c        birth, restart, looking
 *   step.c       one step: effects, messages to ourselves, time
 *   alarm.c      which record wants attention next
 *   route.c      which centers may run a job, and which look best
 *   exchange.c   what centers owe each other
 *   view.c       what peers told about themselves, our own shipments booked in
 *   intake.c     a job comes in
 *   holder.c     the holder's half of the protocol
 *   offering.c   choosing candidates for a waiting job, again and again
 *   rest.c       a center that said no is left alone for a while
 *   hole.c       a center that ends jobs as soon as they start
 *   drain.c      waiting jobs are entrusted to others before a maintenance
 *   lost.c       runs of silent hosts that were declared lost
 *   allowance.c  parts of budgets between centers
 *   candidate.c  the candidate's half: offer, claim, go
 *   host.c       the candidate's half from the start on: started, ended, files
 *   peers.c      connections come and go; what must be said again
 *   states.c     the one place where a state changes
 *   edges.c      both machines as tables: state, message, what it may lead to
 */
#ifndef HOPLUU_FED_FED_INT_H
#define HOPLUU_FED_FED_INT_H

#include <sys/queue.h>

#include "base/table.h"
#include "fed/fed.h"

#define UNSETTLED_US (300 * US_PER_S) /* past its limit, an end should have come */
#define GO_VALID_US (30 * US_PER_S)   /* a GO is used only so long after its claim */
#define RETRY_MIN_US (2 * US_PER_S)   /* unanswered messages are said again */
#define RETRY_MAX_US (60 * US_PER_S)
#define REOFFER_EVERY_US (1 * US_PER_S) /* one look at some waiting jobs */
#define REOFFER_BATCH 32                /* … so many of them */
#define REOFFER_REST_US (10 * US_PER_S) /* … that had no look for so long */
#define ASK_AGAIN_US (600 * US_PER_S)   /* does a candidate still have its copy? */
#define REFUSED_REST_US                                                                \
    (60 * US_PER_S) /* then a center that said no may be asked again; doubles … */
#define REFUSED_REST_MAX_US (960 * US_PER_S) /* … up to this */
#define RESTS_MAX 32                         /* of one job */
#define FINAL_KEEP_US (300 * US_PER_S)       /* a final job stays in memory */
#define FINAL_KEEP_MAX 20000
#define SUPPLY_STALE_US (300 * US_PER_S) /* an older view excludes its center */
#define DEBT_DELAY_S 3600   /* handicap of a center that we owe all that we may */
#define SEQUENCE_BLOCK 1000 /* ids reserved on disk at a time */
#define RESYNC_BATCH 64     /* records said again per step */
#define STEP_SLACK 64       /* effects one event may produce at most */

/* A center that said no to a job. In a list that ends with center 0. */
struct rest {
    uint32_t center;
    uint16_t times;
    uint16_t rule; /* enum route_rule that it named */
    struct mono until;
};

/* A place in the alarm heap; `at` INT64_MAX = none. */
struct alarm {
    struct mono at;
    uint32_t slot; /* index in the heap + 1; 0 = not in it */
    bool of_holding;
};

struct held {
    struct holding h;
    struct alarm alarm;
    uint16_t tries; /* of what is unanswered */
    bool shipped;   /* booked into a peer's view */
    bool in_waiting;
    bool in_final;
    struct mono looked; /* last time candidates were chosen */
    struct mono asked;  /* last time the candidates were asked whether they have it */
    struct rest *rests; /* centers that said no; NULL = none did */
    TAILQ_ENTRY(held) all; /* in order of id */
    TAILQ_ENTRY(held)
    waiting; /* while it may be offered; or in the list of final ones */
    struct mono final_at;
    UT_hash_handle hh;
};
TAILQ_HEAD(held_list, held);

struct copied {
    struct copy c;
    struct alarm alarm;
    uint16_t tries;
    bool parked; /* ready, but its holder cannot be asked: not in the engine's queue */
    struct mono claimed;
    TAILQ_ENTRY(copied) all;
    UT_hash_handle hh;
};
TAILQ_HEAD(copied_list, copied);

struct view; /* view.c */

/* One per center that we have heard of or may hear of. */
struct peer_state {
    uint32_t center;
    bool up;
    struct now down; /* since when it is not up; {0} = never seen */
    uint64_t
        resync_holding; /* say again what concerns it, from this id on; 0 = nothing */
    struct mono asked;  /* for an allowance, last time; 0 = never */
    bool resync_copies;
    struct copied *resync_copy;
    uint16_t bad;           /* runs in a row that failed at once there */
    uint16_t holes;         /* rests since one went well */
    bool bad_own;           /* … some of them by its own fault */
    uint32_t bad_persons;   /* … of these persons, a bit each */
    struct mono hole_until; /* it gets no jobs until then */
    int64_t lent_milli;     /* what we hosted for it, ever */
    int64_t borrowed_milli; /* what it hosted for us */
    struct view *view;
    UT_hash_handle hh;
};

struct fed {
    const struct site *site;
    struct book *book;
    struct fed_local local;
    uint64_t sequence;       /* last id given out */
    uint64_t sequence_saved; /* ids up to here may be given out without a save */
    uint64_t claims;
    struct held *held_by_id;
    struct copied *copied_by_id;
    struct held_list holdings;
    struct held_list waiting;
    struct held_list finals;
    size_t n_waiting;
    size_t n_final;
    struct copied_list copies;
    struct peer_state *peers;
    struct alarm **heap;
    size_t n_heap;
    size_t cap_heap;
    struct mono reoffer_at;
    bool drained;        /* drain.c */
    struct now resumed;  /* what was heard before is not known */
    struct holding late; /* what a run that was declared lost came to */

    struct now now;        /* of the step under way */
    struct fed_effects fx; /* of the step under way */
    size_t cap_fx;
    struct route_view *views; /* arena of the step */
    size_t n_views;
    size_t cap_views;
    struct held_list
        dead_holdings; /* freed when the next step begins: effects point at them */
    struct copied_list dead_copies;
    struct peer_msg *notes; /* to ourselves, read before the step ends */
    size_t n_notes;
    size_t cap_notes;
};

/* --- step.c ------------------------------------------------------------------ */

/* Room for what an event may produce, or -ENOMEM with nothing changed. */
int step_begin(struct fed *f, struct now now);
int step_reserve(struct fed *f,
                 size_t n); /* room for n effects more than one event has */
void step_end(struct fed *f, struct fed_effects *ret_fx);
struct fed_fx *fx_add(struct fed *f, enum fx_kind kind, uint64_t id);
bool step_full(const struct fed *f); /* leave the rest for the next tick */

/* Say it to a center; to ourselves it arrives within this step. */
void say(struct fed *f, uint32_t center, const struct peer_msg *m);
void notes_read(struct fed *f);

void save_held(struct fed *f, struct held *j, const char *what, ...)
    __attribute__((format(printf, 3, 4)));
void save_copied(struct fed *f, struct copied *j, const char *what, ...)
    __attribute__((format(printf, 3, 4)));

/* --- alarm.c ----------------------------------------------------------------- */
int alarm_reserve(struct fed *f); /* room for one more record: 0 or -ENOMEM */
void alarm_set(struct fed *f, struct alarm *a, struct mono at);
void alarm_clear(struct fed *f, struct alarm *a);
struct alarm *alarm_first(const struct fed *f);
int64_t retry_delay(uint16_t tries);

/* --- states.c ---------------------------------------------------------------- */
bool hold_edge(enum hold_state from, enum hold_state to);
bool copy_edge(enum copy_state from, enum copy_state to);
void held_set(struct fed *f, struct held *j, enum hold_state to);
void copied_set(struct fed *f, struct copied *j, enum copy_state to);

/* --- edges.c ----------------------------------------------------------------- */
#define COPY_NONE _COPY_STATE_MAX /* there is no copy */

/* Whether a message may change or say anything in this state. */
bool holder_hears(enum hold_state s, enum peer_kind on);
bool copy_hears(int s, enum peer_kind on);
/* Whether it may lead from here to there; staying is an edge too. */
bool holder_edge(enum hold_state from, enum peer_kind on, enum hold_state to);
bool copy_way(int from, enum peer_kind on, int to);

/* --- fed.c -------------------------------------------------------------------- */
struct held *fed_held_find(const struct fed *f, uint64_t id);
/* Somebody wants to change it; j NULL: not found. 0, -ENOENT or -EALREADY (final). */
int fed_held_unfinished(const struct held *j, uint64_t id, struct err *err);
struct copied *copied_find(const struct fed *f, uint64_t id);
struct held *fed_held_add(struct fed *f, const struct holding *h);
struct copied *copied_add(struct fed *f, const struct copy *c);
void fed_held_remove(struct fed *f, struct held *j);
void copied_remove(struct fed *f, struct copied *j);
void waiting_update(struct fed *f,
                    struct held *j); /* in or out of the list, by its state */
void final_trim(struct fed *f);
void bury(struct fed *f); /* free what was removed in the last step */
struct peer_state *peer_find(const struct fed *f, uint32_t center);
struct peer_state *peer_get(struct fed *f,
                            uint32_t center); /* made when new; NULL = no memory */
bool reachable(const struct fed *f, uint32_t center); /* ourselves, or connected */

/* --- view.c ------------------------------------------------------------------- */
int view_take(struct view **v, const struct supply *s, struct mono now);
void *view_free(struct view *v);
const struct supply *view_supply(const struct view *v, struct mono *ret_at);
/* Seconds until a start there, own shipments considered; -1 = never fits. */
int64_t view_estimate(struct view *v, const struct request *r, struct mono now);
/* p50, p90 and their score, from the record that the peer told. */
void view_odds(const struct view *v, struct route_view *r);
void view_book(struct view *v,
               const struct request *r,
               int64_t wait_s,
               struct mono now);

/* --- exchange.c --------------------------------------------------------------- */

/* A run of ours ended there, or one of theirs here. */
void exchange_lent(struct fed *f, uint32_t center, int64_t milli);
void exchange_borrowed(struct fed *f, uint32_t center, int64_t milli);
/* … and it was given back. */
void exchange_unlent(struct fed *f, uint32_t center, int64_t milli);
/* What `asker` owes `giver`, one of them being us; never negative. */
int64_t exchange_debt(const struct fed *f, uint32_t center, bool we_give);

/* --- route.c ------------------------------------------------------------------ */

/* Views of all centers into the step's arena; NULL = no memory. */
struct route_view *route_all(struct fed *f, const struct holding *h, size_t *ret_n);
/* Seconds by which a center is judged: wait, inputs, debt. */
int64_t route_cost(const struct route_view *v);
/* The views in order of preference: index of the best candidates, -1 where there are
 * none. */
size_t fed_route_choose(struct fed *f,
                        struct route_view *views,
                        size_t n,
                        int best[CANDIDATES_MAX],
                        size_t want);
/* What of our agreement with `center` forbids hosting this for it: RULE_NONE, or the
 * rule and a text. */
enum route_rule agreement_allows(const struct fed *f,
                                 const struct peer *p,
                                 int giver,
                                 const char *institution,
                                 const struct request *r,
                                 char text[ROUTE_TEXT_CAP]);
/* Limits of one of our own partitions. */
enum route_rule partition_allows(const struct fed *f,
                                 const struct request *r,
                                 char text[ROUTE_TEXT_CAP]);
int64_t request_price(
    const struct fed *f,
    const struct request *r); /* hold for all of its limit; -1 = overflow */

/* --- offering.c ---------------------------------------------------------------- */
void offer_now(struct fed *f, struct held *j, struct route_view *views, size_t n);
void offer_again(struct fed *f, struct held *j);
void reoffer_some(struct fed *f);
struct offer *offer_of(struct holding *h, uint32_t center);
void send_offer(struct fed *f, struct held *j, struct offer *o);
void recall_others(struct fed *f, struct held *j, uint32_t but);

/* --- drain.c --------------------------------------------------------------------
 */
/* A candidate that has it queued gets it for good: true when there is one. */
bool drain_entrust(struct fed *f, struct held *j);
bool held_entrusted(const struct held *j);
/* Whether its holder has entrusted this copy, which waits, to us. */
bool copy_entrusted(const struct copied *j);
void host_entrusted(struct fed *f, struct copied *j, const struct peer_msg *m);
/* It can start now: nobody is asked. */
void host_entrusted_start(struct fed *f, struct copied *j);
/* What was entrusted is given back, and the copy dropped. */
void host_entrusted_return(struct fed *f,
                           struct copied *j,
                           uint32_t rule,
                           const char *why);

/* --- rest.c --------------------------------------------------------------------- */

/* It said no (again): not asked before some time has passed. Without memory it is. */
void rest_add(struct fed *f, struct held *j, uint32_t center, uint32_t rule);
/* The rule that it named, while it is to be left alone; RULE_NONE otherwise. */
enum route_rule rest_rule(const struct fed *f, const struct held *j, uint32_t center);

/* --- holder.c ------------------------------------------------------------------ */
void holder_msg(struct fed *f, uint32_t from, const struct peer_msg *m);
void holder_alarm(struct fed *f, struct held *j);
void holder_say_again(struct fed *f, struct held *j, uint32_t center);
void held_finish(struct fed *f,
                 struct held *j,
                 enum job_state state,
                 enum job_reason reason,
                 const char *what);
void send_go(struct fed *f, struct held *j);
void held_wait_again(struct fed *f, struct held *j, const char *what);
void held_quiet(struct fed *f, struct held *j); /* no alarm but what lost runs need */

/* --- hole.c ------------------------------------------------------------------------
 */
/* It could not use a grant; a run of that person's ended there. */
void hole_unused(struct fed *f, uint32_t center, const char *person);
void hole_ended(struct fed *f,
                uint32_t center,
                const char *person,
                const struct peer_msg *m);
/* Whether it rests, and why. */
bool hole_text(const struct fed *f, uint32_t center, char *text, size_t cap);

/* --- lost.c ------------------------------------------------------------------------
 */
/* The run that was declared lost of which this center speaks; NULL = none. */
struct lost_run *lost_find(struct held *j, uint32_t center, uint32_t epoch);
/* What its host says after all. */
void lost_msg(struct fed *f,
              struct held *j,
              struct lost_run *l,
              const struct peer_msg *m);
/* Ask the hosts of lost runs; true = an answer is awaited. */
bool lost_ask(struct fed *f, struct held *j);
void lost_say_again(struct fed *f, struct held *j, uint32_t center);
/* --at-least-once: true when its time has come and it is done; else the alarm is set.
 */
bool lost_by_time(struct fed *f, struct held *j);
/* Whether silence of its host will end its run by itself. */
bool lost_may_come(const struct fed *f, const struct held *j);

/* --- candidate.c, host.c -------------------------------------------------------- */
void candidate_msg(struct fed *f, uint32_t from, const struct peer_msg *m);
void candidate_alarm(struct fed *f, struct copied *j);
void candidate_say_again(struct fed *f, struct copied *j);
void candidate_park(struct fed *f, struct copied *j);
void candidate_unpark(struct fed *f, struct copied *j);
void copied_drop(struct fed *f, struct copied *j, const char *what);
void host_go(struct fed *f, struct copied *j, const struct peer_msg *m);
void host_cancel(struct fed *f, struct copied *j, const struct peer_msg *m);
void host_ended_ack(struct fed *f, struct copied *j, const struct peer_msg *m);
void host_lost(struct fed *f,
               struct copied *j,
               uint32_t from,
               const struct peer_msg *m);
void send_started(struct fed *f, struct copied *j);
void send_ended(struct fed *f, struct copied *j);
void fed_save_lines(struct fed *f,
                    struct postings *p); /* save them; releases the list */
void settle(struct fed *f, struct copied *j, int64_t used_milli);

/* --- peers.c -------------------------------------------------------------------- */
void resync_some(struct fed *f);

/* allowance.c: `milli` could not be held for the project here. */
void allowance_want(struct fed *f, const char *project, int64_t milli);
int allowance_msg(struct fed *f,
                  uint32_t from,
                  const struct peer_msg *m,
                  struct err *err);
void allowance_peer_up(struct fed *f, uint32_t center);

#endif
