# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# Each target defines LLVMFuzzerTestOneInput; here replay.c runs it over its corpus, and
# clang -fsanitize=fuzzer takes the same file.
fuzz_targets = tests/fuzz/fuzz_nouns tests/fuzz/fuzz_sbatch
check_PROGRAMS += $(fuzz_targets)
TESTS += $(fuzz_targets)
tests_fuzz_fuzz_sbatch_SOURCES = tests/fuzz/fuzz_sbatch.c tests/fuzz/replay.c
tests_fuzz_fuzz_sbatch_LDADD = command/libcommand.la lib/libmodel.la lib/libbase.la
EXTRA_DIST += tests/fuzz/corpus/sbatch/bad tests/fuzz/corpus/sbatch/good \
	tests/fuzz/corpus/sbatch/odd
tests_fuzz_fuzz_nouns_SOURCES = tests/fuzz/fuzz_nouns.c tests/fuzz/replay.c
tests_fuzz_fuzz_nouns_LDADD = lib/libwire.la lib/libmodel.la lib/libbase.la
EXTRA_DIST += tests/fuzz/corpus/nouns/array \
	tests/fuzz/corpus/nouns/copy \
	tests/fuzz/corpus/nouns/deep \
	tests/fuzz/corpus/nouns/doubled \
	tests/fuzz/corpus/nouns/empty \
	tests/fuzz/corpus/nouns/go \
	tests/fuzz/corpus/nouns/holding \
	tests/fuzz/corpus/nouns/negative \
	tests/fuzz/corpus/nouns/notutf8 \
	tests/fuzz/corpus/nouns/posting \
	tests/fuzz/corpus/nouns/spec \
	tests/fuzz/corpus/nouns/supply \
	tests/fuzz/corpus/nouns/view

# place
place_fuzz = tests/fuzz/fuzz_hostlist tests/fuzz/fuzz_hwloc tests/fuzz/fuzz_machine \
	tests/fuzz/fuzz_matrix tests/fuzz/fuzz_prof tests/fuzz/fuzz_topology
check_PROGRAMS += $(place_fuzz)
TESTS += $(place_fuzz)
place_fuzz_libs = lib/libplace.la lib/libmodel.la lib/libbase.la -lm
tests_fuzz_fuzz_hostlist_SOURCES = tests/fuzz/fuzz_hostlist.c tests/fuzz/replay.c
tests_fuzz_fuzz_hostlist_LDADD = $(place_fuzz_libs)
tests_fuzz_fuzz_hwloc_SOURCES = tests/fuzz/fuzz_hwloc.c tests/fuzz/replay.c
tests_fuzz_fuzz_hwloc_LDADD = $(place_fuzz_libs) $(HWLOC_LIBS)
tests_fuzz_fuzz_machine_SOURCES = tests/fuzz/fuzz_machine.c tests/fuzz/replay.c \
	command/fmap_numbers.c
tests_fuzz_fuzz_machine_LDADD = $(place_fuzz_libs)
EXTRA_DIST += tests/fuzz/corpus/hostlist/backwards tests/fuzz/corpus/hostlist/empty \
	tests/fuzz/corpus/hostlist/large tests/fuzz/corpus/hostlist/nested \
	tests/fuzz/corpus/hostlist/plain tests/fuzz/corpus/hostlist/suffix tests/fuzz/corpus/hostlist/unsorted \
	tests/fuzz/corpus/hostlist/zeros \
	tests/fuzz/corpus/hwloc/attribute tests/fuzz/corpus/hwloc/deep \
	tests/fuzz/corpus/hwloc/entity tests/fuzz/corpus/hwloc/huge \
	tests/fuzz/corpus/hwloc/numa tests/fuzz/corpus/hwloc/open \
	tests/fuzz/corpus/hwloc/synthetic tests/fuzz/corpus/hwloc/wrong \
	tests/fuzz/corpus/hwloc/xml \
	tests/fuzz/corpus/machine/deep tests/fuzz/corpus/machine/falls \
	tests/fuzz/corpus/machine/large tests/fuzz/corpus/machine/long \
	tests/fuzz/corpus/machine/map tests/fuzz/corpus/machine/three \
	tests/fuzz/corpus/machine/wrong
