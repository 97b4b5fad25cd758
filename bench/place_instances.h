/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* place_instances - the graphs and machines of the placement benchmark */
#ifndef HOPLUU_BENCH_PLACE_INSTANCES_H
#define HOPLUU_BENCH_PLACE_INSTANCES_H

#include <stdbool.h>
#include <stddef.h>

#include "place/place.h"

struct instance {
    const char *class; /* "64", "1000", "512", "4096", "grid", "32768" */
    const char *name;  /* file NAME.graph.xz, or a pattern's name */
    const char *machine;
    const char *distance;
    double best; /* J of the best peer known, 0: not known */
};

extern const struct instance instances[];
extern const size_t n_instances;

/* The pattern of an instance; files are looked for in `dir`/data/mapping. */
int instance_load(const struct instance *i,
                  const char *dir,
                  struct pattern **ret_p,
                  struct err *err);

/* The same pattern with its ranks renamed at random. */
int instance_shuffle(const struct pattern *p, uint64_t seed, struct pattern **ret_p);

double cpu_seconds(void);

#endif
