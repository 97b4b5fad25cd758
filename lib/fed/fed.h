/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fed - what happens next: the federation state of one center as a function
 *
 *     (state, event, now) -> (state, effects)
 *
 * Pure: no clock, file, socket or thread. The daemon carries the effects out; the
 * simulator carries them out with a virtual clock. Every center is holder of the jobs
 * submitted at it and candidate for the jobs offered to it, its own included: messages
 * to itself take the same path and are handled within the same step.
 *
 * Effects come in two halves, in order:
 *   SAVE_*   to be written down, in one batch per step at the least;
 *   the rest is carried out only when everything saved before it is durable
 *   (CLAIM alone may go early: `early` is set).
 *
 * Ceilings: FED_FX_MAX effects per step, site->max_pending waiting holdings.
 * Protocol and invariants: docs/protocol.md §3, "One start".
 */
#ifndef HOPLUU_FED_FED_H
#define HOPLUU_FED_FED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/time.h"
#include "ledger/book.h"
#include "model/copy.h"
#include "model/holding.h"
#include "model/offer.h"
#include "model/peer_msg.h"
#include "model/posting.h"
#include "model/site.h"
#include "model/supply.h"

enum fx_kind {
    /* to be written down */
    FX_SAVE_HOLDING,  /* holding, what */
    FX_SAVE_COPY,     /* copy, what */
    FX_DROP_COPY,     /* id, what */
    FX_SAVE_SPEC,     /* id, spec, spec_len (borrowed from the event) */
    FX_SAVE_VIEWS,    /* id, epoch, views, n_views */
    FX_SAVE_POSTING,  /* posting */
    FX_SAVE_RUN,      /* id, hosted; from the holding or the copy */
    FX_SAVE_SEQUENCE, /* id: sequence numbers up to this one may have been given out */
    /* to be carried out when that is durable */
    FX_SEND,   /* center, msg; a GO gets its spec from the store */
    FX_QUEUE,  /* id: engine->queue for this copy */
    FX_DROP,   /* id: engine->drop */
    FX_START,  /* id, epoch: engine->start for this copy */
    FX_CANCEL, /* id, signal: engine->cancel */
    FX_FORGET, /* id: engine->forget, scratch files too */
    FX_RETURN, /* id, center: bring its output to the holder, then fed_files_returned */
    FX_ANSWER, /* ticket, id, code, text: to whoever asked */
    FX_FINAL,  /* id: this holding is final: wake who waits for it */
    _FX_KIND_MAX
};

#define FED_FX_MAX 4096
#define FX_TEXT_CAP 240

struct fed_fx {
    enum fx_kind kind;
    bool early;
    uint64_t id;
    uint32_t epoch;
    uint32_t center;
    int signal;
    bool hosted;
    const struct holding *holding; /* valid until the next step */
    const struct copy *copy;       /* valid until the next step */
    const char *spec;
    size_t spec_len;
    const struct route_view *views;
    size_t n_views;
    uint64_t ticket;
    int code;
    char what[FX_TEXT_CAP]; /* history line, or the answer's text */
    struct peer_msg msg;
    struct posting posting;
};

/* What a step produced; kept by fed, valid until the next step. */
struct fed_effects {
    struct fed_fx *v;
    size_t n;
};

/* What fed asks about its own engine: queries without effect. */
struct fed_local {
    int (*fits)(void *arg, const struct request *r, struct err *err);
    int64_t (*estimate)(void *arg, const struct request *r); /* seconds; -1 never */
    /* Fills p50_s, p90_s, n_scored and held90 from wait_s; NULL = there is no record.
     */
    void (*odds)(void *arg, const struct request *r, struct route_view *v);
    void *arg;
};

struct fed;

/* site and book are borrowed: site until fed_reconfigure, book for ever. claim_seed
   makes claims of this run of the daemon differ from those of earlier ones. */
int fed_new(const struct site *site,
            struct book *book,
            const struct fed_local *local,
            uint64_t claim_seed,
            struct fed **ret_fed,
            struct err *err);
void *fed_free(struct fed *f);
DEFINE_FREEP(fed, struct fed)

