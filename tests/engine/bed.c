/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* bed - an engine under test: its loop, what it has said, and real nodes below it */
#include "config.h"

#include "tests/engine/bed.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "base/words.h"
#include "engine/local.h"
#include "engine/null.h"
#ifdef HAVE_SLURM
#include "engine/slurm.h"
#endif

#include "tests/cmocka_all.h"

/* Slurm looks at its jobs' limits every 30 seconds. */
#define DEADLINE_US (120 * US_PER_S)

static struct bed_told *tell(struct bed *b, char what, uint64_t id)
{
    struct bed_told *t = &b->told[b->n_told++];

    assert_true(b->n_told < BED_TOLD_MAX);
    *t = (struct bed_told){.what = what, .id = id, .at_us = now_read().mono.us};
    return t;
}

static void on_ready(uint64_t id, void *arg)
{
    tell(arg, 'r', id);
}

static void on_impossible(uint64_t id, const char *why, void *arg)
{
    (void)why;
    tell(arg, 'i', id);
}

static void on_started(uint64_t id,
                       uint32_t epoch,
                       struct wall at,
                       const char *nodes,
                       const struct rank_map *rank_map,
                       void *arg)
{
    struct bed_told *t = tell(arg, 's', id);

    t->epoch = epoch;
    t->end.started = at;
    if (rank_map)
        t->rank_map = *rank_map;
    (void)snprintf(t->nodes, sizeof(t->nodes), "%s", nodes);
}

static void on_ended(const struct engine_end *end, void *arg)
{
    struct bed_told *t = tell(arg, 'e', end->id);

    t->epoch = end->epoch;
    t->end = *end;
    if (end->rank_map)
        t->rank_map = *end->rank_map;
    (void)snprintf(t->nodes, sizeof(t->nodes), "%s", end->nodes);
    (void)snprintf(t->note, sizeof(t->note), "%s", end->note ? end->note : "");
    (void)snprintf(t->output_dir, sizeof(t->output_dir), "%s",
                   end->output_dir ? end->output_dir : "");
}

static void on_traffic(struct engine_traffic *t, void *arg)
{
    (void)t;
    (void)arg;
}

static void on_supply(void *arg)
{
    (void)arg;
}

static const struct engine_callbacks callbacks = {.ready = on_ready,
                                                  .impossible = on_impossible,
                                                  .started = on_started,
                                                  .ended = on_ended,
                                                  .traffic = on_traffic,
                                                  .supply_changed = on_supply};

void bed_run_ms(struct bed *b, int ms)
{
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    (void)event_base_loopexit(b->base, &tv);
    (void)event_base_dispatch(b->base);
}

size_t bed_count(const struct bed *b, char what, uint64_t id)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_told; i++)
        n += b->told[i].what == what && b->told[i].id == id;
    return n;
}

struct bed_told *bed_find(struct bed *b, char what, uint64_t id)
{
    for (size_t i = b->n_told; i-- > 0;)
        if (b->told[i].what == what && b->told[i].id == id)
            return &b->told[i];
    return NULL;
}

struct bed_told *bed_wait(struct bed *b, char what, uint64_t id)
{
    int64_t until = now_read().mono.us + DEADLINE_US;
    struct bed_told *t;
    struct timeval tick = {.tv_usec = 20000};

    while (!(t = bed_find(b, what, id))) {
        if (now_read().mono.us > until)
            fail_msg("waited in vain for '%c' of job %llu", what,
                     (unsigned long long)id);
        (void)event_base_loopexit(b->base, &tick);
        (void)event_base_loop(b->base, EVLOOP_ONCE);
    }
    return t;
}

void bed_forget_told(struct bed *b)
{
    b->n_told = 0;
}

static void path_of(const struct bed *b, const char *name, char path[512])
{
    (void)snprintf(path, 512, "%s%s%s", name[0] == '/' ? "" : b->dir,
                   name[0] == '/' ? "" : "/", name);
}

