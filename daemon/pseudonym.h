/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * pseudonym - the name under which a person stands in what leaves the center
 *
 * "p-" and 16 hexadecimal digits of HMAC-SHA-256(key, user@institution). The key is the
 * file pseudonym.key of the state directory, made once, readable by the daemon only.
 * Without it nobody can tell who was meant: to forget all people of the past, remove
 * it.
 */
#ifndef HOPLUU_DAEMON_PSEUDONYM_H
#define HOPLUU_DAEMON_PSEUDONYM_H

#include "base/err.h"
#include "model/name.h"

struct pseudonym;

/* Reads the key, or makes it. 0, -errno, -EBADMSG (not 32 bytes), -ENOMEM. */
int pseudonym_open(const char *state_dir, struct pseudonym **ret_p, struct err *err);
void *pseudonym_free(struct pseudonym *p);

/* text [NAME_CAP]. 0, -ENOMEM. */
int pseudonym_of(const struct pseudonym *p, const char *person, char *text);

#endif
