/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * csv - records as a table for programs: RFC 4180 with line feeds, UTF-8, integers in
 *       base units, headings that never change with the language
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report/csv.h"
#include "report/export_int.h"

#include "base/banned.h"

void csv_text(FILE *out, const char *text)
{
    if (!text[strcspn(text, "\",\r\n")]) {
        (void)fputs(text, out);
        return;
    }
    (void)fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            (void)fputc('"', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

void csv_head(FILE *out)
{
    (void)fputs("attempt,center,cluster,core_s,cores,cpu_us,elapsed_s,eligible,end,"
                "energy_j,entry,exit_code,exit_signal,gpu_s,gpu_type,gpus,institution,"
                "job,max_rss_bytes,mem_mib,mem_mib_s,milli,name,node_list,nodes,"
                "partition,person,project,qos,req_cores,req_gpus,req_mem_mib,req_nodes,"
                "start,state,submit,time_limit_s,uid\n",
                out);
}

static void text(FILE *out, const char *t)
{
    csv_text(out, t);
    (void)fputc(',', out);
}

static void number(FILE *out, uint64_t v)
{
    (void)fprintf(out, "%" PRIu64 ",", v);
}

int csv_add(struct export *e, const struct run_record *r, struct err *err)
{
    FILE *out = e->out;

    (void)err; /* it can say every record */
    number(out, r->attempt);
    text(out, r->center);
    text(out, r->cluster);
    number(out, r->core_s);
    number(out, r->cores);
    number(out, r->cpu_us);
    number(out, r->elapsed_s);
    number(out, (uint64_t)r->eligible);
    number(out, (uint64_t)r->end);
    number(out, r->energy_j);
    text(out, r->entry);
    number(out, r->exit_code);
    number(out, r->exit_signal);
    number(out, r->gpu_s);
    text(out, r->gpu_type);
    number(out, r->gpus);
    text(out, r->institution);
    number(out, r->job);
    number(out, r->max_rss_bytes);
    number(out, r->mem_mib);
    number(out, r->mem_mib_s);
    number(out, (uint64_t)r->milli);
    text(out, r->name);
    text(out, r->node_list);
    number(out, r->nodes);
    text(out, r->partition);
    text(out, r->person);
    text(out, r->project);
    text(out, r->qos);
    number(out, r->req_cores);
    number(out, r->req_gpus);
    number(out, r->req_mem_mib);
    number(out, r->req_nodes);
    number(out, (uint64_t)r->start);
    text(out, run_end_word(r->state));
    number(out, (uint64_t)r->submit);
    number(out, r->time_limit_s);
    (void)fprintf(out, "%" PRIu32 "\n", r->uid);
    return 0;
}
