/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * bench/peer_map - the map of another mapper, one core per line
 *
 *     peer_map scotch|metis-rb MACHINE DISTANCE PATTERN|FILE
 *
 * FILE is a METIS graph; PATTERN a named one, as in fmap --pattern.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/path.h"
#include "place/pattern.h"
#include "place/read.h"
#include "place_peers.h"

#include "base/banned.h"

static int load(const char *from, struct pattern **ret_p, struct err *err)
{
    struct buf b = BUF_INIT(1u << 30);
    int r;

    if (!pattern_parse(from, 0, ret_p, NULL))
        return 0;
    r = path_read(from, &b, err);
    if (!r)
        r = pattern_read_metis(b.data, b.len, ret_p, err);
    buf_release(&b);
    return r;
}

int main(int argc, char **argv)
{
    struct pattern *p = NULL;
    struct err err = {0};
    uint32_t *core;
    double s;
    int r;

    if (argc != 5) {
        fprintf(stderr, "peer_map: PEER MACHINE DISTANCE PATTERN|FILE\n");
        return 2;
    }
    r = load(argv[4], &p, &err);
    if (r < 0) {
        fprintf(stderr, "peer_map: %s\n", err_text(&err, r));
        return 1;
    }
    core = calloc(pattern_ranks(p) + 1, sizeof(*core));
    if (!core)
        return 1;
    for (int k = 0; k < n_peers; k++) {
        const struct instance i = {.machine = argv[2], .distance = argv[3]};

        if (strcmp(peer_name(k), argv[1]) != 0)
            continue;
        if (peer_map(k, &i, p, core, &s))
            return 1;
        for (uint32_t u = 0; u < pattern_ranks(p); u++)
            printf("%u\n", core[u]);
        return 0;
    }
    fprintf(stderr, "peer_map: %s was not found when this was configured\n", argv[1]);
    return 77;
}
