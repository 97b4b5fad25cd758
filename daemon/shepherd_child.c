/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* shepherd_child - from the shepherd's rights to the user's, and exec */
#include "config.h"

#include "daemon/shepherd_child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "base/banned.h"

/* In the child: say what failed and end. The text is cut to one atomic pipe write. */
static _Noreturn void give_up(int fd, const char *doing, const char *what)
{
    char text[ERR_TEXT_MAX];
    int e = errno;
    int n =
        snprintf(text, sizeof(text), "%c%s %s: %s", (char)e, doing, what, strerror(e));

    if (n > (int)sizeof(text) - 1)
        n = (int)sizeof(text) - 1;
    if (write(fd, text, (size_t)n) < 0)
        _exit(126);
    _exit(127);
}

static int open_output(const char *path, bool append)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY;

    return open(path, flags | (append ? O_APPEND : O_TRUNC), 0666);
}

static void put(int fd, int to, int tell)
{
    if (fd == to) {
        if (fcntl(fd, F_SETFD, 0) < 0)
            give_up(tell, "cannot keep", "a descriptor");
    } else if (dup2(fd, to) < 0) {
        give_up(tell, "cannot set", "a descriptor");
    }
}

static void become(const struct plan *p, int tell)
{
    if (geteuid() == 0 && p->uid != 0) {
        if (initgroups(p->user, p->gid) < 0 || setresgid(p->gid, p->gid, p->gid) < 0
            || setresuid(p->uid, p->uid, p->uid) < 0)
            give_up(tell, "cannot become", p->user);
        errno = EPERM;
        if (setuid(0) == 0 || setgid(0) == 0 || geteuid() != p->uid
            || getegid() != p->gid)
            give_up(tell, "there is a way back from", p->user);
    } else if (getuid() != p->uid || geteuid() != p->uid) {
        errno = EPERM;
        give_up(tell, "cannot become", p->user);
    }
}

static void outputs(const struct plan *p, int tell)
{
    int out = open_output(p->std_out, p->append);
    int e = out;

    if (out < 0)
        give_up(tell, "cannot write", p->std_out);
    if (p->std_err) {
        e = open_output(p->std_err, p->append);
        if (e < 0)
            give_up(tell, "cannot write", p->std_err);
    }
    put(out, STDOUT_FILENO, tell);
    put(e, STDERR_FILENO, tell);
}

static _Noreturn void child(const struct plan *p,
                            const struct cgroup *group,
                            const int step_out[2],
                            int tell)
{
    const char *in = p->std_in ? p->std_in : "/dev/null";
    struct rlimit no_core = {0};
    sigset_t none;
    int fd;

    cgroup_join(group);
    (void)setsid(); /* fails only if we lead one already */
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    for (int s = 1; s < NSIG; s++)
        (void)signal(s, SIG_DFL); /* KILL, STOP and libc's own say no */
    (void)umask(022);
    if (setrlimit(RLIMIT_CORE, &no_core) < 0)
        give_up(tell, "cannot set", "limits");
    if (p->step) {
        put(step_out[0], STDOUT_FILENO, tell);
        put(step_out[1], STDERR_FILENO, tell);
    } else if (!p->own_files) {
        outputs(p, tell);
    }
    become(p, tell);
    if (chdir(p->cwd) < 0)
        give_up(tell, "cannot enter", p->cwd);
    if (!p->step && p->own_files)
        outputs(p, tell);
    fd = open(in, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        give_up(tell, "cannot read", in);
    put(fd, STDIN_FILENO, tell);
    execve(p->argv.v[0], p->argv.v, p->env.v);
    give_up(tell, "cannot run", p->argv.v[0]);
}

int child_start(const struct plan *p,
                const struct cgroup *group,
                const int step_out[2],
                pid_t *ret_pid,
                struct err *err)
{
    char text[ERR_TEXT_MAX] = "";
    int pipes[2];
    ssize_t n;
    pid_t pid;

    if (pipe2(pipes, O_CLOEXEC) < 0)
        return err_set(err, -errno, "pipe: %s", strerror(errno));
    pid = fork();
    if (pid < 0) {
        int e = errno;

        (void)close(pipes[0]); /* nothing was written */
        (void)close(pipes[1]);
        return err_set(err, -e, "cannot fork: %s", strerror(e));
    }
    if (pid == 0)
        child(p, group, step_out, pipes[1]);
    (void)close(pipes[1]); /* the child's end */
    do
        n = read(pipes[0], text, sizeof(text) - 1);
    while (n < 0 && errno == EINTR);
    (void)close(pipes[0]); /* only read */
    if (n > 0) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
        return err_set(err, -(int)(unsigned char)text[0], "%s", text + 1);
    }
    *ret_pid = pid;
    return 0;
}
