#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
#SBATCH --job-name=halo3d
#SBATCH --ntasks=8
#SBATCH --time=5
#SBATCH --comm=stencil3d:2x2x2:periodic
# HOPLUU_EXAMPLES: where the programs are; a guest brings its own with --transfer-in.
dir=${HOPLUU_EXAMPLES:-.}
echo "halo3d: job $SLURM_JOB_ID on $SLURM_JOB_NODELIST of $SLURM_CLUSTER_NAME"
mpirun "$dir/halo3d" "$@"
