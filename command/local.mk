# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception

# fmap: ranks on cores; stands alone, without a daemon.
bin_PROGRAMS += command/fmap
command_fmap_SOURCES = \
	command/fmap.c command/fmap.h \
	command/fmap_load.c \
	command/fmap_machine.c \
	command/fmap_nodes.c \
	command/fmap_rank.c \
	command/fmap_score.c
command_fmap_CFLAGS = $(program_cflags)
command_fmap_LDFLAGS = $(program_ldflags)
command_fmap_LDADD = lib/libplace.la lib/libmodel.la lib/libbase.la $(HWLOC_LIBS) -lm
