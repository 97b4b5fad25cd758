/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * test_job_submit - the module as slurmctld loads and calls it
 *
 * This program has the functions that slurmctld exports to plugins, opens the module
 * that is installed, and makes slurmctld's calls.
 */
#include "config.h"

#include <dlfcn.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/measure.h"
#include "model/proxy_note.h"
#include "plugin/slurm_ex.h"
#include "tests/cmocka_all.h"
#include "tests/plugin/fake_door.h"

#define MODULE "plugin/.libs/job_submit_hopluu.so"

/* --- what slurmctld exports ---------------------------------------------------- */

char *slurm_xstrdup(const char *text)
{
    return text ? strdup(text) : NULL;
}

char *slurm_xstrdup_printf(const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    assert_true(vasprintf(&text, fmt, ap) >= 0);
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

/* --- the module ------------------------------------------------------------------ */

static struct {
    void *lib;
    int (*init)(void);
    int (*fini)(void);
    int (*submit)(job_desc_msg_t *d, uint32_t uid, char **err_msg);
    int (*modify)(job_desc_msg_t *d, void *job, uint32_t uid);
} mod;

static char dir[] = "/tmp/hopluu-submit.XXXXXX";
static char path[64];

static void *symbol(const char *name)
{
    void *p = dlsym(mod.lib, name);

    if (!p)
        fail_msg("%s: no %s", MODULE, name);
    return p;
}

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(path, sizeof(path), "%s/s", dir);
    setenv("HOPLUU_SOCKET", path, 1);
    setenv("HOPLUU_HANDOVER_MS", "2000", 1);
    mod.lib = dlopen(MODULE, RTLD_LAZY);
    if (!mod.lib) {
        print_error("%s\n", dlerror());
        return -1;
    }
    *(void **)&mod.init = symbol("init");
    *(void **)&mod.fini = symbol("fini");
    *(void **)&mod.submit = symbol("job_submit");
    *(void **)&mod.modify = symbol("job_modify");
    return 0;
}

static int end(void **state)
{
    (void)state;
    dlclose(mod.lib);
    return rmdir(dir);
}

/* --- jobs ------------------------------------------------------------------------ */

static void free_list(char **v, uint32_t n)
{
    for (uint32_t i = 0; v && i < n; i++)
        free(v[i]);
    free(v);
}

static char **list_of(uint32_t n, const char *const *v)
{
    char **list = calloc(n + 1, sizeof(*list));

    assert_non_null(list);
    for (uint32_t i = 0; i < n; i++)
        list[i] = strdup(v[i]);
    return list;
}

/* As slurm_init_job_desc_msg() leaves it, and sbatch fills it. */
static job_desc_msg_t *job_new(const char *center)
{
    static const char *const env[] = {"HOME=/home/an", "SLURM_SUBMIT_DIR=/x",
                                      "ODD=\377\376"};
    static const char *const argv[] = {"job.sh", "one", "two words"};
    job_desc_msg_t *d = calloc(1, sizeof(*d));

    assert_non_null(d);
    d->num_tasks = d->min_cpus = d->min_nodes = d->max_nodes = NO_VAL;
    d->max_cpus = d->time_min = d->pn_min_tmp_disk = d->req_switch = NO_VAL;
    d->cpus_per_task = d->ntasks_per_node = d->shared = d->core_spec = NO_VAL16;
    d->ntasks_per_socket = d->sockets_per_node = d->cores_per_socket = NO_VAL16;
    d->threads_per_core = d->pn_min_cpus = d->requeue = NO_VAL16;
    d->pn_min_memory = NO_VAL64;
    d->priority = NO_VAL;
    d->user_id = 1234;
    d->num_tasks = 8;
    d->time_limit = 30;
    d->name = strdup("heat");
    d->script = strdup("#!/bin/sh\nsrun ./heat\n");
    d->work_dir = strdup("/home/an");
    d->std_out = strdup("out.%j");
    d->argc = 3;
    d->argv = list_of(3, argv);
    d->env_size = 3;
    d->environment = list_of(3, env);
    if (center) {
        d->spank_job_env_size = 1;
        d->spank_job_env = calloc(2, sizeof(char *));
        assert_true(asprintf(&d->spank_job_env[0],
                             "_SLURM_SPANK_OPTION_hopluu_center=%s", center)
                    > 0);
    }
    return d;
}

