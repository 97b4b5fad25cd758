/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * hopluu-noded - one per node: runs what the center's daemon orders
 *
 * It holds no job itself: each has a shepherd that lives on when this daemon ends. So
 * a stop, a crash or an upgrade of this daemon disturbs nothing that runs.
 */
#include "config.h"

#include "daemon/noded.h"

#include <argp.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "base/words.h"
#include "daemon/patience.h"

#include "base/banned.h"

struct options {
    const char *conf;
    bool debug;
};

static const struct argp_option table[] = {
    {"config",                                                 'f', "FILE", 0, "read FILE instead of " HOPLUU_SYSCONFDIR "/noded.conf",
     0},
    {"foreground",                                                  'D', NULL, 0, "stay in the foreground (the default; for habit)", 0},
    {"verbose", 'v', NULL, 0, "log more", 0},
    {0                                                       }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case 'f':
        o->conf = arg;
        return 0;
    case 'D':
        return 0;
    case 'v':
        o->debug = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = table,
    .parser = parse,
    .doc = "The node daemon of Hopluu: runs jobs for the center's hopluud.",
};

const char *argp_program_version = "hopluu-noded " PACKAGE_VERSION;

static void on_signal(evutil_socket_t sig, short what, void *arg)
{
    struct node *n = arg;

    (void)what;
    log_info("signal %d: leaving; %zu jobs go on", (int)sig, n->n_jobs);
    (void)event_base_loopbreak(n->base); /* cannot fail from inside the loop */
}

static int spool_open(struct node *n, struct err *err)
{
    /* With root, accounts pass through to their own part; nobody lists it. */
    mode_t mode = geteuid() == 0 ? 0711 : 0700;
    struct patience p = {0};
    char path[PATH_MAX];
    int r = path_make_dirs(n->conf.spool, mode, err);

    if (!r)
        r = path_check_private(n->conf.spool, 022, err);
    if (!r && path_join(path, sizeof(path), n->conf.spool, "lock"))
        r = err_set(err, -ENAMETOOLONG, "spool %s is too long", n->conf.spool);
    if (r)
        return r;
    n->spool_lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (n->spool_lock < 0)
        return err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
    while (flock(n->spool_lock, LOCK_EX | LOCK_NB) < 0) {
        (void)err_set(err, -EBUSY, "another hopluu-noded uses %s", n->conf.spool);
        if (!patience_wait(&p, err->text))
            return -EBUSY;
    }
    return 0;
}

static void who_we_are(struct node *n)
{
    struct buf b = BUF_INIT(256);

    if (gethostname(n->host, sizeof(n->host) - 1) < 0)
        n->host[0] = '\0';
    if (!path_read("/proc/sys/kernel/random/boot_id", &b, NULL) && b.len > 1)
        b.data[b.len - 1] = '\0';                            /* its newline */
    (void)word_copy(n->boot, sizeof(n->boot), buf_text(&b)); /* "" = unknown */
    buf_release(&b);
}

static int open_all(struct node *n, struct err *err)
{
    int r = machine_find(n->conf.machine, &n->machine, err);

    if (!r && n->conf.mem_bytes)
        n->machine.mem_bytes = n->conf.mem_bytes;
    if (!r)
        r = spool_open(n, err);
    if (!r && n->conf.beside_slurmd)
        r = beside_open(n, err);
    if (!r && !n->beside)
        r = jobs_scan(n, err);
    if (!r && !n->beside)
        r = steps_open(n, err);
    if (!r)
        r = center_open(n, err);
    return r;
}

static int serve(struct node *n, struct err *err)
{
    struct event *term = evsignal_new(n->base, SIGTERM, on_signal, n);
    struct event *intr = evsignal_new(n->base, SIGINT, on_signal, n);
    int r = open_all(n, err);

    if (!r && (!term || !intr || evsignal_add(term, NULL) || evsignal_add(intr, NULL)))
        r = -ENOMEM;
    if (!r) {
        if (n->beside)
            log_info("%u cores, beside slurmd: nothing is started here",
                     n->machine.cores);
        else
            log_info("%u cores, %zu jobs found, launches at %s", n->machine.cores,
                     n->n_jobs, door_address(n->door));
        if (event_base_dispatch(n->base) < 0)
            r = err_set(err, -EIO, "the event loop failed");
    }
    if (n->dial)
        center_close(n);
    while (TAILQ_FIRST(&n->jobs))
        job_free(TAILQ_FIRST(&n->jobs));
    if (n->door)
        door_close(n->door);
    beside_close(n);
    if (term)
        event_free(term);
    if (intr)
        event_free(intr);
    /* What was still to be sent; each connection has its own deadline. */
    while (event_base_get_num_events(n->base, EVENT_BASE_COUNT_ADDED) > 0)
        if (event_base_loop(n->base, EVLOOP_ONCE) != 0)
            break;
    return r;
}

int main(int argc, char **argv)
{
    static struct node n = {.spool_lock = -1};
    struct options o = {.conf = HOPLUU_SYSCONFDIR "/noded.conf"};
    struct err err = {0};
    char name[NAME_CAP + 16];
    int r;

    if (argp_parse(&argp, argc, argv, 0, NULL, &o))
        return 2;
    r = noded_conf_read(o.conf, &n.conf, &err);
    (void)snprintf(name, sizeof(name), "hopluu-noded[%s]", n.conf.name);
    log_open(name, o.debug ? LOG_DEBUG : LOG_INFO);
    /* Shepherds are reaped by the kernel: their end is heard on their sockets. */
    (void)signal(SIGCHLD, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    TAILQ_INIT(&n.jobs);
    if (!r) {
        who_we_are(&n);
        n.base = event_base_new();
        r = n.base ? serve(&n, &err) : -ENOMEM;
    }
    if (r)
        log_error("%s", err_text(&err, r));
    if (n.base)
        event_base_free(n.base);
    return r ? 1 : 0;
}
