/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* trace - a log as a stream of jobs in order of submission */
#include "config.h"

#include "sim/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "base/number.h"
#include "sim/lublin.h"
#include "sim/trace_int.h"

#include "base/banned.h"

#define LINE_MAX_BYTES 65536
#define BATCH 1024

struct entry {
    struct trace_job job;
    uint64_t line;
};

struct trace {
    struct trace_spec spec;
    gzFile file;
    bool is_made; /* not a file */
    struct lublin made;
    char *line;
    uint64_t n_lines;
    bool is_sacct;
    struct sacct_columns columns;
    bool have_zero;
    int64_t zero_s; /* moment of the log that is second 0 */
    int64_t latest_s;
    bool whole; /* everything is in v, sorted */
    bool at_end;
    /* A heap by (submit, line): what may still be overtaken by a moved submission;
     * or, sorted, the whole log. */
    struct entry *v;
    size_t n;
    size_t cap;
    size_t next; /* of the whole log */
    uint64_t left_out;
    double cpu_s;
};

static double cpu_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail for this clock */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool before(const struct entry *a, const struct entry *b)
{
    return a->job.submit_s != b->job.submit_s ? a->job.submit_s < b->job.submit_s
                                              : a->line < b->line;
}

static int by_submit(const void *a, const void *b)
{
    return before(a, b) ? -1 : 1;
}

/* 1 and a line without its end, 0, or an error. */
static int read_line(struct trace *t, struct err *err)
{
    size_t n;

    if (!gzgets(t->file, t->line, LINE_MAX_BYTES)) {
        int code = 0;
        const char *text = gzerror(t->file, &code);

        if (code != Z_OK && code != Z_STREAM_END)
            return err_set(err, -EIO, "%s: %s", t->spec.path, text);
        return 0;
    }
    t->n_lines++;
    n = strlen(t->line);
    if (n + 1 == LINE_MAX_BYTES)
        return err_set(err, -EINVAL, "%s:%llu: the line is longer than %d bytes",
                       t->spec.path, (unsigned long long)t->n_lines,
                       LINE_MAX_BYTES - 2);
    if (n > 0 && t->line[n - 1] == '\n')
        t->line[n - 1] = '\0';
    return 1;
}

/* 1 and a job with the log's own submit time, 0 at the end, or an error. */
static int read_row(struct trace *t, struct trace_job *ret_job, struct err *err)
{
    int r;

    if (t->is_made) {
        t->n_lines++;
        return lublin_next(&t->made, ret_job);
    }
    while ((r = read_line(t, err)) > 0) {
        const char *p = t->line + strspn(t->line, " \t\r");

        if (!*p || *p == ';')
            continue;
        r = t->is_sacct ? sacct_row(&t->spec, &t->columns, t->line, ret_job, err)
                        : swf_row(&t->spec, p, ret_job, err);
        if (r < 0)
            return err_prefix(err, r, "%s:%llu", t->spec.path,
                              (unsigned long long)t->n_lines);
        if (r == ROW_JOB)
            return 1;
        t->left_out++;
    }
    return r;
}

static int start_over(struct trace *t, struct err *err)
{
    t->n_lines = 0;
    t->left_out = 0;
    if (t->is_made)
        lublin_begin(&t->made);
    else if (gzrewind(t->file) < 0)
        return err_set(err, -EIO, "%s: it cannot be read twice", t->spec.path);
    return t->is_sacct ? read_line(t, err) : 1;
}

/* Which kind, and whether submissions are in order. */
static int look_through(struct trace *t, bool *ret_sorted, struct err *err)
{
    struct trace_job j;
    int64_t last = INT64_MIN;
    int64_t first = INT64_MAX;
    bool sorted = true;
    int r = t->is_made ? 0 : read_line(t, err);

    if (r < 0)
        return r;
    if (r > 0 && strchr(t->line, '|')) {
        t->is_sacct = true;
        r = sacct_header(t->line, &t->columns, err);
        if (r < 0)
            return err_prefix(err, r, "%s:1", t->spec.path);
    }
    r = start_over(t, err);
    if (r < 0)
        return r;
    while ((r = read_row(t, &j, err)) > 0) {
        sorted = sorted && j.submit_s >= last;
        last = j.submit_s;
        first = MIN(first, j.submit_s);
    }
    if (r < 0)
        return r;
    if (!t->spec.partition && first != INT64_MAX)
        t->zero_s = first + t->spec.since_s;
    else if (t->is_sacct && first != INT64_MAX)
        t->zero_s = first + t->spec.since_s;
    *ret_sorted = sorted;
    return 0;
}

static int push(struct trace *t, const struct entry *e)
{
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 1024;
        struct entry *v = realloc(t->v, cap * sizeof(*v));

        if (!v)
            return -ENOMEM;
        t->v = v;
        t->cap = cap;
    }
    t->v[t->n++] = *e;
    return 0;
}

