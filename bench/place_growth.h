/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* place_growth - time and memory of a map as jobs grow */
#ifndef HOPLUU_BENCH_PLACE_GROWTH_H
#define HOPLUU_BENCH_PLACE_GROWTH_H

#include <stdint.h>

#include "place/place.h"

/* Print a line for 10^4, 10^5, ... up to `most` ranks. 0, or 1: one failed. */
int growth(uint32_t most, enum place_effort effort);

#endif
