/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* batch - what a person asked of fbatch, settled */
#include "config.h"

#include "command/batch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/number.h"
#include "base/path.h"
#include "command/say.h"

#include "base/banned.h"

int batch_init(struct batch *b, struct wall now)
{
    *b = (struct batch){
        .spec = job_spec_new(),
        .now = now,
        .transfer_in = WORDS_INIT(JOB_FILES_MAX, 65536),
    };
    return b->spec ? 0 : -ENOMEM;
}

void batch_release(struct batch *b)
{
    job_spec_free(b->spec);
    words_release(&b->transfer_in);
    free(b->export);
    free(b->chdir);
    free(b->wrap);
    free(b->socket);
    *b = (struct batch){0};
}

/* Slurm: one task per node when only nodes are given. */
static int settle_tasks(struct batch *b, struct err *err)
{
    struct request *q = &b->spec->request;
    uint32_t nodes = q->min_nodes ? q->min_nodes : 1;

    if (!b->tasks_given
        && !mul_ok(nodes, q->tasks_per_node ? q->tasks_per_node : 1u, &q->n_tasks))
        return err_set(err, -EINVAL, "%u nodes with %u tasks each are too many", nodes,
                       q->tasks_per_node);
    if (q->min_nodes > q->n_tasks) {
        say_warning("can't run %u tasks on %u nodes, setting nodes to %u", q->n_tasks,
                    q->min_nodes, q->n_tasks);
        q->min_nodes = q->n_tasks;
        if (q->max_nodes)
            q->max_nodes = MAX(q->n_tasks, 1u);
    }
    return 0;
}

static int settle_dir(struct batch *b, struct err *err)
{
    char here[PATH_MAX];
    char path[PATH_MAX];

    if (!getcwd(here, sizeof(here)))
        return err_set(err, -errno, "the current directory: %s", strerror(errno));
    if (path_join(path, sizeof(path), here, b->chdir ? b->chdir : ".") != 0)
        return err_set(err, -ENAMETOOLONG, "--chdir: the directory's name is too long");
    free(b->spec->work_dir);
    b->spec->work_dir = strdup(b->chdir ? path : here);
    return b->spec->work_dir ? 0 : err_set(err, -ENOMEM, "not enough memory");
}

static const char *value_of(char *const *environment, const char *name, size_t len)
{
    for (; *environment; environment++)
        if (!strncmp(*environment, name, len) && (*environment)[len] == '=')
            return *environment;
    return NULL;
}

static bool named_in(const struct words *list, const char *entry)
{
    size_t len = strcspn(entry, "=");

    for (size_t i = 0; i < list->n; i++)
        if (!strncmp(list->v[i], entry, len)
            && (list->v[i][len] == '=' || !list->v[i][len]))
            return true;
    return false;
}

static int too_big(int r, struct err *err)
{
    if (r == -E2BIG)
        return err_set(
            err, r,
            "the environment is too large: at most %u bytes and %d variables "
            "(JOB_ENV_MAX, JOB_WORDS_MAX) travel; choose with --export=NONE "
            "or --export=NAME,…",
            JOB_ENV_MAX, JOB_WORDS_MAX);
    return r == 0 ? 0 : err_set(err, r, "not enough memory");
}

int batch_export(const char *how,
                 char *const *environment,
                 struct words *to,
                 struct err *err)
{
    struct words list = WORDS_INIT(JOB_WORDS_MAX, JOB_ENV_MAX);
    bool all = !how || !strcasecmp(how, "ALL");
    int r = 0;

    if (how && !all && strcasecmp(how, "NONE") != 0 && strcasecmp(how, "NIL") != 0) {
        r = words_split(&list, how, ",");
        for (size_t i = 0; i < list.n; i++)
            all = all || !strcasecmp(list.v[i], "ALL");
    }
    for (char *const *e = environment; r == 0 && all && *e; e++)
        if (strchr(*e, '=') && !named_in(&list, *e))
            r = words_add(to, *e);
    for (size_t i = 0; r == 0 && i < list.n; i++) {
        const char *word = list.v[i];
        const char *value =
            strchr(word, '=') ? word : value_of(environment, word, strlen(word));

        if (value && strcasecmp(word, "ALL") != 0)
            r = words_add(to, value);
    }
    words_release(&list);
    return too_big(r, err);
}

/* 62 random bits: a submission that is asked twice is one job. */
static int make_token(uint64_t *ret_token)
{
    uint64_t n = 0;

    if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n))
        return -EIO;
    *ret_token = (n & ((UINT64_C(1) << 62) - 1)) | 1;
    return 0;
}

int batch_finish(struct batch *b,
                 const char *script_name,
                 char *const *environment,
                 struct err *err)
{
    struct job_spec *s = b->spec;
    const char *slash = strrchr(script_name, '/');
    int r = settle_tasks(b, err);

    if (r == 0)
        r = settle_dir(b, err);
    if (r == 0 && b->mem_zero && !s->request.exclusive)
        r = err_set(err, -EINVAL,
                    "--mem=0 is all the memory of a node: it needs --exclusive");
    if (r == 0)
        r = batch_export(b->export, environment, &s->env, err);
    if (r == 0 && make_token(&s->client_token) != 0)
        r = err_set(err, -EIO, "the system gives no random numbers");
    if (r == 0 && !s->name[0])
        (void)snprintf(s->name, sizeof(s->name), "%s", slash ? slash + 1 : script_name);
    return r;
}
