# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# Doors into Slurm. Modules see base, model and how nouns are written (lib/libnoun.la);
# they export what Slurm looks for and nothing else, so that no symbol of ours meets one
# of slurmctld's or of another plugin's.
slurmplugindir = $(libdir)/slurm
slurmplugin_LTLIBRARIES =
plugin_libs = lib/libnoun.la lib/libmodel.la lib/libbase.la $(JANSSON_LIBS)
plugin_ldflags = $(AM_LDFLAGS) -module -avoid-version -shared

# Asking hopluud, for whoever may not wait; no Slurm in it.
noinst_LTLIBRARIES += plugin/libask.la
plugin_libask_la_SOURCES = \
	plugin/ask.c plugin/ask.h \
	plugin/breaker.c plugin/breaker.h \
	plugin/line.c plugin/line.h

# What users ask for with options of sbatch and srun; no Slurm in it.
noinst_LTLIBRARIES += plugin/libwish.la
plugin_libwish_la_SOURCES = \
	plugin/place_run.c plugin/place_run.h \
	plugin/step_line.c plugin/step_line.h \
	plugin/wish.c plugin/wish.h

if HAVE_SLURM
slurmplugin_LTLIBRARIES += plugin/job_submit_hopluu.la
plugin_job_submit_hopluu_la_SOURCES = \
	plugin/job_submit.c \
	plugin/proxy.c plugin/proxy.h \
	plugin/slurm_ex.h \
	plugin/submission.c plugin/submission.h
plugin_job_submit_hopluu_la_CFLAGS = $(AM_CFLAGS) $(SLURM_CFLAGS)
plugin_job_submit_hopluu_la_LDFLAGS = $(plugin_ldflags) \
	-export-symbols-regex '^(plugin_name|plugin_type|plugin_version|init|fini|job_submit|job_modify)$$'
plugin_job_submit_hopluu_la_LIBADD = plugin/libask.la plugin/libwish.la $(plugin_libs)

slurmplugin_LTLIBRARIES += plugin/spank_hopluu.la
plugin_spank_hopluu_la_SOURCES = \
	plugin/spank.c \
	plugin/slurm_ex.h
plugin_spank_hopluu_la_CPPFLAGS = $(AM_CPPFLAGS) -DHOPLUU_BINDIR='"$(bindir)"'
plugin_spank_hopluu_la_CFLAGS = $(AM_CFLAGS) $(SLURM_CFLAGS)
plugin_spank_hopluu_la_LDFLAGS = $(plugin_ldflags) \
	-export-symbols-regex '^(plugin_name|plugin_type|plugin_version|spank_plugin_version|slurm_spank_.*)$$'
plugin_spank_hopluu_la_LIBADD = plugin/libwish.la lib/libmodel.la lib/libbase.la
endif
# end of the plugins
