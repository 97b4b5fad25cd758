/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* wire_house - a center with a Unix door in a directory of its own */
#ifndef HOPLUU_TESTS_WIRE_HOUSE_H
#define HOPLUU_TESTS_WIRE_HOUSE_H

#include "tests/wire/wire_loop.h"
#include "wire/door.h"

struct house {
    char dir[64];
    char path[96];
    struct event_base *base;
    struct door *door;
    struct owner o;
};

static inline int set_up(void **state)
{
    struct house *h = calloc(1, sizeof(*h));

    if (!h)
        return -1;
    (void)word_copy(h->dir, sizeof(h->dir), "/tmp/hopluu-conn-XXXXXX");
    if (!mkdtemp(h->dir))
        return -1;
    (void)snprintf(h->path, sizeof(h->path), "%s/run/socket", h->dir);
    h->base = event_base_new();
    *state = h;
    return door_open_unix(h->base, h->path, 0666, 2, "hanoi", owner_open, &h->o,
                          &h->door, NULL);
}

static inline int tear_down(void **state)
{
    struct house *h = *state;
    char run[96];

    conn_close(h->o.c);
    door_close(h->door);
    loop_free(h->base);
    assert_int_equal(access(h->path, F_OK), -1);
    (void)snprintf(run, sizeof(run), "%s/run", h->dir);
    assert_int_equal(rmdir(run), 0);
    assert_int_equal(rmdir(h->dir), 0);
    free(h);
    return 0;
}

static inline int enter(struct house *h)
{
    unsigned before = h->o.opened;
    int fd = raw_unix(h->path);

    raw_expect(h->base, fd, "center", "hanoi");
    assert_int_equal(h->o.opened, before + 1);
    return fd;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
