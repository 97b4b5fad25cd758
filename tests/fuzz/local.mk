# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# Each target defines LLVMFuzzerTestOneInput; here replay.c runs it over its corpus, and
# clang -fsanitize=fuzzer takes the same file.
fuzz_targets = tests/fuzz/fuzz_sbatch
check_PROGRAMS += $(fuzz_targets)
TESTS += $(fuzz_targets)
tests_fuzz_fuzz_sbatch_SOURCES = tests/fuzz/fuzz_sbatch.c tests/fuzz/replay.c
tests_fuzz_fuzz_sbatch_LDADD = command/libcommand.la lib/libmodel.la lib/libbase.la
EXTRA_DIST += tests/fuzz/corpus/sbatch/bad tests/fuzz/corpus/sbatch/good \
	tests/fuzz/corpus/sbatch/odd
