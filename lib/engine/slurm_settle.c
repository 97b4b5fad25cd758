/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_settle - what was settled here, against what Slurm says
 *
 * Each end is one line of SPOOL/settled:
 *
 *     CENTER/CLUSTER/JOB/SUBMIT/RESTARTS ID EPOCH STATE ELAPSED_S CORES
 *
 * The first word is the settlement key: Slurm's numbers come again after its state was
 * lost or cleaned, its number with the submit time does not.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/measure.h"
#include "base/path.h"
#include "base/words.h"
#include "engine/slurm_int.h"

#include "base/banned.h"

#define SETTLED_MAX (64u << 20)
#define LINE_MAX_BYTES 512

static int log_path(const struct slurm *e, char path[PATH_MAX])
{
    return path_join(path, PATH_MAX, e->spool, "settled");
}

void settle_key(struct sjob *j, const struct slurm_job *s)
{
    (void)snprintf(j->key, sizeof(j->key), "%.40s/%.40s/%u/%" PRId64 "/%u",
                   j->e->center, j->e->cluster, s->id, s->submit_s, s->restarts);
}

void settle_write(const struct sjob *j)
{
    char path[PATH_MAX];
    char line[LINE_MAX_BYTES];
    _cleanup_(closep) int fd = -1;
    int n = snprintf(line, sizeof(line), "%s %" PRIu64 " %u %s %" PRIu64 " %u\n",
                     j->key[0] ? j->key : "-", j->id, j->epoch,
                     job_state_word(j->outcome), j->usage.elapsed_s, j->usage.n_cores);

    if (log_path(j->e, path) == 0)
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || n < 0 || write(fd, line, (size_t)n) != n)
        log_warn("job %" PRIu64 ": its settlement cannot be noted in %s: %s", j->id,
                 j->e->spool, strerror(errno));
}

/* The line of one run, by its key. */
struct line {
    char key[TITLE_CAP];
    UT_hash_handle hh;
    uint64_t elapsed_s;
};

static void lines_free(struct line *all)
{
    struct line *x;
    struct line *next;

    TABLE_FOREACH (all, x, next) {
        HASH_DEL(all, x);
        free(x);
    }
}

static int add_line(struct line **all, const char *text)
{
    struct words w = WORDS_INIT(8, LINE_MAX_BYTES);
    struct line *x = NULL;
    struct line *old = NULL;
    int r = words_split(&w, text, " ");

    if (r == 0 && w.n == 6 && (x = calloc(1, sizeof(*x)))
        && word_copy(x->key, sizeof(x->key), w.v[0])
        && measure_u64(w.v[4], 0, INT64_MAX, &x->elapsed_s, NULL) == 0) {
        HASH_FIND(hh, *all, x->key, sizeof(x->key), old);
        if (!old && TABLE_ADD(*all, key, x) == 0)
            x = NULL;
    }
    free(x);
    words_release(&w);
    return r;
}

static int read_lines(const struct slurm *e, struct line **ret_all)
{
    struct buf b = BUF_INIT(SETTLED_MAX);
    struct line *all = NULL;
    char path[PATH_MAX];
    int r = log_path(e, path);

    if (!r)
        r = path_read(path, &b, NULL);
    if (r == -ENOENT)
        r = 0; /* nothing was settled yet */
    if (!r && b.len) {
        char *rest = NULL;

        buf_putc(&b, '\0');
        for (char *l = b.err ? NULL : strtok_r(b.data, "\n", &rest); l;
             l = strtok_r(NULL, "\n", &rest))
            (void)add_line(&all, l); /* a torn line is one that was not settled */
    }
    buf_release(&b);
    *ret_all = all;
    return r;
}

int engine_slurm_sweep(struct engine *en,
                       struct wall since,
                       void (*each)(const struct engine_slurm_difference *d, void *arg),
                       void *arg)
{
    struct slurm *e = (struct slurm *)en; /* its first member */
    struct line *all = NULL;
    struct seen *x;
    struct seen *next;
    int n = 0;
    int r;

    if (!e->whole)
        return -EAGAIN;
    r = read_lines(e, &all);
    if (r)
        return r;
    TABLE_FOREACH (e->seen, x, next) {
        struct engine_slurm_difference d = {.id = x->id_ours, .slurm_job = x->id};
        const struct sjob *j = sjob_find(e, x->id_ours);
        char key[TITLE_CAP] = "";
        struct line *l;

        if (!x->id_ours || !x->over || x->submit_s * US_PER_S < since.us
            || x->elapsed_s == 0 || (j && j->state < SJOB_ENDED))
            continue;
        (void)snprintf(key, sizeof(key), "%.40s/%.40s/%u/%" PRId64 "/%u", e->center,
                       e->cluster, x->id, x->submit_s, x->restarts);
        HASH_FIND(hh, all, key, sizeof(key), l);
        d.key = key;
        if (!l)
            d.what = "ran in Slurm and was never settled here";
        else if (l->elapsed_s != x->elapsed_s)
            d.what = "took another time in Slurm than was settled here";
        if (!d.what)
            continue;
        n++;
        each(&d, arg);
    }
    lines_free(all);
    return n;
}
