# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
if HAVE_CMOCKA
fed_tests = tests/fed/test_edges tests/fed/test_pair tests/fed/test_terms
check_PROGRAMS += $(fed_tests)
TESTS += $(fed_tests)
tests_fed_test_pair_SOURCES = tests/fed/test_pair.c \
	tests/fed/world.c tests/fed/world.h tests/fed/world_int.h \
	tests/fed/world_disk.c tests/fed/world_site.c
tests_fed_test_pair_LDADD = lib/libfed.la lib/libsched.la lib/libledger.la \
	lib/libmodel.la lib/libbase.la $(CMOCKA_LIBS) $(SSL_LIBS)
tests_fed_test_edges_SOURCES = tests/fed/test_edges.c
tests_fed_test_edges_LDADD = lib/libfed.la lib/libsched.la lib/libledger.la \
	lib/libmodel.la lib/libbase.la $(CMOCKA_LIBS) $(SSL_LIBS)
tests_fed_test_terms_SOURCES = tests/fed/test_terms.c
tests_fed_test_terms_LDADD = lib/libfed.la lib/libsched.la lib/libledger.la \
	lib/libmodel.la lib/libbase.la $(CMOCKA_LIBS) $(SSL_LIBS)
endif
