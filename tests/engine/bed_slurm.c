/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * bed_slurm - a real slurmctld and slurmds below an engine under test
 *
 * They run as whoever runs the test, on ports of their own, with the bed's own MUNGE
 * key. Several slurmds on one host need the distribution's --enable-multiple-slurmd.
 */
#include "config.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/measure.h"
#include "base/path.h"
#include "tests/engine/bed.h"

#include "tests/cmocka_all.h"

/* libslurm 22.05 loses one string of each job in slurm_load_jobs(), which
 * slurm_free_job_info_msg() does not free: not ours to mend, and not hidden elsewhere.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:slurm_load_jobs\n";
}

static bool in_path(const char *program)
{
    static const char *const dirs[] = {"/usr/sbin", "/usr/bin", "/sbin"};
    char path[128];

    for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dirs[i], program);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

const char *bed_slurm_missing(void)
{
#ifndef HAVE_SLURM
    return "built without libslurm";
#else
    return !in_path("slurmctld") ? "slurmctld is not installed"
           : !in_path("slurmd")  ? "slurmd is not installed"
           : !in_path("munged")  ? "munged is not installed"
                                 : NULL;
#endif
}

/* A name of the abstract kind is ours as long as this process lives. */
static bool reserve(int port)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    (void)snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "hopluu-bed-port-%d", port);
    if (bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
        return true;
    (void)close(fd);
    return false;
}

static bool is_free(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    assert_true(fd >= 0);
    ok = bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
    (void)close(fd);
    return ok;
}

/* Below the ports that the kernel gives to whoever connects: one of those would be
 * taken while a slurmctld that is to come back is away, if only by the peer that looks
 * for it. */
static int free_port(void)
{
    for (int i = 0; i < 10000; i++) {
        int port = 10000 + (getpid() * 37 + i) % 10000;

        if (is_free(port) && reserve(port))
            return port;
    }
    fail_msg("no port between 10000 and 20000 is free");
    return -1;
}

static void write_conf(struct bed *b)
{
    const struct passwd *pw = getpwuid(geteuid());
    char host[128];
    char path[512];
    char text[8192];
    int n;

    assert_int_equal(gethostname(host, sizeof(host)), 0);
    host[sizeof(host) - 1] = '\0';
    host[strcspn(host, ".")] = '\0';
    n = snprintf(
        text, sizeof(text),
        "ClusterName=hanoi\nSlurmctldHost=%s(127.0.0.1)\nSlurmctldPort=%d\n"
        "SlurmUser=%s\nSlurmdUser=%s\nAuthType=auth/munge\nCredType=cred/munge\n"
        "AuthInfo=socket=%s/munge.sock\nStateSaveLocation=%s/state\n"
        "SlurmdSpoolDir=%s/spool-%%n\nSlurmctldPidFile=%s/slurmctld.pid\n"
        "SlurmdPidFile=%s/%%n.pid\nSlurmctldLogFile=%s/slurmctld.log\n"
        "SlurmdLogFile=%s/%%n.log\nProctrackType=proctrack/linuxproc\n"
        "TaskPlugin=task/none\nJobAcctGatherType=jobacct_gather/none\n"
        "MpiDefault=none\nSwitchType=switch/none\nSelectType=select/cons_tres\n"
        "SelectTypeParameters=CR_CPU_Memory\nDefMemPerCPU=10\n"
        "SlurmdParameters=config_overrides\nReturnToService=2\nKillWait=2\n"
        "MessageTimeout=5\nMinJobAge=300\nAccountingStorageType=accounting_storage/"
        "none\n"
        "SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,sched_interval=5,"
        "bf_interval=5,bf_continue\n"
        "NodeName=n1 NodeHostname=%s NodeAddr=127.0.0.1 Port=%d CPUs=%d "
        "RealMemory=16000 State=UNKNOWN\n"
        "NodeName=n2 NodeHostname=%s NodeAddr=127.0.0.1 Port=%d CPUs=%d "
        "RealMemory=16000 State=UNKNOWN\n"
        "PartitionName=main Nodes=ALL Default=YES MaxTime=60 DefaultTime=1 State=UP\n",
        host, free_port(), pw ? pw->pw_name : "root", pw ? pw->pw_name : "root", b->dir,
        b->dir, b->dir, b->dir, b->dir, b->dir, b->dir, host, free_port(), BED_CORES,
        host, free_port(), BED_CORES);
    assert_true(n > 0 && (size_t)n < sizeof(text));
    (void)snprintf(path, sizeof(path), "%s/slurm.conf", b->dir);
    assert_int_equal(path_write(path, text, (size_t)n, 0644, NULL), 0);
    (void)snprintf(path, sizeof(path), "%s/cgroup.conf", b->dir);
    assert_int_equal(path_write(path, "CgroupAutomount=no\n", 19, 0644, NULL), 0);
    (void)snprintf(path, sizeof(path), "%s/state", b->dir);
    assert_int_equal(mkdir(path, 0700), 0);
}

