/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* place_run - have fmap place the ranks of a job on the nodes that it got */
#include "config.h"

#include "plugin/place_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/time.h"

#include "base/banned.h"

#define SEARCH_S "2"

/* The child: only async-signal-safe calls, since the caller may have threads. */
static _Noreturn void become(char *const *argv, char *const *env, int out)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    /* A saved root would come back at setuid(0): all three go. */
    if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        _exit(127);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(out, 2) < 0)
        _exit(127);
    (void)execve(argv[0], argv, env);
    _exit(errno == ENOENT ? 127 : 126);
}

/* What it says, until it ends: the first line of that. False: it did not end in time.
 */
static bool listen_to(int fd, char *said, size_t cap)
{
    int64_t until_us = now_read().mono.us + PLACE_RUN_MS * INT64_C(1000);
    size_t n = 0;

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left_ms = (until_us - now_read().mono.us) / 1000;
        char more[256];
        ssize_t m;

        if (left_ms <= 0)
            return false;
        if (poll(&p, 1, (int)left_ms) <= 0)
            continue;
        m = read(fd, more, sizeof(more));
        if (m == 0 || (m < 0 && errno != EINTR))
            break;
        for (ssize_t i = 0; i < m && n + 1 < cap; i++)
            said[n++] = more[i];
    }
    said[n] = '\0';
    said[strcspn(said, "\n")] = '\0';
    return true;
}

static int outcome(const char *fmap, int status, const char *said, struct err *err)
{
    static const char prefix[] = "fmap: ";

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) >= 126)
        return err_set(err, -ENOENT, "%.100s cannot be run", fmap);
    if (!strncmp(said, prefix, sizeof(prefix) - 1))
        said += sizeof(prefix) - 1;
    return err_set(err, -EINVAL, "%s", said[0] ? said : "fmap failed without a word");
}

static int run(const char *fmap,
               char *const *argv,
               const struct words *env,
               struct err *err)
{
    char said[ERR_TEXT_MAX] = "";
    int status = 0;
    bool ended;
    int fd[2];
    pid_t pid;

    if (pipe2(fd, O_CLOEXEC) < 0)
        return err_set(err, -errno, "no pipe: %s", strerror(errno));
    pid = fork();
    if (pid == 0)
        become(argv, env->v ? env->v : (char *const[]){NULL}, fd[1]);
    (void)close(fd[1]);
    if (pid < 0) {
        (void)close(fd[0]);
        return err_set(err, -errno, "no process for fmap: %s", strerror(errno));
    }
    ended = listen_to(fd[0], said, sizeof(said));
    (void)close(fd[0]);
    if (!ended)
        (void)kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!ended)
        return err_set(err, -ETIME, "fmap took more than %d ms", PLACE_RUN_MS);
    return outcome(fmap, status, said, err);
}

int place_run(const char *fmap,
              const char *pattern,
              const struct words *env,
              const char *under,
              struct place_files *ret_files,
              struct err *err)
{
    struct place_files f = {0};
    char *argv[] = {(char *)(uintptr_t)fmap,
                    (char[]){"slurm"},
                    (char[]){"--deadline"},
                    (char[]){SEARCH_S},
                    (char[]){"--pattern"},
                    (char *)(uintptr_t)pattern,
                    (char[]){"--out"},
                    f.dir,
                    NULL}; /* execve() reads them */
    int r;

    if (snprintf(f.dir, sizeof(f.dir), "%s/hopluu.XXXXXX", under) >= (int)sizeof(f.dir))
        return err_set(err, -ENAMETOOLONG, "%.60s: too long a name", under);
    if (!mkdtemp(f.dir))
        return err_set(err, -errno, "no directory in %.60s: %s", under,
                       strerror(errno));
    (void)snprintf(f.hostfile, sizeof(f.hostfile), "%s/hostfile", f.dir);
    (void)snprintf(f.rankfile, sizeof(f.rankfile), "%s/rankfile", f.dir);
    r = run(fmap, argv, env, err);
    if (r < 0)
        place_files_remove(&f);
    else
        *ret_files = f;
    return r;
}

void place_files_remove(struct place_files *f)
{
    int fd;

    if (!f->dir[0])
        return;
    /* It is the user's own: nothing below it is followed. */
    fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
        (void)unlinkat(fd, "hostfile", 0);
        (void)unlinkat(fd, "rankfile", 0);
        (void)close(fd);
    }
    (void)rmdir(f->dir); /* not empty any more: then the user wants it */
    f->dir[0] = '\0';
}
