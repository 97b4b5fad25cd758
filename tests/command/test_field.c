/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_field - format strings, filters and sums */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "command/field.h"
#include "command/job_filter.h"
#include "command/signal_name.h"
#include "command/usage_sum.h"
#include "model/job_state.h"
#include "tests/cmocka_all.h"

static void put(const void *row, struct buf *b)
{
    buf_puts(b, row);
}

static const struct field fields[] = {
    {"JobID", "JOBID", 'i', false, put},
    {"Name",  "NAME",  'j', false, put},
    {"Nodes", "NODES", 'D', true,  put},
};

static void letters(void **state)
{
    struct picks p = {0};

    (void)state;
    assert_int_equal(picks_letters(fields, 3, "<%.18i %9j>%D.", &p, NULL), 0);
    assert_int_equal(p.n, 3);
    assert_true(p.exact);
    assert_string_equal(p.v[0].before, "<");
    assert_int_equal(p.v[0].width, 18);
    assert_true(p.v[0].right);
    assert_string_equal(p.v[1].before, " ");
    assert_int_equal(p.v[1].width, 9);
    assert_false(p.v[1].right);
    assert_string_equal(p.v[2].before, ">");
    assert_int_equal(p.v[2].width, 0);
    assert_string_equal(p.after, ".");
    picks_release(&p);
}

static void names(void **state)
{
    struct picks p = {0};

    (void)state;
    assert_int_equal(picks_names(fields, 3, "jobid,Name%20,name%-30", '%', &p, NULL),
                     0);
    assert_int_equal(p.n, 3);
    assert_false(p.exact);
    assert_int_equal(p.v[1].width, 20);
    assert_true(p.v[1].right);
    assert_int_equal(p.v[2].width, 30);
    assert_false(p.v[2].right);
    picks_release(&p);
    assert_int_equal(picks_names(fields, 3, "Name:20,Nodes:.5", ':', &p, NULL), 0);
    assert_false(p.v[0].right);
    assert_true(p.v[1].right);
    picks_release(&p);
}

static void bad_formats(void **state)
{
    static const struct {
        const char *format;
        char mark; /* 0 = letters */
        const char *says;
    } rows[] = {
        {"%q",         0,   "'%q' is not a column: there are i j D"},
        {"%.18",       0,   "the format ends inside a '%' field"   },
        {"%",          0,   "the format ends inside a '%' field"   },
        {"plain",      0,   "format 'plain' names no column"       },
        {"",           0,   "format '' names no column"            },
        {"%9999i",     0,   "width in '9999i' is over 1024"        },
        {"Nme",        '%', "'Nme' is not a column"                },
        {"Name%",      '%', "'Name%': the width must be"           },
        {"Name%x",     '%', "'Name%x': the width must be"          },
        {"Name%0",     '%', "'Name%0': the width must be"          },
        {"Name%99999", '%', "width in '99999' is over 1024"        },
        {",",          '%', "the list of columns is empty"         },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct picks p = {0};
        struct err err = {0};
        int r = rows[i].mark
                    ? picks_names(fields, 3, rows[i].format, rows[i].mark, &p, &err)
                    : picks_letters(fields, 3, rows[i].format, &p, &err);

        assert_int_equal(r, -EINVAL);
        if (strncmp(err.text, rows[i].says, strlen(rows[i].says)) != 0)
            fail_msg("%s says %s", rows[i].format, err.text);
        assert_int_equal(p.n, 0);
    }
}

