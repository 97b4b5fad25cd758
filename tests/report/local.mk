# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
report_libs = lib/libreport.la lib/libledger.la lib/libmodel.la lib/libbase.la \
	$(JANSSON_LIBS) $(SSL_LIBS)

if HAVE_CMOCKA
report_tests = tests/report/test_record
check_PROGRAMS += $(report_tests)
TESTS += $(report_tests)
tests_report_test_record_SOURCES = tests/report/test_record.c
tests_report_test_record_LDADD = $(report_libs) $(CMOCKA_LIBS)
endif

check_PROGRAMS += tests/report/make_records
tests_report_make_records_SOURCES = tests/report/make_records.c
tests_report_make_records_LDADD = $(report_libs)

check_PROGRAMS += tests/report/make_books
tests_report_make_books_SOURCES = tests/report/make_books.c
tests_report_make_books_LDADD = $(report_libs)

check_PROGRAMS += tests/report/tamper
tests_report_tamper_SOURCES = tests/report/tamper.c
tests_report_tamper_LDADD = $(report_libs)

report_scripts = tests/report/bundle.t tests/report/export.t tests/report/tables.t
TESTS += $(report_scripts)
EXTRA_DIST += $(report_scripts) tests/report/check_apel tests/report/check_xlsx tests/report/registry.json
# end of the report tests
