# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
if HAVE_CMOCKA
daemon_tests = tests/daemon/test_shepherd
check_PROGRAMS += $(daemon_tests)
TESTS += $(daemon_tests)
tests_daemon_test_shepherd_SOURCES = tests/daemon/test_shepherd.c
tests_daemon_test_shepherd_LDADD = lib/libbase.la $(JANSSON_LIBS) $(CMOCKA_LIBS)
endif

TESTS += tests/daemon/test_example.t
EXTRA_DIST += tests/daemon/test_example.t
