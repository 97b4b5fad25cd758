/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * submission - a job as sbatch described it, as a job of the federation
 *
 * What is not translated is refused by name: a job must not run elsewhere with half of
 * what was asked. Slurm says "not given" with NO_VAL of the field's width, some fields
 * with 0 as well.
 */
#include "config.h"

#include "plugin/submission.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>

#include "base/measure.h"
#include "model/hostlist.h"

#include "base/banned.h"

#define MIB (UINT64_C(1) << 20)

static uint32_t given(uint32_t v)
{
    return v == NO_VAL || v == INFINITE ? 0 : v;
}

static uint32_t given16(uint16_t v)
{
    return v == NO_VAL16 || v == INFINITE16 ? 0 : v;
}

static bool text_given(const char *s)
{
    return s && s[0];
}

/* The first option that the federation does not carry. */
static const char *not_carried(const job_desc_msg_t *d)
{
    const struct {
        bool is;
        const char *name;
    } options[] = {
        {text_given(d->array_inx),                         "--array"            },
        {text_given(d->dependency),                        "--dependency"       },
        {d->priority == 0,                                 "--hold"             },
        {text_given(d->req_nodes),                         "--nodelist"         },
        {text_given(d->exc_nodes),                         "--exclude"          },
        {text_given(d->features) || text_given(d->prefer), "--constraint"       },
        {text_given(d->licenses),                          "--licenses"         },
        {text_given(d->reservation),                       "--reservation"      },
        {text_given(d->burst_buffer),                      "--bb"               },
        {text_given(d->container),                         "--container"        },
        {text_given(d->clusters),                          "--clusters"         },
        {d->deadline != 0,                                 "--deadline"         },
        {given16(d->core_spec) != 0,                       "--core-spec"        },
        {given(d->req_switch) != 0,                        "--switches"         },
        {text_given(d->tres_per_job),                      "--gpus"             },
        {text_given(d->tres_per_socket),                   "--gpus-per-socket"  },
        {text_given(d->tres_per_task),                     "--gpus-per-task"    },
        {text_given(d->mem_per_tres),                      "--mem-per-gpu"      },
        {text_given(d->cpus_per_tres),                     "--cpus-per-gpu"     },
        {given(d->pn_min_tmp_disk) != 0,                   "--tmp"              },
        {given16(d->sockets_per_node) != 0,                "--sockets-per-node" },
        {given16(d->cores_per_socket) != 0,                "--cores-per-socket" },
        {given16(d->threads_per_core) != 0,                "--threads-per-core" },
        {given16(d->ntasks_per_socket) != 0,               "--ntasks-per-socket"},
        {d->x11 != 0,                                      "--x11"              },
    };

    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (options[i].is)
            return options[i].name;
    return NULL;
}

static int too_long(struct err *err, const char *what)
{
    return err_set(err, -E2BIG, "%s is longer than the federation carries", what);
}

static int set_text(char **dst, const char *src, struct err *err)
{
    if (!text_given(src))
        return 0;
    *dst = strdup(src);
    return *dst ? 0 : err_set(err, -ENOMEM, "out of memory");
}

/* "gres:gpu:2", "gres:gpu=2", "gpu:2", "gpu": so many of no particular type. */
static int read_gpus(const char *tres, uint32_t *ret_n, struct err *err)
{
    const char *p = tres;

    if (!text_given(p))
        return 0;
    if (!strncmp(p, "gres:", 5))
        p += 5;
    if (!strcmp(p, "gpu")) {
        *ret_n = 1;
        return 0;
    }
    if (!strncmp(p, "gpu", 3) && (p[3] == ':' || p[3] == '=')
        && measure_u32(p + 4, 0, 1024, ret_n, NULL) == 0)
        return 0;
    return err_set(err, -ENOTSUP,
                   "--gres=%.60s does not travel: only gpu:N does, without a type",
                   tres);
}

static int read_memory(uint64_t mib, struct request *q, struct err *err)
{
    uint64_t n = mib & ~MEM_PER_CPU;

    if (mib == NO_VAL64 || mib == INFINITE64 || n == 0)
        return 0;
    if (n > INT64_MAX / MIB)
        return err_set(err, -EINVAL, "--mem is beyond all bounds");
    *(mib & MEM_PER_CPU ? &q->mem_cpu_bytes : &q->mem_node_bytes) = n * MIB;
    return 0;
}

static int read_request(const job_desc_msg_t *d, struct request *q, struct err *err)
{
    uint32_t cores = given(d->min_cpus);
    uint32_t limit = given(d->time_limit);
    int r;

    if (text_given(d->partition) && strchr(d->partition, ','))
        return err_set(err, -ENOTSUP,
                       "--partition with several names does not travel: name one");
    if (!word_copy(q->partition, sizeof(q->partition),
                   d->partition ? d->partition : ""))
        return too_long(err, "--partition");
    q->cpus_per_task = given16(d->cpus_per_task);
    if (q->cpus_per_task == 0)
        q->cpus_per_task = 1;
    q->min_nodes = given(d->min_nodes);
    q->max_nodes = given(d->max_nodes);
    q->tasks_per_node = given16(d->ntasks_per_node);
    q->n_tasks = given(d->num_tasks);
    if (q->n_tasks == 0 && q->min_nodes > 0)
        q->n_tasks = q->min_nodes * (q->tasks_per_node ? q->tasks_per_node : 1);
    if (q->n_tasks == 0)
        q->n_tasks = cores > q->cpus_per_task ? cores / q->cpus_per_task : 1;
    if (d->time_limit == INFINITE)
        q->time_limit_s = DURATION_UNLIMITED;
    else if (limit > DURATION_UNLIMITED / 60 - 1)
        return err_set(err, -EINVAL, "--time is beyond all bounds");
    else
        q->time_limit_s = limit * 60;
    q->exclusive = d->shared == JOB_SHARED_NONE;
    r = read_memory(d->pn_min_memory, q, err);
    return r == 0 ? read_gpus(d->tres_per_node, &q->gpus_per_node, err) : r;
}

