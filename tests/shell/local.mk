# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# Tests with real programs and daemons, each in a scratch directory.
shell_tests = \
	tests/shell/allowance.t \
	tests/shell/budget.t \
	tests/shell/bundle.t \
	tests/shell/checks.t \
	tests/shell/config.t \
	tests/shell/drain.t \
	tests/shell/facctmgr.t \
	tests/shell/fairshare.t \
	tests/shell/faults_real.t \
	tests/shell/federation.t \
	tests/shell/full.t \
	tests/shell/guests.t \
	tests/shell/jobs.t \
	tests/shell/keys.t \
	tests/shell/kill.t \
	tests/shell/ledger.t \
	tests/shell/learn.t \
	tests/shell/lost.t \
	tests/shell/mpi.t \
	tests/shell/packages.t \
	tests/shell/pages.t \
	tests/shell/records.t \
	tests/shell/reload.t \
	tests/shell/reservation.t \
	tests/shell/restart.t \
	tests/shell/second_try.t \
	tests/shell/slurm.t \
	tests/shell/slurm_admin.t \
	tests/shell/slurm_ends.t \
	tests/shell/slurm_handover.t \
	tests/shell/slurm_noded.t \
	tests/shell/slurm_plugins.t \
	tests/shell/slurm_kill.t \
	tests/shell/topology.t \
	tests/shell/transfer.t \
	tests/shell/trust.t
TESTS += $(shell_tests)
EXTRA_DIST += $(shell_tests) tests/shell/lib.sh scripts/lib/federation.sh scripts/lib/slurm.sh
# end of the shell tests
