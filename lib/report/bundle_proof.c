/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * bundle_proof - do a bundle's records say what the center's signed books say?
 *
 * Of each job: seconds of the records = seconds of its settlements, prices of the
 * records = what was captured less what was refunded. A job that also ran in another
 * year has lines for runs that are not in this bundle: its records may not say more.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "base/table.h"
#include "report/bundle_int.h"
#include "report/bundle_say.h"
#include "report/calendar.h"
#include "report/journal_file.h"
#include "report/note_check.h"
#include "report/proof.h"

#include "base/banned.h"

#define NOTE_BYTES ((size_t)64 << 10)

struct sums {
    uint64_t core_s;
    uint64_t gpu_s;
    uint64_t mem_mib_s;
    int64_t milli;
};

struct job {
    uint64_t key;
    struct sums records;
    struct sums lines;
    bool elsewhen; /* a line of another year */
    UT_hash_handle hh;
};

struct job_sums {
    struct job *head;
};

struct job_sums *job_sums_new(void)
{
    return calloc(1, sizeof(struct job_sums));
}

void *job_sums_free(struct job_sums *s)
{
    struct job *j, *next;

    if (!s)
        return NULL;
    TABLE_FOREACH (s->head, j, next) {
        HASH_DEL(s->head, j);
        free(j);
    }
    free(s);
    return NULL;
}

static struct job *find(const struct job_sums *s, uint64_t id)
{
    struct job *j = NULL;

    TABLE_FIND(s->head, &id, j);
    return j;
}

bool job_sums_has(const struct job_sums *s, uint64_t job)
{
    return find(s, job) != NULL;
}

int job_sums_add(struct job_sums *s, const struct run_record *r)
{
    struct job *j = find(s, r->job);

    if (!j) {
        j = calloc(1, sizeof(*j));
        if (!j)
            return -ENOMEM;
        j->key = r->job;
        if (TABLE_ADD(s->head, key, j) < 0) {
            free(j);
            return -ENOMEM;
        }
    }
    return add_ok(j->records.core_s, r->core_s, &j->records.core_s)
                   && add_ok(j->records.gpu_s, r->gpu_s, &j->records.gpu_s)
                   && add_ok(j->records.mem_mib_s, r->mem_mib_s, &j->records.mem_mib_s)
                   && add_ok(j->records.milli, r->milli, &j->records.milli)
               ? 0
               : -EOVERFLOW;
}

/* --- lines --------------------------------------------------------------------------
 */

struct reading {
    struct job_sums *sums;
    struct period year;
    uint64_t size;
    uint64_t *index;
    struct hash *leaves;
    size_t n;
    size_t cap;
};

static bool add_steps(struct job *j, const struct posting *p, size_t n)
{
    struct sums *x = &j->lines;
    bool ok = true;

    for (size_t i = 0; i < n; i++) {
        if (!strncmp(p[i].to, "spent:", 6))
            ok = ok && add_ok(x->milli, p[i].milli, &x->milli);
        if (!strncmp(p[i].from, "spent:", 6))
            ok = ok && add_ok(x->milli, -p[i].milli, &x->milli);
    }
    if (p->has_raw)
        ok = ok && add_ok(x->core_s, p->raw.core_s, &x->core_s)
             && add_ok(x->gpu_s, p->raw.gpu_s, &x->gpu_s)
             && add_ok(x->mem_mib_s, p->raw.mem_mib_s, &x->mem_mib_s);
    return ok;
}

static int keep_leaf(struct reading *x, uint64_t seq, const struct hash *leaf)
{
    if (x->n == x->cap) {
        size_t cap = x->cap ? x->cap + x->cap / 2 : 256;
        uint64_t *index = reallocarray(x->index, cap, sizeof(*index));
        struct hash *leaves;

        if (!index)
            return -ENOMEM;
        x->index = index;
        leaves = reallocarray(x->leaves, cap, sizeof(*leaves));
        if (!leaves)
            return -ENOMEM;
        x->leaves = leaves;
        x->cap = cap;
    }
    x->index[x->n] = seq;
    x->leaves[x->n++] = *leaf;
    return 0;
}

static int take_line(const char *line, size_t n, void *arg, struct err *err)
{
    struct reading *x = arg;
    struct posting p[TXN_POSTINGS_MAX];
    struct hash leaf;
    struct job *j;
    size_t n_p = 0;
    int64_t at;

    if (line_read(line, n, p, &n_p, err) < 0)
        return -EILSEQ;
    if (p->seq >= x->size || (x->n && p->seq <= x->index[x->n - 1]))
        return err_set(err, -EILSEQ,
                       "line %" PRIu64 " of the journal is out of order, twice, or "
                       "behind what was signed",
                       p->seq);
    j = find(x->sums, p->job);
    if (!j)
        return err_set(err, -EILSEQ, "job %" PRIu64 " has no record here", p->job);
    at = p->at.us / US_PER_S;
    if (at < x->year.from || at >= x->year.until)
        j->elsewhen = true;
    if (!add_steps(j, p, n_p))
        return err_set(err, -EILSEQ, "the sums of job %" PRIu64 " do not fit", p->job);
    if (merkle_leaf(line, n, &leaf) < 0 || keep_leaf(x, p->seq, &leaf) < 0)
        return err_set(err, -ENOMEM, "not enough memory");
    return 0;
}

