# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
EXTRA_DIST += tests/wire/recorded/protocol-1.txt tests/wire/wire_house.h tests/wire/wire_loop.h
if HAVE_CMOCKA
wire_tests = tests/wire/test_conn tests/wire/test_digest tests/wire/test_door tests/wire/test_munge \
	tests/wire/test_nouns \
	tests/wire/test_recorded \
	tests/wire/test_sign \
	tests/wire/test_tls
check_PROGRAMS += $(wire_tests)
TESTS += $(wire_tests)
wire_test_libs = lib/libwire.la lib/libbase.la $(CMOCKA_LIBS)
tests_wire_test_conn_SOURCES = tests/wire/test_conn.c
tests_wire_test_conn_LDADD = $(wire_test_libs)
tests_wire_test_digest_SOURCES = tests/wire/test_digest.c
tests_wire_test_digest_LDADD = $(wire_test_libs)
tests_wire_test_tls_SOURCES = tests/wire/test_tls.c
tests_wire_test_tls_LDADD = $(wire_test_libs) $(SSL_LIBS)
tests_wire_test_sign_SOURCES = tests/wire/test_sign.c
tests_wire_test_sign_LDADD = $(wire_test_libs) $(SSL_LIBS)
tests_wire_test_munge_SOURCES = tests/wire/test_munge.c
tests_wire_test_munge_LDADD = $(wire_test_libs)
tests_wire_test_door_SOURCES = tests/wire/test_door.c
tests_wire_test_door_LDADD = $(wire_test_libs)
tests_wire_test_recorded_SOURCES = tests/wire/test_recorded.c
tests_wire_test_recorded_LDADD = lib/libwire.la lib/libmodel.la lib/libbase.la $(CMOCKA_LIBS)
tests_wire_test_nouns_SOURCES = tests/wire/test_nouns.c \
	tests/wire/random_noun.c tests/wire/random_noun.h
tests_wire_test_nouns_LDADD = lib/libwire.la lib/libmodel.la lib/libbase.la $(CMOCKA_LIBS)
endif
