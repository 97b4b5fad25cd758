# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
dist_man_MANS += docs/man/hopluu-keys.8
EXTRA_DIST += docs/protocol.md docs/architecture.md docs/admin.md docs/store.md
