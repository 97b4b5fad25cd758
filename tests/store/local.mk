# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
store_libs = lib/libstore.la lib/libwire.la lib/libledger.la lib/libmodel.la lib/libbase.la \
	$(SQLITE_LIBS) $(JANSSON_LIBS) $(EVENT_LIBS)
if HAVE_CMOCKA
store_tests = tests/store/test_store tests/store/test_query tests/store/test_failure \
	tests/store/test_journal
check_PROGRAMS += $(store_tests)
TESTS += $(store_tests)
store_test_libs = $(store_libs) $(CMOCKA_LIBS)
tests_store_test_store_SOURCES = tests/store/test_store.c tests/store/store_fixture.h
tests_store_test_store_LDADD = $(store_test_libs)
tests_store_test_query_SOURCES = tests/store/test_query.c tests/store/store_fixture.h
tests_store_test_query_LDADD = $(store_test_libs)
tests_store_test_failure_SOURCES = tests/store/test_failure.c tests/store/store_fixture.h
tests_store_test_failure_LDADD = $(store_test_libs)
tests_store_test_journal_SOURCES = tests/store/test_journal.c tests/store/store_fixture.h
tests_store_test_journal_LDADD = $(store_test_libs)
endif
