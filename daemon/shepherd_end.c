/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* shepherd_end - what a shepherd leaves behind: started.json and end.json */
#include "config.h"

#include "daemon/shepherd_end.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "daemon/shepherd_traffic.h"
#include "model/job_state.h"

#include "base/banned.h"

#define NOTE_MAX 4096

int shepherd_write_started(const struct shepherd *s, struct err *err)
{
    char path[PATH_MAX];
    char text[96];
    int n = snprintf(text, sizeof(text), "{\"at\":%lld,\"pid\":%d}\n",
                     (long long)s->started.us, (int)s->script);
    int fd;
    bool bad;

    if (path_join(path, sizeof(path), s->plan.dir, "started.json"))
        return err_set(err, -ENAMETOOLONG, "%s is too long", s->plan.dir);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
    bad = write(fd, text, (size_t)n) != n;
    if (close(fd) < 0 || bad)
        return err_set(err, -EIO, "cannot write %s", path);
    return 0;
}

static void verdict(const struct shepherd *s,
                    int r,
                    enum job_state *state,
                    enum job_reason *reason)
{
    *reason = REASON_NONE;
    if (r) {
        *state = JOB_FAILED;
        *reason = REASON_LAUNCH_FAILED;
        return;
    }
    switch (s->why) {
    case WHY_CANCEL:
        *state = JOB_CANCELLED;
        return;
    case WHY_TIME:
        *state = JOB_TIMEOUT;
        *reason = REASON_TIME_LIMIT;
        return;
    case WHY_MEMORY:
        *state = JOB_OUT_OF_MEMORY;
        return;
    case WHY_NONE:
    case _SHEPHERD_WHY_MAX:
        break;
    }
    *state = s->status ? JOB_FAILED : JOB_COMPLETED;
    if (s->status)
        *reason = REASON_NON_ZERO_EXIT;
}

static uint64_t micros(struct timeval t)
{
    return (uint64_t)t.tv_sec * (uint64_t)US_PER_S + (uint64_t)t.tv_usec;
}

int shepherd_write_end(const struct shepherd *s,
                       const char *dir,
                       int r,
                       const struct err *err)
{
    struct buf note = BUF_INIT(NOTE_MAX);
    struct rusage u = {0};
    enum job_state state;
    enum job_reason reason;
    struct wall now = now_read().wall;
    const struct collect_from from = {.work = s->plan.work,
                                      .out = s->plan.out,
                                      .outputs = s->plan.outputs,
                                      .std_err = s->plan.std_err != NULL,
                                      .uid = s->plan.uid,
                                      .gid = s->plan.gid,
                                      .transfer_max = s->plan.transfer_max};
    json_t *files = NULL;
    json_t *traffic = NULL;
    json_t *end;
    char *text;
    char path[PATH_MAX];
    int code = 127;
    int sig = 0;
    int w;

    verdict(s, r, &state, &reason);
    if (r) {
        buf_puts(&note, err_text(err, r));
    } else {
        sig = WIFSIGNALED(s->status) ? WTERMSIG(s->status) : 0;
        code = WIFEXITED(s->status) ? WEXITSTATUS(s->status) : 0;
    }
    if (s->why == WHY_MEMORY)
        buf_puts(&note, "used more memory than it asked for");
    (void)getrusage(RUSAGE_CHILDREN, &u); /* cannot fail with these arguments */
    if (s->plan.json)
        collect_outputs(&from, &files, &note);
    if (s->plan.json)
        traffic = traffic_collect(&s->plan);
    end = json_pack("{s:s, s:s, s:i, s:i, s:I, s:I, s:I, s:I, s:s, s:o*, s:o*}",
                    "state", job_state_word(state), "reason", job_reason_word(reason),
                    "exit_code", code, "exit_signal", sig, "started",
                    (json_int_t)(s->started.us ? s->started.us : now.us), "ended",
                    (json_int_t)(s->ended.us ? s->ended.us : now.us), "cpu_us",
                    (json_int_t)(micros(u.ru_utime) + micros(u.ru_stime)), "max_rss",
                    (json_int_t)u.ru_maxrss * 1024, "note", buf_text(&note), "files",
                    files, "traffic", traffic);
    text = end ? json_dumps(end, JSON_COMPACT) : NULL;
    w = text && !path_join(path, sizeof(path), dir, "end.json")
            ? path_write(path, text, strlen(text), 0600, NULL)
            : -ENOMEM;
    free(text);
    json_decref(end);
    buf_release(&note);
    return w;
}