tests_fuzz_fuzz_matrix_SOURCES = tests/fuzz/fuzz_matrix.c tests/fuzz/replay.c
tests_fuzz_fuzz_matrix_LDADD = $(place_fuzz_libs)
tests_fuzz_fuzz_prof_SOURCES = tests/fuzz/fuzz_prof.c tests/fuzz/replay.c
tests_fuzz_fuzz_prof_LDADD = $(place_fuzz_libs)
tests_fuzz_fuzz_topology_SOURCES = tests/fuzz/fuzz_topology.c tests/fuzz/replay.c
tests_fuzz_fuzz_topology_LDADD = $(place_fuzz_libs)
EXTRA_DIST += tests/fuzz/corpus/matrix/large tests/fuzz/corpus/matrix/list \
	tests/fuzz/corpus/matrix/metis tests/fuzz/corpus/matrix/mtx \
	tests/fuzz/corpus/matrix/name tests/fuzz/corpus/matrix/square \
	tests/fuzz/corpus/prof/far tests/fuzz/corpus/prof/one \
	tests/fuzz/corpus/topology/continued tests/fuzz/corpus/topology/loop \
	tests/fuzz/corpus/topology/two

# plugins
check_PROGRAMS += tests/fuzz/fuzz_answer
TESTS += tests/fuzz/fuzz_answer
tests_fuzz_fuzz_answer_SOURCES = tests/fuzz/fuzz_answer.c tests/fuzz/replay.c
tests_fuzz_fuzz_answer_LDADD = plugin/libask.la lib/libnoun.la lib/libmodel.la lib/libbase.la \
	$(JANSSON_LIBS)
EXTRA_DIST += tests/fuzz/corpus/answer/deep tests/fuzz/corpus/answer/flood \
	tests/fuzz/corpus/answer/good tests/fuzz/corpus/answer/huge \
	tests/fuzz/corpus/answer/notutf8 tests/fuzz/corpus/answer/refusal \
	tests/fuzz/corpus/answer/short

# bundles
report_fuzz = tests/fuzz/fuzz_bundle tests/fuzz/fuzz_seal tests/fuzz/fuzz_tar
check_PROGRAMS += $(report_fuzz)
TESTS += $(report_fuzz)
report_fuzz_libs = lib/libreport.la lib/libledger.la lib/libmodel.la lib/libbase.la \
	$(JANSSON_LIBS) $(SSL_LIBS)
tests_fuzz_fuzz_bundle_SOURCES = tests/fuzz/fuzz_bundle.c tests/fuzz/replay.c
tests_fuzz_fuzz_bundle_LDADD = $(report_fuzz_libs)
tests_fuzz_fuzz_seal_SOURCES = tests/fuzz/fuzz_seal.c tests/fuzz/replay.c
tests_fuzz_fuzz_seal_LDADD = $(report_fuzz_libs)
tests_fuzz_fuzz_tar_SOURCES = tests/fuzz/fuzz_tar.c tests/fuzz/replay.c
tests_fuzz_fuzz_tar_LDADD = $(report_fuzz_libs)
EXTRA_DIST += tests/fuzz/corpus/bundle/about tests/fuzz/corpus/bundle/about-wrong \
	tests/fuzz/corpus/bundle/checkpoint tests/fuzz/corpus/bundle/line-act \
	tests/fuzz/corpus/bundle/line-cut tests/fuzz/corpus/bundle/line-first \
	tests/fuzz/corpus/bundle/line-numbers tests/fuzz/corpus/bundle/line-settled \
	tests/fuzz/corpus/bundle/note tests/fuzz/corpus/bundle/note-empty \
	tests/fuzz/corpus/bundle/note-short tests/fuzz/corpus/bundle/record \
	tests/fuzz/corpus/bundle/record-wrong \
	tests/fuzz/corpus/seal/attributes tests/fuzz/corpus/seal/cut tests/fuzz/corpus/seal/ec \
	tests/fuzz/corpus/seal/empty tests/fuzz/corpus/seal/inside tests/fuzz/corpus/seal/length \
	tests/fuzz/corpus/tar/absolute tests/fuzz/corpus/tar/behind tests/fuzz/corpus/tar/cut \
	tests/fuzz/corpus/tar/good tests/fuzz/corpus/tar/huge tests/fuzz/corpus/tar/link \
	tests/fuzz/corpus/tar/order tests/fuzz/corpus/tar/outside tests/fuzz/corpus/tar/over \
	tests/fuzz/corpus/tar/padding
