/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* sorter - any number of records in the order of their settlement keys */
#include "config.h"

#include "report/sorter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/names.h"
#include "report/record_line.h"

#include "base/banned.h"

#define WINDOW ((size_t)1 << 18)

struct key {
    uint32_t center;
    uint32_t cluster;
    uint64_t job;
    int64_t submit;
    uint32_t attempt;
    uint32_t len;
    uint64_t at;
};

struct sorter {
    int fd;
    struct key *v;
    size_t n;
    size_t cap;
    struct names names;
    uint32_t *rank; /* of a name among the sorted ones; while sorting */
    uint64_t end;   /* of what was added */
    size_t held;    /* bytes of buffer not yet written */
    uint64_t from;  /* when reading: buffer is [from, from + held) */
    char buffer[WINDOW];
};

int sorter_new(const char *dir, struct sorter **ret_s, struct err *err)
{
    struct sorter *s = malloc(sizeof(*s));

    if (!s)
        return err_set(err, -ENOMEM, "not enough memory");
    memset(s, 0, offsetof(struct sorter, buffer));
    s->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (s->fd < 0) {
        int r =
            err_set(err, -errno, "no file can be made in %s: %s", dir, strerror(errno));

        free(s);
        return r;
    }
    *ret_s = s;
    return 0;
}

void *sorter_free(struct sorter *s)
{
    if (s) {
        (void)close(s->fd); /* it has no name and nobody needs it any more */
        names_release(&s->names);
        free(s->v);
        free(s->rank);
        free(s);
    }
    return NULL;
}

static int flush(struct sorter *s, struct err *err)
{
    size_t at = 0;

    while (at < s->held) {
        ssize_t n = write(s->fd, s->buffer + at, s->held - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_set(err, n < 0 ? -errno : -EIO, "cannot write records: %s",
                           strerror(n < 0 ? errno : EIO));
        at += (size_t)n;
    }
    s->held = 0;
    return 0;
}

static int room(struct sorter *s, struct err *err)
{
    size_t cap = s->cap ? s->cap + s->cap / 2 : 1024;
    struct key *v;

    if (s->n < s->cap)
        return 0;
    if (s->n >= SORTER_MAX)
        return err_set(err, -ENOBUFS, "more than %d records", SORTER_MAX);
    v = reallocarray(s->v, cap, sizeof(*v));
    if (!v)
        return err_set(err, -ENOMEM, "not enough memory");
    s->v = v;
    s->cap = cap;
    return 0;
}

int sorter_add(struct sorter *s, const struct run_record *r, struct err *err)
{
    struct key k = {.job = r->job, .submit = r->submit, .attempt = r->attempt};
    size_t n;
    int ret = room(s, err);

    if (ret == 0 && s->held + RECORD_LINE_CAP > WINDOW)
        ret = flush(s, err);
    if (ret < 0)
        return ret;
    if (names_id(&s->names, r->center, &k.center) < 0
        || names_id(&s->names, r->cluster, &k.cluster) < 0)
        return err_set(err, -ENOMEM, "not enough memory");
    if (record_line_write(r, s->buffer + s->held, RECORD_LINE_CAP, &n) < 0)
        return err_set(err, -EINVAL, "job %" PRIu64 " cannot be written as a line",
                       r->job);
    k.len = (uint32_t)n;
    k.at = s->end;
    s->v[s->n++] = k;
    s->held += n;
    s->end += n;
    return 0;
}

static int by_text(const void *a, const void *b, void *arg)
{
    const struct names *x = arg;

    return strcmp(x->v[*(const uint32_t *)a], x->v[*(const uint32_t *)b]);
}

static int by_key(const void *a, const void *b, void *arg)
{
    const struct key *x = a, *y = b;
    const uint32_t *rank = arg;

    if (x->center != y->center)
        return rank[x->center] < rank[y->center] ? -1 : 1;
    if (x->cluster != y->cluster)
        return rank[x->cluster] < rank[y->cluster] ? -1 : 1;
    if (x->job != y->job)
        return x->job < y->job ? -1 : 1;
    if (x->submit != y->submit)
        return x->submit < y->submit ? -1 : 1;
    return (x->attempt > y->attempt) - (x->attempt < y->attempt);
}

static int sort(struct sorter *s)
{
    uint32_t *order = calloc(s->names.n + 1, sizeof(*order));

    free(s->rank);
    s->rank = calloc(s->names.n + 1, sizeof(*s->rank));
    if (!order || !s->rank) {
        free(order);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < s->names.n; i++)
        order[i] = i;
    qsort_r(order, s->names.n, sizeof(*order), by_text, &s->names);
    for (uint32_t i = 0; i < s->names.n; i++)
        s->rank[order[i]] = i;
    free(order);
    qsort_r(s->v, s->n, sizeof(*s->v), by_key, s->rank);
    return 0;
}

/* The line's bytes in the window, which moves only when it must. */
static const char *line_at(struct sorter *s, const struct key *k)
{
    if (k->at < s->from || k->at + k->len > s->from + s->held) {
        ssize_t n = pread(s->fd, s->buffer, WINDOW, (off_t)k->at);

        if (n < (ssize_t)k->len)
            return NULL;
        s->from = k->at;
        s->held = (size_t)n;
    }
    return s->buffer + (k->at - s->from);
}

int sorter_each(struct sorter *s,
                int (*each)(const char *center,
                            const char *line,
                            size_t n,
                            void *arg,
                            struct err *err),
                void *arg,
                struct err *err)
{
    int r = flush(s, err);

    if (r < 0 || s->n == 0)
        return r;
    if (sort(s) < 0)
        return err_set(err, -ENOMEM, "not enough memory");
    s->from = 0;
    for (size_t i = 0; r == 0 && i < s->n; i++) {
        const struct key *k = &s->v[i];
        const char *line;

        if (i && by_key(k - 1, k, s->rank) == 0)
            return err_set(err, -EEXIST,
                           "attempt %" PRIu32 " of job %" PRIu64
                           " of center %s is there twice",
                           k->attempt, k->job, names_text(&s->names, k->center));
        line = line_at(s, k);
        if (!line)
            return err_set(err, -EIO, "cannot read the records again");
        r = each(names_text(&s->names, k->center), line, k->len, arg, err);
    }
    return r;
}
