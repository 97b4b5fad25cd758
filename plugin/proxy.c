/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * proxy - a job description becomes that of a proxy
 *
 * N.B. priority 0 set here, not by the user, makes JobHeldAdmin: the user cannot
 * release it. What the real job asked for is taken out, so that a job too large for
 * this center has its proxy all the same.
 */
#include "config.h"

#include "plugin/proxy.h"

#include "model/proxy_note.h"

#include "base/banned.h"

/*
 * Runs on a node of the site once the job has ended elsewhere, and ends the same way.
 * scontrol is there wherever slurmd is installed whole; without it the end is 1.
 */
static const char proxy_script[] =
    "#!/bin/sh\n"
    "# The job itself ran in the federation; this one ends as it did.\n"
    "set -- $(scontrol show job \"$SLURM_JOB_ID\" |\n"
    "    sed -n 's/.*AdminComment=" PROXY_WORD " \\([0-9]*\\) \\([A-Z_]*\\)"
    " \\([-0-9]*\\):\\([0-9]*\\) .*/\\1 \\2 \\3 \\4/p')\n"
    "[ $# -eq 4 ] || exit 1\n"
    "[ \"$4\" -eq 0 ] || kill -s \"$4\" $$\n"
    "[ \"$2\" = COMPLETED ] || [ \"$3\" -ne 0 ] || exit 1\n"
    "exit \"$3\"\n";

static void replace(char **text, const char *by)
{
    if (*text)
        slurm_xfree((void **)text);
    *text = by ? slurm_xstrdup(by) : NULL;
}

static void forget_shape(job_desc_msg_t *d)
{
    replace(&d->features, NULL);
    replace(&d->prefer, NULL);
    replace(&d->req_nodes, NULL);
    replace(&d->exc_nodes, NULL);
    replace(&d->tres_per_job, NULL);
    replace(&d->tres_per_node, NULL);
    replace(&d->tres_per_socket, NULL);
    replace(&d->tres_per_task, NULL);
    replace(&d->reservation, NULL);
    replace(&d->licenses, NULL);
    d->num_tasks = 1;
    d->cpus_per_task = 1;
    d->min_cpus = 1;
    d->max_cpus = NO_VAL;
    d->min_nodes = 1;
    d->max_nodes = 1;
    d->ntasks_per_node = NO_VAL16;
    d->pn_min_cpus = NO_VAL16;
    d->pn_min_memory = 64; /* MiB: a shell and scontrol, in a control group too */
    d->pn_min_tmp_disk = NO_VAL;
    d->contiguous = NO_VAL16;
    d->shared = NO_VAL16;
    d->task_dist = NO_VAL;
}

void proxy_make(job_desc_msg_t *d, uint64_t job, const char *partition)
{
    struct proxy_note note = {.job = job, .state = JOB_PENDING};
    char text[PROXY_TEXT_MAX];

    forget_shape(d);
    proxy_note_write(&note, text);
    replace(&d->admin_comment, text);
    replace(&d->script, proxy_script);
    replace(&d->partition, partition[0] ? partition : NULL);
    replace(&d->std_in, NULL);
    replace(&d->std_out, "/dev/null");
    replace(&d->std_err, NULL);
    replace(&d->mail_user, NULL);
    d->mail_type = 0;
    d->priority = 0;
    d->requeue = 0;
    d->begin_time = 0;
    d->time_limit = 1;
    d->time_min = NO_VAL;
    d->warn_signal = 0;
    d->warn_time = 0;
    d->kill_on_node_fail = 1;
}
