/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fuzz_hostlist - node lists as people and other programs write them
 *
 * What is accepted keeps its names when it is compressed and expanded again.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/hostlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct words names = WORDS_INIT(5000, 1 << 20);
    struct words again = WORDS_INIT(5000, 1 << 20);
    struct buf list = BUF_INIT(1 << 20);
    char *text = malloc(size + 1);

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (hostlist_expand(text, &names, NULL) == 0) {
        hostlist_compress(names.v, names.n, &list);
        if (list.err || hostlist_expand(buf_text(&list), &again, NULL) < 0
            || again.n != names.n)
            abort();
        for (size_t i = 0; i < names.n; i++)
            if (strcmp(names.v[i], again.v[i]) != 0)
                abort();
    }
    words_release(&names);
    words_release(&again);
    buf_release(&list);
    free(text);
    return 0;
}
