# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
noinst_LTLIBRARIES += lib/libledger.la
lib_libledger_la_SOURCES = \
	lib/ledger/account.c \
	lib/ledger/act.c lib/ledger/act.h \
	lib/ledger/base64.c lib/ledger/base64_int.h \
	lib/ledger/book.c lib/ledger/book.h lib/ledger/book_int.h \
	lib/ledger/chain.c lib/ledger/chain.h \
	lib/ledger/checkpoint.c \
	lib/ledger/fold.c \
	lib/ledger/line.c \
	lib/ledger/merkle.c lib/ledger/merkle.h \
	lib/ledger/month.c lib/ledger/month.h \
	lib/ledger/move.c \
	lib/ledger/node.c \
	lib/ledger/note.c lib/ledger/note.h \
	lib/ledger/price.c \
	lib/ledger/roll.c lib/ledger/roll.h lib/ledger/roll_int.h \
	lib/ledger/roll_check.c \
	lib/ledger/roll_sign.c \
	lib/ledger/roll_site.c \
	lib/ledger/transfer.c
lib_libledger_la_LIBADD = -lcrypto
