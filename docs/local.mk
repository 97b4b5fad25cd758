# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
EXTRA_DIST += \
	docs/accounting.md \
	docs/admin.md \
	docs/admin-slurm.md \
	docs/architecture.md \
	docs/benchmarks.md \
	docs/decisions/0004-ranks-placed-by-a-program.md \
	docs/decisions/0014-a-proxy-stands-in-slurm.md \
	docs/decisions/0018-claim-before-release.md \
	docs/faults.md \
	docs/placement.md \
	docs/plugins.md \
	docs/protocol.md \
	docs/report-page.png \
	docs/reports.md \
	docs/scheduling.md \
	docs/sharing-curve.svg \
	docs/store.md

dist_man_MANS += \
	docs/man/facct.1 \
	docs/man/facctmgr.1 \
	docs/man/fbalance.1 \
	docs/man/fbatch.1 \
	docs/man/fcancel.1 \
	docs/man/fcontrol.1 \
	docs/man/fexplain.1 \
	docs/man/fseff.1 \
	docs/man/finfo.1 \
	docs/man/fmap.1 \
	docs/man/fprio.1 \
	docs/man/fqueue.1 \
	docs/man/fbundle.1 \
	docs/man/freport.1 \
	docs/man/fverify.1 \
	docs/man/fshare.1 \
	docs/man/fsim.1 \
	docs/man/hopluu-agreement.5 \
	docs/man/hopluu-jobcomp.8 \
	docs/man/hopluu-keys.8 \
	docs/man/hopluu-noded.8 \
	docs/man/hopluu.conf.5 \
	docs/man/hopluud.8 \
	docs/man/noded.conf.5

# The examples are in their pages too, and tested.
dist_doc_DATA += docs/examples/hopluu.conf docs/examples/with-hue.conf
# end of the pages
