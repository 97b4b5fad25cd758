/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* world_site - a center that shares everything with everybody */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/measure.h"
#include "tests/fed/world_int.h"

struct site *world_site(int i, int64_t budget)
{
    struct site *s = site_new();

    (void)snprintf(s->name, sizeof(s->name), "c%d", i + 1);
    s->number = (uint32_t)i + 1;
    s->candidates = 2;
    s->margin_s = 5;
    s->partitions = calloc(1, sizeof(*s->partitions));
    s->n_partitions = 1;
    (void)snprintf(s->partitions[0].name, NAME_CAP, "main");
    s->partitions[0].is_default = true;
    s->partitions[0].max_time_s = DURATION_UNLIMITED;
    s->partitions[0].default_time_s = 3600;
    s->partitions[0].core_hour_milli = 3600;
    s->institutions = calloc(1, sizeof(*s->institutions));
    s->n_institutions = 1;
    (void)snprintf(s->institutions[0].name, NAME_CAP, "inst");
    (void)snprintf(s->institutions[0].home, NAME_CAP, "c1");
    s->projects = calloc(1, sizeof(*s->projects));
    s->n_projects = 1;
    (void)snprintf(s->projects[0].name, NAME_CAP, "proj");
    (void)snprintf(s->projects[0].institution, NAME_CAP, "inst");
    s->projects[0].budget_milli = budget;
    s->mappings = calloc(1, sizeof(*s->mappings));
    s->n_mappings = 1;
    (void)snprintf(s->mappings[0].person, NAME_CAP, "*");
    (void)snprintf(s->mappings[0].account, NAME_CAP, "guest");
    s->peers = calloc(WORLD_CENTERS, sizeof(*s->peers));
    for (int k = 0; k < WORLD_CENTERS; k++) {
        struct peer *p = &s->peers[s->n_peers];

        if (k == i)
            continue;
        (void)snprintf(p->name, sizeof(p->name), "c%d", k + 1);
        p->number = (uint32_t)k + 1;
        p->has_agreement = true;
        p->allowances = true;
        for (int side = 0; side < 2; side++) {
            struct agreement_side *a = &p->agreement.side[side];

            (void)snprintf(a->institutions[0], NAME_CAP, "*");
            (void)snprintf(a->partitions[0], NAME_CAP, "*");
            a->n_institutions = a->n_partitions = 1;
            a->max_time_s = DURATION_UNLIMITED;
        }
        s->n_peers++;
    }
    return s;
}