/* --- restart: before the first step ---------------------------------------- */
int fed_restore_holding(struct fed *f, const struct holding *h);
int fed_restore_copy(struct fed *f, const struct copy *c);
void fed_restore_sequence(struct fed *f, uint64_t sequence);
/* What was hosted here for that center, and there for us, before this start: amounts
   are added. 0, -ENOMEM. */
int fed_restore_exchange(struct fed *f,
                         uint32_t center,
                         int64_t lent_milli,
                         int64_t borrowed_milli);
/* Everything is back: queue copies again, settle holds of ungranted ones. */
int fed_resume(struct fed *f, struct now now, struct fed_effects *ret_fx);

/* --- events: each is one step ------------------------------------------------ */

/*
 * A job, checked by the door: draft has user, person, institution, project, name,
 * request, centers, begin, held, requeue, token. The request's time limit and partition
 * are completed here. The spec is saved by the caller in the same batch.
 *
 * Returns 0 (ret_id; FX_ANSWER with the ticket follows), or nothing changed:
 * -ENOENT (no center can ever run it), -EDQUOT, -EAGAIN (full): text for the user.
 */
int fed_submit(struct fed *f,
               const struct holding *draft,
               uint64_t ticket,
               struct now now,
               uint64_t *ret_id,
               struct fed_effects *ret_fx,
               struct err *err);

/* What fed_submit would decide: views of all centers; ret_best 0 = none now. */
int fed_try(struct fed *f,
            const struct holding *draft,
            struct now now,
            const struct route_view **ret_views,
            size_t *ret_n,
            struct err *err);

/* End a job that is held here. -ENOENT; -EALREADY (final). FX_ANSWER follows on 0. */
int fed_cancel(struct fed *f,
               uint64_t id,
               const char *by,
               int signal,
               uint64_t ticket,
               struct now now,
               struct fed_effects *ret_fx,
               struct err *err);

/*
 * An operator says that the run of a silent host will never be heard of again: the job
 * waits again when its user allows another run, else it ends as NODE_FAIL. Whatever
 * that host says later does not count. FX_ANSWER follows on 0.
 *
 * Nothing changed: -ENOENT, -EALREADY (final), -EINVAL (nobody has been permitted to
 * start it), -EISCONN (its host is connected), -ENOSPC (two hosts owe an answer
 * already).
 */
int fed_declare_lost(struct fed *f,
                     uint64_t id,
                     const char *by,
                     uint64_t ticket,
                     struct now now,
                     struct fed_effects *ret_fx,
                     struct err *err);

/*
 * A center before its maintenance: the jobs that wait here are entrusted to centers
 * that have them queued, one each, and start there without asking us; our own center
 * gets none. Some jobs per second, by fed_tick(). Until it is turned off, or a restart.
 */
int fed_drain(struct fed *f, bool on, struct now now, struct fed_effects *ret_fx);
bool fed_drained(const struct fed *f);

/* --hold given back: it may be offered from now on. -ENOENT, -EALREADY. */
int fed_unhold(struct fed *f,
               uint64_t id,
               uint64_t ticket,
               struct now now,
               struct fed_effects *ret_fx,
               struct err *err);

/*
 * Another time limit for a job that waits, 0 = that of its partition. All copies go,
 * and what a candidate has held for it with them: it is offered anew, and whoever
 * claims holds by the new limit.
 *
 * 0, or nothing has changed: -ENOENT, -EALREADY (it is over), -EINVAL (it is permitted
 * to start or runs; or no limit), and what fed_submit says when no center can run it so
 * (-EDQUOT: the budget).
 */
int fed_set_limit(struct fed *f,
                  uint64_t id,
                  uint32_t limit_s,
                  uint64_t ticket,
                  struct now now,
                  struct fed_effects *ret_fx,
                  struct err *err);

/* A part of a project's budget goes to another center. 0, or nothing was done: -ENOENT,
 * -EDQUOT, -EINVAL: text. */
int fed_give(struct fed *f,
             const char *project,
             const char *center,
             int64_t milli,
             struct now now,
             struct fed_effects *ret_fx,
             struct err *err);

int fed_peer_up(struct fed *f,
                uint32_t center,
                struct now now,
                struct fed_effects *ret_fx);
int fed_peer_down(struct fed *f,
                  uint32_t center,
                  struct now now,
                  struct fed_effects *ret_fx);
