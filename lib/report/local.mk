# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
noinst_LTLIBRARIES += lib/libreport.la
lib_libreport_la_SOURCES = \
	lib/report/apel.c \
	lib/report/apel_sum.c \
	lib/report/bundle.h lib/report/bundle_int.h lib/report/bundle_say.h \
	lib/report/bundle_books.c \
	lib/report/bundle_check.c \
	lib/report/bundle_file.c \
	lib/report/bundle_make.c \
	lib/report/bundle_proof.c \
	lib/report/bundle_say.c \
	lib/report/bundle_text.c \
	lib/report/calendar.c lib/report/calendar.h \
	lib/report/csv.c lib/report/csv.h \
	lib/report/export.c lib/report/export.h lib/report/export_int.h \
	lib/report/job_sums.c lib/report/job_sums.h \
	lib/report/note_check.c lib/report/note_check.h \
	lib/report/proof.c lib/report/proof.h \
	lib/report/record_file.c lib/report/record_file.h \
	lib/report/record_line.c lib/report/record_line.h \
	lib/report/registry.c lib/report/registry.h \
	lib/report/grid.c lib/report/grid.h \
	lib/report/grid_write.c \
	lib/report/journal_file.c lib/report/journal_file.h \
	lib/report/names.c lib/report/names.h \
	lib/report/seal.c lib/report/seal.h \
	lib/report/sorter.c lib/report/sorter.h \
	lib/report/suppress.c \
	lib/report/tables.c lib/report/tables.h lib/report/tables_int.h \
	lib/report/tables_share.c \
	lib/report/tally.c lib/report/tally.h lib/report/tally_int.h \
	lib/report/tally_group.c \
	lib/report/tar.c lib/report/tar.h \
	lib/report/text.c lib/report/text.h \
	lib/report/ur2.c \
	lib/report/xdmod.c

# What needs large libraries stands apart: fverify is linked without it.
noinst_LTLIBRARIES += lib/libpaper.la
lib_libpaper_la_SOURCES = \
	lib/report/paper.c lib/report/paper.h lib/report/paper_int.h \
	lib/report/xlsx.c lib/report/xlsx.h
if HAVE_PANGOCAIRO
lib_libpaper_la_SOURCES += lib/report/paper_grid.c
endif
lib_libpaper_la_CFLAGS = $(AM_CFLAGS) $(PANGOCAIRO_CFLAGS) $(XLSXWRITER_CFLAGS)
