/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * usage_sum - runs of a `report` answer added up by who or where
 *
 * Two views that must not be mixed, or runs would count twice when the reports of
 * several centers are put together:
 *
 *   demand   what this center's people used, wherever it ran (entry = this center)
 *   supply   what ran at this center, whoever sent it (host = this center)
 *
 * Over all centers, the demands and the supplies have the same total.
 */
#ifndef HOPLUU_COMMAND_USAGE_SUM_H
#define HOPLUU_COMMAND_USAGE_SUM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/name.h"

enum usage_by {
    USAGE_BY_INSTITUTION,
    USAGE_BY_PROJECT,
    USAGE_BY_CENTER, /* demand: where it ran; supply: where it came from */
    USAGE_BY_USER,
    _USAGE_BY_MAX
};

struct usage_line {
    char name[NAME_CAP];
    uint64_t runs;
    uint64_t core_s;
    uint64_t mem_mib_s;
    uint64_t gpu_s;
    uint64_t cpu_us;
    int64_t milli;
};

struct usage_sum {
    struct usage_line *lines; /* sorted by name */
    size_t n;
    struct usage_line total;
};

bool usage_by_parse(const char *word, enum usage_by *ret_by);
const char *usage_by_word(enum usage_by by);

/*
 * Add up answer's runs. 0, -EOVERFLOW (a sum does not fit), -EBADMSG (a negative
 * count), -ENOMEM.
 */
int usage_sum_add(struct usage_sum *s,
                  const json_t *answer,
                  enum usage_by by,
                  bool supply,
                  struct err *err);
void usage_sum_release(struct usage_sum *s);

#endif
