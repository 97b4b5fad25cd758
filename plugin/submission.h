/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * submission - a job as sbatch described it, as a job of the federation
 */
#ifndef HOPLUU_PLUGIN_SUBMISSION_H
#define HOPLUU_PLUGIN_SUBMISSION_H

#include "base/err.h"
#include "model/job_spec.h"
#include "plugin/slurm_ex.h"
#include "plugin/wish.h"

/*
 * ret_spec   caller frees with job_spec_free()
 *
 * Returns 0, -ENOTSUP (an option that does not travel, named in err), -E2BIG, -EINVAL,
 * -ENOMEM. d is only read.
 */
int submission_spec(const job_desc_msg_t *d,
                    const struct wish *w,
                    struct job_spec **ret_spec,
                    struct err *err);

/* Cores, nodes and seconds that d asks for; 0 where it leaves that open. */
struct submission_size {
    uint64_t cores;
    uint32_t nodes;
    uint32_t time_limit_s;
};
struct submission_size submission_size(const job_desc_msg_t *d);

#endif
