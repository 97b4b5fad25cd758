/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * hopluu-rank - what Open MPI starts in place of each rank of a watched job
 *
 *     hopluu-rank PROGRAM [ARGUMENT...]      called by mpirun and orted
 * (orte_fork_agent)
 *
 * Rank 0 notes which program it is, by SHA-256; with --comm=learn every rank has Open
 * MPI's monitoring switched on. Then this process becomes PROGRAM. It runs as the
 * user, on the rank's own node: so each node writes into its own directory, whatever
 * mpirun's environment said.
 *
 *     $HOPLUU_COMM_DIR     directory of this node, made here
 *     $HOPLUU_COMM_RECORD  "1": record
 *     RUN-SIZE.program     by rank 0: the digest; RUN names one mpirun
 *     RUN-SIZE.RANK.prof   by Open MPI at MPI_Finalize
 *
 * Nothing here may keep the program from running: what cannot be noted is not.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/words.h"
#include "wire/digest.h"

#include "base/banned.h"

/* As execvp() looks for it. */
static bool find(const char *program, char path[PATH_MAX])
{
    const char *dirs = getenv("PATH");
    struct words w = WORDS_INIT(1024, 65536);
    bool found = false;

    if (strchr(program, '/'))
        return word_copy(path, PATH_MAX, program);
    if (dirs && !words_split(&w, dirs, ":"))
        for (size_t i = 0; i < w.n && !found; i++)
            found =
                !path_join(path, PATH_MAX, w.v[i], program) && access(path, X_OK) == 0;
    words_release(&w);
    return found;
}

static void note_program(const char *prefix, const char *program)
{
    char path[PATH_MAX];
    char note[PATH_MAX];
    char hex[DIGEST_CAP];

    if (find(program, path) && !digest_file(path, hex, NULL, NULL)
        && snprintf(note, sizeof(note), "%s.program", prefix) < (int)sizeof(note))
        (void)path_write(note, hex, strlen(hex), 0600, NULL); /* not noted */
}

static void record(const char *prefix)
{
    if (getenv("OMPI_MCA_pml_monitoring_enable"))
        return; /* the user records for themselves */
    (void)setenv("OMPI_MCA_pml_monitoring_enable", "2", 1);
    (void)setenv("OMPI_MCA_pml_monitoring_enable_output", "3", 1);
    (void)setenv("OMPI_MCA_pml_monitoring_filename", prefix, 1);
}

static void watch(const char *program)
{
    const char *dir = getenv("HOPLUU_COMM_DIR");
    const char *asked = getenv("HOPLUU_COMM_RECORD");
    const char *run = getenv("PMIX_NAMESPACE");
    const char *size = getenv("OMPI_COMM_WORLD_SIZE");
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    char prefix[PATH_MAX];

    if (!dir || !run || !size || !rank || strchr(run, '/')
        || snprintf(prefix, sizeof(prefix), "%s/%s-%s", dir, run, size)
               >= (int)sizeof(prefix))
        return;
    if (mkdir(dir, 0700) < 0 && errno != EEXIST)
        return;
    if (!strcmp(rank, "0"))
        note_program(prefix, program);
    if (asked && !strcmp(asked, "1"))
        record(prefix);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "Usage: hopluu-rank PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    watch(argv[1]);
    (void)execvp(argv[1], argv + 1);
    (void)fprintf(stderr, "hopluu-rank: cannot run %s: %s\n", argv[1], strerror(errno));
    return errno == ENOENT ? 127 : 126;
}
