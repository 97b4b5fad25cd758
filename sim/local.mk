# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# The simulator is a library of its own, so that its tests need no program.
noinst_LTLIBRARIES += sim/libsim.la
sim_libsim_la_SOURCES = \
	sim/center.c \
	sim/heap.c sim/heap.h \
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

bin_PROGRAMS += sim/fsim
sim_fsim_SOURCES = \
	sim/fsim.c sim/fsim_int.h \
	sim/fsim_options.c \
	sim/plot.c \
	sim/report.c
sim_fsim_CFLAGS = $(program_cflags) $(ZLIB_CFLAGS)
sim_fsim_LDFLAGS = $(program_ldflags)
sim_fsim_LDADD = sim/libsim.la
