/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* late_int - the books of a center that takes guests */
#ifndef HOPLUU_SIM_LATE_INT_H
#define HOPLUU_SIM_LATE_INT_H

#include "sched/demand.h"
#include "sim/sim_int.h"

#define LATE_WINDOW_S (14 * 86400) /* how far back own demand is looked at */

struct late_guest {
    uint32_t slot;
    double length_s; /* as it was judged */
    int64_t start_s;
    double est_s;
    double rate; /* own arrivals per second that it stands in the way of */
};

struct late_center {
    double slack;    /* seconds of waiting saved so far, and allowed */
    uint64_t n;      /* own submissions */
    int64_t waiting; /* own jobs that wait, wherever they are queued */
    struct pool shadow;
    int64_t shadow_cores; /* of own jobs in the shadow, waiting or running */
    bool shadow_dirty;
    struct pool offers; /* own jobs that wait; scan by prediction, value = request */
    struct demand demand;
    struct late_guest *guests; /* [n_guests] that run here */
    size_t n_guests;
    size_t cap_guests;
    int64_t guest_cores;
};

struct late_hand {
    struct sim *s;
    struct sim_center *c;
};

#endif
