/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* checkpoint - the three lines that stand for a journal up to some size */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/measure.h"
#include "ledger/base64_int.h"
#include "ledger/chain.h"

#include "base/banned.h"

int checkpoint_write(const struct merkle *m, const char *origin, char *text, size_t cap)
{
    struct hash root;
    char root_text[CHECKPOINT_ROOT_TEXT + 1];
    int r = merkle_root(m, &root);
    int n;

    if (r < 0)
        return r;
    base64_write(root.b, sizeof(root.b), root_text);
    n = snprintf(text, cap, "%s\n%" PRIu64 "\n%s\n", origin, m->n, root_text);
    return n < 0 || (size_t)n >= cap ? -EMSGSIZE : 0;
}

int checkpoint_read(const char *text, struct checkpoint *ret_point, struct err *err)
{
    struct checkpoint p = {0};
    const char *size = strchr(text, '\n');
    const char *root = size ? strchr(size + 1, '\n') : NULL;
    char number[24] = "";

    if (!root || (size_t)(size - text) >= sizeof(p.origin)
        || (size_t)(root - size - 1) >= sizeof(number)
        || strlen(root + 1) != CHECKPOINT_ROOT_TEXT + 1
        || root[1 + CHECKPOINT_ROOT_TEXT] != '\n')
        return err_set(err, -EBADMSG,
                       "a checkpoint has three lines: origin, size, root in base64");
    memcpy(p.origin, text, (size_t)(size - text));
    memcpy(number, size + 1, (size_t)(root - size - 1));
    if (measure_u64(number, 0, INT64_MAX, &p.size, err) < 0)
        return err_prefix(err, -EBADMSG, "the checkpoint's size");
    if (base64_read(root + 1, sizeof(p.root.b), p.root.b) < 0)
        return err_set(err, -EBADMSG,
                       "the checkpoint's root is not 32 bytes in base64");
    *ret_point = p;
    return 0;
}
