/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_batch - #SBATCH lines and options: what is taken, and each refusal */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "command/batch.h"
#include "command/batch_option.h"
#include "command/batch_script.h"
#include "tests/cmocka_all.h"

#define NOW ((struct wall){INT64_C(1764000000) * US_PER_S})

static int apply(
    int key, const char *name, const char *value, void *arg, struct err *err)
{
    return batch_set(arg, key, name, value, err);
}

static int line(const struct words *words, unsigned number, void *arg, struct err *err)
{
    int r = batch_options_walk(words, apply, arg, err);

    return r == 0 ? 0 : err_prefix(err, r, "line %u", number);
}

static int read_text(struct batch *b, const char *text, unsigned *late, struct err *err)
{
    return batch_script_read(text, strlen(text), line, b, late, err);
}

static void everything_is_taken(void **state)
{
    static const char script[] =
        "#!/bin/bash\n"
        "# a comment\n"
        "\n"
        "#SBATCH --job-name=\"halo exchange\" -N 2-4 --ntasks-per-node 8\n"
        "#SBATCH -n16 -c 2 # what it takes\n"
        "#SBATCH --mem-per-cpu=2G --time 1-02:00:00\n"
        "##SBATCH --partition=no\n"
        "#SBATCH -p main -A ioit.climate --gres=gpu:2\n"
        "#SBATCH --signal=B:USR1@120 --open-mode=append -H --requeue\n"
        "#SBATCH -w 'n[1-2]' -x n9 -C avx2\\&ib --exclusive\n"
        "#SBATCH --center=hanoi,hue --comm=stencil3d:4x4x1\n"
        "#SBATCH --transfer-in=a.dat,b/c.dat --transfer-in d --transfer-out=*.vtk\n"
        "#SBATCH --mail-type=END,fail --mail-user=an@ioit.vn -o %x-%j.out\n"
        "echo\n"
        "#SBATCH --time=5\n";
    struct batch b;
    struct err err = {0};
    unsigned late = 0;
    const struct request *q;

    (void)state;
    assert_int_equal(batch_init(&b, NOW), 0);
    assert_int_equal(read_text(&b, script, &late, &err), 0);
    q = &b.spec->request;
    assert_int_equal(late, 15);
    assert_string_equal(b.spec->name, "halo exchange");
    assert_int_equal(q->min_nodes, 2);
    assert_int_equal(q->max_nodes, 4);
    assert_int_equal(q->tasks_per_node, 8);
    assert_int_equal(q->n_tasks, 16);
    assert_int_equal(q->cpus_per_task, 2);
    assert_int_equal(q->mem_cpu_bytes, UINT64_C(2) << 30);
    assert_int_equal(q->time_limit_s, 26 * 3600);
    assert_string_equal(q->partition, "main");
    assert_string_equal(b.spec->project, "ioit.climate");
    assert_int_equal(q->gpus_per_node, 2);
    assert_int_equal(b.spec->signal, 10);
    assert_int_equal(b.spec->signal_s, 120);
    assert_true(b.spec->signal_batch);
    assert_true(b.spec->append);
    assert_true(b.spec->hold);
    assert_true(b.spec->requeue);
    assert_true(q->exclusive);
    assert_int_equal(b.spec->nodelist.n, 2);
    assert_string_equal(b.spec->nodelist.v[1], "n2");
    assert_int_equal(b.spec->features.n, 2);
    assert_int_equal(b.spec->centers.n, 2);
    assert_string_equal(q->comm, "stencil3d:4x4x1");
    assert_int_equal(b.transfer_in.n, 3);
    assert_string_equal(b.transfer_in.v[2], "d");
    assert_int_equal(b.spec->outputs.n, 1);
    assert_string_equal(b.spec->std_out, "%x-%j.out");
    batch_release(&b);
}

