/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_record - records as lines: one way to write them, nothing else is read */
#include "config.h"

#include "tests/cmocka_all.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/calendar.h"
#include "report/record_file.h"
#include "report/record_line.h"

#define LEAST                                                                          \
    "{\"center\":\"hue\",\"end\":200,\"entry\":\"hue\",\"institution\":\"ioit\","      \
    "\"job\":7,\"person\":\"p-1\",\"project\":\"ioit.flow\",\"start\":100,"            \
    "\"state\":\"COMPLETED\",\"submit\":90,\"v\":1}"

static int parse(const char *line, struct run_record *r, struct err *err)
{
    return record_line_parse(line, strlen(line), r, err);
}

static void the_least_record_goes_both_ways(void **state)
{
    char line[RECORD_LINE_CAP];
    struct run_record r;
    size_t n;

    (void)state;
    assert_int_equal(parse(LEAST, &r, NULL), 0);
    assert_string_equal(r.center, "hue");
    assert_int_equal(r.job, 7);
    assert_int_equal(r.state, RUN_COMPLETED);
    assert_int_equal(record_line_write(&r, line, sizeof(line), &n), 0);
    assert_string_equal(line, LEAST);
    assert_int_equal(n, strlen(LEAST));
    assert_int_equal(record_line_write(&r, line, n, &n), -EMSGSIZE);
}

/* Every line that is refused, and a word of why. */
static void touched_up_lines_are_refused(void **state)
{
    static const struct {
        const char *find;
        const char *put;
        const char *why;
    } edits[] = {
        {"\"job\":7",      "\"job\":07",                  "leading zeros"     },
        {"\"job\":7",      "\"job\":0",                   "whole number"      },
        {"\"job\":7",      "\"job\":-7",                  "whole number"      },
        {"\"job\":7",      "\"job\":7.0",                 "','"               },
        {"\"job\":7",      "\"job\": 7",                  "whole number"      },
        {"\"job\":7",      "\"job\":9223372036854775808", "above"             },
        {"\"job\":7",      "\"job\":\"7\"",               "whole number"      },
        {"\"job\":7,",     "",                            "job is missing"    },
        {"\"job\":7",      "\"job\":7,\"job\":7",         "twice"             },
        {"\"job\":7",      "\"milli\":1,\"job\":7",       "alphabetical"      },
        {"\"job\":7",      "\"jobs\":7",                  "not a member"      },
        {"\"hue\"",        "\"h e\"",                     "center is"         },
        {"\"hue\"",        "\"\"",                        "empty"             },
        {"\"hue\"",        "\"\\u0041\"",                 "escapes"           },
        {"\"hue\"",        "\"h\xff\"",                   "UTF-8"             },
        {"\"hue\"",        "\"h\xc0\x80\"",               "UTF-8"             },
        {"\"hue\"",        "\"h\n\"",                     "UTF-8"             },
        {"\"hue\"",        "7",                           "in quotes"         },
        {"\"end\":200",    "\"end\":80",                  "before submit"     },
        {"\"start\":100",  "\"start\":201",               "outside"           },
        {"\"start\":100,", "",                            NULL                },
        {"\"end\":200",    "\"elapsed_s\":0,\"end\":200", "leading zeros"     },
        {"\"COMPLETED\"",  "\"RUNNING\"",                 "not how a run ends"},
        {"\"COMPLETED\"",  "\"completed\"",               "not how a run ends"},
        {"\"v\":1",        "\"v\":2",                     "form 1"            },
        {",\"v\":1",       "",                            "\"v\" is missing"  },
        {"\"v\":1}",       "\"v\":1} ",                   "end of the line"   },
        {"\"v\":1}",       "\"v\":1",                     "'}'"               },
        {"{\"center\"",    "[\"center\"",                 "starts with"       },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
        char line[1024];
        const char *at = strstr(LEAST, edits[i].find);
        struct run_record r = {.job = 99};
        struct err err = {0};
        int ret;

        assert_non_null(at);
        (void)snprintf(line, sizeof(line), "%.*s%s%s", (int)(at - LEAST), LEAST,
                       edits[i].put, at + strlen(edits[i].find));
        ret = parse(line, &r, &err);
        if (!edits[i].why) {
            assert_int_equal(ret, 0);
            continue;
        }
        if (ret != -EBADMSG || !strstr(err.text, edits[i].why))
            fail_msg("%s: %d \"%s\", not \"%s\"", line, ret, err.text, edits[i].why);
        assert_int_equal(r.job, 99); /* nothing changed */
    }
}

