/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * trace_sacct - a line of `sacct --parsable2`
 *
 * Needs the columns Submit, one of Elapsed or ElapsedRaw, and one of AllocCPUS,
 * NCPUS or ReqCPUS; uses JobID, Start, Timelimit or TimelimitRaw, User, Partition
 * and State where they are there. Steps (JobID with a point), jobs that have not
 * started and jobs that still run are left out. Times without a zone are the
 * zone of the process, as sacct writes them.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "base/table.h"
#include "base/time.h"
#include "sim/trace_int.h"

#include "base/banned.h"

#define COLUMNS_MAX 128

/* Cuts the line at each '|'; how many columns. */
static int cut(char *line, char **col)
{
    int n = 0;

    line[strcspn(line, "\r\n")] = '\0';
    while (n < COLUMNS_MAX) {
        char *bar = strchr(line, '|');

        col[n++] = line;
        if (!bar)
            break;
        *bar = '\0';
        line = bar + 1;
    }
    return n;
}

int sacct_header(const char *line, struct sacct_columns *c, struct err *err)
{
    const struct {
        const char *name;
        int *at;
    } known[] = {
        {"JobID",        &c->id         },
        {"JobIDRaw",     &c->id         },
        {"Submit",       &c->submit     },
        {"Start",        &c->start      },
        {"Elapsed",      &c->elapsed    },
        {"ElapsedRaw",   &c->elapsed_raw},
        {"Timelimit",    &c->limit      },
        {"TimelimitRaw", &c->limit_raw  },
        {"AllocCPUS",    &c->alloc      },
        {"NCPUS",        &c->alloc      },
        {"ReqCPUS",      &c->req        },
        {"User",         &c->user       },
        {"Partition",    &c->partition  },
        {"State",        &c->state      },
    };
    char *copy = strdup(line);
    char *col[COLUMNS_MAX];

    if (!copy)
        return -ENOMEM;
    for (size_t k = 0; k < ARRAY_SIZE(known); k++)
        *known[k].at = -1;
    c->n = cut(copy, col);
    for (int i = 0; i < c->n; i++)
        for (size_t k = 0; k < ARRAY_SIZE(known); k++)
            if (!strcmp(col[i], known[k].name))
                *known[k].at = i;
    free(copy);
    if (c->submit < 0)
        return err_set(err, -EINVAL, "no column Submit");
    if (c->elapsed < 0 && c->elapsed_raw < 0)
        return err_set(err, -EINVAL, "no column Elapsed or ElapsedRaw");
    if (c->alloc < 0 && c->req < 0)
        return err_set(err, -EINVAL, "no column AllocCPUS, NCPUS or ReqCPUS");
    return 0;
}

/* "" and words such as Unknown say nothing. */
static const char *value(char *const *col, int at)
{
    const char *v = at >= 0 ? col[at] : "";

    if (!strcmp(v, "Unknown") || !strcmp(v, "None") || !strcmp(v, "Partition_Limit"))
        return "";
    return v;
}

static uint32_t cpus(const struct sacct_columns *c, char *const *col)
{
    uint32_t n = 0;

    if (measure_u32(value(col, c->alloc), 1, UINT32_MAX, &n, NULL) < 0)
        (void)measure_u32(value(col, c->req), 1, UINT32_MAX, &n, NULL); /* 0 = none */
    return n;
}

/* [D-]HH:MM:SS; a job may have run for 0 s, which no limit may be. */
static int elapsed(const char *text, uint32_t *ret_s)
{
    if (!strcmp(text, "00:00:00")) {
        *ret_s = 0;
        return 0;
    }
    return measure_duration(text, ret_s, NULL);
}

static int run_time(const struct sacct_columns *c,
                    char *const *col,
                    uint32_t *ret_s,
                    struct err *err)
{
    const char *raw = value(col, c->elapsed_raw);

    if (raw[0] ? measure_u32(raw, 0, UINT32_MAX - 2, ret_s, NULL) < 0
               : elapsed(value(col, c->elapsed), ret_s) < 0)
        return err_set(err, -EINVAL, "the elapsed time \"%s\" is none",
                       raw[0] ? raw : value(col, c->elapsed));
    return 0;
}

static uint32_t limit(const struct sacct_columns *c, char *const *col, uint32_t run_s)
{
    uint32_t v = 0;
    const char *text = value(col, c->limit);

    if (measure_u32(value(col, c->limit_raw), 1, UINT32_MAX / 60 - 1, &v, NULL) == 0)
        return v * 60;
    if (text[0] && measure_duration(text, &v, NULL) == 0 && v != DURATION_UNLIMITED)
        return v;
    return MAX(run_s, 1u);
}

int sacct_row(const struct trace_spec *spec,
              const struct sacct_columns *c,
              char *line,
              struct trace_job *ret_job,
              struct err *err)
{
    char *col[COLUMNS_MAX];
    int n = cut(line, col);
    struct wall submit;
    uint32_t run_s = 0;
    uint32_t est_s;
    uint32_t procs;
    uint64_t id = 0;
    const char *user;

    if (n < c->n)
        return err_set(err, -EINVAL, "%d columns, the header has %d", n, c->n);
    if (c->id >= 0 && strchr(col[c->id], '.'))
        return ROW_NONE;
    if (spec->partition && strcmp(spec->partition, value(col, c->partition)) != 0)
        return ROW_NONE;
    if (!strcmp(value(col, c->state), "PENDING")
        || !strcmp(value(col, c->state), "RUNNING")
        || (c->start >= 0 && !value(col, c->start)[0]))
        return ROW_NONE;
    if (wall_parse(value(col, c->submit), (struct wall){0}, &submit, NULL) < 0)
        return err_set(err, -EINVAL, "the submit time \"%s\" is none", col[c->submit]);
    if (run_time(c, col, &run_s, err) < 0)
        return -EINVAL;
    procs = cpus(c, col);
    if (procs == 0 || procs > spec->procs || submit.us < 0
        || (spec->filter == TRACE_SC15 && run_s == 0))
        return ROW_NONE;
    est_s = limit(c, col, run_s);
    user = value(col, c->user);
    if (c->id >= 0) { /* 123_4 counts as 123 */
        col[c->id][strspn(col[c->id], "0123456789")] = '\0';
        (void)measure_u64(col[c->id], 0, INT64_MAX, &id, NULL); /* 0 = no number */
    }
    *ret_job = (struct trace_job){.id = (int64_t)id,
                                  .submit_s = submit.us / US_PER_S,
                                  .user = table_hash(user, strlen(user)),
                                  .run_s = MIN(run_s, est_s),
                                  .est_s = est_s,
                                  .procs = procs};
    return ROW_JOB;
}
