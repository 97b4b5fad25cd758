/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * patience - a daemon that was killed lets go of its files a moment later
 *
 * A successor that starts at once waits for that some seconds and says so in its log,
 * before it believes that another daemon lives here.
 */
#ifndef HOPLUU_DAEMON_PATIENCE_H
#define HOPLUU_DAEMON_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#define PATIENCE_S 8

struct patience { /* {0} to begin with */
    int64_t until_us;
};

/* Waits a moment: try again. false = long enough, or a signal came. why is said once.
 */
bool patience_wait(struct patience *p, const char *why);

#endif
