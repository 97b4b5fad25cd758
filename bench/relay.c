/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * relay - the network between two centers: slow, or silent
 *
 *     relay CONTROL LISTEN TARGET LISTEN TARGET
 *
 * Ports of this machine. What is said to the first LISTEN goes to its TARGET (way 1)
 * and back (way 2); through the second pair the ways are the other way round, so that
 * way 1 is always from the first center to the second, whoever dials. CONTROL is a file
 * with one line, read again every few milliseconds:
 *
 *     DELAY_MS CUT      CUT: 0 whole, 1 way 1 is silent, 2 way 2 is, 3 both, 4 reset
 *
 * A cut is silent, as on a real wire under TCP: nothing is refused, what was on its way
 * waits, and comes when the cut heals if the connection still stands. New connections
 * are taken and hear nothing. A reset ends all connections once and refuses new ones.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/measure.h"

#include "base/banned.h"

#define LINKS_MAX 64
#define CHUNK 16384
#define QUEUED_MAX (4u << 20) /* of one way: then the sender is not read */

struct chunk {
    struct chunk *next;
    double due;
    size_t len, sent;
    char bytes[CHUNK];
};

struct way { /* from one end to the other */
    int from, to;
    int number; /* 1 or 2 */
    struct chunk *first, **last;
    size_t queued;
    bool ended; /* the sender has finished */
    double ended_due;
};

struct link {
    bool used;
    struct way ways[2];
};

static struct link links[LINKS_MAX];
static double delay_s;
static unsigned cut;

static double seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool silent(const struct way *w)
{
    return cut == 3 || cut == (unsigned)w->number;
}

static void link_close(struct link *l)
{
    for (int i = 0; i < 2; i++)
        while (l->ways[i].first) {
            struct chunk *c = l->ways[i].first;

            l->ways[i].first = c->next;
            free(c);
        }
    (void)close(l->ways[0].from); /* nothing is left to be told */
    (void)close(l->ways[0].to);
    memset(l, 0, sizeof(*l));
}

static struct sockaddr_in here(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void quick(int fd)
{
    int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* only slower */
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);                            /* as above */
}

static void link_open(int listener, uint16_t target, int first_way)
{
    struct sockaddr_in to = here(target);
    int a = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    int b = a < 0 ? -1 : socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct link *l = links;

    while (l < links + LINKS_MAX && l->used)
        l++;
    if (b < 0 || l == links + LINKS_MAX || cut == 4
        || connect(b, (struct sockaddr *)&to, sizeof(to)) < 0) {
        if (a >= 0)
            (void)close(a);
        if (b >= 0)
            (void)close(b);
        return;
    }
    quick(a);
    quick(b);
    *l = (struct link){
        .used = true,
        .ways = {{.from = a, .to = b, .number = first_way},
                 {.from = b, .to = a, .number = 3 - first_way}}
    };
    for (int i = 0; i < 2; i++)
        l->ways[i].last = &l->ways[i].first;
}

/* false: the link is over */
static bool way_read(struct way *w)
{
    struct chunk *c = calloc(1, sizeof(*c));
    ssize_t n = c ? read(w->from, c->bytes, sizeof(c->bytes)) : -1;

    if (n <= 0) {
        bool again = n < 0 && (errno == EAGAIN || errno == EINTR);

        free(c);
        if (n == 0) {
            w->ended = true;
            w->ended_due = seconds() + delay_s;
        }
        return n == 0 || again;
    }
    c->len = (size_t)n;
    c->due = seconds() + delay_s;
    *w->last = c;
    w->last = &c->next;
    w->queued += c->len;
    return true;
}

static bool way_write(struct way *w, double now)
{
    while (!silent(w) && w->first && w->first->due <= now) {
        struct chunk *c = w->first;
        ssize_t n = send(w->to, c->bytes + c->sent, c->len - c->sent, MSG_NOSIGNAL);

        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        c->sent += (size_t)n;
        w->queued -= (size_t)n;
        if (c->sent < c->len)
            return true;
        w->first = c->next;
        if (!w->first)
            w->last = &w->first;
        free(c);
    }
    return !(w->ended && !w->first && !silent(w) && w->ended_due <= now);
}

static void control(const char *path)
{
    char line[64] = "";
    unsigned ms = 0;
    unsigned how = 0;
    FILE *f = fopen(path, "re");

    if (!f)
        return; /* it is being written */
    if (fgets(line, sizeof(line), f)) {
        char *space = strchr(line, ' ');

        line[strcspn(line, "\n")] = '\0';
        if (space) {
            *space = '\0';
            if (measure_u32(line, 0, 60000, &ms, NULL) == 0
                && measure_u32(space + 1, 0, 4, &how, NULL) == 0) {
                delay_s = ms / 1000.0;
                cut = how;
            }
        }
    }
    (void)fclose(f); /* it was read */
    for (struct link *l = links; cut == 4 && l < links + LINKS_MAX; l++)
        if (l->used)
            link_close(l);
}

static int listen_on(uint16_t port)
{
    struct sockaddr_in at = here(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0
        || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 16) < 0) {
        (void)fprintf(stderr, "relay: port %u: %s\n", port, strerror(errno));
        exit(1);
    }
    return fd;
}

static void turn(const int listeners[2], const uint16_t targets[2])
{
    struct pollfd fds[2 + 2 * LINKS_MAX];
    struct way *of[2 + 2 * LINKS_MAX];
    nfds_t n = 2;
    double now;

    for (int i = 0; i < 2; i++)
        fds[i] = (struct pollfd){.fd = listeners[i], .events = POLLIN};
    for (struct link *l = links; l < links + LINKS_MAX; l++)
        for (int i = 0; l->used && i < 2; i++)
            if (!l->ways[i].ended && l->ways[i].queued < QUEUED_MAX) {
                of[n] = &l->ways[i];
                fds[n++] = (struct pollfd){.fd = l->ways[i].from, .events = POLLIN};
            }
    (void)poll(fds, n, delay_s > 0 || cut ? 1 : 5); /* interrupted: the next turn */
    for (nfds_t i = 2; i < n; i++)
        if (fds[i].revents && !way_read(of[i]))
            of[i]->ended = true;
    for (int i = 0; i < 2; i++)
        if (fds[i].revents)
            link_open(listeners[i], targets[i], i + 1);
    now = seconds();
    for (struct link *l = links; l < links + LINKS_MAX; l++)
        if (l->used && (!way_write(&l->ways[0], now) || !way_write(&l->ways[1], now)))
            link_close(l);
}

int main(int argc, char **argv)
{
    uint32_t ports[4];
    int listeners[2];
    double looked = 0;

    for (int i = 0; i < 4; i++)
        if (argc != 6 || measure_u32(argv[2 + i], 1, 65535, &ports[i], NULL) < 0) {
            (void)fprintf(stderr, "usage: relay CONTROL LISTEN TARGET LISTEN TARGET\n");
            return 2;
        }
    (void)signal(SIGPIPE, SIG_IGN); /* MSG_NOSIGNAL says so already */
    for (int i = 0; i < 2; i++)
        listeners[i] = listen_on((uint16_t)ports[2 * i]);
    for (;;) {
        const uint16_t targets[2] = {(uint16_t)ports[1], (uint16_t)ports[3]};

        if (seconds() - looked > 0.005) {
            control(argv[1]);
            looked = seconds();
        }
        turn(listeners, targets);
    }
}
