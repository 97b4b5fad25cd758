/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_request - what a job asks for, as people write it */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "model/request.h"
#include "tests/cmocka_all.h"

static void gpus_as_slurm_writes_them(void **state)
{
    static const struct {
        const char *gres;
        uint32_t n;
        const char *type;
    } rows[] = {
        {"gpu",        1,  ""    },
        {"gpu:2",      2,  ""    },
        {"gpu:a100",   1,  "a100"},
        {"gpu:a100:4", 4,  "a100"},
        {"gpu:64",     64, ""    },
        {"none",       0,  ""    },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct request r = {.gpus_per_node = 9, .gpu_type = "old"};

        assert_int_equal(request_set_gres(&r, rows[i].gres, NULL), 0);
        assert_int_equal(r.gpus_per_node, rows[i].n);
        assert_string_equal(r.gpu_type, rows[i].type);
    }
}

static void wrong_gpus_change_nothing(void **state)
{
    static const char *const wrong[] = {
        "lic:1",     "gpu:",      "gpu:65",
        "gpu:a b:1", "gpu:a:b:1", "gpu:a100:x",
        "gpu:1,x:2", "gpu::2",    "gpu:abcdefghijklmnop:1"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct request r = {.gpus_per_node = 3, .gpu_type = "old"};
        struct err err = {0};

        if (request_set_gres(&r, wrong[i], &err) >= 0)
            fail_msg("'%s' was taken", wrong[i]);
        assert_true(err.text[0]);
        assert_int_equal(r.gpus_per_node, 3);
        assert_string_equal(r.gpu_type, "old");
    }
}

static void a_type_is_liked_or_not(void **state)
{
    struct request r = {.gpus_per_node = 1};

    (void)state;
    assert_true(request_likes_gpus(&r, "v100"));
    assert_int_equal(request_set_gpus(&r, "a100:2", NULL), 0);
    assert_false(request_likes_gpus(&r, "v100"));
    assert_false(request_likes_gpus(&r, ""));
    assert_true(request_likes_gpus(&r, "a100"));
    r.gpus_per_node = 0;
    assert_true(request_likes_gpus(&r, "v100"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpus_as_slurm_writes_them),
        cmocka_unit_test(wrong_gpus_change_nothing),
        cmocka_unit_test(a_type_is_liked_or_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
