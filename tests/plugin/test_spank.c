/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * test_spank - the module as sbatch, srun and slurmstepd load and call it
 *
 * This program has the functions that Slurm exports to SPANK plugins, opens the module
 * that is installed, and makes their calls.
 */
#include "config.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <slurm/slurm_version.h>
#include <slurm/spank.h>

#include "tests/cmocka_all.h"

#define MODULE "plugin/.libs/spank_hopluu.so"
#define OPTIONS_MAX 16

/* --- what Slurm exports -------------------------------------------------------- */

static struct {
    spank_context_t context;
    struct spank_option option[OPTIONS_MAX];
    size_t n_options;
    char said[512]; /* the last line to the user */
    char control[512];
    bool remote;
} slurm;

spank_context_t spank_context(void)
{
    return slurm.context;
}

int spank_remote(spank_t sp)
{
    (void)sp;
    return slurm.remote;
}

spank_err_t spank_option_register(spank_t sp, struct spank_option *o)
{
    (void)sp;
    assert_true(slurm.n_options < OPTIONS_MAX);
    slurm.option[slurm.n_options++] = *o;
    return ESPANK_SUCCESS;
}

spank_err_t spank_get_item(spank_t sp, spank_item_t item, ...)
{
    (void)sp;
    (void)item;
    return ESPANK_NOT_AVAIL;
}

spank_err_t spank_getenv(spank_t sp, const char *name, char *value, int len)
{
    (void)sp;
    (void)name;
    (void)value;
    (void)len;
    return ESPANK_ENV_NOEXIST;
}

spank_err_t spank_setenv(spank_t sp, const char *name, const char *value, int overwrite)
{
    (void)sp;
    (void)name;
    (void)value;
    (void)overwrite;
    return ESPANK_SUCCESS;
}

spank_err_t spank_job_control_setenv(spank_t sp,
                                     const char *name,
                                     const char *value,
                                     int overwrite)
{
    (void)sp;
    (void)overwrite;
    (void)snprintf(slurm.control, sizeof(slurm.control), "%s=%s", name, value);
    return ESPANK_SUCCESS;
}

void slurm_spank_log(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(slurm.said, sizeof(slurm.said), fmt, ap);
    va_end(ap);
}

void slurm_error(const char *fmt, ...)
{
    fail_msg("slurm_error: %s", fmt);
}

/* --- the module ------------------------------------------------------------------ */

static void *lib;
static int (*spank_init)(spank_t sp, int ac, char *argv[]);
static int (*spank_post)(spank_t sp, int ac, char *argv[]);
static int (*spank_exit)(spank_t sp, int ac, char *argv[]);

static void *symbol(const char *name)
{
    void *p = dlsym(lib, name);

    if (!p)
        fail_msg("%s: no %s", MODULE, name);
    return p;
}

static int begin(void **state)
{
    (void)state;
    lib = dlopen(MODULE, RTLD_LAZY);
    if (!lib) {
        print_error("%s\n", dlerror());
        return -1;
    }
    *(void **)&spank_init = symbol("slurm_spank_init");
    *(void **)&spank_post = symbol("slurm_spank_init_post_opt");
    *(void **)&spank_exit = symbol("slurm_spank_exit");
    return 0;
}

static int end(void **state)
{
    (void)state;
    return dlclose(lib);
}

static void in(spank_context_t context)
{
    memset(&slurm, 0, sizeof(slurm));
    slurm.context = context;
    slurm.remote = context == S_CTX_REMOTE;
    assert_int_equal(spank_init(NULL, 0, NULL), ESPANK_SUCCESS);
}

static const struct spank_option *option(const char *name)
{
    for (size_t i = 0; i < slurm.n_options; i++)
        if (!strcmp(slurm.option[i].name, name))
            return &slurm.option[i];
    fail_msg("no option --%s", name);
    return NULL;
}

static int give(const char *name, const char *value)
{
    const struct spank_option *o = option(name);

    slurm.said[0] = '\0';
    return o->cb(o->val, value, slurm.remote);
}

/* --- tests ----------------------------------------------------------------------- */

/* Slurm compares the version's two first numbers, and refuses another plugin. */
static void it_declares_this_slurm(void **state)
{
    (void)state;
    assert_string_equal(symbol("plugin_type"), "spank");
    assert_string_equal(symbol("plugin_name"), "hopluu");
    assert_int_equal(*(const unsigned *)symbol("plugin_version"), SLURM_VERSION_NUMBER);
    assert_int_equal(*(const unsigned *)symbol("spank_plugin_version"), 1);
}

static void options_are_where_jobs_are_made(void **state)
{
    static const struct {
        spank_context_t context;
        size_t n;
    } cases[] = {
        {S_CTX_ALLOCATOR,  6},
        {S_CTX_LOCAL,      6},
        {S_CTX_REMOTE,     6},
        {S_CTX_SLURMD,     0},
        {S_CTX_JOB_SCRIPT, 0},
        {S_CTX_ERROR,      0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        in(cases[i].context);
        assert_int_equal(slurm.n_options, cases[i].n);
        spank_exit(NULL, 0, NULL);
    }
}

static void values_are_checked_where_people_type(void **state)
{
    (void)state;
    in(S_CTX_ALLOCATOR);
    assert_int_equal(give("center", "any"), 0);
    assert_int_equal(give("at-least-once", "30"), 0);
    assert_int_equal(option("at-least-once")->has_arg, 1);
    assert_int_not_equal(give("at-least-once", "0"), 0);
    assert_non_null(strstr(slurm.said, "hopluu: --at-least-once=0"));
    assert_int_not_equal(give("dataset", "era5"), 0);
    assert_int_not_equal(give("center", NULL), 0);
    assert_int_equal(give("comm", "ring"), 0);
    assert_int_equal(spank_post(NULL, 0, NULL), ESPANK_SUCCESS);
    assert_string_equal(slurm.control, "HOPLUU_COMM=ring");
    assert_int_equal(give("comm", "stencil2d:2x2"), 0); /* the last one counts */
    spank_exit(NULL, 0, NULL);
    in(S_CTX_REMOTE); /* was checked, and must not end the job here */
    assert_int_equal(give("at-least-once", "0"), 0);
    assert_string_equal(slurm.said, "");
    spank_exit(NULL, 0, NULL);
}

/* Any bytes as values, in every place: a refusal, and nothing else. */
static void any_bytes(void **state)
{
    uint32_t x = 1;
    char value[5000];

    (void)state;
    for (int round = 0; round < 2000; round++) {
        size_t n = (size_t)(x >> 7) % (round % 10 ? 40 : sizeof(value) - 1);

        for (size_t i = 0; i < n; i++) {
            x = x * 1664525u + 1013904223u;
            value[i] = (char)(x >> 24 ? x >> 24 : 1);
        }
        value[n] = '\0';
        in(round % 2 ? S_CTX_ALLOCATOR : S_CTX_REMOTE);
        for (size_t i = 0; i < slurm.n_options; i++)
            (void)slurm.option[i].cb(slurm.option[i].val, value, slurm.remote);
        (void)slurm.option[0].cb(-1, value, 0);
        (void)slurm.option[0].cb(1000, value, 0);
        assert_int_equal(spank_post(NULL, 0, NULL), ESPANK_SUCCESS);
        assert_int_equal(spank_exit(NULL, 0, NULL), ESPANK_SUCCESS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_declares_this_slurm),
        cmocka_unit_test(options_are_where_jobs_are_made),
        cmocka_unit_test(values_are_checked_where_people_type),
        cmocka_unit_test(any_bytes),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
