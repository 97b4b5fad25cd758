/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* job_id - one number for a job, wherever one stands */
#include "config.h"

#include "model/job_id.h"

#include <errno.h>

#include "base/measure.h"
#include "model/name.h"

#include "base/banned.h"

uint64_t job_id_make(uint32_t center, uint64_t sequence)
{
    if (center < 1 || center > CENTERS_MAX || sequence < 1 || sequence >= JOB_ID_STRIDE)
        return 0;
    return center * JOB_ID_STRIDE + sequence;
}

uint32_t job_id_center(uint64_t id)
{
    return (uint32_t)(id / JOB_ID_STRIDE);
}

uint64_t job_id_sequence(uint64_t id)
{
    return id % JOB_ID_STRIDE;
}

int job_id_parse(const char *text, uint64_t *ret_id, struct err *err)
{
    uint64_t id;
    int r = measure_u64(text, 1, CENTERS_MAX * JOB_ID_STRIDE + JOB_ID_STRIDE - 1, &id,
                        NULL);

    if (r < 0 || job_id_make(job_id_center(id), job_id_sequence(id)) == 0)
        return err_set(
            err, r < 0 ? r : -ERANGE,
            "'%.40s' is not a job id: center number × 1000000000 + sequence, "
            "such as 3000001842",
            text);
    *ret_id = id;
    return 0;
}
