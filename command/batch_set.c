/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* batch_set - one option of fbatch, checked and taken */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/measure.h"
#include "command/batch.h"
#include "command/batch_option.h"
#include "command/signal_name.h"
#include "model/hostlist.h"

#include "base/banned.h"

#define MIB (UINT64_C(1) << 20)
#define MEMORY_MAX (UINT64_C(1) << 50)
#define TASKS_MAX (1u << 24)
#define COMMENT_MAX 4096

static int set_name(char *dst, size_t cap, const char *value, struct err *err)
{
    if (word_is_name(value, cap - 1)) {
        (void)word_copy(dst, cap, value);
        return 0;
    }
    return err_set(err, -EINVAL,
                   "'%.80s' is not a name: use 1 to %zu letters, digits and . _ @ + -",
                   value, cap - 1);
}

static int set_title(char *dst, size_t cap, const char *value, struct err *err)
{
    if (word_copy(dst, cap, value))
        return 0;
    return err_set(err, -EINVAL, "'%.40s…' is longer than %zu bytes", value, cap - 1);
}

static int set_text(char **dst, const char *value, size_t max, struct err *err)
{
    char *copy;

    if (strlen(value) > max)
        return err_set(err, -EINVAL, "'%.40s…' is longer than %zu bytes", value, max);
    copy = strdup(value);
    if (!copy)
        return err_set(err, -ENOMEM, "not enough memory");
    free(*dst);
    *dst = copy;
    return 0;
}

/* "4", "2-8" */
static int set_nodes(struct request *r, const char *value, struct err *err)
{
    const char *dash = strchr(value, '-');
    char low[16];
    uint32_t min;
    uint32_t max;
    int e;

    if (dash && (size_t)(dash - value) >= sizeof(low))
        return err_set(err, -EINVAL, "'%.40s' is not MIN[-MAX] nodes", value);
    (void)word_copy(low, sizeof(low), dash ? "" : value);
    if (dash)
        memcpy(low, value, (size_t)(dash - value)), low[dash - value] = '\0';
    else if (!low[0])
        return err_set(err, -EINVAL, "'%.40s' is not MIN[-MAX] nodes", value);
    e = measure_u32(low, 1, JOB_NODES_MAX, &min, err);
    if (e == 0) {
        max = min;
        if (dash)
            e = measure_u32(dash + 1, 1, JOB_NODES_MAX, &max, err);
    }
    if (e != 0)
        return e;
    if (max < min)
        return err_set(err, -EINVAL, "'%.40s': the most is less than the least", value);
    r->min_nodes = min;
    r->max_nodes = max;
    return 0;
}

/* "USR1", "B:15@120" */
static int set_signal(struct job_spec *s, const char *value, struct err *err)
{
    char name[32];
    const char *at = strchr(value, '@');
    uint32_t seconds = 60;
    uint32_t number;
    bool batch = !strncasecmp(value, "B:", 2);
    size_t n;
    int r;

    value += batch ? 2 : 0;
    n = at ? (size_t)(at - value) : strlen(value);
    if (n == 0 || n >= sizeof(name))
        return err_set(err, -EINVAL, "'%.40s' is not [B:]SIGNAL[@SECONDS]", value);
    memcpy(name, value, n);
    name[n] = '\0';
    r = signal_name_parse(name, &number, err);
    if (r == 0 && at)
        r = measure_u32(at + 1, 0, 65535, &seconds, err);
    if (r != 0)
        return r;
    s->signal = number;
    s->signal_s = seconds;
    s->signal_batch = batch;
    return 0;
}

static int set_features(struct words *w, const char *value, struct err *err)
{
    if (value[strcspn(value, "|[]*()")])
        return err_set(err, -EINVAL,
                       "'%.60s': only features that are all needed, joined by &, are "
                       "supported",
                       value);
    words_release(w);
    if (words_split(w, value, "&,") != 0)
        return err_set(err, -EINVAL, "'%.40s…': at most %zu features", value, w->max);
    return 0;
}

static int set_hosts(struct words *w, const char *value, struct err *err)
{
    words_release(w);
    return hostlist_expand(value, w, err);
}

static int set_centers(struct words *w, const char *value, struct err *err)
{
    words_release(w);
    if (!strcasecmp(value, "any") || !strcasecmp(value, "all"))
        return 0;
    if (words_split(w, value, ",") != 0 || w->n == 0)
        return err_set(err, -EINVAL, "'%.60s' is not a list of centers", value);
    for (size_t i = 0; i < w->n; i++)
        if (!word_is_name(w->v[i], NAME_CAP - 1))
            return err_set(err, -EINVAL, "'%.60s' is not a center's name", w->v[i]);
    return 0;
}

