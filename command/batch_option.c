/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* batch_option - the options of fbatch, as one table for all three sources */
#include "config.h"

#include "command/batch_option.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#include "base/banned.h"

#define OPT(n, k, a, d)                                                                \
    {                                                                                  \
        .name = (n), .key = (k), .arg = (a), .doc = (d)                                \
    }
#define ALIAS(n)                                                                       \
    {                                                                                  \
        .name = (n), .flags = OPTION_ALIAS                                             \
    }
#define REFUSED(n, a)                                                                  \
    {                                                                                  \
        .name = (n), .key = BATCH_REFUSED, .arg = (a),                                 \
        .flags = OPTION_HIDDEN | OPTION_ARG_OPTIONAL                                   \
    }
#define REFUSED_KEY(n, k)                                                              \
    {                                                                                  \
        .name = (n), .key = (k), .arg = "VALUE", .flags = OPTION_HIDDEN                \
    }
#define GROUP(d, g)                                                                    \
    {                                                                                  \
        .doc = (d), .group = (g)                                                       \
    }

/* clang-format off */
const struct argp_option batch_options[] = {
    GROUP("What to run:", 1),
    OPT("wrap", BATCH_WRAP, "COMMAND", "Run this command line by sh instead of a script"),
    OPT("job-name", 'J', "NAME", "Name of the job (the script's name)"),
    OPT("chdir", 'D', "DIR", "Working directory (the current one)"),
    OPT("export", BATCH_EXPORT, "ALL|NONE|LIST", "Environment that travels: ALL, NONE, or names and NAME=value (ALL)"),
    OPT("input", 'i', "FILE", "Standard input (/dev/null)"),
    OPT("output", 'o', "FILE", "Standard output, with %j %x %u %N (slurm-%j.out)"),
    OPT("error", 'e', "FILE", "Standard error (joined to the output)"),
    OPT("open-mode", BATCH_OPEN_MODE, "append|truncate", "What becomes of output files that exist (truncate)"),
    OPT("transfer-in", BATCH_TRANSFER_IN, "FILE[,FILE]", "Files of the working directory that travel with the job; may be repeated"),
    OPT("transfer-out", BATCH_TRANSFER_OUT, "PATTERN[,PATTERN]", "Files that come back; may be repeated"),
    GROUP("What it needs:", 2),
    OPT("ntasks", 'n', "N", "Number of tasks (1, or one per node)"),
    OPT("nodes", 'N', "MIN[-MAX]", "Number of nodes"),
    OPT("ntasks-per-node", BATCH_TASKS_PER_NODE, "N", "Tasks on each node"),
    ALIAS("tasks-per-node"),
    OPT("cpus-per-task", 'c', "N", "Cores of each task (1)"),
    OPT("mem", BATCH_MEM, "SIZE[K|M|G|T]", "Memory on each node; a bare number counts MiB"),
    OPT("mem-per-cpu", BATCH_MEM_PER_CPU, "SIZE[K|M|G|T]", "Memory for each core"),
    OPT("gpus-per-node", BATCH_GPUS_PER_NODE, "[TYPE:]N", "GPUs on each node"),
    OPT("gres", BATCH_GRES, "gpu[:TYPE][:N]", "The same, as Slurm's generic resource"),
    OPT("time", 't', "TIME", "Limit: minutes, M:S, H:M:S, D-H, D-H:M, D-H:M:S"),
    OPT("exclusive", BATCH_EXCLUSIVE, NULL, "Whole nodes, shared with no other job"),
    OPT("constraint", 'C', "FEATURE[&FEATURE]", "Features that every node must have"),
    OPT("nodelist", 'w', "NODES", "Nodes that it must run on"),
    OPT("exclude", 'x', "NODES", "Nodes that it must not run on"),
    OPT("comm", BATCH_COMM, "PATTERN", "How the ranks talk to each other, as stencil3d:8x8x8; none; learn or relearn: record it"),
    OPT("comm-key", BATCH_COMM_KEY, "TEXT", "What changes the traffic: another text is another program"),
    OPT("hint", BATCH_HINT, "nomultithread", "Taken for Slurm's sake: a task always has whole cores"),
    GROUP("Where and when:", 3),
    OPT("account", 'A', "PROJECT", "Project that pays (your first one)"),
    OPT("partition", 'p', "NAME", "Partition at whichever center runs it"),
    OPT("reservation", BATCH_RESERVATION, "NAME", "Run on nodes that this center keeps for you"),
    OPT("center", 'M', "NAME[,NAME]|any", "Centers that may run it (any)"),
    ALIAS("clusters"),
    OPT("begin", 'b', "TIME", "Not before this time: HH:MM, YYYY-MM-DDTHH:MM, now+1hour"),
    OPT("hold", 'H', NULL, "Do not start it before it is released"),
    OPT("requeue", BATCH_REQUEUE, NULL, "Run it again if its center has lost it"),
    OPT("no-requeue", BATCH_NO_REQUEUE, NULL, "Never run it a second time"),
    OPT("at-least-once", BATCH_AT_LEAST_ONCE, "TIME", "Run it again when its center has been silent so long"),
    OPT("signal", BATCH_SIGNAL, "[B:]SIGNAL[@SECONDS]", "Signal before the limit is reached (60 s before)"),
    OPT("comment", BATCH_COMMENT, "TEXT", "Kept with the job"),
    OPT("mail-type", BATCH_MAIL_TYPE, "TYPES", "Events to be told by mail: BEGIN, END, FAIL, ALL, …"),
    OPT("mail-user", BATCH_MAIL_USER, "ADDRESS", "Who is told"),
    GROUP("This command:", 4),
    OPT("parsable", BATCH_PARSABLE, NULL, "Print the job's id alone"),
    OPT("test-only", BATCH_TEST_ONLY, NULL, "Say when and where it would start; submit nothing"),
    OPT("wait", 'W', NULL, "Wait for the end and exit with the job's code"),
    OPT("quiet", 'Q', NULL, "Print errors only"),
    OPT("verbose", 'v', NULL, "Say what is being done"),
    OPT("center-socket", BATCH_SOCKET, "ADDRESS", "Daemon to ask: a socket's path or HOST:PORT ($HOPLUU_SOCKET)"),
    {.key = 'h', .flags = OPTION_HIDDEN},
    REFUSED_KEY("array", 'a'), REFUSED_KEY("dependency", 'd'), REFUSED_KEY("qos", 'q'),
    REFUSED_KEY("licenses", 'L'), REFUSED_KEY("gpus", 'G'),
    REFUSED("acctg-freq", "V"), REFUSED("batch", "V"), REFUSED("bb", "V"), REFUSED("bbf", "V"),
    REFUSED("cluster-constraint", "V"), REFUSED("container", "V"), REFUSED("contiguous", "V"),
    REFUSED("core-spec", "V"), REFUSED("cores-per-socket", "V"), REFUSED("cpu-freq", "V"),
    REFUSED("cpus-per-gpu", "V"), REFUSED("deadline", "V"), REFUSED("delay-boot", "V"),
    REFUSED("distribution", "V"), REFUSED("export-file", "V"), REFUSED("extra-node-info", "V"),
    REFUSED("get-user-env", "V"), REFUSED("gid", "V"), REFUSED("gpu-bind", "V"),
    REFUSED("gpu-freq", "V"), REFUSED("gpus-per-socket", "V"), REFUSED("gpus-per-task", "V"),
    REFUSED("gres-flags", "V"), REFUSED("ignore-pbs", "V"), REFUSED("kill-on-invalid-dep", "V"),
    REFUSED("mcs-label", "V"), REFUSED("mem-bind", "V"), REFUSED("mem-per-gpu", "V"),
    REFUSED("mincpus", "V"), REFUSED("network", "V"), REFUSED("nice", "V"),
    REFUSED("no-kill", "V"), REFUSED("nodefile", "V"), REFUSED("ntasks-per-core", "V"),
    REFUSED("ntasks-per-gpu", "V"), REFUSED("ntasks-per-socket", "V"), REFUSED("overcommit", "V"),
    REFUSED("oversubscribe", "V"), REFUSED("power", "V"), REFUSED("prefer", "V"),
    REFUSED("priority", "V"), REFUSED("profile", "V"), REFUSED("propagate", "V"),
    REFUSED("reboot", "V"), REFUSED("sockets-per-node", "V"),
    REFUSED("spread-job", "V"), REFUSED("switches", "V"), REFUSED("thread-spec", "V"),
    REFUSED("threads-per-core", "V"), REFUSED("time-min", "V"), REFUSED("tmp", "V"),
    REFUSED("uid", "V"), REFUSED("use-min-nodes", "V"), REFUSED("wait-all-nodes", "V"),
    REFUSED("wckey", "V"),
    {0},
};