char *bed_text(const struct bed *b, const char *name)
{
    struct buf t = BUF_INIT(1 << 22);
    char path[512];

    path_of(b, name, path);
    if (path_read(path, &t, NULL)) {
        buf_release(&t);
        return strdup("");
    }
    buf_puts(&t, "");
    return t.data ? buf_take(&t) : strdup("");
}

pid_t bed_run(char *const argv[], const char *log)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        /* What a failed setup started does not outlive the test. */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!freopen(log, "a", stderr) || !freopen("/dev/null", "w", stdout))
            _exit(125);
        (void)execvp(argv[0], argv);
        _exit(126);
    }
    return pid;
}

static void wait_path(const char *path)
{
    int64_t until = now_read().mono.us + DEADLINE_US;

    while (access(path, F_OK) < 0) {
        if (now_read().mono.us > until)
            fail_msg("%s does not appear", path);
        (void)usleep(2000);
    }
}

static void munged_start(struct bed *b)
{
    char key[512];
    char args[5][600];
    char log[512];
    char socket[512];
    unsigned char secret[128];
    char *argv[] = {(char[]){"munged"},
                    (char[]){"--foreground"},
                    args[0],
                    args[1],
                    args[2],
                    args[3],
                    args[4],
                    (char[]){"--force"},
                    NULL};

    path_of(b, "munge.key", key);
    path_of(b, "munge.sock", socket);
    path_of(b, "munged.err", log);
    assert_int_equal(getrandom(secret, sizeof(secret), 0), sizeof(secret));
    assert_int_equal(path_write(key, secret, sizeof(secret), 0600, NULL), 0);
    (void)snprintf(args[0], sizeof(args[0]), "--key-file=%s", key);
    (void)snprintf(args[1], sizeof(args[1]), "--socket=%s", socket);
    (void)snprintf(args[2], sizeof(args[2]), "--pid-file=%s/munged.pid", b->dir);
    (void)snprintf(args[3], sizeof(args[3]), "--log-file=%s/munged.log", b->dir);
    (void)snprintf(args[4], sizeof(args[4]), "--seed-file=%s/munged.seed", b->dir);
    b->munged = bed_run(argv, log);
    wait_path(socket);
}

void bed_noded_start(struct bed *b, int i)
{
    char conf[512];
    char name[32];
    char log[512];
    char text[2048];
    int n;

    (void)snprintf(name, sizeof(name), "n%d.conf", i + 1);
    path_of(b, name, conf);
    n = snprintf(text, sizeof(text),
                 "name = n%d\ncenter = \"%s\"\nmunge_socket = \"%s/munge.sock\"\n"
                 "spool = \"%s/n%d\"\nmachine = \"synthetic:%d\"\ngpus = %d\n"
                 "gpu_type = a100\nkill_wait_s = 2\n",
                 i + 1, b->address, b->dir, b->dir, i + 1, BED_CORES, BED_GPUS);
    assert_int_equal(path_write(conf, text, (size_t)n, 0600, NULL), 0);
    (void)snprintf(name, sizeof(name), "n%d.log", i + 1);
    path_of(b, name, log);
    b->noded[i] = bed_run(
        (char *[]){(char[]){"daemon/hopluu-noded"}, (char[]){"-f"}, conf, NULL}, log);
}

void bed_noded_kill(struct bed *b, int i, int signal)
{
    if (b->noded[i] <= 0)
        return;
    (void)kill(b->noded[i], signal);
    (void)waitpid(b->noded[i], NULL, 0);
    b->noded[i] = 0;
}

static void count_up(const struct engine_node *n, void *arg)
{
    int *up = arg;

    *up += strcmp(n->state, "down") != 0;
}

void bed_nodes_up(struct bed *b, int n)
{
    int64_t until = now_read().mono.us + DEADLINE_US;

    for (;;) {
        int up = 0;

        b->e->ops->nodes(b->e, count_up, &up);
        if (up == n)
            return;
        if (now_read().mono.us > until)
            fail_msg("%d of %d nodes are up", up, n);
        bed_run_ms(b, 10);
    }
}

