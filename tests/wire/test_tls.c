/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_tls - who gets through the door between centers, and who does not */
#include "config.h"

#include <signal.h>
#include <stdarg.h>

#include "tests/wire/wire_loop.h"
#include "wire/dial.h"
#include "wire/door.h"
#include "wire/tls.h"

/* One directory of certificates for all tests. */
static char dir[64];

static const char *in_dir(const char *name)
{
    static char paths[8][128];
    static unsigned i;
    char *p = paths[i++ % 8];

    (void)snprintf(p, sizeof(paths[0]), "%s/%s", dir, name);
    return p;
}

static void sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void sh(const char *fmt, ...)
{
    char command[2048];
    size_t n =
        (size_t)snprintf(command, sizeof(command), "cd %s && exec 2>>log && ", dir);
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(command + n, sizeof(command) - n, fmt, ap);
    va_end(ap);
    if (system(command) != 0) {
        (void)fprintf(stderr, "# failed: %s\n", command);
        abort();
    }
}

static void make_ca(const char *ca)
{
    sh("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 "
       "-subj '/CN=CA of %s' -keyout %s.key -out %s.pem "
       "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign",
       ca, ca, ca);
}

/* `file`.pem and .key, signed by `ca`, with these alternative names. */
static void make_cert(const char *file, const char *ca, const char *names, int days)
{
    sh("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=%s "
       "-keyout %s.key -out %s.csr",
       file, file, file);
    sh("printf 'basicConstraints=CA:FALSE\nsubjectAltName=%s\n' >%s.ext", names, file);
    sh("openssl x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -CAcreateserial "
       "-days %d -extfile %s.ext -out %s.pem && chmod 600 %s.key",
       file, ca, ca, days, file, file, file);
}

