# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
if HAVE_CMOCKA
model_tests = tests/model/test_hostlist tests/model/test_job_spec \
	tests/model/test_rank_map tests/model/test_request
check_PROGRAMS += $(model_tests)
TESTS += $(model_tests)
model_test_libs = lib/libmodel.la lib/libbase.la $(CMOCKA_LIBS)
tests_model_test_hostlist_SOURCES = tests/model/test_hostlist.c
tests_model_test_hostlist_LDADD = $(model_test_libs)
tests_model_test_job_spec_SOURCES = tests/model/test_job_spec.c
tests_model_test_job_spec_LDADD = $(model_test_libs)
tests_model_test_rank_map_SOURCES = tests/model/test_rank_map.c
tests_model_test_rank_map_LDADD = $(model_test_libs)
tests_model_test_request_SOURCES = tests/model/test_request.c
tests_model_test_request_LDADD = $(model_test_libs)
endif
