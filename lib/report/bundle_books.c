/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * bundle_books - a center's journal lines in a bundle, and that they are in its journal
 *
 * The whole journal is walked when the bundle is made; what goes in are the settlements
 * (S…) and refunds (F…) of the jobs that the bundle has records of, the signed
 * checkpoint, and one proof for all of those lines together.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "report/bundle_int.h"
#include "report/bundle_say.h"
#include "report/job_sums.h"
#include "report/journal_file.h"
#include "report/note_check.h"
#include "report/proof.h"
#include "report/record_file.h"

#include "base/banned.h"

#define NOTE_BYTES ((size_t)64 << 10)

struct binder {
    const char *dir;
    const char *books;
    const struct bundle_center *center;
    struct checkpoint point;
    struct job_sums *jobs;
    struct prover *prover;
    struct chain chain;
    FILE *lines;
};

static int copy_file(const char *from_dir,
                     const char *from,
                     const char *dir,
                     const char *name,
                     struct err *err)
{
    struct buf b = BUF_INIT(NOTE_BYTES);
    char path[PATH_BYTES];
    int r = bundle_path(from_dir, from, path, err);
    FILE *out = NULL;

    if (r == 0)
        r = path_read(path, &b, err);
    if (r == 0)
        out = bundle_create(dir, name, &r, err);
    if (out) {
        (void)fwrite(buf_text(&b), 1, b.len, out); /* bundle_close() asks */
        r = bundle_close(out, name, 0, err);
    }
    buf_release(&b);
    return r;
}

static int read_jobs(struct binder *b, struct err *err)
{
    _cleanup_(record_file_freep) struct record_file *f = NULL;
    char name[BUNDLE_PATH_CAP], path[PATH_BYTES];
    struct run_record rec;
    int r, more;

    (void)snprintf(name, sizeof(name), "records/%s.jsonl", b->center->id);
    r = bundle_path(b->dir, name, path, err);
    if (r == 0)
        r = record_file_open(path, &f, err);
    while (r == 0) {
        more = record_file_next(f, &rec, err);
        if (more <= 0)
            return more;
        r = job_sums_add(b->jobs, &rec);
    }
    return r;
}

/* A line of the whole journal. */
static int take_line(const char *line, size_t n, void *arg, struct err *err)
{
    struct binder *b = arg;
    struct posting p[TXN_POSTINGS_MAX];
    struct hash leaf;
    size_t n_p = 0;
    bool ours;
    int r;

    if (b->chain.seq == b->point.size)
        return 0; /* newer than what was signed */
    r = chain_follow(&b->chain, line, n, err);
    if (r == 0)
        r = line_read(line, n, p, &n_p, err);
    if (r == 0 && merkle_leaf(line, n, &leaf) < 0)
        r = err_set(err, -ENOMEM, "not enough memory");
    if (r < 0)
        return r;
    ours = (p->txn[0] == 'S' || p->txn[0] == 'F') && p->job
           && job_sums_find(b->jobs, p->job) != NULL;
    if (ours) {
        (void)fwrite(line, 1, n, b->lines); /* bundle_close() asks */
        (void)fputc('\n', b->lines);
    }
    return prover_add(b->prover, &leaf, ours) < 0
               ? err_set(err, -ENOMEM, "not enough memory")
               : 0;
}

