/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * seal - a detached CMS signature over a file's bytes, in exactly one form
 *
 * What `openssl cms -sign -binary -md sha256 -noattr -nosmimecap -outform DER` writes:
 * one signer, its certificate, no attributes (so no time of signing: the same content
 * and an RSA key give the same bytes). Checking takes nothing looser than that: every
 * byte of the file has one right value, so that a changed one is always found.
 */
#ifndef HOPLUU_REPORT_SEAL_H
#define HOPLUU_REPORT_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SEAL_BYTES 65536 /* the largest that is read */
#define SIGNER_TEXT_CAP 256

struct seal_signer {
    char subject[SIGNER_TEXT_CAP]; /* RFC 2253 */
    char sha256[65];               /* of the certificate, hexadecimal */
    int64_t from;                  /* valid from, until: s since 1970 */
    int64_t until;
};

/*
 * seal       [n] DER
 * content    [n_content] what was signed
 * ca_path    PEM, the certificates that are trusted
 * at         s since 1970: the certificate must be valid then; 0 = now
 *
 * 0, -EBADMSG (it is not such a signature, or not of this content), -EKEYREJECTED (the
 * certificate is not trusted, expired, not yet valid, …: why), -errno of ca_path,
 * -ENOMEM. *ret_signer is set if the certificate could be read.
 */
int seal_check(const void *seal,
               size_t n,
               const void *content,
               size_t n_content,
               const char *ca_path,
               int64_t at,
               struct seal_signer *ret_signer,
               struct err *err);

#endif
