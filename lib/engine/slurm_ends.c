/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_ends - what outlives slurmctld's memory: submissions, and completion records
 *
 * slurmctld forgets an ended job after MinJobAge, and all jobs with a lost state. Two
 * files say what was there:
 *
 *     SPOOL/submitted      ours: JOB ID EPOCH TIME
 *     engine.completions   the site's, by jobcomp/script (hopluu-jobcomp(8)), optional:
 *                          JOB SUBMIT START END STATE EXIT CORES NODES NODELIST
 *
 * Invariant. A job is released only after its line is in `submitted`, on disk: what
 * Slurm does not know and has no line never ran, what has a line may have.
 *
 * A line of a job of ours in the second file also means "look now". Without that file,
 * or when its directory cannot be watched, the looks find the end a little later.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/measure.h"
#include "base/path.h"
#include "base/words.h"
#include "engine/slurm_int.h"
#include "engine/slurm_words.h"

#include "base/banned.h"

#define TAIL_MAX (8 << 20) /* of a file, the newest */
#define RECORD_WORDS 9
#define NOTE_WORDS 4
#define APART_S 60 /* a submission, by slurmctld's clock and by ours */

/* --- lines of a file ------------------------------------------------------------- */

/* The whole lines from *at on, at most TAIL_MAX bytes; *at is moved behind them. */
static int read_from(const char *path, off_t *at, struct buf *b)
{
    _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    char *text;
    ssize_t n;
    size_t whole;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (st.st_mode & S_IWOTH)
        return -EPERM; /* anybody could say how a job ended */
    if (*at > st.st_size)
        *at = 0; /* it was rotated */
    if (st.st_size - *at > TAIL_MAX)
        *at = st.st_size - TAIL_MAX;
    text = malloc((size_t)(st.st_size - *at) + 1);
    if (!text)
        return -ENOMEM;
    n = pread(fd, text, (size_t)(st.st_size - *at), *at);
    whole = n > 0 ? (size_t)n : 0;
    while (whole > 0 && text[whole - 1] != '\n')
        whole--;
    buf_put(b, text, whole);
    buf_putc(b, '\0');
    free(text);
    *at += (off_t)whole;
    return n < 0 ? -EIO : b->err;
}

/* Each line as words; a line of another form is none of ours. */
static void each_line(struct buf *b,
                      size_t n_words,
                      void (*one)(const struct words *w, void *arg),
                      void *arg)
{
    char *rest = NULL;

    for (char *l = b->err || !b->len ? NULL : strtok_r(b->data, "\n", &rest); l;
         l = strtok_r(NULL, "\n", &rest)) {
        struct words w = WORDS_INIT(RECORD_WORDS, strlen(l) + RECORD_WORDS + 1);

        if (words_split(&w, l, " ") == 0 && w.n == n_words)
            one(&w, arg);
        words_release(&w);
    }
}

static void each_of(const char *path,
                    size_t n_words,
                    void (*one)(const struct words *w, void *arg),
                    void *arg)
{
    struct buf b = BUF_INIT(TAIL_MAX + 2);
    off_t at = 0;

    if (read_from(path, &at, &b) == 0)
        each_line(&b, n_words, one, arg);
    buf_release(&b);
}

/* --- submissions ------------------------------------------------------------------ */

int ends_note_path(const struct slurm *e, char path[PATH_MAX])
{
    return path_join(path, PATH_MAX, e->spool, "submitted");
}

int ends_note(const char *path, uint32_t slurm_job, uint64_t id, uint32_t epoch)
{
    char line[128];
    int n = snprintf(line, sizeof(line), "%u %" PRIu64 " %u %" PRId64 "\n", slurm_job,
                     id, epoch, now_read().wall.us / US_PER_S);
    _cleanup_(closep) int fd =
        open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (fd < 0)
        return -errno;
    if (write(fd, line, (size_t)n) != n)
        return -EIO;
    return fdatasync(fd) < 0 ? -errno : 0;
}

static bool sent_of(const struct words *w, struct ends_sent *ret)
{
    return measure_u32(w->v[0], 1, UINT32_MAX, &ret->slurm_job, NULL) == 0
           && measure_u64(w->v[1], 1, INT64_MAX, &ret->id, NULL) == 0
           && measure_u32(w->v[2], 0, UINT32_MAX, &ret->epoch, NULL) == 0
           && measure_i64(w->v[3], 0, INT64_MAX, &ret->at_s, NULL) == 0;
}

static void match_note(const struct words *w, void *arg)
{
    struct ends_sent *want = arg;
    struct ends_sent got;

    if (sent_of(w, &got) && got.id == want->id && got.epoch == want->epoch)
        *want = got; /* the last one counts */
}

bool ends_sent(const struct sjob *j, struct ends_sent *ret)
{
    char path[PATH_MAX];

    *ret = (struct ends_sent){.id = j->id, .epoch = j->epoch};
    if (ends_note_path(j->e, path) == 0)
        each_of(path, NOTE_WORDS, match_note, ret);
    return ret->slurm_job != 0;
}

/* --- completion records ----------------------------------------------------------- */

/* "CODE:SIGNAL" as wait() gives it */
static uint32_t status_of(const char *text)
{
    struct words w = WORDS_INIT(2, 32);
    uint32_t code = 0;
    uint32_t signal = 0;

    if (words_split(&w, text, ":") == 0 && w.n == 2) {
        (void)measure_u32(w.v[0], 0, 255, &code, NULL);
        (void)measure_u32(w.v[1], 0, 127, &signal, NULL); /* unknown is 0 */
    }
    words_release(&w);
    return code << 8 | signal;
}

