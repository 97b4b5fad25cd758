# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
dist_hopluulibexec_SCRIPTS += scripts/hopluu-jobcomp scripts/hopluu-keys
hopluu_scripts = \
	.ci/run \
	scripts/build \
	scripts/check \
	scripts/check-banned \
	scripts/check-commits \
	scripts/check-floors \
	scripts/check-format \
	scripts/check-headers \
	scripts/check-length \
	scripts/check-lib-quiet \
	scripts/check-man \
	scripts/check-manuals \
	scripts/check-packages \
	scripts/check-paths \
	scripts/check-pure \
	scripts/check-shell \
	scripts/check-spdx \
	scripts/check-spelling \
	scripts/demo \
	scripts/faults-real \
	scripts/fed-coverage \
	scripts/install-packages \
	scripts/mutants \
	scripts/packages \
	scripts/recount \
	scripts/slurm-source \
	scripts/test
EXTRA_DIST += $(hopluu_scripts)
