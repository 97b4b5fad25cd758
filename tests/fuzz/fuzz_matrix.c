/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fuzz_matrix - METIS, Matrix Market and CSV from anywhere, and names of patterns
 *
 * People hand over matrices that other programs wrote. What is accepted must be a
 * whole pattern: symmetric rows that the judge can walk.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "place/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(struct pattern *p)
{
    const uint64_t *xadj = pattern_xadj(p);
    uint64_t sum = 0;

    for (uint64_t e = 0; e < xadj[pattern_ranks(p)]; e++) {
        if (pattern_adj(p)[e] >= pattern_ranks(p))
            abort();
        sum += pattern_weight(p)[e];
    }
    if (!pattern_uniform(p) && sum != 2 * pattern_bytes(p))
        abort();
    p = pattern_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct pattern *p = NULL;
    char name[64];

    if (pattern_read_metis(text, size, &p, NULL) == 0)
        use(p);
    if (pattern_read_mtx(text, size, &p, NULL) == 0)
        use(p);
    if (pattern_read_csv(text, size, 0, &p, NULL) == 0)
        use(p);
    if (pattern_read(text, size, 0, &p, NULL) == 0)
        use(p);
    if (size < sizeof(name)) {
        memcpy(name, text, size);
        name[size] = '\0';
        if (pattern_parse(name, 12, &p, NULL) == 0)
            use(p);
    }
    return 0;
}
