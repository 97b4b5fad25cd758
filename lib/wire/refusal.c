/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* refusal - what a daemon says no with, as an error of ours */
#include "config.h"

#include "wire/refusal.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

#include "base/banned.h"

/* The words of refusals and what they are to a program. */
static const struct {
    const char *word;
    int code;
} codes[] = {
    {"usage",       -EINVAL      },
    {"denied",      -EACCES      },
    {"not-found",   -ENOENT      },
    {"ended",       -EALREADY    },
    {"no-center",   -ENETUNREACH },
    {"no-budget",   -EDQUOT      },
    {"full",        -EAGAIN      },
    {"too-large",   -E2BIG       },
    {"unreachable", -EHOSTUNREACH},
    {"storage",     -ENOSPC      },
};

int refusal_errno(const char *word)
{
    for (size_t i = 0; word && i < ARRAY_SIZE(codes); i++)
        if (!strcmp(word, codes[i].word))
            return codes[i].code;
    return -EIO;
}

int refusal_read(const json_t *answer, struct err *err)
{
    const char *text = json_string_value(json_object_get(answer, "text"));

    if (json_is_true(json_object_get(answer, "ok")))
        return 0;
    return err_set(err,
                   refusal_errno(json_string_value(json_object_get(answer, "code"))),
                   "%s", text ? text : "refused without a reason");
}
