# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
noinst_LTLIBRARIES += lib/libplace.la
lib_libplace_la_SOURCES = \
	lib/place/bisect.c lib/place/bisect_int.h \
	lib/place/cost.c \
	lib/place/drift.c lib/place/drift_build.c lib/place/drift_int.h \
	lib/place/drift_map.c lib/place/drift_settle.c \
	lib/place/few.c lib/place/few_int.h \
	lib/place/graph.c lib/place/graph_int.h \
	lib/place/grid_bundles.c lib/place/grid_bundles_int.h \
	lib/place/grid_cost.c lib/place/grid_cut.c lib/place/grid_find.c \
	lib/place/grid_int.h lib/place/grid_map.c \
	lib/place/machine.c lib/place/machine.h lib/place/machine_int.h \
	lib/place/machine_build.c \
	lib/place/map.c lib/place/map_int.h \
	lib/place/nodes.c \
	lib/place/pattern.c lib/place/pattern.h lib/place/pattern_int.h \
	lib/place/pattern_named.c \
	lib/place/place.h \
	lib/place/polish.c lib/place/polish_int.h \
	lib/place/read.h lib/place/read_metis.c lib/place/read_prof.c lib/place/read_table.c \
	lib/place/refine.c \
	lib/place/region.c lib/place/region_int.h \
	lib/place/relieve.c \
	lib/place/render.c \
	lib/place/rng_int.h \
	lib/place/scan.c lib/place/scan_int.h \
	lib/place/search.c lib/place/search_all.c lib/place/search_int.h \
	lib/place/search_start.c \
	lib/place/section.c lib/place/section_int.h \
	lib/place/shape_check.c \
	lib/place/shape_hwloc.c lib/place/shape_hwloc.h \
	lib/place/spread.c lib/place/spread_int.h \
	lib/place/state.c lib/place/state_int.h lib/place/state_load.c \
	lib/place/target.c lib/place/target_int.h \
	lib/place/topology.c lib/place/topology.h
lib_libplace_la_LIBADD = $(HWLOC_LIBS)
