/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * noded_beside - a node that another daemon owns: seen, measured, never started on
 *
 * Beside slurmd (noded.conf, beside = "slurmd") this daemon takes no order. Once a
 * second it sums up what each job of Slurm uses here, and tells the center together
 * with the node's load, free memory and, where the kernel has it, energy.
 *
 * A job is all slurmstepds "slurmstepd: [JOB.STEP]" and what descends from them. A
 * process counts its own time and that of the children that it has waited for, so a
 * process that ended is in its parent's; what an orphan used until it ended is lost
 * when the kernel gives it to init. What a job used is the most that was ever seen: the
 * last second of a step is not in it.
 */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/measure.h"
#include "base/number.h"
#include "base/path.h"
#include "base/words.h"
#include "daemon/noded.h"

#include "base/banned.h"

#define SAMPLE_S 1
#define PROCESSES_MAX 65536
#define DEPTH_MAX 64 /* of descent from a slurmstepd */
#define STAT_BYTES 4096
#define RAPL "/sys/class/powercap"

struct process {
    uint32_t pid;
    uint32_t parent;
    uint64_t ticks; /* own and waited for */
    uint64_t rss_pages;
    uint32_t job; /* 0 = of none, or not known yet */
};

/* A slurmstepd that was seen: is it our slurmd's? */
struct stepd {
    uint32_t pid;
    uint32_t job;
    bool told; /* one of its tasks has said so */
    bool here;
};

struct beside {
    struct node *node;
    struct event *timer;
    struct process *v;
    size_t n;
    size_t room;
    struct stepd *stepds; /* of the last scan */
    size_t n_stepds;
};

/* --- the process table ------------------------------------------------------------ */

static int read_small(const char *path, struct buf *b)
{
    buf_clear(b);
    return path_read(path, b, NULL);
}

/* "slurmstepd: [123.batch]" */
static uint32_t job_of_stepd(const struct buf *b)
{
    static const char head[] = "slurmstepd: [";
    char number[16];
    uint32_t job = 0;
    size_t n = 0;

    if (b->len < sizeof(head) || strncmp(b->data, head, sizeof(head) - 1) != 0)
        return 0;
    for (const char *p = b->data + sizeof(head) - 1;
         p < b->data + b->len && isdigit((unsigned char)*p) && n < sizeof(number) - 1;
         p++)
        number[n++] = *p;
    number[n] = '\0';
    return measure_u32(number, 1, UINT32_MAX, &job, NULL) == 0 ? job : 0;
}

/* /proc/PID/stat behind the name: field 3 is the first word. */
static bool parse_stat(struct buf *b, struct process *p)
{
    struct words w = WORDS_INIT(64, STAT_BYTES);
    uint64_t ticks[4];
    char *after;
    bool ok;

    buf_putc(b, '\0');
    after = b->err ? NULL : strrchr(b->data, ')');
    ok = after && words_split(&w, after + 1, " \n") == 0 && w.n > 21
         && measure_u32(w.v[1], 0, INT32_MAX, &p->parent, NULL) == 0
         && measure_u64(w.v[21], 0, INT64_MAX, &p->rss_pages, NULL) == 0;
    for (size_t i = 0; ok && i < 4; i++) /* utime stime cutime cstime */
        ok = measure_u64(w.v[11 + i], 0, INT64_MAX / 4, &ticks[i], NULL) == 0;
    if (ok)
        p->ticks = ticks[0] + ticks[1] + ticks[2] + ticks[3];
    words_release(&w);
    return ok;
}

