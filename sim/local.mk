# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# The simulator is a library of its own, so that its tests need no program.
noinst_LTLIBRARIES += sim/libsim.la
sim_libsim_la_SOURCES = \
	sim/center.c \
	sim/estimate.c \
	sim/late.c sim/late_int.h \
	sim/lublin.c sim/lublin.h \
	sim/plan.c \
	sim/route.c \
	sim/sim.c sim/sim.h sim/sim_int.h \
	sim/stats.c sim/stats.h \
	sim/trace.c sim/trace.h sim/trace_int.h \
	sim/trace_sacct.c \
	sim/trace_swf.c
sim_libsim_la_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS)
sim_libsim_la_LIBADD = lib/libsched.la lib/libmodel.la lib/libbase.la $(ZLIB_LIBS) -lm

# Centers under faults: with the production fed, sched and ledger.
noinst_LTLIBRARIES += sim/libfaults.la
faults_sources = \
	sim/faults.h sim/faults_int.h sim/faults_world.h \
	sim/faults_bed.c \
	sim/faults_center.c \
	sim/faults_gate.c \
	sim/faults_lies.c \
	sim/faults_money.c \
	sim/faults_net.c \
	sim/faults_oracle.c \
	sim/faults_queue.c \
	sim/faults_script.c \
	sim/faults_shrink.c \
	sim/faults_terms.c \
	sim/faults_text.c \
	sim/faults_world.c
sim_libfaults_la_SOURCES = $(faults_sources)
sim_libfaults_la_LIBADD = lib/libfed.la lib/libsched.la lib/libledger.la lib/libmodel.la \
	lib/libbase.la $(SSL_LIBS)

bin_PROGRAMS += sim/fsim
sim_fsim_SOURCES = \
	sim/fsim.c sim/fsim_int.h \
	sim/fsim_faults.c \
	sim/fsim_options.c \
	sim/plot.c \
	sim/report.c
sim_fsim_CFLAGS = $(program_cflags) $(ZLIB_CFLAGS)
sim_fsim_LDFLAGS = $(program_ldflags)
sim_fsim_LDADD = sim/libfaults.la sim/libsim.la
