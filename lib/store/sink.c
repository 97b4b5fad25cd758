/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * sink - operations into rows (writer thread)
 *
 * A group of batches is one transaction. A job that changed several times in the
 * group has its row written once, the last time; its history has every line.
 */
#include "config.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/journal_int.h"
#include "store/store_int.h"
#include "store/text_int.h"
#include "wire/noun_json.h"

#include "base/banned.h"

enum put_stmt {
    PUT_BEGIN,
    PUT_COMMIT,
    PUT_ROLLBACK,
    PUT_HOLDING,
    PUT_COPY,
    PUT_DROP_COPY,
    PUT_HISTORY,
    PUT_SPEC,
    PUT_NO_VIEWS,
    PUT_VIEW,
    PUT_RUN,
    PUT_FACT,
    PUT_CHECKPOINT,
    PUT_WITNESS,
    PUT_TRIM_SPEC,
    PUT_TRIM_VIEWS,
    PUT_TRIM_HISTORY,
    PUT_PROFILE,
    PUT_PROFILE_USED,
    PUT_DROP_PROFILE,
    PUT_FEWER_PROFILES,
    PUT_ERASE_SPEC,
    PUT_ERASE_HISTORY,
    PUT_ERASE_HOLDING,
    PUT_ERASE_RUNS,
    _PUT_STMT_MAX
};

/* A job of which something is still to come or came after ?1. */
#define LIVE(id)                                                                       \
    "EXISTS(SELECT 1 FROM copy c WHERE c.id = " id ")"                                 \
    " OR EXISTS(SELECT 1 FROM holding h WHERE h.id = " id                              \
    "  AND (h.final = 0 OR h.ended >= ?1))"                                            \
    " OR EXISTS(SELECT 1 FROM runs r WHERE r.job = " id " AND r.ended >= ?1)"

/* Jobs of the person ?1 that are over. */
#define THEIRS                                                                         \
    "(SELECT id FROM holding WHERE final = 1"                                          \
    " AND json_extract(noun, '$.person') = ?1)"