static const struct {
    const char *name;
    int key;
    bool flag; /* set at all = given */
} env_names[] = {
    {"SBATCH_ACCOUNT", 'A', false},
    {"SBATCH_ARRAY_INX", 'a', false},
    {"SBATCH_CLUSTERS", 'M', false},
    {"SBATCH_CONSTRAINT", 'C', false},
    {"SBATCH_ERROR", 'e', false},
    {"SBATCH_EXCLUSIVE", BATCH_EXCLUSIVE, true},
    {"SBATCH_EXPORT", BATCH_EXPORT, false},
    {"SBATCH_GPUS", 'G', false},
    {"SBATCH_GPUS_PER_NODE", BATCH_GPUS_PER_NODE, false},
    {"SBATCH_GRES", BATCH_GRES, false},
    {"SBATCH_HINT", BATCH_HINT, false},
    {"SBATCH_INPUT", 'i', false},
    {"SBATCH_JOB_NAME", 'J', false},
    {"SBATCH_MEM_PER_CPU", BATCH_MEM_PER_CPU, false},
    {"SBATCH_MEM_PER_NODE", BATCH_MEM, false},
    {"SBATCH_NO_REQUEUE", BATCH_NO_REQUEUE, true},
    {"SBATCH_OPEN_MODE", BATCH_OPEN_MODE, false},
    {"SBATCH_OUTPUT", 'o', false},
    {"SBATCH_PARTITION", 'p', false},
    {"SBATCH_QOS", 'q', false},
    {"SBATCH_REQUEUE", BATCH_REQUEUE, true},
    {"SBATCH_SIGNAL", BATCH_SIGNAL, false},
    {"SBATCH_TIMELIMIT", 't', false},
    {"SBATCH_WAIT", 'W', true},
};
/* clang-format on */

