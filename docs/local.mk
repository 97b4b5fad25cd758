# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
EXTRA_DIST += docs/protocol.md docs/architecture.md docs/admin.md docs/store.md \
	docs/placement.md docs/benchmarks.md

# Pages of the user commands.
dist_man_MANS += docs/man/fbatch.1 docs/man/fqueue.1 docs/man/fcancel.1 docs/man/finfo.1 \
	docs/man/facct.1 docs/man/fbalance.1 docs/man/fexplain.1 docs/man/freport.1

# Pages for administrators.
dist_man_MANS += docs/man/hopluu-keys.8 docs/man/hopluud.8 docs/man/hopluu.conf.5


# fmap
dist_man_MANS += docs/man/fmap.1
EXTRA_DIST += docs/placement.md

# Pages of the node daemon.
dist_man_MANS += docs/man/hopluu-noded.8 docs/man/noded.conf.5

# The simulator and scheduling.
EXTRA_DIST += docs/scheduling.md
dist_man_MANS += docs/man/fsim.1

# fcontrol
dist_man_MANS += docs/man/fcontrol.1

# The center's daemon and its files; the examples are in their pages too, and tested.
dist_man_MANS += docs/man/hopluud.8 docs/man/hopluu.conf.5 docs/man/hopluu-agreement.5
dist_doc_DATA += docs/examples/hopluu.conf docs/examples/with-hue.conf

