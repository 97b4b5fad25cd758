# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
if HAVE_CMOCKA
engine_tests = tests/engine/contract tests/engine/test_local
engine_test_libs = lib/libengine.la lib/libplace.la lib/libsched.la lib/libwire.la \
	lib/libmodel.la lib/libbase.la \
	$(JANSSON_LIBS) $(EVENT_LIBS) $(SSL_LIBS) $(MUNGE_LIBS) $(CMOCKA_LIBS) $(SLURM_LIBS) -lm
engine_test_bed = tests/engine/bed.c tests/engine/bed.h tests/engine/bed_slurm.c
tests_engine_contract_SOURCES = tests/engine/contract.c $(engine_test_bed)
tests_engine_contract_LDADD = $(engine_test_libs)
tests_engine_test_local_SOURCES = tests/engine/test_local.c $(engine_test_bed)
tests_engine_test_local_LDADD = $(engine_test_libs)
if HAVE_SLURM
engine_tests += tests/engine/test_slurm tests/engine/test_slurm_words
tests_engine_test_slurm_SOURCES = tests/engine/test_slurm.c $(engine_test_bed)
tests_engine_test_slurm_LDADD = $(engine_test_libs)
tests_engine_test_slurm_words_SOURCES = tests/engine/test_slurm_words.c
tests_engine_test_slurm_words_CPPFLAGS = $(AM_CPPFLAGS) $(SLURM_CFLAGS)
tests_engine_test_slurm_words_LDADD = $(engine_test_libs)
endif
check_PROGRAMS += $(engine_tests)
TESTS += $(engine_tests)
endif