int fed_peer_supply(struct fed *f,
                    const struct supply *s,
                    struct now now,
                    struct fed_effects *ret_fx);
/* -EPROTO: the peer may not say this; the connection should be closed. */
int fed_peer_msg(struct fed *f,
                 uint32_t center,
                 const struct peer_msg *m,
                 struct now now,
                 struct fed_effects *ret_fx,
                 struct err *err);

int fed_engine_ready(struct fed *f,
                     uint64_t id,
                     struct now now,
                     struct fed_effects *ret_fx);
/* The engine would not queue or start it, or never can any more. */
int fed_engine_refused(struct fed *f,
                       uint64_t id,
                       const char *why,
                       struct now now,
                       struct fed_effects *ret_fx);
/* rank_map: how its ranks lie, NULL = not mapped; also of an end. */
int fed_engine_started(struct fed *f,
                       uint64_t id,
                       uint32_t epoch,
                       struct wall at,
                       const char *nodes,
                       const struct rank_map *rank_map,
                       struct now now,
                       struct fed_effects *ret_fx);

struct fed_end {
    uint64_t id;
    uint32_t epoch;
    enum job_state state;
    enum job_reason reason;
    int32_t exit_code;
    int32_t exit_signal;
    struct wall started;
    struct wall ended;
    struct usage usage; /* milli is priced here */
    const struct rank_map *rank_map;
    const char *nodes;
    const char *note;
    bool files; /* there is output to bring to the entry */
};
int fed_engine_ended(struct fed *f,
                     const struct fed_end *e,
                     struct now now,
                     struct fed_effects *ret_fx);
/* The output is at the holder, or never will be (note says why). */
int fed_files_returned(struct fed *f,
                       uint64_t id,
                       const char *note,
                       struct now now,
                       struct fed_effects *ret_fx);

/* Time: call when fed_next() has come. */
int fed_tick(struct fed *f, struct now now, struct fed_effects *ret_fx);
struct mono fed_next(const struct fed *f);

/* New configuration, checked already. The old one may be freed afterwards. */
int fed_reconfigure(struct fed *f,
                    const struct site *site,
                    struct now now,
                    struct fed_effects *ret_fx);

/* --- looking ---------------------------------------------------------------- */
const struct holding *fed_holding(const struct fed *f, uint64_t id);
const struct copy *fed_copy(const struct fed *f, uint64_t id);
/* In the order of submission from after_id on; non-zero stops. Final ones stay for a
 * while. */
void fed_each_holding(const struct fed *f,
                      uint64_t after_id,
                      int (*each)(const struct holding *h, void *arg),
                      void *arg);
void fed_each_copy(const struct fed *f,
                   int (*each)(const struct copy *c, void *arg),
                   void *arg);
/* Copies that hold budget for a run whose end should have been heard: its time limit is
 * over by more than five minutes. What it used is not known and not guessed. */
void fed_each_unsettled(const struct fed *f,
                        struct wall now,
                        void (*each)(const struct copy *c, void *arg),
                        void *arg);
bool fed_peer_connected(const struct fed *f, uint32_t center);
/* Whether it gets no jobs because those that it got failed at once; why, as of the last
 * step. */
bool fed_resting(const struct fed *f, uint32_t center, char *text, size_t cap);
/* Since when it is not; {0} = it is, or we have never heard of it. */
struct wall fed_silent_since(const struct fed *f, uint32_t center);
/* Latest supply of a peer; NULL = none. ret_age_us since it came. */
const struct supply *fed_supply(const struct fed *f,
                                uint32_t center,
                                struct mono now,
                                int64_t *ret_age_us);
/* Why a waiting job waits, with the state of its host's connection considered. */
enum job_reason fed_reason(const struct fed *f, const struct holding *h);

struct fed_counts {
    size_t holdings;
    size_t waiting;
    size_t copies;
};
struct fed_counts fed_count(const struct fed *f);

/* Every invariant that can be seen from one center: 0, or -EINVAL with the one broken.
 */
int fed_check(const struct fed *f, struct err *err);
/* Those that concern one job: cheap enough to be asked after every step. */
int fed_check_job(const struct fed *f, uint64_t id, struct err *err);

#endif
