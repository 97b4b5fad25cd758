/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* shepherd_tree - everything that descends from us, through /proc */
#include "config.h"

#include "daemon/shepherd_tree.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/measure.h"
#include "base/path.h"
#include "base/words.h"

#include "base/banned.h"

#define PROC_FILE_MAX (1u << 20)

struct pids {
    pid_t *v;
    size_t n;
    size_t cap;
};

static void add(struct pids *p, pid_t pid)
{
    if (p->n == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 64;
        pid_t *v = cap > TREE_MAX ? NULL : reallocarray(p->v, cap, sizeof(*v));

        if (!v)
            return; /* the next pass finds it: those before it are gone then */
        p->v = v;
        p->cap = cap;
    }
    p->v[p->n++] = pid;
}

/* The children of one thread: a line of pids. */
static void add_children(struct pids *p, const char *path)
{
    struct buf b = BUF_INIT(PROC_FILE_MAX);
    struct words w = WORDS_INIT(TREE_MAX, PROC_FILE_MAX);
    uint32_t pid;

    if (!path_read(path, &b, NULL) && !words_split(&w, buf_text(&b), " \n"))
        for (size_t i = 0; i < w.n; i++)
            if (!measure_u32(w.v[i], 1, INT32_MAX, &pid, NULL))
                add(p, (pid_t)pid);
    words_release(&w);
    buf_release(&b);
}

static void add_below(struct pids *p, pid_t pid)
{
    char path[64];
    struct dirent *e;
    DIR *d;

    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    d = opendir(path);
    if (!d)
        return; /* it has ended meanwhile */
    while ((e = readdir(d)))
        if (e->d_name[0] != '.') {
            char file[400];

            (void)snprintf(file, sizeof(file), "%s/%s/children", path, e->d_name);
            add_children(p, file);
        }
    (void)closedir(d); /* only read */
}

static void walk(struct pids *p)
{
    add_below(p, getpid());
    for (size_t i = 0; i < p->n; i++)
        add_below(p, p->v[i]);
}

size_t tree_signal(int signal)
{
    struct pids p = {0};
    size_t n;

    walk(&p);
    for (size_t i = 0; i < p.n; i++)
        (void)kill(p.v[i], signal); /* gone or a zombie: fine */
    n = p.n;
    free(p.v);
    return n;
}

uint64_t tree_rss(void)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    struct pids p = {0};
    uint64_t sum = 0;

    walk(&p);
    for (size_t i = 0; i < p.n; i++) {
        struct buf b = BUF_INIT(4096);
        struct words w = WORDS_INIT(16, 4096);
        char path[64];
        uint64_t pages;

        (void)snprintf(path, sizeof(path), "/proc/%d/statm", (int)p.v[i]);
        if (!path_read(path, &b, NULL) && !words_split(&w, buf_text(&b), " \n")
            && w.n > 1 && !measure_u64(w.v[1], 0, UINT64_MAX / page, &pages, NULL))
            sum += pages * page;
        words_release(&w);
        buf_release(&b);
    }
    free(p.v);
    return sum;
}