static int set_mail_type(struct job_spec *s, const char *value, struct err *err)
{
    static const char *const known[] = {
        "NONE",          "BEGIN",          "END",           "FAIL",       "REQUEUE",
        "ALL",           "INVALID_DEPEND", "STAGE_OUT",     "TIME_LIMIT", "ARRAY_TASKS",
        "TIME_LIMIT_90", "TIME_LIMIT_80",  "TIME_LIMIT_50",
    };
    struct words w = WORDS_INIT(32, 1024);
    int r = words_split(&w, value, ",");

    for (size_t i = 0; r == 0 && i < w.n; i++) {
        size_t k = 0;

        while (k < ARRAY_SIZE(known) && strcasecmp(known[k], w.v[i]) != 0)
            k++;
        if (k == ARRAY_SIZE(known))
            r = err_set(err, -EINVAL,
                        "'%.40s' is not a mail type: use NONE, BEGIN, END, FAIL, "
                        "REQUEUE, ALL or TIME_LIMIT",
                        w.v[i]);
    }
    words_release(&w);
    return r == 0 ? set_text(&s->mail_type, value, 1024, err) : r;
}

/* A bare 0 is all the memory of a node, which only --exclusive can give. */
static int set_memory(struct batch *b, const char *value, bool per_cpu, struct err *err)
{
    struct request *q = &b->spec->request;
    uint64_t bytes;
    int r = measure_size(value, MIB, MEMORY_MAX, &bytes, err);

    if (r != 0)
        return r;
    if (per_cpu) {
        q->mem_cpu_bytes = bytes;
        b->mem_cpu_source = b->source;
        if (b->mem_source < b->source)
            q->mem_node_bytes = 0;
    } else {
        q->mem_node_bytes = bytes;
        b->mem_zero = bytes == 0;
        b->mem_source = b->source;
        if (b->mem_cpu_source < b->source)
            q->mem_cpu_bytes = 0;
    }
    return 0;
}

static int set_open_mode(struct job_spec *s, const char *value, struct err *err)
{
    if (!strcasecmp(value, "append") || !strcasecmp(value, "a"))
        s->append = true;
    else if (!strcasecmp(value, "truncate") || !strcasecmp(value, "t"))
        s->append = false;
    else
        return err_set(err, -EINVAL, "'%.40s': use append or truncate", value);
    return 0;
}

static int set_time(struct request *q, const char *value, struct err *err)
{
    if (!strcmp(value, "0")) { /* Slurm: no limit */
        q->time_limit_s = DURATION_UNLIMITED;
        return 0;
    }
    return measure_duration(value, &q->time_limit_s, err);
}

static int set_at_least_once(struct job_spec *s, const char *value, struct err *err)
{
    uint32_t seconds;
    int r = measure_duration(value, &seconds, err);

    if (r < 0)
        return r;
    if (seconds == 0 || seconds == DURATION_UNLIMITED)
        return err_set(
            err, -EINVAL,
            "'%.40s': give the time after which a silent center is given up, "
            "as 30 (minutes) or 2:00:00",
            value);
    s->at_least_once_s = seconds;
    return 0;
}

static int add_list(struct words *w, const char *value, struct err *err)
{
    if (words_split(w, value, ",") == 0)
        return 0;
    return err_set(err, -E2BIG, "more than %zu files", w->max);
}

static int refuse(int key, struct err *err)
{
    switch (key) {
    case 'a':
        return err_set(
            err, -EINVAL,
            "job arrays are not yet supported: submit one job for each task");
    case 'd':
        return err_set(
            err, -EINVAL,
            "dependencies are not yet supported: wait for the first job with "
            "--wait");
    case 'G':
        return err_set(err, -EINVAL,
                       "not supported here: use --gpus-per-node=N with --nodes");
    default:
        return err_set(err, -EINVAL, "this option of Slurm is not supported here");
    }
}

static int set_flag(struct batch *b, int key, struct err *err)
{
    struct job_spec *s = b->spec;

    switch (key) {
    case BATCH_EXCLUSIVE:
        s->request.exclusive = true;
        return 0;
    case 'H':
        s->hold = true;
        return 0;
    case BATCH_REQUEUE:
    case BATCH_NO_REQUEUE:
        s->requeue = key == BATCH_REQUEUE;
        return 0;
    case BATCH_PARSABLE:
        b->parsable = true;
        return 0;
    case BATCH_TEST_ONLY:
        b->test_only = true;
        return 0;
    case 'W':
        b->wait = true;
        return 0;
    case 'Q':
        b->quiet = true;
        return 0;
    case 'v':
        b->verbose++;
        return 0;
    default:
        return refuse(key, err);
    }
}

