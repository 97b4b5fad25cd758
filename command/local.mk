# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# What the commands share, without their main().
noinst_LTLIBRARIES += command/libcommand.la
command_libcommand_la_SOURCES = \
	command/acct_field.c command/acct_field.h \
	command/batch.c command/batch.h command/batch_set.c \
	command/batch_option.c command/batch_option.h \
	command/batch_script.c command/batch_script.h \
	command/batch_submit.c command/batch_submit.h \
	command/common.c command/common.h \
	command/desk.c command/desk.h \
	command/field.c command/field.h \
	command/job_filter.c command/job_filter.h \
	command/job_row.c command/job_row.h \
	command/job_map.c command/job_map.h \
	command/job_text.c command/job_text.h \
	command/queue_field.c command/queue_field.h \
	command/say.c command/say.h \
	command/sheet.c command/sheet.h \
	command/signal_name.c command/signal_name.h \
	command/upload.c command/upload.h \
	command/usage_sum.c command/usage_sum.h \
	command/view_sheet.c command/view_sheet.h
command_libcommand_la_CFLAGS = $(AM_CFLAGS) $(SMARTCOLS_CFLAGS)

command_libs = command/libcommand.la lib/libwire.la lib/libmodel.la lib/libbase.la \
	$(SMARTCOLS_LIBS) $(JANSSON_LIBS) $(SSL_LIBS) $(EVENT_LIBS) $(MUNGE_LIBS)

bin_PROGRAMS += command/fbatch
command_fbatch_SOURCES = command/fbatch.c
command_fbatch_CFLAGS = $(program_cflags)
command_fbatch_LDFLAGS = $(program_ldflags)
command_fbatch_LDADD = $(command_libs)

bin_PROGRAMS += command/fqueue
command_fqueue_SOURCES = command/fqueue.c
command_fqueue_CFLAGS = $(program_cflags)
command_fqueue_LDFLAGS = $(program_ldflags)
command_fqueue_LDADD = $(command_libs)

bin_PROGRAMS += command/fcancel
command_fcancel_SOURCES = command/fcancel.c
command_fcancel_CFLAGS = $(program_cflags)
command_fcancel_LDFLAGS = $(program_ldflags)
command_fcancel_LDADD = $(command_libs)

bin_PROGRAMS += command/finfo
command_finfo_SOURCES = command/finfo.c
command_finfo_CFLAGS = $(program_cflags)
command_finfo_LDFLAGS = $(program_ldflags)
command_finfo_LDADD = $(command_libs)

bin_PROGRAMS += command/facct
command_facct_SOURCES = command/facct.c
command_facct_CFLAGS = $(program_cflags)
command_facct_LDFLAGS = $(program_ldflags)
command_facct_LDADD = $(command_libs)

bin_PROGRAMS += command/fbalance
command_fbalance_SOURCES = command/fbalance.c
command_fbalance_CFLAGS = $(program_cflags)
command_fbalance_LDFLAGS = $(program_ldflags)
command_fbalance_LDADD = $(command_libs)

bin_PROGRAMS += command/fexplain
command_fexplain_SOURCES = command/fexplain.c
command_fexplain_CFLAGS = $(program_cflags)
command_fexplain_LDFLAGS = $(program_ldflags)
command_fexplain_LDADD = $(command_libs)

bin_PROGRAMS += command/fseff
command_fseff_SOURCES = command/fseff.c
command_fseff_CFLAGS = $(program_cflags)
command_fseff_LDFLAGS = $(program_ldflags)
command_fseff_LDADD = $(command_libs)

bin_PROGRAMS += command/fprio
command_fprio_SOURCES = command/fprio.c
command_fprio_CFLAGS = $(program_cflags)
command_fprio_LDFLAGS = $(program_ldflags)
command_fprio_LDADD = $(command_libs)

bin_PROGRAMS += command/fshare
command_fshare_SOURCES = command/fshare.c
command_fshare_CFLAGS = $(program_cflags)
command_fshare_LDFLAGS = $(program_ldflags)
command_fshare_LDADD = $(command_libs)

bin_PROGRAMS += command/freport
command_freport_SOURCES = command/freport.c command/freport.h \
	command/freport_annual.c \
	command/freport_bundle.c \
	command/freport_export.c \
	command/freport_file.c command/freport_file.h \
	command/freport_paper.c command/freport_paper.h \
	command/freport_rollup.c \
	command/freport_sign.c command/freport_sign.h \
	command/progress.c command/progress.h \
	command/freport_source.c command/freport_source.h \
	command/freport_tables.c command/freport_tables.h \
	command/freport_usage.c \
	command/freport_write.c