static void refusals_name_line_and_option(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } rows[] = {
        {"#SBATCH --tme=5",            "line 2: unknown option '--tme'"                       },
        {"#SBATCH --mem-per",          "line 2: option '--mem-per' is ambiguous"              },
        {"#SBATCH --time=abc",         "line 2: --time: 'abc' is not a time"                  },
        {"\n#SBATCH -t 5:xx",          "line 3: -t: '5:xx' is not a time"                     },
        {"#SBATCH --time",             "line 2: option '--time' needs an argument"            },
        {"#SBATCH -n",                 "line 2: option '-n' needs an argument"                },
        {"#SBATCH --hold=1",           "line 2: option '--hold' takes no argument"            },
        {"#SBATCH -n 4 foo",           "line 2: 'foo' is not an option"                       },
        {"#SBATCH -Z",                 "line 2: unknown option '-Z'"                          },
        {"#SBATCH -n 0",               "line 2: -n: 0 is outside 1 to"                        },
        {"#SBATCH -n -3",              "line 2: -n: '-3' is not a whole number"               },
        {"#SBATCH -N 4-2",             "line 2: -N: '4-2': the most is less than the least"   },
        {"#SBATCH -N x",               "line 2: -N: 'x' is not a whole number"                },
        {"#SBATCH -N 1-2-3",           "line 2: -N: '2-3' is not a whole number"              },
        {"#SBATCH --mem=4Q",           "line 2: --mem: '4Q' is not a size"                    },
        {"#SBATCH --mem=99999T",       "line 2: --mem: size 99999T is over"                   },
        {"#SBATCH --array=1-10",       "line 2: --array: job arrays are not yet supported"    },
        {"#SBATCH -a 1",               "line 2: -a: job arrays are not yet supported"         },
        {"#SBATCH -d afterok:1",       "line 2: -d: dependencies are not yet supported"       },
        {"#SBATCH --qos=high",         "line 2: --qos: this option of Slurm is not supported" },
        {"#SBATCH --gres=lic:1",
         "line 2: --gres: 'lic:1': only gpu, gpu:N and gpu:TYPE:N"                            },
        {"#SBATCH --gres=gpu:a:b:2",   "line 2: --gres: 'b:2' is not a whole number"          },
        {"#SBATCH --gres=gpu:x:",      "line 2: --gres: '' is not a whole number"             },
        {"#SBATCH --signal=FOO",       "line 2: --signal: 'FOO' is not a signal"              },
        {"#SBATCH --signal=USR1@x",    "line 2: --signal: 'x' is not a whole number"          },
        {"#SBATCH --signal=",          "line 2: --signal: '' is not [B:]SIGNAL"               },
        {"#SBATCH --begin=never",      "line 2: --begin: 'never' is not a time"               },
        {"#SBATCH --open-mode=w",      "line 2: --open-mode: 'w': use append or truncate"     },
        {"#SBATCH --exclusive=user",   "line 2: option '--exclusive' takes no argument"       },
        {"#SBATCH -C a|b",             "line 2: -C: 'a|b': only features that are all needed" },
        {"#SBATCH -w n[1-",            "line 2: -w:"                                          },
        {"#SBATCH --center=a/b",       "line 2: --center: 'a/b' is not a center's name"       },
        {"#SBATCH -p a/b",             "line 2: -p: 'a/b' is not a name"                      },
        {"#SBATCH --mail-type=SOON",   "line 2: --mail-type: 'SOON' is not a mail type"       },
        {"#SBATCH --hint=multithread", "line 2: --hint: 'multithread': only"                  },
        {"#SBATCH --wrap=ls",          "line 2: --wrap: can be given on the command line only"},
        {"#SBATCH --job-name='open",   "line 2: a quote is not closed"                        },
        {"#SBATCH -n 1\r",             "line 2: the script has DOS line ends"                 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct batch b;
        struct err err = {0};
        char script[256];

        assert_int_equal(batch_init(&b, NOW), 0);
        (void)snprintf(script, sizeof(script), "#!/bin/sh\n%s\n", rows[i].text);
        assert_int_not_equal(read_text(&b, script, NULL, &err), 0);
        if (strncmp(err.text, rows[i].says, strlen(rows[i].says)) != 0)
            fail_msg("%s\n  says  %s\n  not   %s", rows[i].text, err.text,
                     rows[i].says);
        batch_release(&b);
    }
}