void bed_engine_start(struct bed *b)
{
    struct err err = {0};
    char socket[512];
    char spool[512];
    int r;

    path_of(b, "munge.sock", socket);
    path_of(b, "center", spool);
    if (b->kind == BED_NULL) {
        struct engine_null_config c = {.node_cores = BED_CORES, .delay_ms = 100};

        r = engine_null_new(b->base, &c, &callbacks, b, &b->e, &err);
    } else if (b->kind == BED_SLURM) {
#ifdef HAVE_SLURM
        char conf[512];
        struct engine_slurm_config c = {.conf = conf,
                                        .center = "hanoi",
                                        .spool = spool,
                                        .transfer_max = 1 << 20,
                                        .release_rate = b->release_rate};

        path_of(b, "slurm.conf", conf);
        r = engine_slurm_new(b->base, &c, &callbacks, b, &b->e, &err);
#else
        r = -ENOSYS;
#endif
    } else {
        struct engine_local_config c = {.address = b->address,
                                        .munge_socket = socket,
                                        .center = "hanoi",
                                        .spool = spool,
                                        .node_lost_s = b->node_lost_s,
                                        .transfer_max = 1 << 20};

        r = engine_local_new(b->base, &c, &callbacks, b, &b->e, &err);
    }
    if (r)
        fail_msg("engine: %s", err_text(&err, r));
    if (b->kind == BED_LOCAL)
        (void)word_copy(b->address, sizeof(b->address), engine_local_address(b->e));
    assert_int_equal(b->e->ops->configure(b->e, b->site, &err), 0);
}

void bed_engine_stop(struct bed *b)
{
    if (b->e)
        b->e = b->e->ops->free(b->e);
}

static void site_make(struct bed *b)
{
    struct partition *p = calloc(1, sizeof(*p));

    b->site = site_new();
    (void)word_copy(b->site->name, NAME_CAP, "hanoi");
    b->site->number = 1;
    (void)word_copy(p->name, NAME_CAP, "main");
    p->nodes = strdup("n[1-2]");
    p->is_default = true;
    p->max_time_s = 3600;
    p->default_time_s = 60;
    b->site->partitions = p;
    b->site->n_partitions = 1;
}

int bed_open(struct bed *b, enum bed_kind kind)
{
    const struct passwd *pw;
    char cwd[PATH_MAX];
    char libexec[PATH_MAX + 16];
    char work[512];

    memset(b, 0, sizeof(*b));
    b->kind = kind;
    b->node_lost_s = 2;
    (void)snprintf(b->dir, sizeof(b->dir), "/tmp/hopluu-bed.XXXXXX");
    if (!mkdtemp(b->dir) || chmod(b->dir, 0755) < 0)
        return -1;
    path_of(b, "work", work);
    if (mkdir(work, 0777) < 0 || chmod(work, 0777) < 0)
        return -1;
    pw = getpwuid(geteuid());
    (void)snprintf(b->account, sizeof(b->account), "%s",
                   geteuid() == 0 || !pw ? "nobody" : pw->pw_name);
    if (!getcwd(cwd, sizeof(cwd)))
        return -1;
    (void)snprintf(libexec, sizeof(libexec), "%s/daemon", cwd);
    (void)setenv("HOPLUU_LIBEXEC", libexec, 1);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)snprintf(b->address, sizeof(b->address), "127.0.0.1:0");
    b->base = event_base_new();
    site_make(b);
    if (kind != BED_NULL)
        munged_start(b);
    if (kind == BED_SLURM)
        bed_slurm_start(b);
    bed_engine_start(b);
    if (kind == BED_SLURM)
        bed_nodes_up(b, BED_NODES);
    if (kind == BED_LOCAL) {
        for (int i = 0; i < BED_NODES; i++)
            bed_noded_start(b, i);
        bed_nodes_up(b, BED_NODES);
    }
    return 0;
}

