/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * spank - options of sbatch, srun and salloc, and ranks where they belong: spank/hopluu
 *
 *     optional spank_hopluu.so [fmap=PATH] [dir=DIR]         in plugstack.conf
 *
 * Where it runs and what it does there:
 *   sbatch, salloc, srun   has the options; refuses those that Hopluu does not have yet
 *   batch step             places the ranks on the job's nodes, as the user, before the
 *                          script starts: HOPLUU_HOSTFILE, and Open MPI's rankfile
 *   srun inside a job      gives HOPLUU_HOSTFILE to srun if the step runs the job's own
 *                          tasks; under salloc it places first
 *
 * What this must never do:
 *   - fail a job, or keep it from starting: whatever goes wrong with a placement is one
 *     line for the user, and the job runs as Slurm lays it out;
 *   - touch a job that has no --comm;
 *   - do anything as root but remove the two files that it made.
 *
 * N.B. Options are registered in slurm_spank_init: a table named spank_options works
 * with srun only. Slurm calls these functions one at a time; nothing here is shared
 * between its contexts, which are different processes.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/measure.h"
#include "base/path.h"
#include "plugin/place_run.h"
#include "plugin/slurm_ex.h"
#include "plugin/step_line.h"
#include "plugin/wish.h"

#include <slurm/spank.h>

#include "base/banned.h"

#define LINE_MAX_BYTES (1u << 20) /* of a command line */
#define COMM_MAX 64
#define JOB_TEXT_MAX (1u << 20)

/* SPANK_PLUGIN() of spank.h sets no visibility and no prototype. */
extern const char plugin_type[];
extern const char plugin_name[];
extern const unsigned int plugin_version;
extern const unsigned int spank_plugin_version;
const char plugin_type[] = "spank";
const char plugin_name[] = WISH_PLUGIN;
const unsigned int plugin_version = SLURM_VERSION_NUMBER;
const unsigned int spank_plugin_version = 1;

int slurm_spank_init(spank_t sp, int ac, char *argv[]);
int slurm_spank_init_post_opt(spank_t sp, int ac, char *argv[]);
int slurm_spank_user_init(spank_t sp, int ac, char *argv[]);
int slurm_spank_exit(spank_t sp, int ac, char *argv[]);

static struct {
    char *wish[_WISH_MAX]; /* NULL = not given */
    struct place_files files;
} our;

/* What the variables of a job are read with: from Slurm, or from our environment. */
typedef bool (*var_fn)(spank_t sp, const char *name, char *value, size_t cap);

static bool var_of_job(spank_t sp, const char *name, char *value, size_t cap)
{
    return spank_getenv(sp, name, value, (int)cap) == ESPANK_SUCCESS;
}

static bool var_of_process(spank_t sp, const char *name, char *value, size_t cap)
{
    const char *v = getenv(name);

    (void)sp;
    if (!v || strlen(v) >= cap)
        return false;
    memcpy(value, v, strlen(v) + 1);
    return true;
}

/* "NAME=value" of plugstack.conf. */
static const char *argument(int ac,
                            char *const *argv,
                            const char *name,
                            const char *usual)
{
    size_t n = strlen(name);

    for (int i = 0; i < ac; i++)
        if (!strncmp(argv[i], name, n) && argv[i][n] == '=' && argv[i][n + 1] == '/')
            return argv[i] + n + 1;
    return usual;
}

/* --- options -------------------------------------------------------------------- */

static int on_option(int which, const char *value, int remote)
{
    struct err err = {0};
    int r;

    if (which < 0 || which >= _WISH_MAX)
        return -1;
    value = value ? value : "";
    r = remote ? 0 : wish_check((enum wish_name)which, value, &err);
    if (r < 0) {
        slurm_spank_log("hopluu: %s", err_text(&err, r));
        return -1;
    }
    free(our.wish[which]);
    our.wish[which] = strdup(value);
    return 0;
}