static void states(void **state)
{
    struct job_filter f;
    struct err err = {0};

    (void)state;
    job_filter_init(&f);
    assert_int_equal(job_filter_states(&f, "PD,running", &err), 0);
    assert_int_equal(f.states, 1u << JOB_PENDING | 1u << JOB_RUNNING);
    assert_int_equal(job_filter_states(&f, "nonsense", &err), -EINVAL);
    assert_non_null(strstr(err.text, "'nonsense' is not a job state"));
    assert_int_equal(job_filter_states(&f, "", &err), -EINVAL);
    assert_int_equal(job_filter_states(&f, "ALL", &err), 0);
    assert_int_equal(f.states, (1u << _JOB_STATE_MAX) - 1);
    assert_int_equal(job_filter_ids(&f, "3000001842,1000000001.batch", &err), 0);
    assert_string_equal(f.ids.v[1], "1000000001");
    assert_int_equal(job_filter_ids(&f, "12", &err), -ERANGE);
    assert_int_equal(job_filter_ids(&f, "abc", &err), -EINVAL);
    job_filter_release(&f);
}

static void signals(void **state)
{
    uint32_t n = 0;
    struct err err = {0};

    (void)state;
    assert_int_equal(signal_name_parse("9", &n, NULL), 0);
    assert_int_equal(n, 9);
    assert_int_equal(signal_name_parse("SIGusr1", &n, NULL), 0);
    assert_int_equal(n, 10);
    assert_int_equal(signal_name_parse("term", &n, NULL), 0);
    assert_int_equal(n, 15);
    assert_int_equal(signal_name_parse("0", &n, &err), -EINVAL);
    assert_int_equal(signal_name_parse("65", &n, &err), -EINVAL);
    assert_int_equal(signal_name_parse("", &n, &err), -EINVAL);
}

/* One run here of ours, one here of a guest, one of ours at hue. */
static const char report[] =
    "{\"center\":\"hanoi\",\"runs\":["
    "{\"institution\":\"ioit\",\"project\":\"p\",\"person\":\"an\",\"entry\":\"hanoi\","
    "\"host\":\"hanoi\",\"hosted\":true,\"runs\":2,\"core_s\":100,\"milli\":10},"
    "{\"institution\":\"hust\",\"project\":\"q\",\"person\":\"bi\",\"entry\":\"hue\","
    "\"host\":\"hanoi\",\"hosted\":true,\"runs\":3,\"core_s\":7,\"milli\":1},"
    "{\"institution\":\"ioit\",\"project\":\"p\",\"person\":\"an\",\"entry\":\"hanoi\","
    "\"host\":\"hue\",\"hosted\":false,\"runs\":1,\"core_s\":40,\"milli\":4}]}";

static void demand_and_supply(void **state)
{
    json_t *answer = json_loads(report, 0, NULL);
    struct usage_sum s = {0};

    (void)state;
    assert_non_null(answer);
    assert_int_equal(usage_sum_add(&s, answer, USAGE_BY_CENTER, false, NULL), 0);
    assert_int_equal(s.n, 2);
    assert_string_equal(s.lines[0].name, "hanoi");
    assert_int_equal(s.lines[0].core_s, 100);
    assert_string_equal(s.lines[1].name, "hue");
    assert_int_equal(s.total.core_s, 140);
    assert_int_equal(s.total.runs, 3);
    assert_int_equal(s.total.milli, 14);
    usage_sum_release(&s);
    assert_int_equal(usage_sum_add(&s, answer, USAGE_BY_INSTITUTION, true, NULL), 0);
    assert_int_equal(s.n, 2);
    assert_string_equal(s.lines[0].name, "hust");
    assert_int_equal(s.total.core_s, 107);
    usage_sum_release(&s);
    json_decref(answer);
}

static void sums_do_not_wrap(void **state)
{
    json_t *answer = json_loads(
        "{\"center\":\"a\",\"runs\":[{\"hosted\":true,\"entry\":\"a\",\"core_s\":-1}]}",
        0, NULL);
    struct usage_sum s = {0};

    (void)state;
    assert_int_equal(usage_sum_add(&s, answer, USAGE_BY_USER, false, NULL), -EOVERFLOW);
    usage_sum_release(&s);
    json_decref(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters),          cmocka_unit_test(names),
        cmocka_unit_test(bad_formats),      cmocka_unit_test(states),
        cmocka_unit_test(signals),          cmocka_unit_test(demand_and_supply),
        cmocka_unit_test(sums_do_not_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