static const char *const put_sql[] = {
    [PUT_BEGIN] = "BEGIN IMMEDIATE",
    [PUT_COMMIT] = "COMMIT",
    [PUT_ROLLBACK] = "ROLLBACK",
    /* Who submitted it and when never changes: those columns and their indexes are
       written once. */
    [PUT_HOLDING] = "INSERT INTO holding(id, final, state, user, institution, project,"
                    " name, uid, token, submitted, ended, noun)"
                    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
                    " ON CONFLICT(id) DO UPDATE SET final = ?2, state = ?3,"
                    " institution = ?5, project = ?6, name = ?7, ended = ?11,"
                    " noun = ?12",
    [PUT_COPY] = "INSERT INTO copy(id, state, holder, institution, project, noun)"
                 " VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
                 " ON CONFLICT(id) DO UPDATE SET state = ?2, holder = ?3,"
                 " institution = ?4, project = ?5, noun = ?6",
    [PUT_DROP_COPY] = "DELETE FROM copy WHERE id = ?1",
    [PUT_HISTORY] = "INSERT INTO history(job, at, what) VALUES(?1, ?2, ?3)",
    [PUT_SPEC] = "INSERT INTO spec(id, text) VALUES(?1, ?2)"
                 " ON CONFLICT(id) DO UPDATE SET text = ?2",
    [PUT_NO_VIEWS] = "DELETE FROM views WHERE job = ?1 AND epoch = ?2",
    [PUT_VIEW] = "INSERT INTO views(job, epoch, n, at, center, rule, text, wait_s,"
                 " state_age_s, own, chosen, move_s, debt_s)"
                 " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
                 " ?13)",
    [PUT_RUN] =
        "INSERT INTO runs(job, epoch, hosted, entry, host, person, institution,"
        " project, partition, state, started, ended, elapsed_s, core_s,"
        " mem_mib_s, gpu_s, cpu_us, max_rss_bytes, n_nodes, n_cores, milli,"
        " submitted, queued, restarts, exit_code, exit_signal, req_nodes,"
        " req_cores, req_gpus, req_mem_mib, time_limit_s, gpu_type, name, nodes)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,"
        " ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28,"
        " ?29, ?30, ?31, ?32, ?33, ?34)"
        /* Said again it is the same; a charge may be taken back. */
        " ON CONFLICT DO UPDATE SET state = ?10, milli = ?21 WHERE milli > ?21",
    [PUT_FACT] = "INSERT INTO facts(name, value) VALUES(?1, ?2)"
                 " ON CONFLICT(name) DO UPDATE SET value = ?2",
    [PUT_CHECKPOINT] = "INSERT INTO checkpoint(origin, size, at, text, signature)"
                       " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    [PUT_WITNESS] = "INSERT INTO witness(origin, size, witness, at, signature)"
                    " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    [PUT_TRIM_SPEC] = "DELETE FROM spec WHERE NOT (" LIVE("spec.id") ")",
    [PUT_TRIM_VIEWS] =
        "DELETE FROM views WHERE at < ?1 AND NOT (" LIVE("views.job") ")",
    [PUT_TRIM_HISTORY] =
        "DELETE FROM history WHERE at < ?1 AND NOT (" LIVE("history.job") ")",
    [PUT_PROFILE] = "INSERT INTO profiles(key, program, institution, project, n_ranks,"
                    " job, made, used, matrix)"
                    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)"
                    " ON CONFLICT(key) DO UPDATE SET program = ?2, n_ranks = ?5,"
                    " job = ?6, made = ?7, used = ?7, matrix = ?8",
    [PUT_PROFILE_USED] = "UPDATE profiles SET used = ?2 WHERE key = ?1",
    [PUT_DROP_PROFILE] = "DELETE FROM profiles WHERE key = ?1",
    [PUT_FEWER_PROFILES] =
        "DELETE FROM profiles WHERE key IN (SELECT key FROM (SELECT key,"
        " row_number() OVER newest AS n, sum(length(matrix)) OVER newest AS bytes"
        " FROM profiles WINDOW newest AS (ORDER BY used DESC, made DESC, key"
        " ROWS UNBOUNDED PRECEDING)) WHERE n > ?1 OR bytes > ?2)",
    [PUT_ERASE_SPEC] = "DELETE FROM spec WHERE id IN " THEIRS,
    [PUT_ERASE_HISTORY] = "DELETE FROM history WHERE job IN " THEIRS,
    [PUT_ERASE_HOLDING] =
        "UPDATE holding SET user = ?2, name = '', uid = 65534,"
        " noun = json_remove(json_set(noun, '$.user', ?2, '$.person', ?2,"
        " '$.uid', 65534), '$.name', '$.cancelled_by', '$.note') WHERE id IN " THEIRS,
    [PUT_ERASE_RUNS] = "UPDATE runs SET person = ?2, name = '' WHERE person = ?1",
};
_Static_assert(ARRAY_SIZE(put_sql) == _PUT_STMT_MAX, "a text for each");

struct sink {
    sqlite3 *db;
    sqlite3_stmt *stmts[_PUT_STMT_MAX];
    struct buf json;
    struct journal *journal;
};

int sink_open(sqlite3 *db, struct sink **ret_sink, struct err *err)
{
    struct sink *s = calloc(1, sizeof(*s));
    int r = 0;

    if (!s)
        return err_set(err, -ENOMEM, "out of memory");
    s->db = db;
    s->json = BUF_INIT(NOUN_BYTES);
    for (int i = 0; r == 0 && i < _PUT_STMT_MAX; i++)
        r = sql_prepare(db, put_sql[i], &s->stmts[i], err);
    if (r == 0)
        r = journal_open(db, &s->journal, err);
    if (r < 0) {
        sink_free(s);
        return r;
    }
    *ret_sink = s;
    return 0;
}

void *sink_free(struct sink *s)
{
    if (!s)
        return NULL;
    for (int i = 0; i < _PUT_STMT_MAX; i++)
        (void)sqlite3_finalize(s->stmts[i]); /* tells of the last step again */
    buf_release(&s->json);
    journal_free(s->journal);
    free(s);
    return NULL;
}

/* Texts that are in the group until the transaction is over: nothing is copied. */
static void bind_text(sqlite3_stmt *st, int i, const char *text, size_t n)
{
    (void)sqlite3_bind_text64(st, i, text, n, SQLITE_STATIC, SQLITE_UTF8);
}