static int make_all(void **state)
{
    (void)state;
    (void)word_copy(dir, sizeof(dir), "/tmp/hopluu-tls-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    make_ca("ca-a");
    make_ca("ca-b");
    make_ca("ca-c");
    make_cert("a", "ca-a", "URI:hopluu:center:hanoi,DNS:hanoi.example", 30);
    make_cert("b", "ca-b", "URI:hopluu:center:hue", 30);
    make_cert("b-as-c", "ca-b", "URI:hopluu:center:dalat", 30);
    make_cert("b-old", "ca-b", "URI:hopluu:center:hue", -1);
    make_cert("b-none", "ca-b", "DNS:hue.example", 30);
    make_cert("b-two", "ca-b", "URI:hopluu:center:hue,URI:hopluu:center:dalat", 30);
    make_cert("c", "ca-c", "URI:hopluu:center:dalat", 30);
    /* The certificate of hue, no CA, as if it were one. */
    make_cert("b-child", "b", "URI:hopluu:center:hue", 30);
    sh("cat b-child.pem b.pem >b-chain.pem && cp b-child.key b-chain.key");
    return 0;
}

static int remove_all(void **state)
{
    (void)state;
    sh("rm -f -- *.pem *.key *.csr *.ext *.srl log");
    return rmdir(dir);
}

/* Center hanoi with a door, and somebody who dials it. */
struct pair {
    struct event_base *base;
    struct tls *a, *b;
    struct door *door;
    struct dial *dial;
    struct owner oa, ob;
};

static struct tls *tls_of(const char *center, const char *file)
{
    char cert[32], key[32];
    struct tls *t = NULL;
    struct err err = {0};

    (void)snprintf(cert, sizeof(cert), "%s.pem", file);
    (void)snprintf(key, sizeof(key), "%s.key", file);
    if (tls_new(center, in_dir(cert), in_dir(key), &t, &err) < 0)
        fail_msg("%s", err.text);
    return t;
}

static void must_trust(struct tls *t, const char *center, const char *ca)
{
    assert_int_equal(tls_trust(t, center, in_dir(ca), NULL), 0);
}

static void go_to(struct pair *p,
                  const char *center,
                  const char *file,
                  const char *other)
{
    p->b = tls_of(center, file);
    must_trust(p->b, "hanoi", "ca-a.pem");
    must_trust(p->b, "dalat", "ca-c.pem");
    assert_int_equal(dial_tls(p->base, door_address(p->door), p->b, other, owner_open,
                              &p->ob, &p->dial, NULL),
                     0);
}

static int set_up(void **state)
{
    struct pair *p = calloc(1, sizeof(*p));

    if (!p)
        return -1;
    *state = p;
    p->base = event_base_new();
    p->a = tls_of("hanoi", "a");
    must_trust(p->a, "hue", "ca-b.pem");
    must_trust(p->a, "dalat", "ca-c.pem");
    return door_open_tls(p->base, "127.0.0.1:0", p->a, 8, owner_open, &p->oa, &p->door,
                         NULL);
}

static int tear_down(void **state)
{
    struct pair *p = *state;

    dial_free(p->dial);
    conn_close(p->oa.c);
    conn_close(p->ob.c);
    door_close(p->door);
    loop_free(p->base);
    tls_free(p->a);
    tls_free(p->b);
    free(p);
    return 0;
}

static void the_right_pair(void **state)
{
    struct pair *p = *state;
    json_t *frame = json_pack("{s:i,s:s}", "n", 5, "w", "xin chào");

    go_to(p, "hue", "b", "hanoi");
    UNTIL(p->base, p->oa.c && p->ob.c);
    assert_string_equal(p->oa.who.center, "hue");
    assert_string_equal(p->ob.who.center, "hanoi");
    assert_int_equal(p->oa.who.kind, CONN_PEER);
    assert_false(p->oa.who.dialled);
    assert_true(p->ob.who.dialled);
    assert_string_equal(p->ob.who.address, door_address(p->door));
    p->oa.echo = true;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(conn_send(p->ob.c, frame), 0);
    UNTIL(p->base, p->ob.frames == 1000);
    assert_int_equal(p->oa.frames, 1000);
    json_decref(frame);
    conn_close(TAKE_PTR(p->oa.c));
    UNTIL(p->base, p->ob.closed == 1);
    assert_int_equal(p->ob.reason, 0);
    dial_ended(p->dial);
    UNTIL(p->base, p->ob.opened == 2 && p->oa.opened == 2);
}

/* A frame that does not fit one TLS record, while the reader sleeps in between. */
static void large_and_paused(void **state)
{
    struct pair *p = *state;
    const size_t len = 6u << 20;
    char *text = malloc(len);

    assert_non_null(text);
    memset(text, 'x', len);
    memcpy(text, "{\"n\":1,\"w\":\"", 12);
    memcpy(text + len - 2, "\"}", 2);
    go_to(p, "hue", "b", "hanoi");
    UNTIL(p->base, p->oa.c && p->ob.c);
    p->oa.pause_on_frame = true;
    for (int i = 0; i < 3; i++)
        assert_int_equal(conn_send_text(p->ob.c, text, len), 0);
    assert_int_equal(conn_send_text(p->ob.c, "{\"n\":9}", 7), 0);
    for (unsigned i = 1; i <= 4; i++) {
        UNTIL(p->base, p->oa.frames == i);
        turns(p->base, 10);
        assert_int_equal(p->oa.frames, i);
        conn_resume(p->oa.c);
    }
    assert_int_equal(p->oa.last, 9);
    free(text);
}

/* The door refuses; the dialler cannot know before it has been told so by an end. */
static void door_refuses(struct pair *p)
{
    UNTIL(p->base, p->ob.closed == 1);
    turns(p->base, 10);
    assert_int_equal(p->oa.opened, 0);
}

static void ca_of_another(void **state)
{
    struct pair *p = *state;

    must_trust(p->a, "hue", "ca-c.pem");
    go_to(p, "hue", "b", "hanoi");
    door_refuses(p);
}

static void forged_name(void **state)
{
    go_to(*state, "dalat", "b-as-c", "hanoi");
    door_refuses(*state);
}

static void expired(void **state)
{
    go_to(*state, "hue", "b-old", "hanoi");
    door_refuses(*state);
}

static void leaf_that_plays_ca(void **state)
{
    go_to(*state, "hue", "b-chain", "hanoi");
    door_refuses(*state);
}

static void no_longer_known(void **state)
{
    struct pair *p = *state;

    tls_distrust(p->a, "hue");
    go_to(p, "hue", "b", "hanoi");
    door_refuses(p);
    must_trust(p->a, "hue", "ca-b.pem");
    dial_ended(p->dial);
    UNTIL(p->base, p->oa.opened == 1);
}

/* The dialler refuses a door: nothing is ever handed over to its owner. */
static void dialler_refuses(struct pair *p)
{
    UNTIL(p->base, p->oa.closed >= 1);
    turns(p->base, 10);
    assert_int_equal(p->ob.opened, 0);
}

static void door_with_a_forged_ca(void **state)
{
    struct pair *p = *state;

    go_to(p, "hue", "b", "hanoi");
    must_trust(p->b, "hanoi", "ca-c.pem");
    dialler_refuses(p);
    must_trust(p->b, "hanoi", "ca-a.pem"); /* it comes back by itself */
    UNTIL(p->base, p->ob.opened == 1);
}

static void door_of_another_center(void **state)
{
    go_to(*state, "hue", "b", "dalat");
    dialler_refuses(*state);
}

/* An outsider with OpenSSL and nothing else: `max` picks the version of TLS. */
static void outsider(struct pair *p, const char *file, int max)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    int fd = raw_tcp(door_address(p->door));
    struct timeval tv = {.tv_usec = 1000};
    char byte, name[32];
    SSL *ssl;

    (void)SSL_CTX_set_max_proto_version(ctx, max);
    if (file) {
        (void)snprintf(name, sizeof(name), "%s.pem", file);
        assert_int_equal(SSL_CTX_use_certificate_chain_file(ctx, in_dir(name)), 1);
        (void)snprintf(name, sizeof(name), "%s.key", file);
        assert_int_equal(
            SSL_CTX_use_PrivateKey_file(ctx, in_dir(name), SSL_FILETYPE_PEM), 1);
    }
    ssl = SSL_new(ctx);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
    assert_int_equal(SSL_set_fd(ssl, fd), 1);
    for (int i = 0; i < 100 && SSL_connect(ssl) != 1; i++)
        turn(p->base);
    if (SSL_is_init_finished(ssl))
        (void)SSL_read(ssl, &byte, 1); /* waits for 1 ms */
    raw_expect_end(p->base, fd);
    assert_int_equal(p->oa.opened, 0);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    (void)close(fd);
}

