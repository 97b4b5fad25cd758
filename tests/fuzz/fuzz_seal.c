/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fuzz_seal - a signature file that claims to be ours
 *
 * The content is a fixed line (a corpus file was signed over it) and nobody is trusted:
 * whatever comes in, it is refused, and the signer's texts are texts.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char content[] = "hopluu\n";
    struct seal_signer s = {0};
    struct err err = {0};
    int r =
        seal_check(data, size, content, sizeof(content) - 1, "/dev/null", 1, &s, &err);

    /* Nobody is trusted: the best that can be said is that the list is empty. */
    if (r >= 0 || (r != -EBADMSG && r != -EKEYREJECTED && r != -ENOENT)
        || strnlen(s.subject, SIGNER_TEXT_CAP) == SIGNER_TEXT_CAP
        || strnlen(s.sha256, 65) == 65)
        abort();
    return 0;
}
