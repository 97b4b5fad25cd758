/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_nouns - what is written is what is read, for every noun; the rest is refused */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/measure.h"
#include "tests/cmocka_all.h"
#include "tests/wire/random_noun.h"

#define ROUNDS 2000

static struct dice dice_from_env(void)
{
    const char *given = getenv("SEED");
    struct dice d = {.state = (uint64_t)time(NULL)};

    if (given)
        assert_int_equal(measure_u64(given, 0, UINT64_MAX, &d.state, NULL), 0);
    print_message("# SEED=%" PRIu64 "\n", d.state);
    return d;
}

/* Through text and back, as on the wire. */
static json_t *travel(json_t *o)
{
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    json_t *back;

    assert_non_null(text);
    json_decref(o);
    back = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(back);
    free(text);
    return back;
}

/* Nouns are made and read in zeroed memory, so padding is equal too. */
#define IDENTITY(noun)                                                                 \
    static void noun##_identity(void **state)                                          \
    {                                                                                  \
        struct dice d = dice_from_env();                                               \
                                                                                       \
        (void)state;                                                                   \
        for (int i = 0; i < ROUNDS; i++) {                                             \
            static struct noun was, is;                                                \
            struct err err = {0};                                                      \
            json_t *o;                                                                 \
                                                                                       \
            random_##noun(&d, &was);                                                   \
            memset(&is, 0xa5, sizeof(is));                                             \
            o = travel(noun##_to_json(&was));                                          \
            if (noun##_from_json(o, &is, &err) < 0)                                    \
                fail_msg("%s", err.text);                                              \
            assert_memory_equal(&was, &is, sizeof(is));                                \
            json_decref(o);                                                            \
        }                                                                              \
    }

IDENTITY(request)
IDENTITY(usage)
IDENTITY(holding)
IDENTITY(copy)
IDENTITY(route_view)
IDENTITY(supply)
IDENTITY(posting)

static void peer_msg_identity(void **state)
{
    struct dice d = dice_from_env();

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        struct peer_msg was, is;
        struct err err = {0};
        char *spec = NULL;
        json_t *o;

        random_peer_msg(&d, &was);
        o = travel(peer_msg_to_json(&was));
        assert_string_equal(json_string_value(json_object_get(o, "t")), "job");
        if (peer_msg_from_json(o, &is, &spec, &err) < 0)
            fail_msg("%s", err.text);
        assert_int_equal(was.spec_len, is.spec_len);
        if (was.spec) {
            assert_ptr_equal(is.spec, spec);
            assert_string_equal(was.spec, spec);
        } else {
            assert_null(spec);
        }
        is.spec = was.spec;
        assert_memory_equal(&was, &is, sizeof(is));
        free(spec);
        json_decref(o);
    }
}

static void same_string(const char *a, const char *b)
{
    if (a && b)
        assert_string_equal(a, b);
    else
        assert_ptr_equal(a, b);
}

static void same_words(const struct words *a, const struct words *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        assert_string_equal(a->v[i], b->v[i]);
}

static void same_spec(const struct job_spec *a, const struct job_spec *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->project, b->project);
    assert_memory_equal(&a->request, &b->request, sizeof(a->request));
    assert_int_equal(a->script_len, b->script_len);
    assert_memory_equal(a->script, b->script, a->script_len + 1);
    same_words(&a->args, &b->args);
    same_words(&a->env, &b->env);
    same_words(&a->centers, &b->centers);
    same_words(&a->outputs, &b->outputs);
    same_words(&a->exclude, &b->exclude);
    same_words(&a->nodelist, &b->nodelist);
    same_words(&a->features, &b->features);
    same_string(a->work_dir, b->work_dir);
    same_string(a->std_in, b->std_in);
    same_string(a->std_out, b->std_out);
    same_string(a->std_err, b->std_err);
    same_string(a->comment, b->comment);
    same_string(a->mail_user, b->mail_user);
    same_string(a->mail_type, b->mail_type);
    assert_int_equal(a->n_inputs, b->n_inputs);
    for (size_t i = 0; i < a->n_inputs; i++) {
        assert_string_equal(a->inputs[i].name, b->inputs[i].name);
        assert_string_equal(a->inputs[i].sha256, b->inputs[i].sha256);
        assert_int_equal(a->inputs[i].bytes, b->inputs[i].bytes);
        assert_int_equal(a->inputs[i].mode, b->inputs[i].mode);
    }
    assert_int_equal(a->append, b->append);
    assert_int_equal(a->begin.us, b->begin.us);
    assert_int_equal(a->hold, b->hold);
    assert_int_equal(a->requeue, b->requeue);
    assert_int_equal(a->signal, b->signal);
    assert_int_equal(a->signal_s, b->signal_s);
    assert_int_equal(a->signal_batch, b->signal_batch);
    assert_int_equal(a->client_token, b->client_token);
}

