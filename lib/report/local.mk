# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
noinst_LTLIBRARIES += lib/libreport.la
lib_libreport_la_SOURCES = \
	lib/report/apel.c \
	lib/report/apel_sum.c \
	lib/report/calendar.c lib/report/calendar.h \
	lib/report/csv.c lib/report/csv.h \
	lib/report/export.c lib/report/export.h lib/report/export_int.h \
	lib/report/record_file.c lib/report/record_file.h \
	lib/report/record_line.c lib/report/record_line.h \
	lib/report/registry.c lib/report/registry.h \
	lib/report/text.c lib/report/text.h \
	lib/report/ur2.c \
	lib/report/xdmod.c
