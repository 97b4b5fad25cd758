# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# Real MPI programs, built by mpicc, each with its #SBATCH script.
example_names = halo3d cg pi
EXTRA_DIST += examples/grid3d.c examples/grid3d.h examples/halo3d.c examples/cg.c \
	examples/pi.c examples/halo3d.sh examples/cg.sh examples/pi.sh

if HAVE_MPI
example_programs = examples/halo3d examples/cg examples/pi
all-local: $(example_programs)
CLEANFILES += $(example_programs)

example_cflags = -std=gnu17 -O2 -Wall -Wextra
example_cc = $(AM_V_CC)$(MKDIR_P) examples && $(MPICC) $(example_cflags) $(CFLAGS) -o $@

examples/halo3d: examples/halo3d.c examples/grid3d.c examples/grid3d.h
	$(example_cc) $(srcdir)/examples/halo3d.c $(srcdir)/examples/grid3d.c -lm
examples/cg: examples/cg.c examples/grid3d.c examples/grid3d.h
	$(example_cc) $(srcdir)/examples/cg.c $(srcdir)/examples/grid3d.c -lm
examples/pi: examples/pi.c
	$(example_cc) $(srcdir)/examples/pi.c -lm
endif
# end of examples