static void job_free(job_desc_msg_t *d)
{
    free_list(d->argv, d->argc);
    free_list(d->environment, d->env_size);
    free_list(d->spank_job_env, d->spank_job_env_size);
    free(d->name);
    free(d->script);
    free(d->work_dir);
    free(d->std_in);
    free(d->std_out);
    free(d->std_err);
    free(d->account);
    free(d->partition);
    free(d->admin_comment);
    free(d->array_inx);
    free(d->submit_line);
    free(d);
}

/* Submit; says whether one field of the job was touched. */
static int submit(job_desc_msg_t *d, bool *ret_touched, char **err_msg)
{
    job_desc_msg_t before = *d;
    char *script = d->script ? strdup(d->script) : NULL;
    int r;

    *err_msg = NULL;
    r = mod.submit(d, d->user_id, err_msg);
    *ret_touched = memcmp(&before, d, sizeof(before)) != 0
                   || (script && strcmp(script, d->script) != 0);
    free(script);
    return r;
}

/* --- tests ----------------------------------------------------------------------- */

static void it_declares_this_slurm(void **state)
{
    (void)state;
    assert_string_equal(symbol("plugin_type"), "job_submit/hopluu");
    assert_int_equal(*(const uint32_t *)symbol("plugin_version"), SLURM_VERSION_NUMBER);
}

/* Whatever hopluud does, a job of the site goes through as it is. */
static void the_sites_job_is_untouched(void **state)
{
    (void)state;
    for (int way = -1; way < _FAKE_WAY_MAX; way++) {
        struct fake_door *f = way < 0
                                  ? NULL
                                  : fake_door_open(path, (enum fake_way)way,
                                                   "{\"ok\":true,\"federate\":false}");
        job_desc_msg_t *d = job_new(NULL);

        assert_int_equal(mod.init(), SLURM_SUCCESS);
        for (int i = 0; i < 3; i++) {
            bool touched;
            char *msg;
            int r = submit(d, &touched, &msg);

            if (r != SLURM_SUCCESS || touched || msg)
                fail_msg("%s: %d, touched %d, said '%s'",
                         way < 0 ? "nobody" : fake_way_names[way], r, touched,
                         msg ? msg : "");
        }
        assert_int_equal(mod.modify(d, NULL, 0), SLURM_SUCCESS);
        assert_int_equal(mod.fini(), SLURM_SUCCESS);
        job_free(d);
        if (f)
            fake_door_close(f);
    }
}

/* The same for a user who would go anywhere, but then the user is told. A user who
 * names a center is refused instead. */
static void in_doubt_any_stays_and_a_name_is_refused(void **state)
{
    (void)state;
    setenv("HOPLUU_HANDOVER_MS", "20", 1);
    for (int way = -1; way < _FAKE_WAY_MAX; way++) {
        struct fake_door *f =
            way < 0 ? NULL : fake_door_open(path, (enum fake_way)way, "{\"ok\":true}");
        job_desc_msg_t *any = job_new("any");
        job_desc_msg_t *hue = job_new("hue");
        bool touched;
        char *msg;

        assert_int_equal(mod.init(), SLURM_SUCCESS);
        assert_int_equal(submit(any, &touched, &msg), SLURM_SUCCESS);
        assert_false(touched);
        assert_non_null(strstr(msg, "queues at this center only"));
        free(msg);
        assert_int_equal(submit(hue, &touched, &msg), ESLURM_ACCESS_DENIED);
        assert_non_null(strstr(msg, "nothing was submitted"));
        free(msg);
        mod.fini();
        job_free(any);
        job_free(hue);
        if (f)
            fake_door_close(f);
    }
    setenv("HOPLUU_HANDOVER_MS", "2000", 1);
}

/* job_new() with one more option of spank/hopluu. */
static job_desc_msg_t *job_with(const char *center, const char *option)
{
    job_desc_msg_t *d = job_new(center);
    char **env = realloc(d->spank_job_env, 3 * sizeof(char *));

    assert_non_null(env);
    assert_true(
        asprintf(&env[d->spank_job_env_size], "_SLURM_SPANK_OPTION_hopluu_%s", option)
        > 0);
    d->spank_job_env_size++;
    d->spank_job_env = env;
    return d;
}

