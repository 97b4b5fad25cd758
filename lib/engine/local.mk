# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
noinst_LTLIBRARIES += lib/libengine.la
lib_libengine_la_SOURCES = \
	lib/engine/engine.h \
	lib/engine/collect.c lib/engine/collect.h \
	lib/engine/local.c lib/engine/local.h lib/engine/local_int.h \
	lib/engine/local_files.c \
	lib/engine/local_jobs.c \
	lib/engine/local_nodes.c \
	lib/engine/local_map.c \
	lib/engine/local_order.c \
	lib/engine/local_parts.c \
	lib/engine/local_place.c lib/engine/local_place.h \
	lib/engine/local_traffic.c \
	lib/engine/null.c lib/engine/null.h \
	lib/engine/queue.c lib/engine/queue.h \
	lib/engine/worker.c lib/engine/worker.h
if HAVE_SLURM
lib_libengine_la_SOURCES += \
	lib/engine/slurm.c lib/engine/slurm.h lib/engine/slurm_int.h \
	lib/engine/slurm_ask.c \
	lib/engine/slurm_beside.c \
	lib/engine/slurm_ends.c \
	lib/engine/slurm_files.c \
	lib/engine/slurm_h.h \
	lib/engine/slurm_jobs.c \
	lib/engine/slurm_mirror.c \
	lib/engine/slurm_order.c \
	lib/engine/slurm_proxy.c \
	lib/engine/slurm_rpc.c lib/engine/slurm_rpc.h \
	lib/engine/slurm_rpc_look.c \
	lib/engine/slurm_settle.c \
	lib/engine/slurm_turn.c \
	lib/engine/slurm_watch.c \
	lib/engine/slurm_words.c lib/engine/slurm_words.h
lib_libengine_la_CPPFLAGS = $(AM_CPPFLAGS) $(SLURM_CFLAGS)
endif
# end of lib/engine
