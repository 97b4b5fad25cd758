/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * step_line - does a command line of srun leave the layout of its step to the job?
 *
 * A step that says itself how many tasks it has, or where they go, is left alone; one
 * that runs the job's tasks as they are can be placed. Pure.
 */
#ifndef HOPLUU_PLUGIN_STEP_LINE_H
#define HOPLUU_PLUGIN_STEP_LINE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * argv      [argc] of srun; the first is its name. What comes behind its own options is
 *           not looked at
 * n_tasks   of the job: -n with that number is no layout of its own
 *
 * N.B. An option of a Slurm that is not known here counts as one with a value. If it
 * has none, an argument of the program may be taken for an option of srun, and the step
 * is then not placed; never the other way round.
 */
bool step_line_is_plain(int argc, char *const *argv, uint32_t n_tasks);

#endif
