/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * store - what is on disk: append before act, one fsync for a turn's work
 *
 * SQLite (WAL, synchronous=FULL) in the center's state directory. Writes are
 * collected in the open batch and belong together: store_commit() hands the batch to
 * the writer thread, which makes one transaction of it; when that is durable,
 * on_durable(n) runs in the loop with the batch's number. Batches become durable in
 * order. Reads use a connection of their own and see durable batches only.
 *
 * A failed write (disk full, I/O error) fails the whole batch and every later one
 * with on_failed(): nothing of it is on disk, and the daemon refuses new work until
 * store_retry() succeeds (the batches are kept and tried again).
 *
 * Ceiling: at most STORE_BATCH_BYTES wait; put calls then answer -EAGAIN. They copy
 * what they are given and return 0, -EAGAIN, -ENOMEM, or -EINVAL, -EMSGSIZE,
 * -EOVERFLOW for what could never be stored (id 0, a number beyond INT64_MAX).
 *
 * In lists a callback's non-zero ends the list and is returned. A callback may read
 * other things, not start the same list again; no callback may close the store.
 * Tables and formats: docs/store.md.
 */
#ifndef HOPLUU_STORE_STORE_H
#define HOPLUU_STORE_STORE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/time.h"
#include "ledger/chain.h"
#include "model/copy.h"
#include "model/holding.h"
#include "model/offer.h"
#include "model/posting.h"

#define STORE_BATCH_BYTES (256u << 20)

struct store;

/* Each may be NULL. None is called after store_close(). */
struct store_callbacks {
    void (*durable)(uint64_t batch, void *arg); /* this one and all before it */
    void (*failed)(int code, const char *text, void *arg); /* once per state change */
    void (*recovered)(void *arg);
};

/*
 * Open or create `dir`/hopluu.db (directory mode 0700, owned by us; anything open to
 * others is refused). Refuses a newer schema, migrates an older one, takes a lock so
 * that a second daemon on the same directory is refused (-EBUSY).
 */
int store_open(struct event_base *base,
               const char *dir,
               const struct store_callbacks *cb,
               void *arg,
               struct store **ret_store,
               struct err *err);
/* Commits and waits for what was put. What cannot be written even then (tried once more
 * if it is failing) is lost: it was never reported durable. */
void *store_close(struct store *s);

/* --- writing: into the open batch ------------------------------------------- */

/* The job's row becomes this. `what` is one word or a short text for its history
 * ("granted"). */
int store_put_holding(struct store *s,
                      const struct holding *h,
                      const char *what,
                      struct wall at);
int store_put_copy(struct store *s,
                   const struct copy *c,
                   const char *what,
                   struct wall at);
/* A copy that is over (holder has acknowledged its end, or it was dropped). Its usage
 * row stays. */
int store_drop_copy(struct store *s, uint64_t id, const char *what, struct wall at);

/* JSON text of the job_spec; text[len]. Replaces. */
int store_put_spec(struct store *s, uint64_t id, const char *text, size_t len);

/* What routing saw, for fexplain: replaces the job's earlier views of the same epoch.
 */
int store_put_views(struct store *s,
                    uint64_t id,
                    uint32_t epoch,
                    struct wall at,
                    const struct route_view *views,
                    size_t n);

/*
 * Steps of the account book. Those of one transaction (parts 0, 1, 2, …) follow each
 * other within one batch; each transaction becomes one line of the journal.
 */
int store_put_postings(struct store *s, const struct posting *p, size_t n);

/* A decision and the steps that it takes at once, as one line of the journal. */
int store_put_act(struct store *s,
                  const struct act *a,
                  struct wall at,
                  const struct posting *steps,
                  size_t n);

#define SIGNATURE_TEXT_CAP 96 /* base64 of 64 bytes */

/* A checkpoint of some journal as its center signed it. */
struct signed_checkpoint {
    char origin[ORIGIN_CAP];
    uint64_t size;
    struct wall at; /* when it was made or came */
    char text[CHECKPOINT_TEXT_CAP];
    char signature[SIGNATURE_TEXT_CAP];
};
/* Once per (origin, size): a repeat changes nothing. */
int store_put_checkpoint(struct store *s, const struct signed_checkpoint *c);
/* `witness` has signed the same text. Once per (origin, size, witness). */
int store_put_witness(struct store *s,
                      const struct signed_checkpoint *c,
                      const char *witness);

/* A run that happened here (host's record; entry's record of a run elsewhere has
 * hosted=false). */
