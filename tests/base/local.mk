# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
if HAVE_CMOCKA
base_tests = tests/base/test_measure
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)
tests_base_test_measure_SOURCES = tests/base/test_measure.c
tests_base_test_measure_LDADD = lib/libbase.la $(CMOCKA_LIBS)
endif
