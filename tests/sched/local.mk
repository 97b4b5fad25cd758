# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
if HAVE_CMOCKA
sched_tests = \
	tests/sched/test_backlog \
	tests/sched/test_fair \
	tests/sched/test_forecast \
	tests/sched/test_pool \
	tests/sched/test_predict \
	tests/sched/test_priority \
	tests/sched/test_profile \
	tests/sched/test_promises \
	tests/sched/test_reserve \
	tests/sched/test_sched \
	tests/sched/test_sched_guests \
	tests/sched/test_share
check_PROGRAMS += $(sched_tests)
TESTS += $(sched_tests)
sched_test_libs = lib/libsched.la lib/libmodel.la lib/libbase.la $(CMOCKA_LIBS)
tests_sched_test_backlog_SOURCES = tests/sched/test_backlog.c tests/sched/dice.h
tests_sched_test_backlog_LDADD = $(sched_test_libs)
tests_sched_test_fair_SOURCES = tests/sched/test_fair.c tests/sched/dice.h
tests_sched_test_fair_LDADD = $(sched_test_libs) -lm
tests_sched_test_forecast_SOURCES = tests/sched/test_forecast.c tests/sched/dice.h
tests_sched_test_forecast_LDADD = $(sched_test_libs) -lm
tests_sched_test_pool_SOURCES = tests/sched/test_pool.c tests/sched/dice.h
tests_sched_test_pool_LDADD = $(sched_test_libs)
tests_sched_test_predict_SOURCES = tests/sched/test_predict.c
tests_sched_test_predict_LDADD = $(sched_test_libs)
tests_sched_test_priority_SOURCES = tests/sched/test_priority.c tests/sched/center_bed.h tests/sched/dice.h
tests_sched_test_priority_LDADD = $(sched_test_libs) -lm
tests_sched_test_profile_SOURCES = tests/sched/test_profile.c tests/sched/dice.h
tests_sched_test_profile_LDADD = $(sched_test_libs)
tests_sched_test_promises_SOURCES = tests/sched/test_promises.c tests/sched/center_bed.h tests/sched/dice.h
tests_sched_test_promises_LDADD = $(sched_test_libs)
tests_sched_test_reserve_SOURCES = tests/sched/test_reserve.c tests/sched/center_bed.h tests/sched/dice.h
tests_sched_test_reserve_LDADD = $(sched_test_libs)
tests_sched_test_sched_SOURCES = tests/sched/test_sched.c tests/sched/center_bed.h tests/sched/dice.h
tests_sched_test_sched_LDADD = $(sched_test_libs)
tests_sched_test_sched_guests_SOURCES = tests/sched/test_sched_guests.c tests/sched/center_bed.h
tests_sched_test_sched_guests_LDADD = $(sched_test_libs)
tests_sched_test_share_SOURCES = tests/sched/test_share.c tests/sched/dice.h
tests_sched_test_share_LDADD = $(sched_test_libs) -lm
endif