void bed_close(struct bed *b)
{
    char line[512];

    bed_engine_stop(b);
    bed_slurmctld_kill(b, SIGKILL); /* it would wait for jobs that are ended below */
    for (int i = 0; i < BED_NODES; i++)
        bed_noded_kill(b, i, SIGTERM);
    if (b->kind == BED_SLURM)
        bed_slurm_sweep(b);
    /* Connections that were closed go later; each has its own deadline. */
    while (event_base_get_num_events(b->base, EVENT_BASE_COUNT_ADDED) > 0)
        if (event_base_loop(b->base, EVLOOP_ONCE) != 0)
            break;
    if (b->munged > 0) {
        (void)kill(b->munged, SIGTERM);
        (void)waitpid(b->munged, NULL, 0);
    }
    site_free(b->site);
    event_base_free(b->base);
    (void)snprintf(line, sizeof(line), "rm -rf %s", b->dir);
    if (!getenv("BED_KEEP"))
        assert_int_equal(system(line), 0);
}

int bed_queue(struct bed *b, uint64_t id, uint32_t n_tasks, uint32_t min_nodes)
{
    struct engine_job j = {.id = id, .own = true, .queued = now_read().wall};

    j.request = (struct request){.n_tasks = n_tasks,
                                 .cpus_per_task = 1,
                                 .min_nodes = min_nodes,
                                 .time_limit_s = 60};
    (void)word_copy(j.institution, NAME_CAP, "ioit");
    (void)word_copy(j.project, NAME_CAP, "ioit.climate");
    return b->e->ops->queue(b->e, &j, NULL);
}

struct job_spec *bed_spec(struct bed *b,
                          uint32_t n_tasks,
                          uint32_t min_nodes,
                          const char *script)
{
    struct job_spec *s = job_spec_new();
    char text[8192];
    char path[512];
    int n = snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);

    assert_non_null(s);
    (void)word_copy(s->name, sizeof(s->name), "test");
    s->request.n_tasks = n_tasks;
    s->request.min_nodes = min_nodes;
    s->request.time_limit_s = 60;
    s->script = strdup(text);
    s->script_len = (size_t)n;
    path_of(b, "work", path);
    s->work_dir = strdup(path);
    (void)words_add(&s->env, "PATH=/usr/bin:/bin");
    (void)words_add(&s->env, "MINE=yes");
    return s;
}

int bed_start(struct bed *b, uint64_t id, const struct job_spec *spec, bool home)
{
    char inputs[512];
    struct engine_start s = {.id = id,
                             .epoch = 1,
                             .account = b->account,
                             .person = "lan@ioit",
                             .institution = "ioit",
                             .project = "ioit.climate",
                             .spec = spec,
                             .home = home,
                             .inputs_dir = home ? NULL : inputs,
                             .entry = home ? "hanoi" : "hue"};
    struct err err = {0};
    int r;

    path_of(b, "inputs", inputs);
    r = b->e->ops->start(b->e, &s, &err);
    if (r)
        (void)fprintf(stderr, "start: %s\n", err_text(&err, r));
    return r;
}

struct job_spec *bed_submit(
    struct bed *b, uint64_t id, uint32_t n_tasks, uint32_t nodes, const char *script)
{
    struct job_spec *s = bed_spec(b, n_tasks, nodes, script);

    assert_int_equal(bed_queue(b, id, n_tasks, nodes), 0);
    bed_wait(b, 'r', id);
    assert_int_equal(bed_start(b, id, s, true), 0);
    return s;
}

void bed_wait_gone(struct bed *b, const char *name)
{
    int64_t until = now_read().mono.us + DEADLINE_US;
    char path[512];

    path_of(b, name, path);
    while (access(path, F_OK) == 0) {
        if (now_read().mono.us > until)
            fail_msg("%s stays", path);
        bed_run_ms(b, 10);
    }
}