static void job_spec_identity(void **state)
{
    struct dice d = dice_from_env();

    (void)state;
    for (int i = 0; i < ROUNDS / 4; i++) {
        struct job_spec *was = random_job_spec(&d);
        struct job_spec *is = NULL;
        struct err err = {0};
        json_t *o = travel(job_spec_to_json(was));

        if (job_spec_from_json(o, &is, &err) < 0)
            fail_msg("%s", err.text);
        same_spec(was, is);
        json_decref(o);
        job_spec_free(was);
        job_spec_free(is);
    }
}

static void cut_texts_still_travel(void **state)
{
    struct holding h = {.id = 1000000001};
    struct holding back;
    json_t *o;

    (void)state;
    memcpy(h.note, "caf\xc3", 5); /* cut in the middle of a character */
    memcpy(h.name,
           "a\nb\xff"
           "c",
           6);
    memset(h.nodes, 'x', sizeof(h.nodes)); /* no NUL: our own bug, bounded */
    o = travel(holding_to_json(&h));
    assert_int_equal(holding_from_json(o, &back, NULL), -EBADMSG); /* nodes: too long */
    h.nodes[TITLE_CAP - 1] = '\0';
    json_decref(o);
    o = travel(holding_to_json(&h));
    assert_int_equal(holding_from_json(o, &back, NULL), 0);
    assert_string_equal(back.note, "caf");
    assert_string_equal(back.name, "a?b?c");
    json_decref(o);
}

static void failure_changes_nothing(void **state)
{
    json_t *o = json_loads("{\"n_tasks\":4,\"comm\":7}", 0, NULL);
    struct request r = {.n_tasks = 9};

    (void)state;
    assert_int_equal(request_from_json(o, &r, NULL), -EBADMSG);
    assert_int_equal(r.n_tasks, 9);
    json_decref(o);
}

static int any_peer_msg(const json_t *o, struct err *err)
{
    struct peer_msg m;
    char *spec = NULL;
    int r = peer_msg_from_json(o, &m, &spec, err);

    free(spec);
    return r;
}

static int any_spec(const json_t *o, struct err *err)
{
    struct job_spec *s = NULL;
    int r = job_spec_from_json(o, &s, err);

    job_spec_free(s);
    return r;
}

#define ANY(noun)                                                                      \
    static int any_##noun(const json_t *o, struct err *err)                            \
    {                                                                                  \
        static struct noun n;                                                          \
        return noun##_from_json(o, &n, err);                                           \
    }
ANY(request)
ANY(usage)
ANY(holding)
ANY(copy)
ANY(route_view)
ANY(supply)
ANY(posting)

