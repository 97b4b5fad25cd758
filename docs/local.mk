# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception

# fmap
dist_man_MANS += docs/man/fmap.1
