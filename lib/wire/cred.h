/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * cred - MUNGE credentials: who on this federation's machines has said a text
 *
 * Both calls ask the munged of this machine and wait for it, as libmunge does.
 */
#ifndef HOPLUU_WIRE_CRED_H
#define HOPLUU_WIRE_CRED_H

#include <sys/types.h>

#include "base/err.h"

#define NONCE_CAP 65 /* 32 random bytes in hex */

/* 0 or -errno of getrandom(). */
int cred_nonce(char nonce[NONCE_CAP]);

/* munge_socket NULL = the default. ret_cred: caller frees. 0 or -EACCES with text. */
int cred_make(const char *munge_socket,
              const char *text,
              char **ret_cred,
              struct err *err);

/* 0 when `cred` is good, unseen and says exactly `text`; -EACCES with the reason. */
int cred_check(const char *munge_socket,
               const char *cred,
               const char *text,
               uid_t *ret_uid,
               gid_t *ret_gid,
               struct err *err);

#endif
