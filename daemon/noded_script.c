/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * noded_script - from an order to the job.json of its shepherd
 *
 * At home (the entry is this center) the script runs in the user's directory and
 * writes there, with the user's rights. A guest runs in a directory of its own; what
 * it wrote travels home at the end.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "daemon/noded.h"
#include "wire/noun_json.h"

#include "base/banned.h"

struct place {
    char cwd[PATH_MAX];
    char in[PATH_MAX]; /* "" = /dev/null */
    char out[PATH_MAX];
    char err[PATH_MAX]; /* "" = joined */
};

static int pattern_path(const struct node_job *j,
                        const struct job_spec *s,
                        const char *pattern,
                        const char *dir,
                        char path[PATH_MAX],
                        struct err *err)
{
    struct job_names names = {
        .id = j->id, .job_name = s->name, .user = j->user, .node = j->node->conf.name};
    char name[PATH_MAX];
    int r = job_spec_expand(pattern, &names, name, sizeof(name), err);

    return r ? r : path_join(path, PATH_MAX, dir, name);
}

static int at_home(const struct node_job *j,
                   const struct job_spec *s,
                   struct place *p,
                   struct err *err)
{
    int r = path_join(p->cwd, sizeof(p->cwd), "/", s->work_dir ? s->work_dir : "/");

    if (!r)
        r = pattern_path(j, s, s->std_out ? s->std_out : "slurm-%j.out", p->cwd, p->out,
                         err);
    if (!r && s->std_err)
        r = pattern_path(j, s, s->std_err, p->cwd, p->err, err);
    if (!r && s->std_in)
        r = pattern_path(j, s, s->std_in, p->cwd, p->in, err);
    return r;
}

static int as_guest(const struct node_job *j,
                    const struct job_spec *s,
                    struct place *p,
                    struct err *err)
{
    int r = path_join(p->cwd, sizeof(p->cwd), j->dir, "u/work");

    if (!r)
        r = path_join(p->out, sizeof(p->out), j->dir, "out/stdout");
    if (!r && s->std_err)
        r = path_join(p->err, sizeof(p->err), j->dir, "out/stderr");
    if (!r && s->std_in) /* an absolute name here is the guest's own business */
        r = pattern_path(j, s, s->std_in, p->cwd, p->in, err);
    return r;
}

/* Where the ranks on this node leave what they said to others; null = not watched. */
static json_t *comm_of(const struct node_job *j)
{
    char path[PATH_MAX];

    if (!json_is_true(json_object_get(j->order, "watch"))
        || path_join(path, sizeof(path), j->dir, "u/comm"))
        return json_null();
    return json_string(path);
}

static json_t *argv_of(const struct node_job *j, const struct job_spec *s)
{
    json_t *argv = json_array();
    char path[PATH_MAX];
    bool bad = path_join(path, sizeof(path), j->dir, "u/script")
               || json_array_append_new(argv, json_string(path));

    for (size_t i = 0; i < s->args.n && !bad; i++)
        bad = json_array_append_new(argv, json_string(s->args.v[i])) != 0;
    if (!bad)
        return argv;
    json_decref(argv);
    return NULL;
}

/* Same names in one file: stdout and stderr must not truncate each other. */
static json_t *text_or_null(const char *s)
{
    return *s ? json_string(s) : json_null();
}

static json_t *compose(const struct node_job *j,
                       const struct job_spec *s,
                       const struct place *p)
{
    bool home = json_is_true(json_object_get(j->order, "home"));
    json_t *outputs = json_array();
    char work[PATH_MAX];
    char out[PATH_MAX];
    json_t *o;

    (void)path_join(work, sizeof(work), j->dir, "u/work"); /* dir leaves room */
    (void)path_join(out, sizeof(out), j->dir, "out");
    for (size_t i = 0; i < s->outputs.n; i++)
        (void)json_array_append_new(outputs, json_string(s->outputs.v[i]));
    o = json_pack(
        "{s:o, s:o, s:s, s:o, s:s, s:o, s:b, s:b, s:s, s:I, s:I, s:O*, s:i, s:O*, "
        "s:i, s:i, s:b, s:o, s:o, s:o, s:I, s:o, s:I}",
        "argv", argv_of(j, s), "env", env_script(j), "cwd", p->cwd, "stdin",
        text_or_null(p->in), "stdout", p->out, "stderr",
        text_or_null(strcmp(p->err, p->out) ? p->err : ""), "append", s->append,
        "own_files", home, "user", j->user, "uid", (json_int_t)j->uid, "gid",
        (json_int_t)j->gid, "limit_s", json_object_get(j->order, "limit_s"),
        "kill_wait_s", (int)j->node->conf.kill_wait_s, "mem_bytes",
        json_object_get(j->order, "mem_bytes"), "signal", (int)s->signal, "signal_s",
        (int)s->signal_s, "signal_batch", s->signal_batch, "work",
        home ? json_null() : json_string(work), "out",
        home ? json_null() : json_string(out), "outputs", outputs, "transfer_max",
        (json_int_t)(json_integer_value(json_object_get(j->order, "transfer_max"))
                         ?: (json_int_t)TRANSFER_MAX),
        "comm", comm_of(j), "comm_ranks", (json_int_t)s->request.n_tasks);
    return o;
}

int run_script(struct node_job *j, struct err *err)
{
    _cleanup_(job_spec_freep) struct job_spec *s = NULL;
    struct place p = {.err = ""};
    json_t *o = NULL;
    int r = job_spec_from_json(json_object_get(j->order, "spec"), &s, err);

    if (!r)
        r = json_is_true(json_object_get(j->order, "home")) ? at_home(j, s, &p, err)
                                                            : as_guest(j, s, &p, err);
    if (!r && !(o = compose(j, s, &p)))
        r = -ENOMEM;
    if (!r)
        r = run_write(j->dir, "job.json", o, err);
    if (!r)
        r = run_shepherd(j->node, j->dir, &j->leash, err);
    json_decref(o);
    return r;
}
