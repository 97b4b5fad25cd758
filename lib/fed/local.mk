# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
noinst_LTLIBRARIES += lib/libfed.la
lib_libfed_la_SOURCES = \
	lib/fed/alarm.c \
	lib/fed/allowance.c \
	lib/fed/candidate.c \
	lib/fed/drain.c \
	lib/fed/edges.c \
	lib/fed/exchange.c \
	lib/fed/fed.c lib/fed/fed.h lib/fed/fed_int.h \
	lib/fed/holder.c \
	lib/fed/hole.c \
	lib/fed/host.c \
	lib/fed/intake.c \
	lib/fed/lost.c \
	lib/fed/offering.c \
	lib/fed/peers.c \
	lib/fed/rest.c \
	lib/fed/route.c \
	lib/fed/states.c \
	lib/fed/step.c \
	lib/fed/view.c
