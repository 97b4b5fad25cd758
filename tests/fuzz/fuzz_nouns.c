/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fuzz_nouns - whatever bytes a stranger sends, each decoder reads or refuses them
 *
 * What was read must be written and read again as the same noun.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "wire/noun_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define TRY(noun)                                                                      \
    static void try_##noun(const json_t *o)                                            \
    {                                                                                  \
        static struct noun was, is;                                                    \
        struct err err;                                                                \
        json_t *again;                                                                 \
                                                                                       \
        if (noun##_from_json(o, &was, &err) < 0)                                       \
            return;                                                                    \
        again = noun##_to_json(&was);                                                  \
        if (!again || noun##_from_json(again, &is, &err) < 0                           \
            || memcmp(&was, &is, sizeof(is)) != 0)                                     \
            abort();                                                                   \
        json_decref(again);                                                            \
    }
TRY(request)
TRY(usage)
TRY(holding)
TRY(copy)
TRY(route_view)
TRY(supply)
TRY(posting)

static void try_job_spec(const json_t *o)
{
    struct job_spec *s = NULL;
    struct err err;

    if (job_spec_from_json(o, &s, &err) == 0)
        json_decref(job_spec_to_json(s));
    job_spec_free(s);
}

static void try_peer_msg(const json_t *o)
{
    struct peer_msg m;
    char *spec = NULL;
    struct err err;

    if (peer_msg_from_json(o, &m, &spec, &err) == 0)
        json_decref(peer_msg_to_json(&m));
    free(spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    json_t *o = json_loadb((const char *)bytes, n, JSON_ALLOW_NUL, NULL);

    if (!o)
        return 0;
    try_request(o);
    try_usage(o);
    try_holding(o);
    try_copy(o);
    try_route_view(o);
    try_supply(o);
    try_posting(o);
    try_job_spec(o);
    try_peer_msg(o);
    json_decref(o);
    return 0;
}
