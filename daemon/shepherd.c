/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * shepherd - stays with one job (or one remote launch of it) until nothing is left
 *
 *     hopluu-shepherd DIR        job.json in DIR says what to run; descriptor 3 is a
 *                                Unix socket that listens
 *
 *     running -> ending (TERM sent, grace) -> killing -> empty -> end.json
 *             -> killing (the script has ended)
 *
 * - It needs nobody: the node daemon may die and come back. Its exit closes its
 *   connections, and end.json is complete before that.
 * - end.json appears by rename, after fsync, when no descendant is left; its figures
 *   are those of all of them.
 * - Lines it understands on the socket: "end" (TERM, grace, KILL: cancelled), "kill",
 *   "signal N". It says "started US" to each that connects, and "out" when a step has
 *   written something.
 */
#include "config.h"

#include "daemon/shepherd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/measure.h"
#include "base/number.h"
#include "base/path.h"
#include "daemon/shepherd_child.h"
#include "daemon/shepherd_end.h"
#include "daemon/shepherd_tree.h"

#include "base/banned.h"

#define REKILL_US 20000
#define MEMORY_POLL_US US_PER_S

static void tell(int fd, const char *line)
{
    /* Whoever does not read misses a hint; the files say it all. */
    (void)send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void tell_all(const struct shepherd *s, const char *line)
{
    for (size_t i = 0; i < s->n_clients; i++)
        tell(s->clients[i], line);
}

static void tell_started(const struct shepherd *s, int fd)
{
    char line[64];

    if (!s->started.us)
        return;
    (void)snprintf(line, sizeof(line), "started %lld\n", (long long)s->started.us);
    tell(fd, line);
}

/* TERM now, KILL after the grace. A second reason does not extend the first. */
static void begin_end(struct shepherd *s, enum shepherd_why why, int64_t now_us)
{
    if (s->why != WHY_NONE || s->script == 0)
        return;
    s->why = why;
    (void)tree_signal(SIGCONT);
    (void)tree_signal(SIGTERM);
    s->kill_at = now_us + (int64_t)s->plan.kill_wait_s * US_PER_S;
}

static void kill_now(struct shepherd *s, int64_t now_us)
{
    cgroup_kill(&s->group);
    (void)tree_signal(SIGKILL);
    s->kill_at = now_us + REKILL_US;
}

static void obey(struct shepherd *s, const char *line, int64_t now_us)
{
    uint32_t n;

    if (!strcmp(line, "end")) {
        begin_end(s, WHY_CANCEL, now_us);
    } else if (!strcmp(line, "kill")) {
        if (s->why == WHY_NONE && s->script)
            s->why = WHY_CANCEL;
        kill_now(s, now_us);
    } else if (!strncmp(line, "signal ", 7)
               && !measure_u32(line + 7, 1, 64, &n, NULL)) {
        (void)tree_signal((int)n);
    }
}

static void on_accept(struct shepherd *s)
{
    int fd = accept4(s->ctl, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    if (s->n_clients == SHEPHERD_CLIENTS_MAX) {
        (void)close(fd); /* the node daemon needs one */
        return;
    }
    s->clients[s->n_clients++] = fd;
    tell_started(s, fd);
}

static void on_client(struct shepherd *s, size_t i, int64_t now_us)
{
    char text[512];
    ssize_t n = read(s->clients[i], text, sizeof(text) - 1);
    char *line = text;
    char *end;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        (void)close(s->clients[i]); /* it has gone */
        s->clients[i] = s->clients[--s->n_clients];
        return;
    }
    text[n] = '\0';
    while ((end = strchr(line, '\n'))) {
        *end = '\0';
        obey(s, line, now_us);
        line = end + 1;
    }
}

/* What the step has written goes to its file; readers follow the file. */
static void on_output(struct shepherd *s, int which)
{
    char bytes[65536];
    ssize_t n = read(s->from[which], bytes, sizeof(bytes));

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        (void)close(s->from[which]); /* nobody writes any more */
        s->from[which] = -1;
        return;
    }
    if (write(s->to[which], bytes, (size_t)n) < 0)
        return; /* disk full: the step's output is lost, the step is not */
    tell_all(s, "out\n");
}

static void on_children(struct shepherd *s, int64_t now_us)
{
    struct signalfd_siginfo si;
    int status;
    pid_t pid;

    while (read(s->sig, &si, sizeof(si)) == sizeof(si))
        if (si.ssi_signo == SIGTERM)
            begin_end(s, WHY_CANCEL, now_us);
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == s->script) {
            s->script = 0;
            s->status = status;
            s->ended = now_read().wall;
            kill_now(s, now_us);
        }
    if (pid < 0 && errno == ECHILD)
        s->empty = true;
}

static void on_time(struct shepherd *s, int64_t now_us)
{
    if (s->warn_at && now_us >= s->warn_at) {
        s->warn_at = 0;
        if (s->plan.signal_batch && s->script)
            (void)kill(s->script, (int)s->plan.signal);
        else
            (void)tree_signal((int)s->plan.signal);
    }
    if (s->limit_at && now_us >= s->limit_at) {
        s->limit_at = 0;
        begin_end(s, WHY_TIME, now_us);
    }
    if (s->kill_at && now_us >= s->kill_at)
        kill_now(s, now_us);
    if (s->poll_at && now_us >= s->poll_at) {
        s->poll_at = now_us + MEMORY_POLL_US;
        if (s->script && tree_rss() > s->plan.mem_bytes) {
            s->why = WHY_MEMORY;
            kill_now(s, now_us);
        }
    }
}

