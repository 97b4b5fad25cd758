/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* late_int - a center that takes guests */
#ifndef HOPLUU_SIM_LATE_INT_H
#define HOPLUU_SIM_LATE_INT_H

#include "sim/sim_int.h"

struct late_center {
    struct share *share;
    struct pool offers; /* own jobs that wait; scan by prediction, value = request */
};

struct late_hand {
    struct sim *s;
    struct sim_center *c;
};

#endif
