/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_sign - Ed25519 of RFC 8032, keys that are none, and a private key that is open
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "tests/cmocka_all.h"
#include "wire/sign.h"

/* RFC 8032, 7.1, test 3: two bytes af 82. The key as PKCS#8 in PEM. */
static const char key_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIMWqjfQ/n4N77bdELzHct7Fm04U1B28JS4XOOi4LRFj3\n"
    "-----END PRIVATE KEY-----\n";
static const char key_text[] =
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
static const char signature[] =
    "YpHWV97sJAJIJ+acOr4BowzlSKKEdDpEXjaA19taw6wY/5tTjRbykK5n92CYTcZZSnwV6XFu0o3A"
    "J77O6h7ECg==";

static char dir[] = "sign-test-XXXXXX";

static const char *file(const char *name, const char *text, mode_t mode)
{
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_int_equal(path_write(path, text, strlen(text), mode, NULL), 0);
    return path;
}

static struct sign_key *the_key(void)
{
    struct sign_key *k = NULL;
    struct err err = {0};

    if (sign_key_read(file("key", key_pem, 0600), &k, &err) < 0)
        fail_msg("%s", err.text);
    return k;
}

static void signs_as_the_standard_says(void **state)
{
    struct sign_key *k = the_key();
    char text[SIGN_TEXT_CAP];

    (void)state;
    assert_string_equal(sign_key_text(k), key_text);
    assert_int_equal(sign_text(k, "\xaf\x82", 2, text), 0);
    assert_int_equal(sign_check(k, "\xaf\x82", 2, text), 0);
    assert_string_equal(text, signature);
    sign_key_free(k);
}

static void a_changed_bit_is_seen(void **state)
{
    struct sign_key *k = the_key();
    struct sign_key *public = NULL;
    char text[SIGN_TEXT_CAP];

    (void)state;
    assert_int_equal(sign_key_public(sign_key_bytes(k), &public), 0);
    assert_int_equal(sign_text(k, "abc", 3, text), 0);
    assert_int_equal(sign_text(public, "abc", 3, text), -EINVAL);
    assert_int_equal(sign_check(public, "abc", 3, text), 0);
    assert_int_equal(sign_check(public, "abd", 3, text), -EBADMSG);
    assert_int_equal(sign_check(public, "ab", 2, text), -EBADMSG);
    assert_int_equal(sign_check(public, "abc", 3, "YWJj"), -EBADMSG);
    assert_int_equal(sign_check(public, "abc", 3, "no base64"), -EBADMSG);
    for (size_t i = 0; i < 86; i++) {
        char old = text[i];

        text[i] = old == 'A' ? 'B' : 'A';
        assert_int_equal(sign_check(public, "abc", 3, text), -EBADMSG);
        text[i] = old;
    }
    sign_key_free(public);
    sign_key_free(k);
}

static void what_is_no_key_is_refused(void **state)
{
    struct sign_key *k = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(sign_key_read("/nowhere/key", &k, &err), -ENOENT);
    assert_true(sign_key_read(file("open", key_pem, 0644), &k, &err) < 0);
    assert_non_null(strstr(err.text, "open"));
    assert_int_equal(sign_key_read(file("rubbish", "rubbish", 0600), &k, &err),
                     -EINVAL);
    assert_non_null(strstr(err.text, "no private Ed25519 key"));
    assert_int_equal(sign_key_read_public(file("half", key_pem, 0600), &k, &err),
                     -EINVAL);
    assert_null(k);
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    static const char *const names[] = {"key", "open", "rubbish", "half"};
    char path[128];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_as_the_standard_says),
        cmocka_unit_test(a_changed_bit_is_seen),
        cmocka_unit_test(what_is_no_key_is_refused),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