struct stored_run {
    uint64_t job;
    uint32_t epoch;
    bool hosted;    /* it ran at this center */
    uint32_t entry; /* center numbers */
    uint32_t host;
    char person[NAME_CAP];
    char institution[NAME_CAP];
    char project[NAME_CAP];
    char partition[NAME_CAP];
    enum job_state state;
    struct wall started;
    struct wall ended;
    struct usage usage;
    /* For records; zero in rows of version 4 and older. */
    struct wall submitted;
    struct wall queued;
    uint32_t restarts;
    uint32_t exit_code;
    uint32_t exit_signal;
    uint32_t req_nodes;
    uint32_t req_cores;
    uint32_t req_gpus;
    uint64_t req_mem_mib;
    uint32_t time_limit_s;
    char gpu_type[GPU_TYPE_CAP];
    char name[TITLE_CAP];
    char nodes[TITLE_CAP];
};
/* Once per (job, epoch, hosted): a repeat changes nothing. */
int store_put_run(struct store *s, const struct stored_run *r);

/* Small facts of the daemon: last sequence number, incarnation, … */
int store_put_fact(struct store *s, const char *name, uint64_t value);

/*
 * What a program's ranks said to each other in an earlier run, by fingerprint. The
 * matrix is METIS text. The least recently used go when there are more than
 * PROFILES_MAX, or more bytes than PROFILES_BYTES.
 */
#define PROFILE_MAX (4u << 20) /* bytes of one matrix */
#define PROFILES_MAX 4096
#define PROFILES_BYTES (INT64_C(256) << 20)

struct profile {
    char key[DIGEST_CAP];     /* fingerprint, SHA-256 in hex */
    char program[DIGEST_CAP]; /* SHA-256 of the executables that ran */
    char institution[NAME_CAP];
    char project[NAME_CAP];
    uint32_t n_ranks;
    uint64_t job; /* that was recorded */
};

/* Replaces. -EINVAL (no key), -EMSGSIZE. */
int store_put_profile(struct store *s,
                      const struct profile *p,
                      const char *matrix,
                      size_t len,
                      struct wall at);
int store_use_profile(struct store *s, const char *key, struct wall at);
int store_drop_profile(struct store *s, const char *key);

/* Close the open batch and give it to the writer. ret_batch: its number; an empty batch
   answers the last number given out. */
int store_commit(struct store *s, uint64_t *ret_batch);
uint64_t store_durable(const struct store *s);
bool store_failing(const struct store *s);
void store_retry(struct store *s);

/* --- reading: durable rows only ---------------------------------------------- */

typedef int (*holding_fn)(const struct holding *h, void *arg); /* non-zero stops */
typedef int (*copy_fn)(const struct copy *c, void *arg);

/* At start: everything that is not final / not dropped. */
int store_each_open_holding(struct store *s,
                            holding_fn each,
                            void *arg,
                            struct err *err);
int store_each_copy(struct store *s, copy_fn each, void *arg, struct err *err);

/* The book's steps from line `from` on. 0, the callback's value, -EBADMSG, -EIO. */
int store_each_posting(struct store *s,
                       uint64_t from,
                       int (*each)(const struct posting *p, void *arg),
                       void *arg,
                       struct err *err);
/*
 * At start: every step from the first line on, and that no line was changed, dropped,
 * moved or added by anybody else. A line's decision (act may be NULL) comes before its
 * steps. -EBADMSG names the first line that is wrong.
 */
int store_replay(struct store *s,
                 int (*each)(const struct posting *p, void *arg),
                 int (*act)(const struct act *a, struct wall at, void *arg),
                 void *arg,
                 struct err *err);
/* Lines [from, until) as they are. */
int store_each_line(struct store *s,
                    uint64_t from,
                    uint64_t until,
                    int (*each)(uint64_t seq, const char *line, size_t n, void *arg),
                    void *arg,
                    struct err *err);
/* The tree over all durable lines. */
int store_journal_tree(struct store *s, struct merkle *ret_tree, struct err *err);

struct proof_step {
    bool right; /* the sibling stands on the right */
    struct hash hash;
};
/*
 * That line `index` is among the first `size`, from the leaf up.
 *
 * proof   [PROOF_MAX], *ret_n of them written
 *
 * 0, -ERANGE, -EBADMSG, -EIO. Its cost does not grow with the journal.
 */
int store_prove(struct store *s,
                uint64_t size,
                uint64_t index,
                struct proof_step *proof,
                size_t *ret_n,
                struct hash *ret_root,
                struct err *err);

/* The root over the first `size` lines: 0, -ERANGE, -EBADMSG, -EIO. */
int store_root(struct store *s, uint64_t size, struct hash *ret_root, struct err *err);

/*
 * That the first `size` lines begin with the first `old`, for merkle_check_grown().
 *
 * proof   [PROOF_MAX], *ret_n of them written
 */
int store_prove_grown(struct store *s,
                      uint64_t old,
                      uint64_t size,
                      struct hash *proof,
                      size_t *ret_n,
                      struct err *err);

