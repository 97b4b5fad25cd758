/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* freport_sign - the signature of a bundle's manifest */
#include "config.h"

#include "command/freport_sign.h"

#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"

#define PATH_BYTES 4096
#define URI "pkcs11:"

static int run(char *const argv[], struct err *err)
{
    pid_t pid;
    int status;
    int r = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);

    if (r != 0)
        return err_set(err, -r, "cannot run openssl: %s", strerror(r));
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_set(err, -errno, "openssl was lost: %s", strerror(errno));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return err_set(err, -EINVAL,
                       "openssl did not sign: see its words above; --signer is the "
                       "certificate, --key its key");
    return 0;
}

static int sync_file(const char *path, struct err *err)
{
    FILE *f = fopen(path, "r+e");
    int r = 0;

    if (!f || fsync(fileno(f)) != 0)
        r = err_set(err, -errno, "%s: %s", path, strerror(errno));
    if (f)
        (void)fclose(f); /* nothing was written through it */
    return r;
}

int freport_sign(const char *dir,
                 const char *certificate,
                 const char *key,
                 struct err *err)
{
    bool token = !strncmp(key, URI, strlen(URI));
    char in[PATH_BYTES], out[PATH_BYTES];
    /* No attributes: a time of signing would make two of the same differ. The words are
       copied, since exec's argv may be written to. */
    char words[][16] = {"openssl", "cms",     "-sign",    "-binary",
                        "-md",     "sha256",  "-noattr",  "-in",
                        "-signer", "-inkey",  "-outform", "DER",
                        "-out",    "-engine", "pkcs11",   "-keyform"};
    char engine[] = "engine";
    char signer[PATH_BYTES], inkey[PATH_BYTES];
    char *argv[24];
    size_t n = 0;
    int r;

    if (snprintf(in, sizeof(in), "%s/MANIFEST.sha256", dir) >= (int)sizeof(in)
        || snprintf(out, sizeof(out), "%s/MANIFEST.p7s", dir) >= (int)sizeof(out)
        || snprintf(signer, sizeof(signer), "%s", certificate) >= (int)sizeof(signer)
        || snprintf(inkey, sizeof(inkey), "%s", key) >= (int)sizeof(inkey))
        return err_set(err, -ENAMETOOLONG, "a path is too long");
    for (size_t i = 0; i < 7; i++)
        argv[n++] = words[i];
    argv[n++] = words[7];
    argv[n++] = in;
    argv[n++] = words[8];
    argv[n++] = signer;
    argv[n++] = words[9];
    argv[n++] = inkey;
    argv[n++] = words[10];
    argv[n++] = words[11];
    argv[n++] = words[12];
    argv[n++] = out;
    if (token) {
        argv[n++] = words[13];
        argv[n++] = words[14];
        argv[n++] = words[15];
        argv[n++] = engine;
    }
    argv[n] = NULL;
    r = run(argv, err);
    return r < 0 ? r : sync_file(out, err);
}
