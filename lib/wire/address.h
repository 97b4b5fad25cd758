/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * address - "host:port" and "[v6]:port" to sockets and back
 */
#ifndef HOPLUU_WIRE_ADDRESS_H
#define HOPLUU_WIRE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/err.h"

#define HOST_CAP 256
#define PORT_CAP 8

/* 0 or -EINVAL. An empty host or "*" gives "". */
int address_split(const char *address,
                  char host[HOST_CAP],
                  char port[PORT_CAP],
                  struct err *err);

/* "127.0.0.1:40112", "[::1]:40112", "unix"; whole or cut. */
void address_text(const struct sockaddr *sa, socklen_t len, char *text, size_t cap);

/* A listening TCP socket, non-blocking: the descriptor or -errno. */
int address_bind(const char *address, struct err *err);

/* What every TCP socket that carries frames gets: no delay, keep-alive. */
void address_tune(int fd);

#endif
