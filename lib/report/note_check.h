/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * note_check - who has signed a checkpoint?
 */
#ifndef HOPLUU_REPORT_NOTE_CHECK_H
#define HOPLUU_REPORT_NOTE_CHECK_H

#include "base/err.h"
#include "ledger/chain.h"

/*
 * note      the signed note (c2sp.org/signed-note), NUL-terminated
 * keys      directory of NAME.pub (PEM, Ed25519) of the centers that may have signed
 * center    whose journal it must be: its signature is needed
 *
 * 0; -EBADMSG (not a note of that center's, or a signature by a key that is there is
 * wrong); -ENOENT (its own key or signature is missing); -ENOMEM.
 * *ret_others: how many others have signed with a key that is there.
 */
int note_check(const char *note,
               const char *keys,
               const char *center,
               struct checkpoint *ret_point,
               unsigned *ret_others,
               struct err *err);

#endif