static void at_least_once_is_carried(void **state)
{
    static const struct {
        const char *option;
        int r;
        int s;
    } cases[] = {
        {"at_least_once=1:30:00", SLURM_SUCCESS,        5400},
        {"at_least_once=0",       ESLURM_ACCESS_DENIED, 0   },
        {"at_least_once=\377",    ESLURM_ACCESS_DENIED, 0   },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct fake_door *f = fake_door_open(
            path, FAKE_ANSWERS, "{\"ok\":true,\"job\":7,\"center\":\"hue\"}");
        job_desc_msg_t *d = job_with("hue", cases[i].option);
        bool touched;
        char *msg;

        mod.init();
        assert_int_equal(submit(d, &touched, &msg), cases[i].r);
        if (cases[i].r == SLURM_SUCCESS) {
            json_t *q = json_loads(fake_door_question(f), 0, NULL);
            json_t *spec = json_object_get(q, "spec");

            assert_int_equal(
                json_integer_value(json_object_get(spec, "at_least_once_s")),
                cases[i].s);
            assert_false(json_is_true(json_object_get(spec, "requeue")));
            json_decref(q);
        } else {
            assert_int_equal(fake_door_questions(f), 0);
            assert_non_null(strstr(msg, "--at-least-once"));
        }
        free(msg);
        mod.fini();
        job_free(d);
        fake_door_close(f);
    }
}

/*
 * Answers with bytes changed, taken out, put in and cut off, in every frame: the site's
 * job goes through as it is, or, should an answer still be one, as that answer says.
 */
static void one_mutation(uint32_t seed, const char *center)
{
    struct fake_door *f = fake_door_open(
        path, FAKE_ANSWERS,
        "{\"ok\":true,\"federate\":false,\"job\":1000000042,\"center\":\"hue\","
        "\"proxy_partition\":\"px\",\"code\":\"no-budget\",\"text\":\"a\"}");
    job_desc_msg_t *d = job_new(center);
    struct proxy_note note;
    bool touched;
    char *msg;
    int r;

    fake_door_mutate(f, seed);
    mod.init();
    for (int i = 0; i < 2; i++) {
        r = submit(d, &touched, &msg);
        if (r == SLURM_SUCCESS && touched) {
            if (!proxy_note_read(d->admin_comment, &note) || d->priority != 0)
                fail_msg("seed %u: half of a hand-over", seed);
            i = 2; /* it is another job now */
        } else if (touched || (r != SLURM_SUCCESS && !msg)) {
            fail_msg("seed %u: %d, touched %d, says '%s'", seed, r, touched,
                     msg ? msg : "nothing");
        }
        free(msg);
    }
    mod.fini();
    job_free(d);
    fake_door_close(f);
}

static void mutated_answers(void **state)
{
    const char *n = getenv("HOPLUU_FUZZ_SEEDS");
    uint32_t seeds = 400;

    (void)state;
    assert_true(!n || measure_u32(n, 1, UINT32_MAX, &seeds, NULL) == 0);
    setenv("HOPLUU_HANDOVER_MS", "20", 1);
    for (uint32_t seed = 1; seed <= seeds; seed++) {
        one_mutation(seed, NULL);
        one_mutation(seed, "any");
        one_mutation(seed, "hue");
    }
    setenv("HOPLUU_HANDOVER_MS", "2000", 1);
}

static void a_job_is_handed_over(void **state)
{
    struct fake_door *f = fake_door_open(path, FAKE_ANSWERS,
                                         "{\"ok\":true,\"job\":1000000042,\"center\":"
                                         "\"hue\",\"proxy_partition\":\"px\"}");
    job_desc_msg_t *d = job_new("hue,any");
    struct proxy_note note;
    json_t *q;
    json_t *spec;
    bool touched;
    char *msg;

    (void)state;
    mod.init();
    assert_int_equal(submit(d, &touched, &msg), SLURM_SUCCESS);
    assert_string_equal(msg, "hopluu: federated job 1000000042, expected at hue");
    free(msg);
    assert_true(proxy_note_read(d->admin_comment, &note));
    assert_int_equal(note.job, 1000000042);
    assert_int_equal(d->priority, 0);
    assert_int_equal(d->num_tasks, 1);
    assert_string_equal(d->partition, "px");
    assert_string_equal(d->name, "heat");
    assert_null(strstr(d->script, "heat"));
    q = json_loads(fake_door_question(f), 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(q, "uid")), 1234);
    spec = json_object_get(q, "spec");
    assert_string_equal(json_string_value(json_object_get(spec, "script")),
                        "#!/bin/sh\nsrun ./heat\n");
    assert_int_equal(json_array_size(json_object_get(spec, "args")), 2);
    assert_int_equal(json_array_size(json_object_get(spec, "env")), 2); /* no SLURM_ */
    assert_int_equal(json_array_size(json_object_get(spec, "centers")), 2);
    assert_int_equal(json_integer_value(json_object_get(
                         json_object_get(spec, "request"), "time_limit_s")),
                     1800);
    json_decref(q);
    mod.fini();
    job_free(d);
    fake_door_close(f);
}

