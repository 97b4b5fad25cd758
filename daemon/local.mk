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
	daemon/patience.c daemon/patience.h \
	daemon/ops_info.c \
	daemon/ops_jobs.c \
	daemon/ops_money.c \
	daemon/ops_journal.c \
	daemon/ops_priority.c \
	daemon/ops_records.c \
	daemon/ops_slurm.c \
	daemon/ops_submit.c \
	daemon/peer_ask.c daemon/peer_ask.h \
	daemon/peers.c daemon/peers.h \
	daemon/profiles.c daemon/profiles.h \
	daemon/proxies.c daemon/proxies.h \
	daemon/pseudonym.c daemon/pseudonym.h \
	daemon/receiving.c daemon/receiving.h \
	daemon/reservations.c daemon/reservations.h \
	daemon/returning.c daemon/returning.h \
	daemon/months.c daemon/months.h \
	daemon/ops_agreements.c \
	daemon/rolls.c daemon/rolls.h \
	daemon/seals.c daemon/seals.h \
	daemon/settings.c daemon/settings.h daemon/settings_int.h \
	daemon/settings_plugins.c daemon/settings_priority.c daemon/settings_topology.c \
	daemon/settings_site.c \
	daemon/settings_value.c \
	daemon/staging.c daemon/staging.h \
	daemon/users.c daemon/users.h
daemon_hopluud_CFLAGS = $(program_cflags)
daemon_hopluud_LDFLAGS = $(program_ldflags)
daemon_hopluud_LDADD = lib/libengine.la lib/libstore.la lib/libreport.la lib/libfed.la lib/libwire.la \
	lib/libledger.la lib/libsched.la lib/libplace.la lib/libmodel.la lib/libbase.la \
	$(SQLITE_LIBS) $(EVENT_LIBS) $(SSL_LIBS) $(JANSSON_LIBS) $(MUNGE_LIBS) $(CONFUSE_LIBS) \
	$(HWLOC_LIBS) $(SLURM_LIBS) -lpthread -lm
# end of the center's doors
# The node daemon, its shepherd and the agents of Open MPI.
sbin_PROGRAMS += daemon/hopluu-noded
hopluulibexec_PROGRAMS += daemon/hopluu-shepherd daemon/hopluu-launch daemon/hopluu-rank

daemon_hopluu_noded_SOURCES = \
	daemon/noded.c daemon/noded.h \
	daemon/noded_account.c \
	daemon/noded_beside.c \
	daemon/noded_center.c \
	daemon/noded_conf.c daemon/noded_conf.h \
	daemon/noded_env.c \
	daemon/noded_files.c \
	daemon/noded_job.c \
	daemon/noded_machine.c daemon/noded_machine.h \
	daemon/noded_run.c \
	daemon/noded_script.c \
	daemon/noded_step.c \
	daemon/patience.c daemon/patience.h
daemon_hopluu_noded_CFLAGS = $(program_cflags)
daemon_hopluu_noded_LDFLAGS = $(program_ldflags)
daemon_hopluu_noded_LDADD = lib/libwire.la lib/libplace.la lib/libmodel.la lib/libbase.la \
	$(JANSSON_LIBS) $(EVENT_LIBS) $(SSL_LIBS) $(MUNGE_LIBS) $(CONFUSE_LIBS) $(HWLOC_LIBS)

daemon_hopluu_shepherd_SOURCES = \
	daemon/shepherd.c daemon/shepherd.h \
	daemon/shepherd_cgroup.c daemon/shepherd_cgroup.h \
	daemon/shepherd_child.c daemon/shepherd_child.h \
	daemon/shepherd_end.c daemon/shepherd_end.h \
	daemon/shepherd_plan.c daemon/shepherd_plan.h \
	daemon/shepherd_traffic.c daemon/shepherd_traffic.h \
	daemon/shepherd_tree.c daemon/shepherd_tree.h
daemon_hopluu_shepherd_CFLAGS = $(program_cflags)
daemon_hopluu_shepherd_LDFLAGS = $(program_ldflags)
daemon_hopluu_shepherd_LDADD = lib/libengine.la lib/libwire.la lib/libplace.la lib/libmodel.la lib/libbase.la \
	$(JANSSON_LIBS) $(SSL_LIBS) -lm

daemon_hopluu_rank_SOURCES = daemon/rank.c
daemon_hopluu_rank_CFLAGS = $(program_cflags)
daemon_hopluu_rank_LDFLAGS = $(program_ldflags)
daemon_hopluu_rank_LDADD = lib/libwire.la lib/libmodel.la lib/libbase.la \
	$(JANSSON_LIBS) $(SSL_LIBS)

daemon_hopluu_launch_SOURCES = daemon/launch.c
daemon_hopluu_launch_CFLAGS = $(program_cflags)
daemon_hopluu_launch_LDFLAGS = $(program_ldflags)
daemon_hopluu_launch_LDADD = lib/libwire.la lib/libmodel.la lib/libbase.la \
	$(JANSSON_LIBS) $(EVENT_LIBS) $(SSL_LIBS) $(MUNGE_LIBS)
# end of the node's doors
