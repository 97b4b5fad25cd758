# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
if HAVE_CMOCKA
command_tests = tests/command/test_batch tests/command/test_field
check_PROGRAMS += $(command_tests)
TESTS += $(command_tests)
# No wire: what these test does not speak to anybody.
command_test_libs = command/libcommand.la lib/libmodel.la lib/libbase.la $(SMARTCOLS_LIBS) \
	$(JANSSON_LIBS) $(CMOCKA_LIBS)
tests_command_test_batch_SOURCES = tests/command/test_batch.c
tests_command_test_batch_LDADD = $(command_test_libs)
tests_command_test_field_SOURCES = tests/command/test_field.c
tests_command_test_field_LDADD = $(command_test_libs)
endif

check_PROGRAMS += tests/command/fake_daemon
tests_command_fake_daemon_SOURCES = tests/command/fake_daemon.c
tests_command_fake_daemon_LDADD = $(JANSSON_LIBS)
TESTS += tests/command/test_commands.t
EXTRA_DIST += tests/command/test_commands.t tests/command/answers/quiet.json \
	tests/command/answers/control.json \
	tests/command/answers/refusals.json
