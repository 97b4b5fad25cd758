/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fuzz_machine - fmap's words: a machine in three lines (arities, distances,
 *                capacities), and lists of numbers such as a map
 *
 * What is accepted must be a machine whose groups hold their cores.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "command/fmap.h"
#include "place/machine.h"

static void use(struct machine *m)
{
    uint32_t last = machine_cores(m) - 1;

    if (machine_node_of(m, last) != machine_nodes(m) - 1
        || machine_group_key(m, last, 0) != last)
        abort();
    for (uint32_t l = 1; l <= machine_levels(m); l++)
        if (machine_group_key(m, 0, l) != 0 || machine_group_key(m, last, l) > last)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct words line = WORDS_INIT(4, 4096);
    char *text = malloc(size + 1);
    struct machine *m = NULL;
    uint32_t *v = NULL;
    uint32_t n = 0;

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (words_split(&line, text, "\n") == 0 && line.n >= 2
        && machine_new_text(line.v[0], line.v[1], line.n > 2 ? line.v[2] : NULL, &m,
                            NULL)
               == 0)
        use(m);
    m = machine_free(m);
    words_release(&line);
    if (fmap_numbers(text, "map", 100, &v, &n, NULL) == 0) {
        if (n > 100)
            abort();
        free(v);
    }
    free(text);
    return 0;
}
