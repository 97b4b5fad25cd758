/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fmap_slurm - fmap slurm: place the ranks of a Slurm job on the nodes that it got
 *
 * Called inside a job, by spank/hopluu or by hand: the job is in the environment. What
 * a rank may use on its node is every CPU that the job has there; which of them, is
 * left to Slurm and to Open MPI.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/measure.h"
#include "base/number.h"
#include "base/path.h"
#include "base/time.h"
#include "model/hostlist.h"
#include "place/topology.h"

#include "fmap.h"

#include "base/banned.h"

#define CPUS_MAX 65536 /* of one node */

struct allocation {
    struct words nodes;
    uint32_t *cpus; /* [nodes.n] */
    uint32_t most;  /* of one node */
    uint32_t ranks; /* 0 = not said */
    uint32_t each;  /* CPUs of a rank */
};

static void allocation_release(struct allocation *a)
{
    words_release(&a->nodes);
    free(a->cpus);
}

/* "4(x2),8": CPUs of the nodes, in their order. */
static int read_cpus(const char *text, struct allocation *a, struct err *err)
{
    struct words w = WORDS_INIT(PLACE_NODES_MAX, UINT64_C(16) << 20);
    size_t n = 0;
    int r = words_split(&w, text, ",");

    for (size_t i = 0; r == 0 && i < w.n; i++) {
        char *times = strstr(w.v[i], "(x");
        uint32_t repeat = 1;
        uint32_t cpus = 0;

        if (times) {
            times[strcspn(times, ")")] = '\0';
            r = measure_u32(times + 2, 1, PLACE_NODES_MAX, &repeat, err);
            *times = '\0';
        }
        if (r == 0)
            r = measure_u32(w.v[i], 1, CPUS_MAX, &cpus, err);
        for (uint32_t k = 0; r == 0 && k < repeat && n < a->nodes.n; k++)
            a->cpus[n++] = cpus;
        a->most = MAX(a->most, cpus);
    }
    words_release(&w);
    if (r == 0 && n == a->nodes.n)
        return 0;
    return r == -ENOMEM ? r
                        : err_set(err, -EINVAL,
                                  "SLURM_JOB_CPUS_PER_NODE=%.80s does not go with %zu "
                                  "nodes",
                                  text, a->nodes.n);
}

static int number(const char *name, uint32_t *ret, struct err *err)
{
    const char *text = getenv(name);
    int r = text ? measure_u32(text, 1, PLACE_RANKS_MAX, ret, err) : 0;

    return r < 0 ? err_prefix(err, r, "%s", name) : 0;
}

static int read_allocation(const struct fmap_options *o,
                           struct allocation *a,
                           struct err *err)
{
    const char *nodes = getenv("SLURM_JOB_NODELIST");
    const char *cpus = getenv("SLURM_JOB_CPUS_PER_NODE");
    int r;

    if (!nodes || !cpus)
        return err_set(err, -EINVAL,
                       "%s is not set: run this inside a job of Slurm, in sbatch's "
                       "script or under salloc",
                       nodes ? "SLURM_JOB_CPUS_PER_NODE" : "SLURM_JOB_NODELIST");
    r = hostlist_expand(nodes, &a->nodes, err);
    if (r == 0)
        a->cpus = calloc(a->nodes.n + 1, sizeof(*a->cpus));
    if (r == 0 && !a->cpus)
        r = -ENOMEM;
    if (r == 0)
        r = read_cpus(cpus, a, err);
    a->each = o->cpus_per_rank;
    if (r == 0)
        r = number("SLURM_CPUS_PER_TASK", &a->each, err);
    if (r == 0)
        r = number("SLURM_NTASKS", &a->ranks, err);
    if (r == 0 && o->ranks)
        a->ranks = o->ranks;
    return r;
}

/* The switches: --topology, or topology.conf beside the slurm.conf that is in force. */
static void find_topology(const struct fmap_options *o, char path[PATH_MAX])
{
    const char *conf = getenv("SLURM_CONF");
    const char *slash = conf ? strrchr(conf, '/') : NULL;
    int n = o->topology ? snprintf(path, PATH_MAX, "%s", o->topology)
            : slash     ? snprintf(path, PATH_MAX, "%.*s/topology.conf",
                                   (int)(slash - conf), conf)
                        : snprintf(path, PATH_MAX, "/etc/slurm/topology.conf");

    if (n < 0 || n >= PATH_MAX || (!o->topology && access(path, R_OK) < 0))
        path[0] = '\0';
}

/* A machine whose nodes have as many cores as the job has on the largest; of each, only
 * the job's count. */
static int load(const struct fmap_options *o,
                const struct allocation *a,
                struct machine **ret_m,
                uint32_t **ret_cores,
                uint32_t *ret_n,
                struct err *err)
{
    struct fmap_options inner = *o;
    char inside[64];
    char topology[PATH_MAX];
    uint32_t *all = NULL;
    uint32_t n_all = 0;
    uint32_t n = 0;
    int r;

