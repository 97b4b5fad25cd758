# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# The daemon of a center.
sbin_PROGRAMS += daemon/hopluud

daemon_hopluud_SOURCES = \
	daemon/agreement.c \
	daemon/blobs.c daemon/blobs.h \
	daemon/center.c daemon/center.h \
	daemon/engine_glue.c daemon/engine_glue.h \
	daemon/gate.c daemon/gate.h \
	daemon/hopluud.c \
	daemon/job_dir.c daemon/job_dir.h \
	daemon/ops_info.c \
	daemon/ops_jobs.c \
	daemon/ops_submit.c \
	daemon/peer_ask.c daemon/peer_ask.h \
	daemon/peers.c daemon/peers.h \
	daemon/receiving.c daemon/receiving.h \
	daemon/returning.c daemon/returning.h \
	daemon/settings.c daemon/settings.h daemon/settings_int.h \
	daemon/settings_site.c \
	daemon/settings_value.c \
	daemon/staging.c daemon/staging.h \
	daemon/users.c daemon/users.h
daemon_hopluud_CFLAGS = $(program_cflags)
daemon_hopluud_LDFLAGS = $(program_ldflags)
daemon_hopluud_LDADD = lib/libengine.la lib/libstore.la lib/libfed.la lib/libwire.la \
	lib/libledger.la lib/libsched.la lib/libplace.la lib/libmodel.la lib/libbase.la \
	$(SQLITE_LIBS) $(EVENT_LIBS) $(SSL_LIBS) $(JANSSON_LIBS) $(MUNGE_LIBS) $(CONFUSE_LIBS) \
	$(HWLOC_LIBS) -lpthread -lm
# end of the center's doors
