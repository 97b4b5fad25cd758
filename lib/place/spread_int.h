/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* spread_int - nodes of a switch in an order that fills its uplinks evenly */
#ifndef HOPLUU_PLACE_SPREAD_INT_H
#define HOPLUU_PLACE_SPREAD_INT_H

#include "place/target_int.h"

/*
 * Where a switch's uplink is k times as wide as those of its nodes, it is k links,
 * and static routes (destination modulo k, as in fat trees) choose among them. Nodes
 * of one switch change places, with all their ranks, until the fullest of those links
 * carries as little as exchanges of two can reach. J and the loads of the tree are
 * what they were.
 *
 * slot   [p->n] rank -> slot; changed
 *
 * Returns 1 (changed), 0 or -ENOMEM (nothing is changed).
 */
int spread_routes(const struct target *t, const struct pattern *p, uint32_t *slot);

#endif
