# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# Link these and tests/support/fault.c where allocations shall fail.
fault_sources = tests/support/fault.c tests/support/fault.h
fault_ldflags = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray
if HAVE_CMOCKA
ledger_tests = tests/ledger/test_book tests/ledger/test_book_random tests/ledger/test_chain \
	tests/ledger/test_roll tests/ledger/campaign
check_PROGRAMS += $(ledger_tests)
TESTS += $(ledger_tests)
ledger_test_libs = lib/libledger.la lib/libmodel.la lib/libbase.la $(CMOCKA_LIBS)
tests_ledger_test_book_SOURCES = tests/ledger/test_book.c tests/ledger/book_fixture.h
tests_ledger_test_book_LDADD = $(ledger_test_libs)
tests_ledger_test_chain_SOURCES = tests/ledger/test_chain.c
tests_ledger_test_chain_LDADD = $(ledger_test_libs)
tests_ledger_test_roll_SOURCES = tests/ledger/test_roll.c
tests_ledger_test_roll_LDADD = $(ledger_test_libs) $(CRYPTO_LIBS)
# Run by hand for longer: tests/ledger/campaign 10000000
tests_ledger_campaign_SOURCES = tests/ledger/campaign.c
tests_ledger_campaign_LDADD = $(ledger_test_libs)
tests_ledger_test_book_random_SOURCES = tests/ledger/test_book_random.c \
	tests/ledger/book_fixture.h $(fault_sources)
tests_ledger_test_book_random_LDFLAGS = $(AM_LDFLAGS) $(fault_ldflags)
tests_ledger_test_book_random_LDADD = $(ledger_test_libs)
endif
