/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_wish - options of spank/hopluu, command lines of srun, and fmap that goes wrong
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "plugin/place_run.h"
#include "plugin/step_line.h"
#include "plugin/wish.h"

#include "tests/cmocka_all.h"

/* --- options ---------------------------------------------------------------------- */

static void wishes_are_read_from_the_jobs_environment(void **state)
{
    char *env[] = {(char[]){"_SLURM_SPANK_OPTION_hopluu_center=any"},
                   (char[]){"_SLURM_SPANK_OPTION_hopluu_transfer_out=*.nc"},
                   (char[]){"_SLURM_SPANK_OPTION_hopluu_at_least_once=30"},
                   (char[]){"_SLURM_SPANK_OPTION_other_comm=ring"},
                   (char[]){"_SLURM_SPANK_OPTION_hopluu_community=x"},
                   (char[]){"HOME=/"},
                   NULL};
    struct wish w = wish_read(env, 7);

    (void)state;
    assert_string_equal(w.value[WISH_CENTER], "any");
    assert_string_equal(w.value[WISH_TRANSFER_OUT], "*.nc");
    assert_string_equal(w.value[WISH_AT_LEAST_ONCE], "30");
    assert_null(w.value[WISH_COMM]);
    assert_null(w.value[WISH_TRANSFER_IN]);
    w = wish_read(NULL, 3);
    assert_null(w.value[WISH_CENTER]);
}

static void every_option_is_checked(void **state)
{
    static const struct {
        enum wish_name w;
        const char *value;
        int r;
        const char *says; /* NULL = nothing */
    } cases[] = {
        {WISH_CENTER,        "any",           0,        NULL                   },
        {WISH_CENTER,        "hue,da-nang",   0,        NULL                   },
        {WISH_CENTER,        "",              -EINVAL,  "--center needs"       },
        {WISH_CENTER,        ",,",            -EINVAL,  "--center=,,"          },
        {WISH_CENTER,        "hue,-w",        -EINVAL,  "names of centers"     },
        {WISH_CENTER,        "../etc",        -EINVAL,  "names of centers"     },
        {WISH_COMM,          "stencil2d:4x4", 0,        NULL                   },
        {WISH_COMM,          "",              -EINVAL,  "--comm needs"         },
        {WISH_TRANSFER_OUT,  "*.nc,log",      0,        NULL                   },
        {WISH_TRANSFER_IN,   "x",             -ENOTSUP, "fbatch --transfer-in" },
        {WISH_DATASET,       "era5",          -ENOTSUP, "--dataset: data sets" },
        {WISH_AT_LEAST_ONCE, "2:00:00",       0,        NULL                   },
        {WISH_AT_LEAST_ONCE, "",              -EINVAL,  "--at-least-once needs"},
        {WISH_AT_LEAST_ONCE, "soon",          -EINVAL,  "soon"                 },
        {WISH_AT_LEAST_ONCE, "0",             -EINVAL,  "a silent center"      },
        {WISH_AT_LEAST_ONCE, "UNLIMITED",     -EINVAL,  "a silent center"      },
    };
    char longest[8192];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct err err = {0};

        assert_int_equal(wish_check(cases[i].w, cases[i].value, &err), cases[i].r);
        if (cases[i].says && !strstr(err.text, cases[i].says))
            fail_msg("'%s' says: %s", cases[i].value, err.text);
    }
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(wish_check(WISH_TRANSFER_OUT, longest, NULL), -E2BIG);
    assert_int_equal(wish_check(WISH_COMM, longest + 8000, NULL), -E2BIG);
}

/* --- steps ------------------------------------------------------------------------ */