/* The options proper: no headings, and an alias gets its key from the one before. */
static const struct argp_option *next_option(const struct argp_option *o, int *key)
{
    for (;; o++) {
        if (!o->name && !o->key && !o->doc)
            return NULL;
        if (!(o->flags & OPTION_ALIAS))
            *key = o->key;
        if (o->name || o->key)
            return o;
    }
}

char *batch_option_name(int key, char *text)
{
    int k = 0;

    for (const struct argp_option *o = next_option(batch_options, &k); o;
         o = next_option(o + 1, &k))
        if (k == key && o->name && key != BATCH_REFUSED) {
            (void)snprintf(text, 64, "--%s", o->name);
            return text;
        }
    (void)snprintf(text, 64, "-%c", key > ' ' && key < 127 ? key : '?');
    return text;
}

/* -EINVAL when there is none (unknown) or more than one (ambiguous). */
static int find_long(const char *name,
                     size_t len,
                     const struct argp_option **ret_option,
                     int *ret_key,
                     struct err *err)
{
    const struct argp_option *found = NULL;
    bool many = false;
    int key = 0;

    for (const struct argp_option *o = next_option(batch_options, &key); o;
         o = next_option(o + 1, &key)) {
        if (!o->name || strncmp(o->name, name, len) != 0)
            continue;
        many = many || (found && *ret_key != key) || (found && key == BATCH_REFUSED);
        if (!found || !o->name[len]) {
            found = o;
            *ret_key = key;
        }
        if (!o->name[len]) {
            many = false;
            break;
        }
    }
    *ret_option = found;
    if (!found)
        return err_set(err, -EINVAL, "unknown option '--%.*s'",
                       (int)(len < 60 ? len : 60), name);
    if (many)
        return err_set(err, -EINVAL, "option '--%.*s' is ambiguous", (int)len, name);
    return 0;
}

