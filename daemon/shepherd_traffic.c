/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * shepherd_traffic - what the ranks that ended here have said to others
 *
 * The files are the user's: a link, a device or a file without end is not read.
 */
#include "config.h"

#include "daemon/shepherd_traffic.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/words.h"
#include "model/name.h"
#include "place/read.h"

#include "base/banned.h"

struct traffic {
    const struct plan *p;
    struct flows flows;
    uint32_t n_files;
    uint64_t bytes;
    json_t *programs;
    struct err why; /* the first thing that went wrong */
};

/* A regular file of at most `max` bytes, appended to b. */
static int slurp(int dir, const char *name, size_t max, struct buf *b)
{
    _cleanup_(closep) int fd =
        openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    ssize_t n;
    char *at;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if (st.st_size > (off_t)max)
        return -EFBIG;
    at = buf_reserve(b, (size_t)st.st_size);
    n = at ? read(fd, at, (size_t)st.st_size) : -1;
    if (n < 0)
        return at ? -errno : -ENOMEM;
    at[n] = '\0'; /* there is room for it */
    b->len += (size_t)n;
    return 0;
}

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name);
    size_t m = strlen(end);

    return n > m && !strcmp(name + n - m, end);
}

static void take_program(struct traffic *t, int dir, const char *name)
{
    struct buf b = BUF_INIT((size_t)4 * DIGEST_CAP);
    size_t i;
    json_t *v;

    if (slurp(dir, name, DIGEST_CAP - 1, &b) || b.len != DIGEST_CAP - 1
        || strspn(buf_text(&b), "0123456789abcdef") != b.len) {
        buf_release(&b);
        return;
    }
    json_array_foreach(t->programs, i, v)
    {
        if (!strcmp(json_string_value(v), buf_text(&b))) {
            buf_release(&b);
            return;
        }
    }
    if (json_array_size(t->programs) < 16)
        (void)json_array_append_new(t->programs, json_string(buf_text(&b)));
    buf_release(&b);
}

static void take_prof(struct traffic *t, int dir, const char *name)
{
    struct buf b = BUF_INIT(TRAFFIC_PROF_MAX + 1);
    struct err err = {0};
    int r = slurp(dir, name, TRAFFIC_PROF_MAX, &b);

    t->n_files++;
    t->bytes += b.len;
    if (!r && t->bytes > TRAFFIC_READ_MAX)
        r = -EFBIG;
    if (!r)
        r = flows_read_prof(&t->flows, buf_text(&b), b.len, &err);
    if (r && !t->why.code)
        (void)err_set(&t->why, r, "%.60s: %s", name, err_text(&err, r));
    buf_release(&b);
}

static void read_dir(struct traffic *t, int fd)
{
    DIR *d = fdopendir(fd);
    char size[32];
    struct dirent *e;

    if (!d) {
        (void)close(fd);
        return;
    }
    (void)snprintf(size, sizeof(size), "-%" PRIu32 ".", t->p->comm_ranks);
    while ((e = readdir(d))) {
        const char *dash = strchr(e->d_name, '-');

        if (!dash || strncmp(dash, size, strlen(size)) != 0)
            continue;
        if (ends_in(e->d_name, ".program"))
            take_program(t, dirfd(d), e->d_name);
        else if (ends_in(e->d_name, ".prof"))
            take_prof(t, dirfd(d), e->d_name);
    }
    (void)closedir(d); /* only read */
}

/* Each pair once, with what its ranks here have sent: lines as in the files. */
static void write_pairs(struct traffic *t, struct buf *out)
{
    _cleanup_(pattern_freep) struct pattern *p = NULL;
    const uint64_t *xadj;
    int r =
        t->flows.n_ranks > t->p->comm_ranks
            ? err_set(&t->why, -ERANGE, "rank %u of %u", t->flows.n_ranks - 1,
                      t->p->comm_ranks)
            : pattern_from_flows(t->p->comm_ranks, t->flows.v, t->flows.n, &p, &t->why);

    if (r)
        return;
    xadj = pattern_xadj(p);
    for (uint32_t u = 0; u < t->p->comm_ranks; u++)
        for (uint64_t i = xadj[u]; i < xadj[u + 1]; i++)
            if (pattern_adj(p)[i] > u)
                buf_printf(out, "E %" PRIu32 " %" PRIu32 " %" PRIu64 " bytes\n", u,
                           pattern_adj(p)[i], pattern_weight(p)[i]);
    if (out->err)
        (void)err_set(&t->why, -EFBIG,
                      "more pairs of ranks talk than are kept (%u bytes of list)",
                      TRAFFIC_TEXT_MAX);
}

json_t *traffic_collect(const struct plan *p)
{
    struct traffic t = {.p = p};
    struct buf pairs = BUF_INIT(TRAFFIC_TEXT_MAX);
    json_t *o;
    int fd;

    if (!p->comm || !p->comm_ranks)
        return NULL;
    plan_rights(p, true);
    fd = open(p->comm, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        plan_rights(p, false);
        return NULL; /* no rank was started here */
    }
    t.programs = json_array();
    read_dir(&t, fd);
    plan_rights(p, false);
    if (!t.why.code && t.n_files)
        write_pairs(&t, &pairs);
    o = json_pack("{s:I, s:o, s:s, s:s*}", "ranks", (json_int_t)t.n_files, "programs",
                  t.programs, "pairs", t.why.code ? "" : buf_text(&pairs), "text",
                  t.why.code ? t.why.text : NULL);
    flows_release(&t.flows);
    buf_release(&pairs);
    return o;
}
