/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* stats - sums, and counts of waits by the second */
#include "config.h"

#include "sim/stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "base/banned.h"

#define BSLD_S 10 /* bound of the bounded slowdown */

void stats_release(struct stats *s)
{
    for (size_t i = 0; i < s->n_pages; i++)
        free(s->pages[i]);
    free(s->pages);
    *s = (struct stats){0};
}

static int count(struct stats *s, uint64_t wait_s)
{
    size_t page = wait_s / STATS_PAGE;

    if (page >= s->n_pages) {
        size_t n = s->n_pages ? s->n_pages : 16;
        uint32_t **pages;

        while (n <= page)
            n *= 2;
        pages = realloc(s->pages, n * sizeof(uint32_t *));
        if (!pages)
            return -ENOMEM;
        memset(pages + s->n_pages, 0, (n - s->n_pages) * sizeof(uint32_t *));
        s->pages = pages;
        s->n_pages = n;
    }
    if (!s->pages[page]) {
        s->pages[page] = calloc(STATS_PAGE, sizeof(uint32_t));
        if (!s->pages[page])
            return -ENOMEM;
    }
    s->pages[page][wait_s % STATS_PAGE]++;
    return 0;
}

int stats_add(struct stats *s, int64_t wait_s, uint32_t run_s, uint32_t procs)
{
    double bsld = (double)(wait_s + run_s) / (double)MAX(run_s, (uint32_t)BSLD_S);
    double area = (double)procs * run_s;

    if (count(s, (uint64_t)wait_s) < 0)
        return -ENOMEM;
    bsld = MAX(bsld, 1.0);
    s->n++;
    s->wait_sum_s += wait_s;
    s->wait_max_s = MAX(s->wait_max_s, wait_s);
    s->response_sum_s += wait_s + run_s;
    s->bsld_sum += bsld;
    s->bsld_max = MAX(s->bsld_max, bsld);
    s->area += area;
    s->area_response += area * (double)(wait_s + run_s);
    return 0;
}

double stats_mean_wait(const struct stats *s)
{
    return s->n ? (double)s->wait_sum_s / (double)s->n : 0;
}

double stats_mean_bsld(const struct stats *s)
{
    return s->n ? s->bsld_sum / (double)s->n : 0;
}

int64_t stats_wait_at(const struct stats *s, double q)
{
    uint64_t rank = (uint64_t)(q * (double)s->n);
    uint64_t seen = 0;

    if (s->n == 0)
        return 0;
    rank = MIN(rank, s->n - 1);
    for (size_t i = 0; i < s->n_pages; i++)
        for (size_t k = 0; s->pages[i] && k < STATS_PAGE; k++) {
            seen += s->pages[i][k];
            if (seen > rank)
                return (int64_t)(i * STATS_PAGE + k);
        }
    return s->wait_max_s;
}
