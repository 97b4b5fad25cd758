# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# One list per height: unit and property tests beside the room that they test.
EXTRA_DIST += tests/cmocka_all.h tests/second-try
include tests/base/local.mk
include tests/model/local.mk
include tests/place/local.mk
include tests/sched/local.mk
include tests/ledger/local.mk
include tests/wire/local.mk
include tests/report/local.mk
include tests/store/local.mk
include tests/fed/local.mk
include tests/engine/local.mk
include tests/sim/local.mk
include tests/command/local.mk
include tests/daemon/local.mk
include tests/plugin/local.mk
include tests/fuzz/local.mk
include tests/shell/local.mk

# The names of the tests that are programs, for scripts/test --long
unit-tests:
	@for t in $(TESTS); do case $$t in *.t) ;; *) echo $$t ;; esac; done
