/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_door - the Unix door: who may come, how many, and its file */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "tests/wire/wire_house.h"

static void kernel_says_who(void **state)
{
    struct house *h = *state;
    struct stat st;
    int fd = enter(h);

    assert_int_equal(h->o.who.kind, CONN_USER);
    assert_int_equal(h->o.who.uid, getuid());
    assert_int_equal(h->o.who.gid, getgid());
    assert_int_equal(h->o.who.pid, getpid());
    assert_string_equal(h->o.who.address, "unix");
    assert_string_equal(door_address(h->door), h->path);
    assert_int_equal(stat(h->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0666);
    (void)close(fd);
    UNTIL(h->base, h->o.closed == 1);
    assert_int_equal(h->o.reason, 0);
}

static void door_is_full(void **state)
{
    struct house *h = *state;
    int a = enter(h), b = enter(h);
    int c = raw_unix(h->path);

    raw_expect_end(h->base, c);
    assert_int_equal(h->o.opened, 2);
    (void)close(a);
    UNTIL(h->base, h->o.closed == 1);
    turns(h->base, 5);
    (void)close(c);
    c = enter(h); /* one has left: room again */
    assert_int_equal(h->o.opened, 3);
    (void)close(b);
    (void)close(c);
    UNTIL(h->base, h->o.closed == 3);
}

/* A client that does not read keeps its conn for two seconds, not for ever. */
static void close_does_not_wait_for_ever(void **state)
{
    struct house *h = *state;
    int fd = enter(h);
    char *text = calloc(1, 4u << 20);
    int64_t from;

    assert_non_null(text);
    assert_int_equal(conn_send_text(h->o.c, text, 4u << 20), 0);
    conn_close(TAKE_PTR(h->o.c));
    from = now_read().mono.us;
    door_close(TAKE_PTR(h->door));
    while (event_base_get_num_events(h->base, EVENT_BASE_COUNT_ADDED) > 0)
        turn(h->base);
    assert_in_range(now_read().mono.us - from, US_PER_S, 3 * US_PER_S);
    (void)close(fd);
    free(text);
}

static void socket_files(void **state)
{
    struct house *h = *state;
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    struct door *second = NULL;
    struct err err = {0};
    char plain[128];
    int fd;

    assert_int_equal(door_open_unix(h->base, h->path, 0600, 2, "hue", owner_open, &h->o,
                                    &second, &err),
                     -EADDRINUSE);
    assert_non_null(strstr(err.text, h->path));
    door_close(TAKE_PTR(h->door));
    assert_int_equal(access(h->path, F_OK), -1);

    /* A socket file that nobody listens on is taken over. */
    (void)word_copy(sun.sun_path, sizeof(sun.sun_path), h->path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
    (void)close(fd);
    assert_int_equal(door_open_unix(h->base, h->path, 0600, 2, "hanoi", owner_open,
                                    &h->o, &h->door, &err),
                     0);
    (void)close(enter(h));
    UNTIL(h->base, h->o.closed == 1);

    /* Anything else is not ours to remove. */
    (void)snprintf(plain, sizeof(plain), "%s/plain", h->dir);
    fd = open(plain, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    (void)close(fd);
    assert_int_equal(door_open_unix(h->base, plain, 0600, 2, "hue", owner_open, &h->o,
                                    &second, &err),
                     -EEXIST);
    assert_int_equal(unlink(plain), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(kernel_says_who),
        CASE(door_is_full),
        CASE(close_does_not_wait_for_ever),
        CASE(socket_files),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
