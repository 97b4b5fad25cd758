# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
noinst_LTLIBRARIES += lib/libbase.la
lib_libbase_la_SOURCES = \
	lib/base/banned.h \
	lib/base/buf.c lib/base/buf.h \
	lib/base/cleanup.h \
	lib/base/err.c lib/base/err.h \
	lib/base/log.c lib/base/log.h \
	lib/base/measure.c lib/base/measure.h \
	lib/base/number.h \
	lib/base/path.c lib/base/path.h \
	lib/base/table.c lib/base/table.h \
	lib/base/time.c lib/base/time.h \
	lib/base/words.c lib/base/words.h
