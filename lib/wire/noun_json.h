/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * noun_json - how nouns travel: each as one JSON object
 *
 * x_to_json returns a new object, NULL = no memory. x_from_json fills a noun from
 * a stranger's object: unknown members are ignored (newer peers), missing ones
 * keep zero unless the noun needs them, and every text, number and count is
 * checked against its ceiling: 0, -EBADMSG (text names the member), -ENOMEM.
 * Names of members: docs/protocol.md.
 */
#ifndef HOPLUU_WIRE_NOUN_JSON_H
#define HOPLUU_WIRE_NOUN_JSON_H

#include <jansson.h>

#include "base/err.h"
#include "model/copy.h"
#include "model/holding.h"
#include "model/job_spec.h"
#include "model/offer.h"
#include "model/peer_msg.h"
#include "model/posting.h"
#include "model/rank_map.h"
#include "model/request.h"
#include "model/supply.h"
#include "model/usage.h"

json_t *request_to_json(const struct request *r);
int request_from_json(const json_t *o, struct request *r, struct err *err);

json_t *usage_to_json(const struct usage *u);
int usage_from_json(const json_t *o, struct usage *u, struct err *err);

json_t *rank_map_to_json(const struct rank_map *m);
int rank_map_from_json(const json_t *o, struct rank_map *m, struct err *err);

json_t *holding_to_json(const struct holding *h);
int holding_from_json(const json_t *o, struct holding *h, struct err *err);

json_t *copy_to_json(const struct copy *c);
int copy_from_json(const json_t *o, struct copy *c, struct err *err);

json_t *route_view_to_json(const struct route_view *v);
int route_view_from_json(const json_t *o, struct route_view *v, struct err *err);

json_t *supply_to_json(const struct supply *s);
int supply_from_json(const json_t *o, struct supply *s, struct err *err);

/* ret_spec: caller frees with job_spec_free(). Not yet judged by job_spec_check(). */
json_t *job_spec_to_json(const struct job_spec *s);
int job_spec_from_json(const json_t *o, struct job_spec **ret_spec, struct err *err);

/*
 * {"t":"job","k":KIND,…}. The spec of a GO is the object under "spec": to_json takes it
 * from m->spec (JSON text), from_json points m->spec into `spec_text`, which it
 * allocates (caller frees) when there is one.
 */
json_t *peer_msg_to_json(const struct peer_msg *m);
int peer_msg_from_json(const json_t *o,
                       struct peer_msg *m,
                       char **ret_spec_text,
                       struct err *err);

json_t *posting_to_json(const struct posting *p);
int posting_from_json(const json_t *o, struct posting *p, struct err *err);

#endif
