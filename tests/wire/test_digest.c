/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_digest - SHA-256 of known texts; base64 there and back, and what is refused */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/digest.h"

#include "tests/cmocka_all.h"

static void known_digests(void **state)
{
    char hex[DIGEST_CAP];

    (void)state;
    assert_int_equal(digest_bytes("", 0, hex), 0);
    assert_string_equal(
        hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(digest_bytes("abc", 3, hex), 0);
    assert_string_equal(
        hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4648, 10 */
static void known_base64(void **state)
{
    static const char *const rows[][2] = {
        {"",       ""        },
        {"f",      "Zg=="    },
        {"fx",     "Zng="    },
        {"foo",    "Zm9v"    },
        {"foob",   "Zm9vYg=="},
        {"fooba",  "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = base64_encode(rows[i][0], strlen(rows[i][0]));
        void *bytes;
        size_t n;

        assert_string_equal(text, rows[i][1]);
        assert_int_equal(base64_decode(text, strlen(text), &bytes, &n), 0);
        assert_int_equal(n, strlen(rows[i][0]));
        assert_memory_equal(bytes, rows[i][0], n);
        free(bytes);
        free(text);
    }
}

static void every_byte_comes_back(void **state)
{
    unsigned char from[256];

    (void)state;
    for (size_t i = 0; i < sizeof(from); i++)
        from[i] = (unsigned char)(i * 167 + 13);
    for (size_t n = 0; n <= sizeof(from); n++) {
        char *text = base64_encode(from, n);
        void *bytes;
        size_t back;

        assert_int_equal(base64_decode(text, strlen(text), &bytes, &back), 0);
        assert_int_equal(back, n);
        assert_memory_equal(bytes, from, n);
        free(bytes);
        free(text);
    }
}

static void what_is_not_base64(void **state)
{
    static const char *const rows[] = {
        "Z",    "Zg=",   "Zg",   "====",     "Z===", "Zg=a",
        "Zm9 ", "Zm\n9", "Z-9v", "Zg==Zg==", "Zh==", "Zm9="};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        void *bytes = NULL;
        size_t n;

        if (base64_decode(rows[i], strlen(rows[i]), &bytes, &n) != -EBADMSG)
            fail_msg("'%s' was taken", rows[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_digests),
        cmocka_unit_test(known_base64),
        cmocka_unit_test(every_byte_comes_back),
        cmocka_unit_test(what_is_not_base64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
