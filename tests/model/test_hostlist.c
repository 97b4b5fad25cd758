/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_hostlist - node lists both ways */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "model/hostlist.h"
#include "tests/cmocka_all.h"

/* list -> names -> shortest list */
static void there_and_back(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        const char *back;
    } rows[] = {
        {"a",              1, "a"             },
        {"n[1-4]",         4, "n[1-4]"        },
        {"n1,n2,n3,n7",    4, "n[1-3,7]"      },
        {"n[08-10],login", 4, "n[08-10],login"},
        {"n[9-11]",        3, "n[9-11]"       },
        {"a1,b1",          2, "a1,b1"         },
        {"n3,n1",          2, "n[3,1]"        },
        {"n10,n4,n12",     3, "n[10,4,12]"    },
        {"r[1-2]-ib",      2, "r1-ib,r2-ib"   },
        {"n1,n01",         2, "n1,n01"        },
        {"",               0, ""              },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct words w = WORDS_INIT(100, 1000);
        struct buf b = BUF_INIT(1000);

        assert_int_equal(hostlist_expand(rows[i].text, &w, NULL), 0);
        assert_int_equal(w.n, rows[i].n);
        hostlist_compress(w.v, w.n, &b);
        assert_string_equal(buf_text(&b), rows[i].back);
        words_release(&w);
        buf_release(&b);
    }
}

static void refusals(void **state)
{
    static const char *const bad[] = {
        "n[",   "n]",  "n[1", "n[1-]", "n[-1]",     "n[4-1]",       "n[1][2]",
        "n[x]", "n[]", ",",   "a,,b",  "n[1-1000]", "n[1234567890]"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct words w = WORDS_INIT(100, 1000);
        struct err err = {0};

        assert_true(hostlist_expand(bad[i], &w, &err) < 0);
        assert_true(strlen(err.text) > 10);
        words_release(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