static int set_resource(struct batch *b, int key, const char *value, struct err *err)
{
    struct request *q = &b->spec->request;
    int r;

    switch (key) {
    case 'n':
        r = measure_u32(value, 1, TASKS_MAX, &q->n_tasks, err);
        b->tasks_given = b->tasks_given || r == 0;
        return r;
    case 'N':
        return set_nodes(q, value, err);
    case BATCH_TASKS_PER_NODE:
        return measure_u32(value, 1, TASKS_MAX, &q->tasks_per_node, err);
    case 'c':
        return measure_u32(value, 1, 65536, &q->cpus_per_task, err);
    case BATCH_MEM:
    case BATCH_MEM_PER_CPU:
        return set_memory(b, value, key == BATCH_MEM_PER_CPU, err);
    case BATCH_GPUS_PER_NODE:
        return request_set_gpus(q, value, err);
    case BATCH_GRES:
        return request_set_gres(q, value, err);
    case 't':
        return set_time(q, value, err);
    case 'p':
        return set_name(q->partition, sizeof(q->partition), value, err);
    case BATCH_RESERVATION:
        return set_name(q->reservation, sizeof(q->reservation), value, err);
    case BATCH_COMM:
        return set_title(q->comm, sizeof(q->comm), value, err);
    case BATCH_COMM_KEY:
        return set_title(b->spec->comm_key, sizeof(b->spec->comm_key), value, err);
    case BATCH_HINT:
        if (!strcmp(value, "nomultithread") || !strcmp(value, "compute_bound"))
            return 0;
        return err_set(err, -EINVAL, "'%.40s': only nomultithread is supported", value);
    default:
        return set_flag(b, key, err);
    }
}

static int set_value(struct batch *b, int key, const char *value, struct err *err)
{
    struct job_spec *s = b->spec;

    switch (key) {
    case BATCH_WRAP:
        return set_text(&b->wrap, value, SCRIPT_MAX / 2, err);
    case 'J':
        return set_title(s->name, sizeof(s->name), value, err);
    case 'A':
        return set_name(s->project, sizeof(s->project), value, err);
    case 'D':
        return set_text(&b->chdir, value, 4095, err);
    case 'i':
        return set_text(&s->std_in, value, 4095, err);
    case 'o':
        return set_text(&s->std_out, value, 4095, err);
    case 'e':
        return set_text(&s->std_err, value, 4095, err);
    case 'b':
        return wall_parse(value, b->now, &s->begin, err);
    case 'C':
        return set_features(&s->features, value, err);
    case 'w':
        return set_hosts(&s->nodelist, value, err);
    case 'x':
        return set_hosts(&s->exclude, value, err);
    case 'M':
        return set_centers(&s->centers, value, err);
    case BATCH_COMMENT:
        return set_text(&s->comment, value, COMMENT_MAX, err);
    case BATCH_EXPORT:
        return set_text(&b->export, value, JOB_ENV_MAX, err);
    case BATCH_MAIL_TYPE:
        return set_mail_type(s, value, err);
    case BATCH_MAIL_USER:
        return set_text(&s->mail_user, value, 254, err);
    case BATCH_OPEN_MODE:
        return set_open_mode(s, value, err);
    case BATCH_AT_LEAST_ONCE:
        return set_at_least_once(b->spec, value, err);
    case BATCH_SIGNAL:
        return set_signal(s, value, err);
    case BATCH_TRANSFER_IN:
        return add_list(&b->transfer_in, value, err);
    case BATCH_TRANSFER_OUT:
        return add_list(&s->outputs, value, err);
    case BATCH_SOCKET:
        return set_text(&b->socket, value, 4095, err);
    default:
        return set_resource(b, key, value, err);
    }
}

/* What only makes sense while the command runs, not in a script that travels. */
static bool line_only(int key)
{
    return key == BATCH_WRAP || key == BATCH_SOCKET || key == 'h';
}

int batch_set(
    struct batch *b, int key, const char *name, const char *value, struct err *err)
{
    int r;

    if (b->source != BATCH_FROM_LINE && line_only(key))
        r = err_set(err, -EINVAL, "can be given on the command line only");
    else
        r = set_value(b, key, value, err);
    return r == 0 ? 0 : err_prefix(err, r, "%s", name);
}