#define X63 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
    int (*decode)(const json_t *o, struct err *err);
    const char *text;
    const char *says; /* NULL = it is fine */
} refusals[] = {
    {any_request,    "[]",                                                               "must be an object"                      },
    {any_request,    "{}",                                                               NULL                                     },
    {any_request,    "{\"n_tasks\":null,\"unknown\":[1,{}]}",                            NULL                                     },
    {any_request,    "{\"n_tasks\":-1}",                                                 "n_tasks must be 0 to 4294967295, not -1"},
    {any_request,    "{\"n_tasks\":4294967295}",                                         NULL                                     },
    {any_request,    "{\"n_tasks\":4294967296}",                                         "n_tasks"                                },
    {any_request,    "{\"n_tasks\":1.0}",                                                "n_tasks must be a whole number"         },
    {any_request,    "{\"n_tasks\":\"1\"}",                                              "n_tasks must be a whole number"         },
    {any_request,    "{\"n_tasks\":true}",                                               "n_tasks"                                },
    {any_request,    "{\"exclusive\":1}",                                                "exclusive must be true or false"        },
    {any_request,    "{\"partition\":5}",                                                "partition must be a text"               },
    {any_request,    "{\"partition\":\"" X63 "\"}",                                      NULL                                     },
    {any_request,    "{\"partition\":\"" X63 "x\"}",                                     "partition has 64 bytes"                 },
    {any_request,    "{\"partition\":\"a\\u0000b\"}",                                    "partition has a control byte"           },
    {any_request,    "{\"comm\":\"a\\u001b[2J\"}",                                       "comm has a control byte (27) at 1"      },
    {any_request,    "{\"mem_node_bytes\":-5}",                                          "mem_node_bytes"                         },
    {any_usage,      "{\"core_s\":-1}",                                                  "core_s"                                 },
    {any_usage,      "{\"milli\":-1}",                                                   NULL                                     },
    {any_usage,      "{\"n_nodes\":[]}",                                                 "n_nodes"                                },
    {any_holding,    "{}",                                                               "id is missing"                          },
    {any_holding,    "{\"id\":-1}",                                                      "id must be a number"                    },
    {any_holding,    "{\"id\":\"18446744073709551615\"}",                                NULL                                     },
    {any_holding,    "{\"id\":\"18446744073709551616\"}",                                "id must be a 64-bit number"             },
    {any_holding,    "{\"id\":\"1x\"}",                                                  "id"                                     },
    {any_holding,    "{\"id\":1,\"state\":\"SLEEPING\"}",
     "state: unknown word 'SLEEPING'"                                                                                             },
    {any_holding,    "{\"id\":1,\"state\":3}",                                           "state must be a word"                   },
    {any_holding,    "{\"id\":1,\"hold\":\"HELD\"}",                                     "hold"                                   },
    {any_holding,    "{\"id\":1,\"grant\":[]}",                                          "grant: must be an object"               },
    {any_holding,    "{\"id\":1,\"grant\":{\"center\":1000}}",
     "grant: center must be 0 to 999"                                                                                             },
    {any_holding,    "{\"id\":1,\"offers\":{}}",                                         "offers must be a list"                  },
    {any_holding,    "{\"id\":1,\"offers\":[{},{},{},{},{}]}",                           "offers has 5 entries"                   },
    {any_holding,    "{\"id\":1,\"offers\":[{},{\"state\":\"?\"}]}",                     "offers[1]: state"                       },
    {any_holding,    "{\"id\":1,\"offers\":[{},3]}",                                     "offers[1]: must be an object"           },
    {any_holding,    "{\"id\":1,\"submitted\":-1}",                                      "submitted"                              },
    {any_holding,    "{\"id\":1,\"submitted\":253402300800000000}",                      "submitted"                              },
    {any_holding,    "{\"id\":1,\"exit_code\":2147483648}",                              "exit_code"                              },
    {any_holding,    "{\"id\":1,\"request\":{\"comm\":1}}",                              "request: comm"                          },
    {any_holding,    "{\"id\":1,\"usage\":7}",                                           "usage: must be an object"               },
    {any_copy,       "{}",                                                               "id is missing"                          },
    {any_copy,       "{\"id\":1,\"copy\":\"gone\"}",                                     "copy: unknown word"                     },
    {any_copy,       "{\"id\":1,\"outcome\":\"\"}",                                      "outcome"                                },
    {any_route_view, "{\"rule\":\"whim\"}",                                              "rule: unknown word 'whim'"              },
    {any_route_view, "{\"wait_s\":\"soon\"}",                                            "wait_s"                                 },
    {any_supply,     "{\"parts\":[{\"steps\":[1]}]}",
     "parts[0]: steps[0]: must be an object"                                                                                      },
    {any_supply,     "{\"parts\":[{\"steps\":[{},{\"cores\":-1}]}]}",
     "parts[0]: steps[1]: cores must be 0"                                                                                        },
    {any_supply,     "{\"parts\":[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]}",
     "parts has 17 entries"                                                                                                       },
    {any_supply,     "{\"center\":1000}",                                                "center"                                 },
    {any_posting,    "{}",                                                               "kind is missing"                        },
    {any_posting,    "{\"kind\":\"gift\"}",                                              "kind"                                   },
    {any_posting,    "{\"kind\":\"grant\",\"milli\":-1}",                                "milli must be 0 to"                     },
    {any_peer_msg,   "{\"t\":\"job\"}",                                                  "k is missing"                           },
    {any_peer_msg,   "{\"k\":\"offer\"}",                                                "job is missing"                         },
    {any_peer_msg,   "{\"k\":\"shout\",\"job\":1}",                                      "k: unknown word 'shout'"                },
    {any_peer_msg,   "{\"k\":\"claim\",\"job\":1}",                                      "claim is missing"                       },
    {any_peer_msg,   "{\"k\":\"go\",\"job\":1,\"claim\":2,\"spec\":\"x\"}",
     "spec must be an object"                                                                                                     },
    {any_spec,       "{}",                                                               NULL                                     },
    {any_spec,       "{\"script\":1}",                                                   "script must be a text"                  },
    {any_spec,       "{\"script64\":\"a\"}",                                             "script64 is not base64"                 },
    {any_spec,       "{\"args\":\"a\"}",                                                 "args must be a list of texts"           },
    {any_spec,       "{\"args\":[1]}",                                                   "args must be a text or"                 },
    {any_spec,       "{\"args\":[\"a\\u0000b\"]}",                                       "args has a NUL byte"                    },
    {any_spec,       "{\"env\":[{\"base64\":\"QQ\"}]}",                                  "env is not base64"                      },
    {any_spec,       "{\"env\":[{\"base64\":\"AA==\"}]}",                                "env has a NUL byte"                     },
    {any_spec,       "{\"inputs\":{}}",                                                  "inputs must be a list"                  },
    {any_spec,       "{\"inputs\":[{}]}",                                                "inputs[0]: name is missing"             },
    {any_spec,       "{\"inputs\":[{\"name\":\"a\",\"mode\":4096}]}",                    "inputs[0]: mode"                        },
    {any_spec,       "{\"inputs\":[{\"name\":\"a\"},{\"name\":\"b\",\"bytes\":-1}]}",
     "inputs[1]: bytes"                                                                                                           },
    {any_spec,       "{\"signal\":65}",                                                  "signal must be 0 to 64"                 },
    {any_spec,       "{\"work_dir\":[]}",                                                "work_dir must be a text"                },
};