static bool has_options(void)
{
    switch (spank_context()) {
    case S_CTX_LOCAL:
    case S_CTX_ALLOCATOR:
    case S_CTX_REMOTE:
        return true;
    case S_CTX_ERROR:
    case S_CTX_SLURMD:
    case S_CTX_JOB_SCRIPT:
        break;
    }
    return false;
}

static void register_options(spank_t sp)
{
    for (int i = 0; i < _WISH_MAX; i++) {
        const struct wish_option *w = &wish_options[i];
        struct spank_option o = {
            .name = (char *)(uintptr_t)w->name,
            .arginfo = (char *)(uintptr_t)w->arg,
            .usage = (char *)(uintptr_t)w->text,
            .has_arg = w->arg != NULL,
            .val = i,
            .cb = on_option,
        }; /* Slurm copies it */

        if (spank_option_register(sp, &o) != ESPANK_SUCCESS)
            slurm_error("spank/hopluu: --%s is not registered", w->name);
    }
}

/* --- placing ------------------------------------------------------------------- */

static void not_placed(const char *why)
{
    slurm_spank_log("hopluu: --comm: ranks are where Slurm puts them: %s", why);
}

/* What fmap reads of the job. */
static int job_env(spank_t sp, var_fn var, struct words *env)
{
    static const char *const names[] = {"SLURM_JOB_NODELIST", "SLURM_JOB_CPUS_PER_NODE",
                                        "SLURM_NTASKS", "SLURM_CPUS_PER_TASK",
                                        "SLURM_CONF"};
    char *value = malloc(JOB_TEXT_MAX);
    int r = value ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++) {
        struct buf b = BUF_INIT(JOB_TEXT_MAX + 64);

        if (!var(sp, names[i], value, JOB_TEXT_MAX))
            continue;
        buf_printf(&b, "%s=%s", names[i], value);
        r = b.err ? b.err : words_add(env, buf_text(&b));
        buf_release(&b);
    }
    free(value);
    return r;
}

static int place(spank_t sp, var_fn var, const char *comm, int ac, char *const *argv)
{
    struct words env = WORDS_INIT(16, 4 * JOB_TEXT_MAX);
    struct err err = {0};
    int r = job_env(sp, var, &env);

    if (r == 0)
        r = place_run(argument(ac, argv, "fmap", HOPLUU_BINDIR "/fmap"), comm, &env,
                      argument(ac, argv, "dir", "/tmp"), &our.files, &err);
    words_release(&env);
    if (r < 0)
        not_placed(err_text(&err, r));
    return r;
}

/* More nodes than one, or there is nothing to place. */
static bool several_nodes(spank_t sp, var_fn var)
{
    char n[16];

    return var(sp, "SLURM_JOB_NUM_NODES", n, sizeof(n)) && strcmp(n, "1") != 0;
}

/* The pattern: the option's, or what Hopluu's engine has put into a guest's job. */
static bool pattern_of(spank_t sp, var_fn var, char comm[COMM_MAX])
{
    const char *asked = our.wish[WISH_COMM];

    if (asked && strlen(asked) < COMM_MAX)
        memcpy(comm, asked, strlen(asked) + 1);
    else if (!var(sp, "HOPLUU_COMM", comm, COMM_MAX)
             && !var(sp, "SLURM_SPANK_HOPLUU_COMM", comm, COMM_MAX))
        return false;
    return comm[0] && strcmp(comm, "learn") != 0;
}

static bool is_batch_step(spank_t sp)
{
    uint32_t step = 0;

    return spank_remote(sp) == 1
           && spank_get_item(sp, S_JOB_STEPID, &step) == ESPANK_SUCCESS
           && step == SLURM_BATCH_SCRIPT;
}

/* --- srun inside a job ---------------------------------------------------------- */

/* srun's own command line; *ret_b holds the bytes, the caller frees both. */
static char **own_line(struct buf *ret_b, int *ret_argc)
{
    struct buf b = BUF_INIT(LINE_MAX_BYTES);
    char **argv = NULL;
    int n = 0;

    if (path_read("/proc/self/cmdline", &b, NULL) == 0 && b.len > 0
        && b.data[b.len - 1] == '\0')
        argv = calloc(b.len + 1, sizeof(*argv));
    for (size_t i = 0; argv && i < b.len; i += strlen(b.data + i) + 1)
        argv[n++] = b.data + i;
    *ret_b = b;
    *ret_argc = n;
    return argv;
}

