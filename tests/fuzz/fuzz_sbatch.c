/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fuzz_sbatch - scripts from anywhere: every #SBATCH line through every option
 *
 * People submit scripts that others wrote. Reading one must not crash, leak or
 * overrun, and what was accepted must survive being settled.
 */
#include "config.h"

#include <stddef.h>
#include <stdint.h>

#include "command/batch.h"
#include "command/batch_option.h"
#include "command/batch_script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int apply(
    int key, const char *name, const char *value, void *arg, struct err *err)
{
    return key == BATCH_REFUSED ? 0 : batch_set(arg, key, name, value, err);
}

static int line(const struct words *words, unsigned number, void *arg, struct err *err)
{
    (void)number;
    (void)batch_options_walk(words, apply, arg, err); /* a refusal ends one line only */
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *const environment[] = {NULL};
    struct batch b;
    struct err err = {0};
    unsigned late;

    if (batch_init(&b, (struct wall){INT64_C(1764000000) * US_PER_S}) != 0)
        return 0;
    if (batch_script_read((const char *)data, size, line, &b, &late, &err) == 0
        && b.spec->request.min_nodes <= b.spec->request.n_tasks)
        (void)batch_finish(&b, "fuzz", environment, &err);
    batch_release(&b);
    return 0;
}