static void bind_word(sqlite3_stmt *st, int i, const char *word)
{
    bind_text(st, i, word, strlen(word));
}

static void bind_i64(sqlite3_stmt *st, int i, int64_t n)
{
    (void)sqlite3_bind_int64(st, i, n); /* only a wrong index fails: our own bug */
}

/* Bits of a number that may need all 64: read back the same way. */
static void bind_u64(sqlite3_stmt *st, int i, uint64_t n)
{
    (void)sqlite3_bind_int64(st, i, (int64_t)n);
}

static int step(struct sink *s, enum put_stmt which, struct err *err)
{
    sqlite3_stmt *st = s->stmts[which];
    int rc = sqlite3_step(st);
    int r = 0;

    if (rc != SQLITE_DONE)
        r = sql_fail(s->db, rc, "cannot write", err);
    (void)sqlite3_reset(st); /* r says it */
    return r;
}

/* The object as text in s->json; the reference is taken. */
static int encode(struct sink *s, json_t *o, struct err *err)
{
    size_t n;

    buf_clear(&s->json);
    for (size_t room = s->json.cap > 4096 ? s->json.cap - 1 : 4096; o; room = n) {
        char *at = buf_reserve(&s->json, room);

        if (!at)
            break;
        n = json_dumpb(o, at, room, JSON_COMPACT);
        if (n == 0)
            break;
        if (n <= room) {
            s->json.len = n;
            json_decref(o);
            return 0;
        }
    }
    json_decref(o);
    return err_set(err, -ENOMEM, "out of memory for a row");
}

static int put_history(struct sink *s, const struct op *o, struct err *err)
{
    sqlite3_stmt *st = s->stmts[PUT_HISTORY];

    if (o->text == 0)
        return 0;
    bind_u64(st, 1, o->id);
    bind_i64(st, 2, o->at.us);
    bind_text(st, 3, op_text(o), o->text);
    return step(s, PUT_HISTORY, err);
}

static int put_erasure(struct sink *s, const struct op *o, struct err *err)
{
    static const enum put_stmt all[] = {PUT_ERASE_SPEC, PUT_ERASE_HISTORY,
                                        PUT_ERASE_HOLDING, PUT_ERASE_RUNS};
    const struct erasure *e = op_body(o);
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(all); i++) {
        bind_word(s->stmts[all[i]], 1, e->person);
        if (sqlite3_bind_parameter_count(s->stmts[all[i]]) > 1)
            bind_word(s->stmts[all[i]], 2, e->pseudonym);
        r = step(s, all[i], err);
    }
    return r;
}

static int put_holding(struct sink *s, const struct op *o, struct err *err)
{
    sqlite3_stmt *st = s->stmts[PUT_HOLDING];
    struct holding clean;
    const struct holding *h = op_body(o);
    json_t *json = holding_to_json(h);
    int r;

    if (!json) { /* no memory, or a text that is not UTF-8: it must not wedge us */
        clean = *h;
        text_clean_holding(&clean);
        h = &clean;
        json = holding_to_json(h);
    }
    r = encode(s, json, err);
    if (r < 0)
        return r;
    bind_u64(st, 1, h->id);
    bind_i64(st, 2, h->hold == HOLD_FINAL && !holding_awaits_lost(h));
    bind_word(st, 3, job_state_word(h->state));
    bind_word(st, 4, h->user);
    bind_word(st, 5, h->institution);
    bind_word(st, 6, h->project);
    bind_word(st, 7, h->name);
    bind_i64(st, 8, h->uid);
    bind_u64(st, 9, h->client_token);
    bind_i64(st, 10, h->submitted.us);
    bind_i64(st, 11, h->ended.us);
    bind_text(st, 12, s->json.data, s->json.len);
    return step(s, PUT_HOLDING, err);
}

static int put_copy(struct sink *s, const struct op *o, struct err *err)
{
    sqlite3_stmt *st = s->stmts[PUT_COPY];
    struct copy clean;
    const struct copy *c = op_body(o);
    json_t *json = copy_to_json(c);
    int r;

    if (!json) {
        clean = *c;
        text_clean_copy(&clean);
        c = &clean;
        json = copy_to_json(c);
    }
    r = encode(s, json, err);
    if (r < 0)
        return r;
    bind_u64(st, 1, c->id);
    bind_word(st, 2, copy_state_word(c->copy));
    bind_i64(st, 3, c->holder);
    bind_word(st, 4, c->institution);
    bind_word(st, 5, c->project);
    bind_text(st, 6, s->json.data, s->json.len);
    return step(s, PUT_COPY, err);
}

