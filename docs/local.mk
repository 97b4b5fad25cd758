# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
EXTRA_DIST += docs/store.md

# Pages of the user commands.
dist_man_MANS += docs/man/fbatch.1 docs/man/fqueue.1 docs/man/fcancel.1 docs/man/finfo.1 \
	docs/man/facct.1 docs/man/fbalance.1 docs/man/fexplain.1 docs/man/freport.1
