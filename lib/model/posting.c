/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* posting - words for the kinds of steps, and which accounts each joins */
#include "config.h"

#include "model/posting.h"

#include <string.h>

#include "base/cleanup.h"
#include "model/enum_words.h"

#include "base/banned.h"

static const char *const posting_words[] = {
    [POST_GRANT] = "grant",     [POST_WITHDRAW] = "withdraw",
    [POST_HOLD] = "hold",       [POST_CAPTURE] = "capture",
    [POST_OVERRUN] = "overrun", [POST_RELEASE] = "release",
    [POST_REFUND] = "refund",   [POST_EARN] = "earn",
    [POST_UNEARN] = "unearn",   [POST_MOVE] = "move",
    [POST_EXPIRE] = "expire",   [POST_NET] = "net",
};
ENUM_WORDS(posting_kind, enum posting_kind, _POSTING_KIND_MAX, posting_words)

static const struct {
    const char *from;
    const char *to;
    enum posting_kind kind;
} joins[] = {
    {"budget:",   "avail:",    POST_GRANT   },
    {"avail:",    "budget:",   POST_WITHDRAW},
    {"avail:",    "hold:",     POST_HOLD    },
    {"hold:",     "spent:",    POST_CAPTURE },
    {"avail:",    "spent:",    POST_OVERRUN },
    {"owed:",     "spent:",    POST_OVERRUN },
    {"avail:",    "owed:",     POST_OVERRUN },
    {"hold:",     "avail:",    POST_RELEASE },
    {"spent:",    "refund:",   POST_REFUND  },
    {"refund:",   "avail:",    POST_REFUND  },
    {"budget:",   "earned:",   POST_EARN    },
    {"earned:",   "budget:",   POST_UNEARN  },
    {"avail:",    "avail:",    POST_MOVE    },
    {"avail:",    "expired:",  POST_EXPIRE  },
    {"clearing:", "clearing:", POST_NET     },
};

bool posting_kind_of(const char *from, const char *to, enum posting_kind *ret_k)
{
    for (size_t i = 0; i < ARRAY_SIZE(joins); i++)
        if (from[0] == joins[i].from[0] && to[0] == joins[i].to[0]
            && !strncmp(from, joins[i].from, strlen(joins[i].from))
            && !strncmp(to, joins[i].to, strlen(joins[i].to))) {
            *ret_k = joins[i].kind;
            return true;
        }
    return false;
}