static bool record_of(const struct words *w, struct slurm_job *ret)
{
    enum job_state state;
    int64_t *times[] = {&ret->submit_s, &ret->start_s, &ret->end_s};

    *ret = (struct slurm_job){.priority = 1};
    if (measure_u32(w->v[0], 1, UINT32_MAX, &ret->id, NULL)
        || !job_state_parse(w->v[4], &state) || !job_state_final(state))
        return false;
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
        if (measure_i64(w->v[i + 1], 0, INT64_MAX / US_PER_S, times[i], NULL))
            *times[i] = 0;
    ret->state = slurm_state_theirs(state);
    ret->status = status_of(w->v[5]);
    if (measure_u32(w->v[6], 0, UINT32_MAX, &ret->n_cores, NULL)
        || measure_u32(w->v[7], 0, UINT32_MAX, &ret->n_nodes, NULL))
        return false;
    return true;
}

bool ends_same(const struct ends_sent *sent, const struct slurm_job *s)
{
    return s->id == sent->slurm_job && s->submit_s >= sent->at_s - APART_S
           && s->submit_s <= sent->at_s + APART_S;
}

struct search {
    const struct ends_sent *sent;
    struct slurm_job found;
};

static void match_record(const struct words *w, void *arg)
{
    struct search *x = arg;
    struct slurm_job s;

    if (!record_of(w, &s) || !ends_same(x->sent, &s))
        return;
    free(x->found.nodes);
    s.nodes = strdup(w->v[8]);
    x->found = s;
}

bool ends_find(const struct slurm *e,
               const struct ends_sent *sent,
               struct slurm_job *ret)
{
    struct search x = {.sent = sent};

    if (e->completions)
        each_of(e->completions, RECORD_WORDS, match_record, &x);
    *ret = x.found;
    if (!x.found.id)
        return false;
    /* The node list says where; what each node gave is not known any more. */
    ret->parts = calloc(1, sizeof(*ret->parts));
    ret->n_parts = ret->parts && ret->n_nodes > 0;
    return true;
}

struct teller {
    void (*sent)(const struct ends_sent *s, void *arg);
    void (*record)(const struct slurm_job *s, void *arg);
    void *arg;
};

static void tell_sent(const struct words *w, void *arg)
{
    const struct teller *t = arg;
    struct ends_sent s;

    if (sent_of(w, &s))
        t->sent(&s, t->arg);
}

static void tell_record(const struct words *w, void *arg)
{
    const struct teller *t = arg;
    struct slurm_job s;

    if (record_of(w, &s))
        t->record(&s, t->arg);
}

void ends_each(const struct slurm *e,
               void (*sent)(const struct ends_sent *s, void *arg),
               void (*record)(const struct slurm_job *s, void *arg),
               void *arg)
{
    struct teller t = {.sent = sent, .record = record, .arg = arg};
    char path[PATH_MAX];

    if (!e->completions || ends_note_path(e, path) < 0)
        return;
    each_of(path, NOTE_WORDS, tell_sent, &t);
    each_of(e->completions, RECORD_WORDS, tell_record, &t);
}

/* --- a job has ended: look now ---------------------------------------------------- */

static void is_ours(const struct words *w, void *arg)
{
    struct slurm *e = arg;
    struct seen *x = NULL;
    uint32_t id = 0;

    if (measure_u32(w->v[0], 1, UINT32_MAX, &id, NULL) == 0)
        TABLE_FIND(e->seen, &id, x);
    if (x && x->id_ours && !x->over)
        watch_quick(e);
}

static void on_change(evutil_socket_t fd, short what, void *arg)
{
    struct slurm *e = arg;
    struct buf b = BUF_INIT(TAIL_MAX + 2);
    char events[4096] __attribute__((aligned(8)));

    (void)what;
    while (read(fd, events, sizeof(events)) > 0)
        ; /* which file it was is seen by its size */
    if (read_from(e->completions, &e->ends_at, &b) == 0)
        each_line(&b, RECORD_WORDS, is_ours, e);
    buf_release(&b);
}

static void no_watch(const struct slurm *e)
{
    log_warn("%s: changes cannot be watched: %s; ends are seen at the next look",
             e->completions, strerror(errno));
}

void ends_open(struct slurm *e)
{
    char dir[PATH_MAX];
    char *slash;
    struct stat st;
    int fd;

    if (!e->completions || !word_copy(dir, sizeof(dir), e->completions))
        return;
    slash = strrchr(dir, '/');
    if (slash)
        slash[slash == dir] = '\0';
    fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0 || inotify_add_watch(fd, dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) {
        no_watch(e);
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    e->ends_at = stat(e->completions, &st) == 0 ? st.st_size : 0;
    e->ends = event_new(e->base, fd, EV_READ | EV_PERSIST, on_change, e);
    if (e->ends)
        (void)event_add(e->ends, NULL); /* no memory: as without a watch */
    else
        (void)close(fd);
}

void ends_close(struct slurm *e)
{
    int fd = e->ends ? event_get_fd(e->ends) : -1;

    if (!e->ends)
        return;
    event_free(e->ends);
    (void)close(fd);
}
