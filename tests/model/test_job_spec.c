/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_job_spec - what a job may ask, and the names that its files get */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "model/job_id.h"
#include "model/job_spec.h"
#include "tests/cmocka_all.h"

static void patterns_expand(void **state)
{
    const struct job_names n = {
        .id = 1000000042, .job_name = "halo", .user = "an", .node = "hn1"};
    char path[64];

    (void)state;
    assert_int_equal(job_spec_expand("%x-%j.%u.%N%%", &n, path, sizeof(path), NULL), 0);
    assert_string_equal(path, "halo-1000000042.an.hn1%");
    assert_int_equal(job_spec_expand("%q", &n, path, sizeof(path), NULL), -EINVAL);
    assert_int_equal(job_spec_expand("end%", &n, path, sizeof(path), NULL), -EINVAL);
    assert_int_equal(job_spec_expand("%j", &n, path, 10, NULL), -ENAMETOOLONG);
    assert_int_equal(job_spec_expand("%j", &n, path, 11, NULL), 0);
}

static void file_names_stay_inside(void **state)
{
    (void)state;
    assert_true(job_file_name_ok("a"));
    assert_true(job_file_name_ok("a/b..c/*.dat"));
    assert_false(job_file_name_ok(""));
    assert_false(job_file_name_ok("/etc/passwd"));
    assert_false(job_file_name_ok("../a"));
    assert_false(job_file_name_ok("a/../b"));
    assert_false(job_file_name_ok("a//b"));
    assert_false(job_file_name_ok("a/."));
    assert_false(job_file_name_ok("a\nb"));
}

static void scripts_need_a_shell(void **state)
{
    struct job_spec *s = job_spec_new();
    struct err err = {0};

    (void)state;
    s->work_dir = strdup("/home");
    assert_int_equal(job_spec_check(s, &err), -EINVAL);
    s->script = strdup("echo\n");
    s->script_len = 5;
    assert_int_equal(job_spec_check(s, &err), -EINVAL);
    assert_non_null(strstr(err.text, "#!"));
    free(s->script);
    s->script = strdup("#!/bin/sh\n");
    s->script_len = 10;
    assert_int_equal(job_spec_check(s, NULL), 0);
    s->request.min_nodes = 3;
    s->request.n_tasks = 2;
    assert_int_equal(job_spec_check(s, &err), -EINVAL);
    job_spec_free(s);
}

static void ids(void **state)
{
    uint64_t id;

    (void)state;
    assert_int_equal(job_id_make(3, 1842), 3000001842);
    assert_int_equal(job_id_make(0, 1), 0);
    assert_int_equal(job_id_make(1000, 1), 0);
    assert_int_equal(job_id_make(1, JOB_ID_STRIDE), 0);
    assert_int_equal(job_id_parse("3000001842", &id, NULL), 0);
    assert_int_equal(job_id_center(id), 3);
    assert_int_equal(job_id_sequence(id), 1842);
    assert_int_equal(job_id_parse("42", &id, NULL), -ERANGE);
    assert_int_equal(job_id_parse("x", &id, NULL), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_expand),
        cmocka_unit_test(file_names_stay_inside),
        cmocka_unit_test(scripts_need_a_shell),
        cmocka_unit_test(ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