static void add_process(struct beside *s, const char *name)
{
    struct buf b = BUF_INIT(STAT_BYTES);
    struct process p = {0};
    char path[64];

    if (measure_u32(name, 1, INT32_MAX, &p.pid, NULL) || s->n >= PROCESSES_MAX)
        return;
    (void)snprintf(path, sizeof(path), "/proc/%u/stat", p.pid);
    if (read_small(path, &b) == 0 && parse_stat(&b, &p)) {
        if (s->n == s->room) {
            size_t room = s->room ? 2 * s->room : 256;
            struct process *v = realloc(s->v, room * sizeof(*v));

            if (v) {
                s->v = v;
                s->room = room;
            }
        }
        (void)snprintf(path, sizeof(path), "/proc/%u/cmdline", p.pid);
        if (read_small(path, &b) == 0)
            p.job = job_of_stepd(&b);
        if (s->n < s->room)
            s->v[s->n++] = p;
    }
    buf_release(&b);
}

static int by_pid(const void *a, const void *b)
{
    uint32_t x = ((const struct process *)a)->pid;
    uint32_t y = ((const struct process *)b)->pid;

    return x < y ? -1 : x > y;
}

static const struct process *process_of(const struct beside *s, uint32_t pid)
{
    struct process key = {.pid = pid};

    return s->n ? bsearch(&key, s->v, s->n, sizeof(key), by_pid) : NULL;
}

/* The slurmstepd that it descends from; NULL = none. */
static const struct process *root_of(const struct beside *s, const struct process *p)
{
    for (int depth = 0; p && depth < DEPTH_MAX; depth++) {
        if (p->job)
            return p;
        p = process_of(s, p->parent);
    }
    return NULL;
}

static void scan(struct beside *s)
{
    DIR *d = opendir("/proc");
    struct dirent *f;

    s->n = 0;
    while (d && (f = readdir(d)))
        if (isdigit((unsigned char)f->d_name[0]))
            add_process(s, f->d_name);
    if (d)
        (void)closedir(d);
    if (s->n)
        qsort(s->v, s->n, sizeof(*s->v), by_pid);
}

/* --- whose they are -------------------------------------------------------------- */

static struct stepd *stepd_of(struct stepd *v, size_t n, const struct process *root)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].pid == root->pid && v[i].job == root->job)
            return &v[i];
    return NULL;
}

/* Those of this scan, with what is known of them. */
static void keep_stepds(struct beside *s)
{
    struct stepd *v;
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        n += s->v[i].job != 0;
    v = calloc(n ? n : 1, sizeof(*v));
    if (!v)
        return; /* the old ones serve */
    n = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct stepd *old = stepd_of(s->stepds, s->n_stepds, &s->v[i]);

        if (s->v[i].job)
            v[n++] =
                old ? *old : (struct stepd){.pid = s->v[i].pid, .job = s->v[i].job};
    }
    free(s->stepds);
    s->stepds = v;
    s->n_stepds = n;
}

/* Several slurmds may be on one machine, also of several clusters, and stepds without a
 * task may hang about: what runs below ours has our node's name in its environment. */
static void ask_task(const struct beside *s, const struct process *p, struct stepd *of)
{
    static const char var[] = "SLURMD_NODENAME=";
    struct buf b = BUF_INIT(1u << 20);
    char want[NAME_CAP + sizeof(var)];
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%u/environ", p->pid);
    (void)snprintf(want, sizeof(want), "%s%s", var, s->node->conf.name);
    if (path_read(path, &b, NULL) == 0 && b.len
        && memmem(b.data, b.len, var, sizeof(var) - 1)) {
        of->told = true;
        of->here = memmem(b.data, b.len, want, strlen(want) + 1) != NULL;
    }
    buf_release(&b);
}

/* --- what is told ------------------------------------------------------------------
 */

