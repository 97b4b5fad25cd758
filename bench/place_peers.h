/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* place_peers - other mappers, if configure found them */
#ifndef HOPLUU_BENCH_PLACE_PEERS_H
#define HOPLUU_BENCH_PLACE_PEERS_H

#include "place_instances.h"

extern const int n_peers;
const char *peer_name(int peer);

/* Core of every rank by one peer; ret_s is its CPU time. 0 or -Exxx. */
int peer_map(int peer,
             const struct instance *i,
             const struct pattern *p,
             uint32_t *core,
             double *ret_s);

#endif
