/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_order - what Slurm is told to run
 *
 * The batch script is the user's own, byte for byte: what `scontrol` shows of a
 * federated job is what its user wrote. At the entry it runs in the user's directory;
 * as a guest in SPOOL/ID.EPOCH/work, with its output beside it.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/measure.h"
#include "base/path.h"
#include "engine/slurm_int.h"

#include "base/banned.h"

#define LIST_MAX (1u << 20)

void mark_write(const struct slurm *e, uint64_t id, uint32_t epoch, char *mark)
{
    (void)snprintf(mark, SLURM_MARK_CAP, "hopluu:%s:%" PRIu64 ":%u", e->center, id,
                   epoch); /* fits: NAME_CAP and two numbers */
}

bool mark_read(const struct slurm *e,
               const char *mark,
               uint64_t *ret_id,
               uint32_t *ret_epoch)
{
    struct words w = WORDS_INIT(4, SLURM_MARK_CAP);
    bool ok = words_split(&w, mark, ":") == 0 && w.n == 4 && !strcmp(w.v[0], "hopluu")
              && !strcmp(w.v[1], e->center)
              && measure_u64(w.v[2], 1, INT64_MAX, ret_id, NULL) == 0
              && measure_u32(w.v[3], 0, UINT32_MAX, ret_epoch, NULL) == 0;

    words_release(&w);
    return ok;
}

