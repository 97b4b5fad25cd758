/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * freport_sign - the signature of a bundle's manifest
 *
 * By the program `openssl`, which also knows tokens: a ministry's key lives in one, and
 * asks for its PIN itself.
 */
#ifndef HOPLUU_COMMAND_FREPORT_SIGN_H
#define HOPLUU_COMMAND_FREPORT_SIGN_H

#include "base/err.h"

/*
 * dir/MANIFEST.sha256 -> dir/MANIFEST.p7s (report/seal.h).
 *
 * certificate  PEM file
 * key          PEM file, or a PKCS #11 URI ("pkcs11:token=…;object=…")
 *
 * 0, -EINVAL (openssl said no: its words are on stderr), -ENOENT (no openssl), -errno.
 */
int freport_sign(const char *dir,
                 const char *certificate,
                 const char *key,
                 struct err *err);

#endif