/* An alias wants an argument if the option that it stands for does. */
static const struct argp_option *origin(const struct argp_option *o)
{
    while (o->flags & OPTION_ALIAS)
        o--;
    return o;
}

static int walk_long(
    const struct words *w, size_t *i, batch_option_fn each, void *arg, struct err *err)
{
    const char *word = w->v[*i] + 2;
    const char *value = strchr(word, '=');
    size_t len = value ? (size_t)(value - word) : strlen(word);
    const struct argp_option *o = NULL;
    char name[64];
    int key = 0;
    int r = find_long(word, len, &o, &key, err);

    if (r != 0 || !o)
        return r;
    (void)snprintf(name, sizeof(name), "--%s", o->name);
    o = origin(o);
    if (value && !o->arg)
        return err_set(err, -EINVAL, "option '%s' takes no argument", name);
    if (value)
        value++;
    else if (o->arg && !(o->flags & OPTION_ARG_OPTIONAL)) {
        if (*i + 1 == w->n)
            return err_set(err, -EINVAL, "option '%s' needs an argument", name);
        value = w->v[++*i];
    }
    return each(key, name, value, arg, err);
}

static const struct argp_option *find_short(char c)
{
    int key = 0;

    for (const struct argp_option *o = next_option(batch_options, &key); o;
         o = next_option(o + 1, &key))
        if (o->key == c && !(o->flags & OPTION_ALIAS))
            return o;
    return NULL;
}

static int walk_short(
    const struct words *w, size_t *i, batch_option_fn each, void *arg, struct err *err)
{
    const char *p = w->v[*i] + 1;

    for (; *p; p++) {
        const struct argp_option *o = find_short(*p);
        char name[8];
        int r;

        (void)snprintf(name, sizeof(name), "-%c", *p);
        if (!o)
            return err_set(err, -EINVAL, "unknown option '%s'", name);
        if (!o->arg) {
            r = each(o->key, name, NULL, arg, err);
            if (r != 0)
                return r;
            continue;
        }
        if (p[1])
            return each(o->key, name, p + 1, arg, err);
        if (*i + 1 == w->n)
            return err_set(err, -EINVAL, "option '%s' needs an argument", name);
        return each(o->key, name, w->v[++*i], arg, err);
    }
    return 0;
}

int batch_options_walk(const struct words *w,
                       batch_option_fn each,
                       void *arg,
                       struct err *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < w->n; i++) {
        const char *word = w->v[i];

        if (word[0] != '-' || !word[1])
            return err_set(err, -EINVAL, "'%.60s' is not an option", word);
        if (word[1] == '-')
            r = walk_long(w, &i, each, arg, err);
        else
            r = walk_short(w, &i, each, arg, err);
    }
    return r;
}

int batch_options_env(batch_option_fn each, void *arg, struct err *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(env_names); i++) {
        const char *value = getenv(env_names[i].name);
        int r = 0;

        if (value)
            r = each(env_names[i].key, env_names[i].name,
                     env_names[i].flag ? NULL : value, arg, err);
        if (r != 0)
            return r;
    }
    return 0;
}
