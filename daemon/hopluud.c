/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * hopluud - the daemon of one center
 *
 * First SIGTERM or SIGINT: close the doors, write everything down, leave; running jobs
 * go on. Second: leave at once. SIGHUP: read the configuration again, whole or not at
 * all.
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/center.h"
#include "daemon/settings.h"

#include "base/banned.h"

struct options {
    const char *file;
    const char *ready; /* file that appears when the doors are open */
    bool check;
    bool verbose;
};

static const struct argp_option option_table[] = {
    {"config",                                                  'f', "FILE", 0, "read FILE instead of " HOPLUU_SYSCONFDIR "/hopluu.conf",
     0},
    {"check",                                                   'c', NULL, 0,
     "check the configuration, say what is wrong with it, and leave", 0},
    {"ready-file", 'r', "FILE", 0, "create FILE when everything is open", 0},
    {"verbose",                                                         'v', NULL, 0, "log what is of interest to developers too", 0},
    {0   },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case 'f':
        o->file = arg;
        return 0;
    case 'c':
        o->check = true;
        return 0;
    case 'r':
        o->ready = arg;
        return 0;
    case 'v':
        o->verbose = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const char *argp_program_version = "hopluud (Hopluu) " PACKAGE_VERSION;

static const struct argp argp = {
    .options = option_table,
    .parser = parse_option,
    .doc = "The daemon of one center of a Hopluu federation. It stays in the "
           "foreground and "
           "logs to stderr.",
};

struct run {
    struct event_base *base;
    struct center *center;
    unsigned terms;
    bool verbose;
    char name[NAME_CAP]; /* for the log: the site's own goes with a reload */
};

static void name_log(struct run *run)
{
    const struct settings *s = run->center->settings;

    memcpy(run->name, s->site->name, sizeof(run->name));
    log_open(run->name, run->verbose ? LOG_DEBUG : s->log_level);
}

static void on_term(evutil_socket_t sig, short what, void *arg)
{
    struct run *run = arg;

    (void)what;
    if (run->terms++ > 0)
        _exit(128 + (int)sig);
    log_info("leaving: running jobs go on");
    (void)event_base_loopexit(run->base, NULL); /* the next turn, at the latest */
}

static void on_hup(evutil_socket_t sig, short what, void *arg)
{
    struct run *run = arg;
    struct err err = {0};
    int r = center_reload(run->center, &err);

    (void)sig;
    (void)what;
    if (r < 0)
        log_error("the configuration stays as it was: %s", err_text(&err, r));
    else
        name_log(run);
    if (r == 0)
        log_info("new configuration in force");
}

static int tell_ready(const char *path)
{
    int fd;

    if (!path)
        return 0;
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        log_error("cannot create %s: %s", path, strerror(errno));
        return -errno;
    }
    return close(fd);
}

static int serve(struct run *run, const struct options *o)
{
    struct event *signals[3];
    struct err err = {0};
    int r;

    signals[0] = evsignal_new(run->base, SIGTERM, on_term, run);
    signals[1] = evsignal_new(run->base, SIGINT, on_term, run);
    signals[2] = evsignal_new(run->base, SIGHUP, on_hup, run);
    for (int i = 0; i < 3; i++)
        if (!signals[i] || event_add(signals[i], NULL) < 0)
            return err_set(&err, -ENOMEM, "out of memory");
    r = center_open(run->base, o->file, &run->center, &err);
    if (r < 0) {
        log_error("%s", err_text(&err, r));
    } else {
        run->verbose = o->verbose;
        name_log(run);
        r = tell_ready(o->ready);
        if (r == 0) {
            log_info("center %s (%u) is open", center_site(run->center)->name,
                     center_site(run->center)->number);
            (void)event_base_dispatch(run->base); /* leaves by loopexit alone */
        }
    }
    center_close(run->center);
    for (int i = 0; i < 3; i++)
        event_free(signals[i]);
    return r;
}

static int check(const char *file)
{
    struct settings *s = NULL;
    struct err err = {0};
    int r = settings_read(file, &s, &err);

    if (r < 0)
        (void)fprintf(stderr, "hopluud: error: %s\n", err_text(&err, r));
    else
        (void)printf("%s: center %s (%u), %zu partitions, %zu projects, %zu persons, "
                     "%zu peers\n",
                     file, s->site->name, s->site->number, s->site->n_partitions,
                     s->site->n_projects, s->site->n_persons, s->site->n_peers);
    settings_free(s);
    return r < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct options o = {.file = HOPLUU_SYSCONFDIR "/hopluu.conf"};
    struct run run = {0};
    int r;

    (void)argp_parse(&argp, argc, argv, 0, NULL,
                     &o); /* leaves by itself when it fails */
    if (o.check)
        return check(o.file);
    log_open("hopluud", o.verbose ? LOG_DEBUG : LOG_INFO);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)umask(077);
    run.base = event_base_new();
    if (!run.base) {
        log_error("no event loop: out of memory");
        return 1;
    }
    r = serve(&run, &o);
    event_base_free(run.base);
    return r < 0 ? 1 : 0;
}
