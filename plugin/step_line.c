/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* step_line - does a command line of srun leave the layout of its step to the job? */
#include "config.h"

#include "plugin/step_line.h"

#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/measure.h"

#include "base/banned.h"

/* Letters of srun's that lay a step out, and all that take no value. */
static const char layout_letters[] = "BcFmNOrSwxZ";
static const char bare_letters[] = "EHKOQVXZhkluvIs";

static const char *const layout_names[] = {
    "nodes",
    "nodelist",
    "nodefile",
    "exclude",
    "distribution",
    "relative",
    "cpus-per-task",
    "overcommit",
    "no-allocate",
    "extra-node-info",
    "core-spec",
    "thread-spec",
    "threads-per-core",
    "cores-per-socket",
    "sockets-per-node",
    "ntasks-per-core",
    "ntasks-per-node",
    "tasks-per-node",
    "ntasks-per-socket",
    "ntasks-per-tres",
    "ntasks-per-gpu",
    "het-group",
    "pack-group",
    "mincpus",
    "use-min-nodes",
    "spread-job",
    "contiguous",
    "jobid",
};

/* Long ones without a value, or whose value comes with '=' only. */
static const char *const bare_names[] = {
    "bcast",         "bell",      "compress",    "contiguous",
    "debugger-test", "exact",     "exclusive",   "disable-status",
    "get-user-env",  "help",      "hold",        "ignore-pbs",
    "immediate",     "label",     "interactive", "kill-command",
    "multi-prog",    "nice",      "no-allocate", "kill-on-bad-exit",
    "no-bell",       "no-kill",   "no-requeue",  "overcommit",
    "no-shell",      "overlap",   "parsable",    "oversubscribe",
    "propagate",     "pty",       "quiet",       "preserve-env",
    "reboot",        "requeue",   "resv-ports",  "quit-on-interrupt",
    "send-libs",     "test-only", "spread-job",  "unbuffered",
    "usage",         "verbose",   "version",     "use-min-nodes",
    "whole",         "x11",
};

/* getopt_long() takes a beginning for the whole. */
static bool named(const char *const *v, size_t n, const char *name, size_t len)
{
    for (size_t i = 0; i < n; i++)
        if (!strncmp(v[i], name, len))
            return true;
    return false;
}

static bool same_number(const char *value, uint32_t n_tasks)
{
    uint32_t n = 0;

    return value && measure_u32(value, 1, UINT32_MAX, &n, NULL) == 0 && n == n_tasks;
}

/* One word "--NAME" or "--NAME=VALUE". False: it lays the step out. */
static bool long_option(const char *word, const char *next, uint32_t n, bool *ret_takes)
{
    const char *equal = strchr(word, '=');
    size_t len = equal ? (size_t)(equal - word) : strlen(word);

    *ret_takes = false;
    if (len >= 2 && !strncmp("ntasks", word, len)) {
        *ret_takes = !equal;
        return same_number(equal ? equal + 1 : next, n);
    }
    if (named(layout_names, ARRAY_SIZE(layout_names), word, len))
        return false;
    *ret_takes = !equal && !named(bare_names, ARRAY_SIZE(bare_names), word, len);
    return true;
}

/* One word "-abcVALUE". */
static bool short_options(const char *word,
                          const char *next,
                          uint32_t n,
                          bool *ret_takes)
{
    *ret_takes = false;
    for (const char *p = word; *p; p++) {
        if (strchr(layout_letters, *p))
            return false;
        if (*p == 'K' || *p == 'I' || *p == 'k')
            return true; /* what follows in the word is its value */
        if (strchr(bare_letters, *p))
            continue;
        *ret_takes = p[1] == '\0';
        return *p != 'n' || same_number(p[1] ? p + 1 : next, n);
    }
    return true;
}

bool step_line_is_plain(int argc, char *const *argv, uint32_t n_tasks)
{
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        bool takes;

        if (word[0] != '-' || !word[1])
            return true; /* the program */
        if (!strcmp(word, "--"))
            return true;
        if (word[1] == '-' ? !long_option(word + 2, next, n_tasks, &takes)
                           : !short_options(word + 1, next, n_tasks, &takes))
            return false;
        if (takes)
            i++;
    }
    return true;
}
