/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * random_noun - nouns out of a seed, for properties that must hold for all
 */
#ifndef HOPLUU_TESTS_WIRE_RANDOM_NOUN_H
#define HOPLUU_TESTS_WIRE_RANDOM_NOUN_H

#include <stdint.h>

#include "wire/noun_json.h"

struct dice {
    uint64_t state;
};

uint64_t dice_u64(struct dice *d);
uint32_t dice_below(struct dice *d, uint32_t n);

void random_request(struct dice *d, struct request *r);
void random_usage(struct dice *d, struct usage *u);
void random_holding(struct dice *d, struct holding *h);
void random_copy(struct dice *d, struct copy *c);
void random_route_view(struct dice *d, struct route_view *v);
void random_supply(struct dice *d, struct supply *s);
void random_posting(struct dice *d, struct posting *p);
void random_peer_msg(struct dice *d, struct peer_msg *m);
struct job_spec *random_job_spec(struct dice *d); /* caller frees */

#endif
