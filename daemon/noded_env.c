/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * noded_env - the environment of the script, and of a remote launch
 *
 * Slurm's names, because scripts read them; ours beside them. Open MPI would take
 * SLURM_* as a promise that srun works, so its Slurm parts are named and closed.
 *
 * Open MPI 4.1, what was found by trying:
 * - A rankfile is refused when a slot does not exist on the real machine, so told
 *   (synthetic) nodes are mapped by `rmaps seq`: line i of the hostfile is rank i.
 * - Several orted on one host share a session directory unless each has its own
 *   TMPDIR, and then crash in hwloc_shmem_topology_write; rtc_hwloc_vmhole=none
 * besides.
 * - orte_fork_agent is run in place of each rank, on the rank's own node: the one hook
 *   that sees what mpirun runs. Environment that it sets reaches MPI_Init.
 * - Without orte_leave_session_attached orted goes to the background and the agent
 *   returns: then nobody would know when it ends.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/words.h"
#include "daemon/noded.h"
#include "model/hostlist.h"
#include "wire/noun_json.h"

#include "base/banned.h"

#define VALUE_MAX (256u << 10)

struct env {
    json_t *list; /* array of "NAME=value" */
    bool failed;
};

static bool names(const char *entry, const char *name, size_t len)
{
    return !strncmp(entry, name, len) && entry[len] == '=';
}

static void set(struct env *e, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void set(struct env *e, const char *name, const char *fmt, ...)
{
    struct buf b = BUF_INIT(VALUE_MAX);
    size_t len = strlen(name);
    char *value = NULL;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&value, fmt, ap) < 0)
        value = NULL;
    va_end(ap);
    buf_printf(&b, "%s=", name);
    buf_puts(&b, value ? value : "");
    for (size_t i = json_array_size(e->list); i-- > 0;)
        if (names(json_string_value(json_array_get(e->list, i)), name, len))
            (void)json_array_remove(e->list, i); /* i is in it */
    if (!value || b.err || json_array_append_new(e->list, json_string(buf_text(&b))))
        e->failed = true;
    free(value);
    buf_release(&b);
}

static bool has(const struct env *e, const char *name)
{
    size_t i;
    json_t *v;

    json_array_foreach(
        e->list, i, v) if (names(json_string_value(v), name, strlen(name))) return true;
    return false;
}

