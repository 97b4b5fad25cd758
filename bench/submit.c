/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * submit - durable submissions a second over one connection
 *
 *     bench/submit SOCKET JOBS [WINDOW [CORES]]
 *
 * Each answer means that the job is on disk. Prints one line of JSON; in steps of a
 * tenth of the jobs on stderr, so that a rate that falls with the queue shows.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/time.h"
#include "wire/client.h"

#include "base/banned.h"

static json_t *question(uint32_t cores, uint64_t token)
{
    return json_pack("{s:s,s:{s:s,s:s,s:s,s:I,s:{s:i,s:i,s:i}}}", "op", "submit",
                     "spec", "name", "bench", "script", "#!/bin/sh\ntrue\n", "work_dir",
                     "/tmp", "client_token", (json_int_t)token, "request", "n_tasks",
                     (int)cores, "cpus_per_task", 1, "time_limit_s", 600);
}

static int take(struct client *c, struct err *err)
{
    json_t *answer;
    int r = client_next(c, &answer, err);

    if (r < 0)
        return r;
    if (!json_is_true(json_object_get(answer, "ok")))
        r = err_set(err, -1, "refused: %s",
                    json_string_value(json_object_get(answer, "text")));
    json_decref(answer);
    return r;
}

static double seconds(void)
{
    return (double)now_read().mono.us / 1e6;
}

int main(int argc, char **argv)
{
    struct client *c = NULL;
    struct err err = {0};
    uint32_t jobs = 0;
    uint32_t window = 256;
    uint32_t cores = 1;
    uint32_t posted = 0;
    double start;
    double mark;
    int r;

    if (argc < 3 || measure_u32(argv[2], 1, 10000000, &jobs, &err) < 0
        || (argc > 3 && measure_u32(argv[3], 1, 8000, &window, &err) < 0)
        || (argc > 4 && measure_u32(argv[4], 1, 65536, &cores, &err) < 0)) {
        (void)fprintf(stderr, "usage: submit SOCKET JOBS [WINDOW [CORES]]\n");
        return 2;
    }
    r = client_open(argv[1], 120, &c, &err);
    start = mark = seconds();
    for (uint32_t done = 0; r == 0 && done < jobs; done++) {
        while (r == 0 && posted < jobs && posted - done < window)
            r = client_post(c, question(cores, (uint64_t)start * 10000000 + ++posted),
                            NULL, &err);
        if (r == 0)
            r = take(c, &err);
        if ((done + 1) % (jobs / 10 ? jobs / 10 : 1) == 0) {
            double now = seconds();

            (void)fprintf(stderr, "%u: %.0f/s\n", done + 1,
                          (jobs / 10 ? jobs / 10 : 1) / (now - mark));
            mark = now;
        }
    }
    client_free(c);
    if (r < 0) {
        (void)fprintf(stderr, "submit: %s\n", err_text(&err, r));
        return 1;
    }
    (void)printf(
        "{\"jobs\": %u, \"window\": %u, \"seconds\": %.3f, \"per_second\": %.0f}\n",
        jobs, window, seconds() - start, jobs / (seconds() - start));
    return 0;
}