static void a_step_with_a_layout_of_its_own_is_left_alone(void **state)
{
    static const struct {
        bool plain;
        const char *line; /* words between blanks; the job has 8 tasks */
    } cases[] = {
        {true,  "srun ./app"                        },
        {true,  "srun --mpi=pmix ./app"             },
        {true,  "srun --mpi pmix ./app -N 1"        },
        {true,  "srun -l -u ./app"                  },
        {true,  "srun -lu ./app"                    },
        {true,  "srun -o out -e err ./app --nodes 3"},
        {true,  "srun -oout ./app"                  },
        {true,  "srun -n 8 ./app"                   },
        {true,  "srun -n8 ./app"                    },
        {true,  "srun --ntasks=8 ./app"             },
        {true,  "srun --ntasks 8 --label ./app"     },
        {true,  "srun -K1 ./app"                    },
        {true,  "srun --kill-on-bad-exit ./app -w x"},
        {true,  "srun -- ./app -N1"                 },
        {true,  "srun"                              },
        {false, "srun -n 4 ./app"                   },
        {false, "srun -n4 ./app"                    },
        {false, "srun -n ./app"                     },
        {false, "srun --ntasks=4 ./app"             },
        {false, "srun --ntasks 4 ./app"             },
        {false, "srun --ntasks"                     },
        {false, "srun -N1 ./app"                    },
        {false, "srun -lN 1 ./app"                  },
        {false, "srun --mpi=pmix --nodes=2 ./app"   },
        {false, "srun --mpi pmix -N 2 ./app"        },
        {false, "srun --new-in-25 value -w x ./app" },
        {false, "srun --nodel x ./app"              },
        {false, "srun -w n1 ./app"                  },
        {false, "srun -m plane=2 ./app"             },
        {false, "srun --ntasks-per-node=1 ./app"    },
        {false, "srun -c 2 ./app"                   },
        {false, "srun -r1 ./app"                    },
        {false, "srun --label --het-group=1 ./app"  },
        {false, "srun --jobid=7 ./app"              },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char text[128];
        char *argv[16];
        char *rest = NULL;
        int n = 0;

        (void)snprintf(text, sizeof(text), "%s", cases[i].line);
        for (char *w = strtok_r(text, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
            argv[n++] = w;
        if (step_line_is_plain(n, argv, 8) != cases[i].plain)
            fail_msg("%s", cases[i].line);
    }
}

/* --- fmap that goes wrong -----------------------------------------------------------
 */

static char dir[] = "/tmp/hopluu-wish.XXXXXX";

static int begin(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    return rmdir(dir);
}

static unsigned left_in(const char *where)
{
    DIR *d = opendir(where);
    const struct dirent *f;
    unsigned n = 0;

    assert_non_null(d);
    while ((f = readdir(d)))
        n += f->d_name[0] != '.';
    (void)closedir(d);
    return n;
}

static int place_with(const char *script, struct place_files *f, struct err *err)
{
    struct words env = WORDS_INIT(4, 256);
    char program[64];
    int r;

    (void)snprintf(program, sizeof(program), "%s/fmap", dir);
    if (script)
        assert_int_equal(path_write(program, script, strlen(script), 0700, NULL), 0);
    assert_int_equal(words_add(&env, "SLURM_NTASKS=8"), 0);
    r = place_run(program, "ring", &env, dir, f, err);
    words_release(&env);
    if (script)
        assert_int_equal(unlink(program), 0);
    return r;
}

static void what_fmap_writes_is_found_and_removed(void **state)
{
    struct place_files f = {0};
    struct err err = {0};
    struct buf b = BUF_INIT(1024);

    (void)state;
    assert_int_equal(place_with("#!/bin/sh\n"
                                "echo \"$* $SLURM_NTASKS $HOME\" >\"$7/hostfile\"\n"
                                "echo noise\n",
                                &f, &err),
                     0);
    assert_int_equal(path_read(f.hostfile, &b, NULL), 0);
    assert_memory_equal(buf_text(&b), "slurm --deadline 2 --pattern ring --out ", 40);
    assert_non_null(strstr(buf_text(&b), " 8 \n")); /* and nothing of ours */
    buf_release(&b);
    place_files_remove(&f);
    assert_int_equal(left_in(dir), 0);
    place_files_remove(&f);
}

static void a_placement_that_fails_says_why_and_leaves_nothing(void **state)
{
    static const struct {
        const char *script;
        int r;
        const char *says;
    } cases[] = {
        {NULL,                                                              -ENOENT, "cannot be run" },
        {"#!/bin/sh\necho fmap: no such ring >&2\necho more >&2\nexit 1\n", -EINVAL,
         "no such ring"                                                                              },
        {"#!/bin/sh\nkill -9 $$\n",                                         -EINVAL, "without a word"},
        {"#!/bin/sh\nhead -c 100000 /dev/zero | tr '\\0' x >&2\nexit 3\n",  -EINVAL,
         "xxxxxxx"                                                                                   },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct place_files f = {0};
        struct err err = {0};

        assert_int_equal(place_with(cases[i].script, &f, &err), cases[i].r);
        if (!strstr(err.text, cases[i].says))
            fail_msg("said: %s", err.text);
        assert_string_equal(f.dir, "");
        assert_int_equal(left_in(dir), 0);
    }
}

/* Nothing that was started is waited for longer than was promised. */
static void a_placement_that_hangs_is_given_up(void **state)
{
    struct place_files f = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(place_with("#!/bin/sh\nexec sleep 600\n", &f, &err), -ETIME);
    assert_int_equal(left_in(dir), 0);
}

/* What a user put in place of our files is theirs. */
static void nothing_below_a_link_is_removed(void **state)
{
    struct place_files f = {0};
    char target[64];
    char file[80];

    (void)state;
    (void)snprintf(target, sizeof(target), "%s/t", dir);
    (void)snprintf(file, sizeof(file), "%s/hostfile", target);
    (void)snprintf(f.dir, sizeof(f.dir), "%s/link", dir);
    assert_int_equal(path_make_dirs(target, 0700, NULL), 0);
    assert_int_equal(path_write(file, "x", 1, 0600, NULL), 0);
    assert_int_equal(symlink(target, f.dir), 0);
    place_files_remove(&f);
    assert_int_equal(access(file, F_OK), 0);
    (void)snprintf(f.dir, sizeof(f.dir), "%s/link", dir);
    assert_int_equal(unlink(f.dir), 0);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(target), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wishes_are_read_from_the_jobs_environment),
        cmocka_unit_test(every_option_is_checked),
        cmocka_unit_test(a_step_with_a_layout_of_its_own_is_left_alone),
        cmocka_unit_test(what_fmap_writes_is_found_and_removed),
        cmocka_unit_test(a_placement_that_fails_says_why_and_leaves_nothing),
        cmocka_unit_test(a_placement_that_hangs_is_given_up),
        cmocka_unit_test(nothing_below_a_link_is_removed),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