static void refusals_name_the_member(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
        json_t *o = json_loads(refusals[i].text, JSON_ALLOW_NUL, NULL);
        struct err err = {0};
        int r;

        if (!o)
            fail_msg("%s: the test itself is no JSON", refusals[i].text);
        r = refusals[i].decode(o, &err);
        if (r != (refusals[i].says ? -EBADMSG : 0)
            || (refusals[i].says && !strstr(err.text, refusals[i].says)))
            fail_msg("%s: %d '%s', not '%s'", refusals[i].text, r, err.text,
                     refusals[i].says ? refusals[i].says : "0");
        json_decref(o);
    }
}

static void too_much_is_refused(void **state)
{
    json_t *o = json_object();
    json_t *list = json_array();
    json_t *deep = json_object();
    struct err err = {0};
    char *big = malloc(SCRIPT_MAX + 2);

    (void)state;
    assert_non_null(big);
    memset(big, 'x', SCRIPT_MAX + 1);
    big[SCRIPT_MAX + 1] = '\0';
    json_object_set_new(o, "script", json_string(big));
    assert_int_equal(any_spec(o, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "script has more than"));
    big[SCRIPT_MAX] = '\0';
    json_object_set_new(o, "script", json_string(big));
    assert_int_equal(any_spec(o, NULL), 0);
    for (int i = 0; i <= JOB_WORDS_MAX; i++)
        json_array_append_new(list, json_string("A=b"));
    json_object_set(o, "env", list);
    assert_int_equal(any_spec(o, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "env has 8193 entries"));
    json_array_clear(list);
    json_array_append_new(list, json_string(big));
    assert_int_equal(any_spec(o, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "env has more than"));
    json_array_clear(list);
    for (int i = 0; i <= JOB_FILES_MAX; i++)
        json_array_append_new(list, json_pack("{s:s}", "name", "a"));
    json_object_set_new(o, "env", json_array());
    json_object_set(o, "inputs", list);
    assert_int_equal(any_spec(o, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "inputs has 257 entries"));
    for (int i = 0; i < 1000;
         i++) /* depth costs nothing: unknown members are skipped */
        deep = json_pack("{s:o}", "request", deep);
    assert_int_equal(any_request(deep, NULL), 0);
    json_decref(deep);
    json_decref(list);
    json_decref(o);
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_identity),
        cmocka_unit_test(usage_identity),
        cmocka_unit_test(holding_identity),
        cmocka_unit_test(copy_identity),
        cmocka_unit_test(route_view_identity),
        cmocka_unit_test(supply_identity),
        cmocka_unit_test(posting_identity),
        cmocka_unit_test(peer_msg_identity),
        cmocka_unit_test(job_spec_identity),
        cmocka_unit_test(cut_texts_still_travel),
        cmocka_unit_test(failure_changes_nothing),
        cmocka_unit_test(refusals_name_the_member),
        cmocka_unit_test(too_much_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
