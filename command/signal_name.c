/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* signal_name - signals as people write them */
#include "config.h"

#include "command/signal_name.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/measure.h"

#include "base/banned.h"

#define SIGNAL_MAX 64

int signal_name_parse(const char *text, uint32_t *ret_signal, struct err *err)
{
    const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;

    if (isdigit((unsigned char)*text)
        && !measure_u32(text, 1, SIGNAL_MAX, ret_signal, NULL))
        return 0;
    for (int n = 1; n <= SIGNAL_MAX; n++) {
        const char *known = sigabbrev_np(n);

        if (known && !strcasecmp(known, name)) {
            *ret_signal = (uint32_t)n;
            return 0;
        }
    }
    return err_set(
        err, -EINVAL,
        "'%.40s' is not a signal: use a number from 1 to %d or a name such as "
        "USR1",
        text, SIGNAL_MAX);
}
