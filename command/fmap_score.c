/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fmap_score - fmap score: the judge of any map */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"

#include "fmap.h"

#include "base/banned.h"

/* How far more ranks than cores may be out of balance. */
#define BALANCE 0.03

struct fill {
    bool valid;
    char why[64];
    double imbalance; /* heaviest core over the even share, less 1 */
};

static int judge_fill(const struct pattern *p,
                      uint32_t k,
                      const uint32_t *core,
                      struct fill *ret)
{
    uint32_t n = pattern_ranks(p);
    _cleanup_(freep) uint64_t *load = calloc((size_t)k + 1, sizeof(*load));
    _cleanup_(freep) uint32_t *count = calloc((size_t)k + 1, sizeof(*count));
    uint64_t total = 0;
    uint64_t most = 0;
    uint32_t crowd = 0;
    uint64_t limit;

    if (!load || !count)
        return -ENOMEM;
    for (uint32_t u = 0; u < n; u++) {
        load[core[u]] += pattern_rank_weight(p, u);
        total += pattern_rank_weight(p, u);
        most = MAX(most, load[core[u]]);
        crowd = MAX(crowd, ++count[core[u]]);
    }
    limit = (uint64_t)ceil((1 + BALANCE) * (double)total / k);
    *ret = (struct fill){.valid = n <= k ? crowd <= 1 : most <= limit, .why = "ok"};
    if (!ret->valid && n <= k)
        (void)snprintf(ret->why, sizeof(ret->why), "core_has_two_ranks");
    else if (!ret->valid)
        (void)snprintf(ret->why, sizeof(ret->why),
                       "overload_%" PRIu64 "_limit_%" PRIu64, most, limit);
    ret->imbalance = total ? (double)most * k / (double)total - 1 : 0;
    return 0;
}

static void write_text(struct buf *b,
                       const struct pattern *p,
                       uint32_t k,
                       const struct fill *f,
                       const struct place_cost *c)
{
    double bytes = (double)pattern_bytes(p);

    buf_printf(b, "valid=%d why=%s n=%" PRIu32 " k=%" PRIu32 " J=%.0f cong=%.0f",
               f->valid, f->why, pattern_ranks(p), k, c->cost, c->bottleneck);
    buf_printf(b, " avgd=%.4f imb=%.4f traffic=", bytes > 0 ? c->cost / bytes : 0,
               f->imbalance);
    for (uint32_t l = 0; l <= c->n_levels; l++)
        buf_printf(b, "%s%" PRIu64, l ? ":" : "", c->traffic[l]);
    buf_puts(b, " maxload=");
    for (uint32_t l = 1; l < c->n_levels; l++)
        buf_printf(b, "%s%" PRIu64, l > 1 ? ":" : "", c->max_load[l]);
    buf_putc(b, '\n');
}

static void write_json(struct buf *b, const struct fill *f, const struct place_cost *c)
{
    buf_printf(b, "{\"valid\": %s, \"why\": ", f->valid ? "true" : "false");
    fmap_json_string(b, f->why);
    buf_printf(b, ", \"imbalance\": %.6f, ", f->imbalance);
    fmap_json_cost(b, c);
    buf_puts(b, "}\n");
}

int fmap_score(const struct fmap_options *o)
{
    _cleanup_(machine_freep) struct machine *m = NULL;
    _cleanup_(pattern_freep) struct pattern *p = NULL;
    _cleanup_(freep) uint32_t *cores = NULL;
    _cleanup_(freep) uint32_t *map = NULL;
    struct buf b = BUF_INIT(1 << 20);
    struct err err = {0};
    struct place_cost cost;
    struct fill fill;
    uint32_t n = 0;
    int status;
    int r = fmap_load_machine(o, &m, &cores, &n, &err);

    if (r == 0)
        r = fmap_load_pattern(o, o->ranks, &p, &err);
    if (r == 0 && !o->map)
        r = err_set(&err, -EINVAL, "give --map FILE");
    if (r == 0)
        r = fmap_load_numbers(o->map, pattern_ranks(p), &map, &n, &err);
    if (r == 0 && n != pattern_ranks(p))
        r = err_set(&err, -EINVAL, "%.80s has %" PRIu32 " lines for %" PRIu32 " ranks",
                    o->map, n, pattern_ranks(p));
    if (r == 0)
        r = place_score(m, p, map, &cost, &err);
    if (r == 0)
        r = judge_fill(p, machine_cores(m), map, &fill);
    if (r < 0)
        return fmap_fail(&err, r);
    if (o->json)
        write_json(&b, &fill, &cost);
    else
        write_text(&b, p, machine_cores(m), &fill, &cost);
    status = fmap_write(o, &b);
    buf_release(&b);
    return status ? status : !fill.valid;
}
