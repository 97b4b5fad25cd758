/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* common - options that most commands share */
#include "config.h"

#include "command/common.h"

#include <stdlib.h>

#include "command/say.h"

#include "base/banned.h"

error_t common_parse(struct common *c, int key, const char *arg, int noheader)
{
    if (key == COMMON_SOCKET)
        c->socket = arg;
    else if (key == COMMON_JSON)
        c->json = true;
    else if (key == 'P')
        c->look.style = SHEET_PARSABLE2;
    else if (key == noheader)
        c->look.no_header = true;
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

void common_refuse(const struct argp_state *state,
                   const char *option,
                   const struct err *err)
{
    (void)state; /* its usage text would bury the one line that matters */
    say_error("%s: %s", option, err->text);
    exit(SAY_ERROR);
}

void common_checked(const struct argp_state *state,
                    const char *option,
                    int r,
                    const struct err *err)
{
    if (r != 0)
        common_refuse(state, option, err);
}
