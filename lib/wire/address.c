/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* address - "host:port" and "[v6]:port" to sockets and back */
#include "config.h"

#include "wire/address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/words.h"

#include "base/banned.h"

int address_split(const char *address,
                  char host[HOST_CAP],
                  char port[PORT_CAP],
                  struct err *err)
{
    const char *colon = strrchr(address, ':');
    const char *from = address;
    size_t len = colon ? (size_t)(colon - address) : 0;
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;

    if (digits == 0 || digits > 5 || colon[1 + digits] != '\0' || len >= HOST_CAP)
        return err_set(err, -EINVAL, "'%s' is not HOST:PORT", address);
    if (len >= 2 && from[0] == '[' && from[len - 1] == ']') {
        from++;
        len -= 2;
    } else if (memchr(from, ':', len)) {
        return err_set(err, -EINVAL, "'%s': write [ADDRESS]:PORT for IPv6", address);
    }
    if (len == 1 && from[0] == '*')
        len = 0;
    memcpy(host, from, len);
    host[len] = '\0';
    (void)word_copy(port, PORT_CAP, colon + 1);
    return 0;
}

void address_text(const struct sockaddr *sa, socklen_t len, char *text, size_t cap)
{
    char host[NI_MAXHOST], port[NI_MAXSERV];
    int flags = NI_NUMERICHOST | NI_NUMERICSERV;

    if (sa->sa_family == AF_UNIX)
        word_cut(text, cap, "unix");
    else if (getnameinfo(sa, len, host, sizeof(host), port, sizeof(port), flags) != 0)
        word_cut(text, cap, "?");
    else
        (void)snprintf(text, cap, sa->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
                       port);
}

static int bind_one(const struct addrinfo *a)
{
    static const int on = 1;
    _cleanup_(closep) int fd =
        socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0
        || bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0)
        return -errno;
    return TAKE_FD(fd);
}

int address_bind(const char *address, struct err *err)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    char host[HOST_CAP], port[PORT_CAP];
    struct addrinfo *list = NULL;
    int fd = -EADDRNOTAVAIL;
    int r = address_split(address, host, port, err);

    if (r < 0)
        return r;
    r = getaddrinfo(host[0] ? host : NULL, port, &hints, &list);
    if (r != 0)
        return err_set(err, -EINVAL, "address '%s': %s", address, gai_strerror(r));
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
        fd = bind_one(a);
    freeaddrinfo(list);
    if (fd < 0)
        return err_set(err, fd, "cannot listen on %s: %s", address, strerror(-fd));
    return fd;
}

void address_tune(int fd)
{
    static const int on = 1, idle_s = 30, probe_s = 10, probes = 3;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &probe_s, sizeof(probe_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}