static bool agrees(const struct job *j)
{
    const struct sums *r = &j->records, *l = &j->lines;

    if (j->elsewhen)
        return r->core_s <= l->core_s && r->gpu_s <= l->gpu_s
               && r->mem_mib_s <= l->mem_mib_s && r->milli <= l->milli;
    return r->core_s == l->core_s && r->gpu_s == l->gpu_s
           && r->mem_mib_s == l->mem_mib_s && r->milli == l->milli;
}

static int compare(const struct bundle_center *c,
                   const struct job_sums *s,
                   struct err *err)
{
    const struct job *first = NULL;

    for (const struct job *j = s->head; j; j = j->hh.next)
        if (!agrees(j) && (!first || j->key < first->key))
            first = j;
    if (!first)
        return 0;
    return err_set(err, -EILSEQ,
                   "records/%s.jsonl: job %" PRIu64 " has %" PRIu64 " core-seconds and "
                   "%" PRId64 " thousandths of a unit, the signed books say %" PRIu64
                   " and %" PRId64,
                   c->id, first->key, first->records.core_s, first->records.milli,
                   first->lines.core_s, first->lines.milli);
}

/* --- the proof ----------------------------------------------------------------------
 */

static bool read_hash(const char *text, struct hash *h)
{
    for (size_t i = 0; i < sizeof(h->b); i++) {
        unsigned v = 0;

        for (int k = 0; k < 2; k++) {
            char c = text[2 * i + (size_t)k];

            if (c >= '0' && c <= '9')
                v = v * 16 + (unsigned)(c - '0');
            else if (c >= 'a' && c <= 'f')
                v = v * 16 + (unsigned)(c - 'a' + 10);
            else
                return false;
        }
        h->b[i] = (uint8_t)v;
    }
    return text[2 * sizeof(h->b)] == '\0';
}

struct proof_file {
    struct hashes hashes;
    uint64_t size;
    bool begun;
};

static int take_hash(const char *line, size_t n, void *arg, struct err *err)
{
    struct proof_file *f = arg;
    char text[HASH_TEXT_CAP];
    struct hash h;

    if (n >= sizeof(text))
        return err_set(err, -EILSEQ, "a hash has 64 digits");
    memcpy(text, line, n);
    text[n] = '\0';
    if (!f->begun) {
        f->begun = true;
        return measure_u64(text, 0, INT64_MAX, &f->size, err) < 0 ? -EILSEQ : 0;
    }
    if (!read_hash(text, &h))
        return err_set(err, -EILSEQ, "a hash has 64 digits");
    return hashes_add(&f->hashes, &h) < 0 ? err_set(err, -ENOMEM, "not enough memory")
                                          : 0;
}

static int check_root(const char *dir,
                      const struct bundle_center *c,
                      const struct reading *x,
                      const struct checkpoint *point,
                      struct err *err)
{
    char name[BUNDLE_PATH_CAP], path[PATH_BYTES];
    struct proof_file f = {0};
    struct hash root;
    int r;

    (void)snprintf(name, sizeof(name), "proofs/%s.txt", c->id);
    r = bundle_path(dir, name, path, err);
    if (r == 0)
        r = journal_file_each(path, take_hash, &f, err);
    if (r == 0 && f.size != point->size)
        r = err_set(err, -EILSEQ, "%s: it is for another checkpoint", name);
    if (r == 0) {
        r = proof_root(point->size, x->index, x->leaves, x->n, &f.hashes, &root);
        if (r == -EBADMSG || (r == 0 && memcmp(&root, &point->root, sizeof(root)) != 0))
            r = err_set(err, -EILSEQ,
                        "%s: the lines in journal/%s.jsonl are not those of the signed "
                        "journal",
                        name, c->id);
    }
    hashes_release(&f.hashes);
    return r == -ENOENT || r == -EBADMSG ? -EILSEQ : r;
}

static int read_note(const char *dir,
                     const struct bundle_center *c,
                     struct checkpoint *point,
                     unsigned *others,
                     struct err *err)
{
    char name[BUNDLE_PATH_CAP], keys[PATH_BYTES];
    struct buf note = BUF_INIT(NOTE_BYTES);
    int r = bundle_path(dir, "keys", keys, err);

    (void)snprintf(name, sizeof(name), "checkpoints/%s.note", c->id);
    if (r == 0)
        r = bundle_read(dir, name, NOTE_BYTES, &note, err);
    if (r == 0)
        r = err_prefix(err,
                       note_check(buf_text(&note), keys, c->id, point, others, err),
                       "%s", name);
    buf_release(&note);
    return r == -EBADMSG || r == -ENOENT ? -EILSEQ : r;
}

int check_books(const char *dir,
                const struct bundle_about *a,
                const struct bundle_center *c,
                struct job_sums *sums,
                struct bundle_found *f,
                struct err *err)
{
    struct reading x = {.sums = sums, .year = bundle_about_span(a)};
    char name[BUNDLE_PATH_CAP], path[PATH_BYTES];
    struct checkpoint point;
    unsigned others = 0;
    int r = read_note(dir, c, &point, &others, err);

    (void)snprintf(name, sizeof(name), "journal/%s.jsonl", c->id);
    if (r == 0)
        r = bundle_path(dir, name, path, err);
    if (r == 0) {
        x.size = point.size;
        r = journal_file_each(path, take_line, &x, err);
    }
    if (r == 0)
        r = check_root(dir, c, &x, &point, err);
    if (r == 0)
        r = compare(c, sums, err);
    if (r == 0) {
        f->lines += x.n;
        f->countersigned += others > 0;
    }
    free(x.index);
    free(x.leaves);
    return r == -EBADMSG || r == -ENOENT ? -EILSEQ : r;
}
