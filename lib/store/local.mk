# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
noinst_LTLIBRARIES += lib/libstore.la
lib_libstore_la_SOURCES = \
	lib/store/batch.c \
	lib/store/group.c \
	lib/store/journal.c lib/store/journal_int.h \
	lib/store/journal_adopt.c \
	lib/store/journal_read.c \
	lib/store/query.c \
	lib/store/read.c \
	lib/store/runs.c \
	lib/store/schema.c \
	lib/store/sink.c \
	lib/store/sql.c \
	lib/store/store.c lib/store/store.h lib/store/store_int.h \
	lib/store/text.c lib/store/text_int.h \
	lib/store/witness.c \
	lib/store/writer.c