static json_t *jobs_of(struct beside *s)
{
    uint64_t tick_us = (uint64_t)US_PER_S / (uint64_t)MAX(sysconf(_SC_CLK_TCK), 1L);
    uint64_t page = (uint64_t)MAX(sysconf(_SC_PAGESIZE), 1L);
    json_t *all = json_object();

    keep_stepds(s);
    for (size_t i = 0; i < s->n; i++) {
        const struct process *root = root_of(s, &s->v[i]);
        struct stepd *of = root ? stepd_of(s->stepds, s->n_stepds, root) : NULL;

        if (of && root != &s->v[i] && !of->told)
            ask_task(s, &s->v[i], of);
    }
    for (size_t i = 0; i < s->n; i++) {
        const struct process *p = &s->v[i];
        const struct process *root = root_of(s, p);
        const struct stepd *of = root ? stepd_of(s->stepds, s->n_stepds, root) : NULL;
        char key[16];
        json_t *o;
        json_int_t cpu;
        json_int_t rss;

        if (!of || !of->here)
            continue;
        (void)snprintf(key, sizeof(key), "%u", of->job);
        o = json_object_get(all, key);
        cpu = json_integer_value(json_array_get(o, 0));
        rss = json_integer_value(json_array_get(o, 1));
        (void)json_object_set_new(/* no memory: the next sample */
                                  all, key,
                                  json_pack(
                                      "[I, I]", cpu + (json_int_t)(p->ticks * tick_us),
                                      MAX(rss, (json_int_t)(p->rss_pages * page))));
    }
    return all;
}

/* Microjoules since some start, of all packages; -1 = the kernel does not say. */
static json_int_t energy_uj(void)
{
    struct buf b = BUF_INIT(64);
    DIR *d = opendir(RAPL);
    struct dirent *f;
    json_int_t sum = -1;
    char path[512];
    uint64_t one;

    while (d && (f = readdir(d))) {
        const char *colon = strchr(f->d_name, ':');

        if (!colon || strchr(colon + 1, ':')) /* parts of a package are in it */
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s/energy_uj", RAPL, f->d_name);
        if (read_small(path, &b) < 0 || b.len < 2)
            continue;
        b.data[b.len - 1] = '\0'; /* its newline */
        if (measure_u64(b.data, 0, INT64_MAX / 2, &one, NULL) == 0)
            sum = MAX(sum, (json_int_t)0) + (json_int_t)one;
    }
    if (d)
        (void)closedir(d);
    buf_release(&b);
    return sum;
}

static json_int_t free_bytes(void)
{
    struct buf b = BUF_INIT(16384);
    json_int_t kib = -1;
    uint64_t n;

    if (path_read("/proc/meminfo", &b, NULL) == 0) {
        char *at;

        buf_putc(&b, '\0');
        at = b.err ? NULL : strstr(b.data, "MemAvailable:");
        if (at) {
            at += strlen("MemAvailable:");
            at += strspn(at, " ");
            at[strspn(at, "0123456789")] = '\0';
            if (measure_u64(at, 0, INT64_MAX >> 10, &n, NULL) == 0)
                kib = (json_int_t)n;
        }
    }
    buf_release(&b);
    return kib < 0 ? -1 : kib * 1024;
}

static void on_sample(evutil_socket_t fd, short what, void *arg)
{
    struct beside *s = arg;
    double load = 0;

    (void)fd;
    (void)what;
    if (!s->node->center)
        return;
    scan(s);
    (void)getloadavg(&load, 1); /* 0 if it fails */
    center_tell_usage(s->node,
                      json_pack("{s:s, s:o, s:I, s:I, s:I}", "t", "usage", "jobs",
                                jobs_of(s), "load_milli", (json_int_t)(load * 1000),
                                "free_bytes", free_bytes(), "energy_uj", energy_uj()));
}

int beside_open(struct node *n, struct err *err)
{
    struct timeval tv = {.tv_sec = SAMPLE_S};
    struct beside *s = calloc(1, sizeof(*s));

    if (s)
        s->timer = event_new(n->base, -1, EV_PERSIST, on_sample, s);
    if (!s || !s->timer || event_add(s->timer, &tv)) {
        free(s);
        return err_set(err, -ENOMEM, "no memory");
    }
    s->node = n;
    n->beside = s;
    return 0;
}

void beside_close(struct node *n)
{
    if (!n->beside)
        return;
    event_free(n->beside->timer);
    free(n->beside->v);
    free(n->beside->stepds);
    free(n->beside);
    n->beside = NULL;
}
