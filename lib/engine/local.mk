# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
noinst_LTLIBRARIES += lib/libengine.la
lib_libengine_la_SOURCES = \
	lib/engine/engine.h \
	lib/engine/local.c lib/engine/local.h lib/engine/local_int.h \
	lib/engine/local_files.c \
	lib/engine/local_jobs.c \
	lib/engine/local_nodes.c \
	lib/engine/local_map.c \
	lib/engine/local_order.c \
	lib/engine/local_parts.c \
	lib/engine/local_traffic.c \
	lib/engine/null.c lib/engine/null.h \
	lib/engine/queue.c lib/engine/queue.h
# end of lib/engine