static void no_certificate(void **state)
{
    outsider(*state, NULL, TLS1_3_VERSION);
}

static void old_tls(void **state)
{
    outsider(*state, "b", TLS1_2_VERSION);
}

static void certificates_without_one_name(void **state)
{
    outsider(*state, "b-none", TLS1_3_VERSION);
    outsider(*state, "b-two", TLS1_3_VERSION);
}

static void no_tls_at_all(void **state)
{
    struct pair *p = *state;
    int fd = raw_tcp(door_address(p->door));

    raw_send(fd, "{\"t\":\"auth\"}");
    raw_expect_end(p->base, fd);
    assert_int_equal(p->oa.opened, 0);
    (void)close(fd);
}

static void own_files(void **state)
{
    struct tls *t = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(tls_new("hue", in_dir("b.pem"), in_dir("a.key"), &t, &err),
                     -EINVAL);
    assert_int_equal(tls_new("hanoi", in_dir("b.pem"), in_dir("b.key"), &t, &err),
                     -EINVAL);
    assert_non_null(strstr(err.text, "hue"));
    assert_int_equal(
        tls_new("hue", in_dir("b-none.pem"), in_dir("b-none.key"), &t, &err), -EINVAL);
    sh("cp b.key open.key && chmod 644 open.key");
    assert_int_equal(tls_new("hue", in_dir("b.pem"), in_dir("open.key"), &t, &err),
                     -EPERM);
    sh("openssl ec -in b.key -aes128 -passout pass:x -out shut.key && "
       "chmod 600 shut.key");
    assert_int_equal(tls_new("hue", in_dir("b.pem"), in_dir("shut.key"), &t, &err),
                     -EINVAL);
    assert_null(t);
    t = tls_of("hue", "b");
    assert_int_equal(strlen(tls_fingerprint(t)), 64);
    assert_int_equal(tls_trust(t, "hanoi", in_dir("gone.pem"), &err), -EINVAL);
    assert_int_equal(tls_trust(t, "../x", in_dir("ca-a.pem"), &err), -EINVAL);
    tls_free(t);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_right_pair),
        CASE(large_and_paused),
        CASE(ca_of_another),
        CASE(forged_name),
        CASE(expired),
        CASE(leaf_that_plays_ca),
        CASE(no_longer_known),
        CASE(door_with_a_forged_ca),
        CASE(door_of_another_center),
        CASE(no_certificate),
        CASE(old_tls),
        CASE(certificates_without_one_name),
        CASE(no_tls_at_all),
        cmocka_unit_test(own_files),
    };

    if (system("openssl version >/dev/null 2>&1") != 0)
        return puts("1..0 # SKIP openssl is not installed") < 0;
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