static int put_views(struct sink *s, const struct op *o, struct err *err)
{
    sqlite3_stmt *st = s->stmts[PUT_NO_VIEWS];
    const struct route_view *v = op_body(o);
    int r;

    bind_u64(st, 1, o->id);
    bind_i64(st, 2, o->epoch);
    r = step(s, PUT_NO_VIEWS, err);
    st = s->stmts[PUT_VIEW];
    for (uint32_t i = 0; r == 0 && i < o->n; i++, v++) {
        bind_u64(st, 1, o->id);
        bind_i64(st, 2, o->epoch);
        bind_i64(st, 3, i);
        bind_i64(st, 4, o->at.us);
        bind_i64(st, 5, v->center);
        bind_word(st, 6, route_rule_word(v->rule));
        bind_word(st, 7, v->text);
        bind_i64(st, 8, v->wait_s);
        bind_i64(st, 9, v->state_age_s);
        bind_i64(st, 10, v->own);
        bind_i64(st, 11, v->chosen);
        bind_i64(st, 12, v->move_s);
        bind_i64(st, 13, v->debt_s);
        r = step(s, PUT_VIEW, err);
    }
    return r;
}

static int put_run(struct sink *s, const struct op *o, struct err *err)
{
    sqlite3_stmt *st = s->stmts[PUT_RUN];
    const struct stored_run *x = op_body(o);
    const struct usage *u = &x->usage;

    bind_u64(st, 1, x->job);
    bind_i64(st, 2, x->epoch);
    bind_i64(st, 3, x->hosted);
    bind_i64(st, 4, x->entry);
    bind_i64(st, 5, x->host);
    bind_word(st, 6, x->person);
    bind_word(st, 7, x->institution);
    bind_word(st, 8, x->project);
    bind_word(st, 9, x->partition);
    bind_word(st, 10, job_state_word(x->state));
    bind_i64(st, 11, x->started.us);
    bind_i64(st, 12, x->ended.us);
    bind_u64(st, 13, u->elapsed_s);
    bind_u64(st, 14, u->core_s);
    bind_u64(st, 15, u->mem_mib_s);
    bind_u64(st, 16, u->gpu_s);
    bind_u64(st, 17, u->cpu_us);
    bind_u64(st, 18, u->max_rss_bytes);
    bind_i64(st, 19, u->n_nodes);
    bind_i64(st, 20, u->n_cores);
    bind_i64(st, 21, u->milli);
    bind_i64(st, 22, x->submitted.us);
    bind_i64(st, 23, x->queued.us);
    bind_i64(st, 24, x->restarts);
    bind_i64(st, 25, x->exit_code);
    bind_i64(st, 26, x->exit_signal);
    bind_i64(st, 27, x->req_nodes);
    bind_i64(st, 28, x->req_cores);
    bind_i64(st, 29, x->req_gpus);
    bind_u64(st, 30, x->req_mem_mib);
    bind_i64(st, 31, x->time_limit_s);
    bind_word(st, 32, x->gpu_type);
    bind_word(st, 33, x->name);
    bind_word(st, 34, x->nodes);
    return step(s, PUT_RUN, err);
}

static int put_checkpoint(struct sink *s, const struct op *o, struct err *err)
{
    bool seen = o->kind == OP_WITNESS;
    enum put_stmt which = seen ? PUT_WITNESS : PUT_CHECKPOINT;
    sqlite3_stmt *st = s->stmts[which];
    const struct signed_checkpoint *c = op_body(o);

    bind_word(st, 1, c->origin);
    bind_u64(st, 2, c->size);
    if (seen) {
        bind_text(st, 3, op_text(o), o->text);
        bind_i64(st, 4, c->at.us);
    } else {
        bind_i64(st, 3, c->at.us);
        bind_word(st, 4, c->text);
    }
    bind_word(st, 5, c->signature);
    return step(s, which, err);
}

