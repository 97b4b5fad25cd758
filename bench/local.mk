# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception

# store: durable job changes a second, and their cost in the loop
EXTRA_PROGRAMS += bench/store
bench_store_SOURCES = bench/store.c
bench_store_LDADD = $(store_libs)

# ledger: durable book lines a second, and their replay at start
EXTRA_PROGRAMS += bench/ledger
bench_ledger_SOURCES = bench/ledger.c
bench_ledger_LDADD = $(store_libs)
CLEANFILES += bench/ledger

EXTRA_PROGRAMS += bench/place
bench_place_SOURCES = \
	bench/place.c \
	bench/place_growth.c bench/place_growth.h \
	bench/place_instances.c bench/place_instances.h \
	bench/place_peers.c bench/place_peers.h
bench_place_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/bench
bench_place_CFLAGS = $(program_cflags)
bench_place_LDFLAGS = $(program_ldflags)
bench_place_LDADD = lib/libplace.la lib/libbase.la -lm
if HAVE_METIS
bench_place_LDADD += -lmetis
endif
if HAVE_SCOTCH
bench_place_CPPFLAGS += -DUSE_SCOTCH $(scotch_cflags)
bench_place_LDADD += $(scotch_libs)
endif
CLEANFILES += bench/place

# submit: durable submissions a second over one connection
EXTRA_PROGRAMS += bench/submit
bench_submit_SOURCES = bench/submit.c
bench_submit_LDADD = lib/libwire.la lib/libmodel.la lib/libbase.la $(JANSSON_LIBS)
CLEANFILES += bench/submit bench/store

# relay: a network between two centers that is slow, or silent; also for tests
check_PROGRAMS += bench/relay
bench_relay_SOURCES = bench/relay.c
bench_relay_LDADD = lib/libbase.la

# wire_codec: what it costs to write and to read a noun
EXTRA_PROGRAMS += bench/wire_codec
bench_wire_codec_SOURCES = bench/wire_codec.c
bench_wire_codec_LDADD = lib/libwire.la lib/libmodel.la lib/libbase.la $(JANSSON_LIBS)
CLEANFILES += bench/wire_codec
# sched: passes, estimates and events with many jobs waiting
EXTRA_PROGRAMS += bench/sched
bench_sched_SOURCES = bench/sched.c
bench_sched_LDADD = lib/libsched.la lib/libmodel.la lib/libbase.la
CLEANFILES += bench/sched

# route: where a job goes, decisions a second
EXTRA_PROGRAMS += bench/route
bench_route_SOURCES = bench/route.c
bench_route_LDADD = lib/libfed.la lib/libplace.la lib/libsched.la lib/libledger.la lib/libmodel.la lib/libbase.la \
	$(JANSSON_LIBS) $(CRYPTO_LIBS)
CLEANFILES += bench/route

EXTRA_PROGRAMS += bench/nodes
bench_nodes_SOURCES = bench/nodes.c
bench_nodes_CFLAGS = $(program_cflags)
bench_nodes_LDFLAGS = $(program_ldflags)
bench_nodes_LDADD = lib/libplace.la lib/libmodel.la lib/libbase.la -lm
CLEANFILES += bench/nodes

# plugin: what job_submit/hopluu costs per job (docs/benchmarks.md)
EXTRA_DIST += bench/plugin
if HAVE_SLURM
EXTRA_PROGRAMS += bench/plugin_calls
bench_plugin_calls_SOURCES = bench/plugin_calls.c
bench_plugin_calls_CFLAGS = $(AM_CFLAGS) $(SLURM_CFLAGS)
bench_plugin_calls_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
bench_plugin_calls_LDADD = lib/libbase.la
EXTRA_bench_plugin_calls_DEPENDENCIES = plugin/job_submit_hopluu.la
CLEANFILES += bench/plugin_calls
endif

# center: a federation on this machine, measured (docs/benchmarks.md)
EXTRA_DIST += bench/center bench/balance bench/claim

# slurm-federation: Slurm's own federation and Hopluu over real Slurm clusters
EXTRA_DIST += bench/slurm-federation bench/slurm-cut bench/slurm-cpu bench/slurm-claim
# peer_map: another mapper's map, for bench/smpi/run (a simulated network, docs/placement.md)
EXTRA_PROGRAMS += bench/peer_map
bench_peer_map_SOURCES = bench/peer_map.c \
	bench/place_instances.c bench/place_instances.h \
	bench/place_peers.c bench/place_peers.h
bench_peer_map_CPPFLAGS = $(bench_place_CPPFLAGS)
bench_peer_map_CFLAGS = $(program_cflags)
bench_peer_map_LDFLAGS = $(program_ldflags)
bench_peer_map_LDADD = $(bench_place_LDADD)
CLEANFILES += bench/peer_map
EXTRA_DIST += bench/smpi/run bench/smpi/exchange.c

# learn: what recording costs a run (docs/benchmarks.md)
EXTRA_DIST += bench/learn