static void use_without_a_start_is_refused(void **state)
{
    struct run_record r;
    struct err err = {0};

    (void)state;
    assert_int_equal(
        parse("{\"center\":\"hue\",\"core_s\":1,\"end\":200,\"entry\":\"hue\","
              "\"institution\":\"i\",\"job\":7,\"person\":\"p\","
              "\"project\":\"x\",\"state\":\"FAILED\",\"submit\":90,"
              "\"v\":1}",
              &r, &err),
        -EBADMSG);
    assert_non_null(strstr(err.text, "no start"));
}

static uint64_t seed;

static uint64_t roll(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static void some_text(char *dst, size_t cap, bool name)
{
    static const char *const letters[] = {"a", "9",  "\"", "\\", "|",
                                          "ế", "漢", "😀",  " "};
    size_t n = roll() % cap;

    *dst = '\0';
    for (size_t at = 0; at < n;) {
        const char *l = letters[roll() % (name ? 2 : ARRAY_SIZE(letters))];

        if (at + strlen(l) >= cap)
            break;
        memcpy(dst + at, l, strlen(l) + 1);
        at += strlen(l);
    }
}

static void some_record(struct run_record *r)
{
    *r = (struct run_record){.job = roll() >> 1 | 1,
                             .submit = 1 + (int64_t)(roll() % 1000)};
    some_text(r->center, NAME_CAP, true);
    r->center[0] = r->entry[0] = r->institution[0] = r->project[0] = r->person[0] = 'x';
    some_text(r->qos, NAME_CAP, true);
    some_text(r->name, TITLE_CAP, false);
    some_text(r->node_list, NODE_LIST_CAP, false);
    r->state = (enum run_end)(roll() % _RUN_END_MAX);
    r->start = r->submit + (int64_t)(roll() % 5);
    r->end = r->start + (int64_t)(roll() % 100);
    r->attempt = (uint32_t)roll() % 3;
    r->cores = (uint32_t)roll();
    r->core_s = roll() >> 1;
    r->cpu_us = roll() % 3 ? roll() >> 1 : 0;
    r->milli = (int64_t)(roll() >> 1);
    r->time_limit_s = UINT32_MAX;
}

static void what_is_written_is_what_is_read(void **state)
{
    (void)state;
    seed = 20261124;
    for (int i = 0; i < 20000; i++) {
        char line[RECORD_LINE_CAP], again[RECORD_LINE_CAP];
        struct run_record r, back;
        struct err err = {0};
        size_t n, m;

        some_record(&r);
        assert_int_equal(record_line_write(&r, line, sizeof(line), &n), 0);
        if (record_line_parse(line, n, &back, &err) < 0)
            fail_msg("%s: %s", line, err.text);
        assert_int_equal(run_record_compare(&r, &back), 0);
        assert_int_equal(record_line_write(&back, again, sizeof(again), &m), 0);
        assert_string_equal(line, again);
        assert_int_equal(back.cpu_us, r.cpu_us);
        assert_int_equal(back.milli, r.milli);
        /* A line with another bit is refused, or is the one line of another record. */
        line[roll() % n] ^= (char)(1 << roll() % 7);
        if (record_line_parse(line, n, &back, NULL) == 0) {
            assert_int_equal(record_line_write(&back, again, sizeof(again), &m), 0);
            assert_int_equal(m, n);
            assert_memory_equal(line, again, n);
        }
    }
}

static void the_longest_record_fits(void **state)
{
    struct run_record r;
    char line[RECORD_LINE_CAP];
    size_t n;

    (void)state;
    memset(&r, 'a', sizeof(r));
    memset(r.name, '"', sizeof(r.name));
    memset(r.node_list, '\\', sizeof(r.node_list));
    r.center[NAME_CAP - 1] = r.cluster[NAME_CAP - 1] = r.entry[NAME_CAP - 1] = '\0';
    r.institution[NAME_CAP - 1] = r.project[NAME_CAP - 1] = '\0';
    r.person[NAME_CAP - 1] = r.partition[NAME_CAP - 1] = r.qos[NAME_CAP - 1] = '\0';
    r.gpu_type[NAME_CAP - 1] = r.name[TITLE_CAP - 1] = '\0';
    r.node_list[NODE_LIST_CAP - 1] = '\0';
    r.state = RUN_OUT_OF_MEMORY;
    assert_int_equal(record_line_write(&r, line, sizeof(line), &n), 0);
}

static void files_say_which_line(void **state)
{
    static const struct {
        const char *text;
        int records;
        const char *why;
    } files[] = {
        {LEAST "\n" LEAST "\n", 2, NULL                              },
        {"",                    0, NULL                              },
        {LEAST "\n\n",          1, ":2: the line is empty"           },
        {LEAST "\n" LEAST,      1, ":2: the last line has no newline"},
        {LEAST "\n{}\n",        1, ":2: byte 2"                      },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        char path[] = "/tmp/hopluu-record.XXXXXX";
        struct record_file *f = NULL;
        struct run_record r;
        struct err err = {0};
        int fd = mkstemp(path), n = 0, ret;

        assert_true(fd >= 0);
        assert_int_equal(write(fd, files[i].text, strlen(files[i].text)),
                         strlen(files[i].text));
        close(fd);
        assert_int_equal(record_file_open(path, &f, &err), 0);
        while ((ret = record_file_next(f, &r, &err)) > 0)
            n++;
        assert_int_equal(n, files[i].records);
        assert_int_equal(ret, files[i].why ? -EBADMSG : 0);
        if (files[i].why && !strstr(err.text, files[i].why))
            fail_msg("\"%s\", not \"%s\"", err.text, files[i].why);
        f = record_file_free(f);
        unlink(path);
    }
    assert_int_equal(
        record_file_open("/nowhere/records", &(struct record_file *){NULL}, NULL),
        -ENOENT);
}

static void days_and_seconds_agree(void **state)
{
    static const struct {
        int64_t s;
        int zone;
        const char *day;
        const char *people;
    } days[] = {
        {0,          ZONE_UTC,     "1970-01-01", "01/01/1970"},
        {951782400,  ZONE_UTC,     "2000-02-29", "29/02/2000"},
        {951868800,  ZONE_UTC,     "2000-03-01", "01/03/2000"},
        {1767200399, ZONE_VIETNAM, "2025-12-31", "31/12/2025"},
        {1767200400, ZONE_VIETNAM, "2026-01-01", "01/01/2026"},
        {4107542400, ZONE_UTC,     "2100-03-01", "01/03/2100"},
    };
    char text[DAY_TEXT_CAP];
    struct day d;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(days); i++) {
        d = day_of(days[i].s, days[i].zone);
        assert_string_equal(day_iso(d, text), days[i].day);
        assert_string_equal(day_people(d, text), days[i].people);
        assert_int_equal(day_parse(days[i].day, &d, NULL), 0);
        assert_true(day_start(d, days[i].zone) <= days[i].s
                    && day_start(day_after(d, 1), days[i].zone) > days[i].s);
    }
    for (int64_t s = 0; s < INT64_C(253402300800); s += 86400 * 13) {
        d = day_of(s, ZONE_UTC);
        assert_int_equal(day_start(d, ZONE_UTC), s);
    }
    assert_int_equal(day_parse("2026-02-29", &d, NULL), -EINVAL);
    assert_int_equal(day_parse("2026-1-01", &d, NULL), -EINVAL);
    assert_int_equal(day_parse("15/12/2026", &d, NULL), -EINVAL);
    assert_int_equal(
        days_between((struct day){2026, 12, 1}, (struct day){2026, 12, 15}), 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_record_goes_both_ways),
        cmocka_unit_test(touched_up_lines_are_refused),
        cmocka_unit_test(use_without_a_start_is_refused),
        cmocka_unit_test(what_is_written_is_what_is_read),
        cmocka_unit_test(the_longest_record_fits),
        cmocka_unit_test(files_say_which_line),
        cmocka_unit_test(days_and_seconds_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
