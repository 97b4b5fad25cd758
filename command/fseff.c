/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fseff - how well a job used what it had: the lines of Slurm's seff, then what it
 *         cost and where it ran
 *
 * Efficiencies are shares of what was allocated. As in seff, memory is the largest
 * process times the tasks: an estimate from above when there are several.
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "command/common.h"
#include "command/desk.h"
#include "command/job_row.h"
#include "command/job_text.h"
#include "command/say.h"

#include "base/banned.h"

#define MIB 1048576.0

struct ask {
    struct common common;
    struct job_filter filter;
};

static const struct argp_option options[] = {
    COMMON_OPTION_JSON,
    COMMON_OPTION_SOCKET,
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct ask *a = state->input;
    struct err err = {0};

    switch (key) {
    case ARGP_KEY_ARG:
        if (job_filter_ids(&a->filter, arg, &err) != 0)
            common_refuse(state, "job", &err);
        return 0;
    case ARGP_KEY_NO_ARGS:
        say_error("which job? Give its id");
        exit(SAY_ERROR);
    default:
        return common_parse(&a->common, key, arg, -1);
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "ID...",
    .doc = "Show how well a job used the cores, the memory and the time that it had."
           "\vCPU efficiency is the share of its cores' time that its processes "
           "consumed. Low values mean that fewer cores, less memory or a shorter "
           "--time would have done, and would start earlier.",
};

/* What is shown, in numbers. A share is -1 when it is not known. */
struct verdict {
    bool known; /* it has run, and ended or not */
    uint64_t wall_s;
    uint64_t core_wall_s;
    uint64_t cpu_s;
    uint64_t mem_used; /* bytes */
    uint64_t mem_had;
    uint32_t cores;
    uint32_t nodes;
    double cpu_share;
    double mem_share;
    double time_share;
};

static double share(double used, double had)
{
    return had > 0 ? used / had : -1;
}

static struct verdict judge(const struct job_row *r)
{
    const struct holding *h = &r->job;
    struct verdict v = {.cores = job_row_cores(r),
                        .nodes = job_row_nodes(r),
                        .wall_s = job_row_elapsed_s(r),
                        .known = h->started.us != 0};
    uint32_t limit_s = h->request.time_limit_s;

    v.core_wall_s = v.wall_s * v.cores;
    v.cpu_s = h->usage.cpu_us / (uint64_t)US_PER_S;
    v.mem_used = h->usage.max_rss_bytes * MAX(h->request.n_tasks, 1u);
    if (h->usage.elapsed_s)
        v.mem_had = h->usage.mem_mib_s / h->usage.elapsed_s << 20;
    v.cpu_share = share((double)h->usage.cpu_us / US_PER_S, (double)v.core_wall_s);
    v.mem_share = share((double)v.mem_used, (double)v.mem_had);
    v.time_share = limit_s && limit_s != DURATION_UNLIMITED
                       ? share((double)v.wall_s, limit_s)
                       : -1;
    return v;
}

static void print_field(const char *label,
                        void (*put)(const void *, struct buf *),
                        const struct job_row *row)
{
    struct buf b = BUF_INIT(1024);

    put(row, &b);
    (void)printf("%s: ", label);
    sheet_cell(buf_text(&b), 0, false, 0);
    (void)putchar('\n');
    buf_release(&b);
}

/* user/group, the group as this machine knows it. */
static void print_owner(const struct job_row *r)
{
    const struct passwd *pw = getpwnam(r->job.user);
    const struct group *gr = pw ? getgrgid(pw->pw_gid) : NULL;

    (void)fputs("User/Group: ", stdout);
    sheet_cell(r->job.user, 0, false, 0);
    (void)printf("/%s\n", gr ? gr->gr_name : "-");
}

static void print_state(const struct job_row *r)
{
    const struct holding *h = &r->job;

    (void)printf("State: %s", job_state_word(h->state));
    if (job_state_final(h->state) && h->exit_signal)
        (void)printf(" (signal %" PRId32 ")", h->exit_signal);
    else if (job_state_final(h->state))
        (void)printf(" (exit code %" PRId32 ")", h->exit_code);
    (void)putchar('\n');
}

static void print_cores(const struct verdict *v)
{
    if (v->nodes == 1 && v->cores == 1) {
        (void)puts("Cores: 1");
        return;
    }
    (void)printf("Nodes: %" PRIu32 "\n", v->nodes);
    if (v->nodes)
        (void)printf("Cores per node: %.4g\n", (double)v->cores / v->nodes);
}

static const char *gib(double bytes, char text[32])
{
    const char *unit = bytes >= MIB * 1024 ? "GB" : "MB";

    (void)snprintf(text, 32, "%.2f %s", /* fits */
                   bytes >= MIB * 1024 ? bytes / MIB / 1024 : bytes / MIB, unit);
    return text;
}

static void print_memory(const struct job_row *r, const struct verdict *v)
{
    char used[32];
    char had[32];
    char each[32];

    (void)printf("Memory Utilized: %s%s\n", gib((double)v->mem_used, used),
                 r->job.request.n_tasks > 1 ? " (estimated maximum)" : "");
    if (v->mem_share < 0) {
        (void)puts("Memory Efficiency: not known, the job asked for no memory");
        return;
    }
    (void)printf("Memory Efficiency: %.2f%% of %s (%s/%s)\n", 100 * v->mem_share,
                 gib((double)v->mem_had, had),
                 gib((double)v->mem_had
                         / (r->job.request.mem_cpu_bytes ? MAX(v->cores, 1u)
                                                         : MAX(v->nodes, 1u)),
                     each),
                 r->job.request.mem_cpu_bytes ? "core" : "node");
}

static void print_use(const struct job_row *r, const struct verdict *v)
{
    char used[DURATION_TEXT_MAX];
    char had[DURATION_TEXT_MAX];

    (void)printf("CPU Utilized: %s\n", duration_text(v->cpu_s, used));
    (void)printf("CPU Efficiency: %.2f%% of %s core-walltime\n",
                 v->cpu_share < 0 ? 0.0 : 100 * v->cpu_share,
                 duration_text(v->core_wall_s, had));
    (void)printf("Job Wall-clock time: %s\n", duration_text(v->wall_s, used));
    print_memory(r, v);
    if (v->time_share >= 0)
        (void)printf("Time Efficiency: %.2f%% of %s\n", 100 * v->time_share,
                     duration_text((uint64_t)r->job.request.time_limit_s, had));
}

static void print_charge(const struct job_row *r)
{
    struct buf b = BUF_INIT(256);

    put_milli(r->job.usage.milli, &b);
    (void)printf("Charged: %s units to %s, placed at %s\n", buf_text(&b),
                 r->job.project, r->center[0] ? r->center : "no center");
    buf_release(&b);
}

static void print(const struct job_row *r)
{
    struct verdict v = judge(r);

    print_field("Job ID", job_put_id, r);
    (void)printf("Cluster: %s\n", r->center[0] ? r->center : "-");
    print_owner(r);
    print_state(r);
    print_cores(&v);
    if (!v.known || !job_state_final(r->job.state)) {
        (void)printf("Efficiency not available for jobs in the %s state.\n",
                     job_state_word(r->job.state));
        return;
    }
    print_use(r, &v);
    print_charge(r);
}

static json_t *share_json(double x)
{
    return x < 0 ? json_null() : json_real(x);
}

static json_t *to_json(const struct job_row *r)
{
    struct verdict v = judge(r);
    bool ended = v.known && job_state_final(r->job.state);

    return json_pack(
        "{s:I, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:o, "
        "s:o, s:o, s:I}",
        "job_id", (json_int_t)r->job.id, "cluster", r->center, "user", r->job.user,
        "project", r->job.project, "state", job_state_word(r->job.state), "exit_code",
        (int)r->job.exit_code, "exit_signal", (int)r->job.exit_signal, "nodes",
        (int)v.nodes, "cores", (int)v.cores, "wall_s", (json_int_t)v.wall_s,
        "core_wall_s", (json_int_t)v.core_wall_s, "cpu_us",
        (json_int_t)r->job.usage.cpu_us, "mem_used_bytes", (json_int_t)v.mem_used,
        "mem_bytes", (json_int_t)v.mem_had, "cpu_efficiency",
        share_json(ended ? v.cpu_share : -1), "mem_efficiency",
        share_json(ended ? v.mem_share : -1), "time_efficiency",
        share_json(ended ? v.time_share : -1), "milli", (json_int_t)r->job.usage.milli);
}

struct show {
    json_t *jobs; /* NULL = as text */
    size_t n;
};

static int each(const struct job_row *row, void *arg)
{
    struct show *s = arg;

    if (s->jobs && json_array_append_new(s->jobs, to_json(row)) != 0) {
        say_error("not enough memory for so many jobs");
        return SAY_ERROR;
    }
    if (!s->jobs && s->n > 0)
        (void)putchar('\n');
    if (!s->jobs)
        print(row);
    s->n++;
    return SAY_OK;
}

int main(int argc, char **argv)
{
    _cleanup_(client_freep) struct client *c = NULL;
    struct ask ask = {0};
    struct show show = {0};
    int code;

    say_begin();
    job_filter_init(&ask.filter);
    ask.filter.all = true;
    if (argp_parse(&argp, argc, argv, 0, NULL, &ask) != 0)
        return SAY_ERROR;
    show.jobs = ask.common.json ? json_array() : NULL;
    code = desk_open(ask.common.socket, DESK_WAIT_S, &c);
    if (code == SAY_OK)
        code = job_rows(c, &ask.filter, each, &show);
    if (code == SAY_OK && show.n < ask.filter.ids.n) {
        say_error("%zu of these jobs are not known here",
                  (size_t)ask.filter.ids.n - show.n);
        code = SAY_ERROR;
    }
    if (show.jobs && show.n > 0) {
        json_t *o = json_pack("{s:O}", "jobs", show.jobs);
        int r = desk_print_json(o);

        code = code == SAY_OK ? r : code;
        json_decref(o);
    }
    json_decref(show.jobs);
    job_filter_release(&ask.filter);
    return say_end(code);
}
