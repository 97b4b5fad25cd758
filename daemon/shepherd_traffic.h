/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * shepherd_traffic - what the ranks that ended here have said to others
 *
 * Reads, with the user's rights, the directory that hopluu-rank made (daemon/rank.c);
 * runs of another size than the job's are left out.
 */
#ifndef HOPLUU_DAEMON_SHEPHERD_TRAFFIC_H
#define HOPLUU_DAEMON_SHEPHERD_TRAFFIC_H

#include <jansson.h>

#include "daemon/shepherd_plan.h"

#define TRAFFIC_TEXT_MAX (2u << 20)   /* bytes of what one shepherd reports */
#define TRAFFIC_PROF_MAX (8u << 20)   /* bytes of one rank's file */
#define TRAFFIC_READ_MAX (512u << 20) /* bytes of all of them */

/*
 * {"ranks":N, "programs":[SHA-256], "pairs":"E u v N bytes\n…" (or "text": why there
 * are none)}; NULL = nothing was watched here.
 */
json_t *traffic_collect(const struct plan *p);

#endif
