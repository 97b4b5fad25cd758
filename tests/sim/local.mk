# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
TESTS += tests/sim/golden.t tests/sim/faults.t tests/sim/mutants.t
EXTRA_DIST += tests/sim/golden.t tests/sim/faults.t tests/sim/mutants.t \
	tests/sim/scripts/cancelled-while-cut \
	tests/sim/scripts/entry-cut-off \
	tests/sim/scripts/entry-dies \
	tests/sim/scripts/split-in-two
AM_TESTS_ENVIRONMENT = top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)'; \
	export top_srcdir top_builddir;
if HAVE_CMOCKA
check_PROGRAMS += tests/sim/test_sim
TESTS += tests/sim/test_sim
tests_sim_test_sim_SOURCES = tests/sim/test_sim.c tests/sched/dice.h
tests_sim_test_sim_LDADD = sim/libsim.la $(CMOCKA_LIBS)
endif
