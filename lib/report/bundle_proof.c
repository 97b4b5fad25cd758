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
#include "report/bundle_int.h"
#include "report/bundle_say.h"
#include "report/calendar.h"
#include "report/job_sums.h"
#include "report/journal_file.h"
#include "report/note_check.h"
#include "report/proof.h"

#include "base/banned.h"

#define NOTE_BYTES ((size_t)64 << 10)

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
    struct job_sum *j;
    size_t n_p = 0;
    int64_t at;

    if (line_read(line, n, p, &n_p, err) < 0)
        return -EILSEQ;
    if (p->seq >= x->size || (x->n && p->seq <= x->index[x->n - 1]))
        return err_set(err, -EILSEQ,
                       "line %" PRIu64 " of the journal is out of order, twice, or "
                       "behind what was signed",
                       p->seq);
    j = job_sums_find(x->sums, p->job);
    if (!j)
        return err_set(err, -EILSEQ, "job %" PRIu64 " has no record here", p->job);
    at = p->at.us / US_PER_S;
    if (at < x->year.from || at >= x->year.until)
        j->elsewhen = true;
    if (!job_sum_book(j, p, n_p))
        return err_set(err, -EILSEQ, "the sums of job %" PRIu64 " do not fit", p->job);
    if (merkle_leaf(line, n, &leaf) < 0 || keep_leaf(x, p->seq, &leaf) < 0)
        return err_set(err, -ENOMEM, "not enough memory");
    return 0;
}

static int compare(const struct bundle_center *c,
                   const struct job_sums *s,
                   struct err *err)
{
    const struct job_sum *first = job_sums_contradiction(s);

    if (!first)
        return 0;
    return err_set(err, -EILSEQ,
                   "records/%s.jsonl: job %" PRIu64 " has %" PRIu64 " core-seconds and "
                   "%" PRId64 " thousandths of a unit, the signed books say %" PRIu64
                   " and %" PRId64,
                   c->id, first->job, first->records.core_s, first->records.milli,
                   first->lines.core_s, first->lines.milli);
}

/* --- the proof ----------------------------------------------------------------------
 */

/* 0 to 15; 255 = not a digit. */
static uint8_t digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (uint8_t)(c - '0');
    return c >= 'a' && c <= 'f' ? (uint8_t)(c - 'a' + 10) : 255;
}

/* [2 * sizeof(h->b)] digits. */
static bool read_hash(const char *text, struct hash *h)
{
    unsigned bad = 0;

    for (size_t i = 0; i < sizeof(h->b); i++) {
        uint8_t high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);

        bad |= (unsigned)(high | low) & 0xf0;
        h->b[i] = (uint8_t)(high << 4 | (low & 15));
    }
    return bad == 0;
}

struct proof_file {
    struct hashes hashes;
    uint64_t size;
    bool begun;
};

static int take_hash(const char *line, size_t n, void *arg, struct err *err)
{
    struct proof_file *f = arg;
    char text[24];
    struct hash h;

    if (!f->begun) {
        if (n >= sizeof(text))
            return err_set(err, -EILSEQ, "the size of a journal is expected");
        memcpy(text, line, n);
        text[n] = '\0';
        f->begun = true;
        return measure_u64(text, 0, INT64_MAX, &f->size, err) < 0 ? -EILSEQ : 0;
    }
    if (n != 2 * sizeof(h.b) || !read_hash(line, &h))
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

    if (r == 0 && job_sums_sort(sums) < 0)
        r = err_set(err, -EILSEQ, "the sums of a job do not fit");

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