static void set(struct words *env, int *r, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void set(struct words *env, int *r, const char *fmt, ...)
{
    char text[PATH_MAX + 256];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (!*r)
        *r = n < 0 || (size_t)n >= sizeof(text) ? -ENAMETOOLONG : words_add(env, text);
}

/* What sbatch would have set from its command line, and where the job is from. */
static int environment(struct slurm_order *o,
                       const struct engine_start *s,
                       const char *center)
{
    const struct job_spec *spec = s->spec;
    struct words *env = &o->env;
    int r = 0;

    *env = WORDS_INIT(JOB_WORDS_MAX + 32, JOB_ENV_MAX + 65536);
    for (size_t i = 0; i < spec->env.n && !r; i++)
        r = words_add(env, spec->env.v[i]);
    set(env, &r, "SLURM_SUBMIT_DIR=%s", o->work_dir);
    set(env, &r, "SLURM_SUBMIT_HOST=%s", s->entry ? s->entry : "");
    set(env, &r, "SLURM_JOB_NAME=%s", o->name);
    set(env, &r, "SLURM_NTASKS=%u", o->request.n_tasks);
    set(env, &r, "SLURM_NPROCS=%u", o->request.n_tasks);
    if (o->request.cpus_per_task > 1)
        set(env, &r, "SLURM_CPUS_PER_TASK=%u", o->request.cpus_per_task);
    set(env, &r, "HOPLUU_JOB_ID=%" PRIu64, s->id);
    set(env, &r, "HOPLUU_ENTRY=%s", s->entry ? s->entry : "");
    set(env, &r, "HOPLUU_CENTER=%s", center);
    set(env, &r, "HOPLUU_INSTITUTION=%s", s->institution ? s->institution : "");
    set(env, &r, "HOPLUU_PROJECT=%s", s->project ? s->project : "");
    set(env, &r, "HOPLUU_WORK=%s", o->work_dir);
    if (o->request.comm[0])
        set(env, &r, "HOPLUU_COMM=%s", o->request.comm);
    return r;
}

static int at_home(struct slurm_order *o, const struct engine_start *s, struct err *err)
{
    const struct job_spec *spec = s->spec;
    struct job_names names = {
        .id = s->id, .job_name = spec->name, .user = s->account, .node = "%N"};
    const char *patterns[] = {spec->std_out ? spec->std_out : "slurm-%j.out",
                              spec->std_err, spec->std_in};
    char **paths[] = {&o->std_out, &o->std_err, &o->std_in};
    char path[PATH_MAX];
    int r = path_join(path, sizeof(path), "/", spec->work_dir ? spec->work_dir : "/");

    if (!r && !(o->work_dir = strdup(path)))
        r = -ENOMEM;
    for (size_t i = 0; i < ARRAY_SIZE(patterns) && !r; i++) {
        char name[PATH_MAX];

        if (!patterns[i])
            continue;
        r = job_spec_expand(patterns[i], &names, name, sizeof(name), err);
        if (!r)
            r = path_join(path, sizeof(path), o->work_dir, name);
        if (!r && !(*paths[i] = strdup(path)))
            r = -ENOMEM;
    }
    return r;
}

static int as_guest(const struct slurm *e,
                    struct slurm_order *o,
                    const struct engine_start *s)
{
    const struct job_spec *spec = s->spec;
    char dir[PATH_MAX];
    char path[PATH_MAX + 32];
    int n = snprintf(dir, sizeof(dir), "%s/%" PRIu64 ".%u", e->spool, s->id, s->epoch);

    if (n < 0 || (size_t)n >= sizeof(dir))
        return -ENAMETOOLONG;
    (void)snprintf(path, sizeof(path), "%s/work", dir);
    o->work_dir = strdup(path);
    (void)snprintf(path, sizeof(path), "%s/io/stdout", dir);
    o->std_out = strdup(path);
    if (spec->std_err) {
        (void)snprintf(path, sizeof(path), "%s/io/stderr", dir);
        o->std_err = strdup(path);
    }
    return o->work_dir && o->std_out && (!spec->std_err || o->std_err) ? 0 : -ENOMEM;
}

static int joined(const struct words *w, const char *with, char **ret_text)
{
    struct buf b = BUF_INIT(LIST_MAX);

    if (w->n == 0)
        return 0;
    for (size_t i = 0; i < w->n; i++)
        buf_printf(&b, "%s%s", i ? with : "", w->v[i]);
    *ret_text = b.err ? NULL : buf_take(&b);
    buf_release(&b);
    return *ret_text ? 0 : -ENOMEM;
}

static int copy(char **dst, const char *src)
{
    *dst = src ? strdup(src) : NULL;
    return src && !*dst ? -ENOMEM : 0;
}

/* What must be known when it has ended, if it is a guest. */
static int keep_outputs(struct sjob *j, const struct engine_start *s)
{
    json_t *list = json_array();
    int r = list ? 0 : -ENOMEM;

    for (size_t i = 0; i < s->spec->outputs.n && !r; i++)
        if (json_array_append_new(list, json_string(s->spec->outputs.v[i])))
            r = -ENOMEM;
    free(j->outputs);
    j->outputs = r ? NULL : json_dumps(list, JSON_COMPACT);
    json_decref(list);
    free(j->inputs_dir);
    j->inputs_dir = NULL;
    if (!r && !s->home)
        r = copy(&j->inputs_dir, s->inputs_dir);
    return r || !j->outputs ? -ENOMEM : 0;
}

static int fill(struct slurm *e,
                struct slurm_order *o,
                const struct engine_start *s,
                struct err *err)
{
    const struct job_spec *spec = s->spec;
    const char *name = spec->name[0] ? spec->name : "hopluu";
    int r = copy(&o->script, spec->script);

    o->request = spec->request;
    o->limit_s = spec->request.time_limit_s;
    o->append = spec->append;
    o->signal = spec->signal;
    o->signal_s = spec->signal_s;
    o->signal_batch = spec->signal_batch;
    o->uid = (uid_t)-1; /* looked up in the thread: a directory service may be slow */
    mark_write(e, s->id, s->epoch, o->mark);
    word_cut(o->name, sizeof(o->name), name);
    if (!r)
        r = s->home ? at_home(o, s, err) : as_guest(e, o, s);
    if (!r)
        r = environment(o, s, e->center);
    o->args = WORDS_INIT(JOB_WORDS_MAX + 1, JOB_ENV_MAX);
    if (!r)
        r = words_add(&o->args, name);
    for (size_t i = 0; i < spec->args.n && !r; i++)
        r = words_add(&o->args, spec->args.v[i]);
    if (!r)
        r = joined(&spec->nodelist, ",", &o->nodes);
    if (!r)
        r = joined(&spec->exclude, ",", &o->exclude);
    if (!r)
        r = joined(&spec->features, "&", &o->features);
    if (!r)
        r = copy(&o->comment, spec->comment);
    if (!r)
        r = copy(&o->mail_user, spec->mail_user);
    return r ? r : copy(&o->account, e->account);
}

int order_of(struct sjob *j, const struct engine_start *s, struct err *err)
{
    struct slurm *e = j->e;
    const struct partition *p;
    struct slurm_order *o;
    int r;

    j->home = s->home;
    j->std_err = s->spec->std_err != NULL;
    j->job.request = s->spec->request;
    if (!word_copy(j->account, sizeof(j->account), s->account))
        return err_set(err, -EINVAL, "account %s is too long a name", s->account);
    r = keep_outputs(j, s);
    o = calloc(1, sizeof(*o));
    if (r || !o) {
        free(o);
        return err_set(err, -ENOMEM, "no memory for the order");
    }
    r = fill(e, o, s, err);
    if (r) {
        slurm_order_release(o);
        free(o);
        return err && err->code ? r : err_set(err, r, "the order: %s", strerror(-r));
    }
    p = site_partition(e->q.site, o->request.partition);
    if (p) {
        memcpy(o->request.partition, p->name, sizeof(o->request.partition));
        if (!o->limit_s)
            o->limit_s = p->default_time_s;
    }
    if (j->order)
        slurm_order_release(j->order);
    free(j->order);
    j->order = o;
    return 0;
}