/* What sbatch adds about itself would be wrong elsewhere. */
static bool travels(const char *entry)
{
    return strncmp(entry, "SLURM_", 6) != 0 && strncmp(entry, "SBATCH_", 7) != 0
           && strncmp(entry, "_SLURM_", 7) != 0 && strncmp(entry, "SPANK_", 6) != 0;
}

static int read_words(const job_desc_msg_t *d, struct job_spec *s, struct err *err)
{
    int r = 0;

    for (uint32_t i = 1; r == 0 && d->argv && i < d->argc; i++)
        if (d->argv[i])
            r = words_add(&s->args, d->argv[i]);
    for (uint32_t i = 0; r == 0 && d->environment && i < d->env_size; i++)
        if (d->environment[i] && travels(d->environment[i]))
            r = words_add(&s->env, d->environment[i]);
    if (r == -E2BIG)
        return too_long(err, "the environment, or the list of arguments,");
    return r < 0 ? err_set(err, r, "out of memory") : 0;
}

static int read_texts(const job_desc_msg_t *d, struct job_spec *s, struct err *err)
{
    int r;

    word_cut(s->name, sizeof(s->name), text_given(d->name) ? d->name : "sbatch");
    if (!word_copy(s->project, sizeof(s->project), d->account ? d->account : ""))
        return too_long(err, "--account");
    s->script_len = strlen(d->script);
    r = set_text(&s->script, d->script, err);
    if (r == 0)
        r = set_text(&s->work_dir, d->work_dir, err);
    if (r == 0 && text_given(d->std_in) && strcmp(d->std_in, "/dev/null") != 0)
        r = set_text(&s->std_in, d->std_in, err);
    if (r == 0)
        r = set_text(&s->std_out, d->std_out, err);
    if (r == 0)
        r = set_text(&s->std_err, d->std_err, err);
    if (r == 0)
        r = set_text(&s->comment, d->comment, err);
    if (r == 0)
        r = set_text(&s->mail_user, d->mail_user, err);
    return r;
}

static int read_wish(const struct wish *w, struct job_spec *s, struct err *err)
{
    const char *centers = w->value[WISH_CENTER];
    const char *comm = w->value[WISH_COMM];
    const char *out = w->value[WISH_TRANSFER_OUT];
    int r = 0;

    if (centers && strcmp(centers, "any") != 0)
        r = words_split(&s->centers, centers, ",");
    if (r == 0 && out)
        r = words_split(&s->outputs, out, ",");
    if (r < 0)
        return too_long(err, "--center or --transfer-out");
    if (comm && !word_copy(s->request.comm, sizeof(s->request.comm), comm))
        return too_long(err, "--comm");
    if (w->value[WISH_AT_LEAST_ONCE])
        r = wish_silence(w->value[WISH_AT_LEAST_ONCE], &s->at_least_once_s, err);
    if (r < 0)
        return r;
    if (w->value[WISH_TRANSFER_IN])
        return err_set(err, -ENOTSUP,
                       "--transfer-in does not travel with sbatch yet: "
                       "use fbatch");
    return 0;
}

int submission_spec(const job_desc_msg_t *d,
                    const struct wish *w,
                    struct job_spec **ret_spec,
                    struct err *err)
{
    _cleanup_(job_spec_freep) struct job_spec *s = job_spec_new();
    const char *option = not_carried(d);
    int r;

    if (!s)
        return err_set(err, -ENOMEM, "out of memory");
    if (option)
        return err_set(err, -ENOTSUP, "%s does not travel to other centers", option);
    if (!text_given(d->script))
        return err_set(err, -ENOTSUP, "only batch jobs travel: use sbatch");
    r = read_request(d, &s->request, err);
    if (r == 0)
        r = read_texts(d, s, err);
    if (r == 0)
        r = read_words(d, s, err);
    if (r == 0)
        r = read_wish(w, s, err);
    if (r < 0)
        return r;
    s->append = d->open_mode == OPEN_MODE_APPEND;
    s->requeue = s->requeue || d->requeue == 1;
    s->begin.us = d->begin_time > 0 ? (int64_t)d->begin_time * US_PER_S : 0;
    s->signal = given16(d->warn_signal);
    s->signal_s = given16(d->warn_time);
    s->signal_batch = d->warn_flags & KILL_JOB_BATCH;
    if (getrandom(&s->client_token, sizeof(s->client_token), GRND_NONBLOCK)
        != sizeof(s->client_token))
        return err_set(err, -EIO, "no random number for the job");
    s->client_token = s->client_token >> 1 | 1;
    *ret_spec = TAKE_PTR(s);
    return 0;
}

struct submission_size submission_size(const job_desc_msg_t *d)
{
    struct request q = {0};
    struct submission_size size = {0};

    if (read_request(d, &q, NULL) == 0) {
        size.cores = request_cores(&q);
        size.nodes = q.min_nodes;
        size.time_limit_s = q.time_limit_s;
    }
    return size;
}