command_freport_CFLAGS = $(program_cflags)
command_freport_LDFLAGS = $(program_ldflags)
command_freport_LDADD = lib/libpaper.la lib/libreport.la lib/libledger.la $(command_libs) \
	$(PANGOCAIRO_LIBS) $(XLSXWRITER_LIBS)

# For whoever receives: no daemon, no configuration, nothing else of ours.
bundle_libs = lib/libreport.la lib/libledger.la lib/libmodel.la lib/libbase.la \
	$(JANSSON_LIBS) $(SSL_LIBS)

bin_PROGRAMS += command/fverify
command_fverify_SOURCES = command/fverify.c command/progress.c command/progress.h \
	command/say.c command/say.h
command_fverify_CFLAGS = $(program_cflags)
command_fverify_LDFLAGS = $(program_ldflags)
command_fverify_LDADD = $(bundle_libs)

bin_PROGRAMS += command/fbundle
command_fbundle_SOURCES = command/fbundle.c command/say.c command/say.h
command_fbundle_CFLAGS = $(program_cflags)
command_fbundle_LDFLAGS = $(program_ldflags)
command_fbundle_LDADD = $(bundle_libs)

bin_PROGRAMS += command/fcontrol
command_fcontrol_SOURCES = command/fcontrol.c command/fcontrol.h \
	command/fcontrol_hosts.c command/fcontrol_reserve.c command/fcontrol_job.c
command_fcontrol_CFLAGS = $(program_cflags)
command_fcontrol_LDFLAGS = $(program_ldflags)
command_fcontrol_LDADD = $(command_libs)

bin_PROGRAMS += command/facctmgr
command_facctmgr_SOURCES = command/facctmgr.c command/facctmgr.h \
	command/facctmgr_agreement.c command/facctmgr_file.c command/facctmgr_journal.c command/facctmgr_month.c \
	command/facctmgr_roll.c
command_facctmgr_CFLAGS = $(program_cflags)
command_facctmgr_LDFLAGS = $(program_ldflags)
command_facctmgr_LDADD = $(command_libs)

dist_bashcompletion_DATA += completion/hopluu.bash completion/fbatch completion/fqueue \
	completion/fcancel completion/finfo completion/facct completion/fbalance \
	completion/fexplain completion/fmap completion/fprio completion/fseff completion/fshare \
	completion/freport completion/fverify completion/fbundle completion/fcontrol \
	completion/facctmgr

# The same programs under Slurm's names: this directory first in PATH, and scripts and
# workflow tools go on as they are.
slurm_names = sbatch:fbatch squeue:fqueue scancel:fcancel sinfo:finfo sacct:facct \
	scontrol:fcontrol seff:fseff
slurm_dir = $(DESTDIR)$(hopluulibexecdir)/slurm

install-slurm-names:
	$(MKDIR_P) '$(slurm_dir)'
	for pair in $(slurm_names); do \
	    ln -sf "$(bindir)/$${pair#*:}" '$(slurm_dir)'/"$${pair%:*}" || exit 1; \
	done

uninstall-slurm-names:
	for pair in $(slurm_names); do rm -f '$(slurm_dir)'/"$${pair%:*}"; done
	-rmdir '$(slurm_dir)' 2>&-

install-exec-hook: install-slurm-names
uninstall-hook: uninstall-slurm-names
.PHONY: install-slurm-names uninstall-slurm-names


# fmap: ranks on cores; stands alone, without a daemon.
bin_PROGRAMS += command/fmap
command_fmap_SOURCES = \
	command/fmap.c command/fmap.h \
	command/fmap_learn.c \
	command/fmap_load.c \
	command/fmap_machine.c \
	command/fmap_nodes.c \
	command/fmap_numbers.c \
	command/fmap_rank.c \
	command/fmap_score.c \
	command/fmap_show.c \
	command/fmap_slurm.c
command_fmap_CFLAGS = $(program_cflags)
command_fmap_LDFLAGS = $(program_ldflags)
command_fmap_LDADD = lib/libplace.la lib/libmodel.la lib/libbase.la $(HWLOC_LIBS) -lm