void bed_slurmctld_start(struct bed *b)
{
    char conf[512];
    char log[512];

    (void)snprintf(conf, sizeof(conf), "%s/slurm.conf", b->dir);
    (void)snprintf(log, sizeof(log), "%s/slurmctld.err", b->dir);
    b->slurmctld = bed_run((char *[]){(char[]){"slurmctld"}, (char[]){"-D"},
                                      (char[]){"-i"}, (char[]){"-f"}, conf, NULL},
                           log);
}

void bed_slurmctld_kill(struct bed *b, int signal)
{
    if (b->slurmctld <= 0)
        return;
    (void)kill(b->slurmctld, signal);
    (void)waitpid(b->slurmctld, NULL, 0);
    b->slurmctld = 0;
}

void bed_slurm_start(struct bed *b)
{
    char conf[512];
    char log[512];
    char name[8];
    char spool[512];

    (void)setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    (void)setenv("HOPLUU_BED", b->dir, 1); /* by which the sweep knows what is ours */
    write_conf(b);
    bed_slurmctld_start(b);
    for (int i = 0; i < BED_NODES; i++) {
        (void)snprintf(conf, sizeof(conf), "%s/slurm.conf", b->dir);
        (void)snprintf(log, sizeof(log), "%s/slurmd%d.err", b->dir, i + 1);
        (void)snprintf(spool, sizeof(spool), "%s/spool-n%d", b->dir, i + 1);
        assert_int_equal(mkdir(spool, 0755), 0);
        (void)snprintf(name, sizeof(name), "n%d", i + 1);
        b->noded[i] =
            bed_run((char *[]){(char[]){"slurmd"}, (char[]){"-D"}, (char[]){"-N"}, name,
                               (char[]){"-f"}, conf, NULL},
                    log);
    }
}

static bool is_of(const struct bed *b, const char *pid)
{
    struct buf t = BUF_INIT(1 << 20);
    char path[300];
    char mark[300];
    bool ours;

    (void)snprintf(path, sizeof(path), "/proc/%s/environ", pid);
    (void)snprintf(mark, sizeof(mark), "=%s", b->dir); /* a stepd has SLURM_CONF only */
    ours = path_read(path, &t, NULL) == 0 && t.len
           && memmem(t.data, t.len, mark, strlen(mark));
    buf_release(&t);
    return ours;
}

void bed_slurm_sweep(const struct bed *b)
{
    for (int round = 0; round < 50; round++) {
        DIR *d = opendir("/proc");
        struct dirent *f;
        unsigned left = 0;
        uint32_t pid;

        while (d && (f = readdir(d)))
            if (!measure_u32(f->d_name, 2, INT32_MAX, &pid, NULL)
                && (pid_t)pid != getpid() && (pid_t)pid != b->munged
                && is_of(b, f->d_name) && kill((pid_t)pid, SIGKILL) == 0)
                left++;
        if (d)
            (void)closedir(d);
        if (!left)
            return;
        (void)usleep(20000);
    }
}