/* splitmix64: the same moves on every machine. */
static uint64_t move_of(uint64_t seed, uint64_t line)
{
    uint64_t z =
        seed * UINT64_C(0xd1342543de82ef95) + line * UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* One job with times from second 0 on: 1, 0, or an error. */
static int read_job(struct trace *t, struct entry *e, struct err *err)
{
    int r;

    while ((r = read_row(t, &e->job, err)) > 0) {
        e->line = t->n_lines;
        e->job.submit_s -= t->zero_s;
        if (e->job.submit_s < 0)
            continue;
        if (e->job.submit_s >= t->spec.until_s) {
            if (!t->whole)
                return 0;
            continue;
        }
        t->latest_s = e->job.submit_s;
        if (t->spec.jitter_s) {
            int64_t span = 2 * (int64_t)t->spec.jitter_s + 1;
            int64_t by = (int64_t)(move_of(t->spec.seed, e->line) % (uint64_t)span)
                         - t->spec.jitter_s;

            e->job.submit_s = MAX(e->job.submit_s + by, (int64_t)0);
        }
        return 1;
    }
    return r;
}

static int read_whole(struct trace *t, struct err *err)
{
    struct entry e;
    int r;

    t->whole = true;
    while ((r = read_job(t, &e, err)) > 0)
        if (push(t, &e) < 0)
            return err_set(err, -ENOMEM, "no memory to sort %s", t->spec.path);
    if (r == 0 && t->n > 0)
        qsort(t->v, t->n, sizeof(*t->v), by_submit);
    return r;
}

int trace_open(const struct trace_spec *spec, struct trace **ret_t, struct err *err)
{
    struct trace *t = calloc(1, sizeof(*t));
    double from = cpu_now();
    bool sorted = true;
    int r;

    if (!t)
        return -ENOMEM;
    t->spec = *spec;
    t->line = malloc(LINE_MAX_BYTES);
    r = lublin_parse(spec->path, spec->procs, &t->made, err);
    t->is_made = r > 0;
    if (r == 0) {
        t->file = gzopen(spec->path, "rb");
        if (!t->file)
            r = err_set(err, -errno, "%s: %s", spec->path, strerror(errno));
    }
    if (r < 0 || !t->line) {
        trace_close(t);
        return r < 0 ? r : -ENOMEM;
    }
    if (t->file)
        (void)gzbuffer(t->file, 1u << 17); /* it works with the default too */
    r = look_through(t, &sorted, err);
    if (r == 0)
        r = start_over(t, err);
    if (r >= 0 && !sorted)
        r = read_whole(t, err);
    if (r < 0) {
        trace_close(t);
        return r;
    }
    t->cpu_s = cpu_now() - from;
    *ret_t = t;
    return 0;
}

void *trace_close(struct trace *t)
{
    if (!t)
        return NULL;
    if (t->file)
        (void)gzclose_r(t->file); /* it was only read */
    free(t->line);
    free(t->v);
    free(t);
    return NULL;
}

static void sift_up(struct entry *v, size_t i)
{
    struct entry e = v[i];

    while (i > 0 && before(&e, &v[(i - 1) / 2])) {
        v[i] = v[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    v[i] = e;
}

static struct entry pop(struct trace *t)
{
    struct entry top = t->v[0];
    struct entry e = t->v[--t->n];
    size_t i = 0;

    for (;;) {
        size_t c = 2 * i + 1;

        if (c >= t->n)
            break;
        if (c + 1 < t->n && before(&t->v[c + 1], &t->v[c]))
            c++;
        if (!before(&t->v[c], &e))
            break;
        t->v[i] = t->v[c];
        i = c;
    }
    t->v[i] = e;
    return top;
}

/* No line to come can be before the first one here. Where times tie, the line
 * decides, so without moves whatever was read may go. */
static bool settled(const struct trace *t)
{
    return t->n > 0
           && (t->spec.jitter_s == 0
               || t->v[0].job.submit_s + t->spec.jitter_s < t->latest_s);
}

/* Read a batch, and on until the first job is settled. */
static int fill(struct trace *t, struct err *err)
{
    double from = cpu_now();
    int r = 1;

    for (size_t n = 0; n < BATCH || !settled(t); n++) {
        struct entry e;

        r = read_job(t, &e, err);
        if (r <= 0)
            break;
        if (push(t, &e) < 0)
            return err_set(err, -ENOMEM, "no memory for a line of %s", t->spec.path);
        sift_up(t->v, t->n - 1);
    }
    t->at_end = r == 0;
    t->cpu_s += cpu_now() - from;
    return r < 0 ? r : 0;
}

int trace_next(struct trace *t, struct trace_job *ret_job, struct err *err)
{
    if (t->whole) {
        if (t->next == t->n)
            return 0;
        *ret_job = t->v[t->next++].job;
        return 1;
    }
    if (!t->at_end && !settled(t)) {
        int r = fill(t, err);

        if (r < 0)
            return r;
    }
    if (t->n == 0)
        return 0;
    *ret_job = pop(t).job;
    return 1;
}

double trace_cpu_s(const struct trace *t)
{
    return t->cpu_s;
}

uint64_t trace_left_out(const struct trace *t)
{
    return t->left_out;
}