static json_int_t number(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static const json_t *order_spec(const struct node_job *j)
{
    return json_object_get(j->order, "spec");
}

static const json_t *order_request(const struct node_job *j)
{
    return json_object_get(order_spec(j), "request");
}

/* "8(x2),4": one number per node, repeats counted. */
static void per_node(const json_t *nodes, const char *key, struct buf *b)
{
    size_t n = json_array_size(nodes);

    for (size_t i = 0; i < n;) {
        json_int_t v = number(json_array_get(nodes, i), key);
        size_t same = 1;

        while (i + same < n && number(json_array_get(nodes, i + same), key) == v)
            same++;
        buf_printf(b, "%s%lld", i ? "," : "", (long long)v);
        if (same > 1)
            buf_printf(b, "(x%zu)", same);
        i += same;
    }
}

static void node_list(const json_t *nodes, struct buf *b)
{
    struct words w = WORDS_INIT(JOB_NODES_MAX, VALUE_MAX);
    size_t i;
    json_t *node;

    json_array_foreach(
        nodes, i,
        node) if (words_add(&w, json_string_value(json_object_get(node, "name"))))
        b->err = -ENOMEM;
    hostlist_compress(w.v, w.n, b);
    words_release(&w);
}

/* The GPUs of this node, for the three runtimes and under Slurm's names. */
static void gpu_names(struct env *e, const json_t *gpus)
{
    struct buf list = BUF_INIT(VALUE_MAX);
    size_t i;
    json_t *g;

    json_array_foreach(gpus, i, g)
        buf_printf(&list, "%s%lld", i ? "," : "", (long long)json_integer_value(g));
    set(e, "SLURM_GPUS_ON_NODE", "%zu", json_array_size(gpus));
    set(e, "SLURM_JOB_GPUS", "%s", buf_text(&list));
    set(e, "CUDA_VISIBLE_DEVICES", "%s", buf_text(&list));
    set(e, "ROCR_VISIBLE_DEVICES", "%s", buf_text(&list));
    set(e, "ZE_AFFINITY_MASK", "%s", buf_text(&list));
    buf_release(&list);
}

static void slurm_shape(struct env *e, const struct node_job *j)
{
    const json_t *nodes = json_object_get(j->order, "nodes");
    const json_t *r = order_request(j);
    size_t n = json_array_size(nodes);
    struct buf list = BUF_INIT(VALUE_MAX);
    struct buf tasks = BUF_INIT(VALUE_MAX);
    struct buf cpus = BUF_INIT(VALUE_MAX);
    size_t i;
    json_t *node;

    node_list(nodes, &list);
    per_node(nodes, "tasks", &tasks);
    per_node(nodes, "cores", &cpus);
    set(e, "SLURM_JOB_NODELIST", "%s", buf_text(&list));
    set(e, "SLURM_NODELIST", "%s", buf_text(&list));
    set(e, "SLURM_TASKS_PER_NODE", "%s", buf_text(&tasks));
    set(e, "SLURM_JOB_CPUS_PER_NODE", "%s", buf_text(&cpus));
    set(e, "SLURM_JOB_NUM_NODES", "%zu", n);
    set(e, "SLURM_NNODES", "%zu", n);
    set(e, "SLURM_NTASKS", "%lld", (long long)number(r, "n_tasks"));
    set(e, "SLURM_NPROCS", "%lld", (long long)number(r, "n_tasks"));
    if (number(r, "cpus_per_task") > 1)
        set(e, "SLURM_CPUS_PER_TASK", "%lld", (long long)number(r, "cpus_per_task"));
    if (number(r, "gpus_per_node") > 0)
        set(e, "SLURM_GPUS_PER_NODE", "%lld", (long long)number(r, "gpus_per_node"));
    if (number(r, "tasks_per_node") > 0)
        set(e, "SLURM_NTASKS_PER_NODE", "%lld", (long long)number(r, "tasks_per_node"));
    if (number(r, "mem_node_bytes") > 0)
        set(e, "SLURM_MEM_PER_NODE", "%lld",
            (long long)(number(r, "mem_node_bytes") >> 20));
    if (number(r, "mem_cpu_bytes") > 0)
        set(e, "SLURM_MEM_PER_CPU", "%lld",
            (long long)(number(r, "mem_cpu_bytes") >> 20));
    json_array_foreach(
        nodes, i, node) if (!strcmp(json_string_value(json_object_get(node, "name")),
                                    j->node->conf.name))
    {
        set(e, "SLURM_CPUS_ON_NODE", "%lld", (long long)number(node, "cores"));
        set(e, "SLURM_NODEID", "%zu", i);
        if (json_array_size(json_object_get(node, "gpus")) > 0)
            gpu_names(e, json_object_get(node, "gpus"));
    }
    buf_release(&list);
    buf_release(&tasks);
    buf_release(&cpus);
}

static void job_names(struct env *e, const struct node_job *j)
{
    const json_t *spec = order_spec(j);
    const char *name = json_string_value(json_object_get(spec, "name"));
    const char *dir = json_string_value(json_object_get(spec, "work_dir"));
    char limit[24];

    (void)snprintf(limit, sizeof(limit), "%lld",
                   (long long)number(j->order, "limit_s"));
    set(e, "SLURM_JOB_ID", "%llu", (unsigned long long)j->id);
    set(e, "SLURM_JOBID", "%llu", (unsigned long long)j->id);
    set(e, "SLURM_JOB_NAME", "%s", name ? name : "");
    set(e, "SLURM_JOB_PARTITION", "%s", order_text(j, "partition"));
    set(e, "SLURM_JOB_ACCOUNT", "%s", order_text(j, "project"));
    set(e, "SLURM_JOB_USER", "%s", j->user);
    set(e, "SLURM_JOB_UID", "%u", (unsigned)j->uid);
    set(e, "SLURM_JOB_GID", "%u", (unsigned)j->gid);
    set(e, "SLURM_CLUSTER_NAME", "%s", order_text(j, "center"));
    set(e, "SLURM_SUBMIT_DIR", "%s", dir ? dir : "/");
    set(e, "SLURM_SUBMIT_HOST", "%s", order_text(j, "entry"));
    set(e, "SLURMD_NODENAME", "%s", j->node->conf.name);
    set(e, "SLURM_RESTART_COUNT", "%lld", (long long)number(j->order, "restarts"));
    set(e, "SLURM_LOCALID", "0");
    set(e, "SLURM_PROCID", "0");
    set(e, "SLURM_NODEID", "0");
    set(e, "HOPLUU_JOB_ID", "%llu", (unsigned long long)j->id);
    set(e, "HOPLUU_ENTRY", "%s", order_text(j, "entry"));
    set(e, "HOPLUU_CENTER", "%s", order_text(j, "center"));
    set(e, "HOPLUU_INSTITUTION", "%s", order_text(j, "institution"));
    set(e, "HOPLUU_PROJECT", "%s", order_text(j, "project"));
    set(e, "HOPLUU_NODE", "%s", j->node->conf.name);
    set(e, "HOPLUU_WORK", "%s/u/work", j->dir);
}

static void user_names(struct env *e, const struct node_job *j)
{
    const struct passwd *pw = getpwuid(j->uid);
    const char *home = pw && pw->pw_dir ? pw->pw_dir : "/";
    bool guest = !json_is_true(json_object_get(j->order, "home"));

    if (guest || !has(e, "HOME"))
        set(e, "HOME", "%s", home);
    if (guest || !has(e, "USER"))
        set(e, "USER", "%s", j->user);
    if (guest || !has(e, "LOGNAME"))
        set(e, "LOGNAME", "%s", j->user);
    if (!has(e, "PATH"))
        set(e, "PATH", "/usr/local/bin:/usr/bin:/bin");
    if (!has(e, "SHELL"))
        set(e, "SHELL", "/bin/sh");
}

static const char *libexec(void)
{
    const char *p = getenv("HOPLUU_LIBEXEC"); /* the build directory of tests */

    return p ? p : HOPLUU_LIBEXECDIR;
}

static void open_mpi(struct env *e, const struct node_job *j)
{
    set(e, "HOPLUU_LAUNCH", "%s/u/nodes.json", j->dir);
    set(e, "OMPI_MCA_plm", "rsh");
    set(e, "OMPI_MCA_plm_rsh_agent", "%s/hopluu-launch", libexec());
    set(e, "OMPI_MCA_plm_rsh_no_tree_spawn", "1");
    set(e, "OMPI_MCA_orte_leave_session_attached", "1");
    set(e, "OMPI_MCA_ras", "^slurm");
    set(e, "OMPI_MCA_orte_default_hostfile", "%s/u/hosts", j->dir);
    if (json_is_true(json_object_get(j->order, "watch")))
        set(e, "OMPI_MCA_orte_fork_agent", "%s/hopluu-rank", libexec());
    if (!json_is_true(json_object_get(j->order, "fake"))) {
        if (*order_text(j, "ranks"))
            set(e, "OMPI_MCA_orte_rankfile", "%s/u/ranks", j->dir);
        return;
    }
    set(e, "OMPI_MCA_rmaps", "seq");
    set(e, "OMPI_MCA_rmaps_base_oversubscribe", "1");
    set(e, "OMPI_MCA_hwloc_base_binding_policy", "none");
    set(e, "OMPI_MCA_rtc_hwloc_vmhole", "none");
    set(e, "OMPI_MCA_btl", "self,tcp");
    set(e, "OMPI_MCA_btl_tcp_if_include", "lo");
    set(e, "OMPI_MCA_oob_tcp_if_include", "lo");
    set(e, "OMPI_MCA_mpi_yield_when_idle", "1");
}

static json_t *finish(struct env *e)
{
    if (!e->failed)
        return e->list;
    json_decref(e->list);
    return NULL;
}

json_t *env_script(const struct node_job *j)
{
    struct env e = {json_array(), false};
    json_t *user = json_object_get(order_spec(j), "env");
    size_t i;
    json_t *v;

    if (!e.list)
        return NULL;
    json_array_foreach(user, i,
                       v) if (json_is_string(v) && strchr(json_string_value(v), '=')
                              && strncmp(json_string_value(v), "SLURM_", 6) != 0
                              && json_array_append(e.list, v)) e.failed = true;
    user_names(&e, j);
    job_names(&e, j);
    slurm_shape(&e, j);
    set(&e, "TMPDIR", "%s/u/tmp", j->dir);
    if (json_is_true(json_object_get(j->order, "watch")))
        set(&e, "HOPLUU_COMM_DIR", "%s/u/comm", j->dir);
    if (json_is_true(json_object_get(j->order, "record")))
        set(&e, "HOPLUU_COMM_RECORD", "1");
    open_mpi(&e, j);
    return finish(&e);
}

json_t *env_step(const struct node_job *j, const char *tmp)
{
    struct env e = {env_script(j), false};

    if (!e.list)
        return NULL;
    for (size_t i = json_array_size(e.list); i-- > 0;) {
        const char *v = json_string_value(json_array_get(e.list, i));

        if (!strncmp(v, "OMPI_", 5) || !strncmp(v, "PMIX_", 5))
            (void)json_array_remove(e.list, i); /* i is in it */
    }
    set(&e, "TMPDIR", "%s", tmp);
    if (has(&e, "HOPLUU_COMM_DIR"))
        set(&e, "HOPLUU_COMM_DIR", "%s/comm", tmp);
    return finish(&e);
}

static int write_user(const struct node_job *j,
                      const char *name,
                      const char *text,
                      struct err *err)
{
    char path[PATH_MAX];
    int fd;
    bool bad;

    if (snprintf(path, sizeof(path), "%s/u/%s", j->dir, name) >= PATH_MAX)
        return err_set(err, -ENAMETOOLONG, "%s is too long", j->dir);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
    bad = write(fd, text, strlen(text)) != (ssize_t)strlen(text);
    if (close(fd) < 0 || bad)
        return err_set(err, -EIO, "cannot write %s", path);
    return 0;
}

int env_files(const struct node_job *j, struct err *err)
{
    json_t *table =
        json_pack("{s:s, s:I, s:i, s:O}", "munge", j->node->conf.munge_socket, "job",
                  (json_int_t)j->id, "epoch", (int)j->epoch, "nodes",
                  json_object_get(j->order, "nodes"));
    char *text = table ? json_dumps(table, JSON_COMPACT) : NULL;
    int r = text ? write_user(j, "nodes.json", text, err) : -ENOMEM;

    if (!r)
        r = write_user(j, "hosts", order_text(j, "hosts"), err);
    if (!r && *order_text(j, "ranks"))
        r = write_user(j, "ranks", order_text(j, "ranks"), err);
    free(text);
    json_decref(table);
    return r;
}
