/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * name - ceilings of the nouns, in one block
 *
 * Identifiers live in fixed arrays inside their nouns: no noun that a center
 * keeps by the hundred thousand owns memory of its own.
 */
#ifndef HOPLUU_MODEL_NAME_H
#define HOPLUU_MODEL_NAME_H

#define NAME_CAP 64       /* a center, partition, institution, project, person, node */
#define TITLE_CAP 120     /* a job's name, a node list cut for display, why it failed */
#define DIGEST_CAP 65     /* SHA-256 in hex */
#define CENTERS_MAX 999   /* center numbers are 1 to 999 */
#define CANDIDATES_MAX 4  /* centers that hold a queued copy of one job at a time */
#define PARTITIONS_MAX 16 /* per center */
#define JOB_NODES_MAX 65536
#define SCRIPT_MAX (4u << 20)             /* bytes, as Slurm's default */
#define JOB_ENV_MAX (1u << 20)            /* bytes */
#define JOB_WORDS_MAX 8192                /* arguments or environment entries */
#define JOB_FILES_MAX 256                 /* --transfer-in or --transfer-out entries */
#define TRANSFER_MAX (UINT64_C(64) << 20) /* bytes a file may have, by default */

#endif
