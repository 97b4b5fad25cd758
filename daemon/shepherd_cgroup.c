/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* shepherd_cgroup - a control group (version 2) of the job's own, where we may make one
 */
#include "config.h"

#include "daemon/shepherd_cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/path.h"

#include "base/banned.h"

/* Where version 2 is mounted: alone, or beside version 1. */
static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

static const char *find_mount(void)
{
    char path[PATH_MAX];

    for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
        if (path_join(path, sizeof(path), mounts[i], "cgroup.controllers") == 0
            && access(path, F_OK) == 0)
            return mounts[i];
    return NULL;
}

/* The path after "0::" in /proc/self/cgroup, cut at its line's end; NULL = none. */
static const char *own_group(struct buf *b)
{
    char *line;

    if (path_read("/proc/self/cgroup", b, NULL) < 0 || !b->data)
        return NULL;
    line = b->data;
    if (strncmp(line, "0::", 3) != 0) {
        line = strstr(line, "\n0::");
        if (!line)
            return NULL;
        line++;
    }
    line += 3;
    line[strcspn(line, "\n")] = '\0';
    return line;
}

void cgroup_make(struct cgroup *g, const char *job_dir)
{
    struct buf b = BUF_INIT(65536);
    const char *mount = find_mount();
    const char *group = mount ? own_group(&b) : NULL;
    const char *name = strrchr(job_dir, '/');
    int n = -1;

    if (group && name)
        n = snprintf(g->dir, sizeof(g->dir), "%s%s/hopluu-%s.%d", mount,
                     strcmp(group, "/") ? group : "", name + 1, (int)getpid());
    if (n < 0 || (size_t)n >= sizeof(g->dir) || mkdir(g->dir, 0755) < 0)
        g->dir[0] = '\0';
    buf_release(&b);
}

static void say(const struct cgroup *g, const char *file, const char *word)
{
    char path[PATH_MAX];

    if (!g->dir[0] || path_join(path, sizeof(path), g->dir, file) < 0)
        return;

    _cleanup_(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

    /* A kernel without the file, or a group that is gone: /proc does the work. */
    if (fd >= 0 && write(fd, word, strlen(word)) < 0)
        return;
}

void cgroup_join(const struct cgroup *g)
{
    say(g, "cgroup.procs", "0");
}

void cgroup_kill(const struct cgroup *g)
{
    say(g, "cgroup.kill", "1");
}

void cgroup_remove(struct cgroup *g)
{
    if (g->dir[0] && rmdir(g->dir) < 0)
        return; /* the kernel is still taking the last one out: empty groups cost
                   nothing */
    g->dir[0] = '\0';
}