/* origin "" = of all centers. */
int store_each_checkpoint(struct store *s,
                          const char *origin,
                          uint64_t from_size,
                          uint32_t limit,
                          int (*each)(const struct signed_checkpoint *c, void *arg),
                          void *arg,
                          struct err *err);
int store_last_checkpoint(struct store *s,
                          const char *origin,
                          struct signed_checkpoint *ret_c); /* 0, -ENOENT */
/* The largest size of that journal that `witness` has signed: 0, -ENOENT. */
int store_last_witness(struct store *s,
                       const char *origin,
                       const char *witness,
                       uint64_t *ret_size);
/* The one of that size: 0, -ENOENT. */
int store_get_checkpoint(struct store *s,
                         const char *origin,
                         uint64_t size,
                         struct signed_checkpoint *ret_c);
int store_each_witness(
    struct store *s,
    const char *origin,
    uint64_t size,
    int (*each)(const char *witness, struct wall at, const char *signature, void *arg),
    void *arg,
    struct err *err);

int store_get_fact(struct store *s,
                   const char *name,
                   uint64_t *ret_value); /* 0, -ENOENT */
int store_get_holding(struct store *s,
                      uint64_t id,
                      struct holding *ret_h); /* final ones too */
int store_find_token(struct store *s,
                     uint32_t uid,
                     uint64_t client_token,
                     uint64_t *ret_id);
int store_get_spec(struct store *s, uint64_t id, struct buf *text); /* 0, -ENOENT */
int store_get_views(
    struct store *s,
    uint64_t id,
    int (*each)(uint32_t epoch, struct wall at, const struct route_view *v, void *arg),
    void *arg);
/* 0, -ENOENT; the matrix is appended. */
int store_get_profile(struct store *s,
                      const char *key,
                      struct profile *ret_p,
                      struct buf *matrix);
/* History lines of a job, oldest first. */
int store_get_history(struct store *s,
                      uint64_t id,
                      int (*each)(struct wall at, const char *what, void *arg),
                      void *arg);

/* facct: holdings by filter, ascending id from after_id on, at most `limit`. Zero
 * members do not filter. */
struct job_filter {
    const uint64_t *ids;
    size_t n_ids;
    const char *user;
    const char *project;
    const char *institution;
    const char *name;
    uint32_t states;   /* bit per enum job_state */
    struct wall since; /* ended at or after, or not ended */
    struct wall until; /* submitted before */
    uint64_t after_id;
    uint32_t limit;
};
int store_each_holding(struct store *s,
                       const struct job_filter *f,
                       holding_fn each,
                       void *arg,
                       struct err *err);

/* freport: sums over runs. */
struct run_sum {
    char institution[NAME_CAP];
    char project[NAME_CAP];
    char person[NAME_CAP];
    uint32_t entry;
    uint32_t host;
    bool hosted;
    uint64_t n_runs;
    uint64_t core_s;
    uint64_t mem_mib_s;
    uint64_t gpu_s;
    uint64_t cpu_us;
    int64_t milli;
};
/* One call per (institution, project, person, entry, host, hosted), ended in [since,
 * until). */
int store_sum_runs(struct store *s,
                   struct wall since,
                   struct wall until,
                   int (*each)(const struct run_sum *sum, void *arg),
                   void *arg,
                   struct err *err);

/* Where a list of runs or jobs goes on: behind this one. */
struct run_mark {
    struct wall ended;
    uint64_t job;
    uint32_t epoch;
};

/* Runs that happened here and ended in [since, until), behind `after` in the order of
   (ended, job, epoch), at most `limit`. person NULL = everybody's. */
int store_each_run(struct store *s,
                   struct wall since,
                   struct wall until,
                   const struct run_mark *after,
                   const char *person,
                   uint32_t limit,
                   int (*each)(const struct stored_run *r, void *arg),
                   void *arg,
                   struct err *err);
/* Jobs of this center that are over and ended there, in the order of (ended, id):
   for those that never started, which have no run. */
int store_each_ended(struct store *s,
                     struct wall since,
                     struct wall until,
                     const struct run_mark *after,
                     uint32_t limit,
                     holding_fn each,
                     void *arg,
                     struct err *err);

/*
 * Forget who a person was: in jobs that are over and in runs the pseudonym stands where
 * the name did; what they asked for, what their jobs were called and the history of
 * those go. Seconds, prices and job numbers stay. An operation of the open batch.
 */
int store_erase(struct store *s, const char *person, const char *pseudonym);

/* Remove specs, views and history of jobs that ended before `before`; the rows stay.
 * An operation of the open batch, as the put calls. */
int store_trim(struct store *s, struct wall before);

#endif
