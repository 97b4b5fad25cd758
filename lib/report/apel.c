/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * apel - individual job messages, v0.4: "Key: value" lines, a record ends in %%
 *
 * Times are seconds of UTC, durations whole seconds, memory KB. An unknown key or a
 * record without ServiceLevel is refused by the loader, so every pool needs a
 * benchmark. An attempt that never started has its end as its start and no duration.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "report/export_int.h"

#include "base/banned.h"

int apel_service_level(const struct registry *registry,
                       const struct run_record *r,
                       char *text,
                       size_t cap,
                       struct err *err)
{
    const struct pool *p = registry_pool(registry, r->center, r->partition);

    if (p && p->hepscore23[0] && p->hepspec[0])
        (void)snprintf(text, cap, "{hepscore23: %s, hepspec: %s}", p->hepscore23,
                       p->hepspec);
    else if (p && p->hepscore23[0])
        (void)snprintf(text, cap, "{hepscore23: %s}", p->hepscore23);
    else if (p && p->hepspec[0])
        (void)snprintf(text, cap, "{hepspec: %s}", p->hepspec);
    else
        return err_set(
            err, -EINVAL,
            "job %" PRIu64
            ": pool %s of %s has no benchmark: give it hepscore23 or hepspec "
            "in the registry's pools",
            r->job, r->partition[0] ? r->partition : "*", r->center);
    return 0;
}

/* An attempt after the first has a name of its own: APEL keeps one record per id. */
static void put_local_id(FILE *out, const struct run_record *r)
{
    (void)fprintf(out, "LocalJobId: %" PRIu64, r->job);
    if (r->attempt)
        (void)fprintf(out, ".r%" PRIu32, r->attempt);
    (void)fputc('\n', out);
}

int apel_add(struct export *e, const struct run_record *r, struct err *err)
{
    char level[2 * BENCHMARK_CAP + 40];
    int ret = apel_service_level(e->registry, r, level, sizeof(level), err);
    FILE *out = e->out;

    if (ret < 0)
        return ret;
    (void)fprintf(out, "Site: %s\nSubmitHost: %s\nMachineName: %s\n",
                  export_site(e->registry, r->center),
                  export_submit_host(e->registry, r->entry),
                  r->cluster[0] ? r->cluster : r->center);
    if (r->partition[0])
        (void)fprintf(out, "Queue: %s\n", r->partition);
    put_local_id(out, r);
    (void)fprintf(out,
                  "LocalUserId: %s\nGlobalUserName: urn:hopluu:person:%s\nFQAN: None\n"
                  "VO: %s\nVOGroup: /%s/%s\nVORole: Role=NULL\n",
                  r->person, r->person, r->institution, r->institution, r->project);
    (void)fprintf(
        out,
        "WallDuration: %" PRIu64 "\nCpuDuration: %" PRIu64 "\nProcessors: %" PRIu32
        "\nNodeCount: %" PRIu32 "\nStartTime: %" PRId64 "\nEndTime: %" PRId64 "\n",
        r->elapsed_s, r->cpu_us / 1000000, r->cores, r->nodes, export_start(r), r->end);
    (void)fprintf(out,
                  "InfrastructureDescription: HOPLUU\nInfrastructureType: %s\n"
                  "MemoryReal: %" PRIu64 "\nServiceLevel: %s\n%%%%\n",
                  strcmp(r->center, r->entry) != 0 ? "grid" : "local",
                  r->max_rss_bytes / 1024, level);
    return 0;
}