/* sbatch --test-only is told, and changes nothing. */
static void a_test_is_only_told(void **state)
{
    struct fake_door *f =
        fake_door_open(path, FAKE_ANSWERS, "{\"ok\":true,\"center\":\"hue\"}");
    job_desc_msg_t *d = job_new("any");
    bool touched;
    char *msg;

    (void)state;
    d->submit_line = strdup("sbatch --test-only --center=any job.sh");
    mod.init();
    assert_int_equal(submit(d, &touched, &msg), SLURM_SUCCESS);
    assert_false(touched);
    assert_non_null(strstr(msg, "hue"));
    assert_non_null(strstr(fake_door_question(f), "\"test\":true"));
    free(msg);
    mod.fini();
    job_free(d);
    fake_door_close(f);
}

static void what_does_not_travel_is_named(void **state)
{
    struct fake_door *f = fake_door_open(path, FAKE_ANSWERS, "{\"ok\":true,\"job\":7}");
    job_desc_msg_t *d = job_new("hue");
    bool touched;
    char *msg;

    (void)state;
    mod.init();
    d->array_inx = strdup("1-10");
    assert_int_equal(submit(d, &touched, &msg), ESLURM_ACCESS_DENIED);
    assert_non_null(strstr(msg, "--array"));
    free(msg);
    assert_false(touched);
    assert_int_equal(fake_door_questions(f), 0);
    free(d->array_inx);
    d->array_inx = NULL;
    d->priority = 0;
    assert_int_equal(submit(d, &touched, &msg), ESLURM_ACCESS_DENIED);
    assert_non_null(strstr(msg, "--hold"));
    free(msg);
    mod.fini();
    job_free(d);
    fake_door_close(f);
}

static void a_budget_refuses(void **state)
{
    struct fake_door *f = fake_door_open(path, FAKE_ANSWERS,
                                         "{\"ok\":false,\"code\":\"no-budget\","
                                         "\"text\":\"climate has 3 left\"}");
    job_desc_msg_t *d = job_new(NULL);
    bool touched;
    char *msg;

    (void)state;
    mod.init();
    d->account = strdup("climate");
    assert_int_equal(submit(d, &touched, &msg), ESLURM_ACCOUNTING_POLICY);
    assert_string_equal(msg, "hopluu: climate has 3 left");
    assert_false(touched);
    free(msg);
    mod.fini();
    job_free(d);
    fake_door_close(f);
}

/* Jobs that hopluud itself puts into Slurm are not asked about. */
static void our_own_jobs_pass(void **state)
{
    struct fake_door *f = fake_door_open(path, FAKE_ANSWERS, "{\"ok\":true}");
    job_desc_msg_t *d = job_new(NULL);
    bool touched;
    char *msg;

    (void)state;
    mod.init();
    d->admin_comment = strdup("hopluu 1000000042.1");
    assert_int_equal(submit(d, &touched, &msg), SLURM_SUCCESS);
    assert_false(touched);
    assert_int_equal(fake_door_questions(f), 0);
    mod.fini();
    job_free(d);
    fake_door_close(f);
}

/* A description with nothing in it, as a broken client may send one. */
static void an_empty_job_is_no_trouble(void **state)
{
    struct fake_door *f = fake_door_open(path, FAKE_ANSWERS, "{\"ok\":true}");
    job_desc_msg_t d = {0};
    char *msg = NULL;

    (void)state;
    mod.init();
    assert_int_equal(mod.submit(&d, 0, &msg), SLURM_SUCCESS);
    assert_null(msg);
    mod.fini();
    fake_door_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_declares_this_slurm),
        cmocka_unit_test(the_sites_job_is_untouched),
        cmocka_unit_test(in_doubt_any_stays_and_a_name_is_refused),
        cmocka_unit_test(a_job_is_handed_over),
        cmocka_unit_test(at_least_once_is_carried),
        cmocka_unit_test(mutated_answers),
        cmocka_unit_test(a_test_is_only_told),
        cmocka_unit_test(what_does_not_travel_is_named),
        cmocka_unit_test(a_budget_refuses),
        cmocka_unit_test(our_own_jobs_pass),
        cmocka_unit_test(an_empty_job_is_no_trouble),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
