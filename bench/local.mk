# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception

# store: durable job changes a second, and their cost in the loop
EXTRA_PROGRAMS += bench/store
bench_store_SOURCES = bench/store.c
bench_store_LDADD = $(store_libs)