static void later_sources_win(void **state)
{
    struct batch b;
    char *environment[] = {NULL};
    struct err err = {0};

    (void)state;
    assert_int_equal(batch_init(&b, NOW), 0);
    assert_int_equal(
        read_text(&b, "#!/bin/sh\n#SBATCH --mem=1G -t 5 -N 2\n", NULL, &err), 0);
    assert_int_equal(setenv("SBATCH_TIMELIMIT", "7", 1), 0);
    b.source = BATCH_FROM_ENV;
    assert_int_equal(batch_options_env(apply, &b, &err), 0);
    assert_int_equal(b.spec->request.time_limit_s, 7 * 60);
    assert_int_equal(setenv("SBATCH_TIMELIMIT", "soon", 1), 0);
    assert_int_equal(batch_options_env(apply, &b, &err), -EINVAL);
    assert_int_equal(strncmp(err.text, "SBATCH_TIMELIMIT: 'soon'", 24), 0);
    (void)unsetenv("SBATCH_TIMELIMIT");
    b.source = BATCH_FROM_LINE;
    assert_int_equal(batch_set(&b, BATCH_MEM_PER_CPU, "--mem-per-cpu", "512", &err), 0);
    assert_int_equal(b.spec->request.mem_node_bytes, 0);
    assert_int_equal(b.spec->request.mem_cpu_bytes, UINT64_C(512) << 20);
    assert_int_equal(batch_finish(&b, "dir/job.sh", environment, &err), 0);
    assert_int_equal(b.spec->request.n_tasks, 2);
    assert_string_equal(b.spec->name, "job.sh");
    assert_int_equal(b.spec->env.n, 0);
    assert_true(b.spec->client_token != 0 && b.spec->client_token >> 62 == 0);
    batch_release(&b);
}

static void tasks_follow_nodes(void **state)
{
    static const struct {
        const char *options;
        uint32_t tasks;
        uint32_t min_nodes;
    } rows[] = {
        {"-n 1",                     1,  0},
        {"-N 3",                     3,  3},
        {"-N 3 --ntasks-per-node=4", 12, 3},
        {"--ntasks-per-node=4",      4,  0},
        {"-N 2 -n 8",                8,  2},
        {"-N 4 -n 2",                2,  2}, /* Slurm warns and takes fewer nodes */
        {"-N 2-5",                   2,  2},
    };
    char *environment[] = {NULL};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct words w = WORDS_INIT(16, 256);
        struct batch b;

        assert_int_equal(batch_init(&b, NOW), 0);
        assert_int_equal(words_split(&w, rows[i].options, " "), 0);
        assert_int_equal(batch_options_walk(&w, apply, &b, NULL), 0);
        assert_int_equal(batch_finish(&b, "x", environment, NULL), 0);
        assert_int_equal(b.spec->request.n_tasks, rows[i].tasks);
        assert_int_equal(b.spec->request.min_nodes, rows[i].min_nodes);
        words_release(&w);
        batch_release(&b);
    }
}

static void exports(void **state)
{
    static const struct {
        const char *how;
        const char *all; /* joined by blanks */
    } rows[] = {
        {NULL,      "A=1 B=2 AB=3"},
        {"ALL",     "A=1 B=2 AB=3"},
        {"NONE",    ""            },
        {"A",       "A=1"         },
        {"A,C",     "A=1"         },
        {"ALL,A=9", "B=2 AB=3 A=9"},
        {"X=y,B",   "X=y B=2"     },
    };
    char a[] = "A=1";
    char bb[] = "B=2";
    char ab[] = "AB=3";
    char *environment[] = {a, bb, ab, NULL};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct words w = WORDS_INIT(16, 256);
        char all[256] = "";
        size_t n = 0;

        assert_int_equal(batch_export(rows[i].how, environment, &w, NULL), 0);
        for (size_t k = 0; k < w.n; k++)
            n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", k ? " " : "",
                                  w.v[k]);
        assert_string_equal(all, rows[i].all);
        words_release(&w);
    }
}

static void export_ceiling_names_itself(void **state)
{
    struct words w = WORDS_INIT(16, 4);
    struct err err = {0};
    char big[] = "A=12345";
    char *environment[] = {big, NULL};

    (void)state;
    assert_int_equal(batch_export("ALL", environment, &w, &err), -E2BIG);
    assert_non_null(strstr(err.text, "JOB_ENV_MAX"));
    words_release(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_taken),
        cmocka_unit_test(refusals_name_line_and_option),
        cmocka_unit_test(later_sources_win),
        cmocka_unit_test(tasks_follow_nodes),
        cmocka_unit_test(exports),
        cmocka_unit_test(export_ceiling_names_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