static int put_profile(struct sink *s, const struct op *o, struct err *err)
{
    sqlite3_stmt *st = s->stmts[PUT_PROFILE];
    const struct profile *p = op_body(o);
    int r;

    bind_word(st, 1, p->key);
    bind_word(st, 2, p->program);
    bind_word(st, 3, p->institution);
    bind_word(st, 4, p->project);
    bind_i64(st, 5, p->n_ranks);
    bind_u64(st, 6, p->job);
    bind_i64(st, 7, o->at.us);
    bind_text(st, 8, op_text(o), o->text);
    r = step(s, PUT_PROFILE, err);
    st = s->stmts[PUT_FEWER_PROFILES];
    bind_i64(st, 1, PROFILES_MAX);
    bind_i64(st, 2, PROFILES_BYTES);
    return r < 0 ? r : step(s, PUT_FEWER_PROFILES, err);
}

static int put_trim(struct sink *s, const struct op *o, struct err *err)
{
    int r = 0;

    for (int i = PUT_TRIM_SPEC; r == 0 && i <= PUT_TRIM_HISTORY; i++) {
        bind_i64(s->stmts[i], 1, o->at.us);
        r = step(s, (enum put_stmt)i, err);
    }
    return r;
}

static int put_op(struct sink *s, const struct op *o, struct err *err)
{
    int r = 0;

    switch (o->kind) {
    case OP_HOLDING:
        r = o->superseded ? 0 : put_holding(s, o, err);
        return r < 0 ? r : put_history(s, o, err);
    case OP_COPY:
        r = o->superseded ? 0 : put_copy(s, o, err);
        return r < 0 ? r : put_history(s, o, err);
    case OP_DROP_COPY:
        bind_u64(s->stmts[PUT_DROP_COPY], 1, o->id);
        r = o->superseded ? 0 : step(s, PUT_DROP_COPY, err);
        return r < 0 ? r : put_history(s, o, err);
    case OP_SPEC:
        bind_u64(s->stmts[PUT_SPEC], 1, o->id);
        bind_text(s->stmts[PUT_SPEC], 2, op_body(o), o->body);
        return step(s, PUT_SPEC, err);
    case OP_VIEWS:
        return put_views(s, o, err);
    case OP_POSTINGS:
        return journal_put(s->journal, op_body(o), o->n, err);
    case OP_ACT:
        return journal_put_act(s->journal, op_text(o), o->text, o->at, op_body(o), o->n,
                               err);
    case OP_RUN:
        return put_run(s, o, err);
    case OP_FACT:
        bind_text(s->stmts[PUT_FACT], 1, op_text(o), o->text);
        bind_u64(s->stmts[PUT_FACT], 2, o->id);
        return step(s, PUT_FACT, err);
    case OP_TRIM:
        return put_trim(s, o, err);
    case OP_ERASE:
        return put_erasure(s, o, err);
    case OP_PROFILE:
        return put_profile(s, o, err);
    case OP_PROFILE_USED:
        bind_text(s->stmts[PUT_PROFILE_USED], 1, op_text(o), o->text);
        bind_i64(s->stmts[PUT_PROFILE_USED], 2, o->at.us);
        return step(s, PUT_PROFILE_USED, err);
    case OP_DROP_PROFILE:
        bind_text(s->stmts[PUT_DROP_PROFILE], 1, op_text(o), o->text);
        return step(s, PUT_DROP_PROFILE, err);
    case OP_CHECKPOINT:
    case OP_WITNESS:
        return put_checkpoint(s, o, err);
    }
    return 0;
}

int sink_commit(struct sink *s, struct batch *group, struct err *err)
{
    int r;

    group_supersede(group);
    r = step(s, PUT_BEGIN, err);
    for (const struct batch *b = group; r == 0 && b; b = b->next) {
        struct op_walk walk = {.chunk = b->first};
        const struct op *o;

        while (r == 0 && (o = op_next(&walk)))
            r = put_op(s, o, err);
    }
    if (r == 0)
        r = journal_close_group(s->journal, err);
    if (r == 0)
        r = step(s, PUT_COMMIT, err);
    journal_committed(s->journal, r == 0);
    if (r < 0 && !sqlite3_get_autocommit(s->db))
        (void)step(s, PUT_ROLLBACK, NULL); /* r says what went wrong */
    return r;
}