static int wait_ms(const struct shepherd *s, int64_t now_us)
{
    int64_t at = INT64_MAX;
    const int64_t all[] = {s->warn_at, s->limit_at, s->kill_at, s->poll_at};

    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        if (all[i] && all[i] < at)
            at = all[i];
    if (at == INT64_MAX)
        return -1;
    return at <= now_us ? 0 : (int)MIN((at - now_us + 999) / 1000, INT64_C(3600000));
}

static void turn(struct shepherd *s)
{
    struct pollfd p[4 + SHEPHERD_CLIENTS_MAX];
    nfds_t n = 0;
    int64_t now_us = now_read().mono.us;

    p[n++] = (struct pollfd){.fd = s->sig, .events = POLLIN};
    p[n++] = (struct pollfd){.fd = s->ctl, .events = POLLIN};
    p[n++] = (struct pollfd){.fd = s->from[0], .events = POLLIN};
    p[n++] = (struct pollfd){.fd = s->from[1], .events = POLLIN};
    for (size_t i = 0; i < s->n_clients; i++)
        p[n++] = (struct pollfd){.fd = s->clients[i], .events = POLLIN};
    if (poll(p, n, wait_ms(s, now_us)) < 0)
        return;
    now_us = now_read().mono.us;
    for (size_t i = s->n_clients; i-- > 0;)
        if (p[4 + i].revents)
            on_client(s, i, now_us);
    if (p[1].revents)
        on_accept(s);
    for (int i = 0; i < 2; i++)
        if (p[2 + i].revents)
            on_output(s, i);
    on_time(s, now_us);
    if (p[0].revents)
        on_children(s, now_us);
}

/* Signals and reaping first: nothing may be lost between fork and poll. */
static int prepare(struct shepherd *s, struct err *err)
{
    sigset_t set;

    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return err_set(err, -errno, "subreaper: %s", strerror(errno));
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGCHLD);
    (void)sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return err_set(err, -errno, "signals: %s", strerror(errno));
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    s->sig = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->sig < 0)
        return err_set(err, -errno, "signalfd: %s", strerror(errno));
    return 0;
}

static int step_files(struct shepherd *s, int write_end[2], struct err *err)
{
    static const char *const name[2] = {STEP_OUT, STEP_ERR};

    for (int i = 0; i < 2; i++) {
        int ends[2];
        char path[PATH_MAX];

        if (path_join(path, sizeof(path), s->plan.dir, name[i]))
            return err_set(err, -ENAMETOOLONG, "%s is too long", s->plan.dir);
        s->to[i] = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (s->to[i] < 0 || pipe2(ends, O_CLOEXEC) < 0
            || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
            return err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
        s->from[i] = ends[0];
        write_end[i] = ends[1];
    }
    return 0;
}

static int start(struct shepherd *s, struct err *err)
{
    int write_end[2] = {-1, -1};
    int64_t now_us;
    int r = prepare(s, err);

    if (!r && s->plan.step)
        r = step_files(s, write_end, err);
    if (!r) {
        cgroup_make(&s->group, s->plan.dir);
        r = child_start(&s->plan, &s->group, write_end, &s->script, err);
    }
    closep(&write_end[0]);
    closep(&write_end[1]);
    if (r)
        return r;
    s->started = now_read().wall;
    now_us = now_read().mono.us;
    if (s->plan.limit_s) {
        s->limit_at = now_us + (int64_t)s->plan.limit_s * US_PER_S;
        if (s->plan.signal && s->plan.signal_s < s->plan.limit_s)
            s->warn_at = s->limit_at - (int64_t)s->plan.signal_s * US_PER_S;
        else if (s->plan.signal)
            s->warn_at = now_us;
    }
    if (s->plan.mem_bytes)
        s->poll_at = now_us + MEMORY_POLL_US;
    (void)shepherd_write_started(s, NULL); /* a hint: the socket says it too */
    return 0;
}

int main(int argc, char **argv)
{
    struct shepherd s = {
        .ctl = 3, .sig = -1, .from = {-1, -1},
                .to = {-1, -1}
    };
    struct err err = {0};
    int r;

    if (argc != 2 || argv[1][0] != '/') {
        (void)fprintf(stderr, "hopluu-shepherd: started by hopluu-noded only\n");
        return 2;
    }
    r = plan_read(argv[1], &s.plan, &err);
    if (!r) {
        r = start(&s, &err);
        while (!r && !s.empty)
            turn(&s);
        for (int i = 0; i < 2; i++)
            while (s.from[i] >= 0 && !r)
                on_output(&s, i); /* no writer is left: it ends */
    }
    cgroup_remove(&s.group);
    r = shepherd_write_end(&s, argv[1], r, &err);
    plan_release(&s.plan);
    return r ? 1 : 0;
}
