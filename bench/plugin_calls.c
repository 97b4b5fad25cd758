/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * plugin_calls - what job_submit/hopluu costs slurmctld per job
 *
 *     HOPLUU_SOCKET=… bench/plugin_calls MODULE CALLS [ACCOUNT]
 *
 * Opens the module as slurmctld does, with the functions that slurmctld has for it, and
 * makes its call for one job after the other. Prints one line of JSON: the time of a
 * call as its caller sees it, and the CPU time of a call in this process.
 */
#include "config.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/measure.h"
#include "base/time.h"
#include "plugin/slurm_ex.h"

#include "base/banned.h"

#define CALLS_MAX 10000000
#define ENV_WORDS 60
#define SCRIPT_BYTES 2048

char *slurm_xstrdup(const char *text)
{
    return text ? strdup(text) : NULL;
}

char *slurm_xstrdup_printf(const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    return text;
}

void slurm_xfree(void **p)
{
    free(*p);
    *p = NULL;
}

void slurm_info(const char *fmt, ...)
{
    (void)fmt;
}

void slurm_error(const char *fmt, ...)
{
    (void)fmt;
}

/* As slurm_init_job_desc_msg() leaves it, and sbatch fills it. */
static void describe(job_desc_msg_t *d, char *account)
{
    static char script[SCRIPT_BYTES] = "#!/bin/sh\n";
    static char word[] = "SOME_VARIABLE=with a value of the usual length";
    static char *env[ENV_WORDS];
    static char name[] = "heat";
    static char dir[] = "/home/an";

    memset(script + strlen(script), '#', sizeof(script) - 1 - strlen(script));
    for (size_t i = 0; i < ARRAY_SIZE(env); i++)
        env[i] = word;
    *d = (job_desc_msg_t){0};
    d->num_tasks = 8;
    d->min_cpus = d->min_nodes = d->max_nodes = NO_VAL;
    d->max_cpus = d->time_min = d->pn_min_tmp_disk = d->req_switch = NO_VAL;
    d->cpus_per_task = d->ntasks_per_node = d->shared = d->core_spec = NO_VAL16;
    d->ntasks_per_socket = d->sockets_per_node = d->cores_per_socket = NO_VAL16;
    d->threads_per_core = d->pn_min_cpus = d->requeue = NO_VAL16;
    d->pn_min_memory = NO_VAL64;
    d->priority = NO_VAL;
    d->user_id = 1234;
    d->time_limit = 1;
    d->name = name;
    d->script = script;
    d->work_dir = dir;
    d->environment = env;
    d->env_size = ENV_WORDS;
    d->account = account;
}

static int smaller(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    return (*x > *y) - (*x < *y);
}

static int64_t cpu_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail on Linux */
    return t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
    int (*init)(void);
    int (*call)(job_desc_msg_t * d, uint32_t uid, char **err_msg);
    job_desc_msg_t d;
    uint32_t n = 0;
    uint32_t refused = 0;
    int64_t *us;
    int64_t cpu;
    void *lib;

    if (argc < 3 || argc > 4 || measure_u32(argv[2], 1, CALLS_MAX, &n, NULL) < 0) {
        (void)fprintf(stderr, "Usage: plugin_calls MODULE CALLS [ACCOUNT]\n");
        return 2;
    }
    lib = dlopen(argv[1], RTLD_LAZY);
    if (!lib) {
        (void)fprintf(stderr, "plugin_calls: %s\n", dlerror());
        return 1;
    }
    *(void **)&init = dlsym(lib, "init");
    *(void **)&call = dlsym(lib, "job_submit");
    us = calloc(n, sizeof(*us));
    if (!us || !init || !call || init() != SLURM_SUCCESS)
        return 1;
    describe(&d, argc > 3 ? argv[3] : NULL);
    cpu = cpu_us();
    for (uint32_t i = 0; i < n; i++) {
        int64_t began = now_read().mono.us;
        char *said = NULL;

        refused += call(&d, d.user_id, &said) != SLURM_SUCCESS;
        us[i] = now_read().mono.us - began;
        free(said);
    }
    cpu = cpu_us() - cpu;
    qsort(us, n, sizeof(*us), smaller);
    printf("{\"calls\":%" PRIu32 ",\"median_us\":%" PRId64 ",\"p99_us\":%" PRId64
           ",\"max_us\":%" PRId64 ",\"cpu_us\":%.1f,\"refused\":%" PRIu32 "}\n",
           n, us[n / 2], us[n - 1 - n / 100], us[n - 1], (double)cpu / n, refused);
    free(us);
    return 0;
}
