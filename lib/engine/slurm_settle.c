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
#include "base/number.h"
#include "base/path.h"
#include "base/words.h"
#include "engine/slurm_int.h"

#include "base/banned.h"

#define SETTLED_MAX (64u << 20)
#define LINE_MAX_BYTES 512
#define SWEEP_FIRST_S 600U  /* after our start */
#define SWEEP_OVERLAP_S 600 /* a run that was being settled in the last one */

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

/* --- the sweep ------------------------------------------------------------------- */

#define RESTARTS_MAX 9 /* ours are never requeued; an administrator may have */

struct sweep {
    struct slurm *e;
    struct line *settled;
    struct ends_note *sent; /* what was submitted, by Slurm's number */
    struct wall since;
    void (*each)(const struct engine_slurm_difference *d, void *arg);
    void *arg;
    int n;
};

struct ends_note {
    uint32_t slurm_job;
    UT_hash_handle hh;
    struct ends_sent s;
};

static void compare(struct sweep *w,
                    uint64_t id,
                    uint32_t slurm_job,
                    const char *key,
                    const struct line *l,
                    uint64_t elapsed_s)
{
    struct engine_slurm_difference d = {.id = id, .slurm_job = slurm_job, .key = key};

    if (!l)
        d.what = "ran in Slurm and was never settled here";
    else if (l->elapsed_s != elapsed_s)
        d.what = "took another time in Slurm than was settled here";
    if (!d.what)
        return;
    w->n++;
    w->each(&d, w->arg);
}

static const struct line *line_of(const struct sweep *w,
                                  uint32_t job,
                                  int64_t submit_s,
                                  uint32_t restarts,
                                  char key[TITLE_CAP])
{
    struct line *l = NULL;

    memset(key, 0, TITLE_CAP);
    (void)snprintf(key, TITLE_CAP, "%.40s/%.40s/%u/%" PRId64 "/%u", w->e->center,
                   w->e->cluster, job, submit_s, restarts);
    HASH_FIND(hh, w->settled, key, TITLE_CAP, l);
    return l;
}

static bool is_live(const struct sweep *w, uint64_t id)
{
    const struct sjob *j = sjob_find(w->e, id);

    return j && j->state < SJOB_ENDED;
}

static void sweep_memory(struct sweep *w)
{
    struct seen *x;
    struct seen *next;
    char key[TITLE_CAP];

    TABLE_FOREACH (w->e->seen, x, next) {
        if (!x->id_ours || !x->over || x->submit_s * US_PER_S < w->since.us
            || x->elapsed_s == 0 || is_live(w, x->id_ours))
            continue;
        compare(w, x->id_ours, x->id, key,
                line_of(w, x->id, x->submit_s, x->restarts, key), x->elapsed_s);
    }
}

static void sweep_sent(const struct ends_sent *s, void *arg)
{
    struct sweep *w = arg;
    struct ends_note *x = NULL;

    TABLE_FIND(w->sent, &s->slurm_job, x);
    if (!x) {
        x = calloc(1, sizeof(*x));
        if (!x)
            return; /* no memory: the next sweep */
        x->slurm_job = s->slurm_job;
        if (TABLE_ADD(w->sent, slurm_job, x)) {
            free(x);
            return;
        }
    }
    x->s = *s; /* the last counts: numbers come again after a lost state */
}

/* A record of a job that Slurm itself has forgotten. */
static void sweep_record(const struct slurm_job *s, void *arg)
{
    struct sweep *w = arg;
    struct ends_note *x = NULL;
    struct seen *seen = NULL;
    const struct line *l = NULL;
    char key[TITLE_CAP];

    TABLE_FIND(w->sent, &s->id, x);
    TABLE_FIND(w->e->seen, &s->id, seen);
    if (!x || !ends_same(&x->s, s) || s->submit_s * US_PER_S < w->since.us
        || s->start_s <= 0 || s->end_s <= s->start_s || is_live(w, x->s.id)
        || (seen && seen->submit_s == s->submit_s))
        return;
    for (uint32_t restarts = 0; restarts <= RESTARTS_MAX && !l; restarts++)
        l = line_of(w, s->id, s->submit_s, restarts, key);
    if (!l)
        (void)line_of(w, s->id, s->submit_s, 0, key);
    compare(w, x->s.id, s->id, key, l, (uint64_t)(s->end_s - s->start_s));
}

int engine_slurm_sweep(struct engine *en,
                       struct wall since,
                       void (*each)(const struct engine_slurm_difference *d, void *arg),
                       void *arg)
{
    struct slurm *e = (struct slurm *)en; /* its first member */
    struct sweep w = {.e = e, .since = since, .each = each, .arg = arg};
    struct ends_note *x;
    struct ends_note *next;
    int r;

    if (!e->whole)
        return -EAGAIN;
    r = read_lines(e, &w.settled);
    if (r)
        return r;
    sweep_memory(&w);
    ends_each(e, sweep_sent, sweep_record, &w);
    lines_free(w.settled);
    TABLE_FOREACH (w.sent, x, next) {
        HASH_DEL(w.sent, x);
        free(x);
    }
    return w.n;
}

static void say(const struct engine_slurm_difference *d, void *arg)
{
    (void)arg;
    log_warn("sweep: job %" PRIu64 " (%s): %s", d->id, d->key, d->what);
}

static void again(struct slurm *e, uint32_t in_s)
{
    struct timeval tv = {.tv_sec = in_s};

    (void)evtimer_add(e->sweep, &tv); /* cannot fail: it has its slot */
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct slurm *e = arg;
    struct wall now = now_read().wall;
    int n = engine_slurm_sweep(&e->engine, e->swept, say, NULL);

    (void)fd;
    (void)what;
    if (n == -EAGAIN) { /* slurmctld has not answered yet */
        again(e, MIN(e->sweep_s, SWEEP_FIRST_S));
        return;
    }
    if (n < 0)
        log_warn("sweep: %s", strerror(-n));
    else
        log_info("sweep: %d differences between Slurm and what was settled", n);
    e->swept = (struct wall){now.us - SWEEP_OVERLAP_S * US_PER_S};
    again(e, e->sweep_s);
}

int settle_open(struct slurm *e)
{
    e->swept = (struct wall){now_read().wall.us
                             - (e->sweep_s + (int64_t)SWEEP_OVERLAP_S) * US_PER_S};
    e->sweep = evtimer_new(e->base, on_sweep, e);
    if (!e->sweep)
        return -ENOMEM;
    if (e->sweep_s)
        again(e, MIN(e->sweep_s, SWEEP_FIRST_S));
    return 0;
}

void settle_close(struct slurm *e)
{
    if (e->sweep)
        event_free(e->sweep);
    e->sweep = NULL;
}