static int put_proof(struct binder *b, struct err *err)
{
    char name[BUNDLE_PATH_CAP], text[HASH_TEXT_CAP];
    struct hashes proof = {0};
    struct hash root;
    FILE *out;
    int r;

    if (b->chain.seq != b->point.size)
        return err_set(err, -EBADMSG,
                       "the journal of %s has %" PRIu64 " lines, %" PRIu64
                       " were signed: is the file whole?",
                       b->center->id, b->chain.seq, b->point.size);
    if (prover_end(b->prover, &root, &proof) < 0)
        return err_set(err, -ENOMEM, "not enough memory");
    (void)snprintf(name, sizeof(name), "proofs/%s.txt", b->center->id);
    if (memcmp(&root, &b->point.root, sizeof(root)) != 0) {
        r = err_set(err, -EBADMSG,
                    "the journal of %s is not the one that was signed: another root",
                    b->center->id);
    } else {
        out = bundle_create(b->dir, name, &r, err);
        if (out) {
            (void)fprintf(out, "%" PRIu64 "\n", b->point.size);
            for (size_t i = 0; i < proof.n; i++)
                (void)fprintf(out, "%s\n", hash_text(&proof.v[i], text));
            r = bundle_close(out, name, 0, err);
        }
    }
    hashes_release(&proof);
    return r;
}

static int bind_lines(struct binder *b, struct err *err)
{
    char name[BUNDLE_PATH_CAP], path[PATH_BYTES];
    int r;

    (void)snprintf(name, sizeof(name), "%s.journal", b->center->id);
    r = bundle_path(b->books, name, path, err);
    if (r < 0)
        return r;
    (void)snprintf(name, sizeof(name), "journal/%s.jsonl", b->center->id);
    b->lines = bundle_create(b->dir, name, &r, err);
    if (!b->lines)
        return r;
    r = journal_file_each(path, take_line, b, err);
    r = bundle_close(b->lines, name, r, err);
    return r < 0 ? r : put_proof(b, err);
}

/* Keys of everybody who signed and whose key is in the books. */
static int copy_keys(const char *dir,
                     const char *books,
                     const struct bundle_about *a,
                     struct err *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < a->n_centers; i++) {
        char from[BUNDLE_PATH_CAP], name[BUNDLE_PATH_CAP], path[PATH_BYTES];

        (void)snprintf(from, sizeof(from), "%s.pub", a->centers[i].id);
        (void)snprintf(name, sizeof(name), "keys/%s.pub", a->centers[i].id);
        r = bundle_path(books, from, path, err);
        if (r == 0 && access(path, R_OK) == 0)
            r = copy_file(books, from, dir, name, err);
    }
    return r;
}

static int bind_center(const char *dir,
                       const char *books,
                       struct bundle_center *c,
                       struct err *err)
{
    struct binder b = {.dir = dir, .books = books, .center = c};
    char from[BUNDLE_PATH_CAP], name[BUNDLE_PATH_CAP], path[PATH_BYTES];
    struct buf note = BUF_INIT(NOTE_BYTES);
    unsigned others;
    int r;

    (void)snprintf(from, sizeof(from), "%s.note", c->id);
    (void)snprintf(name, sizeof(name), "checkpoints/%s.note", c->id);
    r = bundle_path(books, from, path, err);
    if (r < 0)
        return r;
    if (access(path, R_OK) != 0)
        return 0; /* it keeps no signed books, or they did not come */
    b.jobs = job_sums_new();
    b.prover = prover_new();
    r = b.jobs && b.prover ? path_read(path, &note, err)
                           : err_set(err, -ENOMEM, "not enough memory");
    if (r == 0)
        r = err_prefix(
            err, note_check(buf_text(&note), books, c->id, &b.point, &others, err),
            "%s", path);
    if (r == 0)
        r = copy_file(books, from, dir, name, err);
    if (r == 0)
        r = read_jobs(&b, err);
    if (r == 0)
        r = job_sums_sort(b.jobs);
    if (r == 0)
        r = bind_lines(&b, err);
    c->proven = r == 0;
    buf_release(&note);
    job_sums_free(b.jobs);
    prover_free(b.prover);
    return r;
}

int bundle_write_books(const char *dir,
                       const char *books,
                       struct bundle_about *a,
                       struct err *err)
{
    int r = copy_keys(dir, books, a, err);

    for (size_t i = 0; r == 0 && i < a->n_centers; i++)
        r = bind_center(dir, books, &a->centers[i], err);
    return r;
}