    (void)snprintf(inside, sizeof(inside), "synthetic:core:%" PRIu32 " pu:1", a->most);
    find_topology(o, topology);
    inner.hwloc = inside;
    inner.machine = NULL;
    inner.topology = topology[0] ? topology : NULL;
    inner.nodes = getenv("SLURM_JOB_NODELIST");
    r = fmap_load_machine(&inner, ret_m, &all, &n_all, err);
    /* Node after node, each `most` cores: the first of each are kept, in place. */
    for (size_t i = 0; r == 0 && i < a->nodes.n; i++)
        for (uint32_t c = 0; c < a->cpus[i] && i * a->most + c < n_all; c++)
            all[n++] = all[i * a->most + c];
    *ret_cores = all;
    *ret_n = n;
    return r;
}

/* CPUs of a node that a rank may be bound to: what the job has there, as far as this
 * process sees so many at all. */
static uint32_t bindable(uint32_t cpus)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : CPU_COUNT(&set);

    return n < 1 ? 1 : MIN(cpus, (uint32_t)n);
}

/* One line per rank: its node, and all CPUs there that the job has. */
static void render_rankfile(const struct allocation *a,
                            const struct machine *m,
                            const struct place_result *p,
                            struct buf *out)
{
    _cleanup_(freep) uint32_t *cpus = calloc(machine_nodes(m) + 1, sizeof(*cpus));
    char name[256];

    if (!cpus) {
        out->err = -ENOMEM;
        return;
    }
    for (size_t i = 0; i < a->nodes.n; i++)
        cpus[machine_node_find(m, a->nodes.v[i])] = bindable(a->cpus[i]);
    for (uint32_t u = 0; u < p->n_ranks; u++) {
        uint32_t node = machine_node_of(m, place_result_core(p, u));

        buf_printf(out, "rank %" PRIu32 "=%s slot=0", u,
                   machine_node_name(m, node, name, sizeof(name)));
        if (cpus[node] > 1)
            buf_printf(out, "-%" PRIu32, cpus[node] - 1);
        buf_putc(out, '\n');
    }
}

static int write_one(const char *dir, const char *name, struct buf *b, struct err *err)
{
    char path[PATH_MAX];
    int r = b->err;

    if (r == 0)
        r = path_join(path, sizeof(path), dir, name);
    if (r == 0)
        r = path_write(path, buf_text(b), b->len, 0600, err);
    buf_release(b);
    return r;
}

static int write_files(const struct fmap_options *o,
                       const struct allocation *a,
                       const struct machine *m,
                       const struct place_result *p,
                       struct err *err)
{
    struct buf hosts = BUF_INIT(FMAP_FILE_MAX);
    struct buf ranks = BUF_INIT(FMAP_FILE_MAX);
    int r;

    place_render_hostfile(m, p, &hosts);
    render_rankfile(a, m, p, &ranks);
    r = write_one(o->out, "hostfile", &hosts, err);
    if (r == 0)
        r = write_one(o->out, "rankfile", &ranks, err);
    buf_release(&ranks);
    return r;
}

static bool expired(void *arg)
{
    const struct mono *end = arg;

    return now_read().mono.us >= end->us;
}

static int place(const struct fmap_options *o,
                 const struct allocation *a,
                 const struct machine *m,
                 const uint32_t *cores,
                 uint32_t n_cores,
                 struct err *err)
{
    _cleanup_(pattern_freep) struct pattern *p = NULL;
    struct mono end = {now_read().mono.us + (int64_t)(o->deadline_s * 1e6)};
    struct place_result result;
    int r = fmap_load_pattern(o, a->ranks, &p, err);

    if (r == 0)
        r = place_map(
            &(struct place_problem){.machine = m,
                                    .cores = cores,
                                    .n_cores = n_cores,
                                    .n_ranks = pattern_ranks(p),
                                    .cpus_per_rank = a->each,
                                    .pattern = p,
                                    .effort = o->effort,
                                    .seed = o->seed,
                                    .slack = o->slack,
                                    .expired = o->deadline_s > 0 ? expired : NULL,
                                    .expired_arg = &end},
            &result, err);
    if (r < 0)
        return r;
    r = write_files(o, a, m, &result, err);
    if (r == 0)
        printf("cost %.0f, in node order %.0f: %s\n", result.ours.cost,
               result.usual.cost, result.why);
    place_result_release(&result);
    return r;
}

int fmap_slurm(const struct fmap_options *o)
{
    _cleanup_(machine_freep) struct machine *m = NULL;
    _cleanup_(freep) uint32_t *cores = NULL;
    struct allocation a = {.nodes = WORDS_INIT(PLACE_NODES_MAX, UINT64_C(256) << 20)};
    struct err err = {0};
    uint32_t n_cores = 0;
    int r;

    if (!o->out)
        r = err_set(&err, -EINVAL,
                    "--out DIR must name a directory for hostfile and rankfile");
    else
        r = read_allocation(o, &a, &err);
    if (r == 0)
        r = load(o, &a, &m, &cores, &n_cores, &err);
    if (r == 0)
        r = place(o, &a, m, cores, n_cores, &err);
    allocation_release(&a);
    return r < 0 ? fmap_fail(&err, r) : 0;
}
