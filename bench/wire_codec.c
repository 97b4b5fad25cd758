/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * wire_codec - what it costs to write and to read a noun: the noun as JSON and as text
 *
 * Each line: one holding in full, or one offer, averaged over ROUNDS.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/words.h"
#include "wire/noun_json.h"

#define ROUNDS 100000
#define TEXT_CAP 8192

static const struct request request = {.partition = "cpu",
                                       .n_tasks = 64,
                                       .cpus_per_task = 2,
                                       .min_nodes = 4,
                                       .time_limit_s = 7200,
                                       .mem_cpu_bytes = UINT64_C(2) << 30,
                                       .comm = "stencil3d:4x4x4"};

static const struct usage usage = {.elapsed_s = 60,
                                   .core_s = 7680,
                                   .mem_mib_s = 15728640,
                                   .cpu_us = 460000000,
                                   .max_rss_bytes = 1u << 30,
                                   .n_nodes = 4,
                                   .n_cores = 128,
                                   .milli = 90};

/* CPU time of this process: other work on the machine does not count. */
static int64_t cpu_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* always there on Linux */
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static json_t *holding_write(const void *noun)
{
    return holding_to_json(noun);
}

static int holding_read(const json_t *o)
{
    static struct holding h;

    return holding_from_json(o, &h, NULL);
}

static json_t *offer_write(const void *noun)
{
    return peer_msg_to_json(noun);
}

static int offer_read(const json_t *o)
{
    static struct peer_msg m;
    char *spec = NULL;
    int r = peer_msg_from_json(o, &m, &spec, NULL);

    free(spec);
    return r;
}

static int measure(const char *name,
                   const void *noun,
                   json_t *(*write)(const void *noun),
                   int (*read)(const json_t *o))
{
    static char text[TEXT_CAP];
    int64_t start = cpu_ns();
    int64_t middle;
    size_t len = 0;

    for (int i = 0; i < ROUNDS; i++) {
        json_t *o = write(noun);

        len = o ? json_dumpb(o, text, sizeof(text), JSON_COMPACT) : 0;
        json_decref(o);
        if (len == 0 || len > sizeof(text))
            return 1;
    }
    middle = cpu_ns();
    for (int i = 0; i < ROUNDS; i++) {
        json_t *o = json_loadb(text, len, 0, NULL);
        int r = o ? read(o) : -1;

        json_decref(o);
        if (r < 0)
            return 1;
    }
    printf("%-8s %4zu bytes  write %" PRId64 " ns  read %" PRId64 " ns\n", name, len,
           (middle - start) / ROUNDS, (cpu_ns() - middle) / ROUNDS);
    return 0;
}

int main(void)
{
    struct holding h = {.id = 3000001842,
                        .hold = HOLD_STARTED,
                        .state = JOB_RUNNING,
                        .epoch = 2,
                        .request = request,
                        .client_token = UINT64_C(1) << 61,
                        .priority = 1000,
                        .uid = 1000,
                        .restarts = 1};
    struct peer_msg m = {
        .kind = PEER_OFFER, .job = 3000001842, .epoch = 1, .request = request};

    h.submitted.us = h.started.us = h.grant.at.us = INT64_C(1795000000000000);
    h.grant.center = h.grant.epoch = 2;
    h.grant.claim = UINT64_C(1) << 60;
    h.usage = usage;
    for (uint32_t i = 0; i < 3; i++)
        h.offers[i] = (struct offer){.center = i + 1, .state = OFFER_RECALLED};
    (void)word_copy(h.user, sizeof(h.user), "an"); /* these fit */
    (void)word_copy(h.person, sizeof(h.person), "an@ioit");
    (void)word_copy(h.institution, sizeof(h.institution), "ioit");
    (void)word_copy(h.project, sizeof(h.project), "ioit.climate");
    (void)word_copy(h.name, sizeof(h.name), "halo exchange");
    (void)word_copy(h.nodes, sizeof(h.nodes), "hn[1-4]");
    (void)word_copy(m.institution, sizeof(m.institution), "ioit");
    (void)word_copy(m.project, sizeof(m.project), "ioit.climate");
    return measure("holding", &h, holding_write, holding_read)
           | measure("offer", &m, offer_write, offer_read);
}
