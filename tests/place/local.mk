# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
if HAVE_CMOCKA
place_tests = tests/place/test_faults tests/place/test_grid tests/place/test_nodes tests/place/test_place \
	tests/place/test_read tests/place/test_spread
check_PROGRAMS += $(place_tests)
TESTS += $(place_tests)
place_test_libs = lib/libplace.la lib/libmodel.la lib/libbase.la $(CMOCKA_LIBS) -lm
tests_place_test_faults_SOURCES = tests/place/test_faults.c \
	tests/support/fault.c tests/support/fault.h
tests_place_test_faults_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray
tests_place_test_faults_LDADD = $(place_test_libs)
tests_place_test_grid_SOURCES = tests/place/test_grid.c
tests_place_test_grid_LDADD = $(place_test_libs)
tests_place_test_nodes_SOURCES = tests/place/test_nodes.c
tests_place_test_nodes_LDADD = $(place_test_libs)
tests_place_test_place_SOURCES = tests/place/test_place.c
tests_place_test_place_LDADD = $(place_test_libs)
tests_place_test_read_SOURCES = tests/place/test_read.c
tests_place_test_read_LDADD = $(place_test_libs)
tests_place_test_spread_SOURCES = tests/place/test_spread.c
tests_place_test_spread_LDADD = $(place_test_libs)
endif
TESTS += tests/place/fmap.t
EXTRA_DIST += tests/place/fmap.t
