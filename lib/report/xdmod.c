/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * xdmod - a record as the line of sacct that XDMoD's Slurm shredder reads
 *
 * 26 fields between '|', times of UTC, the job's name last because it may contain '|'.
 * N.B. GPUs are taken from the first gres/gpu of alloctres, so the plain one comes
 * before the typed one. A state that the shredder does not know is dropped with its
 * hours: REQUEUED goes out as PREEMPTED, which it is to a user. What never started has
 * no nodes and is skipped there, as sacct's own lines are.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/measure.h"
#include "report/calendar.h"
#include "report/export_int.h"

#include "base/banned.h"

static void put_tres(FILE *out, const struct run_record *r)
{
    if (r->start == 0)
        return;
    (void)fprintf(out, "billing=%" PRIu32 ",cpu=%" PRIu32, r->cores, r->cores);
    if (r->gpus)
        (void)fprintf(out, ",gres/gpu=%" PRIu32, r->gpus);
    if (r->gpus && r->gpu_type[0])
        (void)fprintf(out, ",gres/gpu:%s=%" PRIu32, r->gpu_type, r->gpus);
    if (r->mem_mib)
        (void)fprintf(out, ",mem=%" PRIu64 "M", r->mem_mib);
    (void)fprintf(out, ",node=%" PRIu32, r->nodes);
}

static void put_req_tres(FILE *out, const struct run_record *r)
{
    (void)fprintf(out, "billing=%" PRIu32 ",cpu=%" PRIu32, r->req_cores, r->req_cores);
    if (r->req_gpus)
        (void)fprintf(out, ",gres/gpu=%" PRIu32, r->req_gpus);
    if (r->req_mem_mib)
        (void)fprintf(out, ",mem=%" PRIu64 "M", r->req_mem_mib);
    (void)fprintf(out, ",node=%" PRIu32, r->req_nodes);
}

static void put_limit(FILE *out, uint32_t s)
{
    char text[DURATION_TEXT_MAX];

    (void)fputs(s == 0            ? "Partition_Limit"
                : s == UINT32_MAX ? "UNLIMITED"
                                  : duration_text(s, text),
                out);
}

static const char *node_list(const struct run_record *r)
{
    if (r->start == 0)
        return "None assigned";
    return r->node_list[0] ? r->node_list : "unknown"; /* it is not told to others */
}

int xdmod_add(struct export *e, const struct run_record *r, struct err *err)
{
    char submit[MOMENT_TEXT_CAP], eligible[MOMENT_TEXT_CAP], start[MOMENT_TEXT_CAP];
    char end[MOMENT_TEXT_CAP], elapsed[DURATION_TEXT_MAX];
    FILE *out = e->out;

    (void)err;
    (void)fprintf(out, "%" PRIu64 "|%" PRIu64 "|%s|%s|%s|", r->job, r->job,
                  r->cluster[0] ? r->cluster : r->center, r->partition, r->qos);
    /* The group becomes the principal investigator there: the project. */
    (void)fprintf(out, "%s|%s|0|%s|%" PRIu32 "|", r->institution, r->project, r->person,
                  r->uid);
    (void)fprintf(out, "%s|%s|%s|%s|%s|", moment_iso(r->submit, submit),
                  moment_iso(r->eligible ? r->eligible : r->submit, eligible),
                  r->start ? moment_iso(r->start, start) : "None",
                  moment_iso(r->end, end), duration_text(r->elapsed_s, elapsed));
    (void)fprintf(out, "%" PRIu32 ":%" PRIu32 "|%s|", r->exit_code, r->exit_signal,
                  run_end_word(r->state == RUN_REQUEUED ? RUN_PREEMPTED : r->state));
    (void)fprintf(out, "%" PRIu32 "|%" PRIu32 "|%" PRIu32 "|%" PRIu64 "M|", r->nodes,
                  r->cores, r->req_cores, r->req_mem_mib);
    put_req_tres(out, r);
    (void)fputc('|', out);
    put_tres(out, r);
    (void)fputc('|', out);
    put_limit(out, r->time_limit_s);
    (void)fprintf(out, "|%s|%s\n", node_list(r), r->name[0] ? r->name : "job");
    return 0;
}
