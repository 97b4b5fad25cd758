# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# What plugins ask, against a daemon that misbehaves; and the modules themselves, called
# as Slurm calls them.
if HAVE_CMOCKA
plugin_tests = tests/plugin/test_line tests/plugin/test_wish
tests_plugin_test_line_SOURCES = tests/plugin/test_line.c tests/plugin/fake_door.c \
	tests/plugin/fake_door.h
tests_plugin_test_line_LDADD = plugin/libask.la lib/libnoun.la lib/libmodel.la lib/libbase.la \
	$(JANSSON_LIBS) $(CMOCKA_LIBS) -lpthread
tests_plugin_test_wish_SOURCES = tests/plugin/test_wish.c
tests_plugin_test_wish_LDADD = plugin/libwish.la lib/libmodel.la lib/libbase.la $(CMOCKA_LIBS)
if HAVE_SLURM
plugin_tests += tests/plugin/test_job_submit
tests_plugin_test_job_submit_SOURCES = tests/plugin/test_job_submit.c \
	tests/plugin/fake_door.c tests/plugin/fake_door.h
tests_plugin_test_job_submit_CFLAGS = $(AM_CFLAGS) $(SLURM_CFLAGS)
tests_plugin_test_job_submit_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
tests_plugin_test_job_submit_LDADD = plugin/libask.la lib/libnoun.la lib/libmodel.la \
	lib/libbase.la $(JANSSON_LIBS) $(CMOCKA_LIBS) -lpthread
EXTRA_tests_plugin_test_job_submit_DEPENDENCIES = plugin/job_submit_hopluu.la
plugin_tests += tests/plugin/test_spank
tests_plugin_test_spank_SOURCES = tests/plugin/test_spank.c
tests_plugin_test_spank_CFLAGS = $(AM_CFLAGS) $(SLURM_CFLAGS)
tests_plugin_test_spank_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
tests_plugin_test_spank_LDADD = $(CMOCKA_LIBS)
EXTRA_tests_plugin_test_spank_DEPENDENCIES = plugin/spank_hopluu.la
endif
check_PROGRAMS += $(plugin_tests)
TESTS += $(plugin_tests)
endif
# end of the plugins' tests