static bool step_is_plain(void)
{
    const char *tasks = getenv("SLURM_NTASKS");
    uint32_t n_tasks = 0;
    struct buf b;
    int argc;
    char **argv;
    bool plain;

    if (tasks && measure_u32(tasks, 1, UINT32_MAX, &n_tasks, NULL) < 0)
        return false;
    argv = own_line(&b, &argc);
    plain = argv && step_line_is_plain(argc, argv, n_tasks);
    free(argv);
    buf_release(&b);
    return plain;
}

/* Before srun reads its variables: they name the file it takes the layout from. */
static void place_step(spank_t sp, int ac, char *const *argv)
{
    const char *hostfile = getenv("HOPLUU_HOSTFILE");
    char comm[COMM_MAX];

    if (!getenv("SLURM_JOB_ID") || getenv("SLURM_HOSTFILE")
        || getenv("SLURM_DISTRIBUTION") || !several_nodes(sp, var_of_process)
        || !step_is_plain())
        return;
    if (!hostfile && !getenv("SLURM_STEP_ID") && pattern_of(sp, var_of_process, comm)
        && place(sp, var_of_process, comm, ac, argv) == 0)
        hostfile = our.files.hostfile;
    if (hostfile && access(hostfile, R_OK) == 0)
        (void)setenv("SLURM_HOSTFILE", hostfile, 1); /* or Slurm's own layout */
}

/* --- what Slurm calls ------------------------------------------------------------- */

int slurm_spank_init(spank_t sp, int ac, char *argv[])
{
    if (has_options())
        register_options(sp);
    if (spank_context() == S_CTX_LOCAL)
        place_step(sp, ac, argv);
    return ESPANK_SUCCESS;
}

int slurm_spank_init_post_opt(spank_t sp, int ac, char *argv[])
{
    const char *comm = our.wish[WISH_COMM];

    (void)ac;
    (void)argv;
    if (spank_context() == S_CTX_LOCAL && comm && !getenv("SLURM_JOB_ID"))
        not_placed("its nodes are not known yet; use sbatch, or srun inside salloc");
    if (spank_context() == S_CTX_ALLOCATOR && comm)
        (void)spank_job_control_setenv(sp, "HOPLUU_COMM", comm, 1); /* for salloc */
    return ESPANK_SUCCESS;
}

/* In the batch step's slurmstepd, with the user's effective ids. */
int slurm_spank_user_init(spank_t sp, int ac, char *argv[])
{
    char comm[COMM_MAX];

    if (!is_batch_step(sp) || !pattern_of(sp, var_of_job, comm)
        || !several_nodes(sp, var_of_job))
        return ESPANK_SUCCESS;
    if (place(sp, var_of_job, comm, ac, argv) < 0) {
        /* Said once: no srun of this job tries again. */
        (void)spank_setenv(sp, "HOPLUU_HOSTFILE", "", 1);
        return ESPANK_SUCCESS;
    }
    if (spank_setenv(sp, "HOPLUU_HOSTFILE", our.files.hostfile, 1) != ESPANK_SUCCESS
        || (spank_setenv(sp, "OMPI_MCA_orte_rankfile", our.files.rankfile, 0)
                != ESPANK_SUCCESS
            && !var_of_job(sp, "OMPI_MCA_orte_rankfile", comm, sizeof(comm))))
        not_placed("its environment takes nothing more");
    return ESPANK_SUCCESS;
}

int slurm_spank_exit(spank_t sp, int ac, char *argv[])
{
    (void)sp;
    (void)ac;
    (void)argv;
    place_files_remove(&our.files);
    for (int i = 0; i < _WISH_MAX; i++) {
        free(our.wish[i]);
        our.wish[i] = NULL;
    }
    return ESPANK_SUCCESS;
}
