/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * ur2 - a record as an OGF Usage Record 2.0 (GFD.204)
 *
 * The form has no word for GPUs: they are a second ComputeUsageBlock whose HostType is
 * "gpu", with their number as Processors and GPU-seconds as CpuDuration. Ministry and
 * project are typed attributes of the group. Order of elements and qualified attributes
 * are the schema's.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report/calendar.h"
#include "report/export_int.h"

#include "base/banned.h"

static void put_xml(FILE *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        default:
            (void)fputc(*text, out);
        }
}

static void put_element(FILE *out, const char *name, const char *text)
{
    (void)fprintf(out, "   <urf:%s>", name);
    put_xml(out, text);
    (void)fprintf(out, "</urf:%s>\n", name);
}

static void put_time(FILE *out, const char *name, int64_t s)
{
    char text[MOMENT_TEXT_CAP];

    (void)fprintf(out, "   <urf:%s>%sZ</urf:%s>\n", name, moment_iso(s, text), name);
}

static void put_identity(const struct export *e, const struct run_record *r)
{
    (void)fputs("  <urf:RecordIdentityBlock>\n", e->out);
    (void)fprintf(e->out,
                  "   <urf:RecordId>urn:hopluu:run:%s:%s:%" PRIu64 ":%" PRId64
                  ":%" PRIu32 "</urf:RecordId>\n",
                  r->center, r->cluster[0] ? r->cluster : r->center, r->job, r->submit,
                  r->attempt);
    put_time(e->out, "CreateTime", r->end);
    put_element(e->out, "Site", export_site(e->registry, r->center));
    (void)fputs("   <urf:Infrastructure urf:description=\"HOPLUU\">", e->out);
    (void)fputs(strcmp(r->center, r->entry) != 0 ? "grid" : "local", e->out);
    (void)fputs("</urf:Infrastructure>\n  </urf:RecordIdentityBlock>\n", e->out);
}

static void put_subject(const struct export *e, const struct run_record *r)
{
    const struct agency *a =
        e->registry ? registry_institution(e->registry, r->institution, r->end) : NULL;

    (void)fputs("  <urf:SubjectIdentityBlock>\n", e->out);
    put_element(e->out, "LocalUserId", r->person);
    (void)fprintf(e->out,
                  "   <urf:GlobalUserId>urn:hopluu:person:%s</urf:GlobalUserId>\n",
                  r->person);
    put_element(e->out, "GlobalGroupId", r->institution);
    if (a)
        (void)fprintf(e->out,
                      "   <urf:GlobalGroupAttribute urf:type=\"ministry\">%s"
                      "</urf:GlobalGroupAttribute>\n",
                      a->ministry);
    (void)fprintf(e->out,
                  "   <urf:GlobalGroupAttribute urf:type=\"project\">%s"
                  "</urf:GlobalGroupAttribute>\n  </urf:SubjectIdentityBlock>\n",
                  r->project);
}

static void put_span(FILE *out, const struct run_record *r)
{
    put_time(out, "StartTime", export_start(r));
    put_time(out, "EndTime", r->end);
}

static void put_compute(FILE *out, const struct run_record *r)
{
    (void)fprintf(out,
                  "  <urf:ComputeUsageBlock>\n"
                  "   <urf:CpuDuration>PT%" PRIu64 ".%06uS</urf:CpuDuration>\n"
                  "   <urf:WallDuration>PT%" PRIu64 "S</urf:WallDuration>\n",
                  r->cpu_us / 1000000, (unsigned)(r->cpu_us % 1000000), r->elapsed_s);
    put_span(out, r);
    /* The schema has no zero here: what never started had none. */
    if (r->cores)
        (void)fprintf(out, "   <urf:Processors>%" PRIu32 "</urf:Processors>\n",
                      r->cores);
    if (r->nodes)
        (void)fprintf(out, "   <urf:NodeCount>%" PRIu32 "</urf:NodeCount>\n", r->nodes);
    (void)fprintf(out,
                  "   <urf:ExitStatus>%" PRIu32 "</urf:ExitStatus>\n"
                  "   <urf:Charge>%" PRId64 ".%03d</urf:Charge>\n"
                  "  </urf:ComputeUsageBlock>\n",
                  r->exit_code, r->milli / 1000, (int)(r->milli % 1000));
}

static void put_gpus(FILE *out, const struct run_record *r)
{
    if (r->gpus == 0)
        return;
    (void)fprintf(out,
                  "  <urf:ComputeUsageBlock>\n"
                  "   <urf:CpuDuration>PT%" PRIu64 "S</urf:CpuDuration>\n"
                  "   <urf:WallDuration>PT%" PRIu64 "S</urf:WallDuration>\n",
                  r->gpu_s, r->elapsed_s);
    put_span(out, r);
    (void)fprintf(out,
                  "   <urf:HostType>gpu</urf:HostType>\n"
                  "   <urf:Processors>%" PRIu32 "</urf:Processors>\n"
                  "  </urf:ComputeUsageBlock>\n",
                  r->gpus);
}

static void put_job(const struct export *e, const struct run_record *r)
{
    FILE *out = e->out;

    (void)fprintf(out,
                  "  <urf:JobUsageBlock>\n"
                  "   <urf:GlobalJobId>urn:hopluu:job:%" PRIu64 "</urf:GlobalJobId>\n"
                  "   <urf:LocalJobId>%" PRIu64 "</urf:LocalJobId>\n",
                  r->job, r->job);
    if (r->name[0])
        put_element(out, "JobName", r->name);
    put_element(out, "MachineName", r->cluster[0] ? r->cluster : r->center);
    put_element(out, "SubmitHost", export_submit_host(e->registry, r->entry));
    if (r->partition[0])
        put_element(out, "Queue", r->partition);
    (void)fputs("   <urf:TimeInstant urf:type=\"Ctime\">", out);
    {
        char text[MOMENT_TEXT_CAP];

        (void)fprintf(out, "%sZ</urf:TimeInstant>\n", moment_iso(r->submit, text));
    }
    (void)fprintf(out,
                  "   <urf:Status>%s</urf:Status>\n"
                  "  </urf:JobUsageBlock>\n",
                  run_end_word(r->state));
}

static void put_memory(FILE *out, const struct run_record *r)
{
    if (r->max_rss_bytes == 0 && r->mem_mib == 0)
        return;
    (void)fprintf(out,
                  "  <urf:MemoryUsageBlock>\n"
                  "   <urf:MemoryClass>RAM</urf:MemoryClass>\n"
                  "   <urf:MemoryResourceCapacityUsed>%" PRIu64
                  "</urf:MemoryResourceCapacityUsed>\n"
                  "   <urf:MemoryResourceCapacityAllocated>%" PRIu64
                  "</urf:MemoryResourceCapacityAllocated>\n",
                  r->max_rss_bytes, r->mem_mib << 20);
    put_span(out, r);
    (void)fputs("  </urf:MemoryUsageBlock>\n", out);
}

int ur2_add(struct export *e, const struct run_record *r, struct err *err)
{
    (void)err; /* it can say every record */
    (void)fputs(" <urf:UsageRecord>\n", e->out);
    put_identity(e, r);
    put_subject(e, r);
    put_compute(e->out, r);
    put_gpus(e->out, r);
    put_job(e, r);
    put_memory(e->out, r);
    (void)fputs(" </urf:UsageRecord>\n", e->out);
    return 0;
}
