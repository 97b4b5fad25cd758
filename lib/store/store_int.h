/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * store_int - inside the store: batches of operations, the writer, the reader
 *
 * Three owners, nothing shared but the writer's queue behind its mutex:
 *   loop thread    struct store: the open batch, the reading connection
 *   between        struct writer's queue, its state, spare chunks
 *   writer thread  struct sink: the writing connection and its statements
 *
 * An operation (struct op) is a header, a body (the noun, copied as it is in memory)
 * and a short text, one after the other in a chunk; it never reaches the disk in this
 * form. Encoding and SQL happen in the writer thread.
 */
#ifndef HOPLUU_STORE_STORE_INT_H
#define HOPLUU_STORE_STORE_INT_H

#include <sqlite3.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/number.h"
#include "store/store.h"

/* Ceilings; STORE_BATCH_BYTES is in the door. */
#define CHUNK_BYTES                                                                    \
    ((size_t)256 << 10)                /* of a batch; a larger operation has its own   \
                                        */
#define SPARE_CHUNKS 32                /* kept for the next batches */
#define GROUP_BYTES ((size_t)32 << 20) /* merged into one transaction */
#define NOUN_BYTES ((size_t)1 << 20)   /* JSON of one row */
#define WHAT_CAP ((size_t)200)         /* history text; longer is cut */
#define WAL_PAGES 4000                 /* then the log is folded into the file */
#define RETRY_S 1

/* Whose name goes, and what takes its place. */
struct erasure {
    char person[NAME_CAP];
    char pseudonym[NAME_CAP];
};

enum op_kind {
    OP_HOLDING,      /* body: struct holding */
    OP_COPY,         /* body: struct copy */
    OP_DROP_COPY,    /* no body */
    OP_SPEC,         /* body: text */
    OP_VIEWS,        /* body: n struct route_view */
    OP_POSTINGS,     /* body: n struct posting */
    OP_RUN,          /* body: struct stored_run */
    OP_FACT,         /* text: name; id: value */
    OP_TRIM,         /* at: before */
    OP_ERASE,        /* body: struct erasure */
    OP_CHECKPOINT,   /* body: struct signed_checkpoint */
    OP_WITNESS,      /* body: the same; text: who signed */
    OP_PROFILE,      /* body: struct profile; text: its matrix */
    OP_PROFILE_USED, /* text: key; at */
    OP_DROP_PROFILE, /* text: key */
    OP_ACT,          /* body: n struct posting; text: struct act as text; at */
};

struct op {
    size_t bytes; /* of the whole operation, a multiple of 16 */
    size_t body;  /* bytes of its body */
    uint64_t id;
    struct wall at;
    enum op_kind kind;
    uint32_t n;
    uint32_t epoch;
    uint32_t text;   /* bytes of its text */
    bool superseded; /* a later one in the group writes the same row */
};

struct chunk {
    struct chunk *next;
    size_t used;
    size_t cap;
    _Alignas(16) unsigned char bytes[];
};

struct batch {
    struct batch *next;
    uint64_t number;
    size_t bytes; /* counted against the ceiling */
    uint32_t n_ops;
    struct chunk *first;
    struct chunk *last;
};

static inline size_t op_head_bytes(void)
{
    return (sizeof(struct op) + 15) & ~(size_t)15;
}

static inline const void *op_body(const struct op *o)
{
    return (const unsigned char *)o + op_head_bytes();
}

static inline const char *op_text(const struct op *o)
{
    return (const char *)op_body(o) + o->body;
}

/* All operations of a batch in order: NULL first, NULL at the end. */
struct op_walk {
    struct chunk *chunk;
    size_t at;
};
struct op *op_next(struct op_walk *w);

/* Marks the operations whose row a later one of the group writes again. */
void group_supersede(struct batch *group);

void *batch_free(struct batch *b, struct chunk **spare); /* its chunks go there */

/* --- sink: operations into SQL (writer thread) --------------------------------- */

struct sink;
int sink_open(sqlite3 *db, struct sink **ret_sink, struct err *err); /* borrows db */
void *sink_free(struct sink *s);
/* One transaction of all these batches: 0, or -Exxx and nothing of it is there. */
int sink_commit(struct sink *s, struct batch *group, struct err *err);

/* --- writer: the thread ---------------------------------------------------------- */

struct writer;
struct writer_state {
    uint64_t durable;
    bool failing;
    struct err err; /* the latest failure */
};

/* Takes db. wake_fd: an eventfd that is written when the state has changed. */
int writer_start(sqlite3 *db, int wake_fd, struct writer **ret_writer, struct err *err);
/* Everything that was given is tried once more; what still fails is lost. */
void *writer_stop(struct writer *w);
void writer_give(struct writer *w, struct batch *b);
void writer_retry(struct writer *w);
void writer_look(struct writer *w, struct writer_state *ret_state);
uint64_t writer_durable(const struct writer *w);
uint64_t writer_done_bytes(const struct writer *w);
/* A used chunk of CHUNK_BYTES, or NULL. */
struct chunk *writer_spare(struct writer *w);

/* --- the file --------------------------------------------------------------------- */

/* Open for writing, with the newest schema. */
int schema_open(const char *path, sqlite3 **ret_db, struct err *err);

/* --- reading (loop thread) ----------------------------------------------------------
 */

enum read_stmt {
    READ_OPEN_HOLDINGS,
    READ_COPIES,
    READ_FACT,
    READ_HOLDING,
    READ_TOKEN,
    READ_SPEC,
    READ_VIEWS,
    READ_HISTORY,
    READ_SUM_RUNS,
    READ_PROFILE,
    READ_RUNS,
    READ_ENDED,
    _READ_STMT_MAX
};

struct reader {
    sqlite3 *db;
    sqlite3_stmt *stmts[_READ_STMT_MAX];
};

int reader_open(struct reader *r, const char *path, struct err *err);
void reader_release(struct reader *r);
/* Column `col` holds a holding as JSON: 0, -EBADMSG, -ENOMEM. */
int read_holding(sqlite3_stmt *st, int col, struct holding *h, struct err *err);

struct store {
    struct event_base *base;
    struct store_callbacks cb;
    void *arg;
    int lock_fd;
    int wake_fd;
    struct event *wake;
    struct writer *writer;
    struct reader reader;
    struct batch *open;
    uint64_t last;      /* number last given out */
    uint64_t put_bytes; /* ever; what waits is this less the writer's done_bytes */
    bool told_failing;
    uint64_t told_durable;
};

/* One step: 1 a row, 0 the end, -Exxx. */
int read_row(struct store *s, sqlite3_stmt *st, struct err *err);

/* --- SQLite in our words -------------------------------------------------------------
 */

int sql_errno(int rc);
/* The code for rc and "DOING: what SQLite says". */
int sql_fail(sqlite3 *db, int rc, const char *doing, struct err *err);
int sql_exec(sqlite3 *db, const char *sql, struct err *err);
int sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_stmt, struct err *err);
const char *sql_text(sqlite3_stmt *st, int col); /* "" for NULL */
/* A text column into dst[cap], cut if it is longer. */
void sql_copy(sqlite3_stmt *st, int col, char *dst, size_t cap);

/* For _cleanup_: a prepared statement is free for its next use. */
static inline void sql_resetp(sqlite3_stmt **st)
{
    if (*st)
        (void)sqlite3_reset(*st); /* repeats the error of the step */
}

#endif
