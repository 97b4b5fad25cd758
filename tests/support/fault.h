/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fault - allocations that fail on demand
 *
 * Link tests/support/fault.c and $(fault_ldflags). Only calls from objects that are
 * linked with it are seen; malloc of shared libraries is not.
 */
#ifndef HOPLUU_TESTS_SUPPORT_FAULT_H
#define HOPLUU_TESTS_SUPPORT_FAULT_H

#include <stdbool.h>

void fault_arm(unsigned nth); /* the nth allocation from now fails; 0 disarms */
bool fault_fired(void);       /* since it was armed */

#endif
